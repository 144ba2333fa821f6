"""`bnlint explain`."""

from __future__ import annotations

import click

from bnlint.cli.output import Problem, write


def _complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    from bnlint import api

    return [word for rule in api.all_rules() for word in (rule.code, rule.name) if word.lower().startswith(incomplete.lower())]


@click.command("explain")
@click.argument("rule", metavar="CODE|NAME", shell_complete=_complete)
def command(rule: str) -> None:
    """Print the page of a rule."""
    from bnlint import api
    from bnlint.report import rules

    try:
        write(rules.explain(api.find_rule(rule)))
    except api.UnknownRule as error:
        raise Problem(str(error)) from None
