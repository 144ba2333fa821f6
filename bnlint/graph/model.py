"""The graph: dataclasses only. Front ends build it, checks ask it (through `query`), `dump` prints it.

It is long because it is a vocabulary: its words refer to each other, and whoever writes a front end or a check looks them up in one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum, isfinite, nan
from typing import Final, Literal, NamedTuple, NoReturn

from bnlint.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of source. Lines, columns and cells count from 1 (all cells counted), columns in code points; the end is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    cell: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something comes from.

    `stack` holds the call sites through which the code was reached, outermost first; `scope` is the dotted name of the
    function or class in which `span` stands textually ("" at module level); `key` is the path inside an artifact.
    """

    span: Span | None = None
    stack: tuple[Span, ...] = ()
    scope: str = ""
    key: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """A value that could not be resolved, and why. It has no truth value.

    As the condition of a `Choice` or `Join` it stands for its own truth. `test` says what it tests, where that is known:
    ("==", other, constant), ("is", other, None) or ("isinstance", other, names of classes); two tests of one unknown are then correlated.
    `mode`: it tells whether a model is training. `presumed`: the default of the parameter that it stands for.
    """

    reason: str
    origin: Origin | None = None
    test: tuple[str, Unknown, object] | None = None
    mode: bool = False
    presumed: object = None

    def __bool__(self) -> NoReturn:
        raise TypeError(f"an unknown value has no truth: {self.reason}")


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A value that depends on a test: `if_true` where `condition` holds, else `if_false`. It has no truth value."""

    condition: Unknown
    if_true: object
    if_false: object

    def __bool__(self) -> NoReturn:
        raise TypeError("a choice has no truth; resolve it under an assumption (query.resolve)")


class Absent:
    """The type of `ABSENT`: an argument that was not given (None was not given either)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()

Dimension = int | None | Unknown
"""A known size, None for a size that is open by declaration (the batch, `Input((None, 3))`), Unknown otherwise."""

Shape = tuple[Dimension, ...] | None
"""Batch first; None when not even the rank is known."""

Under = tuple[tuple[Unknown, bool], ...]
"""The tests, and their outcomes, under which something exists."""


@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """One argument as written. `name` is None for a positional one; `span` covers the value only.

    `literal`: the value stands there itself (`0.1`, `"relu"`, `(3, 3)`), not a name for it. `certain`: it is given whatever the tests say
    that led there; else it comes out of a dict that holds it under some tests only.
    """

    name: str | None
    value: object
    span: Span | None
    literal: bool = True
    certain: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Arguments:
    """The arguments of a call as written. `complete` is False where a `*args` or `**kwargs` could not be resolved.

    `presumed`: they are incomplete only because a builder that nobody calls passes its own `**kwargs` on, which are taken to be empty.
    """

    items: tuple[Argument, ...] = ()
    complete: bool = True
    presumed: bool = False

    @property
    def positional(self) -> tuple[Argument, ...]:
        return tuple([item for item in self.items if item.name is None])

    def keyword(self, name: str) -> Argument | None:
        for item in self.items:
            if item.name == name:
                return item
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """An object with weights, or (`is_function`) a function or operator on tensors. Identity matters.

    `kind` is the canonical Keras class name, or a function's own name (`relu` for tf.nn.relu); `role` is one of
    keras_api.roles.ROLES; `config` maps canonical argument names to values, with Keras's defaults filled in for the arguments
    that `keras_api` lists (values: constants, tuples, Unknown, Choice). `activation` is the inline activation of a
    linear layer or what an activation applies ("relu"), Unknown where it cannot be told, None where there is none.
    `trainable` is the constructor's word only; later changes are Events (`query.frozen`). `family` says whose layer
    it is: "keras", "tf1" (tf.layers), "contrib" (tf.contrib, slim), "tf" (functions), "user". `subclass` names the user's class where
    the layer is an instance of a user's subclass of `kind`. `inner` is what a wrapper (TimeDistributed …) wraps.
    """

    kind: str
    role: str
    name: object = None
    config: Mapping[str, object] = field(default_factory=dict)
    arguments: Arguments = field(default_factory=Arguments)
    activation: str | Unknown | Choice | None = None
    trainable: object = True
    weights: Mapping[str, WeightStats] = field(default_factory=dict)
    inner: Layer | None = None
    is_function: bool = False
    family: str = "keras"
    subclass: str | None = None
    stock: bool = False
    """Whether that class computes just what the layer of Keras does."""
    path: str | None = None
    """The dotted name through which the source reached the class (`tensorflow.keras.layers.Dense`)."""
    attempted: bool = False
    """Whether the code is ready for Keras to refuse it: built in a `try` that catches TypeError or ValueError, or under `pytest.raises`."""
    origin: Origin = field(default_factory=Origin)

    @property
    def altered(self) -> bool:
        """Whether it is of a user's class that may compute something else than the layer of Keras does."""
        return self.subclass is not None and not self.stock


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One application of a layer: a tensor.

    `origin.span` is the applying expression: `BN()(x)` whole, or the element `BN()` of a Sequential list or the
    argument of `add`. `hole` is the span of the input tensor inside it, None where the input is implied (Sequential).
    `training` is the argument as given (ABSENT if not). `channels` is the index (from 0, batch is 0) of the
    channel axis of the output where it follows from the code, else None. `under`: the tests this call depends on.
    `owner` is the class whose `call` applied it, if any. `decided` counts the tests of the code (`if`, `and`,
    `match`) that led there: what stands under more of them than its neighbour is an option, even where a default decides the test.
    """

    layer: Layer
    inputs: tuple[Tensor, ...] = ()
    training: object = ABSENT
    shape: Shape = None
    channels: int | None = None
    under: Under = ()
    hole: Span | None = None
    owner: str | None = None
    decided: int = 0
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True, eq=False)
class Join:
    """Where branches of the code meet. Two alternatives: the first where `condition` holds, the second where it does not."""

    alternatives: tuple[Tensor, Tensor]
    condition: Unknown
    shape: Shape = None
    channels: int | None = None
    origin: Origin = field(default_factory=Origin)


Tensor = Call | Join


class Turn(NamedTuple):
    """One execution: that of a module, of a cell, or of a function that nothing seen calls.

    `execution` is the number under which a cell of a notebook ran last, where the notebook says so.
    """

    number: int = 0
    name: str = ""
    execution: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """Something that code does to a model, a layer or a data set, in order of execution (`order` counts within a module).

    `kind` is one of EVENTS; `target` is the model or layer it is done to (Unknown if unresolved, None if there is none); `args` are the
    arguments by name. `under` as in Call; `tape` numbers the innermost GradientTape that is recording, None outside. `run` is the
    execution it happened in.
    """

    kind: str
    target: object
    args: Mapping[str, object] = field(default_factory=dict)
    order: int = 0
    under: Under = ()
    tape: int | None = None
    arguments: Arguments = field(default_factory=Arguments)
    origin: Origin = field(default_factory=Origin)
    run: Turn = field(default_factory=Turn)


EVENTS: Final[Mapping[str, str]] = {
    "assigned": "the signature through which a saved model serves assigns moving statistics of the target layer: args signature (its "
    "name), statistics (theirs)",
    "compile": "model.compile(...): args loss, optimizer, metrics",
    "fit": "model.fit / fit_generator: args x, batch_size (the value that training really uses), samples (int where known), epochs, "
    "validation_data, batch (the Event that batched the data set, or None)",
    "train_on_batch": "model.train_on_batch: args batch_size where known",
    "evaluate": "model.evaluate / test_on_batch / evaluate_generator",
    "stateless_call": "model.stateless_call(…): args training, dropped (whether its second result, the new statistics, is let go)",
    "predict": "model.predict / predict_on_batch / predict_generator",
    "call": "model(x, …) on data, or model.call(x): args training, direct (True for model.call), inputs, tapes (all that record, "
    "outermost first), owner (the class whose `call` is running, or None)",
    "apply": "model(tensor, training=…) while another model is built: args training, owner (as in call)",
    "named": "an attribute that stands for BatchNormalization, by a path that is gone from newer versions: args path",
    "learning_phase": "set_learning_phase or learning_phase_scope: args value, path (the dotted name of the function)",
    "read_learning_phase": "learning_phase(): args path",
    "positional": "a BatchNormalization called with a second positional argument: args value, names (that stand in the argument)",
    "gradient": "tape.gradient: args sources (tuple of models or layers whose trainable variables are differentiated; Unknown), "
    "of_inputs (bool), squared (True where the gradient is seen to be squared, or its norm taken)",
    "apply_gradients": "optimizer.apply_gradients / minimize / apply: args sources",
    "backward": "loss.backward(), as torch takes gradients: of what is not said",
    "set_trainable": "X.trainable = v: args value; where it is set on layers of the target, of ('each', 'slice', 'one'), cut (where "
    "these stand among all, a slice, or None), names (of layers from which on, or up to which, it is set) and only ('' all of them, "
    "'batchnorms', 'others': none of these, 'unclear': under a test that is not understood)",
    "copy": "a loop over the variables of several models, side by side, changes those of the target: args which (the attribute that lists "
    "them), sources (the other models); it stands where the loop does, its arguments where the attributes do",
    "load_weights": "weights loaded into the target: args source",
    "set_weights": "weights that models of the program had, given to the target",
    "save": "model.save / save_weights",
    "batch": "dataset.batch(n): target is the Dataset value, args batch_size, drop_remainder, samples",
    "not_a_layer": "an element of Sequential / add that is no layer: args what ('class' | 'function'), kind, returns, "
    "place ('element' | 'input')",
    "data_format": "set_image_data_format or image_data_format read: args value (None for a read)",
    "discarded": "a BatchNormalization built by a statement that does nothing else",
    "escape": "a layer handed to code that is not seen",
    "built": "a BatchNormalization built again with each batch: args where ('call', 'step', 'tf.function', 'Lambda', 'loop'), name "
    "of the function",
    "captured": "a BatchNormalization held where Keras does not find its weights: args where ('Lambda', 'Module', 'function': the "
    "origin is that function), name, tracked (of a function: whether an object of a Keras class holds it as well)",
    "distributed": "a layer built in the scope of a strategy: args strategy, replicas (if known), certain (not entered under a test)",
    "optimizer": "an optimizer of Keras is made: target is the value, args its arguments by name, and class",
    "exclude": "optimizer.exclude_from_weight_decay: args var_list, var_names",
    "mixed": "what models made and other data are put into one batch: target is the value",
    "per_replica": "a number that is multiplied by `num_replicas_in_sync`: args size",
    "rematerialized": "a layer that remat, recompute_grad or a RematScope runs again for the gradients: args name",
    "steps": "what the optimizer of a model file has done: args steps (how many it has made)",
    "repeated": "[layer] * n, a list that holds one layer several times",
    "wrapped": "TimeDistributed(model), the target: args model",
    "update_ops": "TF1's collection UPDATE_OPS: args how ('read', 'control_dependencies' on it, 'run' by what makes the training step)",
}


@dataclass(frozen=True, slots=True, eq=False)
class WeightStats:
    """One weight array of a saved or live model, and its summary.

    `min`, `max` and `mean` are those of the finite values (nan where there is none); `nonfinite` counts the others. `values` holds the
    whole array of a BatchNormalization, one number for each channel; it is empty for other layers, of which only the summary is kept.
    """

    shape: tuple[int, ...]
    min: float
    max: float
    mean: float
    dtype: str = "float32"
    nonfinite: int = 0
    values: Sequence[float] = ()

    @classmethod
    def of(cls, values: Sequence[float], dtype: str = "float32") -> WeightStats:
        """The summary of a vector."""
        if isfinite(sum(values)):  # then all of them are
            finite, mean = values, fsum(values) / len(values) if values else nan
        else:
            finite = [value for value in values if isfinite(value)]
            mean = fsum(value / len(finite) for value in finite) if finite else nan  # a sum of the largest floats is none
        low, high = (min(finite), max(finite)) if finite else (nan, nan)
        return cls((len(values),), low, high, mean, dtype, len(values) - len(finite), values)


@dataclass(frozen=True, slots=True)
class Artifact:
    """The file, or the object in memory, that a model was read from.

    `format` is what a user calls it ("Keras archive"), `keras` the version of Keras that wrote it, None where the format does not
    record it. `layers` and `batchnorms` count the layers, nested ones too; `weights` tells whether their weights were read, `live` whether
    it is an object in memory, which code has made. `notes` say, in a sentence each, what this format does not record or what was left out.
    """

    path: str
    format: str
    keras: str | None = None
    layers: int = 0
    batchnorms: int = 0
    weights: bool = False
    live: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """Something that could not be seen, and why."""

    reason: str
    origin: Origin = field(default_factory=Origin)


ModelKind = Literal["sequential", "functional", "subclass", "block", "open"]
"""`block`: an uncalled user Layer; `open`: a builder function or script whose calls belong to no model object."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ModelGraph:
    """One model: its calls in topological order, what it outputs, what was done to it, what could not be seen."""

    name: str
    kind: ModelKind = "open"
    calls: tuple[Call, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    events: tuple[Event, ...] = ()
    gaps: tuple[Gap, ...] = ()
    cls: ClassInfo | None = None
    parts: tuple[object, ...] = ()
    """The model objects (ModelGraph) that were called inside this one."""
    artifact: Artifact | None = None
    """What the model was read from; None for a model that stands in source code."""
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """A parameter of a method. `default` is ABSENT where there is none; `kind` as in inspect ("positional", "keyword", "*", "**").

    `annotation` is the name that is written as its type, "" where that is more than a name, or nothing.
    """

    name: str
    default: object = ABSENT
    kind: str = "positional"
    span: Span | None = None
    annotation: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """`origin.span` starts at the `def` line's first character (`def` itself, not a decorator) and ends with the body."""

    name: str
    parameters: tuple[Parameter, ...] = ()
    decorators: tuple[str, ...] = ()
    origin: Origin = field(default_factory=Origin)

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)


@dataclass(frozen=True, slots=True, eq=False)
class ClassInfo:
    """A class of the user. `base` is the Keras class it derives from (transitively): "Model", "Layer", "BatchNormalization", …, or None.

    `used` tells how instances are seen to be used in the file: any of "fit", "sublayer", "custom_step", "called",
    "told" and "untold" (a caller gives, or leaves out, a parameter of `call` for the mode that Keras does not know).
    `layers` are the layers (and `models` the submodels) that its instances own or apply, as far as seen. Of a subclass of a layer:
    `reloads` is False where Keras cannot find it again in a saved model (it is neither registered nor handed over by name), `passed`
    are the arguments that its `call` gives to the one it overrides (None: it is not seen to call it).
    """

    name: str
    base: str | None = None
    methods: Mapping[str, Method] = field(default_factory=dict)
    layers: tuple[Layer, ...] = ()
    used: frozenset[str] = frozenset()
    complete: bool = True
    reloads: bool = True
    passed: frozenset[str] | None = None
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """A name bound by an import statement. `dotted` is the full path of what is imported; `local`: Keras stands in the project itself."""

    name: str
    dotted: str
    origin: Origin = field(default_factory=Origin)
    local: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """What is not a graph but must be asked about.

    `constructions` holds every layer built in the file, applied or not; `unreached` are the constructor calls of BatchNormalization that
    nothing seen leads to; `guarded` is code that is ready for another version of Keras; `mentions` are the names of interest
    (`UPDATE_OPS`) that stand in its code, also where that is not followed, or in that of files which are read for its sake alone; `cut`
    tells that not all of it was followed, for it would have cost too much.
    """

    path: str
    imports: tuple[Import, ...] = ()
    classes: tuple[ClassInfo, ...] = ()
    constructions: tuple[Layer, ...] = ()
    events: tuple[Event, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unreached: tuple[Origin, ...] = ()
    guarded: tuple[Span, ...] = ()
    mentions: frozenset[str] = frozenset()
    cut: bool = False


NEWEST: Final = (3, 15)
"""The newest Keras that bnlint was tested with: what "Keras 3" stands for."""


@dataclass(frozen=True, slots=True)
class KerasTarget:
    """The Keras that the code runs on. `minor` is None where only the major version is known; `why` is shown to the user."""

    major: int
    minor: int | None = None
    why: str = "assumed"

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor: of an unknown minor the newest."""
        newest = NEWEST[1] if self.major == NEWEST[0] else 99
        return self.major, newest if self.minor is None else self.minor

    def __str__(self) -> str:
        return f"Keras {self.major}" if self.minor is None else f"Keras {self.major}.{self.minor}"


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Project:
    """What a check receives: the target Keras, the modules under lint (none for a saved model), the graphs."""

    keras: KerasTarget
    modules: tuple[Module, ...] = ()
    models: tuple[ModelGraph, ...] = ()
