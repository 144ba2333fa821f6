"""Whether time grows with what there is to do and no faster, and memory stays flat: trees, findings, notebooks, and hours in an editor.

`python -m benchmarks.load [SHAPE...]` in a checkout prints a table for each shape: processor time by size, and how many times as much each
unit costs at the largest as at the smallest. It fails where that is more than one and a half. `--scale 0.1` takes a tenth of each size;
`--minutes 120` types into an editor for so long.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import Spent, figure

ROOT = Path(__file__).parent.parent
MOST = 1.5
"""How much more a unit may cost at the largest size."""

# What is linted

PLAIN = '''"""Number {n}."""

import os

LIMIT = {n}


class Reader:
    def __init__(self, folder, limit=LIMIT):
        self.folder, self.limit = folder, limit

    def names(self):
        return sorted(name for name in os.listdir(self.folder))[: self.limit]


def total(values):
    return sum(value for value in values if value < LIMIT)
'''
BLOCKS = """from keras import layers


def block(x, filters):
    x = layers.Conv2D(filters, 3, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)
"""
MODEL = """import keras
from keras import layers

from .blocks import block


def build(classes={n}):
    inputs = keras.Input((32, 32, 3))
    x = block(block(inputs, 8), 16)
    x = layers.Conv2D(8, 3)(x)
    x = layers.BatchNormalization()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes)(x))
"""
SCRIPT = """import keras

from .model import build

model = build()
model.compile(optimizer="adam", loss="mse")
model.fit(images, labels, batch_size=2, epochs={n})
"""
FOLDER = 50
"""Files in one folder: three of them are a model with what it is made of and what trains it."""


def tree(folder: Path, size: int) -> None:
    """A tree of so many files."""
    for start in range(0, size, FOLDER):
        package = folder / f"part{start // FOLDER // 100}" / f"package{start // FOLDER}"
        package.mkdir(parents=True)
        texts = {"__init__": "", "blocks": BLOCKS, "model": MODEL, "train": SCRIPT}
        names = [*texts, *(f"module{number}" for number in range(FOLDER))]
        for number, name in enumerate(names[: min(FOLDER, size - start)]):
            text = texts.get(name, PLAIN).replace("{n}", str(start + number + 1))
            (package / f"{name}.py").write_text(text, encoding="utf-8")


def findings(folder: Path, size: int) -> None:
    """One file in which something is found so many times; half of it can be fixed."""
    block = "x = layers.Dense(8, activation='relu')(x)\nx = layers.BatchNormalization(momentum=-1)(x)\n"
    text = f"import keras\nfrom keras import layers\n\nx = inputs = keras.Input((8,))\n{block * (size // 2)}"
    (folder / "a.py").write_text(text + "model = keras.Model(inputs, layers.Dense(1)(x))\n", encoding="utf-8")


def many(folder: Path, size: int) -> None:
    """Files in each of which something is found ten times."""
    for start in range(0, size, 10):
        package = folder / f"part{start // 1000}"
        package.mkdir(exist_ok=True)
        findings(package, 10)
        (package / "a.py").rename(package / f"m{start}.py")


def notebook(folder: Path, size: int) -> None:
    """One notebook of so many cells."""
    source = ["x = layers.Dense(8)(x)\n", "x = layers.BatchNormalization()(x)\n"]
    outputs = [{"output_type": "stream", "name": "stdout", "text": ["0.5\n"] * 20}]
    first = {"cell_type": "code", "source": ["import keras\n", "from keras import layers\n", "x = keras.Input((8,))"], "outputs": []}
    plain = {"cell_type": "code", "source": ["print(sum(range(10)))\n", "names = [name for name in dir() if name]"], "outputs": outputs}
    cells = [first, *({"cell_type": "code", "source": source, "outputs": []} if number % 10 == 0 else plain for number in range(1, size))]
    content = {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "a.ipynb").write_text(json.dumps(content, indent=1), encoding="utf-8")


def notebooks(folder: Path, size: int) -> None:
    """Notebooks of a hundred cells, so many cells together."""
    for start in range(0, size, 100):
        (folder / str(start)).mkdir()
        notebook(folder / str(start), 100)


@dataclass(frozen=True)
class Shape:
    """What is made in a folder, how large it is, of what, and what is done with it, by name."""

    make: Callable[[Path, int], None]
    sizes: tuple[int, ...]
    unit: str
    commands: Mapping[str, tuple[str, ...]]


CHECK, FIX = ("check", "--no-cache"), ("check", "--no-cache", "--fix", "--unsafe-fixes", "--exit-zero")
CACHED = ("check", "--cache-dir", "{cache}")
TELLING = {"text": CHECK, **{name: (*CHECK, "--output-format", name) for name in ("json", "sarif", "html")}, "fix": FIX}
FIXING = {"check": CHECK, "fix": FIX}
SHAPES = {
    "tree": Shape(tree, (10_000, 30_000, 100_000), "files", {"one process": (*CHECK, "-j1"), "cold cache": CACHED, "warm cache": CACHED}),
    "findings": Shape(findings, (1_000, 3_000, 10_000), "findings in a file", TELLING),
    "many": Shape(many, (1_000, 3_000, 10_000), "findings", TELLING),
    "notebook": Shape(notebook, (5_000, 15_000, 50_000), "cells", FIXING),
    "notebooks": Shape(notebooks, (5_000, 15_000, 50_000), "cells of notebooks", FIXING),
}


def costs(shape: Shape, size: int) -> Iterator[Spent]:
    """What each command costs at a size, one after the other in one folder."""
    with tempfile.TemporaryDirectory() as name:
        folder, cache = Path(name) / "tree", Path(name) / "cache"
        folder.mkdir()
        shape.make(folder, size)
        for command in shape.commands.values():
            words = [word.format(cache=cache) for word in command]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            yield measure.run([sys.executable, "-m", "bnlint", *words, "."], folder=folder, environment=environment, codes=(0, 1))


def table(shape: Shape, scale: float) -> tuple[str, list[str]]:
    """The costs at each size; and the commands that cost too much at the largest."""
    sizes = [max(100, int(size * scale)) for size in shape.sizes]
    spent = [list(costs(shape, size)) for size in sizes]
    rows, steep = [], []
    for number, name in enumerate(shape.commands):
        cpu = [each[number].cpu for each in spent]
        more = (cpu[-1] / sizes[-1]) / (cpu[0] / sizes[0])
        memory = f"{spent[0][number].memory >> 20} to {spent[-1][number].memory >> 20}"
        rows.append((name, *(figure(seconds) for seconds in cpu), f"{more:.2f}", memory, figure(spent[-1][number].wall)))
        steep += [name] if more > MOST else []
    head = (shape.unit, *(f"{size:,} (CPU s)" for size in sizes), "more each", "MB", "wall, s")
    return measure.markdown(head, rows), steep


# In an editor


def edit(minutes: float) -> tuple[str, bool]:
    """Type into files, look at what is offered, close them and begin again. The memory of the server over time; whether it grows."""

    from benchmarks import editor as typing
    from tests.server.editor import Editor

    texts = [typing.script(), typing.networks()]
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as name:
        editor = Editor(Path(name))
        pid = editor.client._server.pid  # type: ignore[union-attr]
        start, keys, memories = time.monotonic(), 0, list[int]()
        while (passed := time.monotonic() - start) < 60 * minutes or not memories:
            path, text = Path(name) / f"model{len(memories) % 7}.py", texts[len(memories) % 2]
            found = editor.open(path, text)
            for change, after in typing.keys(text):
                editor.edit(path, change, after)
                keys += 1
            for each in found[:5]:
                editor.hover(path, each.range.start.line, each.range.start.character)
                editor.actions(path, each.range)
            editor.close(path)
            editor.published.clear()
            memories.append(resident(pid))
            if passed >= len(rows) * 60 * minutes / 10:
                rows.append((f"{passed / 60:.1f} min", f"{keys:,}", f"{measure.processor(pid):.0f}", f"{memories[-1] >> 10:,}"))
        rows.append((f"{passed / 60:.1f} min", f"{keys:,}", f"{measure.processor(pid):.0f}", f"{memories[-1] >> 10:,}"))
        editor.quit()
    first, last = memories[len(memories) // 5], memories[-1]
    return measure.markdown(("after", "keys", "CPU, s", "MB"), rows), last > 1.1 * first


def resident(pid: int) -> int:
    """The kilobytes of memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__.partition("\n")[0])
    parser.add_argument("shapes", nargs="*", metavar="SHAPE", help=", ".join((*SHAPES, "editor")))
    parser.add_argument("--scale", type=float, default=1.0, help="a part of each size")
    parser.add_argument("--minutes", type=float, default=120.0, help="time in the editor (%(default)s)")
    given = parser.parse_args()
    wanted, failed = given.shapes or [*SHAPES, "editor"], list[str]()
    for name in wanted:
        if name == "editor":
            shown, grows = edit(given.minutes)
            failed += ["the memory of the language server grows"] if grows else []
        else:
            shown, steep = table(SHAPES[name], given.scale)
            failed += [f"{name}, {command}: each costs more where there are more" for command in steep]
        print(f"**{name}**\n\n{shown}\n", flush=True)
    print(*failed, sep="\n", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
