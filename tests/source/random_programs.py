"""Random builders with flags, run for real with stand-ins for the layers: what Python itself says the graph is."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FLAGS = ("f0", "f1", "f2")

Node = tuple[str, object, tuple["Node", ...]]
"""Kind of the layer, what tells it from others of its kind, what it was applied to."""

INPUT: Node = ("input", None, ())


@dataclass(frozen=True)
class StandIn:
    """A layer that only remembers what it was applied to."""

    kind: str
    key: object

    def __call__(self, x: Any) -> Node:
        return (self.kind, self.key, tuple(dict.fromkeys(x)) if isinstance(x, list) else (x,))  # as in a graph, each tensor once


class Chain:
    """A sequential model."""

    def __init__(self, layers: Iterable[StandIn] = ()) -> None:
        self.layers = list(layers)

    def add(self, layer: StandIn) -> None:
        self.layers.append(layer)

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


class Bag:
    """An object with attributes."""


class Writer:
    """Writes the body of one builder."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.lines: list[str] = []
        self.layers = 0
        self.names = 0

    def program(self) -> str:
        self.line(0, f"def build(x, {', '.join(FLAGS)}):")
        for text in (
            "x = BatchNormalization(name=0)(x)",
            "y = z = x",
            "d = {'a': x, 'n': 0}",
            "c = Bag()",
            "c.v = x",
            "ls = []",
            "s = Sequential()",
            "n = 0",
        ):
            self.line(1, text)
        self.block(1, self.dice.randint(3, 7), loop=False)
        self.line(1, f"return {self.dice.choice(('', 's'))}({self.tensor()})")
        return "\n".join(self.lines) + "\n"

    def line(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def layer(self) -> str:
        self.layers += 1
        return self.dice.choice((f"Dense({self.layers})", f"BatchNormalization(name={self.layers})", f"ReLU(name={self.layers})"))

    def name(self) -> str:
        self.names += 1
        return f"v{self.names}"

    def tensor(self) -> str:
        return self.dice.choice(("x", "x", "y", "z", "d['a']", "c.v"))

    def target(self) -> str:
        return self.dice.choice(("x", "x", "x", "y", "z", "d['a']", "c.v"))

    def test(self) -> str:
        one, two = self.dice.choice(FLAGS), self.dice.choice(FLAGS)
        return self.dice.choice(
            (one, f"not {one}", f"{one} and {two}", f"{one} or not {two}", f"{one} is True", "n == 1", "n > 1", "d['n']", "ls")
        )

    def number(self) -> str:
        return self.dice.choice(("1", "n + 1", "2 if f0 else 1", "d['n'] + 1"))

    def block(self, depth: int, count: int, loop: bool) -> None:
        for _ in range(count):
            self.statement(depth, loop)

    def statement(self, depth: int, loop: bool) -> None:
        nested = depth < 4
        match self.dice.randrange(22):
            case 0 | 1 | 2:
                self.line(depth, f"{self.target()} = {self.layer()}({self.tensor()})")
            case 3:
                self.line(depth, f"{self.target()} = Add(name={self.next()})([{self.tensor()}, {self.tensor()}])")
            case 4:
                self.line(depth, f"{self.target()} = {self.layer()}({self.tensor()}) if {self.test()} else {self.tensor()}")
            case 5:
                self.line(depth, f"{self.dice.choice(('n', 'd[chr(110)]'))} = {self.number()}")
            case 6:
                forms = ("ls.append({0})", "ls += [{0}]", "ls = ls + [{0}]", "ls.extend([{0}] if {1} else [])")
                self.line(depth, self.dice.choice(forms).format(self.layer(), self.test()))
            case 7 if nested:
                self.line(depth, "for layer in ls:")
                self.line(depth + 1, "x = layer(x)")
            case 8 | 9 | 10 if nested:
                self.line(depth, f"if {self.test()}:")
                self.block(depth + 1, self.dice.randint(1, 2), loop)
                if self.dice.random() < 0.5:
                    self.line(depth, "else:")
                    self.block(depth + 1, self.dice.randint(1, 2), loop)
            case 11 if nested:
                self.line(depth, f"for {self.name()} in range({self.dice.randint(1, 3)}):")
                self.block(depth + 1, self.dice.randint(1, 3), loop=True)
                if self.dice.random() < 0.3:
                    self.line(depth, "else:")
                    self.block(depth + 1, 1, loop)
            case 12 if nested:
                counter = self.name()
                self.line(depth, f"{counter} = 0")
                self.line(depth, f"while {counter} < {self.dice.randint(1, 2)}:")
                self.line(depth + 1, f"{counter} += 1")
                self.block(depth + 1, self.dice.randint(1, 2), loop=True)
            case 13 if loop:
                self.line(depth, f"if {self.test()}:")
                self.line(depth + 1, self.dice.choice(("break", "continue")))
            case 14 if depth > 1 or self.dice.random() < 0.5:
                self.line(depth, f"if {self.test()}:")
                self.line(depth + 1, f"return {self.tensor()}")
            case 15 if nested:
                helper = self.name()
                self.line(depth, f"def {helper}(v):")
                self.line(depth + 1, f"if {self.test()}:")
                self.line(depth + 2, f"return {self.layer()}(v)")
                self.line(depth + 1, f"return {self.dice.choice(('v', 'x', f'{self.layer()}(v)'))}")
                self.line(depth, f"{self.target()} = {helper}({self.tensor()})")
            case 16:
                self.line(depth, f"{self.target()}, {self.target()} = {self.tensor()}, {self.layer()}({self.tensor()})")
            case 17:
                self.line(depth, f"{self.target()} = ({self.layer()} if {self.test()} else {self.layer()})({self.tensor()})")
            case 18:
                self.line(depth, f"s.add({self.layer()})")
            case 19:
                self.line(depth, f"if {self.test()}:")
                self.line(depth + 1, f"s.add({self.layer()})")
                self.line(depth, "else:")
                self.line(depth + 1, f"s.add({self.layer()})")
            case 20:
                models = ("s.add({0} if {2} else {1})", "s = Sequential([{0}, {1} if {2} else {0}])", "s = Sequential(ls)")
                self.line(depth, self.dice.choice(models).format(self.layer(), self.layer(), self.test()))
            case 21:
                self.line(depth, f"{self.target()} = s({self.tensor()})")
            case _:
                self.line(depth, f"x = {self.layer()}(x)")

    def next(self) -> int:
        self.layers += 1
        return self.layers


def run(program: str, flags: Mapping[str, bool]) -> Node:
    """What the builder returns where the flags are these."""
    space: dict[str, Any] = {"Bag": Bag, "Sequential": Chain, "Dense": lambda key: StandIn("Dense", key)}
    for kind in ("BatchNormalization", "ReLU", "Add"):
        space[kind] = lambda name, kind=kind: StandIn(kind, name)
    exec(program, space)  # our own text
    result: Node = space["build"](INPUT, **flags)
    return result
