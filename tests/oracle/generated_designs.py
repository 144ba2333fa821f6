"""More definitions of generated programs: settings, factories of parts, families of classes, and what Python makes of functions."""

from collections.abc import Callable

from tests.oracle.generated_parts import defaults, given, helper, parameters, projected
from tests.oracle.generated_steps import write
from tests.oracle.generated_writer import VALUES, Body, Kit, Writer


def norm_as_parameter(w: Writer, kits: list[Kit]) -> Kit:
    """The classes of layers are parameters, with classes as their defaults."""
    name = w.fresh("block")
    absent = w.chance(0.3)
    with w.block(f"def {name}(x, filters, norm={'None' if absent else '<BatchNormalization>'}, act=<ReLU>):"):
        b = Body("x", "filters", kits)
        if absent:
            with w.block("if norm is None:"):
                w.line("norm = <BatchNormalization>")
        w.line(f"x = {w.linear(b)}(x)")
        w.line(w.pick("x = norm()(x)", "bn = norm()\n    x = bn(x)", "x = norm(name=None)(x)" if not absent else "x = norm()(x)"))
        w.line(w.pick("x = act()(x)", "x = act()(x) if act else x"))
        w.spend(2)
        write(w, b, 1)
        w.line("return x")
    forms = ["", "", ", <LayerNormalization>", ", act=<ELU>", ", norm=<BatchNormalization>, act=<Softmax>"]
    return Kit(lambda w, b, tensor, width: f"{name}({tensor}, {width}{w.pick(*forms)})", 3)


def norm_factory(w: Writer, kits: list[Kit]) -> Kit:
    """A function from a word to a layer."""
    name = w.fresh(w.pick("get_norm", "normalization"))
    with w.block(f"def {name}(kind='batch'):"):
        match w.dice.randrange(3):
            case 0:
                for kind, layer in (("batch", "<BatchNormalization>"), ("layer", "<LayerNormalization>")):
                    with w.block(f"if kind == '{kind}':"):
                        w.line(f"return {layer}()")
                w.line(w.pick("return lambda x: x", "raise ValueError(kind)"))
            case 1:
                w.line(f"return {{'batch': <BatchNormalization>, 'layer': <LayerNormalization>}}{w.pick('[kind]', '.get(kind)')}()")
            case _:
                with w.block("match kind:"):
                    with w.block("case 'batch':"):
                        w.line("return <BatchNormalization>()")
                    with w.block("case _:"):
                        w.line("return <LayerNormalization>()")
    return Kit(lambda w, b, tensor, width: f"{name}({w.pick('', repr('batch'), repr('layer'))})({w.linear(b, width)}({tensor}))", 2)


def layer_lists(w: Writer, kits: list[Kit]) -> Kit:
    """A function that answers a list of layers."""
    name, flags = w.fresh("layers_of"), parameters(w)
    b = Body("x", "filters", kits, flags)
    with w.block(f"def {name}(filters{defaults(w, flags)}):"):
        w.line(f"members = [{w.linear(b)}, {w.layer(b)}]")
        if flags:
            with w.block(f"if {w.test(*w.dice.choice(sorted(flags.items())))}:"):
                w.line(w.pick("members.append({})", "members += [{}]", "members.insert(1, {})").format(w.norm(b)))
        w.line(w.pick("return members", f"return members + [{w.active(b)}]", "return tuple(members)"))
        w.spend()
    forms = ("<Sequential>({})({})", "<Sequential>([*{}])({})")
    return Kit(lambda w, b, tensor, width: w.pick(*forms).format(f"{name}({width}{given(w, b, flags)})", tensor), 1)


def several_results(w: Writer, kits: list[Kit]) -> Kit:
    """A helper that returns the tensor and a skip."""
    name = w.fresh("encode")
    with w.block(f"def {name}(x, filters):"):
        b = Body("x", "filters", kits)
        projected(w, b)
        w.line(w.pick("skip = x", f"skip = {w.layer(b)}(x)"))
        w.line(f"return {w.pick('x, skip', '[x, skip]', '(skip, x)')}")
    return Kit(lambda w, b, tensor, width: f"{name}({tensor}, {width})[{w.pick('0', '1', '-1')}]", 1)


def decorated(w: Writer, kits: list[Kit]) -> Kit:
    """A helper behind a decorator of the program's own."""
    w.words.plain.add("import functools")
    name = w.fresh("logged")
    with w.block(f"def {name}(function):"):
        if w.chance(0.7):
            w.line("@functools.wraps(function)")
        with w.block("def wrapper(*args, **kwargs):"):
            w.line(w.pick("return function(*args, **kwargs)", "result = function(*args, **kwargs)\n        return result"))
        w.line("return wrapper")
    w.line("")
    w.line(f"@{name}")
    return helper(w, kits)


def data_class(w: Writer, kits: list[Kit]) -> Kit:
    """A helper that reads its flags from an object of settings."""
    w.words.imported("dataclasses", "dataclass")
    name, settings, flags = w.fresh("Config"), w.fresh("config"), parameters(w) or {"use_bn": "bool"}
    w.line("@dataclass")
    with w.block(f"class {name}:"):
        for flag, kind in flags.items():
            w.line(f"{flag}: object = {w.dice.choice(VALUES[kind])}")
    w.line("")
    w.line(f"{settings} = {name}({given(w, Body('x', '4', []), flags)[2:]})")
    return configured(w, kits, {f"{settings}.{flag}": kind for flag, kind in flags.items()})


def dict_of_settings(w: Writer, kits: list[Kit]) -> Kit:
    name, flags = w.fresh("CONFIG"), parameters(w) or {"use_bn": "bool"}
    values = {flag: w.dice.choice(VALUES[kind]) for flag, kind in flags.items()}
    if w.chance(0.5):
        w.line(f"{name} = {{{', '.join(f'{flag!r}: {value}' for flag, value in values.items())}}}")
    else:
        w.line(f"{name} = dict({', '.join(f'{flag}={value}' for flag, value in values.items())})")
    return configured(w, kits, {f"{name}['{flag}']": kind for flag, kind in flags.items()})


def options(w: Writer, kits: list[Kit]) -> Kit:
    """A helper that reads its flags from the command line, where all have their defaults."""
    w.words.plain.add("import argparse")
    parser, args = w.fresh("parser"), w.fresh("args")
    w.line(f"{parser} = argparse.ArgumentParser()")
    flags = {"depth": "count", "rate": "rate", "kernel-size": "kernel"}
    for flag, kind in flags.items():
        w.line(f"{parser}.add_argument('--{flag}', type={'float' if kind == 'rate' else 'int'}, default={w.dice.choice(VALUES[kind])})")
    w.line(f"{args} = {parser}.parse_args([])")
    return configured(w, kits, {f"{args}.{flag.replace('-', '_')}": kind for flag, kind in flags.items()})


def configured(w: Writer, kits: list[Kit], flags: dict[str, str]) -> Kit:
    name = w.fresh("block")
    w.line("")
    with w.block(f"def {name}(x, filters):"):
        projected(w, Body("x", "filters", kits, flags, returns=True))
        w.line("return x")
    return Kit(lambda w, b, tensor, width: f"{name}({tensor}, {width})", 1, name)


def family(w: Writer, kits: list[Kit]) -> Kit:
    """A class of which another one overrides a part."""
    base, derived = w.fresh("Base"), w.fresh("Derived")
    b = Body("x", "filters", kits)
    flat = Body("x", "4", [])
    attribute = w.chance(0.5)
    with w.block(f"class {base}:"):
        w.line(f"use_norm = {w.pick('True', 'False')}")
        w.line("")
        with w.block("def norm(self, x):"):
            w.line("return x")
        w.line("")
        with w.block("def block(self, x, filters):"):
            w.line(f"x = {w.linear(b)}(x)")
            with w.block("if self.use_norm:"):
                w.line("x = self.norm(x)")
            write(w, Body("x", "filters", kits, {"self.use_norm": "bool"}), 1)
            w.line("return x")
    w.line("")
    with w.block(f"class {derived}({base}):"):
        if attribute:
            w.line("use_norm = True")
            w.line("")
        with w.block("def norm(self, x):"):
            w.line(
                w.pick(
                    f"return {w.norm(flat)}(x)", f"return super().norm({w.norm(flat)}(x))", f"return {base}.norm(self, {w.norm(flat)}(x))"
                )
            )
    return Kit(lambda w, b, tensor, width: f"{w.pick(base, derived, derived)}().block({tensor}, {width})", 1)


def methods(w: Writer, kits: list[Kit]) -> Kit:
    """A class that is only a place for functions."""
    name = w.fresh("Blocks")
    with w.block(f"class {name}:"):
        w.line("@staticmethod")
        with w.block("def unit(x, filters):"):
            projected(w, Body("x", "filters", kits, returns=True))
            w.line("return x")
        w.line("")
        w.line("@classmethod")
        with w.block("def stack(cls, x, filters, depth=1):"):
            with w.block("for _ in range(depth):"):
                w.line("x = cls.unit(x, filters)")
            w.line("return x")
    return Kit(lambda w, b, tensor, width: f"{name}{w.pick('', '()')}.{w.pick('unit', 'stack')}({tensor}, {width})", 1, f"{name}.unit")


def callable_class(w: Writer, kits: list[Kit]) -> Kit:
    """A plain class whose objects are applied like layers."""
    name, flags = w.fresh("ConvBN"), parameters(w)
    early = w.chance(0.5)
    own = {f"self.{flag}": kind for flag, kind in flags.items()}
    with w.block(f"class {name}:"):
        with w.block(f"def __init__(self, filters{defaults(w, flags)}):"):
            for attribute in ("filters", *flags):
                w.line(f"self.{attribute} = {attribute}")
            if early:
                w.line(f"self.conv = {w.linear(Body('x', 'filters', kits, flags))}")
                w.line(f"self.norm = {w.norm(Body('x', 'filters', kits, flags))}")
        w.line("")
        with w.block("def __call__(self, x):"):
            b = Body("x", "self.filters", kits, own, returns=True)
            if early:
                w.line("x = self.norm(self.conv(x))")
                write(w, b, 1)
            else:
                projected(w, b)
            w.line("return x")
    return Kit(lambda w, b, tensor, width: f"{name}({width}{given(w, b, flags)})({tensor})", 1)


def own_layer(w: Writer, kits: list[Kit]) -> Kit:
    """A layer that applies no layers."""
    name = w.fresh("Scale")
    with w.block(f"class {name}(<Layer>):"):
        if w.chance(0.5):
            with w.block("def build(self, input_shape):"):
                w.line("self.scale = self.add_weight(name='scale', shape=(input_shape[-1],), initializer='ones')")
                w.line("super().build(input_shape)")
            w.line("")
            with w.block("def call(self, x):"):
                w.line("return x * self.scale")
        else:
            with w.block("def call(self, x, training=None):"):
                w.line(f"return {w.words.function()}(x)")
    return Kit(lambda w, b, tensor, width: f"{name}()({w.linear(b, width)}({tensor}))", 2)


def own_linear(w: Writer, kits: list[Kit]) -> Kit:
    """A subclass of a layer with defaults of its own."""
    kind = "Dense" if "Dense" in w.world.linear[0] else w.world.linear[0][1:7]
    name, more = w.fresh(f"My{kind}"), "" if kind == "Dense" else "kernel_size=3, padding='same', "
    with w.block(f"class {name}(<{kind}>):"), w.block("def __init__(self, filters, **kwargs):"):
        w.line(f"super().__init__(filters, {more}use_bias={w.pick('True', 'False')}, **kwargs)")
    return Kit(lambda w, b, tensor, width: f"{name}({width}{w.pick('', ', activation=' + repr('relu'))})({tensor})", 1)


def own_sequential(w: Writer, kits: list[Kit]) -> Kit:
    """A subclass of Sequential."""
    name, flags = w.fresh("Stack"), parameters(w)
    b = Body("x", "filters", kits, flags)
    with w.block(f"class {name}(<Sequential>):"), w.block(f"def __init__(self, filters{defaults(w, flags)}):"):
        if w.chance(0.5):
            w.line(f"super().__init__([{', '.join([w.linear(b), *w.layers(b, 2)])}])")
        else:
            w.line("super().__init__()")
            w.line(f"self.add({w.linear(b)})")
            if flags:
                with w.block(f"if {w.test(*w.dice.choice(sorted(flags.items())))}:"):
                    w.line(f"self.add({w.norm(b)})")
            w.line(f"self.add({w.layer(b)})")
    return Kit(lambda w, b, tensor, width: f"{name}({width}{given(w, b, flags)})({tensor})", 1)


DESIGNS: tuple[tuple[int, Callable[[Writer, list[Kit]], Kit]], ...] = (
    (1, norm_as_parameter),
    (1, norm_factory),
    (1, layer_lists),
    (1, several_results),
    (1, decorated),
    (1, data_class),
    (1, dict_of_settings),
    (1, options),
    (1, family),
    (1, methods),
    (1, callable_class),
    (1, own_layer),
    (1, own_linear),
    (1, own_sequential),
)
"""As `generated_parts.PARTS`."""
