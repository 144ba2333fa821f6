"""Parts are applied, and become calls: those of a model in a model once more for each time that it is applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bnlint.graph.model import ABSENT, Call, Dimension, Event, Gap, Layer, ModelGraph, Origin, Shape, Tensor, Unknown
from bnlint.keras_api.tensors import input_shape, output_of
from bnlint.records import dataclass, field
from bnlint.saved import Unreadable
from bnlint.saved.functions import apply_function
from bnlint.saved.nodes import Node, Ref
from bnlint.saved.parts import Model, Part

if TYPE_CHECKING:
    from bnlint.keras_api.functions import FunctionSpec

LIMIT = 50_000
"""Applications of layers that a model may have, models in models looked into."""

Place = tuple[str, int]
"""An application: the name of a part, and its index."""


@dataclass(slots=True, eq=False)
class _Run:
    """One application of a model: where its calls go, and what each application in it gave. None stands for what is no tensor."""

    model: Model
    calls: list[Call]
    made: dict[Place, list[Tensor | None]] = field(default_factory=dict)


class Caller:
    """Applies the parts of one file; collects what was done to models, and what is missing."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.gaps: list[Gap] = []
        self._count = 0

    def graph(self, model: Model) -> ModelGraph:
        """The model on its own inputs, made once."""
        if model.graph is None:
            run, start = _Run(model, []), len(self.gaps)
            ends = tuple(dict.fromkeys(tensor for tensor in self._apply(run) if tensor is not None))
            parts = tuple(self.graph(part.what) for part in model.parts.values() if isinstance(part.what, Model))
            kind: Any = model.kind
            gaps, origin = tuple(self.gaps[start:]), Origin(key=model.key)
            model.graph = ModelGraph(model.name, kind, tuple(run.calls), ends, gaps=gaps, parts=parts, origin=origin)
        return model.graph

    def wrapped(self, layer: Layer, model: Model) -> None:
        """Note a model that a wrapper applies: a graph of its own."""
        self.events.append(Event("wrapped", layer, {"model": self.graph(model)}, len(self.events), origin=layer.origin))

    def _apply(self, run: _Run) -> list[Tensor | None]:
        """Apply all that is not given, and return what leaves the model."""
        for part, number in run.model.order:
            place = part.name, part.first + number
            if place in run.made:
                continue
            node = part.nodes[number]
            inputs = tuple(tensor for ref in node.refs() if (tensor := self._tensor(run, ref)) is not None)
            if isinstance(part.what, Model):
                run.made[place] = self._inside(run, part.what, node, inputs)
            elif isinstance(part.what, Layer):
                run.made[place] = [self._call(run, place, part.what, node, inputs)]
            else:
                run.made[place] = self._function(run, place, part, part.what, node, inputs)
        return [self._tensor(run, ref) for ref in run.model.outputs]

    def _tensor(self, run: _Run, ref: Ref) -> Tensor | None:
        found = run.made.get((ref.layer, ref.node))
        if found is None:
            return self._lost(run, ref)
        return (found[ref.tensor] if 0 <= ref.tensor < len(found) else found[0]) if found else None

    def _inside(self, run: _Run, model: Model, node: Node, inputs: Sequence[Tensor]) -> list[Tensor | None]:
        """A model applied in another: its calls once more. That it was told its mode is an event."""
        mode = _training(node, positional=True)
        if mode is not ABSENT and mode is not None:
            args = {"training": mode, "owner": None}
            self.events.append(Event("apply", self.graph(model), args, len(self.events), origin=Origin(key=model.key)))
        inner = _Run(model, run.calls)
        for position, ref in enumerate(model.inputs):
            inner.made[ref.layer, ref.node] = [inputs[position] if position < len(inputs) else self._lost(inner, ref)]
        return self._apply(inner)

    def _function(
        self, run: _Run, place: Place, part: Part, spec: FunctionSpec, node: Node, inputs: tuple[Tensor, ...]
    ) -> list[Tensor | None]:
        if spec.treatment == "value" or not inputs:
            return []
        if spec.treatment == "identity":
            return [inputs[0]]
        return [self._call(run, place, apply_function(spec, part.data, node, part.name, part.key), node, inputs)]

    def _call(self, run: _Run, place: Place, layer: Layer, node: Node, inputs: tuple[Tensor, ...]) -> Call:
        self._count += 1
        if self._count > LIMIT:
            raise Unreadable(f"holds a model of more than {LIMIT:,} applications of layers")
        inputs = tuple(dict.fromkeys(inputs))
        if not inputs and layer.role != "input":
            inputs = (self._unknown(run, f"the file does not say what enters {layer.name!r}"),)
        shape, channels = (input_shape(layer.config), None) if layer.role == "input" else output_of(layer, inputs)
        mode = _training(node, positional=layer.role in ("batchnorm", "dropout"))
        if mode is False and not node.old and layer.role != "batchnorm":
            mode = ABSENT  # Keras 3 records the default of `call`, too
        call = Call(layer, inputs, mode, _agreed(shape, run.model.recorded.get((*place, 0))), channels, origin=layer.origin)
        run.calls.append(call)
        return call

    def _lost(self, run: _Run, ref: Ref) -> Call:
        """What stands for a tensor that the file refers to and does not make."""
        return self._unknown(run, f"the file does not hold what it calls {ref.layer!r}, application {ref.node}")

    def _unknown(self, run: _Run, reason: str) -> Call:
        origin = Origin(key=run.model.key)
        self.gaps.append(Gap(reason, origin))
        call = Call(Layer("unknown", "unknown", name=reason, is_function=True, family="unknown"), origin=origin)
        run.calls.append(call)
        return call


def _training(node: Node, positional: bool) -> object:
    """The `training` that an application was given, ABSENT if none."""
    if "training" in node.kwargs:
        given = node.kwargs["training"]
        return bool(given) if type(given) is int else Unknown("a tensor") if isinstance(given, Ref) else given
    if positional and len(node.args) > 1 and isinstance(node.args[1], bool):
        return node.args[1]
    return ABSENT


def _agreed(computed: Shape, recorded: Shape) -> Shape:
    """What follows from the config, with what the file records where nothing does."""
    if computed is None or recorded is None or len(computed) != len(recorded):
        return computed if recorded is None else recorded
    return tuple(_size(one, other) for one, other in zip(computed, recorded, strict=True))


def _size(computed: Dimension, recorded: Dimension) -> Dimension:
    return recorded if isinstance(computed, Unknown) else computed
