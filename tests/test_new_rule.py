"""A rule is two files: in a copy of the project, a made-up one is listed, explained, tested, documented and run without another edit."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COPIED = ("bnlint", "rules", "tests", "fixtures", "docs", "README.md", "CONTRIBUTING.md", "pyproject.toml")

PAGE = """\
+++
fix = "unsafe"
changes = ["checkpoint"]
since = "0.1.0"
words = ["atchNorm", "atch_norm"]
references = ["https://keras.io/api/layers/normalization_layers/batch_normalization/"]

[options]
longest = 12

[cases.long]
severity = "warning"
message = "The name `{name}` of {bn} has more than {longest} characters"
help = "Leave the name to Keras"
+++
# A BatchNormalization with a long name

## What it does
Finds names that are hard to read.

## Why it matters
It does not: the rule is made up.

## Bad
```python
from keras import layers

bn = layers.BatchNormalization(name="the_normalisation_of_the_stem")  # BN199
```

## Fixed
```python
from keras import layers

bn = layers.BatchNormalization()
```

## Not flagged
```python
from keras import layers

bn = layers.BatchNormalization(name="stem")
```

```python longest=40
from keras import layers

bn = layers.BatchNormalization(name="the_normalisation_of_the_stem")
```

## Fix safety
Unsafe: a checkpoint that is loaded by name no longer fits.

## When to ignore
Where the name is part of checkpoints that must keep loading.

## References
- [BatchNormalization](https://keras.io/api/layers/normalization_layers/batch_normalization/)
"""

CHECK = '''\
"""Names that are hard to read."""

from collections.abc import Iterator

from bnlint.findings import DropArgument, Fix, Hit, Safety
from bnlint.graph.model import Project


def check(project: Project, *, longest: int = 12) -> Iterator[Hit]:
    for module in project.modules:
        for layer in module.constructions:
            if layer.role == "batchnorm" and isinstance(layer.name, str) and len(layer.name) > longest and layer.origin.span:
                fix = Fix(Safety.UNSAFE, (DropArgument(layer.origin.span, "name"),), touches=(layer,))
                yield Hit("long", layer.origin, layer, values={"name": layer.name, "longest": longest}, fix=fix)
'''


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """The copy, with the two new files in it and what is generated from them; and what has changed."""
    folder = tmp_path_factory.mktemp("project")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        else:
            shutil.copy(ROOT / name, folder / name)
    before = contents(folder)
    (folder / "rules" / "BN199-long-name.md").write_text(PAGE)
    (folder / "bnlint" / "checks" / "bn199_long_name.py").write_text(CHECK)
    done = run(folder, "-m", "bnlint.catalogue", "--write")
    assert done.returncode == 0, done.stderr
    return folder, {name for name, content in contents(folder).items() if before.get(name) != content}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}


@pytest.fixture
def project(made: tuple[Path, set[str]]) -> Path:
    return made[0]


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "100"}
    return subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_it_is_listed_and_explained(project: Path) -> None:
    assert "BN199" in run(project, "-m", "bnlint", "rules").stdout
    assert "A BatchNormalization with a long name" in run(project, "-m", "bnlint", "explain", "long-name").stdout


def test_it_is_run_and_fixed(project: Path) -> None:
    (project / "model.py").write_text("from keras import layers\n\nbn = layers.BatchNormalization(name='a_very_long_name')\n")
    done = run(project, "-m", "bnlint", "check", "--no-cache", "--select", "BN199", "--output-format", "concise", "model.py")
    assert done.stdout.startswith("model.py:3:6: BN199 "), done.stdout + done.stderr
    done = run(project, "-m", "bnlint", "check", "--no-cache", "--select", "BN199", "--fix", "--unsafe-fixes", "model.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "model.py").read_text() == "from keras import layers\n\nbn = layers.BatchNormalization()\n"


def test_it_is_tested(project: Path) -> None:
    done = run(
        project,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/test_pages.py",
        "tests/test_catalogue.py",
        "tests/test_docs.py",
        "-k",
        "BN199 or bn199 or stale or date or fresh",
    )
    assert done.returncode == 0, done.stdout
    assert int(done.stdout.rpartition(" passed")[0].rpartition("\n")[2].split(", ")[0].split()[0]) >= 6, done.stdout


def test_it_stands_in_the_documents_and_nothing_else_has_changed(made: tuple[Path, set[str]]) -> None:
    assert "| [BN199](rules/BN199-long-name.md) | long-name |" in (made[0] / "README.md").read_text()
    assert "| [BN199](../rules/BN199-long-name.md) long-name | `longest` | `12` |" in (made[0] / "docs" / "settings.md").read_text()
    written = {"README.md", "docs/settings.md", "bnlint/index.py", "bnlint/phrases.py"}
    assert made[1] == {*written, "rules/BN199-long-name.md", "bnlint/checks/bn199_long_name.py"}


def test_in_preview_it_is_on_for_those_who_ask(project: Path) -> None:
    page = project / "rules" / "BN199-long-name.md"
    page.write_text(PAGE.replace("words = ", "preview = true\nwords = "))
    (project / "model.py").write_text("from keras import layers\n\nbn = layers.BatchNormalization(name='a_very_long_name')\n")
    try:
        assert run(project, "-m", "bnlint.catalogue", "--write").returncode == 0
        check = ("-m", "bnlint", "check", "--no-cache", "--isolated", "--output-format", "concise", "model.py")
        for off in ((), ("--select", "ALL"), ("--select", "BN199"), ("--extend-select", "long-name"), ("--no-preview",)):
            assert "BN199" not in run(project, *check, *off).stdout, off
        told = run(project, *check, "--select", "BN199")
        assert "warning: BN199 is selected, and off: it is in preview" in told.stderr, told.stderr
        for on in (("--preview",), ("--preview", "--select", "BN1"), ("--config", "preview = true")):
            assert "BN199" in run(project, *check, *on).stdout, on
        assert "BN199" not in run(project, *check, "--preview", "--ignore", "BN199").stdout
        for option, shown in (("--no-preview", False), ("--preview", True)):
            assert run(project, "-m", "bnlint", "report", "model.py", "-o", "out.html", "--isolated", option).returncode == 0
            assert ("BN199" in (project / "out.html").read_text(encoding="utf-8")) is shown
        assert re.search(r"BN199 .* preview", run(project, "-m", "bnlint", "rules").stdout)
        assert "| long-name | A BatchNormalization with a long name | preview |" in (project / "README.md").read_text()
        assert run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_pages.py", "-k", "bn199").returncode == 0
    finally:
        page.write_text(PAGE)
        run(project, "-m", "bnlint.catalogue", "--write")
