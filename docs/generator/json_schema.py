"""Describe a JSON schema in words."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from docs.generator.markdown import one_line

type Node = Mapping[str, Any]

_LIMITS: Final = {
    "minLength": "length from {}",
    "maxLength": "length up to {}",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "minimum": "from {}",
    "maximum": "up to {}",
    "default": "default {}",
}


class Member(NamedTuple):
    """A member of an object."""

    name: str
    type: str
    required: bool
    meaning: str


def members(schema: Node) -> Iterator[Member]:
    """Yield the members of an object."""
    required = schema.get("required", [])
    for name, node in schema.get("properties", {}).items():
        yield Member(name, type_of(node), name in required, one_line(node.get("description", "")))


def type_of(schema: Node) -> str:
    """Return the type, its limits and its default; of a schema with a name, a link to it."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[`{name}`](#{name.lower()})"
    limits = [text.format(_value(schema[key])) for key, text in _LIMITS.items() if key in schema]
    return ", ".join(filter(None, [_kind(schema), *limits]))


def _kind(schema: Node) -> str:
    alternatives = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if alternatives:
        return " or ".join(dict.fromkeys(map(type_of, alternatives)))
    if "enum" in schema or "const" in schema:
        return ", ".join(_value(each) for each in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"array of {type_of(schema.get('items', {})) or 'values'}"
    kinds = schema.get("type", "")
    kind = " or ".join(kinds) if isinstance(kinds, list) else kinds
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _value(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:.0f}" if is_number else f"`{json.dumps(value)}`"
