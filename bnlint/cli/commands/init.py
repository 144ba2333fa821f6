"""`bnlint init`."""

from __future__ import annotations

import sys

import click

from bnlint.cli.output import Problem, say


@click.command("init")
@click.option("--ruff/--no-ruff", default=None, help='Tell ruff of our codes (`external = ["BN"]`), so that it keeps `# noqa: BN101`.')
def command(ruff: bool | None) -> None:
    """Write settings to begin with into pyproject.toml, or into bnlint.toml. What is there stays."""
    from bnlint import api, beginning

    try:
        file = beginning.ruff_file(".")
        try:
            say(f"{beginning.write_settings('.')}: settings written; `bnlint config` explains them")
        except api.SettingsError as error:
            if not (ruff and file):
                raise
            say(str(error))
        if file is None or ruff is False:
            return
        if ruff is None and sys.stdin.isatty():
            ruff = click.confirm('ruff removes `# noqa: BN101` unless it knows our codes. Add external = ["BN"] to its settings?', err=True)
        if ruff:
            beginning.tell_ruff(file)
            say(f"{file.removeprefix('./')}: ruff knows our codes now")
        else:
            say('ruff removes `# noqa: BN101` unless its settings hold lint.external = ["BN"]; `bnlint init --ruff` writes that')
    except api.SettingsError as error:
        raise Problem(str(error)) from None
