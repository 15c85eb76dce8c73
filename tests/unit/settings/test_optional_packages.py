"""Settings that need optional packages."""

import sys

import pytest

from src.config import load_settings
from tests.support.tokens import SECRET


@pytest.mark.req("RUN-FR-002", "OBS-FR-014", "MCP-FR-008")
@pytest.mark.parametrize(
    ("setting", "value", "package", "group"),
    [
        ("otel_exporter_otlp_endpoint", "http://127.0.0.1:4318", "opentelemetry.sdk", "otel"),
        ("rate_limit_storage_url", "redis://127.0.0.1:6379", "redis", "redis"),
        ("mcp_session_tokens", "true", "mcp", "mcp"),
        ("public_url", "https://api.example.com", "mcp", "mcp"),
    ],
)
def test_missing_packages_are_named_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, package: str, group: str
) -> None:
    needed = {"database_url": "postgresql://not/needed", "better_auth_secret": SECRET}
    monkeypatch.setitem(sys.modules, package, None)
    load_settings(**needed)
    with pytest.raises(SystemExit) as refusal:
        load_settings(**needed | {setting: value})
    expected = f"needs packages that are not installed: add '--group {group}' to 'uv sync'"
    assert str(refusal.value) == f"Invalid settings: {setting.upper()}: {expected}"
