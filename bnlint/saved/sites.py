"""What an operation stands for in a model of Keras: a layer, with the operations that it absorbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bnlint.graph.model import ABSENT
from bnlint.records import dataclass, field, replace
from bnlint.saved.arrays import Array
from bnlint.saved.operations import Operation, Source


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """What an operation stands for: a layer, and what enters it.

    `arrays` are its weights by the names that Keras gives them: sites with the same ones are calls of one layer. `key` is where the
    layer stands in the file.
    """

    kind: str
    role: str
    key: str
    inputs: tuple[Source, ...] = ()
    activation: str | None = None
    config: Mapping[str, object] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    is_function: bool = False
    training: object = ABSENT


Described = Site | Source | None
"""A layer; where the same tensor comes from; or None for what is no tensor of the model (a constant, a shape)."""

Describe = Callable[[Source], Described]

Linear = Callable[[Operation], Site | None]


def biased(total: Operation, live: set[Operation], linear: Linear, array_of: Callable[[Source | None], Array | None]) -> Site | None:
    """A convolution or a product with the bias that is added to it: one layer, whose output is the sum."""
    sides = [source for source in total.inputs if source is not None]
    data = [source for source in sides if source.operation in live]
    bias = next((array for source in sides if source.operation not in live and (array := array_of(source)) is not None), None)
    if len(sides) != 2 or len(data) != 1 or bias is None or bias.shape == ():
        return None
    plain = linear(data[0].operation)
    if plain is None:
        return None
    return replace(plain, config={**plain.config, "use_bias": True}, arrays={**plain.arrays, "bias": bias})


def gated(product: Operation, key: str) -> Site | None:
    """x * sigmoid(x)."""
    sides = [source for source in product.inputs if source is not None]
    for gate, other in zip(sides, reversed(sides), strict=True):
        if gate.operation.kind == "Sigmoid" and gate.operation.input(0) == other:
            return Site("Activation", "activation", key, (other,), "silu", {"activation": "silu"})
    return None
