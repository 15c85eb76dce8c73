"""The format of an Idempotency-Key, and how long its record is stored."""

import pytest
from fastapi import FastAPI

from src.services.purge import purge_expired_records
from tests.conftest import Connection, User
from tests.support.idempotent_requests import MILK, assert_replayed, key


@pytest.mark.req("TASK-FR-125")
async def test_a_key_expires_after_24_hours(user: User, sql: Connection) -> None:
    first = await user.post(json=MILK, headers=key())
    age = "UPDATE idempotency_records SET created_at = now() - $2::text::interval WHERE user_id = $1"
    await sql.execute(age, user.id, "23 hours 59 minutes")
    assert_replayed(first, await user.post(json=MILK, headers=key()))
    await sql.execute(age, user.id, "24 hours")
    other = await user.post(json={"title": "Buy tea"}, headers=key())
    assert other.status_code == 201
    assert_replayed(other, await user.post(json={"title": "Buy tea"}, headers=key()))
    assert await sql.fetchval("SELECT count(*) FROM idempotency_records WHERE user_id = $1", user.id) == 1


@pytest.mark.req("TASK-FR-125")
async def test_expired_records_are_purged(app: FastAPI, user: User, stranger: User, sql: Connection) -> None:
    await user.post(json=MILK, headers=key("old"))
    await sql.execute(
        "UPDATE idempotency_records SET created_at = now() - interval '25 hours' WHERE user_id = $1", user.id
    )
    for owner in (user, stranger):
        await owner.post(json=MILK, headers=key("new"))
    assert await purge_expired_records(app.state.components.database) >= 1
    keys = "SELECT user_id, key from idempotency_records WHERE user_id = ANY($1)"
    left = {tuple(row) for row in await sql.fetch(keys, [user.id, stranger.id])}
    assert left == {(user.id, "new"), (stranger.id, "new")}
    assert await purge_expired_records(app.state.components.database) == 0


@pytest.mark.req("TASK-FR-126")
@pytest.mark.parametrize(
    ("sent", "same"),
    [
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", '"8e03978e-40d5-43dd-bc93-6894a57f9324"'),
        ("k", '"k"'),
        ("x" * 255, f'"{"x" * 255}"'),
        ("a b,c;d", '"a b,c;d"'),
        ("back\\slash", r'"back\\slash"'),
        ('quo"te', r'"quo\"te"'),
        ("~!'#$%&*+-.^_`|", '"~!\'#$%&*+-.^_`|"'),
        ("a" * 254 + '"', '"' + "a" * 254 + r"\"" + '"'),
    ],
)
async def test_a_key_is_the_same_with_and_without_quotes(user: User, sent: str, same: str) -> None:
    first = await user.post(json=MILK, headers=key(sent))
    assert first.status_code == 201, first.text
    assert_replayed(first, await user.post(json=MILK, headers=key(same)))


@pytest.mark.req("TASK-FR-126")
@pytest.mark.parametrize(
    "sent",
    ["", '""', '"', '"open', '"in"side"', r'"\x"', '"\\"', "x" * 256, f'"{"x" * 256}"', "tab\tkey", "key\x7f", "\xe9"],
)
async def test_an_invalid_key_is_refused(user: User, sent: str) -> None:
    response = await user.post(json=MILK, headers={"Idempotency-Key": sent.encode("latin-1")})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["Idempotency-Key"]
    assert await user.tasks() == []
