"""How a generated program names what it takes from Keras: one style of imports for each program."""

import re
from random import Random

MODELS = ("Model", "Sequential")
FUNCTIONS: dict[int, dict[str, tuple[str, ...]]] = {
    2: {
        "tf.nn": ("relu", "elu", "selu", "swish", "silu", "sigmoid", "tanh", "softplus", "gelu", "relu6", "leaky_relu"),
        "activations": ("relu", "elu", "selu", "swish", "sigmoid", "tanh", "softplus", "gelu", "softsign"),
        "backend": ("relu", "elu", "sigmoid", "tanh", "softplus", "softsign"),
    },
    3: {
        "ops": ("relu", "elu", "selu", "silu", "sigmoid", "tanh", "softplus", "gelu", "relu6", "leaky_relu"),
        "activations": ("relu", "elu", "selu", "silu", "swish", "sigmoid", "tanh", "softplus", "gelu", "softsign"),
    },
}
"""The modules of each Keras whose functions apply an activation to a tensor that a model is built on."""

ALIASES = {
    "BatchNormalization": ("BN", "BatchNorm"),
    "Conv2D": ("Conv",),
    "Dense": ("FC",),
    "Activation": ("Act",),
    "Concatenate": ("Concat",),
}


class Words:
    """The names in use. Texts hold layers as `<Conv2D>`, models as `<Model>`; `resolve` writes them as the program imports them."""

    def __init__(self, dice: Random, major: int) -> None:
        self.dice = dice
        self.major = major
        self.root = dice.choice(("keras", "tensorflow.keras", "tensorflow.keras", "tf_keras" if major == 2 else "keras"))
        self.style = dice.choice(("names", "names", "aliases", "star", "module", "module", "renamed", "whole", "local"))
        self.models = dice.choice(("names", "whole", "module"))
        self.plain: set[str] = set()
        self.names: dict[str, dict[str, str]] = {}
        self.after: list[str] = []

    def resolve(self, text: str) -> str:
        return re.sub(r"<(\w+)>", lambda found: self.name(found[1]), text)

    def head(self) -> list[str]:
        """The import statements that the names used so far need."""
        lines = sorted(self.plain)
        for module, names in sorted(self.names.items()):
            pairs = [name if name == alias else f"{name} as {alias}" for name, alias in names.items()]
            lines.append(f"from {module} import {', '.join(pairs)}")
        return [*lines, *self.after]

    def name(self, word: str) -> str:
        """How the program refers to something of Keras."""
        if word in MODELS:
            return self._model(word)
        match self.style:
            case "names":
                return self.imported(f"{self.root}.layers", word)
            case "aliases":
                return self.imported(f"{self.root}.layers", word, self.dice.choice((word, *ALIASES.get(word, ()))))
            case "star":
                return self.imported(f"{self.root}.layers", "*") and word
            case "module":
                return f"{self.imported(self.root, 'layers')}.{word}"
            case "renamed":
                self.plain.add(f"import {self.root}.layers as KL")
                return f"KL.{word}"
            case "local":
                line = f"L = {self.whole()}.layers"
                self.after += [] if line in self.after else [line]
                return f"L.{word}"
        return f"{self.whole()}.layers.{word}"

    def whole(self) -> str:
        """Keras itself."""
        if self.root == "tensorflow.keras":
            self.plain.add("import tensorflow as tf")
            return "tf.keras"
        self.plain.add("import keras" if self.root == "keras" else "import tf_keras as keras")
        return "keras"

    def _model(self, word: str) -> str:
        match self.models:
            case "names":
                return self.imported(f"{self.root}.models", word)
            case "module":
                return f"{self.imported(self.root, 'models')}.{word}"
        return f"{self.whole()}.{word}"

    def imported(self, module: str, name: str, alias: str | None = None) -> str:
        """A name brought by `from module import name`; the first alias that is asked for holds."""
        return self.names.setdefault(module, {}).setdefault(name, alias or name)

    def function(self) -> str:
        """A function that applies an activation, as the program refers to it."""
        functions = FUNCTIONS[self.major]
        module = self.dice.choice(sorted(functions))
        name = self.dice.choice(functions[module])
        if module == "tf.nn":
            self.plain.add("import tensorflow as tf")
            return f"tf.nn.{name}"
        if module == "backend":
            return f"{self.imported(self.root, 'backend', 'K')}.{name}"
        root = "keras" if module == "ops" else self.root
        match self.dice.randrange(3):
            case 0:
                return self.imported(f"{root}.{module}", name, f"{name}_fn")
            case 1 if module == "activations":
                return f"{self.whole()}.activations.{name}"
        return f"{self.imported(root, module)}.{name}"
