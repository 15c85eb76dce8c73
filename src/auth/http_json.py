"""Reading a small JSON document from a server that may be slow, huge, moved, or gone."""

import asyncio
import json
from typing import Final

import httpx

from src.auth.log_safe import log_safe

MAX_BYTES: Final = 256 * 1024
_MAX_REDIRECTS: Final = 3
# Compressed bytes could not be counted before they have grown.
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


class FetchError(Exception):
    """There is no document; the message says why, in one line fit for a log."""


async def fetch_json(http: httpx.AsyncClient, url: httpx.URL, *, seconds: float) -> object:
    """The JSON document at `url`, following redirects within its host only.

    Raises:
        FetchError: within `seconds` there was no answer of status 200 with at most `MAX_BYTES` of JSON.
    """
    try:
        async with asyncio.timeout(seconds):
            return json.loads(await _body(http, http.build_request("GET", url, headers=_HEADERS)))
    except (TimeoutError, httpx.TimeoutException):
        raise FetchError(f"no complete answer within {seconds:g} s") from None
    except ValueError:
        raise FetchError("the answer is not JSON") from None
    except FetchError:
        raise
    except Exception as error:  # noqa: BLE001 - httpx lets errors of its layers through, even an ExceptionGroup
        raise FetchError(log_safe(f"{type(error).__name__}: {error}")) from None


async def _body(http: httpx.AsyncClient, request: httpx.Request) -> bytes:
    for _ in range(_MAX_REDIRECTS + 1):
        response = await http.send(request, stream=True)
        try:
            if response.next_request is None:
                return await _read(response)
            request = _same_host(request.url, response.next_request)
        finally:
            await response.aclose()
    raise FetchError("it redirects without end")


def _same_host(origin: httpx.URL, request: httpx.Request) -> httpx.Request:
    downgrade = origin.scheme == "https" != request.url.scheme
    if downgrade or request.url.host != origin.host:
        raise FetchError(f"it redirects to {log_safe(str(request.url))}, which is not followed")
    return request


async def _read(response: httpx.Response) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise FetchError(f"it answers with status {response.status_code}")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_BYTES:
            raise FetchError(f"it sends more than {MAX_BYTES} bytes")
    return bytes(body)
