"""Functions of Python and its standard library."""

from __future__ import annotations

import ast
import builtins as python
import math
from collections.abc import Callable
from typing import Final

from bnlint.graph.model import Arguments, Layer, Unknown
from bnlint.keras_api.applications import APPLICATIONS
from bnlint.keras_api.layers import layer_spec
from bnlint.records import replace
from bnlint.source import attributes, classes, inspection, modules, operators, protocols, standard
from bnlint.source.machine import Handler, Machine
from bnlint.source.spelling import unmarked
from bnlint.source.unknowns import truth
from bnlint.source.values import (
    MISSING,
    Bound,
    Class,
    Deferred,
    Dict,
    Dotted,
    Function,
    Instance,
    List,
    Model,
    Partial,
    Scope,
    Splice,
    first_argument,
    hashable_key,
    is_constant,
    sequence,
)

PURE: Final[dict[str, Callable[..., object]]] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "abs": abs,
    "round": round,
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
    "math.prod": math.prod,
    "math.gcd": math.gcd,
    "math.isqrt": math.isqrt,
    "numpy.ceil": math.ceil,
    "numpy.floor": math.floor,
    "numpy.sqrt": math.sqrt,
    "numpy.log": math.log,
    "numpy.log2": math.log2,
    "numpy.exp": math.exp,
    "numpy.round": round,
    "numpy.int32": int,
    "numpy.int64": int,
    "numpy.float32": float,
}
"""Functions of constants that are computed."""


def pure(m: Machine, function: Callable[..., object], arguments: Arguments) -> object:
    def apply(values: list[object]) -> object:
        if not all(is_constant(value) for value in values) or not arguments.complete or any(a.name for a in arguments.items):
            only = values[0] if len(values) == 1 else None
            return m.derive(only, function.__name__) if isinstance(only, Unknown) else Unknown("a value that is not known")
        try:
            return values[0] if function is str and isinstance(values[0], str) else function(*map(unmarked, values))
        except Exception:  # a function of user constants may raise anything; then its value is unknown
            return Unknown("a computation that fails")

    return m.combined((m.plain(argument.value) for argument in arguments.items), apply)


def _pow(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return operators.binary(m, node, ast.Pow(), first_argument(arguments), first_argument(arguments, 1))


def _to_list(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    value = first_argument(arguments)
    if value is MISSING:
        return m.listed(())
    items = sequence(protocols.iterated(m, value, node))
    return m.listed(items) if items is not None else value


def _to_tuple(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    value = first_argument(arguments)
    if value is MISSING:
        return ()
    items = sequence(protocols.iterated(m, value, node))
    return items if items is not None and not any(isinstance(item, Splice) for item in items) else value


def to_dict(m: Machine, arguments: Arguments, node: ast.Call) -> Dict:
    """`dict(…)`."""
    made = Dict({}, open=not arguments.complete)
    first = m.settle(first_argument(arguments))
    if isinstance(first, Instance) and first.cls.plain == "mapping":
        first = Dict(first.fields)
    if isinstance(first, Dict):
        made.fields.update(first.fields)
        made.open, made.presumed = made.open or first.open, first.presumed and not made.open
    elif first is not MISSING:
        pairs = sequence(first)
        for pair in pairs or ():
            parts = sequence(pair) or ()
            if len(parts) == 2 and hashable_key(parts[0]):
                made.fields[parts[0]] = parts[1]
            else:
                made.open = True
        made.open = made.open or pairs is None
    made.fields.update({argument.name: argument.value for argument in arguments.items if argument.name is not None})
    return made


def _quantifier(every: bool) -> Callable[[Machine, Arguments, ast.Call], object]:
    def apply(m: Machine, arguments: Arguments, node: ast.Call) -> object:
        items = sequence(m.settle(first_argument(arguments)))
        truths = [truth(item) for item in items or ()]
        if items is None or None in truths:
            return Unknown("a value that is not known")
        return all(truths) if every else any(truths)

    return apply


def _isinstance(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    kinds = first_argument(arguments, 1)
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)

    return m.each(first_argument(arguments), lambda value: of_class(m, value, wanted))


def of_class(m: Machine, value: object, wanted: tuple[object, ...]) -> bool | Unknown:
    """Whether a value is an instance of one of the classes."""
    value = m.opaque(value)
    answers = [_is_instance(m, value, kind) for kind in wanted]
    if True in answers:
        return True
    if None not in answers:
        return False
    if isinstance(value, Unknown) and all(isinstance(kind, (Dotted, Class)) for kind in wanted):
        return m.test("isinstance", value, tuple(kind.name for kind in wanted if isinstance(kind, (Dotted, Class))))
    return Unknown("the class of a value that is not known")


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
        if isinstance(value, Layer) and value.subclass is not None:
            return True if value.subclass == kind.name else None
        return kind in value.cls.lineage() if isinstance(value, Instance) else False
    if not isinstance(kind, Dotted):
        return None
    if kind.name == "builtins.type" and isinstance(value, (Class, Dotted)):
        return True if isinstance(value, Class) or is_layer_class(value) else None
    plain = CLASSES.get(kind.name.removeprefix("builtins."))
    if plain is not None:
        return isinstance(value, plain)
    if is_constant(value) or isinstance(value, (List, Dict, Function, tuple)):
        return False
    name = kind.canonical or ""
    if isinstance(value, Layer):
        if name in (f"keras.layers.{value.kind}", "keras.layers.Layer", "keras.Layer"):
            return True
        if name == "keras.Model" and value.kind in APPLICATIONS:
            return True
        return False if name.startswith("keras.") else None
    if isinstance(value, Model):
        return name in ("keras.Model", "keras.layers.Layer") or (name == "keras.Sequential" and value.kind == "sequential")
    return None


def _getattr(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    name, default = m.settle(first_argument(arguments, 1)), first_argument(arguments, 2)
    owner = m.settle(first_argument(arguments))
    if not isinstance(name, str):
        if isinstance(owner, Instance) and isinstance(name, Unknown) and name in owner.fields:
            return owner.fields[name]
        for layer in owner.layers if isinstance(owner, Instance) else ():
            m.event("escape", layer, {}, node)
        return Unknown("an attribute whose name is not known")
    if isinstance(owner, Dotted) and default is not MISSING and modules.lacks(m, owner, name):
        return default
    found = attributes.get(m, owner, name, node)
    return default if isinstance(found, Unknown) and default is not MISSING and not isinstance(owner, Unknown) else found


def _hasattr(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    owner, name = m.settle(first_argument(arguments)), m.settle(first_argument(arguments, 1))
    if isinstance(owner, Instance) and isinstance(name, str) and owner.cls.complete:
        if name in owner.fields or owner.cls.find(name) is not MISSING:
            return True
        if owner.cls.keras is None:
            return False
    if name == "layers" and (isinstance(owner, Model) or (isinstance(owner, Layer) and owner.subclass is None)):
        return isinstance(owner, Model) or owner.kind in APPLICATIONS
    return Unknown("whether an attribute exists")


def _setattr(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    owner, name, value = m.settle(first_argument(arguments)), m.settle(first_argument(arguments, 1)), first_argument(arguments, 2)
    if isinstance(name, str):
        attributes.put(m, owner, name, value, node)
    elif isinstance(owner, Instance):
        if isinstance(name, Unknown):
            m.write(owner.fields, name, value)
        classes.own(m, owner, value)
        m.event("escape", value, {}, node)
    return None


def _callable(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    def apply(value: object) -> object:
        if isinstance(value, (Function, Class, Layer, Model, Instance, Partial, Bound, Dotted)):
            return True
        return Unknown("whether a value can be called") if isinstance(value, Unknown) else False

    return m.each(first_argument(arguments), apply)


def _default_dict(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    made = to_dict(m, replace(arguments, items=arguments.items[1:]), node)
    made.factory = m.settle(first_argument(arguments, 0)) if arguments.positional else None
    return made


def _locals(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return _names(m.frame.scope)


def _globals(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return _names(m.file.scope)


def _names(scope: Scope) -> Dict:
    """The names of a scope, but for those that come from modules which nobody has asked for yet."""
    known = {name: value for name, value in scope.names.items() if not isinstance(value, Deferred)}
    return Dict(known, open=len(known) < len(scope.names))


def _import_module(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    def apply(name: object) -> object:
        followed = isinstance(name, str) and not name.startswith(".")
        return modules.import_module(m, str(name)) if followed else Unknown("a module that is not known")

    return m.each(first_argument(arguments), apply)


def _eval(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`eval("BatchNormalization")`: the name of something, or a path of names."""
    text = m.settle(first_argument(arguments))
    head, *rest = text.split(".") if isinstance(text, str) else [""]
    if not head.isidentifier() or not all(part.isidentifier() for part in rest):
        return Unknown("the value of an expression in a text")
    found = m.lookup(head)
    found = attributes.unbound(m, head) if found is MISSING else found
    for part in rest:
        found = attributes.get(m, found, part, node)
    return found


def _type(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    def apply(value: object) -> object:
        if isinstance(value, Layer):
            return inspection.class_of(value)
        if isinstance(value, Class) or is_layer_class(value):
            return Dotted("builtins.type", "builtins.type")
        plain = next((name for name, classes in TYPES.items() if isinstance(m.opaque(value), classes)), None)
        if plain is not None:
            return Dotted(f"builtins.{plain}", f"builtins.{plain}")
        return value.cls if isinstance(value, Instance) else Unknown("the type of a value")

    return m.each(first_argument(arguments), apply)


TYPES: Final[dict[str, type]] = {kind.__name__: kind for kind in (bool, int, float, str, bytes, tuple)} | {"list": List, "dict": Dict}
"""The classes of plain values; a bool is an int, too."""


def _is_subclass(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    kinds = m.settle(first_argument(arguments, 1))
    wanted = kinds if isinstance(kinds, tuple) else (kinds,)

    def apply(value: object) -> object:
        answers = [_derives(value, kind) for kind in wanted]
        return True if True in answers else Unknown("the bases of a class that is not known") if None in answers else False

    return m.each(first_argument(arguments), apply)


def _derives(value: object, kind: object) -> bool | None:
    if isinstance(value, Class):
        outside = {base.canonical or base.name for each in value.lineage() for base in each.bases if isinstance(base, Dotted)}
        if kind in value.lineage() or (isinstance(kind, Dotted) and (kind.canonical or kind.name) in outside):
            return True
        return None if not value.complete or (value.keras is not None and isinstance(kind, Dotted)) else False
    if not is_layer_class(value) or not isinstance(kind, (Class, Dotted)):
        return None
    assert isinstance(value, Dotted)
    return isinstance(kind, Dotted) and kind.canonical in (value.canonical, "keras.layers.Layer", "keras.Layer")


def is_layer_class(value: object) -> bool:
    """Whether a value is a class of Keras's layers."""
    canonical = (value.canonical or "") if isinstance(value, Dotted) else ""
    return canonical.startswith("keras.layers.") and layer_spec(canonical.removeprefix("keras.layers.")) is not None


def _nothing(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return None


def _format(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return Unknown("a text")


def same_argument(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return first_argument(arguments) if arguments.positional else Unknown("a value that is not known")


BUILTINS: Final = frozenset(name for name in dir(python) if not name.startswith("_"))
"""Names that Python binds itself."""


def _plain(m: Machine, arguments: Arguments) -> bool:
    items = sequence(m.settle(first_argument(arguments)))
    return items is not None and list(items) == sorted(items, key=repr) and all(isinstance(item, (int, str)) for item in items)


HANDLERS: Final[dict[str, Handler]] = {
    "builtins.pow": _pow,
    "builtins.list": _to_list,
    "builtins.set": _to_list,
    "builtins.frozenset": _to_list,
    "builtins.tuple": _to_tuple,
    "builtins.dict": to_dict,
    "collections.OrderedDict": to_dict,
    "collections.defaultdict": _default_dict,
    "collections.deque": _to_list,
    "builtins.eval": _eval,
    "builtins.globals": _globals,
    "builtins.locals": _locals,
    "importlib.import_module": _import_module,
    "builtins.any": _quantifier(False),
    "builtins.all": _quantifier(True),
    "builtins.isinstance": _isinstance,
    "builtins.getattr": _getattr,
    "builtins.hasattr": _hasattr,
    "builtins.setattr": _setattr,
    "builtins.callable": _callable,
    "builtins.type": _type,
    "builtins.issubclass": _is_subclass,
    "builtins.print": _nothing,
    "builtins.object": _format,
    "bnlint.identity": same_argument,
    **standard.HANDLERS,
}
