"""Sets of values to draw from: one class a kind of set, made from annotations, usage, constants and examples.

``draw(rng, depth)`` gives a tree of ``values``; the depth bounds nesting. A domain never evaluates user code while drawing.
"""

import collections.abc
import datetime
import decimal
import enum
import fractions
import inspect
import io
import numbers
import pathlib
import re
import string
import sys
import types
import typing
import uuid

from literals import CannotWrite, Writer
from usage import of_constructor, of_name
from values import Built, Items, Keywords, Pairs, Plain, Text, from_value

DEEPEST = 3
ALIKE = 0.85  # of the containers drawn have members of one kind only
_FURTHER = 3  # arguments at most in the place of ``*args``
_MOST_ASKED_FOR = 1  # classes being made, one for another, of which it is found out what their constructors ask for
_WORDS = (
    "a",
    "b",
    "abc",
    "hello",
    "Hello World",
    "x1",
    "test",
    "Foo",
    "bar baz",
    "racecar",
    "a b c",
    "1",
    "42",
    "-1",
    "3.14",
)
_ODD_TEXTS = (
    "",
    " ",
    "A",
    "\n",
    "aA1 ",
    "a,b",
    "(())",
    "äß",
    "  lead",
    "trail  ",
    "a-b_c",
    "ABC",
    "aeiou",
    "a.b",
    "0",
    "zZ",
)


class Constants:
    """Constants of the function's body, by type: the values that its comparisons are likely to turn on."""

    def __init__(self, found=()):
        self.ints = sorted({c for c in found if type(c) is int and abs(c) < 10**12})
        self.floats = sorted({c for c in found if type(c) is float and c == c})
        self.texts = sorted({c for c in found if isinstance(c, str) and len(c) <= 60})
        self.bytes = sorted({c for c in found if isinstance(c, bytes) and len(c) <= 60})

    def learn(self, found):
        """Add constants to those of the body."""
        other = Constants(list(found))
        for name, values in vars(other).items():
            setattr(self, name, sorted({*getattr(self, name), *values}))


class Domain:
    def draw(self, rng, depth=0):
        raise NotImplementedError

    def one_kind(self, rng):
        """Return a domain of values of one kind only: what is put into one container is alike as a rule."""
        return self


class Fixed(Domain):
    """A finite set, each member as likely."""

    def __init__(self, nodes):
        self.nodes = list(nodes)

    def draw(self, rng, depth=0):
        return rng.choice(self.nodes)


class Ints(Domain):
    def __init__(self, constants):
        self.constants = constants

    def draw(self, rng, depth=0):
        roll = rng.random()
        if self.constants.ints and roll < 0.35:
            return Plain(rng.choice(self.constants.ints) + rng.choice((-1, 0, 0, 1)))
        if roll < 0.75:
            return Plain(rng.randint(-2, 12))
        if roll < 0.93:
            return Plain(rng.randint(-20, 130))
        return Plain(rng.choice((-1000, 1000, 10**6, 255, 256, 1024, -(10**6), 97, 2**31)))


class Floats(Domain):
    def __init__(self, constants):
        self.constants = constants

    def draw(self, rng, depth=0):
        roll = rng.random()
        known = [float(number) for number in [*self.constants.floats, *self.constants.ints]]
        if known and roll < 0.35:
            return Plain(rng.choice(known) + rng.choice((-1.0, -0.5, 0.0, 0.0, 0.5, 1.0)))
        if roll < 0.9:
            return Plain(rng.choice((0.0, 1.0, -1.0, 0.5, 1.5, 2.0, 2.5, -2.5, 3.14, 10.0, 0.1, 99.9, 100.0, -0.25)))
        return Plain(round(rng.uniform(-1000, 1000), 2))


class Texts(Domain):
    def __init__(self, constants, alphabet=None):
        self.constants = constants
        letters = "".join(constants.texts) if constants.texts else ""
        self.alphabet = alphabet or (letters[:80] + "abcABC019 ")

    def draw(self, rng, depth=0):
        roll = rng.random()
        if self.constants.texts and roll < 0.3:
            return Plain(self._from_constants(rng))
        if roll < 0.5:
            return Plain(rng.choice(_WORDS))
        if roll < 0.68:
            return Plain(rng.choice(_ODD_TEXTS))
        if roll < 0.9:
            return Plain("".join(rng.choice(self.alphabet) for _ in range(rng.randint(1, 8))))
        return Plain(
            "".join(rng.choice(string.ascii_letters + string.digits + " .,-_") for _ in range(rng.randint(1, 12)))
        )

    def _from_constants(self, rng):
        parts = [rng.choice(self.constants.texts)]
        roll = rng.random()
        if roll < 0.35:
            return parts[0]
        if roll < 0.65:
            parts.insert(rng.randint(0, 1), _filler(rng))
        else:
            parts = [
                rng.choice(self.constants.texts) if rng.random() < 0.75 else _filler(rng)
                for _ in range(rng.randint(2, 7))
            ]
        # What the body splits by is among its constants; splitting without an argument means by spaces.
        separators = [text for text in self.constants.texts if len(text) <= 2 and not text.isalnum()]
        return rng.choice(("", " ", " ", *separators)).join(parts)[:60]


def _filler(rng):
    """Return what stands between constants in formats: a word, or a number as often as not."""
    return rng.choice(_WORDS) if rng.random() < 0.6 else str(rng.choice((0, 1, 2, 5, 7, 12, 30)))


# What a parameter of that name holds in programs: formats that chance does not hit upon.
_TYPICAL = {
    "url uri href link endpoint": (
        "https://example.org/a/b?q=1&r=2#top",
        "http://user:pw@example.org:8080/",
        "https://example.org",
        "ftp://example.org/file.txt",
    ),
    "email mail sender recipient": ("ann@example.org", "Ann Lee <ann@example.org>", "ann.lee+news@mail.example.org"),
    "path filename file_name filepath file_path": ("a/b.txt", "/tmp/data.csv", "archive.tar.gz", "../up", "dir/"),
    "host hostname domain netloc": ("example.org", "www.example.org:8080", "localhost"),
    "ip address addr": ("127.0.0.1", "192.168.0.10", "::1", "10.0.0.0/8"),
    "date day iso_date": ("2024-02-29", "2023-12-31", "31.12.2023", "12/31/2023"),
    "time timestamp datetime dt": ("12:30:45", "2024-02-29T12:30:45", "2024-02-29T12:30:45+02:00", "1700000000"),
    "duration interval": ("1h30m", "90s", "PT1H30M", "01:30:00", "2 days"),
    "version ver": ("1.2.3", "2.0.0rc1", "v1.10", "1.2.3-beta.1+build.5"),
    "color colour": ("#ff8000", "#abc", "red", "rgb(1, 2, 3)"),
    "json payload": ('{"a": [1, 2], "b": null}', "[]", '"text"'),
    "html markup": ("<p>One <b>two</b></p>", "a &amp; b", "<br/>"),
    "xml": ("<a><b c='1'>text</b></a>",),
    "csv": ("a,b\n1,2\n", 'name,"x, y"\n'),
    "line row record": ("key=value", "name: value", "a,b,c", "# comment", "a\tb\tc"),
    "header": ("Content-Type: text/html; charset=utf-8", "key: value"),
    "query query_string qs": ("a=1&b=2&a=3", "q=tea+pot"),
    "uuid guid": ("12345678-1234-5678-1234-567812345678",),
    "slug": ("hello-brave-world",),
    "phone": ("+49 30 123456", "(030) 12 34 56"),
    "username user login": ("ann", "ann_lee"),
    "size bytes_size": ("10 MB", "1.5GiB", "512"),
    "expr expression formula": ("1 + 2 * 3", "(a + b) * c", "x"),
    "name full_name fullname": ("Ann Lee", "Lee, Ann", "ann"),
    "sentence text paragraph content": ("The quick brown fox. It jumps over!", "One two two.\n\nThree?"),
    "range spec": ("1-3,5", "2..4", "1:10:2"),
    "pattern regex": ("a+b", "*.txt", "[0-9]+"),
    "encoding charset codec": ("utf-8", "ascii", "latin-1"),
    "errors": ("strict", "replace", "ignore"),
    "mode": ("r", "w", "rb"),
    "method verb": ("GET", "POST"),
    "format fmt": ("%Y-%m-%d", "{}", "%s"),
    "lang language locale": ("en", "de_DE"),
    "tz timezone": ("UTC", "Europe/Berlin"),
    "ext extension suffix": (".txt", "tar.gz"),
}
_TYPICAL_OF = {name: texts for names, texts in _TYPICAL.items() for name in names.split()}


_OF_TEXT = re.compile(r"(?<=.)_?(string|str|text)$")  # ``date_string`` is a date


def with_typical(domain, name):
    """Return the domain of a parameter, with what its name promises among its values if it holds text at all."""
    name = _OF_TEXT.sub("", name.lower())
    known = [_TYPICAL_OF[word] for word in (name, *reversed(name.split("_"))) if word in _TYPICAL_OF]
    if not known or not _holds_text(domain):
        return domain
    return Any([(domain, 5), (Fixed([Plain(text) for text in known[0]]), 2 if isinstance(domain, Texts) else 4)])


def _holds_text(domain):
    if isinstance(domain, Any):
        return any(_holds_text(inner) for inner, _ in domain.choices)
    return isinstance(domain, Texts)


class Characters(Domain):
    def __init__(self, constants):
        self.alphabet = "".join(constants.texts)[:60] + "abzAZ09 aeiou.,"

    def draw(self, rng, depth=0):
        return Plain(rng.choice(self.alphabet))


class Bytes(Domain):
    def __init__(self, constants):
        self.constants = constants

    def draw(self, rng, depth=0):
        if self.constants.bytes and rng.random() < 0.4:
            return Plain(rng.choice(self.constants.bytes) + rng.choice((b"", b"a", b"\x00")))
        return Plain(rng.choice((b"", b"a", b"abc", b"\x00\xff", b"hello world", bytes(range(8)))))


class Containers(Domain):
    def __init__(self, kind, element, shortest=0):
        self.kind = kind
        self.element = element
        self.shortest = shortest

    def draw(self, rng, depth=0):
        longest = 6 if depth == 0 else 3
        if depth >= DEEPEST:
            longest = 0
        count = max(self.shortest, rng.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, longest)) if longest else 0)
        element = self.element.one_kind(rng) if rng.random() < ALIKE else self.element
        items = [element.draw(rng, depth + 1) for _ in range(min(count, max(longest, self.shortest)))]
        if items and rng.random() < 0.25:
            items.append(rng.choice(items))  # repeated members are a common special case
        return Items(self.kind, items)


class Tuples(Domain):
    def __init__(self, elements):
        self.elements = elements

    def draw(self, rng, depth=0):
        return Items("tuple", [element.draw(rng, depth + 1) for element in self.elements])


class Matrices(Domain):
    """Lists of as many lists of one length each."""

    def __init__(self, element):
        self.element = element

    def draw(self, rng, depth=0):
        rows, columns = rng.randint(1, 3), rng.randint(1, 3)
        return Items(
            "list",
            [Items("list", [self.element.draw(rng, depth + 1) for _ in range(columns)]) for _ in range(rows)],
        )


class Dicts(Domain):
    def __init__(self, key, value):
        self.key = key
        self.value = value

    def draw(self, rng, depth=0):
        count = rng.choice((0, 1, 1, 2, 3, 4) if depth == 0 else (0, 1, 1, 2, 3)) if depth < DEEPEST else 0
        key, value = self.key.one_kind(rng), self.value.one_kind(rng) if rng.random() < ALIKE else self.value
        return Pairs([(key.draw(rng, depth + 1), value.draw(rng, depth + 1)) for _ in range(count)])


class Graphs(Domain):
    """Dicts from nodes to the nodes that they lead to: to lists of them, or to dicts with a weight for each."""

    def __init__(self, weight=None, kind="list"):
        self.weight = weight  # domain of the weights, None for graphs without
        self.kind = kind  # of the collections of nodes

    def draw(self, rng, depth=0):
        count = rng.randint(1, 6)
        names = (
            [Plain(number) for number in range(count)]
            if rng.random() < 0.5
            else [Plain(name) for name in "abcdef"[:count]]
        )
        ends = {at: [] for at in range(count)}
        for _ in range(rng.randint(0, 2 * count)):
            one, other = rng.randrange(count), rng.randrange(count)
            if other not in ends[one]:
                ends[one].append(other)
        if rng.random() < 0.5:  # every way goes back too
            for one in range(count):
                for other in ends[one]:
                    if one not in ends[other]:
                        ends[other].append(one)
        return Pairs([(names[at], self._ends(rng, [names[other] for other in ends[at]])) for at in range(count)])

    def _ends(self, rng, nodes):
        if self.weight is not None:
            return Pairs([(node, self.weight.draw(rng, 2)) for node in nodes])
        return Items(self.kind, nodes)


class Records(Domain):
    """Dicts with known keys (a TypedDict, or keys that the body reads)."""

    def __init__(self, required, optional=()):
        self.required = dict(required)
        self.optional = dict(optional)

    def draw(self, rng, depth=0):
        pairs = [(Plain(name), domain.draw(rng, depth + 1)) for name, domain in self.required.items()]
        pairs += [
            (Plain(name), domain.draw(rng, depth + 1)) for name, domain in self.optional.items() if rng.random() < 0.6
        ]
        return Pairs(pairs)


class ByName(Domain):
    """Arguments for ``**options``: one or more of the names, the first ones more often."""

    def __init__(self, names, value):
        self.names = tuple(names)
        self.value = value

    def prefer(self, texts):
        """Draw the names that are among the texts more often than all others from now on."""
        self.names = tuple(sorted(self.names, key=lambda name: name not in texts))

    def draw(self, rng, depth=0):
        count = min(len(self.names), rng.choice((1, 1, 2, 3)))
        chosen = {rng.choice(self.names[: max(1, rng.randint(1, len(self.names)))]) for _ in range(count)}
        return Keywords("dict", [(name, self.value.draw(rng, depth + 1)) for name in sorted(chosen)])


class Objects(Domain):
    """Instances made by calling a class (or factory) with arguments drawn from the domains of its parameters."""

    def __init__(self, function, parameters, needs):
        self.function = function
        self.parameters = parameters  # [(keyword or None, domain, is_required)]
        self.needs = needs

    def draw(self, rng, depth=0):
        arguments = []
        for name, domain, required in self.parameters:
            if required or (depth < 2 and rng.random() < 0.5):
                arguments.append((name, domain.draw(rng, depth + 1)))
        return Built(self.function, arguments, self.needs)


class Frames(Domain):
    """Frames of pandas with the columns that the body names, of one length each."""

    def __init__(self, constants):
        named = [text for text in constants.texts if re.fullmatch(r"\w[\w .-]*", text)]
        self.columns = named[:8] or ["a", "b"]
        self.kinds = (Ints(constants), Ints(constants), Floats(constants), Texts(constants))

    def draw(self, rng, depth=0):
        rows = rng.choice((0, 1, 2, 3, 3, 4))
        pairs = []
        for name in self.columns:
            kind = rng.choice(self.kinds)
            pairs.append((Plain(name), Items("list", [kind.draw(rng, depth + 1) for _ in range(rows)])))
        if len(pairs) > 1 and rng.random() < 0.1:
            del pairs[rng.randrange(len(pairs))]
        return Built("pandas.DataFrame", [(None, Pairs(pairs))], [("pandas", "")])


def series(constants):
    """Return the domain of series of pandas."""
    kinds = [(Containers("list", Ints(constants)), 2), (Containers("list", Floats(constants)), 2)]
    kinds.append((Containers("list", Texts(constants)), 1))
    return Objects("pandas.Series", [(None, Any(kinds), True)], [("pandas", "")])


def arrays(constants):
    """Return the domain of arrays of numpy with one or two dimensions."""
    floats, ints = Floats(constants), Ints(constants)
    shapes = [
        (Containers("list", floats), 3),
        (Containers("list", ints), 2),
        (Matrices(floats), 2),
        (Matrices(ints), 1),
    ]
    return Objects("numpy.array", [(None, Any(shapes), True)], [("numpy", "")])


_SCALAR = (Ints, Floats, Texts, Characters)


class Any(Domain):
    """Several domains; those that led to calls that were not misuse are drawn more often (``reward``)."""

    def __init__(self, choices):
        self.choices = [(domain, float(weight)) for domain, weight in choices]
        self.credit = [[1.0, 2.0] for _ in self.choices]  # successes, trials
        self.last = None

    def _chosen(self, rng):
        weights = [weight * won / tried for (_, weight), (won, tried) in zip(self.choices, self.credit)]
        favoured = [at for at, (domain, _) in enumerate(self.choices) if type(domain) is getattr(rng, "favoured", None)]
        if favoured:
            scalar = [at for at, (domain, _) in enumerate(self.choices) if type(domain) in _SCALAR]
            share = ALIKE * sum(weights[at] for at in scalar) / len(favoured)
            for at in scalar:
                weights[at] = share if at in favoured else weights[at] * (1 - ALIKE)
        return rng.choices(range(len(weights)), weights=weights)[0]

    def draw(self, rng, depth=0):
        index = self._chosen(rng)
        if depth <= 1:  # of an argument, or of what it is made of
            self.last = index
        return self.choices[index][0].draw(rng, depth)

    def one_kind(self, rng):
        return self.choices[self._chosen(rng)][0].one_kind(rng)

    def reward(self, index, success):
        self.credit[index][0] += 1.0 if success else 0.0
        self.credit[index][1] += 1.0


_DATES = ("date(2024, 6, 1)", "date(2024, 1, 31)", "date(2024, 2, 29)", "date(1999, 12, 31)", "date(2023, 7, 4)")
_TIMES = (
    "datetime(2024, 1, 31, 12, 30)",
    "datetime(2000, 1, 1)",
    "datetime(2023, 12, 31, 23, 59, 59)",
    "datetime(2024, 2, 29, 6, 0)",
)
_DELTAS = (
    "timedelta()",
    "timedelta(seconds=1)",
    "timedelta(hours=5)",
    "timedelta(days=1)",
    "timedelta(days=-3)",
    "timedelta(days=400)",
    "timedelta(minutes=90)",
    "timedelta(microseconds=500)",
)


def _texts(kind, module, name, texts):
    return Fixed([Text(text, [(module, name)]) for text in texts])


# Times that know their zone, for code that asks for it; any other would only compare them with those that do not.
_ZONED = [
    Text(f"datetime(2024, 1, 31, 12, 30, tzinfo={zone})", [("datetime", name) for name in ("datetime", *names)])
    for zone, *names in (
        ("timezone.utc", "timezone"),
        ("timezone(timedelta(hours=2))", "timezone", "timedelta"),
        ("timezone(timedelta(hours=-4, minutes=-30))", "timezone", "timedelta"),
    )
]


class Typing:
    """Turns annotations into domains; ``home`` is the module under test, whose names need no import of their own."""

    def __init__(self, home, constants):
        self.home = home
        self.constants = constants
        self.richer = (
            None  # gives, for the domain of a class's instances and the class, one of instances that show more
        )
        self._making = []
        self._enriched = []  # the classes at work in ``richer``

    def domain(self, annotation):
        """Return the domain of an evaluated annotation, or None if nothing is known about it."""
        if annotation in self._making or len(self._making) > 6:
            return None
        try:
            self._making.append(annotation)
        except TypeError:
            return None
        try:
            return self._domain(annotation)
        finally:
            self._making.pop()

    def _domain(self, annotation):
        if annotation is None or annotation is type(None):
            return Fixed([Plain(None)])
        if annotation is typing.Any or annotation is object or annotation is inspect.Parameter.empty:
            return None
        origin = typing.get_origin(annotation)
        if origin is not None:
            return self._generic(annotation, origin, typing.get_args(annotation))
        if isinstance(annotation, typing.TypeVar):
            return self._type_variable(annotation)
        supertype = getattr(annotation, "__supertype__", None)
        if supertype is not None:
            return self.domain(supertype)
        if isinstance(annotation, type):
            return self._class(annotation)
        value = getattr(annotation, "__value__", None)  # ``type X = …``
        return self.domain(value) if value is not None else None

    def _type_variable(self, variable):
        if variable.__constraints__:
            return self._any_of(variable.__constraints__)
        if variable.__bound__ is not None:
            return self.domain(variable.__bound__)
        return Any([(Ints(self.constants), 2), (Texts(self.constants), 2)])

    def _any_of(self, arguments):
        found = [(self.domain(argument), 2 if argument is not type(None) else 1) for argument in arguments]
        found = [(domain, weight) for domain, weight in found if domain is not None]
        return Any(found) if found else None

    def _element(self, arguments, index=0):
        found = self.domain(arguments[index]) if len(arguments) > index else None
        return found or Any([(Ints(self.constants), 3), (Texts(self.constants), 3)])

    def _generic(self, annotation, origin, arguments):
        if origin is typing.Union or origin is getattr(types, "UnionType", None):
            return self._any_of(arguments)
        if origin is typing.Literal:
            return Fixed([self._literal(argument) for argument in arguments])
        if origin.__class__.__name__ == "_SpecialForm" and "Annotated" in repr(origin):
            return self.domain(arguments[0])
        if hasattr(annotation, "__metadata__"):
            return self.domain(annotation.__origin__)
        if origin is tuple:
            if len(arguments) == 2 and arguments[1] is Ellipsis:
                return Containers("tuple", self._element(arguments))
            return Tuples([self._element(arguments, index) for index in range(len(arguments))])
        if origin is collections.abc.Callable:
            return self._callable(arguments)
        if origin is type:
            return self._classes(arguments)
        if origin is typing.IO:
            return self._class(typing.BinaryIO if arguments[0] is bytes else typing.TextIO)
        if repr(origin) in (
            "typing.Final",
            "typing.ClassVar",
            "typing.Required",
            "typing.NotRequired",
            "typing_extensions.Required",
        ):
            return self.domain(arguments[0])
        return self._container(origin, arguments)

    def _container(self, origin, arguments):
        if origin in (
            list,
            collections.abc.Sequence,
            collections.abc.MutableSequence,
            collections.abc.Iterable,
            collections.abc.Collection,
            collections.abc.Reversible,
            collections.abc.Container,
        ):
            return Containers("list", self._element(arguments))
        if origin in (collections.abc.Iterator, collections.abc.Generator):
            return Objects("iter", [(None, Containers("list", self._element(arguments)), True)], ())
        if origin in (set, collections.abc.Set, collections.abc.MutableSet):
            return Containers("set", self._element(arguments))
        if origin is frozenset:
            return Containers("frozenset", self._element(arguments))
        if origin in (dict, collections.abc.Mapping, collections.abc.MutableMapping):
            return Dicts(self._element(arguments), self._element(arguments, 1))
        if origin is collections.OrderedDict or origin is collections.defaultdict:
            name = origin.__name__
            first = [(None, Text("list"), True)] if name == "defaultdict" else []
            first = [(None, Fixed([Text("list")]), True)] if first else []
            return Objects(
                name,
                [*first, (None, Dicts(self._element(arguments), self._element(arguments, 1)), True)],
                [("collections", name)],
            )
        if origin is collections.deque:
            return Objects(
                "deque", [(None, Containers("list", self._element(arguments)), True)], [("collections", "deque")]
            )
        if origin is collections.Counter:
            return Objects(
                "Counter", [(None, Containers("list", self._element(arguments)), True)], [("collections", "Counter")]
            )
        return self._class(origin) if isinstance(origin, type) else None

    def _literal(self, value):
        try:
            return from_value(value)
        except TypeError:
            writer = Writer(self.home)
            return Text(writer.write(value), sorted(writer.imports))

    def _callable(self, arguments):
        count = None
        returned = None
        if arguments and isinstance(arguments[0], (list, tuple)):
            count, returned = len(arguments[0]), arguments[-1]
        return callables(count, returned)

    def _classes(self, arguments):
        if arguments and isinstance(arguments[0], type):
            try:
                writer = Writer(self.home)
                return Fixed([Text(writer.name(arguments[0]), sorted(writer.imports))])
            except CannotWrite:
                return None
        return Fixed([Text("int"), Text("str"), Text("list")])

    def _class(self, kind):
        simple = self._simple(kind)
        if simple is not None:
            return simple
        if (kind.__module__, kind.__name__) == ("numpy", "ndarray"):
            return arrays(self.constants)  # calling ndarray itself gives memory as it happens to be
        if kind.__module__.split(".")[0] == "pandas" and kind.__name__ in ("DataFrame", "Series"):
            return Frames(self.constants) if kind.__name__ == "DataFrame" else series(self.constants)
        if issubclass(kind, enum.Enum):
            writer = Writer(self.home)
            try:
                return Fixed([Text(writer.write(member), sorted(writer.imports)) for member in kind])
            except CannotWrite:
                return None
        if typing.is_typeddict(kind) if hasattr(typing, "is_typeddict") else hasattr(kind, "__total__"):
            return self._typed_dict(kind)
        return self.instances(kind)

    def _simple(self, kind):
        constants = self.constants
        if kind is bool:
            return Fixed([Plain(True), Plain(False)])
        if kind in (int, numbers.Integral):
            return Ints(constants)
        if kind in (float, numbers.Real, numbers.Number):
            return Floats(constants)
        if kind is complex:
            return Fixed([Plain(0j), Plain(1 + 2j), Plain(-1j)])
        if kind is str or kind is getattr(typing, "AnyStr", None):
            return Texts(constants)
        if kind in (bytes, collections.abc.ByteString if hasattr(collections.abc, "ByteString") else bytes):
            return Bytes(constants)
        if kind is bytearray:
            return Objects("bytearray", [(None, Bytes(constants), True)], ())
        if kind in (
            list,
            set,
            frozenset,
            dict,
            tuple,
            collections.deque,
            collections.OrderedDict,
            collections.Counter,
        ) or (
            kind.__module__ == "collections.abc"
            and kind is not collections.abc.Callable
            and kind is not collections.abc.Hashable
        ):
            return (
                self._container(kind if kind is not tuple else list, ())
                if kind is not tuple
                else Containers("tuple", self._element(()))
            )
        if kind is collections.abc.Callable:
            return callables(None, None)
        if kind is range:
            return Fixed([Text("range(0)"), Text("range(5)"), Text("range(2, 10, 3)")])
        if kind is slice:
            return Fixed([Text("slice(None)"), Text("slice(1, 3)"), Text("slice(None, None, 2)")])
        if kind is type:
            return Fixed([Text("int"), Text("str")])
        if kind is datetime.datetime:
            return _texts(kind, "datetime", "datetime", _TIMES)
        if kind is datetime.date:
            return _texts(kind, "datetime", "date", _DATES)
        if kind is datetime.time:
            return _texts(kind, "datetime", "time", ("time(0, 0)", "time(12, 30)", "time(23, 59, 59)"))
        if kind is datetime.timedelta:
            return _texts(kind, "datetime", "timedelta", _DELTAS)
        if kind is datetime.tzinfo or kind is datetime.timezone:
            return _texts(kind, "datetime", "timezone", ("timezone.utc",))
        if kind is decimal.Decimal:
            return _texts(
                kind,
                "decimal",
                "Decimal",
                tuple(f'Decimal("{t}")' for t in ("0", "1.5", "-2.25", "100", "0.01", "19.99")),
            )
        if kind is fractions.Fraction:
            return _texts(kind, "fractions", "Fraction", ("Fraction(1, 2)", "Fraction(0)", "Fraction(-3, 4)"))
        if kind is uuid.UUID:
            return _texts(kind, "uuid", "UUID", ('UUID("12345678-1234-5678-1234-567812345678")',))
        if kind in (pathlib.Path, pathlib.PurePath, pathlib.PurePosixPath):
            name = kind.__name__
            return _texts(
                kind,
                "pathlib",
                name,
                tuple(f'{name}("{t}")' for t in ("a.txt", "docs/readme.md", ".", "dir/file.tar.gz", "noext")),
            )
        if kind in (io.StringIO, io.TextIOBase, io.TextIOWrapper, io.IOBase, typing.TextIO, typing.IO):
            return Objects("io.StringIO", [(None, Texts(constants), False)], [("io", "")])
        if kind in (io.BytesIO, io.RawIOBase, io.BufferedIOBase, io.BufferedReader, io.BufferedWriter, typing.BinaryIO):
            return Objects("io.BytesIO", [(None, Bytes(constants), False)], [("io", "")])
        if kind is re.Pattern:
            return _texts(kind, "re", "", ('re.compile("a+")', 're.compile(r"\\d+")'))
        return None

    def _typed_dict(self, kind):
        hints = hints_of(kind)
        required = set(getattr(kind, "__required_keys__", hints))
        domains = {name: self.domain(hint) or Ints(self.constants) for name, hint in hints.items()}
        return Records(
            {name: domain for name, domain in domains.items() if name in required},
            {name: domain for name, domain in domains.items() if name not in required},
        )

    def instances(self, kind):
        """Return the domain of instances of a class that can be built by calling it; None if it cannot."""
        if inspect.isabstract(kind) or getattr(kind, "_is_protocol", False):
            kinds = [sub for sub in kind.__subclasses__() if not inspect.isabstract(sub)]
            found = [(self.domain(sub), 1) for sub in kinds[:4]]
            found = [(domain, weight) for domain, weight in found if domain is not None]
            return Any(found) if found else None
        writer = Writer(self.home)
        try:
            name = writer.name(kind)
        except CannotWrite:
            return None
        parameters = self._of_builtin(kind) or self.parameters_of(kind)
        if parameters is None:
            return None
        made = Objects(name, parameters, sorted(writer.imports))
        if self.richer is None or len(self._making) > 2 or kind in self._enriched:
            return made
        self._enriched.append(kind)
        try:
            return self.richer(made, kind)
        finally:
            self._enriched.remove(kind)

    def _of_builtin(self, kind):
        """Return the parameters of a class that is made as the built-in class it derives from; None for any other."""
        if not isinstance(kind.__new__, types.BuiltinMethodType) or isinstance(kind.__init__, types.FunctionType):
            return None
        for base in (str, bytes, bool, int, float, dict, list, tuple, set, frozenset):
            if issubclass(kind, base):
                return [(None, self.domain(base), base in (str, int, float))]
        return [(None, Texts(self.constants), True)] if issubclass(kind, BaseException) else None

    def parameters_of(self, kind):
        """Return [(keyword or None, domain, is_required)] of calling ``kind``; None where the signature is not known."""
        try:
            signature = inspect.signature(kind)
        except (ValueError, TypeError):
            return None
        hints = dict(hints_of(kind))
        hints.update(hints_of(getattr(kind, "__init__", None)))
        used = of_constructor(kind, self.methods_of(kind))
        found = []
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                continue
            if parameter.kind is parameter.VAR_POSITIONAL:
                if not any(name for name, _, _ in found):  # after an argument with a name there is no place for it
                    domain = self.domain(hints.get(parameter.name, parameter.annotation)) or anything(self.constants)
                    found += [(None, domain, False)] * _FURTHER
                continue
            required = parameter.default is parameter.empty
            domain = self.domain(hints.get(parameter.name, parameter.annotation))
            if domain is None:
                domain = self.unannotated(kind, parameter.name)
            if domain is None:
                known = used.get(parameter.name) or of_name(parameter.name)
                by_default = default_domain(parameter.default, self.constants)
                asked_for = None
                if by_default is not None and len(self._making) <= _MOST_ASKED_FOR:
                    asked_for = self.asked_for(known, sys.modules.get(kind.__module__))
                domain = by_default or from_usage(known, self.constants)
                domain = domain if asked_for is None else Any([(domain, 3), (asked_for, 1)])
                domain = with_typical(domain, parameter.name)
            name = (
                None
                if parameter.kind is parameter.POSITIONAL_ONLY or (required and len(signature.parameters) == 1)
                else parameter.name
            )
            found.append((name, domain, required))
        return found

    def asked_for(self, usage, module):
        """Return the domain of the classes of a module that ``isinstance`` asks for where a value is used so, or None."""
        kinds = [vars(module).get(name) for name in usage.points] if module is not None else []
        found = [self.domain(kind) for kind in kinds if isinstance(kind, type) and kind.__module__ != "builtins"]
        found = [(domain, 1) for domain in found if domain is not None]
        return Any(found) if found else None

    def methods_of(self, kind):
        """Return the nodes of the methods of a class: here none are known."""
        return ()

    def unannotated(self, kind, name):
        """Return the domain that the use of a constructor's parameter suggests, or None: here nothing is known of it."""


def hints_of(thing):
    """Return the evaluated annotations of a function or class; those that cannot be evaluated are left out."""
    if thing is None:
        return {}
    try:
        return typing.get_type_hints(thing)
    except Exception:
        pass
    found = {}
    names = getattr(thing, "__globals__", None)
    if names is None:
        names = vars(sys.modules.get(getattr(thing, "__module__", ""), types))
    for name, annotation in dict(getattr(thing, "__annotations__", {}) or {}).items():
        if isinstance(annotation, str):
            try:
                annotation = eval(annotation, dict(names))
            except Exception:
                continue
        found[name] = annotation
    return found


def default_domain(default, constants):
    """Return a domain around a default value: values of its type."""
    if default is inspect.Parameter.empty or default is None:
        return None
    if isinstance(default, bool):
        return Fixed([Plain(True), Plain(False)])
    if isinstance(default, int):
        return Ints(Constants([default, *constants.ints]))
    if isinstance(default, float):
        return Floats(Constants([default, *constants.floats]))
    if isinstance(default, str):
        return Texts(Constants([default, *constants.texts]))
    if isinstance(default, bytes):
        return Bytes(constants)
    if callable(default) and not isinstance(default, type):
        return callables(_arity(default), None)
    try:
        node = from_value(default)
    except TypeError:
        return None
    if isinstance(default, (list, tuple)):
        return Any([(Fixed([node]), 1), (Containers(type(default).__name__, anything(constants)), 2)])
    if isinstance(default, dict):
        return Any([(Fixed([node]), 1), (Dicts(Texts(constants), anything(constants)), 2)])
    return Fixed([node])


def callables(count, returned):
    """Return functions that a person would pass: builtins and short lambdas of the right arity."""
    one = ["len", "str", "bool", "lambda value: value", "lambda value: not value"]
    if returned is bool:
        one = ["bool", "lambda value: bool(value)", "lambda value: False", "lambda value: True"]
    elif returned is int:
        one = ["int", "len", "hash", "lambda value: 1", "lambda value: value"]
    elif returned is str:
        one = ["str", "repr", "lambda value: str(value)"]
    two = ["max", "min", "lambda left, right: left", "lambda left, right: left + right"]
    if returned is bool:
        two = ["lambda left, right: left == right", "lambda left, right: left < right"]
    if count == 0:
        return Fixed([Text("list"), Text("lambda: 1"), Text("lambda: None")])
    if count == 1:
        return Fixed([Text(text) for text in one])
    if count == 2:
        return Fixed([Text(text) for text in two])
    if count is None:
        return Any(
            [
                (Fixed([Text(text) for text in one]), 3),
                (Fixed([Text(text) for text in two]), 1),
                (Fixed([Text("lambda *args: args"), Text("lambda *args, **kwargs: None"), Text("lambda: 1")]), 1),
            ]
        )
    return Fixed([Text(f"lambda *args: {text}") for text in ("args[0]", "args[-1]", "True", "False")])


def _arity(function):
    """Return how many arguments a function takes in order, None where that is not one number.

    An object that is called is not asked: it may be one that stands in for another and does anything then.
    """
    if not issubclass(type(function), (types.FunctionType, types.MethodType, types.BuiltinFunctionType)):
        return None
    try:
        listed = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    if any(one.kind is one.VAR_POSITIONAL for one in listed):
        return None
    return len([one for one in listed if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)])


def anything(constants):
    """Return the domain for a parameter about which nothing is known."""
    return Any(
        [
            (Ints(constants), 4),
            (Texts(constants), 4),
            (Containers("list", Ints(constants)), 3),
            (Containers("list", Texts(constants)), 2),
            (Floats(constants), 1),
            (Dicts(Texts(constants), Ints(constants)), 1),
            (Fixed([Plain(None)]), 0.7),
            (Fixed([Plain(True), Plain(False)]), 0.7),
            (Containers("tuple", Ints(constants)), 0.5),
            (Containers("list", Containers("list", Ints(constants))), 0.7),
            (callables(None, None), 0.3),
        ]
    )


def _typical_of(kind):
    return lambda constants, element: Typing(types, constants).domain(kind)


# Of these libraries, if the project has imported them.
_OF_LIBRARIES = {"array": ("numpy", arrays), "frame": ("pandas", Frames), "series": ("pandas", series)}
_KINDS = {
    "int": lambda c, e: Ints(c),
    "float": lambda c, e: Floats(c),
    "str": lambda c, e: Texts(c),
    "char": lambda c, e: Characters(c),
    "bool": lambda c, e: Fixed([Plain(True), Plain(False)]),
    "bytes": lambda c, e: Bytes(c),
    "list": lambda c, e: Containers("list", e),
    "tuple": lambda c, e: Containers("tuple", e),
    "set": lambda c, e: Containers("set", e),
    "dict": lambda c, e: Dicts(_keys(c), e),
    "NoneType": lambda c, e: Fixed([Plain(None)]),
    "deque": lambda c, e: Objects("deque", [(None, Containers("list", e), True)], [("collections", "deque")]),
    "iterator": lambda c, e: Objects("iter", [(None, Containers("list", e), True)], ()),
    "file": lambda c, e: Objects("io.StringIO", [(None, Texts(c), True)], [("io", "")]),
    "datetime": _typical_of(datetime.datetime),
    "zoned": lambda c, e: Fixed([*_ZONED, *_KINDS["datetime"](c, e).nodes]),
    "timedelta": _typical_of(datetime.timedelta),
    "decimal": _typical_of(decimal.Decimal),
    "pattern": _typical_of(re.Pattern),
    "match": lambda c, e: _texts(re.Match, "re", "", ('re.match("(a+)(b)?", "aab")', 're.search(r"(\\d+)", "x 42")')),
}


def _keys(constants):
    return Any([(Texts(constants), 3), (Ints(constants), 1)])


def from_usage(usage, constants, depth=0):
    """Return the domain that a ``usage.Usage`` suggests, wider guesses kept in with a small weight."""
    ranked = usage.ranked() if usage is not None else []
    choices = []
    if usage is not None and usage.domain is not None:
        choices = [(usage.domain, 24)]
    graphs = _graphs(usage, constants) if usage is not None and depth == 0 else None
    if graphs is not None:
        choices.append((graphs, 10))
    for kind in ranked:
        points = usage.points[kind]
        if kind == "dict" and usage.key is not None and usage.key.ranked() and depth < 2:
            key = from_usage(usage.key, constants, depth + 1)
            choices.append((Dicts(key, _element_domain(usage, constants, depth)), points))
        elif kind in _KINDS:
            element = _element_domain(usage, constants, depth)
            choices.append((_KINDS[kind](constants, element), points))
            if kind == "list" and usage.element is None:
                choices.append((Containers("list", Texts(constants)), points * 0.5))
        elif kind in _OF_LIBRARIES:
            library, make = _OF_LIBRARIES[kind]
            choices += [(make(constants), points)] if library in sys.modules else []
        elif kind == "callable":
            arity = [int(name[5:]) for name in usage.points if re.fullmatch(r"arity\d+", name)]
            choices.append((callables(arity[0] if len(arity) == 1 else None, None), points))
        elif re.fullmatch(r"tuple\d+", kind):
            choices.append((Tuples([anything(constants) if depth > 1 else Ints(constants)] * int(kind[5:])), points))
    if not choices:
        return anything(constants)
    total = sum(weight for _, weight in choices)
    return Any([*choices, (anything(constants), total * (0.12 if depth == 0 else 0.05))])


def _graphs(usage, constants):
    """Return graphs if the usage is that of a dict whose values are gone through, None otherwise."""
    inner = usage.element
    is_dict = usage.points.get("dict", 0) >= 4 or (usage.is_iterated and usage.is_looked_up)
    if not is_dict or inner is None or not (inner.is_iterated or inner.points.get("dict")):
        return None
    if inner.points.get("dict", 0) >= 4:
        return Graphs(weight=_element_domain(inner, constants, 1).one_kind(_FIRST))
    return Graphs(kind="set" if inner.points.get("set", 0) > inner.points.get("list", 0) else "list")


class _First:
    """Chooses what is most likely."""

    @staticmethod
    def choices(population, weights):
        return [max(zip(weights, population))[1]]


_FIRST = _First()


def _element_domain(usage, constants, depth):
    if usage.element is not None and depth < 2 and (usage.element.ranked() or usage.element.domain is not None):
        return from_usage(usage.element, constants, depth + 1)
    return Any([(Ints(constants), 4), (Texts(constants), 2), (Floats(constants), 0.7)])
