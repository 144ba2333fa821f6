"""The process that reads HDF5 files: what it reads, what it refuses, what it survives."""

import os
import re
import signal
import subprocess
import sys
import zipfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bnlint.saved import MissingExtra, Unreadable, process
from bnlint.saved.archive import directory
from tests.conftest import needs
from tests.saved import samples

needs("h5py")
BN = "layers/batch_normalization"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    process.close()


@pytest.fixture
def store(tmp_path: Path) -> str:
    samples.write_store(tmp_path / "x.weights.h5")
    return str(tmp_path / "x.weights.h5")


def vectors(contents: process.Contents, group: str) -> list[list[float]]:
    return [list(variable.values) for variable in contents.groups[group].variables if variable.values is not None]


def test_variables_come_by_path_in_order_and_only_vectors_with_their_numbers(store: str) -> None:
    contents = process.read(store)
    assert not contents.layers
    assert contents.groups[BN].label == "bn"
    assert vectors(contents, BN) == list(samples.ARRAYS.values())
    kernel, bias = contents.groups["layers/conv2d"].variables
    assert (kernel.shape, kernel.values) == ((3, 3, 3, 4), None)
    assert (bias.shape, bias.values) == ((4,), None)  # one vector alone is none of a BatchNormalization


def test_ten_variables_and_more_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    def spoil(file: Any) -> None:
        for number in range(12):
            file[f"cell/vars/{number}"] = [float(number)]

    samples.write_store(tmp_path / "x.h5", spoil)
    assert vectors(process.read(str(tmp_path / "x.h5")), "cell") == [[float(number)] for number in range(12)]


def test_a_file_of_keras_2_comes_by_layer_with_its_texts(tmp_path: Path) -> None:
    samples.write_layers(tmp_path / "x.h5", '{"a": 1}')
    contents = process.read(str(tmp_path / "x.h5"))
    assert contents.layers
    assert contents.attributes == {"model_config": '{"a": 1}', "keras_version": "2.15.0", "backend": "tensorflow"}
    assert [variable.name for variable in contents.groups["bn"].variables] == [f"bn/{name}:0" for name in samples.NAMES]
    assert vectors(contents, "bn") == list(samples.ARRAYS.values())


def test_texts_that_keras_split_are_joined(tmp_path: Path) -> None:
    def spoil(root: Any) -> None:
        names = list(root["bn"].attrs["weight_names"])
        del root["bn"].attrs["weight_names"]
        root["bn"].attrs["weight_names0"], root["bn"].attrs["weight_names1"] = names[:3], names[3:]
        del root.attrs["layer_names"]
        for number, name in enumerate((b"conv", b"bn")):
            root.attrs[f"layer_names{number}"] = [name]

    samples.write_layers(tmp_path / "x.h5", None, spoil)
    contents = process.read(str(tmp_path / "x.h5"))
    assert list(contents.groups) == ["conv", "bn"]
    assert vectors(contents, "bn") == list(samples.ARRAYS.values())


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", "i4", "u1"])
def test_numbers_of_all_types_come_as_floats(tmp_path: Path, dtype: str) -> None:
    import numpy

    def spoil(file: Any) -> None:
        for name in ("0", "1"):
            file[f"x/vars/{name}"] = numpy.array([1, 2, 250], dtype)

    samples.write_store(tmp_path / "x.h5", spoil)
    contents = process.read(str(tmp_path / "x.h5"))
    assert vectors(contents, "x") == [[1.0, 2.0, 250.0]] * 2
    assert contents.groups["x"].variables[0].dtype == numpy.dtype(dtype).newbyteorder("=").name


def test_bfloat16_is_read_from_its_bytes(tmp_path: Path) -> None:
    import numpy

    def spoil(file: Any) -> None:
        for name in ("0", "1"):
            halves = numpy.array([0x3F80, 0xC040, 0x7FC0], "<u2").view("V2")
            file.create_dataset(f"x/vars/{name}", data=halves).attrs["dtype"] = "bfloat16"

    samples.write_store(tmp_path / "x.h5", spoil)
    contents = process.read(str(tmp_path / "x.h5"))
    assert str(vectors(contents, "x")[0]) == "[1.0, -3.0, nan]"
    assert contents.groups["x"].variables[0].dtype == "bfloat16"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_of_an_archive_is_read_in_its_place(tmp_path: Path, method: int) -> None:
    samples.write_archive(tmp_path / "x.keras", method=method)
    with open(tmp_path / "x.keras", "rb") as file:
        member = directory(file)["model.weights.h5"]
    window = process.Window(member.offset, member.stored, member.method, member.size)
    assert vectors(process.read(str(tmp_path / "x.keras"), [window]), BN) == list(samples.ARRAYS.values())


def test_the_optimizer_is_not_looked_at(tmp_path: Path) -> None:
    import h5py

    samples.write_store(tmp_path / "x.h5", lambda file: file.__setitem__("optimizer", h5py.ExternalLink("other.h5", "/")))
    assert "optimizer" not in process.read(str(tmp_path / "x.h5")).groups


def test_one_process_reads_file_after_file(store: str) -> None:
    first, second = process.begin(store), process.begin(store)  # two at a time take two
    assert vectors(first.result(), BN) == vectors(second.result(), BN)
    workers = [worker._process.pid for worker in process._idle]
    assert len(set(workers)) == 2
    for _ in range(3):
        process.read(store)
    assert [worker._process.pid for worker in process._idle] == workers


@pytest.fixture
def stopped(store: str) -> int:
    """A process that will be asked next, and does not answer: its id."""
    process.read(store)
    (worker,) = process._idle
    os.kill(worker._process.pid, signal.SIGSTOP)
    return worker._process.pid


def test_a_process_that_ends_is_reported_and_replaced(store: str, stopped: int) -> None:
    pending = process.begin(store)
    os.kill(stopped, signal.SIGSEGV)
    os.kill(stopped, signal.SIGCONT)
    with pytest.raises(Unreadable) as error:
        pending.result()
    assert str(error.value) == "is damaged: the HDF5 library crashed on it (signal 11)"
    assert vectors(process.read(store), BN) == list(samples.ARRAYS.values())


def test_a_process_that_takes_too_long_is_ended(store: str, stopped: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "SECONDS", 0.2)
    with pytest.raises(Unreadable, match=r"took more than 0\.2 seconds"):
        process.read(store)


def test_to_leave_without_the_result_ends_the_process(store: str) -> None:
    with process.begin(store) as pending:
        assert pending._worker is not None
        popen = pending._worker._process
    assert popen.poll() is not None


def test_without_h5py_the_extra_is_named(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(MissingExtra, match=r"h5py.*pip install 'bnlint\[models\]'"):
        process.read(store)


def test_h5py_beside_the_source_is_not_taken(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "h5py").mkdir()
    (tmp_path / "h5py" / "__init__.py").write_text("raise SystemExit('taken')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    assert vectors(process.read(store), BN)


@pytest.mark.parametrize("broken", ["raise ImportError('libhdf5.so is missing')", "import os; os._exit(7)"])
def test_h5py_that_cannot_be_imported_is_said_in_a_line(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    site = tmp_path / "site-packages"
    for name in ("h5py", "numpy"):
        (site / name).mkdir(parents=True)
        (site / name / "__init__.py").write_text(broken)
    monkeypatch.setattr(sys, "path", [str(site)])
    with pytest.raises((MissingExtra, Unreadable), match=r"libhdf5.so is missing|exit code 7"):
        process.read(store)


def test_a_user_s_own_site_is_found(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Isolated mode leaves out what `pip install --user` installed; the worker is told where that is."""
    import h5py

    site = tmp_path / "lib" / "site-packages"
    site.mkdir(parents=True)
    installed = Path(h5py.__file__).parent.parent
    for name in os.listdir(installed):
        if name.startswith(("h5py", "numpy")):
            (site / name).symlink_to(installed / name)
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    assert process._folders() == [str(site)]
    assert vectors(process.read(store), BN)


ANSWER: dict[str, Any] = {"attributes": {}, "layout": "store", "optimizer": False, "groups": [["bn", None, [["0", "float32", [1], True]]]]}


def test_an_answer_is_taken_as_it_should_be() -> None:
    contents = process._contents(ANSWER, memoryview(array("d", [2.5]).tobytes()))
    assert vectors(contents, "bn") == [[2.5]]


@pytest.mark.parametrize(
    "change",
    [
        {"groups": 3},
        {"groups": [["bn"]]},
        {"groups": [[3, None, []]]},
        {"groups": [["bn", 3, []]]},
        {"groups": [["bn", None, [["0", "float32", [1, 1], True]]]]},
        {"groups": [["bn", None, [["0", "float32", [2], True]]]]},
        {"groups": [["bn", None, [["0", "float32", [-1], True]]]]},
        {"groups": [["bn", None, [["0", "float32", [1.5], True]]]]},
        {"groups": []},
        {"attributes": []},
        {"attributes": {"model_config": 3}},
        {"attributes": None},
    ],
)
def test_any_other_answer_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError, KeyError, AttributeError)):
        process._contents({**ANSWER, **change}, memoryview(array("d", [2.5]).tobytes()))


def test_while_a_file_is_read_no_other_can_be_opened(store: str) -> None:
    """In a process of its own: the limit is that of a whole process."""
    worker = Path(process.__file__).with_name("hdf5-worker")
    request = {"path": store, "offset": 0, "size": None, "method": 0, "plain": 0, "weights": "none", "seconds": 10}
    code = (
        f"import sys; sys.path.insert(0, {str(worker)!r}); import reading\n"
        f"from runpy import run_path; handle = run_path({str(worker / '__main__.py')!r})['_handle']\n"
        f"reading.read = lambda file, weights: open({__file__!r})\n"
        f"print(handle({request!r}, 2)[0]['error']); open({__file__!r}).close()"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert "Too many open files" in done.stdout


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="no other system tells the limits of a process")


@LINUX
def test_the_process_has_limits_and_nothing_of_our_environment(store: str) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        process.read(store)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
    (worker,) = process._idle
    idle = worker._process.pid
    limits = {name: resource.prlimit(idle, getattr(resource, f"RLIMIT_{name}"))[0] for name in ("AS", "CORE", "FSIZE", "CPU")}
    processor = limits.pop("CPU")
    assert limits == {"AS": 4 << 30, "CORE": 0, "FSIZE": 0}
    assert process.PROCESSOR < processor < 2 * process.PROCESSOR
    environment = dict(line.split("=", 1) for line in Path(f"/proc/{idle}/environ").read_text().split("\0") if line)
    kept = {"LD_LIBRARY_PATH"} & set(environment)
    assert {name: value for name, value in environment.items() if name not in kept} == {
        "PATH": "/usr/bin:/bin",
        "HDF5_PLUGIN_PRELOAD": "::",
        "OPENBLAS_NUM_THREADS": "1",
    }


@LINUX
def test_memory_that_there_is_not_is_said_and_the_next_file_is_read(store: str, tmp_path: Path) -> None:
    import resource

    import h5py

    process.read(store)
    (worker,) = process._idle
    idle = worker._process.pid
    with h5py.File(tmp_path / "large.weights.h5", "w") as file:
        for number in range(8):
            file.create_dataset(f"{BN}/vars/{number}", (1 << 20,), "f4", chunks=(1 << 10,))
    (used,) = re.findall(r"^VmSize:\s*(\d+) kB", Path(f"/proc/{idle}/status").read_text(), re.MULTILINE)
    resource.prlimit(idle, resource.RLIMIT_AS, ((int(used) << 10) + (8 << 20), resource.prlimit(idle, resource.RLIMIT_AS)[1]))
    with pytest.raises(Unreadable) as error:
        process.read(str(tmp_path / "large.weights.h5"), weights="all")
    assert str(error.value) == "takes more than 4 GiB of memory to read"
    assert vectors(process.read(store), BN) == list(samples.ARRAYS.values())


@LINUX
def test_time_of_the_processor_that_there_is_not_is_said(store: str, stopped: int) -> None:
    pending = process.begin(store)
    os.kill(stopped, signal.SIGXCPU)
    os.kill(stopped, signal.SIGCONT)
    with pytest.raises(Unreadable, match=f"took more than {process.PROCESSOR} seconds of processor time to read"):
        pending.result()
