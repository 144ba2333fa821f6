"""Files made to break a reader of models: `make(name, folder)` writes one, `HOSTILE` says what must be said of it.

The numbers are those of the list that they were made from: S1 code, S2 bombs of compression, S3 archives, S4 bombs of shape, S5 other
files, S6 links, S7 filters and types, S8 damage, S9 archives that are cut off, S10 JSON, S11 types, S12 graphs, S13 names, S14 what is
no file, S15 links of the file system.
"""

import json
import os
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.saved import samples

CANARY = "canary.bin"
"""A file that no reader may open: files name it, and no user does."""
SECRET = 424242.0
"""What it holds, as float32: a reader that followed the name would show it."""


@dataclass(frozen=True)
class Case:
    """`refused`: what the message says, or nothing where the file is read (its config, if not its weights)."""

    make: Callable[[Path], Path]
    refused: str | None = None


def canary(folder: Path) -> Path:
    path = folder / CANARY
    path.write_bytes(struct.pack("<4f", *[SECRET] * 4))
    return path


# HDF5


def _store(spoil: samples.Spoil) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        canary(folder)
        samples.write_store(folder / "x.weights.h5", spoil)
        return folder / "x.weights.h5"

    return make


MEAN = "layers/batch_normalization/vars/2"


def _replaced(path: str = MEAN, **arguments: Any) -> samples.Spoil:
    def spoil(file: Any) -> None:
        del file[path]
        file.create_dataset(path, **arguments)

    return spoil


def _external_storage(file: Any) -> None:
    _replaced(shape=(4,), dtype="f4", external=[(CANARY, 0, 16)])(file)


def _external_link(file: Any) -> None:
    import h5py

    del file[MEAN]
    file[MEAN] = h5py.ExternalLink("other.h5", "/x")


def _virtual(file: Any) -> None:
    import h5py

    del file[MEAN]
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
    file.create_virtual_dataset(MEAN, layout)


def _soft_loop(file: Any) -> None:
    import h5py

    file["layers/loop"] = h5py.SoftLink("/layers")


def _hard_cycle(file: Any) -> None:
    file["layers/again"] = file["layers"]


def _deep(file: Any) -> None:
    group = file
    for _ in range(100):
        group = group.create_group("d")


def _many(file: Any) -> None:
    for number in range(300):
        file.create_group(f"layers/l{number}/vars")


def _unknown_filter(file: Any) -> None:
    import h5py

    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((4,))
    plan.set_filter(h5py.h5z.FILTER_NBIT)
    del file[MEAN]
    h5py.h5d.create(file.id, MEAN.encode(), h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4,)), plan)


def _large_chunks(file: Any) -> None:
    import h5py

    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((1 << 28,))
    plan.set_deflate(9)
    del file[MEAN]
    space = h5py.h5s.create_simple((4,), (h5py.h5s.UNLIMITED,))
    h5py.h5d.create(file.id, MEAN.encode(), h5py.h5t.IEEE_F32LE, space, plan)


def _strings(file: Any) -> None:
    del file[MEAN]
    file[MEAN] = [b"a", b"b", b"c", b"d"]


def _objects(file: Any) -> None:
    import h5py

    _replaced(shape=(4,), dtype=h5py.special_dtype(vlen=str))(file)


def _huge_text(folder: Path) -> Path:
    samples.write_layers(folder / "x.h5", "x" * (40 << 20))
    return folder / "x.h5"


def _numbers_for_text(folder: Path) -> Path:
    import h5py

    samples.write_layers(folder / "x.h5", samples.old_config())
    with h5py.File(folder / "x.h5", "a") as file:
        file.attrs["model_config"] = [1.0, 2.0]
    return folder / "x.h5"


def _lying_names(folder: Path) -> Path:
    def spoil(root: Any) -> None:
        root["bn"].attrs["weight_names"] = [b"bn/gamma:0", b"../conv/conv/bias:0"]

    samples.write_layers(folder / "x.h5", samples.old_config(), spoil)
    return folder / "x.h5"


def _broken_names(folder: Path) -> Path:
    def spoil(root: Any) -> None:
        root["bn"].attrs["weight_names"] = [b"bn/gamma\nnext line"]

    samples.write_layers(folder / "x.h5", samples.old_config(), spoil)
    return folder / "x.h5"


def _cut(folder: Path) -> Path:
    samples.write_store(folder / "whole.h5")
    data = (folder / "whole.h5").read_bytes()
    (folder / "x.weights.h5").write_bytes(data[: len(data) // 2])
    return folder / "x.weights.h5"


def _garbage(folder: Path) -> Path:
    (folder / "x.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 16)
    return folder / "x.h5"


def _empty(folder: Path) -> Path:
    (folder / "x.h5").write_bytes(b"")
    return folder / "x.h5"


# Archives


def _config(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        found = samples.config()
        changed = change(found)
        samples.write_archive(folder / "x.keras", found if changed is None else changed)
        return folder / "x.keras"

    return make


def _raw_config(data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        samples.write_archive(folder / "x.keras", members={"config.json": data})
        return folder / "x.keras"

    return make


def bomb(size: int) -> bytes:
    """A deflate stream of so many MiB of zeros: one block, again and again."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return block * size + deflate.flush()


def _bomb(name: str, claim: int | None = None, size: int = 1100) -> Callable[[Path], Path]:
    """An archive whose member inflates to more than a GiB; `claim` is the size that it says it has."""

    def make(folder: Path) -> Path:
        data = bomb(size)
        sizes = struct.pack("<III", 0, len(data), size << 20 if claim is None else claim)
        local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 0x21) + sizes + struct.pack("<HH", len(name), 0) + name.encode()
        samples.write_archive(folder / "rest.keras", members={name: None})
        rest = (folder / "rest.keras").read_bytes()
        directory = rest.index(b"PK\x01\x02")
        end = rest.rindex(b"PK\x05\x06")
        count, length = struct.unpack("<H", rest[end + 10 : end + 12])[0], end - directory
        entry = b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0x21) + sizes
        entry += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, directory) + name.encode()
        tail = struct.pack("<HHHHIIH", 0, 0, count + 1, count + 1, length + len(entry), directory + len(local) + len(data), 0)
        (folder / "x.keras").write_bytes(
            rest[:directory] + local + data + rest[directory:end] + entry + b"PK\x05\x06" + tail,
        )
        return folder / "x.keras"

    return make


def _twice(folder: Path) -> Path:
    samples.write_archive(folder / "x.keras")
    with zipfile.ZipFile(folder / "x.keras", "a") as archive:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": []}))
    return folder / "x.keras"


def _traversal(folder: Path) -> Path:
    samples.write_archive(folder / "x.keras")
    with zipfile.ZipFile(folder / "x.keras", "a") as archive:
        for name in ("../escaped.txt", "/tmp/escaped.txt"):
            archive.writestr(name, "x")
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return folder / "x.keras"


def _encrypted(folder: Path) -> Path:
    samples.write_archive(folder / "x.keras")
    data = bytearray((folder / "x.keras").read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(signature)
        while start >= 0:
            data[start + at] |= 1
            start = data.find(signature, start + 4)
    (folder / "x.keras").write_bytes(data)
    return folder / "x.keras"


def _truncated(folder: Path) -> Path:
    samples.write_archive(folder / "whole.keras")
    data = (folder / "whole.keras").read_bytes()
    (folder / "x.keras").write_bytes(data[: len(data) * 2 // 3])
    return folder / "x.keras"


def _lambda(model: dict[str, Any]) -> None:
    layer = model["config"]["layers"][3]
    layer["class_name"], layer["config"] = "Lambda", {"name": "relu", "function": {"class_name": "__lambda__", "config": {"code": "AA=="}}}


def _foreign(model: dict[str, Any]) -> None:
    layer = model["config"]["layers"][3]
    layer.update(module="canary_module", class_name="Canary", registered_name="canary_module>Canary")


def _cyclic(model: dict[str, Any]) -> None:
    tensor = model["config"]["layers"][1]["inbound_nodes"][0]["args"][0]
    tensor["config"]["keras_history"] = ["relu", 0, 0]


def _orphan(model: dict[str, Any]) -> None:
    model["config"]["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["nobody", 0, 0]


def _many_layers(model: dict[str, Any]) -> dict[str, Any]:
    relu = {"module": "keras.layers", "class_name": "ReLU", "config": {"name": "r"}, "registered_name": None}
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [relu] * 300_000}, "registered_name": None}


NAMES = "bn\x1b[31m\x07\n::error::forged\u202e<script>alert(1)</script>/../\ud800"


def _names(model: dict[str, Any]) -> None:
    text = json.dumps(model).replace('"bn"', json.dumps(NAMES))
    model.clear()
    model.update(json.loads(text))


# The file system


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "x.keras")
    return folder / "x.keras"


def _socket(folder: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as found:
        here = os.getcwd()
        os.chdir(folder)  # the path of a socket may have 108 bytes
        try:
            found.bind("x.h5")
        finally:
            os.chdir(here)
    return folder / "x.h5"


def _folder(folder: Path) -> Path:
    (folder / "x.keras").mkdir()
    return folder / "x.keras"


def _linked(target: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "x.h5").symlink_to(target)
        return folder / "x.h5"

    return make


def _good_link(folder: Path) -> Path:
    samples.write_store(folder / "real.weights.h5")
    (folder / "x.weights.h5").symlink_to("real.weights.h5")
    return folder / "x.weights.h5"


# Shards


SHARD = "x_00000.weights.h5"


def _shards(value: Any, plain: bool = True) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        canary(folder)
        if plain:
            samples.write_store(folder / SHARD)
        (folder / "link_00000.weights.h5").symlink_to(CANARY)
        text = json.dumps({"metadata": {"total_size": 1}, "weight_map": {"/layers/batch_normalization/vars": value}})
        (folder / "x.weights.json").write_text(text)
        return folder / "x.weights.json"

    return make


HOSTILE: dict[str, Case] = {
    "S1 lambda": Case(_config(_lambda)),
    "S1 a module by name": Case(_config(_foreign)),
    "S2 config inflates": Case(_bomb("config.json"), "is|holds|has"),
    "S2 config inflates and lies": Case(_bomb("config.json", claim=100), "is|holds|has"),
    "S2 weights inflate": Case(_bomb("model.weights.h5"), "more than 1 GiB"),
    "S2 weights inflate and lie": Case(_bomb("model.weights.h5", claim=5000), "as many bytes"),
    "S3 a member twice": Case(_twice, "config.json"),
    "S3 names that lead elsewhere": Case(_traversal),
    "S3 encrypted": Case(_encrypted, "encrypted"),
    "S4 a kernel of 4 TB": Case(_store(_replaced("layers/conv2d/vars/0", shape=(10**6, 10**6), dtype="f4", chunks=(1, 1000))), "declares"),
    "S4 a mean of 4 GB": Case(_store(_replaced(shape=(10**9,), dtype="f4", chunks=(1000,), compression="gzip")), "declares"),
    "S4 chunks of 1 GiB": Case(_store(_large_chunks), "chunks"),
    "S5 external storage": Case(_store(_external_storage), "in another file"),
    "S5 external link": Case(_store(_external_link), "external link"),
    "S5 virtual dataset": Case(_store(_virtual), "virtual dataset"),
    "S6 a loop of soft links": Case(_store(_soft_loop), "soft link"),
    "S6 a cycle of hard links": Case(_store(_hard_cycle)),
    "S6 groups 100 deep": Case(_store(_deep), "64 deep"),
    "S6 empty groups": Case(_store(_many)),
    "S7 lzf": Case(_store(_replaced(data=[1.0] * 4, dtype="f4", chunks=(4,), compression="lzf")), "filter 32000"),
    "S7 nbit": Case(_store(_unknown_filter), "filter 5"),
    "S7 strings": Case(_store(_strings), "no numbers"),
    "S7 objects": Case(_store(_objects), "no numbers"),
    "S7 complex": Case(_store(_replaced(data=[1j] * 4)), "no numbers"),
    "S8 cut off": Case(_cut, "damaged|cut off"),
    "S8 garbage": Case(_garbage, "damaged"),
    "S8 empty": Case(_empty, "begin as an HDF5"),
    "S8 text of 40 MiB": Case(_huge_text, "larger than 32 MiB"),
    "S8 numbers for text": Case(_numbers_for_text, "no text"),
    "S8 names that are not there": Case(_lying_names, "does not hold"),
    "S8 names of two lines": Case(_broken_names, "bn/gamma next line` and does not hold"),
    "S9 cut off": Case(_truncated, "."),
    "S10 depth": Case(_raw_config(b"[" * 100_000 + b"]" * 100_000), "."),
    "S10 a text of 20 MB": Case(_raw_config(b'{"class_name": "' + b"x" * 20_000_000 + b'", "config": {}}')),
    "S10 300,000 layers": Case(_config(_many_layers), "."),
    "S10 NaN": Case(_raw_config(json.dumps(samples.config()).replace("0.001", "NaN").encode())),
    "S10 an integer of 5,000 digits": Case(_raw_config(json.dumps(samples.config()).replace("0.001", "9" * 5000).encode()), "."),
    "S10 UTF-16": Case(_raw_config(json.dumps(samples.config()).encode("utf-16")), "."),
    "S10 a key twice": Case(_raw_config(json.dumps(samples.config()).replace('"name": "bn"', '"name": "x", "name": "bn"', 1).encode())),
    "S10 no JSON": Case(_raw_config(b"\x00\xff"), "."),
    "S11 layers that are none": Case(_config(lambda model: model["config"].update(layers=[1, None])), "."),
    "S11 a list for a model": Case(_config(lambda model: [1, 2]), "."),
    "S11 a number for a config": Case(_config(lambda model: model.update(config=3))),
    "S12 a cycle": Case(_config(_cyclic), "."),
    "S12 a producer that is missing": Case(_config(_orphan)),
    "S13 names": Case(_config(_names)),
    "S14 fifo": Case(_fifo, "no regular file"),
    "S14 socket": Case(_socket, "cannot be read"),
    "S14 folder": Case(_folder, "."),
    "S14 /dev/zero": Case(_linked("/dev/zero"), "no regular file"),
    "S15 a link to itself": Case(_linked("x.h5"), "cannot be read: Too many levels"),
    "S15 a link to nothing": Case(_linked("nothing.h5"), "cannot be read: No such file"),
    "S15 a link to a file": Case(_good_link),
    "S25 shards": Case(_shards([SHARD])),
    "S25 a shard elsewhere": Case(_shards(["../x_00000.weights.h5"]), "no name of a file beside it"),
    "S25 an absolute shard": Case(_shards("/etc/x.weights.h5"), "no name of a file beside it"),
    "S25 a shard that is a link": Case(_shards("link_00000.weights.h5"), "no regular file"),
    "S25 a shard that is missing": Case(_shards("y_00000.weights.h5"), "cannot be read"),
    "S25 a number for a shard": Case(_shards(3), "`weight_map` is a number"),
}
