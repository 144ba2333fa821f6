"""No check needs the unknown: what it finds in a graph full of unknowns it finds whatever they turn out to be."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bnlint import catalogue
from bnlint.graph.model import ABSENT, Arguments, Event, KerasTarget, Layer, Tensor, Unknown
from tests.graphs import (
    Built,
    Net,
    act,
    add,
    bn,
    conv,
    dense,
    dropout,
    event,
    flatten,
    function,
    layer,
    lstm,
    mystery,
    padding,
    pool,
    relu,
    unknown,
)

GRAPHS = 300
ORDERS = (
    "linear norm act",
    "linear act norm",
    "linear norm norm",
    "linear drop norm",
    "drop norm",
    "act norm act",
    "norm",
    "any",
    "any",
    "any",
)
"""What stands in a row, so that rules find something."""

MODES = (ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, None, True, False)

WORLDS = 4
"""Ways in which the unknowns of one graph are made up."""


@dataclass
class Dice:
    """Draws the parts of a graph. Some are unknown; in a world (`truth`) they are made up, and the rest stays the same."""

    parts: random.Random
    truth: random.Random | None = None
    unknowns: int = 0

    def value(self, *values: Any, presumed: Any = None) -> Any:
        """One of some values, or something unknown that is one of them.

        `presumed`: what the catalogue takes an unknown one for. A rate is worth a word, what may be trained is trained.
        """
        known, hidden = self.parts.choice(values), self.parts.random() < 0.35
        if not hidden:
            return known
        self.unknowns += 1
        if self.truth is None:
            return unknown("a value")
        return self.truth.choice(values) if presumed is None else presumed

    def layer(self, sort: str = "any") -> Layer:
        """A layer of a sort, or something unknown in its place."""
        made, hidden = self._layer(sort), self.parts.random() < 0.12
        other = random.Random(self.parts.random()) if hidden else None
        if other is None:
            return made
        self.unknowns += 1
        return mystery() if self.truth is None else Dice(self.truth, self.truth)._layer("any")

    def _layer(self, sort: str) -> Layer:
        return self.parts.choice(LAYERS[sort] if sort in LAYERS else [make for makes in LAYERS.values() for make in makes])(self)

    def arguments(self, made: Layer) -> Layer:
        """Now and then the layer gets `**kwargs` that may hold anything."""
        if self.parts.random() >= 0.1:
            return made
        self.unknowns += 1
        return replace(made, arguments=Arguments(made.arguments.items, complete=self.truth is not None))


LAYERS: Mapping[str, tuple[Callable[[Dice], Layer], ...]] = {
    "norm": (
        lambda dice: dice.arguments(
            bn(
                axis=dice.value(-1, -1, -1, 3, 1, 0),
                momentum=dice.value(0.99, 0.99, 0.1, 0.0, 1.0),
                epsilon=dice.value(1e-3, 1e-3, 1e-9, 0.0, 0.5),
                trainable=dice.value(True, True, True, False, presumed=True),
            )
        ),
    ),
    "linear": (
        lambda dice: dice.arguments(conv(dice.value(None, None, "relu", "linear", "selu"), use_bias=dice.value(True, True, False))),
        lambda dice: dense(dice.value(None, None, "relu", "softmax"), use_bias=dice.value(True, True, False), units=dice.value(1, 10)),
    ),
    "act": (lambda dice: act(dice.value("relu", "selu", "linear", "softmax", "tanh")), lambda dice: relu()),
    "drop": (
        lambda dice: dropout(dice.value(0.0, 0.05, 0.5, 0.5, presumed=0.5)),
        lambda dice: layer("GaussianNoise", "other", stddev=dice.value(0.01, 0.5, presumed=0.5)),
    ),
    "rest": (
        lambda dice: pool(),
        lambda dice: padding(),
        lambda dice: flatten(),
        lambda dice: lstm(),
        lambda dice: layer("Embedding", "embedding", mask_zero=dice.value(True, False)),
        lambda dice: function("relu", "activation", "relu"),
    ),
}


def build(seed: int, world: int | None = None) -> tuple[Built, int]:
    """A random graph, and the number of its unknowns; with a `world`, these are made up."""
    dice = Dice(random.Random(seed), None if world is None else random.Random(f"{seed} {world}"))
    net = Net(dice.parts.choice(("functional", "open", "subclass")))
    tensors: list[Tensor] = [net.input((None, 32, 32, 3))]
    for _ in range(dice.parts.randint(3, 9)):
        source = dice.parts.choice(tensors[-3:])
        kind = dice.parts.random()
        if kind < 0.12 and len(tensors) > 2:
            tensors.append(net(add(), source, dice.parts.choice(tensors[1:])))
        elif kind < 0.3:
            tensors.append(_optional(net, dice, source))
        else:
            for sort in dice.parts.choice(ORDERS).split():
                source = _apply(net, net.place(dice.layer(sort)), source, training=dice.value(*MODES, presumed=ABSENT))
                tensors.append(source)
    events = [_event(dice) for _ in range(dice.parts.randint(0, 5))]
    keras = KerasTarget(dice.parts.choice((2, 3)))
    return net.build(tensors[-1], events=events, keras=keras), dice.unknowns


def _optional(net: Net, dice: Dice, source: Tensor) -> Tensor:
    """`if flag: x = A(x)`, and sometimes `else: x = B(x)`."""
    first, second = net.place(dice.layer()), net.place(dice.layer())
    both = dice.parts.random() < 0.5
    dice.unknowns += 1
    if dice.truth is None:
        flag = unknown("a flag")
        left = _apply(net, first, source, under=((flag, True),))
        right = _apply(net, second, source, under=((flag, False),)) if both else source
        return net.join(left, right, flag)
    if dice.truth.random() < 0.5:
        return _apply(net, first, source)
    return _apply(net, second, source) if both else source


def _apply(net: Net, made: Layer, source: Tensor, **how: Any) -> Tensor:
    """Nothing is known of what an unknown layer gives."""
    return net(made, source, **how, **({"shape": None, "channels": None} if made.role == "unknown" else {}))


def _event(dice: Dice) -> Event:
    """Something done to the model, or to something unknown that may be the model."""
    kind = dice.parts.choice(("compile", "fit", "train_on_batch", "evaluate", "call", "set_trainable", "load_weights", "save"))
    args: dict[str, Any] = {}
    if kind in ("fit", "train_on_batch"):
        args["batch_size"] = dice.value(1, 8, 20, 64)
    if kind == "fit":
        args |= {"samples": dice.value(33, 64, 1000), "epochs": dice.value(1, 100)}
    if kind == "call":
        args |= {"training": dice.value(True, False), "tapes": (), "owner": None}
    if kind == "set_trainable":
        args["value"] = dice.value(True, False, presumed=True)
    made = event(kind, order=dice.parts.randint(0, 99), **args)
    if dice.parts.random() >= 0.2 or args.get("value") is False:
        return made
    dice.unknowns += 1
    return made if dice.truth is not None else replace(made, target=Unknown("a model"))


def found(code: str, built: Built) -> set[int]:
    """The lines of the layers on which the rule finds something; 0 for what is found elsewhere."""
    check = catalogue.check(code)
    assert check is not None
    return {hit.layer.origin.span.line if hit.layer is not None and hit.layer.origin.span else 0 for hit in check(built.project)}


def applied(built: Built) -> set[int]:
    return {call.layer.origin.span.line for call in built.graph.calls if call.layer.origin.span} | {0}


@pytest.mark.parametrize("code", [code for code in catalogue.rules() if catalogue.check(code) is not None])
def test_a_finding_does_not_need_what_is_unknown(code: str) -> None:
    for seed in range(GRAPHS):
        built, _ = build(seed)
        lines = found(code, built)
        for world in range(WORLDS if lines else 0):
            real, _ = build(seed, world)
            missing = (lines & applied(real)) - found(code, real)
            assert not missing, f"graph {seed}, world {world}: {code} needs something unknown on line {sorted(missing)}"


def test_the_graphs_are_full_of_unknowns_and_of_findings() -> None:
    assert sum(build(seed)[1] for seed in range(GRAPHS)) > 5 * GRAPHS
    hit = {
        code for code in catalogue.rules() if catalogue.check(code) is not None and any(found(code, build(seed)[0]) for seed in range(40))
    }
    assert hit >= {"BN101", "BN102", "BN103", "BN104", "BN401", "BN402", "BN403", "BN404"}
