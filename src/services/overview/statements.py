"""Statements that count tasks and tags. Each reads only the rows of one owner."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Subquery, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlmodel import col

from src.db.statement import Statement
from src.models import TaskRow
from src.schemas.priority import PRIORITIES
from src.services.lists.filters import is_due, is_in_trash, is_overdue
from src.services.owner import HIDDEN_OWNER

_is_owned = col(TaskRow.user_id) == HIDDEN_OWNER
_is_listed = col(TaskRow.deleted_at).is_(None)
_is_open = _is_listed & col(TaskRow.completed_at).is_(None)
_is_due_today = is_due("after", "after_day", before=False) & is_due("before", "before_day", before=True)


def _tags() -> Subquery:
    """Group tags regardless of case; the spelling is that of the task that changed last."""
    uses = (
        select(
            func.unnest(col(TaskRow.tags)).label("tag"),
            func.unnest(col(TaskRow.tag_keys)).label("key"),
            col(TaskRow.revision),
        )
        .where(_is_owned, _is_listed)
        .subquery("uses")
    )
    # Group by spelling first, because there are few: sorting all uses would take a hundred times as long.
    spelling = (uses.c.tag, uses.c.key, func.max(uses.c.revision).label("revision"), func.count().label("count"))
    spellings = select(*spelling).group_by(uses.c.tag, uses.c.key).subquery("spellings")
    last = aggregate_order_by(spellings.c.tag, spellings.c.revision.desc(), spellings.c.tag)
    tag = func.array_agg(last, type_=ARRAY(Text))[1].label("tag")
    count = cast(func.sum(spellings.c.count), BigInteger).label("count")
    return select(spellings.c.key, tag, count).group_by(spellings.c.key).subquery("tags")


def _count_tags() -> Statement:
    tags = _tags()
    tag = func.json_build_object(literal_column("'tag'"), tags.c.tag, literal_column("'count'"), tags.c.count)
    listed = func.json_agg(aggregate_order_by(tag, tags.c.count.desc(), tags.c.key))
    json = cast(func.coalesce(listed, literal_column("'[]'::json")), Text).label("json")
    return Statement(select(json, func.count().label("count")).select_from(tags))


def _count_tasks() -> Statement:
    tags = _tags()
    by_tag = func.json_object_agg(tags.c.tag, aggregate_order_by(tags.c.count, tags.c.count.desc(), tags.c.key))
    counts: dict[str, ColumnElement[Any]] = {
        "total": _count(_is_listed),
        "pending": _count(_is_open),
        "completed": _count(_is_listed & col(TaskRow.completed_at).is_not(None)),
        "overdue": _count(_is_open & is_overdue),
        "due_today": _count(_is_open & _is_due_today),
        "trashed": _count(is_in_trash),
        "by_priority": _object({name: _count(_has_priority(number)) for number, name in enumerate(PRIORITIES)}),
        "by_tag": select(func.coalesce(by_tag, literal_column("'{}'::json"))).scalar_subquery(),
    }
    return Statement(select(cast(_object(counts), Text).label("json")).where(_is_owned))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def _has_priority(number: int) -> ColumnElement[bool]:
    return _is_listed & (col(TaskRow.priority) == literal_column(str(number)))


def _object(members: dict[str, ColumnElement[Any]]) -> ColumnElement[Any]:
    pairs = [each for name, value in members.items() for each in (literal_column(f"'{name}'"), value)]
    return func.json_build_object(*pairs)


COUNT_TASKS = _count_tasks()
COUNT_TAGS = _count_tags()
