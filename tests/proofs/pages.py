"""The programs on the rule pages, and what bnlint's fixes make of them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bnlint import api, catalogue

RULES = Path(__file__).parent.parent.parent / "rules"
MAJORS = (3, 2)

_FENCE = re.compile(r"^```python *(?P<settings>[^\n]*)\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
_MARKER = re.compile(r"  # BN\d{3}(?: BN\d{3})*$", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Case:
    """One *Bad* fence of a page, without its markers, for one Keras."""

    code: str
    number: int
    major: int
    source: str
    settings: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.code}-{self.number}-keras{self.major}"


@cache
def cases() -> tuple[Case, ...]:
    """Every *Bad* fence, for each Keras that it is about."""
    return tuple(case for path in sorted(RULES.glob("BN*.md")) for case in _cases(path))


def _cases(path: Path) -> Iterator[Case]:
    page = catalogue.read_page(str(path))
    for number, fence in enumerate(_FENCE.finditer(page.section("Bad")), 1):
        settings = dict(word.split("=", 1) for word in fence["settings"].split())
        target = settings.pop("target-keras", None)
        for major in MAJORS if target is None else (int(target.split(".")[0].replace("1", "2")),):
            yield Case(page.rule.code, number, major, _MARKER.sub("", fence["code"]), settings)


@cache
def fixed(case: Case, unsafe: bool) -> str:
    """The program after the fixes of the page's own rule."""
    settings = {name.replace("-", "_"): value for name, value in case.settings.items()}
    result = api.fix_source(case.source, "program.py", unsafe=unsafe, select=[case.code], target_keras=str(case.major), **settings)
    return str(result.source)


def safely_fixed(case: Case) -> str | None:
    """The program after the safe fixes; None if there are none."""
    source = fixed(case, unsafe=False)
    return None if source == case.source else source


def unsafely_fixed(case: Case) -> str | None:
    """The program after all fixes; None if the unsafe ones add nothing."""
    source = fixed(case, unsafe=True)
    return None if source == fixed(case, unsafe=False) else source
