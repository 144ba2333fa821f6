"""The Python API: lint and fix sources and files. The command line, the language server and surveys call nothing else."""

from __future__ import annotations

import os

from bnlint import baseline, catalogue, engine, groups, plans, regular, selection
from bnlint.baseline import Baseline
from bnlint.catalogue import Rule
from bnlint.checked import failure
from bnlint.groups import Group, Input
from bnlint.plans import Plan, is_excluded
from bnlint.result import Result
from bnlint.run import Run
from bnlint.selection import UnknownRule
from bnlint.settings import Settings, SettingsError
from bnlint.settings_files import Disk, load_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Unpack

    from bnlint.baseline import Use as Use
    from bnlint.conversion import Converted
    from bnlint.discovery import File
    from bnlint.findings import Finding
    from bnlint.fixed import Fixed, Source
    from bnlint.graph.coverage import Coverage, Site
    from bnlint.graph.model import ModelGraph
    from bnlint.overrides import Overrides as Overrides
    from bnlint.page import Page
    from bnlint.repair import Mend as Mend

__all__ = [
    "NotConverted",
    "Plans",
    "Result",
    "Rule",
    "Settings",
    "SettingsError",
    "UnknownRule",
    "convert_weights",
    "failure",
    "fix_source",
    "lint_model",
    "lint_paths",
    "lint_source",
    "report",
]


class Plans:
    """The plan of each file: that of its closest settings file, made once, for one run: another one reads the disk anew. Raises
    SettingsError."""

    def __init__(
        self,
        config: str | None = None,
        isolated: bool = False,
        overrides: Overrides | None = None,
        baselines: Use = "use",
        cached: bool = False,
    ) -> None:
        self.config, self.isolated, self.overrides, self.baselines, self.cached = config, isolated, overrides, baselines, cached
        self._disk = Disk()
        self._settings: dict[str | None, Settings] = {}
        self._roots: dict[tuple[str | None, str], str] = {}
        self._plans: dict[tuple[str | None, str], Plan] = {}
        self._baselines: dict[str | None, Baseline | None] = {}

    def settings(self, path: str) -> Settings:
        """The settings of a file or folder."""
        path = os.path.abspath(path)
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        file = None if self.isolated else self._disk.find(folder)
        if file not in self._settings:
            known = catalogue.rules().values()
            self._settings[file] = load_settings(folder, known, self.config, self.isolated, self.overrides, self._disk)
        return self._settings[file]

    def of(self, path: str, named: str | None = None) -> Plan:
        """The plan of a file, which belongs to the project of the path that was named."""
        from bnlint.discovery import find_root

        held_to = self.settings(path)
        start = held_to.file, named or path
        if start not in self._roots:
            self._roots[start] = find_root(named or path, held_to)
        key = held_to.file, self._roots[start]
        if key not in self._plans:
            self._plans[key] = plans.plan(held_to, key[1])
            self.baseline(held_to)  # one that is broken ends the run before it changes anything
        return self._plans[key]

    def cache(self, path: str) -> str | None:
        """The folder in which results are kept; None if they are not."""
        from bnlint.discovery import find_cache

        return find_cache(path, self.settings(path)) if self.cached else None

    def baseline(self, held_to: Settings) -> Baseline | None:
        """The baseline of these settings, read once."""
        if held_to.file not in self._baselines:
            self._baselines[held_to.file] = baseline.of(held_to, self.baselines, self.isolated)
        return self._baselines[held_to.file]


# Sources


def lint_source(
    source: str | bytes, path: str = "<stdin>", *, config: str | None = None, isolated: bool = False, **overrides: Unpack[Overrides]
) -> tuple[Finding, ...]:
    """The findings of one source text; of a notebook's JSON if `path` ends in .ipynb. Settings are those of the folder of `path`."""
    return lint_data(bytes_of(source, path), path, Plans(config, isolated, overrides)).findings


def fix_source(
    source: Source,
    path: str = "<stdin>",
    *,
    unsafe: bool = False,
    config: str | None = None,
    isolated: bool = False,
    **overrides: Unpack[Overrides],
) -> Fixed[Source]:
    """The source with its safe fixes applied (and the unsafe ones, if `unsafe`)."""
    from bnlint.fixed import Fixed

    result = lint_data(bytes_of(source, path), path, Plans(config, isolated, overrides), "unsafe" if unsafe else "safe")
    after = result.changes[0] if result.changes else None
    if after is None:
        return Fixed(source, result.fixed, result.findings)
    return Fixed(after.text() if isinstance(source, str) else after.after, result.fixed, result.findings)


def lint_data(data: bytes, path: str, plans: Plans, mend: Mend = "none", offer: bool = True) -> Result:
    """Lint, and fix, one file that is in memory; nothing is written. Unless fixes are on `offer`, nobody looks whether they can be made."""
    plan = plans.of(path)
    if plan.settings.force_exclude and is_excluded(path, plan.settings):
        return Result(skipped={"excluded by the settings": 1})
    run = Run(plans, mend, write=False, offer=offer)
    run.take(Group((Input(path, data, plan),), plan.root))
    return run.result()


def bytes_of(source: str | bytes, path: str) -> bytes:
    """The bytes of a source. (What a notebook declares is that of its cells.)"""
    if not isinstance(source, str):
        return source
    if path.lower().endswith(".ipynb"):
        return source.encode("utf-8", "surrogatepass")
    from bnlint.text import encoded

    return encoded(source)


# Files


def lint_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    mend: Mend = "none",
    write: bool = True,
    config: str | None = None,
    isolated: bool = False,
    **overrides: Unpack[Overrides],
) -> Result:
    """Lint files and all that is in folders; with `mend`, fix them too, and write them if `write`."""
    return lint_files([os.fspath(path) for path in paths], Plans(config, isolated, overrides), mend, write)


def lint_files(
    paths: Sequence[str],
    plans: Plans,
    mend: Mend = "none",
    write: bool = True,
    since: str | None = None,
    factories: Sequence[str] = (),
    tell: Callable[[str], None] = lambda doing: None,
    jobs: int = 1,
) -> Result:
    """The same, with the plans at hand; with `since`, only what was not found where the work branched off from that commit of git. `tell`
    is told what is being worked on. `jobs` are the processes that do it; with 0 as many as are worth while.

    The models that `factories` (`package.module:factory`) make are linted, too. That runs their code.
    """
    run = Run(plans, mend, write, since, tell=tell, jobs=jobs)
    run.walk(paths)
    for target in factories:
        run.make(target)
    return run.result()


def add_ignores(paths: Sequence[str], plans: Plans, reason: str = "", since: str | None = None) -> Result:
    """Write a comment that suppresses it, with the reason, behind each finding in source files. The result holds what remains."""
    run = Run(plans, "none", write=True, since=since, reason=reason)
    run.walk(paths)
    return run.result()


def find_files(paths: Sequence[str], plans: Plans) -> tuple[list[str], list[str]]:
    """The files that a run over these paths would look at; and the paths that do not exist."""
    found, missing = _discover(paths, plans)
    return [file.path for file in found], missing


def _discover(paths: Sequence[str], plans: Plans) -> tuple[tuple[File, ...], list[str]]:
    from bnlint.discovery import discover

    present = [path for path in paths if os.path.exists(path)]
    found = discover(present, plans.settings(present[0])).files if present else ()
    return found, [path for path in paths if path not in present]


def is_left_out(path: str, plans: Plans, folders: Iterable[str]) -> bool:
    """Whether a walk through these folders leaves a file out by default: what is installed, built or cached. One outside of them is left
    out if it is installed."""
    from bnlint.discovery import EXCLUDED

    if plans.settings(path).exclude is not None:
        return False
    inside = [os.path.relpath(path, folder) for folder in folders if path.startswith(os.path.join(folder, ""))]
    above = os.path.dirname(min(inside, key=len, default=path)).split(os.sep)
    return not (EXCLUDED if inside else regular.INSTALLED).isdisjoint(above)


def show_settings(path: str, plans: Plans) -> str:
    """The settings of a file or folder, as TOML."""
    from bnlint import reference

    return reference.effective(plans.settings(path), plans.of(path).rules)


def find_base(path: str, plans: Plans) -> str:
    """The folder to which reports for machines name files."""
    from bnlint import discovery

    return discovery.find_base(path, plans.settings(path))


def clean(folder: str, cache_dir: str | None = None) -> tuple[list[str], list[str]]:
    """Remove the caches below a folder, and those in another one: `cache_dir`, else what the settings say. What was removed; and a line for
    each that could not be."""
    import shutil

    from bnlint.cache import store
    from bnlint.discovery import CACHE, EXCLUDED

    removed, failures = [], []
    held_to = Plans().settings(folder)
    other = cache_dir or (os.path.join(held_to.root, held_to.cache_dir) if held_to.cache_dir is not None else None)
    try:
        if other is not None and store.remove(other):
            removed.append(other)
    except OSError as error:
        failures.append(f"{other}: cannot be removed: {error.strerror}")
    for top, folders, _ in os.walk(folder):
        if CACHE in folders:
            path = os.path.normpath(os.path.join(top, CACHE))
            try:
                os.unlink(path) if os.path.islink(path) else shutil.rmtree(path)
                removed.append(path)
            except OSError as error:
                failures.append(f"{path}: cannot be removed: {error.strerror}")
        folders[:] = sorted(name for name in folders if name not in EXCLUDED)
    return removed, failures


# Models in memory


def lint_model(model: object, *, config: str | None = None, isolated: bool = False, **overrides: Unpack[Overrides]) -> tuple[Finding, ...]:
    """The findings on a model of Keras 3 or tf_keras, which stays as it is. Settings are those of the working directory. Raises TypeError
    for what is no such model."""
    return check_model(model, Plans(config, isolated, overrides)).findings


def check_model(model: object, plans: Plans) -> Result:
    """The same, with the plans at hand."""
    from bnlint.live.describe import describe

    run = Run(plans, "none", write=False)
    described = describe(model)
    run.examine(described, f"<model {described.name}>")
    return run.result()


# Rules and graphs


def all_rules() -> list[Rule]:
    """All rules, in order of code."""
    return list(catalogue.rules().values())


def find_rule(word: str) -> Rule:
    """The rule with this code or name. Raises UnknownRule."""
    return catalogue.rules()[selection.find(word, all_rules()).code]


def graphs(paths: Sequence[str], plans: Plans | None = None) -> tuple[list[ModelGraph], Coverage, list[str]]:
    """The graphs of all files, in order of path; how much of their BatchNormalization is understood; and a line for each path or file
    that could not be read. Without plans no settings file counts."""
    from bnlint.discovery import innermost
    from bnlint.graph.coverage import Coverage

    plans = plans or Plans(isolated=True)
    files, missing = _discover(paths, plans)
    found: list[ModelGraph] = []
    problems = [f"path does not exist: {path}" for path in missing]
    inputs = []
    for file in files:
        if file.model:
            from bnlint import models

            model = models.graph(file.path)
            if isinstance(model, str):
                problems.append(model)
            else:
                found.append(model)
            continue
        try:
            inputs.append(Input(file.path, regular.read(file.path), plans.of(file.path, innermost(file.path, paths))))
        except OSError as error:
            problems.append(f"{file.path}: this file cannot be read: {error.strerror}")
    sites: list[Site] = []
    for group in groups.form(inputs, everything=True):
        read, built, unread = engine.graphs(group)
        found += read
        sites += built
        problems += unread
    return sorted(found, key=_position), Coverage(tuple(sites)), problems


def report(
    paths: Sequence[str | os.PathLike[str]], *, config: str | None = None, isolated: bool = False, **overrides: Unpack[Overrides]
) -> tuple[Page, Result]:
    """The models in files and folders with what is found in them, for `page.as_html` and `page.as_svg` to draw; and the run."""
    from bnlint.overview import overview

    plans = Plans(config, isolated, overrides)
    named = [os.fspath(path) for path in paths]
    result = lint_files(named, plans)
    models = graphs(named, plans)[0]
    return overview(models, result.findings, plans.settings(named[0])), result


class NotConverted(Exception):
    """Weights that were not converted, and why, in a line."""


def convert_weights(old: str, new: str, drop_bias: Sequence[str] = (), like: str | None = None) -> Converted:
    """Write the trained weights `old` into the file `new` for a model without the biases of some layers: those that are named, else those
    that `like`, a source or a model file, builds without. What the model computes stays. Raises NotConverted."""
    from bnlint import conversion
    from bnlint.saved import recognise

    plan = Plans().of(like) if like is not None and recognise(like) is None else None
    try:
        return conversion.convert_weights(old, new, drop_bias, like, plan)
    except conversion.Refused as refused:
        raise NotConverted(str(refused)) from None


def _position(graph: ModelGraph) -> tuple[str, int, int]:
    span, artifact = graph.origin.span, graph.artifact
    return (span.path, span.cell or 0, span.line) if span is not None else (artifact.path if artifact is not None else "", 0, 0)


def dump(models: Iterable[ModelGraph], output_format: str, coverage: Coverage | None = None) -> str:
    """Graphs as text, or as the JSON of design.md; with the `coverage`, if it is given, of the BatchNormalization in them."""
    from bnlint.graph import dump

    if output_format == "text":
        return dump.as_text(models) if coverage is None else dump.gaps_as_text(coverage)
    import json

    gaps = {} if coverage is None else {"batchnorm": coverage.as_data()}
    return json.dumps({**dump.as_data(models), **gaps}, indent=2) + "\n"
