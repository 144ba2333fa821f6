"""The places that may make BatchNormalization and that no run has reached."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bnlint.graph.model import Span
from bnlint.source import trees
from bnlint.source.files import File
from bnlint.source.machine import Machine
from bnlint.text import Chunk

KINDS = ("BatchNormalization", "SyncBatchNormalization")
"""The classes of Keras."""

NAMES = (*KINDS, "BatchNorm", "BN", "batch_normalization")
"""How that which makes BatchNormalization is usually called."""


def unseen(m: Machine, names: tuple[str, ...]) -> Iterator[tuple[File, Chunk, ast.Call]]:
    """The calls of something with one of these names that no run has reached."""
    left = m.sites[NAMES] if NAMES in m.sites else list(_called_by(m, NAMES))
    seen = {_place(span) for span in {id(span): span for span in _made_at(m)}.values()} if left else set()
    left = m.sites[NAMES] = [site for site in left if site[3] not in seen]
    return ((file, chunk, node) for file, chunk, node, _ in left if names is NAMES or trees.last_name(node.func).endswith(names))


def _made_at(m: Machine) -> Iterator[Span]:
    """The calls that have made something: a layer, themselves or by what they run, an object of the user's, a tensor."""
    built = (layer.origin for layer in m.constructions)
    applied = (call.layer.origin for call in m.calls if call.layer.is_function and call.layer.role == "batchnorm")
    objects = (instance.origin for cls in m.classes for instance in cls.instances)
    origins = (*built, *applied, *objects)
    stacks = {id(origin.stack): origin.stack for origin in origins}
    for spans in ((origin.span for origin in origins), *stacks.values()):
        yield from (span for span in spans if span is not None)


def _called_by(m: Machine, names: tuple[str, ...]) -> Iterator[tuple[File, Chunk, ast.Call, Place]]:
    """The calls of something with one of these names, and their places."""
    for file in m.files.asked:
        for chunk, tree in zip(file.chunks, file.trees, strict=True):
            for node in trees.walk(tree) if any(name in chunk.text for name in names) else ():
                if isinstance(node, ast.Call) and trees.last_name(node.func).endswith(names):
                    yield file, chunk, node, _place(chunk.span(node))


def unasked(m: Machine) -> Iterator[tuple[File, Chunk, ast.Attribute]]:
    """The attributes that stand for the class itself, by a path that Keras has lost, and that no run has asked for."""
    asked = {_place(event.origin.span) for event in m.events if event.kind == "named" and event.origin.span is not None}
    if LOST not in m.sites:
        m.sites[LOST] = list(_asked_for(m, LOST))
    return ((file, chunk, node) for file, chunk, node, place in m.sites[LOST] if place not in asked)


LOST = ("SyncBatchNormalization",)
"""Classes to which no attribute of Keras 3 leads."""


def _asked_for(m: Machine, names: tuple[str, ...]) -> Iterator[tuple[File, Chunk, ast.Attribute, Place]]:
    """The attributes of one of these names that are not called on the spot, and their places."""
    for file in m.files.asked:
        for chunk, tree in zip(file.chunks, file.trees, strict=True):
            nodes = list(trees.walk(tree)) if any(name in chunk.text for name in names) else []
            called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
            for node in nodes:
                if isinstance(node, ast.Attribute) and node.attr in names and id(node) not in called:
                    yield file, chunk, node, _place(chunk.span(node))


Place = tuple[str, int | None, int, int]


def _place(span: Span) -> Place:
    return span.path, span.cell, span.line, span.column
