"""Programs of others that judge what bnlint writes: fetched once, kept in the user's cache, run as they are."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import unavailable

SARIF_MULTITOOL = "5.7.0"


def npm_package(name: str, version: str) -> Path:
    """The folder of a package of npm. Without npm, or without a network, the test is skipped; in CI it fails."""
    folder = _cache() / f"{name.replace('/', '-').lstrip('@')}-{version}"
    package = folder / "node_modules" / name
    if package.is_dir():
        return package
    npm = shutil.which("npm") or unavailable("needs npm, which comes with Node.js")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = tempfile.mkdtemp(dir=folder.parent)
    try:
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", fresh, f"{name}@{version}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            unavailable(f"npm could not install {name}: {done.stderr.strip()}")
        with contextlib.suppress(OSError):  # another worker may have been faster
            Path(fresh).rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    assert package.is_dir()
    return package


def sarif_multitool() -> Path:
    """The folder of Microsoft's SARIF validator for this platform; it holds the schema too."""
    system = {"linux": "linux", "darwin": "darwin", "win32": "win32"}.get(sys.platform) or unavailable("needs the SARIF multitool")
    return npm_package(f"@microsoft/sarif-multitool-{system}", SARIF_MULTITOOL)


def validate_sarif(file: Path) -> list[str]:
    """The errors and warnings of the rules `Sarif` and `Ghas`. (Its exit code is 0 even with errors.)"""
    program = sarif_multitool() / ("Sarif.Multitool" + (".exe" if sys.platform == "win32" else ""))
    if not os.access(program, os.X_OK):
        program.chmod(0o755)
    command = [program, "validate", file, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"]
    environment = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert "Analysis completed successfully" in done.stdout, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(str(file))]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bnlint-tests"
