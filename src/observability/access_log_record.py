"""The access-log record of a request, formatted by hand because every request pays for it (ADR 0029)."""

from functools import lru_cache
from json.encoder import encode_basestring_ascii
from time import gmtime, strftime, time
from typing import NamedTuple


class AccessLogRecord(NamedTuple):
    """A record. Its only client-supplied texts are the method, the request and trace ids, and the verified user id."""

    request_id: str
    trace_id: str | None
    method: str
    route: str | None
    """The template, such as `/api/{user_id}/tasks`; None where no route was reached."""
    user_id: str | None
    status: int | None
    """None where the client disconnected before the response."""
    size: int
    """Bytes of the response's body."""
    seconds: float

    def as_json(self) -> str:
        """Format as one JSON object, with the members that all records have."""
        trace = f'"trace_id":"{self.trace_id}",' if self.trace_id else ""
        return (
            f'{{"timestamp":"{_now()}","level":"info","event":"request","request_id":"{self.request_id}",{trace}'
            f'"method":{_quoted(self.method)},"route":{_quoted(self.route)},"user_id":{_quoted(self.user_id)},'
            f'"status":{self.status or "null"},"bytes":{self.size},"duration_ms":{1000 * self.seconds:.2f}}}\n'
        )

    def as_plain(self) -> str:
        """Format as text, as `src.observability.logging.PlainFormatter` does."""
        user = "" if self.user_id is None else f" user {_quoted(self.user_id)}"
        return (
            f"{_now()} [info     ] {self.status} {self.method} {self.route or '(no route)'}"
            f" in {1000 * self.seconds:.1f} ms, {self.size} bytes,{user} request {self.request_id}\n"
        )


def _quoted(text: str | None) -> str:
    return "null" if text is None else encode_basestring_ascii(text)


def _now() -> str:
    seconds, fraction = divmod(time(), 1)
    return f"{_to_the_second(int(seconds))}.{int(1000 * fraction):03d}Z"


@lru_cache(maxsize=1)
def _to_the_second(seconds: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds))
