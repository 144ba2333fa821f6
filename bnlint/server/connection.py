"""The server as an editor sees it: which messages it takes, and who answers them."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable
from typing import Any, Final

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException
from pygls.lsp.server import LanguageServer

from bnlint import __version__
from bnlint.server import actions
from bnlint.server.protocol import Protocol
from bnlint.server.session import Session

NOTEBOOKS: Final = ("jupyter-notebook", "interactive")
"""The kinds of notebooks. All cells are wanted, those of text too: cells are counted as a reader counts them."""


class Server(LanguageServer):
    """One server, for one session."""

    protocol: Protocol

    def __init__(self) -> None:
        notebooks = [types.NotebookDocumentFilterWithNotebook(types.NotebookDocumentFilterNotebookType(kind)) for kind in NOTEBOOKS]
        synchronized = types.NotebookDocumentSyncOptions(notebooks, save=True)
        super().__init__("bnlint", __version__, notebook_document_sync=synchronized, protocol_cls=Protocol)
        session = self.session = Session(self)
        choices = types.CodeActionOptions(code_action_kinds=list(actions.KINDS), resolve_provider=True)
        features: dict[str, tuple[Callable[[Any], Any], Any]] = {
            types.INITIALIZE: (session.initialize, None),
            types.INITIALIZED: (session.initialized, None),
            types.TEXT_DOCUMENT_DID_OPEN: (session.opened, None),
            types.TEXT_DOCUMENT_DID_CHANGE: (session.changed, None),
            types.TEXT_DOCUMENT_DID_SAVE: (session.saved, None),
            types.TEXT_DOCUMENT_DID_CLOSE: (session.closed, None),
            types.NOTEBOOK_DOCUMENT_DID_OPEN: (session.opened_notebook, None),
            types.NOTEBOOK_DOCUMENT_DID_CHANGE: (session.changed_notebook, None),
            types.NOTEBOOK_DOCUMENT_DID_SAVE: (session.saved_notebook, None),
            types.NOTEBOOK_DOCUMENT_DID_CLOSE: (session.closed_notebook, None),
            types.WORKSPACE_DID_CHANGE_CONFIGURATION: (session.settings_changed, None),
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (session.settings_changed, None),
            types.TEXT_DOCUMENT_CODE_ACTION: (session.code_actions, choices),
            types.CODE_ACTION_RESOLVE: (session.resolve, None),
            types.TEXT_DOCUMENT_HOVER: (session.hover, None),
        }
        for method, (handler, options) in features.items():
            if method.startswith(("textDocument/did", "notebookDocument/did")):
                self.protocol.fm.builtin_features.pop(method, None)  # pygls takes a form feed for the end of a line
            self.feature(method, options)(_function(handler))

    def report_server_error(self, error: Exception, source: object) -> None:
        """What went wrong where no request waits for an answer."""
        if isinstance(error, (ValueError, RecursionError)) and source is JsonRpcException:
            self.protocol.refuse(None, types.ErrorCodes.ParseError, f"not JSON: {error}")
        elif source is not FeatureRequestError:
            self.session.log(f"bnlint: {error}")


def _function(handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A method as a function of its own, for pygls marks what it registers."""
    if inspect.iscoroutinefunction(handler):

        async def answer(params: Any) -> Any:
            return await handler(params)

        return answer
    return lambda params: handler(params)


def serve() -> int:
    """Serve at the standard input and output. 0 if the client took its leave, as the protocol has it."""
    gc.disable()  # a collection in the midst of a lint would be waited for: `linting.tidy` makes it afterwards
    server = Server()
    server.start_io()
    return 0 if server.protocol.ended else 1
