"""Runs bnlint again and again, each time in a fork of a process that has imported it: cheap, and measured for each run alone.

`python -m tests.hostile.zygote` reads a request, in JSON, from each line of the standard input, and answers with what came of it. All that
Python does in a run is noted (`sys.addaudithook`): one JSON list a line, the event and what it says of it.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SILENT = (
    "sys._getframe",
    "object.__getattr__",
    "object.__setattr__",
    "object.__delattr__",
    "code.__new__",
    "marshal.",
    "gc.",
    "builtins.id",
)
"""What Python and the standard library do all the time, and what concerns nobody else."""

MEMORY = 6 << 30
"""Bytes that a run may take at most: what goes wrong must not take those of the machine. (The worker takes 4 GiB of address space.)"""


@dataclass(frozen=True)
class Outcome:
    """What came of a run: exit code (that of a signal is below zero), processor time and memory of all processes, output, and events."""

    code: int
    seconds: float
    mib: int
    out: bytes
    err: bytes
    events: list[list[Any]]


class Zygote:
    """The process, seen from outside."""

    def __init__(self, scratch: Path, prefix: Sequence[str] = ()) -> None:
        self.scratch = scratch
        command = [*prefix, sys.executable, "-B", "-m", "tests.hostile.zygote"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, folder: Path, arguments: Sequence[str], limit: float) -> Outcome:
        """Run bnlint in a folder. After `limit` seconds of processor time it is ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        files = {name: str(self.scratch / name) for name in ("out", "err", "events")}
        request = {"folder": str(folder), "arguments": list(arguments), "limit": limit, **files}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        out, err, events = (Path(file).read_bytes() for file in files.values())
        return Outcome(**answer, out=out, err=err, events=[json.loads(line) for line in events.splitlines()])

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def audit(stream: int) -> None:
    """Note all that Python does from now on."""

    def plain(value: object) -> object:
        if isinstance(value, bytes):
            return os.fsdecode(value)
        if isinstance(value, (list, tuple)):
            return [plain(each) for each in value]
        return value if isinstance(value, int | str | None) else f"{getattr(value, 'co_filename', value)}"

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if not event.startswith(SILENT):
            frame = sys._getframe(1)
            caller = frame.f_code.co_filename
            said = [event, caller, *(str(plain(each))[:500] if event == "compile" else plain(each) for each in arguments)]
            os.write(stream, json.dumps(said).encode() + b"\n")

    sys.addaudithook(hook)


def child(request: dict[str, Any]) -> None:
    """One run. It does not return."""
    streams = [os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666) for name in ("out", "err", "events")]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(streams[0], 1)
    os.dup2(streams[1], 2)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False, errors="backslashreplace")  # noqa: SIM115
    seconds = int(request["limit"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.chdir(request["folder"])
    sys.argv[1:] = request["arguments"]
    from bnlint.cli import main

    audit(streams[2])
    try:
        main()
        code: object = 0
    except SystemExit as left:
        code = left.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    from bnlint.saved import process

    process.close()
    os._exit(code if isinstance(code, int) else 0 if code is None else 99)


def serve() -> None:
    """Answer requests until there are no more."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "w")
    warm()
    for line in requests:
        request = json.loads(line)
        pid = os.fork()
        if not pid:
            child(request)
        watch(pid, 10 * request["limit"] + 60)
        _, status, used = os.wait4(pid, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        said = {"code": os.waitstatus_to_exitcode(status), "seconds": used.ru_utime + used.ru_stime, "mib": used.ru_maxrss >> 10}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


def watch(pid: int, seconds: float) -> None:
    """End a run that waits for ever."""
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, seconds)


def warm() -> None:
    """Import what a run imports, and read the pages that it reads."""
    from bnlint import api, report
    from tests.hostile.case import GOOD

    found = api.fix_source(GOOD, isolated=True, unsafe=True)
    assert found.fixed
    report.render(report.Report(found.fixed), "json")


if __name__ == "__main__":
    serve()
