"""What files are held to: their settings, and what follows from these."""

from __future__ import annotations

from bnlint import catalogue, settings
from bnlint.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bnlint.catalogue import Rule
    from bnlint.pins import Pins
    from bnlint.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a file is held to: settings, the rules that are on, the words of which one must occur.

    `explicit` are the codes that were selected in full, `root` is the folder to which paths in fingerprints are relative, `pins` tells
    what the project there says about its Keras.
    """

    settings: Settings
    rules: tuple[Rule, ...]
    explicit: frozenset[str]
    fixable: frozenset[str]
    words: tuple[bytes, ...]
    root: str
    pins: Callable[[], Pins]


def plan(held_to: Settings, root: str) -> Plan:
    """The plan of all files with these settings below `root`."""
    known = catalogue.rules()
    on = settings.selected(held_to, known.values())
    rules = tuple(rule for rule in known.values() if rule.code in on)
    selectors = (word for layer in held_to.selections for word in (*(layer.select or ()), *layer.extend_select))
    return Plan(
        settings=held_to,
        rules=rules,
        explicit=frozenset(word for word in selectors if word in known),
        fixable=settings.fixable(held_to, known.values()),
        words=tuple(dict.fromkeys(word.encode() for rule in rules for word in rule.words)),
        root=root,
        pins=PinsBelow(root),
    )


class PinsBelow:
    """The pins of the project in a folder, read when they are first asked for."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._found: Pins | None = None

    def __call__(self) -> Pins:
        if self._found is None:
            from bnlint import pins

            self._found = pins.read(self.root)
        return self._found


def codes(held_to: Plan, path: str) -> frozenset[str]:
    """The rules that run on a file."""
    return frozenset(rule.code for rule in held_to.rules) - settings.ignored(held_to.settings, path, held_to.rules)


def without_preview(held_to: Settings) -> tuple[str, ...]:
    """The codes of rules that are selected in full, and off because they are in preview."""
    return settings.without_preview(held_to, catalogue.rules().values())


def is_excluded(path: str, held_to: Settings) -> bool:
    """Whether the settings exclude a file (what a walk excludes by default does not count)."""
    return settings.matcher(held_to.root, (*(held_to.exclude or ()), *held_to.extend_exclude))(path)
