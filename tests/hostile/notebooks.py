"""Notebooks of other versions and shapes, broken, huge, deep."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.hostile.case import GOOD, Case


def code(source: object = GOOD, **more: object) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "outputs": [], "source": source, "execution_count": None, **more}


def book(*cells: object, **more: object) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}


def write(content: object) -> Callable[[Path], object]:
    """A notebook with this content: bytes, text, or what becomes JSON."""

    def make(folder: Path) -> None:
        found = content() if callable(content) else content
        found = found if isinstance(found, bytes | str) else json.dumps(found)
        (folder / "hostile.ipynb").write_bytes(found.encode("utf-8", "surrogatepass") if isinstance(found, str) else found)

    return make


def keys(*pairs: tuple[str, str]) -> str:
    return "{" + ", ".join(f'"{key}": {value}' for key, value in pairs) + "}"


CELL = json.dumps(code())

NOTEBOOKS: dict[str, Case] = {
    "sound": Case(write(book(code())), codes="BN403"),
    "version 3": Case(write({"metadata": {}, "nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": GOOD, "language": "python"}]}]}), codes="BN403"),
    "version 99": Case(write(book(code(), nbformat=99)), codes="BN403"),
    "no JSON": Case(write(b'{"cells": [')),
    "no JSON but Python": Case(write(GOOD), codes="BN001", says="is not a valid notebook: Expecting '.'"),
    "empty": Case(write(b"")),
    "a list": Case(write([book(code())]), codes="BN001", says="is not a valid notebook: Expecting '.'"),
    "a number": Case(write(b"1" * 5_000)),
    "no cells": Case(write({"metadata": {}})),
    "cells that are a dict": Case(write({"cells": {"0": code()}}), codes="BN001", says="is not a valid notebook: Expecting a list"),
    "cells that are no cells": Case(write(book(1, None, "x", [], code())), codes="BN001", says="is not a valid notebook: Expecting '.'"),
    "a source that is a number": Case(write(book(code(3), code())), codes="BN001", says="is not a valid notebook: Expecting a list"),
    "a source of numbers": Case(write(book(code([1, None, {"a": "b"}]), code())), codes="BN001", says="is not a valid notebook: Expecting a string"),
    "a source of lists": Case(write(book(code([["x = 1"]]), code())), codes="BN001", says="is not a valid notebook: Expecting a string"),
    "a kind that is a list": Case(write(book({"cell_type": ["code"], "source": "x = ("}, code())), codes="BN403"),
    "no kind": Case(write(book({"source": "x = ("}, code())), codes="BN403"),
    "metadata that are a list": Case(write(book(code(), metadata=[1])), codes="BN403"),
    "a language that is a dict": Case(write(book(code(), metadata={"kernelspec": {"language": {"a": 1}}, "language_info": [3]})), codes="BN403"),
    "another language": Case(write(book(code(), metadata={"kernelspec": {"language": "R"}}))),
    "a name that lies": Case(write(book(code(), metadata={"kernelspec": {"language": "python\x1b[31m\n::error::x"}})), codes="BN403"),
    "cells twice": Case(write('{"cells": [' + CELL + '], "cells": [' + CELL + ', ' + CELL + '], "nbformat": 4}'), codes="BN403 BN403 BN403"),
    "a source twice": Case(write('{"cells": [' + keys(("cell_type", '"code"'), ("source", '"x = ("'), ("source", json.dumps(GOOD))) + '], "nbformat": 4}'), codes="BN403"),
    "a kind twice": Case(write('{"cells": [' + keys(("cell_type", '"markdown"'), ("source", json.dumps(GOOD)), ("cell_type", '"code"')) + '], "nbformat": 4}'), codes="BN403"),
    "a key that is escaped": Case(write('{"\\u0063ells": [{"cell\\u005ftype": "code", "s\\u006furce": ' + json.dumps(GOOD) + '}], "nbformat": 4}'), codes="BN403"),
    "a source in escapes": Case(write('{"cells": [{"cell_type": "code", "source": "' + "".join(f"\\u{ord(char):04x}" for char in GOOD) + '"}]}')),
    "a source in pieces": Case(write(book(code(list(GOOD))))),
    "outputs of 20 MB": Case(write(lambda: book(code(outputs=[{"data": {"image/png": "A" * 20_000_000}}]), code())), codes="BN403 BN403", seconds=10, mib=200),
    "outputs of 100 MB": Case(write(lambda: book(code(outputs=[{"data": {"image/png": "A" * 100_000_000}}]), code())), codes="BN403 BN403", seconds=40, mib=600, slow=True),
    "more than 128 MB": Case(write(lambda: book(code(outputs=[{"data": {"image/png": "A" * 140_000_000}}]), code())), codes="BN001", says="over the limit of 128 MB", seconds=30, mib=400, slow=True),
    "a source of 20 MB": Case(write(lambda: book(code("x = 1\n" * 3_500_000), code())), codes="BN403", seconds=16, mib=200),
    "5,000 cells": Case(write(lambda: book(*[code(f"x{n} = {n}\n") for n in range(5_000)], code())), codes="BN403"),
    "50,000 cells": Case(write(lambda: book(*[code(f"x{n} = {n}\n") for n in range(50_000)], code())), codes="BN403", seconds=120, mib=1500, slow=True),
    "20,000 cells with layers": Case(write(lambda: book(code(), *[code(f"x{n} = layers.Dense({n})\n") for n in range(20_000)])), slow=True, codes="BN403", seconds=240, mib=2000),
    "1,000 cells that do not parse": Case(write(lambda: book(*[code(f"x{n} = (\n") for n in range(1_000)], code())), codes="BN403"),
    "10,000 cells that do not parse": Case(write(lambda: book(*[code(f"x{n} = (\n") for n in range(10_000)], code())), codes="BN403", seconds=120, mib=1500, slow=True),
    "1,000 cells with magics": Case(write(lambda: book(*[code(f"%time x{n} = {n}\n!ls {{x{n}}}\nx = !ls\n%%bash\n") for n in range(1_000)], code())), codes="BN403"),
    "5,000 cells with magics": Case(write(lambda: book(*[code(f"%time x{n} = {n}\n!ls {{x{n}}}\nx = !ls\n%%bash\n") for n in range(5_000)], code())), codes="BN403", seconds=120, mib=1500, slow=True),
    "1,000,000 empty outputs": Case(write(lambda: book(code(outputs=[{}] * 1_000_000), code())), codes="BN403 BN403", mib=200),
    "JSON 100,000 deep": Case(write('{"cells": [' + CELL + '], "metadata": ' + "[" * 100_000 + "]" * 100_000 + "}"), codes="BN001", says="is not a valid notebook: its JSON is nested too deeply"),
    "JSON 900 deep": Case(write('{"cells": [' + CELL + '], "metadata": {"a": ' + "[" * 900 + "]" * 900 + "}}"), codes="BN403"),
    "an integer of 100,000 digits": Case(write('{"cells": [' + CELL + '], "nbformat": ' + "9" * 100_000 + "}"), codes="BN001", says="is not a valid notebook: it holds a number of thousands of digits"),
    "an execution count of 100,000 digits": Case(write('{"cells": [{"execution_count": ' + "9" * 100_000 + ", " + CELL[1:] + "]}"), codes="BN001", says="is not a valid notebook: it holds a number of thousands of digits"),
    "NaN": Case(write('{"cells": [' + CELL + '], "nbformat": NaN, "metadata": Infinity}'), codes="BN403"),
    "surrogates": Case(write('{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'\\n"}, ' + CELL + "]}"), codes="BN403"),
    "NUL in a source": Case(write(book(code("x = 1\0"), code())), codes="BN403"),
    "bytes that are no UTF-8": Case(write(b'{"cells": [' + CELL.encode() + b', {"cell_type": "code", "source": "\xff"}]}'), codes="BN001", says="is not valid UTF-8"),
    "UTF-16": Case(write(json.dumps(book(code())).encode("utf-16"))),
    "a byte order mark": Case(write(b"\xef\xbb\xbf" + json.dumps(book(code())).encode()), codes="BN403"),
    "more behind its end": Case(write(json.dumps(book(code())) + "{}"), codes="BN001", says="is not a valid notebook: Extra data"),
    "a conflict": Case(write("<<<<<<< HEAD\n" + json.dumps(book(code())) + "\n=======\n>>>>>>> x\n"), codes="BN001", says="is not a valid notebook: Expecting '.'"),
    "a line of 10 MB": Case(write(lambda: book(code("y = '" + "x" * 10_000_000 + "'"), code())), codes="BN403", seconds=10, mib=200),
    "a magic of 1 MB": Case(write(lambda: book(code("%" + "a" * 1_000_000), code("!" + "\\\n" * 200_000), code("x = " + "?" * 100_000), code("'" * 300_000 + "\n%x"), code('"""' + "\\" * 300_000 + "\n%x"), code())), codes="BN403", mib=300),
    "line ends that are mixed": Case(write(book(code(["a = 1\r\n", "b = 2\r", "c = 3\n", *GOOD.splitlines(True)]))), codes="BN403"),
}  # fmt: skip
