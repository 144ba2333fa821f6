"""Options by name: argparse, click, the flags of absl and TF1, the environment, namespaces. The default of an option is its value."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Final

from bnlint.graph.model import Arguments, Unknown
from bnlint.keras_api.tables import words
from bnlint.source import classes, expressions, invoke
from bnlint.source.joins import join
from bnlint.source.machine import Handler, Machine
from bnlint.source.values import MISSING, Bound, Dict, Dotted, Instance, Options, bind_parameters, first_argument, sequence

FLAGS: Final = ("absl.flags", "gflags", "tf.app.flags", "tf.compat.v1.app.flags", "tf.compat.v1.flags", "tf.flags")
"""Modules whose `DEFINE_…` functions fill `FLAGS`."""

SWITCHES: Final = ("DEFINE_bool", "DEFINE_boolean", "DEFINE_flag")
"""Flags that are there to be switched: their default decides nothing."""

NAMESPACES: Final = (
    "addict.Dict",
    "argparse.Namespace",
    "easydict.EasyDict",
    "ml_collections.ConfigDict",
    "ml_collections.config_dict.ConfigDict",
    "munch.Munch",
    "types.SimpleNamespace",
)
"""Classes whose objects are attributes by name and nothing else."""

TYPES: Final[Mapping[str, Callable[[str], object]]] = {"builtins.int": int, "builtins.float": float, "builtins.str": str}
"""What `type=` makes of a default that is a text."""

METHODS: Final = words(
    "add_argument add_argument_group add_mutually_exclusive_group add_parser add_subparsers copy get get_default items keys "
    "parse_args parse_intermixed_args parse_known_args set_defaults update values"
)
"""What is called on a parser, or on a namespace that is a mapping too."""


def parser(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`argparse.ArgumentParser(parents=[…])`."""
    made = Options({})
    parents = arguments.keyword("parents")
    for parent in (sequence(m.settle(parents.value)) or ()) if parents is not None else ():
        if isinstance(parent, Options):
            made.fields.update(parent.fields)
    return made


def method(m: Machine, owner: Options, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A method of a parser, or of a namespace."""
    first = m.settle(first_argument(arguments))
    match name:
        case "add_argument":
            define(m, owner, arguments)
            return None
        case "set_defaults" | "update":
            for key, value in named(m, arguments).items():
                put(m, owner, key, value)
            return None
        case "add_argument_group" | "add_mutually_exclusive_group":
            return owner
        case "add_subparsers":
            given = arguments.keyword("dest")
            return Options(owner.fields, owner.missing, missing(owner, m.settle(given.value) if given is not None else "command"))
        case "add_parser" if owner.command is not None:
            return Options(owner.fields, owner.missing, m.test("==", owner.command, first))
        case "parse_args" | "parse_intermixed_args" | "copy":
            return Options(dict(owner.fields), owner.missing)
        case "parse_known_args":
            return (Options(dict(owner.fields), owner.missing), Unknown("the remaining arguments"))
        case "get_default" | "get" if isinstance(first, str):
            default = first_argument(arguments, 1)
            return attribute(owner, first) if first in owner.fields or default is MISSING else default
    return Unknown(f"the result of `{name}`")


def define(m: Machine, owner: Options, arguments: Arguments) -> None:
    """`add_argument("--batch-size", default=4)`: bound under its long name; a switch, or an option without default, stays unknown."""
    written = [name for name in map(m.settle, (argument.value for argument in arguments.positional)) if isinstance(name, str)]
    destination = arguments.keyword("dest")
    name = m.settle(destination.value) if destination is not None else _long(written)
    action = arguments.keyword("action")
    stores = action is None or m.settle(action.value) == "store"
    default = _default(m, arguments) if stores else MISSING
    if isinstance(name, str) and default is not MISSING:
        put(m, owner, name, default)


def _long(written: list[str]) -> str | None:
    """The name under which an option is found: its first long one, else its first."""
    first = next((name for name in written if name.startswith("--")), written[0] if written else None)
    return first.lstrip("-").replace("-", "_") if first is not None else None


def _default(m: Machine, arguments: Arguments) -> object:
    """The default of an option, as its type has it; MISSING if there is none, or None."""
    given, kind = arguments.keyword("default"), arguments.keyword("type")
    default = m.plain(given.value) if given is not None else None
    if default is None or isinstance(default, Unknown):
        return MISSING
    if isinstance(default, str) and kind is not None:
        made = m.settle(kind.value)
        convert = TYPES.get(made.name) if isinstance(made, Dotted) else None
        try:
            return convert(default) if convert is not None else MISSING
        except ValueError:
            return MISSING
    return default


# Namespaces


def namespace(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`SimpleNamespace(batch_size=4)`, `EasyDict({"batch_size": 4})`."""
    return Options(named(m, arguments))


def named(m: Machine, arguments: Arguments) -> dict[object, object]:
    """What a call gives by name, or in the mapping that is its first argument."""
    first = m.settle(first_argument(arguments))
    found = dict(first.fields) if isinstance(first, (Dict, Options)) else {}
    found.update({argument.name: argument.value for argument in arguments.items if argument.name is not None})
    inner = {key: Options(dict(value.fields)) for key, value in found.items() if isinstance(value, Dict) and isinstance(first, Dict)}
    return {**found, **inner}


def missing(owner: Options, name: object) -> Unknown:
    """An option that has no known value: the same unknown each time."""
    return owner.missing.setdefault(str(name), Unknown(f"the option `{name}` has no known default"))


def attribute(owner: Options, name: str) -> object:
    """`args.name`."""
    if name in owner.fields:
        return owner.fields[name]
    if name == "__dict__":
        return Dict(owner.fields, open=True)
    return Bound(owner, name) if name in METHODS else missing(owner, name)


def put(m: Machine, owner: Options, name: object, value: object) -> None:
    """`args.name = value`; a sub-parser binds its options where its command is given."""
    if owner.command is not None:
        value = join(owner.command, m.settle(value), owner.fields.get(name, MISSING))
    m.write(owner.fields, name, value)


def variables(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`vars(args)`: the same options as a dict."""

    def apply(value: object) -> object:
        if isinstance(value, (Options, Instance)):
            return Dict(value.fields, open=True)
        return Unknown("the attributes of a value that is not known")

    return m.each(first_argument(arguments), apply)


def replaced(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`dataclasses.replace(config, batch_size=4)`."""

    def apply(value: object) -> object:
        if not isinstance(value, Instance):
            return Unknown("a copy of a value that is not known")
        fields = {**value.fields, **{argument.name: argument.value for argument in arguments.items if argument.name is not None}}
        return Instance(value.cls, fields, m.origin(node), value.arguments)

    return m.each(first_argument(arguments), apply)


def as_dict(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`dataclasses.asdict(config)`."""

    def apply(value: object) -> object:
        if not isinstance(value, Instance):
            return Unknown("the fields of a value that is not known")
        names = classes.annotated(value.cls)
        found = {name: value.fields.get(name, value.cls.find(name)) for name in names}
        return Dict({name: content for name, content in found.items() if content is not MISSING}, open=MISSING in found.values())

    return m.each(first_argument(arguments), apply)


def declared(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`dataclasses.field(default=4)`, `typer.Option(4)`: the default."""
    factory, given = arguments.keyword("default_factory"), arguments.keyword("default")
    if factory is not None:
        return invoke.invoke(m, factory.value, Arguments(), node)
    default = given.value if given is not None else first_argument(arguments)
    return Unknown("a field without a default") if default is MISSING or default is ... else default


# Flags, the environment, click


def flag(m: Machine, callee: Dotted, arguments: Arguments) -> object:
    """`flags.DEFINE_integer("batch_size", 4, "…")`: remembered for FLAGS, and itself an object with a `value`; MISSING for others."""
    module, _, function = (callee.canonical or callee.name).rpartition(".")
    if module not in FLAGS or not function.startswith("DEFINE_"):
        return MISSING
    given = bind_parameters(("name", "default"), arguments)
    name, default = m.settle(given.get("name")), m.plain(given.get("default"))
    if isinstance(name, str) and default is not None and not isinstance(default, (bool, Unknown)) and function not in SWITCHES:
        m.write(m.flags.fields, name, default)
    return Options({"value": attribute(m.flags, str(name))})


def flags(m: Machine, dotted: str) -> object:
    """`flags.FLAGS`, or MISSING."""
    module, _, name = dotted.rpartition(".")
    return m.flags if name == "FLAGS" and module in FLAGS else MISSING


def item(m: Machine, owner: Options, key: object) -> object:
    """`FLAGS["batch_size"]`, an object with a `value`; `config["batch_size"]`."""
    if not isinstance(key, str):
        return Unknown("an option whose name is not known")
    return Options({"value": attribute(owner, key)}) if owner is m.flags else attribute(owner, key)


def environment(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`os.environ.get("BATCH_SIZE", "4")`: the default."""
    default = bind_parameters(("key", "default"), arguments).get("default")
    return Unknown("a variable of the environment") if default is None else default


def decorated(m: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, object]:
    """The defaults that click's decorators give the parameters of a function."""
    found: dict[str, object] = {}
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute) or decorator.func.attr != "option":
            continue
        callee = expressions.evaluate(m, decorator.func)
        if not isinstance(callee, Dotted) or not callee.name.endswith("click.option"):
            continue
        arguments = invoke.collect(m, decorator)
        written = [name for name in map(m.settle, (argument.value for argument in arguments.positional)) if isinstance(name, str)]
        name = next((name for name in written if name.isidentifier()), None) or _long(sorted(written, key=len, reverse=True))
        default = _default(m, arguments)
        switch = arguments.keyword("is_flag") is not None or isinstance(default, bool) or any("/" in name for name in written)
        if name is not None and default is not MISSING and not switch:
            found[name] = default
    return found


DECLARATIONS: Final = ("attr.field", "attr.ib", "attrs.field", "dataclasses.field", "pydantic.Field", "typer.Argument", "typer.Option")
"""Functions that declare a field or parameter, with its default."""

HANDLERS: Final[dict[str, Handler]] = {
    **dict.fromkeys(NAMESPACES, namespace),
    **dict.fromkeys(DECLARATIONS, declared),
    **dict.fromkeys(("os.environ.get", "os.environ.setdefault", "os.getenv"), environment),
    "argparse.ArgumentParser": parser,
    "builtins.vars": variables,
    "dataclasses.asdict": as_dict,
    "dataclasses.replace": replaced,
}
