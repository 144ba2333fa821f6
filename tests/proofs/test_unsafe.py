"""Unsafe fixes give programs that build, and the model that the fix is meant to give."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from bnlint import catalogue
from tests.oracle.compare import Verdict, answer, judge, read_graph
from tests.oracle.truth import Sides
from tests.proofs import pages
from tests.proofs.conftest import Run
from tests.proofs.table import hold, of_unsafe

pytestmark = pytest.mark.keras

Report = dict[str, Any]

# What Keras must say of the layers before and after, for the rules whose fix moves or changes layers. A layer is written as its kind, or
# its activation where it applies one; an inline activation counts as a layer of its own.


def _chain(model: Report) -> list[str]:
    chain = []
    for layer in model["layers"]:
        role, activation = layer["neighbour"]
        if role != "activation":
            chain.append(layer["kind"])
        if activation is not None:
            chain.append(activation)
    return chain


def _argument(name: str, model: Report, kind: str | None = None) -> list[Any]:
    return [layer[name] for layer in model["layers"] if name in layer and kind in (None, layer["kind"])]


def _swapped(chain: list[str], first: Callable[[str], bool], second: Callable[[str], bool]) -> list[str]:
    """The chain with each `first` that stands right before a `second` moved behind it."""
    chain = list(chain)
    for position in range(len(chain) - 1):
        if first(chain[position]) and second(chain[position + 1]):
            chain[position : position + 2] = reversed(chain[position : position + 2])
    return chain


def _is_norm(kind: str) -> bool:
    return kind == "BatchNormalization"


def _activation_swapped(before: Report, after: Report) -> None:
    chain = _chain(before)
    assert _chain(after) in (_swapped(chain, str.islower, _is_norm), _swapped(chain, _is_norm, str.islower))
    assert _chain(after) != chain


def _dropout_swapped(before: Report, after: Report) -> None:
    assert _chain(after) == _swapped(_chain(before), lambda kind: "Drop" in kind or "Noise" in kind, _is_norm) != _chain(before)


def _fewer_norms(before: Report, after: Report) -> None:
    first, second = _chain(before), _chain(after)
    assert second.count("BatchNormalization") < first.count("BatchNormalization")
    assert [kind for kind in first if kind != "BatchNormalization"] == [kind for kind in second if kind != "BatchNormalization"]


def _own_statistics(before: Report, after: Report) -> None:
    assert _chain(before) == _chain(after)
    applied = _chain(after).count("BatchNormalization")
    assert len(before["moves"]["fit"]) < applied
    assert after["moves"]["fit"] == [True] * applied


def _unwrapped(before: Report, after: Report) -> None:
    first, second = _chain(before), _chain(after)
    assert len(first) == len(second)
    changed = [(old, new) for old, new in zip(first, second, strict=True) if old != new]
    assert changed == [("TimeDistributed", "BatchNormalization")]


def _no_bias(before: Report, after: Report) -> None:
    assert _chain(before) == _chain(after)
    assert _argument("use_bias", after).count(False) > _argument("use_bias", before).count(False)


def _keras_momentum(before: Report, after: Report) -> None:
    assert _chain(before) == _chain(after)
    pairs = zip(_argument("momentum", before), _argument("momentum", after), strict=True)
    assert all(new == pytest.approx(1 - old if old <= 0.2 else old) for old, new in pairs)


def _same_layers(before: Report, after: Report) -> None:
    assert _chain(before) == _chain(after)


def _axis_changed(before: Report, after: Report) -> None:
    assert _chain(before) == _chain(after)
    assert _argument("axis", before, "BatchNormalization") != _argument("axis", after, "BatchNormalization")


def _statistics(before: bool | None, after: bool, *when: str) -> Callable[[Report, Report], None]:
    """Whether the statistics move in the first of these occasions that there was; None where it depends on the Keras."""

    def intended(first: Report, second: Report) -> None:
        occasion = next(each for each in when if each in first["moves"])
        if first["moves"][occasion]:  # else a model without BatchNormalization, for a rule that is about Dropout, too
            assert any(first["moves"][occasion]) in ((True, False) if before is None else (before,))
            assert any(second["moves"][occasion]) is after

    return intended


INTENDED: Mapping[str, Callable[[Report, Report], None]] = {
    "BN101": _activation_swapped,
    "BN102": _dropout_swapped,
    "BN103": _no_bias,
    "BN104": _fewer_norms,
    "BN105": _fewer_norms,
    "BN107": _own_statistics,
    "BN109": _unwrapped,
    "BN301": _statistics(False, True, "fit"),
    "BN302": _statistics(False, True, "functions", "fit"),
    "BN303": _statistics(True, False, "functions", "evaluate"),
    "BN305": _statistics(True, False, "call"),
    "BN306": _statistics(None, False, "call"),
    "BN304": _statistics(None, True, "fit"),
    "BN307": _statistics(False, True, "fit"),
    "BN309": _statistics(None, False, "fit"),
    "BN312": _statistics(True, False, "fit"),
    "BN401": _axis_changed,
    "BN403": _keras_momentum,
    "BN504": _same_layers,
}


@pytest.mark.parametrize("case", pages.cases(), ids=str)
def test_an_unsafe_fix_gives_the_intended_model(run: Run, case: pages.Case, tmp_path: Path) -> None:
    source = pages.unsafely_fixed(case)
    if source is None:
        return  # nothing is claimed; that each rule has something to build is tested below
    path = tmp_path / "program.py"
    before, after = (run(case.major, "describe", path=str(path), source=text) for text in (case.source, source))
    assert "error" not in after, after
    if case.code in INTENDED and "error" not in before:
        assert before["models"], "the page's program holds no model"
        for pair in zip(before["models"], after["models"], strict=True):
            INTENDED[case.code](*pair)
    # The page's own test holds that the rule is silent on the fixed program, as bnlint sees it: it must be the program that Keras builds.
    said = {line: sides for (_, line), sides in answer(read_graph([str(path)])).items()}
    for line, *true in after["sites"]:
        feeding, fed = (frozenset((role, activation) for role, activation in side) for side in true)
        assert judge(Sides(feeding, fed), said.get(line)) in (Verdict.EXACT, Verdict.COVERS), (line, true, said.get(line))
    hold(case, "unsafe", of_unsafe(before, after))


@pytest.mark.parametrize("code", [code for code, rule in catalogue.rules().items() if rule.fix == "unsafe"])
def test_every_rule_with_an_unsafe_fix_has_it_built(code: str) -> None:
    assert any(pages.unsafely_fixed(case) for case in pages.cases() if case.code == code)
