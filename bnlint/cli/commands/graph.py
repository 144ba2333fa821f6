"""`bnlint graph`."""

from __future__ import annotations

import click

from bnlint.cli.output import say, write


@click.command("graph")
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="How the graphs are printed.")
@click.option("--gaps", is_flag=True, help="Print how much of the BatchNormalization is understood, and what is missing.")
@click.pass_context
def command(ctx: click.Context, paths: tuple[str, ...], output_format: str, gaps: bool) -> None:
    """Print the models in files and folders as bnlint sees them."""
    from bnlint import api

    models, coverage, problems = api.graphs(paths)
    write(api.dump(models, output_format, coverage if gaps else None))
    for problem in problems:
        say(problem)
    ctx.exit(2 if problems else 0)
