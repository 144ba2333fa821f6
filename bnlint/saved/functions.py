"""Functions and operators on tensors, as Keras 2 and 3 dress them up as layers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from bnlint.graph.model import Layer, Origin, Unknown
from bnlint.saved.fields import Table, optional_text
from bnlint.saved.nodes import Node, refs

if TYPE_CHECKING:
    from bnlint.keras_api.functions import FunctionSpec

LAMBDAS = frozenset({"ClassMethod", "InstanceMethod", "InstanceProperty", "SlicingOpLambda", "TFOpLambda"})
"""Layers of Keras 2 that stand for what was applied to a tensor."""

NODE_DEF = "TensorFlowOpLayer"
"""The layer of TensorFlow 2.0 to 2.3 that stands for an operation."""

FAMILIES = ("activations", "ops", "random")
"""Modules of Keras 3 whose operations are functions."""


def function_of(data: Table) -> FunctionSpec | None:
    """What an entry stands for, if it is a function or an operator on tensors."""
    name, config = data.get("class_name"), data.get("config")
    if not isinstance(name, str) or not isinstance(config, dict):
        return None
    if name in LAMBDAS:
        return _of_tensorflow(optional_text(config.get("function")) or optional_text(config.get("method_name")) or "unknown")
    if name == NODE_DEF:
        from bnlint.keras_api.functions import function_spec

        node_def = config.get("node_def")
        op = node_def.get("op") if isinstance(node_def, dict) else None
        return function_spec(f"tf.raw_ops.{op if isinstance(op, str) else 'unknown'}")
    module = data.get("module")
    parts = module.split(".") if isinstance(module, str) else []
    family = next((part for part in parts[1:] if part in FAMILIES), None)
    return _of_keras(family, name) if family is not None and parts[0] == "keras" else None


def _of_tensorflow(name: str) -> FunctionSpec | None:
    """`nn.relu`, `keras.activations.relu`, `__operators__.add`."""
    from bnlint.keras_api.functions import function_spec
    from bnlint.keras_api.names import canonical

    name = name.replace("__operators__", "math")
    return function_spec(canonical(f"tensorflow.{name}") or name) or function_spec("tf.math.unknown")


def _of_keras(family: str, cls: str) -> FunctionSpec | None:
    """The function that an operation of Keras 3 is the class of: `GetItem` of keras.src.ops.numpy -> `keras.ops.get_item`."""
    from bnlint.keras_api.functions import function_spec

    if cls == "GetItem":
        return function_spec("tf.math.getitem")
    return function_spec(f"keras.{family}.{_by_class(family).get(cls.lower(), cls.lower())}")


@cache
def _by_class(family: str) -> Mapping[str, str]:
    from bnlint.keras_api.functions import function_names

    return {name.replace("_", ""): name for name in function_names(f"keras.{family}")}


def apply_function(spec: FunctionSpec, data: Table, node: Node, name: str, key: str) -> Layer:
    """The function with the arguments of one application, as the source front end makes it."""
    own = {given: value for given, value in data["config"].items() if given not in OWN}
    named = {**dict(zip(spec.parameters, node.args, strict=False)), **own, **node.kwargs}
    if spec.kind == "getitem":
        named = {"key": named.get("slice_spec", node.args[1] if len(node.args) > 1 else Unknown("an index that is not known"))}
    config = {given: value for given, value in named.items() if given not in spec.tensors and not any(True for _ in refs(value))}
    tensors = sum(1 for _ in node.refs())
    role = "other" if spec.role == "merge" and tensors < 2 else spec.role
    return Layer(spec.kind, role, name, config, activation=spec.activation, is_function=True, family=spec.family, origin=Origin(key=key))


OWN = frozenset({"dtype", "function", "method_name", "name", "trainable"})
"""Entries of the config of a function that are no arguments of it."""
