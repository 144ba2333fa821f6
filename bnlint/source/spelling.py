"""Texts that remember how they were put together out of the names that a function was given (`name + "_bn"`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


class Hole:
    """A text that was given to a function. `seen`: something was made of it other than longer texts."""

    __slots__ = ("seen", "value")

    def __init__(self, value: str) -> None:
        self.value = value
        self.seen = False


Parts = tuple[str | Hole, ...]


class Text(str):
    """A text that holds others. It is a text like any other; but whoever does more than lengthen it leaves a mark in its holes."""

    __slots__ = ("parts", "plain")
    parts: Parts
    plain: str

    def __add__(self, other: str) -> str:
        return _made((*self.parts, *_parts(other)), self.plain + _plain(other)) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: str) -> str:
        return _made((*_parts(other), *self.parts), _plain(other) + self.plain) if isinstance(other, str) else NotImplemented

    def __bool__(self) -> bool:
        return bool(self.plain)

    def see(self) -> str:
        """The text alone. From here on it matters what it says."""
        waiting = [*self.parts]
        while waiting:
            part = waiting.pop()
            if isinstance(part, Hole) and not part.seen:
                part.seen = True
                waiting += _parts(part.value)
        return self.plain


def _seeing(name: str) -> Callable[..., object]:
    method = getattr(str, name)

    def apply(self: Text, *args: object, **kwargs: object) -> object:
        return method(self.see(), *map(unmarked, args), **kwargs)

    return apply


for _name in dir(str):
    if callable(getattr(str, _name)) and _name not in {*dir(object), "__add__"} | {"__init_subclass__", "__subclasshook__"}:
        setattr(Text, _name, _seeing(_name))
for _name in ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__str__", "__repr__", "__format__"):
    setattr(Text, _name, _seeing(_name))


def _made(parts: Parts, plain: str) -> Text:
    made = str.__new__(Text, plain)
    made.parts, made.plain = parts, plain
    return made


def _parts(value: str) -> Parts:
    return value.parts if isinstance(value, Text) else (value,)


def _plain(value: str) -> str:
    return value.plain if isinstance(value, Text) else value


def held(hole: Hole) -> Text:
    """The text in a hole, as one that remembers that it comes from there."""
    return _made((hole,), _plain(hole.value))


def unmarked(value: object) -> object:
    """A value as what is computed with it takes it: it matters what it says."""
    return value.see() if isinstance(value, Text) else value


def length(text: str) -> int:
    """How long a text is, for the sake of a limit."""
    return len(_plain(text))


def filled(text: str, given: Mapping[Hole, str]) -> str:
    """The text with others in some of its holes, and in the holes of what is in these; itself if it has none of them."""
    if not isinstance(text, Text):
        return text
    parts: list[str | Hole] = []
    changed = False
    for part in text.parts:
        if isinstance(part, Hole):
            new = given[part] if part in given else filled(part.value, given)
            if part in given or new is not part.value:
                changed = True
                parts += _parts(new)
                continue
        parts.append(part)
    return _joined(parts) if changed else text


def _joined(parts: Sequence[str | Hole]) -> str:
    plain = "".join([_plain(part.value) if isinstance(part, Hole) else part for part in parts])
    return _made(tuple(parts), plain) if any(isinstance(part, Hole) for part in parts) else plain


MARK = "\x00{}\x00"
"""Stands for a text while it is put into another one; no name holds a null."""


def spelled(make: Callable[[Any], object], values: Sequence[object]) -> object:
    """What a function of values makes, where it may put texts as they are into a longer one."""
    texts = [value for value in values if isinstance(value, Text)]
    if not texts:
        return make(values)
    plain = make([_plain(value) if isinstance(value, str) else value for value in values])
    if not isinstance(plain, str):
        return make([unmarked(value) for value in values])
    marks = {id(value): MARK.format(number) for number, value in enumerate(texts)}
    marked = make([marks.get(id(value), value) if isinstance(value, Text) else value for value in values])
    parts: list[str | Hole] = []
    for position, piece in enumerate(str(marked).split("\x00")):
        whole = position % 2 == 0
        parts += (piece,) if whole else _parts(texts[int(piece)]) if piece.isdecimal() and int(piece) < len(texts) else ("\x00",)
    made = _joined(parts)
    return made if _plain(made) == plain else make([unmarked(value) for value in values])
