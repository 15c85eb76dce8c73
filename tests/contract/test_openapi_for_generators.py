"""The OpenAPI document is one from which generators make code that reads well."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from fastapi import FastAPI

from src.errors.base import AppError
from src.schemas.problems import Problem
from src.server.errors import InvalidHttp

_OF_THE_FRAMEWORK = {"bad-request", "method-not-allowed", "unsupported-media-type", "invalid-request", "internal-error"}


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def _schemas(node: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object of the document with its path, but for the examples."""
    if isinstance(node, dict):
        yield path, node
        for name, value in node.items():
            if name not in {"example", "examples"}:
                yield from _schemas(value, f"{path}/{name}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _schemas(value, f"{path}/{index}")


@pytest.mark.req("HTTP-FR-080")
def test_members_with_a_default_are_optional_and_say_it_in_words(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        members = schema.get("properties", {})
        assert not [member for member, value in members.items() if "default" in value], name
    assert document["components"]["schemas"]["TaskCreate"]["required"] == ["title"]
    priority = document["components"]["schemas"]["TaskCreate"]["properties"]["priority"]
    assert priority["description"].endswith('By default `"medium"`.')


@pytest.mark.req("HTTP-FR-081")
def test_enumerations_of_several_places_have_a_name(document: dict[str, Any]) -> None:
    places: dict[tuple[str, ...], set[str]] = {}
    for path, schema in _schemas(document):
        if isinstance(schema.get("enum"), list):
            places.setdefault(tuple(schema["enum"]), set()).add(path)
    assert {values: paths for values, paths in places.items() if len(paths) > 1} == {}
    assert {"Priority", "TaskStatus", "ChangeName"} <= document["components"]["schemas"].keys()


@pytest.mark.req("HTTP-FR-082")
def test_no_union_has_a_type_twice_or_null_beside_one_type(document: dict[str, Any]) -> None:
    for path, schema in _schemas(document):
        types = [each.get("type") for each in schema.get("anyOf", [])]
        assert len(types) == len(set(types) - {None}) + types.count(None), path
        assert len(types) != 2 or "null" not in types or None in types, path


@pytest.mark.req("HTTP-FR-083")
def test_every_error_has_its_type_in_one_problem(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    union = [schemas[each["$ref"].rpartition("/")[2]] for each in schemas["Problem"]["anyOf"]]
    assert len(union) == len(get_args(Problem.__value__))
    types = [each.get("enum", [each.get("const")]) for each in (one["properties"]["type"] for one in union)]
    named = [name for one in types for name in one]
    assert InvalidHttp in AppError.__subclasses__()
    slugs = {error.slug for error in _subclasses(AppError) if hasattr(error, "slug")} | _OF_THE_FRAMEWORK
    assert sorted(named) == sorted(f"urn:problem-type:{slug}" for slug in slugs)


def _subclasses(parent: type[AppError]) -> Iterator[type[AppError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)


@pytest.mark.req("HTTP-FR-084")
def test_one_thing_has_one_schema(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas.keys() & {"NewTask", "Changes"} == set()
    references = {schema["$ref"].rpartition("/")[2] for _, schema in _schemas(document) if "$ref" in schema}
    assert references == schemas.keys()
    assert not [path for path, schema in _schemas(schemas) if isinstance(schema.get("title"), str)]


@pytest.mark.req("HTTP-FR-085")
def test_parameters_that_repeat_others_are_deprecated(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/api/{user_id}/tasks"]["get"]["parameters"]
    deprecated = {each["name"] for each in parameters if each.get("deprecated")}
    assert deprecated == {"q", "sort_by", "sort_order", "skip"}
    assert deprecated == {each["name"] for each in parameters if "The same as" in each.get("description", "")}


@pytest.mark.req("HTTP-FR-086")
def test_the_document_has_licence_servers_and_capabilities(document: dict[str, Any]) -> None:
    assert document["info"]["license"]["identifier"] == "MIT"
    assert [each["url"] for each in document["servers"]] == ["/"]
    tags = [operation["tags"] for path in document["paths"].values() for operation in path.values()]
    assert all(len(each) == 1 for each in tags)
    assert {each["name"] for each in document["tags"]} == {tag for [tag] in tags}
