"""The spellings that requests may use beside those of the contract: members, parameters and values (ADR 0041).

A name is also understood in any case and with or without `_` and `-`, so that `dueDate` needs no entry here.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, NoReturn, cast

from pydantic import BaseModel, TypeAdapter, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

MEMBERS = {
    "completed": ("is_completed", "complete", "is_complete", "done", "is_done"),
    "description": ("desc",),
    "due_date": ("due", "due_at", "due_on", "deadline"),
    "id": ("task_id",),
    "recurrence": ("rrule", "recurrence_rule"),
    "recurrence_tz": ("recurrence_time_zone",),
    "tz": ("time_zone",),
}
"""Other spellings of members of requests, by the name in the contract."""

PARAMETERS = {
    "completed": ("is_completed", "complete", "is_complete", "done", "is_done"),
    "cursor": ("next_cursor",),
    "limit": ("page_size", "per_page", "take"),
    "order": ("direction", "sort_direction", "sort_dir"),
    "priority": ("priorities",),
    "search": ("query", "keyword", "search_query", "search_term"),
    "sort": ("order_by", "sort_field", "sort_key"),
    "status": ("status_filter", "filter", "filter_status"),
    "tz": ("time_zone",),
}
"""Other spellings of query parameters, by the name in the contract."""

PRIORITIES = {"critical": "urgent", "highest": "urgent", "normal": "medium", "med": "medium"}
COMPLETED = ("completed", "complete", "done", "finished")
PENDING = ("pending", "incomplete", "active", "open", "todo", "not_completed", "uncompleted")
SORT_KEYS = {
    "completed": ("status", "is_completed", "done"),
    "created_at": ("created", "date_created"),
    "due_date": ("due", "deadline"),
    "updated_at": ("updated", "modified", "last_modified"),
}

READ_ONLY = (
    "id",
    "user_id",
    "completed_at",
    "created_at",
    "updated_at",
    "deleted_at",
    "revision",
    "next_task",
)
"""Members that only the API sets. Clients send whole objects back, so these are ignored and not reported."""


def spelling_key(name: str) -> str:
    """Reduce a name to what all its spellings have in common: `dueDate`, `Due-Date` and `due_date` to `duedate`."""
    return name.replace("_", "").replace("-", "").lower()


def index(names: Mapping[str, object], spellings: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Map each key of the spellings of these names to its name; the names themselves take precedence."""
    others = {spelling_key(each): name for name, listed in spellings.items() if name in names for each in listed}
    return others | {spelling_key(name): name for name in names}


_STATES = {spelling_key(each): state for state, names in ((True, COMPLETED), (False, PENDING)) for each in names}
_SORT_KEYS = index(SORT_KEYS | dict.fromkeys(("priority", "title", "relevance")), SORT_KEYS)
_BOOL = TypeAdapter(bool)


def priority_name(name: str) -> str:
    """Return the name of a priority for any of its spellings, and other text in lower case."""
    lower = name.lower()
    return PRIORITIES.get(lower, lower)


def status_name(name: object) -> object:
    """Return `completed`, `pending` or `all` for a spelling of it, and any other value as it is."""
    if not isinstance(name, str):
        return name
    state = _STATES.get(spelling_key(name))
    return name.lower() if state is None else "completed" if state else "pending"


def sort_name(name: object) -> object:
    """Return the sort key for any of its spellings, `-` included, and any other value as it is."""
    if not isinstance(name, str):
        return name
    key = name.removeprefix("-")
    known = None if key.startswith("-") else _SORT_KEYS.get(spelling_key(key))
    return name.lower() if known is None else name[: -len(key)] + known


class Spelled(BaseModel):
    """A request's object, whose members may have any of their spellings.

    The check of names is a comparison of sets; only an object with another spelling, or an unknown member, takes more.
    """

    @model_validator(mode="before")
    @classmethod
    def _understand(cls, members: object) -> object:
        return understood(members, cls)


class _Names(NamedTuple):
    """The names of a model's members in all their spellings."""

    fields: frozenset[str]
    of_responses: frozenset[str]
    """The fields, and the members of responses that only the API sets."""
    by_spelling: dict[str, str]
    """The fields by the key of their spellings."""
    known: frozenset[str]
    """The keys of all spellings that are not reported as unknown."""
    needs_one: bool
    """Whether a body must have one of the members, because none is required by itself."""


@cache
def _names(model: type[Spelled]) -> _Names:
    fields = model.__pydantic_fields__
    needs_one = not any(field.is_required() for field in fields.values())
    status = {"status": "completed"} if "completed" in fields else {}
    spellings = status | index(fields, MEMBERS)
    known = _READ_ONLY | spellings.keys()
    return _Names(frozenset(fields), frozenset((*fields, *READ_ONLY)), spellings, known, needs_one)


def understood(members: object, model: type[Spelled]) -> object:
    """Rename the members of an object to the names of the contract; unknown ones stay as they are.

    Raises:
        ValidationError: Two spellings of a member disagree, or none of the members is known.
    """
    if not isinstance(members, dict) or members.keys() <= model.__pydantic_fields__.keys():
        return members
    names = _names(model)
    if names.needs_one and names.by_spelling.keys().isdisjoint(map(spelling_key, members)):
        _refuse("unknown_members", f"none of the members can be set; send {' or '.join(_in_order(model))}")
    return members if members.keys() <= names.of_responses else _renamed(members, names)


def _renamed(members: dict[str, Any], names: _Names) -> dict[str, Any]:
    renamed: dict[str, Any] = {}
    sent: dict[str, dict[str, Any]] = {}
    for spelling, value in members.items():
        name = spelling if spelling in names.fields else names.by_spelling.get(spelling_key(spelling))
        if name is None:
            renamed[spelling] = value
        else:
            sent.setdefault(name, {})[spelling] = _value(name, spelling, value)
    before = [] if "completed_at" in names.fields else _states_before(members)
    return renamed | {name: _agreed(name, values, before) for name, values in sent.items()}


def unknown_members(members: object, model: type[Spelled] | None) -> Iterator[str]:
    """Yield the members of an object that are no spelling of the model's."""
    if model is None or not isinstance(members, dict):
        return iter(())
    names = _names(model)
    if members.keys() <= names.of_responses:
        return iter(())
    return (name for name in members if name not in names.of_responses and spelling_key(name) not in names.known)


_READ_ONLY = frozenset(map(spelling_key, READ_ONLY))


def _in_order(model: type[Spelled]) -> Iterator[str]:
    """List all members but the last with commas, for a sentence."""
    *first, last = (f"'{name}'" for name in model.__pydantic_fields__)
    return (each for each in (", ".join(first), last) if each)


def _value(name: str, spelling: str, value: object) -> object:
    """Read `"status": "completed"` as a value of `completed`."""
    if name != "completed" or spelling_key(spelling) != "status":
        return value
    state = _STATES.get(spelling_key(value)) if isinstance(value, str) else None
    if state is None:
        _refuse("status", "must be 'pending' or 'completed'", spelling)
    return state


def _states_before(members: dict[str, Any]) -> list[bool]:
    """Derive from `completed_at` whether the task was completed when the client read it; empty without that member."""
    return [value is not None for name, value in members.items() if spelling_key(name) == "completedat"]


def _agreed(name: str, values: dict[str, Any], before: list[bool]) -> Any:  # noqa: ANN401 - any JSON
    """Return the one value of all spellings.

    A client that sends a whole task back with one spelling of `completed` changed means the change.
    """
    first, *others = (_comparable(name, value) for value in values.values())
    if all(type(other) is type(first) and other == first for other in others):
        return next(iter(values.values()))
    if name == "completed" and before and all(isinstance(each, bool) for each in (first, *others)):
        return not before[0]
    return _refuse("spellings_disagree", f"{' and '.join(values)} disagree; send only one of them", name)


def _comparable(name: str, value: object) -> object:
    """Read `"true"` and 1 as true, as the member is validated."""
    if name != "completed":
        return value
    try:
        return _BOOL.validate_python(value)
    except ValidationError:
        return value


def _refuse(kind: str, message: str, *location: str) -> NoReturn:
    error = PydanticCustomError(cast("Any", kind), cast("Any", message))
    raise ValidationError.from_exception_data("request", [InitErrorDetails(type=error, loc=location, input=None)])
