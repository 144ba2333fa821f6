"""Decorators, generators, and what Python calls by itself on the user's objects."""

import pytest

from tests.source.programs import known, read

BLOCK = "Input > Conv2D > BatchNormalization > Activation:relu"

HEAD = """
import functools
from contextlib import contextmanager
from functools import wraps
i = Input((8, 8, 3))
"""

BODY = "    return Activation('relu')(BatchNormalization()(Conv2D(n, 3)(x)))\n"


@pytest.mark.parametrize(
    "source",
    [
        "def named(name):\n    def deco(g):\n        @wraps(g)\n        def inner(*args, **kwargs):\n            with tf.name_scope(name):\n                return g(*args, **kwargs)\n"
        f"        return inner\n    return deco\n@named('block')\ndef f(x, n=4):\n{BODY}y = f(i)",
        f"def four(g):\n    return lambda x: g(x, n=4)\n@four\ndef f(x, n):\n{BODY}y = f(i)",
        f"REGISTRY = {{}}\ndef register(name):\n    def deco(g):\n        REGISTRY[name] = g\n        return g\n    return deco\n@register('b')\ndef f(x, n=4):\n{BODY}y = REGISTRY['b'](i)",
        f"class Registry:\n    def __init__(self):\n        self.all = {{}}\n    def add(self, g):\n        self.all[g.__name__] = g\n        return g\nR = Registry()\n@R.add\ndef f(x, n=4):\n{BODY}y = R.all['f'](i)",
        f"class Deco:\n    def __init__(self, g):\n        self.g = g\n    def __call__(self, *a, **k):\n        return self.g(*a, n=4, **k)\n@Deco\ndef f(x, n):\n{BODY}y = f(i)",
        f"@functools.lru_cache(maxsize=None)\n@keras.saving.register_keras_serializable()\ndef f(x, n=4):\n{BODY}y = f(i)",
        f"from mine import deco\n@deco(3)\ndef f(x, n=4):\n{BODY}y = f(i)",
        "BLOCKS = []\ndef block(cls):\n    BLOCKS.append(cls)\n    return cls\n@block\nclass B:\n    def __call__(self, x, n=4):\n    "
        + BODY
        + "y = BLOCKS[0]()(i)",
        "def lazy(g):\n    name = '_' + g.__name__\n    @property\n    @wraps(g)\n    def inner(self):\n        if not hasattr(self, name):\n            setattr(self, name, g(self))\n        return getattr(self, name)\n"
        "    return inner\nclass Net:\n    @lazy\n    def out(self, n=4):\n        x = i\n    " + BODY + "y = Net().out",
        "class Net:\n    def __init__(self):\n        self.n = 4\n    @property\n    def n(self):\n        return self._n\n    @n.setter\n    def n(self, value):\n        self._n = value\n"
        f"n, x = Net().n, i\ndef f(x, n):\n{BODY}y = f(i, Net().n)",
    ],
)
def test_decorators_are_called(source: str) -> None:
    program = read(HEAD + source)
    assert program.flow == BLOCK
    assert program.layer("Conv2D").config["filters"] == 4


def test_a_wrapper_is_not_analysed_beside_what_it_wraps() -> None:
    program = read(
        "def deco(g):\n    def inner(*a, **k):\n        return g(*a, **k)\n    return inner\n@deco\ndef f(x, n=4):\n    return BatchNormalization()(Dense(n)(x))"
    )
    assert program.flow == "unknown > Dense > BatchNormalization"
    assert program.layer("Dense").config["units"] == 4


def test_the_call_of_a_layer_stays_what_is_written() -> None:
    program = read("""
        def logged(f):
            def inner(*args, **kwargs):
                return f(*args, **kwargs)
            return inner

        class Block(layers.Layer):
            def __init__(self):
                super().__init__()
                self.bn = BatchNormalization()

            @logged
            def call(self, x, training=None):
                return self.bn(x, training=training)
    """)
    (block,) = program.module.classes
    assert block.methods["call"].parameter("training") is not None
    assert program.flow == "unknown > BatchNormalization"


@pytest.mark.parametrize(
    "source",
    [
        "def make(n):\n    yield Conv2D(n, 3)\n    yield BatchNormalization()\n    yield Activation('relu')\ny = i\nfor layer in make(4):\n    y = layer(y)",
        "def make(n):\n    for k in (3,):\n        yield Conv2D(n, k)\n        yield BatchNormalization()\n    yield from [Activation('relu')]\nm = keras.Sequential([InputLayer((8, 8, 3)), *make(4)])\ndel i",
        "def make(x):\n    x = Conv2D(4, 3)(x)\n    yield x\n    yield BatchNormalization()(x)\na, b = make(i)\ny = Activation('relu')(b)",
        "layers_ = iter([Conv2D(4, 3), BatchNormalization(), Activation('relu')])\ny = next(layers_)(i)\ny = next(layers_)(y)\ny = next(layers_)(y)",
        "@contextmanager\ndef scope(n):\n    yield n\nwith scope(4) as n:\n    y = Activation('relu')(BatchNormalization()(Conv2D(n, 3)(i)))",
        "class Scope:\n    def __enter__(self):\n        return 4\n    def __exit__(self, *a):\n        pass\nwith Scope() as n:\n    y = Activation('relu')(BatchNormalization()(Conv2D(n, 3)(i)))",
    ],
)
def test_generators_and_context_managers(source: str) -> None:
    program = read(HEAD + source)
    assert program.flow.replace("InputLayer", "Input") == BLOCK
    assert program.layer("Conv2D").config["filters"] == 4


def test_a_generator_of_data_is_data() -> None:
    program = read(
        "def batches(x, y, batch_size=4):\n    while True:\n        yield load(x), load(y)\nm = keras.Sequential([Dense(1)])\nm.compile('adam', 'mse')\nm.fit(batches(1, 2))"
    )
    assert program.event("fit").args["batch_size"] == 4


def test_a_generator_under_a_test() -> None:
    program = read(
        "from mine import flag\ndef make():\n    yield Dense(1)\n    if flag:\n        yield BatchNormalization()\nx = Input((8,))\nfor layer in make():\n    x = layer(x)\ny = ReLU()(x)"
    )
    assert program.flow == "Input > Dense > BatchNormalization > ReLU({BatchNormalization | Dense})"


@pytest.mark.parametrize(
    "source",
    [
        "class Blocks:\n    def __init__(self, *a):\n        self.a = a\n    def __iter__(self):\n        return iter(self.a)\nfor layer in Blocks(Conv2D(4, 3), BatchNormalization(), Activation('relu')):\n    y = layer(y)",
        "class Blocks:\n    def __init__(self, *a):\n        self.a = a\n    def __iter__(self):\n        for layer in self.a:\n            yield layer\nfor n, layer in enumerate(Blocks(Conv2D(4, 3), BatchNormalization(), Activation('relu'))):\n    y = layer(y)",
        "class Blocks:\n    def __init__(self, *a):\n        self.a = a\n    def __getitem__(self, k):\n        return self.a[k]\n    def __len__(self):\n        return len(self.a)\nb = Blocks(Conv2D(4, 3), BatchNormalization(), Activation('relu'))\n"
        "for k in range(len(b)):\n    y = b[k](y)",
        "class Table:\n    def __init__(self):\n        self.d = {}\n    def __setitem__(self, k, v):\n        self.d[k] = v\n    def __getitem__(self, k):\n        return self.d[k]\nt = Table()\nt['c'] = Conv2D(4, 3)\nt['b'] = BatchNormalization()\n"
        "y = Activation('relu')(t['b'](t['c'](y)))",
        "class Then:\n    def __init__(self, *a):\n        self.a = a\n    def __rshift__(self, other):\n        return Then(*self.a, *other.a)\n    def __call__(self, x):\n        for layer in self.a:\n            x = layer(x)\n        return x\n"
        "y = (Then(Conv2D(4, 3)) >> Then(BatchNormalization()) >> Then(Activation('relu')))(y)",
        "class Net:\n    def __init__(self, x):\n        self.x = x\n    def conv(self, n):\n        self.x = Conv2D(n, 3)(self.x)\n        return self\n    def bn(self):\n        self.x = BatchNormalization()(self.x)\n        return self\ny = Activation('relu')(Net(y).conv(4).bn().x)",
    ],
)
def test_special_methods_are_called(source: str) -> None:
    assert read(f"{HEAD}y = i\n{source}").flow == BLOCK


def test_what_a_generator_is_sent_is_unknown() -> None:
    assert (
        known(
            read("def f():\n    n = yield BatchNormalization()\n    yield Dense(n)\nfor layer in f():\n    y = layer(Input((8,)))")
            .layer("Dense")
            .config["units"]
        )
        == "?"
    )
