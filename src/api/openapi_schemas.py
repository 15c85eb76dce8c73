"""The schemas of the OpenAPI document, changed so that what is generated from them reads well (ADR 0065)."""

import json
from typing import Any, get_args

from src.recurrence.next import Basis
from src.schemas.changes import ChangeName
from src.schemas.priority import PriorityName
from src.schemas.query import OrderName, SortName, StatusName, TagsMatch

type Schema = dict[str, Any]

_NAMES = {
    "Priority": PriorityName,
    "TaskStatus": StatusName,
    "TaskSort": SortName,
    "SortOrder": OrderName,
    "TagsMatch": TagsMatch,
    "RecurrenceBasis": Basis,
    "ChangeName": ChangeName,
}
_NAMED = {get_args(literal): name for name, literal in _NAMES.items()}
_SAME = {"NewTask": "TaskCreate", "Changes": "TaskUpdate"}
"""Schemas that differ from another one only in that unknown members are refused, which needs no second name."""

_REFERENCE = "#/components/schemas/"


def rewrite_components(schemas: dict[str, Schema]) -> dict[str, Schema]:
    """Rewrite the named schemas, and add those of the enumerations."""
    enumerations = {name: {"type": "string", "enum": list(values)} for values, name in _NAMED.items()}
    rewritten = {name: _without_defaults(rewrite(schema)) for name, schema in schemas.items() if name not in _SAME}
    return dict(sorted((enumerations | rewritten).items()))


def rewrite(schema: Schema) -> Schema:
    """Rewrite a schema: name its enumerations, merge null into its type, and leave out titles, which repeat names."""
    schema = {name: _rewrite_inside(name, value) for name, value in schema.items() if name != "title"}
    if name := _NAMED.get(tuple(schema.get("enum", ()))):
        schema = {"$ref": _REFERENCE + name} | _without(schema, "enum", "type")
    if name := _SAME.get(schema.get("$ref", "").removeprefix(_REFERENCE)):
        schema["$ref"] = _REFERENCE + name
    return _with_null_in_type(schema)


def without_null(schema: Schema) -> Schema:
    """Remove null, which no query and no header can send, from the schema of an optional parameter."""
    match schema:
        case {"type": [kind, "null"]}:
            return schema | {"type": kind}
        case {"anyOf": [dict() as choice, {"type": "null"}]}:
            return {**choice} | _without(schema, "anyOf")
    return schema


def _rewrite_inside(name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    match name, value:
        case ("properties", dict()):
            return {member: rewrite(schema) for member, schema in value.items()}
        case ("items" | "additionalProperties" | "contentSchema", dict()):
            return rewrite(value)
        case ("anyOf" | "oneOf" | "allOf", list()):
            return list(map(rewrite, value))
    return value


def _with_null_in_type(schema: Schema) -> Schema:
    match schema:
        case {"anyOf": [{"type": str() as kind} as choice, {"type": "null"}]}:
            return {**choice} | {"type": [kind, "null"]} | _without(schema, "anyOf")
    return schema


def _without_defaults(schema: Schema) -> Schema:
    """Say in words what the default of a member is, because generators take a member with a default for required."""
    if "properties" in schema:
        members = schema["properties"].items()
        schema["properties"] = {name: _default_in_words(member) for name, member in members}
    return schema


def _default_in_words(member: Schema) -> Schema:
    if "default" not in member:
        return member
    words = f"By default `{json.dumps(member['default'])}`."
    description = f"{member['description']} {words}" if "description" in member else words
    return _without(member, "default") | {"description": description}


def _without(schema: Schema, *names: str) -> Schema:
    return {name: value for name, value in schema.items() if name not in names}
