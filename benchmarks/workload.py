"""What is measured: four routes, and users with twenty tasks each to send them for."""

import json
import time
from collections.abc import Callable
from typing import NamedTuple

from jose import jwt

from benchmarks.load import Address, exchange

SIGNING_KEY = "signs the benchmark's tokens and nothing else"
USERS = 16
TASKS = 20
_TOKEN_SECONDS = 3600


class User(NamedTuple):
    """Somebody with a token."""

    id: str
    token: str

    def request(self, method: str, path: str = "", body: object = None) -> bytes:
        """A request to a path below the user's tasks, as it goes over the wire."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} /api/{self.id}/tasks{path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self.token}",
            "Origin: http://localhost:3000",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
        ]
        return "\r\n".join([*lines, "", ""]).encode() + content


class Seat(NamedTuple):
    """What one connection needs. The lists of readers stay at twenty tasks, those of writers grow."""

    reader: User
    writer: User
    readers_task: int
    writers_task: int


class Route(NamedTuple):
    """A route, and how a connection asks for it."""

    name: str
    request: Callable[[Seat], bytes]


ROUTES = (
    Route("list", lambda seat: seat.reader.request("GET")),
    Route("get", lambda seat: seat.reader.request("GET", f"/{seat.readers_task}")),
    Route("create", lambda seat: seat.writer.request("POST", body=_task(0))),
    Route("toggle", lambda seat: seat.writer.request("PATCH", f"/{seat.writers_task}/complete")),
)


def take_seats(server: Address) -> list[Seat]:
    """Make the users and their tasks."""
    return [_seat(server, _user(f"reader-{number}"), _user(f"writer-{number}")) for number in range(USERS)]


def _seat(server: Address, reader: User, writer: User) -> Seat:
    return Seat(reader, writer, _seed(server, reader), _seed(server, writer))


def _seed(server: Address, user: User) -> int:
    """Twenty tasks; the id of one of them."""
    answers = [exchange(server, user.request("POST", body=_task(number))) for number in range(TASKS)]
    return int(json.loads(answers[TASKS // 2])["id"])


def _task(number: int) -> dict[str, str]:
    return {"title": f"Task number {number}", "description": "What it takes, in about fifty characters of text."}


def _user(name: str) -> User:
    now = int(time.time())
    return User(name, jwt.encode({"sub": name, "iat": now, "exp": now + _TOKEN_SECONDS}, SIGNING_KEY))
