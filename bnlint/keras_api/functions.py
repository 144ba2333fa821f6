"""Functions and operators on tensors: of tf, keras.ops, keras.backend, keras.activations, and the functional side of keras.layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from bnlint.keras_api.function_signatures import BACKEND, LAYERS, OPS, TENSORFLOW, TENSORFLOW1
from bnlint.keras_api.roles import FUNCTION_ROLES, activation_name
from bnlint.keras_api.tables import words

Treatment = Literal["node", "identity", "value"]
Family = Literal["tf", "tf1", "contrib", "keras"]


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A function on tensors. `parameters` in positional order, `tensors` those of them that take tensors or a list of tensors.

    `treatment`: "node" makes a node of the graph, "identity" returns its tensor as it is (casts), "value" returns no tensor of
    the graph (shapes, constants). `activation` is the activation that it applies.
    """

    kind: str
    role: str
    parameters: tuple[str, ...]
    tensors: tuple[str, ...]
    treatment: Treatment = "node"
    activation: str | None = None
    family: Family = "keras"


_IDENTITIES: Final = words(
    "assert_shape bitcast cast cast_to_floatx check_numerics convert_image_dtype convert_to_tensor copy ensure_shape grad_pass_through "
    "guarantee_const identity identity_n linear placeholder_with_default print Print print_tensor saturate_cast stop_gradient "
    "to_bfloat16 to_double to_float to_int32 to_int64 tuple with_dependencies"
)
_VALUES: Final = words(
    "arange array as_dtype Assert assert_equal assert_greater assert_less assert_rank backend batch_get_value batch_set_value "
    "broadcast_dynamic_shape broadcast_static_shape clear_session compute_output_spec constant count_params device dtype empty "
    "enable_eager_execution epsilon eval executing_eagerly eye fill floatx full function get_collection get_default_graph get_logger "
    "get_static_value get_uid get_value get_variable global_variables_initializer gradients group image_data_format init_scope "
    "int_shape is_float_dtype is_int_dtype is_keras_tensor is_sparse is_tensor learning_phase learning_phase_scope linspace "
    "manual_variable_initialization name_scope ndim no_op ones ones_initializer placeholder random_normal random_normal_variable "
    "random_uniform random_uniform_variable range rank reset_default_graph reset_uids result_type set_epsilon set_floatx "
    "set_image_data_format set_learning_phase set_random_seed set_value shape shape_n size standardize_data_format standardize_dtype "
    "timestamp trainable_variables truncated_normal truncated_normal_initializer update update_add update_sub variable variable_scope "
    "variables_initializer zeros zeros_initializer"
)

_PLAIN: Final = frozenset({"GradientTape", "Module", "Variable", "function", "recompute_grad"})

_MODULES_OF_TF: Final = frozenset({"", "bitwise", "image", "linalg", "math", "nn", "signal", "sparse", "strings", "python", "raw_ops"})
"""First parts below tf whose functions plausibly take a tensor."""


@cache
def _table(namespace: str) -> Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Name of a function -> (parameters, tensors)."""
    groups = {
        "keras.activations": OPS,
        "keras.backend": {**OPS, **BACKEND},
        "keras.layers": LAYERS,
        "keras.ops": OPS,
        "tf": TENSORFLOW,
        "tf.compat.v1": {**TENSORFLOW, **TENSORFLOW1},
    }[namespace]
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for signature, names in groups.items():
        words = signature.split()
        tensors = tuple(word[1:] for word in words if word[0] == "*")
        for name in names.split():
            found[name] = tuple(word.lstrip("*") for word in words), tensors
    return found


@cache
def function_spec(canonical: str) -> FunctionSpec | None:
    """What is known of a function by its canonical name; None for what is no function on tensors (a class, a module)."""
    namespace, family = _namespace(canonical)
    if namespace is None:
        return None
    name = canonical.rpartition(".")[2]
    known = _table(namespace).get(name)
    if known is None and (name in _PLAIN or (not name[:1].islower() and name not in _VALUES | _IDENTITIES) or namespace == "keras.layers"):
        return None
    parameters, tensors = known or (("x",), ("x",))
    treatment: Treatment = "identity" if name in _IDENTITIES else "value" if name in _VALUES else "node"
    role = FUNCTION_ROLES.get(name.lower(), "other")
    activation = activation_name(name) if role == "activation" else None
    return FunctionSpec(name, role, parameters, tensors, treatment, activation, family)


def function_names(namespace: str) -> tuple[str, ...]:
    """The functions of "keras.activations", "keras.backend" or "keras.ops"."""
    if namespace == "keras.activations":
        return (*(name for name, role in FUNCTION_ROLES.items() if role == "activation"), "deserialize", "get", "serialize")
    return tuple(_table(namespace))


def _namespace(canonical: str) -> tuple[str | None, Family]:
    """The table that describes a function, and whose function it is."""
    parts = canonical.split(".")
    if parts[0] == "keras" and len(parts) > 2 and parts[1] in ("activations", "backend", "layers", "ops"):
        return f"keras.{parts[1]}", "keras"
    if parts[0] != "tf" or len(parts) < 2:
        return None, "tf"
    if parts[1:3] == ["compat", "v1"]:
        below = parts[3] if len(parts) > 4 else ""
        return ("tf.compat.v1" if below in _MODULES_OF_TF else None), "tf1"
    below = parts[1] if len(parts) > 2 else ""
    return ("tf" if below in _MODULES_OF_TF else None), "tf"


OPERATORS: Final[Mapping[str, tuple[str, str]]] = {
    "Add": ("add", "merge"),
    "BitAnd": ("bitwise_and", "other"),
    "BitOr": ("bitwise_or", "other"),
    "BitXor": ("bitwise_xor", "other"),
    "Div": ("divide", "merge"),
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
