"""What a fix costs once it is found: ours, against libcst on the whole module with the positions of its nodes.

`python -m benchmarks.fixing [PATH...]` in a checkout prints a table; without paths it takes the packages of Keras that are installed. Each
BatchNormalization that a file calls gets one edit of its arguments. Both make the same edits in the same process, file by file in turn, on
bytes that are read already; imports come first. The other parses the module, asks for its positions, transforms it, and writes it out. Ours
besides holds the result to what was planned; `--fix` then lints it again, which parses it, an editor's quick fix parses it for itself: the
table has that, too.
"""

import argparse
import ast
import gc
import importlib.util
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from math import inf
from pathlib import Path
from time import process_time
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from benchmarks.measure import Spread, figure, markdown
from bnlint.findings import DropArgument, Fix, Safety, SetArgument
from bnlint.fixer import apply, edits
from bnlint.graph.model import Span
from bnlint.text import Document, Unreadable, load

PACKAGES = ("keras", "tf_keras")
ROUNDS = 5
COLLECTOR = (100_000, 20, 50)
"""The thresholds of Python's garbage collector, as bnlint sets them; for both."""

NAME = re.compile(r"\w*BatchNorm\w*").fullmatch

Change = SetArgument | DropArgument


@dataclass(frozen=True)
class Job:
    """A file, and what is to be changed in it."""

    document: Document
    changes: Sequence[Change]


def jobs(paths: Iterable[Path]) -> Iterator[Job]:
    """The files that call a BatchNormalization, each call with one edit: the kinds of edits take turns."""
    for file in sorted(file for path in paths for file in ([path] if path.is_file() else path.rglob("*.py"))):
        data = file.read_bytes()
        if b"atchNorm" not in data:
            continue
        try:
            document = load(str(file), data)
            tree = document.chunks[0].parse()
        except Unreadable:
            continue
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and NAME(ast.unparse(node.func).rpartition(".")[2])]
        changes = [_change(document.chunks[0].span(call), call, turn) for call, turn in zip(calls, cycle(range(3)), strict=False)]
        if changes:
            yield Job(document, changes)


def _change(at: Span, call: ast.Call, turn: int) -> Change:
    names = [keyword.arg for keyword in call.keywords if keyword.arg]
    if names and turn == 1:
        return DropArgument(at, names[0])
    if names and turn == 2:
        return SetArgument(at, names[-1], "0.9")
    return SetArgument(at, "synchronized", "True")


def ours(job: Job, parse: bool = False) -> bytes:
    """Each fix rendered for itself, all of a file made and checked together. (Read anew, the document has nothing at hand yet.)"""
    document, fixes = load(job.document.path, job.document.data), [Fix(Safety.SAFE, (change,)) for change in job.changes]
    return apply.apply(document, [text for fix in fixes for text in edits.render(document, fix)], fixes, parse)


def module(job: Job) -> bytes:
    """The same edits by a transformer of the whole module, which finds the calls by their positions."""
    wrapper = MetadataWrapper(cst.parse_module(job.document.data), unsafe_skip_copy=True)
    wanted = {(change.at.line, change.at.column - 1, change.at.end_line, change.at.end_column - 1): change for change in job.changes}
    return wrapper.visit(_Transformer(wanted)).bytes


class _Transformer(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, wanted: dict[tuple[int, int, int, int], Change]) -> None:
        super().__init__()
        self.wanted = wanted

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        at: Any = self.get_metadata(PositionProvider, original_node)
        change = self.wanted.get((at.start.line, at.start.column, at.end.line, at.end.column))
        if change is None:
            return updated_node
        args = list(updated_node.args)
        names = [arg.keyword.value if arg.keyword else None for arg in args]
        if isinstance(change, DropArgument):
            index = names.index(str(change.argument))
            del args[index]
            if args and index == len(args):
                args[-1] = args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        elif isinstance(change, SetArgument) and change.name in names:
            index = names.index(change.name)
            args[index] = args[index].with_changes(value=cst.parse_expression(change.code))
        elif isinstance(change, SetArgument):
            equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
            new = cst.Arg(cst.parse_expression(change.code), cst.Name(change.name), equal=equal)
            end = next((index for index, arg in enumerate(args) if arg.star == "**"), len(args))
            args.insert(end, new)
        return updated_node.with_changes(args=args)


WAYS: dict[str, Callable[[Job], bytes]] = {
    "bnlint": ours,
    "bnlint, and the result parsed": partial(ours, parse=True),
    "libcst, whole module": module,
}
OTHER = "libcst, whole module"


@dataclass(frozen=True)
class Measured:
    """Seconds of processor time for one file by each way, the best of some rounds."""

    job: Job
    spent: Mapping[str, float]

    def per_fix(self, way: str) -> float:
        """In milliseconds."""
        return 1000 * self.spent[way] / len(self.job.changes)


def measure(job: Job, rounds: int) -> Measured:
    """Fix a file by each way in turn. All must make the same program of it."""
    programs = {ast.dump(ast.parse(make(job))) for make in WAYS.values()}
    assert len(programs) == 1, job.document.path
    best = dict.fromkeys(WAYS, inf)
    for _ in range(rounds):
        for way, make in WAYS.items():
            gc.collect()
            start = process_time()
            make(job)
            best[way] = min(best[way], process_time() - start)
    return Measured(job, best)


def table(measured: Sequence[Measured]) -> str:
    """Milliseconds per fix, and how many times as much the whole module takes."""
    count = sum(len(each.job.changes) for each in measured)
    rows = []
    for way in WAYS:
        total = sum(each.spent[way] for each in measured)
        ratio = sum(each.spent[OTHER] for each in measured) / total
        times = Spread.of([each.per_fix(way) for each in measured])
        ratios = Spread.of([each.spent[OTHER] / each.spent[way] for each in measured])
        rows.append((way, figure(1000 * total / count), str(times), figure(ratio), str(ratios)))
    return markdown(("", "ms per fix", "of a file: median (min to max)", "ratio", "of a file: median (min to max)"), rows)


def installed() -> list[Path]:
    found = [importlib.util.find_spec(name) for name in PACKAGES]
    return [Path(path) for spec in found if spec is not None for path in spec.submodule_search_locations or ()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fixing", description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path, help="files and folders (the packages of Keras that are installed)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each file is fixed; the best time counts (%(default)s)")
    parser.add_argument("--limit", type=int, help="how many files to take at most, evenly spread")
    given = parser.parse_args()
    gc.set_threshold(*COLLECTOR)
    found = list(jobs(given.paths or installed()))
    if given.limit and len(found) > given.limit:
        found = [found[index * len(found) // given.limit] for index in range(given.limit)]
    measured = [measure(job, given.rounds) for job in found]
    size = sum(len(job.document.data) for job in found) / 2**20
    count = sum(len(job.changes) for job in found)
    print(f"{len(found)} files, {size:.2f} MB, {count} fixes; processor time, the best of {given.rounds}\n")
    print(table(measured))


if __name__ == "__main__":
    main()
