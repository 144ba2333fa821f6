"""The hits of one rule become findings: severity, words, one finding for each place, and unanimity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bnlint import catalogue
from bnlint.findings import (
    Edit,
    Finding,
    Fix,
    Hit,
    InsertActivation,
    Related,
    RemoveApplication,
    Severity,
    Swap,
)
from bnlint.graph import query
from bnlint.records import replace
from bnlint.versions import within

if TYPE_CHECKING:
    from bnlint.catalogue import Page, Rule
    from bnlint.graph.model import Layer, Project, Span

SOME_ONLY = "the change suits only {touched} of the {built} layers that this code builds"
ELSEWHERE = "the change would reach into another file"
DIFFERENT = "the layers that this code builds need different changes"

RELATED = 8
"""Other places that a finding names at most."""

Edits = tuple[Edit, ...]


def judge(
    project: Project, rule: Rule, hits: Iterable[Hit], override: Severity | None = None, explicit: bool = False, path: str = ""
) -> list[Finding]:
    """The findings of a rule, in the order of its hits; in the file at `path` where a hit has no place in a source.

    `override` replaces the page's severity; `explicit` tells that the rule was selected by its full code or name, which
    makes an info of a rule that is off, as a whole, for this version of Keras.
    """
    hits = list(hits)
    if not hits:
        return []
    page = catalogue.page(rule.code)
    hits = list(of_this_keras(page, project, hits))
    touched: dict[Edits, set[int]] = {}
    for hit in hits:
        if hit.fix is not None:
            touched.setdefault(hit.fix.edits, set()).update(id(layer) for layer in hit.fix.touches)
    if rule.unanimous:
        hits = _unanimous(project, hits)
    found = []
    for group in _group(hits):
        first = group[0]
        severity = _severity(rule, first.case, project.keras.major, override, explicit)
        if severity is Severity.OFF:
            continue
        case, words = page.cases[first.case], _Words(page, project, group)
        count = len({id(hit.layer) for hit in group})
        fix, reason = _fix(project, page, group, touched)
        found.append(
            Finding(
                code=rule.code,
                name=rule.name,
                severity=severity,
                message=words.fill(case.message) + (f" ({count} layers)" if count > 1 else ""),
                path=first.origin.span.path if first.origin.span is not None else path,
                span=first.origin.span,
                help=words.fill(case.help),
                fix=fix,
                reason=reason,
                count=count,
                layer=first.origin.key or _name(hit.layer for hit in group if hit.layer is not None),
                related=words.related(),
            )
        )
    return found


def _group(hits: Iterable[Hit]) -> Iterator[list[Hit]]:
    """The hits of one case at one place, places in the order in which they are first hit."""
    groups: dict[tuple[str, Span | None, str | None], list[Hit]] = {}
    for hit in hits:
        groups.setdefault((hit.case, hit.origin.span, hit.origin.key), []).append(hit)
    return iter(groups.values())


def of_this_keras(page: Page, project: Project, hits: Iterable[Hit]) -> Iterator[Hit]:
    """The hits whose case is true for the target, as it stands or as the case that stands in for it there."""
    for hit in hits:
        name = hit.case
        while name and not within(project.keras.version, page.cases[name].keras):
            name = page.cases[name].otherwise
        if name:
            yield hit if name == hit.case else replace(hit, case=name)


def _severity(rule: Rule, case: str, major: int, override: Severity | None, explicit: bool) -> Severity:
    version = "2" if major < 3 else "3"
    severity = Severity[rule.severities[case][version].upper()]
    if severity is not Severity.OFF:
        return severity if override is None else override
    off_as_a_whole = all(by_major[version] == "off" for by_major in rule.severities.values())
    return Severity.INFO if explicit and off_as_a_whole else severity


# Unanimity: one place in the source can give birth to many layers


def _unanimous(project: Project, hits: list[Hit]) -> list[Hit]:
    """The hits at whose layer's place of birth every layer is hit."""
    hit_layers = {id(hit.layer) for hit in hits}
    places = {span for hit in hits if hit.layer is not None and (span := hit.layer.origin.span) is not None}
    agreed = {span for span in places if all(id(born) in hit_layers for born in query.born_at(project, span))}
    return [hit for hit in hits if hit.layer is None or hit.layer.origin.span is None or hit.layer.origin.span in agreed]


def _fix(project: Project, page: Page, group: Sequence[Hit], touched: Mapping[Edits, set[int]]) -> tuple[Fix | None, str]:
    """The fix of a finding, or none and the reason why there is none here."""
    fixes = [hit.fix for hit in group]
    refused = next((fix.refused for fix in fixes if fix is not None and fix.refused), "")
    if refused:
        return None, page.notes[refused]
    first = fixes[0]
    if first is None or not first.edits or None in fixes:
        return None, DIFFERENT if any(fix is not None and fix.edits for fix in fixes) else ""
    if any(fix is None or fix.edits != first.edits for fix in fixes):
        return None, DIFFERENT
    mine = touched[first.edits]
    places = [span for edit in first.edits for span in sites(edit)]
    places += [layer.origin.span for fix in fixes if fix is not None for layer in fix.touches if layer.origin.span is not None]
    if any(span.path != places[0].path for span in places):
        return None, ELSEWHERE
    for site in dict.fromkeys(places):
        born = query.born_at(project, site)
        agreed = sum(id(layer) in mine for layer in born)
        if agreed < len(born):
            return None, SOME_ONLY.format(built=len(born), touched=agreed)
    return first, ""


def sites(edit: Edit) -> tuple[Span, ...]:
    """The spans at which layers are born that an edit changes."""
    match edit:
        case Swap(first, second):
            return first.at, second.at
        case InsertActivation(after):
            return (after.at,)
        case RemoveApplication(application):
            return (application.at,)
        case _:
            return (edit.at,)


# Words: templates of the page, values of the hit


class _Words:
    """Fills the templates of a page for one finding."""

    def __init__(self, page: Page, project: Project, group: Sequence[Hit]) -> None:
        self.page, self.group = page, group
        candidates = (layer for hit in group for layer in _batchnorms(hit))
        name = _name(candidates)
        values = {key: _shown(value) for key, value in group[0].values.items()}
        self.values: dict[str, Any] = {"bn": f"`{name}`" if name else "BatchNormalization", "keras": str(project.keras), **values}

    def fill(self, template: str) -> str:
        return template.format_map(self.values)

    def related(self) -> tuple[tuple[str, Span | None], ...]:
        """The other places, each once, with what the page says of them."""
        places = ((self._note(each), each.origin.span) for hit in self.group for each in hit.related)
        first, more = (found := tuple(dict.fromkeys(places)))[:RELATED], len(found) - RELATED
        return (*first, (f"and {more} more such {'place' if more == 1 else 'places'}", None)) if more > 0 else first

    def _note(self, related: Related) -> str:
        """What the page says of another place; in a model file the layer comes first, as it has no other."""
        note = self.fill(self.page.notes[related.note]) if related.note else ""
        return f"{related.origin.key}: {note}" if related.origin.key else note


def _batchnorms(hit: Hit) -> Iterator[Layer]:
    """The layer that {bn} stands for in one hit: that of the hit, else the first related one."""
    candidates = (hit.layer, *(each.layer for each in hit.related))
    yield from [layer for layer in candidates if layer is not None and layer.role == "batchnorm"][:1]


def _name(layers: Iterable[Layer]) -> str | None:
    """The name that all these layers have, if they have one; in a model file their path."""
    names = [layer.origin.key or layer.name for layer in layers]
    first = names[0] if names else None
    return first if isinstance(first, str) and all(isinstance(name, str) and name == first for name in names) else None


class _Number(float):
    """A number that prints as a person would write it: 0.1 rather than 0.09999999999999998."""

    def __format__(self, form: str) -> str:
        return float.__format__(self, form or ".6g")


def _shown(value: object) -> object:
    return _Number(value) if isinstance(value, float) else value
