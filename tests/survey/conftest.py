"""Surveys without Ray."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import needs

needs("pyarrow", "ray")

import pyarrow as pa  # noqa: E402
from pyarrow import compute  # noqa: E402

from bnlint.survey import cluster  # noqa: E402

Work = Callable[..., Any]


@contextmanager
def _nowhere(address: str | None, cpus: int | None) -> Iterator[None]:
    yield


def _each(work: Work, items: Sequence[bytes], arguments: Sequence[Any]) -> Iterator[Any]:
    for item in items:
        yield work(item, *arguments)


def _together(
    read: Callable[..., Any], by: str, work: Callable[..., Any], items: Sequence[bytes], arguments: Sequence[Any]
) -> Iterator[Any]:
    table = pa.concat_tables([part for item in items for part in read(item, *arguments)])
    for value in compute.unique(table[by]):
        yield work(table.filter(compute.equal(table[by], value)), *arguments).to_pylist()[0]


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Surveys are done in this process, one block after the other."""
    for name, stand_in in (("connected", _nowhere), ("each", _each), ("together", _together)):
        monkeypatch.setattr(cluster, name, stand_in)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
