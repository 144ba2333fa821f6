"""Globs that could take for ever are none."""

import time

import pytest

from bnlint import globs

FAIR = ["*.py", "**/*.py", "a/**/b/**", "*_*_*.py", "**/*_pb2*.py", "/x/*/y/*/z/*.py", "[!a]*", "!b*", "\\#*", "a b*"]
ENDLESS = ["*a" * 20, "***a***", "**/" * 10 + "x", "*a*a*/" * 3, "x/" + "*a" * 30 + "/y"]


@pytest.mark.parametrize("glob", FAIR)
def test_what_people_write_is_read(glob: str) -> None:
    assert len(globs.read([glob]).patterns) == 1


@pytest.mark.parametrize("glob", ENDLESS)
def test_what_could_take_for_ever_is_none(glob: str) -> None:
    with pytest.raises(ValueError, match="too many `\\*`"):
        globs.read(["*.py", glob])


@pytest.mark.parametrize("glob", ["*a*a*a*b", "**/a/**/a/**/b", "a*a*/a*a*b", "*" + "?" * 200 + "b"])
def test_what_is_read_takes_no_time(glob: str) -> None:
    spec = globs.read([glob])
    begin = time.process_time()
    assert not spec.match_file("a" * 250)
    assert not spec.match_file("a/" * 200 + "a" * 50)
    assert time.process_time() - begin < 2
