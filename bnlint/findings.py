"""What a check yields (Hit, Fix, Edit) and what a user sees (Finding)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bnlint.records import dataclass, field

if TYPE_CHECKING:
    from bnlint.graph.model import Layer, Origin, Span


class Severity(enum.IntEnum):
    """Ordered: a higher number is worse. OFF is never shown."""

    OFF = 0
    INFO = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


class Safety(enum.Enum):
    """SAFE keeps outputs and training; UNSAFE changes function, statistics, indices or checkpoints; DISPLAY is shown, never applied."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


# Edits are intents: what should change, never how it is spelled. Every span is that of an expression in the source
# (fixer/edits.py finds the node again). `code` is Python source. A saved model shows them as advice.


@dataclass(frozen=True, slots=True)
class SetArgument:
    """Give the call at `at` the keyword `name=code`, replacing its value if the keyword is there."""

    at: Span
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class DropArgument:
    """Take the keyword (str) or the positional argument (int, from 0) out of the call at `at`."""

    at: Span
    argument: str | int


@dataclass(frozen=True, slots=True)
class RenameArgument:
    """Give the keyword (str) or positional argument (int) of the call at `at` the keyword `name`."""

    at: Span
    argument: str | int
    name: str


@dataclass(frozen=True, slots=True)
class Applied:
    """One application of a layer as an edit names it: Call.origin.span and Call.hole."""

    at: Span
    hole: Span | None


@dataclass(frozen=True, slots=True)
class Swap:
    """Exchange two applications of which `second` consumes `first`."""

    first: Applied
    second: Applied


@dataclass(frozen=True, slots=True)
class InsertActivation:
    """Apply the activation whose source is `code` (as it stood in `activation=`) right after `after`, in the style of the file."""

    after: Applied
    code: str
    inline: Span
    """The span of the value of `activation=` that moves."""


@dataclass(frozen=True, slots=True)
class RemoveApplication:
    """Take one application out: its consumer gets its input."""

    application: Applied


@dataclass(frozen=True, slots=True)
class SetParameter:
    """Give the method at `at` (the span of its def) the parameter `name` with default `code`, replacing its default if it is there.

    With `forward`, each listed call expression in the body also gets `name=name`.
    """

    at: Span
    name: str
    code: str
    forward: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Instantiate:
    """`X` becomes `X()`; with `code`, becomes `code`."""

    at: Span
    code: str | None = None


@dataclass(frozen=True, slots=True)
class ApplyArguments:
    """`X(x, …)` becomes `X(…)(x)`: the first positional argument is a tensor."""

    at: Span


@dataclass(frozen=True, slots=True)
class Unwrap:
    """`W(X(…), k=v)` at `at` becomes `X(…, k=v)`."""

    at: Span


@dataclass(frozen=True, slots=True)
class Repeat:
    """`[X] * n` at `at` becomes `[X for _ in range(n)]`."""

    at: Span


@dataclass(frozen=True, slots=True)
class RenameParameter:
    """The parameter `old` of the method at `at` becomes `name`, with default `code`, wherever its body reads it."""

    at: Span
    old: str
    name: str
    code: str


@dataclass(frozen=True, slots=True)
class RenameAttribute:
    """`X.a` at `at` becomes `X.name`."""

    at: Span
    name: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """`X.trainable = False` right after the assignment `X = …` of what stands at `at`."""

    at: Span


@dataclass(frozen=True, slots=True)
class FreezeNorms:
    """Freeze every BatchNormalization inside X again, after the assignment `X.trainable = …` at `at`, or after the loop over X's layers
    in which it stands.

    `flat` tells what holds no models, so that its own `layers` are all that it has: "itself", what is set, or "whole", that of which one
    layer after the other is set.
    """

    at: Span
    flat: str = ""


@dataclass(frozen=True, slots=True)
class CopyLayer:
    """The application `X(…)` at `at`, of a layer that `built` constructs, gets a layer of its own: the same constructor call."""

    at: Span
    built: Span


@dataclass(frozen=True, slots=True)
class MoveImport:
    """The import statement at `at` imports `names`, in the order of its own, from `module`. What it binds keeps its names."""

    at: Span
    module: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RenameCallee:
    """The call of `a.old` at `at`, or `a.old` itself, becomes one of `a.new`. `old` may be several attributes (`b.c`)."""

    at: Span
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RemoveStatement:
    """Take out the statement that is nothing but the expression at `at`."""

    at: Span


Edit = (
    SetArgument
    | DropArgument
    | RenameArgument
    | Swap
    | InsertActivation
    | RemoveApplication
    | SetParameter
    | Instantiate
    | ApplyArguments
    | Unwrap
    | Repeat
    | CopyLayer
    | Freeze
    | FreezeNorms
    | RenameAttribute
    | RenameParameter
    | MoveImport
    | RenameCallee
    | RemoveStatement
)


@dataclass(frozen=True, slots=True)
class Fix:
    """A proposed change. `touches` are the layers whose source the edits change: the engine lets the fix live only if
    every layer born at those spans is touched by the same rule (unanimity). `refused` is the page's key of the
    reason for which there is no fix here ("" = none); then `edits` is empty."""

    safety: Safety
    edits: tuple[Edit, ...] = ()
    touches: tuple[Layer, ...] = ()
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that explains a finding. `note` is a key of the page's [notes]."""

    origin: Origin
    note: str = ""
    layer: Layer | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """What a check yields: which case of its page, where, with which values for the message.

    `layer` is the layer that the finding is about (None for calls, definitions, imports). `optional`: the layers of the same span
    decide (see `unanimous` on the page).
    """

    case: str
    origin: Origin
    layer: Layer | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    related: tuple[Related, ...] = ()
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Replace the text of `span` by `text`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the values of a weight array are spread: its least and greatest finite value, how many values stand in each of as many equal
    steps between them, and how many are not finite."""

    name: str
    low: float
    high: float
    counts: tuple[int, ...]
    nonfinite: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """What a user sees. `count` is the number of layers that the source site stands for; `help` says what to do.

    `reason` tells why a fix that the rule has is not offered here ("" otherwise). `layer` is the layer's name or path in a
    model file, `related` holds (message, span) pairs. `span` is None for a finding on an artifact; then `about` says in a few words what
    the layer is, and `histograms` show its statistics.
    """

    code: str
    name: str
    severity: Severity
    message: str
    path: str
    span: Span | None
    help: str = ""
    fix: Fix | None = None
    reason: str = ""
    count: int = 1
    layer: str | None = None
    related: tuple[tuple[str, Span | None], ...] = ()
    fingerprint: str = ""
    about: str = ""
    histograms: tuple[Histogram, ...] = ()
