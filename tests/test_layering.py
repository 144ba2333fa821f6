"""Who may import whom. design.md says why."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "bnlint"

# The parts of bnlint, and the parts that each may import. Types alone (`if TYPE_CHECKING`) do not count.
DIRECTIONS: dict[str, set[str]] = {
    "graph": set(),
    "text": {"graph", "cells", "regular", "syntax"},
    "cells": set(),
    "keras_api": {"graph", "syntax"},
    "findings": {"graph"},
    "globs": set(),
    "regular": set(),
    "toml": set(),
    "saved": {"graph", "keras_api", "regular"},
    "live": {"graph", "saved", "shared"},
    "source": {"footprint", "graph", "keras_api", "regular", "text", "shared"},
    "checks": {"graph", "keras_api", "findings"},
    "fixer": {"graph", "findings", "regular", "text", "syntax"},
    "footprint": set(),
    "digest": set(),
    "index": set(),
    "overrides": set(),
    "phrases": set(),
    "fixed": {"findings"},
    "records": set(),
    "shared": set(),
    "syntax": {"shared"},
    "selection": {"findings"},
    "pin_files": set(),
    "pins": {"graph", "pin_files", "regular", "toml", "versions"},
    "settings": {"globs", "selection"},
    "settings_files": {"findings", "regular", "selection", "settings", "toml"},
    "baseline": {"findings", "regular", "settings"},
    "ignores": {"findings", "fixer", "graph", "suppress", "text"},
    "beginning": {"fixer", "regular", "settings", "toml"},
    "changes": {"settings"},
    "reference": {"selection", "settings"},
    "suppress": {"findings", "graph", "selection"},
    "discovery": {"globs", "regular", "saved", "settings"},
    "versions": {"graph"},
    "listings": set(),
    "catalogue": {"checks", "findings", "index", "listings", "phrases", "versions"},
    "judge": {"catalogue", "findings", "graph", "versions"},
    "plans": {"catalogue", "pins", "settings"},
    "checked": {"catalogue", "digest", "findings", "graph", "judge", "regular", "settings", "text"},
    "engine": {"catalogue", "checked", "findings", "footprint", "graph", "judge", "pins", "plans", "source", "suppress", "text"},
    "models": {"catalogue", "checked", "findings", "graph", "judge", "saved", "settings", "versions"},
    "conversion": {"graph", "regular", "saved", "source", "text"},
    "groups": {"regular", "source"},
    "report": {"findings", "catalogue", "page", "__init__"},
    "page": {"findings", "catalogue", "graph"},
    "overview": {"__init__", "page", "regular", "text"},
    "raw": {"findings", "fixer", "graph"},
    "repair": {"checked", "engine", "findings", "fixer"},
    "result": {"checked", "findings", "fixer", "graph", "raw", "repair", "text"},
    "cache": {
        "__init__",
        "catalogue",
        "checked",
        "discovery",
        "findings",
        "footprint",
        "graph",
        "groups",
        "pin_files",
        "plans",
        "regular",
        "saved",
        "text",
    },
    "readahead": set(),
    "work": {"cache", "checked", "engine", "footprint", "groups", "readahead", "regular", "repair", "text", "workers"},
    "workers": {"cache", "checked"},
    "run": {
        "baseline",
        "cache",
        "changes",
        "checked",
        "discovery",
        "engine",
        "findings",
        "fixer",
        "groups",
        "ignores",
        "live",
        "models",
        "plans",
        "repair",
        "result",
        "saved",
        "work",
    },
    "api": {
        "baseline",
        "cache",
        "catalogue",
        "checked",
        "conversion",
        "discovery",
        "engine",
        "findings",
        "fixed",
        "graph",
        "groups",
        "live",
        "models",
        "overview",
        "plans",
        "reference",
        "regular",
        "repair",
        "result",
        "run",
        "saved",
        "selection",
        "settings",
        "settings_files",
        "text",
    },
    "editing": {"catalogue", "fixer", "ignores", "repair", "result", "suppress", "text"},
    "server": {"__init__", "api", "catalogue", "editing", "findings", "regular", "report", "text"},
    "survey": {"__init__", "api", "checked", "discovery", "findings", "groups", "report", "run", "selection", "settings"},
    "cli": {"__init__", "api", "beginning", "page", "reference", "report", "selection", "server", "settings", "survey"},
    "magic": {"api", "live", "report"},
    "__init__": {"api", "magic"},
    "__main__": {"cli"},
}

FOR_ALL = {"records"}
"""What every part may import."""

# Packages that only some parts may import, and those that nobody may (yet).
OWNERS = {
    "IPython": "magic",
    "click": "cli",
    "dataclasses": "records survey",
    "lsprotocol": "server",
    "pickle": "workers",
    "pygls": "server",
    "watchfiles": "cli",
    "pyarrow": "survey",
    "ray": "survey",
}
WORKER = PACKAGE / "saved" / "hdf5-worker"
"""Runs in a process of its own, and alone imports h5py and numpy; it knows nothing of bnlint, nor bnlint of it but where it is."""
NOBODY = {"keras", "tensorflow", "tf_keras", "libcst", "concurrent", "multiprocessing", "importlib.metadata"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imports(tree: ast.AST) -> Iterator[str]:
    """The dotted names of what a module imports, wherever it does, but for types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imports(node)


def used(path: Path) -> set[str]:
    return set(imports(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_keep_to_the_directions(path: Path) -> None:
    own = part(path)
    assert own in DIRECTIONS, f"say in {Path(__file__).name} what {own} may import"
    names = {"__init__" if name.split(".")[1].startswith("__") else name.split(".")[1] for name in used(path) if name.startswith("bnlint.")}
    assert names - {own, *FOR_ALL} <= DIRECTIONS[own]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_dependency_has_one_user(path: Path) -> None:
    names = used(path)
    assert {name for name in names if any(f"{name}.".startswith(f"{banned}.") for banned in NOBODY)} == set()
    assert WORKER in path.parents or not {name for name in names if f"{name}.".startswith(("h5py.", "numpy."))}
    assert WORKER not in path.parents or not {name for name in names if name.startswith("bnlint")}
    for package, owner in OWNERS.items():
        assert part(path) in owner.split() or WORKER in path.parents or not any(f"{name}.".startswith(f"{package}.") for name in names)


def test_the_directions_name_no_part_that_is_gone() -> None:
    assert set(DIRECTIONS) == {part(path) for path in modules()}


def named(title: str) -> list[str]:
    """The parts that a table of CONTRIBUTING.md names: that which follows the line that begins with its title."""
    rows = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8").partition(f"\n{title}")[2].partition("\n\n")[2]
    return re.findall(r"`([^`]+)`", " ".join(row.split("|")[1] for row in rows.partition("\n\n")[0].splitlines()))


@pytest.mark.parametrize(
    ("title", "folder"), [("`bnlint/`, ", PACKAGE), ("`bnlint/source/`:", PACKAGE / "source")], ids=["bnlint", "source"]
)
def test_the_guide_for_contributors_names_every_part_once(title: str, folder: Path) -> None:
    parts = [f"{path.name}/" if path.is_dir() else path.name for path in folder.iterdir() if path.suffix == ".py" or [*path.glob("*.py")]]
    assert sorted(named(title)) == sorted(part for part in parts if folder == PACKAGE or part != "__init__.py")
