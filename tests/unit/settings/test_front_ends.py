"""BETTER_AUTH_URL and its companions: one front end or several."""

import json

import pytest

from src.config import load_settings
from src.config.front_ends import FrontEndSettings
from tests.unit.settings.production import refusal

APP, ADMIN = "https://app.example.com", "https://admin.example.com"
PREVIEWS = "https://app-git-*.vercel.app"
NEON = "https://ep-spring-silence-ad3hu80n.neonauth.c-2.us-east-1.aws.neon.tech"


def front_ends(monkeypatch: pytest.MonkeyPatch, **values: str) -> list[FrontEndSettings]:
    monkeypatch.delenv("BETTER_AUTH_SECRET")
    for name, value in values.items():
        monkeypatch.setenv(f"BETTER_AUTH_{name}", value)
    return load_settings().front_ends


def keys(origin: str) -> str:
    return f"{origin}/api/auth/jwks"


@pytest.mark.req("AUTH-FR-053")
@pytest.mark.parametrize("form", [f"{APP},{ADMIN}", f" {APP}/ , {ADMIN}/api/auth ,", json.dumps([APP, ADMIN])])
def test_each_url_is_a_front_end_with_an_issuer_an_audience_and_keys(
    monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    assert front_ends(monkeypatch, URL=form) == [([APP], [APP], keys(APP)), ([ADMIN], [ADMIN], keys(ADMIN))]


@pytest.mark.req("AUTH-FR-054")
def test_a_url_with_a_star_is_an_issuer_with_the_keys_of_the_url_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert front_ends(monkeypatch, URL=f"{APP},{PREVIEWS},{ADMIN}") == [
        ([APP, PREVIEWS], [APP, PREVIEWS], keys(APP)),
        ([ADMIN], [ADMIN], keys(ADMIN)),
    ]


@pytest.mark.req("AUTH-FR-053")
def test_addresses_of_keys_and_issuers_are_in_the_order_of_the_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    assert front_ends(
        monkeypatch,
        URL=f"{APP},{PREVIEWS},{ADMIN}",
        JWKS_URL="http://web:3000/keys,http://admin:3000/keys",
        ISSUER="web,admin",
        AUDIENCE="tasks",
    ) == [(["web", PREVIEWS], ["tasks"], "http://web:3000/keys"), (["admin"], ["tasks"], "http://admin:3000/keys")]


@pytest.mark.req("AUTH-FR-053")
def test_keys_need_no_front_end_if_issuer_and_audience_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert front_ends(monkeypatch, JWKS_URL="http://web:3000/keys", ISSUER="web", AUDIENCE="tasks") == [
        (["web"], ["tasks"], "http://web:3000/keys")
    ]


@pytest.mark.req("AUTH-FR-055")
@pytest.mark.parametrize(
    ("value", "audiences"),
    [
        ("web,admin", ["web", "admin"]),
        ("web", ["web"]),
        ('["web, mobile", "admin"]', ["web, mobile", "admin"]),
        ('["a,b"]', ["a,b"]),
        (f"tasks,{PREVIEWS}", ["tasks", PREVIEWS]),
    ],
)
def test_audiences_are_a_list_in_whose_json_form_commas_may_occur(
    monkeypatch: pytest.MonkeyPatch, value: str, audiences: list[str]
) -> None:
    assert front_ends(monkeypatch, URL=APP, AUDIENCE=value) == [([APP], audiences, keys(APP))]


@pytest.mark.req("AUTH-FR-056")
@pytest.mark.parametrize("path", ["/neondb/auth", "/neondb/auth/", "/neondb/auth/.well-known/jwks.json"])
def test_either_url_of_neons_console_is_enough(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    names = [NEON, f"{NEON}/neondb/auth"]
    assert front_ends(monkeypatch, URL=NEON + path) == [
        (names, names, f"{NEON}/neondb/auth/.well-known/jwks.json"),
    ]


@pytest.mark.req("AUTH-FR-056")
def test_both_urls_of_neons_console_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    names, url = [NEON, f"{NEON}/neondb/auth"], f"{NEON}/neondb/auth/.well-known/jwks.json"
    assert front_ends(monkeypatch, URL=f"{NEON}/neondb/auth", JWKS_URL=url) == [(names, names, url)]


@pytest.mark.req("AUTH-FR-056")
@pytest.mark.parametrize("path", ["/api/auth/jwks", "/keys/jwks/", "/.well-known/jwks.json"])
def test_the_url_of_the_keys_is_recognized(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    assert front_ends(monkeypatch, URL=APP + path) == [([APP], [APP], APP + path.rstrip("/"))]


@pytest.mark.req("AUTH-FR-057")
@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"URL": PREVIEWS}, "BETTER_AUTH_URL: must begin with a URL without '*'"),
        ({"URL": f"{APP},https://*.com"}, "BETTER_AUTH_URL: may have '*'"),
        ({"URL": f"{APP},https://app.example.com:*"}, "BETTER_AUTH_URL"),
        ({"URL": f"{APP},{APP}/auth"}, "BETTER_AUTH_URL has two front ends with the same issuer"),
        ({"URL": f"{APP},{ADMIN}", "JWKS_URL": keys(APP)}, "BETTER_AUTH_JWKS_URL must have as many members"),
        ({"URL": APP, "JWKS_URL": f"{keys(APP)},{keys(ADMIN)}"}, "BETTER_AUTH_JWKS_URL must have as many members"),
        ({"URL": f"{APP},{ADMIN}", "ISSUER": "web"}, "BETTER_AUTH_ISSUER must have as many members"),
        ({"URL": APP, "AUDIENCE": "*"}, "BETTER_AUTH_AUDIENCE: may have '*' only in an origin"),
        ({"URL": APP, "ISSUER": "https://*.com"}, "BETTER_AUTH_ISSUER: may have '*'"),
        ({"URL": APP, "ISSUER": "https://*.a.example.com/path"}, "BETTER_AUTH_ISSUER: may have '*' only in an origin"),
        ({"JWKS_URL": keys(APP)}, "BETTER_AUTH_URL is missing"),
    ],
)
def test_front_ends_that_are_not_clear_are_refused(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], sentence: str
) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"BETTER_AUTH_{name}", value)
    message = refusal()
    assert message.startswith(f"Invalid settings: {sentence}")
    assert "; " not in message
