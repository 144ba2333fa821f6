"""Helper functions: arguments, closures, partial, lambda, methods, stars, recursion, builders that nobody calls."""

import pytest

from tests.source.programs import known, outputs, read

BLOCK = "Input > Conv2D > BatchNormalization > Activation:relu"


@pytest.mark.parametrize(
    "source",
    [
        "def f(x, n, k=3, *, act='relu'):\n    return Activation(act)(BatchNormalization()(Conv2D(n, k)(x)))\ny = f(i, 4)",
        "def f(*args, **kwargs):\n    return Activation('relu')(BatchNormalization()(Conv2D(*args, **kwargs)(i)))\ny = f(4, kernel_size=3)",
        "def f(x, **kw):\n    return g(x, **kw)\ndef g(x, n, act):\n    return Activation(act)(BatchNormalization()(Conv2D(n, 3)(x)))\ny = f(i, n=4, act='relu')",
        "def f(n):\n    def g(x):\n        return Activation('relu')(BatchNormalization()(Conv2D(n, 3)(x)))\n    return g\ny = f(4)(i)",
        "f = lambda x, n=4: Activation('relu')(BatchNormalization()(Conv2D(n, 3)(x)))\ny = f(i)",
        "from functools import partial\nconv = partial(Conv2D, kernel_size=3)\ny = Activation('relu')(BatchNormalization()(conv(4)(i)))",
        "import functools\ndef f(n, act, x):\n    return Activation(act)(BatchNormalization()(Conv2D(n, 3)(x)))\ny = functools.partial(f, 4, act='relu')(x=i)",
        "def f(x, norm=BatchNormalization, act=layers.Activation):\n    return act('relu')(norm()(Conv2D(4, 3)(x)))\ny = f(i)",
        "def f(x, fns):\n    for fn in fns:\n        x = fn(x)\n    return x\ny = f(i, [Conv2D(4, 3), BatchNormalization(), Activation('relu')])",
        "from functools import reduce\ndef compose(*fs):\n    return reduce(lambda f, g: lambda *a: g(f(*a)), fs)\n"
        "y = compose(Conv2D(4, 3), BatchNormalization(), Activation('relu'))(i)",
        "class B:\n    n = 4\n    def conv(self, x):\n        return Conv2D(self.n, 3)(x)\n    def __call__(self, x):\n        return Activation('relu')(BatchNormalization()(self.conv(x)))\n"
        "y = B()(i)",
        "class B:\n    @staticmethod\n    def conv(x):\n        return Conv2D(4, 3)(x)\n    @classmethod\n    def run(cls, x):\n        return Activation('relu')(BatchNormalization()(cls.conv(x)))\n"
        "y = B.run(i)",
        "def f(x):\n    c = Conv2D(4, 3)\n    b, a = BatchNormalization(), Activation('relu')\n    return a(b(c(x)))\ny = f(x=i)",
        "def f(x):\n    x = Conv2D(4, 3)(x)\n    return x, 7\nx, n = f(i)\ny = Activation('relu')(BatchNormalization()(x))",
        "def f(x):\n    return {'out': Conv2D(4, 3)(x)}\ny = Activation('relu')(BatchNormalization()(f(i)['out']))",
        "def deco(g):\n    return g\n@deco\ndef f(x):\n    return Conv2D(4, 3)(x)\ny = Activation('relu')(BatchNormalization()(f(i)))",
        "@tf.function\ndef f(x):\n    return Conv2D(4, 3)(x)\ny = Activation('relu')(BatchNormalization()(f(i)))",
        "@tf.function(jit_compile=True)\ndef f(x):\n    return Conv2D(4, 3)(x)\ny = Activation('relu')(BatchNormalization()(f(i)))",
        "import functools\ndef deco(g):\n    @functools.wraps(g)\n    def inner(*a, **k):\n        return g(*a, **k)\n    return inner\n"
        "@deco\ndef f(x, n=4):\n    return Conv2D(n, 3)(x)\ny = Activation('relu')(BatchNormalization()(f(i)))",
        "blocks = {'conv': lambda x: Conv2D(4, 3)(x), 'bn': BatchNormalization()}\ny = Activation('relu')(blocks['bn'](blocks['conv'](i)))",
        "norms = {'bn': BatchNormalization, 'ln': LayerNormalization}\ny = Activation('relu')(norms['bn']()(Conv2D(4, 3)(i)))",
        "norms = dict(bn=BatchNormalization)\ny = Activation('relu')(norms.get('bn', None)()(Conv2D(4, 3)(i)))",
        "def f(x):\n    def g():\n        nonlocal x\n        x = BatchNormalization()(x)\n    x = Conv2D(4, 3)(x)\n    g()\n    return Activation('relu')(x)\ny = f(i)",
        "state = i\ndef f():\n    global state\n    state = Conv2D(4, 3)(state)\nf()\ny = Activation('relu')(BatchNormalization()(state))",
        "f = [Conv2D(4, 3), BatchNormalization()]\ny = Activation('relu')(f[-1](f[0](i)))",
        "if (c := Conv2D(4, 3)) is not None:\n    y = Activation('relu')(BatchNormalization()(c(i)))",
        "def f(x, /, n, *rest):\n    return rest[1](rest[0](Conv2D(n, 3)(x)))\ny = f(i, 4, BatchNormalization(), Activation('relu'))",
        "def f():\n    yield_ = Conv2D(4, 3)(i)\n    return yield_\ny = Activation('relu')(BatchNormalization()(f()))",
    ],
)
def test_helpers_are_followed(source: str) -> None:
    assert read("i = Input((8, 8, 3))\n" + source).flow == BLOCK


def test_a_helper_called_twice_makes_two_layers_at_one_place() -> None:
    program = read("def f(x):\n    return BatchNormalization()(Dense(4)(x))\ni = Input((8,))\ny = f(f(i))", "from keras.layers import *\n")
    assert program.flow == "Input > Dense > BatchNormalization > Dense.2 > BatchNormalization.2"
    first, second = (call for call in program.models[0].calls if call.layer.kind == "Dense")
    assert first.origin.span == second.origin.span
    assert [span.column for span in first.origin.stack] == [7]
    assert [span.column for span in second.origin.stack] == [5]
    assert first.origin.scope == "f"


def test_defaults_are_evaluated_where_the_function_is_defined() -> None:
    assert read("n = 4\ndef f(x, n=n):\n    return Dense(n)(x)\nn = 9\ny = f(Input((8,)))").layer("Dense").config["units"] == 4


def test_closures_see_the_later_value() -> None:
    assert (
        read("def f():\n    g = lambda x: Dense(n)(x)\n    n = 4\n    n = 9\n    return g(Input((8,)))\ny = f()")
        .layer("Dense")
        .config["units"]
        == 9
    )


def test_global_constants_reach_functions() -> None:
    assert read("N = 2 ** 3\ndef f(x):\n    return Dense(N)(x)\nN = 5\ny = f(Input((8,)))").layer("Dense").config["units"] == 5


def test_a_builder_that_nobody_calls() -> None:
    program = read("def build(x, use_bias=False):\n    x = Dense(4, use_bias=use_bias)(x)\n    return BatchNormalization()(x)")
    assert program.flow == "unknown > Dense > BatchNormalization"
    assert program.models[0].name == "build"
    assert program.models[0].kind == "open"
    assert program.layer("Dense").config["use_bias"] is False


def test_a_builder_of_a_whole_model_that_nobody_calls() -> None:
    program = read(
        "def build(shape=(8,), classes=10):\n    i = Input(shape)\n    return keras.Model(i, Dense(classes)(BatchNormalization()(i)), name='net')"
    )
    assert program.flow == "Input > BatchNormalization > Dense"
    assert (program.models[0].name, program.models[0].kind) == ("net", "functional")


def test_helpers_of_a_builder_that_nobody_calls_are_analysed_with_it_only() -> None:
    program = read(
        "def block(x, n):\n    return BatchNormalization()(Dense(n)(x))\ndef build():\n    return block(block(Input((8,)), 1), 2)"
    )
    assert program.flow == "Input > Dense > BatchNormalization > Dense.2 > BatchNormalization.2"


def test_methods_that_nobody_calls() -> None:
    program = read("""
        class GAN:
            def __init__(self):
                self.shape = (8,)
                self.generator = self.build_generator()

            def build_generator(self):
                m = keras.Sequential([Dense(4, input_shape=self.shape), BatchNormalization(momentum=0.8)])
                z = Input(self.shape)
                return keras.Model(z, m(z), name="generator")

            def build_discriminator(self):
                return keras.Sequential([Dense(1)], name="discriminator")
        """)
    assert program.named("generator") == "Input > Dense > BatchNormalization"
    assert program.named("discriminator") == "Input > Dense"


def test_wide_only_where_the_defaults_leave_a_batch_normalization_unseen() -> None:
    program = read("def f(x, bn=False):\n    x = Dense(4)(x)\n    if bn:\n        x = BatchNormalization()(x)\n    return ReLU()(x)")
    assert any(layer.kind == "BatchNormalization" for layer in program.module.constructions)


@pytest.mark.parametrize(
    "refusal",
    [
        "if kind not in ('a', 'b'):\n        raise ValueError(kind)\n    norm = BatchNormalization() if kind == 'a' else LayerNormalization()",
        "if kind == 'a':\n        norm = BatchNormalization()\n    elif kind == 'b':\n        norm = LayerNormalization()\n"
        "    else:\n        raise ValueError(kind)",
    ],
)
def test_a_default_that_a_builder_does_not_take_is_no_value_of_it(refusal: str) -> None:
    program = read(f"def build(x, activation='relu', kind=None):\n    {refusal}\n    return Activation(activation)(norm(Dense(4)(x)))")
    assert program.flow == (
        "unknown > Dense > BatchNormalization > LayerNormalization(Dense) > Activation:relu({BatchNormalization | LayerNormalization})"
    )


def test_the_switches_of_a_builder_that_does_not_take_its_defaults_are_open() -> None:
    program = read("""
        def build(x, activation="relu", kind=None, down=False):
            if kind is None:
                raise ValueError(kind)
            x = BatchNormalization()(x)
            if down:
                x = BatchNormalization()(MaxPooling2D()(x))
            return Activation(activation)(x)
        """)
    assert program.flow == (
        "unknown > BatchNormalization > MaxPooling2D > BatchNormalization.2 > Activation:relu({BatchNormalization.2 | BatchNormalization})"
    )


def test_a_default_that_a_helper_does_not_take_ends_the_call() -> None:
    program = read(
        "def norm(x, kind=None):\n    if kind is None:\n        raise ValueError\n    return BatchNormalization()(x)\n"
        "def build():\n    x = Dense(4)(Input((8,)))\n    norm(x)\n    return keras.Model(x, x)"
    )
    assert not any(layer.kind == "BatchNormalization" and layer.origin.stack for layer in program.module.constructions)


def test_an_argument_that_is_not_known_is_unknown() -> None:
    program = read("def build(n):\n    return Dense(n)(Input((8,)))")
    assert known(program.layer("Dense").config["units"]) == "?"


def test_stars_with_unknown_content_leave_the_arguments_incomplete() -> None:
    layer = read("import os\nbn = BatchNormalization(**os.environ)").layer("BatchNormalization")
    assert not layer.arguments.complete
    assert known(layer.config["axis"]) == "?"


def test_the_stars_of_a_builder_are_presumed_empty() -> None:
    layer = read("def f(x, **kw):\n    return BatchNormalization(**kw)(x)").layer("BatchNormalization")
    assert not layer.arguments.complete
    assert layer.arguments.presumed


def test_recursion_ends() -> None:
    program = read("def f(x, n):\n    return x if n == 0 else f(Dense(n)(x), n - 1)\ny = f(Input((8,)), 3)")
    assert program.flow.startswith("Input > Dense")
    program = read("def f(x):\n    return f(Dense(1)(x))\ny = f(Input((8,)))")
    assert any("nest too deep" in gap for gap in program.gaps)


def test_mutual_recursion_ends() -> None:
    read("def f(x):\n    return g(Dense(1)(x))\ndef g(x):\n    return f(x)\ny = f(Input((8,)))")


def test_unknown_functions_are_unknown_nodes() -> None:
    program = read("from mine import block\nx = Input((8,))\ny = BatchNormalization()(block(x, 3))")
    assert program.flow == "Input > unknown > BatchNormalization"


@pytest.mark.parametrize(
    ("key", "flow"),
    [
        ("max(outputs.keys())", "unknown > unknown.2 > BatchNormalization"),
        ("'logits'", "unknown > unknown.2 > BatchNormalization"),
        ("level", "unknown > unknown.2 > BatchNormalization"),
        ("-1", "unknown > unknown.2 > BatchNormalization"),
        (":, -1", "unknown > unknown.2 > getitem > BatchNormalization"),
        (":level", "unknown > unknown.2 > getitem > BatchNormalization"),
    ],
)
def test_an_entry_of_what_an_unknown_model_gives_is_no_part_of_an_array(key: str, flow: str) -> None:
    program = read(f"def build(x, backbone, level):\n    outputs = backbone(x)\n    return BatchNormalization()(outputs[{key}])")
    assert program.flow == flow


def test_an_entry_of_what_one_of_two_unknown_models_gives_is_no_part_of_an_array() -> None:
    program = read("""
        def build(x, backbone, wide, level):
            outputs = backbone(x) if wide else make_backbone()(x)
            return BatchNormalization()(outputs[level])
        """)
    assert not any(call.layer.kind == "getitem" for graph in program.models for call in graph.calls)


def test_an_entry_by_name_of_an_input_is_an_input() -> None:
    program = read("""
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.norm = BatchNormalization()

            def call(self, inputs):
                return self.norm(inputs["image"])
        """)
    assert program.flow == "Input > Input.2() > BatchNormalization"


def test_unknown_functions_that_give_unknown_layers() -> None:
    program = read("from mine import Norm\nx = Dense(4)(Input((8,)))\ny = ReLU()(Norm(axis=1)(x))")
    assert program.flow == "Input > Dense > unknown > ReLU"


def test_lambda_layers_are_nodes() -> None:
    assert read("y = Dense(1)(Lambda(lambda x: x * 2)(Input((8,))))").flow == "Input > Lambda > Dense"


def test_what_a_builder_returns_is_its_output() -> None:
    program = read("def f(x):\n    a = Dense(1)(x)\n    b = Dense(2)(a)\n    return a, b")
    assert outputs(program.models[0]) == ["Dense", "Dense"]


def test_a_generator_is_not_followed_but_its_body_is_seen() -> None:
    program = read(
        "def f(x):\n    for n in (1, 2):\n        x = BatchNormalization()(Dense(n)(x))\n        yield x\nfor y in f(Input((8,))):\n    z = y"
    )
    assert len([layer for layer in program.module.constructions if layer.kind == "BatchNormalization"]) == 2


@pytest.mark.parametrize(
    "definition",
    [
        "def norm(x):\n    return x",
        "norm = lambda x: x",
        "norm = lambda x, **kw: tf.identity(x)",
        "norm = keras.layers.Lambda if False else (lambda x: x)",
    ],
)
def test_identities_leave_no_node(definition: str) -> None:
    assert read(f"{definition}\ny = Dense(1)(norm(Dense(2)(Input((8,)))))").flow == "Input > Dense > Dense.2"


def test_a_tensor_and_a_number_are_no_merge() -> None:
    program = read("x = Input((8,))\ny = tf.multiply(tf.add(x, tf.nn.relu(x)), 2.0)\nz = Dense(1)(y)\n")
    assert [(call.layer.kind, call.layer.role) for call in program.models[0].calls[2:4]] == [("add", "merge"), ("multiply", "other")]


def test_a_lambda_passes_its_arguments_on() -> None:
    """As grouped convolutions are written: the shape of what they make follows from `arguments`."""
    seen = read(
        "def part(x, start, stop, axis):\n"
        "    return x[:, :, :, start:stop] if axis == 3 else x[:, start:stop, :, :]\n"
        "x = Lambda(part, arguments={'start': 4, 'stop': 8, 'axis': 3})(Input((8, 8, 16)))\n"
        "y = BatchNormalization()(x)\n"
    )
    (call,) = (call for call in seen.models[0].calls if call.layer.kind == "Lambda")
    assert call.shape == (None, 8, 8, 4)


def test_flags_are_opened_before_names() -> None:
    """What the default leaves out is seen without giving up what the other defaults say."""
    seen = read(
        "def block(x, activation='relu', norm=False):\n"
        "    x = Dense(4)(x)\n"
        "    if norm:\n"
        "        x = BatchNormalization()(x)\n"
        "    return Activation(activation)(x)\n"
    )
    calls = [call for graph in seen.models for call in graph.calls]
    assert any(call.layer.kind == "BatchNormalization" for call in calls)
    assert {call.layer.activation for call in calls if call.layer.kind == "Activation"} == {"relu"}


def test_a_builder_that_returns_a_function_is_opened_too() -> None:
    seen = read(
        "def block(norm=False):\n"
        "    def apply(x):\n"
        "        x = Dense(4)(x)\n"
        "        return BatchNormalization()(x) if norm else x\n"
        "    return apply\n"
    )
    assert any(call.layer.kind == "BatchNormalization" for graph in seen.models for call in graph.calls)


def test_what_a_builder_returned_is_not_opened_without_arguments_where_others_of_its_kind_were_called() -> None:
    seen = read(
        "def conv(n):\n"
        "    def apply(x):\n"
        "        return BatchNormalization()(Conv2D(n, 3)(x))\n"
        "    return apply\n"
        "def later(n):\n"
        "    return conv(n)\n"
        "y = Activation('relu')(conv(4)(Input((8, 8, 3))))\n"
    )
    assert seen.flow == BLOCK


def test_a_block_is_opened_with_the_flags_of_its_builder_before_it_is_opened_alone() -> None:
    """What leads there by a flag of the caller is seen with what the caller feeds."""
    seen = read(
        "def block(x, pre):\n"
        "    if pre:\n"
        "        x = BatchNormalization()(x)\n"
        "    return Dense(4)(x)\n"
        "def net(pre=False):\n"
        "    x = Input((8,))\n"
        "    return Model(x, block(Dense(4)(x), pre))\n"
        "def outer():\n"
        "    register(net)\n"
    )
    assert [flow.partition(" > unknown(")[0] for flow in seen.flows if "BatchNormalization" in flow] == [
        "Input > Dense > BatchNormalization > Dense.2({BatchNormalization | Dense})"
    ]


def test_what_a_dict_holds_under_a_test_is_no_certain_argument() -> None:
    seen = read(
        "given = {'axis': -1}\n"
        "if flag:\n    given['eps'] = 1e-3\n"
        "if other:\n    given['eps'] = 1e-5\n"
        "if third:\n    given['name'] = 'a'\nelse:\n    given['name'] = 'b'\n"
        "layer = BatchNormalization(**given)\n"
    )
    arguments = seen.layer("BatchNormalization").arguments
    assert {item.name: item.certain for item in arguments.items} == {"axis": True, "eps": False, "name": True}


@pytest.mark.parametrize(
    "source",
    [
        "def BN(x):\n    return BatchNormalization()(x)\ndef block(x):\n    return BN(Conv2D(4, 3)(x))",
        "def block(x):\n    m, v = tf.nn.moments(x, [0])\n    return tf.nn.batch_normalization(x, m, v, None, None, 1e-3)",
        "class MyBatchNorm:\n    def __call__(self, x):\n        return x\ndef block(x):\n    return BatchNormalization()(MyBatchNorm()(x))",
        "from elsewhere import BatchNorm\ndef block(x):\n    return BatchNormalization()(BatchNorm()(x))",
    ],
    ids=["a function", "a function of TensorFlow", "a class", "what is not followed"],
)
def test_a_builder_is_not_analysed_again_for_what_is_merely_called_like_batchnorm(source: str) -> None:
    assert [model.name for model in read(source).models].count("block") == 1


def test_a_builder_is_analysed_again_for_what_its_flag_keeps_out() -> None:
    program = read("def block(x, norm=False):\n    x = Conv2D(4, 3)(x)\n    return BatchNormalization()(x) if norm else x")
    assert [len(model.calls) for model in program.models] == [2, 3]
