"""What is read of an HDF5 file. Nothing of it is taken on trust: it is walked by hard links only, each object once, within limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

OBJECTS: Final = 200_000
DEPTH: Final = 64
TEXT: Final = 32 << 20
"""Bytes that an attribute may take."""
VECTOR: Final = 1 << 20
VECTORS: Final = 8 << 20
"""Numbers in one vector, and in all of them."""
CHUNK: Final = 64 << 20
"""Bytes in a chunk: HDF5 reads whole chunks."""
SPARSE: Final = 256 << 20
EXPANSION: Final = 1100
"""What declares more bytes than the first, and this many for each one that it stores, was made to fill memory; deflate reaches 1032."""

MODEL: Final = "model_weights"
TEXTS: Final = ("model_config", "training_config", "keras_version", "backend")
COUNTERS: Final = ("iteration", "iterations", "iter")
"""What optimizers call the number of steps that they have made."""
SKIPPED: Final = ("optimizer", "optimizer_weights", "_optimizer")


class Refused(Exception):
    """The file holds what no Keras writes. The message goes on from "this file …"."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset of the file, opened, and found to be of the kind that Keras writes."""

    id: Any
    path: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(slots=True)
class Contents:
    """What a file holds, under the paths inside it."""

    groups: dict[str, Any] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)


def read(file: Any, weights: str) -> tuple[dict[str, Any], bytes]:
    """Attributes, and the groups of variables with their vectors."""
    attributes = {name: text for name in TEXTS if (text := text_of(file.id, name)) is not None}
    answer: dict[str, Any] = {"attributes": attributes, "layout": "store", "groups": [], "optimizer": any(name in file for name in SKIPPED)}
    root = root_of(file)
    for name in TEXTS:
        if name not in attributes and (text := text_of(root, name)) is not None:
            attributes[name] = text
    layers = names_of(root, "layer_names")
    if layers is not None:
        answer["layout"] = "layers"
    if weights == "none":
        return answer, b""
    answer["steps"] = _steps(file)
    contents = walk(root)
    found = of_layers(contents, layers) if layers is not None else of_store(contents)
    vectors: list[bytes] = []
    room = VECTORS
    for path, label, datasets in found:
        fewest = 1 if weights == "all" else 2
        wanted = sum(len(dataset.shape) == 1 for dataset in datasets.values()) >= fewest
        items = []
        for name, dataset in datasets.items():
            reads = wanted and len(dataset.shape) == 1 and dataset.shape[0] <= VECTOR
            if reads:
                room -= dataset.shape[0]
                if room < 0:
                    raise Refused(f"has more than {VECTORS:,} numbers in vectors")
                vectors.append(numbers_of(dataset))
            items.append([name, dataset.dtype, list(dataset.shape), reads])
        answer["groups"].append([path, label, items])
    return answer, b"".join(vectors)


def _steps(file: Any) -> int | None:
    """How many steps the optimizer has made, where the file keeps its state: Keras 2 names that number, else it is the first variable."""
    import numpy
    from h5py import h5d, h5s

    try:
        if "optimizer_weights" in file:
            group = _child(file.id, "optimizer_weights")
            names = names_of(group, "weight_names") or []
            path = next((name for name in names if name.rpartition("/")[2].partition(":")[0] in COUNTERS), "")
        else:
            group, path = _child(file.id, "optimizer"), "vars/0"
        *parents, name = path.encode().split(b"/")
        for parent in parents:
            group = _child(group, parent.decode())
        _hard(group, name.decode())
        found = _inspect(h5d.open(group, name), path)
        if found.shape != () or "int" not in found.dtype:
            return None
        number = numpy.empty((), "=i8")
        found.id.read(h5s.ALL, h5s.ALL, number)
        return int(number)
    except (KeyError, RuntimeError, ValueError, Refused):  # h5py has no error of its own for what is not there
        return None


def of_store(contents: Contents) -> Iterator[tuple[str, str | None, dict[str, Dataset]]]:
    """Of a file as Keras 3 writes it: the variables of a layer stand in its group `vars`, numbered."""
    groups: dict[str, dict[str, Dataset]] = {}
    for path, dataset in contents.datasets.items():
        parent, _, name = path.rpartition("/")
        groups.setdefault(parent, {})[name] = dataset
    for path, datasets in groups.items():
        ordered = dict(sorted(datasets.items(), key=lambda item: (len(item[0]), item[0])))
        yield path.removesuffix("vars").rstrip("/"), text_of(contents.groups[path], "name"), ordered


def of_layers(contents: Contents, layers: list[str]) -> Iterator[tuple[str, str | None, dict[str, Dataset]]]:
    """Of a file as Keras 1 and 2 write it: each layer has a group, whose attribute lists its variables."""
    for layer in layers:
        group = contents.groups.get(layer)
        names = names_of(group, "weight_names") if group is not None else None
        if names is None:
            raise Refused(f"lists the layer `{layer}` and does not hold it")
        missing = next((name for name in names if f"{layer}/{name}" not in contents.datasets), None)
        if missing is not None:
            raise Refused(f"lists the weight `{layer}/{missing}` and does not hold it")
        if names:
            yield layer, None, {name: contents.datasets[f"{layer}/{name}"] for name in names}


def root_of(file: Any) -> Any:
    """The group that holds the weights: the whole file, or in a file of Keras 1 and 2 with a model the group for them."""
    return _child(file.id, MODEL) if MODEL in file else file.id


def _child(parent: Any, name: str) -> Any:
    """A group, reached by a hard link."""
    from h5py import h5g

    _hard(parent, name)
    return h5g.open(parent, name.encode())


def _hard(parent: Any, name: str) -> None:
    from h5py import h5l

    if parent.links.get_info(name.encode()).type != h5l.TYPE_HARD:
        raise Refused(f"holds `{name}` as a link, which is not followed")


def walk(root: Any) -> Contents:
    from h5py import h5d, h5g, h5l, h5o

    found = Contents()
    seen = {h5o.get_info(root).addr}
    count = 0
    stack: list[tuple[str, Any, int]] = [("", root, 0)]
    while stack:
        path, group, depth = stack.pop()
        found.groups[path] = group
        count += group.get_num_objs()
        if count > OBJECTS or depth > DEPTH:
            raise Refused(f"holds more than {OBJECTS:,} objects, or groups more than {DEPTH} deep")
        names: list[bytes] = []
        group.links.iterate(names.append)
        for raw in names:
            name = raw.decode("utf-8", "surrogateescape").replace("\\", "/")  # Keras on Windows wrote its own separator
            inside = f"{path}/{name}" if path else name
            if not path and name in SKIPPED:
                continue
            kind = group.links.get_info(raw).type
            if kind != h5l.TYPE_HARD:
                raise Refused(f"holds `{inside}` as {'a soft' if kind == h5l.TYPE_SOFT else 'an external'} link, which is not followed")
            info = h5o.get_info(group, raw)
            if info.addr in seen:
                continue
            seen.add(info.addr)
            if info.type == h5o.TYPE_GROUP:
                stack.append((inside, h5g.open(group, raw), depth + 1))
            elif info.type == h5o.TYPE_DATASET:
                found.datasets[inside] = _inspect(h5d.open(group, raw), inside)
            else:
                raise Refused(f"holds `{inside}`, which is neither a group nor a dataset")
    return found


def _inspect(dataset: Any, path: str) -> Dataset:
    """The dataset, if it is stored in the file itself, in numbers, and is as large as it says."""
    from h5py import h5d, h5z

    plan = dataset.get_create_plist()
    layout = plan.get_layout()
    if layout == h5d.VIRTUAL:
        raise Refused(f"holds `{path}` as a virtual dataset, which other files fill")
    if plan.get_external_count():
        raise Refused(f"keeps the numbers of `{path}` in another file")
    allowed = (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32)
    unknown = next((code for code in (plan.get_filter(i)[0] for i in range(plan.get_nfilters())) if code not in allowed), None)
    if unknown is not None:
        raise Refused(f"stores `{path}` with filter {unknown}, which Keras does not use")
    dtype, size = _number(dataset, path)
    shape = dataset.get_space().get_simple_extent_dims() or ()
    declared, stored = size, dataset.get_storage_size()
    for length in shape:
        declared *= length
    if declared > SPARSE and declared > EXPANSION * stored:
        raise Refused(f"declares {declared:,} bytes for `{path}` and holds {stored:,}")
    if layout == h5d.CHUNKED:
        chunk = size
        for length in plan.get_chunk():
            chunk *= length
        if len(shape) == 1 and chunk > CHUNK:
            raise Refused(f"stores `{path}` in chunks of {chunk:,} bytes")
    return Dataset(dataset, path, tuple(shape), dtype)


def _number(dataset: Any, path: str) -> tuple[str, int]:
    """The name of the type of the numbers, and the bytes that one takes."""
    from h5py import h5t

    kind = dataset.get_type()
    size = kind.get_size()
    family = kind.get_class()
    if family == h5t.FLOAT and size in (2, 4, 8):
        return f"float{size * 8}", size
    if family == h5t.INTEGER and size in (1, 2, 4, 8):
        return f"{'int' if kind.get_sign() == h5t.SGN_2 else 'uint'}{size * 8}", size
    if family == h5t.ENUM and size == 1:
        return "bool", size
    if family == h5t.OPAQUE and size == 2:  # of two bytes Keras writes nothing else that is opaque
        return "bfloat16", size
    raise Refused(f"holds `{path}`, whose values are no numbers as Keras writes them")


def numbers_of(dataset: Dataset) -> bytes:
    """The numbers of a vector as float64."""
    import numpy
    from h5py import h5s

    if dataset.dtype != "bfloat16":
        numbers = numpy.empty(dataset.shape, "=f8")
        if dataset.shape[0]:
            dataset.id.read(h5s.ALL, h5s.ALL, numbers)
        return numbers.tobytes()
    halves = numpy.empty(dataset.shape, "V2")
    dataset.id.read(h5s.ALL, h5s.ALL, halves, dataset.id.get_type())
    return (halves.view("<u2").astype("<u4") << 16).view("<f4").astype("=f8").tobytes()


# Attributes


def _values(owner: Any, name: str) -> list[str] | None:
    """The strings of an attribute; None if there is no such attribute."""
    from h5py import AttributeManager, Group, h5a, h5t

    if not h5a.exists(owner, name.encode()):
        return None
    attribute = h5a.open(owner, name.encode())
    kind, count = attribute.get_type(), attribute.get_space().get_simple_extent_npoints()
    if count and (kind.get_class() != h5t.STRING or kind.get_size() * count > TEXT):
        if kind.get_class() == h5t.FLOAT and name == "weight_names":  # numpy's dtype of an empty list
            return []
        raise Refused(f"has an attribute `{name}` that is no text, or larger than {TEXT >> 20} MiB")
    if not count:
        return []
    value = AttributeManager(Group(owner) if hasattr(owner, "links") else _Owner(owner))[name]
    items = [value] if isinstance(value, (str, bytes)) else list(value.reshape(-1))
    texts = [item.decode("utf-8", "surrogateescape") if isinstance(item, bytes) else str(item) for item in items]
    if sum(map(len, texts)) > TEXT:
        raise Refused(f"has an attribute `{name}` that is larger than {TEXT >> 20} MiB")
    return texts


@dataclass(frozen=True, slots=True)
class _Owner:
    """What h5py reads attributes of."""

    id: Any


def names_of(owner: Any, name: str) -> list[str] | None:
    """The strings of an attribute, also where Keras split it into `name0`, `name1` … as it was too large for one."""
    whole = _values(owner, name)
    if whole is not None:
        return whole
    parts: list[str] = []
    for number in range(OBJECTS):
        part = _values(owner, f"{name}{number}")
        if part is None:
            return parts if number else None
        parts += part
    return parts


def text_of(owner: Any, name: str) -> str | None:
    texts = names_of(owner, name)
    return None if texts is None else "".join(texts)
