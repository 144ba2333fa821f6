"""Saved models, of the makers with which the readers of each format are tested: here they are files beside others in one run."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.hostile.case import Case

LIST = "list.txt"


def named(make: Callable[[Path], Path]) -> Callable[[Path], object]:
    """The model in a folder of its own, and a list that names it and the good file."""

    def write(folder: Path) -> None:
        for inner in ("around", "around/model"):
            (folder / inner).mkdir()
        path = make(folder / "around" / "model")
        (folder / LIST).write_text(f"good.py\n{path.relative_to(folder)}\n")

    return write


def case(name: str, found: Any) -> Case:
    more: dict[str, Any] = {"codes": "BN001" if found.refused else None}
    if name.startswith("S15") and found.refused:
        more = {"exit": 2, "says": "path does not exist"}
    if name == "S14 folder":
        more = {"says": "no Python files or notebooks found under"}
    large = any(part in name for part in ("300,000", "20 MB", "40 MiB", "millions", "in messages", "groups in", "3,000"))
    return Case(named(found.make), arguments=("--files-from", LIST), mib=1000 if large else 300, seconds=20 if large else 8, **more)


def models() -> dict[str, Case]:
    from tests.saved.test_wire_hostile import HOSTILE

    found = {name: case(name, each) for name, each in HOSTILE.items()}
    if find_spec("h5py") is not None:
        from tests.saved.hostile import HOSTILE as OTHERS

        found |= {name: case(name, each) for name, each in OTHERS.items()}
    return found
