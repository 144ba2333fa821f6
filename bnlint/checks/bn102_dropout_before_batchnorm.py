"""Dropout before BN: training and inference feed the BN different variances.

For inputs of mean μ and variance σ², dropped at the rate p: the BN learns the variance (σ² + μ²)/(1 − p) − μ² and meets σ² at inference.
"""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks import order
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Call, Project
from bnlint.keras_api.layers import layer_spec

RATE = 0.1
"""Below it the shift is lost in noise (an inference deviation of .925 instead of 1 at .1)."""
ROUNDING = 1e-6
CASES = ("default", "through-weights", "unknown-rate")
"""From the surest to the least sure; the least sure path decides."""


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        for bn in order.batchnorms(graph):
            found = _dropped(bn, {}) if _moves(project, bn) else None
            if found is not None:
                case, dropout = found
                values = {"kind": dropout.layer.kind, "rate": _shown(dropout)}
                related = (Related(dropout.layer.origin, "dropout", dropout.layer),)
                fix = order.swap(project, graph, dropout, bn) if case == "default" else None
                yield Hit(case, order.core(bn).origin, order.core(bn), values, related, fix)


def _moves(project: Project, bn: Call) -> bool:
    """Whether the BN keeps moving statistics and trains; in the modes 1 and 2 of Keras 1, which Keras 3 refuses, it has none."""
    kept = project.keras.major >= 3 or query.resolve(order.core(bn).config.get("mode")) in (0, None)
    return kept and query.frozen(project, order.core(bn)) is False and bn.training is not False


def _dropped(call: Call, under: query.Assumption, weights: int = 0) -> tuple[str, Call] | None:
    """The case and the dropout that reaches the call on every path through weightless layers and at most one weighted layer."""
    found: list[tuple[str, Call]] = []
    for step in query.producers(call, _through, under):
        producer = step.call
        if query.trains(step.under) is False:  # nothing is learned there
            if any(_is_dropout(each) and each.training is True for each in step.via):
                return None
            continue
        if producer is not None and _is_dropout(producer):
            certain = _rate(producer, step.under)
            found.append(("unknown-rate" if certain is None else CASES[weights], producer))
        elif producer is not None and producer.layer.role == "linear" and weights == 0:
            behind = _dropped(producer, step.under, 1)
            if behind is None:
                return None
            found.append(behind)
        else:
            return None
    return max(found, key=lambda each: CASES.index(each[0]), default=None)


def _through(call: Call) -> bool:
    if _is_dropout(call):
        return _rate(call, dict(call.under)) is False
    return order.shapes_only(call) or call.layer.role in ("pool", "activation")


def _is_dropout(call: Call) -> bool:
    """Whether it is a dropout of Keras, or of a subclass that computes just what it does: another one may be always on."""
    spec = layer_spec(call.layer.kind)
    return not call.layer.altered and (call.layer.role == "dropout" or (spec is not None and "dropout_like" in spec.traits))


def _rate(call: Call, under: query.Assumption) -> bool | None:
    """Whether the dropout is strong enough, and of elements: stochastic depth drops whole samples, and what is always on shifts nothing."""
    shape = query.resolve(call.layer.config.get("noise_shape"), under)
    per_sample = shape is not None and not (isinstance(shape, (list, tuple)) and any(size != 1 for size in shape[1:]))
    on = call.training is True and query.trains(under) is not True
    fixed = on or call.training is False or (call.layer.family == "tf1" and call.training is ABSENT)
    rates = query.alternatives(_setting(call), under)
    known = [rate for rate in rates if isinstance(rate, (int, float))]
    if per_sample or fixed or any(rate < RATE - ROUNDING for rate in known):
        return False
    return True if len(known) == len(rates) else None


def _setting(call: Call) -> object:
    config = call.layer.config
    return config.get("stddev" if call.layer.kind == "GaussianNoise" else "rate", query.config(call.layer, "rate"))


def _shown(call: Call) -> object:
    rates = query.alternatives(_setting(call))
    return ", ".join(f"{rate:g}" if isinstance(rate, (int, float)) else "?" for rate in dict.fromkeys(rates))
