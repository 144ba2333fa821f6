"""What an expression may stand for besides Python constants, tuples, tensors (Call, Join), layers, Unknown and Choice.

It is long because it is a vocabulary: its values hold each other, and whoever writes a handler looks up in one place which there are.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from bnlint.graph.model import Arguments, Call, Choice, Event, Join, Layer, Origin, Span, Tensor, Unknown
from bnlint.graph.query import Assumption
from bnlint.keras_api.functions import function_spec
from bnlint.records import dataclass, field
from bnlint.text import Chunk

if TYPE_CHECKING:
    from bnlint.source.files import File

Fields = dict[Any, Any]
"""The changeable part of a value. It is written through `State.write` only, so that a branch can be undone."""


class Missing:
    """The type of `MISSING`: nothing is bound."""

    __slots__ = ()


MISSING: Final = Missing()


@dataclass(slots=True, eq=False)
class Scope:
    """Names of a function, class body or module. `names` are its Fields."""

    parent: Scope | None
    names: Fields = field(default_factory=dict)
    stars: list[File | str] = field(default_factory=list)
    """What star imports lead to, in order: files of the project, and the names of modules that are not seen."""
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    is_class: bool = False

    def get(self, name: str) -> object:
        """What the scope itself binds a name to; MISSING if it does not."""
        found = self.names.get(name, MISSING)
        return found.get() if isinstance(found, Deferred) else found


@dataclass(slots=True, eq=False)
class Dotted:
    """An imported name that is not code of this project: `tensorflow.keras.layers.Dense`; or a module of it, which is a `file`.

    `canonical` is keras_api's name for it. (A module has both in the source of Keras itself.)
    """

    name: str
    canonical: str | None
    file: File | None = None

    @property
    def foreign(self) -> bool:
        """Whether it may stand for any value: a constant of another module, `tf.flags.FLAGS.use_bn`."""
        if self.file is not None:
            return False
        if self.canonical is None:
            return not self.name.startswith(("builtins.", "numpy."))
        return self.canonical.startswith("tf.") and self.canonical.rpartition(".")[2].islower() and function_spec(self.canonical) is None


@dataclass(slots=True, eq=False)
class Deferred:
    """What an import of another file's name will be: that file is read when the name is first looked up."""

    get: Callable[[], object]


@dataclass(slots=True, eq=False)
class Function:
    """A function of the user. `owner` is the class in whose body it stands."""

    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    chunk: Chunk
    qualified: str
    defaults: dict[str, object]
    owner: Class | None = None
    decorators: tuple[str, ...] = ()
    called: bool = False
    fields: Fields = field(default_factory=dict)
    often: str | None = None
    """What makes it run for each batch ("" if nothing does), where that was asked."""

    @property
    def is_inner(self) -> bool:
        """Whether it, or the class that it is a method of, stands in a function."""
        scope = self.scope
        while scope.is_class and scope.parent is not None:
            scope = scope.parent
        return scope.parent is not None


@dataclass(slots=True, eq=False)
class Class:
    """A class of the user. `keras` is the canonical name of the Keras class it derives from, if any."""

    name: str
    node: ast.ClassDef
    bases: tuple[object, ...]
    scope: Scope
    chunk: Chunk
    qualified: str
    keras: str | None
    complete: bool
    instances: list[Instance] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    plain: str = ""
    """What it is besides: "enum", "record" (a named tuple), "mapping" (a dict)."""
    members: tuple[Instance, ...] = ()
    """Of an enumeration."""
    handed: bool = False
    """Whether a decorator may have given it to code that is not seen."""
    order: list[Class] = field(default_factory=list)

    def find(self, name: str) -> object:
        """An attribute of the class or its bases; MISSING if none of the seen classes has it."""
        return next((cls.scope.names[name] for cls in self.lineage() if name in cls.scope.names), MISSING)

    def lineage(self) -> list[Class]:
        """The class and its user-defined bases, in the order in which Python asks them."""
        if not self.order:
            bases = [base for base in self.bases if isinstance(base, Class)]
            waiting = [*(base.lineage() for base in bases), bases]
            self.order.append(self)
            while waiting := [line for line in waiting if line]:
                heads = (line[0] for line in waiting if not any(line[0] in other[1:] for other in waiting))
                head = next(heads, waiting[0][0])
                self.order.append(head)
                waiting = [[cls for cls in line if cls is not head] for line in waiting]
        return self.order


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a user's class. `fields["functional"]` holds the Model that `super().__init__(inputs, outputs)` made of it."""

    cls: Class
    fields: Fields = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin)
    arguments: Arguments = field(default_factory=Arguments)
    layers: list[Layer] = field(default_factory=list)
    called: bool = False
    built: bool = False
    open: bool = False
    """Made by the analysis, because nobody makes one."""
    epoch: int = 0
    root: bool = False
    constant: object = MISSING
    """The plain value that it is, too (a member of an IntEnum)."""
    layer: Layer | None = None
    """As what it appears where it is called and calls no layers."""
    result: tuple[int, int, object] | None = None
    """Of the `call` that was analysed on its own: first and last of its calls, what it returned."""


@dataclass(slots=True, eq=False)
class Super:
    """`super()`: looks attributes up behind `cls` in the lineage of `instance`."""

    cls: Class
    instance: object


@dataclass(slots=True, eq=False)
class Bound:
    """A method bound to its object: of the user (`function`), or of a known value (`name`)."""

    owner: object
    name: str
    function: Function | None = None


@dataclass(slots=True, eq=False)
class Partial:
    """functools.partial."""

    callee: object
    positional: tuple[object, ...]
    keywords: dict[str, object]
    arguments: Arguments


@dataclass(slots=True, eq=False)
class List:
    """A list, set or iterator; its elements stand in fields["items"], a tuple that may hold Splices."""

    fields: Fields

    @property
    def items(self) -> tuple[object, ...]:
        items: tuple[object, ...] = self.fields["items"]
        return items


@dataclass(slots=True, eq=False)
class Splice:
    """In a list's items: one of two runs of elements, by a test."""

    condition: Unknown
    if_true: tuple[object, ...]
    if_false: tuple[object, ...]
    size: int = field(init=False)
    """The elements of all its alternatives, counted as often as paths lead to them."""

    def __post_init__(self) -> None:
        self.size = sum(item.size if isinstance(item, Splice) else 1 for run in (self.if_true, self.if_false) for item in run)


@dataclass(slots=True, eq=False)
class Dict:
    """A dict with constant keys. `open`: it may hold more than is known; `presumed`: but is taken not to
    (the `**kwargs` of a builder that nobody calls)."""

    fields: Fields
    open: bool = False
    presumed: bool = False
    factory: object = None
    """Of a defaultdict: what makes an entry that is missing."""


@dataclass(slots=True, eq=False)
class Model:
    """A model object. kind "sequential": fields["items"] holds (layer, Origin) pairs; "functional": inputs and outputs;
    "application": a model of keras.applications, taken as one layer."""

    kind: str
    name: str
    origin: Origin
    fields: Fields
    layer: Layer | None = None
    called: bool = False
    derived: tuple[object, Tensor, Tensor] | None = None
    """Of a sequential model: (items, input, output) as last built."""
    epoch: int = 0


@dataclass(slots=True, eq=False)
class Placed:
    """An element of a Sequential: the value, where it was put, and under how many tests (`Call.decided`)."""

    value: object
    origin: Origin
    decided: int = 0


@dataclass(slots=True, eq=False)
class Array:
    """Data with a known shape (numpy, tf.random …). `values`: the elements of one row of numbers, where these are known."""

    shape: tuple[object, ...]
    values: tuple[object, ...] | None = None


@dataclass(slots=True, eq=False)
class Dataset:
    """A data set: the batch size that it yields (None: unbatched; Unknown), and the number of its samples."""

    batch_size: object = None
    samples: object = None
    drop_remainder: object = False
    event: Event | None = None
    """The call that batched it."""


@dataclass(slots=True, eq=False)
class Options:
    """A parser of command line options, what it yields, or another namespace: names to values."""

    fields: Fields
    missing: dict[str, Unknown] = field(default_factory=dict)
    command: Unknown | None = None
    """Of the parser of a command: whether that command is given. Of its parent: which command is."""


@dataclass(slots=True, eq=False)
class ArgScope:
    """What an arg_scope of slim sets: arguments by function (contrib's by name)."""

    given: Mapping[object, Mapping[str, object]]


@dataclass(slots=True, eq=False)
class Tape:
    """A GradientTape."""

    number: int


@dataclass(slots=True, eq=False)
class Variables:
    """The (trainable) variables of models or layers. `columns`: where they are those of several models side by side."""

    targets: tuple[object, ...]
    trainable: bool
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """`model.trainable_variables` as a column of a `zip`: the attribute, and where it stands."""

    model: object
    attribute: str
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A variable in a loop over columns, and the loop."""

    columns: tuple[Column, ...]
    index: int
    loop: Origin


@dataclass(slots=True, eq=False)
class LayerList:
    """`model.layers` of a model: its layers as far as known. An Unknown among them stands for the layers of a backbone that the model
    was built upon; `cut`: where they were cut out of the whole list; `backwards`: the last of them comes first."""

    model: object
    layers: tuple[Layer | Unknown, ...]
    known: bool = True
    cut: slice | None = None
    backwards: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Which layers of a model an unknown layer stands for: "each", those of a "slice", or "one"; `cut`: where they stand, as far as known;
    `under`: the tests that led to it."""

    model: object
    which: str
    cut: slice | None
    under: Assumption


TENSORS: Final = (Call, Join)


def is_constant(value: object) -> bool:
    """Whether the value is a plain Python constant, or a tuple of such."""
    return (
        value is None
        or isinstance(value, (bool, int, float, complex, str, bytes, type(...)))
        or (isinstance(value, tuple) and all(is_constant(item) for item in value))
    )


def hashable_key(value: object) -> bool:
    """Whether the value may be the key of a Dict."""
    return is_constant(value) or isinstance(value, (Dotted, Function, Class)) or (isinstance(value, Instance) and value.cls.plain == "enum")


def bind_parameters(parameters: tuple[str, ...], arguments: Arguments) -> dict[str, object]:
    """Argument values by parameter name."""
    named = dict(zip(parameters, (argument.value for argument in arguments.positional), strict=False))
    named.update({argument.name: argument.value for argument in arguments.items if argument.name is not None})
    return named


def first_argument(arguments: Arguments, position: int = 0) -> object:
    """A positional argument; MISSING if it was not given."""
    positional = arguments.positional
    return positional[position].value if position < len(positional) else MISSING


def elements(value: object) -> tuple[object, ...]:
    """The elements of any value as a list would hold them: by a test where the value depends on one, a Splice where they are not known."""
    if isinstance(value, Choice):
        return (Splice(value.condition, elements(value.if_true), elements(value.if_false)),)
    items = sequence(value)
    return items if items is not None else (Splice(Unknown("elements that are not known"), (Unknown("an element"),), ()),)


def unspliced(items: tuple[object, ...]) -> Iterator[object]:
    """The elements of a run, those of all its alternatives; a Splice that stands there twice is entered once."""
    entered: set[int] = set()
    waiting = [*reversed(items)]
    while waiting:
        item = waiting.pop()
        if not isinstance(item, Splice):
            yield item
        elif id(item) not in entered:
            entered.add(id(item))
            waiting += reversed((*item.if_true, *item.if_false))


LONGEST: Final = 4096
"""Elements of a text, a range or a product that are looked at one by one."""


def sequence(value: object) -> tuple[object, ...] | None:
    """The elements of an iterable, as far as its length is known (they may hold Splices); else None."""
    if isinstance(value, List):
        return value.items
    if isinstance(value, tuple):
        return value
    if isinstance(value, (str, bytes, range)):
        return tuple(value) if not value[LONGEST:] else None  # a range may have more elements than `len` can tell
    if isinstance(value, Dict) and not value.open:
        return tuple(value.fields)
    if isinstance(value, LayerList) and value.known:
        return tuple(value.layers)
    if isinstance(value, Array):
        return value.values
    if isinstance(value, Class) and value.plain == "enum":
        return value.members
    if isinstance(value, Instance) and value.cls.plain in ("record", "mapping"):
        return tuple(value.fields.values() if value.cls.plain == "record" else value.fields)
    return None
