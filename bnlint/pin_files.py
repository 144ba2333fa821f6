"""The files in which a project may say which Keras and TensorFlow it needs."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

FIRST: Final = ("uv.lock", "poetry.lock", "Pipfile.lock", "pyproject.toml")
LAST: Final = ("Pipfile", "environment.yml", "environment.yaml", "setup.cfg", "setup.py")


def names(root: str) -> Iterator[str]:
    """Their paths below the project's folder, exact (lock) files first. They may be missing."""
    yield from FIRST
    for folder in ("", "requirements"):
        try:
            found = sorted(os.listdir(os.path.join(root, folder)))
        except OSError:
            continue
        found = [name for name in found if name.endswith(".txt") and (folder or name.startswith("requirements"))]
        for name in sorted(found, key=lambda name: name != "requirements.txt"):
            yield os.path.join(folder, name).replace(os.sep, "/")
    yield from LAST
