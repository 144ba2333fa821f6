"""Subclasses of Layer and Model in generated programs: what they own, and what their `call` applies."""

from collections.abc import Callable

from tests.oracle.generated_parts import defaults, given, parameters
from tests.oracle.generated_steps import merged
from tests.oracle.generated_writer import Body, Kit, Writer

Own = Callable[[Writer, Body, list[str]], None]
"""Writes what the constructor sets up; appends what `call` does with it."""


def attribute(w: Writer, b: Body, call: list[str]) -> None:
    name = w.fresh(w.pick("conv", "dense", "layer"))
    w.line(f"self.{name} = {w.layer(b)}")
    call.append(f"x = self.{name}(x)")


def norm(w: Writer, b: Body, call: list[str]) -> None:
    name = w.fresh("bn")
    w.line(f"self.{name} = {w.norm(b)}")
    call.append(f"x = self.{name}(x{w.pick('', ', training=training')})")


def optional(w: Writer, b: Body, call: list[str]) -> None:
    """A layer that exists under a flag."""
    name = w.fresh("bn")
    if not b.flags:
        return norm(w, b, call)
    flag, kind = w.dice.choice(sorted(b.flags.items()))
    test, applied = w.test(flag, kind), f"x = self.{name}(x)"
    if w.chance(0.5):
        w.line(f"self.{name} = {w.norm(b)} if {test} else None")
        call += [f"if self.{name}{w.pick(' is not None', '')}:", f"    {applied}"]
        return None
    with w.block(f"if {test}:"):
        w.line(f"self.{name} = {w.norm(b)}")
    call += [f"if {test.replace(flag, own(flag))}:", f"    {applied}"]
    return None


def own(flag: str) -> str:
    return flag if flag.startswith("self.") else f"self.{flag}"


def listed(w: Writer, b: Body, call: list[str]) -> None:
    name = w.fresh("blocks")
    w.factor *= 2
    convolution, normal = w.linear(b), w.norm(b)
    w.factor //= 2
    match w.dice.randrange(4):
        case 0:
            w.line(f"self.{name} = [{convolution} for _ in range(2)]")
            w.line(f"self.{name}_norms = [{normal} for _ in range(2)]")
            call += [f"for conv, bn in zip(self.{name}, self.{name}_norms):", "    x = bn(conv(x))"]
        case 1:
            w.line(f"self.{name} = []")
            with w.block("for _ in range(2):"):
                w.line(f"self.{name}.append({convolution})")
                w.line(f"self.{name}.append({normal})")
            call += [f"for layer in self.{name}:", "    x = layer(x)"]
        case 2:
            w.line(f"self.{name} = [({convolution}, {normal}) for _ in range(2)]")
            call += [
                f"for i, (conv, bn) in enumerate(self.{name}):",
                "    x = conv(x)",
                "    if i > 0:",
                "        x = bn(x)",
                "    else:",
                "        x = bn(x)",
            ]
        case _:
            w.line(f"self.{name} = [{convolution}, {normal}]")
            call += [f"x = self.{name}[0](x)", f"x = self.{name}[1](x)"]


def by_name(w: Writer, b: Body, call: list[str]) -> None:
    name = w.fresh("unit")
    w.factor *= 2
    with w.block("for i in range(2):"):
        w.line(
            f"setattr(self, {w.pick(f'''f'{name}_{{i}}' ''', f''' '{name}_%d' % i''', f''' '{name}_' + str(i)''').strip()}, {w.layer(b)})"
        )
    w.factor //= 2
    call += ["for i in range(2):", f"    x = getattr(self, f'{name}_{{i}}')(x)"]


def sequential(w: Writer, b: Body, call: list[str]) -> None:
    name = w.fresh("seq")
    if w.chance(0.5):
        w.line(f"self.{name} = <Sequential>([{', '.join(w.layers(b, 2))}])")
    else:
        w.line(f"self.{name} = <Sequential>()")
        for layer in w.layers(b, 2):
            w.line(f"self.{name}.add({layer})")
    call.append(f"x = self.{name}(x{w.pick('', ', training=training')})")


def mapped(w: Writer, b: Body, call: list[str]) -> None:
    name = w.fresh("parts")
    w.line(f"self.{name} = {{'first': {w.linear(b)}, 'second': {w.norm(b)}}}")
    call += [f"x = self.{name}['first'](x)", f"x = self.{name}['second'](x)"]


def skip(w: Writer, b: Body, call: list[str]) -> None:
    shortcut = w.fresh("shortcut")
    call.append(f"{shortcut} = x")
    w.dice.choice((attribute, norm, listed))(w, b, call)
    if w.chance(0.5):
        name = w.fresh("merge")
        w.spend()
        w.line(f"self.{name} = {w.pick('<Add>', '<Maximum>')}()")
        call.append(f"x = self.{name}([x, {shortcut}])")
    else:
        call.append(f"x = {w.words.resolve(merged(w, 'x', shortcut))}")


def function(w: Writer, b: Body, call: list[str]) -> None:
    w.spend()
    call.append(f"x = {w.words.function()}(x)")


def method(w: Writer, b: Body, call: list[str]) -> None:
    """A part of the work is done by another method."""
    name = w.fresh("bn")
    w.line(f"self.{name} = {w.norm(b)}")
    call.append(f"x = self._apply(x, self.{name})")


OWNS: tuple[tuple[int, Own], ...] = (
    (3, attribute),
    (3, norm),
    (3, optional),
    (2, listed),
    (1, by_name),
    (2, sequential),
    (1, mapped),
    (2, skip),
    (1, function),
    (1, method),
)
"""How often each form is written."""


def written(w: Writer, name: str, base: str, flags: dict[str, str], ends: list[str], built: bool) -> None:
    """A class with a constructor, perhaps `build`, and `call`."""
    call: list[str] = []
    b = Body("x", "self.filters" if built else "filters", [], {own(flag) if built else flag: kind for flag, kind in flags.items()})
    with w.apart() as lines:
        w.line(f"self.stem = {w.linear(b)}")
        call.append("x = self.stem(x)")
        for _ in range(w.dice.choice((1, 2, 3, 4))):
            w.dice.choices([part for _, part in OWNS], [weight for weight, _ in OWNS])[0](w, b, call)
        for number, end in enumerate(ends):
            w.spend()
            w.line(f"self.end_{number} = {end}")
            call.append(f"x = self.end_{number}(x)")
    with w.block(f"class {name}({base}):"):
        with w.block(f"def __init__(self, filters=8{defaults(w, flags)}, **kwargs):"):
            w.line(f"{w.pick('super()', f'super({name}, self)')}.__init__(**kwargs)")
            for attribute in ("filters", *flags):
                w.line(f"self.{attribute} = {attribute}")
            if not built:
                w.lines += ["    " * w.depth + line for line in lines]
        w.line("")
        if built:
            with w.block("def build(self, input_shape):"):
                w.lines += ["    " * w.depth + line for line in lines]
                w.line("super().build(input_shape)")
            w.line("")
        if any("self._apply" in line for line in call):
            with w.block("def _apply(self, x, layer):"):
                w.line("return layer(x)")
            w.line("")
        x = w.pick("x", "inputs")
        with w.block(f"def call(self, {x}, training={w.pick('None', 'False')}):"):
            if x != "x":
                call[0] = call[0].replace("(x)", "(inputs)")
            for line in call:
                w.line(line)
            w.line("return x")


def layer_class(w: Writer, kits: list[Kit]) -> Kit:
    """A subclass of Layer that owns layers, perhaps with a subclass of its own."""
    name, flags = w.fresh(w.pick("ConvBlock", "ResBlock", "Encoder")), parameters(w)
    if w.chance(0.2):
        w.line(f"@{w.words.whole()}.{w.pick('utils', 'saving')}.register_keras_serializable()")
    written(w, name, "<Layer>", flags, [], built=w.chance(0.3))
    if w.chance(0.25):
        derived = w.fresh("Derived")
        w.line("")
        with w.block(f"class {derived}({name}):"):
            with w.block("def __init__(self, filters, **kwargs):"):
                w.line("super().__init__(filters, **kwargs)")
                w.line(f"self.last = {w.norm(Body('x', '4', []))}")
            w.line("")
            with w.block("def call(self, x, training=None):"):
                w.line(f"return self.last(super().call(x{w.pick('', ', training=training')}))")
        name = derived
    return Kit(lambda w, b, tensor, width: f"{name}({width}{keywords(w, b, flags)})({tensor})", 1)


def keywords(w: Writer, b: Body, flags: dict[str, str]) -> str:
    text = given(w, b, flags)
    return text if all("=" in part or "**" in part for part in text.split(", ")[1:]) and "**" not in text else ""
