"""Bytes to text: encodings, notebook cells, and positions that count lines and code points."""

from __future__ import annotations

from functools import cache, cached_property
from itertools import accumulate

from bnlint import syntax
from bnlint.records import dataclass
from bnlint.regular import LARGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping
    from typing import Any, Final, Literal

    from bnlint.graph.model import Span

SIZE_LIMIT: Final = 16 * 2**20
"""Bytes of Python source that are read at most."""

TOKEN_LIMIT: Final = 1_000_000
"""Words and signs of Python source that are parsed at most: the tree takes up to a kilobyte for each."""

ByteSpan = tuple[int, int]
"""Start and exclusive end of a stretch of bytes."""


class Unreadable(Exception):
    """Input that cannot be read, decoded or parsed. The message is one line; positions as in Span."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None, cell: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column
        self.cell = cell


@cache
def _span_class() -> type[Span]:
    """Span, imported when the first position is asked for: a file without findings needs none."""
    from bnlint.graph.model import Span

    return Span


@dataclass(frozen=True, eq=False)
class Chunk:
    """A stretch of Python that is parsed as one: a file, or a code cell.

    `text` is what is parsed: line ends are newlines, notebook magics are replaced by placeholders of the same length.
    `original` is the text as it stands in the file. Both have the same lines with the same columns.
    `execution` is the number under which a cell ran last, where the notebook says so.
    """

    path: str
    cell: int | None
    text: str
    original: str
    execution: int | None = None

    @cached_property
    def lines(self) -> list[str]:
        """The lines of `text`, without their ends. (`splitlines` would also split at form feeds; Python does not.)"""
        return self.text.split("\n")

    @cached_property
    def written(self) -> str:
        """`original` with newlines for line ends."""
        return _newlines(self.original)

    @cached_property
    def written_lines(self) -> list[str]:
        """The lines of `original`, without their ends."""
        return self.lines if self.written == self.text else self.written.split("\n")

    @cached_property
    def starts(self) -> list[int]:
        """The indices into `text` at which its lines start, and the one behind the newline that would end the last."""
        return list(accumulate((len(line) + 1 for line in self.lines), initial=0))

    @cached_property
    def _starts(self) -> list[int]:
        if len(self.original) == len(self.text):
            return self.starts
        starts, position = [0], 0
        for line in self.lines[:-1]:
            position += len(line)
            position += 2 if self.original.startswith("\r\n", position) else 1
            starts.append(position)
        return starts

    def column(self, line: int, offset: int) -> int:
        """The column, from 1 in code points, of a utf-8 offset as `ast` gives it."""
        if self.text.isascii():
            return offset + 1
        content = self.lines[line - 1]
        if content.isascii():
            return offset + 1
        return len(content.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "surrogatepass")) + 1

    @cached_property
    def _spans(self) -> dict[ast.AST, Span]:
        """The positions that were asked for. (Code that runs often is asked about often.)"""
        return {}

    def forget(self) -> None:
        """Let go of the nodes whose positions were asked for, and with them of the tree."""
        self._spans.clear()

    def span(self, node: ast.AST) -> Span:
        """Where a node stands. It must be one that has a position."""
        found = self._spans.get(node)
        if found is None:
            found = self._spans[node] = self._locate(node)
        return found

    def _locate(self, at: Any) -> Span:
        end_line, end_offset = at.end_lineno or at.lineno, at.end_col_offset or 0
        column, end_column = self.column(at.lineno, at.col_offset), self.column(end_line, end_offset)
        return _span_class()(self.path, at.lineno, column, end_line, end_column, self.cell)

    def offset(self, line: int, column: int) -> int:
        """The index into `original` of a position."""
        return self._starts[line - 1] + column - 1

    def slice(self, span: Span) -> str:
        """The original text of a span."""
        return self.original[self.offset(span.line, span.column) : self.offset(span.end_line, span.end_column)]

    def parse(self) -> ast.Module:
        """The syntax tree. Raises Unreadable."""
        if len(self.text) > TOKEN_LIMIT and _holds_more(self.text):
            raise Unreadable(f"holds more than {TOKEN_LIMIT:,} words and signs; split or exclude it", 1, 1, self.cell)
        try:
            return syntax.parse(self.text)
        except SyntaxError as error:
            line = min(max(error.lineno or 1, 1), len(self.lines))
            column = max(error.offset or 1, 1)
            raise Unreadable(_explain(error, self.lines[line - 1]), line, column, self.cell) from None
        except (RecursionError, MemoryError):
            raise Unreadable("is nested too deeply to be parsed; simplify or exclude it", 1, 1, self.cell) from None
        except ValueError:
            raise Unreadable(
                "holds characters that Python source may not hold (null or surrogate); remove them or exclude it", 1, 1, self.cell
            ) from None


@dataclass(frozen=True, eq=False)
class Document:
    """A file as it was read, with all that is needed to write it back byte for byte.

    `newline` is the line end that most lines have. For a notebook, `sources` holds for each chunk the byte spans in `data`
    (quotes included) of the JSON strings that make up the cell's text, and `language` is what its kernel speaks: unless that is
    Python there are no chunks.
    """

    path: str
    kind: Literal["python", "notebook"]
    data: bytes
    chunks: tuple[Chunk, ...]
    encoding: str = "utf-8"
    bom: bool = False
    newline: str = "\n"
    sources: tuple[tuple[ByteSpan, ...], ...] = ()
    language: str = "python"

    @cached_property
    def by_cell(self) -> Mapping[int | None, Chunk]:
        """The chunks by the number of their cell (None: the file)."""
        return {chunk.cell: chunk for chunk in self.chunks}

    def encode(self, text: str) -> bytes:
        """The bytes of a whole Python file with this text, in the encoding and with the byte order mark of this one."""
        return (_BOM if self.bom else b"") + text.encode(self.encoding)


def encoded(source: str) -> bytes:
    """The bytes of Python source that is text already, as `load` reads them: in the encoding that it declares, if it can be."""
    data = source.encode("utf-8", "surrogatepass")
    encoding = _declared(data.removeprefix(_BOM))
    if encoding != "utf-8":
        try:
            told = source.encode(encoding)
            return told if told.decode(encoding) == source else data
        except Exception:  # codecs raise errors of many kinds; what is wrong is told when the bytes are read
            return data
    return data


def load(path: str, data: bytes) -> Document:
    """Read a Python file or a notebook (by the suffix of `path`). Raises Unreadable."""
    notebook = path.lower().endswith(".ipynb")
    limit = LARGEST if notebook else SIZE_LIMIT
    if len(data) > limit:
        raise Unreadable(f"is {len(data) / 2**20:.1f} MB, over the limit of {limit // 2**20} MB; split or exclude it")
    return _notebook(path, data) if notebook else _python(path, data)


def _python(path: str, data: bytes) -> Document:
    text, encoding, bom = _decode(data)
    chunk = Chunk(path, None, _newlines(text), text)
    return Document(path, "python", data, (chunk,), encoding, bom, _prevalent(text))


def _notebook(path: str, data: bytes) -> Document:
    from bnlint import cells

    bom = data.startswith(_BOM)
    body = data[3:] if bom else data
    try:
        text = body.decode("utf-8")
        language, found = cells.read(text)
    except UnicodeDecodeError as error:
        raise Unreadable(f"{_undecodable(body[error.start :], 'utf-8')}; save the notebook as UTF-8", *_place(body, error.start)) from None
    except cells.Broken as error:
        raise Unreadable(f"{error}; mend or exclude it", error.line, error.column) from None
    shift = 3 if bom else 0
    chunks = tuple(Chunk(path, cell.number, cells.mask(_newlines(cell.text), _parses), cell.text, cell.execution) for cell in found)
    sources = tuple(tuple((start + shift, end + shift) for start, end in cell.strings) for cell in found)
    return Document(path, "notebook", data, chunks, "utf-8", bom, "\n", sources, language)


def _parses(text: str) -> bool:
    try:
        Chunk("", None, text, text).parse()
    except Unreadable:
        return False
    return True


# Decoding

_BOM: Final = b"\xef\xbb\xbf"
_WIDE: Final = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_HEAD: Final = 4096
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1a\x1b"))


def _decode(data: bytes) -> tuple[str, str, bool]:
    """Text, encoding, and whether there is a UTF-8 byte order mark."""
    for mark, name in _WIDE.items():
        if data.startswith(mark):
            raise Unreadable(f"is {name} text; Python source must be saved as UTF-8")
    bom = data.startswith(_BOM)
    body = data[3:] if bom else data
    head = body[:_HEAD]
    if b"\0" in head and 0.9 < 2 * head.count(b"\0") / len(head) < 1.1:
        raise Unreadable("is UTF-16 text; Python source must be saved as UTF-8")
    if b"\0" in body:
        raise Unreadable("is binary, not Python source (it holds null bytes); exclude it", *_place(body, body.index(b"\0")))
    encoding = _declared(body)
    if bom and encoding != "utf-8":
        raise Unreadable(f"starts with a UTF-8 byte order mark but declares the encoding {encoding}; remove one of the two", 1, 1)
    try:
        text = body.decode(encoding)
        if not _shows_ascii(encoding):
            raise Unreadable(f"declares the encoding {encoding}, in which bytes are not what they seem; save it as UTF-8", 1, 1)
        return text, encoding, bom
    except Unreadable:
        raise
    except LookupError:
        raise Unreadable(f"declares the encoding {encoding[:60]!r}, which Python does not know; mend the declaration", 1, 1) from None
    except UnicodeDecodeError as error:
        place = _place(body, error.start)
        if sum(map(head.count, (bytes((control,)) for control in _CONTROLS))) > len(head) / 50:
            raise Unreadable("is binary, not Python source; exclude it", *place) from None
        advice = "declare its encoding in the first line (# -*- coding: latin-1 -*-) or save it as UTF-8"
        if encoding != "utf-8":
            advice = "mend the declaration in its first lines or save it as UTF-8"
        raise Unreadable(f"{_undecodable(body[error.start :], encoding)}; {advice}", *place) from None
    except Exception:  # codecs such as unicode_escape and idna raise errors of many kinds
        raise Unreadable(f"is not valid {encoding}, the encoding that it declares; save it as UTF-8", 1, 1) from None


@cache
def _shows_ascii(encoding: str) -> bool:
    """Whether each ASCII character stands for itself, whatever surrounds it. (In utf-7 and raw_unicode_escape a comment may hold code.)"""
    if encoding == "utf-8":
        return True
    ascii = bytes(range(128)) + rb"\u0041\x41"
    return all(data.decode(encoding, "replace") == data.decode("ascii") for data in (ascii, ascii[::-1]))


def _declared(data: bytes) -> str:
    """The encoding that one of the first two lines declares (PEP 263), else utf-8."""
    head = data[:_HEAD]
    if b"coding" not in head:
        return "utf-8"
    import re

    for line in re.split(rb"\r\n?|\n", head, maxsplit=2)[:2]:
        found = re.match(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", line)
        if found:
            name = found[1].decode("ascii").lower().replace("_", "-")
            return "utf-8" if name == "utf8" or name == "utf-8" or name.startswith("utf-8-") else name
        if not re.match(rb"[ \t\f]*(#|$)", line):
            break
    return "utf-8"


def _undecodable(data: bytes, encoding: str) -> str:
    return f"is not valid {'UTF-8' if encoding == 'utf-8' else encoding} (byte 0x{data[0]:02x})"


def _place(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column of a byte of which all that stands before it can be taken for text."""
    before = data[:offset]
    start = max(before.rfind(b"\n"), before.rfind(b"\r")) + 1
    return _newlines(before.decode("latin-1")).count("\n") + 1, len(before[start:].decode("utf-8", "replace")) + 1


def _holds_more(text: str) -> bool:
    """Whether a text has more tokens than are parsed; a comment or a string counts as one."""
    import re
    from itertools import islice

    token = r"""(?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|"[^"\n]*"|'[^'\n]*'|\#[^\n]*|\w+|[^\w\s])"""
    return next(islice(re.finditer(token, text), TOKEN_LIMIT, None), None) is not None


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _prevalent(text: str) -> str:
    if "\r" not in text:
        return "\n"
    windows = text.count("\r\n")
    counts = {"\n": text.count("\n") - windows, "\r\n": windows, "\r": text.count("\r") - windows}
    return max(counts, key=lambda end: counts[end])


# Why source does not parse

_PYTHON_2: Final = (
    ("Missing parentheses in call to 'print'", "print statement"),
    ("Missing parentheses in call to 'exec'", "exec statement"),
    ("multiple exception types must be parenthesized", "except with a comma"),
    ("parameters cannot be parenthesized", "tuple parameter"),
    ("leading zeros in decimal integer literals", "octal number with a leading 0"),
)

_PYTHON_2_LINES: Final = (
    (r"\s*print\s+[\"'\w]", "print statement"),
    (r"\s*raise\s+[\w.]+\s*,", "raise with a comma"),
    (r"\s*except\s+[\w.]+\s*,\s*\w+\s*:", "except with a comma"),
    (r"[^#\"']*<>", "operator <>"),
    (r"[^#\"']*`[^`]+`", "backticks"),
    (r"[^#\"']*\b0[0-7]+L?\b", "octal number with a leading 0"),
    (r"[^#\"']*\b\d+[lL]\b", "long integer"),
    (r"[^#\"']*\b[uU][rR][\"']", "ur string"),
    (r"\s*exec\s+[\"'\w]", "exec statement"),
)


def _explain(error: SyntaxError, line: str) -> str:
    reason = (error.msg or "invalid syntax").replace("\n", " ")
    for part, what in _PYTHON_2:
        if part in reason:
            return f"is Python 2 ({what}): convert it or exclude it"
    if "invalid" in reason:
        import re

        for pattern, what in _PYTHON_2_LINES:
            if re.match(pattern, line):
                return f"is Python 2 ({what}): convert it or exclude it"
    if "too many nested parentheses" in reason or "too many statically nested" in reason:
        return "is nested too deeply to be parsed; simplify or exclude it"
    return f"cannot be parsed: {reason}"
