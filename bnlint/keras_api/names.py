"""Dotted names of Keras and TensorFlow, whatever path leads to them, and their canonical form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from bnlint.keras_api.applications import APPLICATIONS
from bnlint.keras_api.functions import function_names
from bnlint.keras_api.layers import ALIASES, canonical_kind, kinds
from bnlint.keras_api.tables import words

_KERAS_ROOTS: Final = frozenset({"keras", "tf_keras", "keras_core"})
_TENSORFLOW_ROOTS: Final = frozenset({"tensorflow", "tf"})
_SLIM_ROOTS: Final = frozenset({"slim", "tf_slim"})

_WRAPPINGS: Final = frozenset({"_tf_keras", "_v1", "_v2", "api", "compat", "keras", "python", "src", "v1", "v2"})
"""Parts of a path that lead into Keras and name nothing of it: `keras.src.…`, `keras.api._v2.keras.…`."""

_PLACES_OF_LAYERS: Final = words("engine export feature_column layers legacy models utils")
"""First parts below Keras under which a layer or model class may stand; a class of this name elsewhere is something else."""

_FOLDED: Final = words("activations backend callbacks constraints initializers losses metrics ops optimizers regularizers utils")
"""Modules whose inner modules are folded: `keras.utils.np_utils.to_categorical` is `keras.utils.to_categorical`."""

_INNER_MODULES: Final = frozenset({"image", "linalg", "schedules"})
"""Inner modules that are public themselves and stay in the name."""

_BACKEND: Final = "K"
"""What the modules of Keras call `keras.backend`: `from keras.layers.core import K` once took it from there."""

_BACKEND_MODULES: Final = words("cntk_backend common jax load_backend numpy tensorflow tensorflow_backend theano_backend torch")

_SETTINGS: Final = words("backend epsilon floatx image_data_format set_epsilon set_floatx set_image_data_format")
"""Functions that Keras 3 has in `keras.config`, and in `keras.backend` as Keras always had."""

_CLASSES: Final[Mapping[str, str]] = {
    "Container": "keras.Model",
    "Functional": "keras.Model",
    "Input": "keras.Input",
    "InputSpec": "keras.layers.InputSpec",
    "Layer": "keras.layers.Layer",
    "Model": "keras.Model",
    "Network": "keras.Model",
    "Sequential": "keras.Sequential",
}

LAYER_FUNCTIONS: Final = ("add", "average", "concatenate", "dot", "maximum", "merge", "minimum", "multiply", "subtract")
"""The functions in `keras.layers` that make and apply a merging layer (`merge`: Keras 1)."""

_MODEL_FUNCTIONS: Final = ("clone_model", "load_model", "model_from_config", "model_from_json", "model_from_yaml", "save_model")

_MODULES: Final = words(
    "activations applications backend callbacks config constraints datasets initializers layers losses metrics mixed_precision models "
    "ops optimizers preprocessing random regularizers saving utils"
)
"""The modules of `keras` that a star import binds."""

_OTHERS: Final[Mapping[str, frozenset[str]]] = {
    "callbacks": words(
        "BackupAndRestore BaseLogger CSVLogger Callback CallbackList EarlyStopping History LambdaCallback LearningRateScheduler "
        "ModelCheckpoint OrbaxCheckpoint ProgbarLogger ReduceLROnPlateau RemoteMonitor SidecarEvaluatorModelExport SwapEMAWeights "
        "TensorBoard TerminateOnNaN"
    ),
    "optimizers": words(
        "Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer Muon Nadam Optimizer RMSprop SGD ScheduleFreeAdamW "
        "deserialize get serialize"
    ),
    "regularizers": words("L1 L1L2 L2 OrthogonalRegularizer Regularizer deserialize get l1 l1_l2 l2 orthogonal_regularizer serialize"),
}
"""Public names of modules that hold neither layers nor functions on tensors."""


def is_keras(dotted: str) -> bool:
    """Whether the name lies in Keras, on any path."""
    name = canonical(dotted)
    return name is not None and (name == "keras" or name.startswith("keras."))


@cache
def canonical(dotted: str) -> str | None:
    """The canonical form of a full dotted name; None for what is neither of Keras nor of TensorFlow."""
    root, *rest = dotted.split(".")
    if root in _KERAS_ROOTS:
        return _keras(rest)
    if root in _SLIM_ROOTS:
        return _slim(rest)
    return _tensorflow(rest) if root in _TENSORFLOW_ROOTS else None


def _tensorflow(rest: list[str]) -> str:
    v1 = False
    while rest and rest[0] in ("_api", "compat", "v1", "v2"):
        v1 = v1 or rest[0] == "v1"
        rest = rest[1:]
    inner = rest[1:] if rest[:1] in (["python"], ["contrib"]) else rest
    if inner[:1] == ["keras"]:
        return _keras(inner[1:])
    if rest[:1] == ["contrib"]:
        parts = [part for part in rest[1:] if part != "python"]
        if parts[:1] == ["slim"]:
            return _slim(parts[1:])
        if parts[:1] == ["layers"] and len(parts) > 2:
            parts = ["layers", parts[-1]]
        return ".".join(("tf", "contrib", *parts))
    if inner[:1] == ["layers"] and rest[0] == "python" and len(inner) > 2:
        return f"tf.layers.{inner[-1]}"
    if rest[:1] == ["layers"]:
        v1 = False
    if rest[-1:] == ["GradientTape"]:
        return "tf.GradientTape"
    return ".".join(("tf", *(("compat", "v1") if v1 else ()), *rest))


def _slim(rest: list[str]) -> str:
    while rest and rest[0] in ("layers", "ops", "python", "slim"):
        rest = rest[1:]
    return ".".join(("tf", "contrib", "slim", *rest))


def _keras(rest: list[str]) -> str:
    while rest and rest[0] in _WRAPPINGS:
        rest = rest[1:]
    if not rest:
        return "keras"
    if _BACKEND in rest:
        rest = ["backend", *rest[rest.index(_BACKEND) + 1 :]]
    first, last = rest[0], rest[-1]
    if first == "legacy" and len(rest) > 1:
        return _keras(rest[1:])
    # The modules of the applications once imported by name the layers that they use, and others took them from there.
    if len(rest) == 1 or first in _PLACES_OF_LAYERS or (first == "applications" and len(rest) > 2):
        found = _layer(first, last)
        if found:
            return found
    if first == "backend":
        inner = [part for part in rest[1:] if part not in _BACKEND_MODULES]
        return ".".join(("keras", "backend", *inner[-1:]))
    if first == "config" and last in _SETTINGS:
        return f"keras.backend.{last}"
    if first == "applications" and last in APPLICATIONS:
        return f"keras.applications.{last}"
    if first in _FOLDED and len(rest) > 2:
        kept = [part for part in rest[1:-1] if part in _INNER_MODULES]
        return ".".join(("keras", first, *kept, last))
    if first == "models" and last in _MODEL_FUNCTIONS:
        return f"keras.models.{last}"
    if first == "saving" and last in ("load_model", "save_model"):
        return f"keras.models.{last}"
    return ".".join(("keras", *rest))


def _layer(first: str, last: str) -> str | None:
    if last in _CLASSES:
        return _CLASSES[last]
    kind = canonical_kind(last)
    if kind in kinds():
        return f"keras.layers.{kind}"
    return f"keras.layers.{last}" if first in ("layers", "engine") and last in LAYER_FUNCTIONS else None


@cache
def exports(module: str) -> Mapping[str, str]:
    """The public names of a Keras module (canonical name) and what they are: what `from module import *` binds."""
    parts = module.split(".")
    if parts[0] != "keras":
        return {}
    if module == "keras":
        return {**{name: f"keras.{name}" for name in sorted(_MODULES)}, **_classes("Input", "InputSpec", "Layer", "Model", "Sequential")}
    match parts[1]:
        case "engine":
            return {**_layers(), **_CLASSES}
        case "layers" | "legacy":
            return {**_layers(), **_classes("Input", "InputSpec", "Layer")}
        case "models":
            return {**{name: f"keras.models.{name}" for name in _MODEL_FUNCTIONS}, **_classes("Input", "Model", "Sequential")}
        case "applications":
            return {name: f"keras.applications.{name}" for name in APPLICATIONS}
        case "activations" | "backend" | "ops" | "random" as top:
            return {name: f"keras.{top}.{name}" for name in function_names(f"keras.{top}")}
        case top:
            return {name: f"keras.{top}.{name}" for name in sorted(_OTHERS.get(top, ()))}


def _classes(*names: str) -> dict[str, str]:
    return {name: _CLASSES[name] for name in names}


def _layers() -> dict[str, str]:
    """All layer classes, aliases among them, and the functions beside them."""
    classes = {name: f"keras.layers.{canonical_kind(name)}" for name in (*kinds(), *ALIASES)}
    return classes | {name: f"keras.layers.{name}" for name in LAYER_FUNCTIONS}
