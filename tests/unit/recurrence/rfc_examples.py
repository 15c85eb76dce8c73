"""The examples of RFC 5545, section 3.8.5.3: a rule, DTSTART, and the days that the RFC lists, DTSTART the first.

Years are as in the RFC; `1997 Sep 2,9` are two days. Where the RFC's list goes on, so does the rule.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

_WEEKDAYS = "MO,TU,WE,TH,FR"
_EVERY_DAY = f"SU,{_WEEKDAYS},SA"


def days(text: str) -> list[str]:
    """`1997 Sep 2,9; 1998 Jan 6` as ISO dates."""
    return [day.isoformat() for part in text.split(";") for day in _days(part)]


def _days(part: str) -> Iterator[date]:
    month, _, numbers = part.strip().rpartition(" ")
    for number in numbers.split(","):
        first, _, last = number.partition("-")
        for day in range(int(first), int(last or first) + 1):
            yield datetime.strptime(f"{month} {day}", "%Y %b %d").date()  # noqa: DTZ007 - a day has no time zone


def _through(first: date, last: date) -> list[str]:
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]


_JANUARIES = [day for year in (1998, 1999, 2000) for day in _through(date(year, 1, 1), date(year, 1, 31))]

ENDING = [
    ("FREQ=DAILY;COUNT=10", days("1997 Sep 2-11")),
    ("FREQ=DAILY;UNTIL=19971224T000000Z", _through(date(1997, 9, 2), date(1997, 12, 23))),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", days("1997 Sep 2,12,22; 1997 Oct 2,12")),
    (f"FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY={_EVERY_DAY}", _JANUARIES),
    ("FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", _JANUARIES),
    ("FREQ=WEEKLY;COUNT=10", days("1997 Sep 2,9,16,23,30; 1997 Oct 7,14,21,28; 1997 Nov 4")),
    (
        "FREQ=WEEKLY;UNTIL=19971224T000000Z",
        days("1997 Sep 2,9,16,23,30; 1997 Oct 7,14,21,28; 1997 Nov 4,11,18,25; 1997 Dec 2,9,16,23"),
    ),
    (
        "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        days("1997 Sep 2,4,9,11,16,18,23,25,30; 1997 Oct 2"),
    ),
    ("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", days("1997 Sep 2,4,9,11,16,18,23,25,30; 1997 Oct 2")),
    (
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        days("1997 Sep 1,3,5,15,17,19,29; 1997 Oct 1,3,13,15,17,27,29,31; 1997 Nov 10,12,14,24,26,28")
        + days("1997 Dec 8,10,12,22"),
    ),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", days("1997 Sep 2,4,16,18,30; 1997 Oct 2,14,16")),
    (
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        days("1997 Sep 5; 1997 Oct 3; 1997 Nov 7; 1997 Dec 5; 1998 Jan 2; 1998 Feb 6; 1998 Mar 6; 1998 Apr 3")
        + days("1998 May 1; 1998 Jun 5"),
    ),
    ("FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", days("1997 Sep 5; 1997 Oct 3; 1997 Nov 7; 1997 Dec 5")),
    (
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        days("1997 Sep 7,28; 1997 Nov 2,30; 1998 Jan 4,25; 1998 Mar 1,29; 1998 May 3,31"),
    ),
    (
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        days("1997 Sep 22; 1997 Oct 20; 1997 Nov 17; 1997 Dec 22; 1998 Jan 19; 1998 Feb 16"),
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        days("1997 Sep 2,15; 1997 Oct 2,15; 1997 Nov 2,15; 1997 Dec 2,15; 1998 Jan 2,15"),
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        days("1997 Sep 30; 1997 Oct 1,31; 1997 Nov 1,30; 1997 Dec 1,31; 1998 Jan 1,31; 1998 Feb 1"),
    ),
    ("FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15", days("1997 Sep 10-15; 1999 Mar 10-13")),
    (
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        days("1997 Jun 10; 1997 Jul 10; 1998 Jun 10; 1998 Jul 10; 1999 Jun 10; 1999 Jul 10; 2000 Jun 10; 2000 Jul 10")
        + days("2001 Jun 10; 2001 Jul 10"),
    ),
    (
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        days("1997 Mar 10; 1999 Jan 10; 1999 Feb 10; 1999 Mar 10; 2001 Jan 10; 2001 Feb 10; 2001 Mar 10; 2003 Jan 10")
        + days("2003 Feb 10; 2003 Mar 10"),
    ),
    (
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        days("1997 Jan 1; 1997 Apr 10; 1997 Jul 19; 2000 Jan 1; 2000 Apr 9; 2000 Jul 18; 2003 Jan 1; 2003 Apr 10")
        + days("2003 Jul 19; 2006 Jan 1"),
    ),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", days("1997 Sep 4; 1997 Oct 7; 1997 Nov 6")),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", days("1997 Aug 5,10,19,24")),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", days("1997 Aug 5,17,19,31")),
    ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", days("2007 Jan 15,30; 2007 Feb 15; 2007 Mar 15,30")),
]

GOING_ON = [
    (
        "FREQ=DAILY;INTERVAL=2",
        days("1997 Sep 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30; 1997 Oct 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30")
        + days("1997 Nov 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29; 1997 Dec 1,3"),
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        days("1997 Sep 2,16,30; 1997 Oct 14,28; 1997 Nov 11,25; 1997 Dec 9,23; 1998 Jan 6,20; 1998 Feb 3,17"),
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        days("1997 Sep 28; 1997 Oct 29; 1997 Nov 28; 1997 Dec 29; 1998 Jan 29; 1998 Feb 26"),
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        days("1997 Sep 2,9,16,23,30; 1997 Nov 4,11,18,25; 1998 Jan 6,13,20,27; 1998 Mar 3,10,17,24,31"),
    ),
    ("FREQ=YEARLY;BYDAY=20MO", days("1997 May 19; 1998 May 18; 1999 May 17")),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", days("1997 May 12; 1998 May 11; 1999 May 17")),
    ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", days("1997 Mar 13,20,27; 1998 Mar 5,12,19,26; 1999 Mar 4,11,18,25")),
    (
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        days("1997 Jun 5,12,19,26; 1997 Jul 3,10,17,24,31; 1997 Aug 7,14,21,28; 1998 Jun 4,11,18,25")
        + days("1998 Jul 2,9,16,23,30; 1998 Aug 6,13,20,27; 1999 Jun 3,10,17,24; 1999 Jul 1,8,15,22,29")
        + days("1999 Aug 5,12,19,26"),
    ),
    # Its EXDATE only removes DTSTART, which for a task is the first due date.
    (
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        days("1997 Sep 2; 1998 Feb 13; 1998 Mar 13; 1998 Nov 13; 1999 Aug 13; 2000 Oct 13"),
    ),
    (
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        days("1997 Sep 13; 1997 Oct 11; 1997 Nov 8; 1997 Dec 13; 1998 Jan 10; 1998 Feb 7; 1998 Mar 7; 1998 Apr 11")
        + days("1998 May 9; 1998 Jun 13"),
    ),
    (
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        days("1996 Nov 5; 2000 Nov 7; 2004 Nov 2"),
    ),
    (
        f"FREQ=MONTHLY;BYDAY={_WEEKDAYS};BYSETPOS=-2",
        days("1997 Sep 29; 1997 Oct 30; 1997 Nov 27; 1997 Dec 30; 1998 Jan 29; 1998 Feb 26; 1998 Mar 30"),
    ),
]

_TWENTY_MINUTES = [
    f"1997-09-0{day}T{hour:02}:{minute:02}" for day in (2, 3) for hour in range(9, 17) for minute in (0, 20, 40)
]

TIMES_ENDING = [
    # The RFC's UNTIL, 17:00 in UTC, is 13:00 in New York, too early for the 15:00 that it lists.
    ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z", [f"1997-09-02T{hour}:00" for hour in ("09", "12", "15")]),
    (
        "FREQ=MINUTELY;INTERVAL=15;COUNT=6",
        [f"1997-09-02T{time}" for time in ("09:00", "09:15", "09:30", "09:45", "10:00", "10:15")],
    ),
    ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", [f"1997-09-02T{time}" for time in ("09:00", "10:30", "12:00", "13:30")]),
]
TIMES_GOING_ON = [
    ("FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", _TWENTY_MINUTES),
    ("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", _TWENTY_MINUTES),
]
