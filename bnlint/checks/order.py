"""What the checks of the order of layers share: what is looked through, what is activated, and why a fix is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from bnlint.findings import Applied, Fix, RemoveApplication, Safety, Swap
from bnlint.graph import query
from bnlint.graph.model import Call, Layer, ModelGraph, Origin, Project, Unknown
from bnlint.keras_api.applications import APPLICATIONS

OWN: Final = ("keras", "tf1")
"""The families whose BatchNormalization is judged by the order of layers. What slim and contrib normalise is not seen in the graph."""

_RESHAPES = "Flatten Reshape Permute flatten batch_flatten reshape ravel transpose permute_dimensions swapaxes moveaxis expand_dims squeeze"
RESHAPES: Final = frozenset(_RESHAPES.split())
NOISE: Final = frozenset({"GaussianNoise", "GaussianDropout", "AlphaDropout"})
SQUASHING: Final = ("softmax", "sigmoid")


def shapes_only(call: Call) -> bool:
    """Padding, cropping, upsampling, and what moves elements about without dropping or repeating any; Masking."""
    layer = call.layer
    return layer.role == "resample" or (layer.role == "reshape" and layer.kind in RESHAPES) or layer.kind == "Masking" or _idle(call)


def weightless(call: Call) -> bool:
    """What stands between the layers of one block without changing what the block is: shapes, pooling, dropout and noise."""
    return shapes_only(call) or call.layer.role in ("pool", "dropout") or call.layer.kind in NOISE


def _idle(call: Call) -> bool:
    return call.layer.role == "activation" and activation(call) is None


def activation(call: Call, under: query.Assumption = {}) -> str | Unknown | None:  # noqa: B006 (never written to)
    """What a call applies besides its weights: None for nothing or "linear", a name, or an Unknown where that is not certain."""
    if call.layer.role not in ("linear", "activation"):
        return None
    layer = core(call) if call.layer.activation is None else call.layer
    names = [None if value == "linear" else value for value in query.alternatives(layer.activation, under)]
    known = [name for name in names if isinstance(name, str)]
    if len(known) == len(names):
        return known[0]
    return None if all(name is None for name in names) else Unknown(f"{layer.kind} may apply an activation or none")


def batchnorms(graph: ModelGraph) -> Iterator[Call]:
    """The applications of BatchNormalization whose place can be judged."""
    return (call for call in query.calls_of(graph, "batchnorm") if call.layer.family in OWN)


def ends(graph: ModelGraph, call: Call) -> bool:
    """Whether nothing but a change of shape follows the call on some path."""
    return any(step.call is None for step in query.consumers(graph, call, shapes_only))


def compatible(steps: Sequence[query.Step]) -> bool:
    """Whether two of the steps to different calls happen on one path."""
    pairs = [(one, two) for number, one in enumerate(steps) for two in steps[number + 1 :] if one.call is not two.call]
    return any(query.merge(one.under, tuple(two.under.items())) is not None for one, two in pairs)


def squashed(call: Call, through: query.Through) -> str | None:
    """The softmax or sigmoid that feeds the call on every path; None if there is none."""
    names = {activation(step.call, step.under) if step.call is not None else None for step in query.producers(call, through)}
    name = names.pop() if len(names) == 1 else None
    return name if isinstance(name, str) and name in SQUASHING else None


def is_final(project: Project, graph: ModelGraph, call: Call) -> bool:
    """Whether the call, up to its shape, is what a whole model gives out on every path: no block, encoder or part of another model."""
    if graph.kind not in ("sequential", "functional", "subclass") or (graph.cls is not None and "sublayer" in graph.cls.used):
        return False
    steps = query.consumers(graph, call, shapes_only)
    if not all(step.call is None and query.is_output(graph, step.via[-1] if step.via else call) for step in steps):
        return False
    elsewhere = [(other, each) for other, each in query.applications(project, call.layer) if other is not graph]
    return not any(graph in other.parts for other in project.models) and all(ends(other, each) for other, each in elsewhere)


def core(call: Call) -> Layer:
    """The layer itself where a wrapper (TimeDistributed) applies it."""
    return call.layer.inner or call.layer


def applied(call: Call) -> Applied | None:
    """The application as an edit names it; None where there is no source."""
    return Applied(call.origin.span, call.hole) if call.origin.span is not None else None


def adjacent(graph: ModelGraph, first: Call, second: Call) -> bool:
    """Whether `second` consumes `first` and nothing else does."""
    if second.inputs != (first,):
        return False
    return [step.call for step in query.consumers(graph, first)] == [second]


def shared(project: Project, layer: Layer) -> bool:
    """Whether the layer is applied at more than one place of the source."""
    return len({call.origin.span for _, call in query.applications(project, layer)}) > 1


def path(origin: Origin) -> str | None:
    """The file in which something stands; None for what is of a model file."""
    return origin.span.path if origin.span is not None else None


def loaded(project: Project, path: str | None) -> list[object]:
    """What gets trained weights by the code of a file, or by what that calls: a backbone of `keras.applications` does not count.

    Code that is not followed (`if weights is not None:` where the default is None) may load them into anything.
    """
    own = [e for e in query.events(project, "load_weights") if not isinstance(e.target, Layer) or e.target.kind not in APPLICATIONS]
    found = [event.target for event in own if event.origin.span is None or path in query.files(event.origin)]
    followed = any(event.origin.span is not None and event.origin.span.path == path for event in own)
    if not followed and query.mentions(project, ("load_weights",), path):
        found.append(Unknown("code that is not followed"))
    return found


def loads_weights(project: Project, call: Call) -> bool:
    """Whether the file in which the call stands loads weights into a model of its own."""
    return any(isinstance(target, (ModelGraph, Layer, Unknown)) for target in loaded(project, path(call.origin)))


def removal(project: Project, graph: ModelGraph, call: Call) -> Fix | None:
    """The fix that takes an application out, or that says why not; None where there is no source."""
    application, refused = applied(call), _removal_refused(project, graph, call)
    if application is None:
        return None
    return Fix(Safety.UNSAFE, refused=refused) if refused else Fix(Safety.UNSAFE, (RemoveApplication(application),), (call.layer,))


def swap(project: Project, graph: ModelGraph, first: Call, second: Call, refused: str = "") -> Fix | None:
    """The fix that lets two applications change places, or that says why not; None where there is no source."""
    one, two = applied(first), applied(second)
    if one is None or two is None:
        return None
    refused = refused or _swap_refused(project, graph, first, second)
    touches = dict.fromkeys(layer for call in (first, second) for layer in (call.layer, core(call)))
    return Fix(Safety.UNSAFE, refused=refused) if refused else Fix(Safety.UNSAFE, (Swap(one, two),), tuple(touches))


def _removal_refused(project: Project, graph: ModelGraph, call: Call) -> str:
    """The page's key of the reason why the application cannot be taken out; "" if it can."""
    if len(list(islice((other for other in graph.calls if other.layer.role != "input"), 2))) < 2:
        return "alone"
    if len(call.inputs) != 1 or shared(project, call.layer):
        return "shared"
    return "tf1" if call.layer.family == "tf1" else ""


def _swap_refused(project: Project, graph: ModelGraph, first: Call, second: Call) -> str:
    """The page's key of the reason why the two cannot change places; "" if they can."""
    one, two = first.origin, second.origin
    if second.inputs != (first,) or (one.scope, one.stack) != (two.scope, two.stack):
        return "apart"
    if not adjacent(graph, first, second):
        return "several-consumers"
    if any(call.layer.role in ("batchnorm", "linear") and shared(project, call.layer) for call in (first, second)):
        return "shared"
    if any(call.layer.family == "tf1" for call in (first, second)):
        return "tf1"
    return ""
