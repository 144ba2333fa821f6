"""`bnlint schema`."""

from __future__ import annotations

import click

from bnlint.cli.output import write


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of `--output-format json`."""
    from bnlint.report.json import schema

    write(schema())
