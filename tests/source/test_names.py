"""Names that move: BatchNormalization under other names, in containers, behind factories, handed through arguments."""

import pytest

from bnlint.graph import query
from tests.source.programs import known, outputs, read

BLOCK = "Input > Conv2D > BatchNormalization > Activation:relu"

HEAD = """
import collections, functools, importlib, itertools, operator
from functools import partial, reduce
i = Input((8, 8, 3))
"""

NORMS = [
    "norm = BatchNormalization",
    "norm = getattr(tf.keras.layers, 'Batch' + 'Normalization')",
    "norm = globals()['BatchNormalization']",
    "norm = eval('layers.BatchNormalization')",
    "norm = importlib.import_module('tensorflow.keras.layers').BatchNormalization",
    "K = 'keras' if tf.flag else 'tensorflow.keras'\ndef of(sub, *names):\n    module = importlib.import_module('{K}.{sub}'.format(K=K, sub=sub))\n    return tuple(getattr(module, name) for name in names)\nfirst, norm = of('layers', 'Dense', 'BatchNormalization')",
    "K = 'keras' if tf.flag else 'tensorflow.keras'\nnorm = importlib.import_module(f'{K}.layers').BatchNormalization",
    "K = 'keras' if tf.flag else 'tensorflow.keras'\nnorm = importlib.import_module('%s.%s' % (K, 'layers')).BatchNormalization",
    "KL = tf.keras.layers\nL = KL\nnorm = L.BatchNormalization",
    "norm = partial(BatchNormalization, momentum=0.9)",
    "norm = partial(partial(BatchNormalization, momentum=0.9), epsilon=1e-5)",
    "bn = partial(BatchNormalization, momentum=0.9)\nnorm = lambda: bn.func(momentum=0.8)",
    "norm = lambda **kw: BatchNormalization(**{'momentum': 0.9, **kw})",
    "norm = {'bn': BatchNormalization, 'ln': LayerNormalization}['bn']",
    "norms = {'bn': BatchNormalization, 'ln': LayerNormalization}\ndef norm(name='bn', **kw):\n    try:\n        return norms[name](**kw)\n    except KeyError:\n        raise ValueError(name)",
    "norms = {'bn': BatchNormalization, 'ln': LayerNormalization}\ndef norm(name='bn', **kw):\n    if name not in norms:\n        raise ValueError(name)\n    return norms[name](**kw)",
    "norms = {'bn': lambda: BatchNormalization(), 'none': lambda: (lambda x: x)}\nnorm = norms.get('bn')",
    "norms = {}\nnorms['bn'] = BatchNormalization\nnorms.setdefault('bn', LayerNormalization)\nnorm = norms.pop('bn')",
    "_, norm = [('ln', LayerNormalization), ('bn', BatchNormalization)][-1]",
    "norm = next(n for n in (LayerNormalization, BatchNormalization) if n is not LayerNormalization)",
    "norm = [n for n in (LayerNormalization, BatchNormalization) if n.__name__.startswith('Batch')][0]",
    "first, *rest = [LayerNormalization, BatchNormalization]\nnorm = rest[0]",
    "norm = sorted([(2, BatchNormalization), (1, LayerNormalization)], key=lambda pair: pair[0])[-1][1]",
    "stack = collections.deque([LayerNormalization])\nstack.appendleft(BatchNormalization)\nnorm = stack.popleft()",
    "table = collections.defaultdict(list)\ntable['bn'].append(BatchNormalization)\nnorm = table['bn'][0]",
    "norms = [0, 0]\nnorms[1:] = [LayerNormalization, BatchNormalization]\ndel norms[0]\nnorm = norms[norms.index(BatchNormalization)]",
    "kw = {'momentum': 0.9} | {'epsilon': 1e-5}\nkw |= {'name': 'b'}\nnorm = lambda: BatchNormalization(**kw)",
    "def norm(cls=None):\n    cls = cls or BatchNormalization\n    return cls()",
    "def norm(cls=BatchNormalization, **kw):\n    kw.setdefault('momentum', 0.9)\n    return cls(**kw)",
    "def make():\n    def norm():\n        return BatchNormalization()\n    return norm\nnorm = make()",
    "class Net:\n    norm = BatchNormalization\nnorm = Net.norm",
    "class Net:\n    def __init__(self, sync=False):\n        self._norm = layers.experimental.SyncBatchNormalization if sync else layers.BatchNormalization\nnorm = Net()._norm",
    "class Net:\n    @property\n    def norm(self):\n        return BatchNormalization\nnorm = Net().norm",
    "class Net:\n    def make_bn(self):\n        return BatchNormalization()\n    def get(self, kind):\n        return getattr(self, f'make_{kind}')()\nnorm = lambda: Net().get('bn')",
    "class Net:\n    def __init__(self, **kw):\n        for key, value in kw.items():\n            setattr(self, key, value)\nnorm = Net(norm=BatchNormalization).norm",
    "norm = lambda: BatchNormalization.from_config({'momentum': 0.9})",
    "norm = lambda: BatchNormalization.from_config(BatchNormalization(momentum=0.9).get_config())",
    "bn = BatchNormalization()\nnorm = type(bn)",
    "bn = BatchNormalization()\nnorm = bn.__class__",
    "class MyBN(layers.BatchNormalization):\n    def __init__(self, momentum=0.9, **kw):\n        super().__init__(momentum=momentum, **kw)\nnorm = MyBN",
    "class MyBN(layers.BatchNormalization):\n    def call(self, x, training=False):\n        return super().call(x, training=False)\nnorm = MyBN",
]


@pytest.mark.parametrize("norm", NORMS)
def test_the_class_is_found_wherever_it_went(norm: str) -> None:
    assert read(f"{HEAD}{norm}\ny = Activation('relu')(norm()(Conv2D(4, 3)(i)))").flow == BLOCK


@pytest.mark.parametrize(
    "source",
    [
        "def compose(*fs):\n    if fs:\n        return reduce(lambda f, g: lambda *a, **kw: g(f(*a, **kw)), fs)\n    raise ValueError('nothing to compose')\ny = compose(*stack)(i)",
        "def compose(*fs):\n    def run(x):\n        for f in fs:\n            x = f(x)\n        return x\n    return run\ny = compose(*stack)(i)",
        "compose = lambda *fs: lambda x: reduce(lambda acc, f: f(acc), fs, x)\ny = compose(*stack)(i)",
        "y = reduce(lambda x, f: f(x), stack, i)",
        "def apply(x, fs):\n    return apply(fs[0](x), fs[1:]) if fs else x\ny = apply(i, stack)",
        "y = i\nwhile stack:\n    y = stack.pop(0)(y)",
        "y, k = i, 0\nwhile True:\n    y = stack[k](y)\n    k += 1\n    if k >= len(stack):\n        break",
        "y = i\nfor k, layer in zip(itertools.count(), stack):\n    y = layer(y)",
        "y = i\nfor layer in itertools.chain(stack[:1], stack[1:]):\n    y = layer(y)",
        "ys = list(itertools.accumulate(stack, lambda x, f: f(x), initial=i))\ny = ys[-1]",
        "class Chain:\n    def __init__(self, fs):\n        self.fs = list(fs)\n    def __call__(self, x):\n        for f in self.fs:\n            x = f(x)\n        return x\ny = Chain(stack)(i)",
        "class Chain(layers.Layer):\n    def __init__(self, fs):\n        super().__init__()\n        for k, f in enumerate(fs):\n            setattr(self, f'f{k}', f)\n    def call(self, x):\n        for k in range(3):\n            x = getattr(self, 'f%d' % k)(x)\n        return x\n"
        "y = Chain(stack)(i)",
        "a, *b, c = stack\ny = c(b[0](a(i)))",
        "y = stack[2].__call__(stack[1].__call__(stack[0].__call__(i)))",
        "names = 'conv-bn-relu'\ntable = dict(zip(names.split('-'), stack))\ny = i\nfor name in names.split('-'):\n    y = table[name](y)",
        "m = keras.Sequential([InputLayer((8, 8, 3))])\nadd = m.add\nfor layer in stack:\n    add(layer)\ndel i",
        "m = keras.Sequential([InputLayer((8, 8, 3)), *stack, ReLU()])\nm.pop()\ndel i",
    ],
)
def test_compositions(source: str) -> None:
    program = read(f"{HEAD}stack = [Conv2D(4, 3), BatchNormalization(), Activation('relu')]\n{source}")
    assert program.flow.replace("InputLayer", "Input") == BLOCK


def test_later_arguments_win_over_those_of_a_partial() -> None:
    layer = read(HEAD + "bn = partial(BatchNormalization, momentum=0.9, epsilon=1e-5)\ny = bn(momentum=0.5)(i)").layer("BatchNormalization")
    assert (layer.config["momentum"], layer.config["epsilon"]) == (0.5, 1e-5)
    assert [argument.name for argument in layer.arguments.items] == ["epsilon", "momentum"]


def test_a_subclass_has_its_own_defaults() -> None:
    program = read(
        HEAD
        + "class MyBN(BatchNormalization):\n    def __init__(self, momentum=0.5, **kw):\n        super().__init__(momentum=momentum, epsilon=1e-5, **kw)\ny = MyBN(name='b')(i)"
    )
    layer = program.layer("BatchNormalization")
    assert (layer.config["momentum"], layer.config["epsilon"], layer.name, layer.subclass) == (0.5, 1e-5, "b", "MyBN")


def test_arguments_go_through_stars() -> None:
    program = read(
        HEAD
        + "def conv_bn(x, *args, **kw):\n    norm, act = kw.pop('norm', True), kw.pop('activation', None)\n    x = Conv2D(*args, use_bias=not norm, **kw)(x)\n    if norm:\n        x = BatchNormalization()(x)\n"
        "    return Activation(act)(x) if act else x\ny = conv_bn(i, 4, 3, padding='same', activation='relu')"
    )
    conv = program.layer("Conv2D")
    assert program.flow == BLOCK
    assert (conv.config["use_bias"], conv.config["padding"], conv.config["kernel_size"]) == (False, "same", 3)


def test_the_locals_of_a_function_as_arguments() -> None:
    program = read(
        HEAD
        + "def conv(x, filters=4, kernel_size=3):\n    kw = locals()\n    kw.pop('x')\n    return Conv2D(**kw)(x)\ny = Activation('relu')(BatchNormalization()(conv(i)))"
    )
    assert program.flow == BLOCK
    assert program.layer("Conv2D").config["filters"] == 4


def test_numbers_of_a_list_that_depends_on_a_test() -> None:
    program = read(
        HEAD
        + "from mine import flag\nsizes = [4]\nif flag:\n    sizes.append(8)\nsizes.append(16)\nx = i\nfor k, n in enumerate(sizes):\n    x = Dense(n, name=f'd{k}')(x)\ny = BatchNormalization()(x)"
    )
    dense = [call.layer for call in program.models[0].calls if call.layer.kind == "Dense"]
    assert [known(layer.config["units"]) for layer in dense] == [4, 8, 16]
    (norm,) = query.calls_of(program.models[0], "batchnorm")
    assert [step.call.layer for step in query.producers(norm) if step.call] == [dense[2]]


def test_a_recursive_unet() -> None:
    program = read(
        HEAD
        + "def block(x, n, depth):\n    c = BatchNormalization()(Conv2D(n, 3)(x))\n    if depth == 0:\n        return c\n    u = UpSampling2D()(block(MaxPooling2D()(c), n * 2, depth - 1))\n"
        "    return Concatenate()([c, u])\ny = block(i, 4, 3)"
    )
    graph = program.models[0]
    assert [call.layer.config["filters"] for call in graph.calls if call.layer.kind == "Conv2D"] == [4, 8, 16, 32]
    joined = [call for call in graph.calls if call.layer.kind == "Concatenate"]
    assert [{step.call.layer.kind for step in query.producers(call) if step.call} for call in joined] == [
        {"BatchNormalization", "UpSampling2D"}
    ] * 3
    assert program.gaps == []


def test_recursion_by_a_test_that_is_not_known_ends() -> None:
    program = read(
        HEAD + "def f(x, n):\n    return f(BatchNormalization()(x), n - 1) if n else x\ndef g(x, n):\n    return ReLU()(f(x, n))"
    )
    assert 1 <= sum(layer.kind == "BatchNormalization" for layer in program.module.constructions) <= 3
    assert any("nest too deep" in gap for gap in program.gaps)


MODELS = """
i = Input((8, 8, 3))
base = keras.Model(i, ReLU()(Conv2D(4, 3, name="c")(i)), name="base")
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = base.output", "Input > Conv2D > ReLU > BatchNormalization"),
        ("x = base.outputs[0]", "Input > Conv2D > ReLU > BatchNormalization"),
        ("x = base.get_layer('c').output", "Input > Conv2D > BatchNormalization"),
        ("x = base.layers[-2].output", "Input > Conv2D > BatchNormalization"),
        ("x = base(base.input)", "Input > Conv2D > ReLU > BatchNormalization"),
        ("x = keras.models.clone_model(base)(base.input)", "Input > Conv2D > ReLU > BatchNormalization"),
        ("def tail(m):\n    return m.layers[-1].output\nx = tail(base)", "Input > Conv2D > ReLU > BatchNormalization"),
        (
            "x = keras.Model(base.input, [l.output for l in base.layers if l.name == 'c'])(base.input)",
            "Input > Conv2D > BatchNormalization",
        ),
    ],
)
def test_the_head_of_a_model_on_another(source: str, expected: str) -> None:
    program = read(f"{MODELS}{source}\nhead = keras.Model(base.input, BatchNormalization()(x), name='head')")
    assert program.named("head") == expected
    assert outputs(program.graph("head")) == ["BatchNormalization"]


def test_a_model_that_makes_itself_of_tensors() -> None:
    program = read("""
        class Net(keras.Model):
            def __init__(self, shape=(8, 8, 3), **kw):
                inputs = Input(shape)
                outputs = Activation("relu")(BatchNormalization()(Conv2D(4, 3)(inputs)))
                super().__init__(inputs=inputs, outputs=outputs, **kw)

        net = Net(name="n")
    """)
    assert program.flow == BLOCK


def test_the_layers_of_one_sequential_in_another() -> None:
    program = read("""
        base = keras.Sequential([InputLayer((8, 8, 3)), Conv2D(4, 3), BatchNormalization(), ReLU()])
        model = keras.Sequential(base.layers[:-1] + [Activation("relu")], name="other")
    """)
    assert program.named("other") == BLOCK
