"""The config of a Keras model (Keras 1 to 3) becomes a graph: its layers are made once, each node applied behind what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bnlint.graph.model import ABSENT, Artifact, Call, Dimension, Event, Gap, Layer, ModelGraph, Origin, Shape, Tensor, Unknown
from bnlint.keras_api.tensors import input_shape, output_of
from bnlint.saved import Unreadable, fields
from bnlint.saved.fields import Table
from bnlint.saved.functions import apply_function, function_of
from bnlint.saved.layers import class_name, is_model, make_layer
from bnlint.saved.naming import Groups
from bnlint.saved.nodes import Node, Ref, read_ends, read_node, shape_of
from bnlint.saved.places import Path, Place

if TYPE_CHECKING:
    from bnlint.keras_api.functions import FunctionSpec

CALLS = 50_000
"""Applications of layers that a model may have, models in models looked into."""

NO_LAYERS = "this format does not record the layers of a subclassed model"


def read_config(model: object, path: str, format: str, keras: str | None = None, compiled: object = None) -> Reading:
    """The graph of a model's config (`{"class_name": …, "config": …}`), but for what its weights say. `keras` is the version that saved
    it, `compiled` what it was compiled with. Raises Unreadable."""
    data = fields.table(model, "the model")
    reader = _Reader()
    artifact = Artifact(path, format, keras or fields.optional_text(data.get("keras_version")))
    name = _name(data, "model")
    if not is_model(data):
        class_name(data, "the model")
        return Reading(ModelGraph(name, "subclass", artifact=replace(artifact, notes=(NO_LAYERS,)), origin=Origin(key="")), ())
    graph = reader.graph(reader.model(data, name, Path(), frozen=False))
    layers = [layer for layer in reader.layers if layer.kind == "Input" or not layer.is_function]
    batchnorms = len({id(place.layer) for place in reader.places})
    events = (*reader.events, *_compiled(compiled or data.get("compile_config"), graph, len(reader.events)))
    artifact = replace(artifact, layers=len(layers), batchnorms=batchnorms)
    return Reading(replace(graph, artifact=artifact, events=events), tuple(reader.places))


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A graph whose BatchNormalization layers still want their weights: `places` says where these may be kept."""

    graph: ModelGraph
    places: tuple[Place, ...]

    @property
    def is_opaque(self) -> bool:
        """Whether the config records no layers."""
        return self.graph.kind == "subclass"

    def finish(self, weights: bool = False, gaps: tuple[Gap, ...] = (), notes: tuple[str, ...] = ()) -> ModelGraph:
        """The graph, with what came of reading its weights."""
        graph, artifact = self.graph, self.graph.artifact
        assert artifact is not None
        artifact = replace(artifact, weights=weights, notes=(*artifact.notes, *notes))
        made = replace(graph, gaps=(*graph.gaps, *gaps), artifact=artifact)
        events = tuple(replace(event, target=made) if event.kind == "compile" else event for event in graph.events)
        object.__setattr__(made, "events", events)  # it holds what was done to it, and that names it: one of the two must come first
        return made


def _name(data: Table, otherwise: str) -> str:
    """The name that an entry or its config gives."""
    config = data.get("config")
    inside = config.get("name") if isinstance(config, dict) else None
    return fields.optional_text(inside) or fields.optional_text(data.get("name")) or otherwise


@dataclass(slots=True, eq=False)
class _Part:
    """An entry of `layers`: what it is, and its applications. `first` is the index that the first of these has where it is referred to."""

    name: str
    data: Table
    what: Layer | _Model | FunctionSpec
    key: str
    nodes: list[Node]
    first: int = 0


@dataclass(slots=True, eq=False)
class _Model:
    """A model before it is applied: its parts by name, the applications in an order in which each finds its inputs, and its ends."""

    name: str
    kind: str
    key: str
    parts: Mapping[str, _Part]
    order: list[tuple[_Part, int]]
    inputs: tuple[Ref, ...]
    outputs: tuple[Ref, ...]
    recorded: Mapping[tuple[str, int, int], Shape] = field(default_factory=dict)
    graph: ModelGraph | None = None


class _Reader:
    """Makes the layers and the calls of one file."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.layers: list[Layer] = []
        self.events: list[Event] = []
        self.gaps: list[Gap] = []
        self.shared: dict[object, Layer] = {}
        self.count = 0

    # From data to parts

    def model(self, data: Table, name: str, path: Path, frozen: bool) -> _Model:
        config = data["config"]
        listed = config if isinstance(config, list) else config["layers"]
        frozen = frozen or (isinstance(config, dict) and config.get("trainable") in (False, 0))
        functional = isinstance(config, dict) and "output_layers" in config
        where = f"the model {name!r}"
        parts: dict[str, _Part] = {}
        groups = Groups(counts_inputs=functional)
        for number, entry in enumerate(listed):
            entry = fields.table(entry, f"layer {number} of {where}")
            own = fields.optional_text(entry.get("name")) or _name(entry, f"layer_{number}")
            if own in parts:
                raise Unreadable(f"is damaged: {where} has two layers with the name {own!r}")
            parts[own] = self._part(entry, own, path.inner(own, groups.of(entry)), frozen)
        if not functional:
            return self._chain(name, path.key, parts, config)
        old = self._read_nodes(parts)
        inputs = read_ends(config.get("input_layers"), f"`input_layers` of {where}")
        outputs = read_ends(config["output_layers"], f"`output_layers` of {where}")
        outputs = outputs if old else tuple(_end(ref, parts) for ref in outputs)
        return _Model(name, "functional", path.key, parts, _ordered(parts, where), inputs, outputs, _recorded(parts))

    def _part(self, entry: Table, name: str, path: Path, frozen: bool) -> _Part:
        class_name(entry, f"the layer {name!r}")
        what: Layer | _Model | FunctionSpec
        if is_model(entry):
            what = self.model(entry, name, path, frozen)
        else:
            what = function_of(entry) or self._layer(entry, name, path, frozen)
        return _Part(name, entry, what, path.key, [])

    def _layer(self, entry: Table, name: str, path: Path, frozen: bool) -> Layer:
        mark = entry.get("shared_object_id")
        layer = self.shared.get(mark) if type(mark) is int else None
        if layer is None:
            layer = make_layer(entry, name, path, frozen)
            self.layers.append(layer)
            if type(mark) is int:
                self.shared[mark] = layer
        self._note(layer, path)
        return layer

    def _note(self, layer: Layer, path: Path) -> None:
        """Note where the weights of a BatchNormalization, itself or wrapped, may be kept."""
        while (inner := layer.inner) is not None:
            layer, path = inner, path.inner(str(inner.name), "layer")
        if layer.role == "batchnorm":
            self.places.append(Place(layer, path.group, path.names))

    def _read_nodes(self, parts: Mapping[str, _Part]) -> bool:
        """Read the applications of all parts. Whether they are in the notation of Keras 1 and 2."""
        for part in parts.values():
            where = f"the layer {part.name!r}"
            found = fields.items(part.data.get("inbound_nodes", []), f"`inbound_nodes` of {where}")
            part.nodes = [read_node(node, parts, where) for node in found]
            if not part.nodes and isinstance(part.what, Layer) and part.what.kind == "Input":
                part.nodes = [Node()]
        old = any(node.old for part in parts.values() for node in part.nodes)
        named = {(ref.layer, ref.node) for part in parts.values() for node in part.nodes for ref in node.refs()} if old else set()
        for part in parts.values():
            # Models of Keras 2 come with a node of their own; nobody refers to that.
            part.first = int(old and isinstance(part.what, _Model) and (part.name, 0) not in named)
        return old

    def _chain(self, name: str, key: str, parts: dict[str, _Part], config: object) -> _Model:
        """A Sequential: each part is applied to what leaves the one before."""
        first = next(iter(parts.values()), None)
        if first is None or not (isinstance(first.what, Layer) and first.what.kind == "Input"):
            own = f"{name}_input"
            while own in parts:
                own += "_"
            layer = Layer("Input", "input", name=own, config=_declared(first, config), is_function=True, origin=Origin(key=key))
            parts = {own: _Part(own, {}, layer, key, []), **parts}
        before: Ref | None = None
        for part in parts.values():
            part.nodes = [Node(() if before is None else (before,))]
            before = Ref(part.name, 0, 0)
        assert before is not None
        start = next(iter(parts))
        order = [(part, 0) for part in parts.values()]
        return _Model(name, "sequential", key, parts, order, (Ref(start, 0, 0),), (before,), _recorded(parts))

    # From parts to calls

    def graph(self, model: _Model) -> ModelGraph:
        """The model on its own inputs."""
        if model.graph is None:
            calls: list[Call] = []
            start, gaps = len(self.gaps), self.gaps
            outputs = self._apply(model, None, calls)
            parts = tuple(self.graph(part.what) for part in model.parts.values() if isinstance(part.what, _Model))
            ends = tuple(dict.fromkeys(tensor for tensor in outputs if tensor is not None))
            kind: Any = model.kind
            model.graph = ModelGraph(
                model.name, kind, tuple(calls), ends, gaps=tuple(gaps[start:]), parts=parts, origin=Origin(key=model.key)
            )
        return model.graph

    def _apply(self, model: _Model, feeds: Sequence[Tensor | None] | None, calls: list[Call]) -> list[Tensor | None]:
        """Append the calls of a model on some inputs, or on its own; return what leaves it. None stands for what is no tensor."""
        made: dict[tuple[str, int], list[Tensor | None]] = {}
        if feeds is not None:
            for position, ref in enumerate(model.inputs):
                made[ref.layer, ref.node] = [feeds[position] if position < len(feeds) else self._lost(ref, model, calls)]

        def of(ref: Ref) -> Tensor | None:
            found = made.get((ref.layer, ref.node))
            if not found:
                return self._lost(ref, model, calls) if found is None else None
            return found[ref.tensor] if 0 <= ref.tensor < len(found) else found[0]

        for part, number in model.order:
            place = part.name, part.first + number
            if place in made:
                continue
            node = part.nodes[number]
            inputs = tuple(tensor for tensor in map(of, node.refs()) if tensor is not None)
            if isinstance(part.what, _Model):
                made[place] = self._inside(part.what, node, inputs, calls)
            elif isinstance(part.what, Layer):
                made[place] = [self._call(part.what, node, inputs, model, calls, place)]
            else:
                made[place] = self._function(part, part.what, node, inputs, model, calls, place)
        return [of(ref) for ref in model.outputs]

    def _inside(self, model: _Model, node: Node, inputs: tuple[Tensor, ...], calls: list[Call]) -> list[Tensor | None]:
        """A model applied in another: its calls once more. That it was told its mode is an event."""
        mode = _training(node, positional=True)
        if mode is not ABSENT and mode is not None:
            args = {"training": mode, "owner": None}
            self.events.append(Event("apply", self.graph(model), args, len(self.events), origin=Origin(key=model.key)))
        return self._apply(model, inputs, calls)

    def _function(
        self,
        part: _Part,
        spec: FunctionSpec,
        node: Node,
        inputs: tuple[Tensor, ...],
        model: _Model,
        calls: list[Call],
        place: tuple[str, int],
    ) -> list[Tensor | None]:
        if spec.treatment == "value" or not inputs:
            return []
        if spec.treatment == "identity":
            return [inputs[0]]
        return [self._call(apply_function(spec, part.data, node, part.name, part.key), node, inputs, model, calls, place)]

    def _call(self, layer: Layer, node: Node, inputs: tuple[Tensor, ...], model: _Model, calls: list[Call], place: tuple[str, int]) -> Call:
        self.count += 1
        if self.count > CALLS:
            raise Unreadable(f"holds a model of more than {CALLS:,} applications of layers")
        inputs = tuple(dict.fromkeys(inputs))
        if not inputs and layer.role != "input":
            inputs = (self._unknown(f"the file does not say what enters {layer.name!r}", model, calls),)
        if layer.kind == "Input":
            shape, channels = input_shape(layer.config), None
        else:
            shape, channels = output_of(layer, inputs)
        shape = _agreed(shape, model.recorded.get((*place, 0)))
        mode = _training(node, positional=layer.role in ("batchnorm", "dropout"))
        if mode is False and not node.old and layer.role != "batchnorm":
            mode = ABSENT  # Keras 3 records the default of `call`, too
        call = Call(layer, inputs, mode, shape, channels, origin=layer.origin)
        calls.append(call)
        return call

    def _lost(self, ref: Ref, model: _Model, calls: list[Call]) -> Call:
        """What stands for a tensor that the file refers to and does not make."""
        return self._unknown(f"the file does not hold what it calls {ref.layer!r}, application {ref.node}", model, calls)

    def _unknown(self, reason: str, model: _Model, calls: list[Call]) -> Call:
        self.gaps.append(Gap(reason, Origin(key=model.key)))
        call = Call(Layer("unknown", "unknown", name=reason, is_function=True, family="unknown"), origin=Origin(key=model.key))
        calls.append(call)
        return call


def _declared(first: _Part | None, config: object) -> Mapping[str, object]:
    """The shape of what enters a Sequential that holds no input: that which its first layer, or it, was built for."""
    given = first.data.get("config") if first is not None else None
    for source, name in ((given, "batch_input_shape"), (config, "build_input_shape")):
        shape = shape_of(source.get(name)) if isinstance(source, dict) else None
        if shape is not None:
            return {"batch_shape": shape}
    return {}


def _training(node: Node, positional: bool) -> object:
    """The `training` that an application was given, ABSENT if none."""
    if "training" in node.kwargs:
        given = node.kwargs["training"]
        return bool(given) if type(given) is int else Unknown("a tensor") if isinstance(given, Ref) else given
    if positional and len(node.args) > 1 and isinstance(node.args[1], bool):
        return node.args[1]
    return ABSENT


def _end(ref: Ref, parts: Mapping[str, _Part]) -> Ref:
    """An output: Keras 3 counts the applications of a Functional model from 1 here, and from 0 among the nodes."""
    part = parts.get(ref.layer)
    if part is None or not isinstance(part.what, _Model) or part.data.get("class_name") == "Sequential":
        return ref
    return replace(ref, node=ref.node - 1) if 0 < ref.node <= len(part.nodes) else ref


def _ordered(parts: Mapping[str, _Part], where: str) -> list[tuple[_Part, int]]:
    """All applications, each behind those whose results it takes; else in the order of the file."""
    order: list[tuple[_Part, int]] = []
    done: set[tuple[str, int]] = set()
    open_now: set[tuple[str, int]] = set()
    for part in parts.values():
        for number in range(len(part.nodes)):
            stack = [(part, number, False)]
            while stack:
                current, index, entered = stack.pop()
                place = current.name, current.first + index
                if entered:
                    open_now.discard(place)
                    done.add(place)
                    order.append((current, index))
                    continue
                if place in done:
                    continue
                if place in open_now:
                    raise Unreadable(f"is damaged: in {where} the layer {current.name!r} feeds itself")
                open_now.add(place)
                stack.append((current, index, True))
                for ref in reversed(tuple(current.nodes[index].refs())):
                    source = parts.get(ref.layer)
                    if source is not None and 0 <= ref.node - source.first < len(source.nodes) and (ref.layer, ref.node) not in done:
                        stack.append((source, ref.node - source.first, False))
    return order


def _recorded(parts: Mapping[str, _Part]) -> Mapping[tuple[str, int, int], Shape]:
    """The shapes of tensors as the file records them: with what takes them, or as what a layer with one input was built for."""
    found: dict[tuple[str, int, int], Shape] = {}
    for part in parts.values():
        for node in part.nodes:
            given = tuple(node.refs())
            build = part.data.get("build_config")
            built = shape_of(build.get("input_shape")) if isinstance(build, dict) and len(given) == 1 else None
            for ref in given:
                if ref.shape is not None:
                    found[ref.place] = ref.shape
                elif built is not None and len(part.nodes) == 1:
                    found.setdefault(ref.place, built)
    return found


def _agreed(computed: Shape, recorded: Shape) -> Shape:
    """What follows from the config, with what the file records where nothing does."""
    if computed is None or recorded is None or len(computed) != len(recorded):
        return computed if recorded is None else recorded
    return tuple(_size(one, other) for one, other in zip(computed, recorded, strict=True))


def _size(computed: Dimension, recorded: Dimension) -> Dimension:
    return recorded if isinstance(computed, Unknown) else computed


def _compiled(given: object, graph: ModelGraph, order: int) -> Iterator[Event]:
    """What the model was compiled with."""
    if not isinstance(given, dict) or not given:
        return
    optimizer: object = given.get("optimizer", given.get("optimizer_config"))
    if isinstance(optimizer, dict) and isinstance(optimizer.get("class_name"), str):
        own, config = optimizer["class_name"].rpartition(">")[2], optimizer.get("config")
        optimizer = Unknown(f"an optimizer, {own}")
        yield Event("optimizer", optimizer, {**(config if isinstance(config, dict) else {}), "class": own}, order, origin=Origin(key=""))
    args = {"loss": given.get("loss"), "optimizer": optimizer, "metrics": given.get("metrics")}
    yield Event("compile", graph, args, order + 1, origin=Origin(key=""))
