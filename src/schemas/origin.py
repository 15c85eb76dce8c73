"""Parse web origins, in the format of the `Origin` header (RFC 6454, section 6.1)."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, HttpUrl


def origin_of(url: HttpUrl) -> str:
    """Return the origin of a URL: scheme, host, and the port unless it is the default, in lower case."""
    return urlsplit(str(url))._replace(path="", query="", fragment="").geturl()


def _parse_origin(value: str) -> str:
    try:
        url = HttpUrl(value.strip())
    except ValueError:
        url = None
    if url is None or url.username or url.path not in {None, "/"} or url.query or url.fragment or "*" in value:
        raise ValueError("must be an origin such as https://app.example.com")
    return origin_of(url)


Origin = Annotated[str, AfterValidator(_parse_origin)]
