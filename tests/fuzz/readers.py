"""All that bnlint reads byte by byte: what each is tried with first, and what may come of any bytes at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bnlint import api, baseline, pins, saved
from bnlint.graph.verify import verify
from bnlint.saved import process
from bnlint.settings import SettingsError
from tests.fuzz import notebooks, programs
from tests.fuzz.promises import NOWHERE
from tests.saved import samples
from tests.saved.small import HDF5, WIRE


@dataclass(frozen=True)
class Reader:
    """What gives bytes that are right, in a folder; and what reads any bytes there, and returns what is wrong with them: a line, or ""."""

    seeds: Callable[[Path], list[bytes]]
    read: Callable[[bytes, Path], str]


def one_line(message: str) -> str:
    """What is said of bytes that cannot be read is one line."""
    assert message
    assert "\n" not in message
    return message


# Sources


def linted(name: str) -> Callable[[bytes, Path], str]:
    """Linted and fixed as a file of this name: never a failure of ours."""

    def read(data: bytes, folder: Path) -> str:
        said = ""
        for mend in ("none", "unsafe"):
            result = api.lint_data(data, NOWHERE + name, api.Plans(isolated=True, overrides={"select": ["ALL"]}), mend)  # type: ignore[arg-type]
            assert result.failures == ()
            for finding in result.findings:
                one_line(finding.message)
                said = finding.message if finding.code == "BN001" else said
        return said

    return read


def sources(folder: Path) -> list[bytes]:
    return [text.encode() for text in programs.originals() if len(text) < 2000]


def cells(folder: Path) -> list[bytes]:
    return [notebooks.notebook(number, text) for number, text in enumerate(programs.originals()) if len(text) < 1000]


# Models


def read_model(path: Path, weights: bool = True) -> str:
    """A model gives a graph that is legal, with notes that are lines, or a line."""
    try:
        graph = saved.read(str(path), weights=weights)
    except saved.Unreadable as problem:
        return one_line(problem.message)
    verify(graph)
    assert graph.artifact is not None
    for note in graph.artifact.notes:
        one_line(note)
    return ""


def alone(name: str) -> Callable[[bytes, Path], str]:
    """Read as a file of this name, without its weights."""

    def read(data: bytes, folder: Path) -> str:
        (folder / name).write_bytes(data)
        return read_model(folder / name, weights=False)

    return read


def archive(folder: Path) -> list[bytes]:
    samples.write_archive(folder / "m.keras")
    return [(folder / "m.keras").read_bytes()]


def config(folder: Path) -> list[bytes]:
    return [json.dumps(each).encode() for each in (samples.config(), samples.old_config())]


def whole(make: Callable[[Path], Path], damaged: str) -> Reader:
    """A model of which one file is what was given."""

    def read(data: bytes, folder: Path) -> str:
        if folder not in made:
            made[folder] = make(folder)
        (folder / damaged).write_bytes(data)
        return read_model(made[folder])

    def seeds(folder: Path) -> list[bytes]:
        made[folder] = make(folder)
        return [(folder / damaged).read_bytes()]

    made: dict[Path, Path] = {}
    return Reader(seeds, read)


ANSWER = {
    "attributes": {"a": "b"},
    "layout": "layers",
    "groups": [["g", None, [["gamma", "f4", [2], True]]]],
    "steps": 3,
    "optimizer": True,
}


def answers(data: bytes, folder: Path) -> str:
    """What the process that reads HDF5 files says, by whoever may have taken it over: contents, or the errors that are waited for."""
    head, _, numbers = data.partition(b"\0")
    try:
        answer = json.loads(head)
    except ValueError:
        return "no JSON"
    if not isinstance(answer, dict):
        return "no answer"
    try:
        process._contents(answer, memoryview(numbers))
    except (TypeError, ValueError, KeyError, AttributeError):
        return "no contents"
    return ""


# Settings

TOML = """select = ["BN1", "bias-before-batchnorm"]
extend-ignore = ["BN2"]
placement = "after"
min-batch = 8
target-keras = "3.4"
exclude = ["a/**", "*.py"]
fail-on = "error"
[severity]
BN103 = "error"
[per-file-ignores]
"tests/*" = ["BN104"]
[rules.BN201]
min-batch = 16
"""


def settings(data: bytes, folder: Path) -> str:
    """Settings hold, or a line says why not."""
    (folder / "bnlint.toml").write_bytes(data)
    try:
        plans = api.Plans(config=str(folder / "bnlint.toml"))
        api.lint_data(b"from keras import layers\nlayers.BatchNormalization(momentum=2)\n", str(folder / "tests" / "a.py"), plans)
        api.show_settings(str(folder / "a.py"), plans)
    except SettingsError as problem:
        return one_line(str(problem))
    return ""


def known(data: bytes, folder: Path) -> str:
    """A baseline is read, or a line says why not."""
    (folder / baseline.NAME).write_bytes(data)
    try:
        found = baseline.read(str(folder / baseline.NAME))
    except SettingsError as problem:
        return one_line(str(problem))
    assert baseline.size(found) >= 0
    return ""


BASELINE = {"version": 1, "files": {"a.py": {"BN103": {"count": 2, "fingerprints": ["0123456789abcdef", "fedcba9876543210"]}}}}

PINS: Mapping[str, bytes] = {
    "requirements.txt": b"tensorflow>=2.16 ; python_version > '3.8'\nkeras==3.4.*  # here\n-r other.txt\n",
    "pyproject.toml": b"[project]\ndependencies = ['keras<3']\n[tool.poetry.dependencies]\nkeras = {version = '^3.1', extras = ['a']}\n",
    "poetry.lock": b"[[package]]\nname = 'keras'\nversion = '3.4.1'\n",
    "Pipfile": b"[packages]\nkeras = '==2.15.0'\n",
    "Pipfile.lock": b'{"default": {"keras": {"version": "==3.4.1"}}}',
    "environment.yml": b"dependencies:\n  - keras=2.10\n  - pip:\n    - tensorflow==2.16.1\n",
}


def pinned(data: bytes, folder: Path) -> str:
    """The first byte says in which file the others stand."""
    name = sorted(PINS)[data[0] % len(PINS)] if data else "requirements.txt"
    for each in PINS:
        (folder / each).unlink(missing_ok=True)
    (folder / name).write_bytes(data[1:])
    pins.read(str(folder))
    return ""


READERS: Mapping[str, Reader] = {
    "source": Reader(sources, linted("program.py")),
    "notebook": Reader(cells, linted("program.ipynb")),
    "archive": Reader(archive, alone("m.keras")),
    "config": Reader(config, alone("m.json")),
    **{name: whole(*model) for name, model in {**HDF5, **WIRE}.items()},
    "answers": Reader(lambda folder: [json.dumps(ANSWER).encode() + b"\0" + bytes(16)], answers),
    "settings": Reader(lambda folder: [TOML.encode()], settings),
    "baseline": Reader(lambda folder: [json.dumps(BASELINE).encode()], known),
    "pins": Reader(lambda folder: [bytes([number]) + PINS[name] for number, name in enumerate(sorted(PINS))], pinned),
}
"""What is read, by name."""
