"""Sequential lists, `add`, functional chains, nested calls, wrappers, activations, operators."""

import pytest

from bnlint.graph.query import upstream
from tests.source.programs import outputs, read

CHAIN = "Input > Conv2D > BatchNormalization > Activation:relu > Dense"


@pytest.mark.parametrize(
    "source",
    [
        """
        x = inputs = Input((8, 8, 3))
        x = Conv2D(4, 3)(x)
        x = BatchNormalization()(x)
        x = Activation("relu")(x)
        x = Dense(1)(x)
        model = keras.Model(inputs, x)
        """,
        """
        inputs = Input((8, 8, 3))
        model = keras.Model(inputs, Dense(1)(Activation("relu")(BatchNormalization()(Conv2D(4, 3)(inputs)))))
        """,
        """
        model = keras.Sequential([Input((8, 8, 3)), Conv2D(4, 3), BatchNormalization(), Activation("relu"), Dense(1)])
        """,
        """
        model = keras.Sequential((Conv2D(4, 3, input_shape=(8, 8, 3)), BatchNormalization(), Activation("relu"), Dense(1)), name="net")
        """,
        """
        model = keras.Sequential(layers=[InputLayer((8, 8, 3)), Conv2D(4, 3), BatchNormalization(), Activation("relu"), Dense(1)])
        """,
        """
        model = keras.models.Sequential()
        model.add(Conv2D(4, 3))
        model.add(BatchNormalization())
        model.add(Activation("relu"))
        model.add(layer=Dense(1))
        """,
        """
        stack = [Conv2D(4, 3), BatchNormalization()]
        stack.append(Activation("relu"))
        stack += [Dense(1)]
        model = keras.Sequential(stack)
        """,
        """
        model = keras.Sequential([Conv2D(4, 3)] + [BatchNormalization()] + [*[Activation("relu")], Dense(1)])
        """,
        """
        conv, bn, relu, dense = Conv2D(4, 3), BatchNormalization(), Activation("relu"), Dense(1)
        x = inputs = Input((8, 8, 3))
        for layer in (conv, bn, relu, dense):
            x = layer(x)
        model = keras.Model(inputs=inputs, outputs=x)
        """,
        """
        x = inputs = Input((8, 8, 3))
        y = BatchNormalization().__call__(Conv2D(4, 3).call(x))
        model = keras.Model([inputs], [Dense(1)(inputs=Activation("relu")(y))])
        """,
        """
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.conv = Conv2D(4, 3)
                self.bn = BatchNormalization()
                self.act = Activation("relu")
                self.out = Dense(1)

            def call(self, x):
                return self.out(self.act(self.bn(self.conv(x))))
        """,
        """
        class Net(keras.Sequential):
            def __init__(self):
                super().__init__([Conv2D(4, 3), BatchNormalization(), Activation("relu"), Dense(1)])

        Net()
        """,
        """
        class Net(keras.Sequential):
            def __init__(self):
                super(Net, self).__init__()
                self.add(Conv2D(4, 3))
                self.add(BatchNormalization())
                self.add(Activation("relu"))
                self.add(Dense(1))
        """,
        """
        class Net(keras.Model):
            def __init__(self):
                inputs = Input((8, 8, 3))
                x = BatchNormalization()(Conv2D(4, 3)(inputs))
                super().__init__(inputs=inputs, outputs=Dense(1)(Activation("relu")(x)))

        net = Net()
        """,
        """
        block = keras.Sequential([Conv2D(4, 3), BatchNormalization(), Activation("relu")])
        model = keras.Sequential([block, Dense(1)])
        """,
        """
        block = keras.Sequential([BatchNormalization(), Activation("relu")])
        model = keras.Sequential([Conv2D(4, 3), keras.Sequential([block]), Dense(1)])
        """,
        """
        a = inputs = Input((8, 8, 3))
        with tf.name_scope("stem"):
            with tf.device("/gpu:0"):
                b = Conv2D(4, 3)(a)
        c = tf.identity(BatchNormalization()(b))
        d = Activation("relu")(tf.cast(c, tf.float16))
        model = keras.Model(inputs, Dense(1)(d))
        """,
    ],
)
def test_every_style_is_the_same_chain(source: str) -> None:
    assert read(source).flow == CHAIN


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = Input((8,)); y = x + Dense(8)(x)", "Input > Dense > add(Input, Dense)"),
        ("x = Input((8,)); y = Add()([x, Dense(8)(x)])", "Input > Dense > Add(Input, Dense)"),
        ("x = Input((8,)); y = keras.layers.add([Dense(8)(x), x])", "Input > Dense > add(Dense, Input)"),
        ("x = Input((8,)); y = Concatenate(axis=-1)((x, Dense(8)(x)))", "Input > Dense > Concatenate(Input, Dense)"),
        ("x = Input((8,)); y = tf.concat([x, Dense(8)(x)], -1)", "Input > Dense > concat(Input, Dense)"),
        ("x = Input((8,)); y = Dense(8)(x) * tf.sigmoid(x)", "Input > Dense > sigmoid(Input) > multiply(Dense, sigmoid)"),
        ("x = Input((8,)); y = 0.5 * Dense(8)(x)", "Input > Dense > multiply"),
        ("x = Input((8,)); x += Dense(8)(x)", "Input > Dense > add(Input, Dense)"),
        ("x = Input((8,)); y = -Dense(8)(x)", "Input > Dense > negative"),
        ("x = Input((8, 8)); y = Dense(8)(x)[:, 0]", "Input > Dense > getitem"),
        (
            "x = Input((8, 8)); a, b = tf.split(Dense(8)(x), 2); y = a + Dense(4)(b)",
            "Input > Dense > split > Dense.2 > add(split, Dense.2)",
        ),
        ("x = Input((8, 8)); y, h, c = LSTM(8, return_state=True)(x); z = Dense(1)(h)", "Input > LSTM > Dense"),
        (
            "a = Input((8,)); b = Input((4,)); y = Dense(1)(Concatenate()([a, b]))",
            "Input > Input.2() > Concatenate(Input, Input.2) > Dense",
        ),
        ("q = Input((8, 8)); y = MultiHeadAttention(2, 4)(q, q); z = Dense(1)(y)", "Input > MultiHeadAttention > Dense"),
    ],
)
def test_operators_and_several_inputs(source: str, expected: str) -> None:
    assert read(source).flow == expected


@pytest.mark.parametrize(
    "call",
    [
        'Activation("relu")(x)',
        "Activation(tf.nn.relu)(x)",
        "Activation(keras.activations.relu)(x)",
        'Activation(keras.activations.get("relu"))(x)',
        "ReLU()(x)",
        "tf.nn.relu(x)",
        "tf.nn.relu(features=x)",
        "keras.activations.relu(x)",
        "keras.backend.relu(x)",
        "tf.keras.ops.relu(x)",
        "tf.keras.activations.relu(x, name='r')",
    ],
)
def test_relu_in_every_form(call: str) -> None:
    program = read(f"x = Dense(4)(Input((8,)))\ny = {call}\n")
    node = program.models[0].calls[-1]
    assert (node.layer.role, node.layer.activation) == ("activation", "relu")
    assert node.inputs[0] is program.models[0].calls[1]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('"relu"', "relu"),
        ("tf.nn.relu", "relu"),
        ("keras.activations.relu", "relu"),
        ("'swish'", "silu"),
        ("None", None),
        ("'linear'", None),
        ("ReLU()", "relu"),
        ("LeakyReLU(0.2)", "leaky_relu"),
        ("'tanh' if 1 > 0 else None", "tanh"),
        ("dict(a='elu')['a']", "elu"),
        ("name.lower()", "relu"),
    ],
)
def test_inline_activations(given: str, expected: str | None) -> None:
    assert read(f"name = 'ReLU'\ny = Dense(4, activation={given})(Input((8,)))\n").models[0].calls[1].layer.activation == expected


@pytest.mark.parametrize("given", ["None", "'linear'", "keras.activations.linear"])
def test_an_activation_layer_that_does_nothing_applies_linear(given: str) -> None:
    assert read(f"y = Activation({given})(Dense(4, activation={given})(Input((8,))))\n").flow == "Input > Dense > Activation:linear"


def test_positional_activation() -> None:
    assert read("Dense(4, 'relu')").layer("Dense").activation == "relu"
    assert read("Conv2D(4, 3, 1, 'same', None, 1, 1, 'relu')", "from keras.layers import Conv2D\n").layer("Conv2D").activation == "relu"


def test_time_distributed_has_the_role_of_what_it_wraps() -> None:
    calls = (
        read("x = Input((5, 8)); y = TimeDistributed(BatchNormalization())(TimeDistributed(Dense(4, activation='relu'))(x))")
        .models[0]
        .calls
    )
    assert [(call.layer.kind, call.layer.role) for call in calls[1:]] == [("TimeDistributed", "linear"), ("TimeDistributed", "batchnorm")]
    assert calls[1].layer.activation == "relu"
    assert calls[2].layer.inner is not None
    assert calls[2].layer.inner.kind == "BatchNormalization"


def test_bidirectional_is_recurrent() -> None:
    calls = read("y = Bidirectional(LSTM(4))(Input((5, 8)))").models[0].calls
    assert (calls[1].layer.kind, calls[1].layer.role) == ("Bidirectional", "recurrent")


def test_arguments_keep_their_spans() -> None:
    layer = read("bn = BatchNormalization(axis=1, momentum=0.9)", "from keras.layers import *\n").layer("BatchNormalization")
    axis = layer.arguments.keyword("axis")
    assert axis is not None
    assert axis.span is not None
    assert (axis.span.line, axis.span.column, axis.span.end_column) == (2, 30, 31)
    assert (layer.config["axis"], layer.config["momentum"], layer.config["epsilon"]) == (1, 0.9, 0.001)


def test_a_call_knows_where_its_input_stands() -> None:
    (_, dense, bn) = read("y = BatchNormalization()(Dense(4)(Input((8,))))", "from keras.layers import *\n").models[0].calls
    assert (dense.origin.span.column, dense.hole.column, dense.hole.end_column) == (26, 35, 46)
    assert (bn.origin.span.column, bn.hole.column, bn.hole.end_column) == (5, 26, 47)


def test_the_parts_of_a_sequential_have_their_own_places() -> None:
    program = read(
        "m = keras.Sequential([\n    Dense(4),\n    BatchNormalization(),\n])\nm.add(ReLU())", "from keras.layers import *\nimport keras\n"
    )
    spans = [call.origin.span for call in program.models[0].calls[1:]]
    assert [(span.line, span.column) for span in spans] == [(4, 5), (5, 5), (7, 7)]
    assert all(call.hole is None for call in program.models[0].calls)


def test_several_outputs() -> None:
    program = read("x = Input((8,)); a = Dense(1)(x); b = Dense(2)(x); m = keras.Model(x, [a, b])")
    assert program.flow == "Input > Dense > Dense.2(Input)"
    assert outputs(program.models[0]) == ["Dense", "Dense"]


def test_outputs_as_a_dict() -> None:
    program = read("x = Input((8,)); m = keras.Model(inputs={'x': x}, outputs={'a': Dense(1)(x), 'b': Dense(2)(x)})")
    assert program.flow == "Input > Dense > Dense.2(Input)"


def test_a_shared_layer_is_one_layer_and_several_calls() -> None:
    program = read("bn = BatchNormalization(); a = Input((8,)); b = Input((8,)); m = keras.Model([a, b], Add()([bn(a), bn(b)]))")
    assert (
        program.flow
        == "Input > Input.2() > BatchNormalization(Input) > BatchNormalization.2(Input.2) > Add(BatchNormalization, BatchNormalization.2)"
    )
    calls = program.models[0].calls
    assert calls[2].layer is calls[3].layer


def test_the_training_argument() -> None:
    calls = (
        read("x = Input((8,)); x = BatchNormalization()(x, training=True); x = BatchNormalization()(x, False); x = Dropout(0.5)(x)")
        .models[0]
        .calls
    )
    assert [call.training for call in calls[1:3]] == [True, False]
    assert repr(calls[3].training) == "ABSENT"


def test_a_model_of_intermediate_tensors() -> None:
    program = read("""
        x = Input((8,)); a = Dense(4)(x); b = BatchNormalization()(a); m = keras.Model(x, b)
        features = keras.Model(m.input, m.layers[1].output, name="features")
        """)
    assert program.named("features") == "Input > Dense"
    assert program.named("model") == "Input > Dense > BatchNormalization"


@pytest.mark.parametrize(
    "tensor", ["m.output", "m.outputs[0]", "m.layers[-1].output", "m.get_layer('norm').output", "m.get_layer(name='norm').output"]
)
def test_a_model_is_continued_from_its_output(tensor: str) -> None:
    program = read(f"""
        x = Input((8,)); m = keras.Model(x, BatchNormalization(name="norm")(Dense(4)(x)))
        n = keras.Model(m.input, Dense(1)({tensor}), name="head")
        """)
    assert program.named("head") == "Input > Dense > BatchNormalization > Dense.2"


def test_a_sequential_is_continued_from_its_output() -> None:
    program = read("""
        base = keras.Sequential([Input((8,)), Dense(4), BatchNormalization()])
        top = keras.Model(base.inputs, Dense(1)(base.output), name="top")
        """)
    assert program.named("top") == "Input > Dense > BatchNormalization > Dense.2"


def test_a_functional_model_is_replayed_on_a_new_input() -> None:
    program = read("""
        x = Input((8,)); m = keras.Model(x, BatchNormalization()(Dense(4)(x)))
        z = Input((8,)); n = keras.Model(z, Dense(1)(m(Dropout(0.5)(z))), name="whole")
        """)
    assert program.named("whole") == "Input > Dropout > Dense > BatchNormalization > Dense.2"


CLONED = """
i = Input((8,))
x = Activation("relu")(BatchNormalization()(Dense(4)(i)))
model = keras.Model(i, ReLU()(Dense(4)(x)))
"""


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (
            "def swap(layer):\n"
            "    if isinstance(layer, ReLU) or (isinstance(layer, Activation) and layer.activation == keras.activations.relu):\n"
            "        return PReLU()\n"
            "    return layer\n",
            "Input > Dense > BatchNormalization > PReLU > Dense.2 > PReLU.2",
        ),
        ("swap = lambda layer: layer\n", "Input > Dense > BatchNormalization > Activation:relu > Dense.2 > ReLU"),
        ("from mine import swap\n", "Input > unknown > unknown.2 > unknown.3 > unknown.4 > unknown.5"),
    ],
)
def test_a_clone_whose_layers_a_function_replaces(function: str, expected: str) -> None:
    given = "input_tensors=Input(model.input_shape[1:]), clone_function=swap"
    assert read(f"{CLONED}{function}clone = keras.models.clone_model(model, {given})").flows[-1] == expected


def test_a_tensor_under_an_unknown_key_may_be_found_under_another() -> None:
    source = """
    from mine import name
    first, second = name(1), name(2)
    x = Input((8,))
    made = {}
    made[first] = BatchNormalization()(x)
    y = ReLU()(made[second])
    """
    calls = {call.layer.kind: call for call in read(source).models[0].calls}
    assert calls["BatchNormalization"] in [*upstream(calls["ReLU"].inputs)]


def test_a_model_called_twice_shares_its_layers() -> None:
    program = read("""
        x = Input((8,)); m = keras.Model(x, BatchNormalization()(x))
        a = Input((8,)); b = Input((8,)); n = keras.Model([a, b], Subtract()([m(a), m(b)]), name="twins")
        """)
    graph = program.graph("twins")
    assert (
        program.named("twins")
        == "Input > Input.2() > BatchNormalization(Input) > BatchNormalization.2(Input.2) > Subtract(BatchNormalization, BatchNormalization.2)"
    )
    assert graph.calls[2].layer is graph.calls[3].layer


def test_a_sequential_called_twice_shares_its_layers() -> None:
    program = read("""
        m = keras.Sequential([Dense(4), BatchNormalization()])
        x = Input((8,)); n = keras.Model(x, Add()([m(x), m(ReLU()(x))]), name="twins")
        """)
    graph = program.graph("twins")
    assert program.named("twins") == (
        "Input > Dense > BatchNormalization > ReLU(Input) > Dense.2 > BatchNormalization.2 > Add(BatchNormalization, BatchNormalization.2)"
    )
    assert graph.calls[2].layer is graph.calls[5].layer


def test_a_sequential_that_grows_between_two_calls() -> None:
    program = read("""
        m = keras.Sequential([Dense(4)])
        x = Input((8,)); a = m(x)
        m.add(BatchNormalization())
        n = keras.Model(x, Add()([a, m(x)]), name="n")
        """)
    assert program.named("n") == "Input > Dense > Dense.2(Input) > BatchNormalization > Add(Dense, BatchNormalization)"


def test_pop_takes_the_last_layer() -> None:
    assert read("m = keras.Sequential([Dense(4), BatchNormalization(), ReLU()]); m.pop()").flow == "Input > Dense > BatchNormalization"


def test_several_inputs_and_outputs_of_a_model_called() -> None:
    program = read("""
        a = Input((8,)); b = Input((8,))
        m = keras.Model([a, b], [Dense(1)(a), BatchNormalization()(b)])
        x = Input((8,)); first, second = m([x, ReLU()(x)])
        n = keras.Model(x, Dense(2)(second), name="n")
        """)
    assert program.named("n") == "Input > ReLU > BatchNormalization > Dense"


def test_a_backbone_of_keras_applications_is_one_layer() -> None:
    program = read("""
        base = keras.applications.ResNet50(include_top=False, weights=None)
        x = GlobalAveragePooling2D()(base.output)
        m = keras.Model(base.input, Dense(1)(x))
        """)
    assert program.flow == "Input > ResNet50 > GlobalAveragePooling2D > Dense"
    assert program.models[0].calls[1].layer.config["has_batchnorm"] is True


@pytest.mark.parametrize(
    "base",
    [
        "keras.applications.VGG16(weights=None)",
        "keras.applications.vgg16.VGG16(weights=None)",
        "tf.keras.applications.VGG16(weights=None, input_tensor=None)",
    ],
)
def test_a_backbone_called_as_a_layer(base: str) -> None:
    program = read(f"x = Input((8, 8, 3)); m = keras.Model(x, Dense(1)({base}(x, training=False)))")
    assert program.flow == "Input > VGG16 > Dense"
    call = program.models[0].calls[1]
    assert (call.training, call.layer.config["has_batchnorm"]) == (False, False)


def test_a_backbone_in_a_sequential() -> None:
    assert read("m = keras.Sequential([keras.applications.ResNet50(), Dense(1)])").flow == "Input > ResNet50 > Dense"


@pytest.mark.parametrize(
    ("element", "what", "kind"),
    [
        ("BatchNormalization", "class", "BatchNormalization"),
        ("layers.ReLU", "class", "ReLU"),
        ("block", "function", "BatchNormalization"),
        ("lambda x: layers.Dense(3)(x)", "function", "Dense"),
    ],
)
def test_an_element_of_a_sequential_that_is_no_layer(element: str, what: str, kind: str) -> None:
    program = read(f"def block(x):\n    return BatchNormalization()(x)\nm = keras.Sequential([Dense(4), {element}])\nm.add({element})")
    events = program.events("not_a_layer")
    assert [(event.args["what"], event.args["kind"]) for event in events] == [(what, kind)] * 2


def test_tf1_layers_are_nodes() -> None:
    program = read("""
        x = tf.keras.Input((8, 8, 3))
        y = tf.layers.conv2d(x, 4, 3, activation=None, use_bias=False)
        z = tf.compat.v1.layers.batch_normalization(y, training=True)
        """)
    assert [call.layer.role for call in program.models[0].calls] == ["input", "linear", "batchnorm"]
    assert [call.layer.family for call in program.models[0].calls[1:]] == ["tf1", "tf1"]
    assert program.models[0].calls[2].training is True
