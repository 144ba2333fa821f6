"""`bnlint server`."""

from __future__ import annotations

import click

from bnlint.cli.output import Problem


@click.command("server")
@click.option("--stdio", is_flag=True, hidden=True, help="What some editors add; there is no other way.")
@click.pass_context
def command(ctx: click.Context, stdio: bool) -> None:
    """Serve an editor over the Language Server Protocol, at the standard input and output (needs the extra `lsp`)."""
    from bnlint import server

    try:
        ctx.exit(server.serve())
    except server.MissingExtra as problem:
        raise Problem(str(problem)) from None
