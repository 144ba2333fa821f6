"""`bnlint clean`."""

from __future__ import annotations

import click

from bnlint.cli.output import say


@click.command("clean")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False))
@click.pass_context
def command(ctx: click.Context, folder: str) -> None:
    """Remove the caches of bnlint below a folder."""
    from bnlint import api

    removed, failures = api.clean(folder)
    for path in removed:
        say(f"removed {path}")
    for failure in failures:
        say(failure)
    ctx.exit(2 if failures else 0)
