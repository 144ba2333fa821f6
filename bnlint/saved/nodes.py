"""The nodes of a Functional config: what each application of a layer was given, in the notation of Keras 3 and in the older one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bnlint.graph.model import Shape, Unknown
from bnlint.records import dataclass, field
from bnlint.saved import fields

CONSTANT = "_CONSTANT_VALUE"
"""Stands in the old notation for the name of a layer where a constant is given instead of a tensor."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor: which output of which application of a layer. `shape` as the file records it, if it does."""

    layer: str
    node: int
    tensor: int
    shape: Shape = None

    @property
    def place(self) -> tuple[str, int, int]:
        return self.layer, self.node, self.tensor


@dataclass(frozen=True, slots=True)
class Node:
    """One application: its arguments with Refs for tensors, lists as tuples. `old`: in the notation of Keras 1 and 2."""

    args: tuple[object, ...] = ()
    kwargs: Mapping[str, object] = field(default_factory=dict)
    old: bool = False

    def refs(self) -> Iterator[Ref]:
        """The tensors among the arguments, in order."""
        yield from refs((*self.args, *self.kwargs.values()))


def refs(value: object) -> Iterator[Ref]:
    """The tensors in a structure; those of a dict in the order of its keys, as Keras flattens it."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from refs(item)
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from refs(value[key])


def read_node(data: object, known: Collection[str], where: str) -> Node:
    """One entry of `inbound_nodes`; `known` are the names of the layers of the model."""
    if isinstance(data, dict):
        args = tuple(_value(item) for item in fields.items(data.get("args"), f"`args` of {where}"))
        return Node(args, {name: _value(item) for name, item in fields.table(data.get("kwargs", {}), f"`kwargs` of {where}").items()})
    kwargs: dict[str, object] = {}
    structure = _old(fields.items(data, f"an inbound node of {where}"), known, kwargs)
    return Node((structure,), kwargs, old=True)


def _value(data: object) -> object:
    """An argument in the notation of Keras 3."""
    if isinstance(data, list):
        return tuple(_value(item) for item in data)
    if not isinstance(data, dict):
        return data
    config = data.get("config")
    match data.get("class_name"):
        case "__keras_tensor__" if isinstance(config, dict):
            history = config.get("keras_history")
            if isinstance(history, list) and _is_entry(history):
                return Ref(history[0], history[1], history[2], shape_of(config.get("shape")))
            return Unknown("a tensor that the file does not name")
        case "__slice__" if isinstance(config, dict):
            return _slice(config)
        case "__tuple__" if isinstance(data.get("items"), list):
            return tuple(_value(item) for item in data["items"])
        case None:
            return {str(key): _value(item) for key, item in data.items()}
    return Unknown(f"a {data.get('class_name')}")


def shape_of(value: object) -> Shape:
    """A recorded shape, batch first; None if it is none."""
    if not isinstance(value, list | tuple) or not all(size is None or (type(size) is int and size >= 0) for size in value):
        return None
    return tuple(value)


def _slice(config: Mapping[str, Any]) -> slice:
    return slice(*(_old_value(config.get(name), ()) for name in ("start", "stop", "step")))


def _is_entry(data: list[Any]) -> bool:
    """Whether a list names a tensor: `[layer, node, tensor]`, behind which keyword arguments may stand."""
    return len(data) in (3, 4) and isinstance(data[0], str) and type(data[1]) is int and (type(data[2]) is int or data[0] == CONSTANT)


def _old(data: object, known: Collection[str], kwargs: dict[str, object]) -> object:
    """The first argument in the old notation: an entry, or a structure of entries. The keyword arguments of the first are the call's."""
    if isinstance(data, dict):
        return {str(key): _old(item, known, kwargs) for key, item in data.items()}
    if not isinstance(data, list):
        return data
    if not _is_entry(data):
        found = tuple(_old(item, known, kwargs) for item in data)
        return found[0] if len(found) == 1 else found
    if len(data) == 4 and isinstance(data[3], dict) and not kwargs:
        kwargs.update((name, _old_value(item, known)) for name, item in data[3].items())
    return data[2] if data[0] == CONSTANT else Ref(*data[:3])


def _old_value(data: object, known: Collection[str]) -> object:
    """A keyword argument in the old notation."""
    if isinstance(data, list):
        if _is_entry(data) and (data[0] in known or data[0] == CONSTANT):
            return data[2] if data[0] == CONSTANT else Ref(*data[:3])
        return tuple(_old_value(item, known) for item in data)
    if isinstance(data, dict):
        if data.keys() == {"start", "stop", "step"}:
            return _slice(data)
        return {str(key): _old_value(item, known) for key, item in data.items()}
    return data


def read_ends(data: object, where: str) -> tuple[Ref, ...]:
    """`input_layers` or `output_layers`: one tensor, or a structure of them."""
    if not isinstance(data, list | dict):
        raise fields.wrong(where, "a list", data)
    return tuple(refs(_old(data, (), {})))
