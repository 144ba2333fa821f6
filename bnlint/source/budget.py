"""The budget of an analysis: what its roots may cost, and when one that builds nothing is left."""

from __future__ import annotations

from bnlint.source.state import State

STEPS = 600_000
"""Expressions and statements that one file may cost; what lies beyond is a gap."""

ROOT_STEPS = 250_000
"""The same for one builder that is analysed on its own.

(Of the packages of the canaries deepac has the largest that must be followed to its end: some 200,000.)
"""

IDLE = 20_000
"""Those of them in which it may build nothing. What idles longer is no builder but the engine of a framework: it is left, and whatever is
analysed after it may idle half as long."""

GLANCE = 2_000
"""The least of that."""

MODEL_STEPS = 20_000
"""The same for one Sequential whose layers are applied."""

ENOUGH = 100_000
"""What a call may spend without building anything in a root that may go on so without end, as the body of a module may."""

IDLING = frozenset({"unknown", "other", "input", "reshape"})
"""Roles of calls that build nothing."""


class Exhausted(Exception):
    """The budget is spent. Caught where a root is analysed, never seen by a user."""


class Budget(State):
    """Counts steps. `built` are the layers, calls and events so far, `progress` how many they were when the limit was last looked at;
    `grace` is what the running root may spend in a row without building anything, `idle` what the next one may. A `patient` root may go on
    all the same; `entries` are the steps and `built` when each of the calls that are running began."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self.limit = self.budget = ROOT_STEPS
        self.idle = self.grace = IDLE
        self.built = self.progress = 0
        self.patient = True
        self.entries: list[tuple[int, int]] = []

    def spend(self, steps: int = 1) -> None:
        self.steps += steps
        if self.steps > self.limit:
            self.exceed()

    step = spend

    def allow(self, budget: int, idle: int | None = None) -> None:
        """What may be spent from now on, and how much of it in a row without building anything: no limit, but for what is called."""
        self.budget = self.steps + budget
        self.patient = idle is None
        self.grace = ENOUGH if idle is None else idle
        self.extend()

    def exceed(self) -> None:
        """The limit is reached: it moves on if something was built on the way."""
        if self.steps > self.budget:
            raise Exhausted
        if self.built == self.progress and (not self.patient or any(self.idles(*entry) for entry in self.entries)):
            raise Exhausted
        self.extend()

    def extend(self) -> None:
        """What may be spent from now on without building anything."""
        self.progress = self.built
        self.limit = min(self.steps + self.grace, self.budget)

    def idles(self, steps: int, built: int) -> bool:
        """Whether a call that began then has built nothing, and spent much: it is given up, and its root goes on."""
        return built == self.built and self.steps <= self.budget and self.steps - steps > IDLE // 2
