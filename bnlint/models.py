"""Model files become findings: the same checks, on a project that is one graph. Their fixes are advice; nothing is ever written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bnlint import catalogue, saved, settings
from bnlint.checked import Checked, failure, finish, unread
from bnlint.records import replace

if TYPE_CHECKING:
    from bnlint.findings import Finding, Histogram
    from bnlint.graph.model import Call, KerasTarget, Layer, ModelGraph, WeightStats
    from bnlint.plans import Plan

BINS = 8
"""Bars of a histogram."""


def graph(path: str) -> ModelGraph | str:
    """The graph of a model file or folder; or, in a line, why there is none."""
    try:
        return saved.read(path)
    except saved.MissingExtra as missing:
        return f"{path} was not read: {missing}"
    except saved.Unreadable as problem:
        return f"{path}: this file {problem.message}"
    except Exception as error:
        return failure("reading", path, error)


def check(path: str, held_to: Plan) -> Checked:
    """The findings in one model file or folder. Its weights are read if a rule asks for them."""
    try:
        graph = saved.read(path, weights=any(rule.weights for rule in held_to.rules))
    except saved.MissingExtra as missing:
        return Checked(path, held_to, skipped=f"needs bnlint[{missing.extra}]", failures=(f"{path} was not read: {missing}",))
    except saved.Unreadable as problem:
        return unread(path, problem.message, held_to)
    except Exception as error:  # our own bug: said with the file's name, and the other files go on
        return Checked(path, held_to, failures=(failure("reading", path, error),))
    return examine(graph, path, held_to)


def examine(graph: ModelGraph, path: str, held_to: Plan) -> Checked:
    """Run all checks on one graph."""
    from bnlint.graph.model import ModelGraph, Project
    from bnlint.judge import judge

    wrapped = (event.args["model"] for event in graph.events if event.kind == "wrapped")
    parts = (graph, *(each for each in wrapped if isinstance(each, ModelGraph)))
    project = Project(target(graph, held_to), (), parts)
    ignored = settings.ignored(held_to.settings, path, held_to.rules)
    found: list[Finding] = []
    failures: list[str] = []
    for rule in held_to.rules:
        run = catalogue.check(rule.code) if rule.models and rule.code not in ignored else None
        if run is None:
            continue
        try:
            hits = list(run(project, **held_to.settings.options.get(rule.code, {})))
            found += judge(project, rule, hits, held_to.settings.severity.get(rule.code), rule.code in held_to.explicit, path)
        except Exception as error:
            failures.append(failure(f"{rule.code} ({rule.name}) on", path, error))
    described = list(_described(parts, found)) if found else []
    return Checked(path, held_to, finish(described, None, held_to), artifact=graph.artifact, failures=tuple(failures))


def target(graph: ModelGraph, held_to: Plan) -> KerasTarget:
    """The Keras that a model is for: the one that is asked for, else the one that saved it."""
    from bnlint.graph.model import KerasTarget
    from bnlint.versions import stated

    if held_to.settings.target_keras is not None:
        return stated(held_to.settings.target_keras)
    version = graph.artifact.keras if graph.artifact is not None else None
    if version is not None and re.match(r"[1-9]\d{0,2}(\.\d|$)", version):
        return stated(version, f"saved by Keras {version}")
    return KerasTarget(3, None, "assumed: the file does not say which Keras saved it")


# What a finding says of its layer


def _described(graphs: Iterable[ModelGraph], found: list[Finding]) -> Iterator[Finding]:
    """The findings as advice, each with what its layer is."""
    calls = {key: call for graph in graphs for call in reversed(graph.calls) if (key := call.layer.origin.key)}
    inner = {wrapped.origin.key: call for call in calls.values() if (wrapped := call.layer.inner) is not None and wrapped.origin.key}
    for finding in found:
        advice = replace(finding, fix=None, reason="")
        call = calls.get(finding.layer or "") or inner.get(finding.layer or "")
        if call is None:
            yield advice
            continue
        layer = call.layer if call.layer.origin.key == finding.layer or call.layer.inner is None else call.layer.inner
        yield replace(advice, about=_about(layer, call), histograms=tuple(_histograms(layer)))


def _about(layer: Layer, call: Call) -> str:
    """`BatchNormalization, 64 channels, momentum 0.99, eps 0.001`."""
    words = [layer.kind]
    if layer.role == "batchnorm":
        channels = _channels(layer, call)
        words += [f"{channels} channels"] if channels is not None else []
        for name, shown in (("momentum", "momentum"), ("epsilon", "eps")):
            value = layer.config.get(name)
            words += [f"{shown} {value:g}"] if isinstance(value, (int, float)) else []
    return ", ".join(words)


def _channels(layer: Layer, call: Call) -> int | None:
    """How many channels a BatchNormalization normalises: as many as its arrays are long, else as its input has."""
    lengths = {stats.shape[0] for stats in layer.weights.values() if len(stats.shape) == 1}
    if len(lengths) == 1:
        return lengths.pop()
    axis, shape = layer.config.get("axis"), call.inputs[0].shape if call.inputs else None
    if not isinstance(axis, int) or shape is None or not -len(shape) <= axis < len(shape) or layer is not call.layer:
        return None
    size = shape[axis]
    return size if isinstance(size, int) else None


def _histograms(layer: Layer) -> Iterator[Histogram]:
    """The moving statistics, where they were read."""
    for name in ("moving_mean", "moving_variance"):
        stats = layer.weights.get(name)
        if stats is not None and len(stats.values):
            yield _histogram(name, stats)


def _histogram(name: str, stats: WeightStats) -> Histogram:
    from math import isfinite

    from bnlint.findings import Histogram

    counts = [0] * BINS
    width = stats.max - stats.min
    for value in stats.values:
        if isfinite(value):
            counts[min(int((value - stats.min) / width * BINS), BINS - 1) if width > 0 else BINS // 2] += 1
    return Histogram(name, stats.min, stats.max, tuple(counts), stats.nonfinite)
