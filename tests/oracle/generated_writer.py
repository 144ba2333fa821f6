"""What writes a generated program: the kind of tensors, the layers, the block that is being written."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random

from tests.oracle.generated_words import Words

ACTIVATIONS = ("relu", "elu", "selu", "swish", "sigmoid", "tanh", "softplus", "gelu")
MOST = 48
"""Layers that a program may apply, about."""


@dataclass(frozen=True)
class World:
    """The kind of tensors that a program works on. `{f}` stands for the width, `{k}` for the size of a kernel, `{more}` for options.

    `pool` may be applied `halvings` times, `up` undoes it; `squeeze` is the shape that weighs channels.
    """

    shape: str
    linear: tuple[str, ...]
    keeping: tuple[str, ...]
    ends: tuple[str, ...] = ()
    pool: str = ""
    up: str = ""
    halvings: int = 0
    squeeze: str = ""


WORLDS = (
    World(
        "8, 8, {c}",
        (
            "<Conv2D>({f}, {k}, padding='same'{more})",
            "<Conv2D>({f}, kernel_size=({k}, {k}), padding='same'{more})",
            "<Conv2D>(filters={f}, kernel_size={k}, padding='same'{more})",
            "<SeparableConv2D>({f}, {k}, padding='same'{more})",
            "<Conv2DTranspose>({f}, {k}, padding='same'{more})",
        ),
        (
            "<DepthwiseConv2D>({k}, padding='same'{more})",
            "<MaxPooling2D>(3, strides=1, padding='same')",
            "<AveragePooling2D>(pool_size=2, strides=1, padding='same')",
            "<SpatialDropout2D>(0.1)",
        ),
        ("<GlobalAveragePooling2D>()", "<GlobalMaxPooling2D>()", "<Flatten>()"),
        "<MaxPooling2D>()",
        "<UpSampling2D>()",
        3,
        "(1, 1, {f})",
    ),
    World(
        "6, {c}",
        (
            "<Conv1D>({f}, {k}, padding='causal'{more})",
            "<Conv1D>({f}, kernel_size={k}, padding='same'{more})",
            "<Dense>({f}{more})",
            "<TimeDistributed>(<Dense>({f}{more}))",
            "<LSTM>({f}, return_sequences=True)",
        ),
        ("<TimeDistributed>(<BatchNormalization>())", "<MaxPooling1D>(3, strides=1, padding='same')", "<SpatialDropout1D>(0.1)"),
        ("<GlobalAveragePooling1D>()", "<Flatten>()"),
        "<MaxPooling1D>(2)",
        "<UpSampling1D>(2)",
        1,
        "(1, {f})",
    ),
    World("{c},", ("<Dense>({f}{more})", "<Dense>(units={f}{more})"), ("<Dropout>(0.1)",)),
)


@dataclass(frozen=True)
class Kit:
    """Something that the program defines and a body may use: (writer, body, tensor, width) -> the expression of the new tensor."""

    use: Callable[["Writer", "Body", str, str], str]
    weight: int
    plain: str | None = None
    """What may be called as `plain(tensor, width)`."""


@dataclass
class Body:
    """A block that is being written: `x` names the tensor that goes on, `width` is the expression of its channels."""

    x: str
    width: str
    kits: list[Kit]
    flags: dict[str, str] = field(default_factory=dict)
    returns: bool = False
    level: int = 0

    def inner(self, **changes: object) -> "Body":
        return replace(self, level=self.level + 1, **changes)  # type: ignore[arg-type]


class Writer:
    """The text so far, and what it costs. `steps` are the statements that it knows: how often, how, and whether they hold others."""

    def __init__(self, seed: int, major: int, steps: "Sequence[tuple[int, Step, bool]]") -> None:
        self.steps = steps
        self.dice = Random(f"{seed} {major}")
        self.words = Words(self.dice, major)
        self.world = self.dice.choice(WORLDS)
        self.major = major
        self.lines: list[str] = []
        self.depth = 0
        self.weight = 0
        self.factor = 1
        self.norms = ["<BatchNormalization>"] * 3
        self.inputs = 1
        self.inside = False
        """Whether the present block stands in a function."""
        self._names = 0

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + self.words.resolve(text) if text else "")

    @contextmanager
    def block(self, header: str, times: int = 1) -> Iterator[None]:
        """Indented lines, which run so many times."""
        self.line(header)
        self.depth += 1
        self.factor *= times
        outer, self.inside = self.inside, self.inside or header.startswith("def ")
        try:
            yield
        finally:
            self.inside = outer
            self.depth -= 1
            self.factor //= times

    @contextmanager
    def apart(self) -> Iterator[list[str]]:
        """Lines that are kept for later."""
        outer, self.lines = self.lines, []
        try:
            yield self.lines
        finally:
            self.lines = outer

    def pick(self, *choices: str) -> str:
        return self.dice.choice(choices)

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def fresh(self, stem: str) -> str:
        self._names += 1
        return f"{stem}_{self._names}"

    def spend(self, layers: int = 1) -> None:
        self.weight += layers * self.factor

    # Layers ----------------------------------------------------------------------------------------------------------

    def linear(self, b: Body, width: str | None = None) -> str:
        """A layer that makes tensors of the width."""
        self.spend()
        more = self.bias(b) + (f", activation={self.activation(b)}" if self.chance(0.25) else "")
        more += self.pick("", "", "", ", bias_initializer='zeros'", ", bias_regularizer=None")
        text = self.dice.choice(self.world.linear)
        kernels = [name for name, kind in b.flags.items() if kind == "kernel"]
        if "LSTM" in text and not self.chance(0.3):
            text = self.world.linear[0]
        return text.format(f=width or b.width, k=self.pick("1", "3", *kernels), more=more)

    def bias(self, b: Body) -> str:
        flags = [name for name, kind in b.flags.items() if kind == "bool"]
        return self.pick("", "", ", use_bias=False", *(f", use_bias=not {flag}" for flag in flags))

    def activation(self, b: Body) -> str:
        """What may be given as `activation=`."""
        flags = [name for name, kind in b.flags.items() if kind == "activation"]
        if flags and self.chance(0.5):
            return self.dice.choice(flags)
        if self.chance(0.15):
            return self.words.function()
        return f"'{self.dice.choice(ACTIVATIONS)}'"

    def norm(self, b: Body) -> str:
        self.spend()
        names = [name for name, kind in b.flags.items() if kind == "momentum"]
        callee = self.dice.choice(self.norms)
        common = ("", "", "", "momentum=0.9", *(f"momentum={name}" for name in names))
        own = ("epsilon=1e-5", "scale=False", "axis=-1", "name=None") if callee == self.norms[0] else ()
        return f"{callee}({self.pick(*common, *own)})"

    def active(self, b: Body) -> str:
        """A layer that applies an activation."""
        self.spend()
        return self.pick(
            "<ReLU>()",
            "<LeakyReLU>(0.2)",
            "<ELU>()",
            "<PReLU>()",
            "<Softmax>()",
            "<ReLU>(max_value=6)",
            *[f"<Activation>({self.activation(b)})"] * 6,
        )

    def other(self, b: Body) -> str:
        self.spend()
        flags = [name for name, kind in b.flags.items() if kind == "rate"]
        rate = self.pick("0.1", "rate=0.25", *flags)
        return self.pick(
            f"<Dropout>({rate})",
            "<GaussianNoise>(0.1)",
            "<LayerNormalization>()",
            "<Identity>()" if self.major == 3 else "<Dropout>(0.2)",
            *self.world.keeping,
        ).format(k=self.pick("1", "3"), more=self.bias(b))

    def layer(self, b: Body) -> str:
        """Any layer that keeps the width."""
        return self.dice.choice((self.linear, self.linear, self.norm, self.norm, self.active, self.other))(b)

    def layers(self, b: Body, count: int) -> list[str]:
        return [self.layer(b) for _ in range(count)]

    def value(self, kind: str, b: Body) -> str:
        """An argument for a parameter of the kind."""
        same = [name for name, other in b.flags.items() if other == kind]
        if same and self.chance(0.4):
            return self.dice.choice(same)
        return self.dice.choice(VALUES[kind])

    def test(self, name: str, kind: str) -> str:
        """A condition on a flag of the kind."""
        return self.dice.choice(TESTS[kind]).format(name)


VALUES = {
    "bool": ("True", "False"),
    "activation": ("'relu'", "'swish'", "'elu'", "None"),
    "rate": ("0", "0.0", "0.25", "0.5"),
    "norm": ("'batch'", "'layer'", "None"),
    "count": ("1", "2"),
    "kernel": ("1", "3"),
    "momentum": ("0.9", "0.99"),
}
"""Kinds of parameters, and what callers pass."""

TESTS = {
    "bool": ("{}", "{}", "not {}", "{} is True"),
    "activation": ("{}", "{} is not None", "{} == 'relu'", "{} in ('relu', 'swish')"),
    "rate": ("{}", "{} > 0", "{} > 0.0", "{} != 0"),
    "norm": ("{} == 'batch'", "{} is not None", "{} in ['batch', 'layer']", "{0} and {0}.startswith('b')"),
    "count": ("{} > 1", "{} == 1", "{} % 2"),
    "kernel": ("{} == 3", "{} > 1"),
    "momentum": ("{} < 0.95",),
}

Step = Callable[[Writer, Body], None]
