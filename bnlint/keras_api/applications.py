"""The models of keras.applications: which there are, which of them hold BatchNormalization, and what leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bnlint.graph.model import Shape
from bnlint.keras_api.sizes import OPEN, size
from bnlint.records import dataclass

_WITH: Final = (
    "DenseNet121 DenseNet169 DenseNet201 "
    "EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3 EfficientNetB4 EfficientNetB5 EfficientNetB6 EfficientNetB7 "
    "EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2L EfficientNetV2M EfficientNetV2S "
    "InceptionResNetV2 InceptionV3 MobileNet MobileNetV2 MobileNetV3Large MobileNetV3Small NASNetLarge NASNetMobile "
    "RegNetX002 RegNetX004 RegNetX006 RegNetX008 RegNetX016 RegNetX032 RegNetX040 RegNetX064 RegNetX080 RegNetX120 RegNetX160 RegNetX320 "
    "RegNetY002 RegNetY004 RegNetY006 RegNetY008 RegNetY016 RegNetY032 RegNetY040 RegNetY064 RegNetY080 RegNetY120 RegNetY160 RegNetY320 "
    "ResNeXt50 ResNeXt101 ResNet50 ResNet50V2 ResNet101 ResNet101V2 ResNet152 ResNet152V2 "
    "ResNetRS50 ResNetRS101 ResNetRS152 ResNetRS200 ResNetRS270 ResNetRS350 ResNetRS420 Xception"
)
_WITHOUT: Final = "ConvNeXtBase ConvNeXtLarge ConvNeXtSmall ConvNeXtTiny ConvNeXtXLarge VGG16 VGG19"
_BASES: Final = "DenseNet EfficientNet EfficientNetV2 MobileNetV3 NASNet RegNet ResNet ResNetRS"
"""The functions behind a family. All of these hold BatchNormalization; their arguments are taken by name only."""

APPLICATIONS: Final[Mapping[str, bool]] = {
    **dict.fromkeys((*_WITH.split(), *_BASES.split()), True),
    **dict.fromkeys((*_WITHOUT.split(), "ConvNeXt"), False),
}
"""Name of the function that builds the model -> whether the model holds BatchNormalization."""


_ENDS: Final = (
    "avg_pool block14_sepconv2_act conv5_block3_add conv5_block3_out conv_7b_ac conv_preds conv_pw_13_relu max_pool mixed9_1 mixed10 "
    "normal_concat_12 normal_concat_18 out_relu post_relu predictions relu top_activation top_dropout"
)
ENDS: Final = frozenset(_ENDS.split()) | {f"normal_add_{number}_{block}" for number in range(1, 6) for block in (12, 18)}
"""Names of layers that stand behind the last BatchNormalization of one of these models, but for those that Keras makes up, or that name a
block of RegNet or ResNetRS."""

PARAMETERS: Final = ("include_top", "weights", "input_tensor", "input_shape", "pooling", "classes", "classifier_activation", "name")
"""The parameters that most of them have, in positional order."""

_BY_PREFIX: Final[Mapping[str, str]] = {
    "ConvNeXt": "include_top include_preprocessing weights input_tensor input_shape pooling classes classifier_activation name",
    "EfficientNetV2": "include_top weights input_tensor input_shape pooling classes classifier_activation include_preprocessing name",
    "MobileNetV3": (
        "input_shape alpha minimalistic include_top weights input_tensor classes pooling dropout_rate classifier_activation "
        "include_preprocessing name"
    ),
    "MobileNetV2": "input_shape alpha include_top weights input_tensor pooling classes classifier_activation name",
    "MobileNet": "input_shape alpha depth_multiplier dropout include_top weights input_tensor pooling classes classifier_activation name",
    "NASNet": "input_shape include_top weights input_tensor pooling classes classifier_activation name",
    "RegNet": "model_name include_top include_preprocessing weights input_tensor input_shape pooling classes classifier_activation",
    "ResNetRS": "include_top weights classes input_shape input_tensor pooling classifier_activation include_preprocessing",
}
"""Parameters of the others, by the first prefix that fits; those of Keras 3 where the Kerases differ."""


@dataclass(frozen=True, slots=True)
class Application:
    """A model of keras.applications. `batchnorm`: whether it holds BatchNormalization; `parameters` in positional order."""

    name: str
    batchnorm: bool
    parameters: tuple[str, ...] = PARAMETERS


def application(canonical: str) -> Application | None:
    """What is known of `keras.applications.…ResNet50`; None for what is no model of it."""
    *place, name = canonical.split(".")
    if place[:2] != ["keras", "applications"] or name not in APPLICATIONS:
        return None
    own = next((parameters for prefix, parameters in _BY_PREFIX.items() if name.startswith(prefix)), None)
    parameters = tuple(own.split()) if own else PARAMETERS
    return Application(name, APPLICATIONS[name], () if name in _BASES.split() else parameters)


def leaving(config: Mapping[str, object], channels_first: bool = False) -> tuple[Shape, int | None]:
    """The shape and the channel axis of what leaves such a model, by its arguments; None where not even the rank is known."""
    top, pooling = config.get("include_top", True), config.get("pooling")
    if isinstance(top, int) and top:
        return (None, size(config.get("classes", 1000))), 1
    if pooling in ("avg", "max"):
        return (None, OPEN), 1
    return ((None, OPEN, OPEN, OPEN), 1 if channels_first else 3) if isinstance(top, int) and pooling is None else (None, None)
