"""What one or more fixes do to a document: text edits, changes of lists that are yet to be spelled out, and steps on the syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial

from bnlint.findings import TextEdit
from bnlint.fixer import Refused, commas, lines, tree
from bnlint.fixer.locate import Function, Part, Source
from bnlint.records import dataclass, field, replace


@dataclass
class Plan:
    """Collects; nothing is changed before the plan is carried out."""

    source: Source
    texts: list[TextEdit] = field(default_factory=list)
    calls: dict[ast.Call, tuple[Part, list[tree.ArgumentChange]]] = field(default_factory=dict)
    signatures: list[tuple[Part, Function, str, str]] = field(default_factory=list)
    spelled: list[tuple[Part, ast.AST, Callable[[], str]]] = field(default_factory=list)
    """Nodes that hold a list which changes, and what makes their new source."""
    steps: list[Callable[[], None]] = field(default_factory=list)

    def change_arguments(self, part: Part, call: ast.Call, change: tree.ArgumentChange) -> None:
        changes = self.calls.setdefault(call, (part, []))[1]
        change = replace(change, at=part.chunk.span(call))
        if change not in changes:
            changes.append(change)

    def replace(self, part: Part, node: ast.AST, *make: Callable[[], ast.AST]) -> None:
        """Put other nodes where `node` stands in the tree."""
        holder = part.holders.get(node)
        self.steps.append(lambda: tree.put(part.tree, node, *(build() for build in make), holder=holder))

    def insert_element(self, part: Part, owner: ast.List | ast.Tuple, after: ast.AST, code: str) -> None:
        index = owner.elts.index(after) + 1  # type: ignore[arg-type]  # compared by identity
        self.spelled.append((part, owner, partial(commas.insert_element, part, owner, index, code)))
        self.replace(part, after, lambda: after, partial(tree.expression, code))

    def remove_element(self, part: Part, owner: ast.List | ast.Tuple, element: ast.AST) -> None:
        if isinstance(owner, ast.Tuple) and len(owner.elts) < 3:
            raise Refused("the tuple in which it stands would be left with less than two elements")
        index = owner.elts.index(element)  # type: ignore[arg-type]  # compared by identity
        self.spelled.append((part, owner, partial(commas.remove_element, part, owner, index)))
        self.replace(part, element)

    def insert_statement(self, part: Part, after: ast.stmt, code: str) -> None:
        statement = tree.statement(code)
        self.texts.append(lines.insert_after(part, after, code))
        self.replace(part, after, lambda: after, lambda: statement)

    def remove_statement(self, part: Part, statement: ast.stmt, block: Sequence[ast.stmt]) -> None:
        self.texts.append(lines.remove(part, statement, block))
        self.replace(part, statement)

    def wrap(self, part: Part, node: ast.expr, function: str) -> None:
        """`node` becomes `function(node)`."""
        start, end = part.range(node)
        self.texts += [part.edit(start, start, f"{function}("), part.edit(end, end, ")")]
        self.replace(part, node, lambda: ast.Call(tree.expression(function), [node], []))

    def add_import(self, part: Part, statement: ast.Import | ast.ImportFrom, name: str) -> None:
        """Another name for `from … import …`, in its place where the names are sorted."""
        names = [alias.name for alias in statement.names]
        index = len(names)
        for key in (str, str.lower):
            if names == sorted(names, key=key):
                index = sum(key(other) < key(name) for other in names)
                break
        self.spelled.append((part, statement, partial(commas.insert_import, part, statement, index, name)))

        def add() -> None:
            if all(alias.name != name for alias in statement.names):
                statement.names.insert(index, ast.alias(name))

        self.steps.append(add)

    def settle(self) -> None:
        """Turn the changes of arguments and parameters into steps; those of one call are made together. Tries what can be refused."""
        for call, (_, changes) in self.calls.items():
            copy = ast.Call(call.func, list(call.args), [ast.keyword(keyword.arg, keyword.value) for keyword in call.keywords])
            tree.alter(copy, changes)
            self.steps.insert(0, partial(tree.alter, call, changes))
        for _, function, name, code in self.signatures:
            tree.add_parameter(deepcopy(function.args), name, code)
            self.steps.append(partial(tree.add_parameter, function.args, name, code))

    def carry_out(self) -> None:
        """Change the trees. Raises Refused."""
        for step in self.steps:
            step()

    def edits(self) -> tuple[TextEdit, ...]:
        """All changes as text edits, in order of position."""
        texts = list(self.texts)
        for call, (part, changes) in self.calls.items():
            texts.append(lines.trimmed(part, part.range(call)[0], part.slice(call), commas.change_arguments(part, call, changes)))
        for part, node, rewrite in self.spelled:
            texts.append(lines.trimmed(part, part.range(node)[0], part.slice(node), rewrite()))
        for part, function, name, code in self.signatures:
            start = part.range(function)[0]
            old = lines.header(part.text[start : part.range(function)[1]])
            texts.append(lines.trimmed(part, start, old, commas.change_parameter(part, function, old, name, code)))
        return tuple(sorted(filter(_changes, dict.fromkeys(texts)), key=_position))


def _changes(edit: TextEdit) -> bool:
    span = edit.span
    return bool(edit.text) or (span.line, span.column) != (span.end_line, span.end_column)


def _position(edit: TextEdit) -> tuple[int, int, int, int, int]:
    span = edit.span
    return span.cell or 0, span.line, span.column, span.end_line, span.end_column
