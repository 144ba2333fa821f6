"""`python -m tests.oracle.table`: how much of keras.applications and of the packages in packages.toml bnlint reads as Keras builds it."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.oracle import families, packages
from tests.oracle.compare import TooLong, Verdict, answer, judge_all, merge, read_graph
from tests.oracle.roles import Neighbour
from tests.oracle.truth import Sides, Site, Truth

NOTHING = Sides(frozenset(), frozenset())
COLUMNS = ("sites", "found", "exact", "covers", "unknown", "wrong")
WORST = 10
LIMIT = 600
"""Seconds of processor time that bnlint has to read a package whole."""
WORKERS = 2
"""Processes that build or read at the same time."""


@dataclass(frozen=True)
class Table:
    """The verdict on every site that the parts reach: families of one Keras, or packages."""

    label: str
    parts: Mapping[str, Collection[Site]]
    truth: Truth
    found: Truth
    root: str = ""
    notes: tuple[str, ...] = ()
    verdicts: Mapping[Site, Verdict] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdicts", judge_all(self.truth, self.found))

    def share(self, *verdicts: Verdict) -> float:
        """How much of all sites, each counted once, has one of the verdicts."""
        return sum(verdict in verdicts for verdict in self.verdicts.values()) / len(self.verdicts)

    @property
    def found_share(self) -> float:
        return 1 - self.share(Verdict.MISSING)

    def rows(self) -> dict[str, list[str]]:
        """Label and cells of each line, the last is the total."""
        rows = {name: _cells([self.verdicts[site] for site in sites]) for name, sites in self.parts.items()}
        return {**rows, f"{self.label}, each site once": _cells(self.verdicts.values())}

    def __str__(self) -> str:
        rows = self.rows()
        width = max(map(len, rows)) + 2
        lines = [" " * width + "".join(f"{word:>8}" for word in COLUMNS)]
        lines += [f"{name:<{width}}" + "".join(f"{cell:>8}" for cell in cells) for name, cells in rows.items()]
        return "\n".join([*lines, *self.notes, *self.worst()])

    def worst(self) -> list[str]:
        """The files with the most sites that are not exact."""
        missed = Counter(self.place(site[0]) for site, verdict in self.verdicts.items() if verdict is not Verdict.EXACT)
        sites = Counter(self.place(path) for path, _ in self.verdicts)
        lines = [f"  {count:>3} of {sites[path]:<3} {path}" for path, count in missed.most_common(WORST)]
        return ["worst files, sites that are not exact:", *lines] if lines else []

    def differences(self) -> list[str]:
        """A line for each site that is not exact: what bnlint adds (+) and what it lacks (-)."""
        lines = []
        for site, verdict in self.verdicts.items():
            if verdict is not Verdict.EXACT:
                truth, found = self.truth[site], self.found.get(site, NOTHING)
                sides = (("fed by", truth.feeding, found.feeding), ("feeds", truth.fed, found.fed))
                words = [f"{side} {_signed(true, said)}" for side, true, said in sides if true != said]
                lines.append(f"  {verdict:<8} {self.place(site[0])}:{site[1]}  {'; '.join(words)}")
        return lines

    def unbuilt(self) -> list[str]:
        """The sites that bnlint finds and no builder reaches: what the table of packages could still ask for."""
        return [f"  unbuilt  {self.place(path)}:{line}" for path, line in sorted(self.found.keys() - self.truth.keys())]

    def place(self, path: str) -> str:
        """The path as it is printed."""
        return os.path.relpath(path, self.root) if self.root else os.path.basename(path)


def _cells(verdicts: Iterable[Verdict]) -> list[str]:
    count = Counter(verdicts)
    sites = count.total()
    numbers = [sites, sites - count[Verdict.MISSING], *(count[verdict] for verdict in list(Verdict)[:4])]
    share = f"{count[Verdict.EXACT] / sites:.1%}" if sites else "-"
    return [*map(str, numbers), share]


def _signed(true: frozenset[Neighbour], said: frozenset[Neighbour]) -> str:
    signs = [("+", neighbour) for neighbour in said - true] + [("-", neighbour) for neighbour in true - said]
    return " ".join(sorted(f"{sign}{role}[{activation}]" if activation else f"{sign}{role}" for sign, (role, activation) in signs))


def of_applications(major: int) -> Table:
    """Build the families for one Keras, read their sources, compare."""
    truths = {family.name: families.truth_of(family, major) for family in families.FAMILIES if major in family.majors}
    # A site belongs to all models that pass through it: each family is judged against what all of them build there.
    truth = merge(truths.values())
    parts = {name: frozenset(sites) for name, sites in truths.items()}
    return Table(families.label(major), parts, truth, answer(read_graph({os.path.dirname(path) for path, _ in truth})))


def of_packages(names: Collection[str], alone: bool = False) -> Table:
    """Build the models of the packages, read each package whole and the calls that built them, compare.

    `alone`: the calls are not shown. Then a builder is read with the defaults that it states, also where the oracle gave it others.
    """
    entries = [entry for name, entry in packages.table().items() if name in names]
    with ThreadPoolExecutor(WORKERS) as pool:
        built = dict(zip([entry.requirement for entry in entries], pool.map(packages.built, entries), strict=True))
        found = dict(zip(built, pool.map(lambda each: _read(each, alone), built.values()), strict=True))
    notes = [f"{name} does not build {builder}: {error}" for name, each in built.items() for builder, error in each.failures.items()]
    notes += [f"{name}: no look into {layer}: {error}" for name, each in built.items() for layer, error in each.opaque.items()]
    notes += [f"{name}: bnlint graph did not finish in {LIMIT} s" for name, answers in found.items() if answers is None]
    parts = {name: frozenset(each.truth) for name, each in built.items()}
    truth = merge([each.truth for each in built.values()])
    label = "packages, read alone" if alone else "packages"
    return Table(label, parts, truth, merge([each for each in found.values() if each]), str(packages.cache()), tuple(notes))


def _read(built: packages.Built, alone: bool) -> Truth | None:
    programs = () if alone else built.programs
    try:
        return answer(read_graph(map(str, (built.folder, *programs)), LIMIT))
    except TooLong:
        return None


def as_markdown(tables: Iterable[Table]) -> str:
    """The totals, for the README."""
    lines = ["| | " + " | ".join((*COLUMNS, "exact")) + " |", "|---|" + "--:|" * (len(COLUMNS) + 1)]
    for table in tables:
        *_, (_, cells) = table.rows().items()
        head, *rest = table.label.split(", ")
        label = ", ".join([f"{len(table.parts)} packages from PyPI" if head == "packages" else head, *rest])
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    known = list(packages.table())
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.table", description=__doc__)
    choice = f"3 or 2 (keras.applications of that Keras), or a package: {', '.join(known)}; default: all"
    parser.add_argument("names", nargs="*", metavar="NAME", help=choice)
    parser.add_argument("--differences", action="store_true", help="each site that is not exact: what bnlint adds (+) and lacks (-)")
    parser.add_argument("--unbuilt", action="store_true", help="the sites that bnlint finds and no builder reaches")
    parser.add_argument("--alone", action="store_true", help="packages without the calls that the oracle makes")
    parser.add_argument("--markdown", action="store_true", help="the totals alone, as they stand in the README")
    options = parser.parse_args()
    names = options.names or ["3", "2", *known]
    if strange := [name for name in names if name not in {"3", "2", *known}]:
        parser.error(f"unknown: {', '.join(strange)}")
    tables = [of_applications(int(name)) for name in names if name in ("3", "2")]
    if chosen := [name for name in names if name in known]:
        tables.append(of_packages(chosen, options.alone))
    if options.markdown:
        print(as_markdown(tables))
        return
    for table in tables:
        differences = table.differences() if options.differences else []
        unbuilt = table.unbuilt() if options.unbuilt else []
        print(table, *differences, *unbuilt, sep="\n", end="\n\n")


if __name__ == "__main__":
    try:
        main()
    except packages.Unreachable as error:
        sys.exit(str(error))
