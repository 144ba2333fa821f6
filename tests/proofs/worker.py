"""`python -m tests.proofs.worker 2|3`: a process with one Keras that runs programs; a JSON request a line, a JSON answer a line.

Keras 2 has a process of its own, in which `keras` and `tf.keras` are tf_keras.
"""

import importlib
import json
import os
import sys
import tempfile
from typing import Any


def keras_of(major: int) -> Any:
    """Import the one Keras of this process."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if major == 3:
        return importlib.import_module("keras")
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    sys.modules["keras"] = importlib.import_module("tf_keras")
    return sys.modules["keras"]


def serve(major: int) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever Keras prints must not pass for an answer
    keras = keras_of(major)
    keras.Model.load_weights = lambda *_, **__: None  # pages load weights that nobody has: seeded ones will do
    files = importlib.import_module("keras.src.utils.file_utils" if major == 3 else "tf_keras.src.utils.data_utils")
    files.get_file = lambda *_, **__: "weights.h5"  # those of keras.applications
    from tests.proofs import exercise

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # programs that save a model do so here
        for line in sys.stdin:
            request = json.loads(line)
            try:
                answer = getattr(exercise, request.pop("do"))(keras, **request)
            except Exception as error:
                answer = {"error": type(error).__name__, "message": str(error)}
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
