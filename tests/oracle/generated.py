"""Seeded random programs that build models: definitions first, then the model, in every style."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.oracle.generated_classes import layer_class, written
from tests.oracle.generated_designs import DESIGNS
from tests.oracle.generated_files import Part, arrange
from tests.oracle.generated_idioms import IDIOMS
from tests.oracle.generated_parts import PARTS, add_steps, defaults, defined, given, parameters
from tests.oracle.generated_steps import STEPS, write
from tests.oracle.generated_words import Words
from tests.oracle.generated_writer import VALUES, Body, Kit, Writer


@dataclass(frozen=True)
class Program:
    """Texts by their paths, the last of which is run; the expression that then gives the model; the shapes of its inputs."""

    files: Mapping[str, str]
    root: str
    shapes: tuple[tuple[int, ...], ...]

    @property
    def main(self) -> str:
        return [*self.files][-1]

    def __str__(self) -> str:
        return "\n".join(f"# {path}\n{text}" for path, text in self.files.items()) + f"# the model: {self.root}\n"


Root = Callable[[Writer, list[Kit]], str]


def generate(seed: int, major: int) -> Program:
    """The program of a seed, for one Keras."""
    w = Writer(seed, major, (*STEPS, *IDIOMS))
    kits: list[Kit] = []
    parts: list[Part] = []
    for name in w.dice.choice(((), (), (), ("blocks",), ("layers",), ("common", "blocks"))):
        define(w, kits, w.dice.choice((1, 2, 3)))
        parts.append(Part(name, w.words, w.lines))
        w.words, w.lines = Words(w.dice, major), []
    define(w, kits, w.dice.choice((0, 0, 1, 2)) if parts else w.dice.choice((0, 1, 2, 3, 4)))
    root = w.dice.choices([root for _, root in ROOTS], [weight for weight, _ in ROOTS])[0]
    expression = root(w, kits)
    parts.append(Part("program", w.words, w.lines))
    shape = tuple(int(size) for size in w.world.shape.format(c="3").strip(",").split(", "))
    return Program(arrange(parts, w.dice), expression, (shape,) * w.inputs)


def define(w: Writer, kits: list[Kit], count: int) -> None:
    """So many definitions."""
    for _ in range(count):
        part = w.dice.choices([part for _, part in DEFINITIONS], [weight for weight, _ in DEFINITIONS])[0]
        kits.append(defined(w, kits, part))


def body(w: Writer, b: Body, name: str = "") -> str:
    """From the inputs to the outputs; answers the expression of the model."""
    inputs = ["inputs"] if w.chance(0.85) else ["image", "guide"]
    w.inputs = len(inputs)
    shape = w.world.shape.format(c="3")
    for each in inputs:
        w.line(f"{each} = <Input>({w.pick('', 'shape=')}({shape}))")
    if len(inputs) == 2:
        w.spend()
        w.line(f"{b.x} = {w.pick('<Concatenate>()', '<concatenate>')}([image, guide])")
    w.line(f"{b.x} = {w.linear(b)}({b.x if len(inputs) == 2 else 'inputs'})")
    write(w, b, w.dice.choice((1, 2, 3, 4)))
    outputs = [b.x]
    if w.chance(0.1):
        w.line(f"auxiliary = {w.layer(b)}({b.x})")
        outputs.append("auxiliary")
    for end in ends(w):
        w.line(f"{b.x} = {end}({b.x})")
    given = inputs[0] if len(inputs) == 1 else f"[{', '.join(inputs)}]"
    made = outputs[0] if len(outputs) == 1 else f"[{', '.join(outputs)}]"
    more = f", name={name!r}" if name else ""
    return w.pick(f"<Model>({given}, {made}{more})", f"<Model>(inputs={given}, outputs={made}{more})")


def ends(w: Writer) -> list[str]:
    """What a model ends with."""
    if w.chance(0.3):
        return []
    found = [w.dice.choice(w.world.ends)] if w.world.ends else []
    w.spend(len(found) + 1)
    return [*found, *([w.norm(Body("x", "4", []))] if w.chance(0.2) else []), f"<Dense>(5{w.pick('', ', activation=' + repr('softmax'))})"]


def builder(w: Writer, kits: list[Kit]) -> str:
    """A function that builds; called, or left to be called with its defaults."""
    flags = parameters(w)
    name = w.pick("build_model", "get_model", "create_network")
    with w.block(f"def {name}({defaults(w, flags)[2:]}):"):
        b = Body(w.pick("x", "net", "h"), w.pick("4", "8"), kits, flags)
        model = body(w, b, w.pick("", "net"))
        if w.chance(0.5):
            w.line(f"return {model}")
        else:
            w.line(f"model = {model}")
            w.line("model.compile(optimizer='adam', loss='mse')")
            w.line("return model")
    if w.chance(0.3):
        return f"{name}()"
    w.line("")
    w.line(f"model = {name}({given(w, Body('x', '4', kits), flags)[2:]})")
    return "model"


def script(w: Writer, kits: list[Kit]) -> str:
    """All at the top level, flags as constants."""
    flags = {name.upper(): kind for name, kind in parameters(w).items()}
    for name, kind in flags.items():
        w.line(f"{name} = {w.dice.choice(VALUES[kind])}")
    w.line(f"model = {body(w, Body(w.pick('x', 'net'), w.pick('4', '8'), kits, flags))}")
    return "model"


def sequential_script(w: Writer, kits: list[Kit]) -> str:
    """A Sequential, as a list or filled step by step."""
    flags = {name.upper(): kind for name, kind in parameters(w).items()}
    for name, kind in flags.items():
        w.line(f"{name} = {w.dice.choice(VALUES[kind])}")
    b = Body("x", "6", [], flags)
    shape = f"({w.world.shape.format(c='3')})"
    first = w.pick(f"<Input>({shape})", f"<Input>(shape={shape})", f"<InputLayer>({shape})" if w.major == 2 else f"<Input>({shape})", "")
    stem = w.linear(b)
    if not first and w.major == 2:
        stem = f"{stem[:-1]}, input_shape={shape})" if "TimeDistributed" not in stem else stem
    if w.chance(0.5):
        rest = ", ".join([*([first] if first else []), stem, *w.layers(b, w.dice.choice((2, 3, 4, 6))), *ends(w)])
        w.line(f"model = <Sequential>([{rest}])" if w.chance(0.8) else f"model = <Sequential>(layers=[{rest}], name='net')")
    else:
        w.line("model = <Sequential>()")
        for layer in (first, stem):
            if layer:
                w.line(f"model.add({layer})")
        add_steps(w, b, "model")
        for end in ends(w):
            w.line(f"model.add({end})")
    if w.chance(0.3):
        w.line("model.compile('sgd', 'mse')")
    return "model"


def subclass(w: Writer, kits: list[Kit]) -> str:
    """A subclass of Model with a `call`."""
    name, flags = w.pick("Net", "MyModel", "Classifier"), parameters(w)
    written(w, name, "<Model>", flags, ends(w), built=False)
    if w.chance(0.3):
        return f"{name}()"
    w.line("")
    passed = "".join(f", {flag}={w.dice.choice(VALUES[kind])}" for flag, kind in flags.items() if w.chance(0.5))
    w.line(f"model = {name}({w.pick('4', '6', 'filters=8')}{passed if passed else ''})")
    return "model"


def functional_subclass(w: Writer, kits: list[Kit]) -> str:
    """A subclass of Model that passes inputs and outputs to its base."""
    flags = parameters(w)
    with w.block("class Net(<Model>):"), w.block(f"def __init__(self{defaults(w, flags)}):"):
        model = body(w, Body("x", "4", kits, flags))
        w.line(f"super().__init__{model[model.index('(') :]}")
    w.line("")
    w.line("model = Net()")
    return "model"


def building_class(w: Writer, kits: list[Kit]) -> str:
    """A plain class with a method that builds the model."""
    flags = parameters(w)
    own = {f"self.{flag}": kind for flag, kind in flags.items()}
    with w.block("class Network:"):
        with w.block(f"def __init__(self, width=6{defaults(w, flags)}):"):
            for name in ("width", *flags):
                w.line(f"self.{name} = {name}")
            kept = w.chance(0.5)
            if kept:
                w.line("self.model = self.build()")
        w.line("")
        with w.block("def build(self):"):
            w.line(f"return {body(w, Body('x', 'self.width', kits, own))}")
    w.line("")
    if kept:
        w.line(
            f"network = Network({given(w, Body('x', '4', kits), {'width': 'count', **flags})[2:]})"
            if w.chance(0)
            else "network = Network()"
        )
        return "network.model"
    w.line(f"model = Network({w.pick('', '4', 'width=8')}).build()")
    return "model"


DEFINITIONS = (*PARTS, *DESIGNS, (4, layer_class))

ROOTS: tuple[tuple[int, Root], ...] = (
    (6, builder),
    (3, script),
    (3, sequential_script),
    (3, subclass),
    (1, functional_subclass),
    (2, building_class),
)
"""How often each style is written."""
