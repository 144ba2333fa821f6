"""Models as the readers of saved files make them: layers with names, keys and weights, calls without a place in a source."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import exp, nan
from random import Random

from bnlint.findings import Finding, Severity
from bnlint.graph.model import Artifact, Call, Layer, ModelGraph, Origin, Tensor, WeightStats

PATH = "model.keras"
CONFIG = {"axis": -1, "momentum": 0.99, "epsilon": 1e-3, "center": True, "scale": True, "trainable": True}


def saved(kind: str, role: str, name: str, *inputs: Tensor, weights: dict[str, WeightStats] | None = None, **config: object) -> Call:
    """One layer, applied once."""
    origin = Origin(key=name)
    layer = Layer(kind, role, name, config or {}, weights=weights or {}, origin=origin)
    return Call(layer, inputs, shape=(None, 8, 8, config.get("filters", 16)), channels=3, origin=origin)  # type: ignore[arg-type]


def statistics(channels: int, random: Random) -> dict[str, WeightStats]:
    """What a trained layer looks like."""

    def of(draw: list[float]) -> WeightStats:
        return WeightStats.of(array("d", draw))

    return {
        "gamma": of([random.gauss(1, 0.2) for _ in range(channels)]),
        "beta": of([random.gauss(0, 0.3) for _ in range(channels)]),
        "moving_mean": of([random.gauss(0, 1.0) for _ in range(channels)]),
        "moving_variance": of([exp(random.gauss(-1, 1.2)) for _ in range(channels)]),
    }


def damaged(weights: dict[str, WeightStats]) -> dict[str, WeightStats]:
    """The same with dead channels, and variances that are no number, negative, and below epsilon."""
    gamma, variance = array("d", weights["gamma"].values), array("d", weights["moving_variance"].values)
    gamma[1], gamma[5] = 0.0, -2e-4
    variance[0], variance[2], variance[7] = nan, -0.25, 1e-9
    return {**weights, "gamma": WeightStats.of(gamma), "moving_variance": WeightStats.of(variance)}


def norm(name: str, before: Tensor, channels: int, random: Random, **config: object) -> Call:
    weights = statistics(channels, random)
    return saved("BatchNormalization", "batchnorm", name, before, weights=weights, **{**CONFIG, **config})


def graph(name: str, calls: Sequence[Call], path: str = PATH, notes: tuple[str, ...] = ()) -> ModelGraph:
    norms = sum(call.layer.role == "batchnorm" for call in calls)
    artifact = Artifact(path, "Keras archive", "3.15.1", len(calls), norms, True, notes)
    return ModelGraph(name, "functional", tuple(calls), (calls[-1],), artifact=artifact)


def residual(stages: Sequence[int] = (3, 4, 6, 3), seed: int = 7, name: str = "resnet50") -> ModelGraph:
    """A network of the shape of ResNet50, its layers named as in keras.applications."""
    random = Random(seed)
    calls: list[Call] = []

    def put(kind: str, role: str, name: str, *inputs: Tensor, **config: object) -> Call:
        calls.append(saved(kind, role, name, *inputs, **config))
        return calls[-1]

    def convolved(name: str, x: Tensor, filters: int, size: int, number: int) -> Call:
        x = put("Conv2D", "linear", f"{name}_{number}_conv", x, filters=filters, kernel_size=(size, size), padding="same", use_bias=True)
        calls.append(norm(f"{name}_{number}_bn", x, filters, random))
        return calls[-1]

    x: Call = put("InputLayer", "input", "input_layer")
    x = put("ZeroPadding2D", "resample", "conv1_pad", x)
    x = convolved("conv1", x, 64, 7, 0)
    x = put("Activation", "activation", "conv1_relu", x, activation="relu")
    x = put("MaxPooling2D", "pool", "pool1_pool", x)
    for stage, blocks in enumerate(stages, 2):
        filters = 32 * 2 ** min(stage - 1, 5)
        for block in range(1, blocks + 1):
            name_ = f"conv{stage}_block{block}"
            shortcut = convolved(name_, x, filters * 4, 1, 0) if block == 1 else x
            for number, size in ((1, 1), (2, 3)):
                x = convolved(name_, x, filters, size, number)
                x = put("Activation", "activation", f"{name_}_{number}_relu", x, activation="relu")
            x = convolved(name_, x, filters * 4, 1, 3)
            x = put("Add", "merge", f"{name_}_add", shortcut, x)
            x = put("Activation", "activation", f"{name_}_out", x, activation="relu")
    x = put("GlobalAveragePooling2D", "pool", "avg_pool", x)
    put("Dense", "linear", "predictions", x, units=1000, activation="softmax")
    return graph(name, calls)


def small() -> ModelGraph:
    """A small network, one of whose layers is damaged."""
    random = Random(3)
    first = saved("InputLayer", "input", "input")
    conv = saved("Conv2D", "linear", "conv", first, filters=24, kernel_size=(3, 3), use_bias=True)
    bad = norm("bn", conv, 24, random, epsilon=1e-3)
    object.__setattr__(bad.layer, "weights", damaged(dict(bad.layer.weights)))
    relu = saved("ReLU", "activation", "relu", bad)
    drop = saved("Dropout", "dropout", "drop", relu, rate=0.5)
    second = norm("bn_2", drop, 24, random, momentum=0.1, scale=False)
    flat = saved("Flatten", "reshape", "flatten", second)
    dense = saved("Dense", "linear", "logits", flat, units=10, use_bias=True)
    return graph("classifier", [first, conv, bad, relu, drop, second, flat, dense], notes=("This format does not record the optimizer.",))


def finding(code: str, name: str, severity: Severity, message: str, layer: str, path: str = PATH, **more: object) -> Finding:
    return Finding(code, name, severity, message, path, None, layer=layer, **more)  # type: ignore[arg-type]


SMALL_FINDINGS = (
    finding(
        "BN103", "bias-before-batchnorm", Severity.INFO, "The bias of `conv` is cancelled by `bn`", "conv", help="Drop it: `use_bias=False`"
    ),
    finding(
        "BN102", "dropout-before-batchnorm", Severity.WARNING, "`drop` shifts the variance that `bn_2` sees", "bn_2", help="Move it behind"
    ),
    finding("BN404", "unsafe-epsilon", Severity.ERROR, "`bn` has a moving variance that is negative", "bn"),
    finding(
        "BN403",
        "pytorch-momentum",
        Severity.WARNING,
        "`momentum=0.1` keeps a tenth of the old statistics",
        "bn_2",
        help="Set `momentum=0.9`",
    ),
)
