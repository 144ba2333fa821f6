"""`python -m tests.oracle.table`: how much of keras.applications bnlint reads as Keras builds it."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tests.oracle.compare import HEADER, Verdict, answer, judge_all, merge, read_graph, row
from tests.oracle.families import FAMILIES, truth_of, version
from tests.oracle.truth import Sides, Site


@dataclass(frozen=True)
class Table:
    """The verdict on every site that the families of one Keras reach."""

    major: int
    verdicts: Mapping[Site, Verdict]
    families: Mapping[str, frozenset[Site]]
    truth: Mapping[Site, Sides]
    found: Mapping[Site, Sides]

    @property
    def exact_share(self) -> float:
        return sum(verdict is Verdict.EXACT for verdict in self.verdicts.values()) / len(self.verdicts)

    def __str__(self) -> str:
        lines = [f"{version(self.major)}".ljust(32) + HEADER[32:]]
        lines += [row(name, [self.verdicts[site] for site in sites]) for name, sites in self.families.items()]
        lines += [row("all sites, once", self.verdicts.values()), *self.differences()]
        return "\n".join(lines)

    def differences(self) -> list[str]:
        """A line for each site that is not exact: what bnlint adds (+) and what it lacks (-)."""
        lines = []
        for site, verdict in self.verdicts.items():
            if verdict is not Verdict.EXACT:
                path, line = site
                place = f"{os.path.basename(path)}:{line}"
                found = self.found.get(site, Sides(frozenset(), frozenset()))
                sides = (("fed by", self.truth[site].feeding, found.feeding), ("feeds", self.truth[site].fed, found.fed))
                words = [f"{side} {_signed(true, said)}" for side, true, said in sides if true != said]
                lines.append(f"  {verdict:<8}{place:<32}{'; '.join(words)}")
        return lines


def _signed(true: frozenset[tuple[str, str | None]], said: frozenset[tuple[str, str | None]]) -> str:
    signs = [("+", neighbour) for neighbour in said - true] + [("-", neighbour) for neighbour in true - said]
    return " ".join(sorted(f"{sign}{role}[{activation}]" if activation else f"{sign}{role}" for sign, (role, activation) in signs))


def tabulate(major: int) -> Table:
    """Build the families for one Keras, read their sources, compare."""
    truths = {family.name: truth_of(family, major) for family in FAMILIES if major in family.majors}
    # A site belongs to all models that pass through it: each family is judged against what all of them build there.
    truth = merge(truths.values())
    found = answer(read_graph({path for path, _ in truth}))
    verdicts = judge_all(truth, found)
    return Table(major, verdicts, {name: frozenset(sites) for name, sites in truths.items()}, truth, found)


if __name__ == "__main__":
    for number in map(int, sys.argv[1:] or ["3", "2"]):
        print(tabulate(number), end="\n\n")
