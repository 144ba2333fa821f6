"""Generated programs of several files: what stands in which, and how the later ones import from the earlier."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tests.oracle.generated_words import Words


@dataclass
class Part:
    """What one file says, without its imports from the others."""

    name: str
    words: Words
    lines: list[str]

    @property
    def defined(self) -> list[str]:
        """The names that it binds at its top level."""
        found: list[str] = []
        for node in ast.parse("\n".join(self.lines)).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found.append(node.name)
            elif isinstance(node, ast.Assign):
                found += [target.id for target in node.targets if isinstance(target, ast.Name)]
        return found


LAYOUTS = ("beside", "package", "reexported")
"""Files in one folder; modules of a package; a package whose `__init__` passes on what its modules define."""


def arrange(parts: Sequence[Part], dice: Random) -> dict[str, str]:
    """The texts of the files by their paths; the last one is the program."""
    layout = dice.choice(LAYOUTS) if len(parts) > 1 else "beside"
    package = "" if layout == "beside" else "net"
    folder = f"{package}/" if package else ""
    texts: dict[str, str] = {}
    exports = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        outside = last and layout == "reexported"
        imports, lines = _imports(parts[:number], part.lines, layout, outside, dice)
        exported = [f"__all__ = {part.defined!r}"] if not last and part.defined and dice.random() < 0.3 else []
        text = "\n".join([*part.words.head(), *imports, *exported, "", *lines]) + "\n"
        texts[f"{'' if outside else folder}{part.name}.py"] = text
        if not last and part.defined:
            exports += dice.choice((f"from .{part.name} import *\n", f"from .{part.name} import {', '.join(part.defined)}\n"))
    if package:
        texts = {f"{package}/__init__.py": exports if layout == "reexported" else "", **texts}
    return texts


def _imports(sources: Sequence[Part], lines: list[str], layout: str, outside: bool, dice: Random) -> tuple[list[str], list[str]]:
    """The imports that the lines need from earlier files, and the lines as they read with these."""
    found: list[str] = []
    for source in sources:
        names = [name for name in source.defined if any(re.search(rf"\b{name}\b", line) for line in lines)]
        if not names:
            continue
        module = {"beside": source.name, "package": f".{source.name}", "reexported": "net" if outside else f".{source.name}"}[layout]
        if layout == "package" and dice.random() < 0.3:
            module = f"net.{source.name}"
        match dice.randrange(4):
            case 0:
                found.append(f"from {module} import *")
            case 1 if not module.startswith("."):
                alias = f"{source.name}_module"
                found.append(f"import {module} as {alias}")
                lines = _prefixed(lines, {name: f"{alias}.{name}" for name in names})
            case 1 | 2 if module.startswith(".") and layout != "reexported":
                found.append(f"from . import {source.name} as {source.name}_module")
                lines = _prefixed(lines, {name: f"{source.name}_module.{name}" for name in names})
            case 2:
                found.append(f"from {module} import {', '.join(f'{name} as {name}x' for name in names)}")
                lines = _prefixed(lines, {name: f"{name}x" for name in names})
            case _:
                found.append(f"from {module} import {', '.join(names)}")
    return found, lines


def _prefixed(lines: list[str], names: Mapping[str, str]) -> list[str]:
    pattern = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")
    return [pattern.sub(lambda match: names[match[1]], line) for line in lines]
