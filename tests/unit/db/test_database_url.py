"""Database URLs are accepted as operators paste them, and their secrets are never shown."""

import string
from pathlib import Path
from ssl import CERT_REQUIRED, SSLContext
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from src.db.url import DatabaseUrl
from src.db.url_parameters import KNOWN_PARAMETERS

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


@pytest.mark.req("DB-FR-023")
@pytest.mark.parametrize(
    ("rest", "pooled"),
    [
        ("db-pooler.internal/x", True),
        ("aws-0-eu.pooler.supabase.com:5432/postgres", True),
        ("db.example.com:6543/postgres", True),
        ("db.example.com:6432/tasks", True),
        ("/tasks?host=/run/pgbouncer&port=6432", True),
        ("db.example.com/tasks?pgbouncer=true", True),
        ("db.example.com/tasks?pgbouncer=false", False),
        ("db.example.com/tasks?statement_cache_size=0", True),
        ("db.example.com/tasks?statement_cache_size=100", False),
        ("db.example.com/tasks?prepareThreshold=0", True),
        ("db.example.com:5432/tasks", False),
        ("db.example.com/a-pooler.b", False),
    ],
)
def test_a_pooler_is_recognized_by_host_port_and_parameters(rest: str, *, pooled: bool) -> None:
    assert DatabaseUrl.parse(f"postgresql://somebody:{_PASSWORD}@{rest}").pooled is pooled


@pytest.mark.req("RUN-FR-009", "DB-FR-028")
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
        ("sslmode=require&channel_binding=Require", (True, True)),
        ("sslmode=verify-ca", (True, False)),
        ("sslmode=verify-ca&channel_binding=require", (True, True)),
        ("sslmode=verify-full", (True, True)),
        ("sslmode=verify-full&sslrootcert=system", (True, True)),
        ("sslmode=require&sslrootcert=system", (True, True)),
        ("sslrootcert=system", (True, True)),
        ("sslmode=prefer&sslrootcert=system", "prefer"),
        ("sslmode=Require", "require"),
        ("sslmode=no-verify", "require"),
        ("ssl=require", "require"),
        ("ssl=true", "require"),
        ("ssl=1", "require"),
        ("ssl=no-verify", "require"),
        ("ssl=verify-full", (True, True)),
        ("ssl=false", "disable"),
        ("ssl=false&sslmode=require", "require"),
        ("ssl=true&sslmode=verify-full", (True, True)),
        ("ssl=true&sslrootcert=system", (True, True)),
        ("sslmode=require&sslaccept=strict", (True, True)),
        ("sslmode=require&sslaccept=accept_invalid_certs", "require"),
    ],
)
def test_sslmode_says_what_is_verified(query: str, expected: object) -> None:
    assert tls(DatabaseUrl.parse(f"{_BASE}?{query}")) == expected


@pytest.mark.req("RUN-FR-009")
@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("sslmode=hunter2", "sslmode must be one of"),
        ("ssl=maybe", "ssl may be true or false"),
        ("sslaccept=hunter2", "sslaccept must be one of"),
        ("channel_binding=hunter2", "channel_binding must be one of"),
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
        "supa=base-pooler.x",
        "workaround=supabase-pooler.vercel",
        "statement_cache_size=0",
        "uselibpqcompat=true",
        "channel_binding=prefer",
        "connect_timeout=10",
        "gssencmode=disable",
        "ssl_min_protocol_version=TLSv1.2",
        "krbsrvname=postgres",
        "keepalives=1",
        "keepalives_idle=30",
        "keepalives_interval=10",
        "keepalives_count=5",
        "tcp_user_timeout=1000",
        "sslsni=1",
        "sslcompression=0",
        "fallback_application_name=x",
    ],
)
def test_parameters_of_other_clients_are_not_sent_to_the_server(parameter: str) -> None:
    url = DatabaseUrl.parse(f"{_BASE}?application_name=tasks&{parameter}")
    assert url.connect_arguments == {"dsn": f"{_BASE}?application_name=tasks"}


@pytest.mark.req("DB-FR-026")
@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("unheard_of=hunter2", "the parameter 'unheard_of' is unknown"),
        ("sslmod=require", "the parameter 'sslmod' is unknown"),
        ("RequireSSL=1", "the parameter RequireSSL of libpq is not supported here: write sslmode=require instead"),
        ("SSLMODE=require", "the parameter 'SSLMODE' is unknown: write sslmode"),
        ("preparethreshold=0", "the parameter 'preparethreshold' is unknown: write prepareThreshold"),
        ("sslcrl=/ca.crl", "the parameter sslcrl of libpq is not supported here: remove it if"),
        (
            "require_auth=scram-sha-256",
            "the parameter require_auth of libpq .*: remove it, and demand sslmode=verify-full",
        ),
        ("hostaddr=10.0.0.1", "the parameter hostaddr of libpq .* the address in the place of the host"),
        ("ssl_min_protocol_version=TLSv1.3", "the parameter ssl_min_protocol_version must be tlsv1 or"),
        ("hunter2%40db.example.com=1", "the parameter after '\\?' is unknown"),
        ("schema=tasks", "the parameter schema must be public"),
        ("gssencmode=require", "the parameter gssencmode must be"),
        ("client_encoding=latin1", "the parameter client_encoding must be"),
    ],
)
def test_parameters_that_the_service_cannot_honor_are_refused(query: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as refused:
        DatabaseUrl.parse(f"{_BASE}?{query}")
    assert_reveals_nothing(str(refused.value))


@pytest.mark.req("DB-FR-026")
@given(
    names=st.text(string.ascii_letters + "_", min_size=1, max_size=12),
    value=st.sampled_from(["", "1", "true", "require", "hunter2"]),
)
def test_a_parameter_is_honored_ignored_on_purpose_or_refused(names: str, value: str) -> None:
    assume(names not in KNOWN_PARAMETERS)
    with pytest.raises(ValueError, match=r"is unknown|of libpq is not supported") as refused:
        DatabaseUrl.parse(f"{_BASE}?sslmode=require&{names}={value}")
    assert_reveals_nothing(str(refused.value))


_OF_LIBPQ = """
    host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout client_encoding
    options application_name fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count
    tcp_user_timeout replication gssencmode sslmode requiressl sslnegotiation sslcompression sslcert sslkey
    sslkeylogfile sslpassword sslcertmode sslrootcert sslcrl sslcrldir sslsni requirepeer ssl_min_protocol_version
    ssl_max_protocol_version min_protocol_version max_protocol_version krbsrvname gsslib gssdelegation scram_client_key
    scram_server_key service servicefile target_session_attrs load_balance_hosts oauth_issuer oauth_client_id
    oauth_client_secret oauth_scope
"""  # https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS


@pytest.mark.req("RUN-FR-092")
@pytest.mark.parametrize("name", _OF_LIBPQ.split())
def test_no_parameter_of_libpq_is_called_unknown(name: str) -> None:
    try:
        DatabaseUrl.parse(f"{_BASE}?{name}=1")
    except ValueError as refused:
        assert "is unknown" not in str(refused)  # noqa: PT017 - others are accepted


@pytest.mark.req("RUN-FR-093")
@pytest.mark.parametrize("name", sorted(KNOWN_PARAMETERS))
def test_an_empty_parameter_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"the parameter {name} is empty: remove it, or give it a value"):
        DatabaseUrl.parse(f"{_BASE}?{name}=")


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
        f"postgresql://somebody:12/{_PASSWORD}@db.example.com/tasks",
        f"postgresql://somebody:12?{_PASSWORD}@db.example.com/tasks",
        f"{_BASE}?sslmode=require#{_PASSWORD}",
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


@pytest.mark.req("DB-FR-023")
def test_a_pooler_is_recognized_by_the_parameter_host() -> None:
    assert DatabaseUrl.parse("postgresql://u:p@/tasks?host=aws.pooler.example.com").pooled


@pytest.mark.req("DB-FR-026")
@pytest.mark.parametrize("query", ["sslmode=require&sslmode=disable", "application_name=a&application_name=b"])
def test_a_parameter_that_is_given_twice_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match="has a parameter twice"):
        DatabaseUrl.parse(f"postgresql://u:p@db.example.com/tasks?{query}")
