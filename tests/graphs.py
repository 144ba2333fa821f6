"""A small language for graphs built by hand, with a made-up source line for every layer.

    built = chain(conv(), bn(), relu())                       # a Sequential
    net = Net()                                               # anything else
    x = net.input()
    y = net(bn(), net(conv(), x))
    z = net(add(), y, x)
    j = net.join(y, z, flag)                                  # y where `flag` holds
    built = net.build(z, events=[event("compile", loss="mse")])

`built.project` is what a check receives, `built.graph` the one model, `built.lines(hits)` where hits start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bnlint.findings import Hit
from bnlint.graph.model import (
    ABSENT,
    Argument,
    Arguments,
    Call,
    ClassInfo,
    Event,
    Join,
    KerasTarget,
    Layer,
    ModelGraph,
    ModelKind,
    Module,
    Origin,
    Project,
    Shape,
    Span,
    Tensor,
    Under,
    Unknown,
)
from bnlint.graph.verify import verify

PATH = "model.py"
LINEAR = {"use_bias": True, "trainable": True}
NORM = {"axis": -1, "momentum": 0.99, "epsilon": 1e-3, "center": True, "scale": True, "trainable": True}


def span(line: int, column: int = 1, width: int = 20, path: str = PATH) -> Span:
    """A stretch of one line."""
    return Span(path, line, column, line, column + width)


def unknown(reason: str = "a flag", test: tuple[str, Unknown, object] | None = None) -> Unknown:
    """Something that cannot be resolved; as a condition, a test of its own."""
    return Unknown(reason, test=test)


# Layers. They get their place in the source when they are applied first.


def layer(kind: str, role: str, activation: str | Unknown | None = None, **config: Any) -> Layer:
    """Any layer; what stands in `config` was written as keyword arguments."""
    defaults: Mapping[str, object] = LINEAR if role == "linear" else NORM if role == "batchnorm" else {}
    written = dict(config) if activation is None or role != "linear" else {**config, "activation": activation}
    return Layer(
        kind=kind,
        role=role,
        config={**defaults, **written},
        activation=activation,
        trainable=config.get("trainable", True),
        arguments=Arguments(tuple(Argument(name, value, span(0)) for name, value in written.items())),
    )


def conv(activation: str | Unknown | None = None, **config: Any) -> Layer:
    return layer("Conv2D", "linear", activation, **{"filters": 8, "kernel_size": 3, "data_format": "channels_last", **config})


def dense(activation: str | Unknown | None = None, **config: Any) -> Layer:
    return layer("Dense", "linear", activation, **{"units": 8, **config})


def bn(**config: Any) -> Layer:
    return layer("BatchNormalization", "batchnorm", **config)


def act(name: str | Unknown | None = "relu", **config: Any) -> Layer:
    return layer("Activation", "activation", name, **config)


def relu(**config: Any) -> Layer:
    return layer("ReLU", "activation", "relu", **config)


def dropout(rate: object = 0.5, kind: str = "Dropout", **config: Any) -> Layer:
    return layer(kind, "dropout", **{"rate": rate, "noise_shape": None, **config})


def noise(stddev: object = 0.5) -> Layer:
    return layer("GaussianNoise", "other", stddev=stddev)


def pool(kind: str = "MaxPooling2D", **config: Any) -> Layer:
    return layer(kind, "pool", **config)


def flatten() -> Layer:
    return layer("Flatten", "reshape")


def padding() -> Layer:
    return layer("ZeroPadding2D", "resample")


def add() -> Layer:
    return layer("Add", "merge")


def lstm(**config: Any) -> Layer:
    return layer("LSTM", "recurrent", **config)


def mystery(kind: str = "unknown") -> Layer:
    """A layer that could not be resolved."""
    return layer(kind, "unknown")


def function(kind: str, role: str, activation: str | None = None) -> Layer:
    """A function or an operator on tensors."""
    return replace(layer(kind, role, activation), is_function=True, family="tf")


def event(kind: str, target: object = ABSENT, order: int = 0, under: Under = (), **args: object) -> Event:
    """Something done to `target`; to the model under construction where none is given."""
    return Event(kind, target, args, order=order, under=under)


# Graphs


@dataclass(frozen=True)
class Built:
    """A graph and the project that holds it."""

    graph: ModelGraph
    project: Project

    def lines(self, hits: Iterable[Hit]) -> list[int]:
        """The lines on which the hits start, in the order of the hits."""
        return [hit.origin.span.line for hit in hits if hit.origin.span]

    def call(self, kind: str, position: int = 0) -> Call:
        """The call number `position` of a layer of this kind."""
        return [call for call in self.graph.calls if call.layer.kind == kind][position]


@dataclass
class Net:
    """A graph under construction: applying a layer gives a tensor. Layers stand on lines 1, 2, 3 … as they are first applied."""

    kind: ModelKind = "functional"
    calls: list[Call] = field(default_factory=list)
    placed: dict[Layer, Layer] = field(default_factory=dict)
    first_line: int = 1

    def input(self, shape: Shape = (None, 32, 32, 3)) -> Call:
        rank = len(shape) if shape is not None else None
        return self(layer("Input", "input"), shape=shape, channels=rank - 1 if rank else None)

    def place(self, wanted: Layer) -> Layer:
        """The same layer with an origin and spans for its arguments; placed once."""
        if wanted not in self.placed:
            line = len(set(self.placed.values())) + self.first_line
            items = tuple(replace(item, span=span(line, 2 + 2 * n, 1)) for n, item in enumerate(wanted.arguments.items))
            origin = wanted.origin if wanted.origin.span else Origin(span(line))
            known = replace(wanted, arguments=Arguments(items, wanted.arguments.complete), origin=origin)
            self.placed[wanted] = self.placed[known] = known
        return self.placed[wanted]

    def __call__(self, wanted: Layer, *inputs: Tensor, training: object = ABSENT, under: Under = (), **known: Any) -> Call:
        placed = self.place(wanted)
        shape, channels = _shape_of(placed, inputs)
        at = placed.origin.span or span(0)
        hole = None if self.kind == "sequential" or not inputs else replace(at, column=at.end_column + 1, end_column=at.end_column + 2)
        whole = at if hole is None else replace(at, end_column=at.end_column + 3)
        call = Call(
            placed,
            inputs,
            training=training,
            shape=known.get("shape", shape),
            channels=known.get("channels", channels),
            under=under,
            hole=hole,
            owner=known.get("owner"),
            decided=known.get("decided", 0),
            origin=Origin(whole, scope=known.get("scope", "")),
        )
        self.calls.append(call)
        return call

    def join(self, first: Tensor, second: Tensor, condition: Unknown) -> Join:
        alike = first.shape == second.shape
        return Join((first, second), condition, shape=first.shape if alike else None, channels=first.channels if alike else None)

    def build(
        self,
        *outputs: Tensor,
        events: Iterable[Event] = (),
        keras: KerasTarget = KerasTarget(3),  # noqa: B008 (frozen)
        cls: ClassInfo | None = None,
        parts: tuple[object, ...] = (),
        constructions: tuple[Layer, ...] = (),
    ) -> Built:
        graph = ModelGraph("model", self.kind, tuple(self.calls), outputs, cls=cls, parts=parts)
        verify(graph)
        happened = tuple(replace(item, target=graph) if item.target is ABSENT else item for item in events)
        object.__setattr__(graph, "events", happened)
        built = {id(call.layer): call.layer for call in graph.calls if not call.layer.is_function}
        module = Module(PATH, constructions=(*built.values(), *constructions), events=happened, classes=() if cls is None else (cls,))
        return Built(graph, Project(keras, (module,), (graph,)))


def _shape_of(placed: Layer, inputs: tuple[Tensor, ...]) -> tuple[Shape, int | None]:
    """As the input, but for what changes the rank; the channel axis stays the last one."""
    if not inputs:
        return None, None
    shape = inputs[0].shape
    if placed.kind in ("Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D"):
        return (None, unknown("a product")), 1
    if placed.config.get("data_format") == "channels_first":
        return shape, 1
    return shape, inputs[0].channels if shape is None else len(shape) - 1


def chain(*layers: Layer, shape: Shape = (None, 32, 32, 3), **build: Any) -> Built:
    """A Sequential of these layers. The layers stand on lines 2, 3, 4 …; the input on line 1."""
    net = Net("sequential")
    tensor = net.input(shape)
    for item in layers:
        tensor = net(item, tensor)
    return net.build(tensor, **build)
