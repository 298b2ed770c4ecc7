"""Sets the clock of this process ahead and moves it elsewhere, so that results that depend on either show it."""

import datetime
import os
import sys
import tempfile
import time

AHEAD = 1137 * 86400 + 5 * 3600 + 17 * 60 + 11.25  # other years, months, weekdays, hours, minutes and fractions


ELSEWHERE = "Pacific/Chatham"  # 12 h 45 min or 13 h 45 min ahead of UTC: no other zone has such offsets


def move_elsewhere():
    """Give this process another time zone and another working folder."""
    os.environ["TZ"] = ELSEWHERE
    if hasattr(time, "tzset"):
        time.tzset()
    os.chdir(tempfile.mkdtemp())


def set_ahead(seconds=AHEAD):
    """Replace the clocks of ``time`` and ``datetime`` wherever they have been imported to; for a process that ends soon."""
    replacements = {}
    for name in ("time", "monotonic", "perf_counter", "process_time"):
        replacements[id(getattr(time, name))] = _later(getattr(time, name), seconds)
        nanoseconds = getattr(time, name + "_ns")
        replacements[id(nanoseconds)] = _later(nanoseconds, int(seconds * 10**9))
    for name in ("localtime", "gmtime", "ctime"):
        replacements[id(getattr(time, name))] = _later_by_default(getattr(time, name), seconds)
    step = datetime.timedelta(seconds=seconds)
    replacements[id(datetime.datetime)] = _datetime_ahead(datetime.datetime, step)
    replacements[id(datetime.date)] = _date_ahead(datetime.date, step)
    for key, module in list(sys.modules.items()):
        names = getattr(module, "__dict__", None)
        if names is None or key.startswith("_pytestgen_runtime"):
            continue
        for name, value in list(names.items()):
            replacement = replacements.get(id(value))
            if replacement is not None:
                names[name] = replacement


def _later(clock, step):
    return lambda: clock() + step


def _later_by_default(convert, step):
    now = time.time
    return lambda seconds=None: convert(now() + step if seconds is None else seconds)


class _LikeReal(type):
    """Instances of the real class count as instances of the one that stands in for it."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, cls.__mro__[1])

    def __subclasscheck__(cls, other):
        return issubclass(other, cls.__mro__[1])


def _datetime_ahead(real, step):
    class Ahead(real, metaclass=_LikeReal):
        def __new__(cls, *arguments, **options):
            return real(*arguments, **options)

        @classmethod
        def now(cls, tz=None):
            return real.now(tz) + step

        @classmethod
        def utcnow(cls):
            return real.utcnow() + step

        @classmethod
        def today(cls):
            return real.today() + step

    return Ahead


def _date_ahead(real, step):
    class Ahead(real, metaclass=_LikeReal):
        def __new__(cls, *arguments, **options):
            return real(*arguments, **options)

        @classmethod
        def today(cls):
            return real.fromordinal(real.today().toordinal() + step.days)

    return Ahead
