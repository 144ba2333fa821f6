"""The config of a Keras model (Keras 1 to 3) becomes a graph."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.graph.model import Artifact, Event, Gap, ModelGraph, Origin, Unknown
from bnlint.records import dataclass, replace
from bnlint.saved import fields
from bnlint.saved.calls import Caller
from bnlint.saved.layers import class_name, is_model
from bnlint.saved.parts import Builder, name_of
from bnlint.saved.places import Path, Place

NO_LAYERS = "this format does not record the layers of a subclassed model"


def read_config(model: object, path: str, format: str, keras: str | None = None, compiled: object = None) -> Reading:
    """The graph of a model's config (`{"class_name": …, "config": …}`), but for what its weights say. `keras` is the version that saved
    it, `compiled` what it was compiled with. Raises Unreadable."""
    data = fields.table(model, "the model")
    artifact = Artifact(path, format, keras or fields.optional_text(data.get("keras_version")))
    name = name_of(data, "model")
    if not is_model(data):
        class_name(data, "the model")
        return Reading(ModelGraph(name, "subclass", artifact=replace(artifact, notes=(NO_LAYERS,)), origin=Origin(key="")), ())
    builder, caller = Builder(), Caller()
    graph = caller.graph(builder.model(data, name, Path()))
    for layer, wrapped in builder.wrapped:
        caller.wrapped(layer, wrapped)
    artifact = replace(artifact, layers=len(builder.layers), batchnorms=len({id(place.layer) for place in builder.places}))
    events = (*caller.events, *_compiled(compiled or data.get("compile_config"), graph, len(caller.events)))
    return Reading(replace(graph, artifact=artifact, events=events), tuple(builder.places), tuple(builder.linear))


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A graph whose BatchNormalization layers still want their weights: `places` says where these may be kept.

    `linear` are the places of the layers that may have a bias.
    """

    graph: ModelGraph
    places: tuple[Place, ...]
    linear: tuple[Place, ...] = ()

    @property
    def is_opaque(self) -> bool:
        """Whether the config records no layers."""
        return self.graph.kind == "subclass"

    def finish(self, weights: bool = False, gaps: tuple[Gap, ...] = (), notes: tuple[str, ...] = (), steps: int = 0) -> ModelGraph:
        """The graph, with what came of reading its weights."""
        graph, artifact = self.graph, self.graph.artifact
        assert artifact is not None
        artifact = replace(artifact, weights=weights, notes=(*artifact.notes, *notes))
        made = replace(graph, gaps=(*graph.gaps, *gaps), artifact=artifact)
        events = [replace(event, target=made) if event.kind == "compile" else event for event in graph.events]
        if steps > 0:
            events.append(Event("steps", made, {"steps": steps}, len(events), origin=Origin(key="")))
        object.__setattr__(made, "events", tuple(events))  # it holds what was done to it, and that names it: one of the two must come first
        return made


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
