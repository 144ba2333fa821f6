"""Files become findings: front end, checks, severities, ignores."""

from __future__ import annotations

from functools import cache

from bnlint import catalogue
from bnlint.checked import Checked, failure, finish, unreadable_text
from bnlint.footprint import Footprint
from bnlint.plans import codes
from bnlint.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from bnlint.findings import Finding, Severity
    from bnlint.graph.coverage import Site
    from bnlint.graph.model import KerasTarget, ModelGraph, Module, Project, Span
    from bnlint.groups import Group, Input
    from bnlint.plans import Plan
    from bnlint.source import Analysis
    from bnlint.text import Document

UNUSED = "BN002"
TOO_DEEP = "is nested too deeply to be analysed; simplify or exclude it"


def graphs(group: Group) -> tuple[list[ModelGraph], list[Site], list[str]]:
    """The graphs of files that belong together, their sites of BatchNormalization, and a line for each file that could not be read."""
    from bnlint import source, text
    from bnlint.graph import coverage

    documents, problems = [], []
    for given in group.inputs:
        try:
            documents.append(text.load(given.path, given.data))
        except text.Unreadable as problem:
            problems.append(f"{given.path}: this file {problem.message}")
    try:
        analysis = source.analyse(documents, group.root)
    except Exception as error:
        models, sites, told = [], [], [failure("reading", group.label, error)]
        for part in group.alone() if len(group.inputs) > 1 else ():
            found, built, unread = graphs(part)
            models += found
            sites += built
            told += unread
        return models, sites, told
    problems += [f"{path}: this file {problem.message}" for path, problem in analysis.unreadable.items()]
    return list(analysis.models), list(coverage.sites(analysis.modules, analysis.models)), problems


def check(group: Group, seen: Footprint | None = None) -> list[Checked]:
    """The findings of each file of a group. One in which nothing can be found, and that was met by a walk, is dismissed unparsed.

    `seen` takes down what was looked at on the disk besides.
    """
    if group.idle:
        return [_parsed(group.inputs[0])]
    return _checked(group, seen)


def _parsed(given: Input) -> Checked:
    """What is to be said of a file that holds no word of a rule: if it was named, whether it can be read."""
    if not given.named:
        return Checked(given.path, given.plan, dismissed=True)
    from bnlint import text

    document = None
    try:
        document = text.load(given.path, given.data)
        if document.kind == "python":
            document.chunks[0].parse()
        return Checked(given.path, given.plan, document=document)
    except text.Unreadable as problem:
        return unreadable_text(given.path, problem, given.plan, document)
    except RecursionError:
        return unreadable_text(given.path, text.Unreadable(TOO_DEEP), given.plan)
    except Exception as error:
        return Checked(given.path, given.plan, failures=(failure("reading", given.path, error),))


def _checked(group: Group, seen: Footprint | None) -> list[Checked]:
    from bnlint import source, text

    inputs, seen = group.inputs, seen or Footprint()
    done: dict[str, Checked] = {}
    documents: dict[str, Document] = {}
    for given in inputs:
        try:
            documents[given.path] = text.load(given.path, given.data)
        except text.Unreadable as problem:
            done[given.path] = unreadable_text(given.path, problem, given.plan)
    try:
        analysis = source.analyse(documents.values(), group.root, whole=False, seen=seen)
        plans = {given.path: given.plan for given in inputs}
        for path, reason in analysis.unreadable.items():
            done[path] = unreadable_text(path, reason, plans[path], documents.pop(path))
        examined = _examine(documents, plans, analysis, seen)
        wider = analysis.widen(_concerned(examined.values()))
        done.update(examined if wider is None else _examine(documents, plans, wider, seen))
        analysis.close()
    except Exception as error:  # our own bug, or a tree too deep: said with the file's name, and the other files go on
        told = () if isinstance(error, RecursionError) else (failure("reading", group.label, error),)
        if len(inputs) > 1:
            first, *others = (check(part, seen)[0] for part in group.alone())
            return [replace(first, failures=(*told, *first.failures)), *others]
        path, plan = inputs[0].path, inputs[0].plan
        return [Checked(path, plan, failures=told) if told else unreadable_text(path, text.Unreadable(TOO_DEEP), plan)]
    return [done[given.path] for given in inputs]


def _concerned(examined: Iterable[Checked]) -> Iterator[Span]:
    """The places that findings are about, or that their fixes would change: all that they build must be seen."""
    from bnlint.judge import sites

    for checked in examined:
        for finding in checked.findings:
            if finding.span is not None:
                yield finding.span
            for edit in finding.fix.edits if finding.fix is not None else ():
                yield from sites(edit)


def _examine(documents: Mapping[str, Document], plans: Mapping[str, Plan], analysis: Analysis, seen: Footprint) -> dict[str, Checked]:
    """Run the checks whose words occur, in the files or in what these import. Files that are held to the same plan and the same Keras see
    each of them once."""
    from bnlint.graph import coverage
    from bnlint.graph.model import Project

    modules = {module.path: module for module in analysis.modules}
    parts: dict[tuple[int, object], list[str]] = {}
    targets = {path: _target(document, modules[path], plans[path]) for path, document in documents.items()}
    for path, plan in plans.items():
        if path in documents:
            parts.setdefault((id(plan), targets[path]), []).append(path)
    texts = [*(document.data for document in documents.values()), *seen.texts.values()]
    occurs = cache(lambda word: any(word in text for text in texts))
    done: dict[str, Checked] = {}
    for paths in parts.values():
        project = Project(targets[paths[0]], analysis.modules, analysis.models)
        done.update(_examine_part(project, {path: documents[path] for path in paths}, occurs, plans[paths[0]]))
    of_path: dict[str, list[Site]] = {path: [] for path in documents}
    for site in coverage.sites(analysis.modules, analysis.models):
        of_path[site.span.path].append(site)
    return {path: replace(checked, sites=tuple(of_path[path])) for path, checked in done.items()}


def _examine_part(
    project: Project, documents: Mapping[str, Document], occurs: Callable[[bytes], bool], held_to: Plan
) -> dict[str, Checked]:
    """The findings in some documents of a project, whatever is ignored taken out."""
    from bnlint import suppress
    from bnlint.findings import Fix, Safety
    from bnlint.judge import judge

    ran = {path: codes(held_to, path) for path in documents}
    found: dict[str, list[Finding]] = {path: [] for path in documents}
    failures: dict[str, list[str]] = {path: [] for path in documents}
    for rule in held_to.rules:
        run = catalogue.check(rule.code)
        wanted = {path for path in documents if rule.code in ran[path]}
        if run is None or not wanted or not any(occurs(word.encode()) for word in rule.words):
            continue
        try:
            hits = list(run(project, **held_to.settings.options.get(rule.code, {})))
            for finding in judge(project, rule, hits, held_to.settings.severity.get(rule.code), rule.code in held_to.explicit):
                if finding.path in wanted:
                    found[finding.path].append(finding)
        except Exception as error:
            first = min(wanted)
            failures[first].append(failure(f"{rule.code} ({rule.name}) on", first, error))
    done = {}
    for path, document in documents.items():
        suppressions = suppress.scan(document.chunks)
        kept = [each for each in found[path] if each.span is None or not suppressions.covers(each.span, each.code, each.name)]
        unused = suppressions.unused(ran[path], catalogue.rules().values()) if UNUSED in ran[path] else ()
        removals = {each.span: each.edit for each in unused}
        severity = held_to.settings.severity.get(UNUSED)
        kept += [replace(each, fix=Fix(Safety.SAFE)) for each in _comments(document, "default", removals, project, severity)]
        if held_to.settings.require_ignore_reason and UNUSED in ran[path]:
            bare = (span for span in suppressions.without_reason() if span not in removals)
            kept += _comments(document, "reason", bare, project, severity)
        finished = finish(kept, document, held_to)
        comments = {each.fingerprint: removals[each.span] for each in finished if each.code == UNUSED and each.span in removals}
        done[path] = Checked(path, held_to, finished, document, comments, failures=tuple(failures[path]))
    return done


def _comments(document: Document, case: str, places: Iterable[Span], project: Project, severity: Severity | None) -> list[Finding]:
    """BN002."""
    from bnlint.findings import Hit
    from bnlint.graph.model import Origin
    from bnlint.judge import judge

    hits = [Hit(case, Origin(span), values={"text": document.by_cell[span.cell].slice(span)}) for span in places]
    return judge(project, catalogue.rules()[UNUSED], hits, severity)


def _target(document: Document, module: Module, held_to: Plan) -> KerasTarget:
    from bnlint import pins

    imports = [bound.dotted for bound in module.imports]
    legacy = b"TF_USE_LEGACY_KERAS" in document.data
    return pins.target(held_to.settings.target_keras, imports, legacy, held_to.pins)
