"""A program as a notebook: in cells, with outputs, magics and Markdown between them, in any way in which JSON can be written."""

from __future__ import annotations

import ast
import json
import random
from itertools import pairwise
from typing import Any

MAGICS = ("%matplotlib inline\n", "!pip install keras\n", "%%time\n", "# größe 😀\n", "plt.plot?\n", "files = !ls\n")


def notebook(seed: int, text: str) -> bytes:
    """The notebook of a seed."""
    dice = random.Random(seed)
    cells: list[dict[str, Any]] = []
    for number, part in enumerate(_parts(dice, text)):
        if dice.random() < 0.2:
            cells.append({"cell_type": dice.choice(("markdown", "raw")), "metadata": {}, "source": ["# x = BatchNormalization(\n"]})
        magic = dice.choice(MAGICS) if dice.random() < 0.2 else ""
        outputs = [{"output_type": "stream", "name": "stdout", "text": ['é\\"\u2028😀\n']}] if dice.random() < 0.3 else []
        source = magic + part
        lines: Any = source if dice.random() < 0.3 else source.splitlines(keepends=True) or [""]
        count = dice.choice((None, number, number + 7))
        cells.append({"cell_type": "code", "execution_count": count, "metadata": {"a": 1.50}, "outputs": outputs, "source": lines})
    content = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    layout: dict[str, Any] = {"indent": dice.choice((None, 1, 4)), "ensure_ascii": dice.random() < 0.5, "sort_keys": dice.random() < 0.3}
    written = json.dumps(content, **layout) + dice.choice(("", "\n"))
    return dice.choice((b"", b"", b"\xef\xbb\xbf")) + dice.choice((written, written.replace("\n", "\r\n"))).encode()


def _parts(dice: random.Random, text: str) -> list[str]:
    """The statements of a program, some at a time."""
    lines = text.split("\n")
    starts = [min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))]) - 1 for node in ast.parse(text).body]
    cuts = [0, *(start for start in dict.fromkeys(starts[1:]) if dice.random() < 0.4), len(lines)]
    return ["\n".join(lines[first:last]) for first, last in pairwise(cuts)]
