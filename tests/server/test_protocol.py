"""Messages that are wrong, out of order or too late: an error of the protocol, and the server goes on."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.server.editor import SERVER, Editor, uri
from tests.server.test_files import AXIS, MODEL, codes, everything

PARSE, INVALID, UNKNOWN, PARAMS, NOT_STARTED = -32700, -32600, -32601, -32602, -32002


class Wire:
    """The bytes between client and server."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, *SERVER, "--stdio"], stdin=pipe, stdout=pipe, stderr=pipe)

    def raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def body(self, body: bytes) -> None:
        self.raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def send(self, message: Any) -> None:
        self.body(json.dumps(message).encode())

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline()).strip():
            name, _, value = line.partition(b":")
            length = int(value) if name == b"Content-Length" else length
        return dict(json.loads(self.process.stdout.read(length)))

    def error(self) -> tuple[object, int]:
        """The id and the code of the next answer, which is an error."""
        answer = self.receive()
        assert "error" in answer, answer
        return answer.get("id"), answer["error"]["code"]

    def start(self) -> None:
        self.send({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"capabilities": {}, "processId": None, "rootUri": None}})
        assert self.receive()["result"]["serverInfo"]["name"] == "bnlint"

    def end(self) -> tuple[int, bytes]:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.stderr is not None
        code, said = self.process.wait(60), self.process.stderr.read()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code, said


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    if made.process.poll() is None:
        made.process.kill()
        made.process.wait()


def test_nonsense_is_answered_and_survived(wire: Wire) -> None:
    wire.send({"jsonrpc": "2.0", "id": 7, "method": "textDocument/hover", "params": {}})
    assert wire.error() == (7, PARAMS)
    hover = {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 0, "character": 0}}
    wire.send({"jsonrpc": "2.0", "id": 8, "method": "textDocument/hover", "params": hover})
    assert wire.error() == (8, NOT_STARTED)
    wire.start()
    wire.body(b"{nonsense")
    assert wire.error() == (None, PARSE)
    wire.body(b"\xff\xfe{}")
    assert wire.error() == (None, PARSE)
    wire.raw(b"nonsense\r\nContent-Length: many\r\n\r\n")
    for message in ([], 3, "text", None, {}, {"id": 1, "method": "shutdown"}, {"jsonrpc": "1.0", "id": 1, "method": "shutdown"}):
        wire.send(message)
        assert wire.error()[1] == INVALID
    wire.body(b"[" * 100_000)
    assert wire.error()[1] in (PARSE, INVALID)
    wire.send({"jsonrpc": "2.0", "id": 9, "method": "bnlint/nothing", "params": {}})
    assert wire.error() == (9, UNKNOWN)
    wire.send({"jsonrpc": "2.0", "method": "bnlint/nothing", "params": {}})
    wire.send({"jsonrpc": "2.0", "id": "a", "method": "textDocument/codeAction", "params": {"range": 3}})
    assert wire.error() == ("a", PARAMS)
    wire.send({"jsonrpc": "2.0", "id": 10, "method": "initialize", "params": {"capabilities": {}}})
    assert wire.error() == (10, INVALID)
    wire.send({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///a.py"}}})
    item = {"uri": "file:///nowhere/a.py", "languageId": "python", "version": 1, "text": AXIS}
    wire.send({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}})
    answer = wire.receive()
    assert (answer["method"], len(answer["params"]["diagnostics"])) == ("textDocument/publishDiagnostics", 1)
    wire.send({"jsonrpc": "2.0", "id": 11, "method": "shutdown"})
    assert wire.receive() == {"jsonrpc": "2.0", "id": 11, "result": None}
    wire.send({"jsonrpc": "2.0", "id": 12, "method": "textDocument/hover", "params": hover})
    assert wire.error() == (12, INVALID)
    wire.send({"jsonrpc": "2.0", "method": "exit"})
    assert wire.end() == (0, b"")


def test_an_exit_without_a_shutdown_is_a_failure(wire: Wire) -> None:
    wire.start()
    wire.send({"jsonrpc": "2.0", "method": "exit"})
    assert wire.end() == (1, b"")


def test_a_client_that_is_gone_ends_the_server(wire: Wire) -> None:
    wire.start()
    assert wire.end() == (1, b"")


def test_a_change_of_what_is_not_open_is_logged(editor: Editor, tmp_path: Path) -> None:
    identifier = types.VersionedTextDocumentIdentifier(2, uri(tmp_path / "a.py"))
    changes = [types.TextDocumentContentChangeWholeDocument("x")]
    seen = len(editor.log)
    editor.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, changes))
    assert "what is not open" in editor.wait(lambda: editor.log[seen:])[0].message
    assert codes(editor.open(tmp_path / "a.py", AXIS)) == ["BN405"]


def test_a_request_can_be_cancelled(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    editor.open_silently(path, MODEL * 80)
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri(path)), everything(MODEL), types.CodeActionContext([]))
    answer = editor.client.protocol.send_request(types.TEXT_DOCUMENT_CODE_ACTION, params, msg_id="slow")
    editor.client.cancel_request(types.CancelParams("slow"))
    editor.wait(answer.done)
    assert isinstance(answer.exception(), JsonRpcException)
    assert len(editor.actions(path, everything(MODEL))) > 1


BROKEN = """
import sys
from bnlint import catalogue, editing, engine
real, check = catalogue.check, engine.check

def broken(code):
    def fail(project, **options):
        raise ZeroDivisionError("of ours")
    return fail if code == "BN405" else real(code)

def dead(group, seen=None):
    if b"die" in group.inputs[0].data:
        raise KeyError("of ours, too")
    return check(group, seen)

def refuse(checked, finding):
    raise editing.Refused("of no use")

catalogue.check, engine.check, editing.fix = broken, dead, refuse
sys.argv = ["bnlint", "server"]
from bnlint.cli import main
main()
"""


def test_a_bug_of_ours_is_logged_and_the_server_goes_on(tmp_path: Path) -> None:
    editor = Editor(tmp_path, command=("-c", BROKEN))
    both = AXIS + "y = layers.BatchNormalization(momentum=0.1)\n"
    assert codes(editor.open(tmp_path / "a.py", both)) == ["BN403"]
    assert editor.open(tmp_path / "b.py", AXIS + "# die\n") == []
    first, second = editor.wait(lambda: editor.log if len(editor.log) > 1 else None)
    assert first.message.startswith("internal error: BN405 (positional-constructor-argument) on")
    assert "ZeroDivisionError: of ours" in first.message
    assert "KeyError: 'of ours, too'" in second.message
    (found,) = editor.change(tmp_path / "b.py", both)
    fix, ignore = editor.actions(tmp_path / "b.py", found.range)
    with pytest.raises(JsonRpcException, match="nothing was changed: of no use") as refusal:
        editor.resolve(fix)
    assert refusal.value.code == types.LSPErrorCodes.RequestFailed
    assert editor.applied(ignore)[uri(tmp_path / "b.py")] == both[:-1] + "  # bnlint: ignore[BN403]\n"
    assert editor.quit() == 0


def test_without_the_extra_the_command_says_so() -> None:
    code = "import sys; sys.modules['pygls'] = None; sys.argv = ['bnlint', 'server']; from bnlint.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "bnlint: `bnlint server` needs the extra `lsp`: pip install 'bnlint[lsp]'\n"
