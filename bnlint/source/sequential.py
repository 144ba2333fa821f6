"""Sequential models: their elements, and the chain of calls that these make."""

from __future__ import annotations

import ast

from bnlint.graph.model import Argument, Arguments, Call, Choice, Join, Layer, Origin, Shape, Span, Tensor, Unknown
from bnlint.keras_api.layers import layer_spec
from bnlint.keras_api.names import canonical
from bnlint.keras_api.tensors import input_shape
from bnlint.records import replace
from bnlint.source import invoke, layers, models
from bnlint.source.machine import Machine
from bnlint.source.values import TENSORS, Class, Dotted, Function, Instance, LayerList, List, Model, Placed, Splice


def make_sequential(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`keras.Sequential(...)`."""
    name = arguments.keyword("name")
    model = Model(
        "sequential",
        str(m.settle(name.value)) if name and isinstance(m.settle(name.value), str) else "sequential",
        m.origin(node),
        {},
    )
    model.epoch = m.epoch
    m.models.append(model)
    models.freeze(m, model, arguments, node)
    layers = arguments.keyword("layers") or next(iter(arguments.positional), None)
    written = next((k.value for k in node.keywords if k.arg == "layers"), node.args[0] if node.args else None)
    # Written, so that a branch which does not make the model knows of no elements, rather than of an empty list.
    m.write(model.fields, "items", () if layers is None else _placed(m, layers.value, written, node))
    return model


def elements_of(model: Model) -> tuple[object, ...]:
    """The elements of a sequential model, in order."""
    items: tuple[object, ...] = model.fields.get("items", ())
    return items


def _placed(m: Machine, value: object, written: ast.expr | None, node: ast.AST) -> tuple[object, ...]:
    value = m.settle(value)
    if isinstance(value, Choice):
        return (Splice(value.condition, _placed(m, value.if_true, None, node), _placed(m, value.if_false, None, node)),)
    if not isinstance(value, (List, tuple, LayerList)):
        return (Placed(Unknown("a list of layers that is not known"), m.origin(node)),)
    items = value.items if isinstance(value, List) else tuple(value.layers) if isinstance(value, LayerList) else value
    spans: list[Span | None] = [None] * len(items)
    if (
        isinstance(written, (ast.List, ast.Tuple))
        and len(written.elts) == len(items)
        and not any(isinstance(e, ast.Starred) for e in written.elts)
    ):
        spans = [m.span(element) for element in written.elts]
    return tuple(_place(m, item, span, node) for item, span in zip(items, spans, strict=True))


def _place(m: Machine, item: object, span: Span | None, node: ast.AST) -> Placed | Splice:
    """What one element of a list puts into a Sequential; `span` is where it is written, if it is."""
    if isinstance(item, Splice):
        arms = ([_place(m, each, None, node) for each in arm] for arm in (item.if_true, item.if_false))
        return Splice(item.condition, *map(tuple, arms))
    item = m.settle(item)
    if isinstance(item, Choice):
        return Splice(item.condition, (_place(m, item.if_true, span, node),), (_place(m, item.if_false, span, node),))
    origin = Origin(span, m.stack, m.frame.qualified) if span else item.origin if isinstance(item, Layer) else m.origin(node)
    return check_element(m, item, origin)


def check_element(m: Machine, value: object, origin: Origin) -> Placed:
    """An element of a Sequential; one that is no layer is remembered as an event."""
    value = m.settle(value)
    args: dict[str, object] | None = None
    if isinstance(value, Dotted) and (value.canonical or "").startswith("keras.layers."):
        args = {"what": "class", "kind": (value.canonical or "").removeprefix("keras.layers."), "returns": None}
    elif isinstance(value, Class) and value.keras is not None:
        args = {"what": "class", "kind": value.keras.rpartition(".")[2], "returns": None}
    elif isinstance(value, Function):
        kind, code = _returned_layer(m, value)
        args = {"what": "function", "kind": kind, "returns": code}
    if isinstance(value, (Model, Instance)):
        value.called = True
        m.touched.append(value)
    if isinstance(value, Instance):
        value.cls.used.add("sublayer")
    if args is not None:
        m.event("not_a_layer", None, {**args, "place": "element"}, origin)
    return Placed(value, origin, m.decided)


def _returned_layer(m: Machine, function: Function) -> tuple[str | None, str | None]:
    """The layer of a function whose whole body is `return Layer(...)(argument)` or `return Layer(...)`: its kind and its code."""
    body = (
        [s for s in function.node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        if not isinstance(function.node, ast.Lambda)
        else []
    )
    value = (
        function.node.body
        if isinstance(function.node, ast.Lambda)
        else body[0].value
        if len(body) == 1 and isinstance(body[0], ast.Return)
        else None
    )
    parameters = {a.arg for a in (*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs)}
    made = None
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Call)
        and len(value.args) == 1
        and not value.keywords
        and isinstance(value.args[0], ast.Name)
    ):
        made = value.func
    elif isinstance(value, ast.Call) and not parameters:
        made = value
    if made is None:
        return None, None
    head: ast.expr = made.func
    parts: list[str] = []
    while isinstance(head, ast.Attribute):
        parts.append(head.attr)
        head = head.value
    if not isinstance(head, ast.Name):
        return None, None
    root = function.scope.get(head.id)
    if not isinstance(root, Dotted) or any(
        isinstance(n, ast.Name) and n.id in parameters for a in (*made.args, *made.keywords) for n in ast.walk(a)
    ):
        return None, None
    name = canonical(".".join([root.name, *reversed(parts)])) or ""
    return (name.removeprefix("keras.layers."), ast.unparse(made)) if name.startswith("keras.layers.") else (None, None)


def add_layer(m: Machine, model: Model, arguments: Arguments, node: ast.Call) -> None:
    """`model.add(layer)`."""
    if model.kind == "sequential" and arguments.items:
        first = arguments.items[0]
        placed = _place(m, first.value, first.span or m.span(node), node)
        m.write(model.fields, "items", (*elements_of(model), placed))


def without_input(items: tuple[object, ...]) -> tuple[object, ...]:
    """The elements behind a declared input."""
    first = items[0].value if items and isinstance(items[0], Placed) else None
    declared = isinstance(first, TENSORS) or (isinstance(first, Layer) and first.kind == "InputLayer")
    return items[1:] if declared else items


def derive(m: Machine, model: Model) -> tuple[Tensor, Tensor]:
    """Input and output of a sequential model, its layers applied in order."""
    items = elements_of(model)
    if model.derived is not None and model.derived[0] is items:
        return model.derived[1], model.derived[2]
    under, m.under = m.under, {}
    start, rest = _start(m, items, model.origin)
    end = through(m, rest, start)
    m.under = under
    model.derived = (items, start, end)
    return start, end


def _start(m: Machine, items: tuple[object, ...], origin: Origin) -> tuple[Tensor, tuple[object, ...]]:
    first = items[0] if items else None
    if isinstance(first, Placed):
        if isinstance(first.value, TENSORS):
            return first.value, items[1:]
        if isinstance(first.value, Layer):
            shape = declared_shape(m, items)
            if first.value.kind == "InputLayer":
                layer = Layer(
                    "Input", "input", name=first.value.name, config=first.value.config, is_function=True, origin=first.value.origin
                )
                return m.call(layer, (), first.origin, shape=shape), items[1:]
            return m.call(Layer("Input", "input", is_function=True, origin=origin), (), origin, shape=shape), items
    return m.call(Layer("Input", "input", is_function=True, origin=origin), (), origin, shape=declared_shape(m, items)), items


def declared_shape(m: Machine, items: tuple[object, ...]) -> Shape:
    """The shape of the input that the first element declares: an input, or a layer with `input_shape=`."""
    if items and isinstance(items[0], Splice):
        one, two = (declared_shape(m, arm) for arm in (items[0].if_true, items[0].if_false))
        return one if one == two else None
    first = items[0].value if items and isinstance(items[0], Placed) else None
    if isinstance(first, TENSORS):
        return first.shape
    if not isinstance(first, Layer):
        return None
    if first.kind == "InputLayer":
        return input_shape(first.config)
    given: dict[str, object] = {a.name: layers.plain(m, a.value) for a in first.arguments.items if a.name}
    if first.kind == "Embedding":
        given.pop("input_dim", None)
        given |= {"shape": (given.get("input_length"),)} if given.keys().isdisjoint({"batch_input_shape", "input_shape"}) else {}
    spec = layer_spec(first.kind)
    if "input_dim" in given and spec is not None and (spec.role == "recurrent" or spec.rank == 3):
        given.setdefault("input_length", None)
    return input_shape(given)


def through(m: Machine, items: tuple[object, ...], tensor: object) -> Tensor:
    """The tensor after a run of Sequential elements."""
    for item in items:
        if isinstance(item, Splice):
            present = tensor
            choice = item
            tensor = m.fork(
                choice.condition,
                lambda choice=choice, present=present: through(m, choice.if_true, present),  # type: ignore[misc]
                lambda choice=choice, present=present: through(m, choice.if_false, present),  # type: ignore[misc]
            )
        elif isinstance(item, Placed):
            tensor = _apply_element(m, item, tensor)
    assert isinstance(tensor, (Call, Join))
    return tensor


def _called_from(m: Machine, origin: Origin) -> Origin:
    """Where an element is applied: where it stands, through the calls that led to that of the model."""
    return origin if m.stack == origin.stack else replace(origin, stack=m.stack)


def _apply_element(m: Machine, item: Placed, tensor: object) -> object:
    assert isinstance(tensor, (Call, Join))
    value = m.settle(item.value)
    if isinstance(value, Layer):
        decided, m.decided = m.decided, item.decided
        try:
            return layers.applied(m, value, (tensor,), _called_from(m, item.origin))
        finally:
            m.decided = decided
    argument = Arguments((Argument(None, tensor, None),))
    result: object = Unknown("an element that is not known")
    if isinstance(value, (Model, Instance)) and item.origin.span is not None:
        result = invoke.invoke(m, value, argument, invoke.Site(item.origin.span))
    made = m.settle(result)
    if isinstance(made, TENSORS):
        return made
    reason = value.reason if isinstance(value, Unknown) else "an element that is not known"
    layer = Layer("unknown", "unknown", name=reason, is_function=True, family="unknown", origin=item.origin)
    return m.call(layer, (tensor,), item.origin)
