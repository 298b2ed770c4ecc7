"""What the model is asked: a constant part with worked examples, and the function with marks at what no test shows yet."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pytestgen_hook.types.changes import Function

VERSION = 8  # part of what answers are kept by: another text, another number
MOST_LINES = 70  # of code in a question
MOST_GOALS = 8
_MOST_CONDITIONS = 3  # of one goal, the innermost
_MOST_MARKS = 2  # changes shown at one line
_MOST_MUTANTS = 10
_LONGEST_MARK = 90
_MOST_KNOWN = 4  # calls that are there already
_LONGEST_KNOWN = 160
_HELPER_LINES = 14
_CONTEXT_LINES = 30
_LONGEST_LINE = 160

_SYSTEM = (
    "You read Python code and write calls that make it do what no test has made it do yet. "
    "`# NEVER RUN` marks a line that no call has reached: choose arguments that lead there. "
    "`# UNNOTICED: code` shows how a line could read without any test failing: choose arguments for which the "
    "result would then be different. Write one call for each goal, in order, each on a line of its own below its goal, "
    "arguments by name. "
    "A line may first bring the object into a state (`obj = Queue(); obj.put(1); obj.get()`), and may look at what the call "
    'gives: call it, or name an attribute of it (`adder(n=1)(2)`, `parse(text="a").kind`).'
)

BEGUN = "<|im_start|>user\n```python\n"  # how every question begins: the end of the constant part

_EXAMPLES = (
    (
        """import re

_UNITS = {"": 1, "k": 1000, "m": 1000000}

def parse_size(text, default=None):
    match = re.fullmatch(r"(\\d+)\\s*([km]?)b?", text.strip().lower())
    if match is None:
        if default is not None:
            return default  # NEVER RUN
        raise ValueError(text)
    number, unit = match.groups()
    size = int(number) * _UNITS[unit]  # UNNOTICED: size = int(number) + _UNITS[unit]
    if size > 5000000:  # UNNOTICED: if size >= 5000000:
        raise OverflowError(text)  # NEVER RUN
    return size""",
        ('parse_size(text="")', 'parse_size(text="7")'),
        "parse_size",
        (
            "`match is None` and `default is not None`",
            "not `match is None` and `size > 5000000`",
            "another result with `size = int(number) + _UNITS[unit]`",
            "another result with `if size >= 5000000:`",
        ),
        (
            'parse_size(text="abc", default=3)',
            'parse_size(text="6MB")',
            'parse_size(text="12kb")',
            'parse_size(text="5 mb")',
        ),
    ),
    (
        """class Basket:
    def __init__(self, owner, limit=3):
        self.owner = owner
        self.limit = limit
        self.items = []
        self.is_open = True

    def close(self, at=None, *, force=False):
        if not self.is_open:
            return None  # NEVER RUN
        if len(self.items) > self.limit and not force:  # UNNOTICED: if len(self.items) >= self.limit and not force:
            raise ValueError("too many")  # NEVER RUN
        self.is_open = False
        return Receipt(self.owner, len(self.items), paid=at is not None)  # UNNOTICED: paid=at is None""",
        ('Basket(owner="a").close()',),
        "Basket(...).close",
        (
            "not `self.is_open`",
            "not `not self.is_open` and `len(self.items) > self.limit and not force`",
            "another result with `if len(self.items) >= self.limit and not force:`",
            "another result with `return Receipt(self.owner, len(self.items), paid=at is None)`",
        ),
        (
            'obj = Basket(owner="Ann"); obj.close(); obj.close()',
            'obj = Basket(owner="Ann", limit=1); obj.add("pen"); obj.add("ink"); obj.close()',
            'obj = Basket(owner="Ann", limit=1); obj.add("pen"); obj.close()',
            'Basket(owner="Ann").close(at="noon").paid',
        ),
    ),
    (
        """def keeps(field, pattern=None):
    def test(row):
        if field not in row:
            return False  # NEVER RUN
        found = pattern.search(row[field]) if pattern else row[field]  # NEVER RUN
        return found is not None and len(found) > 0  # NEVER RUN
    test.field = field  # UNNOTICED: without this
    return test""",
        (),
        "keeps",
        (
            "`field not in row`",
            "not `field not in row`",
            "another result without `test.field = field`",
        ),
        (
            'keeps(field="a")({"b": 1})',
            'keeps(field="a", pattern=re.compile("[0-9]+"))({"a": "no 7"})',
            'keeps(field="name").field',
        ),
    ),
    (
        """def merge(rows, key, keep=None):
    found = {}
    for row in rows:
        if not isinstance(row, dict):
            continue  # NEVER RUN
        name = row.get(key)
        if name in found:
            for part, value in row.items():
                if isinstance(value, list):
                    found[name].setdefault(part, []).extend(value)  # NEVER RUN
                elif keep and keep(value):
                    found[name][part] = value  # NEVER RUN
        else:
            found[name] = dict(row)
    return sorted(found.values(), key=len, reverse=True)  # UNNOTICED: return sorted(found.values(), key=len, reverse=False)""",
        ('merge(rows=[{}], key="a")',),
        "merge",
        (
            "a pass of `for row in rows` and `not isinstance(row, dict)`",
            "`name in found` and a pass of `for part, value in row.items()` and `isinstance(value, list)`",
            "`name in found` and not `isinstance(value, list)` and `keep and keep(value)`",
            "another result with `return sorted(found.values(), key=len, reverse=False)`",
        ),
        (
            'merge(rows=[{"id": 1}, 7], key="id")',
            'merge(rows=[{"id": 1, "tags": ["a"]}, {"id": 1, "tags": ["b"]}], key="id")',
            'merge(rows=[{"id": 1, "n": 2}, {"id": 1, "n": 5}], key="id", keep=lambda x: x > 2)',
            'merge(rows=[{"id": 1}, {"id": 2, "name": "b"}], key="id")',
        ),
    ),
)


def prefix() -> str:
    """Return the constant part: what is wanted, worked examples, and how each question begins."""
    turns = [f"<|im_start|>system\n{_SYSTEM}<|im_end|>\n"]
    for code, known, name, goals, calls in _EXAMPLES:
        turns.append(BEGUN + _asked(code, known, name))
        turns.append(
            "".join(opening(goal) + call + "\n" for goal, call in zip(goals, calls, strict=True)) + "```<|im_end|>\n"
        )
    return "".join(turns) + BEGUN


def question(
    function: Function,
    source: bytes,
    left: Mapping[str, Any],
    known: Sequence[str],
    form: Mapping[str, Any],
    *,
    most_lines: int = MOST_LINES,
) -> str:
    """Return the part of the prompt about one function: its code, which the constant part has opened, and what is wanted.

    The answer goes on after the opening of a block of code, what is written for a goal after the ``opening`` of that goal;
    the question names none, since each is read then.
    ``left`` and ``form`` are what the runtime told (``runtime/left.py``, ``runtime/form.py``), ``known`` are calls that are
    there. Code that does not fit into so many lines is left out, what is far from the marks first.
    """
    tree, lines, path = _parsed(function, source)
    own = _Body(lines, path[-1], left).shown(most_lines)
    room = max(0, min(_CONTEXT_LINES, most_lines - len(own)))
    code = [*_context(tree, path, room), *_with_class(own, path, form)]
    if form.get("head"):
        code += ["", f"# {function.name} is reached through:", form["head"]]
    shown = [call for call in known if len(call) <= _LONGEST_KNOWN][:_MOST_KNOWN]
    return _asked("\n".join(code), shown, _name(form))


def goals(function: Function, source: bytes, left: Mapping[str, Any]) -> list[str]:
    """Return what calls are wanted for, in order."""
    _, _, path = _parsed(function, source)
    return goals_of(path[-1], left)


def opening(goal: str) -> str:
    """Return how the answer for a goal begins."""
    return f"# {goal}\n"


def _parsed(function: Function, source: bytes) -> tuple[ast.Module, list[str], list[Any]]:
    text = source.decode("utf-8", "replace")
    tree = ast.parse(text)
    lines = [line.decode() for line in text.encode().splitlines()]  # those of text end at a form feed, too
    return tree, lines, _path_to(tree, function)


def _name(form: Mapping[str, Any]) -> str:
    if form["receiver"] is not None:
        owner = form["receiver"][1] if form["receiver"][0] == "new" else "object"
        return f"{owner}(...).{form['name']}"
    return f"{form['owner']}.{form['name']}" if form["owner"] else str(form["name"])


def _asked(code: str, known: Sequence[str], name: str) -> str:
    there = "Tests have these calls:\n```python\n" + "\n".join(known) + "\n```\n" if known else ""
    return f"{code}\n```\n{there}Write calls of `{name}`.<|im_end|>\n<|im_start|>assistant\n```python\n"


# -- goals -----------------------------------------------------------------------------------------------------------


def goals_of(node: ast.FunctionDef | ast.AsyncFunctionDef, left: Mapping[str, Any]) -> list[str]:
    """Return what calls are wanted for, in words: the conditions of what was never run first, then changes."""
    goals: dict[str, None] = {}
    open_lines = set(left["lines"])
    ways = {(line, outcome) for line, outcome in left["branches"]}
    _walk(node.body, [], open_lines, ways, goals)
    _walk(node.body, [], open_lines, ways, goals, is_deep=True)
    for line in left["lines"][:1] if not goals else ():  # it stands behind a call that never came back
        goals[f"the line `{_first_line(node, line)}` run"] = None
    branching = {line for line, _ in ways}
    for _, line, _label, before, after in _of_many_lines(left["mutants"]):
        if after and line not in open_lines | branching:
            change = f"without `{_cut(before)}`" if after == "pass" else f"with `{after[:_LONGEST_MARK]}`"
            goals[f"another result {change}"] = None
    return list(goals)[:MOST_GOALS] or ["a result that no test has seen"]


def _of_many_lines(mutants: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Return the mutants with the first of each line before all others."""
    firsts = {mutant[1]: mutant for mutant in reversed(mutants)}
    return sorted(mutants, key=lambda mutant: mutant is not firsts[mutant[1]])


def _walk(
    block: Sequence[ast.stmt],
    given: Sequence[str],
    open_lines: Collection[int],
    ways: Collection[tuple[int, bool]],
    goals: dict[str, None],
    *,
    is_deep: bool = False,
) -> None:
    """Note the conditions on the way to each part of a block that was never run; ``given`` are those around it.

    Parts of what was never run itself are left out unless ``is_deep``.
    """
    given = list(given)
    for statement in block:
        for part, condition, outcome in _parts(statement):
            if not part and (statement.lineno, outcome) not in ways:
                continue
            inside = [*given, condition]
            was_run = statement.lineno not in open_lines
            never = bool(part) and part[0].lineno in open_lines
            if (was_run or is_deep) and (never or (statement.lineno, outcome) in ways):
                goals[" and ".join(text[:_LONGEST_MARK] for text in inside[-_MOST_CONDITIONS:])] = None
            _walk(part, inside, open_lines, ways, goals, is_deep=is_deep)
            if outcome is True and isinstance(statement, ast.If) and part and isinstance(part[-1], _LEAVING):
                given.append(_negated(statement.test))


_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def _parts(statement: ast.stmt) -> Iterator[tuple[Sequence[ast.stmt], str, bool | None]]:
    """Yield the blocks of a statement, the condition of each in words, and the outcome of the branch."""
    if isinstance(statement, (ast.If, ast.While)):
        yield statement.body, f"`{ast.unparse(statement.test)}`", True
        yield statement.orelse, _negated(statement.test), False
    elif isinstance(statement, (ast.For, ast.AsyncFor)):
        head = f"`for {ast.unparse(statement.target)} in {ast.unparse(statement.iter)}`"
        yield statement.body, f"a pass of {head}", True
        yield statement.orelse, f"no pass of {head}", False
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        yield statement.body, "`with " + ", ".join(ast.unparse(item) for item in statement.items) + "`", None
    elif isinstance(statement, ast.Try):
        yield statement.body, f"`{_cut(ast.unparse(statement.body[0]))}`", None
        for handler in statement.handlers:
            kind = ast.unparse(handler.type) if handler.type else "an exception"
            yield handler.body, f"{kind} from `{_cut(ast.unparse(statement.body[0]))}`", None
        yield statement.finalbody, "the end of `try`", None


def _negated(test: ast.expr) -> str:
    return f"not `{ast.unparse(test)}`"


def _first_line(node: ast.AST, line: int) -> str:
    found = next((one for one in ast.walk(node) if isinstance(one, ast.stmt) and one.lineno == line), None)
    return _cut(ast.unparse(found).partition("\n")[0]) if found else f"line {line}"


# -- the function ----------------------------------------------------------------------------------------------------

_Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _path_to(tree: ast.Module, function: Function) -> list[Any]:
    """Return the nodes from the outermost class down to the function."""

    def search(node: ast.AST, above: list[ast.AST]) -> list[ast.AST] | None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                continue
            inside = isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            path = [*above, child] if inside else above
            if inside and getattr(child, "lineno", 0) == function.def_line:
                return path
            found = search(child, path)
            if found:
                return found
        return None

    found = search(tree, [])
    if found is None:
        raise ValueError(f"{function.qualname} is not where it was")
    return found


class _Body:
    """The source of one function with its marks; parts without any give way where it is long."""

    def __init__(self, lines: Sequence[str], node: Any, left: Mapping[str, Any]) -> None:
        self._lines = lines
        self._node = node
        self._marks = _marks(left, node)

    def shown(self, most: int) -> list[str]:
        found = self._rendered(shorten=False)
        if len(found) > most:
            found = self._rendered(shorten=True)
        if len(found) <= most:
            return [text for _, text in found]
        marked = [at for at, (line, _) in enumerate(found) if line in self._marks] or [0]
        near = sorted(range(len(found)), key=lambda at: (at > 0, min(abs(at - mark) for mark in marked), at))
        kept = sorted(near[:most])
        text: list[str] = []
        for before, at in zip([-1, *kept], kept, strict=False):
            if at > before + 1:
                text.append(" " * _indent(found[at][1]) + "...")
            text.append(found[at][1])
        return text

    def _rendered(self, *, shorten: bool) -> list[tuple[int, str]]:
        node = self._node
        hidden = self._docstring()
        for statement in ast.walk(node) if shorten else ():
            hidden |= self._body_to_hide(statement)
        found: list[tuple[int, str]] = []
        own = _indent(self._lines[node.lineno - 1])
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
            text = self._lines[line - 1].rstrip()[own:]
            if line in hidden:
                if line - 1 not in hidden and line not in self._docstring():
                    found.append((0, " " * _indent(text) + "..."))
                continue
            if not text.strip() or text.lstrip().startswith("#"):
                continue
            mark = self._marks.get(line)
            found.append((line, text[:_LONGEST_LINE] + (f"  # {mark}" if mark else "")))
        return found

    def _docstring(self) -> set[int]:
        first = self._node.body[0]
        is_text = (
            isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
        )
        if not is_text or len(self._node.body) == 1:
            return set()
        return set(range(first.lineno + 0, (first.end_lineno or first.lineno) + 1))

    def _body_to_hide(self, statement: ast.AST) -> set[int]:
        """Return the lines of a block's body if nothing in it is marked."""
        hidden: set[int] = set()
        if isinstance(statement, (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith)):
            for block in (statement.body, getattr(statement, "orelse", []), getattr(statement, "finalbody", [])):
                inside = {line for part in block for line in range(part.lineno, (part.end_lineno or part.lineno) + 1)}
                if inside and inside.isdisjoint(self._marks) and len(inside) > 1:
                    hidden |= inside
        return hidden


def _marks(left: Mapping[str, Any], node: Any) -> dict[int, str]:
    """Return what is said at lines of the source."""
    marks = dict.fromkeys(left["lines"], "NEVER RUN")
    firsts = {
        part.lineno: part.body[0].lineno
        for part in ast.walk(node)
        if isinstance(part, (ast.If, ast.While, ast.For, ast.AsyncFor))
    }
    for line, outcome in left["branches"]:
        if line in marks or (outcome and firsts.get(line) in marks):
            continue
        marks[line] = "NEVER TRUE" if outcome else "NEVER FALSE"
    changes: dict[int, list[str]] = {}
    for _, line, label, _before, after in left["mutants"][:_MOST_MUTANTS]:
        told = changes.setdefault(line, [])
        if marks.get(line) != "NEVER RUN" and len(told) < _MOST_MARKS:
            told.append("without this" if after == "pass" else (after or label)[:_LONGEST_MARK])
    for line, told in changes.items():
        if told:
            both = [marks[line]] if line in marks else []
            marks[line] = ", ".join([*both, "UNNOTICED: " + " or: ".join(told)])
    return marks


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


# -- what is around it -----------------------------------------------------------------------------------------------


def _with_class(own: Sequence[str], path: Sequence[Any], form: Mapping[str, Any]) -> Iterator[str]:
    """Yield the function inside the heads of its classes, with how these are constructed."""
    depth = 0
    for node in path[:-1]:
        if isinstance(node, ast.ClassDef):
            yield " " * depth + _head(node)
            depth += 4
            first: Any = next((part for part in node.body if _is_named(part, "__init__")), None)
            if first is not None and first is not path[-1]:
                size = (first.end_lineno or first.lineno) - first.lineno + 1
                for text in _rendered(first) if size <= _HELPER_LINES else [f"{_head(first)} ..."]:
                    yield " " * depth + text
            elif first is None and form["receiver"] and form["receiver"][0] == "new":
                told = form["classes"].get(form["receiver"][1], {"parameters": []})
                names = ", ".join(str(known["name"]) for known in told["parameters"] if known["name"])
                yield f"{' ' * depth}def __init__(self, {names}): ..."
    for text in own:
        yield " " * depth + text


def _is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name


def _head(node: _Node) -> str:
    bare = copy.copy(node)
    bare.body, bare.decorator_list = [ast.Pass()], []
    return ast.unparse(bare).rpartition("\n")[0]


def _rendered(node: _Node) -> list[str]:
    """Return a definition without its docstring and comments, as lines."""
    bare = copy.copy(node)
    if ast.get_docstring(node) is not None and len(node.body) > 1:
        bare.body = node.body[1:]
    return ast.unparse(bare).splitlines()


def _context(tree: ast.Module, path: Sequence[Any], room: int) -> list[str]:
    """Return what the function uses of its module: constants, short helpers, the heads of long ones; so many lines."""
    used = {node.id for node in ast.walk(path[-1]) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(path[-1]) if isinstance(node, ast.Attribute)}
    found: list[str] = []
    for node in tree.body:
        if node is path[0]:
            continue
        part = _part(node, used)
        if part and len(found) + len(part) <= room:
            found += part
    return [*found, ""] if found else []


def _part(node: ast.stmt, used: Collection[str]) -> list[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        names = {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        return [ast.unparse(node)[:_LONGEST_LINE]] if names & set(used) else []
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        return [_cut(ast.unparse(node))] if names & set(used) and node.value is not None else []
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in used:
        text = _rendered(node)
        return text if len(text) <= _HELPER_LINES else [f"{_head(node)} ..."]
    if isinstance(node, ast.ClassDef) and node.name in used:
        first = next(
            (part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None
        )
        fields = [part for part in node.body if isinstance(part, (ast.AnnAssign, ast.Assign))]
        inner = [_head(first) + " ..."] if first else [_cut(ast.unparse(part)) for part in fields[:8]]
        return [_head(node), *(f"    {text}" for text in inner or ["..."])]
    return []


def _cut(text: str) -> str:
    one = " ".join(text.split()) if "\n" in text else text
    return one if len(one) <= _LONGEST_LINE else one[: _LONGEST_LINE - 3] + "..."
