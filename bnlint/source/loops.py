"""Loops and comprehensions: unrolled over what is known, summarised over what is not."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Final

from bnlint.graph.model import Choice, Unknown
from bnlint.source import counts, expressions, protocols, rounds, statements, subscripts
from bnlint.source.machine import Frame, Machine
from bnlint.source.state import Completion
from bnlint.source.unknowns import truth
from bnlint.source.values import MISSING, Scope, Splice, sequence

UNROLL = 256
"""Rounds of a loop over known values that are followed one by one."""


ENDLESS: Final = 64
"""Rounds of a `while True` in which its exit is looked for."""

Body = Callable[[object], Completion | None]


def loop(m: Machine, iterable: object, body: Body, node: ast.AST, otherwise: Sequence[ast.stmt] = ()) -> Completion | None:
    """Run the body for each element: one by one where they are known, else none, one or two times. Then what `else` says."""
    iterable = m.opaque(protocols.iterated(m, iterable, node))
    if isinstance(iterable, Choice):
        choice = iterable
        result = m.fork(
            choice.condition,
            lambda: loop(m, choice.if_true, body, node, otherwise),
            lambda: loop(m, choice.if_false, body, node, otherwise),
        )
        return result if isinstance(result, Completion) else None
    items = sequence(iterable)
    m.enter("break")
    with rounds.counted(m):
        if items is not None and len(items) <= UNROLL:
            ended = _rounds(m, items, body)
        else:
            ended = _some_rounds(m, subscripts.element(m, iterable, node), body, counts.rounds(m, iterable))
    return _land_break(m, ended, otherwise)


def _land_break(m: Machine, ended: Completion | None, otherwise: Sequence[ast.stmt]) -> Completion | None:
    """The end of a loop: where its rounds ran out, its `else` runs, whose `break` is that of the loop around."""
    if ended is not None:
        return _land(m, "break", ended)
    landing = m.landings["break"].pop()
    m.landings["else"].append(landing)
    ended = statements.execute(m, otherwise)
    if ended is not None and landing.pending:
        m.leave(ended)
    m.landings["else"].pop()
    if ended is not None and not landing.pending:
        return ended
    m.landings["break"].append(landing)
    m.land("break", None if ended is None else MISSING)
    return None


def _land(m: Machine, kind: str, ended: Completion | None) -> Completion | None:
    """Land what left by `kind`. A path that ends otherwise goes on to where it leads, while those that landed stay."""
    if ended is None or ended.kind == kind:
        m.land(kind, None)
        return None
    if m.landings[kind][-1].pending:
        m.leave(ended)
        m.land(kind, MISSING)
        return None
    m.landings[kind].pop()
    return ended


def _rounds(m: Machine, items: tuple[object, ...], body: Body) -> Completion | None:
    for item in items:
        ended = _splice(m, item, body) if isinstance(item, Splice) else one_round(m, item, body)
        if ended is not None:
            return ended
    return None


def _splice(m: Machine, item: Splice, body: Body) -> Completion | None:
    result = m.fork(item.condition, lambda: _rounds(m, item.if_true, body), lambda: _rounds(m, item.if_false, body))
    return result if isinstance(result, Completion) else None


def one_round(m: Machine, item: object, body: Body) -> Completion | None:
    """One round of a loop: `continue` lands at its end."""
    m.enter("continue")
    rounds.begins(m)
    ended = body(item)
    if (ended is None or ended.kind == "continue") and not m.landings["continue"][-1].pending:
        # What a `break` under a test left assumed stays assumed in the rounds that follow.
        m.landings["continue"].pop()
        return None
    return _land(m, "continue", ended)


FEW: Final = 2
"""Rounds that are followed of a loop of which it is not known how many it has: a first one, and one that follows another."""


def _some_rounds(m: Machine, item: Callable[[int], object], body: Body, count: Unknown | None = None, done: int = 0) -> Completion | None:
    """Run the body none, one or two times; `count` is how often it runs, where that is known to be the same for other loops."""
    if done == FEW:
        return None

    def run() -> Completion | None:
        ended = one_round(m, item(done), body)
        return ended if ended is not None else _some_rounds(m, item, body, count, done + 1)

    result = m.fork(counts.further(m, count, done), run, lambda: None)
    return result if isinstance(result, Completion) else None


def repeat(m: Machine, node: ast.While) -> Completion | None:
    """Run a `while`: round by round as long as its test is known, else none, one or two times. Then what its `else` says."""
    m.enter("break")
    endless = isinstance(node.test, ast.Constant) and truth(node.test.value) is True
    leaves = endless and any(isinstance(part, (ast.Break, ast.Return)) for statement in node.body for part in ast.walk(statement))
    ended: Completion | None = None
    before = m.under
    with rounds.counted(m):
        for done in range(ENDLESS if endless else UNROLL):
            known = truth(m.opaque(expressions.evaluate(m, node.test)))
            if known is None or (endless and not leaves) or (endless and done and m.under != before):
                ended = _some_rounds(m, lambda number: None, lambda item: statements.execute(m, node.body))
                break
            if known is False:
                break
            before = m.under
            ended = one_round(m, None, lambda item: statements.execute(m, node.body))
            if ended is not None:
                break
    return _land_break(m, ended, node.orelse)


def comprehend(m: Machine, whole: ast.expr, generators: list[ast.comprehension], element: Callable[[], object]) -> None:
    """Run the element of a comprehension in every round of its loops, in a scope of its own."""
    outer = m.frame
    scope = Scope(outer.scope)
    if outer.scope.is_class:
        scope.names.update(outer.scope.names)
    m.frame = Frame(scope, outer.chunk, outer.qualified, outer.function, outer.owner, outer.self)
    try:
        _generated(m, whole, generators, element)
    finally:
        m.frame = outer


def _generated(m: Machine, whole: ast.expr, generators: list[ast.comprehension], element: Callable[[], object]) -> None:
    """The rounds of the first loop of a comprehension, in each of them those of the others."""
    if not generators:
        element()
        return
    first, *inner = generators

    def body(item: object) -> None:
        statements.assign(m, first.target, item)
        _filtered(m, first.ifs, lambda: _generated(m, whole, inner, element))

    loop(m, expressions.evaluate(m, first.iter), body, whole)


def _filtered(m: Machine, tests: list[ast.expr], run: Callable[[], None]) -> None:
    """Run what stands under all of some tests."""
    if not tests:
        run()
    else:
        m.one_of(expressions.evaluate(m, tests[0]), lambda: _filtered(m, tests[1:], run), lambda: None)
