"""Conditional requests: no lost updates, no needless downloads."""

import asyncio
from typing import Any

import pytest

from tests.conftest import User, listed

WRITES = [
    ("PUT", "", {"json": {"title": "Buy tea"}}),
    ("PATCH", "", {"json": {"title": "Buy tea"}}),
    ("PATCH", "", {"json": {}}),
    ("PATCH", "/complete", {}),
    ("DELETE", "", {}),
    ("DELETE", "?permanent=true", {}),
    ("POST", "/restore", {}),
    ("POST", "/skip", {}),
]


@pytest.mark.req("TASK-FR-065")
@pytest.mark.parametrize(("method", "suffix", "body"), WRITES)
@pytest.mark.parametrize("tag", ['"{0}"', '"1", "{0}"', "*", 'W/"{0}"', "{0}"])
async def test_a_write_with_a_matching_etag_is_applied(
    user: User, method: str, suffix: str, body: dict[str, Any], tag: str
) -> None:
    task = await user.create(recurrence="FREQ=DAILY")
    headers = {"If-Match": tag.format(task["revision"])}
    response = await user.request(method, f"/{task['id']}{suffix}", headers=headers, **body)
    assert response.status_code == (204 if method == "DELETE" else 200)


@pytest.mark.req("TASK-FR-066", "TASK-FR-049")
@pytest.mark.parametrize(("method", "suffix", "body"), WRITES)
@pytest.mark.parametrize("tag", ['"1"', '"999999"', '""', "nonsense", '"' + "9" * 40 + '"'])
async def test_a_write_with_another_etag_is_refused_with_the_current_one(
    user: User, method: str, suffix: str, body: dict[str, Any], tag: str
) -> None:
    task = await user.create()
    task = (await user.patch(task["id"], json={"title": "Buy oat milk"})).json()
    response = await user.request(method, f"/{task['id']}{suffix}", headers={"If-Match": tag}, **body)
    assert (response.status_code, response.json()["type"]) == (412, "urn:problem-type:task-changed")
    assert response.json()["current"] == task
    assert await user.tasks() == listed(task)
    assert await user.revision() == task["revision"]


@pytest.mark.req("TASK-FR-066")
@pytest.mark.parametrize(("method", "suffix", "body"), WRITES)
async def test_a_missing_task_is_404_whatever_the_etag(
    user: User, stranger: User, method: str, suffix: str, body: dict[str, Any]
) -> None:
    theirs = await stranger.create()
    headers = {"If-Match": f'"{theirs["revision"]}"'}
    response = await user.request(method, f"/{theirs['id']}{suffix}", headers=headers, **body)
    assert response.status_code == 404
    assert "current" not in response.json()


@pytest.mark.req("TASK-FR-067")
async def test_of_fifty_updates_on_one_revision_exactly_one_wins(user: User) -> None:
    task = await user.create()
    for _ in range(3):
        headers = {"If-Match": f'"{task["revision"]}"'}
        responses = await asyncio.gather(
            *(user.patch(task["id"], json={"title": f"writer {n}"}, headers=headers) for n in range(50))
        )
        [won] = [response.json() for response in responses if response.status_code == 200]
        assert [response.status_code for response in responses].count(412) == 49
        task = (await user.get(task["id"])).json()
        assert task == won


@pytest.mark.req("TASK-FR-068")
async def test_a_task_with_a_matching_etag_is_not_sent_again(user: User) -> None:
    task = await user.create()
    if_none_match = {"If-None-Match": f'"{task["revision"]}"'}
    response = await user.get(task["id"], headers=if_none_match)
    assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", f'"{task["revision"]}"')
    await user.patch(task["id"], json={"title": "Buy tea"})
    assert (await user.get(task["id"], headers=if_none_match)).json()["title"] == "Buy tea"


@pytest.mark.req("TASK-FR-068")
@pytest.mark.parametrize("query", [{}, {"status": "done"}, {"limit": 1}])
async def test_a_list_with_a_matching_etag_is_not_sent_again(user: User, query: dict[str, Any]) -> None:
    task = await user.create()
    if_none_match = {"If-None-Match": (await user.get(params=query)).headers["ETag"]}
    response = await user.get(params=query, headers=if_none_match)
    assert (response.status_code, response.content, response.headers["ETag"]) == (
        304,
        b"",
        if_none_match["If-None-Match"],
    )
    await user.delete(task["id"])
    assert (await user.get(params=query, headers=if_none_match)).status_code == 200


@pytest.mark.req("TASK-FR-065", "TASK-FR-068")
async def test_several_header_lines_are_one_list(user: User) -> None:
    task = await user.create()
    tag = f'"{task["revision"]}"'
    lines = [("If-None-Match", '"99"'), ("If-None-Match", tag)]
    assert (await user.get(task["id"], headers=lines)).status_code == 304
    lines = [("If-Match", '"99"'), ("If-Match", tag)]
    assert (await user.patch(task["id"], json={"title": "Buy tea"}, headers=lines)).status_code == 200


@pytest.mark.req("TASK-FR-030", "TASK-FR-068")
async def test_a_forged_cursor_is_refused_whatever_the_etag(user: User) -> None:
    await user.create()
    response = await user.get(params={"cursor": "junk"}, headers={"If-None-Match": '"1"'})
    assert response.status_code == 422


_CODINGS = ["gzip", "br", "zstd", "deflate", "x-gzip"]
_REWRITTEN = [
    *(form.format(revision="{revision}", coding=coding) for coding in _CODINGS for form in (
        '"{revision}-{coding}"', '"{revision}--{coding}"', '"{revision};{coding}"', 'W/"{revision}-{coding}"',
        'W/"{revision}--{coding}"', '"{revision}"-{coding}', "{revision}-{coding}",
    )),
    'W/"{revision}"',
    '"{revision}-gzip-br"',
]  # fmt: skip
"""Entity tags as Apache, Caddy, lighttpd, Jetty, nginx and Cloudflare rewrite them when they compress."""


@pytest.mark.req("HTTP-FR-044")
async def test_a_tag_that_a_proxy_has_rewritten_means_the_same_revision(user: User) -> None:
    task = await user.create()
    for form in _REWRITTEN:
        tag = form.format(revision=task["revision"])
        for path in ("", f"/{task['id']}"):
            assert (await user.get(path, headers={"If-None-Match": f'"0", {tag}'})).status_code == 304, tag
        changed = await user.patch(task["id"], json={"title": form}, headers={"If-Match": tag})
        assert changed.status_code == 200, tag
        stale = await user.patch(task["id"], json={"title": "lost"}, headers={"If-Match": tag})
        assert stale.status_code == 412, tag
        assert (await user.get(task["id"], headers={"If-None-Match": tag})).json()["title"] == form
        task = changed.json()


@pytest.mark.req("HTTP-FR-044")
@pytest.mark.parametrize(
    "form", ['"{0}-"', '"{0}gzip"', '"{0}-other"', '"{0}-gzip"x', '"-gzip"', '"{0}1-gzip"', '"{0}.5"', '"-{0}-gzip"']
)
async def test_any_other_tag_means_no_revision(user: User, form: str) -> None:
    task = await user.create()
    headers = {"If-Match": form.format(task["revision"]), "If-None-Match": form.format(task["revision"])}
    assert (await user.patch(task["id"], json={"title": "Buy tea"}, headers=headers)).status_code == 412
    assert (await user.get(task["id"], headers=headers)).status_code == 200
