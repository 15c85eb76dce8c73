"""Errors of requests whose uids do not fit the tasks (422)."""

from src.errors.client import InvalidField


class UidChanged(InvalidField):
    """A change has another uid than the task."""

    slug = "uid-changed"
    title = "Uid changed"
    detail = "uid cannot be changed; leave it out, or send that of the task."
    field = "uid"


class TaskRepeated(InvalidField):
    """Two operations of a bulk are on one task: one names its id, the other its uid."""

    slug = "task-repeated"
    title = "Task repeated"
    detail = "operations: a task may occur in one operation only, whether its id or its uid names it."
    field = "operations"
