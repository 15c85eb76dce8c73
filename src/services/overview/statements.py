"""Statements that count tasks and tags. Each reads only the rows of one owner."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Subquery, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlmodel import col

from src.db.statement import Statement
from src.models import TASKS, TaskRow
from src.schemas.priority import PRIORITIES
from src.services.lists.filters import is_due, is_in_trash, is_overdue
from src.services.owner import HIDDEN_OWNER

_is_owned = col(TaskRow.user_id) == HIDDEN_OWNER
_is_listed = col(TaskRow.deleted_at).is_(None)
_is_open = _is_listed & col(TaskRow.completed_at).is_(None)
_is_due_today = is_due("after", "after_day", before=False) & is_due("before", "before_day", before=True)


def _labels(label: ColumnElement[str], key: ColumnElement[str], *conditions: ColumnElement[bool]) -> Subquery:
    """Group labels by their keys; the spelling is that of the task that changed last."""
    uses = (
        select(label.label("label"), key.label("key"), col(TaskRow.revision))
        .where(_is_owned, _is_listed, *conditions)
        .subquery("uses")
    )
    # Group by spelling first, because there are few: sorting all uses would take a hundred times as long.
    spelling = (uses.c.label, uses.c.key, func.max(uses.c.revision).label("revision"), func.count().label("count"))
    spellings = select(*spelling).group_by(uses.c.label, uses.c.key).subquery("spellings")
    last = aggregate_order_by(spellings.c.label, spellings.c.revision.desc(), spellings.c.label)
    label = func.array_agg(last, type_=ARRAY(Text))[1].label("label")
    count = cast(func.sum(spellings.c.count), BigInteger).label("count")
    return select(spellings.c.key, label, count).group_by(spellings.c.key).subquery("labels")


def _tags() -> Subquery:
    return _labels(func.unnest(col(TaskRow.tags)), func.unnest(col(TaskRow.tag_keys)))


def _categories() -> Subquery:
    return _labels(TASKS.c.category, TASKS.c.category_key, TASKS.c.category.is_not(None))


def _counts_by_label(labels: Subquery) -> ColumnElement[Any]:
    counts = aggregate_order_by(labels.c.count, labels.c.count.desc(), labels.c.key)
    by_label = func.json_object_agg(labels.c.label, counts)
    return select(func.coalesce(by_label, literal_column("'{}'::json"))).scalar_subquery()


def _count_tags() -> Statement:
    tags = _tags()
    tag = func.json_build_object(literal_column("'tag'"), tags.c.label, literal_column("'count'"), tags.c.count)
    listed = func.json_agg(aggregate_order_by(tag, tags.c.count.desc(), tags.c.key))
    json = cast(func.coalesce(listed, literal_column("'[]'::json")), Text).label("json")
    return Statement(select(json, func.count().label("count")).select_from(tags))


def _count_tasks() -> Statement:
    counts: dict[str, ColumnElement[Any]] = {
        "total": _count(_is_listed),
        "pending": _count(_is_open),
        "completed": _count(_is_listed & col(TaskRow.completed_at).is_not(None)),
        "overdue": _count(_is_open & is_overdue),
        "due_today": _count(_is_open & _is_due_today),
        "trashed": _count(is_in_trash),
        "by_priority": _object({name: _count(_has_priority(number)) for number, name in enumerate(PRIORITIES)}),
        "by_category": _counts_by_label(_categories()),
        "by_tag": _counts_by_label(_tags()),
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
