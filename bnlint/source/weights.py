"""Weights as values: which of them were but taken from a model of the program, so that giving them to another one loads nothing."""

from __future__ import annotations

from bnlint.graph.model import Choice, Layer, Unknown
from bnlint.source.machine import Machine
from bnlint.source.values import Instance, List, Model, Splice


def taken(m: Machine, owner: Layer | Model | Instance) -> Unknown:
    """`owner.get_weights()`; of a backbone, or where the owner has loaded some, they come from elsewhere."""
    made = Unknown("the result of `get_weights`")
    loaded = any(event.kind == "load_weights" and event.target is owner for event in m.events)
    if not loaded and not (isinstance(owner, Model) and owner.kind == "application"):
        m.weights.add(made)
    return made


def computed(m: Machine, made: Unknown, *operands: object) -> Unknown:
    """What is computed of weights: they may be clipped, averaged, scaled."""
    if m.weights and any(are_copies(m, operand) for operand in operands):
        m.weights.add(made)
    return made


def are_copies(m: Machine, value: object) -> bool:
    """Whether a value is nothing but weights that models of the program had."""
    value = m.settle(value)
    match value:
        case Unknown():
            return value in m.weights
        case List(items=items) | tuple(items):
            return bool(items) and all(are_copies(m, item) for item in items)
        case Splice(if_true=first, if_false=second):
            return all(are_copies(m, item) for item in (*first, *second))
        case Choice(if_true=first, if_false=second):
            return are_copies(m, first) and are_copies(m, second)
    return False
