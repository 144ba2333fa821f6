"""Which rules are meant: codes, names, prefixes and ALL, and which of them decides."""

from __future__ import annotations

from bnlint.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, Protocol

    class KnownRule(Protocol):
        """What must be known of a rule to select and to set it up."""

        @property
        def code(self) -> str: ...
        @property
        def name(self) -> str: ...
        @property
        def default(self) -> bool: ...
        @property
        def preview(self) -> bool: ...
        @property
        def options(self) -> Mapping[str, Any]: ...


class UnknownRule(Exception):
    """A word that names no rule. The message says so, and what may have been meant."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What one source of settings says about rules: codes, prefixes of codes, "ALL". `select` is None where it says nothing."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


ALIKE = 0.75
"""How much of a word must agree: four characters of five. `BN999` is not like `BN609`."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a message: the known word that is most like this one, if any is."""
    import difflib

    words = list(known)
    close = difflib.get_close_matches(word, words, 1, ALIKE) or difflib.get_close_matches(word.upper(), words, 1, ALIKE)
    return f"; did you mean `{close[0]}`?" if close else ""


def find(word: str, known: Sequence[KnownRule]) -> KnownRule:
    """The rule with this code or name. Raises UnknownRule."""
    for rule in known:
        if word.strip().lower() in (rule.code.lower(), rule.name):
            return rule
    begun = [rule.code for rule in known if word.strip() and rule.code.startswith(word.strip().upper())]
    if len(begun) > 1:
        raise UnknownRule(f"`{word}` stands for several rules, {begun[0]} to {begun[-1]}: name one of them")
    raise UnknownRule(f"unknown rule `{word}`{did_you_mean(word, [name for rule in known for name in (rule.code, rule.name)])}")


def selector(word: str, known: Sequence[KnownRule]) -> str:
    """A code, name, prefix or ALL as code, prefix or ALL. Raises UnknownRule."""
    upper = word.strip().upper()
    if upper == "ALL" or (upper.startswith("BN") and any(rule.code.startswith(upper) for rule in known)):
        return upper
    return find(word, known).code


def weight(selectors: Iterable[str], rule: KnownRule) -> int:
    """How precisely the most precise of the selectors names a rule; 0 if none does."""
    return max((1 if word == "ALL" else 1 + len(word) for word in selectors if word == "ALL" or rule.code.startswith(word)), default=0)


def is_selected(rule: KnownRule, selections: Iterable[Selection], preview: bool = False) -> bool:
    """Whether a rule is on after all sources of settings, the most binding last.

    As in ruff the longest selector decides, and at equal length `ignore`; a `select` replaces what was selected before, but not what
    was ignored, unless it is at least as precise. A rule that is off by default is only selected by its full code; one in preview by
    nothing, unless `preview` is on.
    """
    if rule.preview and not preview:
        return False
    ignored: tuple[str, ...] = ()
    state = rule.default
    for layer in selections:
        chosen = weight((*(layer.select or ()), *layer.extend_select), rule)
        if not rule.default and chosen < weight([rule.code], rule):
            chosen = 0
        dropped = weight(layer.ignore, rule)
        if layer.select is not None:
            state = chosen > dropped and chosen >= weight(ignored, rule)
        elif chosen or dropped:
            state = chosen > dropped
        ignored += layer.ignore
    return state
