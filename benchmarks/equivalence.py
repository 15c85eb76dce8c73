"""Check that each peer does the same work, because a peer that responds with less has less to do."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from benchmarks.load import exchange
from benchmarks.peers import Peer, PeerName
from benchmarks.workload import HEALTH, NEW_TASK, Client, Clients, toggle

_PAGED_OTHERWISE = {"total", "next_cursor"}
"""The usual style counts all tasks and pages by offset, so its lists have other values for these."""

_CONTEXT = 50
"""The number of characters of a response that are shown before the first difference."""

type Json = dict[str, Any]


class NotEquivalent(RuntimeError):
    """A peer responds with something else than the API."""


def check_equivalence(api: Peer, peers: Sequence[Peer], clients: Clients) -> None:
    """Compare the responses of the peers with those of the API.

    Raises:
        NotEquivalent: They differ.
    """
    for peer in peers:
        _check_reads(api, peer, clients.readers[0])
        _check_refusals(peer, *clients.readers[:2])
        _check_writes(api, peer, clients.writers[0])


def _check_reads(api: Peer, peer: Peer, client: Client) -> None:
    _compare(peer, "health", _json(peer, HEALTH), _json(api, HEALTH))
    for path in ("?limit=20", "?limit=50", f"/{client.tasks[0]}"):
        found, expected = (_json(each, client.request("GET", path)) for each in (peer, api))
        if peer.name is PeerName.BASELINE:
            found |= {name: expected[name] for name in _PAGED_OTHERWISE & found.keys()}
        _compare(peer, f"GET {path}", found, expected)


def _check_refusals(peer: Peer, client: Client, other: Client) -> None:
    path = f"/{client.tasks[0]}"
    requests = {
        401: client._replace(token=other.token + "forged").request("GET", path),
        403: client._replace(token=other.token).request("GET", path),
        404: client.request("GET", f"/{2**62}"),
    }
    statuses = [exchange(peer.address, request).status for request in requests.values()]
    _compare(peer, "refusals", statuses, list(requests))


def _check_writes(api: Peer, peer: Peer, client: Client) -> None:
    """Compare a peer's responses with what the API reads then, and that each write takes the owner's next revision."""
    revision = _json(api, client.request("POST", body=NEW_TASK), 201)["revision"]
    created = _json(peer, client.request("POST", body=NEW_TASK), 201)
    _compare(peer, "create", created, _json(api, client.request("GET", f"/{created['id']}")))
    _compare(peer, "create", {name: created[name] for name in NEW_TASK}, NEW_TASK)
    for completed in (True, False):
        toggled = _json(peer, toggle(client, created["id"]))
        _compare(peer, "toggle", toggled, _json(api, client.request("GET", f"/{created['id']}")))
        _compare(peer, "toggle", toggled["completed"], completed)
    _compare(peer, "revisions", toggled["revision"], revision + 3)


def _json(peer: Peer, request: bytes, status: int = 200) -> Json:
    response = exchange(peer.address, request)
    _compare(peer, f"status ({response.body!r})", response.status, status)
    parsed: Json = json.loads(response.body, object_hook=_comparable)
    return parsed


def _comparable(members: Json) -> Json:
    """Compare times as instants, because `Z` and `+00:00`, and digits that are zero, mean the same; ignore cursors."""
    times = {name: datetime.fromisoformat(time) for name, time in members.items() if name.endswith("_at") and time}
    if members.get("next_cursor"):
        members["next_cursor"] = "opaque"
    return members | {name: time.astimezone(UTC).isoformat() for name, time in times.items()}


def _compare(peer: Peer, what: str, found: object, expected: object) -> None:
    if found != expected:
        texts = [json.dumps(value, sort_keys=True) for value in (found, expected)]
        first = next((at for at, pair in enumerate(zip(*texts, strict=False)) if len(set(pair)) > 1), 0)
        start = max(0, first - _CONTEXT)
        differing = " is not ".join(text[start : start + 3 * _CONTEXT] for text in texts)
        raise NotEquivalent(f"{peer.name} is not equivalent, {what}: {differing}")
