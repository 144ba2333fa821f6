"""The same files give the same bytes, whatever the order of sets and of arguments."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAMS = "fixtures/programs"


def output(*arguments: str, seed: int) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    done = subprocess.run([sys.executable, "-m", "bnlint", *arguments], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert b"internal error" not in done.stderr, done.stderr.decode()
    assert len(done.stdout) > 1000, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("command", [("check", "--isolated", "--no-cache", "--exit-zero"), ("graph",)], ids=["check", "graph"])
def test_the_order_of_sets_does_not_matter(command: tuple[str, ...]) -> None:
    first, *others = (output(*command, "--output-format", "json", PROGRAMS, seed=seed) for seed in (0, 1, 2))
    assert all(other == first for other in others)


def test_the_order_of_arguments_does_not_matter() -> None:
    folders = sorted(str(path.relative_to(ROOT)) for path in (ROOT / PROGRAMS).iterdir() if path.is_dir())
    check = ("check", "--isolated", "--no-cache", "--exit-zero", "--output-format", "json")
    assert len(folders) > 2
    assert output(*check, *folders, seed=0) == output(*check, *reversed(folders), seed=0)
