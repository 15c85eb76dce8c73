"""Write an ordinary response with one system call, because each costs as much as a small statement."""

from uvicorn._types import ASGISendEvent, HTTPResponseBodyEvent, HTTPResponseStartEvent
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_FRAMING = {b"connection", b"transfer-encoding"}
_NOT_IN_VALUES = bytes({*range(0x20), 0x7F} - {ord("\t")})
_NOT_IN_NAMES = bytes({*range(0x20), 0x7F} | {*b'()<>@,;:[]={} \t\\"'})


class ResponseWriter:
    """Stands in for the `send` of uvicorn, which writes the head and the body one after the other.

    It holds back the head until the first part of the body. If that is all of the body, it writes both at once. Any
    other response is left to uvicorn: a stream, one without `content-length`, the last one of a connection, and one for
    a slow reader.
    """

    __slots__ = ("_cycle", "_send", "_start", "closes_after_request")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle, self._send = cycle, cycle.send
        self.closes_after_request = False
        """Whether the connection closes when the rest of the request has arrived, because its response is sent."""
        self._start: HTTPResponseStartEvent | None = None

    async def send(self, message: ASGISendEvent) -> None:
        """Send a part of the response."""
        if message["type"] == "http.response.start" and not self._cycle.response_started:
            self._start = message  # replaced by that of uvicorn's 500, if the application fails before the body
            return
        start, self._start = self._start, None
        if start is not None:
            if message["type"] == "http.response.body" and self._write(start, message):
                return
            await self._send_head(start)
        await self._send(message)

    async def _send_head(self, start: HTTPResponseStartEvent) -> None:
        """Send the head, and keep the connection until the request has arrived if uvicorn would close it earlier.

        Closing it with unread bytes is a reset, which makes a proxy lose the response (RFC 9112, section 9.6). A
        response instead of `100 Continue` is the last one, because it is not known whether the body follows (RFC 9110,
        section 10.1.1).
        """
        cycle = self._cycle
        if cycle.waiting_for_100_continue:
            cycle.keep_alive = False
        await self._send(start)
        if cycle.more_body and not cycle.keep_alive:
            cycle.keep_alive = self.closes_after_request = True

    def _write(self, start: HTTPResponseStartEvent, message: HTTPResponseBodyEvent) -> bool:
        """Write a whole response and return true, or return false."""
        cycle, body = self._cycle, message.get("body", b"")
        if message.get("more_body") or not self._is_ordinary():
            return False
        head = _head(start["status"], [*cycle.default_headers, *start.get("headers", ())], len(body))
        if head is not None:
            cycle.transport.writelines((head, body))
            cycle.response_started = cycle.response_complete = True
            cycle.message_event.set()
            cycle.on_response()
        return head is not None

    def _is_ordinary(self) -> bool:
        cycle = self._cycle
        is_special = cycle.disconnected or cycle.flow.write_paused or cycle.access_log or cycle.response_started
        is_last = not cycle.keep_alive or cycle.waiting_for_100_continue
        return not (is_special or is_last) and cycle.scope["method"] != "HEAD"


def _head(status: int, headers: list[tuple[bytes, bytes]], size: int) -> bytes | None:
    """Serialize the head of a response, unless its framing is not just the `content-length` or a header is invalid."""
    names = [name for name, _ in headers]
    joined, fields = b"".join(names), b"\r\n".join(map(b": ".join, headers))
    is_framed = (b"content-length", b"%d" % size) in headers and _FRAMING.isdisjoint(names)
    # `translate` removes the invalid characters faster than a regular expression finds one.
    has_valid_names = len(joined.translate(None, _NOT_IN_NAMES)) == len(joined)
    has_valid_values = len(fields.translate(None, _NOT_IN_VALUES)) == len(fields) - len(b"\r\n") * (len(headers) - 1)
    if not (is_framed and has_valid_names and has_valid_values):
        return None
    return b"".join((STATUS_LINE[status], fields, b"\r\n\r\n"))
