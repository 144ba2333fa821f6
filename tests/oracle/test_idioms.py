"""On programs with one idiom each, bnlint's graph is the one that Keras builds, up to the names of its nodes."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import needs
from tests.oracle.families import KERAS
from tests.oracle.generated import Program
from tests.oracle.generated_compare import disagreement
from tests.oracle.generated_run import save

pytestmark = pytest.mark.keras

HEAD = """\
import collections, enum, functools, itertools, math, operator, types
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, models
from tensorflow.keras.layers import *
from tensorflow.keras.models import Model, Sequential
"""
IDIOM = re.compile(r"^### (?P<name>.*?)(?: \| (?P<options>.*))?\n(?P<body>(?:(?!### ).*\n)*)", re.MULTILINE)


def idioms() -> Iterator[object]:
    """What stands in idioms.txt: the Keras, the program."""
    for found in IDIOM.finditer((Path(__file__).parent / "idioms.txt").read_text(encoding="utf-8")):
        options = dict(option.split("=", 1) for option in (found["options"] or "").split())
        shapes = ast.literal_eval(options.get("shapes", "((8,8,3),)"))
        yield pytest.param(int(options.get("keras", 3)), Program({"program.py": HEAD + found["body"]}, "model", shapes), id=found["name"])


@pytest.mark.parametrize(("major", "program"), idioms())
def test_bnlint_reads_what_keras_builds(major: int, program: Program, tmp_path: Path) -> None:
    needs("tensorflow", KERAS[major])
    save(program, tmp_path)
    different = disagreement(program, tmp_path, major, [program.main])
    importlib.import_module(KERAS[major]).backend.clear_session()
    assert different is None, different
