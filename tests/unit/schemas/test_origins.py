"""Sets of origins and of patterns."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.schemas.origin import OriginSet

_LABELS = st.text("abz09-_", min_size=1, max_size=63)
_PREVIEWS = OriginSet(["https://app.example.com", "https://app-git-*.vercel.app"])


@pytest.mark.req("AUTH-FR-054", "HTTP-FR-041")
@given(_LABELS)
def test_a_star_matches_a_label_or_a_part_of_one(label: str) -> None:
    assert f"https://app-git-{label[:55]}.vercel.app" in _PREVIEWS
    assert f"https://{label}.example.com:8443" in OriginSet(["https://*.example.com:8443"])
    assert f"https://app-{label}-team.x.example.com" in OriginSet(["https://app-*-team.*.example.com"])


@pytest.mark.req("AUTH-FR-054", "HTTP-FR-041")
@pytest.mark.parametrize(
    "origin",
    [
        "https://app-git-.vercel.app",
        "https://app-git-a.b.vercel.app",
        "https://app-git-a/.vercel.app",
        "https://app-git-a@evil.vercel.app",
        "https://app-git-a.vercel.app.evil.example",
        "https://app-git-a.vercel.app:443",
        "https://app-git-a.vercel.app/",
        "https://app-git-a.vercel.app\n",
        "https://app-git-\n.vercel.app",
        "https://app-git-a:1.vercel.app",
        "https://app-git-A.vercel.app",
        "https://app-git-é.vercel.app",
        "https://app-git-*.vercel.app",
        "https://app-git-axvercel.app",
        "http://app-git-a.vercel.app",
        "https://evil-app-git-a.vercel.app",
        f"https://app-git-{'a' * 64}.vercel.app",
        "https://app.example.com.evil.example",
        "null",
        "*",
        "",
        None,
        1,
        ["https://app.example.com"],
    ],
)
def test_it_matches_nothing_that_the_operator_has_not_written(origin: object) -> None:
    assert origin not in _PREVIEWS


@pytest.mark.req("AUTH-FR-054")
@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_a_star_matches_is_below_the_same_domain(before: str, after: str) -> None:
    origin = f"https://app-git-{before}.vercel.app{after}"
    assert (origin in _PREVIEWS) is bool(re.fullmatch(r"[a-z0-9_-]{1,63}", before) and not after)


@pytest.mark.req("AUTH-FR-054")
def test_matching_a_long_name_takes_no_time() -> None:
    assert f"https://{'a-' * 4000}" not in OriginSet(["https://*-*.example.com"])


def test_the_members_are_the_names_as_they_were_written() -> None:
    names = ["https://b.example.com", "https://*.example.com", "https://b.example.com"]
    assert list(OriginSet(names)) == names[:2]
    assert len(OriginSet(names)) == 2
    assert not OriginSet()
