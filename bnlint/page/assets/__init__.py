"""What the page is made of besides data: styles, scripts, and the scripts of others (`vendor/`)."""

from __future__ import annotations

from pathlib import Path

VENDOR = ("dagre.min.js", "uPlot.iife.min.js")
"""The scripts of others, each with its licence beside it."""

SCRIPTS = ("dom.js", "view.js", "items.js", "search.js", "map.js", "graph.js", "plots.js", "side.js", "table.js", "main.js")
"""Our own, in the order in which they run."""

STYLES = ("vendor/uPlot.min.css", "colours.css", "graph.css", "page.css")


def read(name: str) -> str:
    """The text of a file in this folder."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def style() -> str:
    """The whole style."""
    return "\n".join(read(name) for name in STYLES)


def scripts() -> list[str]:
    """The scripts. Those of others bring their licence, and no reference to a map of their source, which a browser would try to fetch."""
    return [_with_licence(name) for name in VENDOR] + ['"use strict";\n' + "\n".join(read(name) for name in SCRIPTS)]


def _with_licence(name: str) -> str:
    licence = read(f"vendor/{name.partition('.')[0]}.LICENSE").replace("/*", "").replace("*/", "").strip()
    code = "\n".join(line for line in read(f"vendor/{name}").split("\n") if not line.startswith("//# sourceMappingURL="))
    return f"/*\n{licence}\n*/\n{code}\n"
