"""Training code: what is done to models, layers, tapes and data sets, as Events in order."""

from __future__ import annotations

import ast
from typing import Final

from bnlint.graph.model import Arguments, Layer, Unknown
from bnlint.source import classes, invoke, layers, models, sequential
from bnlint.source.machine import Machine
from bnlint.source.values import (
    MISSING,
    TENSORS,
    Array,
    Class,
    Dataset,
    Dict,
    Dotted,
    Instance,
    LayerList,
    List,
    Model,
    Super,
    Tape,
    Variables,
    bind_parameters,
)

MODEL_METHODS: Final[dict[str, str]] = {
    "compile": "compile",
    "fit": "fit",
    "fit_generator": "fit",
    "train_on_batch": "train_on_batch",
    "evaluate": "evaluate",
    "evaluate_generator": "evaluate",
    "test_on_batch": "evaluate",
    "predict": "predict",
    "predict_on_batch": "predict",
    "predict_generator": "predict",
    "load_weights": "load_weights",
    "set_weights": "load_weights",
    "save": "save",
    "save_weights": "save",
    "export": "save",
}


SIGNATURES: Final[dict[str, tuple[str, ...]]] = {
    "compile": ("optimizer", "loss", "metrics"),
    "fit": ("x", "y", "batch_size", "epochs", "verbose", "callbacks", "validation_split", "validation_data"),
    "fit_generator": ("x", "steps_per_epoch", "epochs"),
    "train_on_batch": ("x", "y"),
    "load_weights": ("source",),
    "set_weights": ("source",),
}


DATASET_METHODS: Final = frozenset(
    {"map", "shuffle", "prefetch", "cache", "repeat", "with_options", "filter", "enumerate", "as_numpy_iterator", "apply", "ignore_errors"}
)


FLOWS: Final[dict[str, int]] = {"flow": 2, "flow_from_directory": 5, "flow_from_dataframe": 9}
"""Methods of ImageDataGenerator that make batches, of 32 by default, and the position of `batch_size`."""


METHODS: Final = frozenset(
    {*MODEL_METHODS, *FLOWS, "batch", "padded_batch", "add", "apply_gradients", "minimize", "apply", "gradient", "call", "__call__"}
)
"""Methods that are followed even on an object that is not known."""


ARRAYS: Final[dict[str, str]] = {
    "numpy.zeros": "shape",
    "numpy.ones": "shape",
    "numpy.empty": "shape",
    "numpy.random.random": "shape",
    "numpy.random.random_sample": "shape",
    "numpy.random.rand": "sizes",
    "numpy.random.randn": "sizes",
    "numpy.random.normal": "size",
    "numpy.random.uniform": "size",
    "numpy.random.randint": "size",
    "numpy.random.standard_normal": "shape",
    "tf.zeros": "shape",
    "tf.ones": "shape",
    "tf.random.normal": "shape",
    "tf.random.uniform": "shape",
    "keras.random.normal": "shape",
    "keras.random.uniform": "shape",
}


LOADERS: Final[dict[str, int]] = {
    "keras.utils.image_dataset_from_directory": 32,
    "keras.utils.text_dataset_from_directory": 32,
    "keras.utils.audio_dataset_from_directory": 32,
    "keras.utils.timeseries_dataset_from_array": 128,
    "keras.preprocessing.image_dataset_from_directory": 32,
    "keras.preprocessing.text_dataset_from_directory": 32,
    "keras.preprocessing.timeseries_dataset_from_array": 128,
    "keras.preprocessing.sequence.TimeseriesGenerator": 128,
}


def call(m: Machine, callee: Dotted, arguments: Arguments, node: ast.Call) -> object:
    """Calls that make tapes, data and data sets; MISSING for others."""
    name = callee.canonical or callee.name
    if name == "tf.GradientTape":
        m.tapes_made += 1
        return Tape(m.tapes_made)
    if name.startswith("tf.data.") and name.rpartition(".")[2] in ("from_tensor_slices", "from_tensors"):
        first = m.settle(arguments.items[0].value) if arguments.items else None
        return Dataset(None, samples(m, first))
    if (name.startswith("tf.data.") and name.rpartition(".")[2][:1].islower()) or (
        name.startswith("tf.data.") and name.endswith("Dataset")
    ):
        return Dataset(None, Unknown("the number of samples"))
    if name.rpartition(".")[2] in FLOWS:
        return _flow(m, name.rpartition(".")[2], arguments)
    if name in LOADERS:
        given = arguments.keyword("batch_size")
        return Dataset(m.plain(given.value) if given else LOADERS[name], Unknown("the number of samples"))
    style = ARRAYS.get(name) or ARRAYS.get(callee.name)
    if style is not None:
        return _array(m, style, arguments)
    if name.startswith("tf.") and name.endswith("train.Checkpoint"):
        load_weights(m, arguments, node)
        return MISSING
    if name == "keras.models.load_model":
        return Unknown("a model loaded from a file")
    return MISSING


def load_weights(m: Machine, arguments: Arguments, node: ast.Call) -> None:
    """Note that code which is not seen may load weights into the models among the arguments."""
    for argument in arguments.items:
        value = m.settle(argument.value)
        if isinstance(value, (Model, Instance)):
            m.event("load_weights", value, {"source": Unknown("a file")}, node, arguments)


def _array(m: Machine, style: str, arguments: Arguments) -> object:
    values = [m.settle(argument.value) for argument in arguments.positional]
    if style == "sizes":
        shape: object = tuple(values)
    else:
        keyword = arguments.keyword(style)
        position = {"shape": 0, "size": 2}[style]
        shape = m.settle(keyword.value) if keyword else values[position] if len(values) > position else None
    if isinstance(shape, List):
        shape = shape.items
    if isinstance(shape, int):
        shape = (shape,)
    return Array(shape) if isinstance(shape, tuple) else Unknown("data")


def samples(m: Machine, value: object) -> object:
    """How many samples data holds."""
    value = m.settle(value)
    if isinstance(value, (tuple, List)):
        items = value.items if isinstance(value, List) else value
        return samples(m, items[0]) if items else 0
    if isinstance(value, Dict) and value.fields:
        return samples(m, next(iter(value.fields.values())))
    if isinstance(value, Array) and value.shape:
        return value.shape[0]
    if isinstance(value, Dataset):
        return value.samples
    return Unknown("the number of samples")


def set_trainable(m: Machine, owner: object, value: object, node: ast.AST) -> None:
    """`X.trainable = value`."""
    settled = m.settle(value)
    if isinstance(owner, Instance) and owner.cls.keras is None:
        return
    target = m.parts.get(owner, owner) if isinstance(owner, Unknown) else owner
    m.event("set_trainable", target, {"value": settled}, node)


def method(m: Machine, owner: object, name: str, arguments: Arguments, node: ast.Call) -> object:
    """`owner.name(...)` for what is not a plain Python value."""
    if isinstance(owner, Super):
        return _super(m, owner, name, arguments, node)
    if isinstance(owner, Tape):
        return _tape(m, owner, name, arguments, node)
    if isinstance(owner, Dataset) or (isinstance(owner, (Unknown, Array)) and name in ("batch", "padded_batch", *FLOWS)):
        return _dataset(m, owner, name, arguments, node)
    if name in ("apply_gradients", "minimize", "apply") and not isinstance(owner, (Model, Layer)):
        targets = [argument.value for argument in arguments.items]
        found = next((value for value in map(m.settle, targets) if isinstance(value, Variables)), None)
        m.event("apply_gradients", None, {"sources": found.targets if found else Unknown("the variables")}, node, arguments)
        return Unknown("the result of an update")
    model = owner.fields["functional"] if isinstance(owner, Instance) and isinstance(owner.fields.get("functional"), Model) else owner
    if name == "add" and isinstance(model, Model):
        sequential.add_layer(m, model, arguments, node)
        return None
    if name == "add" and isinstance(owner, Unknown) and arguments.items:
        m.event("escape", m.settle(arguments.items[0].value), {}, node)
        return None
    if name == "pop" and isinstance(model, Model) and model.kind == "sequential" and model.fields["items"]:
        m.write(model.fields, "items", model.fields["items"][:-1])
        return None
    if name == "get_layer" and isinstance(model, Model):
        first = (
            arguments.positional[0].value if arguments.positional else next((a.value for a in arguments.items if a.name == "name"), None)
        )
        return models.find_layer(m, model, m.settle(first))
    if name in ("call", "__call__") and isinstance(owner, (Model, Instance)):
        first_value = arguments.items[0].value if arguments.items else None
        if models.on_data(m, first_value, owner.epoch):
            return models.call_event(m, owner, arguments, node, direct=name == "call")
        return (
            models.apply_model(m, owner, arguments, node) if isinstance(owner, Model) else classes.apply_instance(m, owner, arguments, node)
        )
    if name in ("call", "__call__") and isinstance(owner, Layer):
        if name == "call":
            models.call_event(m, owner, arguments, node, direct=True)
        return layers.apply_layer(m, owner, arguments, node)
    if name == "get_config":
        return Dict({}, open=True)
    if name in MODEL_METHODS:
        return _model_event(m, owner, name, arguments, node)
    if isinstance(owner, (Layer, Model, Instance)):
        return Unknown(f"the result of `{name}`")
    return _unknown_method(m, owner, name, arguments, node)


def _unknown_method(m: Machine, owner: object, name: str, arguments: Arguments, node: ast.Call) -> object:
    if isinstance(owner, TENSORS) and name in ("get_shape", "shape"):
        return Unknown("the shape of a tensor")
    if isinstance(owner, LayerList):
        return Unknown("a layer that is not known")
    return invoke.unknown_call(m, Unknown(f"the result of `{name}`"), arguments, node)


def _super(m: Machine, owner: Super, name: str, arguments: Arguments, node: ast.Call) -> object:
    if name == "__init__":
        return classes.super_init(m, owner, arguments, node)
    if name == "get_config":
        return Dict({}, open=True)
    if name in ("build", "compile"):
        return _model_event(m, owner.instance, name, arguments, node) if name == "compile" else None
    if name in ("call", "__call__") and isinstance(owner.instance, Instance):
        functional = owner.instance.fields.get("functional")
        if isinstance(functional, Model):
            return models.apply_model(m, functional, arguments, node)
    return Unknown(f"the result of `super().{name}`")


def _tape(m: Machine, tape: Tape, name: str, arguments: Arguments, node: ast.Call) -> object:
    if name not in ("gradient", "jacobian", "batch_jacobian"):
        return Unknown(f"the result of a tape's {name}")
    sources = arguments.keyword("sources")
    value = m.settle(sources.value if sources else arguments.positional[1].value if len(arguments.positional) > 1 else None)
    targets: object = Unknown("what is differentiated")
    parts = value.items if isinstance(value, List) else value if isinstance(value, tuple) else (value,)
    variables = [part for part in parts if isinstance(part, Variables)]
    settled = [m.settle(part) for part in parts]
    of_inputs = any(isinstance(part, (Array, *TENSORS)) or (isinstance(part, Unknown) and part in m.parameters) for part in settled)
    if variables:
        targets = tuple(target for part in variables for target in part.targets)
    m.event("gradient", None, {"sources": targets, "of_inputs": of_inputs}, node, arguments, tape.number)
    return value if isinstance(value, Variables) else Variables(targets, True) if isinstance(targets, tuple) else Unknown("gradients")


def _dataset(m: Machine, owner: object, name: str, arguments: Arguments, node: ast.Call) -> object:
    data = owner if isinstance(owner, Dataset) else Dataset(None, Unknown("the number of samples"))
    positional = [m.plain(argument.value) for argument in arguments.positional]
    if name in ("batch", "padded_batch"):
        size_given, drop = arguments.keyword("batch_size"), arguments.keyword("drop_remainder")
        size = m.plain(size_given.value) if size_given else positional[0] if positional else Unknown("the batch size")
        dropped = m.settle(drop.value) if drop else positional[1] if name == "batch" and len(positional) > 1 else False
        made = Dataset(size, data.samples, dropped)
        made.event = m.event("batch", made, {"batch_size": size, "drop_remainder": dropped, "samples": data.samples}, node, arguments)
        return made
    if name in FLOWS:
        return _flow(m, name, arguments)
    if name == "unbatch":
        return Dataset(None, data.samples)
    if name in ("take", "skip", "concatenate", "filter", "flat_map", "interleave", "window", "repeat"):
        return Dataset(data.batch_size, Unknown("the number of samples"), data.drop_remainder, data.event)
    return Dataset(data.batch_size, data.samples, data.drop_remainder, data.event)


def _flow(m: Machine, name: str, arguments: Arguments) -> Dataset:
    given = arguments.keyword("batch_size") or next(iter(arguments.positional[FLOWS[name] :]), None)
    return Dataset(m.plain(given.value) if given else 32, Unknown("the number of samples"))


def _model_event(m: Machine, owner: object, name: str, arguments: Arguments, node: ast.Call) -> object:
    kind = MODEL_METHODS[name]
    plain = m.settle if kind == "compile" else m.plain
    args = {key: plain(value) for key, value in bind_parameters(SIGNATURES.get(name, ("x",)), arguments).items()}
    if kind == "compile":
        args["loss"] = _named(args.get("loss"))
    elif kind == "fit":
        _batch(m, name, args)
    elif kind == "train_on_batch":
        args["batch_size"] = samples(m, args.get("x"))
    if isinstance(owner, Instance):
        owner.cls.used.add("fit" if kind in ("fit", "train_on_batch") else "called")
    if kind == "load_weights" or kind in ("compile", "fit", "train_on_batch", "evaluate", "predict", "save"):
        m.event(kind, owner, args, node, arguments)
    return Unknown(f"the result of `{name}`")


def _named(value: object) -> object:
    """A loss as its name: the class or function it is made of."""
    return value.name.rpartition(".")[2] if isinstance(value, Dotted) else value


def _batch(m: Machine, name: str, args: dict[str, object]) -> None:
    """The batch size that `fit` really uses, and what it belongs to."""
    data = m.settle(args.get("x", args.get("generator")))
    args["x"] = data
    given = args.get("batch_size")
    if isinstance(data, Dataset):
        args.update(
            batch_size=data.batch_size if data.batch_size is not None else Unknown("the batch size"),
            samples=data.samples,
            drop_remainder=data.drop_remainder,
            dataset=data,
            batch=data.event,
        )
    elif isinstance(data, Instance) and _makes_batches(data.cls):
        args.update(samples=Unknown("the number of samples"), batch_size=m.plain(data.fields.get("batch_size", Unknown("the batch size"))))
    else:
        args["samples"] = samples(m, data)
        if given is None:
            arrays = isinstance(data, Array) or ("y" in args and args["y"] is not None)
            args["batch_size"] = 32 if arrays and name == "fit" else Unknown("the batch size")


def _makes_batches(cls: Class) -> bool:
    """Whether a user's class is a data set of Keras, whose attribute `batch_size`, by custom, says what it yields."""
    bases = (base for each in cls.lineage() for base in each.bases if isinstance(base, Dotted))
    return any((base.canonical or base.name).rpartition(".")[2] in ("Sequence", "PyDataset") for base in bases)
