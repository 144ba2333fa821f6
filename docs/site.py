"""Puts the site together: pages, pictures, the rules of the catalogue and the changelog go to `build/docs`, from which Zensical builds it.

`python docs/site.py && zensical build --strict`
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bnlint import catalogue  # noqa: E402
from bnlint.catalogue import FAMILIES, MAJORS, Page, Rule  # noqa: E402

DOCS, TARGET = ROOT / "docs", ROOT / "build" / "docs"
SOURCE = "https://github.com/bnlint/bnlint/blob/main/"
"""Where files are that the site does not hold."""

MOVED = {"../rules/": "rules/", "../CHANGELOG.md": "changelog.md", "docs/": ""}
"""How links between files of the repository begin, and how they do on the site."""

PLACED = frozenset({".md", ".svg", ".js", ".css"})


def build(target: Path = TARGET) -> None:
    """Write the sources of the site into a folder, which is emptied first."""
    shutil.rmtree(target, ignore_errors=True)
    (target / "rules").mkdir(parents=True)
    for path in sorted(path for path in DOCS.rglob("*") if path.suffix in PLACED):
        place = target / path.relative_to(DOCS)
        place.parent.mkdir(exist_ok=True)
        if path.suffix == ".md":
            _write(place, linked(path.read_text(encoding="utf-8")))
        else:
            shutil.copy(path, place)
    _write(target / "changelog.md", linked((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")))
    pages = [catalogue.page(code) for code in catalogue.rules()]
    _write(target / "rules" / "index.md", index(pages))
    for number, page in enumerate(pages):
        _write(target / "rules" / page.rule.page, rule_page(page, pages[number - 1 : number], pages[number + 1 : number + 2]))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def linked(text: str) -> str:
    """The text of a file of `docs/`, or of the root, with its links as they are on the site."""

    def moved(found: re.Match[str]) -> str:
        link = found[1]
        for old, new in MOVED.items():
            if link.startswith(old):
                return f"]({new}{link.removeprefix(old)}{'index.md' if link == '../rules/' else ''})"
        return f"]({SOURCE}{link.removeprefix('../')})" if link.startswith("../") else found[0]

    return re.sub(r"\]\(([^)\s]+)\)", moved, text)


def rule_page(page: Page, before: list[Page], after: list[Page]) -> str:
    """The page of a rule: what the catalogue holds of it, then its text."""
    rule = page.rule
    body = page.body.removeprefix(f"# {rule.title}").lstrip("\n")
    neighbours = [f"[{each.rule.code} {each.rule.name}]({each.rule.page})" for each in (*before, *after)]
    return (
        f"# {rule.code}: {rule.title}\n\n"
        f"`{rule.name}` · {facts(rule)} · since {rule.since}\n\n{_fences(body).rstrip()}\n\n---\n\n"
        f"[All rules](index.md) · {' · '.join(neighbours)}\n"
    )


def facts(rule: Rule) -> str:
    """Severity, fix, what it looks at, and its options."""
    severity = severities(rule)
    where = "saved models" if not rule.words else "source and saved models" if rule.models else "source"
    fix = {"safe": "safe fix", "unsafe": "unsafe fix", "display": "advice, no fix"}.get(rule.fix, "no fix")
    options = [f"`{name.replace('_', '-')} = {json.dumps(value)}`" for name, value in rule.options.items()]
    off = {"preview": "in preview", "off": "off by default"}.get(rule.standing)
    return " · ".join([severity if off is None else f"{off} ({severity} where it is on)", fix, where, *options])


def severities(rule: Rule) -> str:
    """The worst severity that it can have, by version of Keras where that differs."""
    order = ("off", "info", "warning", "error")
    worst = {major: max((case[major] for case in rule.severities.values()), key=order.index) for major in MAJORS}
    if len(set(worst.values())) == 1:
        return rule.severity
    return ", ".join(f"{severity} under Keras {major}" for major, severity in reversed(worst.items()))


def _fences(body: str) -> str:
    """Code fences as Markdown knows them: the settings of an example become its title."""

    def fence(found: re.Match[str]) -> str:
        title = found[1].strip().removeprefix("model").strip()
        return f'```python title="{title}"' if title else "```python"

    return re.sub(r"^```python(.*)$", fence, body, flags=re.MULTILINE)


def index(pages: list[Page]) -> str:
    """All rules in one table, which a script can filter."""
    rows = "".join(
        f"| [{rule.code}]({rule.page}) | {rule.name} | {rule.title} | {rule.standing} "
        f"| {'–' if rule.fix == 'none' else rule.fix} | {'model' if not rule.words else 'source, model' if rule.models else 'source'} |\n"
        for rule in (page.rule for page in pages)
    )
    families = "".join(f"BN{digit}xx: {family}.\n" for digit, family in FAMILIES.items())
    return (
        f"# Rules\n\n{families}\n"
        "A fix is *safe*, *unsafe* (it changes what its page says) or *display* (advice). "
        "*off* is what must be selected by its code or name, *preview* what is new and on only with the setting `preview`.\n\n"
        f"| code | name | what it finds | severity | fix | looks at |\n|---|---|---|---|---|---|\n{rows}"
    )


if __name__ == "__main__":
    build()
    print(f"wrote {TARGET.relative_to(ROOT)}")
