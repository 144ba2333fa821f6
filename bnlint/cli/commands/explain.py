"""`bnlint explain`."""

from __future__ import annotations

import click

from bnlint.cli.output import Problem, write


@click.command("explain")
@click.argument("rule", metavar="CODE|NAME")
def command(rule: str) -> None:
    """Print the page of a rule."""
    from bnlint import api
    from bnlint.report import rules

    try:
        write(rules.explain(api.find_rule(rule)))
    except api.UnknownRule as error:
        raise Problem(str(error)) from None
