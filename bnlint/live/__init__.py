"""Models in memory, of Keras 3 and tf_keras: the graph of what they record, with the weights that they have now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from bnlint.graph.model import Artifact, Call, Layer, ModelGraph, Origin, WeightStats
from bnlint.live import loose
from bnlint.live.describe import Description, NotAModel, describe, is_model
from bnlint.records import replace

if TYPE_CHECKING:
    from bnlint.live.weights import Arrays, Names
    from bnlint.saved.places import Place

__all__ = ["NotAModel", "graph", "graph_of", "is_model"]

FORMAT: Final = "model in memory"

UNRECORDED: Final = "Keras does not record what calls {layers} of these layers: of them only the arguments and weights are known"

UNBUILT: Final = "{layers} BatchNormalization of it have no weights that can be read: the model is not built yet, or runs in a graph of TF1"


def graph(model: Any, path: str | None = None) -> ModelGraph:
    """The graph of a model, which is looked at and left as it is. Raises NotAModel."""
    described = describe(model)
    return graph_of(described, path or f"<model {described.name}>")


def graph_of(described: Description, path: str) -> ModelGraph:
    """The graph of a model that was described. Raises saved.Unreadable."""
    from bnlint.saved.config import read_config

    main, *apart = (read_config(config, path, FORMAT, described.keras) for config in (described.config, *described.loose))
    filled = _fill((place for reading in (main, *apart) for place in reading.places), dict(described.arrays))
    calls = [call for each in apart for call in _detached(each.graph)]
    merged = replace(
        main.graph,
        calls=(*main.graph.calls, *calls),
        events=(*main.graph.events, *(event for each in apart for event in each.graph.events)),
        parts=(*main.graph.parts, *(part for each in apart for part in each.graph.parts)),
    )
    unrecorded = len({id(call.layer) for call in calls if not call.layer.is_function})
    batchnorms = len({id(place.layer) for reading in (main, *apart) for place in reading.places})
    known = main.graph.artifact.layers if main.graph.artifact else 0
    missing = batchnorms - filled
    notes = [UNRECORDED.format(layers=unrecorded)] if unrecorded else []
    notes += [UNBUILT.format(layers=missing)] if missing else []
    artifact = Artifact(path, FORMAT, described.keras or None, known + unrecorded, batchnorms, live=True, notes=tuple(notes))
    return replace(main, graph=replace(merged, artifact=artifact)).finish(weights=True)


def _fill(places: Iterable[Place], arrays: Mapping[Names, Arrays]) -> int:
    """Give the layers their weights; how many have some."""
    filled = set()
    for place in places:
        if place.names in arrays:
            stats = {name: WeightStats.of(values, dtype) for name, (dtype, values) in arrays[place.names].items()}
            cast("dict[str, WeightStats]", place.layer.weights).update(stats)
            filled.add(id(place.layer))
    return len(filled)


def _detached(graph: ModelGraph) -> Iterator[Call]:
    """The calls of a network that was made up, with something unknown in the place of its input and behind its outputs."""
    nothing = Layer("unknown", "unknown", is_function=True, family="unknown", origin=Origin(key=""))
    made: dict[int, Call] = {}
    for call in graph.calls:
        inputs = tuple(made[id(tensor)] for tensor in call.inputs)
        made[id(call)] = Call(nothing) if call.layer.name == loose.INPUT else replace(call, inputs=inputs)
    yield from made.values()
    yield Call(nothing, tuple(made[id(tensor)] for tensor in graph.outputs))
