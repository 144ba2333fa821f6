"""Training code: what is done to models, layers and tapes, as Events in order."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from bnlint.graph.model import ABSENT, Argument, Arguments, Choice, Layer, Unknown
from bnlint.keras_api.training import BATCHING, FLOWS, MODEL_METHODS, OLD_NAMES, SIGNATURES
from bnlint.source import arrays, attributes, classes, data, inspection, invoke, layers, models, rounds, sequential, tf1, weights
from bnlint.source.machine import Machine
from bnlint.source.values import (
    MISSING,
    TENSORS,
    Array,
    Bound,
    Cell,
    Dataset,
    Dict,
    Dotted,
    Function,
    Instance,
    LayerList,
    Model,
    Partial,
    Super,
    Tape,
    Variables,
    bind_parameters,
    first_argument,
    sequence,
)

UPDATES: Final = frozenset({"apply", "apply_gradients", "minimize"})
"""Methods of optimizers that change variables."""

ASSIGNMENTS: Final = frozenset({"assign", "assign_add", "assign_sub"})
"""Methods of variables that change them."""

REPLICAS: Final = frozenset({"call_for_each_replica", "experimental_run_v2", "run"})
"""Methods of distribution strategies that run a function."""

DISTRIBUTED: Final = frozenset(
    {
        "distribute_datasets_from_function",
        "experimental_distribute_dataset",
        "experimental_distribute_datasets_from_function",
    }
)
"""Methods of distribution strategies that pass a data set on, or what a function makes of one."""

METHODS: Final = frozenset(
    {*MODEL_METHODS, *FLOWS, *BATCHING, *UPDATES, *ASSIGNMENTS, *REPLICAS, *DISTRIBUTED}
    | {"Choice", "__call__", "add", "backward", "call", "exclude_from_weight_decay", "get_collection", "gradient", "scope"}
)
"""Methods that are followed even on an object that is not known."""


def call(m: Machine, callee: Dotted, arguments: Arguments, node: ast.Call) -> object:
    """Calls that make tapes, data and data sets; MISSING for others."""
    name = callee.canonical or callee.name
    if name == "tf.GradientTape":
        m.tapes_made += 1
        return Tape(m.tapes_made)
    if name in ("keras.backend.gradients", "tf.gradients", "tf.compat.v1.gradients"):
        given = bind_parameters(("ys", "xs"), arguments)
        return _gradient(m, None, given.get("xs", given.get("variables")), arguments, node)
    if name.startswith("keras.losses.") and name.endswith(".backward"):  # what a loss makes stands for the loss
        m.event("backward", None, {}, node, arguments)
        return None
    if name.startswith("torch.optim."):
        optimizer, variables = Unknown("an optimizer of torch"), m.settle(first_argument(arguments))
        if isinstance(variables, Variables):
            m.steppers[optimizer] = variables
        return optimizer
    for made in (data.call(m, callee, arguments, node), arrays.call(m, callee, arguments)):
        if made is not MISSING:
            return made
    if name.startswith("tf.") and name.endswith("train.Checkpoint"):
        if any(file.says(".restore", ".read(") for file in m.files.by_path.values()):  # others are only saved
            load_weights(m, arguments, node)
        return MISSING
    if name == "keras.models.load_model":
        loaded = Unknown("a model loaded from a file")
        m.foreign.add(loaded)
        return loaded
    return MISSING


def load_weights(m: Machine, arguments: Arguments, node: ast.Call) -> None:
    """Note that code which is not seen may load weights into the models among the arguments."""
    for argument in arguments.items:
        value = m.settle(argument.value)
        if isinstance(value, (Model, Instance)):
            m.event("load_weights", value, {"source": Unknown("a file")}, node, arguments)


def method(m: Machine, owner: object, name: str, arguments: Arguments, node: ast.Call) -> object:
    """`owner.name(...)` for what is not a plain Python value."""
    match owner:
        case Super():
            return _super(m, owner, name, arguments, node)
        case Tape():
            return _tape(m, owner, name, arguments, node)
        case Dataset():
            return data.method(m, owner, name, arguments, node)
        case Array() if (made := arrays.method(m, owner, name, arguments)) is not MISSING:
            return made
        case Model() | Instance() | Layer():
            made = _of_model(m, owner, name, arguments, node)
        case _:
            made = _of_unknown(m, owner, name, arguments, node)
    if made is not MISSING:
        return made
    if name == "get_config":
        m.effects += 1
        return Dict(dict(owner.config)) if isinstance(owner, Layer) else Dict({}, open=True)
    if name in MODEL_METHODS:
        return _model_event(m, owner, name, arguments, node)
    if isinstance(owner, (Layer, Model, Instance)):
        return weights.taken(m, owner) if name == "get_weights" else Unknown(f"the result of `{name}`")
    if isinstance(owner, TENSORS) and name == "get_shape":
        return attributes.shape_of(m, owner)
    if isinstance(owner, LayerList):
        return Unknown("a layer that is not known")
    return invoke.unknown_call(m, Unknown(f"the result of `{name}`"), arguments, node)


def _of_model(m: Machine, owner: Model | Instance | Layer, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A method that looks into a model or applies it; MISSING for others."""
    functional = owner.fields.get("functional") if isinstance(owner, Instance) else None
    model = functional if isinstance(functional, Model) else owner
    direct = name == "call"
    if name == "apply" and isinstance(owner, Layer):
        return layers.apply_layer(m, owner, arguments, node)
    if name == "stateless_call" and isinstance(owner, (Model, Instance)):
        given = arguments.keyword("training")
        args = {"training": ABSENT if given is None else m.settle(given.value), "dropped": _drops_second(m, node)}
        m.event("stateless_call", owner, args, node, arguments)
        return MISSING
    if name in ("call", "__call__"):
        if isinstance(owner, Layer):
            if direct:
                models.call_event(m, owner, arguments, node, direct=True)
            return layers.apply_layer(m, owner, arguments, node)
        if models.on_data(m, arguments.items[0].value if arguments.items else None, owner.epoch):
            return models.call_event(m, owner, arguments, node, direct=direct)
        apply = models.apply_model if isinstance(owner, Model) else classes.apply_instance
        return apply(m, owner, arguments, node)  # type: ignore[arg-type]
    if name == "parameters" and (not isinstance(owner, Instance) or owner.cls.keras is not None):  # every layer is a module of torch
        return Variables((owner,), True)
    if not isinstance(model, Model):
        return MISSING
    if name == "add":
        sequential.add_layer(m, model, arguments, node)
        return None
    if name == "pop" and model.kind == "sequential" and (items := sequential.elements_of(model)):
        m.write(model.fields, "items", items[:-1])
        return None
    if name == "_flatten_layers":
        return inspection.layer_list(m, model, flat=True)
    if name == "get_layer":
        named = bind_parameters(("name", "index"), arguments) if arguments.keyword("index") is None else {}
        return inspection.find_layer(m, model, m.settle(named.get("name")))
    return MISSING


def _drops_second(m: Machine, node: ast.Call) -> bool:
    """Whether the code where a call stands lets its second result go."""
    for tree in m.file.trees:
        for around in ast.walk(tree):
            match around:
                case ast.Expr(value=value) if value is node:
                    return True
                case ast.Subscript(value=value, slice=ast.Constant(value=0)) if value is node:
                    return True
                case ast.Assign(targets=[ast.Tuple(elts=[_, ast.Name(id=name), *_])], value=value) if value is node:
                    return not name.strip("_")
    return False


def _of_unknown(m: Machine, owner: object, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A method of an optimizer, a strategy, a data set that is not known as such; MISSING for others."""
    first = m.settle(first_argument(arguments))
    if isinstance(owner, (Unknown, Array)) and (name in BATCHING or name in FLOWS):
        return data.method(m, owner, name, arguments, node)
    if name == "exclude_from_weight_decay" and isinstance(owner, Unknown):
        excluded = bind_parameters(("var_list", "var_names"), arguments)
        m.event("exclude", owner, {key: layers.plain(m, value) for key, value in excluded.items()}, node, arguments)
        return None
    if name == "scope" and isinstance(owner, Unknown) and owner in m.strategies:
        return m.strategies[owner]
    if name == "Choice" and isinstance(owner, Unknown):
        return _tuned(m, owner, bind_parameters(("name", "values"), arguments))
    if name in UPDATES:
        return _update(m, name, arguments, node)
    if name == "backward":
        m.event("backward", None, {}, node, arguments)
        return None
    if isinstance(owner, Unknown) and owner in m.steppers:
        return _stepped(m, m.steppers[owner], arguments, node)
    if name in ASSIGNMENTS and isinstance(owner, Unknown) and owner in m.cells:
        return _copied(m, m.cells[owner])
    if name in REPLICAS and isinstance(first, (Function, Partial, Bound)):
        named = bind_parameters(("fn", "args", "kwargs"), arguments)
        given, keywords = m.settle(named.get("args")), m.settle(named.get("kwargs"))
        items = [Argument(None, value, None) for value in sequence(given) or ()] if given is not None else []
        items += [Argument(key, value, None) for key, value in keywords.fields.items()] if isinstance(keywords, Dict) else []
        return invoke.invoke(m, first, Arguments(tuple(items)), node)
    if name in DISTRIBUTED:
        context = Arguments((Argument(None, Unknown("the context of a replica"), None),))
        return invoke.invoke(m, first, context, node) if isinstance(first, (Function, Partial, Bound)) else first
    if name == "get_collection":
        return tf1.collection(m, arguments, node)
    if name == "add" and isinstance(owner, Unknown) and arguments.items:
        m.event("escape", m.settle(arguments.items[0].value), {}, node)
        return None
    return MISSING


def _tuned(m: Machine, owner: Unknown, given: Mapping[str, object]) -> object:
    """`hp.Choice("name", [...])` of KerasTuner: one of a few values."""
    values = sequence(m.settle(given.get("values"))) or ()
    chosen = m.derive(owner, "Choice", m.settle(given.get("name")))
    if not values or len(values) > CHOICES or not all(isinstance(value, (str, int, float)) for value in values):
        return chosen
    *others, found = values
    for value in reversed(others):
        found = Choice(m.test("==", chosen, value), value, found)
    return found


CHOICES: Final = 8
"""Values of a hyperparameter beyond which it is not known."""


def _copied(m: Machine, cell: Cell) -> Unknown:
    """A variable of one model is given a value in a loop over those of several."""
    column, others = cell.columns[cell.index], [each for each in cell.columns if each is not cell.columns[cell.index]]
    arguments = Arguments(tuple(Argument(None, Unknown(each.attribute), each.span) for each in cell.columns))
    args = {"which": column.attribute, "sources": tuple(each.model for each in others)}
    m.event("copy", column.model, args, cell.loop, arguments)
    return Unknown("the result of an assignment")


def _super(m: Machine, owner: Super, name: str, arguments: Arguments, node: ast.Call) -> object:
    if name == "__init__":
        return classes.super_init(m, owner, arguments, node)
    if name == "get_config":
        return Dict({}, open=True)
    if name == "build":
        return None
    if name in MODEL_METHODS:
        return _model_event(m, owner.instance, name, arguments, node)
    if name == "__call__" and isinstance(owner.instance, Instance):
        return classes.apply_call(m, owner.instance, arguments, node)
    if name == "call" and isinstance(owner.instance, Instance):
        functional = owner.instance.fields.get("functional")
        if isinstance(functional, Model):
            return models.apply_model(m, functional, arguments, node)
    return Unknown(f"the result of `super().{name}`")


# Gradients


def _tape(m: Machine, tape: Tape, name: str, arguments: Arguments, node: ast.Call) -> object:
    if name == "watch":
        models.watched(m, tape.number).extend(data.parts(m, first_argument(arguments)))
        return None
    if name not in ("gradient", "jacobian", "batch_jacobian"):
        return Unknown(f"the result of a tape's {name}")
    return _gradient(m, tape, bind_parameters(("target", "sources"), arguments).get("sources"), arguments, node)


def _gradient(m: Machine, tape: Tape | None, sources: object, arguments: Arguments, node: ast.Call) -> object:
    """A gradient with respect to variables of models, or to data."""
    parts = data.parts(m, sources)
    variables = tuple(target for part in parts if isinstance(part, Variables) for target in part.targets)
    targets: object = variables or Unknown("what is differentiated")
    args: dict[str, object] = {"sources": targets, "of_inputs": any(_is_data(m, tape, part) for part in parts)}
    m.event("gradient", None, args, node, arguments, tape.number if tape is not None else None)
    if variables:
        return Variables(variables, True)
    made = Unknown("gradients")
    m.gradients[made] = args
    return made


def squared(m: Machine, value: object) -> None:
    """Note that a gradient is squared, or its norm taken: it is to be part of a loss."""
    value = m.settle(value)
    if isinstance(value, Unknown) and value in m.gradients:
        m.gradients[value]["squared"] = True


def _is_data(m: Machine, tape: Tape | None, value: object) -> bool:
    """Whether a gradient with respect to this is one of data: a tensor, what is watched, or what a model was called on."""
    if isinstance(value, (Array, *TENSORS)):
        return True
    if not isinstance(value, Unknown) or tape is None:
        return False
    return value in m.parameters or value in m.batches or any(part is value for part in models.watched(m, tape.number))


def _update(m: Machine, name: str, arguments: Arguments, node: ast.Call) -> object:
    """`optimizer.apply_gradients(…)`, `optimizer.minimize(…)`: the step, and the gradient that `minimize` takes itself."""
    found = next((value for value in (m.settle(argument.value) for argument in arguments.items) if isinstance(value, Variables)), None)
    if name == "apply" and found is None:
        return MISSING
    named = bind_parameters(("loss", "var_list"), arguments)
    loss, recorded = m.settle(named.get("loss")), m.settle(named.get("tape"))
    if name == "minimize" and isinstance(loss, (Function, Bound, Partial)):
        m.tapes_made += 1
        recorded, outer = Tape(m.tapes_made), m.tapes
        m.tapes = (*outer, recorded.number)
        try:
            variables = invoke.invoke(m, named.get("var_list"), Arguments(), node) if isinstance(named.get("var_list"), Function) else found
            invoke.invoke(m, loss, Arguments(), node)
        finally:
            m.tapes = outer
        found = variables if isinstance(variables, Variables) else found
    if name == "minimize" and isinstance(recorded, Tape):
        _gradient(m, recorded, found, arguments, node)
    return _stepped(m, found, arguments, node)


def _stepped(m: Machine, found: Variables | None, arguments: Arguments, node: ast.Call) -> Unknown:
    """An optimizer changes variables, as far as they are known."""
    m.event("apply_gradients", None, {"sources": found.targets if found else Unknown("the variables")}, node, arguments)
    rounds.trains(m, *(found.targets if found else ()))
    return Unknown("the result of an update")


# Events of models


def _model_event(m: Machine, owner: object, name: str, arguments: Arguments, node: ast.Call) -> object:
    kind = MODEL_METHODS[name]
    settle = m.settle if kind == "compile" else m.plain
    given = bind_parameters(SIGNATURES[name], arguments)
    args = {key if kind == "save" else OLD_NAMES.get(key, key): settle(value) for key, value in given.items()}
    if name == "set_weights" and weights.are_copies(m, args.get("source")):
        m.event("set_weights", owner, {}, node, arguments)
        return Unknown(f"the result of `{name}`")
    if kind == "compile":
        args["loss"] = _named(args.get("loss"))
    elif kind == "fit":
        data.training_batches(m, args, arrays=name == "fit")
    elif kind == "train_on_batch":
        args.update({"batch_size": Unknown("the batch size"), **data.batch_of(m, args.get("x"), args.get("y"))})
    if kind in ("fit", "train_on_batch") and isinstance(args["batch_size"], Unknown):
        args["batch_size"] = models.static_batch(m, owner) or args["batch_size"]
    if isinstance(owner, Instance) and kind != "compile":
        owner.cls.used.add("fit" if kind in ("fit", "train_on_batch") else "called")
    m.event(kind, owner, args, node, arguments)
    if kind == "train_on_batch":
        rounds.trains(m, owner)
    made = Unknown(f"the result of `{name}`")
    if kind == "predict":
        m.outputs.add(made)
    return made


def _named(value: object) -> object:
    """A loss as its name: the class or function it is made of."""
    return value.name.rpartition(".")[2] if isinstance(value, Dotted) else value
