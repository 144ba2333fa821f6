"""`bnlint clean`."""

from __future__ import annotations

import click

from bnlint.cli.output import Problem, say


@click.command("clean")
@click.argument("folder", default=".", type=click.Path(exists=True, file_okay=False))
@click.option("--cache-dir", envvar="BNLINT_CACHE_DIR", metavar="FOLDER", help="Where results are kept, if not there.")
@click.pass_context
def command(ctx: click.Context, folder: str, cache_dir: str | None) -> None:
    """Remove the caches of bnlint below a folder."""
    from bnlint import api

    try:
        removed, failures = api.clean(folder, cache_dir)
    except api.SettingsError as error:
        raise Problem(str(error)) from None
    for path in removed:
        say(f"removed {path}")
    for failure in failures:
        say(failure)
    ctx.exit(2 if failures else 0)
