"""Definitions of generated programs: helpers, closures, classes, factories, as people write them."""

from collections.abc import Callable

from tests.oracle.generated_steps import some, write
from tests.oracle.generated_writer import VALUES, Body, Kit, Writer

FLAGS = {
    "use_bn": "bool",
    "batch_norm": "bool",
    "pre_act": "bool",
    "skip": "bool",
    "activation": "activation",
    "act": "activation",
    "dropout": "rate",
    "norm_type": "norm",
    "depth": "count",
    "kernel_size": "kernel",
    "momentum": "momentum",
}
"""Parameters that helpers have, and their kinds."""


def parameters(w: Writer) -> dict[str, str]:
    names = w.dice.sample(sorted(FLAGS), w.dice.choice((0, 1, 2, 3, 4)))
    return {name: FLAGS[name] for name in names}


def defaults(w: Writer, flags: dict[str, str]) -> str:
    """The flags as parameters with their defaults."""
    return "".join(f", {name}={w.dice.choice(VALUES[kind])}" for name, kind in flags.items())


def given(w: Writer, b: Body, flags: dict[str, str]) -> str:
    """What a caller passes for some of the flags: by position, by name, or in a dict."""
    names = list(flags)
    if names and w.chance(0.15):
        return ", " + ", ".join(w.value(flags[name], b) for name in names[: w.dice.randint(1, len(names))])
    chosen = w.dice.sample(names, w.dice.randint(0, len(names)))
    if chosen and w.chance(0.15):
        return ", **{" + ", ".join(f"'{name}': {w.value(flags[name], b)}" for name in chosen) + "}"
    return "".join(f", {name}={w.value(flags[name], b)}" for name in chosen)


def defined(w: Writer, kits: list[Kit], part: Callable[[Writer, list[Kit]], Kit]) -> Kit:
    """Write a definition and weigh it."""
    before = w.weight
    kit = part(w, kits)
    weight, w.weight = w.weight - before, before
    w.line("")
    return Kit(kit.use, max(weight, kit.weight), kit.plain)


def helper(w: Writer, kits: list[Kit]) -> Kit:
    """`def conv_block(x, filters, use_bn=True)`, the tensor first or second."""
    name, flags = w.fresh(w.pick("conv_block", "residual_block", "stage", "unit")), parameters(w)
    x, f = w.pick("x", "inputs", "tensor", "net"), w.pick("filters", "units", "width")
    first, second = (x, f) if w.chance(0.8) else (f, x)
    with w.block(f"def {name}({first}, {second}{defaults(w, flags)}):"):
        b = Body(x, f, kits, flags, returns=True)
        projected(w, b)
        w.line(f"return {b.x}")

    def use(w: Writer, b: Body, tensor: str, width: str) -> str:
        if w.chance(0.15):
            named = "".join(f", {flag}={w.value(kind, b)}" for flag, kind in flags.items() if w.chance(0.5))
            return f"{name}({x}={tensor}, {f}={width}{named})"
        return f"{name}({f'{tensor}, {width}' if first == x else f'{width}, {tensor}'}{given(w, b, flags)})"

    return Kit(use, 1, name if first == x else None)


def projected(w: Writer, b: Body) -> None:
    """A body that first brings its tensor to its width, perhaps with a shortcut around all of it."""
    if not w.chance(0.4):
        w.line(f"{b.x} = {w.linear(b)}({b.x})")
        return write(w, b, w.dice.choice((1, 2, 3, 4)))
    shortcut = w.pick("shortcut", "residual", "skip_x")
    w.line(f"{shortcut} = {b.x}")
    w.line(f"{b.x} = {w.linear(b)}({b.x})")
    write(w, Body(b.x, b.width, b.kits, b.flags), w.dice.choice((1, 2, 3)))
    if w.chance(0.5):
        with w.block(f"if {shortcut}.shape[-1] != {b.width}:"):
            w.line(f"{shortcut} = {w.linear(b)}({shortcut})")
    else:
        w.line(f"{shortcut} = {w.linear(b)}({shortcut})")
    w.spend()
    w.line(f"{b.x} = {w.pick('<Add>()', '<add>')}([{b.x}, {shortcut}])")
    return None


def closure(w: Writer, kits: list[Kit]) -> Kit:
    """A helper that returns a function of the tensor."""
    name, flags = w.fresh(w.pick("block", "conv_bn", "make_block")), parameters(w)
    with w.block(f"def {name}(filters{defaults(w, flags)}):"):
        if w.chance(0.3):
            b = Body("x", "filters", kits, flags)
            w.line(f"return lambda x: {w.layer(b)}({w.layer(b)}({w.linear(b)}(x)))")
        else:
            inner = w.pick("apply", "wrapper", "f")
            with w.block(f"def {inner}(x):"):
                projected(w, Body("x", "filters", kits, flags, returns=True))
                w.line("return x")
            w.line(f"return {inner}")
    return Kit(lambda w, b, tensor, width: f"{name}({width}{given(w, b, flags)})({tensor})", 1)


def sequential_factory(w: Writer, kits: list[Kit]) -> Kit:
    """A helper that returns a Sequential."""
    name, flags = w.fresh(w.pick("make_layers", "downsample", "mlp")), parameters(w)
    b = Body("x", "filters", kits, flags)
    with w.block(f"def {name}(filters{defaults(w, flags)}):"):
        if w.chance(0.3):
            w.line(f"return <Sequential>([{', '.join([w.linear(b), *w.layers(b, 2)])}])")
        else:
            added_layers(w, b, "block")
            w.line("return block")
    return Kit(lambda w, b, tensor, width: f"{name}({width}{given(w, b, flags)})({tensor})", 1)


def added_layers(w: Writer, b: Body, model: str) -> None:
    """A Sequential that is filled step by step."""
    w.line(f"{model} = <Sequential>()")
    w.line(f"{model}.add({w.linear(b)})")
    add_steps(w, b, model)


def add_steps(w: Writer, b: Body, model: str) -> None:
    """`model.add(...)`, straight, in loops and under flags."""
    for _ in range(w.dice.choice((1, 2, 3))):
        match w.dice.randrange(6):
            case 0 if b.flags:
                flag, kind = w.dice.choice(sorted(b.flags.items()))
                with w.block(f"if {w.test(flag, kind)}:"):
                    w.line(f"{model}.add({w.norm(b)})")
                if w.chance(0.3):
                    with w.block("else:"):
                        w.line(f"{model}.add({w.active(b)})")
            case 1:
                with w.block(f"for _ in range({w.pick('1', '2')}):", 2):
                    w.line(f"{model}.add({w.linear(b)})")
                    w.line(f"{model}.add({w.layer(b)})")
            case 2:
                f, act = w.fresh("f"), w.fresh("act")
                inner = Body(b.x, f, b.kits, {**b.flags, act: "activation"})
                with w.block(f"for {f}, {act} in {w.pick('[(4, None), (6, None)]', '''zip([4, 8], ['relu', 'elu'])''')}:", 2):
                    for layer in (w.linear(inner), *w.layers(inner, 1)):
                        w.line(f"{model}.add({layer})")
            case 3:
                with w.block(f"for layer in [{', '.join(w.layers(b, 2))}]:"):
                    w.line(f"{model}.add(layer)")
            case _:
                w.line(f"{model}.add({w.layer(b)})")
    w.line(f"{model}.add({w.linear(b)})")


def model_factory(w: Writer, kits: list[Kit]) -> Kit:
    """A helper that returns a Model, to be called within the model."""
    name, flags = w.fresh(w.pick("build_encoder", "make_branch", "submodel")), parameters(w)
    with w.block(f"def {name}(channels, filters{defaults(w, flags)}):"):
        shape = w.world.shape.format(c="channels")
        w.line(f"inputs = <Input>({w.pick('', 'shape=')}({shape}))")
        w.line(f"x = {w.linear(Body('x', 'filters', kits, flags))}(inputs)")
        write(w, Body("x", "filters", kits, flags), w.dice.choice((1, 2, 3)))
        w.line(f"return <Model>({w.pick('inputs, x', 'inputs=inputs, outputs=x')})")
    return Kit(lambda w, b, tensor, width: f"{name}({b.width}, {width}{given(w, b, flags)})({tensor})", 1)


def partial(w: Writer, kits: list[Kit]) -> Kit:
    """`functools.partial` of a layer or of a helper."""
    w.words.plain.add("import functools")
    name = w.fresh(w.pick("Conv", "Layer", "unit"))
    plain = [kit.plain for kit in kits if kit.plain]
    if plain and w.chance(0.4):
        callee = w.dice.choice(plain)
        weight = next(kit.weight for kit in kits if kit.plain == callee)
        w.line(f"{name} = functools.partial({callee})")
        return Kit(lambda w, b, tensor, width: f"{name}({tensor}, {width})", weight, name)
    if w.chance(0.4):
        w.line(f"{name} = functools.partial(<BatchNormalization>, {w.pick('momentum=0.9', 'axis=-1', 'epsilon=1e-5')})")
        w.norms.append(name)
        return Kit(lambda w, b, tensor, width: f"{w.linear(b)}({name}()({tensor}))", 2)
    kind = "Dense" if "Dense" in w.world.linear[0] else w.world.linear[0][1:7]
    more = "" if kind == "Dense" else ", padding='same'"
    w.line(
        f"{name} = functools.partial(<{kind}>, use_bias={w.pick('True', 'False')}{w.pick('', ''', activation='relu' ''').rstrip()}{more})"
    )
    size = "" if kind == "Dense" else ", 3"
    return Kit(lambda w, b, tensor, width: f"{name}({width}{size})({tensor})", 1)


def dispatch(w: Writer, kits: list[Kit]) -> Kit:
    """A dict of helpers."""
    plain = [kit for kit in kits if kit.plain]
    if len(plain) < 2:
        return helper(w, kits)
    name, chosen = w.fresh("BLOCKS"), w.dice.sample(plain, 2)
    w.line(f"{name} = {{'a': {chosen[0].plain}, 'b': {chosen[1].plain}}}")
    look = w.pick("{}['{}']", "{}.get('{}')")
    return Kit(lambda w, b, tensor, width: f"{look.format(name, w.pick('a', 'b'))}({tensor}, {width})", max(kit.weight for kit in chosen))


def forwarding(w: Writer, kits: list[Kit]) -> Kit:
    """A helper that passes `*args` and `**kwargs` on."""
    name = w.fresh(w.pick("conv", "wrapped"))
    plain = [kit for kit in kits if kit.plain]
    if plain and w.chance(0.5):
        kit = w.dice.choice(plain)
        with w.block(f"def {name}(*args, **kwargs):"):
            w.line(f"return {kit.plain}(*args, **kwargs)")
        return Kit(lambda w, b, tensor, width: f"{name}({tensor}, {width})", kit.weight, name)
    layer = w.world.linear[0].split("(")[0]
    size = "" if "Dense" in layer else ", 3"
    with w.block(f"def {name}(x, *args, **kwargs):"):
        b = Body("x", "args[0]", kits)
        test = w.pick("kwargs.pop('bn', True)", "kwargs.pop('bn', False)")
        w.line(f"bn = {test}")
        if w.chance(0.4) and size:
            w.line("kwargs.setdefault('padding', 'same')")
        w.line(f"x = {layer}(*args{w.pick('', ', use_bias=False') if w.chance(0.5) else ', use_bias=not bn'}, **kwargs)(x)")
        with w.block("if bn:"):
            w.line(f"x = {w.norm(b)}(x)")
        w.line("return x")
    padded = ", padding='same'" if size else ""
    return Kit(lambda w, b, tensor, width: f"{name}({tensor}, {width}{size}{padded}{w.pick('', ', bn=True', ', bn=False')})", 3)


def own_norm(w: Writer, kits: list[Kit]) -> Kit:
    """A subclass of BatchNormalization with defaults of its own."""
    name = w.fresh("Norm")
    with w.block(f"class {name}(<BatchNormalization>):"), w.block(f"def __init__(self, momentum={w.pick('0.9', '0.95')}, **kwargs):"):
        w.line(f"{w.pick('super()', f'super({name}, self)')}.__init__(momentum=momentum{w.pick('', ', epsilon=1e-5')}, **kwargs)")
    w.norms += [name] * 2
    return Kit(lambda w, b, tensor, width: f"{w.linear(b)}({name}()({tensor}))", 2)


def composition(w: Writer, kits: list[Kit]) -> Kit:
    """`compose(a, b, c)(x)`, or a function that applies a list of layers."""
    name = w.fresh(w.pick("compose", "chain"))
    if w.chance(0.5):
        w.words.imported("functools", "reduce")
        with w.block(f"def {name}(*funcs):"):
            w.line("return reduce(lambda f, g: lambda *a, **kw: g(f(*a, **kw)), funcs)")
        return Kit(lambda w, b, tensor, width: f"{name}({', '.join([w.linear(b), *w.layers(b, 2)])})({tensor})", 3)
    with w.block(f"def {name}(x, layers):"):
        with w.block("for layer in layers:"):
            w.line("x = layer(x)")
        w.line("return x")
    return Kit(lambda w, b, tensor, width: f"{name}({tensor}, [{', '.join([w.linear(b), *w.layers(b, 2)])}])", 3)


def builder_class(w: Writer, kits: list[Kit]) -> Kit:
    """A plain class whose methods build."""
    name, flags = w.fresh(w.pick("Builder", "Blocks")), parameters(w)
    made = w.fresh("builder")
    own = {f"self.{flag}": kind for flag, kind in flags.items()}
    with w.block(f"class {name}:"):
        with w.block(f"def __init__(self{defaults(w, flags)}):"):
            w.line("self.count = 0")
            for flag in flags:
                w.line(f"self.{flag} = {flag}")
        w.line("")
        with w.block("def norm(self, x):"):
            w.line(f"return {w.norm(Body('x', '4', kits, own))}(x)")
        w.line("")
        if w.chance(0.3):
            w.line("@staticmethod")
            with w.block("def activate(x):"):
                w.line(f"return {w.active(Body('x', '4', kits))}(x)")
            w.line("")
        with w.block("def block(self, x, filters):"):
            b = Body("x", "filters", kits, own, returns=True)
            w.line("self.count += 1")
            projected(w, b)
            w.line(f"return {w.pick('x', 'self.norm(x)')}")
    w.line("")
    w.line(f"{made} = {name}({given(w, Body('x', '4', kits), flags)[2:]})")
    return Kit(lambda w, b, tensor, width: f"{made}.block({tensor}, {width})", 1, f"{made}.block")


def recursive(w: Writer, kits: list[Kit]) -> Kit:
    """A helper that calls itself."""
    name = w.fresh("stack")
    with w.block(f"def {name}(x, filters, n=2):", 2):
        with w.block(f"if {w.pick('n == 0', 'not n', 'n < 1')}:"):
            w.line("return x")
        b = Body("x", "filters", [], {}, level=2)
        w.line(f"x = {w.linear(b)}(x)")
        some(w, b)
        w.line(f"return {name}(x, filters, n - 1)")
    return Kit(lambda w, b, tensor, width: f"{name}({tensor}, {width}{w.pick('', ', 1', ', n=2')})", 1, name)


PARTS: tuple[tuple[int, Callable[[Writer, list[Kit]], Kit]], ...] = (
    (6, helper),
    (3, closure),
    (2, sequential_factory),
    (2, model_factory),
    (2, partial),
    (1, dispatch),
    (1, forwarding),
    (1, own_norm),
    (1, composition),
    (2, builder_class),
    (1, recursive),
)
"""How often each kind of definition is written."""
