"""Programs with one idiom each: bnlint's graph is the one that Keras builds. What it is stands beside them, for a test without Keras."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from tests.conftest import needs
from tests.oracle.families import KERAS
from tests.oracle.generated import Program
from tests.oracle.generated_compare import disagreement
from tests.oracle.generated_run import save
from tests.source.programs import read

HEAD = """\
import collections, enum, functools, itertools, math, operator, types
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, models
from tensorflow.keras.layers import *
from tensorflow.keras.models import Model, Sequential
"""
IDIOM = re.compile(r"^### (?P<name>.*?)(?: \| (?P<options>.*))?\n(?P<body>(?:(?!### |#> ).*\n)*)#> (?P<flow>.*)\n", re.MULTILINE)
WRITTEN = [*IDIOM.finditer((Path(__file__).parent / "idioms.txt").read_text(encoding="utf-8"))]


@pytest.mark.parametrize("idiom", WRITTEN, ids=lambda idiom: idiom["name"])
def test_the_flow_is_the_one_that_was_recorded(idiom: re.Match[str]) -> None:
    assert idiom["flow"] in read(idiom["body"], HEAD).flows


@pytest.mark.slow
@pytest.mark.keras
@pytest.mark.parametrize("idiom", WRITTEN, ids=lambda idiom: idiom["name"])
def test_bnlint_reads_what_keras_builds(idiom: re.Match[str], tmp_path: Path) -> None:
    options = dict(option.split("=", 1) for option in (idiom["options"] or "").split())
    major = int(options.get("keras", 3))
    needs("tensorflow", KERAS[major])
    program = Program({"program.py": HEAD + idiom["body"]}, "model", ast.literal_eval(options.get("shapes", "((8,8,3),)")))
    save(program, tmp_path)
    different = disagreement(program, tmp_path, major, [program.main])
    importlib.import_module(KERAS[major]).backend.clear_session()
    assert different is None, different
