"""What a file says, taken on trust nowhere: each access names the type that it needs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bnlint.saved import Unreadable

SIZE: int = 64 << 20
"""Bytes of JSON at most: the largest models of Keras take a few MB."""

Table = Mapping[str, Any]


def parse(data: bytes, what: str) -> object:
    """JSON as Keras writes it. Raises Unreadable."""
    if len(data) > SIZE:
        raise Unreadable(f"holds {what} of {len(data) >> 20} MB; no more than {SIZE >> 20} MB are read")
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable(f"is damaged: {what} is not valid UTF-8") from None
    except RecursionError:
        raise Unreadable(f"is damaged: {what} is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"is damaged: {what} is not valid JSON ({error})") from None


def table(value: object, what: str) -> Table:
    """A JSON object."""
    if not isinstance(value, dict):
        raise wrong(what, "an object", value)
    return value


def items(value: object, what: str) -> Sequence[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise wrong(what, "a list", value)
    return value


def text(value: object, what: str) -> str:
    """A JSON string."""
    if not isinstance(value, str):
        raise wrong(what, "a text", value)
    return value


def optional_text(value: object) -> str | None:
    """The value if it is a text, else nothing."""
    return value if isinstance(value, str) else None


def wrong(what: str, wanted: str, value: object) -> Unreadable:
    """What to raise for a value of the wrong type."""
    return Unreadable(f"is damaged: {what} is {NAMES.get(type(value), 'missing')}, not {wanted}")


NAMES: Mapping[type, str] = {
    bool: "true or false",
    dict: "an object",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "a text",
}
