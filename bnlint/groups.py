"""Which files are checked together: those that build BatchNormalization with those that build on them."""

from __future__ import annotations

from functools import cache, cached_property

from bnlint import regular
from bnlint.records import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bnlint.footprint import Footprint
    from bnlint.plans import Plan


NOTHING = ""
"""What is noted of a file that was dismissed: nothing can be found in it."""

SILENT = "-"
"""What is noted of one that was dismissed, for it does not speak of Keras; whether it uses models was not asked, for there are none."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to check that was not read yet. `named`: it was not met by a walk."""

    path: str
    plan: Plan
    named: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A group by the paths of its files. `rooted`: their imports are followed; `idle`: nothing can be found, and nothing is to be told."""

    paths: tuple[str, ...]
    rooted: bool
    idle: bool = False


@dataclass(frozen=True, eq=False)
class Input:
    """A file to check: its bytes, and the plan that it is held to. `named`: it was not met by a walk."""

    path: str
    data: bytes
    plan: Plan
    named: bool = True

    @cached_property
    def relevant(self) -> bool:
        """Whether it holds a word of a rule; or may, as it was not read to its end."""
        return self._cut or self.holds(self.plan.words)

    @property
    def speaks(self) -> bool:
        """Whether it speaks of Keras, of BatchNormalization, or to bnlint; and as a program, or with a word of a rule. Or may, as above."""
        return self._cut or (self._mentions_keras and (self._imports or self.relevant))

    @cached_property
    def builds(self) -> bool:
        """Whether it may build BatchNormalization."""
        return self.holds(BUILDING)

    @property
    def uses(self) -> bool:
        """Whether it may use models that another file builds."""
        return self._imports and self.holds(USING)

    @property
    def _mentions_keras(self) -> bool:
        if self.named:  # for the few that are, `re` is not worth its import
            return self.holds(SUBJECTS) or self.holds(BATCHNORM)
        return may_speak(self.data)

    @property
    def _imports(self) -> bool:
        return b"import" in self.data

    @property
    def _cut(self) -> bool:
        return len(self.data) > regular.LARGEST

    def holds(self, words: Iterable[bytes]) -> bool:
        data = self.data
        return any(word in data for word in words)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Files that are checked together. Below `root`, where there is one, their imports are followed."""

    inputs: tuple[Input, ...]
    root: str | None

    @property
    def idle(self) -> bool:
        """Whether nothing can be found in it: one file that holds no word of a rule, or does not speak of Keras. What builds on others
        may do without either: these may have what it lacks."""
        if len(self.inputs) > 1:
            return False
        alone = self.inputs[0]
        return not (alone.relevant or may_matter(alone) if self.root is not None else alone.relevant and alone.speaks)

    @property
    def size(self) -> int:
        """How many bytes are to be analysed."""
        return sum(len(given.data) for given in self.inputs)

    @property
    def label(self) -> str:
        """What a message calls it."""
        others = len(self.inputs) - 1
        return self.inputs[0].path + (f" with {others} more" if others else "")

    @property
    def part(self) -> Part:
        idle = self.idle and not self.inputs[0].named
        return Part(tuple(given.path for given in self.inputs), self.root is not None, idle)

    def alone(self) -> list[Group]:
        """Each of its files on its own: what remains to be tried where a bug of ours ended the work on all of them."""
        return [replace(self, inputs=(given,)) for given in self.inputs]


def form(inputs: Sequence[Input], everything: bool = False, seen: Footprint | None = None) -> list[Group]:
    """The files in groups: with each file that may build BatchNormalization those that build on it; in order of the first path of each.

    A file that leads to no such file is on its own, and so is one that speaks of no Keras; unless `everything` counts. `seen` takes
    down what was looked at on the disk.
    """
    by_root: dict[str, list[Input]] = {}
    for given in inputs:
        by_root.setdefault(given.plan.root, []).append(given)
    found = []
    for root, members in by_root.items():
        parts: list[list[str]] = []
        lonely = {given.path for given in members if not everything}
        files = {given.path: given.data for given in members if everything or may_matter(given)}
        core = [given.path for given in members if given.path in files and given.builds]
        if files and (core or everything or any(given.named for given in members)):
            from bnlint.source import links

            parts, lonely = links.together(core, files, root, BUILDING, seen)
        of_path = {given.path: given for given in members}
        found += [Group(tuple(of_path.pop(path) for path in part), root) for part in parts]
        found += [Group((given,), None if path in lonely else root) for path, given in of_path.items()]
    return sorted(found, key=lambda group: group.inputs[0].path)


BACKBONES = (b"keras.applications", b"keras_applications", b"keras import applications")
"""Words one of which stands in what builds BatchNormalization without naming it."""

BATCHNORM = (b"atchNorm", b"atch_norm", b"batchnorm")

BUILDING = (*BATCHNORM, *BACKBONES)
"""Words one of which stands in whatever builds BatchNormalization."""

SUBJECTS = (b"keras", b"bnlint:")
"""Words one of which stands in whatever speaks of Keras, or to bnlint; unless it speaks of BatchNormalization alone."""

USING = (b"tensorflow", b".fit(", b".compile(", b"Batch_norm")
"""Words one of which stands in what trains a model that it imports, or calls a layer by a name that is not of Keras."""


@cache
def _searches() -> tuple[Callable[[bytes], object], ...]:
    """What finds the subjects, and names of BatchNormalization or what may be one: `re` goes from one first letter to the next. `k`, `b`
    and `N` are rare; two things that begin with a `b` cost no more than one, and of `atchNorm` the end is looked for."""
    import re

    return tuple(re.compile(pattern).search for pattern in (b"keras", b"b(?:nlint:|atch_?norm)", b"Norm"))


def may_speak(data: bytes) -> bool:
    """Whether what a file that was not named holds mentions Keras, BatchNormalization or bnlint; or may, as it was not read to its end."""
    keras, names, norm = _searches()
    found = keras(data) is not None or names(data) is not None or (norm(data) is not None and b"atchNorm" in data)
    return found or len(data) > regular.LARGEST


def may_matter(given: Input) -> bool:
    """Whether something may be found in a file: it speaks of Keras, or it may use models that another file builds."""
    return given.speaks or given.uses
