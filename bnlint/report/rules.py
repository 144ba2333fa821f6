"""Rules for people and programs: `bnlint rules` and `bnlint explain`."""

from __future__ import annotations

import json
from collections.abc import Iterable

from bnlint import catalogue
from bnlint.catalogue import Rule


def explain(rule: Rule) -> str:
    """A rule's page, with the facts that stand in its front matter."""
    return f"{rule.code} {rule.name} · {_facts(rule)} · since {rule.since}\n{rule.url}\n\n{catalogue.page(rule.code).body}"


def as_markdown(rule: Rule) -> str:
    """The same for those who render it."""
    return f"[{rule.code}]({rule.url}) {rule.name} · {_facts(rule)} · since {rule.since}\n\n{catalogue.page(rule.code).body}"


def as_text(rules: Iterable[Rule]) -> str:
    """One line for each rule."""
    rules = list(rules)
    width = max((len(rule.name) for rule in rules), default=0)
    return "".join(f"{rule.code}  {rule.name:<{width}}  {_facts(rule):<20}  {rule.title}\n" for rule in rules)


def as_json(rules: Iterable[Rule]) -> str:
    """All that is known of the rules, but for their pages."""
    entries = [
        {
            "code": rule.code,
            "name": rule.name,
            "title": rule.title,
            "summary": rule.summary,
            "severity": rule.severity,
            "severities": rule.severities,
            "default": rule.default,
            "preview": rule.preview,
            "fix": rule.fix,
            "since": rule.since,
            "options": {name.replace("_", "-"): value for name, value in rule.options.items()},
            "url": rule.url,
        }
        for rule in rules
    ]
    return json.dumps(entries, indent=2) + "\n"


def _facts(rule: Rule) -> str:
    return rule.standing if rule.fix == "none" else f"{rule.standing} · {rule.fix} fix"
