"""Parse and validate a recurrence rule (RFC 5545, section 3.3.10; `RSCALE` and `SKIP`: RFC 7529, section 4)."""

import re
from dataclasses import dataclass
from datetime import date, datetime

MAX_LENGTH = 500
"""The maximum length of a rule, in characters."""

_MAX_NUMBER = 10_000
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY")
_UNSIGNED = {
    "INTERVAL": range(1, _MAX_NUMBER + 1),
    "COUNT": range(1, _MAX_NUMBER + 1),
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
_SKIPS = ("OMIT", "BACKWARD", "FORWARD")
_PARTS = {"FREQ", "UNTIL", "WKST", "BYDAY", "RSCALE", "SKIP"} | _UNSIGNED.keys() | _SIGNED.keys()
_ORDINAL = range(1, 54)
_MAX_ORDINAL_IN_MONTH = 5
_SHORTEST_MONTH = 28
_MONTH_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_UNTIL = re.compile(r"\d{8}(T\d{6}Z?)?", re.ASCII)
_WEEKDAY = re.compile(r"([+-]?)(\d{0,2})(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rule:
    """A parsed rule, without the defaults that it takes from the due date."""

    frequency: str
    until: date | datetime | None
    """The last day or time: in UTC if aware, otherwise a wall-clock time."""
    week_start: int
    weekdays: frozenset[tuple[int, int]]
    """Pairs of an ordinal (0 for every) and a day of the week (0 for Monday)."""
    numbers: dict[str, frozenset[int]]
    """The values of all numeric parts, by the name of the part."""
    skip: str = "OMIT"
    """SKIP: whether days that a month lacks are omitted, or moved to the day before them or after them."""

    @property
    def interval(self) -> int:
        """INTERVAL: the number of periods from one occurrence to the next."""
        return min(self.numbers.get("INTERVAL", {1}))

    @property
    def count(self) -> int | None:
        """COUNT: the number of occurrences, the first included, or None if unlimited."""
        return min(self.numbers.get("COUNT", ()), default=None)

    @property
    def has_days(self) -> bool:
        """Whether the rule selects days of a week, month or year."""
        return bool(self.weekdays or self.numbers.keys() & {"BYMONTHDAY", "BYYEARDAY"})

    @property
    def moves_days(self) -> bool:
        """Whether the rule may select days that a month lacks, and moves them instead of omitting them."""
        is_expanded = self.frequency in {"YEARLY", "MONTHLY"} and not self.numbers.keys() & {"BYYEARDAY", "BYWEEKNO"}
        return self.skip != "OMIT" and is_expanded and max(self.numbers.get("BYMONTHDAY", {0})) > _SHORTEST_MONTH

    @property
    def is_within_days(self) -> bool:
        """Whether the periods of the rule are shorter than a day."""
        return self.frequency in {"HOURLY", "MINUTELY"}

    @property
    def depends_on_zone(self) -> bool:
        """Whether the rule selects months, days, hours or minutes, which begin at other times in other time zones."""
        selected = self.numbers.keys() - {"INTERVAL", "COUNT", "BYSECOND"}
        return bool(selected or self.weekdays) or self.frequency in {"MONTHLY", "YEARLY"}

    @property
    def is_by_weeks(self) -> bool:
        """Whether the rule selects days within weeks."""
        return self.frequency == "WEEKLY" or "BYWEEKNO" in self.numbers

    @property
    def has_months(self) -> bool:
        """Whether ordinals in BYDAY count within months instead of years."""
        return self.frequency == "MONTHLY" or "BYMONTH" in self.numbers


def parse_rule(text: str) -> Rule:
    """Parse a rule in upper case, without prefix and spaces.

    Raises:
        ValueError: The text is no rule of RFC 5545, combines parts that the RFC forbids, has a calendar that is not the
            Gregorian one, or recurs every second; the message says what a rule must be and does not contain the text.
    """
    parts = _split(text)
    rule = Rule(
        frequency=_frequency(parts.get("FREQ")),
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        week_start=_week_start(parts.get("WKST", "MO")),
        weekdays=frozenset(map(_weekday, parts["BYDAY"].split(","))) if "BYDAY" in parts else frozenset(),
        numbers={name: _numbers(name, value) for name, value in parts.items() if name in _UNSIGNED | _SIGNED},
        skip=_skip(parts),
    )
    _validate_combination(rule)
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
        raise ValueError(f"must have FREQ, one of {', '.join(_FREQUENCIES)}; SECONDLY is not supported")
    return value


def _until(value: str) -> date | datetime:
    try:
        if _UNTIL.fullmatch(value):
            return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError("must have a day (20261231) or a time (20261231T090000, with Z in UTC) as UNTIL")


def _week_start(value: str) -> int:
    if value not in WEEKDAYS:
        raise ValueError("must have a day of the week as WKST, such as MO")
    return WEEKDAYS.index(value)


def _skip(parts: dict[str, str]) -> str:
    if parts.get("RSCALE", "GREGORIAN") != "GREGORIAN":
        raise ValueError("must have no other RSCALE than GREGORIAN")
    skip = parts.get("SKIP", "OMIT")
    if skip not in _SKIPS:
        raise ValueError(f"must have one of {', '.join(_SKIPS)} as SKIP")
    return skip


def _weekday(value: str) -> tuple[int, int]:
    match = _WEEKDAY.fullmatch(value)
    if not match or (match[1] + match[2] and int(match[2] or 0) not in _ORDINAL):
        raise ValueError("must have days of the week as BYDAY, such as MO,TH or 1MO,-1FR")
    return int(match[1] + match[2] or 0), WEEKDAYS.index(match[3])


def _numbers(name: str, value: str) -> frozenset[int]:
    allowed, sign = (_SIGNED[name], "[+-]?") if name in _SIGNED else (_UNSIGNED[name], "")
    texts = value.split(",")
    if not all(re.fullmatch(rf"{sign}[0-9]{{1,5}}", text) and abs(int(text)) in allowed for text in texts):
        raise ValueError(f"must have numbers from {'±' * bool(sign)}{allowed[0]} to {allowed[-1]} as {name}")
    if name in _SINGLE and len(texts) > 1:
        raise ValueError(f"must have one {name} only")
    return frozenset(map(int, texts))


def _validate_combination(rule: Rule) -> None:
    """Refuse combinations of parts that are valid on their own."""
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
    """Return whether any month has such days: February has no 30th, unless it is moved, and no month a sixth Monday."""
    longest = max(_MONTH_LENGTHS[month - 1] for month in rule.numbers.get("BYMONTH", range(1, 13)))
    has_days = rule.moves_days or any(abs(day) <= longest for day in rule.numbers.get("BYMONTHDAY", {1}))
    has_weekdays = any(abs(ordinal) <= _MAX_ORDINAL_IN_MONTH for ordinal, _ in rule.weekdays)
    return has_days and (has_weekdays or not rule.weekdays or not rule.has_months)
