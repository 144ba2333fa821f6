"""The language server: what the command line finds and mends, in the texts of an editor."""

from __future__ import annotations


class MissingExtra(Exception):
    """The server cannot run: what it needs is not installed."""


def serve() -> int:
    """Serve the editor at the standard input and output until it says goodbye. The exit code. Raises MissingExtra."""
    try:
        import pygls.lsp.server  # noqa: F401
    except ImportError:
        raise MissingExtra("`bnlint server` needs the extra `lsp`: pip install 'bnlint[lsp]'") from None
    from bnlint.server import connection

    return connection.serve()
