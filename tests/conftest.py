"""What every test may need: optional dependencies, which a user may lack and CI may not."""

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from typing import NoReturn

import pytest


def needs(*modules: str) -> None:
    """Skip the test, or the test module, that needs a module which is not installed; in CI fail."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if not missing:
        return
    unavailable(f"needs {', '.join(missing)}: pip install -e '.[dev]'")


def needs_program(*names: str) -> str:
    """The path of the first of these programs that is installed; without any of them as `needs`."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found if found is not None else unavailable(f"needs one of the programs {', '.join(names)}")


@functools.cache
def needs_tracing() -> str:
    """The path of strace, where it may look at what another program asks of the system."""
    strace = needs_program("strace")
    done = subprocess.run([strace, "-o", os.devnull, sys.executable, "-I", "-S", "-c", ""], capture_output=True, text=True, check=False)
    return unavailable(f"needs to be allowed to trace: {done.stderr.strip()}") if done.returncode else strace


def unavailable(reason: str) -> NoReturn:
    """Skip the test, or the test module. In CI (`BNLINT_CI`, set by .ci/run) fail instead."""
    if os.environ.get("BNLINT_CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables that tests recorded (`record_property("table", …)`), also those of pytest-xdist's workers."""
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        for name, value in report.user_properties:
            if name == "table":
                terminalreporter.write_line(f"\n{value}")
