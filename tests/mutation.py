"""Mutation testing: small mistakes are made in the program, one at a time; the tests that concern it must notice.

`python -m tests.mutation [AREA...]` in a checkout tries mutants of each area, chosen by `--seed`, and shows those that survive; `--at
FILE:LINE` tries all of some lines. Tests are collected once; each mutant is a fork in which the code of one function is another one.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from _pytest.runner import runtestprotocol

ROOT: Final = Path(__file__).parent.parent
SHARED: Final = ("tests/test_pages.py", "tests/test_fixtures.py", "tests/checks")


@dataclass(frozen=True)
class Area:
    """Files of the program, the tests that concern them, and how many mutants are tried."""

    files: str
    tests: tuple[str, ...]
    count: int


AREAS: Final = {
    "graph": Area(
        "bnlint/graph/*.py",
        (
            "tests/test_query.py",
            "tests/test_statistics.py",
            "tests/test_dump.py",
            "tests/test_coverage.py",
            "tests/test_verify.py",
            *SHARED,
        ),
        90,
    ),
    "checks": Area("bnlint/checks/*.py", ("tests/test_statistics.py", *SHARED), 110),
    "fixer": Area("bnlint/fixer/*.py", ("tests/test_fixer_*.py", "tests/test_repair.py", *SHARED), 110),
    "suppress": Area("bnlint/suppress.py", ("tests/test_suppress.py", "tests/test_ignores.py"), 40),
}
SECONDS: Final = 120
"""Of the processor, for the tests of one mutant: they take less than half of it."""
LONGEST: Final = 1.0
"""Tests that take longer, without a mutant, are left out."""

# Mistakes


@dataclass(frozen=True)
class Site:
    """A place at which a mistake can be made: in which function (or assignment) of the module it is, what it is, and how it is made."""

    owner: tuple[str, ...]
    line: int
    what: str
    make: Callable[[], None]


SWAPPED: Final[Mapping[type[ast.AST], type[ast.AST]]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def sites(tree: ast.Module) -> Iterator[Site]:
    """Where a module can be wrong. What only types, decorators and documentation say is left out."""
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None and not _is_type(statement.value):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if all(isinstance(target, ast.Name) and target.id != "TYPE_CHECKING" for target in targets):
                yield from _inside(statement, tuple(target.id for target in targets if isinstance(target, ast.Name)))
        elif isinstance(statement, Scope):
            yield from _functions(statement, ())


def _functions(scope: Scope, path: tuple[str, ...]) -> Iterator[Site]:
    path = (*path, scope.name)
    if isinstance(scope, ast.ClassDef):
        for statement in scope.body:
            if isinstance(statement, Scope):
                yield from _functions(statement, path)
    else:
        yield from _inside(scope, path)


LEFT_OUT: Final = ("annotation", "returns", "decorator_list", "format_spec")


def _inside(node: ast.AST, owner: tuple[str, ...]) -> Iterator[Site]:
    for name, value in ast.iter_fields(node):
        if name in LEFT_OUT:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST):
                for what, made in mistakes(child, name):
                    yield Site(owner, getattr(child, "lineno", getattr(node, "lineno", 0)), what, _putting(node, name, index, made))
                if not _is_documentation(child) and not _is_type(child):
                    yield from _inside(child, owner)


def _putting(node: ast.AST, name: str, index: int | None, made: ast.AST) -> Callable[[], None]:
    def put() -> None:
        if index is None:
            setattr(node, name, made)
        else:
            getattr(node, name)[index] = made

    return put


def _is_documentation(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_type(node: ast.AST) -> bool:
    literal = isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id[0].isupper()
    return literal or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr) and isinstance(node.left, ast.Name))


def mistakes(node: ast.AST, role: str) -> Iterator[tuple[str, ast.AST]]:
    """What may stand in place of a node, and how it is called."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in SWAPPED:
            made: ast.AST = ast.Compare(node.left, [SWAPPED[type(operator)]()], node.comparators)  # type: ignore[list-item]
        case ast.BoolOp():
            made = ast.BoolOp(SWAPPED[type(node.op)](), node.values)  # type: ignore[arg-type]
        case ast.BinOp() if type(node.op) in SWAPPED:
            made = ast.BinOp(node.left, SWAPPED[type(node.op)](), node.right)  # type: ignore[arg-type]
        case ast.UnaryOp(op=ast.Not()):
            made = node.operand
        case ast.Constant(value=bool() as value):
            made = ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            made = ast.Constant(value + 1)
        case ast.Constant(value=str() as text):
            made = ast.Constant(text + "X")
        case ast.Return(value=ast.expr() as returned) if not isinstance(returned, ast.Constant):
            made = ast.Return(ast.Constant(None))
        case ast.Continue():
            made = ast.Break()
        case ast.Break():
            made = ast.Continue()
        case ast.Expr() | ast.AugAssign() | ast.Raise() if not _is_documentation(node):
            made = ast.Pass()
        case ast.Name() | ast.Call() | ast.Attribute() if role in ("test", "ifs"):
            made = ast.UnaryOp(ast.Not(), node)
        case _:
            return
    ast.copy_location(made, node)
    yield f"{_shown(node)} -> {_shown(made)}", ast.fix_missing_locations(made)


def _shown(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:100]


# In a process


def graft(module: ModuleType, tree: ast.Module, owners: Iterable[tuple[str, ...]]) -> None:
    """Have a module, wherever it was imported, do what another tree says of some of its functions, or names."""
    other = ModuleType(module.__name__)
    other.__file__ = module.__file__
    exec(compile(tree, str(module.__file__), "exec", dont_inherit=True), other.__dict__)
    for owner in owners:
        old, new = (_function(each.__dict__, owner) for each in (module, other))
        if old is None or new is None:
            module.__dict__.update({name: other.__dict__[name] for name in owner})
        else:
            old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__


def _function(names: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found = names[path[0]]
    for name in path[1:]:
        if not isinstance(found, type):
            return None
        found = vars(found)[name]
    if hasattr(found, "cache_clear"):
        found.cache_clear()  # what it said before, it said without the mistake
    found = getattr(found, "fget", None) or getattr(found, "__func__", None) or getattr(found, "func", None) or found
    found = inspect.unwrap(found) if callable(found) else found
    return found if inspect.isfunction(found) else None


@dataclass(frozen=True)
class Mutant:
    """The mistake of this number in a file."""

    area: str
    path: Path
    number: int

    def site(self) -> tuple[ast.Module, Site]:
        tree = ast.parse(self.path.read_text(encoding="utf-8"))
        return tree, list(sites(tree))[self.number]

    def apply(self) -> None:
        tree, site = self.site()
        site.make()
        graft(import_module(_module(self.path)), tree, [site.owner])

    def concerns(self) -> Callable[[Iterable[str]], bool]:
        """Tells whether a test that meets these functions could notice it: where it is in none, or in one that remembers what it said, any
        test of its module."""
        tree, site = self.site()
        function, mark, any_mark = _definition(tree, site.owner), _mark(self.path, site.owner), _mark(self.path, ())
        plain = function is not None and not any("cache" in ast.unparse(each) for each in function.decorator_list)
        return lambda met: mark in met if plain else any(each.startswith(any_mark) for each in met)

    def __str__(self) -> str:
        site = self.site()[1]
        return f"{self.path.relative_to(ROOT)}:{site.line}: {site.what}"


def chosen(area: str, seed: int) -> list[Mutant]:
    """Some mutants of an area, by chance, in order."""
    found = random.Random(f"{area} {seed}").sample(all_of(area), AREAS[area].count)
    return sorted(found, key=lambda each: (each.path, each.number))


def all_of(area: str) -> list[Mutant]:
    paths = sorted(ROOT.glob(AREAS[area].files))
    return [Mutant(area, path, number) for path in paths for number, _ in enumerate(sites(ast.parse(path.read_text(encoding="utf-8"))))]


class Runner:
    """A plugin of pytest that runs the tests again and again, on one mutant after the other."""

    def __init__(self, mutants: Sequence[Mutant], most: int) -> None:
        self.mutants, self.most = mutants, most
        self.survivors: list[Mutant] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for area in dict.fromkeys(mutant.area for mutant in self.mutants):
            files = [path for pattern in AREAS[area].tests for path in ROOT.glob(pattern)]
            items = [item for item in session.items if any(item.path.is_relative_to(path) for path in files)]
            passes, notes = run(items, partial(watch, sorted(ROOT.glob(AREAS[area].files))))
            assert passes, "the tests must pass without a mutant"
            tried = sorted(zip(notes, items, strict=True), key=lambda pair: pair[0].seconds)
            for mutant in (each for each in self.mutants if each.area == area):
                concerns, name = mutant.concerns(), mutant.path.stem.partition("_")[0].upper()
                met = [item for note, item in tried if note.seconds < LONGEST and concerns(note.met)]
                concerned = sorted(met, key=lambda item: name not in item.nodeid.upper())[: self.most]
                survives, notes = run(concerned, mutant.apply)
                self.survivors += [mutant] if survives else []
                spent = sum(note.seconds for note in notes)
                print(f"{'SURVIVED' if survives else 'killed'} {mutant} ({len(notes)} tests, {spent:.1f} s)", flush=True)
        return True


@dataclass(frozen=True)
class Note:
    """How long a test took, of the processor, and which functions that are watched it met: file, path in it."""

    seconds: float
    met: frozenset[str]


MET: Final[set[str]] = set()


def watch(paths: Sequence[Path]) -> None:
    """Have each function of these files say that it was met."""
    for path in paths:
        tree, module = ast.parse(path.read_text(encoding="utf-8")), import_module(_module(path))
        module.__dict__["__met__"] = MET
        found = {owner: _definition(tree, owner) for owner in dict.fromkeys(site.owner for site in sites(tree))}
        for owner, function in found.items():
            if function is not None:
                function.body.insert(0, ast.parse(f"__met__.add({_mark(path, owner)!r})").body[0])
        graft(module, tree, [owner for owner, function in found.items() if function is not None])


def _definition(tree: ast.Module, owner: tuple[str, ...]) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The function at a path; the last one of several."""
    scopes: list[ast.Module | Scope] = [tree]
    for name in owner:
        scopes = [each for scope in scopes for each in scope.body if isinstance(each, Scope) and each.name == name]
    return next((scope for scope in reversed(scopes) if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef)), None)


def _mark(path: Path, owner: tuple[str, ...]) -> str:
    return f"{_module(path)}:{'.'.join(owner)}"


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def run(items: Sequence[pytest.Item], change: Callable[[], None]) -> tuple[bool, list[Note]]:
    """Whether tests pass in a fork in which something is changed before, and what is noted of each. The first that fails is the last."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            change()
            code = 0
            with open(writing, "w", encoding="utf-8") as pipe:
                for item, following in zip(items, [*items[1:], None], strict=True):
                    MET.clear()
                    began = time.process_time()
                    code = any(report.failed for report in runtestprotocol(item, False, following))
                    pipe.write(json.dumps([time.process_time() - began, sorted(MET)]) + "\n")
                    if code:
                        break
        finally:
            os._exit(code)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        notes = [Note(seconds, frozenset(met)) for seconds, met in map(json.loads, pipe)]
    return os.waitpid(child, 0)[1] == 0, notes


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.partition("\n")[0])
    parser.add_argument("areas", nargs="*", metavar="AREA", help=", ".join(AREAS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=500, help="tests for one mutant: of its name, then the quickest (%(default)s)")
    parser.add_argument("--at", nargs="*", default=[], metavar="FILE:LINE", help="all mutants of these lines instead")
    given = parser.parse_args()
    areas = given.areas or [*AREAS]
    if given.at:
        changed = {ROOT / place.rpartition(":")[0] for place in given.at}
        places = tuple(f"{place}:" for place in given.at)
        mutants = [each for area in areas for each in all_of(area) if each.path in changed and str(each).startswith(places)]
    else:
        mutants = [mutant for area in areas for mutant in chosen(area, given.seed)]
    files = sorted({str(path) for area in areas for pattern in AREAS[area].tests for path in ROOT.glob(pattern)})
    runner = Runner(mutants, given.most)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow and not nightly and not keras", f"--rootdir={ROOT}"]
    pytest.main([*options, *files], plugins=[runner])
    for area in areas:
        tried = [mutant for mutant in mutants if mutant.area == area]
        left = [mutant for mutant in runner.survivors if mutant.area == area]
        print(f"{area}: {len(tried) - len(left)} of {len(tried)} killed")
    print(*runner.survivors, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
