"""Which files are checked together: those that build BatchNormalization with those that build on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bnlint.engine import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """A file to check: its bytes, and the plan that it is held to. `named`: it was not met by a walk."""

    path: str
    data: bytes
    plan: Plan
    named: bool = True

    @property
    def relevant(self) -> bool:
        """Whether it holds a word of a rule."""
        return any(word in self.data for word in self.plan.words)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Files that are checked together. Below `root`, where there is one, their imports are followed."""

    inputs: tuple[Input, ...]
    root: str | None

    @property
    def label(self) -> str:
        """What a message calls it."""
        others = len(self.inputs) - 1
        return self.inputs[0].path + (f" with {others} more" if others else "")

    def alone(self) -> list[Group]:
        """Each of its files on its own: what remains to be tried where a bug of ours ended the work on all of them."""
        return [replace(self, inputs=(given,)) for given in self.inputs]


def form(inputs: Sequence[Input], everything: bool = False) -> list[Group]:
    """The files in groups: with each file that may build BatchNormalization those that build on it; in order of the first path of each.

    A file that leads to no such file is on its own, and so is one without a word of a rule; unless `everything` counts.
    """
    if len(inputs) == 1:
        return [Group(tuple(inputs), inputs[0].plan.root)]
    by_root: dict[str, list[Input]] = {}
    for given in inputs:
        by_root.setdefault(given.plan.root, []).append(given)
    found = []
    for root, members in by_root.items():
        core = [given.path for given in members if any(word in given.data for word in BATCHNORM)]
        parts: list[list[str]] = []
        lonely = {given.path for given in members if not everything}
        if core or everything:
            from bnlint.source import links

            files = {given.path: given.data for given in members if everything or may_matter(given)}
            parts, lonely = links.together(core, files, root, BATCHNORM)
        of_path = {given.path: given for given in members}
        found += [Group(tuple(of_path.pop(path) for path in part), root) for part in parts]
        found += [Group((given,), None if path in lonely else root) for path, given in of_path.items()]
    return sorted(found, key=lambda group: group.inputs[0].path)


BATCHNORM = (b"atchNorm", b"atch_norm", b"batchnorm")
"""Words one of which stands in whatever builds BatchNormalization."""


def may_matter(given: Input) -> bool:
    """Whether a file holds a word of a rule, or may use layers that another one builds."""
    return given.relevant or (b"import" in given.data and any(word in given.data for word in BUILDING))


BUILDING = (b"keras", b"tensorflow", b".fit(", b".compile(")
"""Words one of which stands in whatever builds on layers of another file."""
