"""`python -m src doctor` for a developer: the embedded database, and a front end that is not set up yet."""

import asyncio
from pathlib import Path

import pytest

from tests.integration.development.test_dev import dev
from tests.integration.doctor.test_doctor import doctor, examined
from tests.support.commands import run
from tests.support.jwks_server import serving

_DATABASE = {"DATABASE_URL": "postgresql://somebody:hunter2@127.0.0.1:9/tasks"}


@pytest.mark.req("OBS-FR-026")
def test_the_embedded_database_of_dev_is_checked_while_it_runs_and_afterwards(tmp_path: Path) -> None:
    with dev(tmp_path, "--no-reload"):
        running = examined(run(tmp_path, "-m", "src", "doctor"))
    stopped = examined(run(tmp_path, "-m", "src", "doctor", ENVIRONMENT="development"))
    for status, findings in (running, stopped):
        assert status == 0
        assert findings["set-up"].startswith("ok checking the database and secret of 'python -m src dev'")
        assert findings["migrations"].startswith("ok")
        assert {finding.partition(" ")[0] for finding in findings.values()} == {"ok"}, findings
    status, findings = doctor(tmp_path, ENVIRONMENT="production")
    assert (status, set(findings)) == (1, {"settings"})
    status, findings = doctor(tmp_path, **_DATABASE)
    assert (status, "set-up" in findings) == (1, False)


@pytest.mark.req("OBS-FR-026")
def test_without_an_embedded_database_the_missing_settings_are_named(tmp_path: Path) -> None:
    status, findings = doctor(tmp_path)
    assert (status, set(findings)) == (1, {"settings"})
    assert "DATABASE_URL is missing" in findings["settings"]
    assert not (tmp_path / ".data").exists()


@pytest.mark.req("OBS-FR-027")
@pytest.mark.parametrize(("response", "remedy"), [(500, "Run 'npx auth migrate' there"), (404, "the jwt plugin?")])
async def test_a_front_end_without_keys_is_reported_with_the_remedy(tmp_path: Path, response: int, remedy: str) -> None:
    async with serving({}) as front_end:
        front_end.status = response
        url = f"http://127.0.0.1:{front_end.port}"
        _, findings = await asyncio.to_thread(doctor, tmp_path, BETTER_AUTH_URL=url, **_DATABASE)
    assert f"status {response}" in findings["JWKS"]
    assert remedy in findings["JWKS"]
