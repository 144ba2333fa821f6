"""Calls into libraries: Python's own, numpy, TensorFlow and Keras functions; methods of known values."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from bnlint.graph.model import ABSENT, Argument, Arguments, Layer, Unknown
from bnlint.keras_api.functions import FunctionSpec, function_spec
from bnlint.keras_api.layers import layer_spec
from bnlint.keras_api.names import canonical
from bnlint.keras_api.shapes import output
from bnlint.source import (
    attributes,
    builtins,
    invoke,
    iteration,
    layers,
    models,
    operators,
    options,
    orders,
    records,
    sequential,
    surroundings,
    tf1,
    training,
    weights,
)
from bnlint.source.machine import Handler, Machine
from bnlint.source.values import MISSING, Bound, Class, Dotted, Function, Instance, Model, Partial, bind_parameters, first_argument

UNKNOWN_METHODS: Final = frozenset({"get_layer"})
"""Methods that matter even on an unknown object."""


def constant(m: Machine, dotted: Dotted) -> object:
    """An attribute of a library that is a plain value."""
    if dotted.name in ("math.pi", "numpy.pi"):
        return math.pi
    found = options.flags(m, dotted.canonical or dotted.name)
    return dotted if found is MISSING else found


def knows(name: str | None) -> bool:
    """Whether the tables or a handler say what a canonical name stands for. What they do not is looked for in the project.

    (So are the models of keras.applications, for whoever analyses Keras itself.)
    """
    if name is None:
        return False
    if name in handlers() or name == "keras.Layer" or function_spec(name) is not None:
        return True
    return name.startswith("keras.layers.") and layer_spec(name.removeprefix("keras.layers.")) is not None


def call(m: Machine, callee: Dotted, arguments: Arguments, node: ast.Call) -> object:
    """Call something imported."""
    name = callee.canonical or callee.name
    if name in LEARNING_PHASE:
        return _learning_phase(m, callee, arguments, node)
    handler = handlers().get(name) or handlers().get(callee.name)
    if handler is not None:
        return handler(m, arguments, node)
    flag = options.flag(m, callee, arguments)
    if flag is not MISSING:
        return flag
    pure = builtins.PURE.get(name.removeprefix("builtins.")) or builtins.PURE.get(callee.name)
    if pure is not None:
        return builtins.pure(m, pure, arguments)
    if name.startswith("keras.layers."):
        kind, _, method = name.removeprefix("keras.layers.").partition(".")
        if method == "from_config":
            arguments = invoke.unpacked(m.settle(first_argument(arguments)))
        if layer_spec(kind) is not None and method in ("", "from_config"):
            return layers.construct(m, kind, arguments, node, callee.name.removesuffix(".from_config"))
    if name.startswith("keras.applications.") and (made := models.application(m, name, arguments, node)) is not None:
        return made
    found = tf1.call(m, name, arguments, node)
    if found is not MISSING:
        return found
    found = surroundings.call(m, name, arguments, node)
    if found is not MISSING:
        return found
    found = training.call(m, callee, arguments, node)
    if found is not MISSING:
        return found
    spec = function_spec(name)
    if spec is not None:
        return apply_function(m, spec, arguments, node)
    if name.startswith(("keras.losses.", "keras.regularizers.l", "keras.regularizers.L")):
        return callee
    return _unfollowed(m, callee, name, arguments, node)


def _unfollowed(m: Machine, callee: Dotted, name: str, arguments: Arguments, node: ast.Call) -> object:
    """Call something imported that neither the tables nor a handler know."""
    last = name.rpartition(".")[2].lower()
    if "load" in last and "weight" in last:
        training.load_weights(m, arguments, node)
    key = ("library", callee.name)
    known = m.standing(key, Unknown(f"`{callee.name}` is not followed"))
    if name.startswith("keras.") and name.rpartition(".")[2][:1].isupper() and not arguments.items:
        return known
    unfollowed = Unknown(known.reason)
    m.foreign.add(unfollowed)
    # What takes arrays and files takes no symbolic tensor: a parameter that it is given is none.
    made = Unknown(known.reason) if name.partition(".")[0] in OF_ARRAYS else invoke.unknown_call(m, unfollowed, arguments, node)
    if isinstance(made, Unknown) and name.startswith("numpy."):
        weights.computed(m, made, *(each.value for each in arguments.items))
    return made


OF_ARRAYS: Final = frozenset({"PIL", "cv2", "imageio", "librosa", "numpy", "pandas", "scipy", "skimage", "soundfile"})
"""Libraries that know nothing of models and of symbolic tensors."""

SQUARES: Final = frozenset({"norm", "pow", "power", "square"})
"""Functions that make a penalty of a gradient."""


def apply_function(m: Machine, spec: FunctionSpec, arguments: Arguments, node: ast.Call) -> object:
    """A function on tensors: a node, its own input (identities), or a plain value."""
    if spec.treatment == "value":
        return Unknown(f"the result of `{spec.kind}`")
    named = bind_parameters(spec.parameters, arguments)
    if spec.kind in SQUARES and arguments.items:
        training.squared(m, arguments.items[0].value)
    wanted = [named[name] for name in spec.tensors if name in named]
    wanted += [argument.value for argument in arguments.positional[len(spec.parameters) :]]
    inputs = (
        invoke.tensors_of(m, Arguments(tuple(Argument(None, value, None) for value in wanted)), node)
        if wanted
        else invoke.tensors_of(m, arguments, node)
    )
    if not inputs:
        inputs = invoke.tensors_of(m, arguments, node)
    if not inputs:
        return Unknown(f"the result of `{spec.kind}`")
    if spec.treatment == "identity":
        return inputs[0]
    origin = m.origin(node)
    config = {name: layers.plain(m, value) for name, value in named.items() if name not in spec.tensors}
    scaled = spec.role == "merge" and len(inputs) == 1 and any(isinstance(m.settle(value), (int, float)) for value in wanted)
    layer = Layer(
        spec.kind,
        "other" if scaled else spec.role,
        config=config,
        arguments=arguments,
        activation=spec.activation,
        is_function=True,
        family=spec.family,
        origin=origin,
    )
    shape, channels = output(spec.kind, config, [(tensor.shape, tensor.channels) for tensor in inputs])
    training_value = named.get("training", ABSENT)
    hole = layers.hole_of(arguments)
    return m.call(layer, layers.distinct(inputs), origin, training=training_value, shape=shape, channels=channels, hole=hole)


def _dynamic_shape(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return m.each(first_argument(arguments), lambda value: attributes.dynamic_shape_of(m, value))


def _static_shape(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return m.each(first_argument(arguments), lambda value: attributes.shape_of(m, value))


def _rank(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return m.each(first_argument(arguments), lambda value: attributes.rank_of(m, value))


def _image_data_format(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    m.event("data_format", None, {"value": None}, node)
    return m.data_format


def _set_image_data_format(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    value = m.settle(first_argument(arguments))
    m.event("data_format", None, {"value": value}, node)
    if isinstance(value, str):
        m.data_format = {"th": "channels_first", "tf": "channels_last"}.get(value, value)
    return None


def _set_policy(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """The dtype that layers get from now on: in all of a file if its module sets it, else until the running function ends."""
    m.policy = layers.plain(m, first_argument(arguments))
    if m.frame.function is None:
        m.home.policy = m.policy
    return None


def _policy(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`Policy(name)`: all that is asked of it is the name."""
    return m.settle(first_argument(arguments))


def _ordering(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    m.event("data_format", None, {"value": None}, node)
    return "th" if m.data_format == "channels_first" else "tf"


def _learning_phase(m: Machine, callee: Dotted, arguments: Arguments, node: ast.Call) -> object:
    """`set_learning_phase(0)`, `with learning_phase_scope(1)`; `learning_phase()`."""
    value = first_argument(arguments)
    if value is MISSING:
        m.event("read_learning_phase", None, {"path": callee.name}, node, arguments)
    else:
        m.event("learning_phase", None, {"value": m.settle(value), "path": callee.name}, node, arguments)
    return Unknown("the learning phase", mode=True)


def _layers_module(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return Dotted("keras.layers", "keras.layers")


def _activation(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`keras.activations.get(name)`: the function of that name."""

    def apply(given: object) -> object:
        name = "linear" if given is None else given
        return Dotted(f"keras.activations.{name}", canonical(f"keras.activations.{name}")) if isinstance(name, str) else given

    return m.each(first_argument(arguments), apply)


def _value(value: object) -> Callable[[Machine, Arguments, ast.Call], object]:
    return lambda m, arguments, node: value


def _decorator(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """A decorator used as a call: `tf.function(f)` is f, `tf.function(...)` is a decorator."""
    value = first_argument(arguments)
    known = isinstance(value, (Function, Bound, Class, Instance, Layer, Model, Partial))
    return value if known else Dotted("bnlint.identity", "bnlint.identity")


LEARNING_PHASE: Final = frozenset(
    f"keras.backend.{name}" for name in ("learning_phase", "learning_phase_scope", "set_learning_phase", "symbolic_learning_phase")
)

HANDLERS: Final[dict[str, Handler]] = {
    **dict.fromkeys(("tf.autograph.experimental.do_not_convert", "tf.function"), _decorator),
    "keras.activations.get": _activation,
    "keras.activations.deserialize": _activation,
    "keras.backend.image_data_format": _image_data_format,
    "keras.config.image_data_format": _image_data_format,
    "keras.utils.image_data_format": _image_data_format,
    "keras.backend.common.image_data_format": _image_data_format,
    "keras.backend.set_image_data_format": _set_image_data_format,
    "keras.config.set_image_data_format": _set_image_data_format,
    "keras.backend.set_image_dim_ordering": _set_image_data_format,
    "keras.backend.image_dim_ordering": _ordering,
    **dict.fromkeys(("keras.backend.shape", "keras.ops.shape", "tf.compat.v1.shape", "tf.shape"), _dynamic_shape),
    **dict.fromkeys(("keras.backend.ndim", "keras.ops.ndim", "tf.compat.v1.rank", "tf.rank"), _rank),
    "keras.backend.int_shape": _static_shape,
    **dict.fromkeys(("keras.backend.set_floatx", "keras.config.set_floatx", "keras.config.set_dtype_policy"), _set_policy),
    **dict.fromkeys((f"keras.mixed_precision.set_{name}policy" for name in ("", "global_", "dtype_")), _set_policy),
    **dict.fromkeys((f"keras.mixed_precision.experimental.set_{name}policy" for name in ("", "global_")), _set_policy),
    **dict.fromkeys(("keras.DTypePolicy", "keras.dtype_policies.DTypePolicy", "keras.mixed_precision.DTypePolicy"), _policy),
    **dict.fromkeys(("keras.mixed_precision.Policy", "keras.mixed_precision.experimental.Policy"), _policy),
    "keras.backend.backend": _value("tensorflow"),
    "keras.config.backend": _value("tensorflow"),
    "keras.backend.epsilon": _value(1e-7),
    "keras.config.epsilon": _value(1e-7),
    "keras.backend.floatx": _value("float32"),
    "keras.layers.VersionAwareLayers": _layers_module,
}


@cache
def handlers() -> Mapping[str, Handler]:
    """All functions that have a handler. (A function, as the modules that it names import each other.)"""
    models_made = {
        "keras.Input": layers.make_input,
        "keras.Sequential": sequential.make_sequential,
        "keras.Model": models.make_model,
        "keras.models.clone_model": models.clone,
        "keras.utils.multi_gpu_model": models.replicate,
    }
    groups = (
        builtins.HANDLERS,
        operators.HANDLERS,
        iteration.HANDLERS,
        orders.HANDLERS,
        records.HANDLERS,
        options.HANDLERS,
        surroundings.HANDLERS,
        tf1.HANDLERS,
        HANDLERS,
        models_made,
    )
    return {name: handler for group in groups for name, handler in group.items()}
