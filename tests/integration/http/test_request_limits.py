"""Limits of requests: accepted and refused bodies, texts and ids."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import JSON, User, listed

NAUGHTY = [
    "<script>alert(1)</script>",
    "'; DROP TABLE tasks; --",
    "$1 %s {0} {{7*7}} ${jndi:ldap://x}",
    "Robert'); \\ \" \t tab",
    "😀👩‍👩‍👧‍👦 e\u0301 Ω≈ç√∫",
    "\u202eright to left\u202c \u200f \ufeff \u2028 \u2029",
    "ﷺ 𝕿𝖊𝖘𝖙 Ｆｕｌｌ\u0085x",
    "\x01\x02\x7f control",
    "null",
    "undefined",
    "-1e400",
    "\U0010ffff \ufffe",
]


@pytest.mark.req("TASK-FR-038")
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a", "a"),
        ("  Buy milk \n", "Buy milk"),
        ("\u2003\u00a0x\u3000", "x"),
        ("x" * 200, "x" * 200),
        ("😀" * 200, "😀" * 200),
        (f"  {'x' * 200}  ", "x" * 200),
    ],
)
async def test_titles_are_trimmed_and_have_up_to_200_characters(user: User, sent: str, stored: str) -> None:
    task = await user.create(sent)
    assert task["title"] == stored
    assert (await user.patch(task["id"], json={"title": sent})).json()["title"] == stored


@pytest.mark.req("TASK-FR-038", "TASK-FR-049")
@pytest.mark.parametrize("title", ["", " ", "\t\n\u3000", "x" * 201, "😀" * 201, 5, True, ["x"], {"x": 1}])
async def test_other_titles_are_refused(user: User, title: object) -> None:
    task = await user.create()
    for response in (await user.post(json={"title": title}), await user.patch(task["id"], json={"title": title})):
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == ["title"]
    assert await user.tasks() == listed(task)
    assert await user.revision() == task["revision"]


@pytest.mark.req("TASK-FR-039")
@pytest.mark.parametrize("description", ["", "  spaces stay  \n", "x" * 10_000, "😀" * 10_000])
async def test_descriptions_have_up_to_10000_characters(user: User, description: str) -> None:
    assert (await user.create(description=description))["description"] == description


@pytest.mark.req("TASK-FR-039")
@pytest.mark.parametrize("description", ["x" * 10_001, 5, ["x"]])
async def test_other_descriptions_are_refused(user: User, description: object) -> None:
    assert (await user.post(json={"title": "Buy milk", "description": description})).status_code == 422
    assert await user.tasks() == []


@pytest.mark.req("TASK-FR-040")
@pytest.mark.parametrize("text", NAUGHTY)
async def test_any_text_is_returned_unchanged(user: User, text: str) -> None:
    task = await user.create(f"x{text}x", description=text)
    assert (task["title"], task["description"]) == (f"x{text}x", text)
    assert await user.tasks() == listed(task)


@pytest.mark.req("TASK-FR-040", "TASK-FR-049")
@pytest.mark.parametrize("text", [r"\u0000", r"a\u0000b", r"\ud800", r"\udfff\ud800", r"a\udead"])
@pytest.mark.parametrize("member", ["title", "description"])
async def test_text_that_cannot_be_stored_is_refused(user: User, member: str, text: str) -> None:
    body = f'{{"title": "x", "{member}": "{text}"}}'
    response = await user.post(content=body, headers=JSON)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == member
    assert "^" not in response.json()["detail"]
    assert await user.tasks() == []


@pytest.mark.req("TASK-FR-041")
@pytest.mark.parametrize(
    "task_id",
    ["0", "-1", str(2**63), str(2**64), "9" * 4000, "1e3", "abc", "1.5", "0x1", "null", "%00", "%F0%9F%98%80"],
)
async def test_an_id_that_no_task_can_have_is_refused(user: User, task_id: str) -> None:
    for method, suffix in (
        ("GET", ""),
        ("PATCH", ""),
        ("PATCH", "/complete"),
        ("DELETE", ""),
        ("POST", "/restore"),
        ("POST", "/skip"),
    ):
        body: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
        assert (await user.request(method, f"/{task_id}{suffix}", **body)).status_code == 422


@pytest.mark.req("TASK-FR-041")
async def test_the_largest_id_is_just_not_found(user: User) -> None:
    assert (await user.get(2**63 - 1)).status_code == 404


@pytest.mark.req("TASK-FR-042", "TASK-FR-049")
@pytest.mark.parametrize("size", [1024 * 1024 + 1, 10_000_000])
async def test_a_body_over_a_mebibyte_is_refused_before_it_is_handled(user: User, size: int) -> None:
    task = await user.create()
    for method in ("POST", "DELETE", "PATCH"):
        response = await user.request(method, "" if method == "POST" else task["id"], content=b" " * size, headers=JSON)
        assert (response.status_code, response.json()["type"]) == (413, "urn:problem-type:content-too-large")
    assert await user.tasks() == listed(task)


@pytest.mark.req("TASK-FR-042")
async def test_a_body_of_unknown_size_is_measured_while_it_is_read(user: User) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100_000_000:
            sent += 65_536
            yield b" " * 65_536

    response = await user.post(content=endless(), headers=JSON)
    assert (response.status_code, response.json()["type"]) == (413, "urn:problem-type:content-too-large")
    assert sent < 3_000_000


@pytest.mark.req("TASK-FR-042")
@pytest.mark.parametrize(
    ("length", "status"), [("0" * 20 + "2000000", 413), ("0" * 5000 + "21", 201), ("nonsense", 201)]
)
async def test_a_content_length_may_have_zeros_or_spaces(user: User, length: str, status: int) -> None:
    body = b'{"title": "Buy milk"}'.ljust(2_000_000 if status == 413 else 21)
    response = await user.post(content=body, headers=JSON | {"Content-Length": length})
    assert response.status_code == status


@pytest.mark.req("TASK-FR-042")
async def test_a_body_of_a_mebibyte_is_read(user: User) -> None:
    body = json.dumps({"title": "Buy milk"}).encode()
    assert (await user.post(content=body.ljust(1024 * 1024), headers=JSON)).status_code == 201


@pytest.mark.req("TASK-FR-043")
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"],
)
async def test_json_is_read_under_each_of_its_names(user: User, content_type: str) -> None:
    response = await user.post(content=b'{"title": "Buy milk"}', headers={"Content-Type": content_type})
    assert response.status_code == 201


@pytest.mark.req("TASK-FR-043")
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/json",
        "nonsense",
        "application/xml",
    ],
)
async def test_another_content_type_is_refused(user: User, content_type: str) -> None:
    response = await user.post(content=b'{"title": "Buy milk"}', headers={"Content-Type": content_type})
    assert response.status_code == 415
    assert await user.tasks() == []


@pytest.mark.req("TASK-FR-043", "TASK-FR-049")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"\xff", 400),
        (b'{"title": "\xe9"}', 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400),
        (b'{"title": ' + b"9" * 5000 + b"}", 400),
        (b"", 422),
        (b"{", 422),
        (b"not json", 422),
        (b'{"title": "a",}', 422),
        (b'{"title": "a"', 422),
        (b"null", 422),
        (b"true", 422),
        (b"5", 422),
        (b"NaN", 422),
        (b'"title"', 422),
        (b'[{"title": "a"}]', 422),
        (b"{}", 422),
        (b'{"title": NaN}', 422),
        (b'{"title": Infinity}', 422),
        (b'{"title": 1e400}', 422),
        (b'{"title": "a", "completed": NaN}', 422),
        (b'{"title": "a", "completed": 1e400}', 422),
        (b'{"title": "a", "completed": "perhaps"}', 422),
        (b'{"title": "a", "completed": 18446744073709551616}', 422),
        (b'{"heading": "a"}', 422),
    ],
)
async def test_a_malformed_body_is_refused(user: User, body: bytes, status: int) -> None:
    task = await user.create()
    response = await user.post(content=body, headers=JSON)
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    if status == 400 or body != b"{}":
        assert (await user.put(task["id"], content=body, headers=JSON)).status_code in {status, 200}
    assert [each["id"] for each in await user.tasks()] == [task["id"]]
