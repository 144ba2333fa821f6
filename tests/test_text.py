"""Reading: encodings, positions, notebooks and their magics, and what cannot be read."""

import ast
import json
import random
from typing import Any

import pytest

from bnlint import text
from bnlint.cells import mask
from bnlint.graph.model import Span
from bnlint.text import Chunk, Document, Unreadable, load


def chunk(source: str | bytes) -> Chunk:
    (only,) = load("a.py", source if isinstance(source, bytes) else source.encode()).chunks
    return only


def notebook(*cells: dict[str, Any], language: str | None = "python", **options: Any) -> bytes:
    metadata = {"kernelspec": {"language": language}} if language else {}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4}, **options).encode()


def code(source: str | list[str]) -> dict[str, Any]:
    return {"cell_type": "code", "outputs": [{"text": ['"source"']}], "source": source}


def read(path: str, data: bytes) -> list[ast.Module]:
    return [part.parse() for part in load(path, data).chunks]


def unreadable(path: str, data: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(path, data)
    assert "\n" not in caught.value.message
    return caught.value


# Positions


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_spans_count_code_points_whatever_stands_before(newline: str, bom: bytes) -> None:
    source = newline.join(["é = '日本', f(x)", "", "\f# 𝔘", "s = '''", "ü''' + g(", "  y)", ""])
    document = load("a.py", bom + source.encode())
    (only,) = document.chunks
    calls = [node for node in ast.walk(only.parse()) if isinstance(node, ast.Call)]
    assert [only.span(call) for call in calls] == [Span("a.py", 1, 11, 1, 15), Span("a.py", 5, 8, 6, 5)]
    assert [only.slice(only.span(call)) for call in calls] == ["f(x)", f"g({newline}  y)"]
    assert document.newline == newline
    assert document.encode(only.original) == document.data


def test_slices_agree_with_ast_on_random_text() -> None:
    generator = random.Random(7)
    for _ in range(200):
        lines = [
            f"v{i} = '{''.join(generator.choices('aé日𝔘 ', k=generator.randrange(6)))}' + w{i}" for i in range(generator.randrange(1, 6))
        ]
        source = "".join(line + generator.choice(["\n", "\r\n", "\r"]) for line in lines)
        only = chunk(source)
        for node in ast.walk(only.parse()):
            if isinstance(node, ast.expr):
                expected = ast.get_source_segment(only.text, node)
                assert only.slice(only.span(node)) == expected, source


def test_the_newline_is_that_of_most_lines() -> None:
    assert load("a.py", b"a\r\nb\r\nc\n").newline == "\r\n"
    assert load("a.py", b"a\nb\r\nc\n").newline == "\n"


def test_syntax_warnings_are_silent(recwarn: pytest.WarningsRecorder) -> None:
    chunk("x = '\\d' is 3").parse()
    assert not recwarn.list


# Encodings


def test_an_empty_file_is_fine() -> None:
    assert chunk(b"").parse().body == []
    assert load("a.ipynb", b"").chunks == ()


@pytest.mark.parametrize(
    "data",
    [
        "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"),
        "#!/usr/bin/python\r\n# vim: set fileencoding=cp1252 :\r\nx = 'é'\n".encode("cp1252"),
        "# coding: utf8\nx = 'é'\n".encode(),
        "# coding: gbk\nx = 'é'\n".encode("gbk"),
    ],
)
def test_declared_encodings_are_honoured_and_written_back(data: bytes) -> None:
    document = load("a.py", data)
    assert "x = 'é'" in document.chunks[0].text
    assert document.encode(document.chunks[0].original) == data


def test_a_declaration_after_code_is_none() -> None:
    assert load("a.py", b"x = 1\n# coding: latin-1\n").encoding == "utf-8"


@pytest.mark.parametrize(
    ("data", "words", "place"),
    [
        ("x = 1".encode("utf-16"), "is UTF-16 text", None),
        ("x = 1".encode("utf-16-be"), "is UTF-16 text", None),
        ("x = 1".encode("utf-32"), "is UTF-32 text", None),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is binary", (3, 1)),
        (b"\x1f\x8b\x08\x06" + bytes(range(128, 256)) + b"\x01\x02\x03", "is binary", None),
        (b"x = 1\ny = '\xe9'\n", "is not valid UTF-8 (byte 0xe9)", (2, 6)),
        (b"# coding: ascii\ny = '\xe9'\n", "is not valid ascii", (2, 6)),
        (b"# coding: klingon\n", "declares the encoding 'klingon', which Python does not know", (1, 1)),
        (b"# coding: hex\n", "does not know", (1, 1)),
        (b"# coding: utf-7\n# +AAo-import os\n", "bytes are not what they seem", (1, 1)),
        (b"# coding: raw_unicode_escape\n# \\u000aimport os\n", "bytes are not what they seem", (1, 1)),
        (b"# coding: unicode_escape\n# \\x0aimport os\n", "bytes are not what they seem", (1, 1)),
        (b"# coding: cp037\n", "bytes are not what they seem", (1, 1)),
        (b"\xef\xbb\xbf# coding: latin-1\n", "byte order mark", (1, 1)),
        (b"# coding: idna\nx\xff..a\n", "is not valid idna", None),
    ],
)
def test_what_cannot_be_decoded_is_told(data: bytes, words: str, place: tuple[int, int] | None) -> None:
    error = unreadable("a.py", data)
    assert words in error.message
    if place:
        assert (error.line, error.column) == place


@pytest.mark.parametrize(
    ("source", "words", "line"),
    [
        ("x = 1\nprint 'a'", "is Python 2 (print statement): convert it or exclude it", 2),
        ("f(lambda (a, b): a)", "is Python 2 (tuple parameter)", 1),
        ("try:\n  a\nexcept E, e:\n  b", "is Python 2 (except with a comma)", 3),
        ("raise E, 'a'", "is Python 2 (raise with a comma)", 1),
        ("a <> b", "is Python 2 (operator <>)", 1),
        ("x = 10L", "is Python 2 (long integer)", 1),
        ("chmod(0777)", "is Python 2 (octal number with a leading 0)", 1),
        ("x = ur'a'", "is Python 2 (ur string)", 1),
        ("exec 'a'", "is Python 2 (exec statement)", 1),
        ("def f(a, (b, c)): pass", "is Python 2 (tuple parameter)", 1),
        ("x = (\n", "cannot be parsed: '(' was never closed", 1),
        ("if x\n  y", "cannot be parsed: expected ':'", 1),
        ("(" * 1000, "is nested too deeply", 1),
        ("-" * 300_000 + "1", "is nested too deeply", 1),
    ],
)
def test_what_cannot_be_parsed_is_told(source: str, words: str, line: int) -> None:
    error = unreadable("a.py", source.encode())
    assert words in error.message
    assert error.line == line


def test_sizes_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(chunk(b"x = 1\n" * 400_000).lines) == 400_001  # 2.4 MB
    monkeypatch.setattr(text, "SIZE_LIMIT", 2**20)
    assert "is 1.1 MB, over the limit of 1 MB" in unreadable("a.py", b"#" * (11 * 2**20 // 10)).message


@pytest.mark.parametrize("source", ["a;" * 600_000, "f(a, b)\n" * 200_000, "[" + "1, " * 600_000 + "]"])
def test_the_number_of_words_has_a_limit(source: str) -> None:
    """The tree of a megabyte of them takes a gigabyte."""
    assert "holds more than 1,000,000 words and signs" in unreadable("a.py", source.encode()).message


@pytest.mark.parametrize("source", ["'" + "a;" * 2_000_000 + "'", "# " + "a;" * 2_000_000, "'''" + "a;\n" * 600_000 + "'''"])
def test_a_text_of_many_words_is_one(source: str) -> None:
    assert len(chunk(source).parse().body) < 2


# Notebooks


def strings(document: Document) -> list[list[str]]:
    return [[json.loads(document.data[start:end]) for start, end in spans] for spans in document.sources]


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_byte_spans_lead_to_the_strings_of_a_cell(ascii_only: bool, indent: int | None, bom: bytes) -> None:
    cells = [{"cell_type": "markdown", "source": ["# é \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")]}]
    cells += [code(["x = 'é'\n", 'y = "\\""']), code([]), {"source": "z", "cell_type": "code", "metadata": {"source": "no"}}]
    document = load("a.ipynb", bom + notebook(*cells, ensure_ascii=ascii_only, indent=indent))
    assert [part.cell for part in document.chunks] == [2, 3, 4]
    assert [part.original for part in document.chunks] == ['x = \'é\'\ny = "\\""', "", "z"]
    assert strings(document) == [["x = 'é'\n", 'y = "\\""'], [], ["z"]]


def test_worksheets_of_old_notebooks_are_read() -> None:
    sheet = {"cells": [{"cell_type": "heading", "source": "a"}, {"cell_type": "code", "input": ["x\n", "y"], "language": "python"}]}
    document = load("a.ipynb", json.dumps({"metadata": {"name": ""}, "nbformat": 3, "worksheets": [sheet, sheet]}).encode())
    assert [(part.cell, part.text) for part in document.chunks] == [(2, "x\ny"), (4, "x\ny")]
    assert strings(document) == [["x\n", "y"], ["x\n", "y"]]


def test_other_kernels_have_no_chunks() -> None:
    document = load("a.ipynb", notebook(code("x <- 1"), language="R"))
    assert (document.chunks, document.language) == ((), "R")
    assert load("a.ipynb", notebook(code("x"), language=None)).chunks[0].text == "x"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", "is not a valid notebook"),
        (b"[]", "is not a valid notebook"),
        (b"{}", "there are no `cells`"),
        (b'{"cells": 3}', "Expecting a list"),
        (b'{"cells": [3]}', "is not a valid notebook"),
        (b'{"cells": [{"source": 3}]}', "Expecting a list"),
        (b'{"cells": [{"source": [3]}]}', "Expecting a string"),
        (b'{"cells": []} x', "Extra data"),
        (b'{"cells": [], "a": ' + b"[" * 200_000, "nested too deeply"),
        (b"<<<<<<< HEAD\n{", "is not a valid notebook"),
        (b'{"cells": ["\xff"]}', "is not valid UTF-8 (byte 0xff)"),
    ],
)
def test_broken_notebooks_are_told(data: bytes, words: str) -> None:
    assert words in unreadable("a.ipynb", data).message


def test_a_broken_cell_is_told_by_its_number() -> None:
    error = unreadable("a.ipynb", notebook({"cell_type": "markdown", "source": ""}, code("x = 1\ny = (")))
    assert (error.cell, error.line) == (2, 2)


# Magics


def masked(source: str) -> str:
    (only,) = load("a.ipynb", notebook(code(source))).chunks
    assert only.original == source
    assert [len(line) for line in only.text.split("\n")] == [len(line) for line in source.split("\n")]
    return only.text


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "s = '''\n%magic\n!ls\n'''",
        "(a\n% b)",
        "a = b \\\n% c",
        "x = a != b",
        "print('50%')\nassert x, '?'",
        "# %matplotlib inline\n# what?",
    ],
)
def test_python_is_left_alone(source: str) -> None:
    assert masked(source) == source
    assert masked(f"%magic\n{source}") == f"pass  \n{source}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%matplotlib inline\nx", "pass              \nx"),
        ("!ls\nx", "0  \nx"),
        ("if a:\n    !pip install \\\n        keras\n    b", "if a:\n    pass          \n             \n    b"),
        ("files = !ls", "files = __ "),
        ("a, b = %magic c", "a, b = __      "),
        ("?x\nx?\nx.y??\n", "0 \n0 \npass \n"),
        ("x = model.fit?\ny = 'what?'", "pass          \ny = 'what?'"),
        ("pip install keras\nx", "pass             \nx"),
        ("%time model = f(\n  x)\ny", "0;    model = f(\n  x)\ny"),
        ("%%time\nx = 1", "      \nx = 1"),
        ("\n%%capture out\n%%time\n!ls\nx", "\n             \n      \n0  \nx"),
        ("%%bash\nfor x in 'a", "      \n           "),
        ("%%writefile a.py\nx = 1", "                \n     "),
        ("s = 'it''s' # it's\n!ls", "s = 'it''s' # it's\n0  "),
        ("f(a,\n  b)\n!ls", "f(a,\n  b)\n0  "),
        ('%a\nx = """\n!b\n"""', '0 \nx = """\n!b\n"""'),
    ],
)
def test_magics_become_placeholders_of_their_length(source: str, expected: str) -> None:
    assert masked(source) == expected
    ast.parse(expected)


def test_an_assigned_magic_is_no_known_value() -> None:
    (assignment,) = ast.parse(masked("x = !ls")).body
    assert isinstance(assignment, ast.Assign)
    assert isinstance(assignment.value, ast.Name)


def test_masking_never_fails_and_keeps_the_length_of_lines() -> None:
    generator = random.Random(3)
    for _ in range(500):
        source = "".join(
            generator.choices(
                ["%a", "!", "?", "'", '"""', "(", ")", "\\", "\n", " ", "x = ", "%%time", "#", "é"], k=generator.randrange(12)
            )
        )
        result = mask(source, lambda _: False)
        assert [len(line) for line in result.split("\n")] == [len(line) for line in source.split("\n")], source
