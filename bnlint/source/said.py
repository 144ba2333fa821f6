"""What functions and classes say: the names that they mention, bind and assign."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bnlint.graph.model import Choice, Unknown
from bnlint.keras_api.applications import APPLICATIONS
from bnlint.keras_api.layers import kinds
from bnlint.keras_api.names import canonical
from bnlint.records import dataclass
from bnlint.source import library
from bnlint.source.files import File, Files
from bnlint.source.trees import walk
from bnlint.source.values import Dotted, Function


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What a function or class says.

    `names` are all that it mentions, `own` those of them that are looked up in its module, `foreign` those that may be of another module;
    `assigned` are the attributes that it assigns. `bound` is what its own imports bind, and for what; `inner` the ids of the nodes of all
    functions that are defined within it.
    """

    names: frozenset[str]
    own: frozenset[str]
    foreign: frozenset[str]
    assigned: frozenset[str]
    bound: tuple[tuple[str, str], ...]
    inner: frozenset[int]


BUILDING = frozenset({*kinds(), *APPLICATIONS, "Model", "Sequential", "batch_normalization", "batch_norm", "conv2d", "dense"}) - {
    "Layer",
    "Wrapper",
    "RNN",
}
"""Names without which a function builds nothing."""


def mentioned(node: ast.AST) -> str | None:
    """The name that a node mentions; a text only where it may name a layer (`getattr(layers, "Dense")`)."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=name):
            return name
        case ast.Constant(value=str(text)) if text in BUILDING:
            return text
    return None


def builds(function: Function) -> bool:
    """Whether a function itself names a layer or a model."""
    return any(mentioned(node) in BUILDING for node in walk(function.node))


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def heard(files: Files, file: File, unit: ast.AST) -> Said:
    """What a function or class of a file says. That the file imports what its imports lead to is noted: they may never run."""
    nodes = list(walk(unit))
    statements = [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]
    bound = tuple(pair for statement in statements for pair in _bound_by(files, file, statement))
    imported = {name for name, _ in bound}
    every = (*((each.name, each.dotted) for each in file.imports), *bound)
    renamed = {name: last for name, dotted in every if (last := dotted.rpartition(".")[2]) != name}

    def may_be_module(node: ast.AST) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        if not isinstance(node, ast.Name):
            return False
        return node.id in imported or isinstance(file.scope.get(node.id), (Dotted, Choice, Unknown))

    pairs = [(node, name) for node in nodes if (name := mentioned(node)) is not None]
    plain = {name for node, name in pairs if isinstance(node, ast.Name)}
    meant = {renamed[name] for name in plain & renamed.keys()}
    elsewhere = (
        name for node, name in pairs if isinstance(node, ast.Constant) or (isinstance(node, ast.Attribute) and may_be_module(node.value))
    )
    return Said(
        names=frozenset(meant.union(name for _, name in pairs)),
        own=frozenset(plain - imported),
        foreign=frozenset(imported.union(meant, elsewhere)),
        assigned=frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)),
        bound=bound,
        inner=frozenset(id(node) for node in nodes if isinstance(node, FUNCTIONS)),
    )


def _bound_by(files: Files, file: File, statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """The names that an import binds, and for what."""
    level, name = (statement.level, statement.module or "") if isinstance(statement, ast.ImportFrom) else (0, "")
    for alias in statement.names:
        source = name if isinstance(statement, ast.ImportFrom) else alias.name
        found = None if library.knows(canonical(source)) else files.find(file, level, source)
        inner = None if found is None else files.submodule(found, alias.name)
        file.imported += [each for each in (found, inner) if each is not None]
        plain = alias.name.partition(".")[0] if isinstance(statement, ast.Import) else alias.name
        yield alias.asname or plain, f"{name}.{alias.name}" if name else alias.name
