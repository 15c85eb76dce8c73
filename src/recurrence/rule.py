"""A recurrence rule (RFC 5545, section 3.3.10) that could be read is sound: known parts, in range, in their places."""

import re
from dataclasses import dataclass
from datetime import date, datetime

_MOST = 10_000
_WEEKDAYS = {name: number for number, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
_FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY")
_UNSIGNED = {
    "INTERVAL": range(1, _MOST + 1),
    "COUNT": range(1, _MOST + 1),
    "BYMONTH": range(1, 13),
    "BYHOUR": range(24),
    "BYMINUTE": range(60),
    "BYSECOND": range(61),
}
_SIGNED = {
    "BYMONTHDAY": range(1, 32),
    "BYYEARDAY": range(1, 367),
    "BYWEEKNO": range(1, 54),
    "BYSETPOS": range(1, 367),
}
_SINGLE = {"INTERVAL", "COUNT", "BYSECOND"}
_PARTS = {"FREQ", "UNTIL", "WKST", "BYDAY"} | _UNSIGNED.keys() | _SIGNED.keys()
_ORDINAL = range(1, 54)
_MOST_IN_MONTH = 5
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_UNTIL = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)
_WEEKDAY = re.compile(r"([+-]?)(\d{0,2})(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it was written: what it leaves to the due date is still missing."""

    frequency: str
    until: date | datetime | None
    """The last day, or the last moment: in UTC if aware, else a wall-clock time."""
    week_start: int
    weekdays: frozenset[tuple[int, int]]
    """Days of the week, Monday being 0, each behind its ordinal, 0 for all."""
    numbers: dict[str, frozenset[int]]
    """The values of all parts that are numbers, by the part's name."""

    @property
    def interval(self) -> int:
        """Every how many periods of the frequency it occurs."""
        return min(self.numbers.get("INTERVAL", {1}))

    @property
    def count(self) -> int | None:
        """How many occurrences there are, the first included; None if nobody counts."""
        return min(self.numbers.get("COUNT", ()), default=None)

    @property
    def has_days(self) -> bool:
        """Whether it says which days of a week, month or year."""
        return bool(self.weekdays or self.numbers.keys() & {"BYMONTHDAY", "BYYEARDAY"})

    @property
    def is_within_days(self) -> bool:
        """Whether it is about times of day."""
        return self.frequency in {"HOURLY", "MINUTELY"}

    @property
    def is_by_weeks(self) -> bool:
        """Whether its days are days of a week."""
        return self.frequency == "WEEKLY" or "BYWEEKNO" in self.numbers

    @property
    def has_months(self) -> bool:
        """Whether the ordinals of weekdays count within months, not within years."""
        return self.frequency == "MONTHLY" or "BYMONTH" in self.numbers


def parse_rule(text: str) -> Rule:
    """The rule that a text in upper case, without prefix and spaces, means.

    Raises:
        ValueError: It is no rule of RFC 5545, has parts that the RFC forbids together, or asks for tasks by the second;
            the message says what it must be, and repeats nothing.
    """
    parts = _split(text)
    rule = Rule(
        frequency=_frequency(parts.get("FREQ")),
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        week_start=_week_start(parts.get("WKST", "MO")),
        weekdays=frozenset(map(_weekday, parts["BYDAY"].split(","))) if "BYDAY" in parts else frozenset(),
        numbers={name: _numbers(name, value) for name, value in parts.items() if name in _UNSIGNED | _SIGNED},
    )
    _refuse(rule)
    return rule


def _split(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(";")]
    if not all(name in _PARTS and value for name, _, value in pairs):
        raise ValueError("must be one recurrence rule of RFC 5545 and nothing else, such as FREQ=WEEKLY;BYDAY=MO,TH")
    if len({name for name, _, _ in pairs}) < len(pairs):
        raise ValueError("must not have a part twice")
    return {name: value for name, _, value in pairs}


def _frequency(value: str | None) -> str:
    if value not in _FREQUENCIES:
        raise ValueError(f"must have FREQ, one of {', '.join(_FREQUENCIES)}; a task a second is none")
    return value


def _until(value: str) -> date | datetime:
    try:
        if _UNTIL.fullmatch(value):
            return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("must have as UNTIL a day (20261231) or a time (20261231T090000, with Z in UTC)")


def _week_start(value: str) -> int:
    if value not in _WEEKDAYS:
        raise ValueError("must have as WKST a day of the week, such as MO")
    return _WEEKDAYS[value]


def _weekday(value: str) -> tuple[int, int]:
    match = _WEEKDAY.fullmatch(value)
    if not match or (match[1] + match[2] and int(match[2] or 0) not in _ORDINAL):
        raise ValueError("must have as BYDAY days of the week, such as MO,TH or 1MO,-1FR")
    return int(match[1] + match[2] or 0), _WEEKDAYS[match[3]]


def _numbers(name: str, value: str) -> frozenset[int]:
    allowed, sign = (_SIGNED[name], "[+-]?") if name in _SIGNED else (_UNSIGNED[name], "")
    texts = value.split(",")
    if not all(re.fullmatch(rf"{sign}[0-9]{{1,5}}", text) and abs(int(text)) in allowed for text in texts):
        raise ValueError(f"must have as {name} numbers from {'±' * bool(sign)}{allowed[0]} to {allowed[-1]}")
    if name in _SINGLE and len(texts) > 1:
        raise ValueError(f"must have one {name} only")
    return frozenset(map(int, texts))


def _refuse(rule: Rule) -> None:
    """Refuse what each part allows by itself, but not all together."""
    numbers, frequency = rule.numbers, rule.frequency
    has_ordinals = any(ordinal for ordinal, _ in rule.weekdays)
    has_other = rule.weekdays or any(name.startswith("BY") for name in numbers.keys() - {"BYSETPOS"})
    for is_wrong, must in (
        ("COUNT" in numbers and rule.until, "not have both COUNT and UNTIL"),
        ("BYWEEKNO" in numbers and frequency != "YEARLY", "be FREQ=YEARLY to have BYWEEKNO"),
        ("BYYEARDAY" in numbers and frequency != "YEARLY", "be FREQ=YEARLY to have BYYEARDAY"),
        ("BYMONTHDAY" in numbers and frequency == "WEEKLY", "not be FREQ=WEEKLY to have BYMONTHDAY"),
        (has_ordinals and frequency not in {"YEARLY", "MONTHLY"}, "be FREQ=YEARLY or MONTHLY to have numbers in BYDAY"),
        (has_ordinals and "BYWEEKNO" in numbers, "not have both BYWEEKNO and numbers in BYDAY"),
        ("BYSETPOS" in numbers and not has_other, "have another BY part to have BYSETPOS"),
        (not _has_days_that_exist(rule), "have days that exist"),
    ):
        if is_wrong:
            raise ValueError(f"must {must}")


def _has_days_that_exist(rule: Rule) -> bool:
    """Some months are too short for some days of them, all for a sixth Monday."""
    longest = max(_LONGEST[month - 1] for month in rule.numbers.get("BYMONTH", range(1, 13)))
    has_days = any(abs(day) <= longest for day in rule.numbers.get("BYMONTHDAY", {1}))
    has_weekdays = any(abs(ordinal) <= _MOST_IN_MONTH for ordinal, _ in rule.weekdays)
    return has_days and (has_weekdays or not rule.weekdays or not rule.has_months)
