"""Does what a request with an idempotency key asks for once, and answers every repetition as the first time."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from src.db.database import Database
from src.db.transaction import Transaction
from src.errors import AppError
from src.services.answer_statements import FIND_ANSWER, KEEP_ANSWER
from src.services.owner import OwnerId
from src.services.task_service import TaskService


class RequestInProgress(AppError):
    """The first request with this idempotency key is not through yet."""

    status = 409
    slug = "request-in-progress"
    title = "Request in progress"
    detail = "A request with this idempotency key is in progress; try again in a moment."
    retry_after = 1


class IdempotencyKeyReused(AppError):
    """Another request has had this idempotency key."""

    status = 422
    slug = "idempotency-key-reused"
    title = "Idempotency key reused"
    detail = "This idempotency key belongs to another request; take a new key for each request."

    @property
    def members(self) -> dict[str, object]:
        """As for every other part of a request that is wrong."""
        return {"errors": [{"field": "Idempotency-Key", "message": self.detail, "type": "idempotency_key_reused"}]}


class Answer(NamedTuple):
    """What a client was told. What stands in it is the caller's business."""

    status: int
    headers: str
    body: str


class Repetition(NamedTuple):
    """An answer, and whether it had been given before."""

    answer: Answer
    is_replay: bool


class AnswerService:
    """The answers to one owner's requests with a key. They are kept for 24 hours; older ones count for nothing.

    Every method raises `ServiceUnavailable` where the database is out of reach.
    """

    def __init__(self, database: Database, owner: OwnerId, announce: Callable[[OwnerId], None]) -> None:
        self._database = database
        self._owner = owner
        self._announce = announce

    async def once(self, key: str, fingerprint: bytes, act: Callable[[TaskService], Awaitable[Answer]]) -> Repetition:
        """What `act` answers the first time; whatever it changes and its answer are committed together.

        An answer is kept only if something was changed, and what raises changes nothing: it may be tried again.

        Raises:
            IdempotencyKeyReused: The first request with this key had another fingerprint.
            RequestInProgress: The first one is not through yet.
        """
        changed: list[OwnerId] = []
        async with self._database.transaction(self._owner) as transaction:
            known = await self._find(transaction, key, fingerprint)
            try:
                answer = known or await act(TaskService(transaction, self._owner, changed.append))
            except AppError:
                known = await self._find(transaction, key, fingerprint)  # kept since the first look
                if known is None:
                    raise
                answer = known
            if changed:
                await self._keep(transaction, key, fingerprint, answer)
        if changed:
            self._announce(self._owner)
        return Repetition(answer, is_replay=known is not None)

    async def _find(self, transaction: Transaction, key: str, fingerprint: bytes) -> Answer | None:
        found = await transaction.fetch_row(FIND_ANSWER, owner=self._owner, key=key)
        if found is None or not found["is_alone"]:
            raise RequestInProgress
        if found["fingerprint"] not in {None, fingerprint}:
            raise IdempotencyKeyReused
        return Answer(found["status"], found["headers"], found["body"]) if found["fingerprint"] else None

    async def _keep(self, transaction: Transaction, key: str, fingerprint: bytes, answer: Answer) -> None:
        values = {"key": key, "fingerprint": fingerprint, **answer._asdict()}
        if await transaction.fetch_row(KEEP_ANSWER, owner=self._owner, **values) is None:
            raise RequestInProgress  # it was, until a moment ago
