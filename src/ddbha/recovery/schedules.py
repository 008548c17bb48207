"""When a plan runs: `rate(…)` and `cron(…)` expressions, in UTC.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from typing import Protocol

from attrs import frozen

from ddbha.errors import UsageError

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
_SECONDS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_YEARS = range(1970, 2200)


class Schedule(Protocol):
    """Moments in order; times are seconds since the epoch."""

    def after(self, moment: float) -> float | None:
        """The first moment later than another one, None if there is none."""


@frozen
class Rate:
    """Every so many seconds."""

    seconds: float

    def after(self, moment: float) -> float:
        return moment + self.seconds


@frozen
class Cron:
    """Minutes at which a cron expression holds."""

    times: tuple[time, ...]
    months: frozenset[int]
    years: frozenset[int]
    #: Whether the expression holds on a day of its months and years.
    is_day: Callable[[date], bool]

    def after(self, moment: float) -> float | None:
        start = datetime.fromtimestamp(moment, timezone.utc)
        for day in self._days(start.date()):
            for at in self.times:
                found = datetime.combine(day, at, timezone.utc)
                if found > start:
                    return found.timestamp()
        return None

    def _days(self, first: date) -> Iterator[date]:
        """The days from the first one on; whole months are passed over."""
        for year in sorted(year for year in self.years if year >= first.year):
            for month in sorted(self.months):
                for number in range(1, monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day >= first and self.is_day(day):
                        yield day


def schedule(expression: str) -> Schedule:
    """The schedule that an expression stands for; raises `UsageError` if it stands for none."""
    rate = _RATE.fullmatch(expression)
    if rate is not None and int(rate[1]) > 0:
        return Rate(int(rate[1]) * _SECONDS[rate[2]])
    cron = _CRON.fullmatch(expression)
    fields = [] if cron is None else cron[1].upper().split()
    if len(fields) != 6:
        raise UsageError(
            f"{expression!r} is no schedule; write rate(12 hours) or cron(0 5 ? * * *): minutes, hours, "
            "day of the month, month, day of the week, year."
        )
    minutes, hours = _values(fields[0], range(60)), _values(fields[1], range(24))
    day_of_month, day_of_week = fields[2], fields[4]
    if (day_of_month == "?") == (day_of_week == "?"):
        raise UsageError(f"{expression!r} must have ? either as day of the month or as day of the week.")
    return Cron(
        tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)),
        _values(fields[3], range(1, 13), _MONTHS),
        _values(fields[5], _YEARS),
        _month_days(day_of_month) if day_of_week == "?" else _week_days(day_of_week),
    )


def _month_days(text: str) -> Callable[[date], bool]:
    if text == "L":
        return lambda day: (day + timedelta(days=1)).day == 1
    numbers = _values(text, range(1, 32))
    return lambda day: day.day in numbers


def _week_days(text: str) -> Callable[[date], bool]:
    """Sunday is 1; FRI#2 is the second Friday of a month, FRIL or 6L the last one."""
    nth = re.fullmatch(r"(\w+)#([1-5])", text)
    last = re.fullmatch(r"(\w+)L", text)
    name = nth[1] if nth is not None else last[1] if last is not None else text
    numbers = _values(name, range(1, 8), _WEEKDAYS)

    def is_day(day: date) -> bool:
        if day.isoweekday() % 7 + 1 not in numbers:
            return False
        if nth is not None:
            return (day.day - 1) // 7 + 1 == int(nth[2])
        return last is None or (day + timedelta(days=7)).month != day.month

    return is_day


def _values(text: str, allowed: range, names: list[str] | None = None) -> frozenset[int]:
    """The numbers that one field stands for: `*`, numbers, names, ranges, steps and lists of them."""
    values: set[int] = set()
    for part in text.split(","):
        run, _, step = part.partition("/")
        first, _, last = run.partition("-")
        if run in ("*", "?"):
            low, high = allowed[0], allowed[-1]
        else:
            low = _number(first, allowed, names)
            high = _number(last, allowed, names) if last else allowed[-1] if step else low
        if step and not (step.isdecimal() and int(step)):
            raise UsageError(f"{part!r} has no step that is a positive number.")
        values.update(range(low, high + 1, int(step or 1)))
    if not values:
        raise UsageError(f"{text!r} stands for no value at all.")
    return frozenset(values)


def _number(text: str, allowed: range, names: list[str] | None) -> int:
    if names is not None and text in names:
        return allowed[0] + names.index(text)
    if text.isdecimal() and int(text) in allowed:
        return int(text)
    known = "" if names is None else f", or one of {', '.join(names)}"
    raise UsageError(f"{text!r} is no number from {allowed[0]} to {allowed[-1]}{known}.")
