"""How long a command waits before it has its answer: a new process for one small file, beside a bare interpreter and ruff.

`python -m benchmarks.startup [ROUNDS]` in a checkout prints a table. All commands run in turn, once in each round, so that other work on
the machine hits all of them; the ratio is the median of those in one round. Where TensorFlow is installed, a ResNet50 of Keras (53
BatchNormalization, 100 MB) is made, and read with and without its weights; `--model FILE` takes another file instead.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bnlint import catalogue

ROOT = Path(__file__).parent.parent

SCRIPT = "import sys\nfrom bnlint.cli import main\nsys.exit(main())\n"
"""What an installer writes for `bnlint`. (Some write `import re` besides: four milliseconds more.)"""

NETWORK = """import keras
from keras import layers

inputs = keras.Input((32, 32, 3))
x = layers.Conv2D(16, 3, use_bias={bias})(inputs)
x = layers.BatchNormalization()(x)
x = layers.ReLU()(x)
model = keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))
"""

FILES: Mapping[str, str] = {
    "plain.py": "import os\n\nprint(os.getcwd())\n",
    "clean.py": NETWORK.format(bias=False),
    "found.py": NETWORK.format(bias=True),
}

MODEL = "import keras; keras.applications.ResNet50(weights=None).save({path!r})"


@dataclass(frozen=True)
class Measured:
    """Seconds of processor time and of waiting, for each round, and the most memory in MB."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def row(self, name: str, bare: "Measured") -> str:
        ratio = median(mine / other for mine, other in zip(self.cpu, bare.cpu, strict=True))
        shown = [f"{1000 * of(times):.1f}" for times in (self.cpu, self.wall) for of in (min, median, max)]
        return f"| {name} | {' | '.join(shown)} | {ratio:.2f} | {max(self.memory):.0f} |"


def run(command: Sequence[str], folder: Path) -> tuple[float, float, float]:
    """Processor time, time, and memory of a process and its children."""
    with open(os.devnull, "w") as nothing:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=nothing, stderr=nothing)
        _, _, used = os.wait4(process.pid, 0)
        waited = time.perf_counter() - start
    process.returncode = 0  # it was waited for
    return used.ru_utime + used.ru_stime, waited, used.ru_maxrss / 1024


def commands(folder: Path, model: str | None) -> Iterator[tuple[str, Sequence[str]]]:
    """What is measured, the bare interpreter first."""
    script = folder / "bnlint"
    script.write_text(SCRIPT)
    weights = ",".join(rule.code for rule in catalogue.rules().values() if rule.weights)
    bnlint = {
        "`--version`": ["--version"],
        "`--help`": ["--help"],
        "nothing to find": ["plain.py"],
        "BatchNormalization, no finding": ["clean.py"],
        "one finding, concise": ["--output-format", "concise", "found.py"],
        "one finding": ["found.py"],
        "one fix (`--diff`)": ["--diff", "--unsafe-fixes", "found.py"],
    }
    if model is not None:
        bnlint |= {".keras, its config": ["--ignore", weights, model], ".keras, with weights": [model]}
    yield "`python -c pass`", [sys.executable, "-c", "pass"]
    for name, arguments in bnlint.items():
        yield name, [sys.executable, str(script), *arguments]
    if ruff := shutil.which("ruff", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))):
        yield "ruff, nothing to find", [ruff, "check", "--isolated", "--no-cache", "plain.py"]
        yield "ruff, one network", [ruff, "check", "--isolated", "--no-cache", "clean.py"]


def made(folder: Path) -> str | None:
    """A model file of Keras; none where TensorFlow is not installed."""
    if importlib.util.find_spec("tensorflow") is None or importlib.util.find_spec("keras") is None:
        return None
    path = str(folder / "resnet50.keras")
    subprocess.run([sys.executable, "-c", MODEL.format(path=path)], check=True, capture_output=True)
    return path


HEAD = "| command | CPU min (ms) | median | max | wall min (ms) | median | max | × bare | MB |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|"


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser("benchmarks.startup")
    parser.add_argument("rounds", nargs="?", type=int, default=15)
    parser.add_argument("--model", help="a model file, instead of one that is made")
    given = parser.parse_args(arguments)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, text in FILES.items():
            (folder / name).write_text(text)
        model = os.path.abspath(given.model) if given.model else made(folder)
        measured = {name: (command, Measured()) for name, command in commands(folder, model)}
        for command, _ in measured.values():
            run(command, folder)  # writes the bytecode, and warms the disk
        for _ in range(given.rounds):
            for command, times in measured.values():
                for series, value in zip((times.cpu, times.wall, times.memory), run(command, folder), strict=True):
                    series.append(value)
    print(HEAD)
    bare = next(times for _, times in measured.values())
    for name, (_, times) in measured.items():
        print(times.row(name, bare))


if __name__ == "__main__":
    main(sys.argv[1:])
