"""A description on its way from one process to another, as JSON."""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from typing import Any

from bnlint.live.describe import Description


def as_data(description: Description) -> dict[str, Any]:
    """What `from_data` reads. The arrays, which may hold what is no number in JSON, are their bytes."""
    arrays = [
        [list(names), {name: [dtype, b64encode(values.tobytes()).decode()] for name, (dtype, values) in variables.items()}]
        for names, variables in description.arrays
    ]
    told = {name: getattr(description, name) for name in ("name", "keras", "config", "loose")}
    return {**told, "arrays": arrays}


def from_data(data: Any) -> Description:
    """The description again; its configurations are judged by who reads them. Raises ValueError, TypeError or KeyError for what is none."""
    arrays = []
    for names, variables in data.pop("arrays"):
        held = {}
        for name, (dtype, text) in variables.items():
            values = array("d")
            values.frombytes(b64decode(text, validate=True))
            held[str(name)] = str(dtype), values
        arrays.append((tuple(map(str, names)), held))
    return Description(arrays=arrays, **data)
