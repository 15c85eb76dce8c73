"""What the log says of a request: its line, written by hand because every request pays for it."""

from functools import lru_cache
from json.encoder import encode_basestring_ascii
from time import gmtime, strftime, time
from typing import NamedTuple


class RequestLine(NamedTuple):
    """Nothing in it was typed by a person but the method and the name of a verified user."""

    request_id: str
    trace_id: str | None
    method: str
    route: str | None
    """The template, such as `/api/{user_id}/tasks`; None where no route was reached."""
    user_id: str | None
    status: int | None
    """None where the client did not wait for an answer."""
    size: int
    """Bytes of the answer's body."""
    seconds: float

    def as_json(self) -> str:
        """One JSON object, with the members that all other lines have, too."""
        trace = f'"trace_id":"{self.trace_id}",' if self.trace_id else ""
        return (
            f'{{"timestamp":"{_now()}","level":"info","event":"request","request_id":"{self.request_id}",{trace}'
            f'"method":{_quoted(self.method)},"route":{_quoted(self.route)},"user_id":{_quoted(self.user_id)},'
            f'"status":{self.status or "null"},"bytes":{self.size},"duration_ms":{1000 * self.seconds:.2f}}}\n'
        )

    def as_plain(self) -> str:
        """For people."""
        who = "" if self.user_id is None else f" user {_quoted(self.user_id)}"
        return (
            f"{_now()} [info     ] {self.status} {self.method} {self.route or '(no route)'}"
            f" in {1000 * self.seconds:.1f} ms, {self.size} bytes,{who} request {self.request_id}\n"
        )


def _quoted(text: str | None) -> str:
    return "null" if text is None else encode_basestring_ascii(text)


def _now() -> str:
    seconds, fraction = divmod(time(), 1)
    return f"{_to_the_second(int(seconds))}.{int(1000 * fraction):03d}Z"


@lru_cache(maxsize=1)
def _to_the_second(seconds: int) -> str:
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds))
