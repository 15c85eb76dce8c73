"""Strict parsing of a compact JWS: accepted forms and limits."""

import json
import time

import pytest

from src.auth import base64url, compact_jws
from src.auth.strict_json import MAX_NESTING, JsonFormError, read_object
from src.errors.client import Unauthorized
from tests.support.minting import HS256, claims, mint

SIZES = [(size, more) for size in range(5890, 5920) for more in range(3)]


@pytest.mark.req("AUTH-FR-016")
@pytest.mark.parametrize("kind", ["JWT", "jwt", "Jwt", "jWT"])
def test_the_type_jwt_is_accepted_in_any_case(kind: str) -> None:
    assert compact_jws.parse(mint(claims(), header={"alg": "HS256", "typ": kind})).algorithm == "HS256"


@pytest.mark.req("AUTH-FR-016")
def test_no_type_is_accepted_as_the_jwt_plugin_sends_none() -> None:
    assert compact_jws.parse(mint(claims(), header={"alg": "HS256"})).algorithm == "HS256"


@pytest.mark.req("AUTH-FR-012")
def test_a_token_of_the_greatest_length_is_read_and_a_longer_one_is_not() -> None:
    tokens = [mint(claims(name="x" * size), header={"alg": "HS256", "x": "x" * more}) for size, more in SIZES]
    by_length = {len(token): token for token in tokens}
    assert compact_jws.parse(by_length[8192]).claims()["name"]
    with pytest.raises(Unauthorized):
        compact_jws.parse(by_length[8193])


@pytest.mark.req("AUTH-FR-014")
def test_objects_may_be_nested_up_to_the_limit() -> None:
    deep = b'{"a":' * (MAX_NESTING - 1) + b"[]" + b"}" * (MAX_NESTING - 1)
    assert read_object(deep)
    with pytest.raises(JsonFormError, match="deeply"):
        read_object(b'{"a":' + deep + b"}")


@pytest.mark.req("AUTH-FR-014")
def test_brackets_in_strings_are_no_nesting_and_siblings_are_not_deep() -> None:
    text = {"a": "[" * 100, "b": '\\"[' * 100, "c": [{}] * 100, "d": "\\"}
    assert read_object(json.dumps(text).encode()) == text


@pytest.mark.req("AUTH-FR-014")
@pytest.mark.parametrize("raw", [b'{"' + b'\\"' * 3000, b'"' * 6000, b"[" * 6000, b'{"":' * 1500, b'"\\' * 3000])
def test_hostile_json_is_measured_in_linear_time(raw: bytes) -> None:
    started = time.process_time()
    with pytest.raises(JsonFormError):
        read_object(raw * 5)
    assert time.process_time() - started < 0.1


def test_unknown_members_of_the_header_are_ignored() -> None:
    assert compact_jws.parse(mint(claims(), header=HS256.header | {"cty": "x", "x": [1]})).algorithm == "HS256"


@pytest.mark.parametrize("length", range(8))
def test_each_sequence_of_bytes_has_one_spelling(length: int) -> None:
    raw = bytes(range(250, 250 + min(length, 6))) + bytes(max(0, length - 6))
    assert base64url.decode(base64url.encode(raw)) == raw
