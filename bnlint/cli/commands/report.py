"""`bnlint report`."""

from __future__ import annotations

from typing import Any

import click

from bnlint.cli.input import list_option
from bnlint.cli.outcome import complain
from bnlint.cli.output import Problem, say, write


@click.command("report")
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...")
@click.option("-o", "--output-file", metavar="FILE", help="Write the page, HTML that needs nothing else, into a file.")
@click.option("--svg", metavar="FILE", help="Write the picture of the models into a file.")
@list_option("--select", "Rules to turn on: codes, names, prefixes of codes, or ALL.")
@list_option("--extend-select", "Rules to turn on besides those that are on.")
@list_option("--ignore", "Rules to turn off.")
@click.option("--preview/--no-preview", default=None, help="Let rules be on that are in preview.")
@click.option("--target-keras", metavar="VERSION", help="The Keras that the code runs on: 1, 2, 3 or 3.N.")
@click.option("--include-models/--no-include-models", default=None, help="Draw the model files in folders, too.")
@click.option("--config", metavar="FILE|TOML", help="A settings file, or `key = value` laid over the one that is found.")
@click.option("--isolated", is_flag=True, help="Read no settings file.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of what was written.")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], **given: Any) -> None:
    """Draw the models in files and folders, with the findings on them and the statistics of BatchNormalization."""
    from bnlint import api, page
    from bnlint.report import count, tally

    page_file, picture_file, quiet = given.pop("output_file"), given.pop("svg"), given.pop("quiet")
    if page_file is None and picture_file is None:
        raise click.UsageError("nothing to write: say where the page goes (`-o report.html`), or the picture (`--svg graph.svg`)")
    try:
        drawn, result = api.report(paths, **given)
    except api.SettingsError as error:
        raise Problem(str(error)) from None
    complain(result, quiet)
    for file, render in ((page_file, page.as_html), (picture_file, page.as_svg)):
        if file is not None and len(result.missing) < len(paths):
            write(render(drawn), file)
            if not quiet:
                say(f"wrote {file}: {count(len(drawn.models), 'model')}, {tally(drawn.findings)}")
    ctx.exit(2 if result.missing or result.failures else 0)
