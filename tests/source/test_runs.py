"""Lists whose elements depend on tests: made in one arm, cut, turned round, written to, taken from."""

import pytest

from tests.source.programs import read

TWO = """
def build(flag, other, place):
    i = Input((8, 8, 3))
    a, b = Conv2D(4, 3)(i), DepthwiseConv2D(3)(i)
{body}
    return keras.Model(i, [x, a, b])
build(unknown(), unknown(), unknown())
"""


def flows(body: str) -> str:
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    return read(TWO.format(body=lines)).flows[0]


@pytest.mark.parametrize(
    "made",
    [
        "xs = [BatchNormalization()(t) for t in (a, b)]",
        "xs = []\n    for t in (a, b):\n        xs.append(BatchNormalization()(t))",
        "xs = list()\n    xs += [BatchNormalization()(t) for t in (a, b)]",
        "xs = [BatchNormalization()(a)] * 1\n    xs.append(BatchNormalization()(b))",
        "xs = [BatchNormalization()(a)] + []\n    xs.append(BatchNormalization()(b))",
        "xs = [0, BatchNormalization()(a)][1:]\n    xs.append(BatchNormalization()(b))",
    ],
)
def test_a_list_that_is_made_in_one_arm_holds_what_that_arm_put_there(made: str) -> None:
    body = f"if flag:\n    {made}\nelse:\n    xs = [ReLU()(t) for t in (a, b)]\nx = Add()([xs[:-1][0], MaxPool2D()(xs[-1])])"
    assert flows(body) == (
        "Input > Conv2D > DepthwiseConv2D(Input) > BatchNormalization(Conv2D) > BatchNormalization.2(DepthwiseConv2D) > ReLU(Conv2D)"
        " > ReLU.2(DepthwiseConv2D) > MaxPooling2D({BatchNormalization.2 | ReLU.2}) > Add({BatchNormalization | ReLU}, MaxPooling2D)"
    )


def test_a_list_that_one_arm_returns_holds_what_that_arm_put_there() -> None:
    text = """
def blocks(a, flag):
    if flag:
        xs = []
        xs.append(BatchNormalization()(a))
        return xs
    ys = []
    ys.append(ReLU()(a))
    return ys
def build(flag):
    i = Input((8, 8, 3))
    return keras.Model(i, Dense(3)(blocks(Conv2D(4, 3)(i), flag)[-1]))
build(unknown())
"""
    assert read(text).flow == "Input > Conv2D > BatchNormalization > ReLU(Conv2D) > Dense({BatchNormalization | ReLU})"


def test_a_list_that_was_there_before_holds_what_either_path_put_there() -> None:
    text = """
def blocks(a, flag):
    xs = [a]
    if flag:
        xs.append(BatchNormalization()(a))
        return xs
    xs.append(ReLU()(a))
    return xs
def build(flag):
    i = Input((8, 8, 3))
    return keras.Model(i, Dense(3)(blocks(Conv2D(4, 3)(i), flag)[-1]))
build(unknown())
"""
    assert read(text).flow == "Input > Conv2D > BatchNormalization > ReLU(Conv2D) > Dense({BatchNormalization | ReLU})"


@pytest.mark.parametrize(
    ("taken", "flow"),
    [
        ("xs[:-1][-1]", "{DepthwiseConv2D | Conv2D}"),
        ("xs[::-1][0]", "{MaxPooling2D | DepthwiseConv2D}"),
        ("xs[1:][0]", "DepthwiseConv2D"),
        ("xs.pop()", "{MaxPooling2D | DepthwiseConv2D}"),
        ("(xs.pop(), xs[-1])[1]", "{DepthwiseConv2D | Conv2D}"),
        ("(xs.pop(0), xs[0])[1]", "DepthwiseConv2D"),
        ("(xs.reverse(), xs[0])[1]", "{MaxPooling2D | DepthwiseConv2D}"),
    ],
)
def test_the_ends_of_a_list_that_a_test_made_longer(taken: str, flow: str) -> None:
    found = flows(f"xs = [a, b]\nif flag:\n    xs.append(MaxPool2D()(b))\nx = BatchNormalization()({taken})")
    assert found.rpartition(" > ")[2].removeprefix("BatchNormalization") in (f"({flow})", "" if flow == "DepthwiseConv2D" else None)


def test_a_place_that_is_not_known_holds_any_of_the_tensors() -> None:
    assert flows("x = BatchNormalization()([a, b][place])").endswith("BatchNormalization({Conv2D | DepthwiseConv2D})")


def test_what_is_put_at_a_place_that_is_not_known_may_be_anywhere() -> None:
    found = flows("xs = [a, b]\nxs[place] = BatchNormalization()(b)\nx = Add()(xs)")
    assert found.endswith("BatchNormalization > Add({BatchNormalization | Conv2D}, {BatchNormalization | DepthwiseConv2D})")


def test_odd_indices_of_odd_lists_are_harmless() -> None:
    text = "xs = [slice(1), {}, []]\nif unknown():\n    xs.append(slice(2))\n"
    for index in ("unknown()", "1.5:", ":2", "::2", "-1:", "9", "None"):
        assert read(f"{text}y = xs[{index}]\nxs[{index}] = layers.ReLU()\nBatchNormalization()").layer("BatchNormalization")


def test_constants_stay_where_a_place_is_not_known() -> None:
    assert read("sizes = [3, 5]\nsizes[unknown()] = 7\nlayers.Conv2D(4, sizes[0])").layer("Conv2D").config["kernel_size"] == 3


def test_keywords_of_a_dict_that_depends_on_a_test() -> None:
    text = "more = {'use_bias': False, 'name': 'a'} if unknown() else {'use_bias': False}\nlayers.Conv2D(4, 3, **more)"
    layer = read(text).layer("Conv2D")
    assert layer.config["use_bias"] is False
    assert [argument.name for argument in layer.arguments.items if not argument.certain] == ["name"]
    assert layer.arguments.complete


def test_an_activation_that_is_a_method() -> None:
    text = """
class Net:
    def _relu6(self, x):
        return x * tf.sigmoid(x)
    def build(self):
        i = Input((8,))
        return keras.Model(i, Activation(self._relu6)(BatchNormalization()(i)))
Net().build()
"""
    assert read(text).flows[0] == "Input > BatchNormalization > Activation:_relu6"
