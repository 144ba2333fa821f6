"""How long an editor waits: a client types into files of a thousand lines, and waits for the findings after each key.

`python -m benchmarks.editor [FILE...]` in a checkout prints a table; files of your own are typed into besides. Time is what passes
between the change and its findings, the pause for more keys (20 ms) included; on a machine with other work look at the processor time of
the server.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from benchmarks.measure import processor
from tests.server.editor import Editor

ROOT = Path(__file__).parent.parent
PROGRAMS = ROOT / "fixtures" / "programs"
LINES, KEYS = 1000, 100
TYPED = "# what is typed here parses after each key\n"

HELPER = '''

def prepare_{number}(folder, size=({number}, {number}), seed={number}):
    """Read the pictures of one folder, and scale them."""
    names = sorted(name for name in os.listdir(folder) if name.endswith(".png"))
    random.Random(seed).shuffle(names)
    pictures, labels = [], []
    for index, name in enumerate(names):
        picture = tf.io.decode_png(tf.io.read_file(os.path.join(folder, name)))
        picture = tf.image.resize(picture, size) / 255.0
        if index % {number} == 0 and verbose:
            print(f"{{index}} of {{len(names)}}: {{name}}", picture.shape)
        pictures.append(picture)
        labels.append(int(name.partition("_")[0]))
    data = tf.data.Dataset.from_tensor_slices((tf.stack(pictures), labels))
    return data.shuffle(1024).batch({number} + 32).prefetch(tf.data.AUTOTUNE)
'''


def script() -> str:
    """A training script as they are: a network or two, and much that reads data and prints."""
    text = "import os\nimport random\n\nimport tensorflow as tf\n\nverbose = True\n\n"
    for name in ("convnets/resnet_v1_v2_cifar.py", "segmentation/unet_batchnorm_flag.py"):
        text += (PROGRAMS / name).read_text()
    number = 2
    while text.count("\n") < LINES - 20:
        text += HELPER.format(number=number)
        number += 1
    return text + "#\n" * (LINES - text.count("\n"))


def networks() -> str:
    """Nothing but networks: as many small programs as fit."""
    text = ""
    for path in sorted(PROGRAMS.glob("c*/*.py")) + sorted(PROGRAMS.glob("s*/*.py")):
        program = path.read_text()
        if text.count("\n") + program.count("\n") > LINES - 10:
            break
        text += program
    return text + "#\n" * (LINES - text.count("\n"))


def keys(text: str) -> Iterator[tuple[types.TextDocumentContentChangePartial, str]]:
    """One key after the other, now here, now there: the change, and the text after it."""
    chance = random.Random(1)
    lines = text.split("\n")
    for count in range(KEYS):
        typed = count % len(TYPED)
        if not typed:
            row, column = chance.choice([index for index, line in enumerate(lines) if not line and index > 5] or [len(lines) - 1]), 0
        at = types.Position(row, column)
        lines[row] = lines[row][:column] + TYPED[typed].rstrip("\n") + lines[row][column:]
        column += 1
        yield types.TextDocumentContentChangePartial(types.Range(at, at), TYPED[typed].rstrip("\n")), "\n".join(lines)


@dataclass(frozen=True)
class Measured:
    """Seconds until the first findings; and for each key, until the findings after it, and of processor time."""

    name: str
    lines: int
    findings: int
    first: float
    waited: Sequence[float]
    spent: Sequence[float]

    def row(self) -> str:
        figures = [share(self.waited, 0.5), share(self.waited, 0.95), max(self.waited), share(self.spent, 0.5), share(self.spent, 0.95)]
        shown = " | ".join(f"{1000 * figure:.0f}" for figure in (self.first, *figures))
        return f"| {self.name} | {self.lines} | {self.findings} | {shown} |"


def measure(name: str, text: str) -> Measured:
    """Type into a text."""
    with tempfile.TemporaryDirectory() as folder:
        editor, path = Editor(Path(folder)), Path(folder) / "model.py"
        pid = editor.client._server.pid  # type: ignore[union-attr]
        start = time.perf_counter()
        found = len(editor.open(path, text))
        first = time.perf_counter() - start
        waited, spent = [], []
        for change, after in keys(text):
            before, start = processor(pid), time.perf_counter()
            editor.edit(path, change, after)
            waited.append(time.perf_counter() - start)
            spent.append(processor(pid) - before)
        editor.quit()
    return Measured(name, text.count("\n"), found, first, waited, spent)


def share(values: Sequence[float], part: float) -> float:
    """The value that this part of them does not exceed."""
    return sorted(values)[min(int(part * len(values)), len(values) - 1)]


HEAD = "| file | lines | findings | first (ms) | p50 | p95 | max | CPU p50 | CPU p95 |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|"


def main(files: Iterable[str]) -> None:
    print(HEAD)
    texts = {"training script": script(), "nothing but networks": networks()}
    for name, text in {**texts, **{Path(file).name: Path(file).read_text(encoding="utf-8") for file in files}}.items():
        print(measure(name, text).row(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
