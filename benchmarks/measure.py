"""What a command costs: processor time, time by the clock, and memory, its own and that of the processes it waits for."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of processor time (user and system), seconds by the clock, the most bytes that one process held, the exit code (negative:
    the signal that ended it)."""

    cpu: float
    wall: float
    memory: int
    code: int


class Failed(Exception):
    """A command that could not be started, took too long, or ended as it should not. The message is one line."""


def run(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    limit: float | None = None,
    codes: Sequence[int] = (0,),
) -> Spent:
    """Run a command to its end, its output thrown away. Raises Failed.

    A process that starts holds for a moment what its parent holds: measure from a small one.
    """
    try:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise Failed(f"{command[0]}: {error.strerror}") from None
    timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL)) if limit is not None else None
    if timer is not None:
        timer.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        if timer is not None:
            timer.cancel()
    wall = time.perf_counter() - start
    process.returncode = code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGKILL and limit is not None and wall >= limit:
        raise Failed(f"took more than {limit:g} s")
    if code not in codes:
        raise Failed(f"ended with {code}")
    return Spent(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * _UNIT, code)


_UNIT = 1 if sys.platform == "darwin" else 1024


def processor(pid: int) -> float:
    """The seconds of processor time that a process which runs has used; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / 100


@dataclass(frozen=True, slots=True)
class Spread:
    """The smallest, the middle and the largest of some figures."""

    least: float
    middle: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(min(values), median(values), max(values))

    def __str__(self) -> str:
        return f"{figure(self.middle)} ({figure(self.least)} to {figure(self.most)})"


def figure(value: float) -> str:
    """Three digits that count: 0.0123, 1.23, 123."""
    digits = 0
    while digits < 4 and abs(value) * 10**digits < 100:
        digits += 1
    return f"{value:.{digits}f}"


def ratios(values: Sequence[float], base: Sequence[float]) -> Spread:
    """How many times as much as in the same round."""
    return Spread.of([value / against for value, against in zip(values, base, strict=True)])


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of which the first column is text, the others are figures."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
