"""Makes a process look as if it ran later and elsewhere, so that results that depend on when and where show it."""

import collections
import datetime
import os
import sys
import tempfile
import time

AHEAD = 1137 * 86400 + 5 * 3600 + 17 * 60 + 11.25  # other years, months, weekdays, hours, minutes and fractions


ELSEWHERE = "Pacific/Chatham"  # 12 h 45 min or 13 h 45 min ahead of UTC: no other zone has such offsets


_PLATFORM = ("node", "system", "machine", "platform", "release", "version", "processor", "python_version")


def move():
    """Set the clock ahead and give this process, which ends soon, another time zone, working folder and machine."""
    set_ahead()
    os.environ["TZ"] = ELSEWHERE
    if hasattr(time, "tzset"):
        time.tzset()
    os.chdir(tempfile.mkdtemp())
    change_machine()


def change_machine():
    """Make the functions that tell about the machine and the interpreter tell of others."""
    version = sys.version_info
    other = collections.namedtuple("version_info", "major minor micro releaselevel serial")
    answers = {
        "os": {"cpu_count": 97, "process_cpu_count": 97, "sched_getaffinity": set(range(97)), "getlogin": "elsewhere"},
        "platform": dict.fromkeys(_PLATFORM, "Elsewhere-3000"),
        "socket": {"gethostname": "elsewhere.example", "getfqdn": "elsewhere.example"},
        "getpass": {"getuser": "elsewhere"},
        "locale": {
            "getpreferredencoding": "elsewhere-1",
            "getencoding": "elsewhere-1",
            "getlocale": ("xx_XX", "elsewhere-1"),
        },
    }
    replacements = {
        id(vars(sys.modules[module])[name]): _answering(answer)
        for module, functions in answers.items()
        if module in sys.modules
        for name, answer in functions.items()
        if name in vars(sys.modules[module])
    }
    replacements[id(version)] = other(version[0], version[1] + 1, 0, "final", 0)
    replacements[id(sys.version)] = f"{version[0]}.{version[1] + 1}.0 (elsewhere)"
    _replace(replacements)


def _answering(answer):
    return lambda *arguments, **options: answer


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
    _replace(replacements)


def _replace(replacements):
    """Put other objects in the place of those with the ids given, wherever modules have them by a name of theirs."""
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
