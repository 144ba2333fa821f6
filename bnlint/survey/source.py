"""The table that is surveyed: Parquet files in blocks of rows, and the files of source code in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec
import pyarrow as pa
from pyarrow import parquet

from bnlint.api import bytes_of
from bnlint.survey import places
from bnlint.survey.places import Place
from bnlint.survey.records import File
from bnlint.survey.tables import IDENTITY, RESERVED

CONTENT: Final = ""
"""The name of the content, which nothing that is kept has."""

BATCH: Final = 500
"""Rows that are in memory at a time."""


class Unfit(Exception):
    """Why a table cannot be surveyed, in a line."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns count: the path, the content, those that are kept, and the one whose values make groups."""

    path: str = "path"
    content: str = "content"
    keep: tuple[str, ...] = ()
    group_by: str | None = None

    @property
    def kept(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*((self.group_by,) if self.group_by else ()), *self.keep)))

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.path, self.content, *self.kept)))


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one row group of a file. `first` is the number of the row group's first row in the file; `stamp` tells the state of the
    file."""

    file: str
    stamp: str
    group: int
    first: int
    start: int
    stop: int

    def key(self, terms: str) -> str:
        """The name of what comes of it under some terms; it begins with that of its file."""
        return f"{prefix(self.file)}{digest(msgspec.json.encode(asdict(self)), terms.encode())}"


def prefix(file: str) -> str:
    """How the names begin of all that comes of a file."""
    return digest(file.encode())[:8]


def digest(*parts: bytes) -> str:
    return sha256(b"\0".join(parts)).hexdigest()[:20]


def files(source: Place) -> list[Place]:
    """The Parquet files of a table: the file itself, or those in a folder. Raises Unfit."""
    try:
        found = [source] if source.info().is_file else source.files(".parquet")
    except OSError as error:
        raise Unfit(f"{source.address}: cannot be read: {error}") from None
    if not found:
        raise Unfit(f"{source.address}: no Parquet files are there")
    return found


def plan(source: Place, columns: Columns, rows: int) -> tuple[list[Block], dict[str, str]]:
    """The table in blocks of at most so many rows; and for each file that cannot be read why, in a line. Raises Unfit."""
    blocks: list[Block] = []
    known = None
    problems = {}
    for file in files(source):
        name = file.path.removeprefix(source.path).lstrip("/")
        info = file.info()
        try:
            footer = parquet.read_metadata(file.path, filesystem=file.system)
            schema = footer.schema.to_arrow_schema()
        except (OSError, pa.ArrowException) as error:
            problems[name] = f"{file.address}: cannot be read as Parquet: {' '.join(str(error).split())}"
            continue
        fields = _fields(schema, columns, file.address)
        if known is not None and not fields.equals(known):
            raise Unfit(f"{file.address}: the columns {', '.join(columns.all)} have other types than in the files before")
        known = fields
        stamp, first = f"{info.size} {info.mtime_ns}", 0
        for group in range(footer.num_row_groups):
            length = footer.row_group(group).num_rows
            blocks += [Block(name, stamp, group, first, start, min(start + rows, length)) for start in range(0, length, rows)]
            first += length
    if known is None:
        raise Unfit(next(iter(problems.values())))
    return blocks, problems


def _fields(schema: Any, columns: Columns, address: str) -> Any:
    """The columns that count of a file with this schema. Raises Unfit."""
    from bnlint.selection import did_you_mean

    for name in columns.all:
        if schema.names.count(name) != 1:
            raise Unfit(f"{address}: there is no column `{name}`{did_you_mean(name, schema.names)}; there are {', '.join(schema.names)}")
    for name in columns.kept:
        if name in RESERVED:
            raise Unfit(f"{address}: the column `{name}` cannot be kept: the tables of a survey have one of that name")
    for name, wanted in ((columns.path, (_is_text,)), (columns.content, (_is_text, _is_binary))):
        if not any(fits(schema.field(name).type) for fits in wanted):
            raise Unfit(f"{address}: the column `{name}` holds {schema.field(name).type}, and no text")
    kept = [pa.field(name, schema.field(name).type) for name in columns.kept]
    return pa.schema([*IDENTITY, *kept, pa.field(CONTENT, _wide(schema.field(columns.content).type))])


def _wide(kind: Any) -> Any:
    """The type of the content, of whatever length."""
    return pa.large_string() if _is_text(kind) else pa.large_binary()


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_binary(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


# Reading


def read(source: Place, block: Block, columns: Columns) -> Iterator[Any]:
    """The rows of a block, some at a time: what identifies them, what is kept, and their content as `""`."""
    place = source / block.file if block.file else source
    at = 0
    with parquet.ParquetFile(place.path, filesystem=place.system) as file:
        for batch in file.iter_batches(BATCH, [block.group], list(columns.all), use_threads=False):
            low, high = max(block.start - at, 0), min(block.stop - at, batch.num_rows)
            if low < high:
                yield _identified(batch.slice(low, high - low), block.file or place.name, block.first + at + low, columns)
            at += batch.num_rows
            if at >= block.stop:
                return


def note(source: Place, block: Block, columns: Columns, text: str) -> Any:
    """A row with the columns of those of a block, and a text as its path."""
    schema = parquet.read_schema((source / block.file if block.file else source).path, filesystem=source.system)
    row = pa.table({"source": [block.file], "row": [0], "path": [text]}, schema=IDENTITY)
    nulls = [(field.name, pa.nulls(1, field.type)) for field in list(_fields(schema, columns, ""))[len(IDENTITY) :]]
    return pa.table({**dict(zip(row.column_names, row.columns, strict=True)), **dict(nulls)})


def _identified(batch: Any, file: str, first: int, columns: Columns) -> Any:
    arrays = [
        pa.array([file] * batch.num_rows, pa.string()),
        pa.array(range(first, first + batch.num_rows), pa.int64()),
        batch.column(columns.path).cast(pa.string()),
        *(batch.column(name) for name in columns.kept),
        batch.column(columns.content).cast(_wide(batch.schema.field(columns.content).type)),
    ]
    return pa.table(arrays, names=["source", "row", "path", *columns.kept, CONTENT])


def sources(table: Any) -> list[File]:
    """The files in such rows."""
    pairs = zip(table.column("path").to_pylist(), table.column(CONTENT).to_pylist(), strict=True)
    return [File(path, None if content is None else bytes_of(content, path or "")) for path, content in pairs]


def trees(table: Any, group_by: str | None) -> list[list[int]]:
    """The rows of each group, in order of the first; what has no group is alone."""
    if group_by is None:
        return [[index] for index in range(table.num_rows)]
    found: dict[object, list[int]] = {}
    for index, value in enumerate(table.column(group_by).to_pylist()):
        found.setdefault((index,) if value is None else str(value), []).append(index)
    return list(found.values())


def open_source(address: str) -> Place:
    """The place of a table. Raises Unfit."""
    try:
        return places.at(address)
    except (OSError, ValueError, ImportError) as error:  # some stores need a package of their own
        raise Unfit(f"{address}: cannot be opened: {' '.join(str(error).split())}") from None


def state(blocks: Sequence[Block]) -> str:
    """A word that is another one when the table is."""
    return digest(msgspec.json.encode([asdict(block) for block in blocks]))
