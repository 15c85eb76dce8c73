"""Parse web origins, in the format of the `Origin` header (RFC 6454, section 6.1), and patterns of them."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, HttpUrl

WILDCARD: Final = "*"
_MAX_WILDCARDS: Final = 2
_LABEL_PART: Final = "[a-z0-9_-]{1,63}"  # bounded, so that matching a long name takes no time
_FIXED_LABELS: Final = 2

# Schemes of apps, such as capacitor://localhost and chrome-extension://…; the host is compared as it is written.
_APP_ORIGIN: Final = re.compile(r"([a-z][a-z0-9+.-]*)://([A-Za-z0-9._-]+)(:\d{1,5})?")
_NO_APPS: Final = frozenset({"http", "https", "ws", "wss", "ftp", "file", "blob", "data", "about", "javascript"})


class OriginSet(Collection[str]):
    """A set of origins, whose patterns contain every origin that they match.

    `*` matches one label of a host name or a part of one: at least one character, and never a dot. A set may also have
    names that are no origins, which match only themselves.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = tuple(dict.fromkeys(names))
        self.literals = frozenset(name for name in self._names if WILDCARD not in name)
        """The members that are no patterns."""
        self._patterns = [_compile(name) for name in self._names if WILDCARD in name]

    def __contains__(self, origin: object) -> bool:
        return isinstance(origin, str) and (
            origin in self.literals or any(pattern.fullmatch(origin) for pattern in self._patterns)
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def origin_of(url: HttpUrl) -> str:
    """Return the origin of a URL: scheme, host, and the port unless it is the default, in lower case."""
    return urlsplit(str(url))._replace(path="", query="", fragment="").geturl()


def check_pattern(origin: str) -> str:
    """Return the origin if it has no `*`, or if its `*` cannot match more than labels below a domain.

    Raises:
        ValueError: It could match a domain of another owner, or is costly to match.
    """
    host = urlsplit(origin).hostname or ""
    fixed = host.split(".")[-_FIXED_LABELS:]
    is_fixed = len(fixed) == _FIXED_LABELS and WILDCARD not in "".join(fixed)
    if WILDCARD in origin and not (is_fixed and _has_few_wildcards(origin, host)):
        raise ValueError(
            "may have '*' once or twice, only in the labels before the last two: https://app-git-*.vercel.app"
        )
    return origin


def _has_few_wildcards(origin: str, host: str) -> bool:
    return origin.count(WILDCARD) == host.count(WILDCARD) <= _MAX_WILDCARDS and WILDCARD * 2 not in host


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(_LABEL_PART.join(map(re.escape, pattern.split(WILDCARD))))


def _parse_origin(value: str) -> str:
    text = value.strip()
    app = _APP_ORIGIN.fullmatch(text.removesuffix("/"))
    if app and app[1] not in _NO_APPS:
        return app[0]
    try:
        url = HttpUrl(text)
    except ValueError:
        url = None
    if url is None or url.username or url.path not in {None, "/"} or url.query or url.fragment:
        raise ValueError("must be an origin such as https://app.example.com or capacitor://localhost")
    return check_pattern(origin_of(url))


Origin = Annotated[str, AfterValidator(_parse_origin)]
