"""What was acknowledged is there after everything was killed, however busy it was."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import SystemRandom
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.servers import Server
from tests.tokens import SECRET, mint

_ROUNDS = 3
_WRITERS = 4

type Task = dict[str, Any]


class Writer:
    """A user who creates, changes and deletes tasks until the server is gone, and notes what it acknowledged."""

    def __init__(self) -> None:
        self.id = f"user-{uuid4()}"
        self.acknowledged: dict[str, Task | None] = {}
        """Each task by its path, as it was answered last; None after it was deleted."""
        self.answers = 0

    def write(self, url: str) -> None:
        """Write without a pause until a write fails."""
        with self.client(url) as http:
            try:
                while all(self._writes(http)):
                    pass
            except httpx.TransportError:
                return

    def read(self, url: str) -> dict[str, Task | None]:
        """What is there now of all that was acknowledged."""
        with self.client(url) as http:
            return {path: self._known(http.get(path)) for path in self.acknowledged}

    def client(self, url: str) -> httpx.Client:
        return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {mint(self.id)}"})

    def _writes(self, http: httpx.Client) -> Iterator[bool]:
        for deleted in (False, True):
            created = http.post(f"/api/{self.id}/tasks", json={"title": "Buy milk"})
            yield self._note(created.headers.get("Location"), created)
            path = created.headers["Location"]
            yield self._repeat(path, lambda path: http.patch(path, json={"title": "Buy tea"}))
            if deleted:
                yield self._repeat(path, http.delete)

    def _repeat(self, path: str, write: Callable[[str], httpx.Response]) -> bool:
        del self.acknowledged[path]  # until it is answered, the old is as good as the new
        return self._note(path, write(path))

    def _note(self, path: str, answer: httpx.Response) -> bool:
        if answer.is_success:
            self.answers += 1
            self.acknowledged[path] = self._known(answer)
        return answer.is_success

    def _known(self, answer: httpx.Response) -> Task | None:
        if answer.status_code in {204, 404}:
            return None
        task: Task = answer.raise_for_status().json()
        return task


@pytest.mark.req("TASK-FR-055", "RUN-FR-016")
def test_every_acknowledged_write_survives_kill_9_of_everything(tmp_path: Path) -> None:
    writers = [Writer() for _ in range(_WRITERS)]
    for _ in range(_ROUNDS):
        with serving(tmp_path) as server:
            assert_all_is_there(server, writers)
            write_until_all_is_killed(server, writers)
    with serving(tmp_path) as server:
        assert_all_is_there(server, writers)


def assert_all_is_there(server: Server, writers: list[Writer]) -> None:
    for writer in writers:
        assert writer.read(server.url) == writer.acknowledged


def write_until_all_is_killed(server: Server, writers: list[Writer]) -> None:
    before = sum(writer.answers for writer in writers)
    with ThreadPoolExecutor() as pool:
        writing = [pool.submit(writer.write, server.url) for writer in writers]
        time.sleep(SystemRandom().uniform(0.3, 0.9))
        server.kill_all()
    for ended in writing:
        ended.result()
    assert sum(writer.answers for writer in writers) > before + _WRITERS


def serving(folder: Path) -> Server:
    return Server(folder, "-m", "src", "dev", "--no-reload", BETTER_AUTH_SECRET=SECRET, RATE_LIMIT="off")
