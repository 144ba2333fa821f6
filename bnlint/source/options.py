"""Command line options: argparse, and the flags of absl and TF1. The default of an option is its value."""

from __future__ import annotations

import ast

from bnlint.graph.model import Arguments, Unknown
from bnlint.source.machine import Machine
from bnlint.source.values import MISSING, Bound, Dotted, Options, first_argument

METHODS = frozenset(
    {"add_argument", "parse_args", "parse_known_args", "add_argument_group", "add_mutually_exclusive_group", "set_defaults"}
)

FLAGS = ("absl.flags", "tf.flags", "tf.app.flags")


def parser(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`argparse.ArgumentParser()`."""
    return Options({})


def method(m: Machine, owner: Options, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A method of a parser."""
    if name == "add_argument":
        define(m, owner, arguments)
        return None
    if name in ("parse_args", "add_argument_group", "add_mutually_exclusive_group"):
        return owner
    if name == "parse_known_args":
        return (owner, Unknown("the remaining arguments"))
    if name == "set_defaults":
        for argument in arguments.items:
            if argument.name is not None:
                m.write(owner.fields, argument.name, m.settle(argument.value))
        return None
    return Unknown(f"the result of `{name}`")


def define(m: Machine, owner: Options, arguments: Arguments) -> None:
    """`add_argument("--batch-size", default=4)`: bound under its long name; a switch, or an option without default, stays unknown."""
    names = [m.settle(argument.value) for argument in arguments.positional]
    long = next((name for name in names if isinstance(name, str) and name.startswith("--")), None)
    first = long or next((name for name in names if isinstance(name, str)), None)
    given, destination = arguments.keyword("default"), arguments.keyword("dest")
    name = m.settle(destination.value) if destination is not None else first.lstrip("-").replace("-", "_") if first is not None else None
    default = m.settle(given.value) if given is not None else None
    if isinstance(name, str) and arguments.keyword("action") is None and default is not None and not isinstance(default, Unknown):
        m.write(owner.fields, name, default)


def attribute(owner: Options, name: str) -> object:
    """`args.name`: the default; else unknown, the same unknown each time."""
    if name in owner.fields:
        return owner.fields[name]
    if name in METHODS:
        return Bound(owner, name)
    return owner.missing.setdefault(name, Unknown(f"the option `{name}` has no known default"))


def flag(m: Machine, callee: Dotted, arguments: Arguments) -> object:
    """`flags.DEFINE_integer("batch_size", 4, "…")`: remembered for FLAGS; MISSING for other functions."""
    module, _, name = (callee.canonical or callee.name).rpartition(".")
    if module not in FLAGS or not name.startswith("DEFINE_"):
        return MISSING
    named, given = m.settle(first_argument(arguments)), arguments.keyword("default")
    default = m.settle(given.value if given is not None else first_argument(arguments, 1))
    if isinstance(named, str) and isinstance(default, (int, float, str)) and name != "DEFINE_bool":
        m.write(m.flags.fields, named, default)
    return Unknown("a flag")


def flags(m: Machine, dotted: str) -> object:
    """`flags.FLAGS`, or MISSING."""
    module, _, name = dotted.rpartition(".")
    return m.flags if name == "FLAGS" and module in FLAGS else MISSING
