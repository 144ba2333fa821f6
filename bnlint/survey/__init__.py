"""Surveys: a table of source files is linted on Ray Data, and what is found comes out as tables (the extra `survey`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Unpack

    from bnlint.api import Overrides
    from bnlint.survey.summary import Summary

__all__ = ["SurveyError", "survey"]


class SurveyError(Exception):
    """Why there is no survey, in a line."""


def survey(
    source: str,
    destination: str,
    *,
    path: str = "path",
    content: str = "content",
    keep: Sequence[str] = (),
    group_by: str | None = None,
    address: str | None = None,
    cpus: int | None = None,
    seconds: float = 60,
    memory: int = 2048,
    rows: int = 10_000,
    config: str | None = None,
    tell: Callable[[str], None] = lambda doing: None,
    **overrides: Unpack[Overrides],
) -> Summary:
    """Lint the files in a table, and write the tables `files`, `findings` and `gaps`.

    `source` is a Parquet file or a folder of such, `destination` a folder: on the disk, or in a store that pyarrow knows (`s3://…`). What
    is done there already, under the same terms, is not done again. `path` and `content` name the columns of the table, `keep` those that
    are copied. Files with the same value in the column `group_by` are linted together, as in one folder.

    Ray runs at `address`, else on this machine with so many `cpus`. A file (or files that are checked together) may take so many `seconds`
    of processor time, and so much `memory` in MiB. A part of the tables comes of so many `rows`. Settings are those given here.
    Raises SurveyError and bnlint.api.SettingsError.
    """
    try:
        import pyarrow  # noqa: F401
        import ray  # noqa: F401
    except ImportError:
        raise SurveyError("a survey needs the extra `survey`: pip install 'bnlint[survey]'") from None
    from bnlint.survey import job
    from bnlint.survey.places import absolute
    from bnlint.survey.records import Terms
    from bnlint.survey.source import Columns
    from bnlint.survey.work import Job

    inline, file = _config(config)
    terms = Terms(dict(overrides), inline, file, seconds, memory)
    columns = Columns(path, content, tuple(keep), group_by)
    made = Job(absolute(source), absolute(destination), columns, terms, rows)
    return job.run(made, address, cpus, tell)


def _config(config: str | None) -> tuple[str | None, tuple[str, bytes] | None]:
    """TOML, or the name and the content of a settings file."""
    import os

    if config is None or not os.path.isfile(config):
        return config, None
    try:
        with open(config, "rb") as stream:
            return None, (os.path.basename(config), stream.read())
    except OSError as error:
        raise SurveyError(f"{config}: cannot be read: {error.strerror}") from None
