"""`--watch`: the same run again whenever a file changes that it may be about."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from bnlint.cli.output import Problem, say

if TYPE_CHECKING:
    from watchfiles import Change

SUFFIXES: Final = (".py", ".ipynb", ".keras", ".h5", ".hdf5")
SETTINGS: Final = ("pyproject.toml", "bnlint.toml", ".gitignore")

MILLISECONDS: Final = 50
"""How long it is waited for a change at a time."""


def watch(paths: Sequence[str], run: Callable[[], int]) -> None:
    """Run, and run again after each change, until the user ends it."""
    try:
        from watchfiles import DefaultFilter, watch
    except ImportError:
        raise Problem("`--watch` needs the extra `watch`: pip install 'bnlint[watch]'") from None
    skipped = DefaultFilter()

    def matters(change: Change, path: str) -> bool:
        return skipped(change, path) and (path.endswith(SUFFIXES) or os.path.basename(path) in SETTINGS)

    folders = {path if os.path.isdir(path) else os.path.dirname(path) or os.curdir for path in paths}
    missing = [folder for folder in sorted(folders) if not os.path.isdir(folder)]
    if missing:
        raise Problem(f"path does not exist: {missing[0]}")
    deep = any(map(os.path.isdir, paths))
    rounds = watch(*folders, watch_filter=matters, recursive=deep, raise_interrupt=False, rust_timeout=MILLISECONDS, yield_on_timeout=True)
    if next(rounds, None) is None:
        return
    _once(run)  # by now it is watched: what is changed while this run lasts leads to the next one
    for changes in rounds:
        if not changes:
            continue
        if sys.stdout.isatty():
            import click

            click.clear()
        _once(run)


def _once(run: Callable[[], int]) -> None:
    from bnlint.api import SettingsError

    try:
        run()
    except (Problem, SettingsError) as problem:  # settings are being edited: the next change may mend them
        say(str(problem))
    say("watching for changes; Ctrl-C ends it")
