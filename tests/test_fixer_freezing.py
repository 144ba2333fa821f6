"""Statements that freeze layers, and renamed parameters: where they are put, how they are spelled, what is refused."""

import pytest

from bnlint.findings import Freeze, FreezeNorms, RenameAttribute, RenameParameter
from tests.test_fixer_edits import Make, fixed, refusal, spot

IMPORT = "from keras import layers\n"
LOOP = "for layer in base._flatten_layers():\n    if isinstance(layer, layers.BatchNormalization):\n        layer.trainable = False\n"


def freeze(assignment: str) -> Make:
    return lambda document: FreezeNorms(spot(document, assignment))


WHOLE = "base.trainable = True\n"
SLICE = "for layer in base.layers[-9:]:\n    layer.trainable = True\n"
BACKWARDS = "for layer in reversed(base.layers[9:]):\n    layer.trainable = True\n"
NUMBERED = "for number, layer in enumerate(base.layers):\n    layer.trainable = number > 9\n"
BY_NUMBER = "for i in range(9, len(base.layers)):\n    base.layers[i].trainable = True\n"
INSIDE = "def tune(self):\n\tself.base.trainable = True\n\treturn self\n"


@pytest.mark.parametrize(
    ("source", "assignment", "expected"),
    [
        (f"{IMPORT}{WHOLE}fit()\n", "base.trainable", f"{IMPORT}{WHOLE}{LOOP}fit()\n"),
        *((f"{IMPORT}{loop}fit()\n", "layer.trainable", f"{IMPORT}{loop}{LOOP}fit()\n") for loop in (SLICE, BACKWARDS, NUMBERED)),
        (f"{IMPORT}{BY_NUMBER}fit()\n", "base.layers[i].trainable", f"{IMPORT}{BY_NUMBER}{LOOP}fit()\n"),
        (
            f"{IMPORT}{INSIDE}",
            "self.base.trainable",
            f"{IMPORT}def tune(self):\n\tself.base.trainable = True\n\tfor layer in self.base._flatten_layers():\n"
            "\t\tif isinstance(layer, layers.BatchNormalization):\n\t\t\tlayer.trainable = False\n\treturn self\n",
        ),
        (
            f"from keras.layers import Dense\n{WHOLE}",
            "base.trainable",
            f"from keras.layers import BatchNormalization, Dense\n{WHOLE}{LOOP.replace('layers.Batch', 'Batch')}",
        ),
        (
            f"{IMPORT}{WHOLE}use(layer)\n",
            "base.trainable",
            f"{IMPORT}{WHOLE}{LOOP.replace('layer in', 'norm in').replace('layer.', 'norm.').replace('(layer,', '(norm,')}use(layer)\n",
        ),
    ],
)
def test_a_loop_freezes_what_was_set_trainable(source: str, assignment: str, expected: str) -> None:
    assert fixed(source, freeze(assignment)) == expected


@pytest.mark.parametrize(
    ("source", "assignment", "flat", "own"),
    [
        (WHOLE, "base.trainable", "itself", True),
        (SLICE, "layer.trainable", "whole", True),
        (BY_NUMBER, "base.layers[i].trainable", "whole", True),
        (SLICE, "layer.trainable", "itself", False),
        (WHOLE, "base.trainable", "", False),
    ],
)
def test_what_holds_no_models_lists_all_its_layers(source: str, assignment: str, flat: str, own: bool) -> None:
    expected = LOOP.replace("_flatten_layers()", "layers") if own else LOOP
    assert fixed(f"{IMPORT}{source}", lambda document: FreezeNorms(spot(document, assignment), flat)) == f"{IMPORT}{source}{expected}"


@pytest.mark.parametrize(
    ("source", "assignment", "reason"),
    [
        (f"{IMPORT}base.trainable = True; fit()\n", "base.trainable", "other statements share its line"),
        (f"{IMPORT}for layer in chosen:\n    layer.trainable = True\n", "layer.trainable", "which model the loop goes over"),
        ("import other\nbase.trainable = True\n", "base.trainable", "does not import Keras's layers"),
        (f"{IMPORT}build(base)\n", "build(base)", "not a plain assignment"),
        (
            f"{IMPORT}for layer in base.layers:\n    layer.trainable = True\n    model.compile('sgd')\n",
            "layer.trainable = True",
            "compiled inside the loop",
        ),
    ],
)
def test_what_cannot_be_placed_is_refused(source: str, assignment: str, reason: str) -> None:
    assert reason in refusal(source, freeze(assignment))


def rename(source: str, old: str = "is_training") -> Make:
    return lambda document: RenameParameter(spot(document, source.rstrip("\n")), old, "training", "None")


CALL = "def call(self, x, is_training: bool = False):\n    y = f(x, training=is_training)\n    return g(y) if is_training else y\n"


def test_a_parameter_is_renamed_where_it_is_read() -> None:
    expected = "def call(self, x, training: bool = None):\n    y = f(x, training=training)\n    return g(y) if training else y\n"
    assert fixed(CALL, rename(CALL)) == expected


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def call(self, x, is_training):\n    return x\n", "has no default"),
        ("def call(self, x, is_training=False, training=None):\n    return x\n", "means something else"),
        ("def call(self, x, is_training=False):\n    training = x\n    return training\n", "means something else"),
        ("def call(self, x, is_training=False):\n    return [lambda is_training: 1]\n", "an inner function"),
        ("call = 1\n", "not a function"),
    ],
)
def test_a_parameter_that_cannot_be_renamed(source: str, reason: str) -> None:
    assert reason in refusal(source, rename(source))


def test_an_attribute_gets_another_name() -> None:
    source = "for t, s in zip(a.trainable_variables, b.c.trainable_variables):\n    t.assign(s)\n"
    makes = [
        lambda document, at=at: RenameAttribute(spot(document, at), "weights")
        for at in ("a.trainable_variables", "b.c.trainable_variables")
    ]
    assert fixed(source, *makes) == "for t, s in zip(a.weights, b.c.weights):\n    t.assign(s)\n"


def test_what_is_no_attribute_gets_none() -> None:
    assert "not an attribute" in refusal("a = f(x)\n", lambda document: RenameAttribute(spot(document, "f(x)"), "weights"))


def test_a_model_is_frozen_where_it_gets_its_name() -> None:
    source = "def f(self):\n    self.base = Net(1)\n    self.head = None\n"
    expected = "def f(self):\n    self.base = Net(1)\n    self.base.trainable = False\n    self.head = None\n"
    assert fixed(source, lambda document: Freeze(spot(document, "Net(1)"))) == expected


@pytest.mark.parametrize("source", ["a = [Net(1)]\n", "a, b = Net(1)\n", "use(Net(1))\n"])
def test_a_model_without_a_name_is_not_frozen(source: str) -> None:
    assert "not given a name" in refusal(source, lambda document: Freeze(spot(document, "Net(1)")))
