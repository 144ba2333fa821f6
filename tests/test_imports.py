"""What a run imports. Each module takes part of a millisecond and some take many; what is not needed is not imported."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bnlint import catalogue

START = {
    "api",
    "baseline",
    "bnlint",
    "catalogue",
    "checked",
    "cli",
    "discovery",
    "engine",
    "footprint",
    "groups",
    "index",
    "plans",
    "raw",
    "readahead",
    "records",
    "regular",
    "repair",
    "report",
} | {*("result", "run", "selection", "settings", "settings_files", "work")}
"""The parts of bnlint that every run needs."""

PARSER = {"shared", "syntax", "text"}
JUDGES = {"checks", "findings", "graph", "judge", "keras_api", "versions"}
FRONT_END = {*PARSER, *JUDGES, "pin_files", "pins", "source", "suppress"}
READER = {*JUDGES, "models", "saved", "shared", "syntax"}
WORDS = {"digest", "phrases"}

LIGHT = {
    "bisect",
    "collections",
    "contextlib",
    "errno",
    "functools",
    "gc",
    "importlib",
    "itertools",
    "keyword",
    "operator",
    "reprlib",
    "types",
    "warnings",
}
"""What of the standard library takes less than a millisecond."""

USUAL = {*LIGHT, "ast", "copyreg", "enum", "math", "re", "typing", "weakref"}
TOKENS = {*USUAL, "copy", "token", "tokenize"}
ANY = {*sys.stdlib_module_names}
ARCHIVES = {*USUAL, "encodings", "json", "struct", "zlib"}
WORKER = {*ARCHIVES, "array", "atexit", "errno", "fcntl", "fnmatch", "ipaddress", "locale", "ntpath", "pathlib", "select", "selectors"} | {
    *("signal", "subprocess", "threading", "urllib")
}
"""What the process needs that starts another one, to read weights with h5py."""

PLAIN = "x = 1\n"
CLEAN = "from keras import layers\nx = layers.BatchNormalization()\n"
FINDING = "from keras import layers\nx = layers.BatchNormalization(momentum=0.1)\n"


def source(text: str) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        (folder / "model.py").write_text(text)
        return "model.py"

    return write


def archive(folder: Path) -> str:
    """A model of Keras 3, without weights."""
    layers = [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 8], "name": "input"}},
        {"class_name": "Dense", "config": {"units": 4, "use_bias": True, "name": "dense"}},
        {"class_name": "BatchNormalization", "config": {"axis": -1, "name": "norm"}},
    ]
    with zipfile.ZipFile(folder / "model.keras", "w") as file:
        file.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {"name": "model", "layers": layers}}))
        file.writestr("metadata.json", json.dumps({"keras_version": "3.10.0"}))
    return "model.keras"


def imported(folder: Path, *arguments: str) -> tuple[set[str], str]:
    """The modules that a run imports, and what it prints."""
    code = (
        "import sys\nbefore = {*sys.modules}\nfrom bnlint.cli import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*({*sys.modules} - before), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, cwd=folder)
    return set(done.stderr.splitlines()[-1].split()), done.stdout


def parts(modules: set[str]) -> set[str]:
    """The parts of bnlint among them."""
    return {name.split(".")[1] if "." in name else name for name in modules if name.partition(".")[0] == "bnlint"}


def libraries(modules: set[str]) -> set[str]:
    """What is imported from elsewhere; what begins with `_` belongs to one of those."""
    return {top for name in modules if not (top := name.partition(".")[0]).startswith("_") and top != "bnlint"}


CONFIG = ("--ignore", ",".join(rule.code for rule in catalogue.rules().values() if rule.weights))

CASES: dict[str, tuple[Callable[[Path], str], Sequence[str], str, set[str], set[str]]] = {
    "nothing to find": (source(PLAIN), (), "All checks passed!", {*START, *PARSER}, LIGHT),
    "no finding": (source(CLEAN), (), "All checks passed!", {*START, *FRONT_END}, USUAL),
    "a finding": (source(FINDING), ("--output-format", "concise"), "BN403", {*START, *FRONT_END, *WORDS, "fixer"}, TOKENS),
    "nothing to fix": (source(CLEAN), ("--fix",), "All checks passed!", {*START, *FRONT_END}, USUAL),
    "a fix": (
        source(FINDING),
        ("--fix", "--unsafe-fixes"),
        "1 fixed",
        {*START, *FRONT_END, *WORDS, "fixer"},
        ANY,
    ),
    "a config": (archive, CONFIG, "BN103", {*START, *READER, *WORDS}, ARCHIVES),
    "weights": (archive, (), "BN103", {*START, *READER, *WORDS}, WORKER),
}


@pytest.mark.parametrize("case", CASES)
def test_a_run_imports_no_more_than_it_needs(case: str, tmp_path: Path) -> None:
    write, arguments, said, own, others = CASES[case]
    modules, output = imported(tmp_path, *arguments, write(tmp_path))
    assert said in output
    assert parts(modules) == own
    assert libraries(modules) - others == set()


def test_only_the_checks_whose_words_occur_are_imported(tmp_path: Path) -> None:
    write = source("x = 1  # bnlint: ignore[BN101]\n")
    assert not any(name.startswith("bnlint.checks.bn") for name in imported(tmp_path, "--select", "BN002", write(tmp_path))[0])


def test_only_the_format_that_is_asked_for_is_imported(tmp_path: Path) -> None:
    names = imported(tmp_path, "--output-format", "concise", source(FINDING)(tmp_path))[0]
    assert {name for name in names if name.startswith("bnlint.report.")} == {"bnlint.report.concise"}
