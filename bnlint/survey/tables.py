"""The tables that a survey writes: `files`, `findings` and `gaps`, each in parts; and what of them is done."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Sequence
from dataclasses import fields
from types import UnionType
from typing import Any, Final

import msgspec
import pyarrow as pa
from pyarrow import parquet

from bnlint.survey.places import Place
from bnlint.survey.records import Account, Fact, Found, Gap, Outcome

IDENTITY: Final = pa.schema([("source", pa.string()), ("row", pa.int64()), ("path", pa.string())])
"""The columns by which a row is found again: the file of the source, its number there, and its path."""

TABLES: Final = {"files": Fact, "findings": Found, "gaps": Gap}

_TYPES: Final = {str: pa.string(), int: pa.int64(), bool: pa.bool_(), tuple[str, ...]: pa.list_(pa.string())}

_ACCOUNT: Final = b"bnlint"


def schema(table: str, kept: Iterable[Any] = ()) -> Any:
    """The columns of a table, with those that are kept of the source (fields)."""
    hints = typing.get_type_hints(TABLES[table])
    own = [pa.field(field.name, *_type(hints[field.name])) for field in fields(TABLES[table])]
    return pa.schema([*IDENTITY, *kept, *own])


def _type(hint: Any) -> tuple[Any, bool]:
    """The type of a column, and whether it may hold null."""
    if isinstance(hint, UnionType):
        (known,) = (each for each in typing.get_args(hint) if each is not type(None))
        return _TYPES[known], True
    return _TYPES[hint], False


RESERVED: Final = {name for table in TABLES for name in schema(table).names}
"""Names that no column can have that is kept."""


def write(destination: Place, key: str, rows: Any, sizes: Sequence[int | None], outcomes: Sequence[Outcome]) -> Account:
    """Write a part of each table: `rows` identify the files, with what is kept of them. That of `files` comes last: with it the part is
    done."""
    account = Account()
    facts = [
        Fact(outcome.status, outcome.detail, size, outcome.sites, outcome.sites - len(outcome.gaps), len(outcome.findings))
        for size, outcome in zip(sizes, outcomes, strict=True)
    ]
    for fact, outcome in zip(facts, outcomes, strict=True):
        account.count(fact, outcome.findings)
    findings = [(index, found) for index, outcome in enumerate(outcomes) for found in outcome.findings]
    gaps = [(index, gap) for index, outcome in enumerate(outcomes) for gap in outcome.gaps]
    for table, records in (("gaps", gaps), ("findings", findings), ("files", list(enumerate(facts)))):
        made = _table(table, rows, records)
        if table == "files":
            made = made.replace_schema_metadata({_ACCOUNT: msgspec.json.encode(account)})
        _part(destination, table, key).write(_bytes(made))
    return account


def _table(table: str, rows: Any, records: Sequence[tuple[int, Any]]) -> Any:
    wanted = schema(table, list(rows.schema)[len(IDENTITY) :])
    first = rows.take(pa.array([index for index, _ in records], pa.int64())).columns
    own = [pa.array([getattr(record, field.name) for _, record in records], field.type) for field in list(wanted)[len(first) :]]
    return pa.table([*first, *own], schema=wanted)


def _bytes(table: Any) -> bytes:
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _part(destination: Place, table: str, key: str) -> Place:
    return destination / table / _name(key)


def _name(key: str) -> str:
    return f"part-{key}.parquet"


def done(destination: Place) -> dict[str, Account]:
    """The parts that are done, by key, with what was counted in them."""
    parts = {place.name.removeprefix("part-").removesuffix(".parquet"): place for place in (destination / "files").files(".parquet")}
    return {key: account for key, place in parts.items() if (account := _account(place)) is not None}


def _account(place: Place) -> Account | None:
    """What was counted in a part; None if it cannot be read."""
    try:
        found = parquet.read_metadata(place.path, filesystem=place.system).metadata or {}
        return msgspec.json.decode(found[_ACCOUNT], type=Account)
    except (OSError, KeyError, pa.ArrowInvalid, msgspec.DecodeError):
        return None


def discard(destination: Place, keys: Iterable[str]) -> None:
    """Delete all parts but those with these keys: what was left half-way, or came of a source that was changed since."""
    wanted = {_name(key) for key in keys}
    for table in TABLES:
        for place in (destination / table).files(hidden=True):
            if "part-" in place.name and place.name not in wanted:
                place.delete()
