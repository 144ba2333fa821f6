"""Layers of TF1: tf.layers and tf.compat.v1.layers, tf.contrib.layers and slim, as layers like others."""

from __future__ import annotations

import ast

from bnlint.graph.model import ABSENT, Arguments, Layer, Unknown
from bnlint.keras_api.layers import layer_spec
from bnlint.keras_api.tf1 import TF1_LAYERS, FunctionalLayer
from bnlint.source import layers
from bnlint.source.machine import Machine
from bnlint.source.values import MISSING


def call(m: Machine, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A TF1 layer function applied to its first argument; MISSING if `name` is none."""
    spec = TF1_LAYERS.get(name)
    if spec is None:
        return MISSING
    named = {argument.name: argument.value for argument in arguments.items if argument.name is not None}
    named.update(zip(spec.parameters, (argument.value for argument in arguments.positional), strict=False))
    given = named.pop("inputs", MISSING)
    if given is MISSING:
        return Unknown(f"`{name}` without an input")
    inputs = layers.inputs_of(m, given, node)
    layer = _layer(m, spec, named, arguments, node, name)
    training = layer.config.get("training", ABSENT)
    return layers.applied(m, layer, inputs, m.origin(node), training=training, hole=layers.hole_of(arguments))


def _layer(m: Machine, spec: FunctionalLayer, named: dict[str, object], arguments: Arguments, node: ast.Call, name: str) -> Layer:
    keras = layer_spec(spec.kind)
    assert keras is not None
    config: dict[str, object] = dict(keras.defaults)
    for key, value in {**spec.defaults, **named}.items():
        renamed = spec.renamed.get(key, key)
        if renamed is not None:
            config[renamed] = layers.plain(m, value)
    if spec.family == "contrib":
        # slim and contrib take what is not given from an arg_scope that is not followed.
        for key in ("activation_fn", "normalizer_fn", "is_training"):
            if key not in named and (renamed := spec.renamed.get(key, key)) is not None and key in spec.parameters:
                config[renamed] = Unknown("an arg_scope may set it")
    layer = Layer(
        spec.kind,
        keras.role,
        name=config.get("name"),
        config=config,
        arguments=arguments,
        activation=layers.activation_of(m, spec.kind, keras.role, config),
        trainable=config.get("trainable", True),
        family=spec.family,
        path=name,
        origin=m.origin(node),
    )
    m.constructions.append(layer)
    return layer
