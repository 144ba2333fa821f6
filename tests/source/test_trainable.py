"""Which layers an assignment to `trainable` reaches."""

import pytest

from bnlint.graph.model import Event, Layer, ModelGraph
from tests.source.programs import read

NESTED = """
base = keras.applications.ResNet50(include_top=False)
x = Input((224, 224, 3))
model = keras.Model(x, Dense(1)(base(x)), name="net")
"""
UPON = """
base = keras.applications.ResNet50(include_top=False)
model = keras.Model(base.input, Dense(1)(base.output), name="net")
"""


def reached(source: str) -> set[tuple[str, object, object]]:
    events = [event for event in read(source).module.events if event.kind == "set_trainable"]
    return {(_name(event), event.args.get("of"), event.args.get("only")) for event in events}


def _name(event: Event) -> str:
    return event.target.kind if isinstance(event.target, Layer) else event.target.name if isinstance(event.target, ModelGraph) else "?"


WHOLE = ("ResNet50", None, None)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("base.trainable = False", WHOLE),
        ("for layer in base.layers:\n    layer.trainable = False", ("ResNet50", "each", "")),
        ("for layer in base.layers[:]:\n    layer.trainable = False", ("ResNet50", "each", "")),
        ("for layer in base._flatten_layers():\n    layer.trainable = False", ("ResNet50", "each", "")),
        ("for layer in model.layers[1].layers:\n    layer.trainable = False", ("ResNet50", "each", "")),
        ("for layer in base.layers[-20:]:\n    layer.trainable = True", ("ResNet50", "slice", "")),
        ("base.layers[4].trainable = True", ("ResNet50", "one", "")),
        ("base.get_layer('conv1_bn').trainable = True", ("ResNet50", "one", "")),
        (
            "for layer in base.layers:\n    if isinstance(layer, BatchNormalization):\n        layer.trainable = 1",
            ("ResNet50", "each", "batchnorms"),
        ),
        (
            "for layer in base.layers:\n    if not isinstance(layer, BatchNormalization):\n        layer.trainable = 1",
            ("ResNet50", "each", "others"),
        ),
        ("for layer in base.layers:\n    if isinstance(layer, Conv2D):\n        layer.trainable = True", ("ResNet50", "each", "others")),
        (
            "for layer in base.layers:\n    if isinstance(layer, Dropout):\n        continue\n    layer.trainable = 1",
            ("ResNet50", "each", "unclear"),
        ),
        ("for layer in base.layers:\n    if 'bn' not in layer.name:\n        layer.trainable = True", ("ResNet50", "each", "unclear")),
    ],
)
def test_a_nested_backbone(code: str, expected: tuple[str, object, object]) -> None:
    assert reached(NESTED + code) == {expected}


def test_the_layers_of_a_backbone_are_among_those_of_a_model_built_upon_it() -> None:
    loop = "for layer in model.layers:\n    if not isinstance(layer, BatchNormalization):\n        layer.trainable = True"
    assert ("ResNet50", "each", "others") in reached(UPON + loop)
    assert ("ResNet50", None, None) in reached(NESTED + loop)


def test_the_number_of_layers_of_a_backbone_is_not_known() -> None:
    assert reached(UPON + "for layer in model.layers[:9]:\n    layer.trainable = False") == {("net", "slice", "")}
    assert reached(UPON + "model.layers[1].trainable = True") == {("net", "one", "")}
    assert reached(UPON + "model.layers[-1].trainable = True") == {("Dense", None, None)}
