"""Where a weights file keeps the layers of a model."""

from __future__ import annotations

from bnlint.graph.model import Layer
from bnlint.records import dataclass


@dataclass(frozen=True, slots=True)
class Path:
    """The way to a layer: the `names` of the models and wrappers around it and its own, outermost first, and its `group` in a weights
    file of Keras 3, which goes by classes ("" for what has none)."""

    names: tuple[str, ...] = ()
    group: str = ""

    @property
    def key(self) -> str:
        return "/".join(self.names)

    def inner(self, name: str, group: str) -> Path:
        """The way to what stands inside."""
        return Path((*self.names, name), f"{self.group}/{group}" if self.group and group else group)


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a weights file keeps a layer of a graph.

    `path` is its group in a file of Keras 3, without `vars`; `names` are those of the models and wrappers around it and its own,
    outermost first. The layer's `weights` is a dict of its own, which is filled before anybody else sees the graph.
    """

    layer: Layer
    path: str
    names: tuple[str, ...]
