"""The JSON Schemas of tools, made of the Pydantic models and as short as agents and their hosts need them."""

from typing import Any, Literal

from pydantic import BaseModel

type Schema = dict[str, Any]

_OMITTED = frozenset({"tz", "uid", "recurrence_tz", "created_at", "completed_at"})
"""Members of tasks that agents need not send: the call has a `tz`, and the dates are for imports."""
_NOISE = frozenset({"title", "pattern", "examples", "format"})
"""Members that repeat names or say nothing, and formats, because some hosts refuse all tools with an unknown one."""
_EMPTY: tuple[object, ...] = (None, "", [])


def arguments_schema(model: type[BaseModel]) -> Schema:
    """Return the schema of arguments; those that are optional are left out instead of null."""
    schema = _read(model, "validation", _OMITTED)
    schema["properties"] = {name: _without_null(each) for name, each in schema.get("properties", {}).items()}
    return schema


def result_schema(model: type[BaseModel]) -> Schema:
    """Return the schema of a result."""
    return _read(model, "serialization", frozenset())


def _read(model: type[BaseModel], mode: Literal["validation", "serialization"], omitted: frozenset[str]) -> Schema:
    schema = model.model_json_schema(mode=mode)
    definitions = schema.pop("$defs", {})
    for each in definitions.values():
        each["properties"] = {name: value for name, value in each.get("properties", {}).items() if name not in omitted}
    return _reduced(schema, definitions)


def _reduced(schema: Schema, definitions: Schema) -> Schema:
    """Replace references by what they refer to, and leave out what repeats names or says nothing."""
    if "$ref" in schema:
        return _reduced(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    members = ((name, _inside(name, value, definitions)) for name, value in schema.items() if name not in _NOISE)
    return _with_null_in_type({name: value for name, value in members if name != "default" or value not in _EMPTY})


def _inside(name: str, value: Any, definitions: Schema) -> Any:  # noqa: ANN401 - any JSON
    match name, value:
        case ("properties", dict()):
            return {member: _reduced(schema, definitions) for member, schema in value.items()}
        case (_, dict()):
            return _reduced(value, definitions)
        case ("anyOf" | "oneOf", list()):
            return [_reduced(schema, definitions) for schema in value]
    return value


def _without_null(schema: Schema) -> Schema:
    match schema:
        case {"type": [kind, "null"]}:
            return schema | {"type": kind}
    return schema


def _with_null_in_type(schema: Schema) -> Schema:
    """Write "or null" shorter; not for enumerations, because some hosts refuse null in them."""
    match schema:
        case {"anyOf": [{"type": str() as kind} as choice, {"type": "null"}]}:
            others = {name: value for name, value in schema.items() if name != "anyOf"}
            return {**choice, **others, "type": kind if "enum" in choice else [kind, "null"]}
    return schema
