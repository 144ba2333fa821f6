"""What was looked at on the disk, besides the files under lint: whoever keeps a result keeps this with it, to see when it is stale."""

from __future__ import annotations

import os

from bnlint.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, eq=False)
class Footprint:
    """`names`: for each folder, the names that were looked for in it and what stands there; `texts`: the files that were read."""

    names: dict[str, dict[str, str]] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)


def listing(folder: str) -> Mapping[str, str]:
    """The names in a folder, each with what it stands for: `d` a folder, `f` a file or the like, `l` and where it leads a link. Nothing
    where there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: _kind(entry) for entry in entries}
    except (OSError, ValueError):
        return {}


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        try:
            return f"l{os.readlink(entry.path)}"
        except OSError:
            return "l"
    return "d" if entry.is_dir(follow_symlinks=False) else "f"
