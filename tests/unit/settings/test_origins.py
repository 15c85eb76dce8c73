"""ALLOWED_ORIGINS: accepted list formats, and refusals of invalid origins."""

import json
import re

import pytest

from src.config import load_settings
from tests.unit.settings.production import PASSWORD, refusal


@pytest.mark.req("RUN-FR-006")
@pytest.mark.parametrize(
    "value",
    [
        "https://app.example.com,http://localhost:3000",
        " https://app.example.com/ , http://localhost:3000/ ,",
        "HTTPS://App.Example.Com,http://LOCALHOST:3000",
        json.dumps(["https://app.example.com", "http://localhost:3000"]),
        json.dumps(["https://app.example.com/", "http://localhost:3000/"], indent=2),
    ],
)
def test_origins_may_be_listed_in_several_formats(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", value)
    assert load_settings().allowed_origins == ["https://app.example.com", "http://localhost:3000"]


@pytest.mark.req("RUN-FR-006")
@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "app.example.com",
        "app.example.com:3000",
        "https://*",
        "https://*.com",
        "https://app.*.com",
        "https://*example.com",
        "https://app-**.vercel.app",
        "https://*-*-*.vercel.app",
        "https://app.example.com:*",
        "capacitor://*",
        "file://localhost",
        "data://localhost",
        "https://app.example.com/path",
        "https://app.example.com?query",
        "https://app.example.com#fragment",
        "https://somebody:hunter2@app.example.com",
        "https://app.example.com:99999",
        "https://app example.com",
        "https://[app",
        "ftp://app.example.com",
        "https://",
    ],
)
@pytest.mark.parametrize("form", ["{}", '["{}"]', "https://app.example.com,{}"])
def test_an_invalid_origin_is_refused(monkeypatch: pytest.MonkeyPatch, origin: str, form: str) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", form.format(origin))
    message = refusal()
    assert re.fullmatch("Invalid settings: ALLOWED_ORIGINS:? [^;\n]+", message)
    assert PASSWORD not in message


@pytest.mark.req("HTTP-FR-041")
@pytest.mark.parametrize(
    "origin",
    [
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "http://tauri.localhost",
        "app://obsidian.md",
        "chrome-extension://mhjfbmdgcfjbbpaeojofohoefgiehjai",
        "moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc",
        "vscode-webview://0A1b",
        "https://app-git-*.vercel.app",
        "https://*-team.*.example.com:8443",
    ],
)
def test_apps_and_patterns_are_origins(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", f"{origin}/,https://app.example.com")
    assert load_settings().allowed_origins == [origin, "https://app.example.com"]
