"""The programs on the rule pages, and what bnlint's fixes make of them under each Keras."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from bnlint.api import fix_source
from tests.test_pages import Example, everything, select


@dataclass(frozen=True, eq=False)
class Case:
    """One *Bad* example, for one Keras."""

    example: Example
    major: int

    @property
    def code(self) -> str:
        return self.example.code

    @property
    def source(self) -> str:
        return self.example.source

    def __str__(self) -> str:
        return f"{self.code}-{self.example.number}-keras-{self.major}"


@cache
def cases() -> tuple[Case, ...]:
    """Every *Bad* example of every page, under both Kerases unless it is about the older one."""
    return tuple(_cases())


def _cases() -> Iterator[Case]:
    for example in everything("Bad"):
        for major in (3, 2) if example.settings["target_keras"].startswith("3") else (2,):
            yield Case(example, major)


@cache
def fixed(case: Case, unsafe: bool) -> str:
    """The program after the fixes of the page's own rule."""
    settings = select(case.example)
    if not settings["target_keras"].startswith(str(case.major)):
        settings["target_keras"] = str(case.major)
    return fix_source(case.source, "program.py", unsafe=unsafe, fixable=[case.code], **settings).source


def safely_fixed(case: Case) -> str | None:
    """The program after the safe fixes; None if there are none."""
    source = fixed(case, unsafe=False)
    return None if source == case.source else source


def unsafely_fixed(case: Case) -> str | None:
    """The program after all fixes; None if the unsafe ones add nothing."""
    source = fixed(case, unsafe=True)
    return None if source == fixed(case, unsafe=False) else source
