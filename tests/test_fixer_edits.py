"""Every intent in every style: what it makes of the source, what it refuses, and that the result is what was planned."""

import ast
import json
from collections.abc import Callable

import pytest

from bnlint.findings import (
    Applied,
    ApplyArguments,
    CopyLayer,
    DropArgument,
    Edit,
    Fix,
    InsertActivation,
    Instantiate,
    MoveImport,
    RemoveApplication,
    RemoveStatement,
    RenameArgument,
    RenameCallee,
    Repeat,
    Safety,
    SetArgument,
    SetParameter,
    Swap,
    Unwrap,
)
from bnlint.fixer import Refused, apply, edits, styles
from bnlint.graph.model import Span
from bnlint.text import Chunk, Document, load

Make = Callable[[Document], Edit]


def _text(chunk: Chunk) -> str:
    return chunk.original.replace("\r\n", "\n").replace("\r", "\n")


def spot(document: Document, needle: str, start: int = 0) -> Span:
    """Where a piece of source first stands, after `start`."""
    for chunk in document.chunks:
        text = _text(chunk)
        offset = text.find(needle, start)
        if offset >= 0:
            ends = [(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)) for at in (offset, offset + len(needle))]
            return Span(document.path, *ends[0], *ends[1], chunk.cell)
    raise AssertionError(f"{needle!r} is not in the source")


def applied(document: Document, call: str, hole: str | None = None) -> Applied:
    """An application; its input is the last place in the call where `hole` stands."""
    at = spot(document, call)
    if hole is None:
        return Applied(at, None)
    lines = _text(document.by_cell[at.cell]).split("\n")
    offset = sum(len(line) + 1 for line in lines[: at.line - 1]) + at.column - 1
    return Applied(at, spot(document, hole, offset + call.rindex(hole)))


def definition(document: Document, name: str = "call") -> Span:
    chunk = document.chunks[0]
    return next(chunk.span(node) for node in ast.walk(chunk.parse()) if isinstance(node, ast.FunctionDef) and node.name == name)


def swap(first: str, second: str, *holes: str) -> Make:
    one, other = holes or (None, None)
    return lambda document: Swap(applied(document, first, one), applied(document, second, other))


def activate(after: str, hole: str | None, value: str) -> Make:
    """Move the activation that stands as the only (or as `activation=`) `value`."""

    def make(document: Document) -> Edit:
        keyword = document.chunks[0].original.find(f"activation={value}")
        inline = spot(document, value, keyword + len("activation=") if keyword >= 0 else 0)
        return InsertActivation(applied(document, after, hole), value, inline)

    return make


def take_out(call: str, hole: str | None = None) -> Make:
    return lambda document: RemoveApplication(applied(document, call, hole))


def argument(call: str, name: str, code: str) -> Make:
    return lambda document: SetArgument(spot(document, call), name, code)


def drop(call: str, which: str | int) -> Make:
    return lambda document: DropArgument(spot(document, call), which)


def name(call: str, which: str | int, new: str) -> Make:
    return lambda document: RenameArgument(spot(document, call), which, new)


def parameter(name: str, code: str, *forward: str) -> Make:
    return lambda document: SetParameter(definition(document), name, code, tuple(spot(document, call) for call in forward))


def fixed(source: str, *makes: Make) -> str:
    """The source with the edits made, all the way: feasible, rendered, spliced, checked."""
    document = load("model.py", source.encode())
    fix = Fix(Safety.UNSAFE, tuple(make(document) for make in makes))
    assert edits.feasible(document, fix) == ""
    return apply.apply(document, edits.render(document, fix), [fix]).decode()


def refusal(source: str, *makes: Make) -> str:
    document = load("model.py", source.encode())
    fix = Fix(Safety.UNSAFE, tuple(make(document) for make in makes))
    reason = edits.feasible(document, fix)
    with pytest.raises(Refused) as caught:
        edits.render(document, fix)
    assert caught.value.reason == reason
    return reason


SEQUENTIAL = """\
from tensorflow.keras import layers
model = Sequential([
    layers.Dense(64, activation="relu"),  # hidden
    layers.BatchNormalization(),  # norm
    layers.Dense(10),
])
"""

INSERT = {
    "sequential-list": (
        SEQUENTIAL,
        activate("layers.BatchNormalization()", None, '"relu"'),
        """\
from tensorflow.keras import layers
model = Sequential([
    layers.Dense(64),  # hidden
    layers.BatchNormalization(),  # norm
    layers.Activation("relu"),
    layers.Dense(10),
])
""",
    ),
    "last-element-without-comma": (
        "from keras import layers as L\nm = S([\n\tL.Dense(64, activation=f),\n\tL.BatchNormalization()  # norm\n])\n",
        activate("L.BatchNormalization()", None, "f"),
        "from keras import layers as L\nm = S([\n\tL.Dense(64),\n\tL.BatchNormalization(),  # norm\n\tL.Activation(f)\n])\n",
    ),
    "list-on-one-line-adds-the-import-in-its-place": (
        'from keras.layers import BatchNormalization, Dense\nm = S([Dense(64, "relu"), BatchNormalization()])\n',
        activate("BatchNormalization()", None, '"relu"'),
        'from keras.layers import Activation, BatchNormalization, Dense\nm = S([Dense(64), BatchNormalization(), Activation("relu")])\n',
    ),
    "unsorted-import-gets-it-at-the-end": (
        'from keras.layers import Dense, BatchNormalization\nm = S([Dense(64, activation="relu"), BatchNormalization()])\n',
        activate("BatchNormalization()", None, '"relu"'),
        'from keras.layers import Dense, BatchNormalization, Activation\nm = S([Dense(64), BatchNormalization(), Activation("relu")])\n',
    ),
    "import-over-lines": (
        "from keras.layers import (\n    BatchNormalization,  # b\n    Dense,\n)\n"
        'm = S([Dense(6, activation="relu"), BatchNormalization()])',
        activate("BatchNormalization()", None, '"relu"'),
        "from keras.layers import (\n    Activation,\n    BatchNormalization,  # b\n    Dense,\n)\n"
        'm = S([Dense(6), BatchNormalization(), Activation("relu")])',
    ),
    "star-import-needs-nothing": (
        'from keras.layers import *\nm = S([Dense(64, activation="relu"), BatchNormalization()])\n',
        activate("BatchNormalization()", None, '"relu"'),
        'from keras.layers import *\nm = S([Dense(64), BatchNormalization(), Activation("relu")])\n',
    ),
    "fragment-without-imports": (
        'm.add(Dense(64, activation="relu"))\nm.add(BatchNormalization())\n',
        activate("BatchNormalization()", None, '"relu"'),
        'm.add(Dense(64))\nm.add(BatchNormalization())\nm.add(Activation("relu"))\n',
    ),
    "add-at-the-end-of-a-file-without-newline": (
        "import keras\nm.add(keras.layers.Dense(64, activation=keras.activations.relu))\nm.add(keras.layers.BatchNormalization())  # n",
        activate("keras.layers.BatchNormalization()", None, "keras.activations.relu"),
        "import keras\nm.add(keras.layers.Dense(64))\nm.add(keras.layers.BatchNormalization())  # n\n"
        "m.add(keras.layers.Activation(keras.activations.relu))",
    ),
    "add-behind-a-semicolon": (
        'import keras\nm.add(keras.layers.Dense(6, activation="relu")); m.add(BN()); m.add(x)\n',
        activate("BN()", None, '"relu"'),
        'import keras\nm.add(keras.layers.Dense(6)); m.add(BN()); m.add(keras.layers.Activation("relu")); m.add(x)\n',
    ),
    "functional": (
        'import tensorflow as tf\ndef f(x):\n\tx = tf.keras.layers.Conv2D(3, 3, activation="relu", padding="same")(x)\n'
        "\tx = tf.keras.layers.BatchNormalization()(x)  # norm\n\treturn x\n",
        activate("tf.keras.layers.BatchNormalization()(x)", "x", '"relu"'),
        'import tensorflow as tf\ndef f(x):\n\tx = tf.keras.layers.Conv2D(3, 3, padding="same")(x)\n'
        '\tx = tf.keras.layers.BatchNormalization()(x)  # norm\n\tx = tf.keras.layers.Activation("relu")(x)\n\treturn x\n',
    ),
    "nested": (
        'from keras import layers\ny = layers.BatchNormalization()(layers.Dense(8, activation="elu", name="é")(x))\n',
        activate(
            'layers.BatchNormalization()(layers.Dense(8, activation="elu", name="é")(x))',
            'layers.Dense(8, activation="elu", name="é")(x)',
            '"elu"',
        ),
        'from keras import layers\ny = layers.BatchNormalization()(layers.Dense(8, name="é")(x))\ny = layers.Activation("elu")(y)\n',
    ),
    "returned": (
        'from keras import layers\ndef f(x):\n    return layers.BatchNormalization()(layers.Dense(8, activation="elu")(x))\n',
        activate('layers.BatchNormalization()(layers.Dense(8, activation="elu")(x))', 'layers.Dense(8, activation="elu")(x)', '"elu"'),
        'from keras import layers\ndef f(x):\n    return layers.Activation("elu")(layers.BatchNormalization()(layers.Dense(8)(x)))\n',
    ),
    "positional-activation-before-others": (
        'from keras import layers\nm = S([layers.Dense(8, "relu", False), layers.BatchNormalization()])\n',
        activate("layers.BatchNormalization()", None, '"relu"'),
        'from keras import layers\nm = S([layers.Dense(8, None, False), layers.BatchNormalization(), layers.Activation("relu")])\n',
    ),
    "layer-object-by-its-name": (
        "from keras.layers import BatchNormalization, Dense, LeakyReLU\n"
        "m = S([Dense(8, activation=LeakyReLU(0.1)), BatchNormalization()])\n",
        activate("BatchNormalization()", None, "LeakyReLU(0.1)"),
        "from keras.layers import BatchNormalization, Dense, LeakyReLU\nm = S([Dense(8), BatchNormalization(), LeakyReLU(0.1)])\n",
    ),
    "imported-in-the-function": (
        'def f():\n    from keras import layers as kl\n    return S([kl.Dense(8, activation="elu"), kl.BatchNormalization()])\n',
        activate("kl.BatchNormalization()", None, '"elu"'),
        'def f():\n    from keras import layers as kl\n    return S([kl.Dense(8), kl.BatchNormalization(), kl.Activation("elu")])\n',
    ),
    "classes-from-elsewhere": (
        'import keras\nfrom mine import BN, Dense\nm = S([Dense(8, activation="elu"), BN()])\n',
        activate("BN()", None, '"elu"'),
        'import keras\nfrom mine import BN, Dense\nm = S([Dense(8), BN(), keras.layers.Activation("elu")])\n',
    ),
    "layer-with-a-name-in-a-function": (
        'from keras import layers\ndef f(x):\n    bn = layers.BatchNormalization()\n    x = layers.Dense(8, activation="elu")(x)\n'
        "    x = bn(x)\n    return x\n",
        activate("bn(x)", "x", '"elu"'),
        "from keras import layers\ndef f(x):\n    bn = layers.BatchNormalization()\n    x = layers.Dense(8)(x)\n"
        '    x = bn(x)\n    x = layers.Activation("elu")(x)\n    return x\n',
    ),
    "layer-object-is-applied-as-it-is": (
        "from keras import layers\nm = S([layers.Dense(8, activation=layers.LeakyReLU(0.1)), layers.BatchNormalization()])\n",
        activate("layers.BatchNormalization()", None, "layers.LeakyReLU(0.1)"),
        "from keras import layers\nm = S([layers.Dense(8), layers.BatchNormalization(), layers.LeakyReLU(0.1)])\n",
    ),
}

SUBCLASS = """\
{imports}
class Block(Model):
    def __init__(self, act):
        self.conv = layers.Conv2D(3, 3, activation={value})
        self.bn = layers.BatchNormalization()

    def call(self, x, training=None):
        return self.bn(self.conv(x), training=training)
"""

FUNCTIONS = {
    "import tensorflow as tf\nfrom tensorflow.keras import layers": "tf.nn.relu",
    "import keras\nfrom keras import layers": "keras.activations.relu",
    "from keras import activations, layers": "activations.relu",
    "from keras import layers": "activations.relu",
}


@pytest.mark.parametrize(("source", "make", "expected"), INSERT.values(), ids=INSERT)
def test_an_inline_activation_moves_behind_the_batchnorm(source: str, make: Make, expected: str) -> None:
    assert fixed(source, make) == expected


def test_dropping_the_activation_may_be_said_twice() -> None:
    dense = 'layers.Dense(64, activation="relu")'
    make = INSERT["sequential-list"][1]
    assert fixed(SEQUENTIAL, drop(dense, "activation"), make) == INSERT["sequential-list"][2]


@pytest.mark.parametrize("imports", FUNCTIONS)
def test_in_call_the_activation_is_a_function(imports: str) -> None:
    after = activate("self.bn(self.conv(x), training=training)", "self.conv(x)", '"relu"')
    function = FUNCTIONS[imports]
    head = "from keras import activations, layers" if imports == "from keras import layers" else imports
    expected = SUBCLASS.format(imports=head, value="?").replace(", activation=?", "")
    expected = expected.replace("self.bn(self.conv(x), training=training)", f"{function}(self.bn(self.conv(x), training=training))")
    assert fixed(SUBCLASS.format(imports=imports, value='"relu"'), after) == expected


OF_TF_NN = "elu relu relu6 selu sigmoid silu softmax softplus softsign swish tanh"


@pytest.mark.parametrize("name", [*OF_TF_NN.split(), "gelu", "exponential", "hard_sigmoid"])
def test_a_function_is_taken_from_tensorflow_where_it_has_the_same(name: str) -> None:
    source = SUBCLASS.format(imports="import tensorflow as tf\nfrom tensorflow.keras import layers", value=f'"{name}"')
    result = fixed(source, activate("self.bn(self.conv(x), training=training)", "self.conv(x)", f'"{name}"'))
    assert f"return tf.{'nn' if name in OF_TF_NN.split() else 'keras.activations'}.{name}(self.bn(" in result


@pytest.mark.parametrize("prefix", ["layers", "keras.layers", "L", "KL", "kl", "tfkl", "tfl"])
def test_in_a_fragment_some_names_are_those_of_the_layers(prefix: str) -> None:
    source = f'm = S([{prefix}.Dense(8, activation="elu"), {prefix}.BatchNormalization()])\n'
    make = activate(f"{prefix}.BatchNormalization()", None, '"elu"')
    assert fixed(source, make) == f'm = S([{prefix}.Dense(8), {prefix}.BatchNormalization(), {prefix}.Activation("elu")])\n'
    mine = activate("mine.BatchNormalization()", None, '"elu"')
    assert refusal(source.replace(f"{prefix}.", "mine."), mine).startswith("the file does not import Keras's layers in a way")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("act", "`act` is known only where the activation stands now"),
        ("layers.LeakyReLU(0.1)", "its activation is a layer: build it in `__init__` and apply it behind the BatchNormalization"),
    ],
)
def test_in_call_an_activation_that_is_no_function_is_refused(value: str, reason: str) -> None:
    source = SUBCLASS.format(imports="import keras\nfrom keras import layers", value=value)
    assert refusal(source, activate("self.bn(self.conv(x), training=training)", "self.conv(x)", value)) == reason


@pytest.mark.parametrize("name", ["call", "__call__"])
@pytest.mark.parametrize(
    ("norm", "activation"),
    [("self.bn", "tf.nn.relu"), ("norm", "tf.nn.relu"), ("layers.BatchNormalization()", 'layers.Activation("relu")')],
)
def test_in_call_a_layer_is_built_only_where_another_one_is(name: str, norm: str, activation: str) -> None:
    source = "import tensorflow as tf\nfrom tensorflow.keras import layers\nclass Block(Model):\n    def {}(self, x):\n        return {}\n"
    make = activate(f'{norm}(layers.Dense(8, activation="relu")(x))', 'layers.Dense(8, activation="relu")(x)', '"relu"')
    before = source.format(name, f'{norm}(layers.Dense(8, activation="relu")(x))')
    assert fixed(before, make) == source.format(name, f"{activation}({norm}(layers.Dense(8)(x)))")


def test_what_another_function_imports_is_not_known_here() -> None:
    source = 'def g():\n    from keras import layers\nfrom mine import BN, Dense\nm = S([Dense(8, activation="relu"), BN()])\n'
    reason = "the file does not import Keras's layers in a way that lets `Activation` be added"
    assert refusal(source, activate("BN()", None, '"relu"')) == reason


@pytest.mark.parametrize("kind", ["Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "ThresholdedReLU"])
def test_a_layer_that_is_an_activation_is_applied_as_it_is(kind: str) -> None:
    assert styles.is_layer(f"layers.{kind}()")
    assert styles.is_layer(f"{kind}()")
    assert not styles.is_layer(f"layers.{kind}")
    assert not styles.is_layer(f"mine({kind})()")


REFUSED_INSERTS = {
    "optional batchnorm": (
        'from keras import layers\nx = layers.Dense(8, activation="relu")(x)\nif flag:\n    x = layers.BatchNormalization()(x)\n',
        "the two layers stand in different branches or loops",
    ),
    "other arm": (
        'from keras import layers\nif a:\n    x = layers.Dense(8, activation="relu")(x)\nelse:\n    x = layers.BatchNormalization()(x)\n',
        "the two layers stand in different branches or loops",
    ),
    "name that changes": (
        "from keras import layers\nx = layers.Dense(8, activation=act)(x)\nact = g()\nx = layers.BatchNormalization()(x)\n",
        "`act` changes between the two layers",
    ),
    "own class named Activation": (
        "from keras.layers import Dense, BatchNormalization\nclass Activation: ...\n"
        'x = Dense(8, activation="relu")(x)\nx = BatchNormalization()(x)\n',
        "the file does not import Keras's layers in a way that lets `Activation` be added",
    ),
    "layers picked by name": (
        'from keras import layers\nx = layers.Dense(8, activation="relu")(x)\nx = layers.BatchNormalization()(x)\nm.get_layer("a")\n',
        "line 4 picks a layer with `get_layer`",
    ),
}


@pytest.mark.parametrize(("source", "reason"), REFUSED_INSERTS.values(), ids=REFUSED_INSERTS)
def test_no_activation_is_inserted_where_that_could_be_wrong(source: str, reason: str) -> None:
    batchnorm = "layers.BatchNormalization()(x)" if "layers.B" in source else "BatchNormalization()(x)"
    assert refusal(source, activate(batchnorm, "x", "act" if "=act" in source else '"relu"')) == reason


APART = "layers\n    .LeakyReLU(0.1)"
"""An expression that only brackets hold together."""


def test_an_activation_over_lines_becomes_no_statement() -> None:
    source = f"from keras import layers\nx = layers.Dense(8, activation={APART})(x)\nx = layers.BatchNormalization()(x)\n"
    make = activate("layers.BatchNormalization()(x)", "x", APART)
    assert refusal(source, make) == "it is spelled over several lines that only hold together where they stand"


def test_an_activation_over_lines_moves_into_other_brackets() -> None:
    source = f"from keras import layers\nm.add(layers.Dense(8, activation={APART}))\nm.add(layers.BatchNormalization())\n"
    assert fixed(source, activate("layers.BatchNormalization()", None, APART)).endswith(f"BatchNormalization())\nm.add({APART})\n")


def test_layers_in_different_cells_stay() -> None:
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in ("y = act(x)", "w = bn(z)")]
    document = load("m.ipynb", json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode())
    fix = Fix(Safety.UNSAFE, (Swap(applied(document, "act(x)", "x"), applied(document, "bn(z)", "z")),))
    assert edits.feasible(document, fix) == "the two layers stand in different cells"


SWAPS = {
    "same-name-and-comments": (
        "x = Act()(x)  # act\nx = BN(axis=1)(x)  # norm\n",
        swap("Act()(x)", "BN(axis=1)(x)", "x", "x"),
        "x = BN(axis=1)(x)  # norm\nx = Act()(x)  # act\n",
    ),
    "variable-names-stay": (
        "def f(c):\n    y = act(c)\n    z = bn(y, training=True)\n    return z\n",
        swap("act(c)", "bn(y, training=True)", "c", "y"),
        "def f(c):\n    y = bn(c, training=True)\n    z = act(y)\n    return z\n",
    ),
    "function-with-the-input-as-keyword": (
        "y = relu(features=x)\ny = bn(y)\n",
        swap("relu(features=x)", "bn(y)", "x", "y"),
        "y = bn(x)\ny = relu(features=y)\n",
    ),
    "nested": (
        'x = BN()(Act("relu")(Conv(3)(x)))\n',
        swap('Act("relu")(Conv(3)(x))', 'BN()(Act("relu")(Conv(3)(x)))', "Conv(3)(x)", 'Act("relu")(Conv(3)(x))'),
        'x = Act("relu")(BN()(Conv(3)(x)))\n',
    ),
    "nested-over-lines": (
        "x = BN(\n    axis=1,  # channels\n)(\n    relu(conv(x))\n)\n",
        swap("relu(conv(x))", "BN(\n    axis=1,  # channels\n)(\n    relu(conv(x))\n)", "conv(x)", "relu(conv(x))"),
        "x = relu(BN(\n    axis=1,  # channels\n)(\n    conv(x)\n))\n",
    ),
    "subclass": (
        "class M(Model):\n    def call(self, x, training=None):\n        return self.bn(self.act(self.conv(x)), training=training)\n",
        swap("self.act(self.conv(x))", "self.bn(self.act(self.conv(x)), training=training)", "self.conv(x)", "self.act(self.conv(x))"),
        "class M(Model):\n    def call(self, x, training=None):\n        return self.act(self.bn(self.conv(x), training=training))\n",
    ),
    "through-a-third-layer": (
        "a = act(x)\nd = Dropout(0.5)(a)\nb = bn(d)\n",
        swap("act(x)", "bn(d)", "x", "d"),
        "a = bn(x)\nd = Dropout(0.5)(a)\nb = act(d)\n",
    ),
    "list-with-comments": (
        'm = S([\n  Act("relu"),  # a\n  BN()  # b\n])\n',
        swap('Act("relu")', "BN()"),
        'm = S([\n  BN(),  # b\n  Act("relu")  # a\n])\n',
    ),
    "list-on-one-line": ("m = S([Act(), BN(), D()])  # all\n", swap("Act()", "BN()"), "m = S([BN(), Act(), D()])  # all\n"),
    "add": ("m.add(Act())  # a\nm.add(BN())\n", swap("Act()", "BN()"), "m.add(BN())\nm.add(Act())  # a\n"),
    "name-is-replaced-before-its-next-use": (
        "y = act(x)\nz = bn(y)\ny = conv(z)\nprint(y)\n",
        swap("act(x)", "bn(y)", "x", "y"),
        "y = bn(x)\nz = act(y)\ny = conv(z)\nprint(y)\n",
    ),
    "in-a-loop": (
        "for i in range(3):\n    y = conv(z)\n    y = act(y)\n    z = bn(y)\n",
        swap("act(y)", "bn(y)", "y", "y"),
        "for i in range(3):\n    y = conv(z)\n    y = bn(y)\n    z = act(y)\n",
    ),
}

TWICE = "`y`, the result of the first layer, is used more than once"

REFUSED_SWAPS = {
    "read later": ("y = act(x)\nz = bn(y)\nprint(y)\n", TWICE),
    "read between": ("y = act(x)\nprint(y)\nz = bn(y)\n", TWICE),
    "read twice on the way": ("y = act(x)\ny = f(y, y)\nz = bn(y)\n", TWICE),
    "read after it in a case": ("match s:\n    case 1:\n        y = act(x)\n        z = bn(y)\n        print(y)\n", TWICE),
    "read after the match": ("match s:\n    case 1:\n        y = act(x)\n        z = bn(y)\nprint(y)\n", TWICE),
    "beside each other": ("z = f(act(x), bn(y))\n", "the one layer does not feed the other directly"),
    "read by a closure": ("def f():\n    return y\ny = act(x)\nz = bn(y)\n", TWICE),
    "read by the default of a closure": ("y = act(x)\nz = bn(y)\ndef f(y=y):\n    return y\n", TWICE),
    "read by a decorator": ("y = act(x)\nz = bn(y)\n@keep(y)\nclass C:\n    pass\n", TWICE),
    "read where a loop finds nothing": ("y = act(x)\nz = bn(y)\nfor y in s:\n    pass\nelse:\n    g(y)\n", TWICE),
    "read by a guard": ("y = act(x)\nz = bn(y)\nmatch s:\n    case 1 if y:\n        pass\n", TWICE),
    "read in the next round": ("for i in s:\n    g(y)\n    y = act(x)\n    z = bn(y)\n", TWICE),
    "read after the branch": ("if a:\n    y = act(x)\n    z = bn(y)\nelse:\n    z = y\ng(y)\n", TWICE),
    "in different branches": ("y = act(x)\nif a:\n    z = bn(y)\n", "the two layers stand in different branches or loops"),
    "in different functions": ("y = act(x)\ndef f():\n    z = bn(y)\n", "the two layers stand in different functions"),
    "name in a call changes": ("y = act(x, slope)\nslope = 2\nz = bn(y)\n", "`slope` changes between the two layers"),
    "attribute in a call changes": ("y = act(x, self.a)\nself.a = 2\nz = bn(y)\n", "`a` changes between the two layers"),
    "kept in a container": ("d['y'] = act(x)\nz = bn(y)\n", "the result of the first layer goes into more than a variable"),
    "part of a larger expression": ("y = act(x) + s\nz = bn(y)\n", "the result of the first layer goes into more than a variable"),
    "replaced between": ("y = act(x)\ny = q\nz = bn(y)\n", "the result of the first layer does not reach the other"),
    "picked by index": ("y = act(x)\nz = bn(y)\nm.layers[3]\n", "line 3 picks layers by their index"),
}


@pytest.mark.parametrize(("source", "make", "expected"), SWAPS.values(), ids=SWAPS)
def test_two_layers_change_places(source: str, make: Make, expected: str) -> None:
    assert fixed(source, make) == expected


@pytest.mark.parametrize(("source", "reason"), REFUSED_SWAPS.values(), ids=REFUSED_SWAPS)
def test_layers_do_not_change_places_where_that_could_be_wrong(source: str, reason: str) -> None:
    first = next(call for call in ("act(x)", "act(x, slope)", "act(x, self.a)") if call in source)
    hole = source.index("act(x") + len("act(")
    assert refusal(source, lambda d: Swap(Applied(spot(d, first), spot(d, "x", hole)), applied(d, "bn(y)", "y"))) == reason


def test_an_element_and_a_call_do_not_change_places() -> None:
    source = "m = S([act(x)])\nz = bn(y)\n"
    assert "element of a Sequential" in refusal(source, lambda d: Swap(applied(d, "act(x)"), applied(d, "bn(y)", "y")))


REMOVALS = {
    "line-of-a-list": ("m = S([\n    A(),  # a\n    BN(),  # b\n    C()\n])\n", take_out("BN()"), "m = S([\n    A(),  # a\n    C()\n])\n"),
    "last-line-of-a-list": ("m = S([\n    A(),  # a\n    BN()\n])\n", take_out("BN()"), "m = S([\n    A()  # a\n])\n"),
    "first-of-a-line": ("m = S([BN(), A()])\n", take_out("BN()"), "m = S([A()])\n"),
    "last-of-a-line": ("m = S([A(), BN()])\n", take_out("BN()"), "m = S([A()])\n"),
    "add": ("m.add(A())\nm.add(BN())  # b\nm.add(C())\n", take_out("BN()"), "m.add(A())\nm.add(C())\n"),
    "add-at-the-end-without-newline": ("m.add(A())\nm.add(BN())", take_out("BN()"), "m.add(A())"),
    "add-among-semicolons": ("m.add(A()); m.add(BN()); m.add(C())\n", take_out("BN()"), "m.add(A()); m.add(C())\n"),
    "add-last-behind-a-semicolon": ("m.add(A()); m.add(BN())\nm.add(C())\n", take_out("BN()"), "m.add(A())\nm.add(C())\n"),
    "statement": ("def f(x):\n    x = BN()(x)  # b\n    return x\n", take_out("BN()(x)", "x"), "def f(x):\n    return x\n"),
    "other-name": ("y = BN()(x)  # b\n", take_out("BN()(x)", "x"), "y = x  # b\n"),
    "nested": ("y = conv(BN()(act(x)))\n", take_out("BN()(act(x))", "act(x)"), "y = conv(act(x))\n"),
    "operator-inside-gets-parentheses": ("y = BN()(a + b) * 2\n", take_out("BN()(a + b)", "a + b"), "y = (a + b) * 2\n"),
    "lines-inside-get-parentheses": (
        "y = BN()(\n    a\n    .f(x)\n)\n",
        take_out("BN()(\n    a\n    .f(x)\n)", "a\n    .f(x)"),
        "y = (a\n    .f(x))\n",
    ),
    "constructor-that-nothing-else-needs": (
        "class M:\n    def __init__(self):\n        self.a = A()\n        self.bn = BN()\n"
        "    def call(self, x):\n        return self.a(self.bn(x))\n",
        take_out("self.bn(x)", "x"),
        "class M:\n    def __init__(self):\n        self.a = A()\n    def call(self, x):\n        return self.a(x)\n",
    ),
    "constructor-that-is-needed": (
        "bn = BN()\ny = bn(x)\nprint(bn)\n",
        take_out("bn(x)", "x"),
        "bn = BN()\ny = x\nprint(bn)\n",
    ),
}


@pytest.mark.parametrize(("source", "make", "expected"), REMOVALS.values(), ids=REMOVALS)
def test_an_application_is_taken_out(source: str, make: Make, expected: str) -> None:
    assert fixed(source, make) == expected


@pytest.mark.parametrize("built", ["bn, other = BN(), 1\n", "bn: Layer = BN()\n", "bn = other = BN()\n", "if a:\n    bn = BN()\n"])
def test_a_layer_that_is_taken_out_stays_built_where_more_hangs_on_it(built: str) -> None:
    source = f"{built}x = a(x)\nx = bn(x)\n"
    assert fixed(source, take_out("bn(x)", "x")) == f"{built}x = a(x)\n"


def test_the_only_statement_of_a_block_stays() -> None:
    assert refusal("if a:\n    m.add(BN())\n", take_out("BN()")) == "it is the only statement of its block"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("BatchNormalization, Dense", "Activation, BatchNormalization, Dense"),
        ("Dense, BatchNormalization", "Dense, BatchNormalization, Activation"),
    ],
)
def test_an_import_in_brackets_is_given_another_name_in_them(names: str, expected: str) -> None:
    source = "from keras.layers import ({})\nm = S([Dense(8{}), BatchNormalization(){}])\n"
    make = activate("BatchNormalization()", None, "'elu'")
    assert fixed(source.format(names, ", activation='elu'", ""), make) == source.format(expected, "", ", Activation('elu')")


LONG = "y = Conv(\n    64,  # filters\n    activation='relu',  # act\n    padding='same',\n)\n"

ARGUMENTS = {
    "set-first": ("y = f()\n", argument("f()", "a", "1"), "y = f(a=1)\n"),
    "set-another": ("y = f(x)\n", argument("f(x)", "a", "1"), "y = f(x, a=1)\n"),
    "set-before-double-star": ("y = f(x, **k)\n", argument("f(x, **k)", "a", "1"), "y = f(x, a=1, **k)\n"),
    "set-behind-trailing-comma": ("y = f(x,)\n", argument("f(x,)", "a", "1"), "y = f(x, a=1,)\n"),
    "set-other-value": ("y = f(training = False)\n", argument("f(training = False)", "training", "True"), "y = f(training = True)\n"),
    "set-on-its-own-line": (LONG, argument(LONG[4:-1], "a", "1"), LONG.replace("'same',\n", "'same',\n    a=1,\n")),
    "set-keeps-comment-with-its-argument": (
        "y = f(\n    1,\n    2  # two\n)\n",
        argument("f(\n    1,\n    2  # two\n)", "a", "1"),
        "y = f(\n    1,\n    2,  # two\n    a=1\n)\n",
    ),
    "drop-first": ("y = f(1, b=2)\n", drop("f(1, b=2)", 0), "y = f(b=2)\n"),
    "drop-last": ("y = f(1, b=2)\n", drop("f(1, b=2)", "b"), "y = f(1)\n"),
    "drop-only": ("y = f(b=2)\n", drop("f(b=2)", "b"), "y = f()\n"),
    "drop-line-keeps-comments": (LONG, drop(LONG[4:-1], "activation"), LONG.replace("activation='relu',  # act", "# act")),
    "drop-aligned": ("y = f(1,\n      b=2)\n", drop("f(1,\n      b=2)", "b"), "y = f(1)\n"),
    "rename-positional": ("y = BN(0.8)(x)\n", name("BN(0.8)", 0, "momentum"), "y = BN(momentum=0.8)(x)\n"),
    "rename-in-parentheses": ("y = BN((0.8))(x)\n", name("BN((0.8))", 0, "momentum"), "y = BN(momentum=(0.8))(x)\n"),
    "rename-keyword": ("y = BN(mode=1, axis=2)\n", name("BN(mode=1, axis=2)", "mode", "kind"), "y = BN(kind=1, axis=2)\n"),
    "unicode-before": ("s, y = 'ünï✓𝕏', f(x)\n", argument("f(x)", "a", "'é'"), "s, y = 'ünï✓𝕏', f(x, a='é')\n"),
    "method-chain-over-lines": ("y = (a\n     .f(x))\n", argument("a\n     .f(x)", "b", "1"), "y = (a\n     .f(x, b=1))\n"),
}


@pytest.mark.parametrize(("source", "make", "expected"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments_change_and_their_layout_stays(source: str, make: Make, expected: str) -> None:
    assert fixed(source, make) == expected


def test_changes_that_meet_are_refused() -> None:
    source = "y = f(g(a=2), 0.5)\n"
    with pytest.raises(Refused, match="two of its changes concern the same code"):
        fixed(source, name("f(g(a=2), 0.5)", 1, "rate"), name("f(g(a=2), 0.5)", 0, "x"), drop("g(a=2)", "a"))


def test_several_changes_of_one_call_and_of_calls_inside_go_together() -> None:
    source = "y = f(g(1, a=2), 0.5, **k)\n"
    call = "f(g(1, a=2), 0.5, **k)"
    makes = (name(call, 1, "rate"), argument(call, "b", "3"), drop("g(1, a=2)", "a"))
    assert fixed(source, *makes) == "y = f(g(1), rate=0.5, b=3, **k)\n"


@pytest.mark.parametrize(
    ("source", "make", "reason"),
    [
        ("y = f(1, 2)\n", name("f(1, 2)", 0, "a"), "a positional argument would follow a keyword argument"),
        ("y = f(1, a=2)\n", name("f(1, a=2)", 0, "a"), "the call would get the same argument twice"),
        ("y = f(*v)\n", drop("f(*v)", 0), "the call has no positional argument 1"),
        ("y = f(1)\n", drop("f(1)", "a"), "the call has no argument `a`"),
        ("y = f(i for i in s)\n", argument("f(i for i in s)", "a", "1"), "an argument of the call is a generator"),
        ("y = f + 1\n", argument("f + 1", "a", "1"), "it is not a call that can be rewritten"),
        ("f(1)\n", lambda d: SetArgument(Span("m.py", 9, 1, 9, 4), "a", "1"), "nothing that can be rewritten stands at line 9, column 1"),
        ("x = f(**g(mode=0))\n", argument("f(**g(mode=0))", "mode", "1"), "`mode` is among the arguments that are unpacked"),
        ("x = f(**{'mode': 0})\n", argument("f(**{'mode': 0})", "mode", "1"), "`mode` is among the arguments that are unpacked"),
    ],
)
def test_arguments_that_cannot_change_are_refused(source: str, make: Make, reason: str) -> None:
    assert refusal(source, make) == reason


CALLS = {
    "instance": ("m = [layers.BN, a]\n", lambda d: Instantiate(spot(d, "layers.BN")), "m = [layers.BN(), a]\n"),
    "instance-by-code": ("m = [bn, a]\n", lambda d: Instantiate(spot(d, "bn"), "BN(axis=1)"), "m = [BN(axis=1), a]\n"),
    "tensor-alone": ("y = BN(x)\n", lambda d: ApplyArguments(spot(d, "BN(x)")), "y = BN()(x)\n"),
    "tensor-and-more": ("y = BN(conv(x), axis=1)\n", lambda d: ApplyArguments(spot(d, "BN(conv(x), axis=1)")), "y = BN(axis=1)(conv(x))\n"),
}


@pytest.mark.parametrize(("source", "make", "expected"), CALLS.values(), ids=CALLS)
def test_classes_are_called_and_tensors_applied(source: str, make: Make, expected: str) -> None:
    assert fixed(source, make) == expected


def unwrap(call: str) -> Make:
    return lambda document: Unwrap(spot(document, call))


def repeat(call: str) -> Make:
    return lambda document: Repeat(spot(document, call))


def copy(call: str, built: str = "BN(axis=1)") -> Make:
    return lambda document: CopyLayer(spot(document, call), spot(document, built))


WRAPPED = "y = Each(\n    BN(\n        a=1,  # one\n    ),\n)(x)\n"

REWRITTEN = {
    "wrapper": ("y = Each(BN(a=1))(x)\n", unwrap("Each(BN(a=1))"), "y = BN(a=1)(x)\n"),
    "wrapper-by-keyword": ("y = Each(layer=BN())(x)\n", unwrap("Each(layer=BN())"), "y = BN()(x)\n"),
    "wrapper-with-arguments": ("y = Each(BN(1), name='b' + c)(x)\n", unwrap("Each(BN(1), name='b' + c)"), "y = BN(1, name='b' + c)(x)\n"),
    "wrapper-over-lines": (WRAPPED, unwrap(WRAPPED[4:-4]), "y = BN(\n        a=1,  # one\n    )(x)\n"),
    "layer": ("bn = BN(axis=1)\nx = bn(x)\ny = bn(c(x))\n", copy("bn(c(x))"), "bn = BN(axis=1)\nx = bn(x)\ny = BN(axis=1)(c(x))\n"),
    "list": ("b = [BN()] * 3\n", repeat("[BN()] * 3"), "b = [BN() for _ in range(3)]\n"),
    "list-behind": ("b = (n + 1) * [BN(a=1)]\n", repeat("(n + 1) * [BN(a=1)]"), "b = [BN(a=1) for _ in range(n + 1)]\n"),
}


@pytest.mark.parametrize(("source", "make", "expected"), REWRITTEN.values(), ids=REWRITTEN)
def test_wrappers_go_and_lists_are_built_element_by_element(source: str, make: Make, expected: str) -> None:
    assert fixed(source, make) == expected


@pytest.mark.parametrize(
    ("source", "make", "reason"),
    [
        ("y = Each(BN(b=1), b=2)\n", unwrap("Each(BN(b=1), b=2)"), "the wrapper and the layer are given the same argument"),
        ("y = Each(bn)\n", unwrap("Each(bn)"), "the layer is not built where it is wrapped"),
        ("y = Each(BN(), **k)\n", unwrap("Each(BN(), **k)"), "the layer is not built where it is wrapped"),
        ("y = Each(  # why\n    BN())\n", unwrap("Each(  # why\n    BN())"), "a comment stands where the wrapper is taken away"),
        ("b = BN(name='a')\ny = b(x)\n", copy("b(x)", "BN(name='a')"), "a second layer would have the same name"),
        ("b = BN(axis=1)\ndef f(x):\n    return b(x)\n", copy("b(x)"), "the layer is built in another function or cell"),
        ("s.b = BN(axis=1)\ny = s.b(x)\n", copy("s.b(x)"), "the layer is not built and called by a name of its own"),
        ("b = BN(\n    axis=1)\ny = b(x)\n", copy("b(x)", "BN(\n    axis=1)"), "the constructor call goes over several lines"),
        ("b = [BN(), 1] * 3\n", repeat("[BN(), 1] * 3"), "the list that is multiplied does not hold one element"),
        ("b = [BN()] + c\n", repeat("[BN()] + c"), "it is not a list that is multiplied"),
        ("b = [  # why\n    BN()] * 3\n", repeat("[  # why\n    BN()] * 3"), "a comment stands where the list is rewritten"),
    ],
)
def test_what_cannot_be_rewritten_is_refused(source: str, make: Make, reason: str) -> None:
    assert refusal(source, make) == reason


PARAMETERS = {
    "(self, x)": "(self, x, training=None)",
    "(self, x, mask=None)": "(self, x, mask=None, training=None)",
    "(self, x, *, mask)": "(self, x, training=None, *, mask)",
    "(self, x, **kw)": "(self, x, training=None, **kw)",
    "(self, x, *args, **kw)": "(self, x, *args, training=None, **kw)",
    "(self, x, /)": "(self, x, /, training=None)",
    "(self, x, /, y, *, z=1)": "(self, x, /, y, training=None, *, z=1)",
    "(self, x: T = (1, 2),)": "(self, x: T = (1, 2), training=None,)",
    "(self, x) -> Dict[str, T]": "(self, x, training=None) -> Dict[str, T]",
    "(\n        self,\n        x,  # input\n    )": "(\n        self,\n        x,  # input\n        training=None,\n    )",
    "(self, x, training=True)": "(self, x, training=None)",
    "(self, x, training: bool = True)": "(self, x, training: bool = None)",
    "(self, x, training)": "(self, x, training=None)",
    "(self, x, training: bool)": "(self, x, training: bool = None)",
    "(self, x, *, training, y)": "(self, x, *, training=None, y)",
    "(self, training=f(')', a=1), *, y)": "(self, training=None, *, y)",
}


@pytest.mark.parametrize("before", PARAMETERS)
@pytest.mark.parametrize("head", ["def call", "@tf.function\n    def call"])
def test_a_parameter_finds_its_place(before: str, head: str) -> None:
    source = "class M:\n    {}{}:\n        return x\n"
    assert fixed(source.format(head, before), parameter("training", "None")) == source.format(head, PARAMETERS[before])


def test_a_new_parameter_is_handed_on_also_by_nested_calls() -> None:
    source = "class M:\n    def call(self, x):\n        return self.a(self.b(x), 3)\n"
    make = parameter("training", "None", "self.b(x)", "self.a(self.b(x), 3)")
    call = "self.a(self.b(x, training=training), 3, training=training)"
    assert fixed(source, make) == f"class M:\n    def call(self, x, training=None):\n        return {call}\n"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("class M:\n    def call(self, training, x):\n        pass\n", "a parameter without default follows `training`"),
        ("class M:\n    def call(self, x):\n        return training\n", "`training` means something else in the function already"),
    ],
)
def test_a_parameter_that_would_change_the_meaning_is_refused(source: str, reason: str) -> None:
    assert refusal(source, parameter("training", "None")) == reason


def test_edits_are_minimal() -> None:
    document = load("model.py", SEQUENTIAL.encode())
    fix = Fix(Safety.UNSAFE, (INSERT["sequential-list"][1](document),))
    found = [(edit.span.line, edit.span.column, edit.span.end_column, edit.text) for edit in edits.render(document, fix)]
    assert found == [(3, 20, 39, ""), (4, 41, 41, '\n    layers.Activation("relu"),')]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("m.get_layer('a')\n", "line 1 picks a layer with `get_layer`"),
        ("x = 1\nm.layers[-1].trainable = False\n", "line 2 picks layers by their index"),
        ("for layer in m.layers:\n    layers.Dense(1)\n", ""),
    ],
)
def test_coupling_to_names_and_indices_is_seen(source: str, expected: str) -> None:
    assert edits.coupled(load("m.py", source.encode())) == expected


# Where names come from


def move(statement: str, module: str, *names: str) -> Make:
    return lambda document: MoveImport(spot(document, statement), module, names)


def call_other(call: str, old: str, new: str) -> Make:
    return lambda document: RenameCallee(spot(document, call), old, new)


def remove(call: str) -> Make:
    return lambda document: RemoveStatement(spot(document, call))


SEVERAL = "from a.b import (\n    X,  # x\n    Y as Z,\n)\n"

MOVED = {
    "module": ("from a.b import X\n", move("from a.b import X", "c", "X"), "from c import X\n"),
    "name": ("from a import V2\n", move("from a import V2", "c", "X"), "from c import X as V2\n"),
    "alias": ("from a import V2 as W\n", move("from a import V2 as W", "c", "X"), "from c import X as W\n"),
    "no-alias-any-more": ("from a import V2 as X\n", move("from a import V2 as X", "c", "X"), "from c import X\n"),
    "several": (SEVERAL, move(SEVERAL[:-1], "c", "X", "Q"), SEVERAL.replace("a.b", "c").replace("Y as", "Q as")),
    "continued": ("from a.b \\\n  import X\n", move("from a.b \\\n  import X", "c", "X"), "from c \\\n  import X\n"),
    "behind-a-semicolon": ("x = 1; from a import X  # x\n", move("from a import X", "c", "X"), "x = 1; from c import X  # x\n"),
    "whole-module": ("import a.b.l as L\n", move("import a.b.l as L", "c", "l"), "from c import l as L\n"),
    "callee": ("y = a.b.C(1)\n", call_other("a.b.C(1)", "b.C", "D"), "y = a.D(1)\n"),
    "callee-over-lines": ("y = (a.b\n  .c.D)(1)\n", call_other("(a.b\n  .c.D)(1)", "c.D", "E"), "y = (a.b.E)(1)\n"),
    "statement": ("x = 1\nf(0)  # why\ny = 2\n", remove("f(0)"), "x = 1\ny = 2\n"),
}


@pytest.mark.parametrize(("source", "make", "expected"), MOVED.values(), ids=MOVED)
def test_names_come_from_elsewhere(source: str, make: Make, expected: str) -> None:
    assert fixed(source, make) == expected


def test_a_class_gets_another_name_and_another_argument_at_once() -> None:
    call = "a.b.C(1)"
    assert fixed("y = a.b.C(1)\n", call_other(call, "b.C", "D"), argument(call, "s", "True")) == "y = a.D(1, s=True)\n"


@pytest.mark.parametrize(
    ("source", "make", "reason"),
    [
        (
            "import a.b\n",
            move("import a.b", "c", "b"),
            "the statement imports more than one module, or binds none of them to a name of its own",
        ),
        ("from a import *\n", move("from a import *", "c", "*"), "it is not an import statement that can be rewritten"),
        ("from a . b import X\n", move("from a . b import X", "c", "X"), "it is not an import statement that can be rewritten"),
        ("y = C(1)\n", call_other("C(1)", "b.C", "D"), "what is called is not written as `….b.C`"),
        ("y = (a.  # why\n  C)(1)\n", call_other("(a.  # why\n  C)(1)", "C", "D"), "a comment stands where the name is rewritten"),
        ("y = f(0)\n", remove("f(0)"), "it is part of a statement that does more"),
        ("if a:\n    f(0)\n", remove("f(0)"), "it is the only statement of its block"),
    ],
)
def test_names_that_cannot_come_from_elsewhere(source: str, make: Make, reason: str) -> None:
    assert refusal(source, make) == reason


@pytest.mark.parametrize("call", ["f(**dict(a=2))", "f(a=1, **dict(a=2))", "f(a=1, **{'a': 2})"])
def test_what_is_unpacked_besides_is_not_set(call: str) -> None:
    assert refusal(f"y = {call}\n", argument(call, "a", "1")) == "`a` is among the arguments that are unpacked"
