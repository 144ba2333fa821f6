"""Moves trained weights through a fix: finds out how the model is built, and has the weights converted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bnlint import saved, text
from bnlint.graph.model import KerasTarget, Project
from bnlint.saved import convert
from bnlint.saved.convert import Converted, Likeness, Refused

if TYPE_CHECKING:
    from bnlint.plans import Plan

__all__ = ["Converted", "Refused", "convert_weights"]


def convert_weights(old: str, new: str, layers: Sequence[str], like: str | None, plan: Plan | None) -> Converted:
    """Write `new` from `old`, without the biases of these layers, else of those that are built without one in `like`.

    `plan` is that of `like`, where it is a source. Raises Refused, with a line that names the file.
    """
    reading = old
    try:
        likes = []
        if like is not None:
            reading = like
            likes = _of_source(like, plan) if plan is not None else [convert.like_model(like)]
            reading = old
        return convert.convert(old, new, layers, likes)
    except (saved.Unreadable, text.Unreadable) as problem:
        raise Refused(f"{reading}: this file {problem.message}") from None
    except saved.MissingExtra as missing:
        raise Refused(str(missing)) from None
    except OSError as error:
        raise Refused(f"{error.filename or reading}: {error.strerror or error}") from None


def _of_source(path: str, plan: Plan) -> list[Likeness]:
    """The models with BatchNormalization that a source builds."""
    from bnlint import source
    from bnlint.regular import read

    analysis = source.analyse([text.load(path, read(path))], plan.root)
    for problem in analysis.unreadable.values():
        raise problem
    project = Project(KerasTarget(3), analysis.modules, analysis.models)
    graphs = [graph for graph in analysis.models if any(call.layer.role == "batchnorm" for call in graph.calls)]
    if not graphs:
        raise Refused(f"{path} builds no model with BatchNormalization that is understood")
    return [convert.like_source(project, graph, path) for graph in graphs]
