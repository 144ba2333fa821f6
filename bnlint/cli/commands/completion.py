"""`bnlint completion`."""

from __future__ import annotations

import click

from bnlint.cli.output import write


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes a shell complete the words of bnlint.

    \b
    bash: eval "$(bnlint completion bash)"                 in ~/.bashrc
    zsh:  eval "$(bnlint completion zsh)"                  in ~/.zshrc
    fish: bnlint completion fish > ~/.config/fish/completions/bnlint.fish
    """
    from click.shell_completion import get_completion_class

    from bnlint.cli.program import group

    found = get_completion_class(shell)
    assert found is not None, "click knows these shells"
    write(found(group, {}, "bnlint", "_BNLINT_COMPLETE").source() + "\n")
