"""The pictures of the tutorial: small models of real Keras are measured, and what comes out is drawn. `python docs/pictures.py`.

Each picture is a function that measures and gives a chart; the charts are drawn by hand, as SVG, in light or dark as the reader has it.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

FOLDER = Path(__file__).parent / "pictures"

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Series:
    """What is drawn in one colour: a line, or dots. The label stands at its last point, `lift` pixels above it."""

    label: str
    colour: str
    points: Points
    dots: bool = False
    dashed: bool = False
    lift: float = 0


@dataclass(frozen=True)
class Chart:
    """A chart with its axes: titles, limits, and the values that are marked. A logarithmic axis counts in powers of 2."""

    title: str
    across: str
    up: str
    x_ticks: Sequence[float]
    y_ticks: Sequence[float]
    series: Sequence[Series]
    logarithmic: bool = False


# What is measured


def dropout() -> Chart:
    """The spread behind Dropout and BatchNormalization at inference, where 1 is meant."""
    import keras
    import numpy

    random = numpy.random.default_rng(1)
    features = numpy.maximum(random.normal(size=(64, 256, 64)), 0).astype("float32")  # after a ReLU
    behind = []
    for rate in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        norm = keras.layers.BatchNormalization(momentum=0.9)  # bnlint: ignore[BN102]  # it is what the picture shows
        model = keras.Sequential([keras.Input((64,)), keras.layers.Dropout(rate, seed=1), norm])
        for batch in features:
            model(batch, training=True)
        behind.append((rate, float(numpy.std(model(features[0], training=False)))))
    return Chart(
        "Dropout before BatchNormalization: the spread at inference is no longer 1",
        "dropout rate",
        "standard deviation of the output",
        (0, 0.2, 0.4, 0.6, 0.8),
        (0, 0.2, 0.4, 0.6, 0.8, 1, 1.2),
        (
            Series("what BatchNormalization promises", "soft", ((0, 1), (0.8, 1)), dashed=True, lift=10),
            Series("what comes out", "bad", behind, lift=46),
        ),
    )


BATCHES = (2, 4, 8, 16, 32, 64, 128)


def small_batch() -> Chart:
    """What training makes of one sample, in many batches of each size."""
    import keras
    import numpy

    random = numpy.random.default_rng(2)
    layer = keras.layers.BatchNormalization(center=False, scale=False)
    dots = []
    for size in BATCHES:
        for number in range(60):
            batch = random.normal(size=(size, 1)).astype("float32")
            batch[0] = 1.0
            spread = (number / 59 - 0.5) * 0.5
            dots.append((size * 2**spread, float(layer(batch, training=True)[0, 0])))
    return Chart(
        "One sample in 60 batches of each size: what training makes of it",
        "batch size",
        "its normalised value",
        BATCHES,
        (-2, -1, 0, 1, 2, 3),
        (
            Series("", "bad", dots, dots=True),
            Series("its value by the true mean and variance", "soft", ((1.5, 1), (170, 1)), dashed=True, lift=60),
        ),
        logarithmic=True,
    )


STEPS = 200


def statistics() -> Chart:
    """The moving variance, step by step, of data whose variance is 4."""
    import keras
    import numpy

    class Classifier(keras.Model):
        """Its `call` takes no `training`."""

        def __init__(self) -> None:
            super().__init__()
            self.norm = keras.layers.BatchNormalization()
            self.head = keras.layers.Dense(1)

        def call(self, inputs: object) -> object:  # bnlint: ignore[BN301]  # it is what the picture shows
            return self.head(self.norm(inputs))

    random = numpy.random.default_rng(3)
    batches = [random.normal(5, 2, size=(64, 4)).astype("float32") for _ in range(STEPS)]

    def followed(model: object, norm: object) -> Points:
        """The moving variance while `fit` runs over the batches."""
        seen = [(0.0, 1.0)]
        watch = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda step, logs: seen.append((step + 1, float(numpy.mean(norm.moving_variance))))  # type: ignore[attr-defined]
        )
        data = numpy.concatenate(batches)
        model.compile("sgd", "mse")  # type: ignore[attr-defined]
        model.fit(data, numpy.zeros((len(data), 1)), batch_size=64, shuffle=False, verbose=0, callbacks=[watch])  # type: ignore[attr-defined]
        return seen

    def right(momentum: float) -> Points:
        norm = keras.layers.BatchNormalization(momentum=momentum)
        return followed(keras.Sequential([keras.Input((4,)), norm, keras.layers.Dense(1)]), norm)

    wrong = Classifier()
    wrong(batches[0])  # makes its weights
    return Chart(
        "The moving variance while a model trains",
        "steps",
        "moving variance",
        (0, 50, 100, 150, 200),
        (0, 1, 2, 3, 4, 5),
        (
            Series("variance of the data", "soft", ((0, 4), (STEPS, 4)), dashed=True, lift=10),
            Series("momentum 0.9", "good", right(0.9)[:60], lift=-18),
            Series("momentum 0.99, the default", "norm", right(0.99), lift=-40),
            Series("call without training, under Keras 3", "bad", followed(wrong, wrong.norm), lift=10),
        ),
    )


PICTURES: Mapping[str, Callable[[], Chart]] = {"dropout": dropout, "small-batch": small_batch, "statistics": statistics}

# How it is drawn

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 44, 52

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 15px; }
.soft { fill: #57606a; }
.grid { stroke: #d0d7de; }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.line.soft { stroke: #57606a; stroke-width: 1.5; }
.line.bad { stroke: #c4231c; } .bad { fill: #c4231c; }
.line.good { stroke: #1a7f37; } .good { fill: #1a7f37; }
.line.norm { stroke: #0a7a75; } .norm { fill: #0a7a75; }
.line.bad, .line.good, .line.norm, .line.soft { fill: none; }
circle { fill-opacity: 0.45; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .soft { fill: #9aa5b1; } .grid { stroke: #30363d; } .line.soft { stroke: #9aa5b1; }
  .line.bad { stroke: #ff8078; } .bad { fill: #ff8078; }
  .line.good { stroke: #4ac26b; } .good { fill: #4ac26b; }
  .line.norm { stroke: #4fc4ba; } .norm { fill: #4fc4ba; }
}
"""


def draw(chart: Chart) -> str:
    """The chart as SVG."""
    low, high = (min(chart.x_ticks), max(chart.x_ticks))
    if chart.logarithmic:
        low, high = low / 1.4, high * 1.4

    def x(value: float) -> float:
        part = math.log(value / low) / math.log(high / low) if chart.logarithmic else (value - low) / (high - low)
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        bottom, top = min(chart.y_ticks), max(chart.y_ticks)
        part = min(max((value - bottom) / (top - bottom), -0.02), 1.02)
        return round(HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM), 1)

    parts = [_text(LEFT, 22, chart.title, "title")]
    for tick in chart.y_ticks:
        parts.append(f'<path class="grid" d="M{LEFT} {y(tick)}H{WIDTH - RIGHT}"/>')
        parts.append(_text(LEFT - 8, y(tick) + 4, f"{tick:g}", "soft", "end"))
    parts += [_text(x(tick), HEIGHT - BOTTOM + 18, f"{tick:g}", "soft", "middle") for tick in chart.x_ticks]
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, chart.across, "soft", "middle"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<g transform="rotate(-90 18 {middle})">{_text(18, middle, chart.up, "soft", "middle")}</g>')
    for series in chart.series:
        places = [(x(first), y(second)) for first, second in series.points]
        if series.dots:
            parts += [f'<circle class="{series.colour}" cx="{across}" cy="{up}" r="3"/>' for across, up in places]
        else:
            dash = ' stroke-dasharray="6 5"' if series.dashed else ""
            parts.append(f'<path class="line {series.colour}"{dash} d="M{"L".join(f"{across} {up}" for across, up in places)}"/>')
        if series.label:
            parts.append(_text(places[-1][0], places[-1][1] - series.lift, series.label, series.colour, "end"))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">\n'
        f"<title>{escape(chart.title)}</title>\n<style>{STYLE}</style>\n{body}\n</svg>\n"
    )


def _text(across: float, up: float, words: str, kind: str, anchor: str = "start") -> str:
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{across:g}" y="{up:g}" class="{kind}"{place}>{escape(words)}</text>'


def main(folder: Path = FOLDER) -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    folder.mkdir(exist_ok=True)
    for name, measure in PICTURES.items():
        (folder / f"{name}.svg").write_text(draw(measure()), encoding="utf-8", newline="\n")
        print(f"wrote {folder / name}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
