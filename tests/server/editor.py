"""An editor: a real client at the other end of a real `bnlint server`, that applies edits as the protocol has it."""

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls import uris
from pygls.lsp.client import LanguageClient

T = TypeVar("T")
SERVER = ("-m", "bnlint", "server")
PATIENCE = 60.0
"""Seconds that a test waits for what must come."""

EVERYTHING = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
    ),
    text_document=types.TextDocumentClientCapabilities(
        publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
            related_information=True,
            tag_support=types.ClientDiagnosticsTagOptions([types.DiagnosticTag.Unnecessary, types.DiagnosticTag.Deprecated]),
            code_description_support=True,
            version_support=True,
        ),
        code_action=types.CodeActionClientCapabilities(
            resolve_support=types.ClientCodeActionResolveOptions(["edit"]), data_support=True, disabled_support=True
        ),
    ),
    notebook_document=types.NotebookDocumentClientCapabilities(types.NotebookDocumentSyncClientCapabilities()),
    general=types.GeneralClientCapabilities(position_encodings=["utf-16"]),
)


def encoded(*names: str) -> types.ClientCapabilities:
    """The same capabilities with other position encodings."""
    return types.ClientCapabilities(
        workspace=EVERYTHING.workspace,
        text_document=EVERYTHING.text_document,
        notebook_document=EVERYTHING.notebook_document,
        general=types.GeneralClientCapabilities(position_encodings=list(names)),
    )


class Editor:
    """The client, with a loop of its own that runs while something is waited for."""

    def __init__(
        self,
        folder: Path,
        capabilities: types.ClientCapabilities = EVERYTHING,
        command: tuple[str, ...] = SERVER,
        folders: Iterable[Path] = (),
    ) -> None:
        self.loop = asyncio.new_event_loop()
        self.client = LanguageClient("editor", "1")
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.published: list[types.PublishDiagnosticsParams] = []
        self.messages: list[types.ShowMessageParams] = []
        self.log: list[types.LogMessageParams] = []
        self.registered: list[types.Registration] = []
        self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self.published.append(params))
        self.client.feature(types.WINDOW_SHOW_MESSAGE)(lambda params: self.messages.append(params))
        self.client.feature(types.WINDOW_LOG_MESSAGE)(lambda params: self.log.append(params))
        self.client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda params: self.registered.extend(params.registrations))
        self.run(self.client.start_io(sys.executable, *command, cwd=str(folder)))
        workspace = [types.WorkspaceFolder(uri(each), each.name) for each in folders or (folder,)]
        params = types.InitializeParams(capabilities, root_uri=uri(folder), workspace_folders=workspace)
        self.capabilities = self.run(self.client.initialize_async(params)).capabilities
        self.encoding = str(getattr(self.capabilities.position_encoding, "value", self.capabilities.position_encoding))
        self.client.initialized(types.InitializedParams())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(work, PATIENCE))

    def rest(self, seconds: float) -> None:
        """Take in what the server sends for a while."""
        self.run(asyncio.sleep(seconds))

    def wait(self, until: Callable[[], T | None]) -> T:
        """Take in what the server sends until something is there."""
        end = time.monotonic() + PATIENCE
        while not (found := until()):
            assert time.monotonic() < end, "the server does not say it"
            self.run(asyncio.sleep(0.005))
        return found

    # Texts

    def open(self, path: Path | str, text: str, language: str = "python") -> list[types.Diagnostic]:
        """Open a file. What the server finds in it."""
        at = self.open_silently(path, text, language)
        return self.diagnostics(at)

    def open_silently(self, path: Path | str, text: str, language: str = "python") -> str:
        at = uri(path)
        self.texts[at], self.versions[at] = text, 1
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(at, language, 1, text)))
        return at

    def change(self, path: Path | str, text: str) -> list[types.Diagnostic]:
        """Replace the whole text."""
        return self.edit(path, types.TextDocumentContentChangeWholeDocument(text), text)

    def edit(
        self, path: Path | str, change: types.TextDocumentContentChangeEvent, text: str, silently: bool = False
    ) -> list[types.Diagnostic]:
        """Change the text into this one."""
        at = uri(path)
        self.texts[at] = text
        self.versions[at] += 1
        identifier = types.VersionedTextDocumentIdentifier(self.versions[at], at)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
        return [] if silently else self.diagnostics(at)

    def save(self, path: Path | str) -> list[types.Diagnostic]:
        at = uri(path)
        seen = len(self.published)
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(at)))
        return self.diagnostics(at, seen)

    def close(self, path: Path | str) -> list[types.Diagnostic]:
        at = uri(path)
        seen = len(self.published)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(at)))
        return list(self.wait(lambda: [each for each in self.published[seen:] if each.uri == at])[-1].diagnostics)

    def diagnostics(self, at: str, seen: int = 0) -> list[types.Diagnostic]:
        """What was published last for the text as it is; waits for it."""

        def found() -> list[types.PublishDiagnosticsParams]:
            return [each for each in self.published[seen:] if each.uri == at and each.version == self.versions[at]]

        return list(self.wait(found)[-1].diagnostics)

    def covered(self, path: Path | str, where: types.Range) -> str:
        """The text of a range, cut out of its lines in the units that were agreed on."""
        return self._cut(self.texts[uri(path)], where)[1]

    def _cut(self, text: str, where: types.Range) -> tuple[str, str, str]:
        lines = text.replace("\r\n", "\n\1").replace("\r", "\n\2").split("\n")
        starts = [sum(len(line) + 1 for line in lines[:row]) for row in range(len(lines))]
        flat = "\n".join(lines)

        def offset(position: types.Position) -> int:
            if position.line >= len(lines):
                return len(flat)
            line = lines[position.line]
            shift = line[:1] in ("\1", "\2")
            units = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}[self.encoding]
            return starts[position.line] + shift + len(line[shift:].encode(units[0])[: position.character * units[1]].decode(units[0]))

        start, end = offset(where.start), offset(where.end)

        def real(part: str) -> str:
            return part.replace("\n\1", "\r\n").replace("\n\2", "\r")

        return real(flat[:start]), real(flat[start:end]), real(flat[end:])

    # What is offered

    def actions(self, path: Path | str, where: types.Range, only: list[str] | None = None) -> list[types.CodeAction]:
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri(path)), where, types.CodeActionContext([], only=only))
        return list(self.run(self.client.text_document_code_action_async(params)) or [])  # type: ignore[arg-type]

    def resolve(self, action: types.CodeAction) -> types.CodeAction:
        return self.run(self.client.code_action_resolve_async(action))

    def applied(self, action: types.CodeAction) -> dict[str, str]:
        """The texts that an action would leave, by URI."""
        edit = (action if action.edit is not None else self.resolve(action)).edit
        assert edit is not None
        assert edit.document_changes is not None
        texts = {}
        for part in edit.document_changes:
            assert isinstance(part, types.TextDocumentEdit)
            at = part.text_document.uri
            assert part.text_document.version == self.versions[at]
            texts[at] = self._edited(self.texts[at], part.edits)  # type: ignore[arg-type]
        return texts

    def _edited(self, text: str, edits: Iterable[types.TextEdit]) -> str:
        for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
            before, _, after = self._cut(text, edit.range)
            text = before + edit.new_text + after
        return text

    def hover(self, path: Path | str, line: int, character: int) -> str:
        params = types.HoverParams(types.TextDocumentIdentifier(uri(path)), types.Position(line, character))
        found = self.run(self.client.text_document_hover_async(params))
        assert found is None or isinstance(found.contents, types.MarkupContent)
        return found.contents.value if found is not None else ""  # type: ignore[union-attr]

    # The end

    def quit(self, farewell: bool = True) -> int:
        """Take leave. The exit code of the server."""
        if farewell:
            self.run(self.client.shutdown_async(None))
        self.client.exit(None)
        return self.end()

    def end(self) -> int:
        process = self.client._server
        assert process is not None
        code = self.run(process.wait())
        self.client._stop_event.set()
        for task in self.client._async_tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*self.client._async_tasks, return_exceptions=True))
        self.loop.close()
        return code


def uri(path: Path | str) -> str:
    """The URI of a path; what is one already stays."""
    return path if isinstance(path, str) else uris.from_fs_path(str(path))  # type: ignore[return-value]
