"""More statements of generated programs: the idioms of whole families of models, and of Python."""

from tests.oracle.generated_steps import merged, some
from tests.oracle.generated_writer import Body, Step, Writer


def there_and_back(w: Writer, b: Body) -> None:
    """Down and up again, with skips kept in a list."""
    pool, up, depth = w.world.pool, w.world.up, w.dice.randint(1, w.world.halvings) if w.world.halvings else 0
    if not depth or b.level:
        return growing(w, b)
    skips, f = w.fresh("skips"), w.fresh("f")
    inner = b.inner(width=f)
    widths = [w.pick("4", "6", "8") for _ in range(depth)]
    w.line(f"{skips} = []")
    listed = ", ".join(widths)
    with w.block(f"for {f} in {w.pick(f'[{listed}]', f'({listed},)')}:", depth):
        w.line(f"{b.x} = {w.linear(inner)}({b.x})")
        w.line(f"{b.x} = {w.layer(inner)}({b.x})")
        w.line(w.pick(f"{skips}.append({b.x})", f"{skips} += [{b.x}]", f"{skips}.insert(len({skips}), {b.x})"))
        w.line(f"{b.x} = {pool}({b.x})")
    w.line(f"{b.x} = {w.linear(b)}({b.x})")
    back = f"[{', '.join(widths[::-1])}]"
    kept = w.fresh("skip")
    header, skip = w.dice.choice(
        (
            (f"for {f}, {kept} in zip({back}, reversed({skips})):", kept),
            (f"for {f}, {kept} in zip({back}, {skips}[::-1]):", kept),
            (f"for {f} in {back}:", f"{skips}.pop()"),
            (f"for i, {f} in enumerate({back}):", f"{skips}[-1 - i]"),
            (f"for i, {f} in enumerate({back}, start=1):", f"{skips}[-i]"),
            (f"for i, {f} in enumerate({back}):", f"{skips}[len({skips}) - 1 - i]"),
        )
    )
    with w.block(header, depth):
        w.spend(2)
        w.line(f"{b.x} = {up}({b.x})")
        w.line(f"{b.x} = {w.pick('<Concatenate>()', '<concatenate>')}([{b.x}, {skip}])")
        w.line(f"{b.x} = {w.linear(inner)}({b.x})")
        w.line(f"{b.x} = {w.layer(inner)}({b.x})")
    w.line(f"{b.x} = {w.linear(b)}({b.x})")
    return None


def growing(w: Writer, b: Body) -> None:
    """Each round sees all before it."""
    count, name = w.dice.choice((1, 2, 3)), w.fresh("features")
    w.spend(count)
    if w.chance(0.5):
        with w.block(f"for _ in range({count}):", count):
            w.line(f"{name} = {w.linear(b)}({b.x})")
            w.line(f"{b.x} = <Concatenate>()([{b.x}, {name}])")
        w.line(f"{b.x} = {w.linear(b)}({b.x})")
        return
    w.line(f"{name} = [{b.x}]")
    with w.block(f"for _ in range({count}):", count):
        w.line(f"{b.x} = <Concatenate>()({name}) if len({name}) > 1 else {name}[0]")
        w.line(f"{b.x} = {w.linear(b)}({b.x})")
        w.line(f"{name}.append({b.x})")
    w.line(f"{b.x} = {merged(w, f'{name}[0]', f'{name}[-1]')}")


def squeeze(w: Writer, b: Body) -> None:
    """Channels weighed by what is in them."""
    if not w.world.squeeze:
        return computed_width(w, b)
    name = w.fresh("se")
    w.spend(4)
    w.line(f"{name} = {w.world.ends[0]}({b.x})")
    w.line(
        f"{name} = <Dense>({w.pick('4', f'{b.width} // 2', f'max(1, {b.width} // 4)', f'int({b.width} * 0.5)')}, activation='relu')({name})"
    )
    w.line(f"{name} = <Dense>({b.width}, activation='sigmoid')({name})")
    w.line(f"{name} = <Reshape>({w.world.squeeze.format(f=b.width)})({name})")
    w.line(w.pick(f"{b.x} = <Multiply>()([{b.x}, {name}])", f"{b.x} = {b.x} * {name}", f"{b.x} = <multiply>([{b.x}, {name}])"))
    return None


def computed_width(w: Writer, b: Body) -> None:
    f = w.fresh("f")
    forms = (
        "2 ** 2",
        "{0} * 2",
        "int({0} * 1.5)",
        "{1}.shape[-1]",
        "min({0}, 6)",
        "max([{0}, 4])",
        "sum([2, 4])",
        "[4, 6, 8][1]",
        "round(4.2)",
    )
    w.line(f"{f} = {w.pick(*forms).format(b.width, b.x)}")
    w.line(f"{b.x} = {w.linear(b, f)}({b.x})")
    some(w, b, width=f)
    w.line(f"{b.x} = {w.linear(b)}({b.x})")


def widths_given(w: Writer, b: Body) -> None:
    """A number, or a list of numbers, to loop over."""
    name, f = w.fresh("widths"), w.fresh("f")
    w.line(f"{name} = {w.pick('4', '[4, 6]', '(6,)')}")
    with w.block(f"if {w.pick(f'isinstance({name}, int)', f'not isinstance({name}, (list, tuple))')}:"):
        w.line(f"{name} = [{name}] * 2")
    match w.dice.randrange(3):
        case 0:
            header = f"for {f} in {name}:"
        case 1:
            w.line(f"first, *rest = {name}")
            w.line(f"{b.x} = {w.linear(b, 'first')}({b.x})")
            header = f"for {f} in rest:"
        case _:
            header = f"for {f} in {name}[{w.pick(':-1', '1:', ':')}]:"
    with w.block(header, 2):
        w.line(f"{b.x} = {w.linear(b, f)}({b.x})")
        w.line(f"{b.x} = {w.layer(b.inner(width=f))}({b.x})")
    w.line(f"{b.x} = {w.linear(b)}({b.x})")


def options_in_a_dict(w: Writer, b: Body) -> None:
    name = w.fresh("options")
    w.line(f"{name} = {w.pick('dict(use_bias=False)', '''{'use_bias': False, 'activation': 'relu'}''', '{}')}")
    if w.chance(0.4):
        w.line(
            w.pick(
                f"{name}['use_bias'] = True",
                f"{name}.update(use_bias=False)",
                f"{name}.setdefault('use_bias', False)",
                f"{name} = {{**{name}, 'use_bias': True}}",
                f"{name} = dict({name}, activation=None)",
            )
        )
    w.spend()
    text = w.world.linear[0].format(f=b.width, k="3", more=f", **{name}")
    w.line(f"{b.x} = {text}({b.x})")


def class_in_a_name(w: Writer, b: Body) -> None:
    name = w.fresh("norm")
    test = w.test(*w.dice.choice(sorted(b.flags.items()))) if b.flags else w.pick("True", "False", "not []", "1 < 2")
    w.spend()
    w.line(f"{name} = <BatchNormalization> if {test} else <LayerNormalization>")
    w.line(f"{b.x} = {name}({w.pick('', 'epsilon=1e-5')})({b.x})")


def by_getattr(w: Writer, b: Body) -> None:
    w.spend()
    kind = w.pick("BatchNormalization", "LayerNormalization", "ReLU")
    w.line(f"{b.x} = getattr({w.words.whole()}.layers, {w.pick(repr(kind), repr(kind), f'''{kind[:4]!r} + {kind[4:]!r}''')})()({b.x})")


def exhaustive(w: Writer, b: Body) -> None:
    """Each case by name, and an error for the rest."""
    flags = [name for name, kind in b.flags.items() if kind == "norm"]
    if not flags:
        return class_in_a_name(w, b)
    with w.block(f"if {flags[0]} == 'batch':"):
        w.line(f"{b.x} = {w.norm(b)}({b.x})")
    with w.block(f"elif {flags[0]} == 'layer':"):
        w.line(f"{b.x} = <LayerNormalization>()({b.x})")
    with w.block(f"elif {flags[0]} is not None:"):
        w.line(f"raise ValueError(f'unknown: {{{flags[0]}}}')" if "'" not in flags[0] else "raise ValueError")
    w.spend()
    return None


def folded(w: Writer, b: Body) -> None:
    parts = ", ".join(w.layers(b, 2))
    if w.chance(0.5):
        reduce = w.words.imported("functools", "reduce")
        w.line(f"{b.x} = {reduce}(lambda t, layer: layer(t), [{parts}], {b.x})")
    else:
        name = w.fresh("outputs")
        w.line(f"{name} = list(map(lambda layer: layer({b.x}), [{parts}]))")
        w.line(f"{b.x} = {w.pick('<Add>()', '<Average>()')}({name})")
        w.spend()


def functions_in_a_list(w: Writer, b: Body) -> None:
    name = w.fresh("steps")
    w.line(f"{name} = [{w.pick('lambda t, f=f: ', 'lambda t: ')}{w.linear(b)}(t) for f in (4, 6)]")
    w.line(f"{name}.append(lambda t: {w.layer(b)}({w.layer(b)}(t)))")
    with w.block(f"for step in {name}:"):
        w.line(f"{b.x} = step({b.x})")


def two_results(w: Writer, b: Body) -> None:
    name, a, c = w.fresh("split"), w.fresh("a"), w.fresh("b")
    with w.block(f"def {name}(t):"):
        w.line(f"h = {w.layer(b)}(t)")
        w.line(f"return {w.pick(f'h, {w.linear(b)}(h)', f'[h, {w.linear(b)}(t)]', f'({w.layer(b)}(h), h)')}")
    w.line(f"{w.pick(f'{a}, {c}', f'({a}, {c})', f'[{a}, {c}]')} = {name}({b.x})")
    w.line(f"{b.x} = {merged(w, a, c)}")


def yielded(w: Writer, b: Body) -> None:
    name = w.fresh("parts")
    with w.block(f"def {name}(n):"):
        with w.block("for i in range(n):", 2):
            w.line(f"yield {w.linear(b)}")
        w.line(f"yield {w.norm(b)}")
    with w.block(f"for part in {name}({w.pick('1', '2')}):"):
        w.line(f"{b.x} = part({b.x})")


def walrus(w: Writer, b: Body) -> None:
    name = w.fresh("y")
    with w.block(f"if ({name} := {w.linear(b)}({b.x})) is not None:"):
        w.line(f"{b.x} = {merged(w, name, b.x)}")


def lambda_layer(w: Writer, b: Body) -> None:
    w.spend()
    w.line(f"{b.x} = <Lambda>(lambda t: {w.pick('t * 2.0', 't', 't + 1.0')})({b.x})")


def inner_model(w: Writer, b: Body) -> None:
    name, start = w.fresh("inner"), w.fresh("start")
    w.line(f"{start} = <Input>({w.pick('', 'shape=')}{b.x}.shape[1:])")
    w.line(f"{name} = <Model>({start}, {w.layer(b)}({w.linear(b)}({start})))")
    if w.chance(0.4):
        w.line(f"{b.x} = {merged(w, f'{name}({b.x})', f'{name}({w.layer(b)}({b.x}))')}")
        w.spend(2)
    else:
        w.line(f"{b.x} = {name}({b.x})")


def scoped(w: Writer, b: Body) -> None:
    w.words.plain.add("import tensorflow as tf")
    with w.block(f"with tf.name_scope('{w.fresh('scope')}'):"):
        some(w, b)


def chatter(w: Writer, b: Body) -> None:
    """What says something and does nothing."""
    w.line(
        w.pick(
            f"print({b.x}.shape)",
            f"assert {b.x} is not None",
            "pass",
            f"# {w.pick('the stem', 'and on')}",
            f"{w.fresh('channels')} = {b.x}.shape[-1]",
            "'a text of its own'",
        )
    )
    w.line(f"{b.x} = {w.layer(b)}({b.x})")


def unpacked_layers(w: Writer, b: Body) -> None:
    parts = f"*[{w.linear(b)} for _ in range(2)], {w.norm(b)}"
    w.spend(1)
    more = f", *([{w.active(b)}] if {w.test(*w.dice.choice(sorted(b.flags.items())))} else [])" if b.flags else ""
    w.line(f"{b.x} = <Sequential>([{parts}{more}])({b.x})")


def counted(w: Writer, b: Body) -> None:
    """A counter that a function moves on."""
    name, count, word = w.fresh("count"), w.fresh("step"), "nonlocal" if w.inside else "global"
    w.line(f"{name} = 0")
    with w.block(f"def {count}(t):"):
        w.line(f"{word} {name}")
        w.line(f"{name} += 1")
        w.line(f"return {w.norm(b)}(t) if {name} % 2 else {w.active(b)}(t)")
    w.line(f"{b.x} = {count}({w.linear(b)}({count}({b.x})))")
    w.spend(2)


IDIOMS: tuple[tuple[int, Step, bool], ...] = (
    (3, there_and_back, True),
    (2, growing, True),
    (2, squeeze, True),
    (2, computed_width, True),
    (1, widths_given, True),
    (1, options_in_a_dict, False),
    (1, class_in_a_name, False),
    (1, by_getattr, False),
    (2, exhaustive, False),
    (1, folded, False),
    (1, functions_in_a_list, True),
    (1, two_results, False),
    (1, yielded, True),
    (1, walrus, False),
    (1, lambda_layer, False),
    (1, inner_model, True),
    (1, scoped, True),
    (1, chatter, False),
    (1, unpacked_layers, True),
    (1, counted, True),
)
"""As `generated_steps.STEPS`."""
