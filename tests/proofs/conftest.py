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

ROOT = Path(__file__).parent.parent.parent

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """`run(major, "describe" | "difference", …)`: what tests/proofs/exercise.py answers on that Keras."""
    needs("tensorflow", "keras", "tf_keras")
    workers: dict[int, subprocess.Popen[str]] = {}
    log = (tmp_path_factory.mktemp("proofs") / "log.txt").open("w")

    def ask(major: int, do: str, **request: Any) -> dict[str, Any]:
        if major not in workers:
            command = [sys.executable, "-m", "tests.proofs.worker", str(major)]
            environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
            workers[major] = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        worker = workers[major]
        assert worker.stdin is not None
        assert worker.stdout is not None
        print(json.dumps({"do": do, **request}), file=worker.stdin, flush=True)
        line = worker.stdout.readline()
        assert line, f"the process for Keras {major} died: see {log.name}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    yield ask
    for worker in workers.values():
        worker.communicate()
    log.close()
