"""What makes a graph legal."""

from __future__ import annotations

from bnlint.graph.model import Call, Join, ModelGraph, Tensor


def verify(graph: ModelGraph) -> None:
    """Raise ValueError, naming the place, unless the graph is legal.

    Calls are unique and in topological order; every input and output leads, through joins, to calls of the graph; the two
    alternatives of a join differ.
    """
    known: set[int] = set()

    def check(tensor: Tensor, where: str) -> None:
        stack, seen = [tensor], set[int]()
        while stack:
            current = stack.pop()
            if id(current) in seen:
                continue
            seen.add(id(current))
            if isinstance(current, Join):
                first, second = current.alternatives
                if first is second:
                    raise ValueError(f"{where}: a join of one alternative ({current.condition.reason})")
                stack += [first, second]
            elif id(current) not in known:
                at = f"{current.layer.kind} at {current.origin.span}"
                raise ValueError(f"{where}: {at} is not an earlier call of the graph {graph.name!r}")

    for call in graph.calls:
        if not isinstance(call, Call):
            raise ValueError(f"{graph.name!r} holds a {type(call).__name__} among its calls")
        if id(call) in known:
            raise ValueError(f"{call.layer.kind} at {call.origin.span} stands twice in the graph {graph.name!r}")
        for tensor in call.inputs:
            check(tensor, f"input of {call.layer.kind} at {call.origin.span}")
        known.add(id(call))
    for tensor in graph.outputs:
        check(tensor, f"output of {graph.name!r}")
