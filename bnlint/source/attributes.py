"""Names, attributes and subscripts: reading and writing."""

from __future__ import annotations

import ast
from collections.abc import Callable

from bnlint.graph.model import Call, Choice, Join, Layer, Tensor, Unknown
from bnlint.keras_api.names import canonical, exports
from bnlint.source import (
    arrays,
    builtins,
    classes,
    injection,
    invoke,
    library,
    models,
    modules,
    operators,
    options,
    protocols,
    records,
    training,
)
from bnlint.source.machine import Machine
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
    Options,
    Partial,
    Splice,
    Super,
    Tape,
    Variables,
    hashable_key,
    sequence,
)


def unbound(m: Machine, name: str) -> object:
    """The value of a name that no scope binds: by a star import, a builtin, a Keras layer in a fragment, or unknown."""
    found = modules.by_star(m, m.file.scope, name, set())
    if found is not MISSING:
        return found
    if name in builtins.BUILTINS:
        return Dotted(f"builtins.{name}", f"builtins.{name}")
    if name == "__name__":
        return "__main__"
    if name == "__file__":
        return m.file.place
    stars = m.file.scope.stars
    star = next((star for star in reversed(stars) if isinstance(star, str)), "")
    fragment = not m.file.imports
    if fragment or star:
        if name in exports("keras.layers") or name in ("Model", "Sequential"):
            dotted = f"keras.layers.{name}" if name not in ("Model", "Sequential") else f"keras.{name}"
            return Dotted(dotted, canonical(dotted))
        if fragment and name in FRAGMENT:
            return Dotted(FRAGMENT[name], canonical(FRAGMENT[name]))
    place = ("unbound", name, star)
    known = m.derived.get(place)
    if not isinstance(known, Unknown):
        reason = f"`{name}` comes from `{star}`, which is not followed" if star else f"nothing visible binds `{name}`"
        known = m.derived[place] = Unknown(reason)
    return known


FRAGMENT = {
    "tf": "tensorflow",
    "keras": "keras",
    "layers": "keras.layers",
    "np": "numpy",
    "K": "keras.backend",
    "models": "keras.models",
}
"""What the usual names stand for in a fragment without imports."""


def get(m: Machine, base: object, name: str, node: ast.AST) -> object:
    """`base.name`."""
    return m.each(base, lambda value: _get(m, value, name, node))


def _get(m: Machine, base: object, name: str, node: ast.AST) -> object:
    match base:
        case None | Unknown() | Dotted() if (handed := injection.injected(base, node, name)) is not None:
            return handed
        case Dotted():
            return modules.attribute(m, base, name)
        case Instance():
            return instance_attribute(m, base, name, node)
        case Class():
            found = base.find(name)
            if isinstance(found, Function) and "classmethod" in found.decorators:
                return Bound(base, name, found)
            if found is not MISSING:
                return found
            found = records.class_attribute(m, base, name)
            return found if found is not MISSING else Unknown(f"{base.name} has no known attribute `{name}`")
        case Super():
            return super_attribute(m, base, name)
        case Unknown():
            if base in m.open and name in ("shape", "get_shape", "dtype", "ndim"):
                return m.derive(base, "attribute", name)
            if name in training.METHODS or name in library.UNKNOWN_METHODS:
                return Bound(base, name)
            return m.derive(base, "attribute", name)
        case Layer() | Model():
            return models.attribute(m, base, name, node)
        case Call() if base.layer.family == "unknown" and name in training.METHODS:
            return Bound(base, name)
        case Call() | Join() if name in ("_keras_shape", "ndim", "shape"):
            return rank_of(m, base) if name == "ndim" else shape_of(m, base)
        case Options():
            return options.attribute(base, name)
        case Array() if name == "shape":
            return base.shape
        case Function() if name == "__name__":
            return base.name
        case Partial() if name == "func":
            return base.callee
        case List() | Dict() | Dataset() | Tape() | Variables() | LayerList() | Array():
            return Bound(base, name)
        case tuple() if name in ("ndims", "rank"):
            return len(base)
        case int() if name == "value":  # of a Dimension of TF1
            return base
        case str() | tuple() | Call() | Join():
            return Bound(base, name)
        case _:
            return Unknown(f"the attribute `{name}` is not known")


def shape_of(m: Machine, value: object) -> object:
    """The shape of a tensor or an array as a tuple, None for sizes that are left open; the same unknown each time it is not known."""
    if isinstance(value, Array):
        return value.shape
    if not isinstance(value, TENSORS) or value.shape is None:
        return m.derived.setdefault(("shape", value), Unknown("the shape of a tensor"))
    sizes = enumerate(value.shape)
    return tuple(_size_of(m, value, axis) if isinstance(size, Unknown) else size for axis, size in sizes)


def _size_of(m: Machine, tensor: Tensor, axis: int) -> object:
    return m.derived.setdefault(("size", tensor, axis), Unknown("a size of a tensor"))


def dynamic_shape_of(m: Machine, value: object) -> object:
    """The shape as the running program sees it: a size that is left open is not known."""
    shape = shape_of(m, value)
    if not isinstance(shape, tuple) or not isinstance(value, TENSORS):
        return shape
    return tuple(_size_of(m, value, axis) if size is None else size for axis, size in enumerate(shape))


def rank_of(m: Machine, value: object) -> object:
    """The number of dimensions of a tensor or an array."""
    shape = shape_of(m, value)
    return len(shape) if isinstance(shape, tuple) else m.derive(shape, "rank") if isinstance(shape, Unknown) else shape


def instance_attribute(m: Machine, instance: Instance, name: str, node: ast.AST) -> object:
    """`instance.name`: its own fields, then the class, then what Keras gives every layer and model."""
    if name in instance.fields:
        return instance.fields[name]
    found = instance.cls.find(name)
    if isinstance(found, Function):
        if "property" in found.decorators or "cached_property" in found.decorators or "functools.cached_property" in found.decorators:
            if invoke.too_deep(m, found):
                return Unknown(f"{found.qualified} calls itself")
            return invoke.enter(m, found, {_first(found): instance}, m.span(node), instance)
        return Bound(instance, name, found)
    if found is not MISSING:
        return found
    if (found := records.attribute(m, instance, name)) is not MISSING:
        return found
    if instance.constant is not MISSING:
        return get(m, instance.constant, name, node)
    if name == "__class__":
        return instance.cls
    if name in ("trainable_variables", "trainable_weights", "variables", "weights"):
        return Variables((instance,), name.startswith("trainable"))
    if "functional" in instance.fields:
        return models.attribute(m, instance.fields["functional"], name, node) if name not in training.METHODS else Bound(instance, name)
    if instance.cls.keras is not None:
        if name == "layers":
            return LayerList(instance, tuple(dict.fromkeys(instance.layers)))
        return Bound(instance, name)
    key = ("attribute", instance, name)
    known = m.derived.get(key)
    if not isinstance(known, Unknown):
        known = m.derived[key] = Unknown(f"{instance.cls.name} has no known attribute `{name}`")
    if name in training.METHODS:
        return Bound(known, name)
    return known


def _first(function: Function) -> str:
    arguments = function.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    return positional[0].arg if positional else "self"


def make_super(m: Machine, arguments: list[object]) -> object:
    """`super()` and `super(Class, self)`."""
    cls, instance = m.frame.owner, m.frame.self
    if len(arguments) == 2 and isinstance(arguments[0], Class):
        cls, instance = arguments[0], arguments[1]
    if cls is None or instance is MISSING or instance is None:
        return Unknown("super() of something that is not known")
    return Super(cls, instance)


def super_attribute(m: Machine, base: Super, name: str) -> object:
    """`super().name`: looked up behind the class."""
    instance = base.instance
    lineage = instance.cls.lineage() if isinstance(instance, Instance) else base.cls.lineage()
    after = lineage[lineage.index(base.cls) + 1 :] if base.cls in lineage else []
    for cls in after:
        if name in cls.scope.names:
            found = cls.scope.names[name]
            return Bound(instance, name, found) if isinstance(found, Function) else found
    if isinstance(instance, Instance):
        if instance.cls.keras is not None or (instance.cls.plain == "mapping" and name == "__init__"):
            return Bound(base, name)
        if (found := records.attribute(m, instance, name)) is not MISSING:
            return found
    return Unknown(f"a base of {base.cls.name} that is not known")


def put(m: Machine, owner: object, name: str, value: object, node: ast.AST) -> object:
    """`owner.name = value`."""
    if name == "trainable":
        training.set_trainable(m, owner, value, node)
    if isinstance(owner, Instance) and name == "__dict__":
        for key, content in (value.fields if isinstance(value, Dict) else {}).items():
            m.write(owner.fields, key, content)
    elif isinstance(owner, Instance):
        m.write(owner.fields, name, value)
        classes.own(owner, value)
    elif isinstance(owner, Class):
        m.write(owner.scope.names, name, value)
    elif isinstance(owner, Model):
        m.write(owner.fields, f".{name}", value)
    elif isinstance(owner, Options):
        options.put(m, owner, name, value)
    elif isinstance(owner, (Layer, Unknown)) and isinstance(value, Layer):
        m.event("escape", value, {}, node)
    return None


def item(m: Machine, base: object, key: object, node: ast.AST) -> object:
    """`base[key]` for one settled base and key."""
    base = _mapping(base) if isinstance(base, Instance) else m.opaque(base)
    key = key if isinstance(base, Dict) and hashable_key(key) and key in base.fields else m.opaque(key)
    if isinstance(base, Dict):
        if hashable_key(key) and key in base.fields:
            return base.fields[key]
        if isinstance(key, Unknown) and base.fields and not base.open and len(base.fields) <= 8:
            return _any_of(m, key, base)
        return Unknown("an entry of a dict that is not known")
    if isinstance(base, TENSORS):
        return index_tensor(m, base, key, node)
    if isinstance(base, Array):
        return arrays.part(m, base, key)
    if isinstance(base, Variables):
        return base
    if isinstance(base, Options):
        return options.item(m, base, key)
    if isinstance(base, LayerList):
        return _layer_item(m, base, key)
    if isinstance(base, Instance) and (found := protocols.special(m, base, "__getitem__", node, key)) is not MISSING:
        return found
    if isinstance(base, Class) and base.members:
        return base.scope.names.get(key, Unknown(f"no member of {base.name}"))
    if isinstance(base, str):
        try:
            return base[key] if isinstance(key, (int, slice)) else Unknown("a part of a text")
        except (IndexError, ValueError):
            return Unknown("an index out of range")
    items = sequence(base)
    if items is not None and not any(isinstance(part, Splice) for part in items):
        if isinstance(key, slice):
            try:
                part = items[key]
            except ValueError:
                return Unknown("a slice of a list")
            return List({"items": part}) if isinstance(base, List) else part
        if isinstance(key, int) and -len(items) <= key < len(items):
            return items[key]
    if isinstance(base, List) and isinstance(key, int) and items:
        edge = items[-1] if key == -1 else items[0] if key == 0 else None
        if edge is not None and not isinstance(edge, Splice):
            return edge
        if key == -1 and isinstance(edge, Splice):
            return _last(m, items)
    if isinstance(base, Unknown):
        width = arrays.slice_width(m, key)
        derived = m.derive(base, "item", key if hashable_key(key) else None, width)
        if width is not None and base not in m.open:
            return arrays.with_width(m, derived, width)
        if base in m.open and not isinstance(key, (str, slice)):
            m.tensor(derived, node)
        elif base in m.open:
            return index_tensor(m, m.open[base], key, node) if isinstance(key, slice) else derived
        return derived
    return Unknown("an element that is not known")


def _mapping(instance: Instance) -> object:
    """An object of a class that derives from dict as the dict that it is."""
    return Dict(instance.fields) if instance.cls.plain == "mapping" else instance


def _last(m: Machine, items: tuple[object, ...]) -> object:
    """The last element of a list that ends in a Splice."""
    if not items:
        return Unknown("an element of an empty list")
    last = items[-1]
    if not isinstance(last, Splice):
        return last
    rest = items[:-1]
    return m.fork(last.condition, lambda: _last(m, rest + last.if_true), lambda: _last(m, rest + last.if_false))


def _any_of(m: Machine, key: Unknown, base: Dict) -> object:
    """An entry of a known dict by an unknown key: one of its values, by tests of the key."""
    entries = list(base.fields.items())
    found = entries[-1][1]
    for name, value in reversed(entries[:-1]):
        found = Choice(m.test("==", key, name), value, found)
    return m.settle(found)


def _layer_item(m: Machine, base: LayerList, key: object) -> object:
    if base.known and isinstance(key, int) and -len(base.layers) <= key < len(base.layers):
        return base.layers[key]
    if isinstance(key, slice):
        return LayerList(base.model, base.layers[key], base.known)
    return _some_layer(m, base)


def _some_layer(m: Machine, layers: LayerList) -> Unknown:
    """A layer of a model; which one is not known."""
    found = Unknown("a layer that is not known")
    m.parts[found] = layers.model
    return found


def put_item(m: Machine, owner: object, key: object, value: object, node: ast.AST) -> object:
    """`owner[key] = value`."""
    if isinstance(owner, Instance):
        if protocols.special(m, owner, "__setitem__", node, key, value) is not MISSING:
            return None
        owner = _mapping(owner)
    if isinstance(owner, Dict):
        if hashable_key(key):
            m.write(owner.fields, key, value)
        else:
            owner.open = True
    elif isinstance(owner, Options):
        options.put(m, owner, key, value)
    elif isinstance(owner, List) and isinstance(key, int):
        items = owner.items
        if -len(items) <= key < len(items) and not any(isinstance(part, Splice) for part in items):
            position = key % len(items)
            m.write(owner.fields, "items", (*items[:position], value, *items[position + 1 :]))
    return None


def index_tensor(m: Machine, tensor: Tensor, key: object, node: ast.AST) -> object:
    """`tensor[key]`: a part of several outputs, or a node."""
    if (
        isinstance(key, int)
        and isinstance(tensor, Call)
        and (_plural(tensor) or (tensor.layer.role in ("input", "unknown") and tensor.shape is None))
    ):
        return part(m, tensor, key, node)

    return operators.operation(m, node, (tensor,), "getitem", "reshape", {"key": _written(m, key)})


def _written(m: Machine, key: object) -> object:
    """The key of a subscript in plain terms: a new axis is None, a slice whose bounds are not known a slice of unknowns."""
    if isinstance(key, tuple):
        return tuple(_written(m, part) for part in key)
    if isinstance(key, Dotted) and key.name.endswith(".newaxis"):
        return None
    return slice(key, key) if isinstance(key, Unknown) and arrays.is_slice(m, key) else key


def _plural(call: Call) -> bool:
    """Whether a call has, or may have, several outputs, so that an index picks one of them."""
    if call.layer.role == "recurrent":
        return True
    return call.layer.kind in ("split", "unstack", "moments", "unpack", "max_pool_with_argmax", "fused_batch_norm", "top_k") or (
        call.layer.family == "user" and call.shape is None
    )


def part(m: Machine, tensor: Tensor, position: int, node: ast.AST) -> object:
    """One of several outputs of a call: of an input, an input of its own; else the call itself."""
    if isinstance(tensor, Call) and tensor.layer.role == "input" and not tensor.inputs:
        key = ("part", tensor, position)
        if key not in m.derived:
            under, m.under = m.under, {}
            m.derived[key] = m.call(Layer(tensor.layer.kind, "input", is_function=True, origin=tensor.layer.origin), (), tensor.origin)
            m.under = under
        return m.derived[key]
    return tensor


def batch(m: Machine, dataset: Dataset) -> Unknown:
    """A batch of a data set."""
    made = Unknown("a batch of data")
    m.batches[made] = dataset
    return made


def element(m: Machine, iterable: object) -> Callable[[int], object]:
    """What the rounds of a loop over a value of unknown length get, by round."""
    if isinstance(iterable, Bound) and iterable.name == "range":
        return lambda done: iterable.owner if done == 0 else Unknown("the number of a later round")
    if isinstance(iterable, Unknown):
        return lambda done: m.derive(iterable, "element", done)
    if isinstance(iterable, Bound) and iterable.name == "enumerate":
        inner = element(m, iterable.owner)
        return lambda done: (0 if done == 0 else m.derive(m.training, "enumerate", id(iterable), done), inner(done))
    if isinstance(iterable, Bound) and iterable.name == "zip" and isinstance(iterable.owner, tuple):
        inners = [element(m, part) for part in iterable.owner]
        return lambda done: tuple(inner(done) for inner in inners)

    items = sequence(iterable)
    if items is not None and items and not any(isinstance(part, Splice) for part in items):
        return lambda done: items[min(done, len(items) - 1)]
    if isinstance(iterable, Dataset):
        return lambda done: batch(m, iterable)
    if isinstance(iterable, LayerList):
        return lambda done: _some_layer(m, iterable)
    if isinstance(iterable, TENSORS):
        return lambda done: part(m, iterable, done, ast.Pass())
    return lambda done: Unknown("an element of a value that is not known")
