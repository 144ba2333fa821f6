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
        ("for layer in reversed(base.layers):\n    layer.trainable = False", ("ResNet50", "each", "")),
        ("for layer in list(reversed(base.layers))[:20]:\n    layer.trainable = True", ("ResNet50", "slice", "")),
        ("for i in range(9):\n    base.layers[i].trainable = True", ("ResNet50", "one", "")),
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


def cuts(source: str) -> list[object]:
    return [event.args.get("cut") for event in read(source).module.events if event.kind == "set_trainable"]


@pytest.mark.parametrize(
    ("listed", "start", "stop"),
    [
        ("base.layers[-20:]", -20, None),
        ("list(reversed(base.layers))[:20]", -20, None),
        ("base.layers[::-1][20:]", None, -20),
        ("base.layers[::-1][2:5]", -5, -2),
        ("base.layers[::-1][-20:]", None, 20),
        ("reversed(base.layers[9:])", 9, None),
    ],
)
def test_a_slice_stands_where_it_does_among_all_layers(listed: str, start: int | None, stop: int | None) -> None:
    assert set(map(str, cuts(f"{NESTED}for layer in {listed}:\n    layer.trainable = True"))) == {f"slice({start}, {stop}, None)"}


def test_a_layer_by_number_stands_where_it_does_among_all_layers() -> None:
    assert cuts(f"{NESTED}base.layers[4].trainable = True\nbase.layers[-1].trainable = True") == [slice(4, 5), slice(-1, None)]
    assert cuts(f"{NESTED}base.layers[::-1][0].trainable = True\nbase.layers[n].trainable = True") == [slice(-1, None), None]


FLAG = f"""{NESTED}
reached = False
for layer in base.layers:
    if layer.name == "conv5_block1_1_conv":
        reached = True
"""


@pytest.mark.parametrize(
    "code",
    [
        "    layer.trainable = reached",
        "    layer.trainable = not reached",
        "    if reached:\n        layer.trainable = True\n    else:\n        layer.trainable = False",
    ],
)
def test_a_flag_that_an_earlier_layer_has_set_tells_where_a_layer_stands(code: str) -> None:
    events = [event for event in read(FLAG + code).module.events if event.kind == "set_trainable" and event.args["of"] == "slice"]
    assert {event.args["value"] for event in events} == {True, False}
    assert {event.args["only"] for event in events} == {""}


def test_what_the_layer_itself_is_asked_for_does_not_tell_where_it_stands() -> None:
    loop = "for layer in base.layers:\n    layer.trainable = layer.name == 'conv1'"
    assert reached(NESTED + loop) == {("ResNet50", "each", "")}


@pytest.mark.parametrize(
    ("name", "kind"), [("resnet50", "ResNet50"), ("mobilenetv2_1.00_224", "MobileNetV2"), ("efficientnetv2-b0", "EfficientNetV2B0")]
)
def test_a_backbone_is_found_by_the_name_that_it_gives_itself(name: str, kind: str) -> None:
    source = NESTED.replace("ResNet50", kind)
    assert reached(f"{source}model.get_layer('{name}').trainable = True") == {(kind, None, None)}
    assert reached(f"{source}model.get_layer('head').trainable = True") == {("net", "one", "")}
    assert reached(f"{source.replace('=False', '=False, name=' + repr('base'))}model.get_layer('{name}').trainable = True") == {
        ("net", "one", "")
    }


FROZEN = """
import zoo

def block(x):
    return BatchNormalization()(x)

def build(given, made=Dense(3)):
    inputs = Input((8, 8, 3))
    for layer in MODEL.layers:
        layer.trainable = False
"""


@pytest.mark.parametrize(
    ("model", "foreign"),
    [
        ("zoo.ResNet()", True),
        ("zoo.ResNet(inputs)", True),
        ("zoo.ResNet(input_tensor=given)", True),
        ("zoo.wrap(given)", False),
        ("zoo.ResNet(block(inputs))", False),
        ("zoo.ResNet(input_tensor=block(given))", False),
        ("zoo.ResNet(inputs, block)", False),
        ("zoo.ResNet(head=made)", False),
        ("given(inputs)", False),
    ],
)
def test_what_other_code_makes_of_inputs_holds_nothing_from_here(model: str, foreign: bool) -> None:
    events = [event for event in read(FROZEN.replace("MODEL", model)).module.events if event.kind == "set_trainable"]
    assert {event.args.get("foreign", False) for event in events} == {foreign}
