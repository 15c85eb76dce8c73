"""The examples of the RFCs verify, or are refused for what this API does not accept."""

import json
from pathlib import Path
from typing import Any

import pytest
from jose import jwk
from jose.backends.base import Key

from src.auth import base64url, compact_jws
from src.auth.compact_jws import CompactToken
from src.auth.jwk import usable_keys
from src.auth.keyring import is_signed_by
from src.errors.client import Unauthorized

EXAMPLES = json.loads((Path(__file__).parent / "fixtures" / "rfc_examples.json").read_text())
ACCEPTED = [pytest.param(example, id=example["source"]) for example in EXAMPLES if example["refused"] is None]
REFUSED = [pytest.param(example, id=example["source"]) for example in EXAMPLES if example["refused"] is not None]


def key_for(token: CompactToken, published: dict[str, str]) -> Key:
    if published["kty"] == "oct":
        return jwk.construct(base64url.decode(published["k"]), token.algorithm)
    return usable_keys([published | {"kid": "published"}])["published", token.algorithm]


@pytest.mark.req("AUTH-FR-019", "AUTH-FR-021")
@pytest.mark.parametrize("example", ACCEPTED)
def test_a_published_example_verifies(example: dict[str, Any]) -> None:
    token = compact_jws.parse(example["token"])
    assert is_signed_by(token, key_for(token, example["key"]))


@pytest.mark.req("AUTH-FR-022")
@pytest.mark.parametrize("example", ACCEPTED)
def test_a_published_example_with_another_payload_does_not_verify(example: dict[str, Any]) -> None:
    header, payload, signature = example["token"].split(".")
    changed = base64url.encode(base64url.decode(payload)[::-1])
    token = compact_jws.parse(f"{header}.{changed}.{signature}")
    assert not is_signed_by(token, key_for(token, example["key"]))


@pytest.mark.req("AUTH-FR-013", "AUTH-FR-017", "AUTH-FR-018")
@pytest.mark.parametrize("example", REFUSED)
def test_a_published_example_of_something_else_is_refused(example: dict[str, Any]) -> None:
    with pytest.raises(Unauthorized) as refusal:
        compact_jws.parse(example["token"])
    assert refusal.value.reason.startswith(example["refused"])
