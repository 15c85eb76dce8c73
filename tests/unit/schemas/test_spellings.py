"""Spellings of names, for any name, any casing and any garbage."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from src.api.query_names import understand
from src.schemas.operations import Bulk
from src.schemas.query import TaskQuery
from src.schemas.spellings import MEMBERS, PARAMETERS, unknown_members
from src.schemas.task import TaskCompletion, TaskCreate, TaskUpdate

NAMES = frozenset(TaskQuery.model_fields)
LONG = sorted(name for name in NAMES if len(name.replace("_", "")) >= 4)
ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=12), children, max_size=3),
    max_leaves=6,
)
SPELLED = st.sampled_from([*MEMBERS, *(other for others in MEMBERS.values() for other in others), "status", "title"])


def camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def cases(name: str) -> set[str]:
    """Return a name in the cases that programming languages have for names."""
    camel = camel_case(name)
    pascal = camel[:1].upper() + camel[1:]
    return {name, camel, pascal, name.upper(), name.replace("_", "-"), name.replace("_", ""), name.title()}


@pytest.mark.req("TASK-FR-210")
@pytest.mark.parametrize("model", [TaskCreate, TaskUpdate, TaskCompletion])
def test_members_are_understood_in_every_case(model: type[TaskCreate | TaskUpdate | TaskCompletion]) -> None:
    for name in model.model_fields:
        for spelling in {each for own in (name, *MEMBERS.get(name, ())) for each in cases(own)}:
            assert [*unknown_members({spelling: 1}, model)] == []
            try:
                model.model_validate({spelling: None})
            except ValidationError as error:
                alone = () if name in {"tz", "uid"} else (name,)  # no change sets these
                assert {each["loc"] for each in error.errors()} <= {alone, (name,), ("title",)}  # noqa: PT017 - valid where null is


@pytest.mark.req("TASK-FR-218")
def test_parameters_are_understood_in_every_case() -> None:
    for name in NAMES:
        for spelling in {each for own in (name, *PARAMETERS.get(name, ())) for each in cases(own)}:
            understood = understand(f"{spelling}=x".encode(), NAMES, None)
            assert parse_qsl(understood.query_string.decode()) == [(name, "x")], spelling
            assert (understood.unknown, understood.errors) == ((), ())


@st.composite
def edited(draw: st.DrawFn) -> str:
    """Generate a known name of at least four letters with one edit: a letter removed, added, replaced or swapped."""
    name = draw(st.sampled_from(LONG))
    at = draw(st.integers(0, len(name) - 1))
    letter = draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    edits = [name[:at] + name[at + 1 :], name[:at] + letter + name[at:], name[:at] + letter + name[at + 1 :]]
    edits.append(name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :])
    return draw(st.sampled_from(edits))


@pytest.mark.req("TASK-FR-219")
@given(edited())
def test_a_name_with_one_edit_is_never_ignored(name: str) -> None:
    understood = understand(urlencode({name: "x"}).encode(), NAMES, None)
    assert understood.errors or not understood.unknown


@pytest.mark.req("TASK-FR-219")
@pytest.mark.parametrize(
    "name", ["_", "t", "v", "ts", "r", "id", "user", "color", "lang", "format", "fields", "include"]
)
def test_names_of_other_purposes_are_ignored(name: str) -> None:
    understood = understand(f"{name}=1".encode(), NAMES, None)
    assert (understood.unknown, understood.errors) == ((name,), ())


@pytest.mark.req("TASK-FR-091", "TASK-FR-218")
@given(st.binary(max_size=60))
def test_any_query_string_is_understood_or_unknown(query_string: bytes) -> None:
    understood = understand(query_string, NAMES, None)
    again = understand(understood.query_string, NAMES, None)
    assert (again.query_string, again.unknown) == (understood.query_string, understood.unknown)


@pytest.mark.req("TASK-FR-210", "TASK-FR-213", "TASK-FR-214")
@given(st.dictionaries(SPELLED | st.text(max_size=12), ANY_JSON, max_size=5))
def test_any_object_is_valid_or_refused(members: dict[str, Any]) -> None:
    operations = {"operations": [{"op": "update", "id": 1, "changes": members}], **members}
    for model, body in ((TaskCreate, members), (TaskUpdate, members), (TaskCompletion, members), (Bulk, operations)):
        try:
            model.model_validate(body)
        except ValidationError as error:
            assert error.errors(include_input=False)  # noqa: PT017 - valid objects are, too
