"""In which mode a layer runs: which layers follow the mode of a call, and which mode a call on data gives."""

from __future__ import annotations

from bnlint.findings import Fix, Safety, SetArgument
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Call, ClassInfo, Event, Layer, Method, ModelGraph, Parameter, Project, Span, Unknown
from bnlint.keras_api.applications import APPLICATIONS
from bnlint.keras_api.training import is_mode

# Calls of a model on data


def label(target: object) -> str:
    """What a message calls a model."""
    return (target.kind if isinstance(target, Layer) else target.name if isinstance(target, ModelGraph) else "") or "model"


def following(project: Project, target: object) -> tuple[Layer, ...]:
    """The BatchNormalization layers, and backbones that hold some, that certainly take the mode in which a model is called.

    Left out are layers that may be frozen, that are given a mode of their own, and users' subclasses that may compute something else.
    """
    calls = target.calls if isinstance(target, ModelGraph) else (Call(target),) if isinstance(target, Layer) else ()
    return tuple(
        call.layer
        for call in calls
        if follows(call)
        and (is_tuned(project, call.layer) or (computes_as_usual(call.layer) and query.frozen(project, call.layer) is False))
    )


def follows(call: Call) -> bool:
    """Whether a layer takes the mode of what calls it."""
    # Inside `call`, what is unknown is its parameter `training`; elsewhere an unknown flag proves nothing.
    return call.training is ABSENT or call.training is None or (call.owner is not None and isinstance(call.training, Unknown))


def normalises(layer: Layer) -> bool:
    """Whether the layer is a BatchNormalization of Keras itself."""
    return layer.role == "batchnorm" and layer.family == "keras" and layer.subclass is None


def computes_as_usual(layer: Layer) -> bool:
    """Whether the layer is a BatchNormalization of Keras, or of a subclass that computes just what it does."""
    return layer.role == "batchnorm" and layer.family == "keras" and not layer.altered


def is_backbone(layer: Layer) -> bool:
    """Whether the layer is a whole model of `keras.applications` that holds BatchNormalization."""
    return layer.family == "keras" and APPLICATIONS.get(layer.kind) is True


def is_tuned(project: Project, layer: Layer, before: Event | None = None) -> bool:
    """Whether the layer is such a model, and nobody freezes it: no code that is not seen has got it, or a model of it, to do so.

    `before` is what trains it: what comes later does not matter.
    """
    if not is_backbone(layer) or query.frozen(project, layer) is not False:
        return False
    handed = (event for event in query.events(project, "escape") if query.covers(event.target, layer))
    return all(before is not None and event.run == before.run and event.order > before.order for event in handed)


def given_training(event: Event) -> object:
    """The `training` of a call on data as given, ABSENT where it is not."""
    return query.resolve(event.args.get("training", ABSENT), dict(event.under))


def mode_of(event: Event) -> object:
    """The `training` that a call on data gets: as given, else the default of the callee's `call`; None where there is neither."""
    given = given_training(event)
    if given is not ABSENT and given is not None:
        return given
    cls = event.target.cls if isinstance(event.target, ModelGraph) else None
    parameter = cls.methods["call"].parameter("training") if cls is not None and "call" in cls.methods else None
    return None if parameter is None or parameter.default is ABSENT else parameter.default


def takes_training(target: object) -> bool:
    """Whether a model can be called with `training=`."""
    cls = target.cls if isinstance(target, ModelGraph) else None
    if cls is None or "call" not in cls.methods:
        return True
    call = cls.methods["call"]
    return call.parameter("training") is not None or any(parameter.kind == "**" for parameter in call.parameters)


def set_training(event: Event, code: str, safety: Safety) -> Fix | None:
    """The edit that gives a call `training=`; None where it has one by position or by `**`."""
    at, arguments = event.origin.span, event.arguments
    by_position = given_training(event) is not ABSENT and arguments.keyword("training") is None
    return None if at is None or by_position or not arguments.complete else Fix(safety, (SetArgument(at, "training", code),))


# Layers of a class


def mode_dependent(project: Project, cls: ClassInfo) -> tuple[Layer, ...]:
    """The layers of a class that compute otherwise in training, and are not told which mode to take."""
    certain = {id(call.layer) for call in query.calls_in(project, cls) if isinstance(call.training, bool)}
    if "call" in cls.methods and (parameter := misnamed(cls.methods["call"])) is not None and parameter.default:
        certain.update(map(id, told(project, cls)))  # they train, whatever Keras says
    found = (layer for layer in cls.layers if has_mode(layer) and id(layer) not in certain)
    return tuple(layer for layer in found if _is_random(layer) or query.frozen(project, layer) is False)


def misnamed(method: Method) -> Parameter | None:
    """The parameter that says whether the model is training, by a name that Keras does not know, so that it has its default in `fit`."""
    found = (p for p in method.parameters if p.name != "training" and is_mode(p.name, p.default) and p.kind in ("positional", "keyword"))
    return next((p for p in found if p.default is None or isinstance(p.default, (bool, int))), None)


def told(project: Project, cls: ClassInfo) -> tuple[Layer, ...]:
    """The layers to which the `call` of a class hands a parameter as `training`, itself or through a model that holds them."""
    events = (event for event in query.events(project, "apply") if event.args.get("owner") == cls.name)
    through = {event.origin.span for event in events if isinstance(event.args.get("training"), Unknown)}
    calls = (
        call.layer
        for call in query.calls_in(project, cls)
        if (call.owner == cls.name and isinstance(call.training, Unknown))
        or (call.training is ABSENT and not through.isdisjoint(call.origin.stack))
    )
    return tuple(dict.fromkeys(layer for layer in calls if has_mode(layer)))


def inside(span: Span | None, body: Span) -> bool:
    """Whether a place lies in the lines of a method."""
    return (
        span is not None and (span.path, span.cell) == (body.path, body.cell) and body.line <= span.line and span.end_line <= body.end_line
    )


def kinds(layers: tuple[Layer, ...]) -> str:
    """The kinds of some layers, as a list in a sentence."""
    *others, last = dict.fromkeys(f"`{layer.kind}`" for layer in layers)
    return f"{', '.join(others)} and {last}" if others else last


def has_mode(layer: Layer) -> bool:
    """Whether a layer of Keras computes otherwise in training than at inference."""
    known = layer.role == "batchnorm" or APPLICATIONS.get(layer.kind) is True or _is_random(layer)
    return known and layer.family == "keras" and not layer.altered


def _is_random(layer: Layer) -> bool:
    """Whether the layer drops or disturbs values in training: a matter that `trainable` does not change."""
    return (layer.role == "dropout" and query.config(layer, "rate") != 0) or layer.kind == "GaussianNoise"
