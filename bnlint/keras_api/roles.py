"""What layers, functions and activations are for: the roles of the nodes of a graph."""

import re
from collections.abc import Mapping
from typing import Final

from bnlint.keras_api.tables import by_word

ROLES: Final = (
    "input",
    "linear",
    "batchnorm",
    "norm",
    "activation",
    "dropout",
    "pool",
    "merge",
    "reshape",
    "resample",
    "recurrent",
    "attention",
    "other",
    "unknown",
    "join",
)


LAYER_ROLES: Final[Mapping[str, str]] = by_word(
    {
        "input": "Input InputLayer",
        "linear": (
            "AtrousConvolution1D AtrousConvolution2D Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose "
            "Convolution1D Convolution1DTranspose Convolution2D Convolution2DTranspose Convolution3D Convolution3DTranspose "
            "Deconvolution2D Dense DepthwiseConv1D DepthwiseConv2D EinsumDense LocallyConnected1D LocallyConnected2D "
            "MaxoutDense SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D SpectralNormalization"
        ),
        "batchnorm": "BatchNormalization BatchNormalizationV1 BatchNormalizationV2 SyncBatchNormalization",
        "norm": "GroupNormalization LayerNormalization Normalization RMSNormalization UnitNormalization",
        "activation": "Activation ELU LeakyReLU PReLU ReLU Softmax ThresholdedReLU",
        "dropout": "AlphaDropout Dropout GaussianDropout SpatialDropout1D SpatialDropout2D SpatialDropout3D",
        "pool": (
            "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D "
            "AdaptiveMaxPooling2D AdaptiveMaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D "
            "AvgPool3D GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D "
            "GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D "
            "GlobalMaxPooling3D MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D"
        ),
        "merge": "Add Average Concatenate Dot Maximum Merge Minimum Multiply Subtract",
        "reshape": "Flatten Permute RepeatVector Reshape",
        "resample": (
            "CenterCrop Cropping1D Cropping2D Cropping3D Resizing UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D "
            "ZeroPadding2D ZeroPadding3D"
        ),
        "recurrent": (
            "Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D CuDNNGRU CuDNNLSTM GRU GRUCell LSTM LSTMCell RNN SimpleRNN "
            "SimpleRNNCell StackedRNNCells"
        ),
        "attention": "AdditiveAttention Attention GroupQueryAttention MultiHeadAttention",
        "other": (
            "ActivityRegularization CategoryEncoding Discretization Embedding FlaxLayer GaussianNoise Hashing Identity "
            "IntegerLookup JaxLayer Lambda Masking RandomBrightness RandomContrast RandomCrop RandomFlip RandomRotation "
            "RandomTranslation RandomZoom Rescaling ReversibleEmbedding StringLookup TFSMLayer TextVectorization "
            "TimeDistributed TorchModuleWrapper Wrapper"
        ),
    }
)
"""Class name of a layer (aliases and Keras 1 included) -> role."""

FUNCTION_ROLES: Final[Mapping[str, str]] = by_word(
    {
        "linear": (
            "atrous_conv2d bias_add biasadd conv conv1d conv1d_transpose conv2d conv2d_transpose conv3d conv3d_transpose "
            "conv_transpose convolution dense depthwise_conv depthwise_conv2d fully_connected local_conv1d local_conv2d "
            "separable_conv separable_conv2d"
        ),
        "batchnorm": "batch_norm batch_normalization fused_batch_norm",
        "norm": "l2_normalize layer_norm layer_normalization local_response_normalization lrn normalize rms_normalization",
        "activation": (
            "celu crelu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh hardswish leaky_relu "
            "leaky_relu_v2 leakyrelu linear log_sigmoid log_softmax mish prelu relu relu6 relu_v2 selu sigmoid silu "
            "soft_shrink softmax softmax_v2 softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh "
            "tanh_shrink threshold"
        ),
        "dropout": "dropout",
        "pool": (
            "adaptive_average_pool adaptive_max_pool amax average_pool average_pooling1d average_pooling2d avg_pool "
            "avg_pool1d avg_pool2d avg_pool3d avgpool max_pool max_pool1d max_pool2d max_pool3d max_pool_with_argmax "
            "max_pooling1d max_pooling2d maxpool mean pool pool2d pool3d reduce_max reduce_mean"
        ),
        "merge": (
            "add add_n add_v2 addv2 average batch_dot concat concat_v2 concatenate concatv2 div divide dot hstack maximum "
            "minimum mul multiply pack realdiv stack sub subtract truediv vstack"
        ),
        "reshape": (
            "batch_flatten broadcast_to broadcastto expand_dims expanddims flatten gather gather_nd gathernd gatherv2 "
            "get_item getitem moveaxis permute_dimensions ravel repeat repeat_elements reshape reverse roll slice split "
            "split_v splitv squeeze strided_slice stridedslice swapaxes tile transpose unpack unstack"
        ),
        "resample": (
            "batch_to_space_nd batchtospacend crop_to_bounding_box depth_to_space depthtospace image_resize mirror_pad "
            "mirrorpad pad pad_v2 padv2 resize resize_area resize_bilinear resize_images resize_nearest_neighbor "
            "resizebicubic resizebilinear resizenearestneighbor space_to_batch_nd space_to_depth spacetobatchnd spacetodepth "
            "spatial_2d_padding spatial_3d_padding temporal_padding"
        ),
    }
)
"""Last part of the name of a function on tensors (lower case) -> role."""

ACTIVATION_ALIAS: Final[Mapping[str, str]] = {
    "h_swish": "hard_silu",
    "hard_swish": "hard_silu",
    "hardswish": "hard_silu",
    "hswish": "hard_silu",
    "leakyrelu": "leaky_relu",
    "relu_6": "relu6",
    "swish": "silu",
}


_JOINED: Final = {name.replace("_", ""): name for name, role in sorted(FUNCTION_ROLES.items()) if role == "activation"}
"""Activations by their name without underscores: "leakyrelu" -> "leakyrelu", which the alias then turns into "leaky_relu"."""


def activation_name(name: str) -> str:
    """The one name of an activation, of a function or a class: "LeakyReLU" -> "leaky_relu", "swish" -> "silu".

    `_relu6` keeps its name: no Keras has it, and what somebody's own does is not known.
    """
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace("LU", "lu")).lower()
    if not snake.startswith("_"):
        snake = _JOINED.get(snake.replace("_", ""), snake)
    return ACTIVATION_ALIAS.get(snake, snake)
