"""The entries of a config become parts: each layer is made once, its applications are read, and put behind what they need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bnlint.graph.model import Layer, ModelGraph, Origin, Shape
from bnlint.keras_api.layers import WRAPPERS
from bnlint.records import dataclass, field, replace
from bnlint.saved import Unreadable, fields
from bnlint.saved.fields import Table
from bnlint.saved.functions import function_of
from bnlint.saved.layers import class_name, is_model, make_layer
from bnlint.saved.naming import Groups
from bnlint.saved.nodes import Node, Ref, read_ends, read_node, shape_of
from bnlint.saved.places import Path, Place

if TYPE_CHECKING:
    from bnlint.keras_api.functions import FunctionSpec


@dataclass(slots=True, eq=False)
class Part:
    """An entry of `layers`: what it is, and its applications. `first` is the index that the first of these has where it is referred to."""

    name: str
    data: Table
    what: Layer | Model | FunctionSpec
    key: str
    nodes: list[Node]
    first: int = 0


@dataclass(slots=True, eq=False)
class Model:
    """A model before it is applied: its parts by name, the applications in an order in which each finds its inputs, and its ends."""

    name: str
    kind: str
    key: str
    parts: Mapping[str, Part]
    order: list[tuple[Part, int]]
    inputs: tuple[Ref, ...]
    outputs: tuple[Ref, ...]
    recorded: Mapping[tuple[str, int, int], Shape] = field(default_factory=dict)
    graph: ModelGraph | None = None


class Builder:
    """Makes the parts of one file. `layers` holds each layer once, `places` where the weights of BatchNormalization may be kept, `linear`
    where those of layers that may have a bias, `wrapped` the models that wrappers apply."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.places: list[Place] = []
        self.linear: list[Place] = []
        self.wrapped: list[tuple[Layer, Model]] = []
        self._shared: dict[int, Layer] = {}

    def model(self, data: Table, name: str, path: Path, frozen: bool = False) -> Model:
        """The parts of a model. `frozen`: a model around it is."""
        config = data["config"]
        listed = config if isinstance(config, list) else config["layers"]
        frozen = frozen or (isinstance(config, dict) and config.get("trainable") in (False, 0))
        functional = isinstance(config, dict) and "output_layers" in config
        where = f"the model {name!r}"
        parts: dict[str, Part] = {}
        groups = Groups(counts_inputs=functional)
        for number, entry in enumerate(listed):
            entry = fields.table(entry, f"layer {number} of {where}")
            own = fields.optional_text(entry.get("name")) or name_of(entry, f"layer_{number}")
            if own in parts:
                raise Unreadable(f"is damaged: {where} has two layers with the name {own!r}")
            parts[own] = self._part(entry, own, path.inner(own, groups.of(entry)), frozen)
        if not functional:
            return self._chain(name, path.key, parts, config)
        old = self._read_nodes(parts)
        inputs = read_ends(config.get("input_layers"), f"`input_layers` of {where}")
        outputs = read_ends(config["output_layers"], f"`output_layers` of {where}")
        outputs = outputs if old else tuple(_end(ref, parts) for ref in outputs)
        return Model(name, "functional", path.key, parts, _ordered(parts, where), inputs, outputs, _recorded(parts))

    def _part(self, entry: Table, name: str, path: Path, frozen: bool) -> Part:
        class_name(entry, f"the layer {name!r}")
        what: Layer | Model | FunctionSpec
        if is_model(entry):
            what = self.model(entry, name, path, frozen)
        else:
            what = function_of(entry) or self._layer(entry, name, path, frozen)
        return Part(name, entry, what, path.key, [])

    def _layer(self, entry: Table, name: str, path: Path, frozen: bool) -> Layer:
        mark = entry.get("shared_object_id")
        layer = self._shared.get(mark) if type(mark) is int else None
        if layer is None:
            layer = make_layer(entry, name, path, frozen)
            self.layers.append(layer)
            self._wrapped(layer, entry.get("config"), path, frozen)
            if type(mark) is int:
                self._shared[mark] = layer
        self._note(layer, path)
        return layer

    def _wrapped(self, layer: Layer, config: object, path: Path, frozen: bool) -> None:
        """Note a model that a wrapper applies."""
        inner = config.get("layer") if layer.kind in WRAPPERS and isinstance(config, dict) else None
        if isinstance(inner, dict) and is_model(inner):
            name = name_of(inner, "layer")
            self.wrapped.append((layer, self.model(inner, name, path.inner(name, "layer"), frozen)))

    def _note(self, layer: Layer, path: Path) -> None:
        """Note where the weights of a BatchNormalization, itself or wrapped, may be kept, and those of a layer that may have a bias."""
        if layer.role == "linear" and layer.inner is None:
            self.linear.append(Place(layer, path.group, path.names))
        while (inner := layer.inner) is not None:
            layer, path = inner, path.inner(str(inner.name), "layer")
        if layer.role == "batchnorm":
            self.places.append(Place(layer, path.group, path.names))

    def _read_nodes(self, parts: Mapping[str, Part]) -> bool:
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
            part.first = int(old and isinstance(part.what, Model) and (part.name, 0) not in named)
        return old

    def _chain(self, name: str, key: str, parts: dict[str, Part], config: object) -> Model:
        """A Sequential: each part is applied to what leaves the one before."""
        first = next(iter(parts.values()), None)
        if first is None or not (isinstance(first.what, Layer) and first.what.kind == "Input"):
            own = f"{name}_input"
            while own in parts:
                own += "_"
            layer = Layer("Input", "input", name=own, config=_declared(first, config), is_function=True, origin=Origin(key=key))
            parts = {own: Part(own, {}, layer, key, []), **parts}
        before: Ref | None = None
        for part in parts.values():
            part.nodes = [Node(() if before is None else (before,))]
            before = Ref(part.name, 0, 0)
        assert before is not None
        start = next(iter(parts))
        order = [(part, 0) for part in parts.values()]
        return Model(name, "sequential", key, parts, order, (Ref(start, 0, 0),), (before,), _recorded(parts))


def name_of(data: Table, otherwise: str) -> str:
    """The name that an entry or its config gives."""
    config = data.get("config")
    inside = config.get("name") if isinstance(config, dict) else None
    return fields.optional_text(inside) or fields.optional_text(data.get("name")) or otherwise


def _declared(first: Part | None, config: object) -> Mapping[str, object]:
    """The shape of what enters a Sequential that holds no input: that which its first layer, or it, was built for."""
    given = first.data.get("config") if first is not None else None
    for source, name in ((given, "batch_input_shape"), (config, "build_input_shape")):
        shape = shape_of(source.get(name)) if isinstance(source, dict) else None
        if shape is not None:
            return {"batch_shape": shape}
    return {}


def _end(ref: Ref, parts: Mapping[str, Part]) -> Ref:
    """An output: Keras 3 counts the applications of a Functional model from 1 here, and from 0 among the nodes."""
    part = parts.get(ref.layer)
    if part is None or not isinstance(part.what, Model) or part.data.get("class_name") == "Sequential":
        return ref
    return replace(ref, node=ref.node - 1) if 0 < ref.node <= len(part.nodes) else ref


def _ordered(parts: Mapping[str, Part], where: str) -> list[tuple[Part, int]]:
    """All applications, each behind those whose results it takes; else in the order of the file."""
    order: list[tuple[Part, int]] = []
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


def _recorded(parts: Mapping[str, Part]) -> Mapping[tuple[str, int, int], Shape]:
    """The shapes of tensors as the file records them: with what takes them, or as what a layer with one input was built for.

    (What a function was built for may be a constant that it is given, too.)
    """
    found: dict[tuple[str, int, int], Shape] = {}
    for part in parts.values():
        for node in part.nodes:
            given = tuple(node.refs())
            build = part.data.get("build_config")
            if not isinstance(build, dict) or len(given) != 1 or not isinstance(part.what, (Layer, Model)):
                build = {}
            built = shape_of(build.get("input_shape"))
            for ref in given:
                if ref.shape is not None:
                    found[ref.place] = ref.shape
                elif built is not None and len(part.nodes) == 1:
                    found.setdefault(ref.place, built)
    return found
