"""A model is evaluated or put to use in training mode: its output depends on the batch, and its statistics move."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bnlint.checks.bn302_train_step_without_training import following, given_training, label, set_training
from bnlint.findings import Hit, Related, Safety
from bnlint.graph import query
from bnlint.graph.model import Event, ModelGraph, Project

EVALUATES = {"eval", "evaluate", "evaluation", "val", "valid", "validate", "validation"}
INFERS = {"infer", "inference", "predict", "prediction", "predictions", "serve", "serving"}
BESIDE_TEST = {"batch", "dataset", "epoch", "fn", "function", "loop", "model", "network", "on", "one", "step"}
"""What may stand beside `test` in the name of a function that is no unit test."""

TRAINS = {"train", "training", "fit", "finetune"}
ON_PURPOSE = (
    {"mc", "monte", "carlo", "dropout", "bayes", "bayesian", "uncertain", "uncertainty", "stochastic"}
    | {"adabn", "adapt", "adaptation", "adaptive", "tent", "tta", "pix"}
    | {"burn", "calibrate", "calibration", "moving", "recalibrate", "recompute", "reestimate", "refresh", "reset", "swa"}
    | {"stat", "statistics", "stats", "update", "updates", "warm", "warmup"}
)
"""Words of techniques that keep Dropout on, use the statistics of the batch, or renew the moving ones, where others infer."""

GENERATORS = {"gen", "generator", "generators", "translator"}


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "call"):
        if given_training(event) is not True or not (purpose := inference(project, event)):
            continue
        layers = following(project, event.target)
        if not layers or _on_purpose(project, event, purpose):
            continue
        shared = any(given_training(e) is not True for e in query.events(project, "call") if e.origin.span == event.origin.span)
        yield Hit(
            "default",
            event.origin,
            values={"model": label(event.target), "function": event.origin.scope.rpartition(".")[2]},
            related=(Related(layers[0].origin, "batchnorm", layers[0]),),
            fix=None if shared else set_training(event, "False", Safety.UNSAFE),
        )


def _on_purpose(project: Project, event: Event, purpose: str) -> bool:
    """Whether the batch's statistics, or Dropout, may be wanted: Monte Carlo dropout, test-time adaptation, image translation."""
    graph = event.target
    if words(event.origin.scope) & ON_PURPOSE or words(label(graph)) & ON_PURPOSE:
        return True
    if not isinstance(graph, ModelGraph):
        return False
    drops = any(query.calls_of(graph, "dropout"))
    return (purpose == "infer" and drops and _is_repeated(project, event)) or translates(project, graph)


def _is_repeated(project: Project, event: Event) -> bool:
    """Whether the model is run on the same data over and over, as in Monte Carlo dropout."""
    data = event.args.get("inputs")
    again = (other for other in query.events(project, "call") if other is not event and other.origin.span == event.origin.span)
    return any(other.args.get("inputs") is data for other in again)


def translates(project: Project, graph: ModelGraph) -> bool:
    """Whether a model may be a generator of images from images (pix2pix), for which the statistics of a batch of 1 are the method."""
    enlarges = any(call.layer.kind.endswith("Transpose") or call.layer.kind.startswith("UpSampling") for call in graph.calls)
    flat = any(call.shape is not None and len(call.shape) == 2 for call in query.calls_of(graph, "input"))
    if flat or not enlarges:
        return False
    sources = [event.args.get("sources") for event in query.events(project, "gradient")]
    trained = {id(source) for each in sources if isinstance(each, tuple) for source in each}
    named = words(graph.name) | words(graph.origin.scope) | (words(graph.cls.name) if graph.cls is not None else set())
    return len(trained) > 1 or bool(named & GENERATORS)


# What BN305 and BN308 ask, too


def words(name: str) -> set[str]:
    """The words of a dotted name, in lower case: `Model.test_step` and `TestStep` hold `test` and `step`."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def inference(project: Project, event: Event) -> str:
    """What a call on data is for, where the name of its function tells and the function does not train: "evaluate", "infer", or ""."""
    scope = event.origin.scope
    function = scope.rpartition(".")[2]
    named = words(function)
    tests = "test" in named and named - {"test"} <= BESIDE_TEST
    purpose = "evaluate" if named & EVALUATES or tests else "infer" if named & INFERS else ""
    unit_test = _is_unit_test(event) or (function.startswith("test") and not tests)
    if not purpose or unit_test or named & TRAINS or event.tape is not None:
        return ""
    trains = query.events(project, "gradient", "apply_gradients", "fit", "train_on_batch")
    return "" if any(other.origin.scope == scope for other in trains) else purpose


def _is_unit_test(event: Event) -> bool:
    name = event.origin.span.path.replace("\\", "/").rpartition("/")[2] if event.origin.span is not None else ""
    in_class = any(part.startswith("Test") or part.endswith(("Test", "Tests", "TestCase")) for part in event.origin.scope.split("."))
    return in_class or name.startswith("test_") or name.endswith("_test.py")
