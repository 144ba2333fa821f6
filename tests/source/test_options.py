"""Options and settings: what a training call gets from argparse, flags, click, the environment, namespaces and data classes."""

from textwrap import dedent

import pytest

from tests.source.programs import known, read

MODEL = """
x = Input((8,))
model = keras.Model(x, Dense(1)(BatchNormalization()(x)), name="net")
from mine import a, b
"""


def size(source: str, argument: str) -> object:
    """The batch size that `fit` gets, told by what stands as `batch_size=`."""
    program = read(MODEL + dedent(source) + f"\nmodel.fit(a, b, batch_size={argument})\n")
    return known(program.event("fit").args["batch_size"])


PARSER = """
import argparse
parser = argparse.ArgumentParser(description="train")
parser.add_argument("-b", "--batch-size", "--bs", type=int, default=4, help="…")
parser.add_argument("count", nargs="?", type=int, default=7)
parser.add_argument("--text", type=int, default="12")
parser.add_argument("--named", dest="other", default=9)
parser.add_argument("--none", type=int)
parser.add_argument("--switch", action="store_true")
parser.add_argument("--no-switch", action="store_false", default=True)
parser.add_argument("--stored", action="store", default=3)
parser.add_argument("--often", action="count", default=1)
parser.set_defaults(extra=5)
group = parser.add_argument_group("more")
group.add_argument("--grouped", default=6)
one_of = group.add_mutually_exclusive_group()
one_of.add_argument("--exclusive", default=8)
"""


@pytest.mark.parametrize("parse", ["args = parser.parse_args()", "args, rest = parser.parse_known_args()", "args = parser.parse_args([])"])
@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("args.batch_size", 4),
        ("args.count", 7),
        ("args.text", 12),
        ("args.other", 9),
        ("args.named", "?"),
        ("args.none", "?"),
        ("args.switch", "?"),
        ("args.no_switch", "?"),
        ("args.stored", 3),
        ("args.often", "?"),
        ("args.extra", 5),
        ("args.grouped", 6),
        ("args.exclusive", 8),
        ("vars(args)['batch_size']", 4),
        ("vars(args).get('batch_size', 1)", 4),
        ("vars(args).get('none', 1)", "?"),
        ("args.__dict__['extra']", 5),
        ("getattr(args, 'grouped')", 6),
        ("{**vars(args), 'count': 1}['text']", 12),
        ("{**vars(args), 'count': 1}['count']", 1),
        ("args.batch_size // 2", 2),
    ],
)
def test_argparse(parse: str, argument: str, expected: object) -> None:
    assert size(PARSER + parse, argument) == expected


def test_an_option_that_the_code_sets() -> None:
    assert size(PARSER + "args = parser.parse_args()\nargs.batch_size = 64", "args.batch_size") == 64
    assert size(PARSER + "args = parser.parse_args()\nsetattr(args, 'batch_size', 2)", "args.batch_size") == 2
    assert size(PARSER + "args = parser.parse_args()\nif args.switch:\n    args.batch_size = 1", "args.batch_size") == "1 or 4"


def test_an_option_that_is_not_parsed_changes_nothing() -> None:
    assert size(PARSER + "first = parser.parse_args()\nfirst.count = 1\nargs = parser.parse_args()", "args.count") == 7


def test_parsers_of_commands() -> None:
    source = """
        import argparse
        parser = argparse.ArgumentParser()
        commands = parser.add_subparsers(dest="command")
        fit = commands.add_parser("fit")
        fit.add_argument("--size", type=int, default=2)
        tune = commands.add_parser("tune")
        tune.add_argument("--size", type=int, default=16)
        tune.add_argument("--only", type=int, default=3)
        args = parser.parse_args()
    """
    assert size(source, "args.size") == "16 or 2"
    assert size(source, "args.only") == 3
    assert size(source, "args.size if args.command == 'tune' else 1") == "16 or 1"


def test_a_parser_of_a_function_and_its_parents() -> None:
    source = """
        import argparse
        def common():
            parser = argparse.ArgumentParser(add_help=False)
            parser.add_argument("--batch-size", type=int, default=4)
            return parser
        def parse():
            parser = argparse.ArgumentParser(parents=[common()])
            parser.add_argument("--epochs", type=int, default=2)
            return parser.parse_args()
        args = parse()
    """
    assert size(source, "args.batch_size") == 4
    assert size(source, "args.epochs") == 2


def test_options_become_the_arguments_of_a_function() -> None:
    program = read(
        MODEL
        + PARSER
        + "def main(batch_size, count, none, **rest):\n    model.fit(a, b, batch_size=batch_size, epochs=none)\n"
        + "main(**vars(parser.parse_args()))"
    )
    fit = program.event("fit")
    assert (known(fit.args["batch_size"]), known(fit.args["epochs"])) == (4, "?")


@pytest.mark.parametrize(
    "module", ["from absl import flags", "flags = tf.compat.v1.flags", "flags = tf.app.flags", "import gflags as flags"]
)
@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("FLAGS.size", 4),
        ("FLAGS.named", 3),
        ("FLAGS['size'].value", 4),
        ("held.value", 4),
        ("FLAGS.switch", "?"),
        ("FLAGS.other_switch", "?"),
        ("FLAGS.none", "?"),
        ("FLAGS.elsewhere", "?"),
        ("2 if FLAGS.mode == 'train' else 1", 2),
    ],
)
def test_flags(module: str, argument: str, expected: object) -> None:
    source = f"""
        {module}
        FLAGS = flags.FLAGS
        held = flags.DEFINE_integer("size", 4, "help")
        flags.DEFINE_integer(name="named", default=3, help="help")
        flags.DEFINE_bool("switch", True, "help")
        flags.DEFINE_boolean("other_switch", False, "help")
        flags.DEFINE_integer("none", None, "help")
        flags.DEFINE_enum("mode", "train", ["train", "test"], "help")
    """
    assert size(source, argument) == expected


@pytest.mark.parametrize(
    ("option", "parameter", "expected"),
    [
        ("'--batch-size', default=4, type=int", "batch_size", 4),
        ("'-b', '--batch-size', 'size', default=4", "size", 4),
        ("'--size', default='6', type=int", "size", 6),
        ("'--size', type=int", "size", "?"),
        ("'--size/--no-size', default=True", "size", "?"),
    ],
)
def test_click(option: str, parameter: str, expected: object) -> None:
    program = read(
        MODEL
        + f"""
import click

@click.command()
@click.option({option})
def main({parameter}):
    model.fit(a, b, batch_size={parameter})

if __name__ == "__main__":
    main()
"""
    )
    assert known(program.event("fit").args["batch_size"]) == expected


def test_typer() -> None:
    program = read(
        MODEL + "import typer\ndef main(size: int = typer.Option(4, '--size')):\n    model.fit(a, b, batch_size=size)\ntyper.run(main)"
    )
    assert program.event("fit").args["batch_size"] == 4


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("int(os.environ.get('SIZE', '8'))", 8),
        ("int(os.environ.get('SIZE', 8))", 8),
        ("int(os.getenv('SIZE', default=8))", 8),
        ("int(os.environ['SIZE'])", "?"),
        ("int(os.environ.get('SIZE'))", "?"),
        ("int(os.environ.get('SIZE') or 8)", "?"),
    ],
)
def test_the_environment(argument: str, expected: object) -> None:
    found = size("import os", argument)
    assert found == expected or (expected == "?" and "?" in str(found))


@pytest.mark.parametrize(
    ("source", "argument", "expected"),
    [
        ("from types import SimpleNamespace\nc = SimpleNamespace(size=6)", "c.size", 6),
        ("import argparse\nc = argparse.Namespace(size=6)\nc.size += 1", "c.size", 7),
        ("import argparse\nc = argparse.Namespace(**{'size': 6})", "c.size", 6),
        ("from easydict import EasyDict as edict\nc = edict({'train': {'size': 5}})", "c.train.size", 5),
        ("from easydict import EasyDict as edict\nc = edict()\nc.TRAIN = edict()\nc.TRAIN.SIZE = 3", "c.TRAIN.SIZE", 3),
        ("import ml_collections\nc = ml_collections.ConfigDict()\nc.size = 4", "c.size", 4),
        ("import ml_collections\nc = ml_collections.ConfigDict({'size': 4})", "c['size']", 4),
        ("c = {'train': {'size': 5}}", "c['train']['size']", 5),
        ("c = dict(size=5)", "c.get('size', 1)", 5),
        ("c = dict(size=5)\nc.update(size=2)", "c['size']", 2),
        ("class c:\n    SIZE = 3\n    HALF = SIZE * 2", "c.HALF", 6),
        ("class Config:\n    SIZE = 3\nclass Mine(Config):\n    SIZE = 4\nc = Mine()", "c.SIZE", 4),
        ("class Config:\n    def __init__(self, size=9):\n        self.size = size\nc = Config()", "c.size", 9),
        ("from types import SimpleNamespace\nc = SimpleNamespace(size=6)", "c.other", "?"),
    ],
)
def test_namespaces(source: str, argument: str, expected: object) -> None:
    assert size(source, argument) == expected


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("c.size", 16),
        ("c.epochs", 5),
        ("Config.size", 16),
        ("c.half", 8),
        ("c.sizes[1]", 2),
        ("c.factor", 3),
        ("dataclasses.replace(c, size=2).size", 2),
        ("dataclasses.replace(c, size=2).epochs", 5),
        ("dataclasses.asdict(c)['size']", 16),
        ("dataclasses.asdict(c)['epochs']", 5),
        ("c.given", "?"),
    ],
)
def test_data_classes(argument: str, expected: object) -> None:
    source = """
        import dataclasses
        from mine import given
        @dataclasses.dataclass
        class Config:
            given: int
            size: int = 16
            epochs: int = 2
            factor: int = dataclasses.field(default=3)
            sizes: list = dataclasses.field(default_factory=lambda: [1, 2])
            @property
            def half(self):
                return self.size // 2
        c = Config(given, epochs=5)
    """
    assert size(source, argument) == expected
