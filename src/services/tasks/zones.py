"""Apply the time zone of a request to the members of a task: to a local due date, and to a rule without a zone."""

from collections.abc import Mapping
from typing import Any

from src.errors.invalid import TimeZoneUnknown
from src.recurrence.rule import parse_rule
from src.schemas.due_date import is_day, is_in_utc, is_local_time, to_instant
from src.services.settings.service import NamedZone
from src.services.tasks.columns import Columns


def needs_zone(members: Columns) -> bool:
    """Whether the time zone of the request decides what is stored for these members."""
    return _is_local(members) or _lacks_zone(members)


def may_set_rule(members: Columns) -> bool:
    """Whether a change sets a rule whose time zone depends on members of the task that the change does not have."""
    due = members.get("due_date", "")
    has_time = due is not None and not is_day(due)
    return members.get("recurrence") is not None and members.get("recurrence_tz") is None and has_time


def zone_in_body(members: Columns, tz: str | None) -> str | None:
    """Return the time zone that a body names: its `tz`, or else that of its rule."""
    return tz or members.get("recurrence_tz")


def in_zone(members: Columns, tz: str | None, zone: NamedZone, task: Mapping[str, Any] | None = None) -> Columns:
    """Convert a local due date to an instant, and give a rule on an instant its time zone.

    Args:
        members: The members that are sent.
        tz: The member `tz` of the body, which is not stored.
        zone: Finds the time zone if the body does not name one.
        task: The columns of the task that these members change; None for a new one.

    Raises:
        TimeZoneUnknown: No time zone is known, and the due date or the rule depends on it.
    """
    named = zone_in_body(members, tz)
    values = members | _instant(members, named or zone()) if _is_local(members) else members
    after = {**(task or {}), **values}
    if "recurrence" not in members or not _lacks_zone(after) or not _is_changed(after, task):
        return values
    known = named or zone()
    if known is None and is_in_utc(after["due_date"]) and parse_rule(after["recurrence"]).depends_on_zone:
        raise TimeZoneUnknown("recurrence", "'recurrence_tz'")
    return values | rule_zone(after, known)


def rule_zone(task: Mapping[str, Any], zone: str | None) -> Columns:
    """Return the `recurrence_tz` of a rule on an instant that has none; days have none, as they recur in all zones."""
    return {"recurrence_tz": zone} if zone is not None and _lacks_zone(task) else {}


def _instant(members: Columns, zone: str | None) -> Columns:
    if zone is None:
        raise TimeZoneUnknown("due_date")
    return {"due_date": to_instant(members["due_date"], zone)}


def _is_local(members: Columns) -> bool:
    due = members.get("due_date")
    return due is not None and is_local_time(due)


def _lacks_zone(task: Mapping[str, Any]) -> bool:
    if task.get("recurrence") is None or task.get("recurrence_tz") is not None:
        return False
    due = task.get("due_date")
    return due is not None and not is_day(due)


def _is_changed(after: Mapping[str, Any], task: Mapping[str, Any] | None) -> bool:
    """Whether the rule or the due date is another one, not the same that a client sends back."""
    return task is None or any(after[name] != task[name] for name in ("recurrence", "due_date"))
