"""Calls into libraries: Python's own, numpy, TensorFlow and Keras functions; methods of known values."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any, Final

from bnlint.graph.model import ABSENT, Argument, Arguments, Call, Choice, Join, Layer, Tensor, Unknown
from bnlint.keras_api.functions import FunctionSpec, function_spec
from bnlint.keras_api.layers import layer_spec
from bnlint.keras_api.shapes import output
from bnlint.source import models, tf1, training
from bnlint.source.machine import Machine, truth
from bnlint.source.values import (
    MISSING,
    TENSORS,
    Array,
    Bound,
    Class,
    Dataset,
    Dict,
    Dotted,
    Function,
    Instance,
    LayerList,
    List,
    Model,
    Partial,
    Splice,
    Tape,
    Variables,
    hashable_key,
    is_constant,
)

PURE: Final[dict[str, Callable[..., object]]] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "abs": abs,
    "round": round,
    "pow": pow,
    "divmod": divmod,
    "repr": repr,
    "ord": ord,
    "chr": chr,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.sqrt": math.sqrt,
    "math.log": math.log,
    "math.log2": math.log2,
    "math.pow": math.pow,
    "math.log10": math.log10,
    "math.exp": math.exp,
    "numpy.ceil": math.ceil,
    "numpy.floor": math.floor,
    "numpy.sqrt": math.sqrt,
    "numpy.log2": math.log2,
    "numpy.int32": int,
    "numpy.int64": int,
    "numpy.float32": float,
}
"""Functions of constants that are computed."""

INJECTED: Final = tuple(Dotted(name, name) for name in ("keras.backend", "keras.layers", "keras.models", "keras.utils"))
"""What keras-applications and its descendants get from `get_submodules_from_kwargs(kwargs)`: backend, layers, models, utils."""

TEXT_METHODS: Final = frozenset(
    "lower upper strip lstrip rstrip format replace startswith endswith split rsplit join title capitalize "
    "find count index isdigit zfill removeprefix removesuffix partition rpartition".split()
)

UNKNOWN_METHODS: Final = frozenset({"get_layer"})
"""Methods that matter even on an unknown object."""


def constant(m: Machine, dotted: Dotted) -> object:
    """An attribute of a library that is a plain value."""
    if dotted.name in ("math.pi", "numpy.pi"):
        return math.pi
    return dotted


def call(m: Machine, callee: Dotted, arguments: Arguments, node: ast.Call) -> object:
    """Call something imported."""
    name = callee.canonical or callee.name
    handler = HANDLERS.get(name) or HANDLERS.get(callee.name)
    if handler is not None:
        return handler(m, arguments, node)
    if name.rpartition(".")[2] == "get_submodules_from_kwargs":
        return INJECTED
    pure = PURE.get(name.removeprefix("builtins.")) or PURE.get(callee.name)
    if pure is not None:
        return _pure(m, pure, arguments)
    if name.startswith("keras.layers."):
        kind = name.removeprefix("keras.layers.")
        if layer_spec(kind) is not None:
            return models.construct(m, kind, arguments, node, callee.name)
    if name.startswith("keras.applications."):
        made = models.application(m, name, arguments, node)
        if made is not None:
            return made
    found = tf1.call(m, name, arguments, node)
    if found is not MISSING:
        return found
    found = training.call(m, callee, arguments, node)
    if found is not MISSING:
        return found
    spec = function_spec(name)
    if spec is not None:
        return apply_function(m, spec, arguments, node)
    from bnlint.source.invoke import unknown_call

    key = ("library", callee.name)
    known = m.derived.get(key)
    if not isinstance(known, Unknown):
        known = m.derived[key] = Unknown(f"`{callee.name}` is not followed")
    if name.startswith("keras.") and name.rpartition(".")[2][:1].isupper() and not arguments.items:
        return known
    return unknown_call(m, Unknown(known.reason), arguments, node)


def _pure(m: Machine, function: Callable[..., object], arguments: Arguments) -> object:
    values = [m.settle(argument.value) for argument in arguments.items]

    def apply(rest: list[object], done: list[object]) -> object:
        if not rest:
            if not all(is_constant(value) for value in done) or not arguments.complete or any(a.name for a in arguments.items):
                unknown = next((value for value in done if isinstance(value, Unknown)), None)
                return m.derive(unknown, function.__name__) if unknown is not None and len(done) == 1 else Unknown("a value that is not known")
            try:
                return function(*done)
            except Exception:  # a function of user constants may raise anything; then its value is unknown
                return Unknown("a computation that fails")
        return m.each(rest[0], lambda value: apply(rest[1:], [*done, value]))

    return apply(values, [])


def apply_function(m: Machine, spec: FunctionSpec, arguments: Arguments, node: ast.Call) -> object:
    """A function on tensors: a node, its own input (identities), or a plain value."""
    from bnlint.source.invoke import tensors_of

    if spec.treatment == "value":
        return Unknown(f"the result of `{spec.kind}`")
    named = bind_parameters(spec.parameters, arguments)
    wanted = [named[name] for name in spec.tensors if name in named]
    inputs = tensors_of(m, Arguments(tuple(Argument(None, value, None) for value in wanted)), node) if wanted else tensors_of(m, arguments, node)
    if not inputs:
        inputs = tensors_of(m, arguments, node)
    if not inputs:
        return Unknown(f"the result of `{spec.kind}`")
    if spec.treatment == "identity":
        return inputs[0]
    origin = m.origin(node)
    config = {name: value for name, value in named.items() if name not in spec.tensors}
    activation = spec.activation
    layer = Layer(
        spec.kind, spec.role, config=config, arguments=arguments, activation=activation, is_function=True, family=spec.family, origin=origin
    )
    shape, channels = output(spec.kind, config, [(tensor.shape, tensor.channels) for tensor in inputs])
    training_value = named.get("training", ABSENT)
    return m.call(layer, inputs, origin, training=training_value, shape=shape, channels=channels, hole=models.hole_of(arguments))


def bind_parameters(parameters: tuple[str, ...], arguments: Arguments) -> dict[str, object]:
    """Argument values by parameter name."""
    named = dict(zip(parameters, (argument.value for argument in arguments.positional), strict=False))
    named.update({argument.name: argument.value for argument in arguments.items if argument.name is not None})
    return named


# Python's own ------------------------------------------------------------------------------------------------------


def _first(arguments: Arguments, position: int = 0) -> object:
    positional = arguments.positional
    return positional[position].value if position < len(positional) else MISSING


def _range(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    values = [m.settle(argument.value) for argument in arguments.positional]

    def apply(rest: list[object], done: list[object]) -> object:
        if rest:
            return m.each(rest[0], lambda value: apply(rest[1:], [*done, value]))
        if all(isinstance(value, int) for value in done) and 1 <= len(done) <= 3:
            try:
                return range(*done)  # type: ignore[arg-type]
            except ValueError:
                return Unknown("a range of step zero")
        return Bound(done[0] if len(done) > 1 else 0, "range")

    return apply(values, [])


def _len(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source.expressions import sequence

    def apply(value: object) -> object:
        if isinstance(value, Array) and value.shape:
            return value.shape[0]
        items = sequence(m, value)
        if items is not None and not any(isinstance(item, Splice) for item in items):
            return len(items)
        return m.derive(value, "len") if isinstance(value, Unknown) else Unknown("a length that is not known")

    return m.each(_first(arguments), apply)


def _to_list(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source.expressions import sequence

    value = _first(arguments)
    if value is MISSING:
        return List({"items": ()})
    items = sequence(m, m.settle(value))
    return List({"items": items}) if items is not None else value


def _to_tuple(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source.expressions import sequence

    value = _first(arguments)
    if value is MISSING:
        return ()
    items = sequence(m, m.settle(value))
    return items if items is not None and not any(isinstance(item, Splice) for item in items) else value


def _to_dict(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    made = Dict({}, open=not arguments.complete)
    first = m.settle(_first(arguments))
    if isinstance(first, Dict):
        made.fields.update(first.fields)
        made.open = made.open or first.open
    elif first is not MISSING:
        made.open = True
    made.fields.update({argument.name: argument.value for argument in arguments.items if argument.name is not None})
    return made


def _zip(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source.expressions import sequence

    values = [m.settle(argument.value) for argument in arguments.positional]
    variables = [value for value in values if isinstance(value, Variables)]
    if variables:
        return variables[-1]
    columns = [sequence(m, value) for value in values]
    known = [column for column in columns if column is not None]
    if len(known) == len(columns) and not any(isinstance(item, Splice) for column in known for item in column):
        return List({"items": tuple(zip(*known, strict=False))})
    return Bound(tuple(values), "zip")


def _enumerate(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source.expressions import sequence

    value = m.settle(_first(arguments))
    start = arguments.keyword("start")
    offset = start.value if start else _first(arguments, 1)
    offset = offset if isinstance(offset, int) else 0
    items = sequence(m, value)
    if items is not None and not any(isinstance(item, Splice) for item in items):
        return List({"items": tuple((i + offset, item) for i, item in enumerate(items))})
    return Bound(value, "enumerate")


def _reversed(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source.expressions import sequence

    items = sequence(m, m.settle(_first(arguments)))
    if items is None:
        return Unknown("the reverse of a value that is not known")
    return List({"items": tuple(Splice(i.condition, i.if_true[::-1], i.if_false[::-1]) if isinstance(i, Splice) else i for i in reversed(items))})


def _reduction(function: Callable[..., Any]) -> Callable[[Machine, Arguments, ast.Call], object]:
    def apply(m: Machine, arguments: Arguments, node: ast.Call) -> object:
        from bnlint.source.expressions import sequence

        values = [m.settle(argument.value) for argument in arguments.positional]
        items = sequence(m, values[0]) if len(values) == 1 else tuple(values)
        if items is not None and items and all(isinstance(item, (int, float)) for item in items):
            return function(items)
        return Unknown("a value that is not known")

    return apply


def _quantifier(every: bool) -> Callable[[Machine, Arguments, ast.Call], object]:
    def apply(m: Machine, arguments: Arguments, node: ast.Call) -> object:
        from bnlint.source.expressions import sequence

        items = sequence(m, m.settle(_first(arguments)))
        truths = [truth(item) for item in items or ()]
        if items is None or None in truths:
            return Unknown("a value that is not known")
        return all(truths) if every else any(truths)

    return apply


def _isinstance(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    kinds = _first(arguments, 1)
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)

    def apply(value: object) -> object:
        answers = [_is_instance(m, value, kind) for kind in wanted]
        if True in answers:
            return True
        if None not in answers:
            return False
        if isinstance(value, Unknown) and all(isinstance(kind, Dotted) for kind in wanted):
            return m.derive(value, "isinstance", tuple(kind.name for kind in wanted if isinstance(kind, Dotted)))
        return Unknown("the class of a value that is not known")

    return m.each(_first(arguments), apply)


CLASSES: Final[dict[str, tuple[type, ...]]] = {
    "int": (int,),
    "float": (float,),
    "str": (str,),
    "bool": (bool,),
    "list": (List,),
    "tuple": (tuple,),
    "dict": (Dict,),
    "bytes": (bytes,),
    "collections.abc.Iterable": (List, tuple, Dict, str),
    "collections.abc.Sequence": (List, tuple, str),
    "collections.abc.Mapping": (Dict,),
}


def _is_instance(m: Machine, value: object, kind: object) -> bool | None:
    if isinstance(value, Unknown):
        return None
    if isinstance(kind, Class):
        return kind in value.cls.lineage() if isinstance(value, Instance) else False
    if not isinstance(kind, Dotted):
        return None
    plain = CLASSES.get(kind.name.removeprefix("builtins."))
    if plain is not None:
        return isinstance(value, plain)
    if is_constant(value) or isinstance(value, (List, Dict, Function, tuple)):
        return False
    name = kind.canonical or ""
    if isinstance(value, Layer):
        return True if name in (f"keras.layers.{value.kind}", "keras.layers.Layer", "keras.Layer") else False if name.startswith("keras.") else None
    if isinstance(value, Model):
        return True if name in ("keras.Model", "keras.layers.Layer") or (name == "keras.Sequential" and value.kind == "sequential") else False
    return None


def _getattr(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source import attributes

    name, default = m.settle(_first(arguments, 1)), _first(arguments, 2)
    owner = m.settle(_first(arguments))
    if not isinstance(name, str):
        if isinstance(owner, Instance):
            for layer in owner.layers:
                m.event("escape", layer, {}, node)
        return Unknown("an attribute whose name is not known")
    found = attributes.get(m, owner, name, node)
    return default if isinstance(found, Unknown) and default is not MISSING and not isinstance(owner, Unknown) else found


def _hasattr(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    owner, name = m.settle(_first(arguments)), m.settle(_first(arguments, 1))
    if isinstance(owner, Instance) and isinstance(name, str) and owner.cls.complete:
        if name in owner.fields or owner.cls.find(name) is not MISSING:
            return True
        if owner.cls.keras is None:
            return False
    return Unknown("whether an attribute exists")


def _setattr(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source import attributes

    owner, name, value = m.settle(_first(arguments)), m.settle(_first(arguments, 1)), _first(arguments, 2)
    if isinstance(name, str):
        attributes.put(m, owner, name, value, node)
    elif isinstance(owner, Instance):
        models.own(owner, value)
        m.event("escape", value, {}, node)
    return None


def _callable(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    def apply(value: object) -> object:
        if isinstance(value, (Function, Class, Layer, Model, Instance, Partial, Bound, Dotted)):
            return True
        return Unknown("whether a value can be called") if isinstance(value, Unknown) else False

    return m.each(_first(arguments), apply)


def _map(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source.expressions import sequence
    from bnlint.source.invoke import invoke

    items = sequence(m, m.settle(_first(arguments, 1)))
    if items is None or any(isinstance(item, Splice) for item in items) or len(arguments.items) != 2:
        return Unknown("a map over values that are not known")
    return List({"items": tuple(invoke(m, _first(arguments), Arguments((Argument(None, item, None),)), node) for item in items)})


def _partial(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    rest = Arguments(arguments.items[1:], arguments.complete)
    return Partial(_first(arguments), (), {}, rest)


def _reduce(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source.expressions import sequence
    from bnlint.source.invoke import invoke

    items = sequence(m, m.settle(_first(arguments, 1)))
    start = _first(arguments, 2)
    if items is None or any(isinstance(item, Splice) for item in items):
        return Unknown("a reduction of values that are not known")
    values = list(items) if start is MISSING else [start, *items]
    if not values:
        return Unknown("a reduction of nothing")
    result = values[0]
    for value in values[1:]:
        result = invoke(m, _first(arguments), Arguments((Argument(None, result, None), Argument(None, value, None))), node)
    return result


def _copy(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    value = m.settle(_first(arguments))
    if isinstance(value, List):
        return List({"items": value.items})
    if isinstance(value, Dict):
        return Dict(dict(value.fields), value.open)
    return value


def _type(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    value = m.settle(_first(arguments))
    return value.cls if isinstance(value, Instance) else Unknown("the type of a value")


def _nothing(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return None


def _format(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return Unknown("a text")


def _image_data_format(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    m.event("data_format", None, {"value": None}, node)
    return m.data_format


def _set_image_data_format(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    value = m.settle(_first(arguments))
    m.event("data_format", None, {"value": value}, node)
    if isinstance(value, str):
        m.data_format = {"th": "channels_first", "tf": "channels_last"}.get(value, value)
    return None


def _ordering(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    m.event("data_format", None, {"value": None}, node)
    return "th" if m.data_format == "channels_first" else "tf"


def _layers_module(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return Dotted("keras.layers", "keras.layers")


def _value(value: object) -> Callable[[Machine, Arguments, ast.Call], object]:
    return lambda m, arguments, node: value


def _same_argument(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return _first(arguments) if arguments.positional else Unknown("a value that is not known")


def _decorator(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """A decorator used as a call: `tf.function(f)` is f, `tf.function(...)` is a decorator."""
    value = _first(arguments)
    return value if isinstance(value, (Function, Bound, Class, Instance)) else Dotted("bnlint.identity", "bnlint.identity")


BUILTINS: Final = frozenset(
    "range len list tuple dict set frozenset zip enumerate reversed sorted min max sum any all isinstance issubclass getattr hasattr setattr callable "
    "map filter type print int float str bool abs round pow divmod repr ord chr object super property staticmethod classmethod "
    "input open iter next id vars dir locals globals format slice hash exec eval bytes bytearray complex memoryview delattr "
    "Exception ValueError TypeError RuntimeError KeyError IndexError NotImplementedError ImportError AttributeError StopIteration AssertionError OSError IOError "
    "FileNotFoundError ModuleNotFoundError ZeroDivisionError OverflowError BaseException NotImplemented Ellipsis KeyboardInterrupt Warning DeprecationWarning UserWarning".split()
)

HANDLERS: Final[dict[str, Callable[[Machine, Arguments, ast.Call], object]]] = {
    "builtins.range": _range,
    "builtins.len": _len,
    "builtins.list": _to_list,
    "builtins.set": _to_list,
    "builtins.sorted": lambda m, a, n: _to_list(m, Arguments(a.items[:1]), n) if len(a.items) == 1 and _plain(m, a) else Unknown("a sorted list"),
    "builtins.iter": _same_argument,
    "builtins.tuple": _to_tuple,
    "builtins.dict": _to_dict,
    "collections.OrderedDict": _to_dict,
    "builtins.zip": _zip,
    "builtins.enumerate": _enumerate,
    "builtins.reversed": _reversed,
    "builtins.min": _reduction(min),
    "builtins.max": _reduction(max),
    "builtins.sum": _reduction(sum),
    "builtins.any": _quantifier(False),
    "builtins.all": _quantifier(True),
    "builtins.isinstance": _isinstance,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.setattr": _setattr,
    "builtins.callable": _callable,
    "builtins.map": _map,
    "builtins.type": _type,
    "builtins.print": _nothing,
    "builtins.object": _format,
    "functools.partial": _partial,
    "functools.reduce": _reduce,
    "copy.copy": _copy,
    "copy.deepcopy": _copy,
    "bnlint.identity": _same_argument,
    "tf.function": _decorator,
    "keras.backend.image_data_format": _image_data_format,
    "keras.config.image_data_format": _image_data_format,
    "keras.utils.image_data_format": _image_data_format,
    "keras.backend.common.image_data_format": _image_data_format,
    "keras.backend.set_image_data_format": _set_image_data_format,
    "keras.config.set_image_data_format": _set_image_data_format,
    "keras.backend.set_image_dim_ordering": _set_image_data_format,
    "keras.backend.image_dim_ordering": _ordering,
    "keras.backend.backend": _value("tensorflow"),
    "keras.config.backend": _value("tensorflow"),
    "keras.backend.epsilon": _value(1e-7),
    "keras.config.epsilon": _value(1e-7),
    "keras.backend.floatx": _value("float32"),
    "keras.layers.VersionAwareLayers": _layers_module,
    "keras.Input": models.make_input,
    "keras.Sequential": models.make_sequential,
    "keras.Model": models.make_model,
    "keras.models.clone_model": models.clone,
}


def _plain(m: Machine, arguments: Arguments) -> bool:
    from bnlint.source.expressions import sequence

    items = sequence(m, m.settle(_first(arguments)))
    return items is not None and list(items) == sorted(items, key=repr) and all(isinstance(item, (int, str)) for item in items)


# Methods of known values -------------------------------------------------------------------------------------------


def method(m: Machine, owner: object, name: str, arguments: Arguments, node: ast.Call) -> object:
    """`owner.name(...)` where owner is not of a user's class, or the method is Keras's."""
    match owner:
        case List():
            return _list_method(m, owner, name, arguments, node)
        case Dict():
            return _dict_method(m, owner, name, arguments, node)
        case str():
            return _text_method(m, owner, name, arguments)
        case _:
            return training.method(m, owner, name, arguments, node)


def _list_method(m: Machine, owner: List, name: str, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source.expressions import sequence

    first = _first(arguments)
    items = owner.items
    if name in ("append", "add"):
        m.write(owner.fields, "items", (*items, first))
        return None
    if name in ("extend", "update"):
        more = sequence(m, m.settle(first))
        m.write(owner.fields, "items", items + (more if more is not None else (Splice(Unknown("unknown elements"), (Unknown("an element"),), ()),)))
        return None
    if name == "insert" and isinstance(first, int):
        m.write(owner.fields, "items", (*items[:first], _first(arguments, 1), *items[first:]))
        return None
    if name == "pop" and items:
        position = first if isinstance(first, int) else -1
        if -len(items) <= position < len(items) and not isinstance(items[position], Splice):
            index = position % len(items)
            m.write(owner.fields, "items", items[:index] + items[index + 1 :])
            return items[index]
        return Unknown("an element that is not known")
    if name == "reverse":
        m.write(owner.fields, "items", items[::-1])
        return None
    if name == "copy":
        return List({"items": items})
    if name == "clear":
        m.write(owner.fields, "items", ())
        return None
    return Unknown(f"the result of a list's {name}")


def _dict_method(m: Machine, owner: Dict, name: str, arguments: Arguments, node: ast.Call) -> object:
    from bnlint.source import attributes

    first, default = m.settle(_first(arguments)), _first(arguments, 1)
    if name in ("get", "pop", "setdefault"):
        if hashable_key(first):
            found = owner.fields.get(first, MISSING)
            if name == "pop" and found is not MISSING:
                m.write(owner.fields, first, MISSING)
            if found is not MISSING:
                return found
            value = None if default is MISSING else default
            if name == "setdefault":
                m.write(owner.fields, first, value)
            return value
        return attributes.item(m, owner, first, node)
    if name == "items":
        return List({"items": tuple(owner.fields.items())}) if not owner.open else Unknown("the items of a dict that is not known")
    if name == "keys":
        return List({"items": tuple(owner.fields)}) if not owner.open else Unknown("the keys of a dict that is not known")
    if name == "values":
        return List({"items": tuple(owner.fields.values())}) if not owner.open else Unknown("the values of a dict that is not known")
    if name == "copy":
        return Dict(dict(owner.fields), owner.open)
    if name == "update":
        if isinstance(first, Dict):
            for key, value in first.fields.items():
                m.write(owner.fields, key, value)
            owner.open = owner.open or first.open
        elif first is not MISSING:
            owner.open = True
        for argument in arguments.items:
            if argument.name is not None:
                m.write(owner.fields, argument.name, argument.value)
        return None
    return Unknown(f"the result of a dict's {name}")


def _text_method(m: Machine, owner: str, name: str, arguments: Arguments) -> object:
    from bnlint.source.expressions import sequence

    values = [m.settle(argument.value) for argument in arguments.positional]
    keywords = {argument.name: m.settle(argument.value) for argument in arguments.items if argument.name is not None}
    if name == "join" and values:
        items = sequence(m, values[0])
        if items is not None and all(isinstance(item, str) for item in items):
            return owner.join(str(item) for item in items)
        return Unknown("a text with unknown parts")
    if name in TEXT_METHODS and all(is_constant(value) for value in (*values, *keywords.values())):
        try:
            found = getattr(owner, name)(*values, **keywords)
        except Exception:  # a method on user constants may raise anything
            return Unknown("a text operation that fails")
        return List({"items": tuple(found)}) if isinstance(found, list) else found
    return Unknown("a text with unknown parts")


__all__ = ["BUILTINS", "Call", "Choice", "Dataset", "Join", "LayerList", "Tape", "Tensor", "TENSORS", "apply_function", "bind_parameters", "call", "constant", "method"]
