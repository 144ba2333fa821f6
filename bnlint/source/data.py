"""Data sets: how many samples data holds, and in which batches it is given to a model."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from bnlint.graph.model import Argument, Arguments, Unknown
from bnlint.keras_api.training import BATCHING, FLOWS, KEEPING, LOADERS, SELECTING
from bnlint.records import replace
from bnlint.source import arrays, invoke, subscripts
from bnlint.source.machine import Machine
from bnlint.source.values import (
    MISSING,
    Array,
    Bound,
    Class,
    Dataset,
    Dict,
    Dotted,
    Function,
    Instance,
    List,
    bind_parameters,
    first_argument,
    sequence,
)

# How much data there is, and in which batches


def samples(m: Machine, value: object) -> object:
    """How many samples data holds."""
    value = m.settle(value)
    if isinstance(value, (tuple, List)):
        known = [found for item in sequence(value) or () if isinstance(found := samples(m, item), int)]
        return known[0] if known else Unknown("the number of samples")
    if isinstance(value, Dict) and value.fields:
        return samples(m, tuple(value.fields.values()))
    if isinstance(value, Array) and value.shape:
        return m.plain(value.shape[0])
    if isinstance(value, Dataset):
        return value.samples
    width = arrays.width_of(m, value) if isinstance(value, Unknown) else None
    return Unknown("the number of samples") if width is None else width


def parts(m: Machine, value: object) -> list[object]:
    """A value, or what it holds, if it is a list."""
    value = m.settle(value)
    return [m.settle(part) for part in (sequence(value) if isinstance(value, (List, tuple)) else None) or (value,)]


def batch_of(m: Machine, *given: object) -> dict[str, object]:
    """What is known of a batch that is given as arrays: its size, and the data set that it comes from."""
    for part in (part for value in given for part in parts(m, value)):
        origin = m.batches.get(part) if isinstance(part, Unknown) else None
        if origin is not None and origin.batch_size is not None:
            return {"batch_size": m.plain(origin.batch_size), "samples": origin.samples, "batch": origin.event}
    size = next((size for value in given if isinstance(size := samples(m, value), int)), None)
    return {} if size is None else {"batch_size": size}


def training_batches(m: Machine, args: dict[str, object], arrays: bool) -> None:
    """The batch size that `fit` really uses, and what it belongs to; `arrays`: it may be given arrays, which it batches itself."""
    data = args["x"] = as_dataset(m, args.get("x"))
    if isinstance(data, Dataset):
        size = Unknown("the batch size") if data.batch_size is None else m.plain(data.batch_size)
        args.update(batch_size=size, samples=data.samples, drop_remainder=data.drop_remainder, batch=data.event)
        return
    args["samples"] = samples(m, data)
    if args.get("batch_size") is None:
        known = isinstance(data, Array) or args.get("y") is not None
        args["batch_size"] = 32 if known and arrays else Unknown("the batch size")


def as_dataset(m: Machine, value: object) -> object:
    """Data as a Dataset where it makes batches: an object of the user's Sequence, several data sets side by side."""
    value = m.settle(value)
    if isinstance(value, Instance) and _is_sequence(value.cls):
        return iterated(m, value) or Dataset(Unknown("the batch size"), Unknown("the number of samples"))
    if isinstance(value, Bound) and value.name == "zip" and isinstance(value.owner, tuple):
        return _together(m, value.owner)
    return value


def iterated(m: Machine, owner: Instance) -> Dataset | None:
    """What an object of the user yields, if it can be gone through and has an attribute `batch_size`, which by custom says that."""
    size = owner.fields.get("batch_size", owner.cls.find("batch_size"))
    methods = (owner.cls.find(name) for name in ("__getitem__", "__iter__", "__next__"))
    iterates = _is_sequence(owner.cls) or any(isinstance(method, Function) for method in methods)
    return None if size is MISSING or not iterates else Dataset(m.plain(size), Unknown("the number of samples"))


def generator(m: Machine, function: Function, names: Mapping[str, object]) -> object:
    """What a generator yields: batches, if it has a parameter `batch_size`."""
    if "batch_size" not in names:
        return Unknown(f"{function.qualified} is a generator")
    return Dataset(m.plain(names["batch_size"]), Unknown("the number of samples"))


def _is_sequence(cls: Class) -> bool:
    """Whether a user's class is a data set of Keras."""
    bases = (base for each in cls.lineage() for base in each.bases if isinstance(base, Dotted))
    return any((base.canonical or base.name).rpartition(".")[2] in ("Sequence", "PyDataset") for base in bases)


def _together(m: Machine, given: object) -> object:
    """Data sets that are zipped, or sampled from: what they have in common."""
    value = m.settle(given)
    parts = tuple(value.fields.values()) if isinstance(value, Dict) else sequence(value) or (value,)
    found = [part for part in (as_dataset(m, part) for part in parts) if isinstance(part, Dataset)]
    if not found or len(found) < len(parts):
        return Dataset(None, Unknown("the number of samples")) if found else Unknown("data sets that are not known")
    first = found[0]
    return first if all(_same(first, part) for part in found) else Dataset(Unknown("the batch size"), Unknown("the number of samples"))


def _same(one: Dataset, other: Dataset) -> bool:
    return one.batch_size is other.batch_size or (isinstance(one.batch_size, int) and one.batch_size == other.batch_size)


# tf.data and its kin


def call(m: Machine, callee: Dotted, arguments: Arguments, node: ast.Call) -> object:
    """A function that makes a data set; MISSING for others."""
    name = callee.canonical or callee.name
    last = name.rpartition(".")[2]
    if name.startswith("tf.data."):
        return _source(m, name, arguments, node)
    if name in LOADERS:
        return _load(m, name, arguments, node)
    return _flow(m, last, arguments, node) if last in FLOWS else MISSING


def _source(m: Machine, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A function or class of tf.data; MISSING for what makes no data set."""
    module, _, last = name.rpartition(".")
    first = m.settle(first_argument(arguments))
    unknown = Unknown("the number of samples")
    if name in LOADERS:
        return _load(m, name, arguments, node)
    match last:
        case "from_tensor_slices":
            return Dataset(None, samples(m, arguments.items[0].value) if arguments.items else unknown)
        case "from_tensors":
            return Dataset(None, 1)
        case "range" if isinstance(first, int) and len(arguments.items) == 1:
            return Dataset(None, first)
        case "zip" | "sample_from_datasets" | "choose_from_datasets":
            given = first if len(arguments.positional) < 2 or last != "zip" else tuple(a.value for a in arguments.positional)
            found = _together(m, given)
            return replace(found, samples=unknown) if isinstance(found, Dataset) and last != "zip" else found
    if last[:1].islower() and module == "tf.data.experimental":
        return Bound(arguments, last)
    return Dataset(None, unknown) if last.endswith("Dataset") or module == "tf.data.Dataset" else MISSING


def _load(m: Machine, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A function that reads a data set from disk in batches."""
    position, default = LOADERS[name]
    given = arguments.keyword("batch_size") or next(iter(arguments.positional[position:]), None)
    if given is None and not arguments.complete:
        size: object = Unknown("the batch size")
    else:
        size = default if given is None else m.plain(given.value)

    def make() -> Dataset:
        return _batched(m, Dataset(None, Unknown("the number of samples")), size, False, arguments, node)

    if name == "tensorflow_datasets.load":
        return _load_split(m, arguments, make)
    subset = arguments.keyword("subset")
    return (make(), make()) if subset is not None and m.settle(subset.value) == "both" else make()


def _load_split(m: Machine, arguments: Arguments, make: Callable[[], Dataset]) -> object:
    """`tfds.load("mnist", split=["train", "test"], with_info=True)`: a data set for each split, and information."""
    named = bind_parameters(("name", "split"), arguments)
    split, info = m.settle(named.get("split")), m.settle(named.get("with_info", False))
    found: object = Unknown("a data set for each split")
    if isinstance(split, str):
        found = make()
    elif isinstance(split, (List, tuple)):
        found = tuple(make() for _ in sequence(split) or ())
    if info is True:
        return (found, Unknown("information on a data set"))
    return found if info is False else Unknown("a data set, and maybe information")


def _flow(m: Machine, name: str, arguments: Arguments, node: ast.Call) -> Dataset:
    given = arguments.keyword("batch_size") or next(iter(arguments.positional[FLOWS[name] :]), None)
    default: object = 32 if arguments.complete else Unknown("the batch size")
    size = default if given is None else m.plain(given.value)
    return _batched(m, Dataset(None, Unknown("the number of samples")), size, False, arguments, node)


def _batched(m: Machine, data: Dataset, size: object, dropped: object, arguments: Arguments, node: ast.Call) -> Dataset:
    """The data set in batches; its Event stands for the call that made them."""
    made = Dataset(size, data.samples, dropped)
    if size is not None:
        args = {"batch_size": size, "drop_remainder": dropped, "samples": data.samples}
        made.event = m.event("batch", made, args, node, arguments)
    return made


def method(m: Machine, owner: object, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A method of a data set, or of an unknown object that must be one."""
    data = owner if isinstance(owner, Dataset) else Dataset(None, Unknown("the number of samples"))
    unknown = Unknown("the number of samples")
    if name in FLOWS:
        return _flow(m, name, arguments, node)
    if name in BATCHING:
        return _batch(m, data, name, arguments, node)
    if name in KEEPING:
        return replace(data)
    if name in ("get_next", "next", "__next__"):
        return subscripts.batch(m, data)
    match name:
        case "apply":
            return _apply(m, data, m.settle(first_argument(arguments)), node)
        case "unbatch":
            return Dataset(None, data.samples)
        case "take" | "skip" | "repeat":
            return replace(data, samples=_counted(m, data, name, first_argument(arguments)))
        case "concatenate":
            return replace(_merged(m, data, first_argument(arguments)), samples=unknown)
    if name in SELECTING:
        return replace(data, samples=unknown)
    return Dataset(None if name == "window" else Unknown("the batch size"), unknown)


def _merged(m: Machine, data: Dataset, other: object) -> Dataset:
    found = _together(m, (data, other))
    return found if isinstance(found, Dataset) else data


def _batch(m: Machine, data: Dataset, name: str, arguments: Arguments, node: ast.Call) -> Dataset:
    given = bind_parameters(BATCHING[name], arguments)
    size = arrays.plain(m, given.get("batch_size", given.get("bucket_batch_sizes", Unknown("the batch size"))))
    if isinstance(size, tuple):
        known = [item for item in size if isinstance(item, int)]
        size = min(known) if known and len(known) == len(size) else Unknown("the batch size")
    again = isinstance(data.batch_size, int) and name != "rebatch"
    size = Unknown("batches of batches") if again else m.plain(size)
    return _batched(m, data, size, m.settle(given.get("drop_remainder", False)), arguments, node)


def _counted(m: Machine, data: Dataset, name: str, given: object) -> object:
    """The number of samples behind `take(n)`, `skip(n)` and `repeat(n)`, which count batches where the data set has such."""
    count = m.settle(given)
    unit = 1 if data.batch_size is None else data.batch_size
    if isinstance(count, int) and count >= 0 and isinstance(data.samples, int) and isinstance(unit, int):
        if name == "take":
            return min(data.samples, count * unit)
        if name == "skip":
            return max(data.samples - count * unit, 0)
        if data.batch_size is None:
            return data.samples * count
    return Unknown("the number of samples")


def _apply(m: Machine, data: Dataset, function: object, node: ast.Call) -> object:
    """`dataset.apply(function)`: of tf.data.experimental, or of the user."""
    if isinstance(function, Bound) and isinstance(function.owner, Arguments):
        return method(m, data, function.name, function.owner, node)
    made = m.settle(invoke.invoke(m, function, Arguments((Argument(None, data, None),)), node))
    return made if isinstance(made, Dataset) else Dataset(Unknown("the batch size"), Unknown("the number of samples"))
