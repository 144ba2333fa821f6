"""Small models of every shape that Keras has, built with the Keras that is asked for."""

from collections.abc import Callable
from typing import Any


def plain(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([keras.Input((8,)), layers.Dense(4, name="dense"), layers.BatchNormalization(name="norm")], name="plain")


def residual(keras: Any) -> Any:
    """A branch, operators, functions, a layer that is applied twice and told its mode once."""
    layers = keras.layers
    image = keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(8, 3, use_bias=False, padding="same", name="conv")(image)
    norm = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="norm")
    x = norm(x)
    x = layers.Add(name="both")([x, norm(x, training=False)])
    x = layers.Dropout(0.5, name="drop")(keras.activations.relu(x)) * 2 + 1
    return keras.Model(image, [layers.GlobalAveragePooling2D(name="pool")(x), x[:, :4]], name="residual")


def nested(keras: Any) -> Any:
    """A sequential and a functional model inside, one of them twice and told its mode; wrappers."""
    layers = keras.layers
    inner = keras.Sequential([keras.Input((6, 8)), layers.Dense(8, name="dense"), layers.BatchNormalization(name="norm")], name="inner")
    one, two = keras.Input((6, 8), name="one"), keras.Input((6, 8), name="two")
    y = layers.BatchNormalization(center=False, name="norm")(layers.Add(name="sum")([one, two]))
    twice = keras.Model([one, two], [layers.ReLU(name="relu")(y), y], name="twice")
    x = keras.Input((6, 8), name="x")
    a, b = twice([inner(x), x], training=False)
    a, _ = twice([a, b])
    a = layers.TimeDistributed(layers.BatchNormalization(scale=False, name="norm"), name="steps")(a)
    a = layers.Bidirectional(layers.GRU(4, return_sequences=True, name="gru"), name="both")(a)
    return keras.Model(x, layers.LayerNormalization(name="last")(a), name="nested")


def channels_first(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((3, 16, 16), name="image")
    x = layers.Conv2D(8, 3, data_format="channels_first", name="conv")(image)
    return keras.Model(image, layers.BatchNormalization(axis=1, name="norm")(x), name="first")


def frozen(keras: Any) -> Any:
    """Compiled, and frozen in part."""
    model = residual(keras)
    model.get_layer("norm").trainable = False
    model.compile(keras.optimizers.Adam(1e-4), loss="mse")
    return model


def unbuilt(keras: Any) -> Any:
    return keras.Sequential([keras.layers.Dense(4, name="dense"), keras.layers.BatchNormalization(name="norm")], name="unbuilt")


MODELS: tuple[Callable[[Any], Any], ...] = (plain, residual, nested, channels_first, frozen, unbuilt)


# What no file records


def classes(keras: Any) -> dict[str, Any]:
    """A layer that has no configuration, a subclass of a layer of Keras, and a subclassed model that holds these."""
    layers = keras.layers

    class Block(layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, width: int, **given: Any) -> None:
            super().__init__(**given)
            self.dense, self.norm = layers.Dense(width, name="dense"), layers.BatchNormalization(name="norm")
            self.more = [layers.BatchNormalization(name="more")]

        def call(self, x: Any) -> Any:
            return keras.activations.relu(self.norm(self.dense(self.more[0](x))))

        def get_config(self) -> Any:
            raise NotImplementedError("no configuration")

    class Norm(layers.BatchNormalization):  # type: ignore[name-defined,misc]
        def get_config(self) -> Any:
            raise ValueError("no configuration either")

    class Encoder(keras.Model):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__(name="encoder")
            self.block = Block(4, name="block")
            self.backbone = residual(keras)
            self.norms = [Norm(momentum=0.7, name="own")]

        def call(self, x: Any) -> Any:
            return self.norms[0](self.block(self.backbone(x)[0]))

    class Recorded(keras.Model):  # type: ignore[name-defined,misc]
        """A functional model in a class of its own, whose training step says nothing of its graph."""

        def train_step(self, data: Any) -> Any:
            raise NotImplementedError

    return {"Block": Block, "Norm": Norm, "Encoder": Encoder, "Recorded": Recorded}


def closure(keras: Any) -> Any:
    """A function that closes over an object, and a layer without a configuration in the middle of a functional model."""
    layers, own = keras.layers, classes(keras)
    held = [object(), 2.0]
    x = keras.Input((8,), name="x")
    y = layers.Lambda(lambda t: t * held[1], output_shape=(8,), name="hides")(layers.Dense(8, name="dense")(x))
    return keras.Model(x, own["Norm"](name="norm")(own["Block"](8, name="block")(y)), name="closure")
