"""What a case of the corpus is: files that are written into a folder, and what a run over it must come to."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

GOOD = "from keras import layers\nx = layers.BatchNormalization(momentum=0.1)\n"
"""A file in which BN403 is found, and nothing else: whatever lies beside it."""


@dataclass(frozen=True)
class Case:
    """`make` writes the files of the case into a folder, in which `good.py` stands; `python -m bnlint ARGUMENTS` is run there.

    `codes`: what is found in the other files, in order of path and line (None: anything but BN001). `says`: what a message or a line on the standard error says.
    `seconds` and `mib`: the processor time that it may take, and the memory, of all its processes.
    """

    make: Callable[[Path], object]
    codes: str | None = ""
    says: str = ""
    exit: int = 1
    seconds: float = 6
    mib: int = 100
    arguments: tuple[str, ...] = (".",)
    slow: bool = False
    unprivileged: bool = False
    good: str = "good.py"
    ends: bool = False

    def write(self, folder: Path) -> None:
        """Write the files of the case, and the good one."""
        (folder / self.good).parent.mkdir(exist_ok=True)
        (folder / self.good).write_text(GOOD)
        self.make(folder)
