"""SavedModel: a folder with `saved_model.pb` (operations and objects), `variables/`, and from Keras 2 the configs of its layers.

What Keras 2 saves as a functional or sequential model is read from its config. Of all other models (subclassed ones, `export()` of
Keras 3, tf.Module) the operations are read that the serving signature runs; they tell neither momentum nor names, only what is done.
Either way it is looked for what the signature assigns: a model that serves must not move its statistics.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from bnlint.graph.model import Artifact, Event, Layer, ModelGraph, Origin
from bnlint.records import dataclass, replace
from bnlint.saved import SAVED_MODEL, Unreadable, bundle, frames, keras_metadata, objects, wire
from bnlint.saved.arrays import Array
from bnlint.saved.assembly import Assembled, assemble, read_arrays, unread
from bnlint.saved.bundle import Checkpoint
from bnlint.saved.config import read_config
from bnlint.saved.fields import Table
from bnlint.saved.frames import Run
from bnlint.saved.graphdef import Graph
from bnlint.saved.groups import STATISTICS, Group, by_name, stand_alone
from bnlint.saved.keras_metadata import ROOT, Metadata
from bnlint.saved.objects import Objects
from bnlint.saved.operations import Source
from bnlint.saved.sites import Site
from bnlint.saved.tensorflow_ops import Description
from bnlint.saved.wire import Message, WireError

FORMAT: Final = "SavedModel"
KERAS2: Final = "SavedModel of Keras 2"
EXPORTED: Final = {"2": "SavedModel, exported by Keras 2", "3": "SavedModel, exported by Keras 3"}
"""What `export()` writes, by the Keras whose it is."""

VARIABLES: Final = os.path.join("variables", "variables.index")
SERVING: Final = "serving_default"
SERVE_TAG: Final = "serve"
VARIABLE_KINDS: Final = frozenset({"VarHandleOp", "Variable", "VariableV2"})

OPERATIONS_ONLY: Final = (
    "this format records operations, not layers: of BatchNormalization it tells epsilon and axis, not momentum nor trainable"
)
NO_CONFIG: Final = "the config of this model lists no layers: where they stand is read from the operations of its serving signature"
NO_SIGNATURE: Final = "it has no serving signature: where its layers stand is not known"


def read(path: str, weights: bool = True) -> ModelGraph:
    """The graph of a SavedModel, given as a folder or as the `saved_model.pb` in it. Raises OSError, Unreadable."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    try:
        saved = _load(path, folder, weights)
        root = saved.metadata.of(ROOT)
        return _configured(saved, root) if _is_network(root) else _operating(saved, root)
    except WireError as problem:
        raise Unreadable(f"is no SavedModel: it {problem}") from None


def _is_network(root: Table) -> bool:
    """Whether the config of a model lists its layers."""
    return root.get("is_graph_network") is True and isinstance(root.get("config"), dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Saved:
    """A SavedModel before it becomes a graph.

    `groups` are the variables that an object holds as BatchNormalization does, `named` those of which only the names tell;
    `description` and `outputs` say what the signature runs, if there is one.
    """

    path: str
    folder: str
    objects: Objects
    metadata: Metadata
    weights: bool
    groups: tuple[Group, ...]
    named: tuple[Array, ...]
    signature: str
    description: Description | None
    outputs: tuple[Source, ...]


def _load(path: str, folder: str, weights: bool) -> _Saved:
    message = _served(wire.read(wire.load(os.path.join(folder, SAVED_MODEL))))
    found, missing = _checkpoint(folder)
    held = objects.of_savedmodel(message.message(7), found, missing)
    metadata = keras_metadata.read(folder, held)
    signatures = message.mapping(5)
    served = {name: signature for name, signature in signatures.items() if not name.startswith("__")}
    name = SERVING if SERVING in served else next(iter(sorted(served)), "") if len(served) == 1 else ""
    description: Description | None = None
    outputs: tuple[Source, ...] = ()
    named = tuple(_listed(held))
    if name:
        inputs = [info.text(1) for info in served[name].mapping(1).values()]
        fetched = [info.text(1) for info in served[name].mapping(2).values()]
        run = frames.run(Graph(message.message(2)), fetched, held.arguments)
        named = named if held.variables else _variables(run, found, missing)
        description, outputs = Description(run, (given.partition(":")[0] for given in inputs)), run.outputs
    groups = tuple(_groups(held, metadata))
    return _Saved(path, folder, held, metadata, weights, groups, named, name, description, outputs)


def _served(message: Message) -> Message:
    """The graph that is for serving: a file may hold several."""
    graphs = list(message.messages(2))
    if not graphs:
        raise WireError("holds no graph")
    return next((graph for graph in graphs if SERVE_TAG in graph.message(1).texts(4)), graphs[0])


def _checkpoint(folder: str) -> tuple[Checkpoint | None, str]:
    """The values of the variables, or why there are none."""
    path = os.path.join(folder, VARIABLES)
    if not os.path.lexists(path):
        return None, f"has no {VARIABLES}"
    try:
        found = bundle.read(path)
        found.objects  # noqa: B018 (is read here: they stand in the data, which may be missing or damaged)
        return found, ""
    except OSError as error:
        return None, f"has a {VARIABLES} that cannot be read: {error.strerror or error}"
    except (Unreadable, WireError) as problem:
        return None, f"has a {VARIABLES} that {problem}"


def _variables(run: Run, found: Checkpoint | None, missing: str) -> tuple[Array, ...]:
    """The variables that the operations themselves hold, as TensorFlow 1 does: each gets the array that is saved under its name."""
    arrays: dict[str, Array] = {}
    for operation in run.operations:
        if operation.kind in VARIABLE_KINDS and operation.array is None:
            shared = operation.attributes.get("shared_name")
            name = shared if isinstance(shared, str) and shared else operation.name
            if name not in arrays:
                form = operation.attributes.get("shape")
                sizes = tuple(size or 0 for size in form) if isinstance(form, tuple) else ()
                arrays[name] = (found.array(name) if found is not None else None) or objects.absent(name, sizes, "float32", missing)
            operation.array = arrays[name]
    return tuple(arrays.values())


def _groups(held: Objects, metadata: Metadata) -> Iterator[Group]:
    """Every BatchNormalization that an object holds."""
    names: dict[int, str] = {}
    if _is_network(metadata.of(ROOT)):  # else the attributes tell more than the names that Keras made up
        for number, way in keras_metadata.named(held, metadata):
            names.setdefault(number, "/".join(way))
    for number, path, arrays in held.holders():
        yield Group(names.get(number, path), arrays, metadata.of(number))


def _listed(held: Objects) -> Iterator[Array]:
    """What the root lists as its variables: all that `export()` keeps of the objects."""
    listed = held.held(held.held(ROOT).get("variables", -1))
    return (held.variables[number] for number in listed.values() if number in held.variables)


Placed = list[tuple[Layer, Mapping[str, Array]]]
"""The BatchNormalization layers whose place in the model is known, with their arrays."""


def _configured(saved: _Saved, root: Table) -> ModelGraph:
    """A model whose config lists its layers."""
    reading = read_config(root, saved.path, KERAS2, compiled=root.get("training_config"))
    by_key = {group.key: group for group in saved.groups}
    placed: Placed = []
    problems: list[str] = []
    for place in reading.places:
        group = by_key.pop("/".join(place.names), None)
        if group is None or any(layer is place.layer for layer, _ in placed):
            continue  # one that stands in several places is read once
        placed.append((place.layer, group.arrays))
        if saved.weights and isinstance(place.layer.weights, dict):
            weights, found = read_arrays(group.arrays)
            place.layer.weights.update(weights)
            problems += found
    return _finished(saved, reading.finish(saved.weights), placed, problems)


def _operating(saved: _Saved, root: Table) -> ModelGraph:
    """A model of which the file tells what its signature does."""
    of_array = {array: group for group in saved.groups for array in group.arrays.values()}
    prefixes = Counter(_prefix(array) for array in saved.named if array.name.endswith("moving_variance"))

    def make(site: Site) -> Layer | None:
        if site.role != "batchnorm":
            return None
        group = next((of_array[array] for array in site.arrays.values() if array in of_array), None)
        variance = site.arrays.get("moving_variance")
        if group is None and variance is not None and prefixes[_prefix(variance)] == 1:
            group = Group(_prefix(variance), site.arrays)
        return None if group is None else group.layer(site.config)

    made = assemble(saved.outputs, saved.description, make, saved.weights) if saved.description is not None else Assembled()
    recorded = root.get("keras_version")
    exported = _exported_by(saved.objects.held(ROOT))
    artifact = Artifact(
        saved.path,
        KERAS2 if root else EXPORTED.get(exported, FORMAT),
        recorded if isinstance(recorded, str) else exported or None,
        weights=saved.weights,
        notes=(NO_SIGNATURE if saved.description is None else NO_CONFIG if root else OPERATIONS_ONLY,),
    )
    name = saved.metadata.name(ROOT) or os.path.basename(os.path.abspath(saved.folder)) or "model"
    graph = ModelGraph(name, "open", made.calls, made.outputs, gaps=made.gaps, artifact=artifact, origin=Origin(key=""))
    placed = [(layer, arrays) for layer, arrays in made.arrays.items() if layer.role == "batchnorm"]
    return _finished(saved, graph, placed, made.problems)


def _exported_by(held: Mapping[str, int]) -> str:
    """The Keras that exported a model, by what the root holds; "" for what was saved otherwise."""
    if not held.keys() >= {"_all_variables", "trainable_variables", "non_trainable_variables"}:
        return ""
    return "2" if "_endpoint_names" in held else "3"


def _prefix(array: Array) -> str:
    return array.name.rpartition("/")[0] or "batch_normalization"


def _finished(saved: _Saved, graph: ModelGraph, placed: Placed, problems: Iterable[str]) -> ModelGraph:
    """The graph with the layers of which it is not known where they stand, and with what the signature does to moving statistics.

    `problems` say why weights were not read.
    """
    seen = {array for _, arrays in placed for array in arrays.values()}
    alone = [group for group in saved.groups if seen.isdisjoint(group.arrays.values())]
    seen.update(array for group in alone for array in group.arrays.values())
    alone += by_name(array for array in saved.named if array not in seen)
    calls, more = stand_alone(alone, saved.weights)
    problems = [*problems, *more]
    placed = [*placed, *((call.layer, group.arrays) for group, call in zip(alone, calls[1::3], strict=True))]
    all_calls = (*graph.calls, *calls)
    layers = dict.fromkeys(call.layer for call in all_calls if call.layer.role != "unknown" and not call.layer.is_function)
    artifact = graph.artifact
    assert artifact is not None
    artifact = replace(
        artifact,
        layers=max(artifact.layers, len(layers)),
        batchnorms=len({_unwrapped(layer) for layer in layers if layer.role == "batchnorm"}),
        weights=saved.weights and not problems,
        notes=(*artifact.notes, *unread(problems)),
    )
    events = (*graph.events, *_assigned(saved, placed, len(graph.events)))
    return replace(graph, calls=all_calls, events=events, artifact=artifact)


def _unwrapped(layer: Layer) -> Layer:
    while layer.inner is not None:
        layer = layer.inner
    return layer


def _assigned(saved: _Saved, placed: Placed, order: int) -> Iterator[Event]:
    """What the signature does to the moving statistics of each layer."""
    updated = saved.description.updated if saved.description is not None else frozenset()
    for layer, arrays in placed:
        names = tuple(name for name in STATISTICS if arrays.get(name) in updated)
        if names:
            yield Event("assigned", layer, {"signature": saved.signature, "statistics": names}, order, origin=layer.origin)
            order += 1
