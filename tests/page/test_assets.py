"""The parts of the page: what is taken from others is what they published, and all of it is in the wheel."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bnlint.page import assets

ROOT = Path(__file__).parent.parent.parent
FOLDER = Path(assets.__file__).parent
VENDORED = re.findall(r"^\| (\S+) \| \[.*\| ([0-9a-f]{64}) \|$", assets.read("vendor/README.md"), re.MULTILINE)


@pytest.mark.parametrize(("name", "digest"), VENDORED)
def test_what_others_wrote_is_unchanged(name: str, digest: str) -> None:
    assert hashlib.sha256((FOLDER / "vendor" / name).read_bytes()).hexdigest() == digest


def test_every_vendored_file_is_accounted_for() -> None:
    assert {name for name, _ in VENDORED} == {path.name for path in (FOLDER / "vendor").iterdir()} - {"README.md"}


def test_every_script_and_style_of_ours_is_used() -> None:
    ours = {path.name for path in FOLDER.iterdir() if path.suffix in (".js", ".css")}
    assert ours == {*assets.SCRIPTS, *(name for name in assets.STYLES if "/" not in name)}


@pytest.mark.parametrize("script", assets.scripts(), ids=["dagre", "uPlot", "bnlint"])
def test_scripts_can_stand_in_a_page(script: str) -> None:
    """No script ends its own element, none fetches anything, none makes code or markup out of text."""
    for part in ("</script", "<!--", "sourceMappingURL", "eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML", "fetch("):
        assert part not in script
    assert "document.write" not in script


def test_the_scripts_of_others_bring_their_licence() -> None:
    for script, holder in zip(assets.scripts(), ("Chris Pettitt", "Leon Sorokin"), strict=False):
        assert "Permission is hereby granted" in script
        assert holder in script


def test_the_style_has_each_colour_in_light_and_dark() -> None:
    light, _, dark = assets.read("colours.css").partition("@media")
    names = re.findall(r"--([\w-]+):", light)
    assert names == re.findall(r"--([\w-]+):", dark)
    assert set(re.findall(r"var\(--([\w-]+)\)", assets.style())) <= set(names)
    scripts = "\n".join(assets.read(name) for name in assets.SCRIPTS)
    assert set(re.findall(r'colour\("([\w-]+)"\)', scripts)) <= set(names)


@pytest.mark.slow
def test_the_wheel_holds_all_of_it(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {str(path.relative_to(ROOT)) for path in FOLDER.rglob("*") if path.suffix != ".pyc" and path.is_file()}
    assert wanted <= held
