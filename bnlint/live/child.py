"""The process that imports a factory of the user, calls it, and describes the model that it returns. It is started as a script."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

HERE = os.path.abspath(__file__)


def main(target: str) -> None:
    """Write the answer, in JSON, to what was the standard output; whatever the user's code prints goes to the standard error."""
    answer = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    sys.path.insert(0, os.getcwd())
    sys.argv[:] = [target]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        said = answer_to(target)
    except KeyboardInterrupt:
        os._exit(130)
    with answer:
        json.dump(said, answer)


def answer_to(target: str) -> dict[str, Any]:
    """The description of the model, or one line on why there is none."""
    from importlib.util import find_spec

    from bnlint.live.describe import NotAModel, describe
    from bnlint.live.transport import as_data

    if not find_spec("keras") and not find_spec("tf_keras"):
        return {"missing": True}
    module, _, name = target.partition(":")
    try:
        made = _made(module, name)
    except _Nothing as problem:
        return {"problem": str(problem)}
    except SystemExit as left:
        return {"problem": f"its code left with sys.exit({left.code!r}){_place(left)}"}
    except Exception as error:
        return {"problem": f"its code failed: {_last_line(error)}{_place(error)}"}
    try:
        return {"model": as_data(describe(made))}
    except NotAModel as problem:
        return {"problem": f"this is {problem.what}, and no model of Keras 3 or tf_keras"}
    except Exception as error:
        return {"problem": f"internal error: describing the model: {_last_line(error)}; please report it"}


class _Nothing(Exception):
    """There is nothing by that name."""


def _made(module: str, name: str) -> object:
    """What the names stand for: a model, or what a factory returns."""
    from importlib import import_module

    from bnlint.live.describe import is_model

    try:
        found: Any = import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name is not None and f"{module}.".startswith(f"{missing.name}."):
            raise _Nothing(f"there is no module `{missing.name}`, seen from {os.getcwd()}") from None
        raise
    for part in name.split("."):
        if not hasattr(found, part):
            raise _Nothing(f"there is no `{name}` in the module `{module}`")
        found = getattr(found, part)
    return found if is_model(found) or not callable(found) else found()


def _last_line(error: BaseException) -> str:
    from traceback import format_exception_only

    return format_exception_only(error)[-1].strip()


def _place(error: BaseException) -> str:
    """The innermost line of the user's code that was running: in a file below the working directory, else in an installed one."""
    from sysconfig import get_path
    from traceback import walk_tb

    here, standard = os.getcwd() + os.sep, get_path("stdlib") + os.sep
    places = [(os.path.abspath(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((os.path.abspath(error.filename), error.lineno or 1))
    installed = [place for place in places if os.path.isfile(place[0]) and place[0] != HERE and not _lies_in(place[0], standard)]
    own = [place for place in installed if _lies_in(place[0], here)]
    if not installed:
        return ""
    path, line = (own or installed)[-1]
    return f" ({path.removeprefix(here)}:{line})"


def _lies_in(path: str, folder: str) -> bool:
    return path.startswith(folder) and "site-packages" not in path


if __name__ == "__main__":
    # Below the folder of the `bnlint` that asks; then the working directory comes first, as for `python -m`
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(HERE))))
    import bnlint.live  # noqa: F401

    del sys.path[0]
    main(sys.argv[1])
