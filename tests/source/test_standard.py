"""What Python and its standard library make of values on the way to a model."""

import pytest

from tests.source.programs import flow, known, read

HEAD = """\
import copy, functools, itertools, json, operator
import numpy as np
from tensorflow import keras
from tensorflow.keras.layers import *
"""


def value(expression: str, before: str = "") -> object:
    """What an expression comes to, seen as the units of a layer."""
    return known(read(f"{before}Dense({expression})\n", HEAD).layer("Dense").config["units"])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("min([(2, ReLU()), (1, ReLU())])[0]", 1),
        ("max(['a', 'bcd'], key=len) == 'bcd'", True),
        ("min([], default=7)", 7),
        ("max({'a': 2, 'b': 5}.values())", 5),
        ("sum([1, 2], 4)", 7),
        ("len(sum([[1], [2, 3]], []))", 3),
        ("sorted({'b': Dense, 'a': ReLU}.items())[0][0] == 'a'", True),
        ("dict.fromkeys('ab', 3)['b']", 3),
        ("({'a': 1} | {'a': 2})['a']", 2),
        ("len({1, 2} & {2, 3}) + len({1, 2} - {2}) + len({1, 2} ^ {2, 3})", 4),
        ("frozenset([4]) <= 4", "?"),
        ("json.loads('{\"f\": [4, 8]}')['f'][1]", 8),
        ("operator.itemgetter('f')({'f': 4})", 4),
        ("operator.itemgetter(0, 1)((4, 5))", (4, 5)),
        ("operator.methodcaller('get', 'x', 3)({})", 3),
        ("int(np.array([2, 4])[1] * 3)", 12),
        ("[int(f) for f in np.array([2, 4]) * 2][-1]", 8),
        ("round(np.linspace(0, 1, 5)[1] * 4)", 1),
        ("np.linspace(0, 0.5, 3).tolist()[2]", 0.5),
        ("np.prod((2, 3)) + np.sum([1, 2]) + np.max([4, 5])", 14),
        ("int(np.cumsum([1, 2, 3])[2])", 6),
        ("type(3) is int and type('a') != int and type(Dense) is type", True),
        ("isinstance(Dense, type) and not isinstance('Dense', type)", True),
        ("issubclass(BatchNormalization, Layer) and not issubclass(Dense, (ReLU, BatchNormalization))", True),
    ],
)
def test_values(expression: str, expected: object) -> None:
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("before", "expression", "expected"),
    [
        ("a = {'n': {'f': 4}}\nb = copy.deepcopy(a)\nb['n']['f'] = 8\n", "a['n']['f']", 4),
        ("a = {'n': {'f': 4}}\nb = copy.copy(a)\nb['n']['f'] = 8\n", "a['n']['f']", 8),
        ("a = [1]\na.append(a)\nb = copy.deepcopy(a)\n", "b[0]", 1),
        ("a = {'f': 4}\nb = a\nb |= {'f': 8}\n", "a['f']", 8),
        ("c = itertools.count(2, 3)\nnext(c)\n", "next(c)", 5),
        ("def f():\n    f.n += 1\nf.n = 3\nf()\n", "f.n", 4),
        (
            "class C:\n    n = 1\n    def __enter__(self): C.n = 2\n    def __exit__(self, *e): C.n = 3\nwith C():\n    m = C.n\n",
            "(m, C.n)",
            (2, 3),
        ),
        (
            "class C:\n    @property\n    def f(self): return self.g\n    @f.setter\n    def f(self, v): self.g = v * 2\nc = C()\nc.f = 4\n",
            "c.f",
            8,
        ),
        ("class C:\n    f = staticmethod(lambda v: v + 1)\n    g = property(lambda self: self.f(3))\n", "C().g", 4),
    ],
)
def test_state(before: str, expression: str, expected: object) -> None:
    assert value(expression, before) == expected


OBJECTS = """\
class N:
    def __init__(self, n): self.n = n
    def __eq__(self, other): return self.n == other.n
    def __lt__(self, other): return self.n < other
    def __neg__(self): return -self.n
    def __rmul__(self, other): return other * self.n
    def __rrshift__(self, other): return ReLU()(other)
    def __contains__(self, n): return n <= self.n
    def __getattr__(self, name): return name + "!"
"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("N(1) == N(1)", True),
        ("N(1) != N(1)", False),
        ("N(1) != N(2)", True),
        ("N(1) < 2", True),
        ("-N(1)", -1),
        ("3 * N(2)", 6),
        ("2 in N(2) and 3 not in N(2)", True),
        ("N(1).other", "other!"),
        ("N(1).n", 1),
    ],
)
def test_special_methods(expression: str, expected: object) -> None:
    assert value(expression, OBJECTS) == expected


def test_an_object_may_be_false() -> None:
    program = read("class C:\n    def __len__(self): return 0\nx = Input((4,))\ny = Dense(1)(x) if C() else x\nz = ReLU()(y)\n", HEAD)
    assert program.flow == "Input > Dense > ReLU({Dense | Input})"


def test_a_tensor_and_an_object_that_takes_it() -> None:
    assert read(f"{OBJECTS}x = Dense(1)(Input((4,)) >> N(1))\n", HEAD).flow == "Input > ReLU > Dense"


def test_a_model_with_named_outputs_and_inputs() -> None:
    program = read(
        """
        a, b = Input((4,)), Input((4,))
        inner = keras.Model({'a': a, 'b': b}, {'x': ReLU()(a), 'y': Softmax()(b)})
        i, j = Input((4,)), Input((4,))
        o = inner({'b': Dense(1)(i), 'a': BatchNormalization()(j)})
        model = keras.Model([i, j], Concatenate()([o['y'], o['x']]))
        """,
        HEAD,
    )
    assert flow(program.models[-1]) == (
        "Input > Input.2() > Dense(Input) > BatchNormalization(Input.2) > ReLU > Softmax(Dense) > Concatenate(Softmax, ReLU)"
    )


def test_build_is_told_the_shape() -> None:
    program = read(
        """
        class Block(Layer):
            def build(self, shape):
                self.norm = BatchNormalization() if shape[-1] == 4 else LayerNormalization()
            def call(self, x):
                return self.norm(x)
        i = Input((4,))
        model = keras.Model(i, Block()(Dense(8)(Block()(i))))
        """,
        HEAD,
    )
    assert program.flow == "Input > BatchNormalization > Dense > LayerNormalization"
