"""A program that leaves a model in the name `model`: run with real Keras, which saves the model, and linted as the file that it is then."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bnlint.api import lint_paths
from bnlint.findings import Finding
from tests.proofs.conftest import Run


def save(run: Run, keras: int | str, source: str, suffix: str = ".keras") -> str:
    """The path of the file that this Keras saves."""
    answer = run(keras, "save", path="program.py", source=source, name=f"model{suffix}")
    assert "error" not in answer, answer
    return str(answer["path"])


def lint(path: str | os.PathLike[str], select: Sequence[str] = ("ALL",), **settings: Any) -> tuple[Finding, ...]:
    """What is found in a model file, all of which was read."""
    result = lint_paths([path], isolated=True, select=select, **settings)
    assert not result.failures
    assert not result.skipped
    assert Path(path).exists()
    return result.findings
