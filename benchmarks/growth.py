"""How the cost of reading a program grows with its size: synthetic programs of 1 to 32 times the size, in shapes that tempt to go wrong.

`python -m benchmarks.growth [SHAPE...]` in a checkout prints a table: milliseconds of processor time, and how many calls the graphs hold;
`!` where the budget cut the program short. It fails where a program of twice the size costs more than six times as much, and this again
at the next step: nothing may grow like that.
"""

import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

from tests.source.programs import read

SIZES = (1, 2, 4, 8, 16, 32)
STEEP, SMALL = 6.0, 0.05
"""How much more twice the size may cost, and seconds below which nothing is judged."""

HELPER = """def helper(x, filters, name=None):
    x = Conv2D(filters, 3, padding="same", name=name and name + "_conv")(x)
    x = BatchNormalization(name=name and name + "_bn")(x)
    return ReLU()(x)
"""
BLOCK = """class Block(layers.Layer):
    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.conv, self.bn = Conv2D(filters, 3, padding="same"), BatchNormalization()

    def call(self, x, training=None):
        return tf.nn.relu(self.bn(self.conv(x), training=training) + x)
"""
MODEL = """class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = {}

    def call(self, x, training=None):
        for block in self.blocks:
            x = block(x)
        return x
"""
BEGIN = "from mine import flags\nx = Input((8, 8, 3))\n"


def straight(size: int) -> str:
    """Layers, one after the other."""
    return BEGIN + "".join(f"x = Conv2D({8 + i % 7}, 3)(x)\nx = BatchNormalization()(x)\n" for i in range(50 * size))


def helpers(size: int) -> str:
    """Calls of a helper, each with other arguments."""
    return HELPER + BEGIN + "".join(f"x = helper(x, {8 + i}, name='b{i}')\n" for i in range(25 * size))


def loop(size: int) -> str:
    """A wide loop over a helper."""
    return HELPER + BEGIN + f"for i in range({min(25 * size, 250)}):\n    x = helper(x, 8, name=f'b{{i}}')\n" * max(1, size // 10)


def objects(size: int) -> str:
    """Objects of a user's layer in a model of the user."""
    blocks = f"[Block(8, name=f'b{{i}}') for i in range({min(8 * size, 250)})]"
    return f"{BLOCK}\n{MODEL.format(blocks)}"


def builders(size: int) -> str:
    """Many builders that nobody calls."""
    one = "def build{0}(n=4):\n    x = Input((8, 8, 3))\n    for j in range(n + {1}):\n        x = helper(x, 8, name='b' + str(j))\n"
    return HELPER + "".join(one.format(i, i % 5) + "    return keras.Model(x, x)\n" for i in range(10 * size))


def chain(size: int) -> str:
    """Helpers that call helpers, forty deep."""
    links = "".join(f"def f{i}(x):\n    return f{i - 1}(x)\n" for i in range(1, 40))
    return HELPER + "def f0(x):\n    return helper(x, 8)\n" + links + BEGIN + "x = f39(x)\n" * (5 * size)


def flags(size: int) -> str:
    """Layers each under a flag of its own that is not known."""
    return BEGIN + "".join(f"if flags[{i}]:\n    x = BatchNormalization()(x)\n" for i in range(25 * size))


def options(size: int) -> str:
    """A builder with many flags among its parameters."""
    given = ", ".join(f"use{i}=False" for i in range(4 * size))
    body = "".join(f"    if use{i}:\n        x = helper(x, 8)\n" for i in range(4 * size))
    return HELPER + f"def build({given}):\n    x = Input((8, 8, 3))\n{body}    return keras.Model(x, x)\n"


SHAPES: tuple[Callable[[int], str], ...] = (straight, helpers, loop, objects, builders, chain, flags, options)


def cost(source: str) -> tuple[float, int, bool]:
    """Seconds of processor time (the better of two), calls in the graphs, and whether the program was cut short."""
    seconds = []
    for _ in range(2):
        start = time.process_time()
        program = read(source)
        seconds.append(time.process_time() - start)
    return min(seconds), sum(len(graph.calls) for graph in program.models), program.module.cut


def steep(seconds: Sequence[float]) -> bool:
    """Whether the cost grows by far faster than the size, twice in a row."""
    growth = [later / earlier if earlier >= SMALL else 0.0 for earlier, later in pairwise(seconds)]
    return any(one > STEEP and other > STEEP for one, other in pairwise(growth))


def main(names: Sequence[str]) -> int:
    """Print the table."""
    failed = []
    print("shape".ljust(10), *[f"{size} x".rjust(16) for size in SIZES])
    for shape in SHAPES:
        if names and shape.__name__ not in names:
            continue
        costs = [cost(shape(size)) for size in SIZES]
        cells = [f"{seconds * 1000:.0f} ms / {calls}{'!' if cut else ''}" for seconds, calls, cut in costs]
        print(shape.__name__.ljust(10), *[cell.rjust(16) for cell in cells], flush=True)
        if steep([seconds for seconds, _, _ in costs]):
            failed.append(shape.__name__)
    print(*(f"{name} grows too fast" for name in failed), sep="\n", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
