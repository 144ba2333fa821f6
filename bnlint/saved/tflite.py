"""TensorFlow Lite: its operations know no BatchNormalization, so that there is nothing to lint. That this is so is looked up in the file.

A FlatBuffer: every table begins with the distance back to its vtable, a list of 16-bit numbers: two sizes, then for each field where in
the table it stands (0: absent). A vector or text is referred to by the distance to it, and begins with its length.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Final

from bnlint.graph.model import Artifact, ModelGraph, Origin
from bnlint.saved import TFLITE, Unreadable, wire

FORMAT: Final = "TensorFlow Lite"
NOTE: Final = "no BatchNormalization is left in this format: the converter folds it into other layers; lint the model that it was made of"
OPERATOR_CODES, CUSTOM_CODE = 1, 1
"""Fields of Model and of OperatorCode."""

CODES: Final = 65_536


def read(path: str, weights: bool = True) -> ModelGraph:
    """A graph without layers. Raises OSError, and Unreadable for a file that runs TensorFlow's BatchNormalization all the same."""
    data = wire.load(path)
    try:
        foreign = sorted({code for code in _custom_codes(data) if "BatchNorm" in code})
    except (struct.error, IndexError):
        raise Unreadable("is damaged: it ends within the list of its operations") from None
    if foreign:
        raise Unreadable(f"runs {', '.join(foreign)}, which bnlint does not read in this format: lint the model that it was made of")
    name = os.path.basename(path)
    return ModelGraph(name, "open", artifact=Artifact(path, FORMAT, weights=weights, notes=(NOTE,)), origin=Origin(key=""))


def _custom_codes(data: bytes) -> Iterator[str]:
    """The names of the operations that are not TensorFlow Lite's own."""
    if data[4:8] != TFLITE:
        raise Unreadable("is no file of TensorFlow Lite")
    codes = _field(data, _follow(data, 0), OPERATOR_CODES)
    if codes is None:
        return
    vector = _follow(data, codes)
    count = _unsigned(data, vector)
    if count > CODES:
        raise Unreadable(f"is damaged: it lists {count:,} kinds of operations")
    for position in range(vector + 4, vector + 4 + 4 * count, 4):
        custom = _field(data, _follow(data, position), CUSTOM_CODE)
        if custom is not None:
            text = _follow(data, custom)
            yield str(data[text + 4 : text + 4 + min(_unsigned(data, text), 256)], "utf-8", "backslashreplace")


def _unsigned(data: bytes, position: int) -> int:
    number: int = struct.unpack_from("<I", data, position)[0]
    return number


def _follow(data: bytes, position: int) -> int:
    """Where a reference leads."""
    return position + _unsigned(data, position)


def _field(data: bytes, table: int, number: int) -> int | None:
    """Where a field of a table stands; None where it is absent."""
    vtable = table - int(struct.unpack_from("<i", data, table)[0])
    if not 0 <= vtable <= len(data) - 4:
        raise IndexError
    if 4 + 2 * number + 2 > struct.unpack_from("<H", data, vtable)[0]:
        return None
    offset: int = struct.unpack_from("<H", data, vtable + 4 + 2 * number)[0]
    return table + offset if offset else None
