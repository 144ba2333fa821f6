"""What the operations of TensorFlow stand for in a model of Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from bnlint.graph.model import ABSENT
from bnlint.keras_api.roles import FUNCTION_ROLES, activation_name
from bnlint.keras_api.tables import words
from bnlint.saved import normalizations
from bnlint.saved.arrays import small
from bnlint.saved.frames import BRANCHES, Run
from bnlint.saved.normalizations import FUSED, OUTPUT, SUMS, Normalization, array_of
from bnlint.saved.operations import Operation, Source, fed
from bnlint.saved.sites import Described, Site, biased, gated

UNCHANGED: Final = words(
    "Cast CheckNumerics EnsureShape Identity IdentityN PreventGradient Snapshot StopGradient Switch PlaceholderWithDefault"
)
"""What hands its first input on as it is."""

SHAPES: Final = words("Shape ShapeN Size Rank VariableShape OnesLike ZerosLike")
"""What tells the form of a tensor: the model's data does not go through it."""

CONVOLUTIONS: Final[Mapping[str, str]] = {
    "Conv2D": "Conv2D",
    "Conv3D": "Conv3D",
    "DepthwiseConv2dNative": "DepthwiseConv2D",
    "Conv2DBackpropInput": "Conv2DTranspose",
    "Conv3DBackpropInputV2": "Conv3DTranspose",
}
PRODUCTS: Final = frozenset({"MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"})
POOLS: Final[Mapping[str, str]] = {
    "AvgPool": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "MaxPool": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "MaxPoolV2": "MaxPooling2D",
}
MERGES: Final[Mapping[str, str]] = {
    "Add": "Add",
    "AddN": "Add",
    "AddV2": "Add",
    "ConcatV2": "Concatenate",
    "Maximum": "Maximum",
    "Minimum": "Minimum",
    "Mul": "Multiply",
    "Sub": "Subtract",
}
"""Of two tensors a layer of Keras; of one and a constant an operator."""

ACTIVATIONS: Final[Mapping[str, str]] = {"Relu": "ReLU", "Elu": "ELU", "LeakyRelu": "LeakyReLU", "Softmax": "Softmax"}
"""Activations that are layers in Keras; the others are Activation."""

REDUCTIONS: Final[Mapping[str, str]] = {"Mean": "GlobalAveragePooling", "Max": "GlobalMaxPooling"}
OTHERS: Final[Mapping[str, tuple[str, str]]] = {
    "DepthToSpace": ("depth_to_space", "resample"),
    "MirrorPad": ("pad", "resample"),
    "Pad": ("pad", "resample"),
    "PadV2": ("pad", "resample"),
    "ResizeBicubic": ("resize", "resample"),
    "ResizeBilinear": ("resize", "resample"),
    "ResizeNearestNeighbor": ("resize", "resample"),
    "SpaceToDepth": ("space_to_depth", "resample"),
}


class Description:
    """What the operations of a run stand for."""

    def __init__(self, run: Run, inputs: Iterable[str] = ()) -> None:
        names = frozenset(inputs)
        entries = [each for each in run.operations if each.kind == "Placeholder" or each.name in names]
        self.entries = frozenset(entries)
        self.live = fed(run.operations, entries, lambda operation: operation.kind in SHAPES)
        self.found = normalizations.find(run.operations, self.live)
        self.assigned = tuple(each for each in normalizations.assignments(run.operations) if each.operation not in run.uncertain)
        self.updated = frozenset(each.array for each in self.assigned)
        self.averages = normalizations.updated(self.found.values(), self.assigned)

    def __call__(self, source: Source) -> Described:
        operation = source.operation
        if operation not in self.live:
            return None
        if operation in self.entries:
            return Site("Input", "input", operation.name, config={"batch_shape": operation.attributes.get("shape")})
        if operation in self.found:
            return self._normalization(operation, self.found[operation]) if operation.kind not in FUSED or source.port in OUTPUT else None
        if operation.kind in UNCHANGED:
            return operation.input(0)
        for describe in _READERS:
            site = describe(operation, self.live)
            if site is not None:
                return site
        return _function(operation)

    def _normalization(self, operation: Operation, found: Normalization) -> Site:
        frozen = normalizations.is_constant(found.mean)
        arrays = {
            # Among variables a constant is none of the layer's: it stands for a gamma, or a beta, that it has not.
            "gamma": array_of(found.gamma) if frozen or not normalizations.is_constant(found.gamma) else None,
            "beta": array_of(found.beta) if frozen or not normalizations.is_constant(found.beta) else None,
            "moving_mean": normalizations.moving(found.mean, self.averages),
            "moving_variance": normalizations.moving(found.variance, self.averages),
        }
        known = {name: array for name, array in arrays.items() if array is not None and array.length}
        config = {"axis": found.axis, "epsilon": None if found.epsilon is None else float(f"{found.epsilon:.7g}")}
        return Site(
            "BatchNormalization",
            "batchnorm",
            key=_scope(operation.name) if operation.kind not in FUSED else operation.name.rpartition("/")[0] or operation.name,
            inputs=(found.input,),
            config={name: value for name, value in config.items() if value is not None},
            arrays=known,
            # Where the statistics are assigned beside, that says more than the mode of one operation.
            training=True if found.trains and self.updated.isdisjoint(known.values()) else ABSENT,
        )


def _scope(name: str) -> str:
    """`model/bn/batchnorm/add_1` stands in `model/bn`."""
    scope, _, last = name.rpartition("/")[0].rpartition("/")
    return (scope or last) if last.startswith("batchnorm") else name.rpartition("/")[0] or name


Reader = Callable[[Operation, set[Operation]], Site | None]


def _linear(operation: Operation, live: set[Operation]) -> Site | None:
    """A convolution or a product with weights; with the bias that is added, it is the sum that gives the output."""
    if _adds(operation):
        return biased(operation, live, lambda below: None if _adds(below) else _linear(below, live), array_of)  # of two biases the first
    if operation.kind == "Squeeze":
        return _one_dimensional(operation, live)
    if operation.kind in CONVOLUTIONS:
        return _convolution(operation)
    if operation.kind in PRODUCTS or operation.kind == "Einsum":
        given = [source for source in operation.inputs if source is not None and source.operation in live]
        kernel = next((array for source in operation.inputs if (array := array_of(source)) is not None), None)
        if len(given) != 1 or kernel is None:
            return None
        config: dict[str, object] = {"use_bias": False}
        if operation.kind in PRODUCTS and len(kernel.shape) == 2:
            config["units"] = kernel.shape[0 if operation.attributes.get("transpose_b") is True else 1]
        kind = "EinsumDense" if operation.kind == "Einsum" else "Dense"
        return Site(kind, "linear", _above(operation), tuple(given), config=config, arrays={"kernel": kernel})
    return None


def _adds(operation: Operation) -> bool:
    return operation.kind == "BiasAdd" or operation.kind in SUMS


def _convolution(operation: Operation) -> Site:
    kind = CONVOLUTIONS[operation.kind]
    transposed = kind.endswith("Transpose")
    given = operation.input(2 if transposed else 0)
    kernel = array_of(operation.input(1))
    attributes = operation.attributes
    first = str(attributes.get("data_format", "NHWC")).startswith("NC")
    padding = attributes.get("padding")
    config: dict[str, object] = {
        "use_bias": False,
        "data_format": "channels_first" if first else "channels_last",
        "padding": padding.lower() if isinstance(padding, str) else None,
        "strides": _inner(attributes.get("strides"), first),
        "dilation_rate": _inner(attributes.get("dilations", (1,) * (5 if "3D" in kind else 4)), first),
    }
    if kernel is not None and len(kernel.shape) == (5 if "3D" in kind else 4):
        config["kernel_size"] = kernel.shape[:-2]
        if kind == "DepthwiseConv2D":
            config["depth_multiplier"] = kernel.shape[-1]
        else:
            config["filters"] = kernel.shape[-2 if transposed else -1]
    known = {name: value for name, value in config.items() if value is not None}
    inputs = () if given is None else (given,)
    return Site(kind, "linear", _above(operation), inputs, config=known, arrays={} if kernel is None else {"kernel": kernel})


def _inner(sizes: object, first: bool) -> tuple[object, ...] | None:
    """The sizes along the places: neither batch nor channels."""
    if not isinstance(sizes, tuple):
        return None
    return sizes[2:] if first else sizes[1:-1]


def _one_dimensional(squeeze: Operation, live: set[Operation]) -> Site | None:
    """A convolution along one axis: TensorFlow runs it along two, with a size of one."""
    inside = squeeze.input(0)
    if inside is None or inside.operation.kind not in ("Conv2D", "DepthwiseConv2dNative"):
        return None
    wide = inside.operation.input(0)
    given = wide.operation.input(0) if wide is not None and wide.operation.kind == "ExpandDims" else None
    if given is None:
        return None
    plain = _convolution(inside.operation)
    axis = 0 if plain.config.get("kernel_size", (0,))[:1] == (1,) else 1  # type: ignore[index]
    lost = {name: value[:axis] + value[axis + 1 :] if isinstance(value, tuple) else value for name, value in plain.config.items()}
    return Site(plain.kind.replace("2D", "1D"), "linear", plain.key, (given,), config=lost, arrays=plain.arrays)


def _activation(operation: Operation, live: set[Operation]) -> Site | None:
    given = operation.input(0)
    name = operation.kind.lower()
    if operation.kind == "Mul":
        return gated(operation, _above(operation))
    if FUNCTION_ROLES.get(name) != "activation" or given is None or name == "exponential":
        return None
    applied = activation_name(operation.kind)
    kind = ACTIVATIONS.get(operation.kind, "Activation")
    config: dict[str, object] = {"activation": applied} if kind == "Activation" else {}
    return Site(kind, "activation", _above(operation), (given,), applied, config)


def _pool(operation: Operation, live: set[Operation]) -> Site | None:
    given = operation.input(0)
    if given is None:
        return None
    if operation.kind in POOLS:
        attributes = operation.attributes
        first = str(attributes.get("data_format", "NHWC")).startswith("NC")
        padding = attributes.get("padding")
        config = {
            "pool_size": _inner(attributes.get("ksize"), first),
            "strides": _inner(attributes.get("strides"), first),
            "padding": padding.lower() if isinstance(padding, str) else None,
            "data_format": "channels_first" if first else "channels_last",
        }
        known = {name: value for name, value in config.items() if value is not None}
        return Site(POOLS[operation.kind], "pool", _above(operation), (given,), config=known)
    if operation.kind in REDUCTIONS:
        axes = tuple(int(axis) for axis in small(array_of(operation.input(1))) if abs(axis) < 16)
        places = {(1,): 1, (1, 2): 2, (1, 2, 3): 3, (2, 3): 2, (2, 3, 4): 3}.get(axes)
        if places is not None:
            order = "channels_last" if axes[0] == 1 else "channels_first"
            settings: dict[str, object] = {"data_format": order, "keepdims": operation.attributes.get("keep_dims") is True}
            return Site(f"{REDUCTIONS[operation.kind]}{places}D", "pool", _above(operation), (given,), config=settings)
    return None


def _merge(operation: Operation, live: set[Operation]) -> Site | None:
    given = tuple(source for source in operation.inputs if source is not None and source.operation in live)
    if operation.kind not in MERGES or len(given) < 2:
        return None
    config: dict[str, object] = {}
    if operation.kind == "ConcatV2":
        axis = small(array_of(operation.input(-1)))
        config = {"axis": int(axis[0])} if len(axis) == 1 else {}
    return Site(MERGES[operation.kind], "merge", _above(operation), given, config=config)


def _reshape(operation: Operation, live: set[Operation]) -> Site | None:
    given = operation.input(0)
    if operation.kind != "Reshape" or given is None:
        return None
    form = small(array_of(operation.input(1)))
    if len(form) == 2 and form[0] == -1:
        return Site("Flatten", "reshape", _above(operation), (given,))
    config = {"target_shape": tuple(int(size) for size in form[1:])} if form[:1] == (-1,) else {}
    return Site("Reshape", "reshape", _above(operation), (given,), config=config)


def _function(operation: Operation) -> Site:
    """What is no layer: a function on the tensors that enter it."""
    given = tuple(source for source in operation.inputs if source is not None)
    if operation.kind in BRANCHES or operation.kind in ("Merge", "PartitionedCall", "StatefulPartitionedCall"):
        return Site(operation.kind, "unknown", operation.name, given, is_function=True)
    kind, role = OTHERS.get(operation.kind, (operation.kind, FUNCTION_ROLES.get(operation.kind.lower(), "other")))
    return Site(kind, "other" if role in ("merge", "linear", "batchnorm") else role, operation.name, given, is_function=True)


_READERS: Final[tuple[Reader, ...]] = (_linear, _activation, _pool, _merge, _reshape)


def _above(operation: Operation) -> str:
    """The scope in which an operation stands: the layer's, where Keras wrote the graph."""
    return operation.name.rpartition("/")[0] or operation.name
