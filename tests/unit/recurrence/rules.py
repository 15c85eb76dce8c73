"""Rules that hypothesis makes up: all that the API takes, and what looks like it."""

from hypothesis import strategies as st

_WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
_ALWAYS = {
    "BYMONTH": range(1, 13),
    "BYHOUR": range(24),
    "BYMINUTE": range(60),
}
_SIGNED = {"BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 10}
_INTERVALS = st.one_of(st.integers(1, 4), st.sampled_from([7, 12, 14, 24, 60, 1440, 9999]))


def _joined(values: st.SearchStrategy[int] | st.SearchStrategy[str], most: int = 4) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=most).map(lambda chosen: ",".join(map(str, chosen)))


def _signed(most: int) -> st.SearchStrategy[int]:
    return st.integers(1, most) | st.integers(-most, -1)


def _weekdays(most: int) -> st.SearchStrategy[str]:
    every = _joined(st.sampled_from(_WEEKDAYS))
    return (
        every | _joined(st.tuples(_signed(most).map(str), st.sampled_from(_WEEKDAYS)).map("".join)) if most else every
    )


@st.composite
def rules(draw: st.DrawFn) -> str:
    """What RFC 5545 allows, though some name days that do not exist."""
    frequency = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"]))
    parts = {"FREQ": st.just(frequency), "INTERVAL": _INTERVALS.map(str), "WKST": st.sampled_from(_WEEKDAYS)}
    parts |= {name: _joined(st.sampled_from(values)) for name, values in _ALWAYS.items()}
    parts["BYSECOND"] = st.integers(0, 59).map(str)
    allowed = {"BYMONTHDAY"} if frequency != "WEEKLY" else set()
    allowed |= {"BYYEARDAY", "BYWEEKNO"} if frequency == "YEARLY" else set()
    parts |= {name: _joined(_signed(_SIGNED[name])) for name in sorted(allowed)}
    chosen = draw(st.sets(st.sampled_from(sorted(parts.keys() - {"FREQ"})), max_size=4))
    ordinal = 0 if "BYWEEKNO" in chosen else {"YEARLY": 53, "MONTHLY": 5}.get(frequency, 0)
    if "BYWEEKNO" in chosen or draw(st.booleans()):
        parts["BYDAY"] = _weekdays(5 if ordinal and "BYMONTH" in chosen else ordinal)
        chosen = chosen | {"BYDAY"}
    if any(name.startswith("BY") for name in chosen) and draw(st.booleans()):
        parts["BYSETPOS"] = _joined(_signed(_SIGNED["BYSETPOS"]))
        chosen = chosen | {"BYSETPOS"}
    return ";".join(f"{name}={draw(parts[name])}" for name in ["FREQ", *sorted(chosen)])


_NAMES = ["FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_ALWAYS, *_SIGNED, "BYSECOND", "BYEASTER", "X-A", ""]
_VALUES = st.one_of(
    st.sampled_from(["DAILY", "MINUTELY", "SECONDLY", "YEARLY", "MO", "20261231", "20261231T235959Z", "99999999", ""]),
    st.integers(-400, 20_000).map(str),
    _weekdays(60),
    st.text(max_size=5),
)
look_alikes = st.one_of(
    st.text(max_size=60),
    st.lists(st.tuples(st.sampled_from(_NAMES), _VALUES).map("=".join), max_size=6).map(";".join),
)
