"""Operations become a model: each that stands for a layer, with those that it absorbs, becomes a call of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from bnlint.graph.model import Call, Gap, Layer, Origin, Unknown, WeightStats
from bnlint.keras_api import shapes
from bnlint.records import dataclass, field, replace
from bnlint.saved import Unreadable
from bnlint.saved.arrays import Array
from bnlint.saved.operations import Operation, Source
from bnlint.saved.sites import Describe, Site

UNRECORDED = Unknown("this format does not record it")

REASONS = 3
"""No more are told why weights were not read."""

Make = Callable[[Site], Layer | None]
"""Makes the layer of a site, where more is known of it than the site tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Assembled:
    """Calls in topological order, the outputs among them, what could not be seen, the arrays of the layers, and why some were not read."""

    calls: tuple[Call, ...] = ()
    outputs: tuple[Call, ...] = ()
    gaps: tuple[Gap, ...] = ()
    arrays: Mapping[Layer, Mapping[str, Array]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class _Assembly:
    describe: Describe
    make: Make
    read: bool
    settled: dict[Source, Operation | None] = field(default_factory=dict)
    sites: dict[Operation, Site] = field(default_factory=dict)
    calls: dict[Operation, Call] = field(default_factory=dict)
    layers: dict[tuple[object, ...], Layer] = field(default_factory=dict)
    arrays: dict[Layer, Mapping[str, Array]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def assemble(outputs: Iterable[Source], describe: Describe, make: Make = lambda site: None, read: bool = True) -> Assembled:
    """The calls on which the outputs depend. `read`: the arrays of BatchNormalization are read."""
    state = _Assembly(describe, make, read)
    found = [where for output in outputs if (where := _settle(state, output)) is not None]
    stack = list(reversed(found))
    open_: set[Operation] = set()
    while stack:
        operation = stack[-1]
        if operation in state.calls:
            stack.pop()
            continue
        entering = [where for source in state.sites[operation].inputs if (where := _settle(state, source)) is not None]
        waiting = [where for where in entering if where not in state.calls and where not in open_]
        if operation not in open_ and waiting:
            open_.add(operation)
            stack += reversed(waiting)
            continue
        open_.discard(operation)
        stack.pop()
        if any(where not in state.calls for where in entering):
            state.gaps.append(Gap("a loop", Origin(key=operation.name)))
        state.calls[operation] = _call(state, operation, [state.calls[where] for where in entering if where in state.calls])
    ends = tuple(dict.fromkeys(state.calls[where] for where in found))
    return Assembled(tuple(state.calls.values()), ends, tuple(state.gaps), state.arrays, tuple(state.problems))


def _settle(state: _Assembly, source: Source) -> Operation | None:
    """The operation whose site a tensor comes from; what hands it on unchanged is passed. None for what is no tensor of the model."""
    passed: list[Source] = []
    found: Operation | None = None
    while source not in state.settled:
        passed.append(source)
        state.settled[source] = None  # what leads round in a circle comes from nowhere
        described = state.describe(source)
        if isinstance(described, Site):
            state.sites.setdefault(source.operation, described)
            found = source.operation
        if not isinstance(described, Source):
            break
        source = described
    else:
        found = state.settled[source]
    state.settled.update(dict.fromkeys(passed, found))
    return found


def _call(state: _Assembly, operation: Operation, inputs: Sequence[Call]) -> Call:
    site = state.sites[operation]
    shape, channels = shapes.output(site.kind, site.config, tuple((call.shape, call.channels) for call in inputs))
    return Call(_layer(state, site), tuple(inputs), site.training, shape, channels, origin=Origin(key=site.key))


def _layer(state: _Assembly, site: Site) -> Layer:
    identity = (site.kind, *sorted(id(array) for array in site.arrays.values())) if site.arrays else (id(site),)
    known = state.layers.get(identity)
    if known is not None:
        return known
    layer = state.make(site) or Layer(
        kind=site.kind,
        role=site.role,
        name=site.key.rpartition("/")[2],
        config=site.config,
        activation=site.activation,
        trainable=UNRECORDED,
        is_function=site.is_function,
        family="tf" if site.is_function else "keras",
        origin=Origin(key=site.key),
    )
    if site.role == "batchnorm" and state.read:
        weights, problems = read_arrays(site.arrays)
        layer = replace(layer, weights=weights)
        state.problems += problems
    state.layers[identity] = layer
    state.arrays[layer] = site.arrays
    return layer


def read_arrays(arrays: Mapping[str, Array]) -> tuple[dict[str, WeightStats], list[str]]:
    """The arrays of a layer; and why some were not read, going on from "this file …"."""
    weights: dict[str, WeightStats] = {}
    problems: dict[str, None] = {}
    for name, array in arrays.items():
        try:
            weights[name] = array.stats()
        except Unreadable as problem:
            problems[problem.message] = None
    return weights, list(problems)


def unread(problems: Iterable[str]) -> tuple[str, ...]:
    """The notes on weights that were not read, each reason once."""
    return tuple(f"weights were not read: this file {problem}" for problem in dict.fromkeys(problems))[:REASONS]


def unplaced(layer: Layer) -> tuple[Call, Call, Call]:
    """A layer of which it is not known where it stands: what feeds it is unknown, and so is what it feeds."""
    around = [Layer("unknown", "unknown", name="the place of the layer is not recorded", origin=layer.origin) for _ in range(2)]
    before = Call(around[0], origin=layer.origin)
    call = Call(layer, (before,), origin=layer.origin)
    return before, call, Call(around[1], (call,), origin=layer.origin)
