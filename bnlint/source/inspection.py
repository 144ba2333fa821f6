"""What code asks of layers and models that it has: their attributes, and the layers of a model."""

from __future__ import annotations

import ast

from bnlint.graph.model import Layer, Unknown
from bnlint.graph.query import ancestors
from bnlint.keras_api.applications import APPLICATIONS
from bnlint.keras_api.names import canonical
from bnlint.source.machine import Machine
from bnlint.source.models import tensors
from bnlint.source.values import Bound, Dotted, LayerList, List, Model, Part, Variables


def attribute(m: Machine, base: Layer | Model | object, name: str, node: ast.AST) -> object:
    """An attribute of a layer or model."""
    if isinstance(base, Layer):
        return _layer_attribute(m, base, name)
    assert isinstance(base, Model)
    if f".{name}" in base.fields:
        return base.fields[f".{name}"]
    if name in ("output", "outputs", "input", "inputs", "layers"):
        inputs, outputs = tensors(m, base)
        if name == "layers":
            return layer_list(m, base)
        chosen = outputs if name.startswith("output") else inputs
        base.called = base.called or base.kind == "application"
        if not chosen:
            return Unknown(f"the {name} of a model that is not known")
        return List({"items": chosen}) if name.endswith("s") or len(chosen) > 1 else chosen[0]
    if name in ("trainable_variables", "trainable_weights", "variables", "weights"):
        return Variables((base,), name.startswith("trainable"))
    if name == "name":
        return base.name
    if name in ("output_shape", "input_shape"):
        inputs, outputs = tensors(m, base)
        shape = (outputs if name == "output_shape" else inputs)[0].shape if outputs else None
        return shape if shape is not None else Unknown("the shape of a tensor")
    return Bound(base, name)


def _layer_attribute(m: Machine, layer: Layer, name: str) -> object:
    m.effects += name in ("input", "name", "output")  # no two layers have the same
    if name in ("output", "input"):
        made = next((call for call in reversed(m.calls) if call.layer is layer), None)
        if made is None or (name == "input" and not made.inputs):
            return Unknown(f"the {name} of a layer that is not known")
        return made if name == "output" else made.inputs[0]
    if name in ("trainable_variables", "trainable_weights", "variables", "weights"):
        return Variables((layer,), name.startswith("trainable"))
    if name == "activation" and isinstance(layer.activation, str):
        return Dotted(f"keras.activations.{layer.activation}", canonical(f"keras.activations.{layer.activation}"))
    if name in layer.config:
        return layer.config[name]
    if name == "trainable":
        return layer.trainable
    if name == "layers" and (backbone := next((each for each in m.applications if each.layer is layer), None)) is not None:
        return layer_list(m, backbone)
    if name == "__class__":
        return class_of(layer)
    return Bound(layer, name)


def class_of(layer: Layer) -> object:
    """The class of a layer: one of Keras, or of the user. That of a backbone has another name in each version."""
    if layer.kind in APPLICATIONS:
        return Unknown("the class of a model")
    name = f"keras.layers.{layer.kind}"
    return Dotted(name, canonical(name)) if layer.subclass is None else Unknown(f"the class {layer.subclass}")


def layers_of(m: Machine, model: Model) -> tuple[Layer, ...]:
    """The layers of a model in order, as far as known."""
    if model.kind == "application":
        return ()
    needed = ancestors(tensors(m, model)[1])
    functional = model.kind == "functional"
    return tuple(dict.fromkeys(call.layer for call in m.in_order(needed) if functional or not call.layer.is_function))


def layer_list(m: Machine, model: Model, flat: bool = False) -> LayerList:
    """`model.layers`: where the model was built upon what a backbone puts out, its layers are among them; `flat`: all layers inside."""
    needed = ancestors(tensors(m, model)[1])
    built_on = [backbone for backbone in m.applications if flat or id(backbone.fields["outputs"][0]) in needed]
    backbones = {backbone.layer: backbone for backbone in built_on}
    found: list[Layer | Unknown] = []
    for layer in layers_of(m, model):
        if layer in backbones:
            part = Unknown(f"the layers of {backbones[layer].name}")
            m.parts[part] = Part(backbones[layer], "each", None, m.under)
            found.append(part)
        else:
            found.append(layer)
    return LayerList(model, tuple(found), model.kind != "application")


def _is_called(layer: Layer, name: str) -> bool:
    """Whether an application that is given no name calls itself so: `ResNet50` is "resnet50", `MobileNetV2` "mobilenetv2_1.00_224"."""
    plain = name.replace("_", "").replace("-", "").lower()
    return layer.name is None and layer.kind in APPLICATIONS and plain.startswith(layer.kind.lower())


def find_layer(m: Machine, model: Model, name: object) -> object:
    """`model.get_layer(name)`: its output is one node where the model is not looked into."""
    m.effects += 1
    if model.kind != "application" and isinstance(name, str):
        inside = layers_of(m, model)
        named = [layer for layer in inside if layer.name == name]
        unnamed = [layer for layer in inside if _is_called(layer, name)]
        if named or len(unnamed) == 1:
            return (named or unnamed)[0]
    key = ("layer", model, name if isinstance(name, (str, int)) else None)
    found = m.derived.get(key)
    if not isinstance(found, Unknown):
        found = m.derived[key] = Unknown(f"a layer inside {model.name}")
        m.parts[found] = Part(model, "one", None, m.under)
    return found
