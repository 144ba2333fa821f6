"""`bnlint config`."""

from __future__ import annotations

import click

from bnlint.cli.output import Problem, write


def _complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    from bnlint import reference

    return [name for name in reference.KEYS if name.startswith(incomplete)]


@click.command("config")
@click.argument("key", required=False, shell_complete=_complete)
def command(key: str | None) -> None:
    """Explain the settings, or one of them."""
    from bnlint import api, reference

    try:
        write(reference.list_keys() if key is None else reference.describe(key))
    except api.SettingsError as error:
        raise Problem(str(error)) from None
