"""Where the channels are, for layers that leave it to the global data format of Keras."""

from __future__ import annotations

from bnlint.graph import query
from bnlint.graph.model import Call, Project

CARRIERS = ("activation", "dropout", "batchnorm", "norm", "merge")
"""Roles that leave the channels where the layer before them put them."""

CONVENTIONS = {"channels_first": "first", "channels_last": "last", "th": "first", "tf": "last"}
"""What the values of `image_data_format` mean, those of Keras 1 too."""


def convention_of(project: Project) -> str:
    """Where layers without a data format of their own put the channels: "last" or "first"; "" where the program reads the global format."""
    formats = {event.args.get("value") for event in query.events(project, "data_format")}
    return "last" if not formats else next((word for known, word in CONVENTIONS.items() if formats == {known}), "")


def follows_the_convention(call: Call) -> bool:
    """Whether a layer that put the channels of the input where they are has no data format of its own."""
    steps = query.producers(call, lambda c: "data_format" not in c.layer.config and c.layer.role in CARRIERS)
    layers = [step.call.layer for step in steps if step.call is not None]
    return any("data_format" in layer.config and layer.config["data_format"] is None for layer in layers)
