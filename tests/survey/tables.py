"""Tables to survey, and those that surveys write."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

TWO = "from keras import layers\n\nx = layers.BatchNormalization(epsilon=0)\ny = layers.BatchNormalization(momentum=0.1)\n"
CLEAN = "from keras import layers\n\nx = layers.BatchNormalization()\n"
HELPER = "from keras import layers\n\ndef norm():\n    return layers.BatchNormalization()\n"
USER = """\
from keras import Input, Sequential, layers
from helper import norm

model = Sequential([Input((8,)), layers.Dense(4), norm(), layers.ReLU()])
"""


def save(file: Path, rows: Sequence[Mapping[str, Any]], group: int = 1000) -> None:
    """Write a table whose columns are the keys of the rows."""
    file.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(list(rows)), file, row_group_size=group)


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table that a survey wrote, in the order of the source."""
    found: list[dict[str, Any]] = parquet.read_table(folder / table).to_pylist()
    return sorted(found, key=lambda row: (row["source"], row["row"], row.get("cell") or 0, row.get("line") or 0, row.get("column") or 0))


def statuses(folder: Path) -> dict[str, str]:
    return {row["path"]: row["status"] for row in rows(folder, "files")}


def written(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return found
