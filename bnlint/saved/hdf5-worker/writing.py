"""A weights file written anew, without the biases that were folded into a moving mean; read back and compared before it is called done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final

from reading import MODEL, TEXT, Contents, Dataset, Refused, names_of, of_layers, of_store, root_of, walk

HEADER: Final = 64512
"""Bytes of an attribute, above which Keras splits it."""

NAMES: Final = "weight_names"


def convert(source: Any, target: BinaryIO, folds: Sequence[Sequence[str]], config: str | None) -> None:
    """Write `source` into `target`: each fold names a bias (group, variable), which goes, and a moving mean, from which it is taken.

    `config` replaces the attribute `model_config`. The state of the optimizer is left out.
    """
    import h5py

    root = root_of(source)
    contents = walk(root)
    layers = names_of(root, "layer_names")
    variables = _variables(contents, layers)
    means: dict[str, Any] = {}
    dropped: dict[str, set[str]] = {}
    gone = set()
    for group, name, mean_group, mean_name in folds:
        bias, mean = variables[group, name], variables[mean_group, mean_name]
        if bias.shape != mean.shape or len(bias.shape) != 1 or mean.path in means:
            raise Refused(f"holds a bias `{group}/{name}` and a moving mean that do not fit together")
        means[mean.path] = (_exact(mean) - _exact(bias)).astype(mean.id.dtype)
        gone.add(bias.path)
        dropped.setdefault(group, set()).add(name)
    with h5py.File(target, "w") as file:
        base = file
        if root is not source.id:
            _copy_attributes(source.id, file)
            base = file.create_group(MODEL)
        for path, group in contents.groups.items():
            made = base.create_group(path) if path else base
            lists = layers is not None and path in dropped
            _copy_attributes(group, made, NAMES if lists else None)
            if lists:
                _list(made, [name for name in names_of(group, NAMES) or () if name not in dropped[path]])
        for path, dataset in contents.datasets.items():
            if path not in gone:
                h5py.h5o.copy(dataset.id, b".", base.id, path.encode("utf-8", "surrogateescape"))
        for path, values in means.items():
            base[path][...] = values
        if config is not None:
            file.attrs["model_config"] = config.encode()
    target.flush()
    with h5py.File(target, "r") as file:
        _compare(contents, walk(root_of(file)), gone, means)
        if config is not None and names_of(file.id, "model_config") != [config]:
            raise Refused("cannot be written anew: its configuration differs")
        written = _variables(walk(root_of(file)), names_of(root_of(file), "layer_names"))
        if written.keys() != variables.keys() - {(group, name) for group, names in dropped.items() for name in names}:
            raise Refused("cannot be written anew: other variables than those that are left stand in the copy")


def _variables(contents: Contents, layers: list[str] | None) -> Mapping[tuple[str, str], Dataset]:
    listed = of_store(contents) if layers is None else of_layers(contents, layers)
    return {(path, name): dataset for path, _, datasets in listed for name, dataset in datasets.items()}


def _exact(dataset: Dataset) -> Any:
    """The numbers of a vector, in a type in which they can be subtracted without loss."""
    if dataset.dtype not in ("float32", "float64"):
        raise Refused(f"holds `{dataset.path}` as {dataset.dtype}, in which a sum is not exact enough")
    return _array(dataset).astype("=f8")


def _array(dataset: Dataset) -> Any:
    import numpy
    from h5py import h5s

    found = numpy.empty(dataset.shape, dataset.id.dtype)
    if found.size:
        dataset.id.read(h5s.ALL, h5s.ALL, found)
    return found


def _compare(before: Contents, after: Contents, gone: set[str], means: Mapping[str, Any]) -> None:
    """Raise Refused unless all that is left is what it was, and the moving means are what they should be."""
    if before.groups.keys() != after.groups.keys() or before.datasets.keys() - gone != after.datasets.keys():
        raise Refused("cannot be written anew: the copy does not hold what is left")
    for path, dataset in after.datasets.items():
        old = before.datasets[path]
        expected = means[path] if path in means else _array(old)
        if old.dtype != dataset.dtype or old.shape != dataset.shape or expected.tobytes() != _array(dataset).tobytes():
            raise Refused(f"cannot be written anew: `{path}` differs in the copy")


# Attributes


def _copy_attributes(source: Any, target: Any, but: str | None = None) -> None:
    for name, value in _attributes(source):
        if but is None or name.rstrip("0123456789") != but:
            target.attrs[name] = value


def _attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    from h5py import AttributeManager, Group, h5a, h5t

    attributes = AttributeManager(Group(owner))
    for name in attributes:
        opened = h5a.open(owner, name.encode("utf-8", "surrogateescape"))
        kind, count = opened.get_type(), opened.get_space().get_simple_extent_npoints()
        if kind.get_class() not in (h5t.STRING, h5t.INTEGER, h5t.FLOAT) or kind.get_size() * count > TEXT:
            raise Refused(f"has an attribute `{name}` as Keras writes none")
        yield name, attributes[name]


def _list(group: Any, names: list[str]) -> None:
    """The attribute that lists the variables of a layer, as Keras writes it."""
    import numpy

    data = numpy.array([name.encode("utf-8", "surrogateescape") for name in names])
    parts = 1
    while any(part.nbytes > HEADER for part in numpy.array_split(data, parts)):
        parts += 1
    if parts == 1:
        group.attrs[NAMES] = data
        return
    for number, part in enumerate(numpy.array_split(data, parts)):
        group.attrs[f"{NAMES}{number}"] = part
