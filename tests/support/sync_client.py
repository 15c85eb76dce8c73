"""A client that syncs a copy of a user's tasks, as `specs/005-sync/contracts/sync.md` describes."""

from typing import Any, NamedTuple

from tests.conftest import User

type Task = dict[str, Any]


class Edit(NamedTuple):
    """A change that was made offline, with the task at that time; without members it is a deletion."""

    task_id: int
    revision: int
    members: dict[str, object] | None


class Conflict(NamedTuple):
    """An edit whose task has changed on the server, and its current state; None if it was deleted."""

    edit: Edit
    current: Task | None


class SyncClient:
    """`tasks` is the copy, by id. `pull` brings it up to date, `push` sends what was edited meanwhile."""

    def __init__(self, user: User, *, limit: int = 1000) -> None:
        self.user = user
        self.tasks: dict[int, Task] = {}
        self.since = "0"
        self.loads = 0
        """The number of full loads."""
        self.queue: list[Edit] = []
        self._limit = limit
        self._etag = ""

    async def pull(self) -> None:
        """Load all changes until the copy is up to date."""
        while await self.pull_page():
            pass

    async def pull_page(self) -> bool:
        """Load a page of changes, and return whether there are more."""
        self.loads += self.since == "0"
        query = {"since": self.since, "limit": self._limit}
        response = await self.user.get("/changes", params=query, headers={"If-None-Match": self._etag})
        if response.status_code == 304:
            return False
        if response.status_code == 410:
            self.start_over()
            return True
        assert response.status_code == 200, response.text
        page = response.json()
        for task in page["tasks"]:
            self.apply(task)
        self.since = page["next_since"]
        self._etag = response.headers.get("ETag", self._etag)
        return bool(page["more"])

    def start_over(self) -> None:
        """Discard the copy, but not the unsent edits."""
        self.tasks.clear()
        self.since, self._etag = "0", ""

    def apply(self, task: Task) -> None:
        """Apply the current state of a task, from a page or an event."""
        if task["deleted_at"] is None:
            self.tasks[task["id"]] = {name: task[name] for name in task if name != "next_task"}
        else:
            self.tasks.pop(task["id"], None)

    def edit(self, task_id: int, **members: object) -> None:
        """Change a task of the copy, to be sent later."""
        task = self.tasks[task_id]
        self.queue.append(Edit(task_id, task["revision"], members))
        self.tasks[task_id] = task | members

    def delete(self, task_id: int) -> None:
        """Delete a task of the copy, to be sent later."""
        self.queue.append(Edit(task_id, self.tasks.pop(task_id)["revision"], None))

    async def push(self) -> list[Conflict]:
        """Send all edits, and return the conflicts."""
        conflicts = []
        while self.queue:
            conflict = await self._send(self.queue[0])
            self.queue.pop(0)
            conflicts += [conflict] if conflict else []
        return conflicts

    async def _send(self, edit: Edit) -> Conflict | None:
        headers = {"If-Match": f'"{edit.revision}"'}
        method = "DELETE" if edit.members is None else "PATCH"
        response = await self.user.request(method, edit.task_id, json=edit.members, headers=headers)
        if response.status_code == 412:
            self.apply(response.json()["current"])
            return Conflict(edit, self.tasks[edit.task_id])
        if response.status_code == 404:
            self.tasks.pop(edit.task_id, None)
            return Conflict(edit, None)
        assert response.status_code in {200, 204}, response.text
        if response.status_code == 200:
            self._done(edit, response.json())
        return None

    def _done(self, edit: Edit, task: Task) -> None:
        """Rebase later edits of the same task on the revision that this edit created."""
        self.apply(task)
        for index, each in enumerate(self.queue):
            if (each.task_id, each.revision) == (edit.task_id, edit.revision):
                self.queue[index] = each._replace(revision=task["revision"])
