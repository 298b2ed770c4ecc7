"""Writes an observed value as source text that evaluates back to an equal value."""

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import re
import sys
import types
import uuid
import zoneinfo

import mocks

LONGEST = 1500  # characters of one written value; longer ones no reader would check
DEEPEST = 8
MOST_ITEMS = 120
TMP_PATH = "tmp_path"  # pytest's fixture: a folder of the test's own

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")


class CannotWrite(Exception):
    """The value has no source form; the message says why in words for the user."""


class TooLarge(CannotWrite):
    """The value has a source form that is longer than a reader would check."""


def resolve(module_name, qualname):
    """Return the object that ``from module_name import qualname`` would reach, or None."""
    found = sys.modules.get(module_name)
    for part in qualname.split("."):
        if found is None:
            return None
        found = getattr(found, part, None)
    return found


def import_home(thing, qualname, home):
    """Return the module to import ``thing`` from: the one that defines it, or ``home`` where that one is private."""
    module_name = getattr(thing, "__module__", None) or ""
    is_public = not any(part.startswith("_") for part in module_name.split("."))
    if is_public and resolve(module_name, qualname) is thing:
        return module_name
    if home is not None and resolve(home.__name__, qualname) is thing:
        return home.__name__
    return None


class Writer:
    """Collects the imports that the written text needs.

    ``home`` is the module under test: what comes from a private module is imported from there if it can be.
    With ``coarse`` the text is a fingerprint, not source: values that a test's assertion could not tell apart (1, 1.0 and
    True; floats within the tolerance of ``pytest.approx``) are written alike, so equal fingerprints mean «no test notices».
    """

    def __init__(self, home=None, coarse=False, exact=False, named=None, paths=None):
        self.home = home
        self.coarse = coarse
        self.exact = exact  # floats plainly, for values that are passed in rather than compared
        self.named = named or {}  # by id, what has a name where the text stands
        self.paths = paths or {}  # {path: expression} of what lies below ``tmp_path``, and of that itself
        self.imports = set()
        self._open = set()

    def write(self, value):
        """Return the source of ``value``; CannotWrite if it has none."""
        text = self._write(value, 0)
        if len(text) > LONGEST:
            raise TooLarge("its value is longer than a reader would check")
        return text

    def name(self, thing):
        """Return the source that names a class or function, and note its import; CannotWrite if it is local or private."""
        qualname = getattr(thing, "__qualname__", None)
        module_name = getattr(thing, "__module__", None)
        if not isinstance(qualname, str) or not isinstance(module_name, str) or "<" in qualname:
            raise CannotWrite("it uses a class or function defined inside another function")
        top = qualname.split(".")[0]
        if module_name == "builtins":
            return qualname
        home = import_home(thing, qualname, self.home)
        if home is None:
            raise CannotWrite(f"it uses {qualname}, which cannot be imported by name")
        self.imports.add((home, top))
        return qualname

    def _write(self, value, depth):
        if depth > DEEPEST:
            raise CannotWrite("its value is nested too deeply")
        if id(value) in self.named:
            return self.named[id(value)]
        writer = _WRITERS.get(type(value))
        if writer is None:
            writer = _structured_writer(value)
        if not isinstance(value, _CONTAINERS):
            return writer(self, value, depth)
        if id(value) in self._open:
            raise CannotWrite("its value contains itself")
        self._open.add(id(value))
        try:
            return writer(self, value, depth)
        finally:
            self._open.discard(id(value))

    def _items(self, values, depth):
        if len(values) > MOST_ITEMS:
            raise TooLarge("its value has more than %d items" % MOST_ITEMS)
        return [self._write(item, depth + 1) for item in values]

    def _call(self, name, *arguments):
        return "{}({})".format(name, ", ".join(arguments))


_CONTAINERS = (list, tuple, dict, set, frozenset, collections.deque)


def _bool(writer, value, depth):
    if writer.coarse and depth:
        return str(int(value))
    return repr(value)


def _int(writer, value, depth):
    if value.bit_length() > 3000:
        raise TooLarge("its value is a number of hundreds of digits")
    return repr(value)


def _float(writer, value, depth):
    if math.isnan(value):
        if writer.coarse or writer.exact:
            return 'float("nan")'
        writer.imports.add(("pytest", ""))
        return 'pytest.approx(float("nan"), nan_ok=True)'
    if math.isinf(value):
        return 'float("inf")' if value > 0 else 'float("-inf")'
    if writer.coarse:
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.6g}"
    if writer.exact:
        return repr(value)
    if value == int(value) and abs(value) < 1e15:
        return repr(value or 0.0)  # -0.0 == 0.0: a sign that no comparison sees is not written
    writer.imports.add(("pytest", ""))
    return f"pytest.approx({value!r})"


def _complex(writer, value, depth):
    if value != value or math.isinf(value.real) or math.isinf(value.imag):
        raise CannotWrite("its value is a complex number that is not finite")
    if writer.coarse:
        value = complex(value.real or 0.0, value.imag or 0.0)
        return f"({value.real:.6g}{value.imag:+.6g}j)"
    if writer.exact:
        return repr(value)
    writer.imports.add(("pytest", ""))
    return f"pytest.approx({value!r})"


def _text(writer, value, depth):
    if len(value) > LONGEST:
        raise TooLarge("its value is longer than a reader would check")
    if isinstance(value, str):
        if _ADDRESS.search(value) and " object at " in value:
            raise CannotWrite("its text contains the memory address of an object")
        return text_source(value, writer.paths) or double_quoted(value)
    return repr(value)


def double_quoted(text):
    """Return ``repr(text)`` with double quotes where that needs no more escapes: the way formatters write it."""
    plain = repr(text)
    if plain[0] == "'" and '"' not in plain:
        return '"' + plain[1:-1].replace("\\'", "'") + '"'
    return plain


def path_source(place, paths):
    """Return the expression of a path that lies in one with a name, or None for any other."""
    for known in sorted(paths, key=len, reverse=True):
        if place == known:
            return paths[known]
        if place.startswith(known + "/"):
            return f"{paths[known]} / {double_quoted(place[len(known) + 1 :])}"
    return None


def text_source(text, paths):
    """Return the expression of a text that contains the path of the folder, None of any other."""
    folder = next((known for known, name in paths.items() if name == TMP_PATH), None)
    if folder is None or folder not in text:
        return None
    path = path_source(text, paths)
    if path is not None:
        return f"str({path})"
    escaped = double_quoted(text.replace("{", "{{").replace("}", "}}"))
    return "f" + escaped.replace(folder, "{" + TMP_PATH + "}")


def _list(writer, value, depth):
    return "[{}]".format(", ".join(writer._items(value, depth)))


def _tuple(writer, value, depth):
    items = writer._items(value, depth)
    return f"({items[0]},)" if len(items) == 1 else "({})".format(", ".join(items))


def _set(writer, value, depth):
    if not value:
        return "set()"
    exact, writer.exact = writer.exact, True  # approx objects cannot be hashed
    try:
        return "{{{}}}".format(", ".join(sorted(writer._items(list(value), depth), key=_natural)))
    finally:
        writer.exact = exact


def _frozenset(writer, value, depth):
    return "frozenset(%s)" % (_set(writer, value, depth) if value else "")


def _natural(text):
    """Sort key: numbers by size, all else by text."""
    try:
        return (0, float(text), text)
    except ValueError:
        return (1, 0.0, text)


def _dict(writer, value, depth):
    if len(value) > MOST_ITEMS:
        raise TooLarge("its value has more than %d items" % MOST_ITEMS)
    pairs = []
    for key, item in value.items():
        exact, writer.exact = writer.exact, True
        try:
            key_text = writer._write(key, depth + 1)
        finally:
            writer.exact = exact
        pairs.append(f"{key_text}: {writer._write(item, depth + 1)}")
    if writer.coarse:
        pairs.sort()
    return "{{{}}}".format(", ".join(pairs))


def _ordered_dict(writer, value, depth):
    writer.imports.add(("collections", "OrderedDict"))
    return writer._call("OrderedDict", *([_list(writer, list(value.items()), depth)] if value else []))


def _defaultdict(writer, value, depth):
    # A plain dict compares equal and says what is in it; the factory is no part of the comparison.
    return _dict(writer, value, depth)


def _counter(writer, value, depth):
    writer.imports.add(("collections", "Counter"))
    return writer._call("Counter", *([_dict(writer, value, depth)] if value else []))


def _deque(writer, value, depth):
    writer.imports.add(("collections", "deque"))
    arguments = [_list(writer, list(value), depth)]
    if value.maxlen is not None:
        arguments.append("maxlen=%d" % value.maxlen)
    return writer._call("deque", *arguments)


def _bytearray(writer, value, depth):
    return writer._call("bytearray", repr(bytes(value)))


def _array(writer, value, depth):
    writer.imports.add(("array", "array"))
    return writer._call("array", double_quoted(value.typecode), _list(writer, value.tolist(), depth))


def _range(writer, value, depth):
    return repr(value)


def _slice(writer, value, depth):
    return writer._call("slice", *writer._items([value.start, value.stop, value.step], depth))


def _decimal(writer, value, depth):
    writer.imports.add(("decimal", "Decimal"))
    if value.is_nan():
        raise CannotWrite("its value is a decimal that is not a number")
    return writer._call("Decimal", double_quoted(str(value)))


def _fraction(writer, value, depth):
    writer.imports.add(("fractions", "Fraction"))
    return writer._call("Fraction", str(value.numerator), str(value.denominator))


def _uuid(writer, value, depth):
    writer.imports.add(("uuid", "UUID"))
    return writer._call("UUID", double_quoted(str(value)))


def _path(writer, value, depth):
    known = path_source(str(value), writer.paths)
    if known is not None:
        return known
    if value.is_absolute() and str(value) != value.anchor:
        raise CannotWrite("its value is an absolute path of this machine")
    pure = type(value).__name__ in ("PurePosixPath", "PureWindowsPath")
    name = type(value).__name__ if pure else "Path"
    writer.imports.add(("pathlib", name))
    return writer._call(name, double_quoted(value.as_posix()))


def _timedelta(writer, value, depth):
    writer.imports.add(("datetime", "timedelta"))
    parts = [("days", value.days), ("seconds", value.seconds), ("microseconds", value.microseconds)]
    return writer._call("timedelta", *["%s=%d" % part for part in parts if part[1]])


def _date(writer, value, depth):
    writer.imports.add(("datetime", "date"))
    return "date(%d, %d, %d)" % (value.year, value.month, value.day)


def _clock_parts(value):
    parts = [value.hour, value.minute, value.second, value.microsecond]
    while len(parts) > 2 and not parts[-1]:
        parts.pop()
    return [str(part) for part in parts]


def _zone(writer, value, depth):
    arguments = []
    if value.tzinfo is not None:
        arguments.append("tzinfo=" + writer._write(value.tzinfo, depth + 1))
    if value.fold:
        arguments.append("fold=1")
    return arguments


def _datetime(writer, value, depth):
    writer.imports.add(("datetime", "datetime"))
    parts = [str(value.year), str(value.month), str(value.day), *_clock_parts(value)]
    return writer._call("datetime", *parts, *_zone(writer, value, depth))


def _time(writer, value, depth):
    writer.imports.add(("datetime", "time"))
    return writer._call("time", *_clock_parts(value), *_zone(writer, value, depth))


def _timezone(writer, value, depth):
    writer.imports.add(("datetime", "timezone"))
    if value is datetime.timezone.utc:
        return "timezone.utc"
    return writer._call("timezone", _timedelta(writer, value.utcoffset(None), depth))


def _zoneinfo(writer, value, depth):
    if value.key is None:
        raise CannotWrite("its value is a time zone without a name")
    writer.imports.add(("zoneinfo", "ZoneInfo"))
    return writer._call("ZoneInfo", double_quoted(value.key))


def _pattern(writer, value, depth):
    writer.imports.add(("re", ""))
    flags = value.flags & ~re.UNICODE.value
    return writer._call("re.compile", double_quoted(value.pattern), *(["%d" % flags] if flags else []))


def _named(writer, value, depth):
    return writer.name(value)


def _enum(writer, value, depth):
    if value.name is None or type(value).__members__.get(value.name) is not value:
        raise CannotWrite("its value is a combination of flags without a name")
    return f"{writer.name(type(value))}.{value.name}"


def _dataclass(writer, value, depth):
    kind = type(value)
    if not kind.__dataclass_params__.eq:
        raise CannotWrite(f"{kind.__name__} objects cannot be compared by value")
    # What follows the construction may compute with what it is given.
    fields = [
        (known.name, known.name, _default(known.default, known.default_factory))
        for known in dataclasses.fields(value)
        if known.init
    ]
    return _by_fields(writer, value, depth, fields, hasattr(kind, "__post_init__"))


def _default(default, factory):
    """Return the value that a field has if it is not given; ``default`` itself where that is not known beforehand."""
    return factory() if factory in (list, dict, set, tuple, str) else default


def _attrs(writer, value, depth):
    kind = type(value)
    if kind.__eq__ is object.__eq__:
        raise CannotWrite(f"{kind.__name__} objects cannot be compared by value")
    fields = [
        (
            getattr(known, "alias", None) or known.name.lstrip("_"),
            known.name,
            _default(known.default, getattr(known.default, "factory", None)),
        )
        for known in kind.__attrs_attrs__
        if known.init
    ]
    return _by_fields(writer, value, depth, fields, True)


def _pydantic(writer, value, depth):
    kind = type(value)
    fields = [
        (known.validation_alias or known.alias or name, name, known.default)
        for name, known in kind.model_fields.items()
        if name in value.model_fields_set
    ]
    if not all(isinstance(name, str) and name.isidentifier() for name, _, _ in fields) or value.model_extra:
        raise CannotWrite(f"{kind.__name__} objects have fields that cannot be given by name")
    return _by_fields(writer, value, depth, fields, True)


def _by_fields(writer, value, depth, fields, is_exact):
    """Write a call of the class with the fields, (keyword, attribute, default), that are not at their defaults."""
    arguments = []
    exact = writer.exact
    writer.exact = exact or is_exact
    try:
        for name, attribute, default in fields:
            item = getattr(value, attribute)
            if not _same(item, default):
                arguments.append(f"{name}={writer._write(item, depth + 1)}")
    finally:
        writer.exact = exact
    return writer._call(writer.name(type(value)), *arguments)


def _same(left, right):
    try:
        return type(left) is type(right) and bool(left == right)
    except Exception:
        return False


def _named_tuple(writer, value, depth):
    arguments = [f"{name}={writer._write(item, depth + 1)}" for name, item in zip(value._fields, value)]
    return writer._call(writer.name(type(value)), *arguments)


def _stand_in(writer, value, depth):
    raise CannotWrite("it gives back a stand-in, of which there is nothing to say")


def _exotic(writer, value, depth):
    raise CannotWrite(f"{type(value).__name__} objects have no form in source text")


def _structured_writer(value):
    kind = type(value)
    if mocks.is_stand_in(value):
        return _stand_in
    if mocks.is_call(value):
        return mocks.write_call
    if isinstance(value, enum.Enum):
        return _enum
    if isinstance(value, type):
        return _named
    if dataclasses.is_dataclass(value):
        return _dataclass
    if isinstance(getattr(kind, "__attrs_attrs__", None), tuple):
        return _attrs
    if any((base.__module__, base.__name__) == ("pydantic.main", "BaseModel") for base in kind.__mro__):
        return _pydantic
    if isinstance(value, tuple) and isinstance(getattr(kind, "_fields", None), tuple):
        return _named_tuple
    if isinstance(value, pathlib.PurePath) and kind.__module__.split(".")[0] == "pathlib":
        return _path
    if any((base.__module__, base.__name__) == ("numpy", "generic") for base in kind.__mro__):
        return _numpy_scalar
    return _exotic


def _numpy_scalar(writer, value, depth):
    plain = value.item()
    if type(plain) is type(value):  # such as a longdouble, which no plain number equals
        raise CannotWrite(f"{type(value).__name__} has no plain form")
    return writer._write(plain, depth)


def _constant(writer, value, depth):
    return repr(value)


_WRITERS = {
    type(None): _constant,
    type(Ellipsis): _constant,
    type(NotImplemented): _constant,
    bool: _bool,
    int: _int,
    float: _float,
    complex: _complex,
    str: _text,
    bytes: _text,
    list: _list,
    tuple: _tuple,
    set: _set,
    frozenset: _frozenset,
    dict: _dict,
    collections.OrderedDict: _ordered_dict,
    collections.defaultdict: _defaultdict,
    collections.Counter: _counter,
    collections.deque: _deque,
    bytearray: _bytearray,
    array.array: _array,
    range: _range,
    slice: _slice,
    decimal.Decimal: _decimal,
    fractions.Fraction: _fraction,
    uuid.UUID: _uuid,
    datetime.timedelta: _timedelta,
    datetime.datetime: _datetime,
    datetime.date: _date,
    datetime.time: _time,
    datetime.timezone: _timezone,
    zoneinfo.ZoneInfo: _zoneinfo,
    re.Pattern: _pattern,
    types.FunctionType: _named,
    types.BuiltinFunctionType: _named,
}
