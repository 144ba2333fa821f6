"""Statements of generated programs: each takes the tensor of a body on, in a form in which people write it, and keeps its width."""

from tests.oracle.generated_writer import MOST, Body, Step, Writer

DEEPEST = 3
"""Blocks within blocks."""


def write(w: Writer, b: Body, count: int) -> None:
    """So many statements, as far as they are not too many."""
    for _ in range(count):
        fitting = [entry for entry in w.steps if w.weight < MOST or not entry[2]]
        step = w.dice.choices([step for _, step, _ in fitting], [weight for weight, _, _ in fitting])[0]
        (one_layer if b.level >= DEEPEST else step)(w, b)


def some(w: Writer, b: Body, **changes: object) -> None:
    """A block of one to three statements."""
    write(w, b.inner(**changes), w.dice.choice((1, 1, 2, 3)))


def one_layer(w: Writer, b: Body) -> None:
    w.line(f"{b.x} = {w.layer(b)}({b.x})")


def named_layer(w: Writer, b: Body) -> None:
    name = w.fresh(w.pick("layer", "conv", "norm"))
    w.line(f"{name} = {w.layer(b)}")
    w.line(f"{b.x} = {name}({b.x})")


def nested_calls(w: Writer, b: Body) -> None:
    text = b.x
    for layer in w.layers(b, w.dice.choice((2, 3))):
        text = f"{layer}({text})"
    w.line(f"{b.x} = {text}")


def several_names(w: Writer, b: Body) -> None:
    first, second = w.fresh("a"), w.fresh("b")
    w.line(f"{first}, {second} = {w.linear(b)}({b.x}), {w.layer(b)}({b.x})")
    w.line(f"{b.x} = {merged(w, first, second)}")


def merged(w: Writer, *names: str) -> str:
    """A tensor of the same width that is made of several."""
    w.spend()
    listed = f"[{', '.join(names)}]"
    forms = [f"<{kind}>()({listed})" for kind in ("Add", "Average", "Maximum", "Multiply")]
    forms += [f"<{name}>({listed})" for name in ("add", "add", "average", "maximum", "multiply")]
    return w.pick(*forms, " + ".join(names), " * ".join(names), " + ".join(names))


def residual(w: Writer, b: Body) -> None:
    shortcut = w.fresh(w.pick("shortcut", "skip", "identity"))
    w.line(f"{shortcut} = {b.x}")
    some(w, b)
    if w.chance(0.3):
        w.line(f"{shortcut} = {w.layer(b)}({shortcut})")
    if w.chance(0.2):
        w.spend()
        w.line(f"{b.x} += {shortcut}")
    else:
        w.line(f"{b.x} = {merged(w, *w.dice.sample((b.x, shortcut), 2))}")


def branches(w: Writer, b: Body) -> None:
    names = [w.fresh("branch") for _ in range(w.dice.choice((2, 3)))]
    for name in names:
        w.line(f"{name} = {w.linear(b)}({b.x})")
        if w.chance(0.5):
            some(w, b, x=name, returns=False)
    w.spend()
    listed = f"[{', '.join(names)}]"
    w.line(f"{b.x} = {w.pick('<Concatenate>()', '<Concatenate>(axis=-1)', '<concatenate>')}({listed})")
    w.line(f"{b.x} = {w.linear(b)}({b.x})")


def comprehension(w: Writer, b: Body) -> None:
    name, count = w.fresh("branches"), w.dice.choice((2, 3))
    w.factor *= count
    item = w.pick("i", "rate", "_")
    text = f"{w.layer(b)}({b.x})"
    if w.chance(0.4):
        text = f"{w.norm(b)}({text})"
    w.factor //= count
    domain = w.pick(f"range({count})", str(tuple(range(1, count + 1))), str([2**i for i in range(count)]))
    w.line(f"{name} = [{text} for {item} in {domain}]")
    w.spend()
    w.line(f"{b.x} = {w.pick('<Add>()', '<add>', '<Maximum>()')}({w.pick(name, f'{name} + [{b.x}]', f'[*{name}, {b.x}]')})")


def layer_list(w: Writer, b: Body) -> None:
    name = w.fresh("layers")
    parts = w.layers(b, w.dice.choice((2, 3)))
    match w.dice.randrange(5):
        case 0:
            w.line(f"{name} = [{', '.join(parts)}]")
        case 1:
            w.line(f"{name} = []")
            for part in parts:
                w.line(w.pick(f"{name}.append({part})", f"{name} += [{part}]", f"{name}.extend([{part}])"))
        case 2 if b.flags:
            flag, kind = w.dice.choice(sorted(b.flags.items()))
            w.line(f"{name} = [{parts[0]}]")
            with w.block(f"if {w.test(flag, kind)}:"):
                w.line(f"{name}.append({w.norm(b)})")
            w.line(f"{name}.append({parts[1]})")
        case 3:
            w.spend(2)
            w.line(f"{name} = [{w.linear(b)} for _ in range(2)] + [{parts[0]}]")
        case _:
            w.line(f"{name} = ({', '.join(parts)})")
    with w.block(f"for layer in {w.pick(name, name, f'reversed({name})')}:"):
        w.line(f"{b.x} = layer({b.x})")


def if_flag(w: Writer, b: Body) -> None:
    if not b.flags:
        return one_layer(w, b)
    flag, kind = w.dice.choice(sorted(b.flags.items()))
    with w.block(f"if {w.test(flag, kind)}:"):
        some(w, b)
    if w.chance(0.25):
        flag, kind = w.dice.choice(sorted(b.flags.items()))
        with w.block(f"elif {w.test(flag, kind)}:"):
            some(w, b)
    if w.chance(0.4):
        with w.block("else:"):
            some(w, b)
    return None


def if_expression(w: Writer, b: Body) -> None:
    if not b.flags:
        return nested_calls(w, b)
    flag, kind = w.dice.choice(sorted(b.flags.items()))
    test = w.test(flag, kind)
    first, second = w.layer(b), w.layer(b)
    w.line(
        f"{b.x} = "
        + w.pick(
            f"{first}({b.x}) if {test} else {b.x}",
            f"({first} if {test} else {second})({b.x})",
            f"{first}({b.x}) if {test} else {second}({b.x})",
        )
    )
    return None


def early_return(w: Writer, b: Body) -> None:
    if not b.flags or not b.returns:
        return one_layer(w, b)
    flag, kind = w.dice.choice(sorted(b.flags.items()))
    with w.block(f"if {w.test(flag, kind)}:"):
        w.line(f"return {w.pick(b.x, f'{w.layer(b)}({b.x})')}")
    return None


def match_flag(w: Writer, b: Body) -> None:
    flags = [name for name, kind in b.flags.items() if kind in ("norm", "activation", "count")]
    if not flags:
        return several_names(w, b)
    flag = w.dice.choice(flags)
    cases = {"norm": ("'batch'", "'layer' | 'group'"), "activation": ("'relu' | 'elu'", "None"), "count": ("1", "2")}[b.flags[flag]]
    with w.block(f"match {flag}:"):
        for case in cases:
            with w.block(f"case {case}:"):
                some(w, b)
        if w.chance(0.5):
            with w.block("case _:"):
                w.line(w.pick("pass", f"{b.x} = {w.layer(b)}({b.x})"))
    return None


def counted_loop(w: Writer, b: Body) -> None:
    counts = [name for name, kind in b.flags.items() if kind == "count"]
    count, bound = w.dice.choice((1, 2, 2, 3)), w.pick("{}", *counts)
    name = w.pick("i", "_", "stage")
    if bound == "{}" and w.chance(0.2):
        name = w.fresh("n")
        w.line(f"{name} = 0")
        with w.block(f"while {name} < {count}:", count):
            w.line(f"{name} += 1")
            some(w, b)
        return
    with w.block(f"for {name} in range({bound.format(count)}):", count):
        some(w, b)
        if name != "_" and w.chance(0.4):
            with w.block(f"if {w.pick(f'{name} == 0', f'{name} > 0', f'{name} % 2', f'{name} < {count - 1}', f'not {name}')}:"):
                w.line(w.pick(f"{b.x} = {w.layer(b)}({b.x})", w.pick("continue", "break")))
            if w.chance(0.5):
                w.line(f"{b.x} = {w.layer(b)}({b.x})")
    if w.chance(0.1):
        with w.block("else:"):
            some(w, b)


def configured_loop(w: Writer, b: Body) -> None:
    """A loop over settings, the width among them."""
    rows = [(w.pick("4", "6", "8"), w.pick("'relu'", "'elu'", "None"), w.pick("True", "False")) for _ in range(w.dice.choice((1, 2, 3)))]
    f, act, flag = w.fresh("f"), w.fresh("act"), w.fresh("norm")
    inner = b.inner(width=f, flags={**b.flags, act: "activation", flag: "bool"})
    columns = ["[" + ", ".join(column) + "]" for column in zip(*rows, strict=True)]
    listed = "[" + ", ".join(f"({', '.join(row)})" for row in rows) + "]"
    dicts = "[" + ", ".join(f"{{'f': {row[0]}, 'act': {row[1]}, 'norm': {row[2]}}}" for row in rows) + "]"
    head = ""
    match w.dice.randrange(5):
        case 0:
            header = f"for {f}, {act}, {flag} in {listed}:"
        case 1:
            header = f"for {f}, {act}, {flag} in zip({', '.join(columns)}):"
        case 2:
            header = f"for {w.pick('i', 'index')}, ({f}, {act}, {flag}) in enumerate({listed}):"
        case 3:
            config = w.fresh("configs")
            w.line(f"{config} = {dicts}")
            header, head = f"for config in {config}:", f"{f}, {act}, {flag} = config['f'], config.get('act'), config['norm']"
        case _:
            config = w.fresh("settings")
            w.line(f"{config} = {listed}")
            header, head = f"for i in range(len({config})):", f"{f}, {act}, {flag} = {config}[i]"
    with w.block(header, len(rows)):
        if head:
            w.line(head)
        w.line(f"{b.x} = {w.linear(b, f)}({b.x})")
        some(w, inner)
    w.line(f"{b.x} = {w.linear(b)}({b.x})")


def use_kit(w: Writer, b: Body) -> None:
    kits = [kit for kit in b.kits if w.weight + kit.weight * w.factor <= MOST * 1.5]
    if not kits:
        return nested_calls(w, b)
    kit = w.dice.choice(kits)
    w.spend(kit.weight)
    w.line(f"{b.x} = {kit.use(w, b, b.x, b.width)}")
    return None


def shared_layer(w: Writer, b: Body) -> None:
    layer, a, c = w.fresh("shared"), w.fresh("a"), w.fresh("b")
    w.line(f"{layer} = {w.linear(b)}")
    w.line(f"{a} = {layer}({b.x})")
    w.line(f"{c} = {layer}({w.norm(b)}({b.x}))")
    w.line(f"{b.x} = {merged(w, a, c)}")


def function_call(w: Writer, b: Body) -> None:
    w.spend()
    w.line(f"{b.x} = {w.words.function()}({w.pick(b.x, f'{w.layer(b)}({b.x})')})")


def scaled(w: Writer, b: Body) -> None:
    w.spend()
    w.line(
        w.pick(
            f"{b.x} = {b.x} * 0.5",
            f"{b.x} = 0.1 * {b.x}",
            f"{b.x} = {b.x} + 1.0",
            f"{b.x} = -{b.x}",
            f"{b.x} *= 2.0",
            f"{b.x} = {b.x} / 2.0",
        )
    )


def local_function(w: Writer, b: Body) -> None:
    name = w.fresh(w.pick("block", "unit", "apply"))
    match w.dice.randrange(3):
        case 0:
            w.line(f"{name} = lambda t: {w.layer(b)}({w.layer(b)}(t))")
        case 1:
            with w.block(f"def {name}(t):"):
                some(w, b, x="t", returns=True)
                w.line("return t")
        case _:
            w.line(f"{name} = lambda: {w.layer(b)}")
            name += "()"
    w.line(f"{b.x} = {name}({b.x})")


def sequential(w: Writer, b: Body) -> None:
    parts = w.layers(b, w.dice.choice((2, 3)))
    if w.chance(0.6):
        w.line(f"{b.x} = <Sequential>([{', '.join(parts)}])({b.x})")
        return
    name = w.fresh("block")
    w.line(f"{name} = <Sequential>()")
    for part in parts:
        w.line(f"{name}.add({part})")
    w.line(f"{b.x} = {name}({b.x})")


def chosen_from_dict(w: Writer, b: Body) -> None:
    keys, name = w.dice.sample(("relu", "elu", "batch", "layer", "none"), 2), w.fresh("choices")
    entries = ", ".join(f"'{key}': {w.pick(w.layer(b), f'lambda t: {w.layer(b)}(t)')}" for key in keys)
    w.line(f"{name} = {{{entries}}}")
    w.line(f"{b.x} = {name}['{w.dice.choice(keys)}']({b.x})")


def sure_try(w: Writer, b: Body) -> None:
    with w.block("try:"):
        some(w, b)
    with w.block("finally:"):
        w.line("pass")


STEPS: tuple[tuple[int, Step, bool], ...] = (
    (6, one_layer, False),
    (2, named_layer, False),
    (5, nested_calls, False),
    (1, several_names, False),
    (4, residual, True),
    (2, branches, True),
    (1, comprehension, True),
    (2, layer_list, False),
    (6, if_flag, True),
    (2, if_expression, False),
    (2, early_return, False),
    (1, match_flag, True),
    (3, counted_loop, True),
    (3, configured_loop, True),
    (8, use_kit, True),
    (1, shared_layer, False),
    (2, function_call, False),
    (1, scaled, False),
    (1, local_function, True),
    (1, sequential, False),
    (1, chosen_from_dict, False),
    (1, sure_try, True),
)
"""How often each kind of statement is written; those that hold blocks or whole parts only as long as the program is small."""
