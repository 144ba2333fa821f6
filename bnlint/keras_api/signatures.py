"""The constructors of all Keras layers as signatures: what stands in parentheses, with short names for what recurs."""

from collections.abc import Mapping
from typing import Final

FRAGMENTS: Final[Mapping[str, str]] = {
    "weights": (
        "kernel_initializer='glorot_uniform', bias_initializer='zeros', kernel_regularizer=None, bias_regularizer=None, "
        "activity_regularizer=None, kernel_constraint=None, bias_constraint=None"
    ),
    "depthwise": (
        "depthwise_initializer='glorot_uniform', bias_initializer='zeros', depthwise_regularizer=None, bias_regularizer=None, "
        "activity_regularizer=None, depthwise_constraint=None, bias_constraint=None"
    ),
    "separable": (
        "depthwise_initializer='glorot_uniform', pointwise_initializer='glorot_uniform', bias_initializer='zeros', "
        "depthwise_regularizer=None, pointwise_regularizer=None, bias_regularizer=None, activity_regularizer=None, "
        "depthwise_constraint=None, pointwise_constraint=None, bias_constraint=None"
    ),
    "gates": "kernel_initializer='glorot_uniform', recurrent_initializer='orthogonal', bias_initializer='zeros', unit_forget_bias=True",
    "recurrent": "kernel_initializer='glorot_uniform', recurrent_initializer='orthogonal', bias_initializer='zeros'",
    "recurrent_rest": (
        "kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, "
        "kernel_constraint=None, recurrent_constraint=None, bias_constraint=None"
    ),
    "cell_rest": (
        "kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None, "
        "recurrent_constraint=None, bias_constraint=None"
    ),
    "dropouts": "dropout=0.0, recurrent_dropout=0.0",
    "returns": "return_sequences=False, return_state=False, go_backwards=False, stateful=False",
    "affine": "center=True, scale=True, beta_initializer='zeros', gamma_initializer='ones'",
    "affine_rest": "beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None",
    "linear": "activation=None, use_bias=True, {weights}",
    "gated": "activation='tanh', recurrent_activation='sigmoid', use_bias=True",
    "window": "strides=None, padding='valid', data_format=None",
    "shift": "fill_mode='reflect', interpolation='bilinear', seed=None, fill_value=0.0",
    "gated1": "activation='tanh', recurrent_activation='hard_sigmoid', use_bias=True",
    "vocabulary": "max_tokens=None, num_oov_indices=1, mask_token=None",
    "lora": "lora_rank=None, lora_alpha=None",
    "statistics": "{affine}, moving_mean_initializer='zeros', moving_variance_initializer='ones', {affine_rest}",
}
"""`{name}` in a signature stands for the text here; fragments may hold fragments."""

KERAS3: Final[Mapping[str, str]] = {
    "Activation": "activation",
    "ActivityRegularization": "l1=0.0, l2=0.0",
    "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D": "output_size, data_format=None",
    "AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D": "output_size, data_format=None",
    "Add Average Identity Maximum Minimum Multiply Subtract": "",
    "AdditiveAttention": "use_scale=True, dropout=0.0",
    "AlphaDropout Dropout": "rate, noise_shape=None, seed=None",
    "Attention": "use_scale=False, score_mode='dot', dropout=0.0, seed=None",
    "AugMix": (
        "value_range=(0, 255), num_chains=3, chain_depth=3, factor=0.3, alpha=1.0, all_ops=True, interpolation='bilinear', "
        "seed=None, data_format=None"
    ),
    "AutoContrast": "value_range=(0, 255)",
    "AveragePooling1D AveragePooling2D AveragePooling3D": "pool_size, {window}",
    "BatchNormalization": (
        "axis=-1, momentum=0.99, epsilon=0.001, {statistics}, renorm=False, renorm_clipping=None, renorm_momentum=0.99, synchronized=False"
    ),
    "Bidirectional": "layer, merge_mode='concat', weights=None, backward_layer=None",
    "CategoryEncoding": "num_tokens=None, output_mode='multi_hot', sparse=False",
    "CenterCrop": "height, width, data_format=None",
    "Concatenate Softmax UnitNormalization": "axis=-1",
    "ContrastLimitedAdaptiveHistogramEqualization": "value_range=(0, 255), clip_limit=4.0, tile_grid_size=(8, 8), data_format=None",
    "Conv1D": "filters, kernel_size, strides=1, padding='valid', data_format=None, dilation_rate=1, groups=1, {linear}",
    "Conv1DTranspose": (
        "filters, kernel_size, strides=1, padding='valid', output_padding=None, data_format=None, dilation_rate=1, {linear}"
    ),
    "Conv2D": "filters, kernel_size, strides=(1, 1), padding='valid', data_format=None, dilation_rate=(1, 1), groups=1, {linear}",
    "Conv2DTranspose": (
        "filters, kernel_size, strides=(1, 1), padding='valid', output_padding=None, data_format=None, dilation_rate=(1, 1), {linear}"
    ),
    "Conv3D": "filters, kernel_size, strides=(1, 1, 1), padding='valid', data_format=None, dilation_rate=(1, 1, 1), groups=1, {linear}",
    "Conv3DTranspose": (
        "filters, kernel_size, strides=(1, 1, 1), padding='valid', data_format=None, output_padding=None, dilation_rate=(1, 1, 1), {linear}"
    ),
    "ConvLSTM1D ConvLSTM2D ConvLSTM3D": (
        "filters, kernel_size, strides=1, padding='valid', data_format=None, dilation_rate=1, {gated}, {gates}, "
        "{recurrent_rest}, {dropouts}, seed=None, {returns}"
    ),
    "Cropping1D": "cropping=(1, 1)",
    "Cropping2D": "cropping=((0, 0), (0, 0)), data_format=None",
    "Cropping3D": "cropping=((1, 1), (1, 1), (1, 1)), data_format=None",
    "CutMix": "factor=1.0, seed=None, data_format=None",
    "Dense": "units, {linear}, {lora}, quantization_config=None",
    "DepthwiseConv1D": (
        "kernel_size, strides=1, padding='valid', depth_multiplier=1, data_format=None, dilation_rate=1, activation=None, "
        "use_bias=True, {depthwise}"
    ),
    "DepthwiseConv2D": (
        "kernel_size, strides=(1, 1), padding='valid', depth_multiplier=1, data_format=None, dilation_rate=(1, 1), "
        "activation=None, use_bias=True, {depthwise}"
    ),
    "Discretization": "bin_boundaries=None, num_bins=None, epsilon=0.01, output_mode='int', sparse=False",
    "Dot": "axes, normalize=False",
    "ELU": "alpha=1.0",
    "EinsumDense": (
        "equation, output_shape, activation=None, bias_axes=None, kernel_initializer='glorot_uniform', "
        "bias_initializer='zeros', kernel_regularizer=None, bias_regularizer=None, kernel_constraint=None, "
        "bias_constraint=None, {lora}, gptq_unpacked_column_size=None, quantization_config=None"
    ),
    "Embedding": (
        "input_dim, output_dim, embeddings_initializer='uniform', embeddings_regularizer=None, embeddings_constraint=None, "
        "mask_zero=False, weights=None, {lora}, quantization_config=None"
    ),
    "Equalization": "value_range=(0, 255), bins=256, data_format=None",
    "Flatten": "data_format=None",
    "FlaxLayer": "module, method=None, variables=None",
    "GRU": (
        "units, {gated}, {recurrent}, {recurrent_rest}, {dropouts}, seed=None, {returns}, unroll=False, reset_after=True, use_cudnn='auto'"
    ),
    "GRUCell": "units, {gated}, {recurrent}, {cell_rest}, {dropouts}, reset_after=True, seed=None",
    "GaussianDropout SpatialDropout1D": "rate, seed=None",
    "GaussianNoise": "stddev, seed=None",
    "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D": (
        "data_format=None, keepdims=False"
    ),
    "GroupNormalization": "groups=32, axis=-1, epsilon=0.001, {affine}, {affine_rest}",
    "GroupQueryAttention": (
        "head_dim, num_query_heads, num_key_value_heads, dropout=0.0, use_bias=True, sliding_window=None, "
        "flash_attention=None, {weights}, use_gate=False, seed=None"
    ),
    "HashedCrossing": "num_bins, output_mode='int', sparse=False",
    "Hashing": "num_bins, mask_value=None, salt=None, output_mode='int', sparse=False",
    "InputLayer": "shape=None, batch_size=None, sparse=None, ragged=None, batch_shape=None, input_tensor=None, optional=False",
    "IntegerLookup": (
        "{vocabulary}, oov_token=-1, vocabulary=None, vocabulary_dtype='int64', idf_weights=None, invert=False, "
        "output_mode='int', sparse=False, pad_to_max_tokens=False, oov_method='floormod', salt=None"
    ),
    "JaxLayer": "call_fn, init_fn=None, params=None, state=None, seed=None, native_serialization_platforms=None",
    "LSTM": "units, {gated}, {gates}, {recurrent_rest}, {dropouts}, seed=None, {returns}, unroll=False, use_cudnn='auto'",
    "LSTMCell": "units, {gated}, {gates}, {cell_rest}, {dropouts}, seed=None",
    "Lambda": "function, output_shape=None, mask=None, arguments=None",
    "LayerNormalization": "axis=-1, epsilon=0.001, {affine}, {affine_rest}",
    "LeakyReLU": "negative_slope=0.3",
    "Masking": "mask_value=0.0",
    "MaxNumBoundingBoxes": "max_number, fill_value=-1",
    "MaxPooling1D": "pool_size=2, {window}",
    "MaxPooling2D": "pool_size=(2, 2), {window}",
    "MaxPooling3D": "pool_size=(2, 2, 2), {window}",
    "MelSpectrogram": (
        "fft_length=2048, sequence_stride=512, sequence_length=None, window='hann', sampling_rate=16000, num_mel_bins=128, "
        "min_freq=20.0, max_freq=None, power_to_db=True, top_db=80.0, mag_exp=2.0, min_power=1e-10, ref_power=1.0"
    ),
    "MixUp": "alpha=0.2, data_format=None, seed=None",
    "MultiHeadAttention": (
        "num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True, output_shape=None, attention_axes=None, "
        "sliding_window=None, flash_attention=None, {weights}, use_gate=False, seed=None"
    ),
    "Normalization": "axis=-1, mean=None, variance=None, invert=False",
    "PReLU": "alpha_initializer='Zeros', alpha_regularizer=None, alpha_constraint=None, shared_axes=None",
    "Permute": "dims",
    "Pipeline": "layers",
    "RMSNormalization": "axis=-1, epsilon=1e-06",
    "RNN": "cell, {returns}, unroll=False, zero_output_for_mask=False",
    "RandAugment": "value_range=(0, 255), num_ops=2, factor=0.5, interpolation='bilinear', seed=None, data_format=None",
    "RandomBrightness RandomContrast": "factor, value_range=(0, 255), seed=None",
    "RandomColorDegeneration RandomHue RandomPosterization RandomSaturation RandomSharpness": (
        "factor, value_range=(0, 255), data_format=None, seed=None"
    ),
    "RandomColorJitter": (
        "value_range=(0, 255), brightness_factor=None, contrast_factor=None, saturation_factor=None, hue_factor=None, "
        "seed=None, data_format=None"
    ),
    "RandomCrop": "height, width, seed=None, data_format=None",
    "RandomElasticTransform": (
        "factor=1.0, scale=1.0, interpolation='bilinear', fill_mode='reflect', fill_value=0.0, value_range=(0, 255), "
        "seed=None, data_format=None"
    ),
    "RandomErasing": "factor=1.0, scale=(0.02, 0.33), fill_value=None, value_range=(0, 255), seed=None, data_format=None",
    "RandomFlip": "mode='horizontal_and_vertical', seed=None, data_format=None",
    "RandomGaussianBlur": "factor=1.0, kernel_size=3, sigma=1.0, value_range=(0, 255), data_format=None, seed=None",
    "RandomGrayscale": "factor=0.5, data_format=None, seed=None",
    "RandomInvert": "factor=1.0, value_range=(0, 255), seed=None, data_format=None",
    "RandomPerspective": "factor=1.0, scale=1.0, interpolation='bilinear', fill_value=0.0, seed=None, data_format=None",
    "RandomRotation": "factor, {shift}, data_format=None",
    "RandomShear": (
        "x_factor=0.0, y_factor=0.0, interpolation='bilinear', fill_mode='reflect', fill_value=0.0, data_format=None, seed=None"
    ),
    "RandomTranslation": "height_factor, width_factor, {shift}, data_format=None",
    "RandomZoom": "height_factor, width_factor=None, {shift}, data_format=None",
    "ReLU": "max_value=None, negative_slope=0.0, threshold=0.0",
    "RepeatVector": "n",
    "Rescaling": "scale, offset=0.0",
    "Reshape": "target_shape",
    "Resizing": (
        "height, width, interpolation='bilinear', crop_to_aspect_ratio=False, pad_to_aspect_ratio=False, fill_mode='constant', "
        "fill_value=0.0, antialias=False, data_format=None"
    ),
    "ReversibleEmbedding": (
        "input_dim, output_dim, tie_weights=True, embeddings_initializer='uniform', embeddings_regularizer=None, "
        "embeddings_constraint=None, mask_zero=False, reverse_dtype=None, logit_soft_cap=None"
    ),
    "STFTSpectrogram": (
        "mode='log', frame_length=256, frame_step=None, fft_length=None, window='hann', periodic=False, scaling='density', "
        "padding='valid', expand_dims=False, data_format=None"
    ),
    "SeparableConv1D": (
        "filters, kernel_size, strides=1, padding='valid', data_format=None, dilation_rate=1, depth_multiplier=1, "
        "activation=None, use_bias=True, {separable}"
    ),
    "SeparableConv2D": (
        "filters, kernel_size, strides=(1, 1), padding='valid', data_format=None, dilation_rate=(1, 1), depth_multiplier=1, "
        "activation=None, use_bias=True, {separable}"
    ),
    "SimpleRNN": "units, activation='tanh', use_bias=True, {recurrent}, {recurrent_rest}, {dropouts}, {returns}, unroll=False, seed=None",
    "SimpleRNNCell": "units, activation='tanh', use_bias=True, {recurrent}, {cell_rest}, {dropouts}, seed=None",
    "Solarization": "addition_factor=0.0, threshold_factor=0.0, value_range=(0, 255), seed=None",
    "SpatialDropout2D SpatialDropout3D": "rate, data_format=None, seed=None",
    "SpectralNormalization": "layer, power_iterations=1",
    "StackedRNNCells": "cells",
    "StringLookup": (
        "{vocabulary}, oov_token='[UNK]', vocabulary=None, idf_weights=None, invert=False, output_mode='int', "
        "pad_to_max_tokens=False, sparse=False, encoding='utf-8', salt=None"
    ),
    "TFSMLayer": "filepath, call_endpoint='serve', call_training_endpoint=None",
    "TextVectorization": (
        "max_tokens=None, standardize='lower_and_strip_punctuation', split='whitespace', ngrams=None, output_mode='int', "
        "output_sequence_length=None, pad_to_max_tokens=False, vocabulary=None, idf_weights=None, sparse=False, ragged=False, "
        "encoding='utf-8'"
    ),
    "TimeDistributed Wrapper": "layer",
    "TorchModuleWrapper": "module, output_shape=None",
    "UpSampling1D": "size=2",
    "UpSampling2D": "size=(2, 2), data_format=None, interpolation='nearest'",
    "UpSampling3D": "size=(2, 2, 2), data_format=None",
    "ZeroPadding1D": "padding=1, data_format=None",
    "ZeroPadding2D": "padding=(1, 1), data_format=None",
    "ZeroPadding3D": "padding=((1, 1), (1, 1), (1, 1)), data_format=None",
}
"""Kinds (several where they share one signature) of Keras 3. Arguments of the base layer (`name`, `dtype`, `trainable`) are left out."""

KERAS2: Final[Mapping[str, str]] = {
    "AdditiveAttention": "use_scale=True",
    "Attention": "use_scale=False, score_mode='dot'",
    "AveragePooling1D MaxPooling1D": "pool_size=2, strides=None, padding='valid', data_format='channels_last'",
    "AveragePooling2D": "pool_size=(2, 2), {window}",
    "AveragePooling3D": "pool_size=(2, 2, 2), {window}",
    "BatchNormalization": "axis=-1, momentum=0.99, epsilon=0.001, {statistics}, synchronized=False",
    "CenterCrop": "height, width",
    "Conv1D": "filters, kernel_size, strides=1, padding='valid', data_format='channels_last', dilation_rate=1, groups=1, {linear}",
    "Conv3DTranspose": (
        "filters, kernel_size, strides=(1, 1, 1), padding='valid', output_padding=None, data_format=None, dilation_rate=(1, 1, 1), {linear}"
    ),
    "ConvLSTM1D": (
        "filters, kernel_size, strides=1, padding='valid', data_format=None, dilation_rate=1, {gated1}, {gates}, "
        "{recurrent_rest}, {returns}, {dropouts}"
    ),
    "ConvLSTM2D": (
        "filters, kernel_size, strides=(1, 1), padding='valid', data_format=None, dilation_rate=(1, 1), {gated1}, {gates}, "
        "{recurrent_rest}, {returns}, {dropouts}"
    ),
    "ConvLSTM3D": (
        "filters, kernel_size, strides=(1, 1, 1), padding='valid', data_format=None, dilation_rate=(1, 1, 1), {gated1}, "
        "{gates}, {recurrent_rest}, {returns}, {dropouts}"
    ),
    "Dense": "units, {linear}",
    "DenseFeatures": "feature_columns",
    "DynamicEmbedding": (
        "input_dim, output_dim, initial_vocabulary, eviction_policy='LFU', input_length=None, embedding_initializer='uniform', "
        "num_oov_indices=1"
    ),
    "DynamicLookup": "vocabulary_size, initial_vocabulary, eviction_policy='LFU'",
    "EinsumDense": "equation, output_shape, activation=None, bias_axes=None, {weights}",
    "Embedding": (
        "input_dim, output_dim, embeddings_initializer='uniform', embeddings_regularizer=None, activity_regularizer=None, "
        "embeddings_constraint=None, mask_zero=False, input_length=None, sparse=False"
    ),
    "GRU": "units, {gated}, {recurrent}, {recurrent_rest}, {dropouts}, {returns}, unroll=False, time_major=False, reset_after=True",
    "GRUCell": "units, {gated}, {recurrent}, {cell_rest}, {dropouts}, reset_after=True",
    "GlobalAveragePooling1D": "data_format='channels_last'",
    "GlobalMaxPooling1D": "data_format='channels_last', keepdims=False",
    "InputLayer": "input_shape=None, batch_size=None, input_tensor=None, sparse=None, ragged=None, type_spec=None, optional=False",
    "IntegerLookup": (
        "{vocabulary}, oov_token=-1, vocabulary=None, vocabulary_dtype='int64', idf_weights=None, invert=False, "
        "output_mode='int', sparse=False, pad_to_max_tokens=False"
    ),
    "LSTM": "units, {gated}, {gates}, {recurrent_rest}, {dropouts}, {returns}, time_major=False, unroll=False",
    "LSTMCell": "units, {gated}, {gates}, {cell_rest}, {dropouts}",
    "LeakyReLU": "alpha=0.3",
    "LocallyConnected1D": "filters, kernel_size, strides=1, padding='valid', data_format=None, {linear}, implementation=1",
    "LocallyConnected2D": "filters, kernel_size, strides=(1, 1), padding='valid', data_format=None, {linear}, implementation=1",
    "MultiHeadAttention": (
        "num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True, output_shape=None, attention_axes=None, {weights}, "
        "softmax_robust_masking=False"
    ),
    "PReLU": "alpha_initializer='zeros', alpha_regularizer=None, alpha_constraint=None, shared_axes=None",
    "RNN": "cell, {returns}, unroll=False, time_major=False",
    "RandomContrast": "factor, seed=None",
    "RandomCrop": "height, width, seed=None",
    "RandomFlip": "mode='horizontal_and_vertical', seed=None",
    "RandomFourierFeatures": "output_dim, kernel_initializer='gaussian', scale=None",
    "RandomHeight RandomWidth": "factor, interpolation='bilinear', seed=None",
    "RandomRotation": "factor, {shift}",
    "RandomTranslation": "height_factor, width_factor, {shift}",
    "RandomZoom": "height_factor, width_factor=None, {shift}",
    "Resizing": "height, width, interpolation='bilinear', crop_to_aspect_ratio=False",
    "SimpleRNN": "units, activation='tanh', use_bias=True, {recurrent}, {recurrent_rest}, {dropouts}, {returns}, unroll=False",
    "SimpleRNNCell": "units, activation='tanh', use_bias=True, {recurrent}, {cell_rest}, {dropouts}",
    "Softmax": "axis=-1, robust_masking=False",
    "SpatialDropout1D": "rate",
    "SpatialDropout2D SpatialDropout3D": "rate, data_format=None",
    "StringLookup": (
        "{vocabulary}, oov_token='[UNK]', vocabulary=None, idf_weights=None, encoding='utf-8', invert=False, "
        "output_mode='int', sparse=False, pad_to_max_tokens=False"
    ),
    "SyncBatchNormalization": "axis=-1, momentum=0.99, epsilon=0.001, {statistics}",
    "ThresholdedReLU": "theta=1.0",
    "ZeroPadding1D": "padding=1",
    "ZeroPadding3D": "padding=(1, 1, 1), data_format=None",
}
"""The same for Keras 2, where it differs from Keras 3 or the kind is gone."""

KERAS1: Final[Mapping[str, str]] = {
    "AbstractRNNCell": "",
    "CuDNNGRU": "units, {recurrent}, {recurrent_rest}, {returns}",
    "CuDNNLSTM": "units, {gates}, {recurrent_rest}, {returns}",
    "Highway": (
        "kernel_initializer='glorot_uniform', activation=None, weights=None, kernel_regularizer=None, bias_regularizer=None, "
        "activity_regularizer=None, kernel_constraint=None, bias_constraint=None, use_bias=True, input_dim=None"
    ),
    "LRN2D": "alpha=0.0001, k=2, beta=0.75, n=5",
    "MaxoutDense": (
        "units, nb_feature=4, kernel_initializer='glorot_uniform', weights=None, kernel_regularizer=None, "
        "bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None, use_bias=True, "
        "input_dim=None"
    ),
    "Merge": (
        "layers=None, mode='sum', concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None, "
        "node_indices=None, tensor_indices=None"
    ),
    "ParametricSoftplus": "alpha_init=0.2, beta_init=5.0, weights=None, shared_axes=None",
    "SReLU": "t_left_init='zero', a_left_init='glorot_uniform', t_right_init='glorot_uniform', a_right_init='one', shared_axes=None",
}
"""Kinds that only Keras 1 and early Keras 2 had, with the argument names of Keras 2."""
