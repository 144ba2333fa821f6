"""The catalogue: rule pages and checks become rules; `--write` and `--check` keep what is generated from the pages."""

from __future__ import annotations

import os
import sys
from functools import cache

from bnlint.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from bnlint.findings import Hit

    Check = Callable[..., Iterator[Hit]]

URL = "https://github.com/bnlint/bnlint/blob/main/rules/"
"""The base of every rule's address; the same as `Rules` in [project.urls]."""

RAISED_BY_THE_ENGINE = frozenset({"BN001", "BN002"})
"""Rules that have a page and no check."""

MAJORS = ("2", "3")
"""The Keras versions for which a page may give severities of their own; Keras 1 counts as 2."""

FAMILIES = {
    "0": "the input itself",
    "1": "order of layers",
    "2": "the statistics of a batch",
    "3": "training and inference mode",
    "4": "arguments",
    "5": "versions of the API",
    "6": "the state of a saved model",
}

_HERE = os.path.dirname(os.path.abspath(__file__))
_SEVERITIES = ("off", "info", "warning", "error")
_FIXES = ("safe", "unsafe", "display", "none")
_TAGS = ("", "unnecessary", "deprecated")
_KEYS = frozenset(
    {
        "fix",
        "changes",
        "since",
        "words",
        "references",
        "unanimous",
        "default",
        "preview",
        "models",
        "weights",
        "options",
        "notes",
        "cases",
        "afterwards",
        "tag",
    }
)


class CatalogueError(Exception):
    """A page or a check that breaks the rules of CONTRIBUTING.md."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What every run must know of a rule: one entry of `bnlint/index.py`.

    `severities` maps each case to its severity by Keras major ("2", "3"); `fix` is the best fix that the rule offers; `models` is false
    where it speaks of source code only, and saved models need not be asked; `preview` is true while it is new, and on only for those who
    ask for such rules; `weights` tells whether it asks for the arrays of a model file.
    """

    code: str
    name: str
    title: str
    summary: str
    fix: str
    since: str
    words: tuple[str, ...]
    severities: Mapping[str, Mapping[str, str]]
    options: Mapping[str, Any] = field(default_factory=dict)
    default: bool = True
    preview: bool = False
    unanimous: bool = False
    models: bool = True
    weights: bool = False

    @property
    def page(self) -> str:
        return f"{self.code}-{self.name}.md"

    @property
    def url(self) -> str:
        return URL + self.page

    @property
    def module(self) -> str:
        """The name of the module of its check, inside `bnlint.checks`."""
        return f"{self.code}_{self.name}".lower().replace("-", "_")

    @property
    def severity(self) -> str:
        """The worst severity that it can have."""
        return max((s for by_major in self.severities.values() for s in by_major.values()), key=_SEVERITIES.index)

    @property
    def family(self) -> str:
        """What the rules with the same first digit are about."""
        return FAMILIES[self.code[2]]

    @property
    def standing(self) -> str:
        """What lists of rules say of it: its severity, or that it is not on by itself."""
        return "preview" if self.preview else self.severity if self.default else "off"


@dataclass(frozen=True, slots=True)
class Case:
    """The words of one kind of hit: templates over `Hit.values`, {bn} and {keras}.

    `keras` is the range of versions that it is true for ("" is all); for others the hit is one of the case `otherwise`, or none.
    """

    message: str
    help: str
    keras: str = ""
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page: asked for when its rule fires, and to explain it.

    `path` is where it is, `afterwards` says what is left to do where an unsafe fix was applied, `tag` tells editors how to show the code
    that is found.
    """

    rule: Rule
    cases: Mapping[str, Case]
    notes: Mapping[str, str]
    changes: tuple[str, ...]
    references: tuple[str, ...]
    path: str
    afterwards: str = ""
    tag: str = ""

    @property
    def body(self) -> str:
        """The text below the front matter."""
        return _parts(self.path)[1]

    def section(self, title: str) -> str:
        """The text under `## title`; empty if the page has no such section."""
        return _sections(self.body).get(title, "")


def folder() -> str:
    """Where the pages are: inside the package (a wheel), else beside it (a checkout, an editable install)."""
    inside = os.path.join(_HERE, "rules")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(_HERE), "rules")


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by code, in order, from the index."""
    from bnlint import index

    entries: Any = index.RULES
    return {entry["code"]: Rule(**entry) for entry in entries}


@cache
def page(code: str) -> Page:
    """The page of a rule."""
    from bnlint import phrases

    rule = rules()[code]
    words: Any = phrases.PHRASES[code]
    cases = {key: Case(**case) for key, case in words["cases"].items()}
    return Page(**{**words, "rule": rule, "cases": cases, "path": os.path.join(folder(), rule.page)})


@cache
def check(code: str) -> Check | None:
    """The check of a rule, imported now; None for the rules that the engine raises itself."""
    if code in RAISED_BY_THE_ENGINE:
        return None
    from importlib import import_module

    found: Check = import_module(f"bnlint.checks.{rules()[code].module}").check
    return found


# Reading pages


def read_page(path: str) -> Page:
    """Parse one page. CatalogueError names the page and what is wrong with it."""
    import tomllib

    file_name = os.path.basename(path)
    front, body = _parts(path)
    try:
        return _page(path, tomllib.loads(front), body)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{file_name}: {error}") from error
    except KeyError as error:
        raise CatalogueError(f"{file_name}: the key {error} is missing") from error


def _parts(path: str) -> tuple[str, str]:
    """The front matter of a page, and what stands below it."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines(keepends=True)
    fences = [number for number, line in enumerate(lines) if line.rstrip() == "+++"]
    if len(fences) < 2 or fences[0] != 0:
        raise CatalogueError(f"{os.path.basename(path)}: a page starts with TOML between two lines `+++`")
    return "".join(lines[1 : fences[1]]), "".join(lines[fences[1] + 1 :]).lstrip("\n")


def _page(path: str, front: Mapping[str, Any], body: str) -> Page:
    from bnlint.versions import parse

    file_name = os.path.basename(path)

    def require(holds: bool, problem: str) -> None:
        if not holds:
            raise CatalogueError(f"{file_name}: {problem}")

    code, _, name = file_name.removesuffix(".md").partition("-")
    legal = len(code) == 5 and code.startswith("BN") and code[2:].isdecimal() and code[2] in FAMILIES and name != ""
    require(legal, "the file name is not BNxxx-<name>.md, with a family from 0 to 6")
    require(front.keys() <= _KEYS, f"unknown keys {sorted(front.keys() - _KEYS)}")
    require(front["fix"] in _FIXES, f"fix = {front['fix']!r} is none of {_FIXES}")
    require(front.get("tag", "") in _TAGS, f"tag = {front.get('tag')!r} is none of {_TAGS}")
    require(all(front["words"]), "words must not be empty; a rule that speaks of models only has none")
    require(bool(front["cases"]), "a page needs at least one case")
    severities = {case: _by_major(entry["severity"]) for case, entry in front["cases"].items()}
    known = all(severity in _SEVERITIES for by_major in severities.values() for severity in by_major.values())
    require(known, f"a severity is one of {_SEVERITIES}, or a table of them by Keras major")
    require(body.startswith("# "), "the text starts with `# Title`")
    sections = _sections(body)
    require("What it does" in sections, "the section `## What it does` is missing")
    rule = Rule(
        code=code,
        name=name,
        title=body.splitlines()[0].removeprefix("# ").strip(),
        summary=" ".join(sections["What it does"].split("\n\n")[0].split()),
        fix=front["fix"],
        since=front["since"],
        words=tuple(front["words"]),
        severities=severities,
        options=front.get("options", {}),
        default=front.get("default", True),
        preview=front.get("preview", False),
        unanimous=front.get("unanimous", False),
        models=front.get("models", True),
        weights=front.get("weights", False),
    )
    cases = {
        key: Case(entry["message"], entry.get("help", ""), entry.get("keras", ""), entry.get("otherwise", ""))
        for key, entry in front["cases"].items()
    }
    for key, case in cases.items():
        require(not case.otherwise or (bool(case.keras) and case.otherwise in cases), f"cases.{key}: otherwise needs a range and a case")
        try:
            parse(case.keras)
        except ValueError as error:
            require(False, f"cases.{key}: {error}")
    changes, references = tuple(front.get("changes", ())), tuple(front.get("references", ()))
    afterwards, tag = front.get("afterwards", ""), front.get("tag", "")
    return Page(rule, cases, front.get("notes", {}), changes, references, path, afterwards, tag)


def _by_major(severity: str | Mapping[str, str]) -> dict[str, str]:
    if isinstance(severity, str):
        return dict.fromkeys(MAJORS, severity)
    return {major: severity[major] for major in MAJORS}


def _sections(body: str) -> dict[str, str]:
    """The `##` sections of a page; a `##` inside a fence is code."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    fenced = False
    for line in body.splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("## ") and not fenced:
            current = found.setdefault(line[3:].strip(), [])
        else:
            current.append(line)
    return {title: "\n".join(lines).strip() for title, lines in found.items()}


# What is generated from the pages


def read_pages(pages: str, checks: str) -> tuple[list[Page], list[str]]:
    """The pages that are right and have their check, in order of code; and one line for each other, naming the file to mend or create."""
    found: dict[str, Page] = {}
    problems: list[str] = []
    present = {entry.removesuffix(".py") for entry in os.listdir(checks) if entry.startswith("bn") and entry.endswith(".py")}
    for entry in sorted(entry for entry in os.listdir(pages) if entry.startswith("BN") and entry.endswith(".md")):
        try:
            each = read_page(os.path.join(pages, entry))
        except CatalogueError as error:
            problems.append(str(error))
            continue
        rule = each.rule
        needs_check = rule.code not in RAISED_BY_THE_ENGINE
        if needs_check and rule.module not in present:
            problems.append(f"{entry} has no check: create bnlint/checks/{rule.module}.py")
        elif rule.code in found:
            problems.append(f"{entry}: {found[rule.code].rule.page} has the same code")
        else:
            found[rule.code] = each
    pages_of = {entry.removesuffix(".md").lower().replace("-", "_") for entry in os.listdir(pages)}
    for module in sorted(present - pages_of):
        code, _, name = module.partition("_")
        problems.append(f"bnlint/checks/{module}.py has no page: create rules/{code.upper()}-{name.replace('_', '-')}.md")
    return list(found.values()), problems


def generated(root: str, pages: list[Page]) -> dict[str, str]:
    """Path and content of every file of a checkout that holds something generated from these pages."""
    from bnlint import listings

    modules = (("index", listings.index(pages)), ("phrases", listings.phrases(pages)))
    files = {os.path.join(root, "bnlint", f"{name}.py"): text for name, text in modules}
    for file, (name, make) in listings.TABLES.items():
        path = os.path.join(root, *file.split("/"))
        if os.path.exists(path):
            before, begin, rest = _read(path).partition(f"<!-- {name}:begin -->")
            _, end, after = rest.partition(f"<!-- {name}:end -->")
            if begin and end:
                files[path] = f"{before}{begin}\n\n{make(pages)}\n{end}{after}"
    return files


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def main(arguments: list[str], root: str = os.path.dirname(_HERE)) -> int:
    """`python -m bnlint.catalogue --write | --check`, in a checkout."""
    if arguments not in (["--write"], ["--check"]):
        print("usage: python -m bnlint.catalogue --write | --check", file=sys.stderr)
        return 2
    pages, problems = read_pages(os.path.join(root, "rules"), os.path.join(root, "bnlint", "checks"))
    for path, content in generated(root, pages).items():
        if os.path.exists(path) and _read(path) == content:
            continue
        relative = os.path.relpath(path, root)
        if arguments == ["--check"]:
            problems.append(f"{relative} is stale: run `python -m bnlint.catalogue --write`")
            continue
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
        print(f"wrote {relative}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
