"""What the processes of Ray do: lint a block of rows, or the groups of a bucket, and write what comes of them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa

from bnlint import __version__
from bnlint.survey import source, tables, trees, worker
from bnlint.survey.process import Broken, Worker
from bnlint.survey.records import Account, Outcome, Terms
from bnlint.survey.source import Block, Columns

if TYPE_CHECKING:
    from bnlint.plans import Plan

FORMAT: Final = 1
"""Of the tables: another one when a column of them changes."""

BUCKET: Final = "bucket"
"""The column by which groups are brought together: many groups, one part of the tables."""

NOTES: Final = -1
"""The bucket of what could not be read."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every process must know."""

    source: str
    destination: str
    columns: Columns
    terms: Terms
    rows: int

    def identity(self) -> dict[str, Any]:
        """What must not change while a survey goes on, in JSON: all that its tables depend on, but for the table that it reads."""
        terms = asdict(self.terms)
        terms["overrides"] = {key: value for key, value in sorted(terms["overrides"].items()) if value is not None}
        if self.terms.file is not None:
            terms["file"] = [self.terms.file[0], source.digest(self.terms.file[1])]
        made = {"format": FORMAT, "bnlint": __version__, **asdict(self), "terms": terms}
        del made["destination"]
        known: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(made))
        return known


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one part: what was counted, or what went wrong."""

    account: Account
    problems: list[str]


def survey_block(item: bytes, job: Job) -> dict[str, str]:
    """Survey one block, in a process of Ray."""
    block = msgspec.msgpack.decode(item, type=Block)
    terms = msgspec.json.encode(job.identity()).decode()
    table = source.open_source(job.source)
    return _told(_rows(job, block), job, block.key(terms), source.read(table, block, job.columns))


def read_block(item: bytes, job: Job, of_bucket: Mapping[int, str], buckets: int) -> Iterator[Any]:
    """The rows of one block that belong to a bucket which is not done. What cannot be read is one row in a bucket of its own."""
    block = msgspec.msgpack.decode(item, type=Block)
    try:
        for table in source.read(source.open_source(job.source), block, job.columns):
            yield _into_buckets(table, job, of_bucket, buckets)
    except (OSError, pa.ArrowException) as error:
        table = source.note(source.open_source(job.source), block, job.columns, _problem(_rows(job, block), error))
        yield table.append_column(BUCKET, pa.array([NOTES], pa.int64()))


def _into_buckets(table: Any, job: Job, of_bucket: Mapping[int, str], buckets: int) -> Any:
    pairs = zip(table.column(job.columns.group_by or "").to_pylist(), table.column("row").to_pylist(), strict=True)
    numbers = [_bucket(value, row, buckets) for value, row in pairs]
    wanted = pa.array([number in of_bucket for number in numbers])
    return table.append_column(BUCKET, pa.array(numbers, pa.int64())).filter(wanted)


def _bucket(value: object, row: int, buckets: int) -> int:
    """The bucket of a group; of a row without one, that of its number."""
    return zlib.crc32(str(row if value is None else value).encode()) % buckets


def survey_bucket(table: Any, job: Job, of_bucket: Mapping[int, str], buckets: int) -> Any:
    """Survey the groups of one bucket, in a process of Ray."""
    number = table.column(BUCKET)[0].as_py()
    if number == NOTES:
        told = Told(Account(), sorted(table.column("path").to_pylist()))
        return pa.table({"told": [msgspec.json.encode(told).decode()]})
    rows = table.drop_columns([BUCKET]).sort_by([("source", "ascending"), ("row", "ascending")])
    return pa.table({key: [value] for key, value in _told(f"groups of bucket {number}", job, of_bucket[number], iter([rows])).items()})


def _rows(job: Job, block: Block) -> str:
    """What a message calls the rows of a block."""
    place = source.open_source(job.source)
    return f"{(place / block.file if block.file else place).address}, rows from {block.first + block.start}"


def _problem(name: str, error: Exception) -> str:
    return f"{name}: {' '.join(str(error).split())}"


def _told(name: str, job: Job, key: str, batches: Iterator[Any]) -> dict[str, str]:
    """Lint rows and write what comes of them. What goes wrong is told, and the other parts go on."""
    try:
        told = Told(_survey(job, key, batches), [])
    except (OSError, pa.ArrowException, Broken) as error:
        told = Told(Account(), [_problem(name, error)])
    return {"told": msgspec.json.encode(told).decode()}


def _survey(job: Job, key: str, batches: Iterator[Any]) -> Account:
    plan, rows, sizes, outcomes = plan_of(job.terms), [], list[int | None](), list[Outcome]()
    with Worker(job.terms) as linter:
        for batch in batches:
            files = source.sources(batch)
            found: dict[int, Outcome] = {}
            for tree in source.trees(batch, job.columns.group_by):
                found.update(zip(tree, trees.lint([files[index] for index in tree], plan, linter), strict=True))
            outcomes += [found[index] for index in range(len(files))]
            sizes += [None if file.data is None else len(file.data) for file in files]
            rows.append(batch.drop_columns([source.CONTENT]))
    return tables.write(source.open_source(job.destination), key, pa.concat_tables(rows), sizes, outcomes)


def plan_of(terms: Terms) -> Plan:
    """What files are held to. Raises SettingsError."""
    with TemporaryDirectory(prefix="bnlint-survey-") as folder:
        return worker.plans(terms, folder).of(folder)
