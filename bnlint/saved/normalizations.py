"""BatchNormalization among the operations of TensorFlow: fused into one, or written out as Keras 3 always does.

y = x * inv + (beta - mean * inv), inv = rsqrt(variance + epsilon) * gamma; without gamma inv is the root alone, without beta it is -mean.
In inference mean and variance are variables (or constants), in training moments of x, and the variables are assigned beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from bnlint.keras_api.tables import words
from bnlint.records import dataclass
from bnlint.saved.arrays import Array, small
from bnlint.saved.operations import Operation, Source

FUSED: Final = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
OUTPUT: Final = (0, "y")
MOMENTS: Final[Mapping[int | str, int]] = {1: 1, 2: 2, "batch_mean": 1, "batch_variance": 2}

ASSIGNS: Final = frozenset({"Assign", "AssignAdd", "AssignAddVariableOp", "AssignSub", "AssignSubVariableOp", "AssignVariableOp"})
PASSES: Final = words(
    "BroadcastTo Cast CheckNumerics Enter EnsureShape ExpandDims Identity IdentityN PlaceholderWithDefault PreventGradient ReadVariableOp "
    "Reshape Squeeze StopGradient Switch RefSwitch"
)
"""What a variable may go through on its way to where it is used."""

SUMS: Final = frozenset({"Add", "AddV2"})
FUSED_EPSILON: Final = 1e-4
STEPS: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Normalization:
    """One BatchNormalization. `mean` and `variance` are where the statistics come from; a negative `axis` counts from the end.

    `trains`: they are those of the batch.
    """

    input: Source
    gamma: Source | None
    beta: Source | None
    mean: Source | None
    variance: Source | None
    epsilon: float | None
    axis: int | None
    trains: bool


def find(operations: Iterable[Operation], live: set[Operation]) -> dict[Operation, Normalization]:
    """By the operation that gives its output every BatchNormalization. `live` are the operations that depend on the input of the model."""
    found: dict[Operation, Normalization] = {}
    for operation in operations:
        if operation in live:
            normalization = _fused(operation) if operation.kind in FUSED else _written_out(operation, live)
            if normalization is not None:
                found[operation] = normalization
    return found


def _fused(operation: Operation) -> Normalization | None:
    given, gamma, beta, mean, variance = (operation.input(position) for position in range(5))
    if given is None:
        return None
    trains = operation.attributes.get("is_training") is not False  # absent where it is True, the default
    epsilon = operation.attributes.get("epsilon", FUSED_EPSILON)
    first = str(operation.attributes.get("data_format", "NHWC")).startswith("NC")
    if trains:
        mean, variance = Source(operation, 1), Source(operation, 2)
    return Normalization(given, gamma, beta, mean, variance, epsilon if isinstance(epsilon, float) else None, 1 if first else -1, trains)


def _written_out(total: Operation, live: set[Operation]) -> Normalization | None:
    """x * inv + (beta - mean * inv), by its last operation."""
    if total.kind not in SUMS or len(total.inputs) != 2:
        return None
    for scaled, offset in (total.inputs, total.inputs[::-1]):
        if scaled is None or offset is None or scaled.operation.kind != "Mul" or scaled.operation not in live:
            continue
        for given, inverse in _both(scaled.operation):
            root, gamma = _root(inverse)
            if root is None or given.operation not in live:
                continue
            shift = _shift(offset, inverse)
            variance, epsilon = _variance(root)
            if shift is not None and variance is not None:
                mean, beta = shift
                places = [_axis(source) for source in (gamma, beta, mean, variance) if source is not None]
                axis = places[0] if len(set(places)) == 1 else None
                return Normalization(given, gamma, beta, mean, variance, epsilon, axis, variance.operation in live)
    return None


def _both(operation: Operation) -> Iterator[tuple[Source, Source]]:
    """The two inputs of an operation, in both orders."""
    if len(operation.inputs) == 2:
        first, second = operation.inputs
        if first is not None and second is not None:
            yield first, second
            yield second, first


def _root(inverse: Source) -> tuple[Operation | None, Source | None]:
    """The rsqrt in inv, and the gamma by which it is multiplied."""
    operation = _behind_casts(inverse).operation
    if operation.kind == "Rsqrt":
        return operation, None
    if operation.kind == "Mul":
        for root, gamma in _both(operation):
            if root.operation.kind == "Rsqrt":
                return root.operation, gamma
    return None, None


def _shift(offset: Source, inverse: Source) -> tuple[Source, Source | None] | None:
    """The mean and the beta in beta - mean * inv, or in -mean * inv."""
    operation, beta = _behind_casts(offset).operation, None
    inv = _behind_casts(inverse)
    if operation.kind == "Sub" and len(operation.inputs) == 2:
        beta, product = operation.inputs
        if beta is None or product is None:
            return None
        operation = product.operation
    if operation.kind != "Mul":
        return None
    for mean, other in _both(operation):
        if _behind_casts(other) == inv:
            if beta is None:
                negated = mean.operation.input(0) if mean.operation.kind == "Neg" else None
                return None if negated is None else (negated, None)
            return mean, beta
    return None


def _variance(root: Operation) -> tuple[Source | None, float | None]:
    """The variance and the epsilon under the root."""
    total = root.input(0)
    if total is not None and total.operation.kind in SUMS:
        for variance, epsilon in _both(total.operation):
            value = scalar(epsilon)
            if value is not None:
                return variance, value
    return None, None


def _behind_casts(source: Source) -> Source:
    for _ in range(STEPS):
        before = source.operation.input(0)
        if source.operation.kind not in ("Cast", "Identity") or before is None:
            break
        source = before
    return source


def array_of(source: Source | None) -> Array | None:
    """The array of the variable or constant that a value is, whatever its form."""
    operation = origin_of(source)
    constant = operation.attributes.get("value") if operation is not None and operation.kind == "Const" else None
    if isinstance(constant, Array):
        return constant
    return None if operation is None else operation.array


def origin_of(source: Source | None) -> Operation | None:
    """The variable or constant that a value is, whatever its form; None for a value that is worked out."""
    for _ in range(STEPS):
        if source is None:
            return None
        operation = source.operation
        if operation.array is not None or operation.kind == "Const":
            return operation
        if operation.kind not in PASSES:
            return None
        source = operation.input(0)
    return None


def is_constant(source: Source | None) -> bool:
    """Whether a value is a constant, and no variable."""
    operation = origin_of(source)
    return operation is not None and operation.kind == "Const"


def scalar(source: Source) -> float | None:
    """The number that a constant is, as short as its type can tell it."""
    array = array_of(source) if _behind_casts(source).operation.kind == "Const" else None
    numbers = small(array)
    return float(f"{numbers[0]:.7g}") if len(numbers) == 1 else None


def _axis(source: Source) -> int | None:
    """The axis along which a vector stands that was brought into the form (1, n, 1, 1); the last one where its form was left alone."""
    for _ in range(STEPS):
        operation = source.operation
        form = operation.input(1) if operation.kind == "Reshape" else None
        if form is not None:
            wide = [position for position, size in enumerate(small(array_of(form))) if size != 1]
            return wide[0] if len(wide) == 1 else None
        before = operation.input(0)
        if operation.kind not in PASSES or before is None:
            return -1
        source = before
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """A variable that is given a value."""

    operation: Operation
    array: Array
    value: Source | None


def assignments(operations: Iterable[Operation]) -> Iterator[Assignment]:
    """The assignments to variables that are known."""
    for operation in operations:
        if operation.kind in ASSIGNS:
            array = array_of(operation.input(0))
            if array is not None:
                yield Assignment(operation, array, operation.input(1))


def updated(found: Iterable[Normalization], assigned: Iterable[Assignment]) -> dict[Source, Array]:
    """By the moment of the batch the variable whose moving average takes it in: the nearest moment behind the value that is assigned."""
    moments = {_moment(source) for each in found if each.trains for source in (each.mean, each.variance) if source is not None}
    result: dict[Source, Array] = {}
    for assignment in assigned:
        near = _nearest(assignment.value, moments)
        if near is not None:
            result.setdefault(near, assignment.array)
    return result


def moving(source: Source | None, averages: Mapping[Source, Array]) -> Array | None:
    """The array of a statistic: the variable itself, or the one that takes the moment of the batch in."""
    if source is None:
        return None
    return array_of(source) or averages.get(_moment(source))


def _moment(source: Source) -> Source:
    source = _behind_casts(source)
    return Source(source.operation, MOMENTS.get(source.port, source.port)) if source.operation.kind in FUSED else Source(source.operation)


def _nearest(value: Source | None, moments: set[Source]) -> Source | None:
    level = [] if value is None else [value]
    seen: set[Source] = set()
    for _ in range(12):
        deeper: list[Source] = []
        for source in level:
            moment = _moment(source)
            if moment in moments:
                return moment
            if moment not in seen:
                seen.add(moment)
                deeper += [given for given in source.operation.inputs if given is not None]
        level = deeper[:256]
    return None
