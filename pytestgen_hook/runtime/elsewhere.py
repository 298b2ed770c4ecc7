"""Makes a process look as if it ran at other times and elsewhere, so that results that depend on when and where show it."""

import calendar
import collections
import copy
import datetime
import os
import random
import sys
import tempfile
import time

ZONE = "Pacific/Chatham"  # 12 h 45 min or 13 h 45 min ahead of UTC: no other zone has such offsets


def _at(*parts):
    return calendar.timegm((*parts, 11)) + 0.25


# (moment in UTC, how clocks run for the project's code, which numbers chance gives). By the zone above: a new year's
# night, a Saturday morning in winter, the evening of a leap day. Each differs from the others, and one of them from
# any today, in year, month, weekday or weekend, half of the day, and summer time.
MOMENTS = (
    (_at(2030, 12, 31, 10, 20), "fast", "low"),
    (_at(2033, 7, 15, 20, 55), "slow", "high"),
    (_at(2036, 2, 29, 7, 25), "even", "any"),
)
IMPORT_MOMENT = ((_at(2034, 10, 8, 18, 45), "fast", "low"),)  # a Monday morning
# For calls that ask for the time, for chance or for hashes: every month, weekday, hour, nearly every day of the month.
MANY_MOMENTS = tuple(
    (
        _at(2029 + number % 7, number % 12 + 1, number * 17 % 28 + 1, number * 7 % 24, number * 13 % 60),
        "even",
        ("any", "low", "high")[number % 3],
    )
    for number in range(48)
)

# The same for one call after the other: in each, objects have the addresses that others had before.
ONE_MOMENT = MOMENTS[-1:]

_JUMP = 1.0  # seconds that pass between two readings of a fast clock
_SLOWER = 50
_PLATFORM = ("node", "system", "machine", "platform", "release", "version", "processor", "python_version", "uname")
# They stand in for the clock themselves, from the classes that they found when they were imported.
_LEFT_ALONE = ("_pytestgen_runtime", "freezegun", "time_machine")


class _Shift:
    """Where this process is in time, and whether anything was read that differs there since that was last asked."""

    tree = None
    moments = ()
    number = -1
    target = 0.0
    step = 0.0
    pace = "even"
    chance = "any"
    was_read = False

    def is_asked_by_project(self, frame):
        return self.tree is not None and frame.f_code.co_filename.startswith(self.tree)


_shift = _Shift()
_real_time = time.time


def move(tree, moments=MOMENTS, spared=()):
    """Give this process, which ends soon, other times, another time zone, working folder and machine, other chances.

    ``tree`` is the folder of the project's code. The next of the moments is reached by ``advance``. Modules named in
    ``spared`` go on telling of this machine.
    """
    os.environ["TZ"] = ZONE
    if hasattr(time, "tzset"):
        time.tzset()
    os.chdir(tempfile.mkdtemp())
    change_machine(spared)
    change_chance()
    change_order()
    _replace({id(hash): _Hash(hash), id(id): _Id(id)})
    set_clocks(tree, moments)


def move_for_import(tree):
    """The same for a process that has imported nothing of the project's yet."""
    os.umask(0o037)
    sys.setrecursionlimit(sys.getrecursionlimit() + 123)
    move(tree, IMPORT_MOMENT, spared=("resource",))  # it has still to limit itself


def advance():
    """Go to the next moment, where ``move`` has been called."""
    if _shift.moments:
        _shift.number += 1
        _shift.target, _shift.pace, _shift.chance = _shift.moments[_shift.number % len(_shift.moments)]
        _shift.step = _shift.target - _real_time()
        for clock in _Clock.all:
            clock.start()


def was_read():
    """Whether the time of day, a number of chance or a hash was read since this was last asked."""
    answer, _shift.was_read = _shift.was_read, False
    return answer


# -- the machine and chance --------------------------------------------------------------------------------------------


def change_machine(spared=()):
    """Make the functions that tell about the machine and the interpreter tell of others."""
    version = sys.version_info
    other = collections.namedtuple("version_info", "major minor micro releaselevel serial")
    size = collections.namedtuple("terminal_size", "columns lines")
    answers = {
        "os": {
            "cpu_count": 97,
            "process_cpu_count": 97,
            "sched_getaffinity": set(range(97)),
            "getlogin": "elsewhere",
            "getuid": 4321,
            "geteuid": 4321,
            "getgid": 4321,
            "getegid": 4321,
            "getloadavg": (97.0, 98.0, 99.0),
            "get_terminal_size": size(97, 43),
        },
        "platform": dict.fromkeys(_PLATFORM, "Elsewhere-3000"),
        "socket": {"gethostname": "elsewhere.example", "getfqdn": "elsewhere.example"},
        "getpass": {"getuser": "elsewhere"},
        "locale": {
            "getpreferredencoding": "elsewhere-1",
            "getencoding": "elsewhere-1",
            "getlocale": ("xx_XX", "elsewhere-1"),
        },
        "shutil": {"get_terminal_size": size(97, 43), "disk_usage": (9 << 40, 1 << 40, 8 << 40)},
        "resource": {"getrlimit": (97, 97)},
        "sys": {"getsizeof": 9797, "getrefcount": 9797},
    }
    replacements = {
        id(vars(sys.modules[module])[name]): _Answer(answer)
        for module, functions in answers.items()
        if module in sys.modules and module not in spared
        for name, answer in functions.items()
        if name in vars(sys.modules[module])
    }
    sys.argv[:] = ["elsewhere", "97", "--elsewhere"]
    replacements[id(version)] = other(version[0], version[1] + 1, 0, "final", 0)
    replacements[id(sys.version)] = f"{version[0]}.{version[1] + 1}.0 (elsewhere)"
    replacements[id(sys.executable)] = "/elsewhere/interpreter"
    _replace(replacements)


class _Answer:
    """Stands in for a function; unlike one of Python's it makes no method when a class has it as an attribute."""

    def __init__(self, answer):
        self._answer = answer

    def __call__(self, *arguments, **options):
        return self._answer


class _Chance(random.Random):
    """Every other number comes from an end of the range: what happens once in a hundred times happens at once."""

    calls = 0

    def random(self):
        self.calls += 1
        _shift.was_read = True
        number = super().random()
        if _shift.chance == "any" or self.calls % 2 == 0:
            return number
        return number / 1000 if _shift.chance == "low" else 1 - (number + 2**-50) / 1000


def change_chance():
    """Make the functions of ``random`` give unlikely numbers, and those of numpy other ones than in other processes."""
    chance = _Chance()
    old = random._inst
    _replace(
        {id(value): getattr(chance, name) for name, value in vars(random).items() if _owner(value) is old},
    )
    numbers = sys.modules.get("numpy.random")
    if numbers is not None:
        numbers.seed(os.getpid() & 0xFFFF)


def change_order():
    """Make folders list what is in them in other orders, one after the other: none of them is promised."""

    class Entries(list):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.clear()

        def __next__(self):
            if not self:
                raise StopIteration
            return self.pop(0)

        close = list.clear

    def listdir(*arguments, real=os.listdir):
        return sorted(real(*arguments), reverse=_shift.number % 2 == 0)

    def scandir(*arguments, real=os.scandir):
        with real(*arguments) as entries:
            return Entries(sorted(entries, key=lambda entry: entry.name, reverse=_shift.number % 2 == 0))

    _replace({id(os.listdir): listdir, id(os.scandir): scandir})
    accessor = getattr(sys.modules.get("pathlib"), "_NormalAccessor", None)  # of Python 3.9 and 3.10
    for name in ("listdir", "scandir"):
        if name in vars(accessor or object):
            setattr(accessor, name, staticmethod(listdir if name == "listdir" else scandir))


def _owner(function):
    return getattr(function, "__self__", None)


class _Hash:
    """Gives the project's code other hashes at each moment, where they differ from run to run.

    Not its methods ``__hash__``: what lies in a dictionary is to be found again.
    """

    def __init__(self, real):
        self._real = real

    def __call__(self, value):
        found = self._real(value)
        asker = sys._getframe(1)
        if asker.f_code.co_name == "__hash__" or not _shift.is_asked_by_project(asker) or _has_fixed_hash(value):
            return found
        _shift.was_read = True
        return self._real((found, _shift.target))


class _Id:
    """Gives the project's code other addresses at each moment: different ones for different objects, in any order."""

    def __init__(self, real):
        self._real = real
        self._number = None

    def __call__(self, value):
        asker = sys._getframe(1)
        is_own = _shift.is_asked_by_project(asker)
        # What the project notes for ``deepcopy`` is looked up there.
        if not is_own and (_shift.tree is None or asker.f_code.co_filename != copy.__file__):
            return self._real(value)
        _shift.was_read |= is_own
        if self._number != _shift.number:
            self._number, self._chance, self._given = _shift.number, random.Random(_shift.target), {}
        # Each by itself: two that all move by as much would stay as far from each other. Addresses are multiples of 16.
        return self._given.setdefault(self._real(value), self._chance.getrandbits(40) << 4)


def _has_fixed_hash(value):
    if type(value) in (tuple, frozenset):
        return all(map(_has_fixed_hash, value))
    return isinstance(value, (int, float, complex))


class _Places:
    """Where modules have what is replaced, found once for all processes that are forked from this one."""

    def __init__(self):
        self._found = {}  # {id of an object: the namespaces and the names that it has there}
        self._sizes = {}  # of the namespaces that were looked through

    def find(self):
        self._found, self._sizes = {}, {}
        for names in _namespaces():
            self._sizes[id(names)] = len(names)
            for name, value in list(names.items()):
                if callable(value) or value is sys.version or value is sys.version_info or value is sys.executable:
                    self._found.setdefault(id(value), []).append((names, name))

    def replace(self, replacements):
        """Put other objects in the place of those with the ids given, wherever modules have them by a name of theirs."""
        for key, replacement in replacements.items():
            for names, name in self._found.get(key, ()):
                if id(names.get(name)) == key:
                    names[name] = replacement
        for names in _namespaces():
            if self._sizes.get(id(names)) == len(names):
                continue
            for name, value in list(names.items()):
                replacement = replacements.get(id(value))
                if replacement is not None:
                    names[name] = replacement


def _namespaces():
    """Return those of all modules but the few that are left alone."""
    found = [
        getattr(module, "__dict__", None)
        for key, module in list(sys.modules.items())
        if not key.startswith(_LEFT_ALONE)
    ]
    return [names for names in found if isinstance(names, dict)]


_places = _Places()
_replace = _places.replace


def look_around():
    """Find where modules have what ``move`` replaces: looking takes longer than to make a call in each process forked."""
    _places.find()


# -- the clocks --------------------------------------------------------------------------------------------------------


def set_clocks(tree, moments):
    """Replace the clocks of ``time`` and ``datetime`` wherever they have been imported to; for a process that ends soon."""
    _shift.tree = tree
    _shift.moments = moments
    replacements = {}
    for name in ("time", "monotonic", "perf_counter", "process_time"):
        replacements[id(getattr(time, name))] = _Clock(getattr(time, name), 1.0, name == "time")
        nanoseconds = getattr(time, name + "_ns")
        replacements[id(nanoseconds)] = _Clock(nanoseconds, 10**9, name == "time")
    for name in ("localtime", "gmtime", "ctime"):
        replacements[id(getattr(time, name))] = _NowByDefault(getattr(time, name))
    replacements[id(time.asctime)] = _LocalByDefault(time.asctime, 0)
    replacements[id(time.strftime)] = _LocalByDefault(time.strftime, 1)
    advance()
    real_day = datetime.date.today()
    _replace(replacements)
    replacements = {id(datetime.datetime): _datetime_ahead(datetime.datetime)}
    if datetime.date.today() == real_day:  # else it asks ``time.time``, which has been replaced
        replacements[id(datetime.date)] = _date_ahead(datetime.date)
    _replace(replacements)


class _Clock:
    """One of the clocks: ahead, and for the project's code faster or slower than the real one."""

    all = ()

    def __init__(self, real, unit, is_calendar):
        self._real = real
        self._unit = unit
        self._is_calendar = is_calendar
        self.start()
        type(self).all += (self,)

    def start(self):
        self._base = self._real()
        self._jumped = 0

    def __call__(self):
        now = self._real()
        if self._is_calendar:
            _shift.was_read = True
        if _shift.pace != "even" and _shift.is_asked_by_project(sys._getframe(1)):
            if _shift.pace == "fast":
                self._jumped += type(now)(_JUMP * self._unit)
            else:
                now = self._base + type(now)((now - self._base) / _SLOWER)
        return now + self._jumped + type(now)(_shift.step * self._unit)


class _NowByDefault:
    def __init__(self, convert):
        self._convert = convert

    def __call__(self, seconds=None):
        return self._convert(time.time() if seconds is None else seconds)


class _LocalByDefault:
    """Formats the local time where none is given as its argument at ``position``."""

    def __init__(self, convert, position):
        self._convert = convert
        self._position = position

    def __call__(self, *arguments):
        if len(arguments) == self._position:
            arguments = (*arguments, time.localtime())
        return self._convert(*arguments)


class _LikeReal(type):
    """Of a class that stands in for a real one: instances of that count as its own, in comparisons it is the real one."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, cls.__mro__[1]) if cls.stands_in() else super().__instancecheck__(instance)

    def __subclasscheck__(cls, other):
        return issubclass(other, cls.__mro__[1]) if cls.stands_in() else super().__subclasscheck__(other)

    def __eq__(cls, other):
        return other is cls or (cls.stands_in() and other is cls.__mro__[1])

    def __hash__(cls):
        return hash(cls.__mro__[1]) if cls.stands_in() else type.__hash__(cls)

    def stands_in(cls):
        return "_stands_in" in vars(cls)


def _datetime_ahead(real):
    class Ahead(real, metaclass=_LikeReal):
        _stands_in = True

        def __new__(cls, *arguments, **options):
            return (real if cls is Ahead else super()).__new__(real if cls is Ahead else cls, *arguments, **options)

        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(time.time(), tz)

        @classmethod
        def utcnow(cls):
            return cls.fromtimestamp(time.time(), datetime.timezone.utc).replace(tzinfo=None)

    return _named_like(Ahead, real)


def _date_ahead(real):
    class Ahead(real, metaclass=_LikeReal):
        _stands_in = True

        def __new__(cls, *arguments, **options):
            return (real if cls is Ahead else super()).__new__(real if cls is Ahead else cls, *arguments, **options)

        @classmethod
        def today(cls):
            return cls.fromtimestamp(time.time())

    return _named_like(Ahead, real)


def _named_like(standing, real):
    standing.__name__ = standing.__qualname__ = real.__name__
    standing.__module__ = real.__module__
    return standing
