"""A model in memory as a Keras configuration and the arrays of its BatchNormalization. It is looked at, never called or changed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from bnlint.live import loose, weights
from bnlint.live.values import Json, ancestor, children, config_of, family, is_keras, label, plain, shape_of
from bnlint.live.weights import Arrays, Names
from bnlint.records import dataclass
from bnlint.shared import QUIET

ABSTRACT = ("Layer", "Model", "Functional", "Sequential", "Operation", "Wrapper")
"""Classes of Keras that do not say what those compute that derive from them."""


@dataclass(frozen=True, slots=True)
class Description:
    """A model as Keras would write it.

    The config of a subclassed model lists no layers. `loose` holds, as networks of their own, those whose calls are not recorded: each
    of them stands alone behind the input. `arrays` are those of the BatchNormalization layers, by the names that lead there.
    """

    name: str
    keras: str
    config: Json
    loose: list[Json]
    arrays: list[tuple[Names, Arrays]]


class NotAModel(TypeError):
    """What was given is no model of Keras 3 or tf_keras."""

    def __init__(self, given: object) -> None:
        self.what = _what(given)
        super().__init__(f"bnlint lints models of Keras 3 and tf_keras, and was given {self.what}")


def is_model(thing: object) -> bool:
    """Whether something is a model of Keras 3 or tf_keras."""
    return ancestor(type(thing), "Model") is not None


def describe(model: Any) -> Description:
    """The description of a model of Keras 3 or tf_keras. Raises NotAModel."""
    if not is_model(model):
        raise NotAModel(model)
    walk = _Walk()
    with QUIET:  # Keras warns of a Lambda that is about to be saved, numpy of how Keras converts arrays
        config = walk.layer(model)
        untold = [*walk.untold(model)]
        arrays = weights.arrays(model)
    version = getattr(sys.modules.get(_keras(model)), "__version__", "")
    return Description(str(model.name), str(version), config, untold, arrays)


def _what(thing: object) -> str:
    """What was given in the place of a model."""
    if isinstance(thing, type):
        return f"the class {thing.__qualname__}"
    kind = "layer" if ancestor(type(thing), "Layer") else "value"
    return f"a {kind} of type {type(thing).__qualname__}"


def _keras(model: object) -> str:
    """The package of the Keras that a model is of."""
    return family(ancestor(type(model), "Model") or object)


def _records(model: Any) -> bool:
    """Whether a model records what its layers are called on, and these calls are what it computes: its `call` is Keras's own."""
    caller = next((cls for cls in type(model).__mro__ if "call" in vars(cls)), None)
    recorded = ancestor(type(model), "Sequential") or getattr(model, "_nodes_by_depth", None)
    return caller is not None and is_keras(caller) and bool(recorded)


def _is_network(layer: Any) -> bool:
    """Whether it is told as a functional model."""
    return is_model(layer) and _records(layer) and not ancestor(type(layer), "Sequential")


class _Walk:
    """One walk over a model, with the layers that it has told of, numbered, and those in which it has looked for more."""

    def __init__(self) -> None:
        self._told: dict[int, int] = {}
        self._searched: set[int] = set()

    def model(self, model: Any) -> dict[str, Json]:
        """A model that records its calls. Whatever it is derived into, it is read as what it records."""
        sequential = ancestor(type(model), "Sequential") is not None
        inside = {"layers": [self.layer(layer) for layer in children(model)]} if sequential else self._network(model)
        kind = "Sequential" if sequential else "Functional"
        config = {**_base(model), **inside}
        given = getattr(getattr(model, "_compile_config", None), "config", None)
        compiled = {"compile_config": plain(given)} if given else {}
        return {"module": _keras(model), "class_name": kind, "registered_name": kind, "config": config, **compiled}

    def _network(self, model: Any) -> dict[str, Json]:
        operations = list(getattr(model, "_operations", None) or children(model))
        own = {id(node) for nodes in model._nodes_by_depth.values() for node in nodes}
        kept = {id(operation): [at for at, node in enumerate(operation._inbound_nodes) if id(node) in own] for operation in operations}

        def history(tensor: Any, first: int = 0) -> list[Json]:
            operation, node, index = tensor._keras_history[:3]
            return [operation.name, kept[id(operation)].index(node) + first, index]

        def marker(tensor: Any) -> Json:
            known = {"shape": shape_of(tensor.shape), "dtype": str(getattr(tensor.dtype, "name", tensor.dtype))}
            return {"class_name": "__keras_tensor__", "config": {**known, "keras_history": history(tensor)}}

        def coordinates(tensors: Iterable[Any]) -> list[Json]:
            # Keras counts from 1 the calls of a nested functional model here, and only here
            return [history(tensor, int(_is_network(tensor._keras_history[0]))) for tensor in tensors]

        layers = []
        for operation in operations:
            nodes = [_call(operation._inbound_nodes[at]) for at in kept[id(operation)]]
            calls = [{"args": plain(args, marker), "kwargs": plain(kwargs, marker)} for args, kwargs in nodes if args or kwargs]
            layers.append({**self.layer(operation), "name": operation.name, "inbound_nodes": calls})
        return {"layers": layers, "input_layers": coordinates(model.inputs), "output_layers": coordinates(model.outputs)}

    def layer(self, layer: Any) -> dict[str, Json]:
        """A layer, a model or an operation as an entry of `layers`. What derives from a layer of Keras is told as that one."""
        number = self._told.setdefault(id(layer), len(self._told))
        if is_model(layer) and _records(layer):
            return self.model(layer)
        cls = type(layer)
        base = ancestor(cls)
        if base is None or base.__name__ in ABSTRACT:
            return {**label(cls), "config": _base(layer)}
        config = config_of(layer, base)
        if config is None:
            return {**label(cls), "module": None, "config": _base(layer)}
        if isinstance(config.get("layer"), dict) and hasattr(layer, "layer"):
            config = {**config, "layer": self.layer(layer.layer)}
        subclass = {} if cls is base else {"subclass": cls.__name__}
        return {**label(base), **subclass, "config": plain(config), **_built(layer), "shared_object_id": number}

    def untold(self, owner: Any, enclosing: Names = ()) -> Iterator[Json]:
        """As networks, the layers that no configuration tells of: those in a custom layer or in a subclassed model."""
        inside = children(owner)
        if not is_keras(type(owner)) and not (is_model(owner) and _records(owner)):
            for group in loose.apart([child for child in inside if id(child) not in self._told]):
                yield loose.network(enclosing, [(self.layer(child), *_ends(child)) for child in group])
        for child in inside:
            if id(child) not in self._searched:
                self._searched.add(id(child))
                yield from self.untold(child, (*enclosing, child.name))


def _ends(layer: Any) -> tuple[int, int]:
    """How many inputs and outputs a layer has, as far as it is recorded."""
    return (len(layer.inputs), len(layer.outputs)) if getattr(layer, "_nodes_by_depth", None) else (1, 1)


def _call(node: Any) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a recorded call; nothing for that of an input."""
    if hasattr(node, "arguments"):
        return list(node.arguments.args), dict(node.arguments.kwargs)
    names = node.layer._call_spec.arg_names  # tf_keras writes what follows the first argument by its name
    return list(node.call_args[:1]), {**dict(zip(names[1:], node.call_args[1:], strict=False)), **node.call_kwargs}


def _base(layer: Any) -> dict[str, Json]:
    """What every layer has."""
    return {"name": layer.name, "trainable": bool(getattr(layer, "trainable", True))}


def _built(layer: Any) -> dict[str, Json]:
    """The shape that a layer was built for, as Keras itself would tell it."""
    base: Any = ancestor(type(layer), "Layer")
    try:
        config = base.get_build_config(layer)
    except Exception:  # an operation has none, and a layer of the user's may have put anything where Keras looks
        return {}
    return {"build_config": plain(config)} if config else {}
