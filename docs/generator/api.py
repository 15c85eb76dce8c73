"""Generate the page of the API from the OpenAPI snapshot."""

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final, NamedTuple

from docs.generator.json_schema import members, type_of
from docs.generator.markdown import one_line, table
from docs.generator.markdown import page as markdown_page
from docs.generator.root import ROOT

type Node = Mapping[str, Any]
"""A part of the document."""

_SNAPSHOT: Final = "specs/001-tasks/contracts/openapi.json"
_INTRODUCTION: Final = f"""
Every route except `/health` and `/ready` requires `Authorization: Bearer <token>`, and the user in the path must
be that of the token. `/api/tasks` and `/api/settings` are the same for the user of the token. The guides show
[tasks](../guides/tasks.md), [lists](../guides/lists.md), [bulks and retries](../guides/bulk-and-retries.md) and
[sync](../guides/offline-and-live.md) by example.

Generated from [the OpenAPI document](../../{_SNAPSHOT}), from which clients can be generated, too. A running
service shows it at `/docs`.
"""
_COMMON: Final = ("401", "403", "429", "503")
"""The errors of every route with a token, which only the introduction of a section names."""


class _Operation(NamedTuple):
    tag: str
    method: str
    path: str
    node: Node


def page() -> str:
    """Generate the page: a section for each route and for each schema."""
    document = json.loads((ROOT / _SNAPSHOT).read_text())
    routes = [
        part for tag, group in groupby(_operations(document), lambda each: each.tag) for part in _group(tag, group)
    ]
    schemas = (_schema(name, node) for name, node in document["components"]["schemas"].items())
    return markdown_page("API", _INTRODUCTION, *routes, "## Schemas", *schemas)


def _operations(document: Node) -> list[_Operation]:
    """Return the operations, those with the same tag together, in the order of the document."""
    found = [
        _Operation((node.get("tags") or ["other"])[0], method.upper(), path, node)
        for path, methods in document["paths"].items()
        for method, node in methods.items()
        if isinstance(node, dict)
    ]
    tags = list(dict.fromkeys(operation.tag for operation in found))
    return sorted(found, key=lambda operation: tags.index(operation.tag))


def _group(tag: str, operations: Iterator[_Operation]) -> Iterator[str]:
    yield f"## {tag.capitalize()}"
    yield from map(_route, operations)


def _route(operation: _Operation) -> str:
    node = operation.node
    parts = [
        f"### {node['summary'].capitalize()}",
        f"`{operation.method} {operation.path}`",
        node.get("description", ""),
        table(("Parameter", "In", "Type", "Meaning"), map(_parameter, node.get("parameters", []))),
        _body(node.get("requestBody", {})),
        table(("Status", "Body", "Meaning"), _responses(node["responses"])),
        f"Errors of every route: {', '.join(_COMMON)}." if set(_COMMON) <= set(node["responses"]) else "",
    ]
    return "\n\n".join(part.strip() for part in parts if part)


def _parameter(node: Node) -> tuple[str, ...]:
    name = f"`{node['name']}`" + (" (deprecated)" if node.get("deprecated") else "")
    return name, node["in"], type_of(node["schema"]), one_line(node.get("description", ""))


def _body(node: Node) -> str:
    content = _content(node)
    return f"Body{'' if node.get('required') else ' (optional)'}: {content}" if content else ""


def _responses(responses: Mapping[str, Node]) -> Iterator[tuple[str, ...]]:
    hidden = _COMMON if set(_COMMON) <= set(responses) else ()
    for status, node in sorted(responses.items()):
        if status not in hidden:
            yield status, _content(node), one_line(node.get("description", ""))


def _content(node: Node) -> str:
    kinds = dict.fromkeys(type_of(each.get("schema", {})) for each in node.get("content", {}).values())
    return " or ".join(filter(None, kinds))


def _schema(name: str, node: Node) -> str:
    rows = ((f"`{each.name}`", each.type, "yes" if each.required else "", each.meaning) for each in members(node))
    shown = table(("Member", "Type", "Required", "Meaning"), rows) or type_of(node)
    return "\n\n".join(filter(None, [f"### `{name}`", node.get("description", ""), shown]))
