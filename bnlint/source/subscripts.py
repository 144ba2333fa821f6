"""Subscripts and elements: of lists, dicts, tensors, layers of a model, data."""

from __future__ import annotations

import ast
from collections.abc import Callable

from bnlint.graph import query
from bnlint.graph.model import Arguments, Call, Choice, Join, Layer, Tensor, Unknown
from bnlint.records import replace
from bnlint.source import arrays, counts, invoke, operators, options, protocols, runs
from bnlint.source.joins import join
from bnlint.source.machine import Machine
from bnlint.source.unknowns import SPLICES
from bnlint.source.values import (
    MISSING,
    TENSORS,
    Array,
    Bound,
    Cell,
    Class,
    Dataset,
    Deferred,
    Dict,
    Dotted,
    Instance,
    LayerList,
    List,
    Options,
    Part,
    Splice,
    Variables,
    elements,
    hashable_key,
    sequence,
)


def item(m: Machine, base: object, key: object, node: ast.AST) -> object:
    """`base[key]` for one settled base and key."""
    base = _mapping(base) if isinstance(base, Instance) else m.opaque(base)
    key = key if isinstance(base, Dict) and hashable_key(key) and key in base.fields else m.opaque(key)
    match base:
        case Dict():
            return _entry(m, base, key, node)
        case Call() | Join():
            return index_tensor(m, base, key, node)
        case Array():
            return arrays.part(m, base, key)
        case Variables():
            return base
        case Options():
            return options.item(m, base, key)
        case LayerList():
            return _layer_item(m, base, key)
        case Instance() if (found := protocols.special(m, base, "__getitem__", node, key)) is not MISSING:
            return found
        case Class() if base.members:
            return base.scope.names.get(key, Unknown(f"no member of {base.name}"))
        case str():
            return _part_of_text(base, key)
        case Unknown():
            return _item_of_unknown(m, base, key, node)
    items = sequence(base)
    if items is None:
        return Unknown("an element that is not known")
    items = runs.decided(m, items)
    if isinstance(key, Unknown):
        items, key = counts.position(m, items, key)
    return _item_of(m, base, items, key)


def _entry(m: Machine, base: Dict, key: object, node: ast.AST) -> object:
    """An entry of a dict; one of those that it may be."""
    if (hashable_key(key) or isinstance(key, Unknown)) and key in base.fields:
        found = base.fields[key]
        return found.get() if isinstance(found, Deferred) else found
    if hashable_key(key) and base.factory is not None and not base.open:
        made = invoke.invoke(m, base.factory, Arguments(), invoke.Site(m.span(node)))
        m.write(base.fields, key, made)
        return made
    if isinstance(key, Unknown) and base.fields and not base.open and len(base.fields) <= 8:
        return _any_of(m, key, base)
    found = Unknown("an entry of a dict that is not known")
    for held in (value for name, value in base.fields.items() if isinstance(name, Unknown) and _may_be_tensor(value)):
        found = join(Unknown("which entry of a dict"), held, found)
    return found


def _part_of_text(text: str, key: object) -> object:
    try:
        return text[key] if isinstance(key, (int, slice)) else Unknown("a part of a text")
    except (IndexError, ValueError):
        return Unknown("an index out of range")


def _item_of_unknown(m: Machine, base: Unknown, key: object, node: ast.AST) -> object:
    """An item of what is not known; what may be a tensor is indexed as one."""
    width = arrays.slice_width(m, key)
    derived = m.derive(base, "item", key if hashable_key(key) else None, width)
    if width is not None and base not in m.open:
        return arrays.with_width(m, derived, width)
    if base in m.open and not isinstance(key, (str, slice)):
        m.tensor(derived, node)
    elif base in m.open:
        return index_tensor(m, m.open[base], key, node) if isinstance(key, slice) else derived
    return derived


def _item_of(m: Machine, base: object, items: tuple[object, ...], key: object) -> object:
    """An element, or several, of a list or another sequence."""
    found: object = MISSING
    if isinstance(key, slice):
        found = _slice(m, base, items, key)
    elif isinstance(key, int):
        found = _numbered(m, base, items, key)
    if found is not MISSING:
        return found
    some = runs.some(items) if items else None
    if some is None:
        return Unknown("an element that is not known")
    return List({"items": (Splice(Unknown("which elements of a list"), (some,), ()),)}) if isinstance(key, slice) else some


def _slice(m: Machine, base: object, items: tuple[object, ...], key: slice) -> object:
    """A slice of a sequence; MISSING if it depends on tests what is in it."""
    if any(isinstance(part, Splice) for part in items):
        rest = runs.cut(items, key) if isinstance(base, List) else None
        return MISSING if rest is None else m.listed(rest)
    try:
        part = items[key]
    except ValueError:
        return Unknown("a slice of a list")
    return m.listed(part) if isinstance(base, List) else part


def _numbered(m: Machine, base: object, items: tuple[object, ...], key: int) -> object:
    """The element of a number; MISSING if it depends on tests which it is, or there is none."""
    splices = sum(isinstance(part, Splice) for part in items)
    if not splices and -len(items) <= key < len(items):
        return items[key]
    if not items or not isinstance(base, List):
        return MISSING
    if key == -1:
        return _last(m, items)
    if (key == 0 and not isinstance(items[0], Splice)) or (splices <= SPLICES and 0 <= key < runs.DEEPEST):
        found = _at(m, items, key)
        return Unknown("an element that is not known") if found is MISSING else found
    return MISSING


def _mapping(instance: Instance) -> object:
    """An object of a class that derives from dict as the dict that it is."""
    return Dict(instance.fields) if instance.cls.plain == "mapping" else instance


def _last(m: Machine, items: tuple[object, ...]) -> object:
    """The last element of a list that ends in a Splice."""
    if not items:
        return Unknown("an element of an empty list")
    last = items[-1]
    if not isinstance(last, Splice):
        return last
    rest = items[:-1]
    return m.fork(last.condition, lambda: _last(m, rest + last.if_true), lambda: _last(m, rest + last.if_false))


def _at(m: Machine, items: tuple[object, ...], position: int) -> object:
    """The element at a position of a list that may hold Splices, which is taken to be as long; MISSING if it is not."""
    if not items:
        return MISSING
    first, rest = items[0], items[1:]
    if isinstance(first, Splice):
        return m.fork(first.condition, lambda: _at(m, first.if_true + rest, position), lambda: _at(m, first.if_false + rest, position))
    return first if position == 0 else _at(m, rest, position - 1)


def _any_of(m: Machine, key: Unknown, base: Dict) -> object:
    """An entry of a known dict by an unknown key: one of its values, by tests of the key."""
    entries = list(base.fields.items())
    found = entries[-1][1]
    for name, value in reversed(entries[:-1]):
        found = Choice(m.test("==", key, name), value, found)
    return m.settle(found)


def _layer_item(m: Machine, base: LayerList, key: object) -> object:
    known, built_on = base.known, any(isinstance(layer, Unknown) for layer in base.layers)
    if known and isinstance(key, int) and -len(base.layers) <= key < len(base.layers):
        beyond = base.layers[key:] if key < 0 else base.layers[: key + 1]
        if not any(isinstance(layer, Unknown) for layer in beyond):
            return base.layers[key]
    if isinstance(key, slice):
        whole = key.start is None and key.stop is None
        if whole and key.step == -1:
            return backwards(base)
        part = () if built_on else base.layers[key]
        return replace(base, layers=part, known=known and not built_on, cut=base.cut if whole else _stretch(base, key))
    at = _stretch(base, slice(key, key + 1 or None)) if isinstance(key, int) and base.cut is None else base.cut
    return some_layer(m, replace(base, cut=at), "one")


def backwards(layers: LayerList) -> LayerList:
    """The same layers, the last of them first."""
    return replace(layers, layers=layers.layers[::-1], backwards=not layers.backwards)


def _stretch(layers: LayerList, key: slice) -> slice:
    """Where what is cut out stands among all layers, in their own order."""
    return slice(_mirrored(key.stop), _mirrored(key.start), key.step) if layers.backwards else key


def _mirrored(bound: object) -> object:
    return -bound or None if isinstance(bound, int) else bound


def some_layer(m: Machine, layers: LayerList, which: str) -> Unknown:
    """A layer of a model; which one is not known."""
    found = Unknown("a layer that is not known")
    m.parts[found] = Part(layers.model, "slice" if which == "each" and layers.cut else which, layers.cut, m.under)
    return found


def place(m: Machine, layers: LayerList, number: int) -> Unknown:
    """Where a layer stands among those of a model, of which one here may be many there."""
    found = m.standing(("place", layers, number), Unknown("the place of a layer"))
    m.places.add(found)
    return found


def put_item(m: Machine, owner: object, key: object, value: object, node: ast.AST) -> object:
    """`owner[key] = value`."""
    if isinstance(owner, Instance):
        if protocols.special(m, owner, "__setitem__", node, key, value) is not MISSING:
            return None
        owner = _mapping(owner)
    if isinstance(owner, Dict):
        if hashable_key(key):
            m.write(owner.fields, key, value)
        else:
            owner.open = True
            if isinstance(key, Unknown) or _may_be_tensor(value):
                m.write(owner.fields, key if isinstance(key, Unknown) else Unknown("a key that is not known"), value)
    elif isinstance(owner, Options):
        options.put(m, owner, key, value)
    elif isinstance(owner, List):
        _put_element(m, owner, key, value)
    return None


def _may_be_tensor(value: object) -> bool:
    return any(isinstance(leaf, TENSORS) for leaf in query.alternatives(value))


def _put_element(m: Machine, owner: List, key: object, value: object) -> None:
    if isinstance(key, (int, slice)) and not any(isinstance(part, Splice) for part in owner.items):
        items = list(owner.items)
        try:
            if isinstance(key, slice):
                items[key] = elements(value)
            else:
                items[key] = value
        except (IndexError, ValueError):
            return
        m.write(owner.fields, "items", m.chain(tuple(items)))
    elif not isinstance(key, slice):
        m.write(owner.fields, "items", m.chain(runs.put(owner.items, key, value)))


def delete_item(m: Machine, owner: object, key: object) -> object:
    """`del owner[key]`."""
    if isinstance(owner, Instance):
        owner = _mapping(owner)
    if isinstance(owner, Dict) and hashable_key(key):
        m.write(owner.fields, key, MISSING)
    elif isinstance(owner, List) and isinstance(key, (int, slice)) and not any(isinstance(part, Splice) for part in owner.items):
        items = list(owner.items)
        try:
            del items[key]
        except IndexError:
            return None
        m.write(owner.fields, "items", tuple(items))
    return None


def index_tensor(m: Machine, tensor: Tensor, key: object, node: ast.AST) -> object:
    """`tensor[key]`: a part of several outputs, or a node. What has entries by name, or may have (`outputs[max(outputs)]`), is no array."""
    if isinstance(tensor, Call):
        opaque = tensor.layer.role in ("input", "unknown") and tensor.shape is None
        if isinstance(key, str) or (isinstance(key, int) and (_plural(tensor) or opaque)):
            return part(m, tensor, key, node)
    named = isinstance(key, str) or (isinstance(key, Unknown) and not arrays.is_slice(m, key))
    if named and all(call.layer.role == "unknown" and call.shape is None for call, _ in query.sources(tensor)):
        return tensor
    return operators.operation(m, node, (tensor,), "getitem", "reshape", {"key": _written(m, key)})


def _written(m: Machine, key: object) -> object:
    """The key of a subscript in plain terms: a new axis is None, a slice whose bounds are not known a slice of unknowns."""
    if isinstance(key, tuple):
        return tuple(_written(m, part) for part in key)
    if isinstance(key, Dotted) and key.name.endswith(".newaxis"):
        return None
    return slice(key, key) if isinstance(key, Unknown) and arrays.is_slice(m, key) else key


def _plural(call: Call) -> bool:
    """Whether a call has, or may have, several outputs, so that an index picks one of them."""
    if call.layer.role == "recurrent":
        return True
    return call.layer.kind in ("split", "unstack", "moments", "unpack", "max_pool_with_argmax", "fused_batch_norm", "top_k") or (
        call.layer.family == "user" and call.shape is None
    )


def part(m: Machine, tensor: Tensor, position: int | str, node: ast.AST) -> object:
    """One of several outputs of a call: of an input, an input of its own; else the call itself."""
    if isinstance(tensor, Call) and tensor.layer.role == "input" and not tensor.inputs:
        key = ("part", tensor, position)
        if key not in m.derived:
            m.effects += 1
            under, m.under = m.under, {}
            m.derived[key] = m.call(Layer(tensor.layer.kind, "input", is_function=True, origin=tensor.layer.origin), (), tensor.origin)
            m.under = under
        return m.derived[key]
    return tensor


def batch(m: Machine, dataset: Dataset) -> Unknown:
    """A batch of a data set."""
    made = Unknown("a batch of data")
    m.batches[made] = dataset
    return made


def _row(m: Machine, variables: Variables, loop: ast.AST) -> tuple[Unknown, ...]:
    row = tuple(Unknown(f"one of the {column.attribute} of a model") for column in variables.columns)
    m.cells.update({cell: Cell(variables.columns, index, m.origin(loop)) for index, cell in enumerate(row)})
    return row


def element(m: Machine, iterable: object, loop: ast.AST | None = None) -> Callable[[int], object]:
    """What the rounds of a loop over a value of unknown length get, by round."""
    if isinstance(iterable, Variables) and iterable.columns and loop is not None:
        return lambda done: _row(m, iterable, loop)
    if isinstance(iterable, Bound) and iterable.name == "range" and isinstance(iterable.owner, tuple):
        (start, _, step), count = iterable.owner, counts.rounds(m, iterable)
        return lambda done: start if done == 0 else counts.number(m, count, done, start, step)
    if isinstance(iterable, Unknown):
        return lambda done: m.derive(iterable, "element", done)
    if isinstance(iterable, Bound) and iterable.name == "enumerate":
        inner = element(m, iterable.owner)
        if isinstance(layers := iterable.owner, LayerList):
            return lambda done: (place(m, layers, done), inner(done))
        count = counts.rounds(m, iterable)
        return lambda done: (0 if done == 0 else counts.number(m, count, done), inner(done))
    if isinstance(iterable, Bound) and iterable.name == "zip" and isinstance(iterable.owner, tuple):
        inners = [element(m, part) for part in iterable.owner]
        return lambda done: tuple(inner(done) for inner in inners)

    items = sequence(iterable)
    if items is not None and items and not any(isinstance(part, Splice) for part in items):
        return lambda done: items[min(done, len(items) - 1)]
    if isinstance(iterable, Dataset):
        return lambda done: batch(m, iterable)
    if isinstance(iterable, LayerList):
        return lambda done: some_layer(m, iterable, "each")
    if isinstance(iterable, TENSORS):
        return lambda done: part(m, iterable, done, ast.Pass())
    return lambda done: Unknown("an element of a value that is not known")
