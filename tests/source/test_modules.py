"""What files import from each other, on disk: names, modules, stars, circles; what is found in which file."""

import os
from pathlib import Path

import pytest

from bnlint import api
from bnlint.findings import Finding
from bnlint.graph.model import Call, ModelGraph, Unknown
from bnlint.graph.verify import verify
from bnlint.source import analyse, links
from bnlint.text import load
from tests.source.programs import flow

BLOCKS = """\
from keras.layers import BatchNormalization, Conv2D, ReLU

def conv_bn(x, filters, act=True):
    x = Conv2D(filters, 3, use_bias=False)(x)
    x = BatchNormalization()(x)
    return ReLU()(x) if act else x
"""
MODEL = """\
import keras
from keras.layers import Dense, Input, MaxPooling2D
IMPORT

def build():
    inputs = Input((8, 8, 3))
    x = NAME(inputs, 4)
    x = MaxPooling2D()(x)
    return keras.Model(inputs, x)
"""
WHOLE = "Input > Conv2D > BatchNormalization > ReLU > MaxPooling2D"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def graphs(root: Path, *names: str) -> tuple[ModelGraph, ...]:
    """The graphs of some files of a project."""
    found = analyse([load(str(root / name), (root / name).read_bytes()) for name in names], str(root)).models
    for graph in found:
        verify(graph)
    return found


def flows(root: Path, *names: str) -> list[str]:
    return [flow(graph) for graph in graphs(root, *names)]


def model(how: str, name: str = "conv_bn") -> str:
    return MODEL.replace("IMPORT", how).replace("NAME", name)


@pytest.mark.parametrize(
    ("files", "how", "name"),
    [
        ({"blocks.py": BLOCKS}, "from blocks import conv_bn", "conv_bn"),
        ({"blocks.py": BLOCKS}, "import blocks", "blocks.conv_bn"),
        ({"blocks.py": BLOCKS}, "import blocks as b", "b.conv_bn"),
        ({"blocks.py": BLOCKS}, "from blocks import *", "conv_bn"),
        ({"nn/__init__.py": "", "nn/blocks.py": BLOCKS}, "from nn.blocks import conv_bn as cb", "cb"),
        ({"nn/__init__.py": "", "nn/blocks.py": BLOCKS}, "import nn.blocks", "nn.blocks.conv_bn"),
        ({"nn/__init__.py": "", "nn/blocks.py": BLOCKS}, "from nn import blocks", "blocks.conv_bn"),
        ({"nn/blocks.py": BLOCKS}, "from nn.blocks import conv_bn", "conv_bn"),
        ({"nn/__init__.py": "from .blocks import conv_bn", "nn/blocks.py": BLOCKS}, "from nn import conv_bn", "conv_bn"),
        ({"nn/__init__.py": "from .blocks import *", "nn/blocks.py": BLOCKS}, "import nn", "nn.conv_bn"),
        ({"nn/__init__.py": "from . import blocks", "nn/blocks.py": BLOCKS}, "import nn", "nn.blocks.conv_bn"),
        ({"nn/__init__.py": "from .a import *", "nn/a.py": "from .b import *", "nn/b.py": BLOCKS}, "from nn import *", "conv_bn"),
        ({"src/nn/__init__.py": "", "src/nn/blocks.py": BLOCKS}, "from nn.blocks import conv_bn", "conv_bn"),
        ({"blocks.py": BLOCKS}, "try:\n    from .blocks import conv_bn\nexcept ImportError:\n    from other import conv_bn", "conv_bn"),
        ({"blocks.py": BLOCKS}, "try:\n    from .other import conv_bn\nexcept ImportError:\n    from blocks import conv_bn", "conv_bn"),
        ({"blocks.py": BLOCKS + "table = {'cb': conv_bn}\n"}, "from blocks import table", "table['cb']"),
        ({"blocks.py": BLOCKS.replace("def conv", "def _conv") + "conv_bn = _conv_bn\n"}, "from blocks import conv_bn", "conv_bn"),
    ],
)
def test_a_helper_is_found_wherever_it_stands(tmp_path: Path, files: dict[str, str], how: str, name: str) -> None:
    root = write(tmp_path, {**files, "model.py": model(how, name)})
    assert WHOLE in flows(root, "model.py")


def test_modules_that_import_each_other(tmp_path: Path) -> None:
    root = write(tmp_path, {"blocks.py": "import model\n" + BLOCKS, "model.py": model("from blocks import conv_bn")})
    assert flows(root, "blocks.py", "model.py") == [WHOLE]


def test_two_modules_that_import_a_name_from_each_other(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {"one.py": "from two import conv_bn\n", "two.py": "from one import conv_bn\n", "model.py": model("from one import conv_bn")},
    )
    assert flows(root, "model.py") == ["Input > unknown > MaxPooling2D"]


def test_two_star_imports_of_one_name_the_last_one_counts(tmp_path: Path) -> None:
    other = BLOCKS.replace("ReLU()", "Dense(2)").replace("import ", "import Dense, ")
    root = write(tmp_path, {"one.py": BLOCKS, "two.py": other, "model.py": model("from one import *\nfrom two import *")})
    assert flows(root, "model.py") == [WHOLE.replace("ReLU", "Dense")]


def test_a_star_import_brings_what_all_lists(tmp_path: Path) -> None:
    root = write(tmp_path, {"blocks.py": "__all__ = ['other']\n" + BLOCKS, "model.py": model("from blocks import *")})
    assert flows(root, "model.py") == ["Input > unknown > MaxPooling2D"]


@pytest.mark.parametrize(
    ("blocks", "more", "kinds"),
    [
        ("from more import *", "from blocks import *\nwide = None", {"Dense"}),
        ("from more import *", "norm = BatchNormalization", {"BatchNormalization"}),
        ("from elsewhere import *", "", {"unknown"}),
        ("def __getattr__(name):\n    return None", "", {"unknown"}),
        ("globals().update(made())", "", {"unknown"}),
    ],
)
def test_an_attribute_that_a_module_may_lack(tmp_path: Path, blocks: str, more: str, kinds: set[str]) -> None:
    source = """
import blocks
from keras import Input, Model
from keras.layers import Dense
norm = getattr(blocks, "norm", None)
y = Input((8,))
x = norm()(y) if norm is not None else Dense(1)(y)
model = Model(y, x)
"""
    root = write(tmp_path, {"main.py": source, "blocks.py": blocks, "more.py": f"from keras.layers import BatchNormalization\n{more}"})
    assert {call.layer.kind for graph in graphs(root, "main.py") for call in graph.calls} == {"Input", *kinds}


def test_what_is_not_in_the_project_is_unknown_and_named(tmp_path: Path) -> None:
    root = write(tmp_path / "project", {"model.py": model("from elsewhere.blocks import conv_bn")})
    write(tmp_path, {"elsewhere/blocks.py": BLOCKS})
    (graph,) = graphs(root, "model.py")
    assert [call.layer.name for call in graph.calls if call.layer.role == "unknown"] == ["`elsewhere.blocks.conv_bn` is not followed"]


def test_links_do_not_lead_out_of_the_project(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", {"blocks.py": BLOCKS})
    root = write(tmp_path / "project", {"model.py": model("from blocks import conv_bn")})
    os.symlink(tmp_path / "elsewhere" / "blocks.py", root / "blocks.py")
    assert flows(root, "model.py") == ["Input > unknown > MaxPooling2D"]


def test_keras_in_the_tree_is_a_library_to_all_outside_of_it(tmp_path: Path) -> None:
    keras = {"keras/__init__.py": "from keras import layers\n", "keras/layers.py": BLOCKS}
    root = write(
        tmp_path, {**keras, "app.py": "import keras\nfrom keras import layers\n", "own.py": "from keras.layers import *\nimport app\n"}
    )
    files = {str(path): path.read_bytes() for path in root.rglob("*.py")}
    core = [path for path, data in files.items() if b"atchNorm" in data]
    groups, _ = links.together(core, files, str(root), [b"atchNorm"])
    assert groups == [sorted(str(root / name) for name in keras)]


def test_packages_that_are_installed_side_by_side_have_nothing_to_do_with_each_other(tmp_path: Path) -> None:
    files = {"blocks.py": BLOCKS, "one/__init__.py": "", "one/blocks.py": BLOCKS, "one/model.py": model("from one.blocks import conv_bn")}
    files |= {"two/__init__.py": "", "two/model.py": model("from one.blocks import conv_bn"), "own.py": model("from blocks import conv_bn")}
    for folder, found in (("lib/site-packages", "unknown"), ("lib", "Conv2D > BatchNormalization > ReLU")):
        root = write(tmp_path / folder, files)
        assert flows(root, "one/model.py") == [WHOLE]
        for other in ("two/model.py", "own.py"):
            assert flows(root, other) == [f"Input > {found} > MaxPooling2D"]


@pytest.mark.parametrize("content", ["def conv_bn(:\n", "\0\0", "# coding: nonsense\n", "conv_bn = None\n"])
def test_an_import_of_what_cannot_be_read_is_unknown(tmp_path: Path, content: str) -> None:
    root = write(tmp_path, {"blocks.py": content, "model.py": model("from blocks import conv_bn")})
    assert flows(root, "model.py") == ["Input > unknown > MaxPooling2D"]


def test_known_names_of_keras_are_not_looked_for_in_the_project(tmp_path: Path) -> None:
    fake = {"keras/__init__.py": "", "keras/layers.py": "class Dense: pass\n"}
    root = write(tmp_path, {**fake, "model.py": "from keras.layers import Dense, Input\nx = Dense(2)(Input((3,)))\n"})
    assert flows(root, "model.py") == ["Input > Dense"]


def test_a_name_is_run_under_no_condition_of_its_reader(tmp_path: Path) -> None:
    script = (
        "from keras.layers import Input, Dense\nimport settings\n\ndef build(x, flag):\n"
        "    if flag:\n        x = Dense(settings.units)(x)\n    return Dense(settings.units)(x)\n"
    )
    root = write(tmp_path, {"settings.py": "units = 7\n", "model.py": script})
    (graph,) = graphs(root, "model.py")
    assert [call.layer.config["units"] for call in graph.calls if isinstance(call, Call) and call.layer.kind == "Dense"] == [7, 7]


# Findings


def lint(root: Path, *names: str) -> list[tuple[str, str, int]]:
    found = api.lint_paths([root / name for name in names], isolated=True, select=["BN"]).findings
    return [(os.path.relpath(each.path, root), each.code, line(each)) for each in found]


def line(finding: Finding) -> int:
    assert finding.span is not None
    return finding.span.line


BIASED = BLOCKS.replace(", use_bias=False", "")


def test_findings_come_from_named_files_only(tmp_path: Path) -> None:
    root = write(tmp_path, {"blocks.py": BIASED, "model.py": model("from blocks import conv_bn")})
    assert lint(root, "model.py") == []
    assert lint(root, "blocks.py") == [("blocks.py", "BN103", 4)]
    assert lint(root, ".") == [("blocks.py", "BN103", 4)]


def test_what_a_helper_meets_in_another_file_is_seen(tmp_path: Path) -> None:
    script = model("from blocks import conv_bn").replace(
        "x = conv_bn(inputs, 4)", "x = conv_bn(Dense(2, activation='relu')(inputs), 4, False)"
    )
    helper = BLOCKS.replace("    x = Conv2D(filters, 3, use_bias=False)(x)\n", "")
    root = write(tmp_path, {"blocks.py": helper, "model.py": script})
    assert lint(root, "blocks.py") == []
    assert ("blocks.py", "BN101", 4) in lint(root, ".")


def test_a_change_that_would_reach_into_another_file_is_advice(tmp_path: Path) -> None:
    script = model("from blocks import conv_bn").replace("x = conv_bn(inputs, 4)", "x = conv_bn(Dense(2)(inputs), 4)")
    helper = BLOCKS.replace("    x = Conv2D(filters, 3, use_bias=False)(x)\n", "")
    root = write(tmp_path, {"blocks.py": helper, "model.py": script})
    (found,) = [each for each in api.lint_paths([root], isolated=True).findings if each.code == "BN103"]
    assert (os.path.basename(found.path), found.fix is not None) == ("model.py", True)


def test_training_in_another_file_is_seen(tmp_path: Path) -> None:
    train = (
        "import numpy as np\nfrom config import BATCH\nfrom model import build\n\nmodel = build()\nmodel.compile('sgd', 'mse')\n"
        "model.fit(np.zeros((64, 8, 8, 3)), np.zeros(64), batch_size=BATCH, epochs=1000)\n"
    )
    files = {"blocks.py": BLOCKS, "model.py": model("from blocks import conv_bn"), "train.py": train}
    root = write(tmp_path, {**files, "config.py": "BATCH = 2\n"})
    assert lint(root, ".") == lint(root, "train.py") == [("train.py", "BN201", 7)]
    write(root, {"config.py": "BATCH = 64\n"})
    assert lint(root, ".") == []


@pytest.mark.parametrize(
    ("head", "inner", "call"),
    [
        ("from model import build", "", "build"),
        ("from model import build as make", "", "make"),
        ("import model as zoo", "", "zoo.build"),
        ("", "from model import build", "build"),
        ("", "from model import build as make", "make"),
        ("", "import model", "model.build"),
        ("", "import model as zoo", "zoo.build"),
        ("", "from . import model as zoo", "zoo.build"),
    ],
)
def test_a_training_function_is_found_however_it_imports_the_model(tmp_path: Path, head: str, inner: str, call: str) -> None:
    train = f"{head}\n\ndef train(x, y):\n    {inner}\n    net = {call}()\n    net.compile('sgd', 'mse')\n    net.fit(x, y, batch_size=2)\n"
    root = write(tmp_path, {"blocks.py": BLOCKS, "model.py": model("from blocks import conv_bn"), "train.py": train})
    assert lint(root, ".") == lint(root, "train.py") == [("train.py", "BN201", 7)]


def test_a_file_without_a_word_of_a_rule_is_looked_at_where_it_builds_on_one_that_has_it(tmp_path: Path) -> None:
    script = "from blocks import conv_bn\nimport keras\n\nx = keras.Input((8, 8, 3))\nnet = keras.Model(x, conv_bn(x, 4))\ny = net(x)\n"
    use = script + "\ndef predict(samples):\n    return net(samples)\n"
    root = write(tmp_path, {"blocks.py": BLOCKS, "use.py": use})
    assert lint(root, ".") == lint(root, "use.py") == [("use.py", "BN308", 9)]
    write(root, {"blocks.py": BLOCKS.replace("BatchNormalization", "LayerNormalization")})
    assert lint(root, "use.py") == []


def test_a_word_in_a_file_that_does_not_speak_of_keras_makes_no_core(tmp_path: Path) -> None:
    root = write(tmp_path, {"a.py": "batchnorm = 1\n", "b.py": "import keras\n", "c.py": "import keras\n"})
    assert lint(root, "a.py", "b.py", "c.py") == []


def test_what_an_inherited_method_sets_off_is_said_of_the_file_of_its_object(tmp_path: Path) -> None:
    base = "class Estimator:\n    def run(self, x, y):\n        self.fit(x, y)\n        return self.model.predict(x)\n"
    fit = "    def fit(self, x, y):\n        self.model = build()\n        self.model.compile('sgd', 'mse')\n"
    net = f"{model('from base import Estimator')}\nclass Net(Estimator):\n{fit}        self.model.fit(x, y, batch_size=2)\n"
    root = write(tmp_path, {"base.py": base, "net.py": net.replace("import keras\n", f"import keras\n{BLOCKS}", 1)})
    assert lint(root, "net.py") == [("net.py", "BN201", 21)]


def test_a_fix_suits_all_that_other_files_build(tmp_path: Path) -> None:
    helper = "from keras.layers import BatchNormalization, Conv2D\n\ndef block(x, filters):\n    return Conv2D(filters, 3)(x)\n"
    one = model("from keras.layers import BatchNormalization\nfrom blocks import block").replace("NAME", "block")
    one = one.replace("x = conv_bn(inputs, 4)", "x = BatchNormalization()(block(inputs, 4))")
    two = model("from blocks import block").replace("conv_bn", "block")
    root = write(tmp_path, {"blocks.py": helper, "one.py": one})
    (found,) = api.lint_paths([root], isolated=True).findings
    assert (found.code, found.fix is not None) == ("BN103", True)
    write(root, {"two.py": two})
    assert [each.fix for each in api.lint_paths([root], isolated=True).findings if each.code == "BN103"] in ([], [None])


def test_one_bad_file_does_not_silence_those_that_import_it(tmp_path: Path) -> None:
    bad = "from blocks import conv_bn\nx = (\n"
    root = write(tmp_path, {"blocks.py": BIASED, "model.py": model("from blocks import conv_bn"), "bad.py": bad})
    assert lint(root, ".") == [("blocks.py", "BN103", 4)]
    assert lint(root, "bad.py", "blocks.py") == [("bad.py", "BN001", 2), ("blocks.py", "BN103", 4)]


ENGINE = "def register(name):\n    table = {}\n" + "".join(f"    table[name] = {i}\n" for i in range(100)) + "    return table\n"
ENTRIES = "".join(f"E{i} = register('entry {i}')\n" for i in range(400))


@pytest.mark.parametrize(
    ("settings", "cut"),
    [
        ("from engine import register\n" + ENTRIES + "UNITS = 8\n", True),  # as protocol buffers do
        ("import keras\nfrom engine import register\n" + ENTRIES + "UNITS = 8\n", False),
        ("TABLE = [\n" + "".join(f"    ({i}, 'the entry of number {i}'),\n" for i in range(30_000)) + "]\nUNITS = 8\n", False),
    ],
)
def test_a_module_that_is_only_imported_runs_no_framework(tmp_path: Path, settings: str, cut: bool) -> None:
    source = "import keras\nfrom settings import UNITS\n\ndef build():\n    return keras.layers.Dense(UNITS)(keras.Input((4,)))\n"
    root = write(tmp_path, {"engine.py": ENGINE, "settings.py": settings, "model.py": source})
    (graph,) = graphs(root, "model.py")
    assert isinstance(graph.calls[-1].layer.config["units"], Unknown) is cut
