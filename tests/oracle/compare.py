"""What `bnlint graph` says of a site, and how that compares with what Keras built."""

import enum
import json
import os
import resource
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from tests.oracle.roles import Neighbour
from tests.oracle.truth import Sides, Site, Truth

Node = dict[str, Any]
LOST: Node = {"role": "lost", "activation": None}
"""What an edge leads to that leads nowhere: a fault of bnlint, never part of the truth."""


DOUBTS = frozenset({("unknown", None), ("activation", None)})
"""How an answer says that it does not know: a layer, or which activation is applied."""


class Verdict(enum.StrEnum):
    """EXACT: both sets are equal. COVERS: the truth is a subset of the answer. UNKNOWN: not covered, and said so. WRONG: not covered, and
    claimed to be known. MISSING: bnlint has no BatchNormalization there."""

    EXACT = "exact"
    COVERS = "covers"
    UNKNOWN = "unknown"
    WRONG = "wrong"
    MISSING = "missing"


class TooLong(Exception):
    """More processor time was needed than was given."""


def read_graph(paths: Iterable[str], limit: int = resource.RLIM_INFINITY) -> dict[str, Any]:
    """What `bnlint graph --output-format json` prints, with so many seconds of processor time, whatever else the machine does.

    Raises TooLong."""
    command = [sys.executable, "-m", "bnlint", "graph", "--output-format", "json", *sorted(paths)]
    held = partial(resource.setrlimit, resource.RLIMIT_CPU, (limit, limit))
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=held)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise TooLong
    if not done.stdout or "internal error" in done.stderr:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    graph: dict[str, Any] = json.loads(done.stdout)
    return graph


def answer(graph: Mapping[str, Any]) -> Truth:
    """For each site of a BatchNormalization, the union over all nodes there, joins looked through."""
    feeding: dict[Site, set[Neighbour]] = defaultdict(set)
    fed: dict[Site, set[Neighbour]] = defaultdict(set)
    for model in graph["models"]:
        nodes = {node["id"]: node for node in model["nodes"]}
        for node in nodes.values():
            if node["role"] == "join":
                continue
            sources = [*_sources(node["inputs"], nodes)]
            if node["role"] == "batchnorm":
                feeding[_site(node)] |= {_neighbour(source) for source in sources}
            for source in sources:
                if source["role"] == "batchnorm":
                    fed[_site(source)].add(_neighbour(node))
    return {site: Sides(frozenset(feeding[site]), frozenset(fed[site])) for site in feeding}


def _sources(ids: Iterable[str], nodes: Mapping[str, Node]) -> Iterator[Node]:
    stack, seen = list(ids), set()
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        if current not in nodes:
            yield LOST
        elif nodes[current]["role"] == "join":
            stack.extend(nodes[current]["inputs"])
        else:
            yield nodes[current]


def _site(node: Node) -> Site:
    return os.path.realpath(node["path"]), node["line"]


def _neighbour(node: Node) -> Neighbour:
    return node["role"], node["activation"]


def judge(truth: Sides, found: Sides | None) -> Verdict:
    """One site."""
    if found is None:
        return Verdict.MISSING
    sides = ((truth.feeding, found.feeding), (truth.fed, found.fed))
    if all(true == said for true, said in sides):
        return Verdict.EXACT
    if all(true <= said for true, said in sides):
        return Verdict.COVERS
    unknown = all(true <= said or said & DOUBTS for true, said in sides)
    return Verdict.UNKNOWN if unknown else Verdict.WRONG


def judge_all(truth: Truth, found: Truth) -> dict[Site, Verdict]:
    """Every site of the truth."""
    return {site: judge(sides, found.get(site)) for site, sides in sorted(truth.items())}


def merge(truths: Collection[Truth]) -> Truth:
    """The union of what several models build at the same sites."""
    feeding: dict[Site, frozenset[Neighbour]] = defaultdict(frozenset)
    fed: dict[Site, frozenset[Neighbour]] = defaultdict(frozenset)
    for truth in truths:
        for site, sides in truth.items():
            feeding[site] |= sides.feeding
            fed[site] |= sides.fed
    return {site: Sides(feeding[site], fed[site]) for site in feeding}
