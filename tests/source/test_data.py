"""Where the batches of a training call come from: their size, the number of samples, and the call that makes them."""

import pytest

from bnlint.graph.model import Event, Unknown
from tests.source.programs import known, read

HEAD = """
import numpy as np
import tensorflow_datasets as tfds
import torch
from tensorflow.keras.preprocessing.sequence import TimeseriesGenerator
from mine import data, labels, f, make, n
x = Input((8,))
model = keras.Model(x, Dense(1)(BatchNormalization()(x)), name="net")
X, Y = np.zeros((65, 8)), np.zeros(65)
ds = tf.data.Dataset.from_tensor_slices((X, Y))
gen = keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)
utils, experimental = keras.utils, tf.data.experimental
"""


def trained(source: str, kind: str = "fit") -> tuple[object, object]:
    """The batch size and the number of samples of the only training call."""
    event = read(HEAD + source).event(kind)
    return known(event.args["batch_size"]), known(event.args.get("samples", "?"))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ds.batch(4)", (4, 65)),
        ("ds.batch(batch_size=4)", (4, 65)),
        ("ds", ("?", 65)),
        ("ds.shuffle(9).batch(4).cache().prefetch(tf.data.AUTOTUNE)", (4, 65)),
        ("ds.map(f, num_parallel_calls=2).batch(4).map(f).with_options(f)", (4, 65)),
        ("ds.take(33).batch(32)", (32, 33)),
        ("ds.skip(1).batch(32)", (32, 64)),
        ("ds.batch(4).take(3)", (4, 12)),
        ("ds.batch(4).skip(2)", (4, 57)),
        ("ds.repeat(2).batch(32)", (32, 130)),
        ("ds.repeat().batch(32)", (32, "?")),
        ("ds.batch(32).repeat(2)", (32, "?")),
        ("ds.batch(n).take(3)", ("?", "?")),
        ("ds.filter(f).batch(4)", (4, "?")),
        ("ds.shard(2, 0).batch(4)", (4, "?")),
        ("ds.padded_batch(4, padded_shapes=([None], []))", (4, 65)),
        ("ds.ragged_batch(4)", (4, 65)),
        ("ds.batch(4).rebatch(8)", (8, 65)),
        ("ds.batch(4).unbatch()", ("?", 65)),
        ("ds.batch(4).unbatch().batch(8)", (8, 65)),
        ("ds.batch(4).batch(2)", ("?", 65)),
        ("ds.apply(experimental.dense_to_ragged_batch(4))", (4, 65)),
        ("ds.apply(experimental.map_and_batch(f, 4))", (4, 65)),
        ("ds.batch(4).apply(experimental.ignore_errors())", (4, "?")),
        ("ds.batch(4).apply(experimental.unbatch())", ("?", 65)),
        ("ds.apply(lambda d: d.batch(4))", (4, 65)),
        ("ds.batch(4).apply(f)", ("?", "?")),
        ("ds.bucket_by_sequence_length(f, [10, 20], [16, 8, 4])", (4, 65)),
        ("ds.bucket_by_sequence_length(f, bucket_boundaries=[10], bucket_batch_sizes=[n, 4])", ("?", 65)),
        ("ds.interleave(f)", ("?", "?")),
        ("ds.batch(4).flat_map(f)", ("?", "?")),
        ("ds.window(5).flat_map(lambda w: w.batch(5)).batch(16)", (16, "?")),
        ("ds.batch(4).concatenate(ds.batch(4))", (4, "?")),
        ("ds.batch(4).concatenate(ds.batch(2))", ("?", "?")),
        ("tf.data.Dataset.zip((ds, ds)).batch(2)", (2, 65)),
        ("tf.data.Dataset.zip((ds.batch(2), ds.batch(2)))", (2, 65)),
        ("tf.data.Dataset.zip(ds.batch(2), ds.batch(2))", (2, 65)),
        ("tf.data.Dataset.zip({'a': ds.batch(2), 'b': ds.batch(2)})", (2, 65)),
        ("tf.data.Dataset.sample_from_datasets([ds.batch(4), ds.batch(4)])", (4, "?")),
        ("tf.data.Dataset.from_tensors((X, Y)).batch(1)", (1, 1)),
        ("tf.data.Dataset.range(9).batch(3)", (3, 9)),
        ("tf.data.Dataset.from_generator(f, tf.float32).batch(3)", (3, "?")),
        ("tf.data.Dataset.list_files('*').interleave(tf.data.TFRecordDataset).batch(3)", (3, "?")),
        ("tf.data.TFRecordDataset('f').map(f).batch(3, True)", (3, "?")),
        ("experimental.make_csv_dataset('f', 4, label_name='y')", (4, "?")),
        ("experimental.make_batched_features_dataset('f', batch_size=4, features={})", (4, "?")),
        ("utils.image_dataset_from_directory('d')", (32, "?")),
        ("utils.image_dataset_from_directory('d', batch_size=8).map(f)", (8, "?")),
        ("utils.image_dataset_from_directory('d', 'inferred', 'int', None, 'rgb', 8)", (8, "?")),
        ("utils.image_dataset_from_directory('d', batch_size=None).batch(2)", (2, "?")),
        ("utils.image_dataset_from_directory('d', subset='both', batch_size=8)[0]", (8, "?")),
        ("keras.preprocessing.image_dataset_from_directory('d', batch_size=n)", ("?", "?")),
        ("utils.text_dataset_from_directory('d', batch_size=4)", (4, "?")),
        ("utils.audio_dataset_from_directory('d')", (32, "?")),
        ("utils.timeseries_dataset_from_array(data, None, 10)", (128, "?")),
        ("utils.timeseries_dataset_from_array(data, None, 10, batch_size=2)", (2, "?")),
        ("TimeseriesGenerator(data, labels, length=10)", (128, "?")),
        ("TimeseriesGenerator(data, labels, 10, batch_size=4)", (4, "?")),
        ("gen.flow_from_directory('d')", (32, "?")),
        ("gen.flow_from_directory('d', (8, 8), 'rgb', None, 'binary', 5)", (5, "?")),
        ("gen.flow_from_dataframe(f, batch_size=5)", (5, "?")),
        ("gen.flow(X, Y, 5)", (5, "?")),
        ("zip(gen.flow_from_directory('a', batch_size=6), gen.flow_from_directory('b', batch_size=6))", (6, "?")),
        ("zip(gen.flow_from_directory('a', batch_size=6), gen.flow_from_directory('b', batch_size=5))", ("?", "?")),
        ("tfds.load('mnist', split='train').batch(2)", (2, "?")),
        ("tfds.load('mnist', split='train', batch_size=2)", (2, "?")),
        ("tfds.load('mnist', split=['train', 'test'], with_info=True)[0][0].batch(6)", (6, "?")),
        ("tfds.load('mnist')['train'].shuffle(9).batch(6)", (6, "?")),
        ("iter(ds.batch(4))", (4, 65)),
        ("make(4)", ("?", "?")),
        ("torch.utils.data.DataLoader(data, batch_size=4, shuffle=True)", (4, "?")),
        ("torch.utils.data.DataLoader(data)", (1, "?")),
        ("tf.distribute.MirroredStrategy().experimental_distribute_dataset(ds.batch(4))", (4, 65)),
        ("tf.distribute.get_strategy().distribute_datasets_from_function(lambda c: ds.batch(4))", (4, 65)),
    ],
)
def test_data_sets(code: str, expected: tuple[object, object]) -> None:
    assert trained(f"model.fit({code})") == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("X, Y", (32, 65)),
        ("X, Y, batch_size=8", (8, 65)),
        ("X[:33], Y[:33]", (32, 33)),
        ("X[1:], Y[1:]", (32, 64)),
        ("X.astype('float32') / 255.0, Y", (32, 65)),
        ("(X - 3.0) * 2, Y", (32, 65)),
        ("X.reshape(65, 2, 4), Y", (32, 65)),
        ("np.expand_dims(X, -1), Y", (32, 65)),
        ("X[..., np.newaxis], Y", (32, 65)),
        ("X[..., None], Y", (32, 65)),
        ("[X, X], Y", (32, 65)),
        ("[data, X], Y", (32, 65)),
        ("{'a': X}, Y", (32, 65)),
        ("tf.constant(X), tf.cast(Y, tf.float32)", (32, 65)),
        ("np.array([[1.0, 2.0], [3.0, 4.0]]), Y", (32, 2)),
        ("np.random.rand(10, 8), np.random.randint(0, 2, size=(10,))", (32, 10)),
        ("data[:100], labels[:100]", (32, 100)),
        ("data[:n], labels[:n]", (32, "?")),
        ("data, labels", (32, "?")),
    ],
)
def test_arrays(code: str, expected: tuple[object, object]) -> None:
    assert trained(f"model.fit({code})") == expected


def test_data_sets_of_keras() -> None:
    source = "(a, b), _ = keras.datasets.mnist.load_data()\na = a.reshape(60000, 784) / 255\n"
    assert trained(source + "model.fit(a, b, batch_size=7)") == (7, 60000)
    program = read("(a, b), (c, d) = keras.datasets.cifar10.load_data()\ny = Conv2D(4, 3)(Input(shape=a.shape[1:]))")
    assert program.models[0].calls[-1].shape == (None, 30, 30, 4)


@pytest.mark.parametrize(
    ("code", "size"),
    [
        ("model.train_on_batch(X[:5], Y[:5])", 5),
        ("model.train_on_batch(x=X, y=Y)", 65),
        ("for i in range(n):\n    model.train_on_batch(data[i * 4 : (i + 1) * 4], labels)", 4),
        ("b = 6\nfor i in range(0, len(data), b):\n    model.train_on_batch(data[i : i + b], labels[i : i + b])", 6),
        ("for i in range(n):\n    model.train_on_batch(data[i : n], labels)", "?"),
        ("model.train_on_batch(X[np.random.randint(0, 65, 9)], Y)", 9),
        ("model.train_on_batch(data, np.ones((4, 1)))", 4),
        ("model.train_on_batch(np.reshape(data, (1, 8)), labels)", 1),
        ("model.train_on_batch(data, labels)", "?"),
        ("a, b = next(iter(ds.batch(7)))\nmodel.train_on_batch(a, b)", 7),
        ("for step, (a, b) in enumerate(ds.batch(7)):\n    model.train_on_batch(a, b)", 7),
        ("for a, b in ds.batch(7).take(2):\n    model.train_on_batch(a, b)", 7),
        ("a, b = next(gen.flow_from_directory('d', batch_size=5))\nmodel.train_on_batch(a, b)", 5),
        ("a, b = gen.flow_from_directory('d', batch_size=5).next()\nmodel.train_on_batch(a, b)", 5),
    ],
)
def test_batches_by_hand(code: str, size: object) -> None:
    sizes = {known(event.args["batch_size"]) for event in read(HEAD + code).events("train_on_batch")}
    assert sizes == {size}


SEQUENCE = """
class Pairs({base}):
    {attribute}
    def __init__(self, a, b, batch_size=4):
        self.a, self.b = a, b
        {store}
    def __len__(self):
        return len(self.a)
    def __getitem__(self, i):
        return self.a[i], self.b[i]
"""


@pytest.mark.parametrize(
    ("base", "attribute", "store", "call", "size"),
    [
        ("keras.utils.Sequence", "", "self.batch_size = batch_size", "Pairs(data, labels)", 4),
        ("keras.utils.PyDataset", "", "self.batch_size = batch_size", "Pairs(data, labels, 16)", 16),
        ("tf.keras.utils.Sequence", "batch_size = 2", "pass", "Pairs(data, labels)", 2),
        ("keras.utils.Sequence", "", "self.size = batch_size", "Pairs(data, labels)", "?"),
        ("object", "", "self.batch_size = batch_size", "Pairs(data, labels)", "?"),
    ],
)
def test_data_sets_of_the_user(base: str, attribute: str, store: str, call: str, size: object) -> None:
    source = SEQUENCE.format(base=base, attribute=attribute, store=store)
    assert trained(source + f"model.fit({call}, epochs=2)")[0] == size


@pytest.mark.parametrize(("call", "size"), [("pairs(data, labels, 3)", 3), ("pairs(data, labels)", 5), ("other(data)", "?")])
@pytest.mark.parametrize("fit", ["fit", "fit_generator"])
def test_generators(fit: str, call: str, size: object) -> None:
    source = """
def pairs(a, b, batch_size=5):
    while True:
        for i in range(0, len(a), batch_size):
            yield a[i : i + batch_size], b[i : i + batch_size]
def other(a):
    yield a
"""
    assert trained(source + f"model.{fit}({call}, steps_per_epoch=10)")[0] == size


@pytest.mark.parametrize(
    ("head", "size"),
    [
        ("i = Input(batch_shape=(2, 8))\nm = keras.Model(i, BatchNormalization()(i))", 2),
        ("i = Input((8,), batch_size=2)\nm = keras.Model(i, BatchNormalization()(i))", 2),
        ("m = keras.Sequential([Dense(4, batch_input_shape=(1, 8)), BatchNormalization()])", 1),
        ("m = keras.Sequential([Input((8,)), BatchNormalization()])", "?"),
    ],
)
def test_the_batch_that_an_input_declares(head: str, size: object) -> None:
    event = read(f"from mine import make\n{head}\nm.fit(make())").event("fit")
    assert known(event.args["batch_size"]) == size


@pytest.mark.parametrize(
    "code",
    [
        "ds.batch(4, True)",
        "utils.image_dataset_from_directory('d', batch_size=4)",
        "gen.flow_from_directory('d', batch_size=4)",
        "experimental.make_csv_dataset('f', 4)",
    ],
)
def test_the_call_that_makes_the_batches_is_an_event(code: str) -> None:
    program = read(HEAD + f"made = {code}\nmodel.fit(made.prefetch(2) if hasattr(made, 'prefetch') else made)")
    batch = program.event("batch")
    assert batch.args["batch_size"] == 4
    assert batch.args["drop_remainder"] is ("True" in code)
    program = read(HEAD + f"model.fit({code})")
    made = program.event("fit").args["batch"]
    assert isinstance(made, Event)
    assert made.kind == "batch"


LOADER = """
class Loader:
    def __init__(self, files, batch_size=4):
        self.files, self.batch_size = files, batch_size
    def {method}
    def batches(self, batch_size=2):
        for i in range(0, len(self.files), batch_size):
            yield read(self.files[i : i + batch_size])
loader = Loader(make())
"""


@pytest.mark.parametrize(
    ("method", "loop", "size"),
    [
        ("__iter__(self):\n        for file in self.files:\n            yield f(file)", "for a, b in loader", 4),
        ("__getitem__(self, i):\n        return f(i)", "for step, (a, b) in enumerate(loader)", 4),
        ("__next__(self):\n        return f(1)", "for a, b in loader", 4),
        ("load(self):\n        return f(1)", "for a, b in loader", "?"),
        ("load(self):\n        return f(1)", "for a, b in loader.batches()", 2),
        ("load(self):\n        return f(1)", "for a, b in loader.batches(loader.batch_size)", 4),
        ("load(self):\n        return f(1)", "for a, b in enumerate(loader.batches(batch_size=8))", 8),
    ],
)
def test_loaders_of_the_user(method: str, loop: str, size: object) -> None:
    program = read(HEAD + LOADER.format(method=method) + f"{loop}:\n    model.train_on_batch(b if 'enumerate' in '{loop}' else a, 1)")
    assert {known(event.args["batch_size"]) for event in program.events("train_on_batch")} == {size}


def test_validation_data_is_not_trained_on() -> None:
    program = read(HEAD + "model.fit(ds.batch(32), validation_data=ds.batch(1), validation_batch_size=1)")
    assert program.event("fit").args["batch_size"] == 32
    assert {event.args["batch_size"] for event in program.events("batch")} == {32, 1}


def test_arguments_of_fit_by_position_and_by_old_names() -> None:
    args = read(HEAD + "model.fit(X, Y, 3, 8, 1, None, .2, (X, Y), True)").event("fit").args
    assert [args[name] for name in ("batch_size", "epochs", "verbose", "validation_split", "shuffle")] == [3, 8, 1, 0.2, True]
    args = read(HEAD + "model.fit(X, Y, nb_epoch=4)").event("fit").args
    assert (args["batch_size"], args["epochs"]) == (32, 4)
    args = read(HEAD + "model.fit_generator(generator=ds.batch(4), steps_per_epoch=5, epochs=6)").event("fit").args
    assert [args[name] for name in ("batch_size", "steps_per_epoch", "epochs")] == [4, 5, 6]


def test_arrays_whose_size_depends_on_a_test_are_joined() -> None:
    sized = "size = 4\nif n:\n    size = 8\nmore = np.zeros((size, 8))\n"
    program = read(HEAD + sized + "model.fit(np.concatenate([more, np.ones((2, 8))], axis=0), np.ones(6))")
    assert isinstance(program.event("fit").args["samples"], Unknown)
