"""Write the head of a response together with its body, because each system call costs as much as a small statement."""

from asyncio import Transport

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"  # a response of its own (RFC 9110, section 15.2.1)


class ResponseWriter:
    """Stands in for the transport while uvicorn writes responses: holds back a head until the first part of its body.

    uvicorn writes a head and a body one after the other, and uvloop sends each of them at once.
    """

    __slots__ = ("_head", "_is_head_written", "_transport")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._head = b""
        self._is_head_written = False

    def write(self, data: bytes) -> None:
        """Write a part of a response, of which the first is the head."""
        if self._is_head_written or data == _CONTINUE:
            self._transport.write(data)
        elif self._head:
            self._transport.writelines((self._head, data))
            self._head, self._is_head_written = b"", True
        else:
            self._head = data

    def end(self) -> None:
        """Write the head of a response without a body; the next part is the head of the next response."""
        if self._head:
            self._transport.write(self._head)
        self._head, self._is_head_written = b"", False

    def is_closing(self) -> bool:
        """Return whether the connection is closed or about to be."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Close the connection when everything is written."""
        self.end()
        self._transport.close()
