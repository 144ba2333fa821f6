"""Programs that are long, deep, endless or explosive: an answer in bounded time, and a gap where something was left out."""

import time

import pytest

from bnlint import text
from bnlint.graph import coverage
from tests.source.programs import read, read_bytes

FLAGS = "from mine import flags\nx = Input((8,))\n"


def timed(source: str, seconds: float) -> list[int]:
    """The sizes of the graphs of a program, which must be read in time."""
    begin = time.process_time()
    program = read(source)
    assert time.process_time() - begin < seconds
    return [len(graph.calls) for graph in program.models]


@pytest.mark.parametrize(
    ("source", "size"),
    [
        (FLAGS + "".join(f"if flags[{i}]:\n    x = Dense({i})(x)\n" for i in range(100)), 101),
        (FLAGS + "".join(f"x = Dense({i})(x) if flags[{i}] else ReLU()(x)\n" for i in range(100)), 201),
        (FLAGS + "x = Dense(1)(x)\n" + "".join(f"try:\n    x = Dense({i})(x)\nexcept E:\n    x = ReLU()(x)\n" for i in range(100)), 202),
        (
            FLAGS
            + "if flags == 0:\n    x = Dense(1)(x)\n"
            + "".join(f"elif flags == {i}:\n    x = Dense({i})(x)\n" for i in range(1, 200)),
            201,
        ),
        (FLAGS + "".join("    " * i + f"if flags[{i}]:\n" + "    " * (i + 1) + f"x = Dense({i})(x)\n" for i in range(90)), 91),
        (FLAGS + "c = []\n" + "".join(f"if flags[{i}]:\n    c.append(Dense({i}))\n" for i in range(100)) + "m = keras.Sequential(c)", 101),
        (
            "from mine import f\ndef g(x):\n"
            + "".join(f"    if f[{i}]:\n        return Dense({i})(x)\n" for i in range(100))
            + "    return x\ny = g(Input((8,)))",
            101,
        ),
        ("x = Input((8,))\ny = " + "Dense(1)(" * 90 + "x" + ")" * 90, 91),
        ("x = Input((8,))\ny = " + " + ".join(["x"] * 500), 500),
        ("x = Input((8,))\n" + "x = x + Dense(1)(x)\n" * 100, 201),
        (f"sizes = {list(range(100_000))}\ny = Dense(sizes[7])(Input((8,)))", 2),
        (
            FLAGS
            + "c = []\n"
            + "".join(f"if flags[{i}]:\n    c.append({i})\n" for i in range(60))
            + "for k, n in enumerate(c):\n    x = Dense(n, name=f'd{k}')(x)",
            61,
        ),
        ("sizes = []\nfor i in range(50):\n    for j in range(50):\n        sizes.append(i * j)\ny = Dense(sizes[-1])(Input((8,)))", 2),
    ],
)
def test_long_programs_are_read_whole(source: str, size: int) -> None:
    assert timed(source, 3) == [size]


@pytest.mark.parametrize(
    "use", ["Concatenate()(c)", "flags(c)", "[ReLU()(each) for each in c]", "keras.Sequential(c)", "list(enumerate(c))"]
)
def test_a_list_that_grows_at_both_ends_by_many_tests(use: str) -> None:
    grow = "".join(f"if flags[{i}]:\n    c.insert(0, x)\n    c.append(y)\n" for i in range(60))
    assert all(size < 10 for size in timed(f"{FLAGS}y = Dense(1)(x)\nc = [x]\n{grow}z = {use}", 3))


def test_a_chain_of_two_hundred_functions() -> None:
    source = (
        "def f0(x):\n    return Dense(1)(x)\n"
        + "".join(f"def f{i}(x):\n    return f{i - 1}(x)\n" for i in range(1, 200))
        + "y = f199(Input((8,)))"
    )
    program = read(source)
    assert any("nest too deep" in gap for gap in program.gaps)
    assert any(call.layer.kind == "Dense" for graph in program.models for call in graph.calls)


@pytest.mark.parametrize(
    "source",
    [
        "x = Input((8,))\nwhile True:\n    x = Dense(1)(x)\n",
        "x = Input((8,))\ni = 0\nwhile i < 10 ** 9:\n    x = Dense(1)(x)\n    i += 1\n",
        "x = Input((8,))\nfor i in range(10 ** 9):\n    x = Dense(1)(x)\n",
        "x = Input((8,))\nfor i in iter(int, 1):\n    x = Dense(1)(x)\n",
        "import itertools\nx = Input((8,))\nfor i in itertools.count():\n    x = Dense(1)(x)\n",
        "x = Input((8,))\nwhile x is not None:\n    y = Dense(1)(x)\n    continue\n    x = Dense(1)(x)\n",
        "def f(x):\n    return f(Dense(1)(x))\ny = f(Input((8,)))",
        "def f(x):\n    return g(x)\ndef g(x):\n    return f(Dense(1)(x))\ny = f(Input((8,)))",
        "from mine import t\ndef f(x):\n    return f(Dense(1)(x)) if t(x) else f(ReLU()(x))\ny = f(Input((8,)))",
        "class C(layers.Layer):\n    def call(self, x):\n        return self(Dense(1)(x))\ny = C()(Input((8,)))",
        "class C:\n    @property\n    def p(self):\n        return self.p\ny = Dense(C().p)(Input((8,)))",
        "class C(C):\n    pass\ny = Dense(1)(Input((8,)))",
    ],
)
def test_what_never_ends_ends_here(source: str) -> None:
    assert timed(source, 3)


@pytest.mark.parametrize(
    "source",
    [
        "m = keras.Sequential([Dense(1)])\n" + "m = keras.Sequential([m, m])\n" * 40,
        "x = Input((8,))\nm = keras.Model(x, Dense(1)(x))\n" + "x = Input((8,))\nm = keras.Model(x, m(m(x)))\n" * 40,
        "m = keras.Sequential([Dense(1)])\n" + "m.trainable = True\n" * 10_000,
        "a = [Dense(1)]\n" + "a = a + a\n" * 40,
        "a = [Dense(1)]\n" + "a.extend(a)\n" * 40,
        "a = (1,)\n" + "a += a\n" * 40,
        "a = [1]\n" + "a = [*a, *a]\n" * 40,
        "def f(x, n):\n    return g(x, n) + g(x, n)\ndef g(x, n):\n    return h(x, n) + h(x, n)\ndef h(x, n):\n    return Dense(n)(x)\n"
        + "y = f(Input((8,)), 1)\n" * 20_000,
    ],
)
def test_explosions_meet_the_budget(source: str) -> None:
    begin = time.process_time()
    program = read(source)
    assert time.process_time() - begin < 10
    assert any("too large" in gap for gap in program.gaps)


@pytest.mark.parametrize(
    "source",
    [
        "s = 'a'\nfor i in range(200):\n    s = s + s\n",
        "s = 'a'\nfor i in range(200):\n    s = f'{s}{s}'\n",
        "s = 'a'\nfor i in range(200):\n    s = '%s%s' % (s, s)\n",
        "s = 'a'\nfor i in range(200):\n    s = '{0}{0}'.format(s)\n",
        "s = 'a'\nfor i in range(200):\n    s = s.join([s, s, s])\n",
        "s = 'a'\nfor i in range(200):\n    s = s.replace('a', 'aa')\n",
        "s = 2\nfor i in range(200):\n    s = s * s\n",
        "s = 2\nfor i in range(200):\n    s = s ** s\n",
        "s = 2\nfor i in range(200):\n    s = s << s\n",
        "s = pow(10, 10 ** 9)",
        "s = '%9999999999d' % 3",
        "s = '%*d' % (10 ** 10, 3)",
        "s = f'{3:{10 ** 10}}'",
        "s = '{:{}}'.format(3, 10 ** 10)",
        "s = 'a'.zfill(10 ** 10)",
        "s = [0] * 10 ** 10",
        "s = 10 ** 10 * (1, 2)",
        "s = list(range(10 ** 10))",
        "s = list(range(10 ** 20))",
        "s = len(range(10 ** 20))",
        "s = [i for i in reversed(range(-(10 ** 20), 10 ** 20, 3))]",
        "s = range(10 ** 20)[10 ** 19 :]",
        "s = 5 in range(10 ** 20)",
        "import numpy as np\ns = np.zeros((10 ** 20, 3))[1:]",
        "import numpy as np\ns = np.zeros((8, 3))[::0]",
        "s = sum(range(10 ** 10))",
        "s = tuple(range(10 ** 10))",
        "s = 'a' * 10 ** 10",
        "s = bytes(10 ** 10)",
        "import math\ns = math.factorial(10 ** 6)",
        "import numpy as np\ns = np.zeros((10 ** 6, 10 ** 6))",
    ],
)
def test_values_do_not_grow_without_bound(source: str) -> None:
    assert timed(source + "\ny = Dense(1, name=s)(Input((8,)))\n", 3) == [2]


@pytest.mark.parametrize(
    "source",
    [
        "a = []\na.append(a)\nm = keras.Sequential(a)\n",
        "a = {}\na['a'] = a\nclass C: pass\nc = C()\nc.a = a\n",
        "class C: pass\nc = C()\nc.c = c\nc.d = [c]\nc.l = Dense(1)\nx = Dense(1)(c)\n",
        "m = keras.Sequential([Dense(1)])\nm.add(m)\nm.add(m)\n",
        "a = [1]\na[0] = a\nb, = a\n",
        "f = lambda: f\nx = f()()()()()\n",
        "class M(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.me = self\n        self.parts = [self]\n    def call(self, x):\n        return self.me(x)\n",
    ],
)
def test_values_that_hold_themselves(source: str) -> None:
    program = read(source + "def build(x):\n    return BatchNormalization()(x)\n")
    assert any(layer.kind == "BatchNormalization" for layer in program.module.constructions)


def test_one_large_builder_leaves_the_others_their_budget() -> None:
    program = read(
        "def big(x):\n    for i in range(250):\n        for j in range(250):\n            for k in range(250):\n                x = x + i\n    return x\ndef small():\n    return keras.Model(i := Input((8,)), BatchNormalization()(i), name='small')\n"
    )
    assert program.named("small") == "Input > BatchNormalization"


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"# coding: latin-1\nx = '\xe9'\n", b"\xef\xbb\xbfx = 1\n", b"x = 1\r\ny = 2\r\n", b"\x0c\nx = 1\n"]
)
def test_odd_files_are_read(content: bytes) -> None:
    assert not read_bytes(content).models


@pytest.mark.parametrize(
    "content",
    [b"print 'x'", b"x = (", b"\x00", b"\xff\xfe", b"def f(:\n", b"(" * 500, b"x = " + b"-" * 100_000 + b"1", b"\xe9 = 1", b"if x:\npass"],
)
def test_what_is_no_python_is_unreadable_in_one_line(content: bytes) -> None:
    with pytest.raises(text.Unreadable) as caught:
        read_bytes(content)
    assert "\n" not in caught.value.message


def test_a_traced_function_that_calls_itself_and_builds_each_time() -> None:
    step = "def step(x):\n    x = step(Dense(1)(x))\n    return BatchNormalization()(x)\n"
    long = "\n".join(f"    x = Dense({number})(x)" for number in range(200))
    source = (
        f"import tensorflow as tf\n@tf.function\n{step}    if x is None:\n{long.replace('    x', '        x')}\ny = step(step(Input((8,))))"
    )
    assert len(timed(source, 3)) == 1


def test_what_builds_nothing_and_costs_much_is_run_once() -> None:
    fetch = "def fetch(n):\n" + "".join(f"    if n[{i}]:\n        n = n[{i}](n)\n" for i in range(400)) + "    return n\n"
    builders = "".join(f"def build{i}():\n    x = Dense({i})(Input((8,)))\n    fetch(x.name)\n    return x\n" for i in range(200))
    program = read(fetch + builders)
    assert len(program.models) == 200
    assert program.gaps == []


@pytest.mark.parametrize(("steps", "reason"), [(40, coverage.CUT_SHORT), (2, coverage.NOT_REACHED)])
def test_what_the_budget_cut_short_is_said_to_be(steps: int, reason: str) -> None:
    program = read("a = [Dense(1)]\n" + "a = a + a\n" * steps + "if False:\n    y = BatchNormalization()(Input((8,)))\n")
    (site,) = coverage.sites([program.module], program.models)
    assert (site.grade, site.reasons, program.module.cut) == ("not", (reason,), steps == 40)


OFFSETS = """
def offsets(n):
    points = [(i, j) for i in range(n) for j in range(n)]
    found, indices = {}, []
    for one in points:
        for other in points:
            offset = (abs(one[0] - other[0]), abs(one[1] - other[1]))
            if offset not in found:
                found[offset] = len(found)
            indices.append(found[offset])
    return indices, len(found)
"""
BUILD = "x = Input((8,))\n{0}{1}\n{0}y = Dense(4)(x)\n"


@pytest.mark.parametrize("call", ["table = offsets(14)", "table, count = offsets(14)"])
@pytest.mark.parametrize("head", ["", "def build(units):\n"])
def test_a_call_that_builds_nothing_and_never_ends_is_given_up_and_what_follows_is_read(call: str, head: str) -> None:
    program = read(
        OFFSETS + head + ("    " if head else "") + BUILD.format("    " if head else "", call) + ("    return y" if head else "")
    )
    assert program.flows == ["Input > Dense"]
    assert [gap.reason for gap in program.module.gaps] == ["offsets builds nothing and is too long to be followed"]


def test_what_is_given_up_is_another_unknown_layer_for_each_tensor() -> None:
    program = read(
        OFFSETS.replace("def offsets(n):", "def crunch(x, n=14):").replace("return indices, len(found)", "return x")
        + "def build():\n    a = Input((8,))\n    b = Dense(8)(a)\n"
        "    return Model(a, [BatchNormalization()(crunch(a)), BatchNormalization()(crunch(b))])\n"
    )
    (one,), (other,) = [call.inputs for graph in program.models for call in graph.calls if call.layer.role == "batchnorm"]
    assert one is not other
