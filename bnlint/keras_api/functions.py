"""Functions and operators on tensors: of tf, keras.ops, keras.backend, keras.activations, and the functional side of keras.layers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from bnlint.keras_api.keras_functions import ACTIVATIONS, BACKEND, LAYERS, OPS, RANDOM
from bnlint.keras_api.roles import FUNCTION_ROLES, activation_name
from bnlint.keras_api.tables import by_word, words
from bnlint.keras_api.tensorflow_functions import TENSORFLOW, TENSORFLOW1
from bnlint.records import dataclass

Treatment = Literal["node", "identity", "value"]
Family = Literal["tf", "keras"]


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function on tensors. `parameters` in positional order, `tensors` those of them that take a tensor or a list of tensors.

    `treatment`: "node" makes a node of the graph, "identity" returns its tensor as it is (casts), "value" returns no tensor of
    the graph (shapes, constants, settings). `activation` is the activation that it applies.
    """

    kind: str
    role: str
    parameters: tuple[str, ...]
    tensors: tuple[str, ...]
    treatment: Treatment
    activation: str | None
    family: Family


_TABLES: Final[Mapping[str, tuple[Mapping[str, str], ...]]] = {
    "keras.activations": (OPS, ACTIVATIONS),
    "keras.backend": (OPS, BACKEND),
    "keras.layers": (LAYERS,),
    "keras.ops": (OPS,),
    "keras.random": (RANDOM,),
    "tf": (TENSORFLOW1, TENSORFLOW),
    "tf.compat.v1": (TENSORFLOW, TENSORFLOW1),
    "tf.experimental.numpy": (OPS,),
}
"""Where the functions of a namespace are described; a later table wins."""

_BELOW_TF: Final = words("bitwise debugging dtypes image linalg math nn quantization random raw_ops signal sparse strings")
"""Modules of tf whose functions take tensors, or (random) make values."""

_MODULES: Final = frozenset(f"tf.{name}" for name in _BELOW_TF)

_VALUE_PREFIXES: Final = ("as_dtype", "assert_", "disable_", "enable_", "get_", "is_", "random_", "register_", "set_", "standardize_")
"""How functions begin that return no tensor of the graph (as those that end in `_initializer`), where nothing else is known of them."""

_HIGHER_ORDER: Final = words("custom_gradient function grad_pass_through recompute_grad vectorize")
"""Functions on functions: no tensor goes in."""


@cache
def _signatures(namespace: str) -> Mapping[str, str]:
    signatures: dict[str, str] = {}
    for table in _TABLES[namespace]:
        signatures |= by_word(table)
    return signatures


@cache
def function_spec(canonical: str) -> FunctionSpec | None:
    """What is known of a function by its canonical name; None for what is no function on tensors (a class, a module)."""
    namespace, below = _place(canonical)
    if namespace is None:
        return None
    name = canonical.rpartition(".")[2]
    if below == "raw_ops":
        name = name.lower()
    signature = _signatures(namespace).get(name)
    if signature is None:
        if namespace == "keras.layers" or name in _HIGHER_ORDER or not name[:1].islower() or canonical in _MODULES:
            return None
        signature = "x" if below == "random" or name.startswith(_VALUE_PREFIXES) or name.endswith("_initializer") else "*x"
    marked = signature.split()
    tensors = tuple(parameter[1:] for parameter in marked if parameter[0] in "*=")
    treatment: Treatment = "value" if not tensors else "identity" if "=" in signature else "node"
    role = FUNCTION_ROLES.get(name, "merge" if namespace == "keras.layers" else "other")
    return FunctionSpec(
        kind=name,
        role=role,
        parameters=tuple(parameter.lstrip("*=") for parameter in marked),
        tensors=tensors,
        treatment=treatment,
        activation=activation_name(name) if role == "activation" else None,
        family="keras" if namespace.startswith("keras") else "tf",
    )


def function_names(namespace: str) -> tuple[str, ...]:
    """The public functions of "keras.activations", "keras.backend" or "keras.ops"."""
    if namespace == "keras.activations":
        return (*(name for name, role in FUNCTION_ROLES.items() if role == "activation"), *by_word(ACTIVATIONS))
    return tuple(_signatures(namespace))


def _place(canonical: str) -> tuple[str | None, str]:
    """The namespace whose table describes a function, and the module below it in which it stands."""
    root, *parts = canonical.split(".")[:-1] or ("",)
    if root == "keras":
        return (f"keras.{parts[0]}" if parts and f"keras.{parts[0]}" in _TABLES else None), ""
    if root != "tf":
        return None, ""
    if parts[:2] == ["experimental", "numpy"]:
        return "tf.experimental.numpy", ""
    namespace = "tf"
    if parts[:2] == ["compat", "v1"]:
        namespace, parts = "tf.compat.v1", parts[2:]
    below = parts[0] if parts else ""
    inner = parts[:2] == ["python", "ops"]
    return (namespace if not below or inner or below in _BELOW_TF else None), below


OPERATORS: Final[Mapping[str, tuple[str, str]]] = {
    "Add": ("add", "merge"),
    "BitAnd": ("bitwise_and", "other"),
    "BitOr": ("bitwise_or", "other"),
    "BitXor": ("bitwise_xor", "other"),
    "Div": ("true_divide", "merge"),
    "Eq": ("equal", "other"),
    "FloorDiv": ("floor_divide", "other"),
    "Gt": ("greater", "other"),
    "GtE": ("greater_equal", "other"),
    "Invert": ("logical_not", "other"),
    "Lt": ("less", "other"),
    "LtE": ("less_equal", "other"),
    "MatMult": ("matmul", "other"),
    "Mod": ("mod", "other"),
    "Mult": ("multiply", "merge"),
    "NotEq": ("not_equal", "other"),
    "Pow": ("power", "other"),
    "Sub": ("subtract", "merge"),
    "USub": ("negative", "other"),
}
"""Class name of an `ast` operator -> (kind, role) between two tensors; with one tensor and a constant the role is other."""
