"""Names, attributes and subscripts: reading and writing."""

from __future__ import annotations

import ast

from bnlint.graph.model import Argument, Arguments, Call, Choice, Join, Layer, Tensor, Unknown
from bnlint.keras_api.names import canonical, exports
from bnlint.keras_api.training import MODES
from bnlint.source import (
    builtins,
    classes,
    injection,
    inspection,
    invoke,
    library,
    modules,
    options,
    protocols,
    records,
    trainable,
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
    Super,
    Tape,
    Variables,
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
        known = m.standing(place, Unknown(reason))
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
    base = m.settle(base)
    return m.each(base, lambda value: _get(m, value, name, node)) if isinstance(base, Choice) else _get(m, base, name, node)


def _get(m: Machine, base: object, name: str, node: ast.AST) -> object:
    match base:
        case Instance():
            return instance_attribute(m, base, name, node)
        case None | Unknown() | Dotted() if (handed := injection.injected(base, node, name)) is not None:
            return handed
        case Dotted() if name == "__name__" and base.canonical in ("keras", *exports("keras").values()) and base.canonical.islower():
            return Unknown("the name of a module, which differs from one Keras to another")
        case Dotted() if name in ("__name__", "__qualname__"):
            return (base.canonical or base.name).rpartition(".")[2]
        case Dotted():
            return modules.attribute(m, base, name)
        case Class():
            return _class_attribute(m, base, name)
        case Super():
            return super_attribute(m, base, name)
        case Unknown():
            return _attribute_of_unknown(m, base, name)
        case Layer() | Model():
            return inspection.attribute(m, base, name, node)
        case Call() if base.layer.family == "unknown" and name in training.METHODS:
            return Bound(base, name)
        case Call() if base in m.foreign and name == "layers":
            listed = m.standing(("attribute", base, name), Unknown("the layers of a model that is not followed"))
            m.foreign.add(listed)
            return listed
        case Call() | Join() if name in ("_keras_shape", "ndim", "shape"):
            return rank_of(m, base) if name == "ndim" else shape_of(m, base)
        case Options():
            return options.attribute(base, name)
        case Array() if name == "shape":
            return base.shape
        case Function() if name == "__globals__":
            return Dict(m.files.by_path[base.chunk.path].scope.names)
        case Function():
            found = base.name if name == "__name__" else base.fields.get(name, MISSING)
            return found if found is not MISSING else Unknown(f"the attribute `{name}` is not known")
        case Partial() if name == "func":
            return base.callee
        case List() if name == "layers":  # the lists of a layer, as Keras 2 keeps them
            return base
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


def _class_attribute(m: Machine, cls: Class, name: str) -> object:
    found = cls.find(name)
    if isinstance(found, Function) and "classmethod" in found.decorators:
        return Bound(cls, name, found)
    if found is not MISSING:
        return found
    if name == "from_config" and cls.keras is not None:
        return Bound(cls, name)
    found = records.class_attribute(m, cls, name)
    return found if found is not MISSING else Unknown(f"{cls.name} has no known attribute `{name}`")


def _attribute_of_unknown(m: Machine, base: Unknown, name: str) -> object:
    if base in m.open and name in ("shape", "get_shape", "dtype", "ndim"):
        return m.derive(base, "attribute", name)
    if name in training.METHODS or name in library.UNKNOWN_METHODS or (name == "step" and base in m.steppers):
        return Bound(base, name)
    found = m.derive(base, "attribute", name)
    if name == "num_replicas_in_sync":
        m.replicas.add(found)
    return found


def shape_of(m: Machine, value: object) -> object:
    """The shape of a tensor or an array as a tuple, None for sizes that are left open; the same unknown each time it is not known."""
    if isinstance(value, Array):
        return value.shape
    if not isinstance(value, TENSORS) or value.shape is None:
        return m.standing(("shape", value), Unknown("the shape of a tensor"))
    sizes = enumerate(value.shape)
    return tuple(_size_of(m, value, axis) if isinstance(size, Unknown) else size for axis, size in sizes)


def _size_of(m: Machine, tensor: Tensor, axis: int) -> object:
    return m.standing(("size", tensor, axis), Unknown("a size of a tensor"))


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
    if instance.cls.keras is None and (found := protocols.special(m, instance, "__getattr__", node, name)) is not MISSING:
        return found
    if name in ("trainable_variables", "trainable_weights", "variables", "weights"):
        return Variables((instance,), name.startswith("trainable"))
    if "functional" in instance.fields:
        return inspection.attribute(m, instance.fields["functional"], name, node) if name not in training.METHODS else Bound(instance, name)
    if instance.cls.keras is not None:
        if name == "layers":
            return LayerList(instance, tuple(dict.fromkeys(instance.layers)))
        return Bound(instance, name)
    key = ("attribute", instance, name)
    known = m.standing(key, Unknown(f"{instance.cls.name} has no known attribute `{name}`", mode=name in MODES))
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
    if not isinstance(owner, Instance):
        m.effects += 1
    m.touched.append(owner)
    if name == "trainable" or (name == "requires_grad" and m.settle(value) is False):  # which is how torch freezes variables
        trainable.put(m, owner, value, node)
    if isinstance(owner, Instance) and name == "__dict__":
        for key, content in (value.fields if isinstance(value, Dict) else {}).items():
            m.write(owner.fields, key, content)
    elif isinstance(owner, Instance) and isinstance(setter := owner.cls.find(f"{name}.setter"), Function):
        arguments = Arguments((Argument(None, value, None),))
        invoke.run(m, setter, arguments, invoke.Site(m.span(node)), owner)
    elif isinstance(owner, Instance):
        m.write(owner.fields, name, value)
        classes.own(m, owner, value)
    elif isinstance(owner, (Function, Class)):
        fields = owner.fields if isinstance(owner, Function) else owner.scope.names
        m.write(fields, name, value)
        m.recordings.held.written([(fields, name)])
    elif isinstance(owner, Model):
        m.write(owner.fields, f".{name}", value)
    elif isinstance(owner, Options):
        options.put(m, owner, name, value)
    elif isinstance(owner, (Layer, Unknown)) and isinstance(value, Layer):
        m.event("escape", value, {}, node)
    return None
