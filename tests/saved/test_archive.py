"""`.keras` archives: read where they lie, refused where they lie about themselves."""

import io
import json
import os
import random
import struct
import sys
import zipfile
from pathlib import Path

import pytest

from bnlint import saved
from bnlint.saved import MissingExtra, Unreadable, archive, fields, process
from tests.saved.configs import archive as made
from tests.saved.configs import chain, edges, layer

CONFIG = chain(layer("Conv2D", "conv", filters=4, kernel_size=[3, 3]), layer("BatchNormalization", "bn", axis=-1))


def directory(path: Path) -> dict[str, archive.Member]:
    with path.open("rb") as file:
        return dict(archive.directory(file))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_is_read(tmp_path: Path, method: int) -> None:
    graph = saved.read(str(made(tmp_path / "m.keras", CONFIG, method=method)), weights=False)
    assert edges(graph) == [("x",), ("conv", "x"), ("bn", "conv")]
    assert graph.artifact is not None
    assert (graph.artifact.format, graph.artifact.keras, graph.artifact.layers, graph.artifact.batchnorms) == (
        "Keras archive",
        "3.15.1",
        3,
        1,
    )


def test_without_the_extra_a_file_is_read_as_far_as_it_tells_its_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process.close()  # one that waits has what it needs
    monkeypatch.setattr(sys, "path", [])
    weights = {"model.weights.h5": b""}
    graph = saved.read(str(made(tmp_path / "m.keras", CONFIG, members=weights)))
    assert graph.artifact is not None
    assert (len(graph.calls), graph.artifact.notes) == (3, (archive.NO_WEIGHTS,))
    subclassed = {"module": None, "class_name": "Net", "config": {"trainable": True}, "registered_name": "Net"}
    with pytest.raises(MissingExtra, match=r"pip install 'bnlint\[models\]'"):
        saved.read(str(made(tmp_path / "s.keras", subclassed, members=weights)))


@pytest.mark.parametrize("seed", range(40))
def test_the_directory_is_that_of_zipfile(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    path = tmp_path / "a.zip"
    path.write_bytes(b"MZ" * dice.choice((0, 0, 7)))
    with zipfile.ZipFile(path, "a", dice.choice((0, 8))) as file:
        file.comment = b"PK\x05" * dice.randrange(4)
        for number in range(dice.randrange(1, 9)):
            with file.open(f"folder/ü{number}", "w", force_zip64=dice.random() < 0.3) as member:
                member.write(dice.randbytes(dice.randrange(2000)) + bytes(dice.randrange(2000)))
    found = directory(path)
    with zipfile.ZipFile(path) as file, path.open("rb") as raw:
        assert [*found] == file.namelist()
        for name, one in found.items():
            assert archive.content(raw, one) == file.read(name)


def test_an_archive_that_was_streamed_is_read(tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *where: int) -> int:
            raise OSError

        def tell(self) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as file:
        file.writestr("config.json", json.dumps(CONFIG))
    path = tmp_path / "m.keras"
    path.write_bytes(pipe.getvalue())
    assert len(saved.read(str(path), weights=False).calls) == 3


def refused(path: Path) -> str:
    """Why a file is refused, in one line."""
    with pytest.raises(Unreadable) as caught:
        saved.read(str(path), weights=False)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_what_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    for data in (b"", b"PK", b"hello" * 100, b"PK\x03\x04" + bytes(100)):
        path.write_bytes(data)
        assert refused(path) == "is no Keras archive, or is cut short: it does not end like a zip file"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("other", "")
    assert refused(path) == "is an archive without a `config.json`: no Keras model"


def test_members_that_stand_twice_are_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "m.keras", CONFIG)
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("config.json", "{}")
    assert refused(path) == "is an archive that holds 'config.json' twice"


def altered(path: Path, old: bytes, new: bytes, count: int = -1) -> Path:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, count))
    return path


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "m.keras", CONFIG)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert refused(path) == "is an archive whose 'config.json' is encrypted"


def test_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    assert "compressed in a way" in refused(made(tmp_path / "m.keras", CONFIG, method=zipfile.ZIP_BZIP2))


def test_two_names_of_one_member_are_refused(tmp_path: Path) -> None:
    path = altered(made(tmp_path / "m.keras", CONFIG), b"config.json", b"konfig.json", 1)
    assert refused(path) == "is a damaged archive: 'config.json' has two names"


def test_a_bomb_is_refused_from_its_header_and_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "SIZE", 1 << 20)
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", b" " * (4 << 20))
    assert refused(path) == "holds a `config.json` of 4 MB; that is no model"
    lie = struct.pack("<L", 1000)
    altered(path, struct.pack("<L", 4 << 20), lie)
    assert refused(path) == "is damaged: `config.json` has not the size that the archive says"


def test_names_of_members_lead_nowhere(tmp_path: Path) -> None:
    path = made(tmp_path / "m.keras", CONFIG, members={"../outside": b"x", "/absolute": b"x"})
    assert len(saved.read(str(path), weights=False).calls) == 3
    assert os.listdir(tmp_path) == ["m.keras"]


JSON = [
    (b"\xff\xfe{}", "`config.json` is not valid UTF-8"),
    (b"[" * 100_000, "`config.json` is nested too deeply"),
    (b"{", "`config.json` is not valid JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))"),
    (b"[" + b"1" * 5000 + b"]", "`config.json` is not valid JSON (Exceeds the limit (4300 digits) for integer string conversion)"),
    (b"null", "the model is missing, not an object"),
]


@pytest.mark.parametrize(("data", "reason"), JSON, ids=range(len(JSON)))
def test_json_that_is_no_config(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("config.json", data)
    assert refused(path).startswith(f"is damaged: {reason}"[:90])


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "m.keras"
    os.mkfifo(pipe)
    assert refused(pipe) == "is no regular file"
    device = tmp_path / "zero.keras"
    device.symlink_to("/dev/zero")
    assert refused(device) == "is no regular file"
    loop = tmp_path / "loop.keras"
    loop.symlink_to(loop)
    assert refused(loop).startswith("cannot be read: ")


@pytest.mark.parametrize("seeds", [range(300), pytest.param(range(300, 5000), marks=pytest.mark.slow)], ids=["some", "many"])
def test_a_damaged_archive_is_read_or_refused(tmp_path: Path, seeds: range) -> None:
    data = made(tmp_path / "whole.keras", CONFIG, method=zipfile.ZIP_DEFLATED).read_bytes()
    path = tmp_path / "m.keras"
    refusals = 0
    for seed in seeds:
        dice = random.Random(seed)
        mutant = bytearray(data[: dice.randrange(len(data))] if dice.random() < 0.2 else data)
        for _ in range(dice.choice((1, 2, 8, 40))):
            if mutant:
                mutant[dice.randrange(len(mutant))] = dice.choice((0, 255, dice.randrange(256)))
        path.write_bytes(mutant)
        reason = attempted(path)
        assert "\n" not in reason
        refusals += bool(reason)
    assert 0.2 < refusals / len(seeds) < 1


def attempted(path: Path) -> str:
    """Why a file is refused, in a line; nothing if it is read."""
    try:
        saved.read(str(path), weights=False)
    except Unreadable as problem:
        return problem.message
    return ""


def test_a_member_that_was_changed_is_refused(tmp_path: Path) -> None:
    path = altered(made(tmp_path / "m.keras", CONFIG), b'"filters": 4', b'"filters": 5')
    assert refused(path) == "is damaged: `config.json` is not what was saved (its checksum differs)"
