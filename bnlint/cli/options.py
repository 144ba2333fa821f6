"""The options of `bnlint check`: what click is told of them, and what plain arguments are read by without it."""

from __future__ import annotations

from bnlint.cli.targets import parse as targets
from bnlint.records import dataclass
from bnlint.report import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Option:
    """One option, as `click.option` has it.

    `names` are separated by spaces, that which says no behind a slash. It is a flag unless it takes a value: one of `choices`, a number
    from `least`, or whatever stands for `metavar`. With `several` it may be repeated, and that makes one value of all. `words` are what
    a shell proposes; `variable` is that of the environment that is read where the option is not given.
    """

    names: str
    help: str
    metavar: str | None = None
    default: object = None
    choices: Sequence[str] = ()
    least: int | None = None
    several: Callable[[Sequence[str]], object] | None = None
    words: Sequence[str] = ()
    variable: str | None = None

    @property
    def key(self) -> str:
        """Under which its value is given."""
        return self.names.partition("/")[0].split()[-1].removeprefix("--").replace("-", "_")

    @property
    def is_flag(self) -> bool:
        return not (self.metavar or self.choices)

    @property
    def is_plain(self) -> bool:
        """Whether its value is a word, and not more to be read than that."""
        return not self.is_flag and self.least is None and not (self.metavar or "").startswith("[")


def words(values: Sequence[str]) -> list[str] | None:
    """A list: with commas, by repeating the option, or both."""
    return [word.strip() for value in values for word in value.split(",") if word.strip()] or None


def listing(name: str, help: str) -> Option:
    """An option that takes a list."""
    return Option(name, help, "LIST", several=words)


OPTIONS = (
    Option("--fix", "Apply the safe fixes.", default=False),
    Option("--unsafe-fixes/--no-unsafe-fixes", "Count the unsafe fixes among those that may be applied.", default=False),
    Option("--diff", "Print what --fix would change, and write nothing.", default=False),
    Option("--fix-only", "Apply the fixes and do not report what remains.", default=False),
    Option("--show-fixes", "List what was fixed.", default=False),
    listing("--select", "Rules to turn on: codes, names, prefixes of codes, or ALL."),
    listing("--extend-select", "Rules to turn on besides those that are on."),
    listing("--ignore", "Rules to turn off."),
    listing("--extend-ignore", "Rules to turn off besides those that are off."),
    Option("--preview/--no-preview", "Let rules be on that are in preview."),
    listing("--fixable", "Rules whose fixes may be applied."),
    listing("--unfixable", "Rules whose fixes may not be applied."),
    Option("--placement", "Where BN101 wants the layer.", choices=("before", "after", "consistent", "off")),
    Option("--min-batch", "Batches smaller than this are reported.", "N", least=1),
    Option("--target-keras", "The Keras that the code runs on: 1, 2, 3 or 3.N.", "VERSION"),
    Option("--config", "A settings file, or `key = value` laid over the one that is found.", "FILE|TOML"),
    Option("--isolated", "Read no settings file.", default=False),
    Option("--no-cache", "Neither read nor write a cache.", default=False),
    Option("-e --exit-zero", "Exit with 0 although something is found.", default=False),
    Option("--exit-non-zero-on-fix", "Exit with 1 if something was fixed.", default=False),
    Option("--fail-on", "The severity from which findings make the exit code 1.", choices=("error", "warning", "info", "never")),
    Option(
        "--output-format",
        f"How findings are printed, and where; may be repeated. One of {', '.join(FORMATS)}.",
        "FORMAT[=FILE]",
        several=targets,
        words=FORMATS,
        variable="BNLINT_OUTPUT_FORMAT",
    ),
    Option("-o --output-file", "Print findings into a file.", "FILE"),
    Option("--color", "Colours: NO_COLOR and FORCE_COLOR count too.", default="auto", choices=("auto", "always", "never")),
    Option("--stdin-filename", "What the standard input (`-`) is called.", "PATH"),
    listing("--exclude", "Globs of what to leave out instead of the default."),
    listing("--extend-exclude", "Globs of what to leave out besides."),
    Option("--force-exclude/--no-force-exclude", "Leave excluded files out though they are named."),
    Option("--respect-gitignore/--no-respect-gitignore", "Leave out what .gitignore names."),
    Option("--include-models/--no-include-models", "Take saved models from folders, too."),
    Option(
        "--model",
        "Import a module, call a function in it, and lint the Keras model that it returns. This runs your code.",
        "MODULE:FACTORY",
        several=tuple,
    ),
    Option("--files-from", "A file (`-`: the standard input) that names files, by lines or separated by null bytes.", "FILE"),
    Option("--write-baseline", "Write all findings into the baseline: from then on only others are told.", default=False),
    Option("--no-baseline", "Tell the findings in the baseline, too.", default=False),
    Option("--add-ignore", "Write a comment that ignores it, with the reason, behind each finding.", "[=REASON]"),
    Option("--statistics", "Print how often each rule finds something, instead of what.", default=False),
    Option("--diff-base", "Tell only what was not found yet where the work branched off from this commit of git.", "REF"),
    Option("--watch", "Look again whenever a file changes (needs the extra `watch`).", default=False),
    Option("-q --quiet", "Print findings and nothing else.", default=False),
    Option("--show-files", "Print which files would be looked at.", default=False),
    Option("--show-settings", "Print the settings.", default=False),
)
