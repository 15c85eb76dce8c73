"""Responses with the members and media types that existing front ends expect, for the setting COMPATIBILITY (ADR 0042).

JSON is edited as text: a quote in a string is escaped, so `"completed":true` can only be a member. The middleware is
installed only if the setting asks for what it does.
"""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from src.api.large_response import send_in_parts
from src.api.problems import MEDIA_TYPE
from src.schemas.compatibility import TOGGLES, Switch

type Edit = Callable[[bytes], bytes]

_JSON = b"application/json"
_STREAM = b"text/event-stream"
_PROBLEM = MEDIA_TYPE.encode()
_DETAIL = re.compile(rb'"detail":( ?)("(?:[^"\\]|\\.)*")')
_MEMBERS: dict[Switch, dict[bool, str]] = {
    "is_completed": {True: '"is_completed": true', False: '"is_completed": false'},
    "status": {True: '"status": "completed"', False: '"status": "pending"'},
}
_SCHEMAS: dict[Switch, dict[str, Any]] = {
    "is_completed": {"type": "boolean", "description": "The same as `completed`."},
    "status": {"enum": ["pending", "completed"], "description": "The same as `completed`."},
}
EDITING: frozenset[Switch] = frozenset({*_MEMBERS, "message", "json-errors"})
"""The switches that need the middleware."""


class CompatibilityMiddleware:
    """Adds members to tasks and problems, and sends problems as `application/json`, as the switches say."""

    def __init__(self, app: ASGIApp, switches: Collection[Switch]) -> None:
        self._app = app
        self._edits = [*_task_edits(switches), *([_add_messages] if "message" in switches else [])]
        self._error_type = _JSON if "json-errors" in switches else _PROBLEM

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        return await self._app(scope, receive, _EditedResponse(send, self._edits, self._error_type).send)


class _EditedResponse:
    """Edits the JSON of one response. Its head waits for all of its body, whose length changes; a stream does not."""

    def __init__(self, send: Send, edits: list[Edit], error_type: bytes) -> None:
        self._send, self._edits, self._error_type = send, edits, error_type
        self._head: Message | None = None
        self._parts: list[bytes] = []
        self._is_stream = False

    async def send(self, message: Message) -> None:
        """Send a part of the response."""
        if message["type"] == "http.response.start":
            return await self._start(message)
        if self._head is not None:
            return await self._collect(self._head, message)
        if self._is_stream:
            message["body"] = self._edit(message.get("body", b""))
        return await self._send(message)

    async def _collect(self, head: Message, message: Message) -> None:
        """Collect the parts of the body, because a member may begin in one and end in the next."""
        self._parts.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body = self._edit(b"".join(self._parts))
        _set_length(head, len(body))
        await self._send(head)
        if len(self._parts) == 1:
            await self._send({**message, "body": body})
        else:
            await send_in_parts(self._send, body)

    async def _start(self, message: Message) -> None:
        headers = dict(message["headers"])
        media_type = headers.get(b"content-type", b"").partition(b";")[0]
        self._is_stream = media_type == _STREAM
        if media_type == _PROBLEM:
            message["headers"] = [*(headers | {b"content-type": self._error_type}).items()]
        if media_type in {_JSON, _PROBLEM}:
            self._head = message
        else:
            await self._send(message)

    def _edit(self, body: bytes) -> bytes:
        for edit in self._edits:
            body = edit(body)
        return body


def describe(document: dict[str, Any], switches: Collection[Switch]) -> None:
    """Add to an OpenAPI document what the switches add to responses and paths."""
    for name, schema in document["components"]["schemas"].items():
        if name in {"Task", "DetailedTask"}:
            _extend(schema, {switch: _SCHEMAS[switch] for switch in _SCHEMAS if switch in switches})
        if "message" in switches and "Problem" in name and "properties" in schema:
            _extend(schema, {"message": {"type": "string", "description": "The same as `detail`."}})
    if "json-errors" in switches:
        for response in _responses(document):
            if MEDIA_TYPE in response.get("content", {}):
                response["content"] = {"application/json": response["content"][MEDIA_TYPE]}
    if "toggle" in switches:
        document["paths"] |= dict(_toggles(document["paths"]))


def _toggles(paths: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the synonyms of the path that completes a task, each with an operation of its own."""
    path = next(each for each in paths if each.endswith("/complete"))
    for name in TOGGLES:
        operation = paths[path]["patch"] | {"operationId": f"complete_task_by_{name}"}
        yield path.removesuffix("complete") + name, {"patch": operation}


def _responses(document: dict[str, Any]) -> list[dict[str, Any]]:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    return [response for operation in operations for response in operation["responses"].values()]


def _extend(schema: dict[str, Any], members: dict[str, dict[str, Any]]) -> None:
    schema["properties"] |= members
    schema["required"] = [*schema.get("required", []), *members]


def _set_length(head: Message, length: int) -> None:
    head["headers"] = [
        (name, b"%d" % length if name == b"content-length" else value) for name, value in head["headers"]
    ]


def _task_edits(switches: Collection[Switch]) -> list[Edit]:
    """Add members beside `completed`, in the JSON of tasks and in that of errors, which has a space."""
    edits: list[Edit] = []
    for completed, text in ((True, "true"), (False, "false")):
        added = "".join(f",{_MEMBERS[switch][completed]}" for switch in _MEMBERS if switch in switches)
        if added:
            edits += [_replacing(f'"completed":{space}{text}', added) for space in ("", " ")]
    return edits


def _replacing(member: str, added: str) -> Edit:
    old, new = member.encode(), (member + added).encode()
    return lambda body: body.replace(old, new)


def _add_messages(body: bytes) -> bytes:
    return _DETAIL.sub(rb'"detail":\1\2,"message":\1\2', body)
