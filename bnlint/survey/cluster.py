"""Ray: started on this machine where no cluster is named, quiet and without a trace; and work done on it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, Final

OBJECT_STORE: Final = 512 << 20
"""Bytes of the memory that processes on one machine share; what does not fit in goes to the disk."""

BLOCKS: Final = 10_000
"""How many blocks Ray keeps count of."""


@contextmanager
def connected(address: str | None, cpus: int | None) -> Iterator[None]:
    """Have a connection to a cluster: the one there is, the one named (or by RAY_ADDRESS), or one that is started here, and ended again."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    import ray
    import ray.data

    with _quiet("ray", "ray.data"):
        if ray.is_initialized():
            yield
            return
        address = address or os.environ.get("RAY_ADDRESS")
        with _started(address, {} if address else {"num_cpus": cpus, "include_dashboard": False, "object_store_memory": OBJECT_STORE}):
            yield


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Let nothing be said but errors."""
    before = {logger: logger.level for logger in map(logging.getLogger, names)}
    for logger in before:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in before.items():
            logger.setLevel(level)


@contextmanager
def _started(address: str | None, local: Mapping[str, Any]) -> Iterator[None]:
    import ray

    # Sockets lie in this folder, whose name must be short.
    short = "/tmp" if os.path.isdir("/tmp") and os.access("/tmp", os.W_OK) else None
    with TemporaryDirectory(prefix="ray-", dir=short, ignore_cleanup_errors=True) as folder:
        own = {**local, "_temp_dir": folder} if local else {}
        with _temporary(folder if local else None):
            ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **own)
        try:
            yield
        finally:
            ray.shutdown()


@contextmanager
def _temporary(folder: str | None) -> Iterator[None]:
    """Have processes that are started put what is temporary into a folder: what the killed ones leave goes with it."""
    before = os.environ.get("TMPDIR")
    if folder is not None:
        os.environ["TMPDIR"] = folder
    try:
        yield
    finally:
        if before is not None:
            os.environ["TMPDIR"] = before
        elif folder is not None:
            del os.environ["TMPDIR"]


def each(work: Callable[..., Mapping[str, Any]], items: Sequence[bytes], arguments: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    """What a function makes of each item, in no order."""
    yield from _dataset(items).map(_unpacked, fn_args=(work, *arguments)).iter_rows()


def _unpacked(item: Mapping[str, Any], work: Callable[..., Mapping[str, Any]], *arguments: Any) -> Mapping[str, Any]:
    return work(item["item"], *arguments)


def together(
    read: Callable[..., Iterator[Any]], by: str, work: Callable[..., Any], items: Sequence[bytes], arguments: Sequence[Any]
) -> Iterator[Mapping[str, Any]]:
    """What a function makes of all rows with the same value in the column `by`, of the tables that another makes of the items."""
    tables = _dataset(items).map_batches(_tables, batch_size=1, fn_args=(read, *arguments))
    yield from tables.groupby(by).map_groups(work, fn_args=tuple(arguments), batch_format="pyarrow").iter_rows()


def _tables(batch: Mapping[str, Any], read: Callable[..., Iterator[Any]], *arguments: Any) -> Iterator[Any]:
    for item in batch["item"]:
        yield from read(bytes(item), *arguments)


def _dataset(items: Sequence[bytes]) -> Any:
    import ray

    ray.data.DataContext.get_current().enable_progress_bars = False
    return ray.data.from_items([{"item": item} for item in items], override_num_blocks=min(len(items), BLOCKS))
