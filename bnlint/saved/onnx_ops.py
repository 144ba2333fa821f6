"""What the operations of ONNX stand for in a model of Keras. Channels come first there, always."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bnlint.graph.model import ABSENT, Unknown
from bnlint.keras_api.roles import activation_name
from bnlint.keras_api.tables import by_word, words
from bnlint.saved.arrays import Array, small
from bnlint.saved.operations import Operation, Source
from bnlint.saved.sites import Described, Site, biased, gated

UNCHANGED: Final = words("Cast CastLike Identity")
"""What hands its first input on as it is."""

SHAPES: Final = words("ConstantOfShape EyeLike Shape Size")
"""What tells the form of a tensor: the model's data does not go through it."""

ACTIVATIONS: Final[Mapping[str, str]] = {
    "Elu": "ELU",
    "LeakyRelu": "LeakyReLU",
    "PRelu": "PReLU",
    "Relu": "ReLU",
    "Softmax": "Softmax",
    "ThresholdedRelu": "ThresholdedReLU",
    **dict.fromkeys(
        words("Celu Gelu HardSigmoid HardSwish LogSoftmax Mish Selu Sigmoid Softplus Softsign Swish Tanh"),
        "Activation",
    ),
}
POOLS: Final[Mapping[str, str]] = {
    "AveragePool": "AveragePooling",
    "GlobalAveragePool": "GlobalAveragePooling",
    "GlobalMaxPool": "GlobalMaxPooling",
    "MaxPool": "MaxPooling",
}
MERGES: Final[Mapping[str, str]] = {
    "Add": "Add",
    "Concat": "Concatenate",
    "Max": "Maximum",
    "Mean": "Average",
    "Min": "Minimum",
    "Mul": "Multiply",
    "Sub": "Subtract",
    "Sum": "Add",
}
"""Of two tensors a layer of Keras; of one and a constant an operator."""

ROLES: Final[Mapping[str, str]] = by_word(
    {
        "norm": (
            "GroupNormalization InstanceNormalization LRN LayerNormalization LpNormalization MeanVarianceNormalization RMSNormalization"
        ),
        "reshape": ("Expand Gather GatherElements GatherND Reshape Slice Split Squeeze Tile Transpose Unsqueeze"),
        "resample": "CenterCropPad DepthToSpace Pad Resize SpaceToDepth Upsample",
        "recurrent": "GRU LSTM RNN",
        "attention": "Attention",
        "unknown": "If Loop Scan",
    }
)
"""Operations that are functions on tensors -> role; of those that stand nowhere here it is other."""

NATIVE: Final = frozenset({"", "ai.onnx"})


class Description:
    """What the operations of a graph stand for. `live` are those through which the data flows."""

    def __init__(self, live: set[Operation], entries: frozenset[Operation]) -> None:
        self.live = live
        self.entries = entries

    def __call__(self, source: Source) -> Described:
        operation = source.operation
        if operation not in self.live:
            return None
        if operation in self.entries:
            return Site("Input", "input", operation.name, config={"batch_shape": operation.attributes.get("shape")})
        if operation.kind in UNCHANGED:
            return operation.input(0)
        if operation.kind == "BatchNormalization":
            return normalization(operation) if source.port == 0 else None
        for describe in _READERS:
            site = describe(operation, self.live)
            if site is not None:
                return site
        given = tuple(each for each in operation.inputs if each is not None)
        role = ROLES.get(operation.kind, "unknown" if ":" in operation.kind else "other")
        return Site(operation.kind, role, operation.name, given, is_function=True)


def normalization(operation: Operation) -> Site | None:
    """A BatchNormalization. In training mode the node says so, or (up to opset 13) gives the statistics out."""
    given = operation.input(0)
    if given is None:
        return None
    attributes = operation.attributes
    trains = attributes.get("training_mode") == 1
    arrays = dict(zip(("gamma", "beta", "moving_mean", "moving_variance"), map(array_of, operation.inputs[1:5]), strict=False))
    config = {"axis": 1, "epsilon": _short(attributes.get("epsilon", 1e-5))}
    if trains:
        # As Keras counts it: running = running * momentum + batch * (1 - momentum). In inference it stands there for nothing.
        config["momentum"] = _short(attributes.get("momentum", 0.9))
    return Site(
        "BatchNormalization",
        "batchnorm",
        operation.name,
        (given,),
        config=config,
        arrays={name: array for name, array in arrays.items() if array is not None},
        training=True if trains else ABSENT,
    )


def _short(value: object) -> object:
    """A number of single precision, as short as that can tell it."""
    return float(f"{value:.7g}") if isinstance(value, float) else Unknown("not a number")


def array_of(source: Source | None) -> Array | None:
    """The array of an initializer or a constant, whatever its form."""
    for _ in range(64):
        if source is None:
            return None
        if source.operation.array is not None:
            return source.operation.array
        if source.operation.kind not in UNCHANGED and source.operation.kind not in ("Reshape", "Squeeze", "Unsqueeze"):
            return None
        source = source.operation.input(0)
    return None


Reader = Callable[[Operation, set[Operation]], Site | None]


def _linear(operation: Operation, live: set[Operation]) -> Site | None:
    if operation.kind == "Add":
        return biased(operation, live, lambda below: _plain(below, live), array_of)
    return _weighted(operation, live)


def _plain(operation: Operation, live: set[Operation]) -> Site | None:
    """A layer without a bias."""
    site = _weighted(operation, live)
    return site if site is not None and site.config.get("use_bias") is False else None


def _weighted(operation: Operation, live: set[Operation]) -> Site | None:
    if operation.kind in ("Conv", "ConvTranspose"):
        return _convolution(operation)
    if operation.kind in ("Gemm", "MatMul", "Einsum"):
        given = tuple(source for source in operation.inputs if source is not None and source.operation in live)
        kernel = next((array for source in operation.inputs[:2] if (array := array_of(source)) is not None), None)
        if len(given) != 1 or kernel is None:
            return None
        bias = array_of(operation.input(2)) if operation.kind == "Gemm" else None
        config: dict[str, object] = {"use_bias": bias is not None}
        if len(kernel.shape) == 2 and operation.kind != "Einsum":
            config["units"] = kernel.shape[0 if operation.attributes.get("transB") == 1 else 1]
        kind = "EinsumDense" if operation.kind == "Einsum" else "Dense"
        return Site(kind, "linear", operation.name, given, config=config, arrays=_arrays(kernel, bias))
    return None


def _arrays(kernel: Array | None, bias: Array | None) -> dict[str, Array]:
    return {name: array for name, array in (("kernel", kernel), ("bias", bias)) if array is not None}


def _convolution(operation: Operation) -> Site | None:
    given, kernel, bias = operation.input(0), array_of(operation.input(1)), array_of(operation.input(2))
    if given is None:
        return None
    places = len(kernel.shape) - 2 if kernel is not None else len(_sizes(operation, "kernel_shape"))
    if places not in (1, 2, 3):
        return Site(operation.kind, "other", operation.name, (given,), is_function=True)
    group = operation.attributes.get("group", 1)
    transposed = operation.kind == "ConvTranspose"
    config: dict[str, object] = {
        "use_bias": bias is not None or len(operation.inputs) > 2,
        "data_format": "channels_first",
        "strides": _sizes(operation, "strides") or (1,) * places,
        "dilation_rate": _sizes(operation, "dilations") or (1,) * places,
        "padding": _padding(operation, places),
    }
    kind = f"Conv{places}DTranspose" if transposed else f"Conv{places}D"
    if kernel is not None:
        config["kernel_size"] = kernel.shape[2:]
        if isinstance(group, int) and group > 1 and kernel.shape[1] == 1 and places < 3 and not transposed:
            kind = f"DepthwiseConv{places}D"
            config["depth_multiplier"] = kernel.shape[0] // group
        else:
            config["filters"] = kernel.shape[1] * group if transposed and isinstance(group, int) else kernel.shape[0]
    return Site(kind, "linear", operation.name, (given,), config=config, arrays=_arrays(kernel, bias))


def _sizes(operation: Operation, name: str) -> tuple[int, ...]:
    found = operation.attributes.get(name)
    return tuple(size for size in found if isinstance(size, int)) if isinstance(found, tuple) else ()


def _padding(operation: Operation, places: int) -> object:
    """The padding in Keras's words; Unknown for one that Keras has no word for."""
    automatic = operation.attributes.get("auto_pad", "NOTSET")
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        return "same"
    pads = _sizes(operation, "pads")
    if not any(pads):
        return "valid"
    widths = _sizes(operation, "kernel_shape")
    steps = _sizes(operation, "strides") or (1,) * places
    kept = tuple((width - 1) // 2 for width in widths)
    return "same" if pads == kept * 2 and set(steps) == {1} else Unknown("a padding that Keras has no word for")


def _activation(operation: Operation, live: set[Operation]) -> Site | None:
    given = operation.input(0)
    if operation.kind == "Mul":
        return gated(operation, operation.name)
    if given is None or (operation.kind not in ACTIVATIONS and operation.kind != "Clip"):
        return None
    name = activation_name(operation.kind)
    if operation.kind == "Clip":
        limits = [small(array_of(operation.input(position))) for position in (1, 2)]
        bounds = tuple(limit[0] if limit else operation.attributes.get(key) for limit, key in zip(limits, ("min", "max"), strict=True))
        if bounds != (0.0, 6.0):
            return None
        name = "relu6"
    kind = ACTIVATIONS.get(operation.kind, "Activation")
    return Site(kind, "activation", operation.name, (given,), name, {"activation": name} if kind == "Activation" else {})


def _pool(operation: Operation, live: set[Operation]) -> Site | None:
    given = operation.input(0)
    if given is None or operation.kind not in POOLS:
        return None
    config: dict[str, object] = {"data_format": "channels_first"}
    if operation.kind.startswith("Global"):
        return Site(f"{POOLS[operation.kind]}2D", "pool", operation.name, (given,), config={**config, "keepdims": True})
    width = _sizes(operation, "kernel_shape")
    if len(width) not in (1, 2, 3):
        return Site(operation.kind, "pool", operation.name, (given,), is_function=True)
    strides = _sizes(operation, "strides") or (1,) * len(width)
    config |= {"pool_size": width, "strides": strides, "padding": _padding(operation, len(width))}
    return Site(f"{POOLS[operation.kind]}{len(width)}D", "pool", operation.name, (given,), config=config)


def _merge(operation: Operation, live: set[Operation]) -> Site | None:
    given = tuple(source for source in operation.inputs if source is not None and source.operation in live)
    if operation.kind not in MERGES or len(given) < 2:
        return None
    axis = operation.attributes.get("axis")
    config: dict[str, object] = {"axis": axis} if operation.kind == "Concat" and isinstance(axis, int) else {}
    return Site(MERGES[operation.kind], "merge", operation.name, given, config=config)


def _other(operation: Operation, live: set[Operation]) -> Site | None:
    given = operation.input(0)
    if given is None:
        return None
    if operation.kind == "Dropout":
        rate = small(array_of(operation.input(1))) or (operation.attributes.get("ratio", 0.5),)
        return Site("Dropout", "dropout", operation.name, (given,), config={"rate": _short(rate[0]), "noise_shape": None})
    if operation.kind == "Flatten" and operation.attributes.get("axis", 1) == 1:
        return Site("Flatten", "reshape", operation.name, (given,), config={"data_format": "channels_last"})
    if operation.kind == "Transpose":
        order = _sizes(operation, "perm")
        return Site("Permute", "reshape", operation.name, (given,), config={"dims": order[1:]}) if order[:1] == (0,) else None
    return None


_READERS: Final[tuple[Reader, ...]] = (_linear, _activation, _pool, _merge, _other)
