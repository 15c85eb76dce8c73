"""Export, erase and move all data of a user, in a transaction of the caller."""

from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from src.db.pool import Row
from src.db.transaction import Transaction
from src.services.bulk.statements import LOCK_OR_CREATE_OWNER, LOCK_OWNER
from src.services.quota import Quota, Usage
from src.services.settings.statements import CLEAR_TIME_ZONE, READ_SETTINGS
from src.services.sync.statements import NOTIFY_OWNERS
from src.services.tasks.json import task_json
from src.services.user_data.statements import (
    DELETE_OWNER,
    DELETE_RECORDS,
    DELETE_TASKS,
    DELETE_TOMBSTONES,
    EXPIRE_SYNC_TOKENS,
    EXPORT_PAGE,
    MOVE_TASKS,
    READ_UIDS,
    RECEIVE_TASKS,
    USAGE,
)

_SENDER = "command"


async def export_user(transaction: Transaction, user: str) -> AsyncIterator[bytes]:
    """Yield the parts of a JSON object with all data of a user: the settings, and the tasks with those in the trash.

    The transaction must be one of REPEATABLE READ, so that all parts are of the same time.
    """
    row = await transaction.fetch_row(READ_SETTINGS, owner=user)
    head = {"user_id": user, "settings": {"time_zone": row and row["time_zone"]}}
    yield msgspec.json.encode(head)[:-1] + b',"tasks":['
    after, separator = 0, b"\n"
    while tasks := await transaction.fetch(EXPORT_PAGE, owner=user, after=after):
        yield separator + b",\n".join(map(task_json, tasks))
        after, separator = tasks[-1]["id"], b",\n"
    yield b"\n]}\n"


async def erase_user(transaction: Transaction, user: str) -> int:
    """Erase all data of a user and return the number of tasks; an account of Better Auth in the same row stays.

    The user's sync tokens and event streams expire, so that no client keeps a copy.
    """
    usage = await _lock(transaction, user)
    await transaction.fetch(DELETE_TASKS, owner=user)
    await transaction.fetch(DELETE_RECORDS, owner=user)
    await transaction.fetch(CLEAR_TIME_ZONE, owner=user)
    await transaction.fetch(EXPIRE_SYNC_TOKENS, owner=user)
    await transaction.fetch(DELETE_OWNER, owner=user)
    await transaction.fetch(NOTIFY_OWNERS, sender=_SENDER, owners=[user])
    return 0 if usage is None else int(usage["task_count"])


async def move_tasks(transaction: Transaction, sender: str, receiver: str, quota: Quota) -> int:
    """Give all tasks of a user to another one and return their number; ids stay, and revisions are the receiver's.

    Uids stay, too, but for those that the receiver has: a client may choose the same one for both users. The receiver's
    clients get the tasks as changes. The sender's sync tokens and event streams expire.

    Raises:
        QuotaExceeded: The receiver would have more than the quota allows.
    """
    if not await _has_tasks(transaction, sender):
        return 0
    owners = {owner: await _lock(transaction, owner, create=owner == receiver) for owner in sorted((sender, receiver))}
    given, own = owners[sender], owners[receiver]
    if given is None or own is None:  # erased since
        return 0
    Usage(quota, own["task_count"], own["task_bytes"]).add(given["task_count"], given["task_bytes"])
    await transaction.fetch(DELETE_TOMBSTONES, owner=sender)
    taken = await _uids(transaction, sender) & await _uids(transaction, receiver)
    given_to = {"receiver": receiver, "revision": own["revision"], "taken": list(taken)}
    moved = await transaction.fetch(MOVE_TASKS, owner=sender, **given_to)
    added = {"tasks": len(moved), "bytes": given["task_bytes"], "time_zone": given["time_zone"]}
    await transaction.fetch(RECEIVE_TASKS, owner=receiver, **added)
    await transaction.fetch(EXPIRE_SYNC_TOKENS, owner=sender)
    await transaction.fetch(NOTIFY_OWNERS, sender=_SENDER, owners=[sender, receiver])
    return len(moved)


async def _has_tasks(transaction: Transaction, owner: str) -> bool:
    """Return whether the owner has tasks, so that the receiver's row is not created for nothing."""
    usage = await transaction.fetch_row(USAGE, owner=owner)
    return usage is not None and usage["task_count"] > 0


async def _uids(transaction: Transaction, owner: str) -> set[UUID]:
    return {row["uid"] for row in await transaction.fetch(READ_UIDS, owner=owner)}


async def _lock(transaction: Transaction, owner: str, *, create: bool = False) -> Row | None:
    """Lock the owner's row, and read it; two owners must be locked in the order of their ids, to avoid deadlocks."""
    await transaction.fetch(LOCK_OR_CREATE_OWNER if create else LOCK_OWNER, owner=owner)
    return await transaction.fetch_row(USAGE, owner=owner)
