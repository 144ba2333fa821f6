"""The families of keras.applications that hold BatchNormalization, each built as its defaults say: so bnlint reads builders, too."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from tests.oracle.truth import Truth, build

KERAS = {2: "tf_keras", 3: "keras"}
SHAPE = (96, 96, 3)


@dataclass(frozen=True)
class Family:
    """A model of keras.applications, and the Kerases that have it."""

    name: str
    majors: tuple[int, ...] = (2, 3)


FAMILIES = (
    Family("ResNet50"),
    Family("ResNet50V2"),
    Family("DenseNet121"),
    Family("MobileNet"),
    Family("MobileNetV2"),
    Family("MobileNetV3Small"),
    Family("InceptionV3"),
    Family("InceptionResNetV2"),
    Family("Xception"),
    Family("NASNetMobile"),
    Family("EfficientNetB0"),
    Family("EfficientNetV2B0"),
    Family("RegNetX002", majors=(2,)),
    Family("RegNetY002", majors=(2,)),
    Family("ResNetRS50", majors=(2,)),
)


def builder(family: Family, major: int) -> Callable[[], Any]:
    """What builds the model."""
    keras = importlib.import_module(KERAS[major])
    return partial(getattr(keras.applications, family.name), weights=None, input_shape=SHAPE, classes=10)


@cache
def truth_of(family: Family, major: int) -> Truth:
    """What real Keras builds; once for a process."""
    keras = importlib.import_module(KERAS[major])
    truth = build(keras, builder(family, major))
    keras.backend.clear_session()
    return truth


def label(major: int) -> str:
    """Name and version, as the head of a table."""
    module: Any = importlib.import_module(KERAS[major])
    return f"keras.applications of Keras {module.__version__}"
