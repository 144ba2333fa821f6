"""`bnlint convert-weights`."""

from __future__ import annotations

import click

from bnlint.cli.input import list_option
from bnlint.cli.output import Problem, write


@click.command("convert-weights")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@list_option("--drop-bias", "Layers whose bias goes: names, those of an inner model behind its own and a slash.")
@click.option("--like", metavar="FILE", help="The source, or a model file, that says which layers are built without a bias.")
def command(old: str, new: str, drop_bias: list[str] | None, like: str | None) -> None:
    """Convert trained weights for a model that lost biases: fold each into the moving mean behind it.

    OLD is a .keras, .h5 or .weights.h5 file and stays as it is. NEW must not exist.
    """
    from bnlint import api
    from bnlint.report import count, printable

    try:
        done = api.convert_weights(old, new, drop_bias or (), like)
    except (api.NotConverted, api.SettingsError) as error:
        raise Problem(str(error)) from None
    lines = [f"  {layer} -> {norm}" for layer, norm in done.folded]
    if done.optimizer:
        lines.append("The state of the optimizer was left out, as it no longer fits: Keras begins with a new one.")
    told = f"Folded the bias of {count(len(done.folded), 'layer')} into the moving mean behind it:"
    write("".join(f"{printable(line)}\n" for line in (told, *lines, f"Wrote {new}, read it back and compared it with {old}.")))
