"""Settings that are given in a call, or on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class Overrides(TypedDict, total=False):
    """Settings that are laid over those of the settings file: the keys of `[tool.bnlint]` with `_` for `-`; None says nothing."""

    select: Sequence[str] | None
    extend_select: Sequence[str] | None
    ignore: Sequence[str] | None
    extend_ignore: Sequence[str] | None
    preview: bool | None
    fixable: Sequence[str] | None
    unfixable: Sequence[str] | None
    placement: str | None
    min_batch: int | None
    target_keras: str | None
    exclude: Sequence[str] | None
    extend_exclude: Sequence[str] | None
    force_exclude: bool | None
    respect_gitignore: bool | None
    include_models: bool | None
    fail_on: str | None
