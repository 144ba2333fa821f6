"""What a function or a model is for, where its name and its surroundings tell."""

from __future__ import annotations

import re

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
    return "" if trains_in(project, scope) else purpose


def _is_unit_test(event: Event) -> bool:
    name = event.origin.span.path.replace("\\", "/").rpartition("/")[2] if event.origin.span is not None else ""
    in_class = any(part.startswith("Test") or part.endswith(("Test", "Tests", "TestCase")) for part in event.origin.scope.split("."))
    return in_class or name.startswith("test_") or name.endswith("_test.py")


def trains_in(project: Project, scope: str) -> bool:
    """Whether a function trains a model."""
    return any(event.origin.scope == scope for event in query.events(project, "gradient", "apply_gradients", "fit", "train_on_batch"))


def enlarges(graph: ModelGraph) -> bool:
    """Whether a model makes images larger, as generators and decoders do."""
    return any(call.layer.kind.endswith("Transpose") or call.layer.kind.startswith("UpSampling") for call in graph.calls)


def translates(project: Project, graph: ModelGraph) -> bool:
    """Whether a model may be a generator of images from images (pix2pix), for which the statistics of a batch of 1 are the method."""
    flat = any(call.shape is not None and len(call.shape) == 2 for call in query.calls_of(graph, "input"))
    if flat or not enlarges(graph):
        return False
    sources = [event.args.get("sources") for event in query.events(project, "gradient")]
    trained = {id(source) for each in sources if isinstance(each, tuple) for source in each}
    named = words(graph.name) | words(graph.origin.scope) | (words(graph.cls.name) if graph.cls is not None else set())
    return len(trained) > 1 or bool(named & GENERATORS)
