"""Arrays of a known shape: what numpy and its kin make of them, and how many samples a part of them holds."""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from bnlint.graph.model import Argument, Arguments, Unknown
from bnlint.keras_api.function_shapes import FUNCTIONS
from bnlint.keras_api.shapes import output
from bnlint.keras_api.training import ARRAYS, DATASETS
from bnlint.source import expressions, operators
from bnlint.source.machine import Machine
from bnlint.source.values import LONGEST, MISSING, Array, Dotted, List, bind_parameters, first_argument, is_constant, sequence

PROBES = (3, 10, 117)
"""Numbers that stand for an unknown one in a slice: where its width is the same for all of them, that is its width."""


def call(m: Machine, callee: Dotted, arguments: Arguments) -> object:
    """A function that makes an array; MISSING for others."""
    name = callee.canonical or callee.name
    last = name.rpartition(".")[2]
    if name.startswith("keras.datasets.") and last == "load_data":
        return _download(m, name.split(".")[2])
    if name in REDUCTIONS:
        return _reduced(m, REDUCTIONS[name], arguments)
    if last == "linspace":
        return _spaced(m, arguments)
    style = ARRAYS.get(name) or ARRAYS.get(callee.name)
    if style == "array":
        return _as_array(m, m.settle(first_argument(arguments)))
    if style is not None:
        return _filled(m, style, arguments)
    if callee.name.startswith("numpy.") and last in FUNCTIONS and last not in ("flatten", "resize"):
        return _transformed(m, last, arguments)
    return MISSING


def _filled(m: Machine, style: str, arguments: Arguments) -> object:
    values = [m.settle(argument.value) for argument in arguments.positional]
    if style == "sizes":
        shape: object = tuple(values)
    else:
        keyword = arguments.keyword(style)
        position = {"shape": 0, "size": 2}[style]
        shape = m.settle(keyword.value) if keyword else values[position] if len(values) > position else None
    shape = shape.items if isinstance(shape, List) else (shape,) if isinstance(shape, int) else shape
    return Array(shape) if isinstance(shape, tuple) else Unknown("data")


def _as_array(m: Machine, value: object) -> object:
    """A list of constants as an array; MISSING for what is neither a list nor an array."""
    if isinstance(value, Array):
        return value
    row = sequence(value) if isinstance(value, (List, tuple)) else None
    if row and all(isinstance(item, (int, float)) for item in row):
        return Array((len(row),), row)
    shape: list[object] = []
    while isinstance(value, (List, tuple)):
        items = sequence(value) or ()
        shape.append(len(items))
        value = m.settle(items[0]) if items else 0
    return Array(tuple(shape)) if shape and is_constant(value) else MISSING


REDUCTIONS: Final[Mapping[str, Callable[[list[Any]], object]]] = {
    **{f"numpy.{name}": max for name in ("amax", "max")},
    **{f"numpy.{name}": min for name in ("amin", "min")},
    "numpy.argmax": lambda values: values.index(max(values)),
    "numpy.argmin": lambda values: values.index(min(values)),
    "numpy.cumsum": lambda values: Array((len(values),), tuple(itertools.accumulate(values))),
    "numpy.mean": lambda values: math.fsum(values) / len(values),
    "numpy.prod": math.prod,
    "numpy.sum": sum,
}
"""Functions of rows of numbers."""


def _reduced(m: Machine, function: Callable[[list[Any]], object], arguments: Arguments) -> object:
    values = sequence(m.settle(first_argument(arguments)))
    known = values and all(isinstance(value, (int, float)) for value in values) and len(arguments.items) == 1
    return operators.computed(function, list(values)) if values and known else MISSING


def _spaced(m: Machine, arguments: Arguments) -> object:
    """`np.linspace(start, stop, num)`."""
    given = bind_parameters(("start", "stop", "num"), arguments)
    start, stop, count = (m.settle(given.get(name, default)) for name, default in (("start", None), ("stop", None), ("num", 50)))
    if not isinstance(start, (int, float)) or not isinstance(stop, (int, float)) or not isinstance(count, int) or "endpoint" in given:
        return MISSING
    if not 0 < count <= LONGEST:
        return MISSING
    step = (stop - start) / max(count - 1, 1)
    return Array((count,), tuple(float(start + step * position) for position in range(count)))


def _transformed(m: Machine, kind: str, arguments: Arguments) -> object:
    """`np.reshape(x, (1, 8))` and other functions of numpy that keep or change a shape in a way that is known."""
    first, second = m.settle(first_argument(arguments)), m.settle(first_argument(arguments, 1))
    given = sequence(first) if isinstance(first, (List, tuple)) else (first,)
    arrays = [m.settle(item) for item in given or ()]
    config = {argument.name: plain(m, argument.value) for argument in arguments.items if argument.name is not None}
    if second is not MISSING:
        config |= dict.fromkeys(("shape", "axis", "axes"), plain(m, second))
    if not arrays or not (kind == "reshape" or all(isinstance(array, Array) for array in arrays)):
        return MISSING
    shape, _ = output(kind, config, [(array.shape if isinstance(array, Array) else None, None) for array in arrays])  # type: ignore[misc]
    return MISSING if shape is None else Array(shape)


def plain(m: Machine, value: object) -> object:
    """The value, a list as a tuple."""
    value = m.settle(value)
    return value.items if isinstance(value, List) else value


def method(m: Machine, owner: Array, name: str, arguments: Arguments) -> object:
    """`array.reshape(…)`, `array.astype(…)`; MISSING for others."""
    if name in ("astype", "copy", "numpy"):
        kind = m.settle(first_argument(arguments))
        kind = kind.name.rpartition(".")[2] if isinstance(kind, Dotted) else kind
        numbers = [value for value in owner.values or () if isinstance(value, (int, float))]
        return Array(owner.shape, tuple(map(int, numbers))) if numbers and str(kind).startswith("int") else owner
    if name == "tolist" and owner.values is not None:
        return List({"items": owner.values})
    if f"numpy.{name}" in REDUCTIONS and not arguments.items:
        return _reduced(m, REDUCTIONS[f"numpy.{name}"], Arguments((Argument(None, owner, None),)))
    if name not in ("reshape", "squeeze", "transpose"):
        return MISSING
    given = [m.settle(argument.value) for argument in arguments.positional]
    rest = tuple(given) if len(given) > 1 else given[0] if given else None
    items = (Argument(None, owner, None), *([] if rest is None else [Argument(None, rest, None)]))
    return _transformed(m, name, Arguments(items))


def elementwise(m: Machine, node: ast.expr | ast.stmt, op: ast.operator, left: object, right: object) -> object:
    """`array / 255`, `array - array`."""
    arrays = [side for side in (left, right) if isinstance(side, Array)]
    numbers = all(isinstance(side, (Array, int, float)) for side in (left, right))
    if not numbers or any(array.shape != arrays[0].shape for array in arrays):
        return Unknown("a computation on data")
    if any(array.values is None for array in arrays):
        return Array(arrays[0].shape)
    rows = [side.values or () if isinstance(side, Array) else itertools.repeat(side) for side in (left, right)]
    return Array(arrays[0].shape, tuple([operators.binary(m, node, op, *pair) for pair in zip(*rows, strict=False)]))


def part(m: Machine, base: Array, key: object) -> object:
    """`array[key]`, for what numpy calls basic indexing, and for an array of indices."""
    if isinstance(key, Array):
        return Array((*key.shape, *base.shape[1:]))
    if base.values is not None and isinstance(key, int) and -len(base.values) <= key < len(base.values):
        return base.values[key]
    if base.values is not None and isinstance(key, slice):
        return Array((len(base.values[key]),), base.values[key])
    keys = key if isinstance(key, tuple) else (key,)
    rest, made = list(base.shape), list[object]()
    for position, item in enumerate(keys):
        if item is None or (isinstance(item, Dotted) and item.name.endswith(".newaxis")):
            made.append(1)
        elif item is ...:
            after = sum(other is not None and not isinstance(other, Dotted) for other in keys[position + 1 :])
            count = max(len(rest) - after, 0)
            made, rest = [*made, *rest[:count]], rest[count:]
        elif isinstance(item, slice) and rest:
            made.append(_size(rest.pop(0), item))
        elif isinstance(item, int) and rest:
            rest.pop(0)
        elif isinstance(item, Unknown) and rest and (width := slice_width(m, item)) is not None:
            size = rest.pop(0)
            made.append(min(width, size) if isinstance(size, int) else width)
        else:
            return Unknown("a part of an array")
    return Array((*made, *rest)) if made or rest else Unknown("an element of an array")


def _size(size: Any, part: slice) -> object:
    """How many elements a slice takes of an axis."""
    try:
        return len(range(*part.indices(size)))
    except (OverflowError, TypeError, ValueError):  # of an unknown size, by a step of 0, more than any machine holds
        return Unknown("the size of a part")


def _download(m: Machine, name: str) -> object:
    """`keras.datasets.mnist.load_data()`."""
    parts = DATASETS.get(name)
    if parts is None or m.data_format != "channels_last":
        return MISSING
    return tuple((Array(data), Array(labels)) for data, labels in parts)


# Parts of data whose length is known where the data is not


def unknown_slice(m: Machine, node: ast.Slice) -> Unknown:
    """A slice whose bounds are not known; its width may be: `[i * 4 : (i + 1) * 4]` takes 4, whatever `i` is."""
    made = Unknown("a slice with unknown bounds")
    m.slices.add(made)
    if node.lower is None or node.upper is None or node.step is not None:
        return made
    widths: set[int] = set()
    for probe in PROBES:
        seen: dict[Unknown, int] = {}
        lower, upper = (_probed(m, bound, probe, seen) for bound in (node.lower, node.upper))
        if lower is None or upper is None:
            return made
        widths.add(upper - lower)
    width = widths.pop()
    return made if widths or width <= 0 else with_width(m, made, width)


def _probed(m: Machine, node: ast.expr, probe: int, seen: dict[Unknown, int]) -> int | None:
    """The value of a sum or product, with a number for each name that is not known."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)):
        left, right = _probed(m, node.left, probe, seen), _probed(m, node.right, probe, seen)
        if left is None or right is None:
            return None
        return left + right if isinstance(node.op, ast.Add) else left - right if isinstance(node.op, ast.Sub) else left * right
    if not isinstance(node, (ast.Constant, ast.Name, ast.Attribute)):
        return None
    value = m.plain(expressions.evaluate(m, node))
    if isinstance(value, Unknown):
        return seen.setdefault(value, probe ** (len(seen) + 1))
    return value if isinstance(value, int) else None


def is_slice(m: Machine, key: Unknown) -> bool:
    """Whether an unknown key is a slice."""
    return key in m.slices


def slice_width(m: Machine, key: object) -> int | None:
    """How many elements a slice takes from data that is long enough; None for what is no slice, or takes as many as there are."""
    if isinstance(key, slice):
        start, stop = key.start or 0, key.stop
        return stop - start if key.step is None and isinstance(stop, int) and 0 <= start < stop else None
    return width_of(m, key) if isinstance(key, Unknown) else None


def with_width(m: Machine, value: Unknown, width: int) -> Unknown:
    """Note how many samples an unknown part of data holds."""
    m.widths[value] = width
    return value


def width_of(m: Machine, value: Unknown) -> int | None:
    """How many samples an unknown part of data holds, where that is known."""
    return m.widths.get(value)
