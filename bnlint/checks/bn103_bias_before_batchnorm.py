"""A bias that BN cancels: with y = x + b for each channel, y − mean(y) = x − mean(x), whatever b is."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks import order
from bnlint.checks.channels import is_on_channels
from bnlint.checks.written import in_call
from bnlint.findings import DropArgument, Edit, Fix, Hit, Related, Safety, SetArgument
from bnlint.graph import query
from bnlint.graph.model import Call, Choice, Layer, ModelGraph, Project, Unknown
from bnlint.keras_api.layers import is_keras1, layer_spec, modern

BIAS_ONLY = ("bias_initializer", "bias_regularizer", "bias_constraint")
"""Arguments that mean nothing without a bias."""


def check(project: Project) -> Iterator[Hit]:
    applied: dict[Layer, list[tuple[ModelGraph, Call]]] = {}
    for graph in project.models:
        for call in query.calls_of(graph, "linear"):
            applied.setdefault(order.core(call), []).append((graph, call))
    loaded = {path: order.loaded(project, path) for path in {order.path(layer.origin) for layer in applied}}
    for layer, calls in applied.items():
        if not _may_keep_bias(layer) or _holds(loaded[order.path(layer.origin)], layer):
            continue
        found = [_cancelled(project, layer, graph, call) for graph, call in calls]
        steps = [step for each in found if each is not None for step in each]
        if None not in found and steps and (bn := steps[0].call) is not None:
            related = (Related(order.core(bn).origin, "batchnorm", order.core(bn)),)
            refused = "apart" if any(step.via for step in steps) else "option" if _is_option(layer, calls, steps) else ""
            saved = layer.origin.key is not None and not refused
            values = {"kind": layer.kind}
            yield Hit("saved" if saved else "default", layer.origin, layer, values, related, _fix(layer, refused))


def _may_keep_bias(layer: Layer) -> bool:
    spec = layer_spec(layer.kind)
    written = layer.arguments.complete or layer.arguments.keyword("use_bias") is not None
    regularized = layer.config.get("activity_regularizer") is not None or layer.arguments.keyword("activity_regularizer") is not None
    known = spec is not None and "has_channel_bias" in spec.traits and layer.family in order.OWN and layer.subclass is None
    return known and written and not regularized and layer.config.get("weights") is None


def _holds(loaded: list[object], layer: Layer) -> bool:
    """Whether trained weights are loaded into a model that holds the layer, or may be; without the bias they would no longer fit."""
    return any(isinstance(target, Unknown) or query.covers(target, layer) for target in loaded)


def _cancelled(project: Project, layer: Layer, graph: ModelGraph, call: Call) -> list[query.Step] | None:
    """The steps to the BN that cancels the bias on every path on which there is one; None if one path keeps it."""
    found: list[query.Step] = []
    for step in query.consumers(graph, call, _keeps_constant):
        bias = query.config(layer, "use_bias", step.under)
        if bias is False:
            continue
        if bias is not True or order.activation(call, step.under) is not None or not _cancels(project, layer, step):
            return None
        found.append(step)
    return None if order.compatible(found) else found


def _keeps_constant(call: Call) -> bool:
    """Whether what is constant within each channel stays so, and unchanged."""
    layer = order.core(call)
    spec = layer_spec(layer.kind)
    keeps = layer.kind == "Flatten" or (spec is not None and "keeps_channel_constant" in spec.traits)
    return keeps and layer.subclass is None and query.resolve(layer.config.get("interpolation", "nearest")) == "nearest"


def _cancels(project: Project, layer: Layer, step: query.Step) -> bool:
    bn = step.call
    if bn is None or bn.layer.role != "batchnorm" or bn.layer.family not in order.OWN or order.core(bn).altered:
        return False
    trains = query.frozen(project, order.core(bn), step.under) is False and not any(v is False for v in query.alternatives(bn.training))
    plain = query.resolve(order.core(bn).config.get("renorm")) in (False, None)
    by_channel = query.resolve(order.core(bn).config.get("mode")) in (0, 2, None)  # of Keras 1; 2 never uses the moving statistics
    # Who has a class of BatchNormalization and a switch for its mode wants to freeze it, as in Mask R-CNN.
    switched = order.core(bn).subclass is not None and bn.owner is None and isinstance(bn.training, (Unknown, Choice))
    return trains and plain and by_channel and not switched and is_on_channels(project, layer, step)


def _is_option(layer: Layer, calls: list[tuple[ModelGraph, Call]], steps: list[query.Step]) -> bool:
    """Whether the code offers the bias by a parameter, or the BN by a test that the layer does not stand under."""
    written = layer.arguments.keyword("use_bias")
    outermost = max(call.decided for _, call in calls)
    return (written is not None and not written.literal) or any(step.call is not None and step.call.decided > outermost for step in steps)


def _fix(layer: Layer, refused: str) -> Fix | None:
    at, spec, arguments = layer.origin.span, layer_spec(layer.kind), layer.arguments
    if at is None or spec is None:
        return None
    names = {modern(layer.kind, item.name): item.name for item in arguments.items if item.name is not None}
    positional = "use_bias" in spec.parameters[: len(arguments.positional)]
    elsewhere = "use_bias" in names and not in_call(layer, arguments.keyword(names["use_bias"]))
    refused = refused or ("tf1" if layer.family == "tf1" else "unseen" if positional or elsewhere or not arguments.complete else "")
    if refused:
        return Fix(Safety.UNSAFE, refused=refused)
    use_bias = "bias" if is_keras1(names.values(), layer.path) else "use_bias"
    edits: list[Edit] = [SetArgument(at, names.get("use_bias", use_bias), "False")]
    idle = (names[name] for name in BIAS_ONLY if name in names)
    edits += [DropArgument(at, name) for name in idle if in_call(layer, arguments.keyword(name))]
    return Fix(Safety.UNSAFE, tuple(edits), (layer,))
