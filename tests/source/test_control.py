"""Tests, loops, early exits, match, try; correlated flags; constants."""

import time

import pytest

from bnlint.graph import query
from bnlint.graph.model import Choice, Join
from tests.source.programs import flow, known, outputs, read


@pytest.mark.parametrize(
    "source",
    [
        "if True:\n    x = Dense(1)(x)\nelse:\n    x = ReLU()(x)",
        "n = 3\nif n > 2 and not n == 4:\n    x = Dense(1)(x)",
        "mode = 'train'\nif mode in ('train', 'eval'):\n    x = Dense(1)(x)",
        "mode = 'a'\nif mode == 'b':\n    x = ReLU()(x)\nelif mode == 'a':\n    x = Dense(1)(x)\nelse:\n    x = Softmax()(x)",
        "x = Dense(1)(x) if 1 < 2 < 3 else ReLU()(x)",
        "d = {}\nif not d:\n    x = Dense(1)(x)",
        "if isinstance(3, int):\n    x = Dense(1)(x)",
        "if isinstance([], (list, tuple)):\n    x = Dense(1)(x)",
        "flag = None\nif flag is None:\n    x = Dense(1)(x)",
        "for i in range(3):\n    if i == 1:\n        continue\n    if i == 2:\n        break\n    x = Dense(1)(x)",
        "for i in []:\n    x = ReLU()(x)\nelse:\n    x = Dense(1)(x)",
        "i = 0\nwhile i < 1:\n    x = Dense(1)(x)\n    i += 1",
        "while True:\n    x = Dense(1)(x)\n    break",
        "match 'a':\n    case 'b' | 'c':\n        x = ReLU()(x)\n    case 'a':\n        x = Dense(1)(x)\n    case _:\n        x = Softmax()(x)",
        "match 3:\n    case n if n > 2:\n        x = Dense(1)(x)",
        "try:\n    import mine\nexcept ImportError:\n    mine = None\nx = Dense(1)(x)",
        "def f(x, n):\n    if n > 3:\n        return Dense(1)(x)\n    return ReLU()(x)\nx = f(x, 4)",
        "def f(x):\n    for n in (1, 2, 3):\n        if n == 2:\n            return Dense(n)(x)\n    return ReLU()(x)\nx = f(x)",
        "assert x is not None, 'no x'\nx = Dense(1)(x)",
        "if tf.keras.backend.image_data_format() == 'channels_last':\n    x = Dense(1)(x)\nelse:\n    x = ReLU()(x)",
        "if __name__ == '__main__':\n    x = Dense(1)(x)",
        "import sys\nx = Dense(1)(x)\nif False:\n    sys.exit()",
        "def f(x):\n    try:\n        return Dense(1)(x)\n    finally:\n        pass\nx = f(x)",
        "if any([False, True]) and all([1, 2]) and max(1, 2) == 2 and len([1, 2]) == 2:\n    x = Dense(1)(x)",
        "c = {'norm': {'on': True}}\nif c['norm']['on'] and c.get('more', True) and 'norm' in c and 'x' not in c:\n    x = Dense(1)(x)",
    ],
)
def test_what_is_known_is_folded(source: str) -> None:
    assert read(f"x = Input((8,))\n{source}\n").flow == "Input > Dense"


UNKNOWN_FLAG = "from mine import flag, other\nx = Input((8,))\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("if flag:\n    x = Dense(1)(x)\nx = ReLU()(x)", "Input > Dense > ReLU({Dense | Input})"),
        ("if not flag:\n    x = Dense(1)(x)\nx = ReLU()(x)", "Input > Dense > ReLU({Input | Dense})"),
        (
            "if flag:\n    x = Dense(1)(x)\nelse:\n    x = Conv1D(1, 1)(x)\nx = ReLU()(x)",
            "Input > Dense > Conv1D(Input) > ReLU({Dense | Conv1D})",
        ),
        ("x = Dense(1)(x) if flag else x\nx = ReLU()(x)", "Input > Dense > ReLU({Dense | Input})"),
        ("x = flag and Dense(1)(x) or x\nx = ReLU()(x)", "Input > Dense > ReLU({Dense | Input})"),
        ("def f(x):\n    if flag:\n        return Dense(1)(x)\n    return x\nx = ReLU()(f(x))", "Input > Dense > ReLU({Dense | Input})"),
        (
            "def f(x):\n    if not flag:\n        return x\n    x = Dense(1)(x)\n    return x\nx = ReLU()(f(x))",
            "Input > Dense > ReLU({Dense | Input})",
        ),
        (
            "def f(x):\n    if flag == 1:\n        return Dense(1)(x)\n    if flag == 2:\n        return Conv1D(1, 1)(x)\n    return x\nx = ReLU()(f(x))",
            "Input > Dense > Conv1D(Input) > ReLU({Dense | {Conv1D | Input}})",
        ),
        ("while flag:\n    x = Dense(1)(x)\nx = ReLU()(x)", "Input > Dense > Dense.2 > ReLU({{Dense.2 | Dense} | Input})"),
        ("for i in flag:\n    x = Dense(1)(x)\nx = ReLU()(x)", "Input > Dense > Dense.2 > ReLU({{Dense.2 | Dense} | Input})"),
        ("for i in range(flag):\n    x = Dense(1)(x)\nx = ReLU()(x)", "Input > Dense > Dense.2 > ReLU({{Dense.2 | Dense} | Input})"),
        (
            "match flag:\n    case 'a':\n        x = Dense(1)(x)\n    case 'b':\n        x = Conv1D(1, 1)(x)\nx = ReLU()(x)",
            "Input > Dense > Conv1D(Input) > ReLU({Dense | {Conv1D | Input}})",
        ),
        (
            "try:\n    x = Dense(1)(x)\nexcept ValueError:\n    x = Conv1D(1, 1)(x)\nx = ReLU()(x)",
            "Input > Dense > Conv1D(Input) > ReLU({Dense | Conv1D})",
        ),
        ("layer = Dense(1) if flag else Conv1D(1, 1)\nx = ReLU()(layer(x))", "Input > Dense > Conv1D(Input) > ReLU({Dense | Conv1D})"),
        ("x = (Dense if flag else Conv1D)(1, 1)(x)\nx = ReLU()(x)", "Input > Dense:? > Conv1D(Input) > ReLU({Dense | Conv1D})"),
        ("x = {'a': Dense(1), 'b': ReLU()}[flag](x)\nx = Softmax()(x)", "Input > Dense > ReLU(Input) > Softmax({Dense | ReLU})"),
        (
            "fs = [Dense(1)]\nif flag:\n    fs.append(ReLU())\nfor f in fs:\n    x = f(x)\nx = Softmax()(x)",
            "Input > Dense > ReLU > Softmax({ReLU | Dense})",
        ),
        (
            "fs = []\nif flag:\n    fs += [Dense(1)]\nif other:\n    fs += [ReLU()]\nm = keras.Sequential([InputLayer((8,)), *fs, Softmax()])",
            "Input > Dense > ReLU({Dense | Input}) > Softmax({ReLU | {Dense | Input}})",
        ),
        ("m = keras.Sequential([InputLayer((8,))])\nif flag:\n    m.add(Dense(1))\nm.add(ReLU())", "Input > Dense > ReLU({Dense | Input})"),
        (
            "d = {}\nif flag:\n    d['f'] = Dense(1)\nelse:\n    d['f'] = Conv1D(1, 1)\nx = ReLU()(d['f'](x))",
            "Input > Dense > Conv1D(Input) > ReLU({Dense | Conv1D})",
        ),
        (
            "def f(x):\n    if flag or not other:\n        return Dense(1)(x)\n    return Conv1D(1, 1)(x)\nx = ReLU()(f(x))",
            "Input > Dense > Dense.2(Input) > Conv1D(Input) > ReLU({{Dense | Conv1D} | {{Dense | Conv1D} | Dense.2}})",
        ),
        (
            "def f(x):\n    for n in (1, 2):\n        if flag and other:\n            break\n        return Dense(n)(x)\n    return x\nx = ReLU()(f(x))",
            "Input > Dense > ReLU({{Input | Dense} | Dense})",
        ),
        (
            "fs = []\nif flag:\n    fs.append(Dense(1))\nif fs:\n    x = Conv1D(1, 1)(x)\nx = ReLU()(x)",
            "Input > Conv1D > ReLU({Conv1D | Input})",
        ),
        (
            "fs = []\nif flag and other:\n    pass\nelse:\n    fs += [Dense(1)]\nfor f in fs:\n    x = f(x)\nx = ReLU()(x)",
            "Input > Dense > Dense.2(Input) > ReLU({{Input | Dense} | Dense.2})",
        ),
    ],
)
def test_what_is_not_known_forks(source: str, expected: str) -> None:
    flows = read(UNKNOWN_FLAG + source).flows
    assert flows == [expected]


def test_any_handler_may_run() -> None:
    program = read(
        UNKNOWN_FLAG + "try:\n    x = Dense(1)(x)\nexcept ValueError:\n    raise\nexcept TypeError:\n    x = Conv1D(1, 1)(x)\nx = ReLU()(x)"
    )
    assert program.flow == "Input > Dense > Conv1D(Input) > ReLU({Dense | Conv1D})"


def test_a_flag_tested_twice_makes_no_impossible_path() -> None:
    program = read(
        UNKNOWN_FLAG
        + "x = Dense(1, use_bias=not flag)(x)\nif flag:\n    x = BatchNormalization()(x)\nx = ReLU()(x)\nif flag:\n    x = Softmax()(x)"
    )
    dense = program.models[0].calls[1]
    batchnorm = program.models[0].calls[2]
    relu = program.models[0].calls[3]
    softmax = program.models[0].calls[4]
    assert isinstance(dense.layer.config["use_bias"], Choice)
    (step,) = query.producers(batchnorm)
    assert step.call is dense
    assert query.config(dense.layer, "use_bias", step.under) is False
    (only,) = query.producers(softmax, through={"activation"})
    assert only.call is batchnorm
    assert {step.call for step in query.producers(relu)} == {batchnorm, dense}


@pytest.mark.parametrize("second", ["if not flag:", "if flag is False:", "if flag == False:"])
def test_contrary_tests_exclude_each_other(second: str) -> None:
    program = read(UNKNOWN_FLAG + f"if flag:\n    x = Dense(1)(x)\n{second}\n    x = BatchNormalization()(x)\nx = ReLU()(x)")
    batchnorm = next(call for call in program.models[0].calls if call.layer.kind == "BatchNormalization")
    kinds = {step.call.layer.kind for step in query.producers(batchnorm) if step.call}
    assert kinds == {"Input"}


def test_a_switch_by_strings_is_correlated() -> None:
    program = read(
        UNKNOWN_FLAG
        + "if flag == 'bn':\n    x = Dense(1, use_bias=False)(x)\nelse:\n    x = Dense(2)(x)\nif flag == 'bn':\n    x = BatchNormalization()(x)\nelif flag == 'ln':\n    x = LayerNormalization()(x)\n"
    )
    calls = program.models[0].calls
    batchnorm = next(call for call in calls if call.layer.kind == "BatchNormalization")
    layernorm = next(call for call in calls if call.layer.kind == "LayerNormalization")
    assert [step.call.layer.config["units"] for step in query.producers(batchnorm) if step.call] == [1]
    assert [step.call.layer.config["units"] for step in query.producers(layernorm) if step.call] == [2]


def test_a_flag_is_one_flag_across_functions() -> None:
    program = read("""
        def conv(x, bn):
            x = Dense(4, use_bias=not bn)(x)
            return BatchNormalization()(x) if bn else x

        def build(x, bn):
            return conv(conv(x, bn), bn)
        """)
    second = [call for call in program.models[0].calls if call.layer.kind == "Dense"][1]
    norm = [call for call in program.models[0].calls if call.layer.kind == "BatchNormalization"][1]
    (step,) = query.producers(norm)
    assert step.call is second
    assert query.config(second.layer, "use_bias", step.under) is False
    (before,) = query.producers(second, under=step.under)
    assert before.call is not None
    assert before.call.layer.kind == "BatchNormalization"


def test_a_rejected_argument_narrows_what_follows() -> None:
    program = read("""
        def build(x, norm):
            if norm not in ("bn", "none"):
                raise ValueError(norm)
            x = Dense(1)(x)
            if norm == "bn":
                x = BatchNormalization()(x)
            return ReLU()(x)
        """)
    assert program.flow == "unknown > Dense > BatchNormalization > ReLU({BatchNormalization | Dense})"


def test_a_loop_joins_entry_and_later_rounds() -> None:
    program = read("def f(x, n):\n    for _ in range(n):\n        x = ReLU()(BatchNormalization()(Dense(4)(x)))\n    return x")
    graph = program.models[0]
    fed = {step.call.layer.kind for call in graph.calls if call.layer.kind == "Dense" for step in query.producers(call) if step.call}
    assert fed == {"unknown", "ReLU"}
    (output,) = graph.outputs
    assert isinstance(output, Join)
    assert {call.layer.kind for call, _ in query.sources(output)} == {"ReLU", "unknown"}


def test_a_skip_connection_carried_round_a_loop() -> None:
    program = read(
        "def f(x, n):\n    for _ in range(n):\n        y = BatchNormalization()(Dense(4)(x))\n        x = Add()([x, y])\n    return x"
    )
    adds = [call for call in program.models[0].calls if call.layer.kind == "Add"]
    assert len(adds) == 2
    assert {step.call.layer.kind for step in query.producers(adds[1]) if step.call} == {"Add", "BatchNormalization"}


def test_the_first_round_of_an_unknown_range_is_number_zero() -> None:
    program = read("def f(x, n):\n    for i in range(n):\n        x = Dense(4, name='first' if i == 0 else 'later')(x)\n    return x")
    assert [known(call.layer.name) for call in program.models[0].calls if call.layer.kind == "Dense"] == ["first", "first or later"]


@pytest.mark.parametrize(
    ("loop", "count"),
    [
        ("for n in [1, 2, 3]:", 3),
        ("for n in range(2, 10, 3):", 3),
        ("for i, n in enumerate((4, 5)):", 2),
        ("for n, m in zip([1, 2, 3], [4, 5]):", 2),
        ("for n in reversed([1, 2]):", 2),
        ("for n in sorted([1, 2]):", 2),
        ("for n in {'a': 1, 'b': 2}.values():", 2),
        ("for k, n in {'a': 1, 'b': 2}.items():", 2),
        ("for n in [m * 2 for m in range(4) if m % 2]:", 2),
        ("for n in (m for m in range(3)):", 3),
        ("for n in list(range(2)) * 2:", 4),
        ("for n in [1, 2, 3, 4][1:-1]:", 2),
        ("for n in 'ab':", 2),
        ("for n in map(int, ['1', '2']):", 2),
        ("for n in map(lambda v: v + 1, [1, 2]):", 2),
        ("for n in range(len([4, 4])):", 2),
        ("for n in np.arange(3):", 3),
        ("for n in filter(None, [1, 0, 2]):", 2),
        ("for (n, m), k in [((1, 2), 3)]:", 1),
        ("for n, *rest in [(1, 2, 3), (4, 5)]:", 2),
        ("for n in itertools.chain([1], [2, 3]):", 3),
        ("for n in itertools.product([1, 2], [3, 4]):", 4),
        ("for n in [*range(2), *(5,)]:", 3),
        ("for n in set([1, 2]):", 2),
        ("for n in tuple([1, 2]) + (3,):", 3),
    ],
)
def test_known_loops_are_unrolled(loop: str, count: int) -> None:
    program = read(f"import itertools\nimport numpy as np\nx = Input((8,))\n{loop}\n    x = Dense(1)(x)\nx = ReLU()(x)\n")
    assert sum(call.layer.kind == "Dense" for call in program.models[0].calls) == count
    assert not any(isinstance(tensor, Join) for call in program.models[0].calls for tensor in call.inputs)


def test_nested_loops_over_a_configuration() -> None:
    program = read("""
        CONFIG = [{"filters": 4, "repeat": 2}, {"filters": 8, "repeat": 1, "norm": False}]
        x = Input((8,))
        for stage in CONFIG:
            for i in range(stage["repeat"]):
                x = Dense(stage["filters"] * (i + 1), name=f"s{stage['filters']}_{i}")(x)
                if stage.get("norm", True):
                    x = BatchNormalization()(x)
        """)
    assert program.flow == "Input > Dense > BatchNormalization > Dense.2 > BatchNormalization.2 > Dense.3"
    assert [(layer.name, layer.config["units"]) for layer in program.module.constructions if layer.kind == "Dense"] == [
        ("s4_0", 4),
        ("s4_1", 8),
        ("s8_0", 8),
    ]


def test_comprehensions_build_layers() -> None:
    program = read(
        "ls = [Dense(n) for n in (1, 2)]\nnorms = {n: BatchNormalization() for n in (1, 2)}\nx = Input((8,))\nfor n, l in enumerate(ls, 1):\n    x = norms[n](l(x))"
    )
    assert program.flow == "Input > Dense > BatchNormalization > Dense.2 > BatchNormalization.2"


def test_comprehensions_have_their_own_scope() -> None:
    assert read("n = 5\nls = [n for n in range(3)]\ny = Dense(n)(Input((8,)))").layer("Dense").config["units"] == 5


def test_return_from_a_loop_over_something_unknown() -> None:
    program = read(
        "def f(x, items):\n    for i in items:\n        if i:\n            return BatchNormalization()(x)\n        x = Dense(1)(x)\n    return ReLU()(x)"
    )
    (output,) = program.models[0].outputs
    assert {call.layer.kind for call, _ in query.sources(output)} == {"BatchNormalization", "ReLU"}
    fed = {
        step.call.layer.kind for call in program.models[0].calls if call.layer.kind == "ReLU" for step in query.producers(call) if step.call
    }
    assert fed == {"unknown", "Dense"}


def test_break_under_an_unknown_test() -> None:
    program = read(
        UNKNOWN_FLAG + "for n in (1, 2):\n    x = Dense(n)(x)\n    if flag:\n        break\n    x = BatchNormalization()(x)\ny = ReLU()(x)"
    )
    graph = program.models[0]
    relu = graph.calls[-1]
    steps = {(step.call.layer.kind, step.call.layer.config.get("units")) for step in query.producers(relu) if step.call}
    assert steps == {("Dense", 1), ("BatchNormalization", None)}


def test_continue_under_an_unknown_test() -> None:
    program = read(
        UNKNOWN_FLAG
        + "for n in (1, 2):\n    x = Dense(n)(x)\n    if flag:\n        continue\n    x = BatchNormalization()(x)\ny = ReLU()(x)"
    )
    graph = program.models[0]
    second = next(call for call in graph.calls if call.layer.config.get("units") == 2)
    assert {step.call.layer.kind for step in query.producers(second) if step.call} == {"Dense", "BatchNormalization"}
    relu = graph.calls[-1]
    assert {step.call.layer.kind for step in query.producers(relu) if step.call} == {"Dense", "BatchNormalization"}
    last = [call for call in graph.calls if call.layer.kind == "BatchNormalization"][-1]
    (step,) = query.producers(last)
    assert step.call is second


def test_raise_in_one_arm_leaves_the_other() -> None:
    program = read(UNKNOWN_FLAG + "if flag:\n    x = Dense(1)(x)\nelse:\n    raise ValueError\nx = ReLU()(x)")
    assert program.flow == "Input > Dense > ReLU"


def test_mutation_in_a_branch_is_undone_for_the_other() -> None:
    program = read(
        UNKNOWN_FLAG
        + "config = {'n': 1}\nsizes = [1]\nclass C: pass\nc = C()\nc.n = 1\n"
        + "if flag:\n    config['n'] = 2\n    sizes[0] = 2\n    c.n = 2\n    x = Dense(config['n'])(Dense(sizes[0])(Dense(c.n)(x)))\nelse:\n    x = Conv1D(config['n'], sizes[0], strides=c.n)(x)\n"
        + "y = Dense(config['n'])(x)\nz = Dense(sizes[0])(y)\nw = Dense(c.n)(z)"
    )
    inner = [call.layer.config["units"] for call in program.models[0].calls[1:4]]
    assert inner == [2, 2, 2]
    conv = next(call for call in program.models[0].calls if call.layer.kind == "Conv1D")
    assert (conv.layer.config["filters"], conv.layer.config["kernel_size"], conv.layer.config["strides"]) == (1, 1, 1)
    assert [known(call.layer.config["units"]) for call in program.models[0].calls[-3:]] == ["2 or 1"] * 3


def test_with_and_del_and_walrus() -> None:
    program = read("x = Input((8,))\nwith open('f') as f, tf.device('gpu') as d:\n    x = (y := Dense(1)(x))\ndel y\nx = ReLU()(x)")
    assert program.flow == "Input > Dense > ReLU"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 ** 5", 32),
        ("int(64 * 0.25)", 16),
        ("max(8, int(20 / 2))", 10),
        ("[64, 128][1]", 128),
        ("(1, 2, 3)[-1]", 3),
        ("{'a': 5}['a']", 5),
        ("len('abc')", 3),
        ("sum([1, 2, 3])", 6),
        ("7 // 2 % 2", 1),
        ("-(-3)", 3),
        ("3 if 'a' < 'b' else 4", 3),
        ("None or 5", 5),
        ("0 and 5 or 6", 6),
        ("round(3.6)", 4),
        ("int('7')", 7),
        ("math.ceil(2.1)", 3),
        ("1 << 4", 16),
        ("a[0] + a[1]", 3),
        ("b + (c := 4)", 14),
        ("abs(-4)", 4),
        ("int(np.ceil(2.5))", 3),
        ("divmod(7, 2)[0]", 3),
        ("[x * 2 for x in a][1]", 4),
        ("min(a)", 1),
        ("dict(k=9)['k']", 9),
        ("{**{'k': 1}, 'k': 2}['k']", 2),
        ("int(True)", 1),
    ],
)
def test_constants_are_computed(expression: str, value: int) -> None:
    program = read(f"import math\nimport numpy as np\na = [1, 2]\nb = 10\ny = Dense({expression})(Input((8,)))")
    assert program.layer("Dense").config["units"] == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'a' + 'b'", "ab"),
        ("'a' + str(3)", "a3"),
        ("f'conv{n}_{n + 1:02d}'", "conv3_04"),
        ("'%s_%d' % ('a', 3)", "a_3"),
        ("'%s' % n", "3"),
        ("'{}-{x}'.format(n, x=1)", "3-1"),
        ("'_'.join(['a', 'b'])", "ab".replace("ab", "a_b")),
        ("'a' * 3", "aaa"),
        ("'ABC'.lower()[1:]", "bc"),
        ("f'{n!r}'", "3"),
        ("None if n else 'a'", None),
        ("f'{\"x\"}' f'y'", "xy"),
        ("'a,b'.split(',')[1]", "b"),
        ("'a\\nb'.splitlines()[1]", "b"),
    ],
)
def test_texts_are_computed(expression: str, value: str | None) -> None:
    assert read(f"n = 3\ny = Dense(1, name={expression})(Input((8,)))").layer("Dense").name == value


@pytest.mark.parametrize(
    "expression",
    [
        "10 ** 10 ** 10",
        "'a' * 10 ** 9",
        "[0] * 10 ** 9",
        "1 << 10 ** 6",
        "2.0 ** 9999",
        "1 / 0",
        "(1).x",
        "'%d' % 'a'",
        "-'a'",
        "[][3]",
        "{}['a']",
        "int('x')",
        "range(0, 9, 0)",
    ],
)
def test_what_cannot_be_computed_is_unknown(expression: str) -> None:
    assert known(read(f"y = Dense({expression})(Input((8,)))").layer("Dense").config["units"]) == "?"


def test_independent_flags_do_not_multiply() -> None:
    source = "from mine import flags\nx = Input((8,))\n" + "".join(
        f"if flags[{i}]:\n    x = BatchNormalization()(x)\nelse:\n    x = ReLU()(x)\n" for i in range(30)
    )
    begin = time.perf_counter()
    program = read(source)
    assert time.perf_counter() - begin < 1
    assert len(program.models[0].calls) == 61


def test_independent_early_returns_do_not_multiply() -> None:
    source = (
        "def f(x, flags):\n"
        + "".join(f"    if flags[{i}]:\n        return Dense({i})(x)\n    x = BatchNormalization()(x)\n" for i in range(30))
        + "    return x\n"
    )
    begin = time.perf_counter()
    program = read(source)
    assert time.perf_counter() - begin < 1
    assert len(program.models[0].calls) == 61
    assert flow(program.models[0]).count("Dense") == 30
    assert len(outputs(program.models[0])) == 1


def test_a_class_of_keras_is_no_class_of_the_user() -> None:
    program = read("""
        class Mine(layers.Layer):
            def call(self, x):
                return x

        def block(x, norm=layers.BatchNormalization):
            n = norm(width=8) if norm is Mine else norm(axis=-1)
            return n(x)
    """)
    assert [layer.config["axis"] for layer in program.module.constructions if layer.kind == "BatchNormalization"] == [-1]
    assert not any("width" in layer.config for layer in program.module.constructions)


def test_the_layers_of_a_list_as_long_as_an_unknown_number() -> None:
    source = """
    from mine import n
    norms = [BatchNormalization() for _ in range(n)]
    x = Input((8,))
    for i in range(n):
        x = norms[i](Dense(4)(x))
    """
    calls = read(source).models[0].calls
    assert [call.layer.kind for call in calls] == ["Input", "Dense", "BatchNormalization", "Dense", "BatchNormalization"]


@pytest.mark.parametrize(
    ("made", "used"),
    [
        ("a = [Dense(1) for _ in n]\nb = [BatchNormalization() for _ in n]", "for f, g in zip(a, b):"),
        (
            "a, b = [], []\nfor i in n:\n    a.append(Dense(1))\n    b.append(BatchNormalization())",
            "for i, f in enumerate(a):\n    g = b[i]",
        ),
        ("a = [Dense(1) for _ in range(len(n))]\nb = [BatchNormalization() for _ in n]", "for i in range(len(a)):\n    f, g = a[i], b[i]"),
        ("a = [(Dense(1), BatchNormalization()) for _ in range(n)]", "for i in range(len(a)):\n    f, g = a[i][0], a[i][1]"),
        ("a = [[Dense(k), BatchNormalization()] for k in n]", "for pair, k in zip(a, n):\n    f, g = pair"),
        (
            "a = {}\nfor i in range(n):\n    a[f'd{i}'] = Dense(1)\n    a[f'b{i}'] = BatchNormalization()",
            "for i in range(n):\n    f, g = a[f'd{i}'], a[f'b{i}']",
        ),
        (
            "a = {}\nfor i in range(1, n):\n    a['d%d' % i] = Dense(1)\n    a['b{}'.format(i)] = BatchNormalization()",
            "for i in range(1, n):\n    f, g = a['d%d' % i], a['b{}'.format(i)]",
        ),
        (
            "a = {i: Dense(1) for i in range(n)}\nb = {f'b{i}': BatchNormalization() for i in range(n)}",
            "for i in range(n):\n    f, g = a[i], b[f'b{i}']",
        ),
        (
            "class A:\n    pass\na = A()\nfor i in range(n):\n    setattr(a, 'd' + str(i), Dense(1))\n    setattr(a, f'b{i}', BatchNormalization())",
            "for i in range(n):\n    f, g = getattr(a, 'd' + str(i)), getattr(a, f'b{i}')",
        ),
    ],
)
def test_loops_of_as_many_rounds_go_through_the_same_layers(made: str, used: str) -> None:
    source = f"from mine import n\n{made}\nx = Input((8,))\n{used}\n    x = g(f(x))\nmodel = keras.Model([], x)"
    calls = read(source).models[0].calls
    first, *chain = calls
    assert first.layer.kind == "Input"
    assert [call.layer.kind for call in chain] == ["Dense", "BatchNormalization"] * 2
    assert [source for call in chain for source in call.inputs] == list(calls[:-1])
    assert len({call.layer for call in chain}) == 4


def test_a_list_of_unknown_length_beside_one_of_which_it_is_known() -> None:
    source = """
    from mine import rates
    x = Input((8,))
    for units, rate, kind in zip([4, 5, 6], [float(each) for each in rates], ["a", "b", "c"]):
        x = BatchNormalization()(Dense(units)(x)) if kind == "c" else Dense(units)(x)
    """
    calls = read(source).models[0].calls
    assert [call.layer.kind for call in calls] == ["Input", "Dense", "Dense", "Dense", "BatchNormalization"]


@pytest.mark.parametrize("used", ["for i in range(k):\n    x = a[i](x)", "for f, g in zip(a, b):\n    x = f(x)"])
def test_loops_of_which_it_is_not_known_that_they_have_as_many_rounds(used: str) -> None:
    source = f"""
from mine import k, n
a = [Dense(1) for _ in range(n)]
b = [ReLU() for _ in range(k)]
x = Input((8,))
{used}
model = keras.Model([], BatchNormalization()(x))
"""
    norm = read(source).models[0].calls[-1]
    assert {call.layer.kind for call, _ in query.sources(norm.inputs[0])} == {"Input", "Dense"}


@pytest.mark.parametrize(("position", "kinds"), [(0, {"Dense"}), (1, {"ReLU", "Dropout"}), (2, {"Dropout"})])
def test_an_element_of_a_list_whose_length_depends_on_a_test(position: int, kinds: set[str]) -> None:
    source = f"from mine import flag\nc = [Dense(1)]\nif flag:\n    c += [ReLU()]\nc += [Dropout(0.1)]\ny = c[{position}](Input((8,)))"
    assert {call.layer.kind for call in read(source).models[0].calls} == {"Input", *kinds}


def test_the_shape_that_either_first_layer_of_a_model_declares() -> None:
    source = """
    from mine import flag
    model = keras.Sequential()
    if flag:
        model.add(Dense(4, input_shape=(8,)))
    else:
        model.add(Dense(6, input_shape=(8,)))
    model.add(BatchNormalization())
    """
    graph = read(source).models[0]
    assert graph.calls[0].shape == (None, 8)
    assert [call.layer.kind for call in graph.calls] == ["Input", "Dense", "Dense", "BatchNormalization"]
