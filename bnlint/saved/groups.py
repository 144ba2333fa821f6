"""The arrays of a BatchNormalization that belong together, in files that know arrays only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bnlint.graph.model import Call, Layer, Origin
from bnlint.records import dataclass, field, replace
from bnlint.saved.arrays import Array
from bnlint.saved.assembly import UNRECORDED, read_arrays, unplaced
from bnlint.saved.fields import Table
from bnlint.saved.layers import make_layer
from bnlint.saved.places import Path

STATISTICS: Final = ("moving_mean", "moving_variance")
PARAMETERS: Final = ("gamma", "beta", *STATISTICS)
"""What a BatchNormalization holds, by the names that Keras gives it."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The arrays of one BatchNormalization by their names, where it stands in the file, and what is written of it, if anything is."""

    key: str
    arrays: Mapping[str, Array]
    entry: Table = field(default_factory=dict)

    def layer(self, config: Mapping[str, object]) -> Layer:
        """The layer, without the weights. `config` is what is known of it where nothing is written."""
        name = self.key.rpartition("/")[2]
        if self.entry:
            made = make_layer(self.entry, name, Path(tuple(self.key.split("/"))), frozen=False)
            if made.role == "batchnorm":
                return made
        return Layer("BatchNormalization", "batchnorm", name, config, trainable=UNRECORDED, origin=Origin(key=self.key))


def by_name(arrays: Iterable[Array]) -> list[Group]:
    """Arrays whose names end in those of a BatchNormalization and are alike before (`net/bn/gamma`): what has both statistics.

    Layers in different models may have one name. Files list gamma and beta before the statistics: what comes again, or behind these,
    begins another group.
    """
    found: list[tuple[str, dict[str, Array]]] = []
    current: dict[str, dict[str, Array]] = {}
    for array in arrays:
        key, _, name = array.name.rpartition("/")
        if name not in PARAMETERS:
            continue
        held = current.get(key, {})
        if key not in current or name in held or (name not in STATISTICS and not held.keys().isdisjoint(STATISTICS)):
            current[key] = {}
            found.append((key, current[key]))
        current[key][name] = array
    return [Group(key or "batch_normalization", held) for key, held in found if all(name in held for name in STATISTICS)]


def stand_alone(groups: Iterable[Group], read: bool) -> tuple[list[Call], list[str]]:
    """Calls of layers whose place in the model is not known; and why some arrays were not read."""
    calls: list[Call] = []
    problems: list[str] = []
    for group in groups:
        layer = group.layer({})
        if read:
            weights, found = read_arrays(group.arrays)
            layer = replace(layer, weights=weights)
            problems += found
        calls += unplaced(layer)
    return calls, problems
