"""What Keras 2 writes beside a SavedModel: the config of the model and of every layer, as JSON, by the object that it belongs to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final

from bnlint.saved import fields, wire
from bnlint.saved.fields import Table
from bnlint.saved.objects import Objects

FILE: Final = "keras_metadata.pb"
ROOT: Final = 0


class Metadata:
    """By the numbers of objects what Keras wrote of them, read when it is asked for."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        self._texts = texts
        self._read: dict[int, Table] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._texts

    def of(self, number: int) -> Table:
        """What is written of an object: a dict with `class_name`, `config` …; an empty one where nothing is. Raises Unreadable."""
        if number not in self._read:
            text = self._texts.get(number)
            found = {} if text is None else _plain(fields.parse(text.encode(), f"the metadata of object {number}"))
            self._read[number] = found if isinstance(found, dict) else {}
        return self._read[number]

    def name(self, number: int) -> str:
        """The name of a layer; "" for what has none."""
        name = self.of(number).get("name")
        return name if isinstance(name, str) else ""


def read(folder: str, objects: Objects) -> Metadata:
    """The metadata of a SavedModel; that of TensorFlow up to 2.4 stands in the graph of objects. Raises WireError, Unreadable."""
    path = os.path.join(folder, FILE)
    if not os.path.lexists(path):
        return Metadata(objects.metadata)
    entries = wire.read(wire.load(path)).messages(1)
    return Metadata({entry.integer(2): entry.text(5) for entry in entries})


def named(objects: Objects, metadata: Metadata) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every layer that leads to the root through layers alone, with the names on the way; one that has several ways for each of them."""
    stack: list[tuple[int, tuple[str, ...]]] = [(ROOT, ())]
    seen: set[tuple[int, tuple[str, ...]]] = set(stack)
    while stack:
        number, names = stack.pop()
        if names:
            yield number, names
        for child in objects.held(number).values():
            found = (child, (*names, metadata.name(child))) if child in metadata and len(names) < 32 else None
            if found is not None and found[1][-1] and found not in seen and len(seen) < 100_000:
                seen.add(found)
                stack.append(found)


def _plain(value: object) -> object:
    """The value without the marks that Keras 2 puts on tuples and shapes."""
    if isinstance(value, dict):
        if value.get("class_name") in ("__tuple__", "TensorShape") and isinstance(value.get("items"), list):
            return [_plain(item) for item in value["items"]]
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
