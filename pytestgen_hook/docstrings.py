"""Takes docstrings apart: the sentences of the description, and the sections in the styles of Google, NumPy and Sphinx."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_LONGEST = 20_000  # characters of a docstring
_LONGEST_SENTENCE = 400
_ARGUMENTS = ("args", "arguments", "parameters", "params", "keyword args", "keyword arguments", "other parameters")
_RETURNS = ("returns", "return", "yields", "yield")
_RAISES = ("raises", "raise", "except", "exceptions")
_OTHERS = (
    *("example", "examples", "note", "notes", "warning", "warnings", "warns", "see also", "references", "attributes"),
    *("usage", "todo", "methods", "tip", "hint", "important", "doctest", "tests", "test", "input", "output"),
)
_HEADERS = (*_ARGUMENTS, *_RETURNS, *_RAISES, *_OTHERS)
_FIELD = re.compile(r":(?P<kind>\w+)(?:\s+(?P<rest>[^:]+))?:(?:\s+|$)(?P<text>.*)")
_EXCEPTION = re.compile(r"[A-Z]\w*(?:\.[A-Z]\w*)*|[a-z_][\w.]*\.[A-Z]\w*")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a docstring without the indentation that all have, and its number in the file."""

    text: str
    number: int

    @property
    def indent(self) -> int:
        """Blanks before the text."""
        return len(self.text) - len(self.text.lstrip())


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence without the marks of its markup, and the line that it begins in; ``raw`` is how it stands there."""

    text: str
    raw: str
    line: int


@dataclass
class Docstring:
    """The parts of a docstring that say what calls do.

    ``raises`` are (exception, when it is raised); ``types`` are {parameter or ``return``: the type as it is written}, with
    its line in ``type_lines``.
    """

    description: list[Sentence] = field(default_factory=list)
    returns: list[Sentence] = field(default_factory=list)
    raises: list[tuple[str, list[Sentence]]] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    type_lines: dict[str, int] = field(default_factory=dict)


def parse(text: str, first_line: int) -> Docstring:
    """Return the parts of a docstring as it stands in the source; ``first_line`` is the number of its first line.

    Nothing is read of one that is too long for a person to have written it.
    """
    found = Docstring()
    if len(text) > _LONGEST:
        return found
    lines = _dedented(text, first_line)
    prose: list[Line] = []
    position = 0
    while position < len(lines):
        header = _header(lines, position)
        if header is not None:
            name, start = header
            end = _end(lines, start, is_underlined=start == position + 2, indent=lines[position].indent)
            _take_section(found, name, lines[start:end], is_underlined=start == position + 2)
            prose.append(Line("", lines[position].number))
            position = end
        elif _FIELD.match(lines[position].text.lstrip()):
            end = position + 1
            while end < len(lines) and lines[end].text.strip() and not lines[end].text.lstrip().startswith(":"):
                end += 1
            _take_field(found, lines[position:end])
            position = end
        else:
            prose.append(lines[position])
            position += 1
    found.description = [sentence for block in _paragraphs(prose) for sentence in sentences(block)]
    return found


def _dedented(text: str, first_line: int) -> list[Line]:
    lines = text.expandtabs().splitlines()
    indents = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    indent = min(indents, default=0)
    return [
        Line((line.strip() if number == 0 else line[indent:]).rstrip(), first_line + number)
        for number, line in enumerate(lines)
    ]


# -- sections --------------------------------------------------------------------------------------------------------


def _header(lines: Sequence[Line], position: int) -> tuple[str, int] | None:
    """Return (name, where its body begins) if a section begins at a line."""
    text = lines[position].text.strip()
    following = lines[position + 1].text.strip() if position + 1 < len(lines) else ""
    if text.lower() in _HEADERS and len(following) >= 3 and set(following) <= set("-="):
        return text.lower(), position + 2
    name, colon, rest = text.partition(":")
    if colon and not rest and name.lower() in _HEADERS:
        return name.lower(), position + 1
    return None


def _end(lines: Sequence[Line], start: int, *, is_underlined: bool, indent: int) -> int:
    """Return the end of a section: the next header, or a line that is indented no further than the header."""
    position = start
    while position < len(lines):
        line = lines[position]
        if _header(lines, position) is not None and line.indent <= indent:
            return position
        if not is_underlined and line.text.strip() and line.indent <= indent:
            return position
        position += 1
    return position


def _take_section(found: Docstring, name: str, lines: Sequence[Line], *, is_underlined: bool) -> None:
    entries = list(_entries(lines))
    if name in _ARGUMENTS:
        for entry in entries:
            _take_argument(found, entry[0], is_underlined=is_underlined)
    elif name in _RAISES:
        for entry in entries:
            _take_exception(found, entry, is_underlined=is_underlined)
    elif name in ("returns", "return") and entries:
        _take_result(found, lines, entries, is_underlined=is_underlined)


def _entries(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the entries of a section: each begins at its least indentation, what is indented further goes with it."""
    least = min((line.indent for line in lines if line.text.strip()), default=0)
    entry: list[Line] = []
    for line in lines:
        if line.text.strip() and line.indent == least and entry:
            yield entry
            entry = []
        if line.text.strip() or entry:
            entry.append(line)
    if entry:
        yield entry


_GOOGLE_ARGUMENT = re.compile(r"\*{0,2}(?P<name>\w+)\s*\((?P<type>[^)]+(?:\([^)]*\))?)\)\s*:")
_NUMPY_ARGUMENT = re.compile(r"(?P<names>\*{0,2}\w+(?:\s*,\s*\w+)*)\s*:\s*(?P<type>.+)")


def _take_argument(found: Docstring, line: Line, *, is_underlined: bool) -> None:
    text = line.text.strip()
    if is_underlined:
        match = _NUMPY_ARGUMENT.fullmatch(text)
        for name in re.split(r"\s*,\s*", match.group("names")) if match else ():
            found.types[name.lstrip("*")] = match.group("type") if match else ""
    elif match := _GOOGLE_ARGUMENT.match(text):
        found.types[match.group("name")] = match.group("type")


def _take_exception(found: Docstring, entry: Sequence[Line], *, is_underlined: bool) -> None:
    head = plain(entry[0].text.strip())
    if is_underlined:
        name, text = head, list(entry[1:])
    else:
        name, colon, rest = head.partition(":")
        if not colon:
            return
        raw = entry[0].text.strip().partition(":")[2].strip() if ":" in entry[0].text else rest
        text = [Line(raw, entry[0].number), *entry[1:]]
    for one in re.split(r"\s*(?:,|\bor\b)\s*", name.strip()):
        if _EXCEPTION.fullmatch(one):
            found.raises.append((one, [sentence for block in _paragraphs(text) for sentence in sentences(block)]))


def _take_result(
    found: Docstring, lines: Sequence[Line], entries: Sequence[Sequence[Line]], *, is_underlined: bool
) -> None:
    first = entries[0][0]
    body = list(lines)
    if is_underlined:
        if len(entries) == 1 and len(entries[0]) > 1:
            kind = first.text.strip()
            name, colon, rest = kind.partition(" : ")
            _take_type(found, "return", rest if colon else name, first.number)
            body = list(entries[0][1:])
        elif len(entries) > 1:
            return  # several results, each with its own description
    else:
        kind, colon, rest = first.text.strip().partition(":")
        if colon and re.fullmatch(r"[\w\[\], |.()]+", kind) and len(kind.split()) <= 4 and not rest.startswith(":"):
            _take_type(found, "return", kind, first.number)
            body = [Line(rest.strip(), first.number), *lines[lines.index(first) + 1 :]]
    found.returns += [sentence for block in _paragraphs(body) for sentence in sentences(block)]


def _take_type(found: Docstring, name: str, text: str, line: int) -> None:
    found.types[name] = text.strip()
    found.type_lines[name] = line


def _take_field(found: Docstring, lines: Sequence[Line]) -> None:
    match = _FIELD.match(lines[0].text.lstrip())
    assert match is not None  # the caller looked
    kind, rest = match.group("kind"), (match.group("rest") or "").split()
    body = [Line(match.group("text"), lines[0].number), *lines[1:]]
    said = [sentence for block in _paragraphs(body) for sentence in sentences(block)]
    if kind in ("param", "parameter", "arg", "argument") and len(rest) == 2:
        found.types[rest[1]] = rest[0]
    elif kind == "type" and len(rest) == 1:
        found.types[rest[0]] = " ".join(line.text.strip() for line in body).strip()
    elif kind == "rtype":
        _take_type(found, "return", " ".join(line.text.strip() for line in body), lines[0].number)
    elif kind in ("return", "returns"):
        found.returns += said
    elif kind in ("raise", "raises", "except", "exception") and rest:
        found.raises += [
            (name, said) for name in plain(" ".join(rest)).split(",") if _EXCEPTION.fullmatch(name.strip())
        ]


# -- sentences -------------------------------------------------------------------------------------------------------


def _paragraphs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield what stands between empty lines, doctests, items of lists and literal blocks left out."""
    block: list[Line] = []
    for line in lines:
        text = line.text.strip()
        if text.startswith((">>>", "...")) or (block and block[0].text.strip().startswith(">>>")):
            if block and not block[0].text.strip().startswith(">>>"):
                yield block
                block = []
            block = [*block, line] if text else []
            continue
        if not text or re.match(r"(?:[-*+•]|\d+[.)])\s", text):
            if block:
                yield block
            block = []
        if text and not re.match(r"(?:[-*+•]|\d+[.)])\s", text):
            block.append(line)
    if block and not block[0].text.strip().startswith(">>>"):
        yield block


_BREAK = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\betc)(?<!\bvs)(?<=[.!?;])\s+(?=[A-Z`\"'(\[:a-z])")


def sentences(block: Sequence[Line]) -> list[Sentence]:
    """Return the sentences of a paragraph; what stands on both sides of a semicolon counts as two."""
    starts: list[tuple[int, int]] = []
    text = ""
    for line in block:
        starts.append((len(text), line.number))
        text += line.text.strip() + " "
    found = []
    position = 0
    for match in [*_BREAK.finditer(text), None]:
        end = match.start() if match else len(text)
        raw = text[position:end].strip()
        if raw and len(raw) <= _LONGEST_SENTENCE:
            begins = next(number for start, number in reversed(starts) if start <= position)
            found.append(Sentence(plain(raw).rstrip(".;! ").strip(), raw, begins))
        position = match.end() if match else end
    return found


_ROLE = re.compile(r":\w+(?::\w+)?:`~?([^`<]+?)(?:\s*<[^>]*>)?`")


def plain(text: str) -> str:
    """Return text without the marks of reStructuredText and Markdown around names and values."""
    text = _ROLE.sub(r"\1", text)
    text = re.sub(r"`+([^`]*)`+_?", r"\1", text)
    text = re.sub(r"(?<![\w*])\*{1,2}(\w[^*]*?)\*{1,2}(?![\w*])", r"\1", text)
    return re.sub(r"\s+", " ", text).strip()
