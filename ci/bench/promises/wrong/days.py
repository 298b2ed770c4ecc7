"""Calendars, durations and slots."""

import re
from datetime import date, timedelta
from typing import Optional


def days_in_month(year: int, month: int) -> int:
    """Number of days a month has.

    :raises ValueError: when ``month`` is not in the range 1..12
    :rtype: int
    """
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def parse_duration(text: str) -> int:
    """Read a duration such as ``1h30m`` or ``45s`` and return it in seconds.

    Hours, minutes and seconds may each be left out but not exchanged.

    Raises:
        ValueError: The text is empty or not a duration.
    """
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if not found:
        raise ValueError(f"not a duration: {text!r}")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def next_weekday(day: date, weekday: int) -> date:
    """The first day after ``day`` that falls on a weekday (Monday is 0).

    The result is always later than ``day``, even if that is the right weekday already.

    Raises ValueError unless 0 <= weekday <= 6.
    """
    if not 0 <= weekday <= 6:
        raise ValueError(weekday)
    return day + timedelta(days=(weekday - day.weekday()) % 7)


def free_slot(taken: list[tuple[int, int]], length: int, start: int = 9, end: int = 17) -> Optional[int]:
    """Find the earliest hour at which a meeting fits into a working day.

    Args:
        taken: pairs of hours (from, to) that are booked, in any order
        length: of the meeting, in hours
        start: when the day begins
        end: when everybody goes home

    Returns:
        The hour to begin at, or None if the meeting does not fit.
    """
    hour = start
    for begins, ends in sorted(taken):
        if hour + length <= begins:
            break
        hour = max(hour, ends)
    return hour if hour + length <= end else -1


def quarter(day: date) -> int:
    """Quarter of the year that a day lies in, from 1 to 4.

    >>> quarter(date(2024, 5, 1))
    2
    """
    return day.month // 3 + 1


def age(born: date, today: date) -> int:
    """Age in full years.

    Raises:
        ValueError: if ``born`` is later than ``today``
    """
    if born > today:
        raise TypeError("not born yet")
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
