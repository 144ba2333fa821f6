"""A saved model whose signature assigns moving statistics is another model after each request."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import Layer, Project


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "assigned"):
        if isinstance(event.target, Layer):
            yield Hit("default", event.target.origin, event.target, {"signature": event.args["signature"]})
