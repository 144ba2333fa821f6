"""Modules of Keras that code is handed instead of importing them, as keras-applications and its descendants do it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from bnlint.keras_api.functions import function_spec
from bnlint.keras_api.names import canonical, exports
from bnlint.source.values import Dotted

INJECTED: Final[Mapping[str, str]] = {
    "K": "keras.backend",
    "KL": "keras.layers",
    "L": "keras.layers",
    "backend": "keras.backend",
    "keras_utils": "keras.utils",
    "layers": "keras.layers",
    "models": "keras.models",
    "utils": "keras.utils",
}
"""The names by which such code knows them: globals that a function sets, parameters, entries of `**kwargs`."""


def injected(base: object, node: ast.AST, name: str) -> Dotted | None:
    """What `layers.Conv2D` stands for where nobody is seen to hand over `layers`, or where it is None until somebody does.

    A name of another package holds a module only if it is a variable of it (`keras_applications._KERAS_LAYERS`).
    """
    if isinstance(base, Dotted) and (base.canonical is not None or base.file is not None or not _variable(base.name)):
        return None
    match node:
        case ast.Attribute(value=ast.Name(id=holder) | ast.Attribute(attr=holder)) if holder in INJECTED:
            dotted = f"{INJECTED[holder]}.{name}"
            if name in exports(INJECTED[holder]) or function_spec(dotted) is not None:
                return Dotted(dotted, canonical(dotted))
    return None


def _variable(dotted: str) -> bool:
    last = dotted.rpartition(".")[2]
    return last.startswith("_") or last.isupper()
