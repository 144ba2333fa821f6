"""Ignores: what they cover, and which of them are of no use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from bnlint.findings import TextEdit
from bnlint.graph.model import Span
from bnlint.suppress import Suppressions, scan
from bnlint.text import Chunk


@dataclass(frozen=True)
class Rule:
    code: str
    name: str
    default: bool = True
    preview: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


RULES = (Rule("BN101", "activation-order"), Rule("BN201", "small-batch"), Rule("BN309", "odd-one", default=False))
NAMES = {rule.code: rule.name for rule in RULES}


def chunks(*sources: str) -> list[Chunk]:
    return [Chunk("a.py", number if len(sources) > 1 else None, source, source) for number, source in enumerate(sources, start=1)]


def covered(source: str, code: str = "BN101") -> list[int]:
    """The lines on which a finding would be suppressed."""
    lines = source.count("\n") + 1
    return [line for line in range(1, lines + 1) if scan(chunks(source)).covers(Span("a.py", line, 1, line, 2), code, NAMES[code])]


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "s = '# bnlint: ignore'",
        '"""\n# bnlint: ignore-file\n"""\nx',
        "x  # bnlint: ignored",
        "x  # bnlint: ignore[BN101",
        "x  # bnlint: ignore[]",
        "x  # bnlint: ignore[BN1]",
        "x  # bnlint: ignore[BN201]",
        "x  # ignore: bnlint",
        "x  # noqa: F401",
        "x  # noqa: some reason",
        "x  # noqa-file",
        "# noqa\nx",
        "# ruff: noqa\nx",
        "x  # bnlint: enable",
    ],
)
def test_nothing_is_covered(source: str) -> None:
    assert covered(source) == []


@pytest.mark.parametrize(
    "comment",
    [
        "# bnlint: ignore",
        "#bnlint:ignore",
        "# bnlint: ignore[BN101]",
        "# bnlint: ignore[bn101]",
        "# bnlint: ignore [ BN201 , activation-order ] AdaBN needs it",
        "# bnlint: ignore: because",
        "# type: ignore  # bnlint: ignore[BN101]",
        "# bnlint: ignore[BN201] # bnlint: ignore[BN101]",
        "# noqa",
        "# NoQA",
        "# noqa because",
        "# noqa: BN101",
        "# noqa:F401,BN101",
        "# noqa: F401 activation-order",
        "# pylint: disable=x # noqa : BN101",
    ],
)
def test_a_comment_at_the_end_of_a_line_covers_that_line(comment: str) -> None:
    assert covered(f"a\nb  {comment}\nc") == [2]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# bnlint: ignore\na\nb", [2]),
        ("a\n\n# bnlint: ignore[BN101]\n# why\n\nb(\n  c,\n  d)\ne", [6, 7, 8]),
        ("# bnlint: ignore\nfor a in (b,\n    c):\n    d\n", [2, 3]),
        ("def f():\n    # bnlint: ignore\n    a\n    b", [3]),
        ("def f():\n    a\n    # bnlint: ignore\nb\nc", [4]),
        ("# bnlint: ignore\n@a\n@b(\n  c)\nclass D:\n    e", [2, 3, 4, 5]),
        ("f([\n    # bnlint: ignore\n    a,\n    b,\n])", [3]),
        ("a\n# bnlint: ignore", []),
        ("# bnlint: ignore\ns = '''\na\n'''\nb", [2, 3, 4]),
        ("# bnlint: ignore\na; b\nc", [2]),
    ],
)
def test_a_comment_on_a_line_of_its_own_covers_the_next_statement(source: str, expected: list[int]) -> None:
    assert covered(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f(\n    a,  # bnlint: ignore\n    b,\n)", [2]),
        ("f(\n    a,\n    b,\n)  # bnlint: ignore\nc", [1, 2, 3, 4]),
        ("x = a \\\n    + b  # noqa: BN101\nc", [1, 2]),
        ("s = '''\na\n'''  # noqa\nc", [1, 2, 3]),
        ("def f(\n    a,\n):  # bnlint: ignore\n    b", [1, 2, 3]),
    ],
)
def test_inside_a_statement_of_several_lines(source: str, expected: list[int]) -> None:
    assert covered(source) == expected


def test_a_comment_where_the_flagged_code_ends() -> None:
    found = scan(chunks("f(\n  g(\n    a,\n  ),  # bnlint: ignore\n  b)"))
    assert found.covers(Span("a.py", 2, 3, 4, 4), "BN101", "activation-order")
    assert not found.covers(Span("a.py", 1, 1, 5, 5), "BN101", "activation-order")
    body = scan(chunks("def f():\n    a\n    b  # bnlint: ignore"))
    assert not body.covers(Span("a.py", 1, 1, 3, 6), "BN101", "activation-order")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\n# bnlint: ignore-file[BN101]\nb", [1, 2, 3]),
        ("a\n# bnlint: disable\nb\nc\n# bnlint: enable\nd", [2, 3, 4]),
        ("a\n# bnlint: disable[BN101, BN201]\nb\n# bnlint: enable[BN201]\nd", [2, 3, 4, 5]),
        ("a\n# bnlint: disable\nb\n# bnlint: enable[small-batch]\n# bnlint: enable[activation-order]\nd", [2, 3, 4]),
        ("# bnlint: disable[BN201]\na", []),
        ("# bnlint: disable\n# bnlint: enable\na\n# bnlint: disable\nb", [1, 4, 5]),
    ],
)
def test_files_and_ranges(source: str, expected: list[int]) -> None:
    assert covered(source) == expected


def test_cells_are_told_apart_and_ranges_run_through_them() -> None:
    found = scan(chunks("a\n# bnlint: disable[BN201]", "b  # bnlint: ignore[BN101]", "c\n# bnlint: enable"))

    def cells(code: str) -> list[int]:
        return [cell for cell in (1, 2, 3) if found.covers(Span("a.py", 1, 1, 1, 2, cell), code, NAMES[code])]

    assert cells("BN101") == [2]
    assert cells("BN201") == [2, 3]


@pytest.mark.parametrize("source", ["a(  # bnlint: ignore", "  a  # bnlint: ignore\n b\nc", "'''\n# noqa", "a $ ` b # noqa\n\\"])
def test_what_does_not_tokenise_does_no_harm(source: str) -> None:
    assert set(covered(source)) <= {1, 2, 3}


# Unused


def use(source: str | Sequence[str], *used: tuple[int, str]) -> Suppressions:
    found = scan(chunks(*([source] if isinstance(source, str) else source)))
    for line, code in used:
        assert found.covers(Span("a.py", line, 1, line, 2), code, NAMES[code])
    return found


def apply(source: str, edits: Sequence[TextEdit]) -> str:
    (chunk,) = chunks(source)
    for edit in sorted(edits, key=lambda edit: (edit.span.line, edit.span.column), reverse=True):
        start, end = (
            chunk.offset(line, column) for line, column in ((edit.span.line, edit.span.column), (edit.span.end_line, edit.span.end_column))
        )
        source = source[:start] + edit.text + source[end:]
    return source


def cleaned(source: str, *used: tuple[int, str], selected: Sequence[str] = ("BN101", "BN201")) -> str:
    return apply(source, [unused.edit for unused in use(source, *used).unused(selected, RULES)])


@pytest.mark.parametrize(
    ("source", "used"),
    [
        ("a  # bnlint: ignore[BN101]", (1, "BN101")),
        ("a  # bnlint: ignore", (1, "BN101")),
        ("# bnlint: ignore-file[BN101]\na", (2, "BN101")),
        ("# bnlint: disable[BN101]\na\n# bnlint: enable[BN101]", (2, "BN101")),
        ("# bnlint: disable[BN101]\na\n# bnlint: enable", (2, "BN101")),
        ("# bnlint: disable\na\n# bnlint: enable[BN101]", (2, "BN101")),
        ("a  # bnlint: ignore[odd-one, BN101]", (1, "BN101")),
    ],
)
def test_what_is_used_stays(source: str, used: tuple[int, str]) -> None:
    assert cleaned(source, used) == source


@pytest.mark.parametrize("source", ["a  # noqa: BN101", "a  # noqa", "a  # bnlint: ignore[BN309]", "x = '# bnlint: ignore[BN101]'"])
def test_what_is_not_ours_or_did_not_run_stays(source: str) -> None:
    assert cleaned(source) == source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a  # bnlint: ignore[BN101]\nb", "a\nb"),
        ("a  # bnlint: ignore[BN101] for a reason", "a"),
        ("a  # bnlint: ignore", "a"),
        ("a\n    # bnlint: ignore[BN101]\nb", "a\nb"),
        ("a\n# bnlint: ignore-file", "a\n"),
        ("a  # type: ignore  # bnlint: ignore[BN101] reason", "a  # type: ignore"),
        ("a  # bnlint: ignore[BN101] see #12  # noqa: E501", "a  # noqa: E501"),
        ("a  # x  # bnlint: ignore[BN101]  # noqa", "a  # x  # noqa"),
        ("a  # bnlint: ignore[BN999]", "a"),
        ("a  # bnlint: ignore[]", "a"),
        ("# bnlint: disable\n# bnlint: enable\na", "# bnlint: enable\na"),
        ("# bnlint: enable\na", "a"),
        ("a  # noqa\nb  # bnlint: ignore[BN101]", "a  # noqa\nb"),
        ("# bnlint: disable[BN201]\na\n# bnlint: enable[BN101]", "a\n"),
    ],
)
def test_what_is_unused_goes(source: str, expected: str) -> None:
    assert cleaned(source) == expected


def test_behind_one_that_is_of_use_others_may_be_of_none() -> None:
    assert cleaned("a  # bnlint: ignore\nb  # bnlint: ignore[BN101]", (1, "BN101")) == "a  # bnlint: ignore\nb"


def test_what_goes_from_the_last_line_ends_there() -> None:
    (unused,) = use("a\n# bnlint: ignore-file").unused(["BN101", "BN201"], RULES)
    assert unused.edit == TextEdit(Span("a.py", 2, 1, 2, 22), "")


def test_only_the_unused_part_goes() -> None:
    source = "é = 1  # bnlint: ignore[ BN201,activation-order , odd-one, nonsense] why"
    (unused,) = use(source, (1, "BN101")).unused(["BN101", "BN201"], RULES)
    assert (unused.codes, unused.unknown) == (("BN201", "nonsense"), ("nonsense",))
    assert source[unused.span.column - 1 : unused.span.end_column - 1] == "# bnlint: ignore[ BN201,activation-order , odd-one, nonsense]"
    assert apply(source, [unused.edit]) == "é = 1  # bnlint: ignore[activation-order, odd-one] why"


def test_one_for_all_rules_is_only_unused_when_all_default_rules_ran() -> None:
    assert cleaned("a  # bnlint: ignore", selected=("BN101",)) == "a  # bnlint: ignore"


def test_each_cell_keeps_its_own() -> None:
    (unused,) = use(("a  # bnlint: ignore[BN101]", "b")).unused(["BN101"], RULES)
    assert unused.span == Span("a.py", 1, 4, 1, 27, 1)
