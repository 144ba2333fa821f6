"""The runs of `bnlint check`: over files, and over the standard input."""

from __future__ import annotations

import os
import sys

from bnlint.cli.outcome import tell
from bnlint.cli.output import Misuse, Problem, write
from bnlint.cli.progress import Progress
from bnlint.cli.targets import choose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Final

    from bnlint.api import Mend, Plans, Use

STDIN, STDIN_NOTEBOOK = "<stdin>", "<stdin>.ipynb"

EXCLUSIVE: Final[Mapping[str, Sequence[str]]] = {
    "write_baseline": ("no_baseline", "diff", "diff_base", "watch"),
    "diff_base": (),
    "add_ignore": ("fix", "fix_only", "diff", "write_baseline", "watch"),
    "watch": ("model",),
    "model": ("add_ignore", "diff_base", "write_baseline"),
}
"""Options, and others that they do not go with. None of them goes with the standard input."""


def run(paths: Sequence[str], given: Mapping[str, Any]) -> int:
    """`bnlint check`, with the paths and the value of each option. The exit code."""
    from bnlint import api

    named = [*paths, *_listed(given["files_from"])]
    from_stdin = named == ["-"] or (not named and given["stdin_filename"] is not None)
    if "-" in named and not from_stdin:
        raise Misuse("the standard input (`-`) stands for one file, and goes with no other path")
    refuse_contradictions(given, from_stdin)
    if not named and not given["files_from"] and not given["model"]:
        named = ["."]
    try:
        if given["show_settings"]:
            write(api.show_settings(named[0] if named else ".", plans(given)))
        elif given["show_files"]:
            write("".join(f"{os.path.abspath(file)}\n" for file in api.find_files(named, plans(given))[0]))
        elif from_stdin:
            return standard_input(given)
        elif given["watch"]:
            from bnlint.cli.watch import watch

            watch(named, lambda: files(named, given))
        else:
            return files(named, given)
    except api.SettingsError as error:
        raise Problem(str(error)) from None
    return 0


def _listed(file: str | None) -> Sequence[str]:
    if not file:
        return ()
    from bnlint.cli.input import read_list

    return read_list(file)


def refuse_contradictions(given: Mapping[str, Any], from_stdin: bool) -> None:
    """Refuse options that contradict each other."""
    for option, others in EXCLUSIVE.items():
        if given[option] in (None, False, ()):
            continue
        for other in others:
            if given[other] not in (None, False, ()):
                raise Misuse(f"`{_spelled(option)}` does not go with `{_spelled(other)}`")
        if from_stdin:
            raise Misuse(f"`{_spelled(option)}` does not go with the standard input")


def _spelled(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def plans(given: Mapping[str, Any]) -> Plans:
    """The plans of a run with these options."""
    from bnlint import api
    from bnlint.settings import FOR_FILES, KEYS

    overrides: Any = {name: given[name] for key in KEYS if key not in FOR_FILES and (name := key.replace("-", "_"))}
    if given["cache_dir"] is not None:
        overrides["cache_dir"] = os.path.abspath(given["cache_dir"])
    return api.Plans(given["config"], given["isolated"], overrides, _baselines(given), cached=not given["no_cache"])


def _baselines(given: Mapping[str, Any]) -> Use:
    if given["write_baseline"]:
        return "write"
    if given["no_baseline"]:
        return "ignore"
    return "use" if given["diff_base"] else "shrink"


def files(named: Sequence[str], given: Mapping[str, Any]) -> int:
    """Lint files and folders. The exit code."""
    from bnlint import api

    held_to, path = plans(given), named[0] if named else "."
    targets = choose(given["output_format"], held_to.settings(path).output_format, given["output_file"])
    if given["add_ignore"] is not None:
        result = api.add_ignores(named, held_to, _reason(given["add_ignore"]), given["diff_base"])
    else:
        with Progress() as progress:
            mend, since = _mend(given), given["diff_base"]
            result = api.lint_files(named, held_to, mend, not given["diff"], since, given["model"], progress.tell, given["jobs"])
    return tell(result, api.find_base(path, held_to), targets, given)


def standard_input(given: Mapping[str, Any]) -> int:
    """Lint the standard input. With --fix the fixed source goes to the standard output, and the findings to the other one."""
    from bnlint import api

    data = sys.stdin.buffer.read()
    held_to, path = plans(given), given["stdin_filename"] or (STDIN_NOTEBOOK if _is_notebook(data) else STDIN)
    targets = choose(given["output_format"], held_to.settings(path).output_format, given["output_file"])
    result = api.lint_data(data, path, held_to, _mend(given))
    filters = _mend(given) != "none" and not given["diff"]
    if filters:
        sys.stdout.buffer.write(result.changes[0].after if result.changes else data)
    return tell(result, api.find_base(path, held_to), targets, given, to_stderr=filters)


def _is_notebook(data: bytes) -> bool:
    """Whether this is the JSON of a notebook, which is Python, too: a dict in which nothing is found."""
    return data.lstrip()[:1] == b"{" and b'"cells"' in data and b'"nbformat"' in data


def _mend(given: Mapping[str, Any]) -> Mend:
    if not (given["fix"] or given["fix_only"] or given["diff"]):
        return "none"
    return "unsafe" if given["unsafe_fixes"] else "safe"


def _reason(text: str) -> str:
    if not text.isprintable():
        raise Misuse("the reason of `--add-ignore` is one line of text")
    return text.strip().lstrip("#").strip()
