"""Modules: every file is run once, when it is asked for or when another one first uses a name of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bnlint.graph.model import Gap, Origin, Turn, Unknown
from bnlint.keras_api.names import canonical
from bnlint.records import dataclass
from bnlint.source import library, statements
from bnlint.source.budget import GLANCE, IDLE, ROOT_STEPS, STEPS, Exhausted
from bnlint.source.files import File
from bnlint.source.machine import Frame, Machine
from bnlint.source.values import MISSING, Deferred, Dotted, List, Scope, Splice

MODULE: Final = "the module"
"""What the root is called that is the body of a module, or of a cell; others are the names of functions."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One root that was analysed: of which file, its name, first and last of the calls that it made, what it returned."""

    file: File
    name: str
    start: int
    end: int
    result: object = None


def root(
    m: Machine, file: File, frame: Frame, name: str, run: Callable[[], object], budget: int = ROOT_STEPS, builds: bool = False
) -> object:
    """Run one root of a file within its budget; what is left over is a gap. A module may idle as long as it likes, and what names layers
    itself (`builds`) as long as if nothing had idled before it but what names layers in the same file."""
    if file.distant and file.idle > m.idle:
        file.cut = True
        return MISSING
    with m.suspended(file, frame):
        m.roots += 1
        m.root = Turn(m.roots, name, frame.chunk.execution if name == MODULE else None)
        m.allow(min(budget, STEPS - file.steps), (file.patience if builds else m.idle) if name != MODULE else None)
        built = m.built
        try:
            return run()
        except (Exhausted, RecursionError):
            file.cut = True
            file.gaps.append(Gap(f"{name} is too large to be followed to its end", Origin()))
            if builds:
                file.patience = max(file.patience // 2, GLANCE)
            if m.built == built and budget in (ROOT_STEPS, STEPS):  # what was given little says nothing of the others
                m.idle = max(m.idle // 2, GLANCE)
            return MISSING
        finally:
            m.recordings.held.written([(fields, key) for fields, key, _ in m.log])
            file.steps += m.steps
            if m.built == built and name != MODULE:
                file.idle += m.steps
                m.idle = max(m.idle // 2, GLANCE) if file.distant and file.idle > m.idle else m.idle


def _budget(file: File) -> int:
    """What the body of a module may cost. One that is only imported and does not name Keras must not run the engine of a framework (its
    protocol buffers, its registries); what it says line by line takes fewer steps than a quarter of its letters."""
    if file.asked or file.says("keras", "atchNorm", "atch_norm"):
        return STEPS
    return IDLE + sum(len(chunk.text) for chunk in file.chunks) // 4


def load(m: Machine, file: File) -> None:
    """Run the body of a module, unless that was done or is being done."""
    if file.state != "new":
        return
    file.state = "running"
    m.files.read(file)
    start, data_format, epoch = len(m.calls), m.data_format, m.epoch
    m.data_format, m.epoch = "channels_last", 0
    m.loading.append(file)
    budget = _budget(file)
    for chunk, tree in zip(file.chunks, file.trees, strict=True):
        frame = Frame(file.scope, chunk, "")
        root(m, file, frame, MODULE, lambda tree=tree: statements.execute(m, tree.body), budget)  # type: ignore[misc]
    file.data_format, m.data_format, m.epoch = m.data_format, data_format, epoch
    file.state = "run"
    m.loading.pop()
    m.runs.append(Run(file, "", start, len(m.calls)))


def member(m: Machine, file: File, name: str) -> object:
    """What a module binds a name to, itself, by a star import or as a submodule; MISSING if none of these is seen."""
    return _member(m, file, name, set())


def _member(m: Machine, file: File, name: str, seen: set[str]) -> object:
    seen.add(file.place)
    load(m, file)
    found = file.scope.get(name)
    if found is MISSING:
        found = by_star(m, file.scope, name, seen)
    if found is MISSING:
        inner = m.files.submodule(file, name)
        found = module(inner) if inner is not None else MISSING
    return found


def by_star(m: Machine, scope: Scope, name: str, seen: set[str]) -> object:
    """What the star imports of a module bind a name to: the last one that has it does."""
    for star in reversed(scope.stars):
        if isinstance(star, File) and star.place not in seen and _is_exported(m, star, name):
            found = _member(m, star, name, seen)
            if found is not MISSING:
                return found
    return MISSING


def _is_exported(m: Machine, file: File, name: str) -> bool:
    """Whether `from module import *` binds a name: those in `__all__`, else those without an underscore."""
    load(m, file)
    listed = file.scope.get("__all__")
    items = listed.items if isinstance(listed, List) else listed
    if isinstance(items, tuple) and not any(isinstance(item, Splice) for item in items):
        return name in items
    return not name.startswith("_")


def module(file: File) -> Dotted:
    """A module of the project as a value. In the source of Keras itself it is one of Keras's own too."""
    return Dotted(file.name, canonical(file.name), file)


def attribute(m: Machine, base: Dotted, name: str) -> object:
    """`module.name`: what Keras is known to have, else what the project's file binds, else a name of a library."""
    dotted = f"{base.name}.{name}"
    known = canonical(dotted)
    if known is None and base.canonical is not None:
        known = canonical(f"{base.canonical}.{name}") or f"{base.canonical}.{name}"
    if base.file is not None and not library.knows(known):
        found = member(m, base.file, name)
        if found is not MISSING:
            return found
    return library.constant(m, Dotted(dotted, known))


def lacks(m: Machine, base: Dotted, name: str) -> bool:
    """Whether a module of the project, all of which was followed, is certain to have no such attribute."""
    return base.file is not None and base.canonical is None and member(m, base.file, name) is MISSING and _is_whole(m, base.file, set())


def _is_whole(m: Machine, file: File, seen: set[str]) -> bool:
    """Whether it is known what a module binds, by star imports too."""
    if file.place in seen:
        return True
    seen.add(file.place)
    load(m, file)
    if not file.chunks or file.state != "run" or file.cut or file.says("__getattr__", "__dict__", "globals", "setattr"):
        return False
    return all(isinstance(star, File) and _is_whole(m, star, seen) for star in file.scope.stars)


def import_module(m: Machine, name: str) -> Dotted:
    """`import name`: the module itself."""
    found = m.files.find(m.file, 0, name)
    if found is not None:
        m.file.imported.append(found)
    return Dotted(name, canonical(name), found)


def import_name(m: Machine, level: int, name: str, wanted: str) -> object:
    """`from name import wanted`."""
    source = "." * level + name
    dotted = f"{source}.{wanted}" if name else source + wanted
    known = None if level else canonical(dotted)
    found = m.files.find(m.file, level, name) if not library.knows(known) else None
    if found is None:
        if known is None and wanted in PASSED_ON:
            return Dotted("keras", "keras")
        return Dotted(dotted, known)
    inner = m.files.submodule(found, wanted)
    m.file.imported += [found] if inner is None else [found, inner]
    if inner is not None and found is m.file:
        return module(inner)
    deferred = Deferred(_getter(m, found, wanted, Dotted(dotted, known)))
    return deferred.get() if m.under else deferred


PASSED_ON = ("keras", "tf_keras")
"""A package that passes Keras on (`from keras_cv.backend import keras`) passes on Keras, where its source does not say otherwise."""


def _getter(m: Machine, file: File, name: str, otherwise: Dotted) -> Callable[[], object]:
    kept: list[object] = []
    looking = False

    def get() -> object:
        nonlocal looking
        if kept:
            return kept[0]
        if looking:  # two modules that each import the name from the other
            return otherwise
        looking = True
        found = member(m, file, name)
        looking = False
        if name in PASSED_ON and (found is MISSING or isinstance(found, Unknown)):
            return Dotted("keras", "keras")
        if found is not MISSING and file.state == "run":
            kept.append(found)
        return otherwise if found is MISSING else found

    return get


def import_star(m: Machine, level: int, name: str) -> File | None:
    """`from name import *` of a file of the project: its names are looked up there when they are used."""
    found = m.files.find(m.file, level, name)
    if found is not None:
        m.file.imported.append(found)
    return found


def is_local(m: Machine, dotted: str) -> bool:
    """Whether it is Keras or TensorFlow that is imported, and that stands in the project itself."""
    top = dotted.partition(".")[0]
    return top in ("keras", "tensorflow") and m.files.find(m.file, 0, top) is not None


def leads_somewhere(m: Machine, level: int, name: str) -> bool:
    """Whether a relative import finds its module; an absolute one may find it outside the project."""
    return level == 0 or m.files.find(m.file, level, name) is not None
