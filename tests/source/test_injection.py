"""Modules of Keras that code is handed: globals that a function sets, entries of `**kwargs`, decorators that add them."""

import pytest

from tests.source.programs import read

BLOCK = "Input > Conv2D > BatchNormalization > Activation:relu"

BODY = """
    x = layers.Input((8, 8, 3))
    x = layers.Conv2D(4, 3)(x)
    x = layers.BatchNormalization(axis=3 if backend.image_data_format() == 'channels_last' else 1)(x)
    return layers.Activation('relu')(x)
"""

GETTER = """
def get_submodules_from_kwargs(kwargs):
    backend = kwargs.get('backend', _BACKEND)
    layers = kwargs.get('layers', _LAYERS)
    for key in kwargs.keys():
        if key not in ['backend', 'layers']:
            raise TypeError('Invalid keyword argument: %s', key)
    return backend, layers
"""

INJECTING = """
def inject(g):
    @functools.wraps(g)
    def wrapper(*args, **kwargs):
        kwargs['backend'] = keras.backend
        kwargs['layers'] = keras.layers
        return g(*args, **kwargs)
    return wrapper
"""


@pytest.mark.parametrize(
    "source",
    [
        f"_BACKEND, _LAYERS = keras.backend, keras.layers\nbackend = layers = None\n{GETTER}\ndef net(**kwargs):\n    global backend, layers\n"
        f"    backend, layers = get_submodules_from_kwargs(kwargs){BODY}y = net()",
        f"_BACKEND = _LAYERS = None\nbackend = layers = None\n{GETTER}\ndef net(**kwargs):\n    global backend, layers\n    backend, layers = get_submodules_from_kwargs(kwargs){BODY}",
        f"from . import get_submodules_from_kwargs\ndef net(**kwargs):\n    backend, layers, models, utils = get_submodules_from_kwargs(kwargs){BODY}",
        f"import applications as ka\ndef net(**kwargs):\n    backend, layers = kwargs.get('backend', ka._KERAS_BACKEND), kwargs.get('layers', ka._KERAS_LAYERS){BODY}y = net()",
        f"import functools\n{INJECTING}\n@inject\ndef net(**kwargs):\n    backend, layers = kwargs['backend'], kwargs['layers']{BODY}y = net()",
        f"import functools\n{INJECTING}\ndef _net(backend, layers):{BODY}net = inject(_net)\ny = net()",
        f"import functools\n{INJECTING}\ndef _net(backend, layers):{BODY}net = inject(_net)",
        f"def net(backend, layers):{BODY}",
        f"backend = layers = None\ndef net():{BODY}",
        "class Factory:\n    models = {'net': [lambda **k: net(**k), None]}\n    @staticmethod\n    def kwargs():\n        return {'backend': keras.backend, 'layers': keras.layers}\n    def wrap(self, g):\n"
        "        def wrapper(*args, **kwargs):\n            return g(*args, **dict(list(kwargs.items()) + list(self.kwargs().items())))\n        return wrapper\n    def get(self, name):\n"
        f"        build, _ = self.models[name]\n        return self.wrap(build)\ndef net(backend, layers):{BODY}y = Factory().get('net')()",
    ],
)
def test_modules_that_are_handed_over(source: str) -> None:
    assert set(read(source, "from tensorflow import keras\n").flows) == {BLOCK}


@pytest.mark.parametrize(
    "head",
    [
        "from lasagne import layers\n",
        "import mine.layers as layers\n",
        "from mine import blocks as layers\n",
        "class layers:\n    pass\n",
        "layers = [1, 2]\n",
    ],
)
def test_other_things_of_that_name_are_not_of_keras(head: str) -> None:
    program = read("x = layers.BatchNormalization()(layers.Dense(4)(keras.Input((8,))))", f"from tensorflow import keras\n{head}")
    assert not program.module.constructions


BOUND = """
backend = keras

def bind(g):
    def wrapper(*args):
        if "tensorflow" in backend.__name__:
            g.__globals__["L"] = keras.layers
        else:
            g.__globals__["L"] = layers
        return g(*args)
    return wrapper

{decorator}
def build(shape):
    x = i = L.Input(shape)
    x = L.Conv2D(4, 3)(x)
    x = L.BatchNormalization()(x)
    return keras.Model(i, L.Activation("relu")(x))
"""


@pytest.mark.parametrize("rest", ["@bind", "", "@bind|build((8, 8, 3))"])
def test_names_that_a_decorator_puts_into_the_module_of_a_function(rest: str) -> None:
    decorator, _, call = rest.partition("|")
    program = read(BOUND.format(decorator=decorator) + call)
    assert set(program.flows) == {BLOCK}
