"""Where tables lie: on the disk, or in a store that pyarrow knows (`s3://…`, `gs://…`)."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pyarrow import fs

from bnlint.settings import shown


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder: its address, the file system, and the path there."""

    address: str
    system: Any
    path: str

    def __truediv__(self, name: str) -> Place:
        return Place(f"{self.address.rstrip('/')}/{name}", self.system, f"{self.path.rstrip('/')}/{name}")

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def files(self, suffix: str = "", hidden: bool = False) -> list[Place]:
        """The files here and below with this ending, in order of path; without those that tools hide, unless `hidden`."""
        found = self.system.get_file_info(fs.FileSelector(self.path, recursive=True, allow_not_found=True))
        inner = sorted(str(info.path).removeprefix(self.path).lstrip("/") for info in found if info.is_file)
        return [self / name for name in inner if name.endswith(suffix) and (hidden or not _is_hidden(name))]

    def info(self) -> Any:
        """What pyarrow knows of it: type, size, time of the last change."""
        return self.system.get_file_info(self.path)

    def write(self, data: bytes) -> None:
        """Write the file as a whole, or not at all."""
        folder, _, name = self.path.rpartition("/")
        self.system.create_dir(folder, recursive=True)
        partial = f"{folder}/_{name}.partial"
        try:
            with self.system.open_output_stream(partial) as stream:
                stream.write(data)
            self.system.move(partial, self.path)
        except BaseException:
            with suppress(OSError):
                self.system.delete_file(partial)
            raise

    def read(self) -> bytes:
        with self.system.open_input_stream(self.path) as stream:
            data: bytes = stream.read()
        return data

    def delete(self) -> None:
        self.system.delete_file(self.path)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(("_", ".")) for part in name.split("/"))


def at(address: str) -> Place:
    """The place with this address. Raises ValueError or OSError for one that nothing can be at."""
    if "://" in address:
        system, path = fs.FileSystem.from_uri(address)
        return Place(address, system, path)
    return Place(shown(address), fs.LocalFileSystem(), absolute(address).replace(os.sep, "/"))


def absolute(address: str) -> str:
    """The address as it can be used from another working directory."""
    return address if "://" in address else os.path.abspath(address)
