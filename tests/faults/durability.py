"""Clients that record acknowledged writes while servers are killed, and compare them with the stored tasks."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx

from tests.support.tokens import mint

_PAUSE_SECONDS = 0.05

type Task = dict[str, Any]


def _as_listed(response: httpx.Response) -> Task:
    """Remove `next_task`, which lists do not contain."""
    task: Task = response.json()
    del task["next_task"]
    return task


class Writer:
    """A user who creates, changes and deletes tasks, and retries unacknowledged creations with the same key."""

    def __init__(self) -> None:
        self.id = f"user-{uuid4()}"
        self.acknowledged: dict[int, Task | None] = {}
        """Each task of the last response; None after its deletion. Absent while a change is unacknowledged."""
        self.statuses: Counter[int] = Counter()
        self._path = f"/api/{self.id}/tasks"
        self._title = str(uuid4())

    @property
    def responses(self) -> int:
        """Return the number of acknowledged writes."""
        return sum(self.statuses[status] for status in (200, 201, 204))

    @property
    def failures(self) -> int:
        """Return the number of responses that were neither a success nor an error that may be retried."""
        return self.statuses.total() - self.responses - self.statuses[503] - self.statuses[409]

    def write(self, url: str, stop: threading.Event) -> None:
        """Write without a pause until `stop` is set, or the server refuses connections."""
        with self._client(url) as http:
            try:
                while not stop.is_set():
                    self._write_two(http)
            except httpx.TransportError:
                return

    def read(self, url: str, *, trashed: bool = False) -> list[Task]:
        """Return all tasks, including those in the trash."""
        with self._client(url) as http:
            return list(self._pages(http, trashed=trashed))

    def lost(self, tasks: list[Task]) -> int:
        """Return how many acknowledged tasks are missing or differ."""
        found = {task["id"]: task for task in tasks}
        return sum(found.get(number) != task for number, task in self.acknowledged.items())

    def _write_two(self, http: httpx.Client) -> None:
        self._change(http, self._create(http), "PATCH", json={"description": "Buy tea"})
        self._change(http, self._create(http), "DELETE")

    def _create(self, http: httpx.Client) -> int:
        headers = {"Idempotency-Key": self._title}
        response = self._send(http, "POST", self._path, json={"title": self._title}, headers=headers)
        self._title = str(uuid4())
        task = _as_listed(response)
        self.acknowledged[task["id"]] = task
        return int(task["id"])

    def _change(self, http: httpx.Client, number: int, method: str, **options: Any) -> None:
        del self.acknowledged[number]  # until the response arrives, both the old and the new state are valid
        response = self._send(http, method, f"{self._path}/{number}", **options)
        self.acknowledged[number] = _as_listed(response) if response.status_code == 200 else None

    def _send(self, http: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response:
        response = http.request(method, path, **options)
        while (
            response.status_code >= 500 or response.status_code == 409
        ):  # the previous attempt may still be in progress
            self.statuses[response.status_code] += 1
            time.sleep(_PAUSE_SECONDS)
            response = http.request(method, path, **options)
            if (method, response.status_code) == ("DELETE", 404):
                return response  # the first attempt deleted it, and only its response was lost
        self.statuses[response.status_code] += 1
        return response

    def _pages(self, http: httpx.Client, *, trashed: bool) -> Iterator[Task]:
        cursor: dict[str, str] = {}
        while True:
            page = http.get(self._path, params={"trashed": trashed, **cursor}).raise_for_status().json()
            yield from page["tasks"]
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}

    def _client(self, url: str) -> httpx.Client:
        return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {mint(self.id)}"}, timeout=20)
