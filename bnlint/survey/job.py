"""A survey from end to end: what is to be done, what is done already, the rest on Ray, and what came of it all."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pyarrow as pa

from bnlint import __version__
from bnlint.survey import SurveyError, cluster, source, tables, trees
from bnlint.survey.places import Place
from bnlint.survey.process import Broken, Worker
from bnlint.survey.records import Account, Outcome, Terms
from bnlint.survey.source import Block, Columns
from bnlint.survey.summary import Summary

if TYPE_CHECKING:
    from bnlint.engine import Plan

FORMAT: Final = 1
"""Of the tables: another one when a column of them changes."""

BUCKET: Final = "bucket"
"""The column by which groups are brought together: many groups, one part of the tables."""


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


def run(job: Job, address: str | None, cpus: int | None, tell: Callable[[str], None]) -> Summary:
    """Do what is left to do. Raises SurveyError and SettingsError."""
    _plan(job.terms)  # settings that cannot be used are told before anything is done
    destination = _open(job)
    try:
        table = source.open_source(job.source)
        blocks, problems = source.plan(table, job.columns, job.rows)
        total = sum(block.stop - block.start for block in blocks)
        _claim(destination, job)
        keys = _keys(job, blocks)
        tables.discard(destination, keys.keys() & tables.done(destination).keys())
        account, done = Account(), tables.done(destination)
        for each in done.values():
            account.add(each)
        if account.rows < total:
            tell(f"{account.rows} of {total} rows are done")
            for told in _work(job, blocks, keys, frozenset(done), address, cpus):
                problems += told.problems
                account.add(told.account)
                tell(f"{account.rows} of {total} rows are done")
        summary = Summary.of(account, total, problems)
        (destination / "summary.json").write(summary.as_json().encode())
    except (source.Unfit, OSError) as problem:
        raise SurveyError(" ".join(str(problem).split())) from None
    return summary


def _open(job: Job) -> Place:
    try:
        return source.open_source(job.destination)
    except source.Unfit as problem:
        raise SurveyError(str(problem)) from None


def _claim(destination: Place, job: Job) -> None:
    """Begin a survey at a place, or go on with it. Raises SurveyError if another one is there."""
    place, mine = destination / "survey.json", job.identity()
    if place.info().is_file:
        try:
            theirs = msgspec.json.decode(place.read())
        except msgspec.DecodeError:
            theirs = None
        if theirs != mine:
            other = [key for key in mine if not isinstance(theirs, dict) or theirs.get(key) != mine[key]]
            raise SurveyError(
                f"{destination.address}: holds a survey with another {', '.join(other)} (survey.json tells); choose another destination"
            )
        return
    if destination.files(hidden=True):
        raise SurveyError(f"{destination.address}: is neither empty nor a survey; choose another destination")
    place.write(msgspec.json.format(msgspec.json.encode(mine), indent=2))


def _keys(job: Job, blocks: Sequence[Block]) -> dict[str, bytes]:
    """The parts of the survey: the key of each, with the block, or the number of the bucket, that it comes of."""
    terms = msgspec.json.encode(job.identity()).decode()
    if job.columns.group_by is None:
        return {block.key(terms): msgspec.msgpack.encode(block) for block in blocks}
    state = source.state(blocks)
    return {_bucket_key(terms, state, number): str(number).encode() for number in range(_buckets(job, blocks))}


def _bucket_key(terms: str, state: str, number: int) -> str:
    return source.digest(terms.encode(), state.encode(), str(number).encode())


def _buckets(job: Job, blocks: Sequence[Block]) -> int:
    return max(1, -(-sum(block.stop - block.start for block in blocks) // job.rows))


# On the cluster


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one part: what was counted, or what went wrong."""

    account: Account
    problems: list[str]


def _work(
    job: Job, blocks: Sequence[Block], keys: Mapping[str, bytes], done: frozenset[str], address: str | None, cpus: int | None
) -> Iterator[Told]:
    """Do the parts that are not done. Raises SurveyError."""
    with cluster.connected(address, cpus):
        items = [msgspec.msgpack.encode(block) for block in blocks]
        try:
            if job.columns.group_by is None:
                left = [item for key, item in keys.items() if key not in done]
                answers = cluster.each(survey_block, left, [job])
            else:
                of_bucket = {int(number): key for key, number in keys.items() if key not in done}
                answers = cluster.together(read_block, BUCKET, survey_bucket, items, [job, of_bucket, len(keys)])
            for answer in answers:
                yield msgspec.json.decode(answer["told"], type=Told)
        except Exception as error:
            last = str(error).strip().splitlines()[-1:] or [type(error).__name__]
            raise SurveyError(f"Ray gave up: {last[0]} (what is done is kept: the same command goes on)") from error


def survey_block(item: bytes, job: Job) -> dict[str, str]:
    """Survey one block, in a process of Ray."""
    block = msgspec.msgpack.decode(item, type=Block)
    terms = msgspec.json.encode(job.identity()).decode()
    table = source.open_source(job.source)
    return _told(
        f"{block.file or job.source}, rows from {block.first + block.start}", job, block.key(terms), source.read(table, block, job.columns)
    )


def read_block(item: bytes, job: Job, of_bucket: Mapping[int, str], buckets: int) -> Iterator[Any]:
    """The rows of one block that belong to a bucket which is not done."""
    block = msgspec.msgpack.decode(item, type=Block)
    for table in source.read(source.open_source(job.source), block, job.columns):
        numbers = [
            _bucket(row, buckets)
            for row in zip(table.column(job.columns.group_by or "").to_pylist(), table.column("row").to_pylist(), strict=True)
        ]
        wanted = pa.array([number in of_bucket for number in numbers])
        yield table.append_column(BUCKET, pa.array(numbers, pa.int64())).filter(wanted)


def _bucket(row: tuple[object, int], buckets: int) -> int:
    """The bucket of a group; of a row without one, that of its number."""
    value, number = row
    return zlib.crc32(str(number if value is None else value).encode()) % buckets


def survey_bucket(table: Any, job: Job, of_bucket: Mapping[int, str], buckets: int) -> Any:
    """Survey the groups of one bucket, in a process of Ray."""
    number = table.column(BUCKET)[0].as_py()
    rows = table.drop_columns([BUCKET]).sort_by([("source", "ascending"), ("row", "ascending")])
    return pa.table({key: [value] for key, value in _told(f"groups of bucket {number}", job, of_bucket[number], iter([rows])).items()})


def _told(name: str, job: Job, key: str, batches: Iterator[Any]) -> dict[str, str]:
    """Lint rows and write what comes of them. What goes wrong is told, and the other parts go on."""
    try:
        told = Told(_survey(job, key, batches), [])
    except (OSError, pa.ArrowException, Broken) as error:
        told = Told(Account(), [f"{name}: {' '.join(str(error).split())}"])
    return {"told": msgspec.json.encode(told).decode()}


def _survey(job: Job, key: str, batches: Iterator[Any]) -> Account:
    plan, rows, sizes, outcomes = _plan(job.terms), [], list[int | None](), list[Outcome]()
    with Worker(job.terms) as worker:
        for batch in batches:
            files = source.sources(batch)
            found: dict[int, Outcome] = {}
            for tree in source.trees(batch, job.columns.group_by):
                found.update(zip(tree, trees.lint([files[index] for index in tree], plan, worker), strict=True))
            outcomes += [found[index] for index in range(len(files))]
            sizes += [None if file.data is None else len(file.data) for file in files]
            rows.append(batch.drop_columns([source.CONTENT]))
    return tables.write(source.open_source(job.destination), key, pa.concat_tables(rows), sizes, outcomes)


def _plan(terms: Terms) -> Plan:
    """What files are held to. Raises SettingsError."""
    from tempfile import TemporaryDirectory

    from bnlint.survey.worker import plans

    with TemporaryDirectory(prefix="bnlint-survey-") as folder:
        return plans(terms, folder).of(folder)
