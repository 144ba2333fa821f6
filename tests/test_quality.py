"""The code is clean for ruff, for mypy --strict and for bnlint; no module is long without a reason."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import needs

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("command", [("ruff", "check", "--no-cache", "."), ("mypy",)], ids=lambda command: command[0])
def test_the_code_is_clean(command: tuple[str, ...]) -> None:
    needs(command[0])
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


LONG = 400
"""Lines of a module beyond which it says why it is so long."""


def test_a_long_module_says_why() -> None:
    said = {}
    for path in (ROOT / "bnlint").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        is_long = text.count("\n") > LONG
        if is_long is not ((reason := "It is long because ") in (ast.get_docstring(ast.parse(text)) or "")):
            said[str(path.relative_to(ROOT))] = f"must say {reason!r}" if is_long else f"is not long, and says {reason!r}"
    assert said == {}


def test_bnlint_finds_nothing_in_its_own_tree() -> None:
    """The fixtures and the pages hold findings on purpose; everything else is clean, and analysed whole."""
    command = [sys.executable, "-m", "bnlint", "check", "--isolated", "--exclude", "fixtures", "--fail-on", "info", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All checks passed!" in done.stdout
