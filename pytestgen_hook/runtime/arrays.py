"""Arrays of numpy and frames, series and indexes of pandas: their source, and the library's own function that compares them.

Neither library is imported here: what is given is an object of the one that the project uses.
"""

import datetime
import sys

from literals import MOST_ITEMS, CannotWrite, TooLarge, double_quoted

_PANDAS = {"DataFrame": "assert_frame_equal", "Series": "assert_series_equal", "Index": "assert_index_equal"}

_SHOWN = 3  # members or rows at each end of what is too large


def kind_of(value):
    """Return ``"ndarray"``, ``"DataFrame"``, ``"Series"`` or ``"Index"``; None for anything else."""
    for base in type(value).__mro__:
        top = base.__module__.split(".")[0]
        if (top == "numpy" and base.__name__ == "ndarray") or (top == "pandas" and base.__name__ in _PANDAS):
            return base.__name__
    return None


def is_within(value):
    """Whether a list, tuple or dict has such a value for a member: then ``==`` gives no yes or no."""
    if type(value) in (list, tuple):
        return any(kind_of(item) for item in value)
    return type(value) is dict and any(kind_of(item) for item in value.values())


def comparison(value):
    """Return the name of the function that a test compares the value by, and the module to import for it."""
    kind = kind_of(value)
    if kind == "ndarray":
        # What was computed may differ in the last digits on another machine.
        name = "assert_allclose" if value.dtype.kind in "fc" else "assert_array_equal"
        return f"numpy.testing.{name}", "numpy"
    return f"pandas.testing.{_PANDAS[kind]}", "pandas"


def source(writer, value):
    """Return the source of the value; with a coarse writer what tells it from those that a comparison would not pass."""
    exact, writer.exact = writer.exact, True
    try:
        text = _WRITERS[kind_of(value)](writer, value)
    finally:
        writer.exact = exact
    return f"{value.dtype} {value.shape} {text}" if writer.coarse and kind_of(value) == "ndarray" else text


def aspects(name, value):
    """Yield (expression, value) of what is said of one that is too large to be compared as a whole."""
    yield f"{name}.shape", value.shape
    if kind_of(value) == "ndarray":
        yield f"{name}.ravel()[:{_SHOWN}]", value.ravel()[:_SHOWN]
        yield f"{name}.ravel()[-{_SHOWN}:]", value.ravel()[-_SHOWN:]
        if value.dtype.kind in "iufb":
            yield f"{name}.sum()", value.sum()
    elif kind_of(value) == "Index":
        yield f"{name}[:{_SHOWN}]", value[:_SHOWN]
        yield f"{name}[-{_SHOWN}:]", value[-_SHOWN:]
    else:
        yield f"{name}.head({_SHOWN})", value.head(_SHOWN)
        yield f"{name}.tail({_SHOWN})", value.tail(_SHOWN)


def _check_size(value):
    if value.size > MOST_ITEMS:
        raise TooLarge("it gives more than a reader would check")


def _array(writer, value):
    if value.dtype.fields is not None:
        raise CannotWrite("its value is an array of records")
    _check_size(value)
    writer.imports.add(("numpy", ""))
    plain = value.astype(str).tolist() if value.dtype.kind in "mM" else value.tolist()
    text = writer.write(plain)
    numpy = sys.modules["numpy"]
    if value.size == 0 and value.ndim != 1:
        return f"numpy.zeros({value.shape}, dtype={double_quoted(value.dtype.name)})"
    made = numpy.array(plain)
    is_usual = made.dtype == value.dtype or value.dtype.kind in "US"
    return f"numpy.array({text})" if is_usual else f"numpy.array({text}, dtype={double_quoted(value.dtype.name)})"


def _frame(writer, value):
    _check_size(value)
    if not value.columns.is_unique or value.columns.nlevels > 1:
        raise CannotWrite("its frame has columns without names of their own")
    writer.imports.add(("pandas", ""))
    columns = {name: _items(value[name]) for name in value.columns}
    parts = [_keyed(writer, columns), *_index_part(writer, value.index)]
    made = type(value)(columns, index=value.index) if columns else value
    types = {name: str(value[name].dtype) for name in value.columns if made[name].dtype != value[name].dtype}
    text = "pandas.DataFrame({})".format(", ".join(parts))
    return f"{text}.astype({writer.write(types)})" if types else text


def _keyed(writer, columns):
    pairs = [f"{writer.write(name)}: {_listed(writer, items)}" for name, items in columns.items()]
    return "{{{}}}".format(", ".join(pairs))


def _series(writer, value):
    _check_size(value)
    if value.index.nlevels > 1:
        raise CannotWrite("its index has several levels")
    writer.imports.add(("pandas", ""))
    items = _items(value)
    parts = [_listed(writer, items), *_index_part(writer, value.index)]
    if type(value)(items, index=value.index).dtype != value.dtype:
        parts.append(f"dtype={double_quoted(str(value.dtype))}")
    if value.name is not None:
        parts.append(f"name={writer.write(value.name)}")
    return "pandas.Series({})".format(", ".join(parts))


def _index(writer, value):
    _check_size(value)
    if value.nlevels > 1:
        raise CannotWrite("its index has several levels")
    writer.imports.add(("pandas", ""))
    if type(value).__name__ == "RangeIndex":
        parts = [
            f"range({value.start}, {value.stop}, {value.step})".replace(", 1)", ")").replace("range(0, ", "range(")
        ]
    else:
        parts = [_listed(writer, _items(value))]
        made = sys.modules["pandas"].Index(_items(value))
        if made.dtype != value.dtype:
            parts.append(f"dtype={double_quoted(str(value.dtype))}")
    if value.name is not None:
        parts.append(f"name={writer.write(value.name)}")
    return "pandas.Index({})".format(", ".join(parts))


def _index_part(writer, index):
    usual = type(index).__name__ == "RangeIndex" and (index.start, index.step) == (0, 1)
    if usual and index.name is None:
        return []
    if index.nlevels > 1:
        raise CannotWrite("its index has several levels")
    text = _index(writer, index)
    plain = index.name is None and "dtype=" not in text
    return ["index=" + (text[len("pandas.Index(") : -1] if plain else text)]


def _items(column):
    return column.tolist()


def _listed(writer, items):
    return "[{}]".format(", ".join(_item(writer, item) for item in items))


def _item(writer, item):
    name = type(item).__name__
    if type(item).__module__.split(".")[0] == "pandas" and name in ("NaTType", "NAType"):
        return "pandas.NaT" if name == "NaTType" else "pandas.NA"
    if name == "Timestamp" and isinstance(item, datetime.datetime):
        if item.tzinfo is not None:
            raise CannotWrite("its times have zones")
        return f"pandas.Timestamp({double_quoted(str(item))})"
    if name == "Timedelta" and isinstance(item, datetime.timedelta):
        return f"pandas.Timedelta({double_quoted(str(item))})"
    return writer.write(item)


_WRITERS = {"ndarray": _array, "DataFrame": _frame, "Series": _series, "Index": _index}
