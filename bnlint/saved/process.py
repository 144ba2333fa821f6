"""The process that reads HDF5 files (`hdf5-worker`), seen from outside: started, asked, and nothing that it says taken on trust."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Timer
from typing import Any, BinaryIO, Final, Literal

from bnlint.records import dataclass, field
from bnlint.regular import INSTALLED
from bnlint.saved import MissingExtra, Unreadable

SECONDS = 30
PROCESSOR = 20
"""How long a file may take, by the clock and of processor time: damage can make the library go round in circles."""
CONVERTING: Final = 600
"""How long it may take to write a file anew."""
ANSWER: Final = 256 << 20
VECTORS: Final = 64 << 20
"""Bytes that the two parts of an answer may have."""


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of a file that is the HDF5 file, and how it is compressed (as in zip: 0 stored, 8 deflated; `plain` bytes).

    `path` is that of the file where it is not the one that is read, but one that goes with it.
    """

    offset: int = 0
    size: int | None = None
    method: int = 0
    plain: int = 0
    path: str | None = None


WHOLE: Final = (Window(),)


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """An array of the file. `values` holds its numbers if it is a vector that may be one of a BatchNormalization, else None."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    values: array[float] | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """A bias that goes, and the moving mean from which it is taken: each by its group and its name in it."""

    bias: tuple[str, str]
    mean: tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The variables that the file keeps together, in order; `label` is the name of the layer where the file has it beside its path."""

    path: str
    label: str | None
    variables: tuple[Variable, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """What is read of a file. `layers`: as Keras 1 and 2 write it, a group for each layer by name; else numbered variables, by path.

    `steps` is the number of steps that the optimizer has made, 0 where the file does not tell.
    """

    attributes: Mapping[str, str] = field(default_factory=dict)
    layers: bool = False
    groups: Mapping[str, Group] = field(default_factory=dict)
    steps: int = 0
    optimizer: bool = False
    """Whether it holds the state of an optimizer, too."""


Wanted = Literal["none", "some", "all"]
"""Which vectors are read: none (the attributes alone), those of layers that have several, or all of them."""


def begin(path: str, windows: Sequence[Window] = WHOLE, weights: Wanted = "some") -> Pending:
    """Have a file read, or all parts of one, while other things are done."""
    if weights == "some" and len(windows) > 1:
        weights = "all"  # the vectors of a layer may stand in several files
    return Pending(_hire(), [_request(window.path or path, window, weights) for window in windows])


def _request(path: str, window: Window, weights: Wanted) -> Mapping[str, object]:
    where = {"path": os.path.abspath(path), "offset": window.offset, "size": window.size}
    return {**where, "method": window.method, "plain": window.plain, "weights": weights, "seconds": PROCESSOR}


def convert(path: str, window: Window, target: BinaryIO, folds: Sequence[Fold], config: str | None) -> None:
    """Have a file written anew, into one that is open and empty: without the biases, which are taken from the moving means."""
    worker = Worker(_folders(), target)
    listed = [(*fold.bias, *fold.mean) for fold in folds]
    try:
        worker.send({**_request(path, window, "none"), "folds": listed, "config": config, "seconds": CONVERTING}, CONVERTING)
        answer, _ = worker.receive()
    finally:
        worker.stop()
    _complain(answer)


def read(path: str, windows: Sequence[Window] = WHOLE, weights: Wanted = "some") -> Contents:
    """Have a file read, and wait for it."""
    with begin(path, windows, weights) as pending:
        return pending.result()


class Pending:
    """A file that is being read. To leave the `with` without the result stops it."""

    def __init__(self, worker: Worker, requests: Sequence[Mapping[str, object]]) -> None:
        self._worker: Worker | None = worker
        self._requests = requests
        worker.send(requests[0])

    def __enter__(self) -> Pending:
        return self

    def __exit__(self, *error: object) -> None:
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    def result(self) -> Contents:
        """What was read; of several parts, all that they hold. Raises Unreadable and MissingExtra."""
        assert self._worker is not None, "a result is taken once"
        found = self._receive()
        for request in self._requests[1:]:
            self._worker.send(request)
            found = _merge(found, self._receive())
        _idle.append(self._worker)
        self._worker = None
        return found

    def _receive(self) -> Contents:
        assert self._worker is not None
        answer, numbers = self._worker.receive()
        if "error" in answer:
            _idle.append(self._worker)
            self._worker = None
        _complain(answer)
        try:
            return _contents(answer, numbers)
        except (TypeError, ValueError, KeyError, AttributeError):
            raise Unreadable("is damaged: what the HDF5 library reads in it makes no sense") from None


def _complain(answer: Mapping[str, object]) -> None:
    if "missing" in answer:
        raise MissingExtra("models", f"h5py, which reads HDF5 files, cannot be imported ({answer['missing']})")
    if "error" in answer:
        raise Unreadable(str(answer["error"]))


def _merge(first: Contents, second: Contents) -> Contents:
    """What two parts of a file hold; the variables of one layer may stand in both."""
    groups = dict(first.groups)
    for path, group in second.groups.items():
        before = groups.get(path)
        if before is not None:
            variables = sorted((*before.variables, *group.variables), key=lambda variable: (len(variable.name), variable.name))
            group = Group(path, before.label or group.label, tuple(variables))
        groups[path] = group
    steps, optimizer = first.steps or second.steps, first.optimizer or second.optimizer
    return Contents({**second.attributes, **first.attributes}, first.layers, groups, steps, optimizer)


# The process

_idle: list[Worker] = []
"""Workers that wait for a file: one serves file after file."""


def _hire() -> Worker:
    while (worker := _next()) is not None:
        if worker.is_alive():
            return worker
    return Worker(_folders())


def _next() -> Worker | None:
    """A worker that waits, for whoever asked first."""
    try:
        return _idle.pop()
    except IndexError:
        return None


def close() -> None:
    """End the workers that wait."""
    while (worker := _next()) is not None:
        worker.stop()


atexit.register(close)


def _folders() -> list[str]:
    """Where h5py and numpy are installed. A folder that merely is on the path, as the current one may be, is not looked into."""
    from importlib.machinery import PathFinder

    sites = [entry for entry in sys.path if os.path.isabs(entry) and os.path.basename(os.path.normpath(entry)) in INSTALLED]
    found = []
    for name in ("h5py", "numpy"):
        spec = PathFinder.find_spec(name, sites)
        if spec is None or spec.origin is None:
            raise MissingExtra("models", f"{name}, with which HDF5 files are read, is not installed")
        found.append(str(Path(spec.origin).parent.parent))
    return list(dict.fromkeys(found))


class Worker:
    """One process of `hdf5-worker`."""

    def __init__(self, folders: list[str], target: BinaryIO | None = None) -> None:
        # Libraries of Python itself may be found through these; they are the user's, as the interpreter is.
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
        limits = {"HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1"}  # no plugins; threads would only take memory
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("hdf5-worker")), *folders]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": target or subprocess.DEVNULL}
        self._process = subprocess.Popen(command, env={"PATH": "/usr/bin:/bin", **limits, **kept}, **pipes)
        self._owner = os.getpid()
        self._timer: Timer | None = None
        self._late = False

    def is_alive(self) -> bool:
        """Whether it can be asked, by this process."""
        return self._owner == os.getpid() and self._process.poll() is None

    def stop(self) -> None:
        """End it at once."""
        if self._timer is not None:
            self._timer.cancel()
        if self._owner == os.getpid():
            self._process.kill()
            self._process.communicate()

    def send(self, request: Mapping[str, object], seconds: float | None = None) -> None:
        """Ask, and start the clock."""
        self._timer = Timer(seconds or SECONDS, self._expire)
        self._timer.daemon = True
        self._timer.start()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it is gone: `receive` says how

    def _expire(self) -> None:
        self._late = True
        self._process.kill()

    def receive(self) -> tuple[dict[str, Any], memoryview]:
        """The answer; Unreadable if the process ended instead, or took too long."""
        assert self._process.stdout is not None
        assert self._timer is not None
        stream = self._process.stdout
        sizes = stream.read(16)
        head, tail = int.from_bytes(sizes[:8], "big"), int.from_bytes(sizes[8:], "big")
        if len(sizes) == 16 and head <= ANSWER and tail <= VECTORS:
            text, numbers = stream.read(head), stream.read(tail)
            if len(text) == head and len(numbers) == tail:
                self._timer.cancel()
                try:
                    answer = json.loads(text)
                except (ValueError, RecursionError):
                    answer = None
                if isinstance(answer, dict):
                    return answer, memoryview(numbers)
        self.stop()
        raise Unreadable(self._fate())

    def _fate(self) -> str:
        code = self._process.returncode
        if self._late:
            return f"took more than {SECONDS} seconds to read"
        if code == -getattr(signal, "SIGXCPU", 0) != 0:
            return f"took more than {PROCESSOR} seconds of processor time to read"
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"is damaged: the HDF5 library crashed on it ({how})"


# The answer


def _contents(answer: dict[str, Any], numbers: memoryview) -> Contents:
    """The answer as what it should be; ValueError, TypeError or KeyError if it is anything else."""
    attributes = {str(name): _text(text) for name, text in answer["attributes"].items()}
    groups: dict[str, Group] = {}
    at = 0
    for path, label, items in answer["groups"]:
        variables = []
        for name, dtype, shape, is_read in items:
            sizes = tuple(shape)
            if not all(type(size) is int and size >= 0 for size in sizes):
                raise ValueError("a shape")
            values = None
            if is_read:
                (length,) = sizes
                end = at + 8 * length
                if end > len(numbers):
                    raise ValueError("a vector")
                values = array("d")
                values.frombytes(numbers[at:end])
                at = end
            variables.append(Variable(_text(name), _text(dtype), sizes, values))
        groups[_text(path)] = Group(path, label if label is None else _text(label), tuple(variables))
    if at != len(numbers):
        raise ValueError("more vectors than are listed")
    steps = answer.get("steps")
    steps = steps if type(steps) is int else 0
    return Contents(attributes, answer["layout"] == "layers", groups, steps, answer["optimizer"] is True)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value
