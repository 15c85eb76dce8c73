"""`python -m src doctor`, on sound set-ups and on broken ones."""

import asyncio
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from src.db.url import DatabaseUrl
from src.doctor.tls import tls
from tests.conftest import Connection, NewDatabase
from tests.integration.conftest import Pooled
from tests.support import programs
from tests.support.commands import invoke
from tests.support.jwks_server import serving
from tests.support.minting import EDDSA

_SECRET = "3pJ0Zk8mVtQy5rNw1cXe7uBh9sLa2dFg"
_NOWHERE = "postgresql://somebody:hunter2@127.0.0.1:9/tasks"
_GUESSED = "WARN easy to guess: generate one with 'openssl rand -base64 32', for the front end and this API"

_PREPARED_STATEMENTS = {
    ("true", "true"): "ok enabled, and they work",
    ("true", "false"): "WARN enabled, but the pooler loses them",
    ("false", "true"): "ok disabled; they would work",
    ("false", "false"): "ok disabled",
}
"""The finding about prepared statements, by whether they are enabled and whether they persist."""


def doctor(folder: Path, **settings: str) -> tuple[int, dict[str, str]]:
    """Run the doctor, and return its exit status and its findings by check, such as `"ok UTF8"`."""
    return examined(invoke(folder, "doctor", **settings), **settings)


def examined(ended: subprocess.CompletedProcess[str], **settings: str) -> tuple[int, dict[str, str]]:
    for secret in ("hunter2", *settings.get("BETTER_AUTH_SECRET", _SECRET).split()):
        assert secret not in ended.stdout + ended.stderr
    findings = {}
    for line in ended.stdout.splitlines():
        level, _, rest = line.partition(" ")
        assert level in {"ok", "WARN", "FAILED"}
        check, _, explanation = rest.strip().partition(": ")
        findings[check] = f"{level} {explanation}"
    return ended.returncode, findings


@pytest.mark.req("OBS-FR-015", "OBS-FR-018")
async def test_every_check_of_a_sound_set_up_is_ok(tmp_path: Path, database_url: str) -> None:
    async with serving({"keys": [EDDSA.jwk, {"kty": "RSA"}]}) as front_end:
        front = f"http://127.0.0.1:{front_end.port}"
        settings = {"DATABASE_URL": database_url, "DATABASE_URL_UNPOOLED": database_url, "BETTER_AUTH_URL": front}
        status, findings = await asyncio.to_thread(doctor, tmp_path, BETTER_AUTH_SECRET=_SECRET, **settings)
    assert status == 0
    assert {check for check, finding in findings.items() if not finding.startswith("ok")} == set()
    assert findings.keys() == {
        "settings", "database", "version", "encoding", "clock", "migrations", "privileges", "TLS", "pooler",
        "prepared statements", "direct connection", "secret", "JWKS", "claims",
    }  # fmt: skip
    assert findings["encoding"] == "ok UTF8"
    assert findings["JWKS"].startswith("ok 1 of 2 keys at http://127.0.0.1")
    assert findings["JWKS"].endswith("for EdDSA")


@pytest.mark.req("OBS-FR-016")
def test_invalid_settings_do_not_hide_the_other_checks(tmp_path: Path, database_url: str) -> None:
    status, findings = doctor(tmp_path, DATABASE_URL=database_url, BETTER_AUTH_SECRET="hunter2", LIST_FORMAT="list")
    assert status == 1
    assert findings["settings"].startswith("FAILED Invalid settings: BETTER_AUTH_SECRET: must have")
    assert "LIST_FORMAT" in findings["settings"]
    assert findings["migrations"].startswith("ok")
    assert "secret" not in findings
    status, findings = doctor(tmp_path, BETTER_AUTH_SECRET=_SECRET)
    assert (status, set(findings)) == (1, {"settings", "secret"})


@pytest.mark.req("OBS-FR-017", "OBS-FR-023")
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://somebody:hunter2@127.0.0.1:9/tasks", "connection refused"),
        ("postgresql://somebody:hunter2@absent.invalid/tasks", "host name cannot be resolved"),
        ("postgresql://somebody:hunter2@/tasks?host=/absent", "socket does not exist"),
        ("{}_absent", "no database of this name"),
    ],
)
def test_an_unreachable_database_does_not_hide_the_other_checks(
    tmp_path: Path, database_url: str, url: str, expected: str
) -> None:
    there = url.format(database_url.partition("?")[0]) + "?".join(["", *database_url.split("?")[1:]]) * ("{" in url)
    status, findings = doctor(tmp_path, DATABASE_URL=there, BETTER_AUTH_SECRET=_SECRET)
    assert (status, set(findings)) == (1, {"settings", "database", "secret"})
    assert findings["database"].startswith("FAILED DATABASE_URL does not work: ")
    assert expected in findings["database"]


@pytest.mark.req("OBS-FR-018")
async def test_an_unsuitable_database_is_reported_with_the_remedy(tmp_path: Path, new_database: NewDatabase) -> None:
    url = await new_database(migrated=False)
    name = urlsplit(url).path[1:]
    latin = urlsplit(url)._replace(path=f"/{name}_latin").geturl()
    programs.sql(url, f"CREATE DATABASE {name}_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    status, findings = await asyncio.to_thread(doctor, tmp_path, DATABASE_URL=latin, BETTER_AUTH_SECRET=_SECRET)
    assert status == 1
    assert findings["encoding"].startswith("FAILED the database stores LATIN1")
    assert findings["migrations"] == "FAILED the schema is missing: run 'python -m src migrate'"
    assert findings["privileges"].startswith("WARN")


@pytest.mark.req("OBS-FR-018")
async def test_a_database_user_without_privileges_is_reported(tmp_path: Path, new_database: NewDatabase) -> None:
    url = await new_database()
    role = f"reader_{urlsplit(url).path[1:]}"
    programs.sql(url, f"CREATE ROLE {role} LOGIN")
    programs.sql(url, f"GRANT SELECT ON tasks, alembic_version TO {role}")
    reader = url.replace("//postgres@", f"//{role}@")
    assert reader != url
    status, findings = await asyncio.to_thread(doctor, tmp_path, DATABASE_URL=reader, BETTER_AUTH_SECRET=_SECRET)
    assert status == 1
    assert findings["privileges"] == "FAILED the user lacks INSERT, UPDATE, DELETE on the table tasks: grant it"


@pytest.mark.req("OBS-FR-019")
@pytest.mark.parametrize("wanted", ["true", "false"])
def test_a_pooler_in_transaction_mode_is_found(tmp_path: Path, pooled: Pooled, database_url: str, wanted: str) -> None:
    url, persists = pooled["database_url"], pooled["database_prepared_statements"]
    settings = {"DATABASE_URL": url, "DATABASE_PREPARED_STATEMENTS": wanted, "BETTER_AUTH_SECRET": _SECRET}
    status, findings = doctor(tmp_path, **settings)
    assert findings["pooler"].startswith("WARN in transaction mode; live updates are a second late")
    assert findings["prepared statements"].startswith(_PREPARED_STATEMENTS[wanted, persists])
    assert status == 0
    findings = doctor(tmp_path, DATABASE_URL_UNPOOLED=database_url, **settings)[1]
    assert findings["pooler"].startswith("ok in transaction mode")
    assert findings["direct connection"].startswith("ok")


@pytest.mark.req("OBS-FR-020")
def test_a_direct_url_that_leads_through_a_pooler_is_found(tmp_path: Path, pooled: Pooled, database_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "DATABASE_URL_UNPOOLED": pooled["database_url"]}
    status, findings = doctor(tmp_path, BETTER_AUTH_SECRET=_SECRET, **settings)
    assert status == 0
    assert findings["direct connection"].startswith("WARN DATABASE_URL_UNPOOLED is also behind a pooler")


@pytest.mark.req("OBS-FR-021")
async def test_the_direct_url_must_lead_to_the_same_database(
    tmp_path: Path, database_url: str, new_database: NewDatabase
) -> None:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": _SECRET}
    other = await new_database(migrated=False)
    for url, expected in ((other, "another database"), (_NOWHERE, "connection refused")):
        status, findings = await asyncio.to_thread(doctor, tmp_path, DATABASE_URL_UNPOOLED=url, **settings)
        assert status == 1
        assert findings["direct connection"].startswith("FAILED DATABASE_URL_UNPOOLED")
        assert expected in findings["direct connection"]


@pytest.mark.req("OBS-FR-022", "OBS-FR-023")
async def test_sources_of_tokens_are_tried(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": _NOWHERE, "BETTER_AUTH_SECRET": "ab" * 20}
    async with serving({"keys": []}) as front_end:
        keys = front_end.url.replace("//", "//somebody:hunter2@")
        settings |= {"BETTER_AUTH_URL": "https://app.example.com", "BETTER_AUTH_JWKS_URL": keys}
        status, findings = await asyncio.to_thread(doctor, tmp_path, **settings)
        assert (status, findings["secret"]) == (1, _GUESSED)
        assert "none is usable" in findings["JWKS"]
        front_end.status = 404
        status, findings = await asyncio.to_thread(doctor, tmp_path, **settings)
        assert (status, findings["JWKS"][:6]) == (1, "FAILED")
        assert "status 404" in findings["JWKS"]


@pytest.mark.req("OBS-FR-022", "AUTH-FR-053", "AUTH-FR-054")
async def test_each_front_end_is_checked(tmp_path: Path) -> None:
    async with serving({"keys": [EDDSA.jwk]}) as web, serving({"keys": []}) as admin:
        settings = {
            "DATABASE_URL": _NOWHERE,
            "BETTER_AUTH_URL": "https://web.example.com,https://web-*.example.com,https://admin.example.com",
            "BETTER_AUTH_JWKS_URL": f"{web.url},{admin.url}",
        }
        ended = await asyncio.to_thread(invoke, tmp_path, "doctor", **settings)
    lines = [line for line in ended.stdout.splitlines() if "JWKS" in line or "claims" in line]
    assert [line.split(":")[0].split() for line in lines] == [
        ["ok", "JWKS"],
        ["FAILED", "JWKS"],
        ["ok", "claims"],
        ["ok", "claims"],
    ]
    assert "name 'https://web.example.com' or 'https://web-*.example.com' as issuer" in lines[2]
    assert "name 'https://admin.example.com' as issuer and 'https://admin.example.com' as audience" in lines[3]


@pytest.mark.req("OBS-FR-018")
@pytest.mark.parametrize(
    ("query", "level", "expected"),
    [
        ("sslmode=verify-full", "ok", "and for this host"),
        ("sslmode=verify-ca", "ok", "for any host"),
        ("sslmode=require", "WARN", "certificate is not verified"),
        ("sslmode=disable", "WARN", "not encrypted"),
        ("channel_binding=require&sslmode=require", "ok", "and for this host"),
    ],
)
async def test_the_mode_says_how_far_the_connection_is_protected(
    sql: Connection, query: str, level: str, expected: str
) -> None:
    finding = await tls(sql, DatabaseUrl.parse(f"postgresql://db.example.com/tasks?{query}"))
    assert (finding.level, expected in finding.explanation) == (level, True)


@pytest.mark.req("OBS-FR-018")
async def test_encryption_that_depends_on_the_server_is_reported(sql: Connection) -> None:
    finding = await tls(sql, DatabaseUrl.parse("postgresql://db.example.com/tasks"))
    assert (finding.level, finding.explanation[:13]) == ("WARN", "not encrypted")
    assert (await tls(sql, DatabaseUrl.parse("postgresql://localhost/tasks"))).level == "ok"
