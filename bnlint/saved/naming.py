"""How Keras 3 names the groups of `model.weights.h5`: by the class of each layer, with a counter."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from bnlint.saved.fields import Table
from bnlint.saved.functions import function_of
from bnlint.saved.layers import INPUT


class Groups:
    """The groups of the layers of one model, in the order of its config. A Sequential does not count its input."""

    def __init__(self, counts_inputs: bool) -> None:
        self.counts_inputs = counts_inputs
        self.used: Counter[str] = Counter()

    def of(self, entry: Table) -> str:
        """The group of the next layer: `layers/batch_normalization_3`; "" for what has none."""
        name = entry.get("class_name")
        if not isinstance(name, str) or (name == INPUT and not self.counts_inputs) or _is_operation(entry):
            return ""
        group = snake_case(name.rpartition(">")[2])
        number = self.used[group]
        self.used[group] += 1
        return f"layers/{group}_{number}" if number else f"layers/{group}"


def _is_operation(entry: Table) -> bool:
    """Whether an entry is an operation of Keras 3, which is no layer."""
    return isinstance(entry.get("module"), str) and entry["module"].startswith("keras.") and function_of(entry) is not None


@cache
def snake_case(name: str) -> str:
    """As Keras 3 makes it: `BatchNormalization` -> `batch_normalization`, `Conv2D` -> `conv2d`, `ReLU` -> `re_lu`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
