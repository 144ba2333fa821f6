"""`bnlint survey`."""

from __future__ import annotations

from typing import Any

import click

from bnlint.cli.input import list_option
from bnlint.cli.output import Problem, say, write
from bnlint.cli.progress import Progress


@click.command("survey")
@click.argument("source", metavar="SOURCE")
@click.argument("destination", metavar="DESTINATION")
@click.option("--path", metavar="COLUMN", default="path", show_default=True, help="The column with the paths of the files.")
@click.option("--content", metavar="COLUMN", default="content", show_default=True, help="The column with what they hold.")
@list_option("--keep", "Columns that are copied into what is written.")
@click.option("--group-by", metavar="COLUMN", help="Lint files together that have the same value in this column, as in one folder.")
@click.option("--address", metavar="ADDRESS", help="The Ray cluster to work on, instead of this machine; RAY_ADDRESS counts too.")
@click.option("--cpus", type=click.IntRange(min=1), metavar="N", help="Cores of this machine to use, instead of all.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    metavar="N",
    help="Seconds of processor time that one file may take.",
)
@click.option(
    "--memory", type=click.IntRange(min=256), default=2048, show_default=True, metavar="N", help="MiB of memory that one file may take."
)
@click.option(
    "--rows", type=click.IntRange(min=1), default=10_000, show_default=True, metavar="N", help="Files that are done as one block."
)
@list_option("--select", "Rules to turn on: codes, names, prefixes of codes, or ALL.")
@list_option("--extend-select", "Rules to turn on besides those that are on.")
@list_option("--ignore", "Rules to turn off.")
@list_option("--extend-ignore", "Rules to turn off besides those that are off.")
@click.option("--preview/--no-preview", default=None, help="Let rules be on that are in preview.")
@click.option("--placement", type=click.Choice(["before", "after", "consistent", "off"]), help="Where BN101 wants the layer.")
@click.option("--min-batch", type=click.IntRange(min=1), metavar="N", help="Batches smaller than this are reported.")
@click.option("--target-keras", metavar="VERSION", help="The Keras that the code runs on: 1, 2, 3 or 3.N.")
@click.option("--config", metavar="FILE|TOML", help="A settings file, or `key = value`. No other settings count.")
@click.option("-q", "--quiet", is_flag=True, help="Print no summary.")
@click.pass_context
def command(ctx: click.Context, /, source: str, destination: str, quiet: bool, **given: Any) -> None:
    """Lint a table of source files on Ray Data (needs the extra `survey`).

    SOURCE is a Parquet file, or a folder of such. Three tables are written into the folder DESTINATION: what became of each file, the
    findings, and the gaps. What is done there already is not done again.
    """
    from bnlint import api
    from bnlint.survey import SurveyError, survey

    try:
        with Progress() as progress:
            summary = survey(source, destination, tell=progress.tell, **{**given, "keep": given["keep"] or ()})
    except (SurveyError, api.SettingsError) as error:
        raise Problem(str(error)) from None
    if not quiet:
        write(summary.as_text())
    for problem in summary.problems:
        say(problem)
    failed = summary.statuses.get("failed", 0)
    if failed:
        say(f"files that failed: {failed} (the table `files` tells why)")
    ctx.exit(0 if summary.complete else 2)
