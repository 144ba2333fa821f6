"""`match`: what a pattern tests, and what it binds."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from bnlint.graph.model import Unknown
from bnlint.source import attributes, builtins, classes, expressions, operators, statements
from bnlint.source.machine import Machine
from bnlint.source.state import Completion
from bnlint.source.values import MISSING, Class, Dict, Dotted, Instance, List, Splice, hashable_key, sequence


def run(m: Machine, node: ast.Match) -> Completion | None:
    """The statement: the first case that holds."""
    return _first(m, expressions.evaluate(m, node.subject), node.cases)


def _first(m: Machine, subject: object, cases: list[ast.match_case]) -> Completion | None:
    if not cases:
        return None
    case = cases[0]
    test = matches(m, subject, case.pattern)
    if case.guard is not None:
        guard = case.guard
        test = m.branch(test, lambda: expressions.evaluate(m, guard), lambda: False)
    result = m.one_of(test, lambda: statements.execute(m, case.body), lambda: _first(m, subject, cases[1:]))
    return result if isinstance(result, Completion) else None


def matches(m: Machine, subject: object, pattern: ast.pattern) -> object:
    """Whether the pattern holds for the subject: True, False, or a value that depends on what is not known."""
    return m.each(subject, lambda value: _matches(m, m.opaque(value), pattern))


def _matches(m: Machine, subject: object, pattern: ast.pattern) -> object:
    match pattern:
        case ast.MatchValue(value=value):
            return m.each(expressions.evaluate(m, value), lambda right: operators.compare(m, ast.Eq(), subject, right))
        case ast.MatchSingleton(value=constant):
            return operators.compare(m, ast.Is(), subject, constant)
        case ast.MatchAs() | ast.MatchStar():
            inner, name = getattr(pattern, "pattern", None), pattern.name
            test = True if inner is None else matches(m, subject, inner)
            if name is not None:
                m.bind(name, subject)
            return test
        case ast.MatchOr(patterns=patterns):
            return _any(m, [lambda part=part: matches(m, subject, part) for part in patterns])  # type: ignore[misc]
        case ast.MatchSequence(patterns=patterns):
            return _sequence(m, subject, patterns)
        case ast.MatchMapping():
            return _mapping(m, subject, pattern)
        case ast.MatchClass():
            return _class(m, subject, pattern)
        case _:
            return Unknown("a pattern that is not followed")


Test = Callable[[], object]


def _all(m: Machine, tests: Sequence[Test]) -> object:
    return m.branch(tests[0](), lambda: _all(m, tests[1:]), lambda: False) if tests else True


def _any(m: Machine, tests: Sequence[Test]) -> object:
    return m.branch(tests[0](), lambda: True, lambda: _any(m, tests[1:])) if tests else False


def _each(m: Machine, subjects: Sequence[object], patterns: Sequence[ast.pattern]) -> list[Test]:
    """A test for each pattern on its subject."""
    return [
        lambda subject=subject, pattern=pattern: matches(m, subject, pattern)  # type: ignore[misc]
        for subject, pattern in zip(subjects, patterns, strict=True)
    ]


def _sequence(m: Machine, subject: object, patterns: list[ast.pattern]) -> object:
    items = sequence(subject) if isinstance(subject, (List, tuple, range, Instance)) else None
    if items is not None and any(isinstance(item, Splice) for item in items):
        subject = Unknown("a list whose length is not known")
    if isinstance(subject, Unknown):
        open_subject = subject
        parts: list[object] = [m.derive(subject, "item", position) for position in range(len(patterns))]
        return _all(m, [lambda: m.derive(open_subject, "length", len(patterns)), *_each(m, parts, patterns)])
    star = next((position for position, part in enumerate(patterns) if isinstance(part, ast.MatchStar)), None)
    if items is None or (len(items) != len(patterns) if star is None else len(items) < len(patterns) - 1):
        return False
    if star is not None:
        tail = len(items) - (len(patterns) - star - 1)
        items = (*items[:star], List({"items": items[star:tail]}), *items[tail:])
    return _all(m, _each(m, items, patterns))


def _mapping(m: Machine, subject: object, pattern: ast.MatchMapping) -> object:
    keys = [expressions.evaluate(m, key) for key in pattern.keys]
    if isinstance(subject, Unknown):
        present = m.derive(subject, "keys", *keys)
        found: list[object] = [m.derive(subject, "item", key) for key in keys]
        return _all(m, [lambda: present, *_each(m, found, pattern.patterns)])
    if not isinstance(subject, Dict):
        return False
    if any(not hashable_key(key) or key not in subject.fields for key in keys):
        return Unknown("the keys of a dict that is not known") if subject.open and not subject.presumed else False
    if pattern.rest is not None:
        m.bind(pattern.rest, Dict({key: value for key, value in subject.fields.items() if key not in keys}, subject.open, subject.presumed))
    return _all(m, _each(m, [subject.fields[key] for key in keys], pattern.patterns))


def _class(m: Machine, subject: object, pattern: ast.MatchClass) -> object:
    cls = expressions.evaluate(m, pattern.cls)
    test = builtins.of_class(m, subject, (cls,))
    if test is False:
        return False
    names = _arguments(cls)
    if pattern.patterns and names is None:
        # `int(n)`: what the pattern of a plain class holds is the subject itself.
        inner = matches(m, subject, pattern.patterns[0]) if isinstance(cls, Dotted) else Unknown("a pattern that is not followed")
        return m.branch(test, lambda: inner, lambda: False)
    written = dict(zip(names or (), pattern.patterns, strict=False)) | dict(zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True))
    parts = [lambda name=name, part=part: matches(m, attributes.get(m, subject, name, pattern), part) for name, part in written.items()]
    return _all(m, [lambda: test, *parts])


def _arguments(cls: object) -> tuple[str, ...] | None:
    """The attributes that the positional patterns of a class test; None where the class does not say."""
    if not isinstance(cls, Class):
        return None
    given = cls.find("__match_args__")
    if given is MISSING:
        return classes.annotated(cls) or None
    return tuple(name for name in given if isinstance(name, str)) if isinstance(given, tuple) else None
