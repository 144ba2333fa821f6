"""Calls of helpers that are made once more give what following them again would give, and nothing else is made once more."""

import pytest

from bnlint.graph import dump
from bnlint.source import copies as copying
from bnlint.source import repetition
from tests.oracle.generated import generate
from tests.source.programs import Program, read

HELPER = """
def helper(x, filters, name=None, act="relu"):
    x = Conv2D(filters, 3, padding="same", name=name and name + "_conv")(x)
    x = BatchNormalization(name=name and f"{name}_bn")(x)
    return Activation(act, name=name and "%s_%s" % (name, act))(x)
"""


def program(body: str, helper: str = HELPER) -> str:
    return f"{helper}\nx = Input((8, 8, 3))\n{body}\nmodel = keras.Model(x, y)"


def followed(source: str, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program with every call followed."""
    with monkeypatch.context() as context:
        context.setattr(repetition, "PATIENCE", 0)
        return read(source)


def said(found: Program) -> tuple[object, ...]:
    """All that a program is said to be, in words."""
    constructions = [(layer.kind, layer.name, layer.origin) for layer in found.module.constructions]
    events = [(event.kind, event.order, event.origin, event.run) for event in found.module.events]
    stacks = [(call.origin, call.decided, call.hole) for graph in found.models for call in graph.calls]
    return dump.as_data(found.models), constructions, events, stacks, found.gaps


def copies(source: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many calls are made once more; the program must be what it is when all of them are followed."""
    made: list[object] = []
    again = copying.again
    with monkeypatch.context() as context:
        context.setattr(copying, "again", lambda *given: (made.append(given), again(*given))[1])
        found = read(source)
    assert said(found) == said(followed(source, monkeypatch))
    return len(made)


EQUAL = """
def equal(sizes):
    for i in range(1, len(sizes)):
        if sizes[i] != sizes[0]:
            return False
    return True
"""


@pytest.mark.parametrize("calls", [3, 6])
def test_loops_that_ran_before_do_not_matter(calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = "".join(f"if len(sizes) < {number}:\n    raise ValueError\nequal(sizes)\n" for number in range(calls))
    source = program(f"from mine import data\nsizes = [each.size for each in data]\n{tests}y = helper(x, 8)", HELPER + EQUAL)
    assert copies(source, monkeypatch) == calls - 2  # what is unknown in it must have been met twice


@pytest.mark.parametrize(
    ("source", "count"),
    [
        (program("y = x\nfor i in range(5):\n    y = helper(y, 8)"), 3),  # the first one has another input: two are recorded
        (program("y = x\nfor i in range(5):\n    y = helper(y, 8, name=f'block{i}')"), 3),
        (program("y = x\nfor i in range(5):\n    y = helper(y, 8, 'b' + str(i)) if i % 2 else helper(y, 8)"), 2),
        (program("y = helper(x, 8)\nz = helper(x, 8)\ny = Add()([y, z])"), 1),
        (program("y = add([helper(x, 8, name='a'), helper(x, 8, name='b'), x])"), 1),
        (program("y = helper(x, 8)\ny = helper(y, 16)\ny = helper(y, 32)"), 0),
        (
            program(
                "def stack(x, n, prefix):\n    for i in range(n):\n        x = helper(x, 8, prefix + str(i))\n    return x\n"
                "y = stack(stack(helper(x, 8, 's'), 3, 'a'), 3, 'b')"
            ),
            3,
        ),
        (
            program(
                "y = factory(8)(x)\nfor i in range(4):\n    y = factory(8)(y)",
                "def factory(filters, name='f'):\n    def layer(x):\n        return BatchNormalization(name=name + 'bn')(Conv2D(filters, 3, padding='same')(x))\n"
                "    return layer",
            ),
            3,
        ),
        (program("y = x\nfor i in range(5):\n    y, z = pair(y)", "def pair(x):\n    a = Dense(1)(x)\n    return a, {'b': [a, x]}"), 3),
        (program("y = x\nfor i in range(5):\n    y = f(y)", "def f(x):\n    return x * 2 + add([x, Dense(1)(x)])"), 3),
        (program("y = x\nfor i in range(4):\n    y = f(y)", "def f(x):\n    return TimeDistributed(Dense(3))(x)"), 2),
        (
            program(
                "y = x\nfor i in range(6):\n    y = f(y)",
                "from mine import flag\ndef f(x):\n    if flag:\n        x = ReLU()(x)\n    return BatchNormalization()(x)",
            ),
            4,
        ),
        (program("y = x\nfor i in range(5):\n    y = f(y)", "def f(x):\n    return Dense(2 if K.image_data_format() else 3)(x)"), 3),
    ],
)
def test_a_call_that_is_the_same_is_made_once_more(source: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert copies(source, monkeypatch) == count


@pytest.mark.parametrize(
    "helper",
    [
        "n = 0\ndef f(x, name='a'):\n    global n\n    n += 1\n    return Dense(n)(x)",
        "seen = []\ndef f(x, name='a'):\n    seen.append(1)\n    return Dense(len(seen))(x)",
        "def f(x, name='a', seen=[]):\n    seen.append(1)\n    return Dense(len(seen))(x)",
        "counts = {'n': 0}\ndef f(x, name='a'):\n    counts['n'] += 1\n    return Dense(counts['n'])(x)",
        "class State:\n    n = 1\ndef f(x, name='a'):\n    State.n = State.n + 1\n    return Dense(State.n)(x)",
        "import itertools\nnumbers = itertools.count(1)\ndef f(x, name='a'):\n    return Dense(next(numbers))(x)",
        "def f(x, name='a'):\n    return Dense(2)(x) if name.endswith('1') else ReLU()(x)",
        "def f(x, name='a'):\n    return Dense({'b0': 1, 'b1': 2}.get(name, 3))(x)",
        "def f(x, name='a'):\n    return Dense(int(name[-1]) + 1)(x)",
        "def f(x, name='a'):\n    return Dense(len(name))(x)",
        "def f(x, name='a'):\n    return Dense(3, name=f'{name:>9}')(x)",
        "def f(x, name='a'):\n    return Dense(3, name=name.replace('b', 'c').upper())(x)",
        "def f(x, name='a'):\n    return Dense(3, name='-'.join(['q', name, name]))(x)",
        "def f(x, name='a'):\n    return Dense(3, name='{n}{0}'.format(name, n=name))(x)",
        "def f(x, name='a'):\n    return Dense(3, name=name if 'b1' in name else 'other')(x)",
        "def f(x, name='a'):\n    return Dense(3, name=name if name > 'b2' else 'other')(x)",
        "def f(x, name='a'):\n    return Dense(3, name=name if name in ('b1', 'b3') else 'other')(x)",
        "class L(layers.Layer):\n    def call(self, x):\n        return x\ndef f(x, name='a'):\n    return Dense(3)(L(name=name)(x))",
        "def f(x, name='a'):\n    layer = Dense(3)\n    layer.trainable = False\n    return layer(x)",
        "def f(x, name='a'):\n    inner = keras.Sequential([Dense(1), BatchNormalization()])\n    return inner(x)",
        "def g(x):\n    return Dense(1)(x)\ndef f(x, name='a'):\n    return Lambda(lambda t: t * 2)(g(x))",
        "import random\ndef f(x, name='a'):\n    if random.random() > 0.5:\n        x = Dense(1)(x)\n    return BatchNormalization()(x)",
    ],
)
def test_what_does_more_than_build_is_what_it_was(helper: str, monkeypatch: pytest.MonkeyPatch) -> None:
    copies(program("y = x\nfor i in range(5):\n    y = f(y, name=f'b{i}')", helper), monkeypatch)
    copies(program("y = x\nfor i in range(5):\n    y = f(y, f'b{i}')\n    y = f(y, f'b{i}')", helper), monkeypatch)


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_are_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = generate(seed, 3 if seed % 2 else 2)
    for source in made.files.values():
        copies(source, monkeypatch)


BLOCK = """
class Block(layers.Layer):
    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.conv, self.bn = Conv2D(filters, 3, padding="same"), BatchNormalization()
    def call(self, x, training=None):
        return self.bn(self.conv(x), training=training) + x
"""


@pytest.mark.parametrize(
    ("source", "count"),
    [
        (program("y = x\nfor i in range(5):\n    y = Block(8)(y)", BLOCK), 7),  # of five constructors one is followed, of five calls two
        (program("y = x\nfor i in range(5):\n    y = Block(8, name=f'b{i}')(y)", BLOCK), 7),
        (program("block = Block(8)\ny = block(block(block(x)))", BLOCK), 1),
        (program("y = x\nfor i in range(5):\n    y = f(y, i)", f"{BLOCK}def f(x, i):\n    return Block(8, name='b%d' % i)(x)"), 7),
        (
            program(
                "y = x\nfor i in range(5):\n    y = f(y)",
                "def f(x):\n    body = keras.Sequential([Dense(1), BatchNormalization()])\n    body.add(ReLU())\n    return body(x)",
            ),
            3,
        ),
        (
            program(
                "y = x\nfor i in range(5):\n    y = Stack()(y)",
                f"{BLOCK}class Stack(layers.Layer):\n    def build(self, shape):\n        self.blocks = [Block(3), Block(3)]\n"
                "        self.kept = {'n': len(self.blocks)}\n"
                "    def call(self, x):\n        for block in self.blocks:\n            x = block(x)\n        return Dense(self.kept['n'])(x)",
            ),
            9,
        ),
        (
            program(
                "y = x\nfor i in range(6):\n    y = f(y)",
                "def f(x):\n    h = tf.shape(x)[0]\n    x = tf.reshape(x, (-1, h * 2, 4, 8))\n"
                "    if h > 3:\n        x = BatchNormalization()(x)\n    return Dense(8)(x)",
            ),
            4,
        ),
        (
            program(
                "y = x\nfor i in range(6):\n    y = f(y)",
                "def f(x):\n    try:\n        x = mystery.layer(x)\n    except ImportError:\n        x = BatchNormalization()(x)\n    return x",
            ),
            3,
        ),
    ],
)
def test_objects_and_unknown_values_are_made_once_more(source: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert copies(source, monkeypatch) == count


@pytest.mark.parametrize(
    "helper",
    [
        "class Block(Block):\n    seen = []\n    def __init__(self, n, **kw):\n        super().__init__(n + len(self.seen))\n        self.seen.append(n)\n",
        "class Block(Block):\n    def call(self, x):\n        self.bn = BatchNormalization(epsilon=0.1)\n        return self.bn(super().call(x))\n",
        "class Block(Block):\n    def call(self, x):\n        return Dense(3 if self.name.endswith('2') else 4)(super().call(x))\n",
        "class Block(Block):\n    def __init__(self, n, name):\n        super().__init__(n)\n        self.bn = BatchNormalization(name=name + '_bn')\n"
        "    def call(self, x):\n        return Dense(3, name=self.bn.name + '_dense')(super().call(x))\n",
        "class Block(Block):\n    def __init__(self, n, **kw):\n        super().__init__(n)\n        self.act = lambda x: ReLU()(self.conv(x))\n"
        "    def call(self, x):\n        return self.act(x)\n",
        "class Block(Block):\n    def call(self, x):\n        return self.inner(x, 2)\n    def inner(self, x, n):\n        return self.inner(self.bn(x), n - 1) if n else x\n",
        "class Block(Block):\n    def call(self, x):\n        self.n = getattr(self, 'n', 0) + 1\n        return Dense(self.n)(x)\n",
    ],
)
def test_objects_that_do_more_are_what_they_were(helper: str, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = "y = x\nblocks = [Block(8, name=f'b{i}') for i in range(5)]\nfor block in blocks:\n    y = block(y)\n"
    copies(program(blocks, BLOCK + helper), monkeypatch)
    copies(program(f"{blocks}for block in blocks:\n    y = block(y)\n", BLOCK + helper), monkeypatch)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        # Other tests around a call, which decide nothing in it.
        ("from mine import a, b\ny = helper(x, 8)\nif a:\n    u = helper(y, 8)\nif b:\n    v = helper(y, 8)", 1),
        ("from mine import some\ny = helper(x, 8)\nfor i in some:\n    y = helper(y, 8)", 0),
        # A test around it that does.
        ("from mine import flag\ny = optional(optional(x))\nif flag:\n    y = optional(y)\nelse:\n    y = optional(y)", 0),
        # A join of what was given is made anew each time.
        ("from mine import a\nz = [helper(x, 8)] if a else [x]\ny = Add()([first(z), first(z), first(z)])", 1),
    ],
)
def test_what_stands_around_a_call_is_told_apart_where_it_matters(body: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    more = "def optional(x):\n    return BatchNormalization()(x) if flag else Dense(3)(x)\ndef first(z):\n    return ReLU()(z[0])\n"
    assert copies(program(body, HELPER + more), monkeypatch) >= count


def test_an_import_in_a_helper_is_noted_once_and_the_helper_made_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    helper = "def helper(x, filters):\n    from other import this\n    return BatchNormalization()(Conv2D(filters, 3)(x))\n"
    source = program("y = x\nfor i in range(6):\n    y = helper(y, 8)", helper)
    assert copies(source, monkeypatch)
    assert [bound.dotted for bound in read(source).module.imports].count("other.this") == 1


def test_what_is_changed_behind_a_call_is_not_what_it_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists and objects are made once more as the call left them, not as they are now."""
    helper = f"{BLOCK}def f(x):\n    return [Dense(1)(x)], Block(2)"
    body = "y = x\nfor i in range(5):\n    found, block = f(y)\n    found.append(ReLU()(y))\n    block.bn = None\n    y = add(found)"
    assert copies(program(body, helper), monkeypatch) > 0


MODELS_ON_PATHS = """
def block(units):
    inputs = Input((units,))
    return keras.Model(inputs, BatchNormalization()(Dense(units)(inputs)))

def build(kind, units):
    if kind == "a":
        return block(units)
    if kind == "c":
        model = block(units)
        raise ValueError(model.name)
    raise ValueError("unknown")

first = block(4)
second = block(4)

def main(kind):
    return build(kind, 4)
"""


def test_models_that_are_made_once_more_on_a_path_that_ends_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert copies(MODELS_ON_PATHS, monkeypatch) >= 2
