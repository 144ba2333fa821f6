"""What BatchNormalization has lost on its way to Keras 3: paths and arguments. Tests hold the tables to the installed Kerases."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from bnlint.graph.model import KerasTarget
from bnlint.keras_api.layers import canonical_kind
from bnlint.keras_api.names import canonical
from bnlint.keras_api.signatures import KERAS3
from bnlint.keras_api.tables import words
from bnlint.records import dataclass

Version = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Removed:
    """Something that Keras no longer has: gone since the version `since`, back again in `until`.

    `replacement` is what takes its place ("" if nothing does). `safety`: what may be done without a thought: "safe", "unsafe", or
    "none" where a person has to decide. `evidence`: what the newest Keras answers.
    """

    since: Version
    replacement: str = ""
    safety: Literal["safe", "unsafe", "none"] = "none"
    until: Version | None = None
    evidence: str = "ValueError"


def is_gone(removed: Removed, keras: KerasTarget) -> bool:
    """Whether the Keras that the code runs on lacks it."""
    return removed.since <= keras.version and not (removed.until is not None and removed.until <= keras.version)


_STAYING: Final = ("tensorflow._api.", "tensorflow.python.keras.", "tf_keras.")
"""Paths to a Keras 2 that stays one, whatever else is installed."""


def follows(path: str | None) -> bool:
    """Whether what stands at a path is of the Keras that the file runs on."""
    return path is None or not path.startswith(_STAYING)


# Arguments of the constructor

ARGUMENTS: Final[Mapping[str, Removed]] = {
    "adjustment": Removed((3, 0)),
    "batch_input_shape": Removed((3, 0)),
    "batch_size": Removed((3, 0)),
    "beta_init": Removed((2, 4), "beta_initializer", "safe"),
    "dynamic": Removed((3, 0)),
    "fused": Removed((3, 0), safety="safe"),
    "gamma_init": Removed((2, 4), "gamma_initializer", "safe"),
    "implementation": Removed((3, 0), safety="safe"),
    "input_dtype": Removed((2, 4)),
    "mode": Removed((2, 4), safety="safe"),
    "renorm": Removed((3, 0), until=(3, 14)),
    "renorm_clipping": Removed((3, 0), until=(3, 14)),
    "renorm_momentum": Removed((3, 0), until=(3, 14)),
    "virtual_batch_size": Removed((3, 0)),
    "weights": Removed((3, 0)),
}
"""Arguments that BatchNormalization once took. (`since` is that of the package that is Keras 2 today: tf_keras and its like.)"""

HARMLESS: Final[Mapping[str, tuple[object, ...]]] = {"fused": (None, True), "mode": (0,)}
"""Values whose argument can be left out, where not all can: what they ask for is what Keras 3 does, up to rounding."""

INITIALIZERS: Final = words(
    "glorot_normal glorot_uniform he_normal he_uniform identity lecun_uniform normal one ones orthogonal uniform zero zeros"
)
"""Names that mean the same to Keras 1 and Keras 3."""

# Paths

_KERAS: Final[Mapping[str, Removed]] = {
    "api._v1": Removed((3, 0), evidence="ModuleNotFoundError"),
    "api._v2": Removed((3, 0), evidence="ModuleNotFoundError"),
    "layers.BatchNormalizationV1": Removed((2, 4), "layers.BatchNormalization", "safe", evidence="ImportError"),
    "layers.BatchNormalizationV2": Removed((2, 4), "layers.BatchNormalization", "safe", evidence="ImportError"),
    "layers.experimental": Removed((3, 0), safety="safe", evidence="ModuleNotFoundError"),
    "layers.normalization": Removed((2, 13), "layers", "safe", evidence="ModuleNotFoundError"),
    "layers.normalization_v2": Removed((2, 13), "layers", "safe", evidence="ModuleNotFoundError"),
}
"""Below `keras` and `tensorflow.keras`."""

PATHS: Final[Mapping[str, Removed]] = {
    **{f"{root}.{path}": removed for root in ("keras", "tensorflow.keras") for path, removed in _KERAS.items()},
    "tensorflow.compat.v1.keras": Removed((3, 0), "tensorflow.keras", "safe", evidence="ModuleNotFoundError"),
    "tensorflow.compat.v2.keras": Removed((3, 0), "tensorflow.keras", "safe", evidence="ModuleNotFoundError"),
    "tensorflow.contrib.keras": Removed((2, 4), "tensorflow.keras", "safe", evidence="ModuleNotFoundError"),
    "tensorflow.python.keras": Removed((2, 16), "tensorflow.keras", "safe", evidence="ImportError"),
}
"""Paths, whole or the beginning of them, by which BatchNormalization can no longer be reached."""


_ATTRIBUTES: Final = ("tensorflow.compat.v1.keras", "tensorflow.compat.v2.keras")
"""Attributes by which TensorFlow still has its Keras, whichever that is; only as modules they cannot be imported."""


@cache
def gone(dotted: str, by_import: bool = True) -> str | None:
    """The path, or its beginning, of which nothing leads to BatchNormalization any longer; None if there is none.

    `by_import`: the path is that of an import statement, not of an attribute.
    """
    parts = dotted.split(".")
    beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    found = next((path for path in beginnings if path in PATHS), None)
    if found in _ATTRIBUTES and (not by_import or dotted == found):
        return gone(f"tensorflow.keras{dotted.removeprefix(found)}", by_import)
    return found


def today(dotted: str) -> str | None:
    """Today's public path of a layer of Keras 3, or of the module of its layers, that stands at a path that is gone."""
    root = "tensorflow.keras" if dotted.startswith("tensorflow.") else "keras"
    if canonical(dotted) == "keras.layers" or (dotted in PATHS and PATHS[dotted].replacement == "layers"):
        return f"{root}.layers"
    name = dotted.rpartition(".")[2]
    if canonical(dotted) == "keras.layers.BatchNormalization":
        return f"{root}.layers.BatchNormalization"
    kept = name in _KEPT and canonical(dotted) in (f"keras.layers.{canonical_kind(name)}", f"keras.{name}")
    return f"{root}.layers.{name}" if kept else None


_KEPT: Final = frozenset({kind for kinds in KERAS3 for kind in kinds.split()} | {"Input", "InputSpec", "Layer"})
"""Names that `keras.layers` has in Keras 3."""
