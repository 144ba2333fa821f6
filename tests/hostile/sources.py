"""Python source that is long, deep, endless, explosive, or in an encoding that is not what it seems."""

import codecs
from collections.abc import Callable
from pathlib import Path

from tests.hostile.case import GOOD, Case

FOUND = "BN403"


def text(source: str, encoding: str = "utf-8", end: str = GOOD) -> Callable[[Path], object]:
    """A file with this source and, behind it, a layer in which something is found: it must be read to its end."""
    return lambda folder: (folder / "hostile.py").write_bytes(f"{source}\n{end}".encode(encoding, "surrogatepass"))


def data(content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / "hostile.py").write_bytes(content)


def lazy(source: Callable[[], str]) -> Callable[[Path], object]:
    """The same, of a text that is large."""
    return lambda folder: text(source())(folder)


HEAD = "import keras\nfrom keras import layers\nfrom keras.layers import *\n"
MODEL = "x = keras.Input((8,))\n"


def calls(count: int) -> str:
    """Functions that call each other: each one the next two."""
    body = "".join(f"def f{n}(x):\n    return f{(n + 1) % count}(f{(n * 7 + 3) % count}(x))\n" for n in range(count))
    return HEAD + body + MODEL + "y = f0(x)"


def doubling(levels: int) -> str:
    body = "".join(f"def f{n}(x):\n    x = f{n - 1}(x)\n    return f{n - 1}(x)\n" for n in range(1, levels))
    return HEAD + "def f0(x):\n    return Dense(1)(BatchNormalization()(x))\n" + body + MODEL + f"y = f{levels - 1}(x)"


def nested(opening: str, closing: str, depth: int, inner: str = "1") -> str:
    return "y = " + opening * depth + inner + closing * depth


def blocks(head: str, depth: int) -> str:
    return "".join(" " * n + head + "\n" for n in range(depth)) + " " * depth + "pass"


LONG_NAME = "a" * 1_000_000

SOURCES: dict[str, Case] = {
    # Long
    "a sum of 10,000 terms": Case(text("y = " + " + ".join(["x"] * 10_000)), codes="BN001", says="is nested too deeply to be parsed"),
    "a sum of 10,000 tensors": Case(text(HEAD + MODEL + "y = " + " + ".join(["x"] * 10_000)), codes="BN001", says="is nested too deeply to be parsed"),
    "a product of 10,000 texts": Case(text("y = " + " ".join(["'a'"] * 10_000)), codes="BN403"),
    "texts joined 10,000 times": Case(text("y = " + " + ".join(["'a'"] * 10_000)), codes="BN001", says="is nested too deeply to be parsed"),
    "3,000 elif": Case(text("if a == 0:\n    pass\n" + "".join(f"elif a == {n}:\n    b = {n}\n" for n in range(3_000))), codes="BN001", says="is nested too deeply to be parsed"),
    "3,000 statements of if": Case(text(HEAD + MODEL + "".join(f"if a[{n}]:\n    x = Dense({n})(x)\n" for n in range(3_000))), codes="BN403", seconds=20, mib=200),
    "10,000 calls in a chain": Case(text("y = x" + ".f()" * 10_000), codes="BN001", says="is nested too deeply to be parsed"),
    "100,000 attributes": Case(text("y = x" + ".a" * 100_000), codes="BN001", says="is nested too deeply to be parsed"),
    "10,000 subscripts": Case(text("y = x" + "[0]" * 10_000), codes="BN001", says="is nested too deeply to be parsed"),
    "10,000 signs": Case(text("y = " + "-" * 10_000 + "1"), codes="BN001", says="is nested too deeply to be parsed"),
    "10,000 times not": Case(text("y = " + "not " * 10_000 + "1"), codes="BN001", says="is nested too deeply to be parsed"),
    "3,000 comparisons": Case(text("y = " + " < ".join(["x"] * 3_000)), codes="BN403", seconds=10),
    "10,000 times and": Case(text("y = " + " and ".join(["x"] * 10_000)), mib=300, says="0 of 2 places"),
    "a lambda of lambdas": Case(text("y = " + "lambda: " * 5_000 + "1"), codes="BN001", says="is nested too deeply to be parsed"),
    "10,000 conditional expressions": Case(text("y = " + "1 if a else " * 10_000 + "2"), codes="BN001", says="is nested too deeply to be parsed"),
    "1,000 decorators": Case(text("@d\n" * 1_000 + "def f(x):\n    return x\n"), codes="BN403"),
    "1,000 decorators of its own": Case(text("def d(f):\n    return lambda *a: f(*a)\n" + "@d\n" * 1_000 + f"def f(x):\n    return x\n{HEAD}{MODEL}y = f(x)"), codes="BN403"),
    "1,000 cases": Case(text(HEAD + MODEL + "match a:\n" + "".join(f"    case {n}:\n        x = Dense({n})(x)\n" for n in range(1_000))), codes="BN403", seconds=10, mib=300),
    "1,000 layers in a line": Case(text(HEAD + MODEL + "".join("x = BatchNormalization()(x); " for _ in range(1_000))), codes=" ".join(["BN104"] * 999 + ["BN403"]), seconds=10, mib=200),
    "5,000 layers in a line": Case(text(HEAD + MODEL + "".join("x = BatchNormalization()(x); " for _ in range(5_000))), codes=" ".join(["BN104"] * 4999 + ["BN403"]), seconds=60, mib=300, slow=True),
    "200 layers in a list": Case(text(HEAD + "m = keras.Sequential([" + "BatchNormalization(), " * 200 + "])"), codes=" ".join(["BN104"] * 199 + ["BN403"]), seconds=10, mib=200),
    "5,000 layers in each other": Case(text(HEAD + MODEL + "y = " + "BatchNormalization()(" * 5_000 + "x" + ")" * 5_000), codes="BN001", says="is nested too deeply to be parsed"),
    "1,000 functions that call each other": Case(lazy(lambda: calls(1_000)), codes=None, says="places understood", seconds=20, mib=400),
    "10,000 functions that call each other": Case(lazy(lambda: calls(10_000)), says="0 of . places understood", seconds=60, mib=500, slow=True),
    "10,000 classes, each the base of the next": Case(lazy(lambda: HEAD + "class C0(layers.Layer): pass\n" + "".join(f"class C{n}(C{n - 1}): pass\n" for n in range(1, 10_000)) + MODEL + "y = C9999()(x)"), codes="BN403", seconds=16, mib=200),
    "10,000 parameters": Case(text("def f(" + ", ".join(f"a{n}=1" for n in range(10_000)) + "):\n    return a1\ny = f()"), codes="BN403"),
    "10,000 keywords": Case(text(HEAD + "y = BatchNormalization(" + ", ".join(f"a{n}=1" for n in range(10_000)) + ")"), codes="BN408 BN403"),
    "50,000 imports": Case(text("".join(f"from m{n} import a{n}\n" for n in range(50_000))), codes="BN403", seconds=18, mib=400),
    "a list of 1,000,000 numbers": Case(lazy(lambda: "y = [" + "1, " * 1_000_000 + "]"), codes="BN001", says="holds more than 1,000,000 words and signs", mib=200),
    "a dict of 100,000 entries": Case(lazy(lambda: "y = {" + "".join(f"'k{n}': {n}, " for n in range(100_000)) + "}"), codes="BN403", seconds=12, mib=400),
    "a name of 1 MB": Case(lazy(lambda: f"{LONG_NAME} = {LONG_NAME}"), codes="BN403"),
    "a line of 10 MB": Case(lazy(lambda: "y = '" + "x" * 10_000_000 + "'"), codes="BN403", seconds=10, mib=300),
    "a comment of 10 MB": Case(lazy(lambda: "# " + "x" * 10_000_000), codes="BN403", seconds=10, mib=300),
    "a doc string of 10 MB": Case(lazy(lambda: '"""' + "x\n" * 5_000_000 + '"""'), codes="BN403", seconds=12, mib=600),
    "20 MB": Case(lazy(lambda: "y = 1\n" * 3_500_000), codes="BN001", says="is 20.0 MB, over the limit of 16 MB"),
    "12 MB of dense code": Case(lazy(lambda: "f(a, b, c)\n" * 1_100_000), codes="BN001", says="holds more than 1,000,000 words and signs", mib=400),
    "1,000,000 blank lines": Case(text("\n" * 1_000_000), codes="BN403", mib=200),
    "1,000,000 semicolons": Case(lazy(lambda: "a;" * 1_000_000), codes="BN001", says="holds more than 1,000,000 words and signs"),
    "2,000 pragmas": Case(text("".join(f"y{n} = 1  # bnlint: ignore[BN{n % 900 + 100}]\n" for n in range(2_000))), codes=" ".join(["BN002"] * 1985 + ["BN403"])),
    "a pragma of 1 MB": Case(text("y = 1  # bnlint: ignore[" + "BN101, " * 150_000 + "]"), codes="BN002 BN403"),
    "comments that nearly are pragmas": Case(text("y = 1  # " + "bnlint: " * 100_000 + "\nz = 1  # noqa" + " " * 100_000 + "x\nw = 1 #" + " noqa:" * 50_000), codes="BN403"),
    # Deep
    "parentheses 100 deep": Case(text(nested("(", ")", 100)), codes="BN403"),
    "parentheses 10,000 deep": Case(text(nested("(", ")", 10_000)), codes="BN001", says="is nested too deeply to be parsed"),
    "lists 90 deep": Case(text(nested("[", "]", 90)), codes="BN403"),
    "lists 10,000 deep": Case(text(nested("[", "]", 10_000)), codes="BN001", says="is nested too deeply to be parsed"),
    "calls 90 deep": Case(text(nested("f(", ")", 90)), codes="BN403"),
    "open parentheses": Case(text("(" * 100_000), codes="BN001", says="is nested too deeply to be parsed"),
    "blocks 90 deep": Case(text(blocks("if a:", 90)), codes="BN403"),
    "blocks 1,000 deep": Case(text(blocks("if a:", 1_000)), codes="BN001", says="cannot be parsed: too many levels of indentation"),
    "loops 20 deep": Case(text(blocks("for i in a:", 20)), seconds=12, says="0 of 2 places"),
    "loops 19 deep over ranges": Case(text(HEAD + MODEL + "".join(" " * n + f"for i{n} in range(10):\n" for n in range(19)) + " " * 19 + "x = Dense(1)(x)"), seconds=30, mib=300, says="0 of 2 places", slow=True),
    "with 50 deep": Case(text(blocks("with a:", 19)), codes="BN403"),
    "functions 90 deep": Case(text(blocks("def f():", 90)), codes="BN403"),
    "classes 90 deep": Case(text(blocks("class C:", 90)), codes="BN403"),
    "try 19 deep": Case(text("".join(" " * n + "try:\n" for n in range(19)) + " " * 19 + "pass\n" + "".join(" " * n + "except E:\n" + " " * (n + 1) + "pass\n" for n in reversed(range(19)))), codes="BN403"),
    "f-strings in f-strings": Case(text("y = " + "f'{" * 1 + 'f"{1}"' + "}'"), codes="BN403"),
    "an f-string of 10,000 parts": Case(text("y = f'" + "{x}" * 10_000 + "'"), mib=300, says="0 of 2 places"),
    "an f-string of formats": Case(text("y = f'{1:" + "{2}" * 1_000 + "}'"), codes="BN403"),
    "comprehensions 50 deep": Case(text(nested("[", " for x in range(9)]", 50, "x")), seconds=10, mib=200, says="0 of 2 places"),
    "a comprehension of 50 loops": Case(text("y = [1 " + "".join(f"for i{n} in range(10) " for n in range(50)) + "]"), mib=300, says="0 of 2 places"),
    "assignments to 5,000 targets": Case(text("y = " + "a = " * 5_000 + "1"), codes="BN403"),
    "targets 90 deep": Case(text(nested("(", ",)", 90, "a").removeprefix("y = ") + " = b"), codes="BN403"),
    "stars": Case(text("a, *b, c = *[1], *range(10**9), 2\nd = [*b, *range(10**10)]"), codes="BN403"),
    "walrus": Case(text("y = " + "(a := " * 90 + "1" + ")" * 90 + "\nif (n := len(b := [c := 1])) and (d := n): pass\nz = [q := 1, q := q + 1, q**2 for q in ()]" if False else "y = " + "(a := " * 90 + "1" + ")" * 90 + "\nif (n := len(b := [1])) and (d := n): pass\nz = [(q := i) for i in range(10**9)]"), codes="BN403"),
    # Endless and explosive
    "while True": Case(text(HEAD + MODEL + "while True:\n    x = Dense(1)(x)"), codes="BN403"),
    "a range of 10 ** 12": Case(text(HEAD + MODEL + "for i in range(10 ** 12):\n    x = Dense(i)(x)\ny = list(range(10 ** 12))"), codes="BN403"),
    "a generator without an end": Case(text(HEAD + MODEL + "def g():\n    while True:\n        yield Dense(1)\nfor layer in g():\n    x = layer(x)\ny = list(g())\nz, *w = g()\nv = next(g())(x)"), codes="BN403"),
    "a generator of itself": Case(text("def g():\n    yield from g()\ny = list(g())\nz = (w for w in z)"), codes="BN403"),
    "recursion": Case(text(HEAD + "def f(x, n):\n    return f(Dense(n)(x), n + 1)\n" + MODEL + "y = f(x, 0)"), codes="BN403"),
    "functions that call each other": Case(text(HEAD + "def f(x):\n    return g(Dense(1)(x))\ndef g(x):\n    return h(BatchNormalization()(x))\ndef h(x):\n    return f(g(x))\n" + MODEL + "y = f(x)"), codes="BN104 BN403"),
    "functions that call two, 30 times": Case(lazy(lambda: doubling(30)), says="places understood", seconds=80, mib=800, slow=True),
    "functions that call two, 200 times": Case(lazy(lambda: doubling(200)), seconds=24, mib=400, says="0 of 3 places", slow=True),
    "a function of a function of itself": Case(text("w = lambda f: f(f)\ny = w(w)\nz = (lambda x: x(x)(x))(lambda x: x(x)(x))"), codes="BN403"),
    "a combinator": Case(text(HEAD + "Y = lambda f: (lambda x: f(lambda v: x(x)(v)))(lambda x: f(lambda v: x(x)(v)))\n" + MODEL + "y = Y(lambda s: lambda t: s(Dense(1)(t)))(x)"), codes="BN403"),
    "numbers that explode": Case(text("a = 10 ** 10 ** 10\nb = 1 << 10 ** 12\nc = 9 ** 9 ** 9 ** 9\nd = 2 ** -(10 ** 9)\ne = pow(7, 10 ** 12)\nf = 1e308 * 10 ** 400\ng = int(1e308) ** 99"), codes="BN403"),
    "texts that explode": Case(text("a = 'x' * 10 ** 12\nb = b'x' * 10 ** 12\nc = [0] * 10 ** 12\nd = '%1000000000d' % 1\ne = f'{1:1000000000}'\nf = '{:>{}}'.format(1, 10 ** 11)\ng = 'x'.ljust(10 ** 12)\nh = 'x'.center(10 ** 12)\ni = ('ab' * 10 ** 6).replace('a', 'x' * 10 ** 6)\nj = '\\t'.expandtabs(10 ** 12)\nk = ','.join('x' * 10 ** 7)"), codes="BN403"),
    "products that explode": Case(text("import itertools\na = [i for i in itertools.product(range(10 ** 4), repeat=9)]\nb = list(itertools.permutations(range(100)))\nc = list(itertools.combinations(range(10 ** 6), 5))\nd = [(i, j, k) for i in range(10 ** 4) for j in range(10 ** 4) for k in range(10 ** 4)]\ne = list(itertools.count())\nf = list(itertools.cycle([1]))\ng = list(itertools.repeat(1))\nh = set(range(10 ** 9)) | {1}\ni = sorted(range(10 ** 9))\nj = dict.fromkeys(range(10 ** 9))\nk = list(zip(itertools.count(), itertools.count()))\nl = list(map(str, itertools.count()))\nm = sum(itertools.repeat(1))\nn = max(itertools.count())\no = list(iter(int, 1))"), codes="BN403"),
    "a doubling in a loop": Case(text("a = [1]\nfor i in range(100):\n    a = a + a\n    b = (a, a)\n    a = [b, b]\nc = {}\nfor i in range(100):\n    c = {1: c, 2: c}\ns = 'x'\nfor i in range(100):\n    s += s"), codes="BN403"),
    "an int of 1,000,000 digits": Case(text("y = " + "9" * 1_000_000), codes="BN001", says="cannot be parsed: Exceeds the limit"),
    "a hexadecimal of 1,000,000 digits": Case(text("y = 0x" + "f" * 1_000_000 + "\nz = str(y)\nw = f'{y}'\nv = y * y * y * y\nu = y ** y\nt = repr([y])\ns = '%d' % y\nassert y % 7\nr = int(z)"), codes="BN403"),
    "a float of 1,000,000 digits": Case(text("y = 1." + "9" * 1_000_000 + "e99999999"), codes="BN403"),
    "sizes of layers": Case(text(HEAD + MODEL + "y = Dense(10 ** 400)(x)\nz = Conv2D(2 ** 70, 10 ** 9)(keras.Input((2 ** 62, 2 ** 62, 3)))\nw = Reshape((10 ** 200, -1))(x)\nv = ZeroPadding2D(10 ** 500)(z)\nu = Flatten()(keras.Input((10 ** 400,) * 90))\nt = Dense(float('nan'))(x)\ns = Dense(1e999)(x)\nr = keras.Input((float('inf'), -5, 1j))\nq = BatchNormalization(axis=10 ** 99, momentum=1e999, epsilon=-10 ** 400)(r)"), codes="BN401 BN403"),
    # Values that hold themselves
    "lists and dicts that hold themselves": Case(text("a = []\na.append(a)\na += a\nb = {}\nb['b'] = b\nb.update(b)\nprint(a == a, b == b, str(a), f'{b}', a < a, a in a)\nfor c in a:\n    a.append(c)\nc = [*a, **b] if False else [*a]\nd = (a, b)\na[:] = [a, d]\ne = sorted(a)\n" .replace("c = [*a, **b] if False else [*a]\n", "c = [*a]\n") + HEAD + "m = keras.Sequential(a)"), codes="BN403"),
    "objects that hold themselves": Case(text(HEAD + "class C(layers.Layer):\n    def __init__(self):\n        super().__init__()\n        self.c = self\n        self.d = {'c': self, 'l': [self]}\n    def __getattr__(self, name):\n        return getattr(self, name + name)\n    def __getitem__(self, i):\n        return self[i][i]\n    def __iter__(self):\n        return iter(self)\n    def __len__(self):\n        return len(self)\n    def __bool__(self):\n        return bool(self)\n    def __eq__(self, other):\n        return other == self\n    def __hash__(self):\n        return hash(self)\n    def __repr__(self):\n        return repr(self)\n    def __add__(self, other):\n        return other + self\n    def __enter__(self):\n        return self.__enter__()\n    def __call__(self, x):\n        return self(self)\n" + MODEL + "c = C()\ny = c(x)\nfor z in c: pass\nif c == c + c and c.nothing[1]: pass\nwith c as d: y = d(x)\nw = {c: c}[c]\nv = f'{c}'\nu = [*c]\nt = len(c)"), codes="BN403"),
    "classes of themselves": Case(text(HEAD + "class A(A): pass\nclass B(C): pass\nclass C(B): pass\nclass M(type):\n    def __new__(m, *a, **k): return m(*a, **k)\n    def __call__(c, *a): return c(*a)\n    def __getattr__(c, n): return getattr(c, n)\nclass D(metaclass=M): pass\nclass E(D, D, metaclass=D): pass\nclass F(keras.Model, layers.Layer, F if False else object): pass\ny = E().x(D())\nz = A()(B()(C()))\ntype.__call__(type)\nG = type('G', (A,), {})\nH = type(G)(G)(G)"), codes="BN403"),
    "decorators of themselves": Case(text(HEAD + "@d\ndef d(f):\n    @d\n    @f\n    def g(*a, **k):\n        return d(g)(f(*a, **k))\n    return d(g)\n@d\n@d(d)\nclass C(layers.Layer):\n    @property\n    def p(self): return self.p\n    @p.setter\n    def p(self, v): self.p = v\n    @C.p.getter\n    @staticmethod\n    @classmethod\n    def q(self): return self.q\n" + MODEL + "c = C()\nc.p = c.p\ny = c.q(x)"), codes="BN403"),
    "descriptors and slots": Case(text("class D:\n    def __get__(self, o, t): return o.d\n    def __set__(self, o, v): o.d = v\n    def __delete__(self, o): del o.d\n    def __set_name__(self, o, n): setattr(o, n, self)\nclass C:\n    d = D()\n    __slots__ = C.d if 0 else ('d',)\n    def __init_subclass__(cls): type('E', (cls,), {})\nc = C()\nc.d = c.d\ndel c.d\nclass F(C): pass"), codes="BN403"),
    "a module that imports itself": Case(text("import hostile\nfrom hostile import *\nfrom hostile import y as z\nfrom . import hostile as h\nfrom .hostile import z as w\nimport hostile.hostile.hostile\ny = hostile.hostile.y\nz = w"), codes="BN403"),
    "everything at once": Case(text("global y\nnonlocal_ = 1\ndef f():\n    global f\n    f = f\n    del f\n    return f()\ny = f()\ndel y, x\nexec('y = 1')\neval('f()')\n__import__('os').system('true')\nglobals()['y'] = locals\nlocals().update(vars())\nimport os, sys\nos.system('touch canary')\nsys.exit(3)\nraise SystemExit\nassert False\nquit()\nopen('canary', 'w').write('x')"), says="0 of 2 places"),
    # Types
    "type comments": Case(text("x = 1  # type: " + "(" * 1_000 + "\ndef f(a):  # type: (...) -> \x0c[\n    pass\nfor i in a:  # type: ignore[" + "x" * 10_000 + "\n    pass"), codes="BN403"),
    "annotations": Case(text("from __future__ import annotations, braces_\n".replace(", braces_", "") + "x: 10 ** 10 ** 10 = 1\ny: 'x' * 10 ** 12\nz: " + "list[" * 80 + "int" + "]" * 80 + "\ndef f(a: (b := 1), *c: *d) -> f(f): ..."), codes="BN403"),
    # Encodings
    "NUL": Case(data(b"x = 1\0\n" + GOOD.encode()), codes="BN001", says="is binary, not Python source"),
    "UTF-16": Case(data(GOOD.encode("utf-16")), arguments=("good.py", "hostile.py"), codes="BN001", says="is UTF-16 text"),
    "UTF-16 without a mark": Case(data(GOOD.encode("utf-16-be")), arguments=("good.py", "hostile.py"), codes="BN001", says="is UTF-16 text"),
    "UTF-32": Case(data(GOOD.encode("utf-32")), arguments=("good.py", "hostile.py"), codes="BN001", says="is UTF-32 text"),
    "a byte order mark": Case(data(codecs.BOM_UTF8 + GOOD.encode()), codes="BN403"),
    "two byte order marks": Case(data(codecs.BOM_UTF8 * 2 + GOOD.encode()), codes="BN001", says="cannot be parsed: invalid non-printable character U.FEFF"),
    "a mark and another cookie": Case(data(codecs.BOM_UTF8 + b"# coding: latin-1\n" + GOOD.encode()), codes="BN001", says="starts with a UTF-8 byte order mark but declares the encoding latin-1"),
    "latin-1 without a cookie": Case(data("# größe\n".encode("latin-1") + GOOD.encode()), codes="BN001", says="is not valid UTF-8"),
    "latin-1 with a cookie": Case(data("# coding: latin-1\n# größe\n".encode("latin-1") + GOOD.encode()), codes="BN403"),
    "a cookie that lies": Case(data(b"# coding: ascii\n# gr\xc3\xb6\xc3\x9fe\n" + GOOD.encode()), codes="BN001", says="is not valid ascii"),
    "a cookie that nobody knows": Case(data(b"# coding: klingon\n" + GOOD.encode()), codes="BN001", says="declares the encoding 'klingon', which Python does not know"),
    "a cookie that is a path": Case(data(b"# coding: ../../etc/passwd\n" + GOOD.encode()), codes="BN001", says="declares the encoding '..', which Python does not know"),
    "a cookie of 1 MB": Case(data(b"# coding: " + b"a" * 1_000_000 + b"\n" + GOOD.encode()), codes="BN001", says="declares the encoding 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    "two cookies": Case(data("# coding: utf-8\n# coding: latin-1\n# größe\n".encode() + GOOD.encode()), codes="BN403"),
    "the cookie utf-7": Case(data(b"# coding: utf-7\n# +AAo-import os\n" + GOOD.encode()), codes="BN001", says="declares the encoding utf-7, in which bytes are not what they seem"),
    "the cookie raw_unicode_escape": Case(data(b"# coding: raw_unicode_escape\n# \\u000aimport os\n" + GOOD.encode()), codes="BN001", says="declares the encoding raw-unicode-escape, in which bytes are not what"),
    "the cookie unicode_escape": Case(data(b"# coding: unicode_escape\n# \\x0aimport os\n" + GOOD.encode()), codes="BN001", says="declares the encoding unicode-escape, in which bytes are not what they"),
    "the cookie utf-16": Case(data(b"# coding: utf-16\n" + GOOD.encode()), codes="BN001", says="declares the encoding utf-16, in which bytes are not what they seem"),
    "the cookie utf-8-sig": Case(data(b"# coding: utf-8-sig\n" + GOOD.encode()), codes="BN403"),
    "the cookie rot13": Case(data(b"# coding: rot13\n" + GOOD.encode()), codes="BN001", says="declares the encoding 'rot13', which Python does not know"),
    "the cookie zlib": Case(data(b"# coding: zlib\n" + GOOD.encode()), codes="BN001", says="declares the encoding 'zlib', which Python does not know"),
    "the cookie idna": Case(data(b"# coding: idna\n" + GOOD.encode()), codes="BN001", says="is not valid idna, the encoding that it declares"),
    "the cookie punycode": Case(data(b"# coding: punycode\n" + GOOD.encode()), codes="BN001", says="is not valid punycode, the encoding that it declares"),
    "the cookie mbcs": Case(data(b"# coding: mbcs\n" + GOOD.encode()), codes="BN001", says="declares the encoding 'mbcs', which Python does not know"),
    "the cookie hz": Case(data(b"# coding: hz\n# ~{<:Ky~}\n" + GOOD.encode()), codes="BN001", says="declares the encoding hz, in which bytes are not what they seem"),
    "the cookie iso2022-jp": Case(data(b"# coding: iso2022_jp\n# \x1b$B$\"\x1b(B\n" + GOOD.encode()), codes="BN403"),
    "the cookie cp037": Case(data(b"# coding: cp037\n" + GOOD.encode()), codes="BN001", says="declares the encoding cp037, in which bytes are not what they seem"),
    "the cookie shift_jis": Case(data("# coding: shift_jis\n# 日本 表\n".encode("shift_jis") + GOOD.encode()), codes="BN403"),
    "the cookie gbk": Case(data("# coding: gbk\n# 中文\n".encode("gbk") + GOOD.encode()), codes="BN403"),
    "Ctrl-Z": Case(data(GOOD.encode() + b"\x1a"), codes="BN001", says="cannot be parsed: invalid non-printable character U.001A"),
    "surrogates": Case(text("y = '\ud800'"), codes="BN001", says="is not valid UTF-8"),
    "mixed line ends": Case(data(b"a = 1\r\nb = 2\rc = 3\n\r\n\r" + GOOD.encode().replace(b"\n", b"\r")), codes="BN403"),
    "no final line end": Case(data(GOOD.encode().rstrip()), codes="BN403"),
    "line separators in a text": Case(text("y = '\u2028\u2029\x85\x0b\x1c\x1d\x1e'\n# \u2028import os\n"), codes="BN403"),
    "form feeds": Case(text("\f\n\f\fy = 1\n\f\nif y:\n\f    z = 1\n\f"), codes="BN403"),
    "tabs and spaces": Case(text("if a:\n\tb = 1\n        c = 1\n"), codes="BN001", says="cannot be parsed: inconsistent use of tabs and spaces in indentation"),
    "tabs": Case(text("if a:\n\tb = 1\n\tif b:\n\t\tc = 1\n"), codes="BN403"),
    "a backslash at the end": Case(data(GOOD.encode() + b"\\"), codes="BN001", says="cannot be parsed: unexpected EOF while parsing"),
    "names that turn the direction": Case(text("# \u202e\u2066 x\n\u200b_ = 1\n".replace("\u200b_", "א") + "y = '\u202e'  # \x1b[31m\x07\n"), codes="BN403"),
    "names that look alike": Case(text("ｋｅｒａｓ = 1\nfrom keras import layers as ｌａｙｅｒｓ\ny = layers.ＢａｔｃｈＮｏｒｍａｌｉｚａｔｉｏｎ(momentum=0.1)\n𝓍 = 1"), codes="BN403 BN403"),
    "escapes in a message": Case(text("from keras import layers\nlayers.BatchNormalization(momentun\u0301=1)\nlayers.BatchNormalization(**{'\\x1b[31m\\n::error::x\u202e': 1})\nlayers.BatchNormalization(axis='\\x1b]0;t\\x07\\n::error::x')"), codes="BN408 BN408 BN403"),
    "no Python at all": Case(data(bytes(range(1, 256)) * 100), arguments=("good.py", "hostile.py"), codes="BN001", says="is binary, not Python source"),
    "an empty file": Case(data(b""), arguments=("good.py", "hostile.py")),
    "a syntax error": Case(text("def f(:\n"), codes="BN001", says="cannot be parsed: invalid syntax"),
    "Python 2": Case(text("print 'x'\nexec 'y'\nraise E, 'x'\n"), codes="BN001", says="is Python 2"),
    "code that Python 3.12 knows": Case(text("type X[T] = list[T]\ndef f[T](x: T) -> T: ...\n"), codes="BN001", says="cannot be parsed: invalid syntax"),
}  # fmt: skip
