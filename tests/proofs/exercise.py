"""Makes a program's models work: finds them, feeds them, trains them a little, and writes down what happened."""

import inspect
import sys
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tests.oracle import truth

SHAPES = ((8,), (32, 32, 3), (16, 8), (8, 16, 16, 3))
"""Tried in turn on whatever does not say what it takes."""

SIZE = 8
"""What a builder gets for the parameters that follow the tensor: a number of filters, of units, of classes."""

STEPS, BATCH = 20, 32
ARGUMENTS = ("activation", "axis", "epsilon", "momentum", "rate", "use_bias")

Report = dict[str, Any]


class Program:
    """A program that ran: its names, and the models found among them or made by what it defines."""

    def __init__(self, keras: Any, path: str, source: str) -> None:
        self.keras = keras
        keras.backend.clear_session()
        keras.utils.set_random_seed(7)
        self.names: dict[str, Any] = {"__name__": "program", "__file__": path}
        with truth.recorded_sites(keras) as self.sites:
            exec(compile(source, path, "exec"), self.names)
            self.models = list(self._models())
            for model in self.models:
                self._feed(model)

    def _models(self) -> Iterator[Any]:
        seen: set[int] = set()
        for value in [*self.names.values()]:
            for model in self._made_from(value):
                if id(model) not in seen:
                    seen.add(id(model))
                    yield model

    def _made_from(self, value: Any) -> Iterator[Any]:
        own = getattr(value, "__module__", None) == "program"
        if isinstance(value, self.keras.Model):
            yield value
        elif isinstance(value, self.keras.layers.Layer) and not value.built:
            yield self.keras.Sequential([value])
        elif inspect.isclass(value) and own and issubclass(value, self.keras.layers.Layer):
            if not _required(value):
                layer = value()
                yield layer if isinstance(layer, self.keras.Model) else self.keras.Sequential([layer])
        elif inspect.isfunction(value) and own:
            yield from self._built_by(value)

    def _built_by(self, function: Any) -> Iterator[Any]:
        """What a builder returns: a model, or what it made of an input tensor."""
        required = _required(function)
        if not required:
            result = function()
            if isinstance(result, self.keras.Model):
                yield result
        else:
            result, inputs = self._applied(function, len(required) - 1)
            if result is not None:
                yield self.keras.Model(inputs, result)

    def _applied(self, function: Any, sizes: int) -> tuple[Any, Any]:
        error: Exception | None = None
        for shape in SHAPES:
            inputs = self.keras.Input(shape)
            try:
                result = function(inputs, *[SIZE] * sizes)
            except Exception as problem:
                error = problem
                continue
            return (result, inputs) if type(result) is type(inputs) else (None, None)
        assert error is not None
        raise error

    def _feed(self, model: Any) -> None:
        """Call the model, so that it is built."""
        if model.built and getattr(model, "inputs", None):
            return
        error: Exception | None = None
        for shape in SHAPES:
            try:
                model(np.zeros((2, *shape), "float32"))
                model.fed_shape = shape
                return
            except Exception as problem:
                error = problem
        assert error is not None
        raise error

    def inputs(self, model: Any) -> Any:
        """Seeded data for some steps, no two batches alike; integers where the model wants integers."""
        generator = np.random.default_rng(3)
        if not getattr(model, "inputs", None):
            return generator.normal(loc=1.0, scale=2.0, size=(STEPS * BATCH, *model.fed_shape)).astype("float32")
        arrays = []
        for tensor in model.inputs:
            shape = tuple(STEPS * BATCH if position == 0 else size or 32 for position, size in enumerate(tensor.shape))
            whole = "int" in str(tensor.dtype)
            arrays.append(generator.integers(0, 2, shape) if whole else generator.normal(loc=1.0, scale=2.0, size=shape).astype("float32"))
        return arrays if len(arrays) > 1 else arrays[0]

    def predicted(self, model: Any) -> list[np.ndarray]:
        return [np.asarray(output) for output in _flat(model.predict(self.inputs(model), batch_size=BATCH, verbose=0))]

    def train(self, model: Any) -> None:
        """Some steps of `fit`, the same for whoever has the same weights."""
        self.keras.utils.set_random_seed(11)
        targets = [np.ones_like(output) for output in self.predicted(model)]
        model.compile(optimizer=self.keras.optimizers.SGD(0.01), loss=["mse"] * len(targets) if len(targets) > 1 else "mse")
        model.fit(self.inputs(model), targets if len(targets) > 1 else targets[0], batch_size=BATCH, epochs=1, shuffle=False, verbose=0)

    def values(self) -> dict[str, np.ndarray]:
        """The names that hold numbers: results of calls."""
        return {name: np.asarray(value) for name, value in self.names.items() if hasattr(value, "numpy") and hasattr(value, "shape")}

    def batchnorms(self, model: Any) -> list[Any]:
        return [layer for layer in _layers(model) if isinstance(layer, self.keras.layers.BatchNormalization) and layer.built]


def _required(function: Any) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.kind in kinds and each.default is inspect.Parameter.empty]


def _flat(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    return [each for item in value for each in _flat(item)] if isinstance(value, list | tuple) else [value]


def _layers(model: Any) -> list[Any]:
    return list(model._flatten_layers(include_self=False)) if hasattr(model, "_flatten_layers") else list(model.layers)


def _structure(model: Any) -> list[Report] | None:
    """The layers in order, with the arguments that fixes change; None for a model that only its `call` knows."""
    if not hasattr(getattr(model, "_functional", None) or model, "_nodes_by_depth"):
        return None
    return [{"kind": type(node.layer).__name__, **_arguments(node.layer), "neighbour": node.neighbour} for node in truth.nodes_of(model)]


def _arguments(layer: Any) -> Report:
    found = {name: getattr(layer, name) for name in ARGUMENTS if hasattr(layer, name)}
    if "axis" in found:
        found["axis"] = [*found["axis"]] if isinstance(found["axis"], list | tuple) else found["axis"]
    return {name: getattr(value, "__name__", value) for name, value in found.items()}


def describe(keras: Any, path: str, source: str) -> Report:
    """Run a program, and say what it built and whether its statistics move in training."""
    try:
        program = Program(keras, path, source)
        models = [_describe(program, model) for model in program.models]
        functional = [model for model in program.models if _structure(model) is not None]
        sites = truth.neighbours(functional, program.sites)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return {"error": type(error).__name__, "message": str(error)}
    lines = [[line, sorted(sides.feeding, key=str), sorted(sides.fed, key=str)] for (_, line), sides in sites.items()]
    return {"models": models, "sites": lines}


def _describe(program: Program, model: Any) -> Report:
    structure = _structure(model)
    norms = program.batchnorms(model)
    before = [np.array(norm.moving_mean) for norm in norms]
    try:
        program.train(model)
    except Exception as error:  # it was built, which is what is asked; not everything trains on a CPU
        return {"kind": type(model).__name__, "layers": structure, "moved": None, "training": f"{type(error).__name__}: {error}"}
    moved = [bool(np.abs(np.array(norm.moving_mean) - old).max() > 0) for norm, old in zip(norms, before, strict=True)]
    return {"kind": type(model).__name__, "layers": structure, "moved": moved}


def difference(keras: Any, path: str, first: str, second: str) -> Report:
    """Run two programs side by side: how far their values, outputs and trained weights are apart (0.0 is equal)."""
    one, other = Program(keras, path, first), Program(keras, path, second)
    values, others = one.values(), other.values()
    apart = {"values": max((_apart(values[name], others[name]) for name in values), default=0.0)}
    assert len(one.models) == len(other.models), "the fix made or lost a model"
    outputs, weights = [0.0], [0.0]
    for left, right in zip(one.models, other.models, strict=True):
        right.set_weights(left.get_weights())
        outputs += map(_apart, one.predicted(left), other.predicted(right))
        one.train(left)
        other.train(right)
        weights += map(_apart, left.get_weights(), right.get_weights())
    return apart | {"outputs": max(outputs), "weights": max(weights), "models": len(one.models), "named": sorted(values)}


def _apart(left: np.ndarray, right: np.ndarray) -> float:
    return float(np.abs(np.asarray(left, "float64") - np.asarray(right, "float64")).max(initial=0.0))
