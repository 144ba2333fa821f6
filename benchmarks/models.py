"""How long it takes to look into a saved model: bnlint, which reads it, beside Keras, which loads it; each in a fresh process.

`python -m benchmarks.models` in a checkout builds a model of keras.applications with random weights, saves it, and prints a table.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import measure
from benchmarks.measure import Spent, Spread
from bnlint import catalogue

ROOT = Path(__file__).parent.parent
LOAD = "keras.models.load_model"
BUILD = "import sys, keras; keras.saving.save_model(getattr(keras.applications, sys.argv[1])(weights=None), sys.argv[2])"
BNLINT = (sys.executable, "-m", "bnlint", "check", "--isolated", "--no-cache", "--exit-zero", "-q")


def commands(path: Path) -> Mapping[str, Sequence[str]]:
    """What is measured, whatever takes longest first."""
    weights = ",".join(rule.code for rule in catalogue.rules().values() if rule.weights)
    return {
        LOAD: (sys.executable, "-c", "import sys, keras; keras.models.load_model(sys.argv[1], compile=False)", str(path)),
        "bnlint": (*BNLINT, str(path)),
        "bnlint, rules on the configuration": (*BNLINT, "--ignore", weights, str(path)),
    }


def compare(path: Path, rounds: int) -> Mapping[str, Sequence[Spent]]:
    """The commands in turn, round by round."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    spent: dict[str, list[Spent]] = {name: [] for name in commands(path)}
    for _ in range(rounds):
        for name, command in commands(path).items():
            spent[name].append(measure.run(command, folder=ROOT, environment=environment, codes=(0, 1)))
    return spent


def table(spent: Mapping[str, Sequence[Spent]]) -> str:
    """How many times as long Keras takes is of processor time, in the same round."""
    rows = []
    for name, runs in spent.items():
        cpu = [run.cpu for run in runs]
        memory = Spread.of([run.memory / 2**20 for run in runs]).middle
        ratio = str(measure.ratios([run.cpu for run in spent[LOAD]], cpu))
        rows.append((name, str(Spread.of(cpu)), str(Spread.of([run.wall for run in runs])), f"{memory:.0f}", ratio))
    return measure.markdown(("", "CPU, s", "wall, s", "memory, MB", f"CPU of `{LOAD}` ÷ its own"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="ResNet50", help="a model of keras.applications (%(default)s)")
    parser.add_argument("--formats", nargs="*", default=["keras", "h5"], metavar="FORMAT", help="what it is saved as (keras h5)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each runs (%(default)s)")
    given = parser.parse_args()
    for suffix in given.formats:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"model.{suffix}"
            measure.run((sys.executable, "-c", BUILD, given.model, str(path)))
            size = path.stat().st_size / 2**20
            print(f"**{given.model}** as .{suffix}: {size:.0f} MB\n\n{table(compare(path, given.rounds))}\n", flush=True)


if __name__ == "__main__":
    main()
