"""One session with an editor: what is open, when it is linted, and the answers to what the editor asks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from itertools import count
from typing import Any, Final, NoReturn

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from bnlint import api, editing
from bnlint.server import actions, changes, diagnostics, hover, linting
from bnlint.server.documents import Document, Documents
from bnlint.server.linting import Linted

DEBOUNCE: Final = 0.02
"""Seconds of silence after a change before it is looked at."""

SETTINGS: Final = ("bnlint.toml", "pyproject.toml", ".bnlint-baseline.json")
"""Files that change what is found everywhere."""


class Session:
    """The state of one session. All of it lives in the thread of the event loop; what lints gets snapshots."""

    def __init__(self, server: LanguageServer) -> None:
        self.server = server
        self.documents = Documents()
        self.linted: dict[str, Linted] = {}
        self.shown: dict[str, set[str]] = {}
        self.told: dict[str, str] = {}
        self.logged: set[str] = set()
        self.plans: api.Plans | None = None
        self._numbers = count()
        self._asked: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        """One lint at a time: threads would only share the processor."""

    # The client

    @property
    def accepts(self) -> types.PublishDiagnosticsClientCapabilities:
        """What the client can do with diagnostics."""
        told = self.server.client_capabilities.text_document
        return (told.publish_diagnostics if told is not None else None) or types.PublishDiagnosticsClientCapabilities()

    def initialize(self, params: types.InitializeParams) -> None:
        root = params.workspace_folders[0].uri if params.workspace_folders else params.root_uri
        folder = uris.to_fs_path(root) if root else params.root_path
        self.documents = Documents(_plain(self.server.workspace.position_encoding), folder or "")

    def initialized(self, params: types.InitializedParams) -> None:
        self._hold(self._warm_up())
        told = self.server.client_capabilities.workspace
        watching = told.did_change_watched_files if told is not None else None
        if watching is not None and watching.dynamic_registration:
            watchers = [types.FileSystemWatcher(f"**/{name}") for name in SETTINGS]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            wanted = types.Registration("bnlint-settings", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            self.server.client_register_capability(types.RegistrationParams([wanted]))

    def _folders(self) -> list[str]:
        """The folders of the workspace."""
        return [path for folder in self.server.workspace.folders.values() if (path := uris.to_fs_path(folder.uri))]

    async def _warm_up(self) -> None:
        async with self._turn:
            await asyncio.to_thread(linting.warm_up)

    async def _tidy_up(self) -> None:
        async with self._turn:
            await asyncio.to_thread(linting.tidy)

    # What the editor does

    def opened(self, params: types.DidOpenTextDocumentParams) -> None:
        self.documents.open(params.text_document)
        self.lint(params.text_document.uri, fresh=True)

    def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        self.documents.change(params.text_document, params.content_changes)
        self.lint(params.text_document.uri, DEBOUNCE)

    def saved(self, params: types.DidSaveTextDocumentParams) -> None:
        self.lint(params.text_document.uri, fresh=True)

    def closed(self, params: types.DidCloseTextDocumentParams) -> None:
        self.documents.close(params.text_document.uri)
        self._leave(params.text_document.uri)

    def opened_notebook(self, params: types.DidOpenNotebookDocumentParams) -> None:
        self.documents.open_notebook(params.notebook_document, params.cell_text_documents)
        self.lint(params.notebook_document.uri, fresh=True)

    def changed_notebook(self, params: types.DidChangeNotebookDocumentParams) -> None:
        self.documents.change_notebook(params)
        self.lint(params.notebook_document.uri, DEBOUNCE)

    def saved_notebook(self, params: types.DidSaveNotebookDocumentParams) -> None:
        self.lint(params.notebook_document.uri, fresh=True)

    def closed_notebook(self, params: types.DidCloseNotebookDocumentParams) -> None:
        self.documents.close_notebook(params.notebook_document.uri)
        self._leave(params.notebook_document.uri)

    def settings_changed(self, params: object) -> None:
        """Of the editor or of a folder: what is open is linted anew."""
        for uri in self.documents.opened():
            self.lint(uri, fresh=True)

    def _leave(self, uri: str) -> None:
        for memory in (self.linted, self.told, self._asked):
            memory.pop(uri, None)
        for text in self.shown.pop(uri, ()):
            self._publish(text, [], None)

    # Linting

    def lint(self, uri: str, delay: float = 0, fresh: bool = False) -> None:
        """Lint the newest text after a delay, unless it is asked for again meanwhile; `fresh`: with what the disk says now."""
        if fresh:
            self.plans = None
            self.linted.pop(uri, None)
        number = self._asked[uri] = next(self._numbers)
        self._hold(self._lint_later(uri, number, delay))

    def _hold(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lint_later(self, uri: str, number: int, delay: float) -> None:
        await asyncio.sleep(delay)
        async with self._turn:
            if self._asked.get(uri) == number:
                await self._lint(uri)

    async def current(self, uri: str) -> Linted | None:
        """What is found in the newest text; None for what is not linted."""
        async with self._turn:
            return await self._lint(uri)

    async def _lint(self, uri: str) -> Linted | None:
        """Lint the newest text, if that was not done, and show what is found unless it has changed meanwhile."""
        document = self.documents.find(uri)
        if document is None:
            return None
        known = self.linted.get(document.uri)
        if known is not None and known.document == document:
            return known
        try:
            self.plans = self.plans or linting.plans()
            found = await asyncio.to_thread(linting.lint, document, self.plans, self.documents.encoding, self._folders())
        except api.SettingsError as problem:
            self.plans = None
            self._complain(document.uri, str(problem))
            self._show(document, {})
            return None
        except Exception as error:  # a bug of ours, in one document
            self.log(api.failure("checking", document.path, error))
            self._show(document, {})
            return None
        self._hold(self._tidy_up())
        self.told.pop(document.uri, None)
        for failure in found.result.failures:
            self.log(failure)
        if self.documents.find(uri) == document:
            self.linted[document.uri] = found
            self._show(document, diagnostics.by_text(found, self.accepts))
        return found

    def _show(self, document: Document, found: dict[str, list[types.Diagnostic]]) -> None:
        """Show what is found in a file or in the cells of a notebook; nothing in cells that are gone."""
        now = {text.uri for text in document.texts}
        for uri in self.shown.get(document.uri, set()) - now:
            self._publish(uri, [], None)
        for text in document.texts:
            self._publish(text.uri, found.get(text.uri, []), text.version)
        self.shown[document.uri] = now

    def _publish(self, uri: str, found: list[types.Diagnostic], version: int | None) -> None:
        self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))

    def _complain(self, uri: str, message: str) -> None:
        """Tell the user, once for all files that it concerns, until one of them is well."""
        if message not in self.told.values():
            self.server.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"bnlint: {message}"))
        self.told[uri] = message

    def log(self, message: str) -> None:
        """Tell whoever looks into the log of the server, once."""
        if message not in self.logged:
            self.logged.add(message)
            self.server.window_log_message(types.LogMessageParams(types.MessageType.Error, message))

    # What the editor asks

    async def code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        linted = await self.current(params.text_document.uri)
        if linted is None or not linted.findings:
            return []
        offered = await asyncio.to_thread(lambda: [*actions.offer(linted, params, self.accepts)])
        if self._resolves():
            return offered
        worked_out = []
        for action in offered:
            with contextlib.suppress(editing.Refused, actions.Outdated):
                worked_out.append(await self._worked_out(linted, action))
        return worked_out

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        try:
            wanted = actions.Wanted.of(action.data)
        except ValueError as problem:
            _fail(types.ErrorCodes.InvalidParams, str(problem))
        linted = await self.current(wanted.uri)
        try:
            if linted is None:
                raise actions.Outdated("the text has been closed since this was offered")
            return await self._worked_out(linted, action)
        except actions.Outdated as problem:
            _fail(types.LSPErrorCodes.ContentModified, str(problem))
        except editing.Refused as problem:
            _fail(types.LSPErrorCodes.RequestFailed, f"nothing was changed: {problem}")

    async def _worked_out(self, linted: Linted, action: types.CodeAction) -> types.CodeAction:
        """The action with its edits. Raises Outdated, editing.Refused."""
        told = self.server.client_capabilities.workspace
        versioned = bool(told is not None and told.workspace_edit is not None and told.workspace_edit.document_changes)
        change = await asyncio.to_thread(actions.carry_out, linted, actions.Wanted.of(action.data))
        action.edit = changes.as_edit(linted, change, versioned)
        return action

    def _resolves(self) -> bool:
        """Whether the client asks for the edits of an action when it is chosen."""
        told = self.server.client_capabilities.text_document
        supported = told.code_action.resolve_support if told is not None and told.code_action is not None else None
        return supported is not None and "edit" in supported.properties

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        linted = await self.current(uri)
        return await asyncio.to_thread(hover.pages, linted, uri, params.position) if linted is not None else None


def _plain(encoding: object) -> str:
    """The name of a position encoding, which may be one that the protocol lists."""
    return str(getattr(encoding, "value", encoding))


def _fail(code: int, message: str) -> NoReturn:
    raise JsonRpcException(message, int(code))
