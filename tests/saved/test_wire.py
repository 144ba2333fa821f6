"""The bytes of protocol buffers, and of the index of a checkpoint: what is read, and what is refused, in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bnlint.saved import Unreadable, bundle, wire
from bnlint.saved.wire import WireError
from tests.saved.encode import block, checkpoint, entry, field, footer, proto, table, varint


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**31, 2**63 - 1, -1, -(2**63)])
def test_numbers_are_read_as_they_were_written(number: int) -> None:
    assert wire.read(proto({1: number})).integer(1) == number


def test_fields_are_read_by_their_numbers() -> None:
    message = wire.read(proto({1: ["a", "b"], 2: 1.5, 3: {1: {1: 7}}, 2047: "far", 4: varint(3) + varint(300)}))
    assert message.texts(1) == ["a", "b"]
    assert message.real(2) == 1.5
    assert message.message(3).message(1).integer(1) == 7
    assert message.text(2047) == "far"
    assert message.integers(4) == [3, 300]
    assert (message.integer(9, 5), message.text(9), message.real(9), message.has(9)) == (5, "", None, False)
    assert list(message.message(9).fields) == []


def test_the_last_of_several_values_counts() -> None:
    message = wire.read(proto({1: [4, 5], 2: ["a", "b"]}))
    assert (message.integer(1), message.text(2)) == (5, "b")


def test_a_map_is_entries_of_key_and_value() -> None:
    found = wire.read(proto({5: [{1: "a", 2: {3: 1}}, {1: "b"}]})).mapping(5)
    assert {key: value.integer(3) for key, value in found.items()} == {"a": 1, "b": 0}


def test_a_name_that_is_no_text_is_data_all_the_same() -> None:
    assert wire.read(field(1, b"a\xff\x1b")).text(1) == "a\\xff\x1b"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x08", "ends within a number"),
        (b"\x80\x80", "ends within a number"),
        (b"\x08" + b"\xff" * 10, "more than 64 bits"),
        (b"\x0a\x05abc", "ends within a field of 5 bytes"),
        (b"\x0a" + varint(2**63), "ends within a field of 9,223,372,036,854,775,808 bytes"),
        (b"\x0d\x00\x00", "ends within a field of 4 bytes"),
        (b"\x09\x00\x00\x00\x00", "ends within a field of 8 bytes"),
        (b"\x0b\x08\x01\x0c", "wire type 3"),
        (b"\x0c", "wire type 4"),
        (b"\x0e", "wire type 6"),
        (b"\x0f", "wire type 7"),
        (b"\x00\x01", "the number 0"),
    ],
)
def test_what_is_no_message_is_said_in_a_line(data: bytes, words: str) -> None:
    with pytest.raises(WireError, match=words):
        wire.read(data)


@pytest.mark.parametrize(
    "ask",
    [
        lambda message: message.text(1),
        lambda message: list(message.messages(1)),
        lambda message: message.real(1),
        lambda message: message.real(2),
        lambda message: message.integers(3),
        lambda message: message.mapping(2),
    ],
)
def test_a_field_that_is_something_else_is_refused(ask: Callable[[wire.Message], Any]) -> None:
    message = wire.read(proto({1: 5, 2: b"abc", 3: b"\x80"}))
    with pytest.raises(WireError):
        ask(message)


def test_the_fields_of_a_file_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    budget = wire.Budget(3)
    message = wire.read(proto({1: {2: [1, 1]}}), budget)
    message.message(1)
    with pytest.raises(WireError, match="more than"):
        message.message(1)
    with pytest.raises(WireError, match="more than"):
        wire.read(b"\x08\x01" * 20_000, wire.Budget(10_000))
    with pytest.raises(WireError, match="more than"):
        wire.read(field(1, b"\x01" * 20_000), wire.Budget(10_000)).integers(1)


def test_depth_costs_nothing_for_nothing_is_read_that_is_not_asked_for() -> None:
    data = b""
    for _ in range(5_000):
        data = field(1, data)
    message = wire.read(data)
    for _ in range(4_999):
        message = message.message(1)
    assert not message.message(1).has(1)


# The index of a checkpoint


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    checkpoint(tmp_path / "model", {"net/norm/gamma": [1.0, 2.0], "net/norm/moving_mean": [0.5, float("nan")]})
    return tmp_path / "model"


def index(prefix: Path, *entries: tuple[bytes, bytes]) -> str:
    path = prefix.with_name("model.index")
    path.write_bytes(table([(b"", proto({1: 1})), *entries]))
    return str(path)


def test_the_arrays_of_a_checkpoint_are_read_by_name(prefix: Path) -> None:
    found = bundle.read(f"{prefix}.index")
    array = found.array("net/norm/gamma")
    assert array is not None
    assert (array.shape, array.dtype, array.values().tolist()) == ((2,), "float32", [1.0, 2.0])
    mean = found.array("net/norm/moving_mean")
    assert mean is not None
    assert (mean.stats().nonfinite, mean.stats().mean) == (1, 0.5)
    assert found.array("elsewhere") is None


@pytest.mark.parametrize(
    ("dtype", "raw", "values"),
    [(2, b"\0" * 6 + b"\xf0\x3f", [1.0]), (19, b"\x00\x3c", [1.0]), (14, b"\x80\x3f", [1.0]), (3, b"\xff\xff\xff\xff", [-1.0])],
    ids=["float64", "float16", "bfloat16", "int32"],
)
def test_numbers_of_every_size_are_read(prefix: Path, dtype: int, raw: bytes, values: list[float]) -> None:
    prefix.with_name("model.data-00000-of-00001").write_bytes(raw)
    array = bundle.read(index(prefix, (b"a", entry((1,), 0, len(raw), dtype)))).array("a")
    assert array is not None
    assert array.values().tolist() == values


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (entry((2,), 1 << 40, 8), "ends within 8 bytes that start at byte"),
        (entry((2,), 2**63 - 1, 8), "cannot be read"),
        (entry((2,), 0, 8, shard=1), "shard 1 of 1"),
        (entry((2,), 0, 2**40), "bytes long"),
        (entry((2,), 0, 12), "3 numbers in 'a', and says that they are 2"),
        (entry((2,), 0, 7), "no whole number of float32"),
        (entry((2**20, 2**20), 0, 8), "where a vector belongs"),
        (entry((1,), 0, 8, dtype=8), "type number 8"),
    ],
)
def test_an_entry_that_points_nowhere_is_refused_when_it_is_read(prefix: Path, made: bytes, words: str) -> None:
    array = bundle.read(index(prefix, (b"a", made))).array("a")
    assert array is not None
    with pytest.raises(Unreadable, match=words):
        array.values()


def test_a_shard_that_is_not_there_is_named(prefix: Path) -> None:
    prefix.with_name("model.data-00000-of-00001").unlink()
    array = bundle.read(f"{prefix}.index").array("net/norm/gamma")
    assert array is not None
    with pytest.raises(Unreadable, match=r"needs model\.data-00000-of-00001, which cannot be read: No such file"):
        array.values()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[:-1], "does not end as a table"),
        (lambda data: b"", "does not end as a table"),
        (lambda data: data[:-48] + footer(2**40, 5), "beyond its end"),
        (lambda data: b"\x09\0\0\0" + bytes(5) + footer(0, 4), "shorter than its restart points"),
        (lambda data: b"\x01\x01\0k" + bytes(9) + footer(0, 8), "does not fit into its block"),
    ],
)
def test_a_damaged_index_is_refused_in_a_line(prefix: Path, damage: Callable[[bytes], bytes], words: str) -> None:
    path = prefix.with_name("model.index")
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Unreadable, match=words):
        bundle.read(str(path))


def test_a_compressed_block_is_refused(prefix: Path) -> None:
    path = prefix.with_name("model.index")
    made = block([(b"a", b"")])
    body = made + b"\x01" + bytes(4)
    inner = block([(b"~", varint(0) + varint(len(made)))])
    path.write_bytes(body + inner + bytes(5) + footer(len(body), len(inner)))
    with pytest.raises(Unreadable, match="compressed block"):
        bundle.read(str(path))


def test_one_block_that_is_listed_a_million_times_is_no_million_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "ENTRIES", 100)
    data = block([(b"a", b"")] * 10)
    inner = block([(b"~", varint(0) + varint(len(data)))] * 50)
    (tmp_path / "x.index").write_bytes(data + bytes(5) + inner + bytes(5) + footer(len(data) + 5, len(inner)))
    with pytest.raises(Unreadable, match="more than 100 names"):
        bundle.read(str(tmp_path / "x.index"))
