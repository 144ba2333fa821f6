"""Names that tell something wherever they stand in the code, also where it is not followed."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Final

from bnlint.source.files import File
from bnlint.source.trees import walk

OF_GRAPHS: Final = ("UPDATE_OPS", "arg_scope", "get_updates_for", "update_ops")
"""What has to do with the update operations and the defaults of TensorFlow 1: it may stand in any file of a project."""

OF_AVERAGES: Final = (
    "ExponentialMovingAverage",
    "assign_moving_average",
    "moving_average",
    "moving_mean",
    "moving_var",
    "pop_mean",
    "running_mean",
)
"""What is said of moving averages, where they are kept."""

OF_WEIGHTS: Final = ("load_weights",)
"""What makes a trained model of one that was built."""

OF_SESSIONS: Final = ("Session", "import_graph_def", "restore")
"""What runs a graph of TensorFlow 1, or fills it with trained weights."""


def watched(files: Iterable[File], names: Iterable[str] = (*OF_GRAPHS, *OF_AVERAGES, *OF_WEIGHTS, *OF_SESSIONS)) -> frozenset[str]:
    """Those of the watched names that are, or are part of, a name or a text in the code of the files; comments do not count."""
    found: set[str] = set()
    for file in files:
        for chunk, tree in zip(file.chunks, file.trees, strict=True):
            possible = [word for word in names if word not in found and word in chunk.text]
            if possible:
                nodes = list(walk(tree))
                idle = {id(node.func) for node in nodes if isinstance(node, ast.Call) and _is_idle_scope(node)}
                written = {name for node in nodes if id(node) not in idle for name in _names(node)}
                found.update(word for word in possible if any(word in name for name in written))
    return frozenset(found)


def _is_idle_scope(node: ast.Call) -> bool:
    """Whether this is an arg_scope that is seen to give nothing to a BatchNormalization that matters to its statistics."""
    named = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    first = node.args[0] if node.args else None
    given = {keyword.arg for keyword in node.keywords}
    return named == "arg_scope" and isinstance(first, (ast.List, ast.Tuple)) and given.isdisjoint(TELLING)


TELLING: Final = (None, "is_training", "normalizer_fn", "normalizer_params", "updates_collections")
"""Keywords of an arg_scope (None: `**`) by which a BatchNormalization is told its mode, or what becomes of its update operations."""


def _names(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)) | ast.FunctionDef(name=name):
            return (name,)
        case ast.arg(arg=name) | ast.keyword(arg=str(name)):
            return (name,)
        case ast.alias(name=name, asname=bound):
            return (name, bound or "")
    return ()
