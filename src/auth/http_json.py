"""Fetch a small JSON document over HTTP, with limits on time, size and redirects."""

import asyncio
import json
from typing import Final

import httpx

from src.auth.log_safe import log_safe

MAX_BYTES: Final = 256 * 1024
_MAX_REDIRECTS: Final = 3
# A compressed body could exceed the limit when it is decompressed.
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


class FetchError(Exception):
    """The document cannot be fetched; the message says why, in one line that is safe to log.

    `status` is that of the response, if it is the reason.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


async def fetch_json(http: httpx.AsyncClient, url: httpx.URL, *, seconds: float) -> object:
    """Fetch the JSON document at `url`, following redirects within its host only.

    Raises:
        FetchError: There was no response with status 200 and at most `MAX_BYTES` of JSON within `seconds`.
    """
    try:
        async with asyncio.timeout(seconds):
            return json.loads(await _body(http, http.build_request("GET", url, headers=_HEADERS)))
    except (TimeoutError, httpx.TimeoutException):
        raise FetchError(f"no complete response within {seconds:g} s") from None
    except ValueError:
        raise FetchError("the response is not JSON") from None
    except FetchError:
        raise
    except Exception as error:  # noqa: BLE001 - httpx does not wrap all errors of its layers, even an ExceptionGroup
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
    raise FetchError("it redirects too often")


def _same_host(origin: httpx.URL, request: httpx.Request) -> httpx.Request:
    downgrade = origin.scheme == "https" != request.url.scheme
    if downgrade or request.url.host != origin.host:
        raise FetchError(f"it redirects to {log_safe(str(request.url))}, which is not followed")
    return request


async def _read(response: httpx.Response) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise FetchError(f"it responds with status {response.status_code}", response.status_code)
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_BYTES:
            raise FetchError(f"it sends more than {MAX_BYTES} bytes")
    return bytes(body)
