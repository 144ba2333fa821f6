"""Groups of files checked by several processes, each result as if there were one; what ends a process costs the group that did it."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bnlint.groups import Group
    from bnlint.work import Outcome

FORKS = hasattr(os, "fork") and sys.platform != "darwin"
"""Whether processes are forked, and need no start of their own. (Libraries of macOS may end a process that is.)"""


def outcomes(groups: Sequence[Group], jobs: int, check: Callable[[Group], Outcome]) -> Iterator[Outcome]:
    """What comes of each group, in order."""
    if FORKS:
        from bnlint.workers.forked import Forked as Crew
    else:
        from bnlint.workers.spawned import Spawned as Crew  # type: ignore[assignment]
    crew = Crew(groups, check)
    try:
        for _ in range(jobs):
            crew.start()
        for index in range(len(groups)):
            yield crew.wait_for(index)
    finally:
        crew.dismiss()
