"""Reads HDF5 files in a process of its own: h5py may crash on what it is given, and takes only this process with it.

Started as `python -I -S hdf5-worker FOLDER...`, where the folders hold h5py and numpy; knows nothing of bnlint. Each line of the
standard input is a request, `{"path", "offset", "size", "method", "plain", "weights", "seconds"}`: the stretch of the file that is the
HDF5 file; how it is compressed (as in zip: 0 stored, 8 deflated), and from how many bytes; which vectors are wanted ("none", "some": of
layers with several, "all"); how much processor time it may take. Each answer is the sizes of its two parts (8 bytes each, big-endian), a
JSON object, and the vectors that this lists, as native float64, one behind the other.

A request that has `folds` makes the process write a file: the one that stands where other programs have their standard error, opened by
the process that asks. No other file is written, nor any by the other requests.
"""

from __future__ import annotations

import codecs
import json
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

import reading
import writing
from stretches import stretch_of

try:
    import resource
except ImportError:  # Windows has no such limits: there the parent's clock is the only one
    resource = None  # type: ignore[assignment]

MEMORY: Final = 4 << 30


def main() -> None:
    """Answer requests until there are no more."""
    answers, target = os.fdopen(os.dup(1), "wb"), os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what a library prints must stand neither among the answers nor in the file
        os.dup2(nothing, stream)
    _limit("RLIMIT_AS", MEMORY)
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_FSIZE", 0)
    sys.path.extend(sys.argv[1:])
    try:
        import h5py  # noqa: F401
    except Exception as error:
        _answer(answers, {"missing": f"{type(error).__name__}: {error}"})
        return
    for encoding in ("ascii", "utf-8", "latin-1"):  # modules of their own, which cannot be imported where no file can be opened
        codecs.lookup(encoding)
    for line in sys.stdin.buffer:
        _answer(answers, *_handle(json.loads(line), target))


def _answer(stream: BinaryIO, answer: dict[str, Any], vectors: bytes = b"") -> None:
    head = json.dumps(answer).encode()
    stream.write(len(head).to_bytes(8, "big") + len(vectors).to_bytes(8, "big") + head + vectors)
    stream.flush()


def _handle(request: dict[str, Any], target: int) -> tuple[dict[str, Any], bytes]:
    """The answer to a request. While it is made no file but the one that it names can be opened."""
    import h5py

    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit("RLIMIT_CPU", int(used.ru_utime + used.ru_stime) + 1 + request["seconds"])
    try:
        try:
            descriptor = os.open(request["path"], os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise reading.Refused(f"cannot be read: {error.strerror}") from None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise reading.Refused("is no regular file")
            with _alone(), h5py.File(stretch_of(descriptor, request), "r") as file:
                if "folds" not in request:
                    return reading.read(file, request["weights"])
                _limit("RLIMIT_FSIZE", 2 * max(os.fstat(descriptor).st_size, request["plain"]) + (1 << 20))
                with os.fdopen(target, "r+b") as stream:
                    writing.convert(file, stream, request["folds"], request["config"])
                return {}, b""
        finally:
            os.close(descriptor)
    except reading.Refused as error:
        return {"error": _line(error)[:400]}, b""  # names in a file may hold line ends
    except MemoryError:
        return {"error": f"takes more than {MEMORY >> 30} GiB of memory to read"}, b""
    except Exception as error:  # whatever h5py makes of a damaged file
        return {"error": f"is damaged ({type(error).__name__}: {_line(error)})"[:400]}, b""


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _limit(what: str, most: int) -> None:
    if resource is not None:
        kind = getattr(resource, what)
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


@contextmanager
def _alone() -> Iterator[None]:
    """Where no file can be opened: HDF5 knows many ways in which one file names another."""
    if resource is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


if __name__ == "__main__":
    main()
