"""The requests that are measured: six routes, spread over 100 users that are read and 100 that are written."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, cycle
from typing import NamedTuple

from jose import jwt

from benchmarks.database import Database, sql
from benchmarks.fill import fill

SIGNING_KEY = "signs the benchmark's tokens and nothing else"
CLIENTS = 200
"""The first half reads, the second half writes, so that the lists that are read do not grow."""
_TASKS_USED = 10
"""The number of tasks of each user that are read or toggled."""
_TOKEN_SECONDS = 24 * 3600
NEW_TASK = {"title": "Buy milk", "description": "What it takes, in about fifty characters of text."}


class Client(NamedTuple):
    """A user with a token, and some of the user's tasks."""

    id: str
    token: str
    tasks: Sequence[int] = ()

    def request(self, method: str, path: str = "", body: object = None) -> bytes:
        """Build a request for a path below the user's tasks."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} /api/{self.id}/tasks{path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self.token}",
            "Origin: http://localhost:3000",
        ]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return "\r\n".join([*lines, "", ""]).encode() + content


class Clients(NamedTuple):
    """All users of the benchmark."""

    readers: Sequence[Client]
    writers: Sequence[Client]


HEALTH = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Route(NamedTuple):
    """A route and the requests for it, in the order in which they are sent, again and again."""

    name: str
    requests: Callable[[Clients], list[bytes]]


ROUTES = (
    Route("list 20", lambda clients: [client.request("GET", "?limit=20") for client in clients.readers]),
    Route("list 50", lambda clients: [client.request("GET", "?limit=50") for client in clients.readers]),
    Route("get", lambda clients: [client.request("GET", f"/{task}") for client, task in _tasks(clients.readers)]),
    Route("create", lambda clients: [client.request("POST", body=NEW_TASK) for client in clients.writers]),
    Route("toggle", lambda clients: [toggle(client, task) for client, task in _tasks(clients.writers)]),
    Route("health", lambda _: [HEALTH]),
)
COMPARED = ROUTES[:5]
"""The routes whose ratios make the geometric means."""


def mixed(clients: Clients) -> list[bytes]:
    """Return lists, reads, creations and toggles in turn; a user's creation and toggle are not adjacent."""
    listed, _, read, created, toggled = (route.requests(clients) for route in COMPARED)
    half = len(created) // 2
    turns = zip(cycle(listed), read, cycle(created[half:] + created[:half]), toggled, strict=False)
    return list(chain.from_iterable(turns))


def toggle(client: Client, task: int) -> bytes:
    """Build the request that toggles the completion of a task."""
    return client.request("PATCH", f"/{task}/complete")


def create_clients(database: Database, tasks: int) -> Clients:
    """Write the users and their tasks to the database."""
    fill(database.url, {f"user-{number}": tasks for number in range(CLIENTS)})
    latest = f"SELECT user_id, (array_agg(id ORDER BY id DESC))[:{_TASKS_USED}] AS ids FROM tasks GROUP BY 1 ORDER BY 1"  # noqa: S608 - a constant
    clients = [Client(row["user_id"], token(row["user_id"]), row["ids"]) for row in sql(database.url, latest)]
    return Clients(clients[: CLIENTS // 2], clients[CLIENTS // 2 :])


def token(user_id: str) -> str:
    """Sign a token that is valid for a day."""
    now = int(time.time())
    return jwt.encode({"sub": user_id, "iat": now, "exp": now + _TOKEN_SECONDS}, SIGNING_KEY)


def _tasks(clients: Sequence[Client]) -> Iterator[tuple[Client, int]]:
    """Neighbors are tasks of different users, so that requests in flight do not wait for each other's locks."""
    for number in range(_TASKS_USED):
        for client in clients:
            yield client, client.tasks[number]
