"""`match`: patterns of all kinds, on values that are known and on values that are not."""

import pytest

from bnlint.graph import query
from tests.source.programs import read

STAGES = """
from dataclasses import dataclass

@dataclass
class Conv:
    filters: int
    size: int = 3

@dataclass
class Norm:
    momentum: float = 0.9

@dataclass
class Act:
    name: str

x = Input((8, 8, 3))
"""


@pytest.mark.parametrize(
    "source",
    [
        """
for stage in [Conv(4), Norm(), Act("relu")]:
    match stage:
        case Conv(filters=n, size=k):
            x = Conv2D(n, k)(x)
        case Norm(m):
            x = BatchNormalization(momentum=m)(x)
        case Act(name):
            x = Activation(name)(x)
        case _:
            raise ValueError(stage)
""",
        """
for stage in [("conv", 4, 3), ["bn"], ("act", "relu", 0.1)]:
    match stage:
        case ["conv", n, k]:
            x = Conv2D(n, k)(x)
        case ("bn",):
            x = BatchNormalization()(x)
        case ["act", *rest]:
            x = Activation(rest[0])(x)
""",
        """
for stage in [{"type": "conv", "n": 4}, {"type": "bn", "momentum": 0.9}, {"type": "act", "name": "relu", "slope": 1}]:
    match stage:
        case {"type": "conv", "n": n}:
            x = Conv2D(n, 3)(x)
        case {"type": "bn", **rest}:
            x = BatchNormalization(**rest)(x)
        case {"type": "act", "name": str(name)}:
            x = Activation(name)(x)
""",
        """
for stage in [4, "bn", None, "relu"]:
    match stage:
        case int(n):
            x = Conv2D(n, 3)(x)
        case "bn" | "batch" as name:
            x = BatchNormalization(name=name)(x)
        case str() as name if name.startswith("re"):
            x = Activation(name)(x)
        case None:
            pass
        case _:
            x = Dense(9)(x)
""",
    ],
)
def test_what_is_known_picks_its_case(source: str) -> None:
    assert read(STAGES + source).flow == "Input > Conv2D > BatchNormalization > Activation:relu"


@pytest.mark.parametrize(
    "source",
    [
        "match kind:\n    case 'bn':\n        x = BatchNormalization()(x)\n    case 'ln':\n        x = LayerNormalization()(x)",
        "match kind:\n    case {'norm': 'bn'}:\n        x = BatchNormalization()(x)\n    case {'norm': 'ln'}:\n        x = LayerNormalization()(x)",
        "match kind:\n    case ['bn', _]:\n        x = BatchNormalization()(x)\n    case ['ln', *_]:\n        x = LayerNormalization()(x)",
        "match kind:\n    case Norm():\n        x = BatchNormalization()(x)\n    case Act(name=n):\n        x = LayerNormalization()(x)",
        "match kind:\n    case str() if kind.batch:\n        x = BatchNormalization()(x)\n    case int(n) if n > 3:\n        x = LayerNormalization()(x)",
    ],
)
def test_what_is_not_known_forks(source: str) -> None:
    body = "".join(f"    {line}\n" for line in source.split("\n"))
    program = read(STAGES + f"def f(x, kind):\n{body}    return ReLU()(x)\ny = f(x, __import__('mine'))\n")
    (relu,) = query.calls_of(program.models[0], "activation")
    assert {step.call.layer.kind for step in query.producers(relu) if step.call} == {"BatchNormalization", "LayerNormalization", "Input"}
    assert [call.layer.kind for call in program.models[0].calls] == ["Input", "BatchNormalization", "LayerNormalization", "ReLU"]


def test_the_same_pattern_twice_is_one_test() -> None:
    program = read(
        STAGES
        + "from mine import kind\nmatch kind:\n    case Norm():\n        x = Dense(4)(x)\nmatch kind:\n    case Norm():\n        x = BatchNormalization()(x)\ny = ReLU()(x)"
    )
    (norm,) = query.calls_of(program.models[0], "batchnorm")
    assert [step.call.layer.kind for step in query.producers(norm) if step.call] == ["Dense"]
