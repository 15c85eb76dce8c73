"""Origins as browsers write them in `Origin` (RFC 6454, section 6.1), and nothing that is none."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, HttpUrl


def origin_of(url: HttpUrl) -> str:
    """Scheme, host and the port if it is not the usual one, in lower case."""
    return urlsplit(str(url))._replace(path="", query="", fragment="").geturl()


def _origin(value: str) -> str:
    try:
        url = HttpUrl(value.strip())
    except ValueError:
        url = None
    if url is None or url.username or url.path not in {None, "/"} or url.query or url.fragment or "*" in value:
        raise ValueError("must be an origin such as https://app.example.com")
    return origin_of(url)


Origin = Annotated[str, AfterValidator(_origin)]
