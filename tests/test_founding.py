"""The four documents that bnlint was founded on: what it says of their code, under each placement.

Two of them put BatchNormalization before the activation, one after it, one puts a plain function into a Sequential.
"""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "fixtures" / "founding"
PLACEMENTS = ("before", "after", "consistent", "off")

Lines = Mapping[str, list[int]]
"""Code to the lines on which it is found."""

# Whatever the placement: a bias that is cancelled, an output that is no probability, a function that is no layer.
ALWAYS: Mapping[str, Lines] = {
    "course_order.py": {"BN103": [6]},
    "essay_deeper.py": {},
    "essay_function.py": {"BN406": [12, 14]},
    "essay_pitfalls.py": {},
    "essay_simple.py": {},
    "steps_mlp.py": {"BN103": [8, 11]},
    "steps_skeleton.py": {"BN105": [9]},
    "tutorial_cnn.py": {"BN103": [6, 10, 14]},
}

# What BN101 adds. Each document keeps to one order throughout, so `consistent` adds nothing.
ORDER: Mapping[str, Mapping[str, list[int]]] = {
    "before": {"essay_deeper.py": [7, 9, 11], "essay_pitfalls.py": [7, 9], "essay_simple.py": [7, 9]},
    "after": {"course_order.py": [7], "steps_mlp.py": [9, 12], "tutorial_cnn.py": [7, 11, 15]},
    "consistent": {},
    "off": {},
}


@lru_cache
def found(placement: str) -> Mapping[str, Lines]:
    command = [sys.executable, "-m", "bnlint", "check", "--isolated", "--no-cache", "--exit-zero", "--output-format", "json"]
    done = subprocess.run([*command, "--placement", placement, FOLDER], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for finding in json.loads(done.stdout):
        lines[Path(finding["filename"]).name][finding["code"]].append(finding["location"]["row"])
    return lines


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("name", sorted(ALWAYS))
def test_what_bnlint_says_of_the_founding_documents(name: str, placement: str) -> None:
    expected = {code: list(lines) for code, lines in ALWAYS[name].items()}
    if name in ORDER[placement]:
        expected["BN101"] = ORDER[placement][name]
    assert found(placement).get(name, {}) == expected


def test_every_founding_fixture_is_judged() -> None:
    assert {path.name for path in FOLDER.glob("*.py")} == set(ALWAYS)
