"""Training code as events, in order, with targets, batch sizes and tapes."""

import pytest

from bnlint.graph.model import Event, ModelGraph
from tests.source.programs import Program, known, names, read

MODEL = """
import numpy as np
x = Input((8,))
model = keras.Model(x, Dense(1)(BatchNormalization()(x)), name="net")
model.compile("adam", loss="mse")
"""


def train(source: str) -> Program:
    return read(MODEL + source)


def test_events_stand_in_order_with_their_targets() -> None:
    program = train("""
model.load_weights("w.h5")
model.fit(np.zeros((100, 8)), np.zeros(100), batch_size=16, epochs=3)
model.evaluate(x=np.zeros((10, 8)))
model.predict(np.zeros((1, 8)))
model.save("m.keras")
""")
    found = [(event.kind, names(event.target)) for event in program.module.events]
    assert found == [(kind, "net") for kind in ("compile", "load_weights", "fit", "evaluate", "predict", "save")]
    assert [event.order for event in program.module.events] == sorted(event.order for event in program.module.events)
    assert all(event.target is program.models[0] for event in program.module.events)
    assert program.event("compile").args["loss"] == "mse"
    assert program.event("fit").args["epochs"] == 3


@pytest.mark.parametrize(
    ("code", "size"),
    [
        ("model.fit(np.zeros((100, 8)), np.zeros(100))", 32),
        ("model.fit(data, labels)", 32),
        ("model.fit(data, labels, 7)", 7),
        ("model.fit(data, labels, batch_size=None)", 32),
        ("model.fit(data)", "?"),
        ("BATCH = 2 * 4\nmodel.fit(data, labels, batch_size=BATCH)", 8),
        ("model.fit(data, labels, batch_size=other)", "?"),
        ("ds = tf.data.Dataset.from_tensor_slices((data, labels)).batch(4)\nmodel.fit(ds)", 4),
        ("ds = tf.data.Dataset.from_tensor_slices(np.zeros((10, 8))).shuffle(9).batch(4).map(f).prefetch(1)\nmodel.fit(ds)", 4),
        ("ds = tf.data.TFRecordDataset('f').batch(batch_size=3, drop_remainder=True)\nmodel.fit(ds, epochs=2)", 3),
        ("ds = keras.utils.image_dataset_from_directory('d')\nmodel.fit(ds)", 32),
        ("ds = keras.utils.image_dataset_from_directory('d', batch_size=1)\nmodel.fit(ds)", 1),
        ("gen = keras.preprocessing.image.ImageDataGenerator(rescale=1)\nmodel.fit(gen.flow_from_directory('d', batch_size=5))", 5),
        ("gen = keras.preprocessing.image.ImageDataGenerator()\nmodel.fit_generator(gen.flow(data, labels))", 32),
        ("def make():\n    return tf.data.Dataset.range(9).batch(6)\nmodel.fit(make())", 6),
        ("model.fit(dict(a=np.zeros((5, 8))), np.zeros(5))", 32),
        ("import tensorflow_datasets as tfds\nds = tfds.load('mnist', split='train')\nmodel.fit(ds.batch(2))", 2),
        ("kw = dict(batch_size=3, epochs=2)\nmodel.fit(data, labels, **kw)", 3),
        ("ds = tf.data.Dataset.range(9).batch(6).unbatch().batch(2)\nmodel.fit(ds)", 2),
    ],
)
def test_the_batch_size_that_fit_uses(code: str, size: object) -> None:
    assert known(train("from mine import data, labels, other, f\n" + code).event("fit").args["batch_size"]) == size


def test_the_batch_size_that_depends_on_a_flag() -> None:
    event = train("from mine import debug, data, labels\nmodel.fit(data, labels, batch_size=1 if debug else 32)").event("fit")
    assert known(event.args["batch_size"]) == "1 or 32"


def test_the_number_of_samples() -> None:
    program = train(
        "model.fit(np.zeros((33, 8)), np.zeros(33), batch_size=32)\nx_train = np.random.rand(10, 8)\nmodel.fit(x_train[:9], np.ones((9,)))"
    )
    assert [event.args["samples"] for event in program.events("fit")] == [33, 9]


def test_a_batched_data_set_is_an_event_that_the_fit_names() -> None:
    program = train("ds = tf.data.Dataset.from_tensor_slices(np.zeros((10, 8))).batch(4)\nmodel.fit(ds)")
    batch = program.event("batch")
    assert (batch.args["batch_size"], batch.args["samples"], batch.args["drop_remainder"]) == (4, 10, False)
    named = program.event("fit").args["batch"]
    assert isinstance(named, Event)
    assert (named.kind, named.order, named.origin) == ("batch", batch.order, batch.origin)


def test_train_on_batch_in_a_loop() -> None:
    program = train("""
for epoch in range(100):
    batch = np.random.normal(0, 1, (16, 8))
    model.train_on_batch(batch, np.ones((16, 1)))
    if epoch % 10 == 0:
        model.test_on_batch(batch, np.ones((16, 1)))
""")
    assert {event.args["batch_size"] for event in program.events("train_on_batch")} == {16}
    assert len({event.origin.span for event in program.module.events}) == 3


TAPE = """
opt = keras.optimizers.Adam()
def step(images, labels):
    with tf.GradientTape() as tape:
        predictions = model(images, training=True)
        loss = loss_fn(labels, predictions)
    grads = tape.gradient(loss, model.trainable_variables)
    opt.apply_gradients(zip(grads, model.trainable_variables))
"""


@pytest.mark.parametrize(
    "call",
    [
        "",
        "for a, b in data:\n    step(a, b)\n",
        "step(np.zeros((4, 8)), np.zeros(4))\n",
        "fast = tf.function(step)\nfast(np.zeros((4, 8)), 1)\n",
    ],
)
def test_a_step_with_a_tape(call: str) -> None:
    program = train("from mine import data\n" + TAPE + call)
    events = [event for event in program.module.events if event.kind != "optimizer"]
    assert [event.kind for event in events[:4]] == ["compile", "call", "gradient", "apply_gradients"]
    forward, gradient, update = events[1:4]
    assert names(forward.target) == "net"
    assert forward.args["training"] is True
    assert (forward.tape, gradient.tape, update.tape) == (1, 1, None)
    assert names(gradient.args["sources"]) == ("net",)
    assert names(update.args["sources"]) == ("net",)
    assert gradient.args["of_inputs"] is False
    assert forward.origin.scope == "step"


def test_two_tapes() -> None:
    program = train("""
critic = keras.Sequential([Dense(1)], name="critic")
def step(images):
    with tf.GradientTape() as one, tf.GradientTape() as two:
        fake = model(images, training=True)
        score = critic(fake)
    g = one.gradient(score, model.trainable_variables)
    d = two.gradient(score, critic.trainable_weights)
""")
    calls, gradients = program.events("call"), program.events("gradient")
    assert [(names(event.target), event.args["tapes"]) for event in calls] == [("net", (1, 2)), ("critic", (1, 2))]
    assert [(event.tape, names(event.args["sources"])) for event in gradients] == [(1, ("net",)), (2, ("critic",))]


def test_gradients_with_respect_to_inputs() -> None:
    program = train("""
def penalty(images):
    with tf.GradientTape() as tape:
        tape.watch(images)
        out = model(images)
    return tape.gradient(out, [images])
data = np.zeros((4, 8))
with tf.GradientTape() as tape:
    out = model(data)
tape.gradient(out, data)
""")
    first, second = program.events("gradient")
    assert (first.args["of_inputs"], second.args["of_inputs"]) == (True, True)


def test_minimize_and_sums_of_variables() -> None:
    program = train("""
critic = keras.Sequential([Dense(1)], name="critic")
opt = keras.optimizers.SGD()
with tf.GradientTape() as tape:
    loss = model(np.zeros((1, 8)))
both = model.trainable_variables + critic.trainable_variables
opt.apply_gradients(zip(tape.gradient(loss, both), both))
opt.minimize(lambda: 0, var_list=critic.trainable_variables)
""")
    assert [names(event.args["sources"]) for event in program.events("gradient")] == [("net", "critic"), ("critic",)]
    assert [names(event.args["sources"]) for event in program.events("apply_gradients")] == [("net", "critic"), ("critic",)]


@pytest.mark.parametrize(
    ("call", "training", "direct"),
    [
        ("model(data)", None, False),
        ("model(data, training=False)", False, False),
        ("model(data, True)", True, False),
        ("model.call(data)", None, True),
        ("model.call(data, training=True)", True, True),
        ("model.__call__(data)", None, False),
    ],
)
def test_calls_on_data(call: str, training: object, direct: bool) -> None:
    event = train(f"data = np.zeros((4, 8))\nout = {call}").event("call")
    assert (event.args["training"] if isinstance(event.args["training"], bool) else None, event.args["direct"]) == (training, direct)


STEP = """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = keras.Sequential([Dense(4), BatchNormalization()], name="body")
        self.head = Dense(1)

    def call(self, x, training=None):
        return self.head(self.body(x, training=training))

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=pred)
        grads = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}

    def test_step(self, data):
        x, y = data
        return {"loss": self.compute_loss(y=y, y_pred=self(x, training=False))}
"""


@pytest.mark.parametrize("use", ["", "net = Net()\nnet.compile('adam')\nnet.fit(tf.zeros((9, 8)), tf.zeros((9, 1)))\n"])
def test_train_step_and_test_step(use: str) -> None:
    program = read(STEP + use)
    assert program.graph("Net").kind == "subclass"
    assert program.named("Net") == "Input > Dense > BatchNormalization > Dense.2"
    calls = {event.origin.scope: event for event in program.events("call") if event.origin.scope in ("Net.train_step", "Net.test_step")}
    assert calls["Net.train_step"].args["training"] is True
    assert calls["Net.train_step"].tape == 1
    assert calls["Net.test_step"].args["training"] is False
    assert all(event.target is program.graph("Net") for event in calls.values())
    assert names(program.event("gradient").args["sources"]) == ("Net",)
    (cls,) = program.module.classes
    assert {"train_step", "test_step"} <= set(cls.methods)


def test_freezing_layers_one_by_one() -> None:
    program = train("""
for layer in model.layers:
    layer.trainable = False
for layer in model.layers[:2]:
    layer.trainable = True
model.trainable = False
model.layers[-1].trainable = True
model.get_layer(index=0).trainable = False
""")
    events = program.events("set_trainable")
    assert [(names(event.target), event.args["value"]) for event in events][:7] == [
        ("Input", False),
        ("BatchNormalization", False),
        ("Dense", False),
        ("Input", True),
        ("BatchNormalization", True),
        ("net", False),
        ("Dense", True),
    ]


def test_freezing_batch_normalization_only() -> None:
    program = train("for l in model.layers:\n    if isinstance(l, BatchNormalization):\n        l.trainable = False\n")
    assert [names(event.target) for event in program.events("set_trainable")] == ["BatchNormalization"]
    program = train("for l in model.layers:\n    if not isinstance(l, layers.BatchNormalization):\n        l.trainable = False\n")
    assert "BatchNormalization" not in [names(event.target) for event in program.events("set_trainable")]
    program = train("for l in model.layers:\n    l.trainable = not isinstance(l, BatchNormalization)\n")
    assert [event.args["value"] for event in program.events("set_trainable") if names(event.target) == "BatchNormalization"] == [False]


def test_freezing_a_backbone() -> None:
    program = read("""
        base = keras.applications.ResNet50(include_top=False)
        base.trainable = False
        for layer in base.layers[:100]:
            layer.trainable = False
        x = Input((8, 8, 3))
        m = keras.Model(x, Dense(1)(base(x, training=False)))
        """)
    events = program.events("set_trainable")
    assert [(names(event.target), event.args["value"]) for event in events[:2]] == [("ResNet50", False), ("ResNet50", False)]
    assert program.event("load_weights").args["source"] == "imagenet"


def test_freezing_a_layer_and_a_sequential() -> None:
    program = read(
        "d = Dense(1)\nd.trainable = False\nm = keras.Sequential([d, BatchNormalization(trainable=False)], name='m')\nm.trainable = True"
    )
    assert [names(event.target) for event in program.events("set_trainable")] == ["Dense", "m"]
    assert program.layer("BatchNormalization").trainable is False


def test_the_attribute_of_another_object_is_no_event() -> None:
    assert not read("class C: pass\nc = C()\nc.trainable = False").module.events


GAN = """
import numpy as np
class DCGAN():
    def __init__(self):
        self.latent_dim = 100
        optimizer = keras.optimizers.Adam(0.0002, 0.5)
        self.discriminator = self.build_discriminator()
        self.discriminator.compile(loss='binary_crossentropy', optimizer=optimizer)
        self.generator = self.build_generator()
        z = Input(shape=(self.latent_dim,))
        img = self.generator(z)
        self.discriminator.trainable = False
        valid = self.discriminator(img)
        self.combined = keras.Model(z, valid, name="combined")
        self.combined.compile(loss='binary_crossentropy', optimizer=optimizer)

    def build_generator(self):
        model = keras.Sequential()
        model.add(Dense(128, activation="relu", input_dim=self.latent_dim))
        model.add(BatchNormalization(momentum=0.8))
        model.summary()
        noise = Input(shape=(self.latent_dim,))
        return keras.Model(noise, model(noise), name="generator")

    def build_discriminator(self):
        model = keras.Sequential()
        model.add(Dense(1, activation="sigmoid"))
        img = Input(shape=(128,))
        return keras.Model(img, model(img), name="discriminator")

    def train(self, epochs, batch_size=128):
        data = np.zeros((1000, 128))
        half = batch_size // 2
        for epoch in range(epochs):
            idx = np.random.randint(0, data.shape[0], half)
            noise = np.random.normal(0, 1, (half, self.latent_dim))
            fake = self.generator.predict(noise)
            self.discriminator.train_on_batch(data[idx], np.ones((half, 1)))
            self.discriminator.train_on_batch(fake, np.zeros((half, 1)))
            self.combined.train_on_batch(np.random.normal(0, 1, (batch_size, 100)), np.ones((batch_size, 1)))
"""


@pytest.mark.parametrize("use", ["", "if __name__ == '__main__':\n    gan = DCGAN()\n    gan.train(epochs=10, batch_size=32)\n"])
def test_a_gan_script(use: str) -> None:
    program = read(GAN + use)
    assert program.named("combined") == "Input > Dense:relu > BatchNormalization > Dense.2:sigmoid"
    assert {graph.name for graph in program.models} >= {"combined", "discriminator"}
    compiled = [names(event.target) for event in program.events("compile")]
    assert compiled == ["discriminator", "combined"]
    assert [names(event.target) for event in program.events("set_trainable")] == ["discriminator"]
    trained = program.events("train_on_batch")
    assert {names(event.target) for event in trained} == {"discriminator", "combined"}
    sizes = {event.args["batch_size"] for event in trained if names(event.target) == "combined"}
    assert sizes == ({32} if use else {128})
    assert {names(event.target) for event in program.events("predict")} == {"generator"}


def test_events_under_a_test_say_so() -> None:
    program = train("from mine import flag\nif flag:\n    model.fit(np.zeros((4, 8)), np.zeros(4))\n")
    ((condition, outcome),) = program.event("fit").under
    assert outcome is True
    assert "mine.flag" in condition.reason


def test_targets_are_never_objects_of_the_front_end() -> None:
    program = read(
        STEP
        + GAN
        + "\nimport mine\nnet = Net()\nmine.go(net)\nnet.trainable = False\nmine.model.fit(1)\nkeras.models.load_model('f').fit(1, 2)\n"
    )
    for event in program.module.events:
        assert event.target is None or type(event.target).__module__ in ("bnlint.graph.model", "bnlint.source.values"), event
        if type(event.target).__module__ == "bnlint.source.values":
            assert event.kind == "batch"


def test_a_layer_that_is_handed_to_unknown_code() -> None:
    program = read("import mine\nd = BatchNormalization()\nmine.wrap(d)\nmine.wrap([Dense(1)])")
    assert [names(event.target) for event in program.events("escape")] == ["BatchNormalization", "Dense"]


def test_image_data_format() -> None:
    program = read(
        "K = keras.backend\nK.set_image_data_format('channels_first')\naxis = 1 if K.image_data_format() == 'channels_first' else 3\nb = BatchNormalization(axis=axis)"
    )
    assert [event.args["value"] for event in program.events("data_format")] == ["channels_first", None]
    assert program.layer("BatchNormalization").config["axis"] == 1


def test_a_loop_over_the_data_does_not_repeat_the_model() -> None:
    program = train("for a, b in tf.data.Dataset.from_tensor_slices(np.zeros((9, 8))).batch(3):\n    out = model(a, training=False)\n")
    assert isinstance(program.events("call")[0].target, ModelGraph)
    assert program.flow == "Input > BatchNormalization > Dense"


def test_models_in_functions_that_train() -> None:
    program = read("""
        def build():
            i = Input((8,))
            return keras.Model(i, Dense(1)(BatchNormalization()(i)), name="net")

        def main(lr, batch_size=8):
            model = build()
            model.compile(keras.optimizers.Adam(lr), "mse")
            x, y = load()
            model.fit(x, y, batch_size=batch_size)
        """)
    assert program.flow == "Input > BatchNormalization > Dense"
    assert program.event("fit").args["batch_size"] == 8
    assert program.event("fit").target is program.models[0]


STRATEGY = """
strategy = tf.distribute.MirroredStrategy()
train = strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensor_slices(np.zeros((64, 8))).batch(8))
opt = keras.optimizers.Adam()
def train_step(images):
    with tf.GradientTape() as tape:
        loss = loss_fn(model(images, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    opt.apply_gradients(zip(grads, model.trainable_variables))
def test_step(images):
    return model(images, training=False)
@tf.function
def distributed_step(inputs):
    losses = strategy.{run}(train_step, args=(inputs,))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)
for batch in train:
    distributed_step(batch)
    strategy.{run}(test_step, args=(batch,))
model.save("m.keras")
"""


@pytest.mark.parametrize("run", ["run", "experimental_run_v2"])
def test_steps_that_a_strategy_runs(run: str) -> None:
    program = train(STRATEGY.format(run=run))
    kinds = [(event.kind, event.args.get("training")) for event in program.module.events]
    once = [("call", True), ("gradient", None), ("apply_gradients", None), ("call", False)]
    assert [pair for pair in kinds if pair[0] not in ("compile", "optimizer")] == [("batch", None), *once, *once, ("save", None)]
    assert {event.args["batch_size"] for event in program.events("call")} == {8}
    assert {names(event.args["sources"]) for event in program.events("apply_gradients")} == {("net",)}


def test_minimize_runs_the_loss_under_a_tape_of_its_own() -> None:
    program = train("""
opt = keras.optimizers.SGD()
def loss():
    return loss_fn(model(np.zeros((4, 8)), training=True))
opt.minimize(loss, model.trainable_variables)
opt.minimize(loss, var_list=lambda: model.trainable_variables)
with tf.GradientTape() as tape:
    value = loss_fn(model(np.zeros((2, 8))))
opt.minimize(value, model.trainable_variables, tape=tape)
""")
    found = [(event.kind, event.tape) for event in program.module.events if event.kind != "compile"]
    assert found[1:] == [(kind, tape) for n in (1, 2, 3) for kind, tape in (("call", n), ("gradient", n), ("apply_gradients", None))]
    assert {names(event.args["sources"]) for event in program.events("gradient", "apply_gradients")} == {("net",)}
    assert [event.args["batch_size"] for event in program.events("call")] == [4, 4, 2]


@pytest.mark.parametrize(
    ("source", "of_inputs"),
    [
        ("tape.watch(mixed)\n    out = model(mixed)\ntape.gradient(out, mixed)", True),
        ("out = model(mixed)\ntape.gradient(out, [mixed])", True),
        ("out = model(image)\ntape.gradient(out, image)", True),
        ("out = model(mixed)\ntape.gradient(out, [kernel, bias])", False),
        ("out = model(mixed)\ntape.gradient(out, model.trainable_variables)", False),
    ],
)
def test_what_a_gradient_is_taken_of(source: str, of_inputs: bool) -> None:
    head = (
        "from mine import a, b\nimage, mixed = tf.Variable(a), a * 0.3 + b * 0.7\nkernel, bias = tf.Variable(b), tf.Variable(b)\n"
        "with tf.GradientTape() as tape:\n    "
    )
    event = train(head + source).event("gradient")
    assert event.args["of_inputs"] is of_inputs
    assert event.tape == 1


@pytest.mark.parametrize("gradients", ["keras.backend.gradients", "tf.gradients", "tf.compat.v1.gradients"])
def test_gradients_of_graphs(gradients: str) -> None:
    event = train(f"d = {gradients}(model.output, [x])").event("gradient")
    assert (event.args["of_inputs"], event.tape) == (True, None)
    event = train(f"d = {gradients}(model.output, model.trainable_weights)").event("gradient")
    assert (event.args["of_inputs"], names(event.args["sources"])) == (False, ("net",))


def test_a_method_that_passes_training_on() -> None:
    program = read("""
        from mine import a, b
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.norm = BatchNormalization()
            def call(self, x, training=None):
                return self.norm(x, training=training)
            def compile(self, rate, **more):
                super().compile(optimizer=keras.optimizers.SGD(rate), loss="mse", **more)
            def fit(self, x, y):
                return super().fit(x, y, batch_size=4)
        net = Net()
        net.compile(0.1)
        net.fit(a, b)
        """)
    done = [(event.kind, names(event.target)) for event in program.module.events if event.kind != "optimizer"]
    assert done == [("compile", "Net"), ("fit", "Net")]
    assert program.event("fit").args["batch_size"] == 4


def test_a_model_made_faster_is_the_same_model() -> None:
    program = train("fast = tf.function(model)\nfast(np.zeros((2, 8)), training=False)")
    assert names(program.event("call").target) == "net"


@pytest.mark.parametrize(
    "build",
    [
        "net = keras.Sequential([Input((8,)), Dense(4), BatchNormalization()])",
        "net = keras.Sequential()\n    net.add(Input((8,)))\n    net.add(Dense(4))\n    net.add(BatchNormalization())",
    ],
)
def test_a_model_for_each_round_of_a_loop(build: str) -> None:
    program = read(f"""
from mine import folds, data
for train, held_out in folds(data):
    {build}
    net.compile("sgd", "mse")
    net.fit(data[train], data[train], batch_size=3)
""")
    assert set(program.flows) == {"Input > Dense > BatchNormalization"}
    assert all(graph.calls[-1].shape == (None, 4) for graph in program.models)
    assert {event.target for event in program.events("fit")} == set(program.models)


ROUNDS = """
for epoch in range(60):
    for batch in range(60):
        critic.trainable = True
        critic.train_on_batch(real, noise)
        if epoch == 30 and batch == 30:
            critic.save("half.keras")
        critic.trainable = False
        model.train_on_batch(noise, real)
"""


def test_of_many_rounds_that_do_the_same_the_first_are_noted() -> None:
    program = train(f"critic = keras.Sequential([Dense(1)], name='critic')\n{ROUNDS}")
    done = [(event.kind, names(event.target), event.args.get("value")) for event in program.module.events if event.kind != "compile"]
    train_critic = [("set_trainable", "critic", True), ("train_on_batch", "critic", None)]
    train_all = [("set_trainable", "critic", False), ("train_on_batch", "net", None)]
    assert done.count(("save", "critic", None)) == 1
    middle = done.index(("save", "critic", None))
    assert done[:4] == train_critic + train_all
    assert done[middle - 2 : middle] == train_critic  # what is new is seen where it is done
    assert done[middle + 1 : middle + 5] == train_all + train_critic  # and what it is done between
    assert done[-2:] == train_all
    assert len(done) == 101  # nine rounds in three epochs, seven in the one in the middle, nine more
