"""Safe fixes keep what a program computes and how it trains, or turn a crash into a program, or change a comment."""

import ast

import pytest

from bnlint import catalogue
from tests.proofs import pages
from tests.proofs.conftest import Run

pytestmark = pytest.mark.keras

NOT_A_CRASH_OF_KERAS = {"NameError", "SyntaxError", "ImportError", "ModuleNotFoundError", "FileNotFoundError", "AssertionError"}
"""A program that dies of these was never about Keras: its page is wrong."""


@pytest.mark.parametrize("case", pages.cases(), ids=str)
def test_a_safe_fix_keeps_outputs_and_training(run: Run, case: pages.Case) -> None:
    source = pages.safely_fixed(case)
    if source is None:
        return  # nothing is claimed; that each rule has something to prove is tested below
    if ast.dump(ast.parse(case.source)) == ast.dump(ast.parse(source)):
        return  # only a comment changed: there is nothing to run
    before, after = (run(case.major, "describe", path="program.py", source=text) for text in (case.source, source))
    assert "error" not in after, after
    if "error" in before:
        assert before["error"] not in NOT_A_CRASH_OF_KERAS, before
        return
    apart = run(case.major, "difference", path="program.py", first=case.source, second=source)
    assert apart["models"] or apart["named"], "the page's program holds nothing to compare"
    assert (apart["values"], apart["outputs"], apart["weights"]) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("code", [code for code, rule in catalogue.rules().items() if rule.fix == "safe"])
def test_every_rule_that_claims_a_safe_fix_has_it_proven(code: str) -> None:
    assert any(pages.safely_fixed(case) for case in pages.cases() if case.code == code)


BN301 = [case for case in pages.cases() if case.code == "BN301" and case.major == 3]


@pytest.mark.parametrize("case", BN301, ids=str)
def test_the_training_parameter_that_keras_3_needs_changes_nothing_on_keras_2(run: Run, case: pages.Case) -> None:
    source = pages.unsafely_fixed(case)
    assert source is not None
    apart = run(2, "difference", path="program.py", first=case.source, second=source)
    assert apart["models"]
    assert (apart["values"], apart["outputs"], apart["weights"]) == (0.0, 0.0, 0.0)
