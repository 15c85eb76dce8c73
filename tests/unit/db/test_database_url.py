"""Database URLs are accepted as operators paste them, and their secrets are never shown."""

from pathlib import Path
from ssl import CERT_REQUIRED, SSLContext
from urllib.parse import quote

import pytest

from src.db.url import DatabaseUrl

_PASSWORD = "hunter2"
_HOST = "ep-cool-darkness-123456.eu-central-1.aws.neon.tech"
_POOLER = _HOST.replace(".", "-pooler.", 1)
_BASE = f"postgresql://somebody:{_PASSWORD}@db.example.com/tasks"


def tls(url: DatabaseUrl) -> tuple[bool, bool] | str | None:
    """Return whether the certificate and the host's name are verified, or the `ssl` argument for asyncpg."""
    ssl = url.connect_arguments.get("ssl")
    return (ssl.verify_mode == CERT_REQUIRED, ssl.check_hostname) if isinstance(ssl, SSLContext) else ssl


@pytest.mark.req("RUN-FR-008", "RUN-FR-009", "RUN-FR-010")
@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
@pytest.mark.parametrize(("host", "pooled"), [(_HOST, False), (_POOLER, True)])
def test_a_url_from_neon_is_accepted_unchanged(scheme: str, host: str, *, pooled: bool) -> None:
    login = f"neondb_owner:{_PASSWORD}@{host}/neondb"
    url = DatabaseUrl.parse(f"{scheme}://{login}?sslmode=require&channel_binding=require")
    assert url.connect_arguments["dsn"] == f"postgresql://{login}"
    assert tls(url) == (True, True)
    assert url.pooled is pooled


@pytest.mark.parametrize("host", ["db-pooler.internal/x-pooler.y", "pooler.example.com", "db.example.com/a-pooler.b"])
def test_a_pooler_is_recognized_by_the_host_only(host: str) -> None:
    assert DatabaseUrl.parse(f"postgresql://{host}").pooled is host.startswith("db-pooler.")


@pytest.mark.req("RUN-FR-009")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", None),
        ("sslmode=disable", "disable"),
        ("sslmode=allow", "allow"),
        ("sslmode=prefer", "prefer"),
        ("sslmode=require", "require"),
        ("sslmode=require&channel_binding=prefer", "require"),
        ("sslmode=require&channel_binding=require", (True, True)),
        ("channel_binding=require", (True, True)),
        ("sslmode=verify-ca", (True, False)),
        ("sslmode=verify-ca&channel_binding=require", (True, True)),
        ("sslmode=verify-full", (True, True)),
        ("sslmode=verify-full&sslrootcert=system", (True, True)),
        ("sslmode=require&sslrootcert=system", (True, True)),
    ],
)
def test_sslmode_says_what_is_verified(query: str, expected: object) -> None:
    assert tls(DatabaseUrl.parse(f"{_BASE}?{query}")) == expected


@pytest.mark.req("RUN-FR-009")
@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("sslmode=", "sslmode must be one of"),
        ("sslmode=Require", "sslmode must be one of"),
        ("sslmode=no-verify", "sslmode must be one of"),
        ("sslmode=verify-full&sslrootcert=/nowhere/ca.pem", "cannot be read: No such file"),
        ("sslmode=verify-full&sslrootcert={empty}", "cannot be read: "),
        ("sslmode=verify-full&sslcert=/nowhere/me.pem&sslkey=/nowhere/me.key", "cannot be read: No such file"),
    ],
)
def test_unsupported_tls_parameters_are_refused(tmp_path: Path, query: str, complaint: str) -> None:
    (empty := tmp_path / "empty.pem").touch()
    with pytest.raises(ValueError, match=complaint) as refused:
        DatabaseUrl.parse(f"{_BASE}?{query.format(empty=empty)}")
    assert_reveals_nothing(str(refused.value))


@pytest.mark.req("RUN-FR-008")
@pytest.mark.parametrize(
    "parameter",
    [
        "schema=public",
        "pgbouncer=true",
        "connection_limit=5",
        "pool_timeout=10",
        "socket_timeout=10",
        "statement_cache_size=0",
        "sslaccept=strict",
        "uselibpqcompat=true",
        "channel_binding=prefer",
        "connect_timeout=10",
        "gssencmode=disable",
        "keepalives=1",
        "keepalives_idle=30",
        "keepalives_interval=10",
        "keepalives_count=5",
        "tcp_user_timeout=1000",
        "sslsni=1",
        "sslcompression=0",
        "fallback_application_name=x",
        "unheard_of=x",
    ],
)
def test_parameters_of_other_clients_are_not_sent_to_the_server(parameter: str) -> None:
    url = DatabaseUrl.parse(f"{_BASE}?application_name=tasks&{parameter}")
    assert url.connect_arguments == {"dsn": f"{_BASE}?application_name=tasks"}


@pytest.mark.parametrize("password", ["p@ss", "p/s#s?", "p:s", "p%40s", "p[s]", "pä s+s&=", "%"])
def test_special_characters_are_kept_percent_encoded(password: str) -> None:
    dsn = f"postgresql://somebody:{quote(password, safe='')}@db.example.com/tasks"
    assert DatabaseUrl.parse(dsn).dsn == dsn


@pytest.mark.req("RUN-FR-003")
@pytest.mark.parametrize("character", list("@/#?["))
def test_unencoded_special_characters_are_refused(character: str) -> None:
    with pytest.raises(ValueError, match="percent-encoded") as refused:
        DatabaseUrl.parse(_BASE.replace(_PASSWORD, f"{_PASSWORD}{character}{_PASSWORD}"))
    assert_reveals_nothing(str(refused.value))
    assert refused.value.__cause__ is None


@pytest.mark.req("RUN-FR-003")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2",
        "postgresql://",
        f"mysql://somebody:{_PASSWORD}@db.example.com/tasks",
        f"postgresql+psycopg://somebody:{_PASSWORD}@db.example.com/tasks",
        f"psql '{_BASE}'",
        f"postgresql://somebody:{_PASSWORD}@db.example.com:port/tasks",
        f"postgresql://somebody:{_PASSWORD}@db.example.com:99999/tasks",
        f"postgresql://somebody:{_PASSWORD}@/tasks",
    ],
)
def test_an_invalid_url_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValueError, match="must look like postgresql://") as refused:
        DatabaseUrl.parse(text)
    assert_reveals_nothing(str(refused.value))


@pytest.mark.req("RUN-FR-003")
@pytest.mark.parametrize("query", ["", "?sslmode=require", "?sslmode=verify-full&sslrootcert=system"])
def test_its_repr_shows_nothing_of_it(query: str) -> None:
    url = DatabaseUrl.parse(_BASE + query)
    for printed in (repr(url), str(url), repr([url])):
        assert_reveals_nothing(printed)


def assert_reveals_nothing(text: str) -> None:
    for secret in (_PASSWORD, "somebody", "db.example.com"):
        assert secret not in text


def test_a_url_for_sqlalchemy_is_accepted_too() -> None:
    assert DatabaseUrl.parse(_BASE.replace("postgresql:", "postgresql+asyncpg:")).dsn == _BASE


def test_spaces_around_a_url_do_not_matter() -> None:
    assert DatabaseUrl.parse(f" {_BASE}\n").dsn == _BASE


@pytest.mark.parametrize(
    "text", ["postgresql://somebody@/tasks?host=%2Frun%2Fpostgresql", "postgresql://somebody@%2Frun%2Fpostgresql/tasks"]
)
def test_a_host_may_be_the_folder_of_a_socket(text: str) -> None:
    assert DatabaseUrl.parse(text).dsn == text
