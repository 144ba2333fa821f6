"""What the configuration of a layer says of the activation that it applies."""

from __future__ import annotations

from collections.abc import Mapping

from bnlint.graph.model import Choice, Layer, Unknown
from bnlint.keras_api.roles import activation_name


def activation_of(kind: str, role: str, config: Mapping[str, object]) -> str | Unknown | Choice | None:
    """The inline activation of a linear layer, or what an activation layer applies."""
    if role == "linear" or kind == "Activation":
        return name_activation(config.get("activation"), None if role == "linear" else "linear")
    return activation_name(kind) if role == "activation" else None


def name_activation(value: object, idle: str | None) -> str | Unknown | Choice | None:
    """What is given as `activation=`, as the name of the function that it applies; `idle` for none and for "linear"."""
    if value is None:
        return idle
    if isinstance(value, str):
        if value.startswith("<function "):
            name = value[len("<function ") : -1]
            return Unknown("a lambda") if name == "<lambda>" else activation_name(name)
        if len(value) == 1:  # a text where a list is meant (`activations[i]`): Keras knows no such name
            return Unknown("a letter of the name of an activation")
        name = activation_name(value.rpartition(".")[2])
        return idle if name == "linear" else name
    if isinstance(value, Layer):
        return value.activation
    if isinstance(value, Choice):
        return Choice(value.condition, name_activation(value.if_true, idle), name_activation(value.if_false, idle))
    return value if isinstance(value, Unknown) else Unknown("an activation that is not known")
