"""bnlint reads Keras code and says where Batch Normalization is misused."""

TYPE_CHECKING = False  # `python -m bnlint` comes here while it would still import from the working directory: nothing is imported
if TYPE_CHECKING:
    from typing import Any

    from bnlint.api import fix_source, lint_model, lint_paths, lint_source

__version__ = "0.1.0"
__all__ = ["__version__", "fix_source", "lint_model", "lint_paths", "lint_source"]


def __getattr__(name: str) -> "Any":
    """The Python API, imported when it is asked for: the command line needs none of it to start."""
    if name in __all__:
        from bnlint import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: "Any") -> None:
    """`%load_ext bnlint`."""
    from bnlint import magic

    magic.load(shell)
