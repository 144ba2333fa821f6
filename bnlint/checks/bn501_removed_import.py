"""Paths by which BatchNormalization could once be reached, and no longer can."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.written import in_call
from bnlint.findings import Edit, Fix, Hit, MoveImport, RenameCallee, Safety, SetArgument
from bnlint.graph import query
from bnlint.graph.model import Import, Layer, Origin, Project, Span
from bnlint.keras_api.migration import PATHS, gone, is_gone, today
from bnlint.keras_api.names import canonical

CLASSES = ("keras.layers.BatchNormalization", "keras.layers.SyncBatchNormalization")


def check(project: Project) -> Iterator[Hit]:
    if project.keras.major < 3 or any(bound.local for module in project.modules for bound in module.imports):
        return
    explained: set[str] = set()
    for module in project.modules:
        built = {layer.path for layer in module.constructions if layer.path is not None and canonical(layer.path) in CLASSES}
        built |= {str(event.args.get("path")) for event in module.events if event.kind == "named"}
        statements: dict[Span | None, dict[tuple[str, str], Import]] = {}
        for bound in module.imports:
            statements.setdefault(bound.origin.span, {})[bound.name, bound.dotted] = bound
        for statement in map(list, map(dict.values, statements.values())):
            lost = [bound for bound in statement if _lost(project, bound.dotted) and _leads(bound, built)]
            explained.update(bound.dotted for bound in lost)
            if lost and not query.guarded(project, lost[0].origin):
                case = "synchronized" if canonical(lost[0].dotted) == CLASSES[1] else "import"
                yield Hit(case, lost[0].origin, values={"path": _shown(lost[0])}, fix=_moved(statement))
    for origin, path, layer in _attributes(project):
        here = any(path == dotted or path.startswith(f"{dotted}.") for dotted in explained)
        if not here and canonical(path) in CLASSES and _lost(project, path, by_import=False) and not query.guarded(project, origin):
            yield Hit("attribute", origin, layer, {"path": path}, fix=_renamed(origin, path, layer))


def _attributes(project: Project) -> Iterator[tuple[Origin, str, Layer | None]]:
    """The paths by which the class is reached: to build a layer, or only to ask for it (`isinstance`), to derive from it."""
    called = set()
    named = {_start(event.origin.span): (event.origin, str(event.args.get("path"))) for event in query.events(project, "named")}
    paths = {path for _, path in named.values()}
    for layer in query.batchnorms(project):
        start, path = _start(layer.origin.span), layer.path or ""
        called.add(start)
        if start in named or path not in paths:  # else the class was asked for before, and kept in a variable
            yield layer.origin, path, layer
    yield from ((origin, path, None) for start, (origin, path) in named.items() if start not in called)


def _start(span: Span | None) -> tuple[str, int | None, int, int] | None:
    return None if span is None else (span.path, span.cell, span.line, span.column)


def _lost(project: Project, dotted: str, by_import: bool = True) -> bool:
    path = gone(dotted, by_import)
    return path is not None and is_gone(PATHS[path], project.keras)


def _leads(bound: Import, built: set[str]) -> bool:
    """Whether the import is one of the class, or of a module through which the file reaches it."""
    return canonical(bound.dotted) in CLASSES or any(path.startswith(f"{bound.dotted}.") for path in built)


def _shown(bound: Import) -> str:
    return bound.dotted + ".*" if bound.name == "*" else bound.dotted


def _moved(statement: list[Import]) -> Fix | None:
    """The statement with today's paths, where one module has all that it imports."""
    at, paths = statement[0].origin.span, [today(bound.dotted) for bound in statement]
    known = [path.rpartition(".") for path in paths if path is not None]
    if at is None or len(known) < len(paths) or len({module for module, _, _ in known}) > 1 or any(b.name == "*" for b in statement):
        return None
    return Fix(Safety.SAFE, (MoveImport(at, known[0][0], tuple(name for _, _, name in known)),))


def _renamed(origin: Origin, path: str, layer: Layer | None) -> Fix | None:
    """Today's class beside the module that is gone."""
    at, (_, _, old) = origin.span, path.partition(".layers.")
    written = layer is None or (layer.arguments.complete and all(in_call(layer, item) for item in layer.arguments.items))
    if at is None or old in ("", "BatchNormalization") or not written or PATHS[gone(path, by_import=False) or ""].safety != "safe":
        return None
    edits: tuple[Edit, ...] = (RenameCallee(at, old, "BatchNormalization"),)
    if canonical(path) == CLASSES[1]:
        if layer is None:
            return None  # the class that takes its place is another one with an argument
        edits += (SetArgument(at, "synchronized", "True"),)
    return Fix(Safety.SAFE, edits, (layer,) if layer is not None else ())
