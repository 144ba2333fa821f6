"""`--model package.module:factory`: the model that a user's own code makes, described by a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bnlint.live.describe import Description

TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


class Failed(Exception):
    """Why there is no model, in one line."""


def describe(target: str) -> Description:
    """Import the module, call the factory, and describe what it returns. Raises Failed."""
    from bnlint.live.transport import from_data

    if not TARGET.fullmatch(target):
        raise Failed(f"{target}: name a factory, or a model, as `package.module:factory`{_hint(target)}")
    child = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child.py")
    command = [sys.executable, "-P", child, target]
    sys.stderr.flush()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            data = process.stdout.read()
            code = process.wait()
        except BaseException:
            process.kill()
            raise
    try:
        answer = json.loads(data)
        if answer.get("missing"):
            raise Failed(f"{target}: needs Keras 3 or tf_keras; install the extra `tensorflow`: pip install 'bnlint[tensorflow]'")
        if "problem" in answer:
            raise Failed(f"{target}: {answer['problem']}")
        return from_data(answer["model"])
    except (ValueError, TypeError, KeyError, AttributeError):
        ended = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        raise Failed(f"{target}: its process {ended} before it could describe a model") from None


def _hint(target: str) -> str:
    """What a path would be called."""
    path, _, name = target.rpartition(":") if ":" in target else (target, "", "")
    if not path.endswith(".py"):
        return ""
    module = os.path.normpath(path).removesuffix(".py").replace(os.sep, ".").removesuffix(".__init__")
    return f" (did you mean `{module}:{name or 'build'}`?)"
