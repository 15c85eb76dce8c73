"""What the tests of idempotent requests send, and what they expect of a replay."""

import httpx

MILK = {"title": "Buy milk"}


def key(text: str = "first") -> dict[str, str]:
    return {"Idempotency-Key": text}


def assert_replayed(first: httpx.Response, again: httpx.Response) -> None:
    """Assert that the second response is a replay of the first."""
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in ("ETag", "Location", "Content-Type", "Content-Length"):
        assert again.headers.get(name) == first.headers.get(name)
