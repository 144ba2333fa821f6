"""A checkpoint of TensorFlow (`NAME.index` beside `NAME.data-…`): variables alone, by the objects that held them, or by their names."""

from __future__ import annotations

import os
import re
from typing import Final

from bnlint.graph.model import Artifact, ModelGraph, Origin
from bnlint.saved import Unreadable, bundle, objects
from bnlint.saved.assembly import unread
from bnlint.saved.groups import Group, by_name, stand_alone
from bnlint.saved.wire import WireError

FORMAT: Final = "TensorFlow checkpoint"
NOTE: Final = "this format holds variables alone: neither the settings of the layers nor their order"
NO_BATCHNORM: Final = "none of its variables is named as the statistics of BatchNormalization are"
_DATA = re.compile(r"\.data-\d{5}-of-\d{5}$")


def read(path: str, weights: bool = True) -> ModelGraph:
    """The graph of a checkpoint, given as its index or as its data. Raises OSError, Unreadable."""
    try:
        found = bundle.read(_DATA.sub(bundle.SUFFIX, path))
        held = objects.of_checkpoint(found)
        groups = [Group(way, arrays) for _, way, arrays in held.holders()]
        if not held.children:
            groups = by_name(array for name in sorted(found.entries) if (array := found.array(name)) is not None)
    except WireError as problem:
        raise Unreadable(f"is no index of a checkpoint: it {problem}") from None
    calls, problems = stand_alone(groups, weights)
    notes = (NOTE if groups else NO_BATCHNORM, *unread(problems))
    artifact = Artifact(path, FORMAT, layers=len(groups), batchnorms=len(groups), weights=weights and not problems, notes=notes)
    name = os.path.basename(found.prefix) or "checkpoint"
    return ModelGraph(name, "open", tuple(calls), artifact=artifact, origin=Origin(key=""))
