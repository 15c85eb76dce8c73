"""The statements on the answers that are kept for requests with an idempotency key."""

from typing import Any

from sqlalchemy import (
    LargeBinary,
    SmallInteger,
    Text,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from src.db.statement import Statement
from src.models import IdempotencyRecord
from src.services.owner import OWNER

_key = bindparam("key", type_=Text)
is_expired = col(IdempotencyRecord.created_at) <= func.now() - literal_column("interval '24 hours'")


def _find_answer() -> Statement:
    """Whether no request with this key is in progress, and what was answered to the first one.

    The lock lasts until the end of the transaction, also through a pooler. The answer is looked for as of a moment
    before the lock was taken: what another transaction kept between the two is found by `KEEP_ANSWER`, or by looking
    again where the request is refused because it had been done.
    """
    name = OWNER.concat(literal_column(r"E'\n'")).concat(_key)
    is_alone = func.pg_try_advisory_xact_lock(func.hashtextextended(name, literal_column("0"))).label("is_alone")
    lock = select(is_alone).subquery("lock")
    answer = (
        select(
            col(IdempotencyRecord.fingerprint),
            col(IdempotencyRecord.status),
            col(IdempotencyRecord.headers),
            col(IdempotencyRecord.body),
        )
        .where(col(IdempotencyRecord.user_id) == OWNER, col(IdempotencyRecord.key) == _key, ~is_expired)
        .subquery("answer")
    )
    return Statement(select(*lock.c, *answer.c).select_from(lock).outerjoin(answer, true()))


def _keep_answer() -> Statement:
    """Nothing is returned where there is an answer already that is not old."""
    kept: dict[str, Any] = {
        "fingerprint": bindparam("fingerprint", type_=LargeBinary),
        "status": bindparam("status", type_=SmallInteger),
        "headers": bindparam("headers", type_=Text),
        "body": bindparam("body", type_=Text),
        "created_at": func.now(),
    }
    new = insert(IdempotencyRecord).values(user_id=OWNER, key=_key, **kept)
    replaced = {name: new.excluded[name] for name in kept}
    primary_key = [col(IdempotencyRecord.user_id), col(IdempotencyRecord.key)]
    return Statement(
        new.on_conflict_do_update(index_elements=primary_key, set_=replaced, where=is_expired).returning(
            col(IdempotencyRecord.key)
        )
    )


FIND_ANSWER = _find_answer()
KEEP_ANSWER = _keep_answer()
