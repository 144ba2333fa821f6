"""Figures as tables."""

from collections.abc import Iterable, Sequence
from statistics import median


def spread(values: Sequence[float], digits: int) -> tuple[str, str, str]:
    """The smallest, the middle and the largest."""
    return f"{min(values):.{digits}f}", f"{median(values):.{digits}f}", f"{max(values):.{digits}f}"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of which the first column is text, the others are numbers."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
