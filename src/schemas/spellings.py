"""The spellings that requests may use beside those of the contract: members, parameters and values (ADR 0041).

A name is also understood in any case and with or without `_` and `-`, so that `dueDate` needs no entry here.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, Any, NamedTuple, NoReturn, cast

from pydantic import BaseModel, TypeAdapter, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from src.schemas.name_list import list_names

MEMBERS = {
    "completed": ("is_completed", "complete", "is_complete", "done", "is_done"),
    "description": ("desc",),
    "due_date": ("due", "due_at", "due_on", "deadline"),
    "id": ("task_id",),
    "recurrence": ("rrule", "recurrence_rule"),
    "recurrence_tz": ("recurrence_time_zone",),
    "time_zone": ("tz",),
    "tz": ("time_zone",),
}
"""Other spellings of members of requests, by the name in the contract."""

PARAMETERS = {
    "category": ("categories",),
    "completed": ("is_completed", "complete", "is_complete", "done", "is_done"),
    "cursor": ("next_cursor",),
    "due_after": ("due_date_after",),
    "due_before": ("due_date_before",),
    "limit": ("page_size", "per_page", "take"),
    "offset": ("skip",),
    "order": ("sort_order", "order_direction", "order_dir", "direction", "sort_direction", "sort_dir"),
    "overdue": ("is_overdue",),
    "priority": ("priorities",),
    "search": ("q", "query", "keyword", "keywords", "search_query", "search_term", "search_text"),
    "sort": ("sort_by", "order_by", "sort_field", "sort_key"),
    "status": ("filter", "statuses"),
    "trashed": ("trash", "in_trash", "deleted", "is_deleted"),
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
    "uid",
    "user_id",
    "completed_at",
    "created_at",
    "updated_at",
    "deleted_at",
    "revision",
    "next_task",
)
"""Members that no change sets. Clients send whole objects back, so these are ignored and not reported."""


def spelling_key(name: str) -> str:
    """Reduce a name to what all its spellings have in common: `dueDate`, `Due-Date` and `due_date` to `duedate`."""
    return name.replace("_", "").replace("-", "").lower()


def index(names: Mapping[str, object], spellings: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Map each key of the spellings of these names to its name; the names themselves take precedence."""
    others = {spelling_key(each): name for name, listed in spellings.items() if name in names for each in listed}
    return others | {spelling_key(name): name for name in names}


_STATES = {spelling_key(each): state for state, names in ((True, COMPLETED), (False, PENDING)) for each in names}
_SORT_KEYS = index(SORT_KEYS | dict.fromkeys(("priority", "title", "relevance")), SORT_KEYS)


def priority_name(name: str) -> str:
    """Return the name of a priority for any of its spellings, and other text in lower case."""
    lower = name.lower()
    return PRIORITIES.get(lower, lower)


def status_name(name: object) -> object:
    """Return `completed`, `pending` or `all` for a spelling of it, and any other value unchanged."""
    if not isinstance(name, str):
        return name
    state = _STATES.get(spelling_key(name))
    return name.lower() if state is None else "completed" if state else "pending"


def sort_name(name: object) -> object:
    """Return the sort key for any of its spellings, `-` included, and any other value unchanged."""
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
    """All folded spellings that are not reported as unknown."""
    settable: frozenset[str]
    """The fields that are more than a circumstance of the request, as its time zone is."""
    needs_one: bool
    """Whether a body must have one of these, because none is required by itself."""


@cache
def _names(model: type[Spelled]) -> _Names:
    fields = model.__pydantic_fields__
    settable = frozenset(fields) - {"tz", "uid"}
    needs_one = bool(settable) and not any(field.is_required() for field in fields.values())
    spellings = member_spellings(model)
    known = _READ_ONLY | spellings.keys()
    return _Names(frozenset(fields), frozenset((*fields, *READ_ONLY)), spellings, known, settable, needs_one)


def member_spellings(model: type[BaseModel]) -> dict[str, str]:
    """Map each folded spelling of a model's members to the member."""
    fields = model.__pydantic_fields__
    return ({"status": "completed"} if "completed" in fields else {}) | index(fields, MEMBERS)


def is_spelling(spelling: str, name: str) -> bool:
    """Whether this is a spelling of the member of that name."""
    return spelling_key(spelling) in {
        spelling_key(name),
        *map(spelling_key, MEMBERS.get(name, ())),
        *(["status"] * (name == "completed")),
    }


def understood(members: object, model: type[Spelled]) -> object:
    """Rename the members of an object to the names of the contract; unknown ones stay unchanged.

    Raises:
        ValidationError: Two spellings of a member disagree, or none of the members is known.
    """
    names = _names(model)
    if not isinstance(members, dict) or members.keys() <= names.settable:
        return members
    if names.needs_one and not any(names.by_spelling.get(spelling_key(each)) in names.settable for each in members):
        settable = " or ".join(_in_order(name for name in model.__pydantic_fields__ if name in names.settable))
        _refuse("unknown_members", f"none of the members can be set ({list_names(members)}); send {settable}")
    return members if members.keys() <= names.of_responses else _renamed(members, model)


def _renamed(members: dict[str, Any], model: type[Spelled]) -> dict[str, Any]:
    names = _names(model)
    renamed: dict[str, Any] = {}
    sent: dict[str, dict[str, Any]] = {}
    for spelling, value in members.items():
        name = spelling if spelling in names.fields else names.by_spelling.get(spelling_key(spelling))
        if name is None:
            renamed[spelling] = value
        else:
            sent.setdefault(name, {})[spelling] = _value(name, spelling, value)
    before = [] if "completed_at" in names.fields else _states_before(members)
    return renamed | {name: _agreed(model, name, values, before) for name, values in sent.items()}


def unknown_members(members: object, model: type[Spelled] | None) -> Iterator[str]:
    """Yield the members of an object that are no spelling of the model's."""
    if model is None or not isinstance(members, dict):
        return iter(())
    names = _names(model)
    if members.keys() <= names.of_responses:
        return iter(())
    return (name for name in members if name not in names.of_responses and spelling_key(name) not in names.known)


_READ_ONLY = frozenset(map(spelling_key, READ_ONLY))


def _in_order(names: Iterable[str]) -> Iterator[str]:
    """List all names but the last with commas, for a sentence."""
    *first, last = (f"'{name}'" for name in names)
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


def _agreed(model: type[Spelled], name: str, values: dict[str, Any], before: list[bool]) -> Any:  # noqa: ANN401 - any JSON
    """Return the one value of all spellings.

    A client that sends a whole task back with one spelling of `completed` changed means the change.
    """
    if len(values) == 1 or agree(model, name, values.values()):
        return next(iter(values.values()))
    if name == "completed" and before and all(isinstance(_read(model, name, each), bool) for each in values.values()):
        return not before[0]
    return _refuse("spellings_disagree", f"{list_names(values, ' and ')} disagree; send only one of them", name)


def agree(model: type[BaseModel], name: str, values: Iterable[object]) -> bool:
    """Whether values of a field are one, as the model reads them: `"High"` and `"HIGH"`, `"true"` and 1."""
    first, *others = (_read(model, name, value) for value in values)
    return all(type(other) is type(first) and other == first for other in others)


def _read(model: type[BaseModel], name: str, value: object) -> object:
    try:
        return _adapter(model, name).validate_python(value)
    except ValidationError:
        return value


@cache
def _adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = model.__pydantic_fields__[name]
    return TypeAdapter(
        cast("Any", Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation)
    )


def _refuse(kind: str, message: str, *location: str) -> NoReturn:
    error = PydanticCustomError(cast("Any", kind), cast("Any", message))
    raise ValidationError.from_exception_data("request", [InitErrorDetails(type=error, loc=location, input=None)])
