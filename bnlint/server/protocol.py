"""JSON-RPC where pygls is lenient: whoever sends nonsense gets an error of the protocol, and the next message is read."""

from __future__ import annotations

import logging
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)  # tracebacks of what a client did wrong, which the client is told


class Refused:
    """A message that is none, with the id to answer."""

    def __init__(self, identifier: object, code: int, message: str) -> None:
        self.identifier = identifier if isinstance(identifier, (int, str)) else None
        self.code, self.message = code, message


class Protocol(LanguageServerProtocol):
    """The protocol as pygls has it, but for messages that are wrong."""

    started = False
    ended = False

    def structure_message(self, data: dict[str, Any]) -> Any:
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            return Refused(data.get("id"), error.code, f"{data.get('method', 'message')}: {error.message}")

    def handle_message(self, message: Any) -> None:
        method = getattr(message, "method", None)
        identifier = getattr(message, "id", None)
        if isinstance(message, Refused):
            return self.refuse(message.identifier, message.code, message.message)
        if getattr(message, "jsonrpc", None) != self.VERSION:
            return self.refuse(None, types.ErrorCodes.InvalidRequest, "not a message of JSON-RPC 2.0")
        if method is None or method == types.EXIT:
            super().handle_message(message)
            return None
        if not self.started and method != types.INITIALIZE:
            return self.refuse(identifier, types.ErrorCodes.ServerNotInitialized, f"{method} before initialize")
        if self.started and method == types.INITIALIZE:
            return self.refuse(identifier, types.ErrorCodes.InvalidRequest, "initialize a second time")
        if self.ended:
            return self.refuse(identifier, types.ErrorCodes.InvalidRequest, f"{method} after shutdown")
        self.started, self.ended = True, method == types.SHUTDOWN
        super().handle_message(message)
        return None

    def refuse(self, identifier: int | str | None, code: int, message: str) -> None:
        """Answer with an error. A notification has no id and gets none, unless nothing of it could be understood."""
        if identifier is not None or code in (types.ErrorCodes.ParseError, types.ErrorCodes.InvalidRequest):
            self._send_data(types.ResponseErrorMessage(id=identifier, error=types.ResponseError(int(code), message)))
