"""Files made to break a reader of protocol buffers (S24), or to make it open another file (S25): `HOSTILE` writes them."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bnlint import saved
from bnlint.saved import Unreadable
from tests.saved.encode import (
    ARGUMENTS,
    NAMES,
    call,
    entry,
    field,
    floats,
    function,
    inference,
    node,
    onnx_model,
    onnx_node,
    onnx_tensor,
    proto,
    savedmodel,
    table,
    varint,
)
from tests.saved.test_onnx import NORM, norm
from tests.saved.test_savedmodel import END, RESULT, functions_that_call_two, serving

SECRET = 424242.0
CANARY = "canary.bin"

Make = Callable[[Path], Path]


@dataclass(frozen=True)
class Case:
    """`refused`: what the message says; nothing where the file is read all the same (its graph, if not its weights)."""

    make: Make
    refused: str = ""


def onnx(data: bytes) -> Make:
    def make(folder: Path) -> Path:
        (folder / "m.onnx").write_bytes(data)
        return folder / "m.onnx"

    return make


def model(*functions: bytes | dict[int, object]) -> Make:
    return lambda folder: savedmodel(folder, list(functions))  # type: ignore[arg-type]


def external(location: str, **more: str) -> Make:
    keys = [{1: key, 2: value} for key, value in {"location": location, **more}.items()]
    tensors = [*(each for each in NORM if each[8] != "m"), {1: [2], 2: 1, 8: "m", 13: keys, 14: 1}]
    return onnx(onnx_model([norm()], tensors, "y"))


def index(*entries: tuple[str, bytes], header: bytes = proto({1: 1})) -> Make:
    """A checkpoint whose index says this; its data is the secret."""

    def make(folder: Path) -> Path:
        made = [(b"", header), *((name.encode(), value) for name, value in entries)]
        (folder / "m.index").write_bytes(table(made))
        (folder / "m.data-00000-of-00001").write_bytes(floats([1.0] * 4))
        return folder / "m.index"

    return make


def norms(**places: bytes) -> list[tuple[str, bytes]]:
    return [(f"bn/{name}", places.get(name, entry((2,), 0, 8))) for name in sorted(NAMES)]


def link(folder: Path) -> Path:
    """The data of a checkpoint is a pipe that nobody fills."""
    import os

    path = index(*norms())(folder)
    data = folder / "m.data-00000-of-00001"
    data.unlink()
    os.mkfifo(data)
    return path


def chain(length: int) -> list[dict[int, object]]:
    """Functions that call one another, and read what went in at the first in each."""
    made = []
    for number in range(length):
        readers = [node(f"r{each}", "Relu", "x") for each in range(20)]
        last = node("end", "Identity", "r0:activations:0") if number == length - 1 else call("end", f"f{number + 1}", *ARGUMENTS)
        made.append(function(f"f{number}" if number else "serve", ARGUMENTS, RESULT, [*readers, last]))
    return made


DEEP = b""
for _ in range(20_000):
    DEEP = field(7, DEEP)

BRANCHES = {1: [norm("x", ["inner"])]}

HOSTILE = {
    "S24 varint without an end": Case(onnx(b"\x3a" + b"\xff" * 12), "more than 64 bits"),
    "S24 varint that is cut off": Case(onnx(proto({1: 8}) + b"\x3a\x80"), "ends within a number"),
    "S24 length beyond the end": Case(onnx(b"\x3a" + varint(2**62) + b"x"), "ends within a field of"),
    "S24 length of a nested message beyond its own": Case(onnx(proto({7: b"\x0a\x7fabc"})), "ends within a field of 127 bytes"),
    "S24 groups": Case(onnx(b"\x3b\x3c"), "wire type 3"),
    "S24 groups in groups": Case(onnx(b"\x3b" * 100_000), "wire type 3"),
    "S24 messages in messages": Case(onnx(DEEP), "is no ONNX model"),
    "S24 graphs in graphs": Case(onnx(onnx_model([onnx_node("If", ["x"], ["y"], then_branch=BRANCHES)], NORM, "y"))),
    "S24 millions of fields": Case(onnx(b"\x08\x01" * 5_000_000), "more than 4,000,000 fields"),
    "S24 a packed field of millions": Case(onnx(proto({7: {5: {1: b"\x01" * 5_000_000}, 1: [norm()]}})), "more than 4,000,000 fields"),
    "S24 an array of 2 ** 62 numbers": Case(onnx(onnx_model([norm()], [onnx_tensor(each[8], [1.0], 2**62) for each in NORM], "y"))),
    "S24 an array of a size below zero": Case(onnx(onnx_model([norm()], [onnx_tensor("m", [1.0], -1)], "y")), "a size below zero"),
    "S24 a function that calls itself": Case(model(*serving(call("end", "serve", *ARGUMENTS))), "runs more than|circle"),
    "S24 functions that call two": Case(model(*functions_that_call_two(40)), "runs more than 100,000 operations"),
    "S24 functions in a chain": Case(model(*chain(3_000))),
    "S24 a result that is an argument": Case(model(function("serve", ARGUMENTS, {"y": "x"}, []))),
    "S24 a result that is itself": Case(model(*serving(node("end", "Identity", "end:output:0")))),
    "S24 a call without arguments": Case(model(*serving(call("end", "serve2"), serve2=[*inference("bn", "x"), END]))),
    "S24 a constant of 2 ** 40 numbers": Case(
        model(*serving(node("c", "Const", value={8: {1: 1, 2: {2: [{1: 2**40}]}, 5: floats([1.0])}}), node("end", "Add", "x", "c:o:0")))
    ),
    "S24 objects that hold each other": Case(
        lambda folder: savedmodel(folder, [], f7={1: [{1: [{1: 1, 2: "a"}], 4: {}}, {1: [{1: 0, 2: "b"}, {1: 1, 2: "c"}], 4: {}}]})
    ),
    "S24 names that forge": Case(
        onnx(onnx_model([{**norm(), 3: "\x1b[31m\n::error::x‮"}], NORM, "y")),
    ),
    "S25 external data beside": Case(external(CANARY)),
    "S25 external data above": Case(external(f"../{CANARY}", offset="0", length="8")),
    "S25 external data anywhere": Case(external("/etc/hostname")),
    "S25 a shard that does not exist": Case(index(*norms(moving_mean=entry((2,), 0, 8, shard=5)))),
    "S25 a shard below zero": Case(index(*norms(moving_mean=entry((2,), 0, 8, shard=-1))), "a place below zero"),
    "S25 an offset beyond the end": Case(index(*norms(moving_mean=entry((2,), 2**40, 8)))),
    "S25 an offset beyond all ends": Case(index(*norms(moving_mean=entry((2,), 2**63 - 1, 8)))),
    "S25 a size beyond memory": Case(index(*norms(moving_mean=entry((2,), 0, 2**62)))),
    "S25 a million shards": Case(index(*norms(), header=proto({1: 1_000_000}))),
    "S25 shards below zero": Case(index(*norms(), header=proto({1: -1}))),
    "S25 data that is a pipe": Case(link),
}


def canary(folder: Path) -> None:
    for where in (folder, folder / "in"):
        where.mkdir(exist_ok=True)
        (where / CANARY).write_bytes(floats([SECRET] * 4))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_read_or_refused(name: str, tmp_path: Path) -> None:
    canary(tmp_path)
    case = HOSTILE[name]
    path = case.make(tmp_path / "in")
    refused, values = "", [0.0]
    try:
        graph = saved.read(str(path))
    except Unreadable as error:
        refused = error.message
    else:
        values = [value for call in graph.calls for stats in call.layer.weights.values() for value in stats.values]
    assert bool(refused) is bool(case.refused), refused
    assert re.search(case.refused, refused), refused
    assert "\n" not in refused
    assert SECRET not in values


PROGRAM = """
import json, os, resource, sys, time
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from bnlint import saved
longest = 0.0
for path in sys.argv[2:]:
    start = time.process_time()
    try:
        saved.read(path)
    except saved.Unreadable:
        pass
    longest = max(longest, time.process_time() - start)
status = open("/proc/self/status").read() if sys.platform == "linux" else "VmHWM: 0 kB"
memory = int(status.partition("VmHWM:")[2].split()[0]) >> 10
print(json.dumps([longest, memory, [path for path in opened if path.startswith(sys.argv[1])], sorted(sys.modules)]))
"""


def test_hostile_files_take_neither_long_nor_much_memory_nor_open_another_file(tmp_path: Path) -> None:
    paths = []
    for number, name in enumerate(HOSTILE):
        folder = tmp_path / str(number)
        folder.mkdir()
        canary(folder)
        paths.append(str(HOSTILE[name].make(folder / "in")))
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path), *paths], capture_output=True, text=True, check=True)
    longest, memory, opened, modules = json.loads(done.stdout)
    assert longest < 20
    assert memory < 900  # MiB
    assert not [path for path in opened if CANARY in path]
    assert not {"numpy", "h5py", "google.protobuf", "tensorflow", "onnx", "keras"} & set(modules)
    allowed = {"saved_model.pb", "variables.index", "variables.data-00000-of-00001", "m.onnx", "m.index", "m.data-00000-of-00001"}
    named = {Path(path).name for path in opened}
    assert named <= allowed | {"m.data-00000-of-1000000"}
