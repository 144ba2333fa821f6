"""Safe fixes keep what a program computes and how it trains, or turn a crash into a program, or change a comment."""

import ast
import difflib
from typing import Any

import pytest

from bnlint import catalogue
from tests.proofs import pages
from tests.proofs.conftest import Run
from tests.proofs.table import hold, of_safe

pytestmark = pytest.mark.keras

NOT_A_CRASH_OF_KERAS = {"NameError", "SyntaxError", "ImportError", "ModuleNotFoundError", "FileNotFoundError", "AssertionError"}
"""A program that dies of these was never about Keras: its page is wrong."""

ABOUT_IMPORTS = {"BN501"}
"""Rules of which a failing import is the point."""


@pytest.mark.parametrize("case", pages.cases(), ids=str)
def test_a_safe_fix_keeps_outputs_and_training(run: Run, case: pages.Case) -> None:
    source = pages.safely_fixed(case)
    if source is None:
        return  # nothing is claimed; that each rule has something to prove is tested below
    if ast.dump(ast.parse(case.source)) == ast.dump(ast.parse(source)):
        hold(case, "safe", "only a comment changes")
        return  # there is nothing to run
    before, after = (run(case.major, "describe", path="program.py", source=text) for text in (case.source, source))
    assert "error" not in after, after
    if "error" in before:
        assert case.code in ABOUT_IMPORTS or before["error"] not in NOT_A_CRASH_OF_KERAS, before
        hold(case, "safe", of_safe(before, after))
        return
    assert set(after["lines"]) & changed_lines(case.source, source), "what was changed never ran: the page's program proves nothing"
    assert_equal(run(case.major, "difference", path="program.py", first=case.source, second=source))
    hold(case, "safe", of_safe(before, after))


def changed_lines(before: str, after: str) -> set[int]:
    """The lines of `after` that are not in `before`, from 1."""
    blocks = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False).get_opcodes()
    return {line for tag, _, _, start, end in blocks if tag != "equal" for line in range(start + 1, end + 1)}


def assert_equal(apart: dict[str, Any]) -> None:
    """Something was compared, and all that was is the same to the last bit."""
    compared = [value for value in apart.values() if value is not None]
    assert compared, "the page's program holds nothing to compare"
    assert compared == [0.0] * len(compared), apart


@pytest.mark.parametrize("code", [code for code, rule in catalogue.rules().items() if rule.fix == "safe"])
def test_every_rule_that_claims_a_safe_fix_has_it_proven(code: str) -> None:
    assert any(pages.safely_fixed(case) for case in pages.cases() if case.code == code)


NEEDED_BY_KERAS_3 = {"BN301": pages.unsafely_fixed, "BN401": pages.safely_fixed}
"""Fixes of what only Keras 3 gets wrong: in a project that still runs on Keras 2 they must change nothing."""

BAD_ON_KERAS_3 = [case for case in pages.cases() if case.major == 3 and case.code in NEEDED_BY_KERAS_3]


@pytest.mark.parametrize("case", BAD_ON_KERAS_3, ids=str)
def test_what_keras_3_needs_changes_nothing_on_keras_2(run: Run, case: pages.Case) -> None:
    source = NEEDED_BY_KERAS_3[case.code](case)
    if source is not None:
        assert_equal(run(2, "difference", path="program.py", first=case.source, second=source))
