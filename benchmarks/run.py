"""How fast bnlint is beside other linters: all of them on the same files, in turn, round by round.

`python -m benchmarks.run` in a checkout, after `python -m benchmarks.prepare`, prints a table for each corpus; `--write` puts them into the
README. What counts is processor time: it hardly depends on what else the machine does. A ratio compares two runs of the same round.
"""

import argparse
import compileall
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import corpora, measure
from benchmarks.measure import Failed, Spent, Spread
from benchmarks.tools import Tool, missing, tools

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
HEAD = ("", "CPU, s", "wall, s", "memory, MB", "CPU ÷ bnlint's")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """What was spent on a corpus: by each tool, round by round; and a line for each that was left out."""

    corpus: str
    size: str
    spent: Mapping[Tool, Sequence[Spent]]
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Effort:
    """How often each tool runs, and the seconds after which it is stopped and left out, or begins no other round."""

    rounds: int = 5
    limit: float = 600
    patience: float = 300


def compare(folder: Path, corpus: str, wanted: Sequence[Tool], effort: Effort, tell: Tell = print) -> Measured:
    """Run the tools in turn; who begins changes from round to round."""
    folder = folder.absolute()  # tools run elsewhere: some leave files where they run
    files = folder / "corpora" / corpus
    size = corpora.describe(files)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONPATH": str(ROOT)}
    spent: dict[Tool, list[Spent]] = {tool: [] for tool in wanted if not missing(folder, tool)}
    waited = dict.fromkeys(spent, 0.0)
    left_out = [f"{tool.name}: is not installed" for tool in wanted if tool not in spent]
    with tempfile.TemporaryDirectory() as temporary:
        caches = {tool: Path(temporary) / str(number) for number, tool in enumerate(wanted)}
        for number in range(-1, effort.rounds):  # the round before the first fills the caches
            due = [tool for tool in spent if (waited[tool] < effort.patience if number >= 0 else tool.is_warm)]
            for tool in _turn(due, number):
                caches[tool].mkdir(exist_ok=True)
                command = tool.filled(folder, files, caches[tool])
                try:
                    done = measure.run(command, folder=Path(temporary), environment=environment, limit=effort.limit, codes=tool.codes)
                except Failed as failed:
                    left_out.append(f"{tool.name}: {failed}")
                    del spent[tool]
                    continue
                tell(f"{corpus}, {tool.name}, round {number + 1} of {effort.rounds}: {done.cpu:.2f} s of processor time, {done.wall:.2f} s")
                waited[tool] += done.wall
                if number >= 0:
                    spent[tool].append(done)
    return Measured(corpus, size, spent, left_out)


def _turn(order: list[Tool], number: int) -> list[Tool]:
    """The tools in the order of a round."""
    first = number % max(len(order), 1)
    return order[first:] + order[:first]


def table(measured: Measured) -> str:
    """The corpus, its table, and what was left out."""
    by_name = {tool.name: runs for tool, runs in measured.spent.items()}
    rows = []
    for tool, runs in measured.spent.items():
        base = by_name.get(tool.against, by_name.get("bnlint", ()))
        cpu = [run.cpu for run in runs]
        both = [(run.cpu, other.cpu) for run, other in zip(runs, base, strict=False)]
        ratio = str(measure.ratios(*zip(*both, strict=True))) if both else ""
        memory = Spread.of([run.memory / 2**20 for run in runs]).middle
        rows.append((tool.name, str(Spread.of(cpu)), str(Spread.of([run.wall for run in runs])), f"{memory:.0f}", ratio))
    lines = [f"**{measured.corpus}**: {measured.size}", "", measure.markdown(HEAD, rows)]
    return "\n".join([*lines, *(f"\nLeft out: {line}." for line in measured.left_out)])


def written(readme: str, text: str) -> str:
    """The README with other tables between their two comments."""
    found = re.fullmatch(r"(.*<!-- speed:begin -->\n).*(<!-- speed:end -->\n.*)", readme, re.DOTALL)
    if found is None:
        raise SystemExit("README.md has no <!-- speed:begin --> and <!-- speed:end -->")
    return f"{found[1]}{text}\n{found[2]}"


def main() -> None:
    known = {tool.name: tool for tool in tools()}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=corpora.FOLDER, help="what `prepare` has fetched (%(default)s)")
    parser.add_argument("--corpora", nargs="*", choices=corpora.known(), default=corpora.known(), metavar="NAME", help="%(choices)s")
    parser.add_argument("--tools", nargs="*", choices=known, default=list(known), metavar="NAME", help="%(choices)s")
    usual = Effort()
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="how often each tool runs (%(default)s)")
    parser.add_argument(
        "--limit", type=float, default=usual.limit, help="seconds after which a tool is stopped, and left out (%(default)s)"
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=usual.patience,
        help="seconds on one corpus after which a tool begins no other round (%(default)s)",
    )
    parser.add_argument("--write", action="store_true", help="put the tables into the README")
    given = parser.parse_args()
    compileall.compile_dir(ROOT / "bnlint", quiet=2)
    effort = Effort(given.rounds, given.limit, given.patience)
    found = []
    for corpus in given.corpora:
        if not (given.folder / "corpora" / corpus).is_dir():
            print(f"{corpus} is missing: python -m benchmarks.prepare --corpora {corpus}")
            continue
        wanted = [known[name] for name in given.tools if corpus in known[name].corpora]
        found.append(table(compare(given.folder, corpus, wanted, effort)))
        print(f"\n{found[-1]}\n")
    if given.write and found:
        README.write_text(written(README.read_text(encoding="utf-8"), "\n\n".join(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
