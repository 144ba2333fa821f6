"""Every application of a layer while model code runs: what the `call` of a user's layer applies is seen, too."""

import functools
import importlib
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.oracle.roles import LOOKED_THROUGH, NO_TENSOR, describe, function_name, is_layer, kind_of
from tests.oracle.truth import Node

NODE = {2: "tf_keras.src.engine.node", 3: "keras.src.ops.node"}
"""Where each Keras notes, in an object of its own, that a layer or a function was applied to symbolic tensors."""

Sources = tuple[Node, ...]
"""What a tensor comes from."""


class Trace:
    """The nodes made so far, known by the tensors that they gave."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._made: dict[int, Sources] = {}
        self._alive: list[object] = []  # an id tells an object only as long as the object lives
        self._raw: list[Any] = []
        self._depth = 0
        self._placeholders: set[Node] = set()
        self.opaque: dict[str, str] = {}
        """The user's layers that hold layers and into which no look was possible, and why."""

    def note(self, raw: Any, operation: Any, args: Any, kwargs: Any, outputs: Any) -> None:
        """An application that Keras has just noted."""
        inputs = [self._made.get(id(tensor), ()) for tensor in _tensors((args, kwargs))]
        results = _tensors(outputs)
        self._alive += [operation, args, kwargs, outputs]
        if self._depth:
            self._raw.append(raw)
        inner = self._look_into(operation, args, kwargs) if is_layer(operation) and kind_of(operation) is None else None
        if inner is None or len(inner) != len(results):
            inner = [self._one(operation, inputs)] * len(results)
        self._made.update(zip(map(id, results), inner, strict=True))

    def _one(self, operation: Any, inputs: list[Sources]) -> Sources:
        sources = tuple(dict.fromkeys(node for group in inputs for node in group))
        if not is_layer(operation):
            name = function_name(operation)
            if name in NO_TENSOR:
                return ()
            if name in LOOKED_THROUGH:
                return sources
        node = Node(describe(operation, len(inputs)), operation, sources)
        self._nodes.append(node)
        return (node,)

    def _look_into(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Sources] | None:
        """Run the layer's own `call` on the symbolic tensors; None if that does not work, or if it applies no layers."""
        before = len(self._nodes)
        self._depth += 1
        try:
            outputs = layer.call(*args, **_required(layer.call, kwargs))
            results = [self._made[id(tensor)] for tensor in _tensors(outputs)]
        except Exception as error:  # the code is anybody's
            if any(True for _ in layer._flatten_layers(include_self=False)):
                self.opaque[type(layer).__qualname__] = f"{type(error).__name__}: {error}".partition("\n")[0]
            results = None
        finally:
            self._depth -= 1
            if not self._depth:
                self._forget()
        if results is None or not any(is_layer(node.layer) for node in self._nodes[before:]):
            del self._nodes[before:]
            return None
        for tensor in getattr(layer, "inputs", None) or ():
            self._placeholders.update(self._made.get(id(tensor), ()))
        return results

    def _forget(self) -> None:
        """Take out of Keras's books what only the look noted."""
        for raw in self._raw:
            _owner(raw)._inbound_nodes.remove(raw)
            for source in {id(each): each for each in map(_born_of, _entering(raw)) if each is not None}.values():
                while raw in source._outbound_nodes:
                    source._outbound_nodes.remove(raw)
        self._raw.clear()

    def nodes(self) -> list[Node]:
        """All of them, with their users. The input of a model that was applied stands for what it was applied to."""
        for node in self._nodes:
            node.inputs = tuple(source for source in node.inputs if source not in self._placeholders)
            for source in node.inputs:
                source.users.append(node)
        return self._nodes


@contextmanager
def traced(major: int) -> Iterator[Trace]:
    """While open, follows what is applied in that Keras."""
    cls = importlib.import_module(NODE[major]).Node
    original = cls.__init__
    trace = Trace()

    @functools.wraps(original)
    def noting(raw: Any, *args: Any, **kwargs: Any) -> None:
        original(raw, *args, **kwargs)
        given = inspect.signature(original).bind(raw, *args, **kwargs).arguments
        trace.note(raw, _owner(raw), given.get("call_args") or (), given.get("call_kwargs") or {}, given.get("outputs"))

    cls.__init__ = noting
    try:
        yield trace
    finally:
        cls.__init__ = original


def _owner(raw: Any) -> Any:
    return getattr(raw, "operation", None) or raw.layer


def _entering(raw: Any) -> list[Any]:
    return list(raw.arguments.keras_tensors if hasattr(raw, "arguments") else raw.keras_inputs)


def _born_of(tensor: Any) -> Any:
    history = tensor._keras_history
    return getattr(history, "operation", None) or getattr(history, "layer", None)


def _tensors(values: Any) -> list[Any]:
    """The symbolic tensors in a structure."""
    if isinstance(values, Mapping):
        values = list(values.values())
    if isinstance(values, list | tuple):
        return [tensor for value in values for tensor in _tensors(value)]
    return [values] if hasattr(values, "_keras_history") or type(values).__name__ == "KerasTensor" else []


def _required(call: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords, and `training=False` where the method insists on it as Keras would."""
    parameter = inspect.signature(call).parameters.get("training")
    insists = parameter is not None and parameter.default is parameter.empty
    return {"training": False, **given} if insists else dict(given)
