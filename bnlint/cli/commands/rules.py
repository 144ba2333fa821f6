"""`bnlint rules`."""

from __future__ import annotations

import click

from bnlint.cli.output import write


@click.command("rules")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="How the rules are printed.")
def command(output_format: str) -> None:
    """List all rules."""
    from bnlint import api
    from bnlint.report import rules

    write(rules.as_json(api.all_rules()) if output_format == "json" else rules.as_text(api.all_rules()))
