"""Classes that are data: enumerations, named tuples, data classes, dicts with attributes; the order of bases."""

import pytest

from tests.source.programs import known, read

BLOCK = "Input > Conv2D > BatchNormalization > Activation:relu"

HEAD = """
import collections, dataclasses, enum
from collections import namedtuple
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from typing import NamedTuple

class Norm(Enum):
    LAYER = "layer"
    BATCH = "batch"

class Kind(enum.Enum):
    LAYER = auto()
    BATCH = auto()

class Text(str, Enum):
    LAYER = "layer"
    BATCH = "batch"

class Size(IntEnum):
    SMALL = 4
    LARGE = 8

i = Input((8, 8, 3))
"""


@pytest.mark.parametrize(
    "norm",
    [
        "def f(kind):\n    if kind is Norm.BATCH:\n        return BatchNormalization()\n    return LayerNormalization()\nn = f(Norm.BATCH)",
        "def f(kind):\n    if kind == Norm.LAYER:\n        return LayerNormalization()\n    return BatchNormalization()\nn = f(Norm('batch'))",
        "def f(kind):\n    return BatchNormalization() if kind.value == 'batch' else LayerNormalization()\nn = f(Norm['BATCH'])",
        "n = {Kind.LAYER: LayerNormalization, Kind.BATCH: BatchNormalization}[Kind.BATCH]()",
        "n = {'batch': BatchNormalization}[Norm.BATCH.value]()",
        "n = [BatchNormalization() for kind in Norm if kind.name == 'BATCH'][0]",
        "n = BatchNormalization() if Text.BATCH == 'batch' and 'batch' in [Text.BATCH] else LayerNormalization()",
        "n = BatchNormalization() if Text.BATCH.upper() == 'BATCH' and Text.BATCH.value == 'batch' else LayerNormalization()",
        "n = BatchNormalization() if Size.SMALL < Size.LARGE and Size.SMALL * 2 == 8 else LayerNormalization()",
        "n = BatchNormalization() if Kind.LAYER.value == 1 and len(Kind) == 2 and Kind(2) is Kind.BATCH else LayerNormalization()",
        "match Kind.BATCH:\n    case Kind.LAYER:\n        n = LayerNormalization()\n    case Kind.BATCH:\n        n = BatchNormalization()",
        "class Layer(Enum):\n    BATCH = ('bn', 0.9)\n    def __init__(self, short, momentum):\n        self.momentum = momentum\n    def make(self):\n"
        "        return BatchNormalization(momentum=self.momentum)\nn = Layer.BATCH.make()",
        "class Spec(NamedTuple):\n    filters: int\n    norm: bool = True\ns = Spec(4)\nfilters, norm = s\nn = BatchNormalization() if norm and s[1] and s.norm else LayerNormalization()",
        "Spec = namedtuple('Spec', 'filters norm')\nfor filters, norm in [Spec(4, norm=True)]:\n    n = BatchNormalization() if norm else LayerNormalization()",
        "Spec = collections.namedtuple('Spec', ['filters', 'norm'], defaults=(False,))\ns = Spec(4)._replace(norm=True)\nn = BatchNormalization() if s.norm and s._fields[1] == 'norm' else 0",
        "Spec = NamedTuple('Spec', [('filters', int), ('norm', bool)])\nn = BatchNormalization() if Spec._make([4, True])._asdict()['norm'] else 0",
        "@dataclass\nclass Spec:\n    filters: int\n    norms: list = field(default_factory=lambda: [BatchNormalization])\nn = Spec(4).norms[0]()",
        "@dataclass\nclass Spec:\n    filters: int = 4\n    def __post_init__(self):\n        self.norm = BatchNormalization if self.filters == 4 else LayerNormalization\nn = Spec().norm()",
        "class Spec(dict):\n    __getattr__ = dict.__getitem__\n    __setattr__ = dict.__setitem__\ns = Spec(norm=True)\ns.kind = BatchNormalization\nn = s['kind']() if s.norm else 0",
        "class Spec(dict):\n    def __init__(self, *a, **k):\n        super().__init__(*a, **k)\n        self.__dict__ = self\ns = Spec({'norm': True}, kind=BatchNormalization)\n"
        "n = s.kind() if s.get('norm') and 'norm' in s and len(s) == 2 else 0",
        "class Spec:\n    def __init__(self, **k):\n        self.__dict__.update(k)\nn = Spec(kind=BatchNormalization).kind()",
        "class A:\n    def make(self):\n        return LayerNormalization()\nclass B(A):\n    pass\nclass C(A):\n    def make(self):\n        return BatchNormalization()\nclass D(B, C):\n    pass\nn = D().make()",
    ],
)
def test_data_classes_of_all_kinds_are_followed(norm: str) -> None:
    assert read(f"{HEAD}{norm}\ny = Activation('relu')(n(Conv2D(4, 3)(i)))").flow == BLOCK


def test_members_are_numbers_where_numbers_are_wanted() -> None:
    assert read(f"{HEAD}y = Dense(Size.LARGE)(i)").layer("Dense").config["units"] == 8


def test_an_unknown_member_is_one_of_all() -> None:
    program = read(
        f"{HEAD}from mine import kind\nn = {{Norm.LAYER: LayerNormalization, Norm.BATCH: BatchNormalization}}[Norm(kind)]()\ny = ReLU()(n(i))"
    )
    assert program.flow == "Input > LayerNormalization > BatchNormalization(Input) > ReLU({LayerNormalization | BatchNormalization})"


def test_a_field_that_was_not_given_is_unknown() -> None:
    assert known(read(f"{HEAD}Spec = namedtuple('Spec', 'a b')\ny = Dense(Spec(1).b)(i)").layer("Dense").config["units"]) == "?"


@pytest.mark.parametrize("kind", ["@dataclass\nclass Spec:", "class Spec(NamedTuple):"])
@pytest.mark.parametrize("given", ["{name: True for name in names(Spec)}", "names(Spec)"])
def test_a_field_that_may_be_given_is_not_its_default(kind: str, given: str) -> None:
    program = read(
        f"{HEAD}from mine import names\n{kind}\n    norm: bool = False\nspec = Spec(**{given})\n"
        "y = BatchNormalization()(i) if spec.norm else ReLU()(i)\nkeras.Model(i, Dense(1)(y))"
    )
    assert {call.layer.kind for call in program.models[0].calls} == {"Input", "BatchNormalization", "ReLU", "Dense"}


@pytest.mark.parametrize("of", ["Spec", "Spec()"])
def test_the_fields_of_a_data_class_are_known(of: str) -> None:
    program = read(
        f"{HEAD}@dataclass\nclass Base:\n    filters: int = 4\n    kinds: dataclasses.InitVar[list] = None\n@dataclass\nclass Spec(Base):\n    norm: bool = False\n"
        f"made = dict()\nfor part in dataclasses.fields({of}):\n    made[part.name] = part.default or True\nspec = Spec(**made)\n"
        "y = Conv2D(spec.filters, 3)(i)\nkeras.Model(i, BatchNormalization()(y) if spec.norm else ReLU()(y))"
    )
    assert [call.layer.kind for call in program.models[0].calls] == ["Input", "Conv2D", "BatchNormalization"]
    assert program.models[0].calls[1].layer.config["filters"] == 4


@pytest.mark.parametrize("copy", ["Spec(*dataclasses.astuple(Spec(8, norm=True)))", "Spec(**dataclasses.asdict(Spec(8, norm=True)))"])
def test_what_a_data_class_holds_is_known(copy: str) -> None:
    program = read(
        f"{HEAD}@dataclass\nclass Spec:\n    filters: int = 4\n    norm: bool = False\nspec = {copy}\n"
        "y = Conv2D(spec.filters, 3)(i)\nkeras.Model(i, BatchNormalization()(y) if spec.norm else ReLU()(y))"
    )
    assert [call.layer.kind for call in program.models[0].calls] == ["Input", "Conv2D", "BatchNormalization"]
    assert program.models[0].calls[1].layer.config["filters"] == 8
