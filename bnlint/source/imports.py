"""Import statements: what they bind, what is noted of them, and whether those in a `try` succeed."""

from __future__ import annotations

import ast

from bnlint.graph.model import Import
from bnlint.keras_api.names import canonical, exports
from bnlint.source import modules
from bnlint.source.machine import Machine
from bnlint.source.values import Dotted


def _is_new(m: Machine, node: ast.Import | ast.ImportFrom) -> bool:
    """Whether an import statement runs for the first time: it is noted once, however often a function around it is called."""
    place = ("imported", node)
    new = place not in m.derived
    m.derived[place] = True
    m.effects += new
    return new


def plain(m: Machine, node: ast.Import) -> None:
    """`import a.b`, `import a.b as c`."""
    new = _is_new(m, node)
    for alias in node.names:
        if new:
            local = modules.is_local(m, alias.name)
            m.file.imports.append(Import(alias.asname or alias.name.partition(".")[0], alias.name, m.origin(node), local))
        whole = modules.import_module(m, alias.name)
        top = alias.name.partition(".")[0]
        m.bind(alias.asname or top, whole if alias.asname or top == alias.name else modules.import_module(m, top))


def from_module(m: Machine, node: ast.ImportFrom) -> None:
    """`from a import b`, `from a import *`."""
    if node.module == "__future__":
        return
    new = _is_new(m, node)
    module = node.module or ""
    source = "." * node.level + module
    for alias in node.names:
        if alias.name == "*":
            _star(m, node, module)
            continue
        if new:
            dotted = f"{source}.{alias.name}" if module else source + alias.name
            m.file.imports.append(Import(alias.asname or alias.name, dotted, m.origin(node), modules.is_local(m, source)))
        m.bind(alias.asname or alias.name, modules.import_name(m, node.level, module, alias.name))


def _star(m: Machine, node: ast.ImportFrom, module: str) -> None:
    source = "." * node.level + module
    m.file.imports.append(Import("*", source, m.origin(node), modules.is_local(m, source)))
    known = exports(canonical(module) or "") if not node.level else {}
    for name in known:
        m.bind(name, Dotted(f"{module}.{name}", canonical(f"{module}.{name}") or known[name]))
    if not known:
        m.file.scope.stars.append(modules.import_star(m, node.level, module) or source)


def resolves(m: Machine, body: list[ast.stmt]) -> bool:
    """Whether imports in a `try` are taken to succeed: they lead to Keras or TensorFlow as it is today, or nothing speaks against them."""
    for statement in body:
        names = [alias.name for alias in statement.names] if isinstance(statement, (ast.Import, ast.ImportFrom)) else []
        module = statement.module or "" if isinstance(statement, ast.ImportFrom) else ""
        dotted = [f"{module}.{name}" if module else name for name in names]
        if any("contrib" in name or name.startswith("keras_core") for name in dotted):
            return False
        if isinstance(statement, ast.ImportFrom) and m.files.root is not None and not modules.leads_somewhere(m, statement.level, module):
            return False
    return True
