"""Lists of names that a client has sent, safe for headers and messages."""

import re
from collections.abc import Iterable
from itertools import islice
from urllib.parse import quote

MAX_NAMES = 10
MAX_NAME_LENGTH = 40
_CUT_ESCAPE = re.compile("%.?$")


def list_names(names: Iterable[str], separator: str = ", ") -> str:
    """Join names: percent-encoded, shortened, and no more than ten."""
    listed = [shorten(name) for name in islice(names, MAX_NAMES + 1)]
    return separator.join([*listed[:MAX_NAMES], *(["..."] if len(listed) > MAX_NAMES else [])])


def shorten(name: str) -> str:
    """Percent-encode a name and cut it to 40 characters."""
    return _CUT_ESCAPE.sub("", quote(name[:MAX_NAME_LENGTH], safe="[]", errors="replace")[:MAX_NAME_LENGTH])
