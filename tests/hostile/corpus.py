"""All cases, by kind."""

from collections.abc import Mapping
from pathlib import Path

from tests.hostile.case import Case
from tests.hostile.models import models
from tests.hostile.notebooks import NOTEBOOKS
from tests.hostile.settings import SETTINGS
from tests.hostile.shadows import SHADOWS
from tests.hostile.sources import SOURCES
from tests.hostile.trees import TREES

CORPUS: Mapping[str, Mapping[str, Case]] = {
    "sources": SOURCES,
    "notebooks": NOTEBOOKS,
    "models": models(),
    "trees": TREES,
    "settings": SETTINGS,
    "shadows": SHADOWS,
}


def write(folder: Path) -> int:
    """Write all of it, each case into a folder of its own. The number of cases."""
    count = 0
    for kind, cases in CORPUS.items():
        for number, (name, case) in enumerate(cases.items()):
            inner = folder / kind / f"{number:03} {''.join(char if char.isalnum() else '-' for char in name)[:60]}"
            inner.mkdir(parents=True)
            case.write(inner)
            count += 1
    return count
