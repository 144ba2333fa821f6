"""One process for each Keras, kept for all proofs of a test run."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import needs
from tests.oracle import packages

ROOT = Path(__file__).parent.parent.parent

OLD = ("dm-tree==0.1.9", "attrs==25.4.0")
"""What the first versions of Keras 3 import and today's does not."""

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """`run(keras, "describe" | "difference" | "observe", …)`: what tests/proofs/exercise.py answers on that Keras.

    `keras` is 2 or 3 for what is installed, or a version of Keras 3 ("3.9.2"), which pip brings into a folder of its own.
    """
    needs("tensorflow", "keras", "tf_keras")
    workers: dict[int | str, subprocess.Popen[str]] = {}
    log = (tmp_path_factory.mktemp("proofs") / "log.txt").open("w")

    def ask(keras: int | str, do: str, **request: Any) -> dict[str, Any]:
        if keras not in workers:
            command = [sys.executable, "-m", "tests.proofs.worker", str(keras)[0]]
            environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
            if isinstance(keras, str):
                environment["PYTHONPATH"] = os.pathsep.join(str(packages.install(each)) for each in (f"keras=={keras}", *OLD))
            workers[keras] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        worker = workers[keras]
        assert worker.stdin is not None
        assert worker.stdout is not None
        print(json.dumps({"do": do, **request}), file=worker.stdin, flush=True)
        line = worker.stdout.readline()
        assert line, f"the process for Keras {keras} died: see {log.name}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    yield ask
    for worker in workers.values():
        worker.communicate()
    log.close()
