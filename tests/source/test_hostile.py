"""Any text is read without an exception other than Unreadable, and every graph is legal."""

from contextlib import suppress

import pytest

from bnlint import text
from tests.source.mutants import mutants
from tests.source.programs import read, read_bytes

GRAMMAR = '''
import os, sys as system
from . import sibling
from .. import parent as up
from ...pkg.mod import a, b as c
x: int = 1
y: "str"
(z): int = 2
del x, y[0], z.w, (a, [b])
a = b = c = 1
a, (b, *c), [d, e] = 1, (2, 3, 4), [5, 6]
*a, b = {1, 2}
a.b.c[d:e, ..., ::2] = f
a += 1; b -= 1; c *= 1; d /= 1; e //= 1; f %= 1; g **= 1; h >>= 1; i <<= 1; j &= 1; k ^= 1; l |= 1; m @= 1
a[0] += 1
a.b @= 2
assert a, b
assert (c)
pass
global q
def f(a, /, b, c=1, *d, e, f=2, **g) -> int:
    """Doc."""
    nonlocal_ = 1
    def inner():
        nonlocal nonlocal_
        nonlocal_ = 2
        global q
        q = 3
        return
    yield
    yield a
    b = yield from c
    return inner, (yield)
async def g(*, a):
    async for i in a:
        await i
    else:
        pass
    async with a as b, c as (d, e):
        yield 1
    return_ = [i async for i in a if await i]
    await asyncio.sleep(1)
lambda: 0
lambda *a, **k: (a, k)
lambda a, /, b=1, *, c: a
@decorator
@decorator.attribute(1)
@(lambda f: f)
class C(Base, metaclass=Meta, **kwargs):
    attribute: int = 3
    x = y = 2
    for i in range(3):
        locals()[i] = i
    class D:
        def m(self): return super().m()
    def __init__(self): super(C, self).__init__(); self.x, self.y = 1, 2
    @property
    def p(self): return self.x
    @p.setter
    def p(self, v): self.x = v
    @p.deleter
    def p(self): del self.x
    @staticmethod
    def s(): pass
    @classmethod
    def k(cls): return cls()
    def __enter__(self): return self
    def __getattr__(self, name): return getattr(self.x, name)
    def __call__(self, *a): return a
    def __getitem__(self, i): return self
    async def w(self): pass
class Empty: ...
'''

MORE = """
if a: pass
elif b: pass
else: pass
if (n := 10) > 5: print(n)
while a: break
else: continue_ = 1
while True:
    if a: continue
    elif b: break
for i, (j, *k) in enumerate(a): pass
else: pass
for a.b in c: pass
for a[0] in c: pass
for x in *a, *b: pass
try: pass
except: pass
try: raise
except (A, B) as e: raise X from e
except C: pass
else: pass
finally: pass
try: pass
finally: pass
try: pass
except* ValueError as g: pass
with a: pass
with a as b, c as d: pass
with (a as b, c as (d, e)): pass
match a:
    case 1 | 2 | -3 | 1 + 2j: pass
    case "a" "b": pass
    case None | True | False: pass
    case x.y.Z: pass
    case [1, *rest, 2]: pass
    case (a, b): pass
    case {"k": v, **others}: pass
    case {}: pass
    case C(1, k=2): pass
    case C(): pass
    case [] | () as e: pass
    case str() as s if s: pass
    case (1 as one): pass
    case _: pass
return_ = None
a = 1 if b else 2
a = not b or c and d
a = b < c <= d != e is not f not in g in h is i
a = b + c - d * e / f // g % h ** -i @ j << k >> l & m | n ^ ~o
a = [b, *c], {d, *e}, {f: g, **h}, (i, *j), (), [], {}
a = [b for c in d for e in f if g if h]
a = {b for b in c}, {b: c for b, c in d}, (b for b in c)
a = [[b for b in c] for c in d]
a = [lambda: i for i in range(3)]
a = b.c[d][e:f][::g][h, i:j, ...](k)(*l, m=n, **o)
a = f"{b!r:>{c}} {d=} {{}} {e:%Y} {f'{g}'}"
a = 'a' 'b', b'c'[0], r"\\d", u"x", rb"y", 0x1F, 0b1, 0o7, 1_000, 1e-3, 1j, ..., None, True
a = (yield_)
a = *b, c
print(*a, sep="", **b)
a = b if c else d if e else f
a = (lambda: (yield_))()
a = -+~b
a = b[-1], b[:-1], b[1:2:3], b[()], b[...]
type_ = int
__all__ = ["a"]
if __name__ == "__main__": main()
"""

USES = """
from tensorflow import keras
from tensorflow.keras.layers import *
x = Input((8,))
{0}
m = keras.Model(x, BatchNormalization()(x), name="after")
"""


@pytest.mark.parametrize("source", [GRAMMAR, MORE, "def f(a, b):\n" + "".join("    " + line + "\n" for line in MORE.splitlines())])
def test_every_construct_of_the_grammar(source: str) -> None:
    program = read(source, head="")
    assert program.module.path == "program.py"


def test_the_grammar_does_not_hide_what_follows() -> None:
    program = read(USES.format(MORE.replace("with a", "with w").replace("x.y", "w.y").replace("for x in", "for w in")), head="")
    assert program.named("after") == "Input > BatchNormalization"


ODD_USES = [
    "Dense()(x)", "Dense(*x)(x)", "Dense(**x)(x)", "Dense(x)(x)", "Dense(1)()", "Dense(1)(1)", "Dense(1)(None)", "Dense(1)('a')", "Dense(1)([])", "Dense(1)({})",
    "Dense(1)(Dense)", "Dense(1)(Dense(1))", "Dense(1)(x, x, x)", "Dense(1)(inputs=x)", "Dense(1)(foo=x)", "Dense(1)(*[x])", "Dense(1)(**{'inputs': x})",
    "BatchNormalization(x)", "BatchNormalization(axis=x)(x)", "BatchNormalization(BatchNormalization())(x)", "BatchNormalization(name=[1, {}])(x)",
    "TimeDistributed()(x)", "TimeDistributed(x)(x)", "TimeDistributed(Dense)(x)", "TimeDistributed(TimeDistributed(Dense(1)))(x)", "Bidirectional(None)(x)", "Activation()(x)",
    "Activation(x)(x)", "Activation([])(x)", "Dense(1, activation=x)(x)", "Dense(1, activation=[])(x)", "Lambda(x)(x)", "Concatenate()(x)", "Add()([x, None, 3])", "Add()(())",
    "Reshape(x)(x)", "Reshape((-1, None, 'a'))(x)", "Permute((9, 9))(x)", "Conv2D(4, (x, x), strides=None, padding=3, data_format=x)(x)", "Flatten()(x)[0][1]['a']",
    "ZeroPadding2D(((1, 2), (3,)))(x)", "Embedding(1, 2, input_length=x)(x)", "LSTM(3, return_state=x, return_sequences=x)(x)", "a, b, c = LSTM(3)(x)", "a, b = x",
    "Input()", "Input(x)", "Input(shape=3)", "Input(shape='abc')", "Input(shape=[None, 'a', 1.5])", "Input(tensor=x)", "Input(batch_shape=x)", "InputLayer()(x)",
    "keras.Sequential(x)", "keras.Sequential(3)", "keras.Sequential([None, 1, 'a', x, Dense, lambda: 0, []])", "keras.Sequential([[Dense(1)]])", "keras.Sequential()(x)",
    "keras.Sequential().add()", "keras.Sequential().add(1, 2, 3)", "keras.Sequential().pop()", "keras.Sequential().layers[5]", "keras.Sequential().output", "keras.Sequential(name=x)",
    "keras.Model()", "keras.Model(x)", "keras.Model(1, 2)", "keras.Model(x, None)", "keras.Model([], [])", "keras.Model(x, x)(x)", "keras.Model(x, x)(1)", "keras.Model(x, x)()",
    "keras.Model(x, x).get_layer()", "keras.Model(x, x).get_layer(3)", "keras.Model(x, x).layers['a']", "keras.Model(x, x).layers[9].output", "keras.Model(x, x).fit()",
    "keras.Model(x, x).fit(x, x, x, x)", "keras.Model(x, x).compile(1, 2, 3, 4, 5)", "keras.Model(x, x).foo.bar()", "keras.Model(x, x).output[0]", "keras.Model(x, x).output.output",
    "keras.models.clone_model()", "keras.models.clone_model(3)", "keras.applications.ResNet50(x, x, x, x, x, x, x, x, x)", "keras.applications.ResNet50(input_tensor=3)(x)",
    "keras.applications.Nothing()(x)", "tf.GradientTape().gradient()", "tf.keras.layers.Nothing(1)(x)", "keras.layers()", "keras()", "keras.layers.Dense.foo(1)", "x.foo.bar(1)[2]",
    "x()", "x(x)", "x[x]", "x[0, 1:, ..., None]", "x.shape[5]", "x.shape[0][1]", "x @ x", "x if x else x", "not x", "x < 3", "x in [x]", "[*x]", "{**x}", "f'{x}'", "len(x)",
    "list(x)", "zip(x, x)", "super().foo()", "super(1, 2).foo", "functools.partial()()", "functools.partial(x)(x)", "functools.reduce(1, 2)", "functools.reduce(lambda a: a, [1, 2, 3])",
    "map(1, [1, 2])", "isinstance()", "isinstance(x)", "getattr()", "getattr(x)", "getattr(x, 3)", "setattr(x, 'a')", "range()", "range('a')", "range(1, 2, 3, 4)", "range(0, 10, 0)",
    "enumerate()", "enumerate(3)", "sorted([x, 1])", "min()", "max([])", "max('ab')", "sum([[1], [2]], [])", "int()", "int([])", "'a'.join([x])", "'%d %d' % (1,)", "'{}'.format()",
    "[][0]", "{}['a']", "(1, 2)['a']", "'abc'[10]", "'abc'['a']", "[1, 2][::0]", "{[]: 1}", "{{}: 1}", "dict([(1, 2), 3])", "dict(1)", "[].pop()", "[1].pop(9)", "[1].insert('a', 2)",
    "{}.update(3)", "{}.pop()", "{}.get()", "[].append()", "[1, 2].index(3)", "1 / 0", "1 // 0", "1 % 0", "0 ** -1", "'a' + 1", "[] + 1", "-'a'", "~1.5", "1 < 'a'", "1 @ 2", "() < {}",
    "1 << -1", "2 ** 0.5 ** -9", "int('9' * 5000)", "float('nan') == 1", "chr(-1)", "math.log(0)", "math.sqrt(-1)", "tf.nn.relu()", "tf.nn.relu(1)", "tf.concat()", "tf.concat([x, 1], 0)",
    "tf.split(x, 3)[7]", "tf.layers.dense()", "tf.layers.dense(x)", "tf.layers.batch_normalization(training=x)", "tf.contrib.layers.batch_norm(x, 1, 2, 3)", "slim.conv2d(x, 1)",
    "keras.backend.set_image_data_format(x)", "keras.backend.set_image_data_format()", "keras.backend.set_image_data_format('foo')", "keras.activations.get()", "keras.activations.get(3)(x)",
    "tf.data.Dataset.from_tensor_slices().batch()", "tf.data.Dataset.range(9).batch(x).batch('a')", "keras.utils.image_dataset_from_directory(batch_size=[])",
    "keras.Model.fit()", "keras.Sequential.add(1)", "BatchNormalization.__call__(x)", "BatchNormalization().trainable.foo", "Dense(1).output", "Dense(1).input", "Dense(1).weights[0]",
]  # fmt: skip


@pytest.mark.parametrize("use", ODD_USES)
def test_odd_uses(use: str) -> None:
    program = read(USES.format(use), head="import tensorflow as tf, math, functools\nfrom tensorflow.contrib import slim\n")
    assert "after" in {graph.name for graph in program.models}, program.flows


@pytest.mark.parametrize("use", ["x", "m", "Dense", "3", "None", "[]"])
def test_odd_targets(use: str) -> None:
    source = (
        f"{use}.trainable = False\n{use}.foo = Dense(1)\n{use}.foo.bar = 1\nfor {use}.a in [1]:\n    pass\n{use}[0] = 1\n{use}['a'] += 1\n"
    )
    if use in ("3", "None", "[]"):
        source = source.replace(use, f"({use})")
    assert read("m = keras.Sequential()\nx = Input((8,))\n" + source + "y = Dense(1)(Input((8,)))").models


@pytest.mark.parametrize("seed", range(6))
def test_mutants_of_real_programs(seed: int) -> None:
    for source in mutants(seed, 60):
        with suppress(text.Unreadable):
            read_bytes(source.encode("utf-8", "surrogatepass"))
