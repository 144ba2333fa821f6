"""Settings, ignore files, requirements and baselines that come with a repository."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.hostile.case import Case


def files(**contents: str | bytes | Callable[[], str]) -> Callable[[Path], object]:
    """Files by their names, with `__` for a dot and `___` for a slash."""

    def make(folder: Path) -> None:
        for name, content in contents.items():
            path = folder / name.replace("___", "/").replace("__", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            found = content() if callable(content) else content
            path.write_bytes(found.encode() if isinstance(found, str) else found)

    return make


def pyproject(content: str) -> Callable[[Path], object]:
    return files(pyproject__toml=content)


def own(content: str | Callable[[], str]) -> Callable[[Path], object]:
    return files(bnlint__toml=content)


GLOB = "*a" * 50 + "*"
LONG = "a" * 120 + ".py"

SETTINGS: dict[str, Case] = {
    "a key that nobody knows": Case(own("extend = '../other.toml'"), says="bnlint.toml: unknown key `extend`", exit=2, ends=True),
    "paths that lead out": Case(own("baseline = '../../../etc/passwd'\nexclude = ['../**', '/', '/etc/**', '../../x']"), says="is not in the folder of the settings", exit=2, ends=True),
    "a baseline that is a device": Case(own("baseline = '/dev/zero'"), says="/dev/zero is not in the folder of the settings", exit=2, ends=True),
    "an output that is a file": Case(own("output-format = 'json=../forged'")),
    "an output file": Case(own("output-file = '../forged'"), says="bnlint.toml: unknown key `output-file`", exit=2, ends=True),
    "10 MB": Case(own(lambda: "select = [" + '"BN101", ' * 1_100_000 + "]"), says="bnlint.toml: larger than 1 MB, and settings are not", exit=2, ends=True),
    "10 MB of keys": Case(own(lambda: "".join(f"k{n} = {n}\n" for n in range(700_000))), says="bnlint.toml: larger than 1 MB, and settings are not", exit=2, ends=True),
    "10 MB of comments in a pyproject.toml": Case(files(pyproject__toml=lambda: "[tool.bnlint]\n" + "# x\n" * 2_500_000), says="pyproject.toml: larger than 1 MB, and settings are not", exit=2, ends=True),
    "no TOML": Case(own("select = ["), says="bnlint.toml: not valid TOML: Invalid value", exit=2, ends=True),
    "no TOML in a pyproject.toml": Case(pyproject("[tool.bnlint\nx"), says="pyproject.toml: not valid TOML: Expected '.' at the end of a table dec", exit=2, ends=True),
    "no TOML in a pyproject.toml of others": Case(pyproject("[tool.other\nx")),
    "no UTF-8": Case(files(bnlint__toml=b"select = ['\xff']"), says="bnlint.toml: not valid UTF-8", exit=2, ends=True),
    "UTF-16": Case(files(bnlint__toml="select = []".encode("utf-16")), says="bnlint.toml: not valid UTF-8", exit=2, ends=True),
    "types that are wrong": Case(own("select = {a = 1}\nmin-batch = 'x'\nrules = 3"), says="bnlint.toml: `select`: expected `array`, got `object`", exit=2, ends=True),
    "a number for a list": Case(own("select = 3"), says="bnlint.toml: `select`: expected `array`, got `int`", exit=2, ends=True),
    "a list for a choice": Case(own("placement = ['before']"), says="bnlint.toml: `placement` must be one of before, after, consistent, off", exit=2, ends=True),
    "a dict for a choice": Case(own("fail-on = {a = 1}"), says="bnlint.toml: `fail-on` must be one of info, warning, error, never, not", exit=2, ends=True),
    "numbers beyond all measure": Case(own("min-batch = " + "9" * 4_000)),
    "numbers of 10,000 digits": Case(own("min-batch = " + "9" * 10_000), says="bnlint.toml: not valid TOML: Exceeds the limit", exit=2, ends=True),
    "nan": Case(own("min-batch = nan"), says="bnlint.toml: `min-batch`: expected `int`, got `float`", exit=2, ends=True),
    "a date": Case(own("min-batch = 1979-05-27T07:32:00Z"), says="bnlint.toml: `min-batch`: expected `int`, got `datetime`", exit=2, ends=True),
    "a tool that is a number": Case(pyproject("tool = 3 # bnlint")),
    "a table that is a list": Case(pyproject("[[tool.bnlint]]\nselect = []"), says="pyproject.toml: `tool.bnlint` must be a table", exit=2, ends=True),
    "lists 10,000 deep": Case(own("select = " + "[" * 10_000 + "]" * 10_000), says="bnlint.toml: not valid TOML: it is nested too deeply", exit=2, ends=True),
    "tables 2,000 deep": Case(own("[" + ".".join(["a"] * 2_000) + "]\nb = 1"), says="bnlint.toml: not valid TOML: a key of more than 100 parts", exit=2, ends=True),
    "dotted keys 50,000 deep": Case(own(".".join(["a"] * 50_000) + " = 1"), says="bnlint.toml: not valid TOML: a key of more than 100 parts", exit=2, ends=True),
    "100,000 tables": Case(own(lambda: "".join(f"[a{n}]\n" for n in range(100_000))), says="bnlint.toml: unknown key `a0`", exit=2, ends=True, mib=200),
    "a key that forges": Case(own('"\\u001b[31m\\n::error::x\\u202e" = 1'), says="bnlint.toml: unknown key `.x1b.31m.n::error::x.u202e`", exit=2, ends=True),
    "a value that forges": Case(own('placement = "\\u001b[31m\\n::error::x\\u202e"'), says="bnlint.toml: `placement` must be one of before, after, consistent, off", exit=2, ends=True),
    "a selector that forges": Case(own('select = ["\\u001b[31m\\n::error::x\\u202e"]'), says="bnlint.toml: `select`: unknown rule `.x1b.31m.n::error::x.u202e`", exit=2, ends=True),
    "a rule of 1 MB": Case(own('select = ["' + "B" * 1_000_000 + '"]'), says="bnlint.toml: `select`: unknown rule `BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", exit=2, ends=True),
    "globs that explode": Case(own(f'exclude = ["{GLOB}", "{"**/" * 200}x", "{"[a-z]*" * 100}", "{"{a,b}" * 50}", "{"?" * 10_000}"]'), says="not a valid glob: too many `.` in", exit=2, ends=True),
    "a glob that is none": Case(own('exclude = ["[", "!", "", "///", "\\\\"]'), says="not a valid glob: Invalid git pattern: .!.", exit=2, ends=True),
    "20,000 globs": Case(own(lambda: "extend-exclude = [" + "".join(f'"x{n}/**", ' for n in range(20_000)) + "]")),
    "globs in per-file-ignores that explode": Case(own(f'[per-file-ignores]\n"{GLOB}" = ["BN101"]\n"!{"**/" * 100}" = ["BN102"]'), says="not a valid glob: too many `.` in", exit=2, ends=True),
    "a .gitignore that explodes": Case(files(__gitignore=f"{GLOB}\n{'**/' * 500}x\n[\n!\n\\\n{'[a-z]*' * 100}\n" + "a" * 100_000, a___b___c__py="x = 1\n", **{LONG.replace(".", "__"): "x = 1\n"})),
    "a .gitignore of 10 MB": Case(files(__gitignore=lambda: "# x\n" * 1_000_000 + "".join(f"x{n}\n" for n in range(20_000))), seconds=10, mib=200),
    "a .gitignore of bytes": Case(files(__gitignore=bytes(range(256)) * 10)),
    "requirements that explode": Case(files(requirements__txt="keras" + ">=1," * 100_000 + "x\ntensorflow" + "[" * 100_000 + "\n" + "tensorflow ==" + "1." * 100_000 + "\n" + "-r ../../../etc/passwd\n-r requirements.txt\nkeras == " + "9" * 10_000), mib=200),
    "requirements that pull in themselves": Case(files(requirements__txt="-r requirements.txt\n-c requirements.txt\n", pyproject__toml="[project]\ndynamic = ['dependencies']")),
    "requirements of 40 MB": Case(files(requirements__txt=lambda: "keras\n" * 7_000_000)),
    "locks that are deep": Case(files(Pipfile__lock="[" * 100_000, uv__lock="a = " + "[" * 100_000, poetry__lock="[[package]]\nname = 3\nversion = ['x']\n", environment__yml="&a [*a, *a]\n" * 1_000 + "- keras" + "=" * 100_000)),
    "a setup.py that acts": Case(files(setup__py="import os\nos.system('touch canary')\nopen('canary', 'w')\ninstall_requires=['keras==3.0']\n")),
    "a baseline that is deep": Case(files(bnlint__toml="baseline = 'b.json'", b__json="[" * 100_000), says="b.json: is no valid JSON", exit=2, ends=True),
    "a baseline of wrong types": Case(files(bnlint__toml="baseline = 'b.json'", b__json=json.dumps({"version": 1, "files": {"good.py": {"BN403": {"count": 10**30, "fingerprints": [[1]]}}}})), says="b.json: is no baseline of bnlint", exit=2, ends=True),
    "a baseline that forges": Case(files(bnlint__toml="baseline = 'b.json'", b__json=json.dumps({"version": 1, "files": {"\x1b[31m\n::error::x": {"BN403": {"count": 3, "fingerprints": ["x"]}}}}))),
    "a conftest.py and a plugin": Case(files(conftest__py="open('canary', 'w')", setup__cfg="[bnlint]\nplugins = canary\n[options]\ninstall_requires = keras\n", tox__ini="[bnlint]")),
    "settings in the folders below": Case(files(bnlint__toml="select = ['BN4']", a___bnlint__toml="select = [", a___x__py="x = 1\n", b___pyproject__toml="[tool.bnlint]\nignore = ['ALL']", b___x__py="import keras\n"), says="a/bnlint.toml: not valid TOML: Invalid value", exit=2, ends=True),
}  # fmt: skip
