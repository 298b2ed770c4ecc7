"""Turns observed cases into the source of test functions, as a careful person would have written them."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from pytestgen_hook.types import Case, Check, Exploration, Kind, TestModule

_LONGEST_INLINE = 70
_LOOSE = (ast.Compare, ast.BoolOp, ast.IfExp, ast.Lambda)  # a comparison after one of these would become part of it
_REGEX_CHARACTERS = set(r".^$*+?{}[]\|()")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A test module and where each of its cases stands: (test name, parameter id or "") → (function, case)."""

    module: TestModule
    origin: dict[tuple[str, str], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Group:
    """Cases of one function that share a shape, and so one test."""

    exploration: int
    cases: tuple[int, ...]


def render(explorations: Sequence[Exploration], *, taken: Collection[str] = ()) -> Rendered:
    """Return the tests for all cases of the explorations, which belong to one source file.

    ``taken`` are names that the test file already uses at its top level.
    """
    names = set(taken)
    tests: list[tuple[str, str]] = []
    origin: dict[tuple[str, str], tuple[int, int]] = {}
    imports: dict[str, tuple[str, str]] = {}
    explorations = [
        replace(exploration, cases=tuple(map(_with_clashes_qualified, exploration.cases)))
        for exploration in explorations
    ]
    for number, exploration in enumerate(explorations):
        usable = [index for index, case in enumerate(exploration.cases) if _bind_imports(case, imports)]
        for group in _grouped(exploration, number, usable):
            cases = [_renamed(exploration.cases[index], set(imports)) for index in group.cases]
            name = _test_name(exploration, cases)
            name = _unique(_with_options(name, cases[0]) if name in names else name, names)
            ids = _ids(cases) if len(cases) > 1 else [""]
            tests.append((name, _test_source(name, cases, ids)))
            for identifier, index in zip(ids, group.cases, strict=True):
                origin[name, identifier] = (number, index)
    source_path = explorations[0].function.path if explorations else ""
    module = TestModule(source_path, _used_imports(imports.values(), tests), tuple(tests))
    return Rendered(module, origin)


# What a test says itself, and what pytest looks at in a module: a function of such a name is called by way of its module.
_OWN_NAMES = {
    "pytest",
    "re",
    "asyncio",
    "itertools",
    "result",
    "expected",
    "message",
    "collect",
    "pytestmark",
    "capsys",
    "caplog",
    "monkeypatch",
}
_COLLECTED = ("pytest_", "test", "Test")
_FIXTURES = ("capsys", "caplog", "monkeypatch")


def _with_clashes_qualified(case: Case) -> Case:
    """Return the case with ``module.name`` for imported names that would mean something else in a test file."""
    clashing = {
        name: module
        for module, name in case.imports
        if name in _OWN_NAMES or hasattr(builtins, name or "_") or name.startswith(_COLLECTED)
    }
    if not clashing:
        return case
    by = {name: _expression(f"{module}.{name}") for name, module in clashing.items()}

    def swap(text: str) -> str:
        return _substituted(text, by)

    raises = case.raises and replace(case.raises, name=swap(case.raises.name))
    return replace(
        case,
        arguments=tuple((name, swap(source)) for name, source in case.arguments),
        define=tuple(swap(statement) for statement in case.define),
        prepare=tuple(swap(statement) for statement in case.prepare),
        call=swap(case.call),
        setup=tuple(swap(statement) for statement in case.setup),
        checks=tuple(replace(check, expected=swap(check.expected)) for check in case.checks),
        raises=raises,
        imports=tuple((module, "" if name in clashing else name) for module, name in case.imports),
    )


def _bind_imports(case: Case, imports: dict[str, tuple[str, str]]) -> bool:
    """Add what the case imports; False, and nothing added, if a name would then mean two things."""
    wanted = _bound_by_imports(case)
    if any(imports.get(bound, pair) != pair for bound, pair in wanted.items()):
        return False
    imports.update(wanted)
    return True


def _bound_by_imports(case: Case) -> dict[str, tuple[str, str]]:
    return {(name or module.split(".")[0]): (module, name) for module, name in case.imports}


def _used_imports(imports: Iterable[tuple[str, str]], tests: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the imports whose names occur in the tests, with those that the tests' own frame needs."""
    used = {node.id for _, source in tests for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    frame = {("pytest", ""), ("re", "")}
    wanted = {*imports, *frame}
    return tuple(sorted((module, name) for module, name in wanted if (name or module.split(".")[0]) in used))


def _grouped(exploration: Exploration, number: int, usable: Sequence[int]) -> list[_Group]:
    groups: dict[tuple[object, ...], list[int]] = {}
    for index in usable:
        groups.setdefault(_shape(exploration.cases[index]), []).append(index)
    return [_Group(number, tuple(indices)) for indices in groups.values()]


def _shape(case: Case) -> tuple[object, ...]:
    names = tuple(name for name, _ in case.arguments)
    raised = case.raises.name if case.raises else None
    # Which of its arguments a call gives back is no value for a table: that needs a test of its own.
    checks = tuple((check.subject, check.operator, check.expected in names and check.expected) for check in _told(case))
    # What is made of classes and variables of the test itself is no value for a table either.
    links = tuple(source for _, source in case.arguments if case.define or _linked_to(source, names))
    return (names, links, case.define, case.prepare, case.call, case.setup, checks, raised, case.enters)


def _linked_to(source: str, names: Collection[str]) -> str | None:
    """Return the argument that another one is a part of: ``tree`` where the source of that is ``tree.left``."""
    match = re.match(r"([A-Za-z_]\w*)(?=[.\[])", source)
    return match.group(1) if match and match.group(1) in names else None


def _told(case: Case) -> tuple[Check, ...]:
    """The checks worth writing: that a call returns None says nothing beside what it changed."""
    rest = tuple(check for check in case.checks if (check.subject, check.expected) != ("result", "None"))
    return rest or case.checks


def _renamed(case: Case, imported: set[str]) -> Case:
    """Return the case with arguments that would hide an imported name renamed."""
    changes = {name: name + "_" for name, _ in case.arguments if name in imported}
    if not changes:
        return case

    def swap(text: str) -> str:
        return _substituted(text, {name: ast.Name(new, ast.Load()) for name, new in changes.items()})

    return replace(
        case,
        arguments=tuple((changes.get(name, name), source) for name, source in case.arguments),
        define=tuple(swap(statement) for statement in case.define),
        prepare=tuple(swap(statement) for statement in case.prepare),
        call=swap(case.call),
        setup=tuple(swap(statement) for statement in case.setup),
        checks=tuple(replace(check, subject=swap(check.subject)) for check in case.checks),
    )


class _Substitution(ast.NodeTransformer):
    def __init__(self, by: dict[str, ast.expr]) -> None:
        self._by = by

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._by.get(node.id, node)


def _substituted(text: str, by: dict[str, ast.expr]) -> str:
    """Return the expression or statements with other expressions for some names."""
    tree = ast.parse(text)
    if not any(isinstance(node, ast.Name) and node.id in by for node in ast.walk(tree)):
        return text  # as it was written
    return ast.unparse(_Substitution(by).visit(tree))


def _expression(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


# -- names -----------------------------------------------------------------------------------------------------------


def _snake(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"\W+|_+", "_", spaced).strip("_").lower()


def _test_name(exploration: Exploration, cases: Sequence[Case]) -> str:
    function = exploration.function
    parts = [_snake(part) for part in function.qualname.split(".")]
    if function.name in ("__init__", "__new__", "__post_init__"):
        parts[-1] = "construction"
    base = "test_" + ("_".join(part for part in parts if part) or "underscore")
    first = cases[0]
    if first.raises:
        return f"{base}_raises_{_snake(first.raises.name)}"
    fixtures = _fixtures(first)
    if "capsys" in fixtures or "caplog" in fixtures:
        return f"{base}_{'prints' if 'capsys' in fixtures else 'logs'}"
    changed = [check.subject for check in _told(first) if not _is_of_result(check)]
    if changed and function.kind is not Kind.PROPERTY:
        owners = [name for name, _ in first.arguments if re.search(rf"\b{name}\b", changed[0])]
        return f"{base}_changes_{_snake(owners[0] if owners else changed[0])}"
    if len(cases) == 1 and len(first.checks) == 1 and first.checks[0].expected in ("True", "False", "None"):
        return f"{base}_returns_{first.checks[0].expected.lower()}"
    return base


def _with_options(name: str, case: Case) -> str:
    """Return the name with the optional arguments that the call gives: what tells it from other tests of the function."""
    given = re.findall(r"(\w+)=", case.call)
    return f"{name}_with_{'_and_'.join(_snake(option) for option in given)}" if given else name


def _unique(name: str, names: set[str]) -> str:
    candidate, count = name, 1
    while candidate in names:
        count += 1
        candidate = f"{name}_{count}"
    names.add(candidate)
    return candidate


def _ids(cases: Sequence[Case]) -> list[str]:
    """Return a distinct readable id for each case, made from the arguments in which the cases differ."""
    columns = [dict(case.arguments) for case in cases]
    differing = [name for name in columns[0] if len({column[name] for column in columns}) > 1]
    found: list[str] = []
    names: set[str] = set()
    for column in columns:
        words = "-".join(word for word in (_slug(column[name]) for name in differing) if word)
        found.append(_numbered(words[:48].strip("-") or "case", names))
    return found


def _numbered(words: str, names: set[str]) -> str:
    candidate, count = words, 1
    while candidate in names:
        count += 1
        candidate = f"{words}-{count}"
    names.add(candidate)
    return candidate


_EMPTY: dict[type, str] = {
    str: "empty-text",
    list: "empty-list",
    tuple: "empty-tuple",
    dict: "empty-dict",
    bytes: "empty-bytes",
}


def _slug(source: str) -> str:
    return _node_slug(_expression(source))[:40].strip("-.")


def _node_slug(node: ast.expr) -> str:
    """Say an expression in words: the values in it, without the names of what they are wrapped in."""
    try:
        return _value_slug(ast.literal_eval(node))
    except (ValueError, TypeError):
        pass
    inner: list[ast.expr] = []
    if isinstance(node, ast.Call):
        inner = [*node.args, *[item.value for item in node.keywords]]
        if not inner:
            return "empty-" + _snake(ast.unparse(node.func)).replace("_", "-")
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        inner = node.elts
    elif isinstance(node, ast.Dict):
        inner = node.values
    elif isinstance(node, ast.Attribute):
        return node.attr.lower().replace("_", "-")
    words = "-".join(word for word in map(_node_slug, inner) if word)
    return words or "-".join(re.findall(r"[A-Za-z0-9_.]+", ast.unparse(node)))[:32].lower()


def _value_slug(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"minus-{-value}" if value < 0 else str(value)
    if type(value) in _EMPTY and not value:
        return _EMPTY[type(value)]
    if isinstance(value, str):
        if not value.strip():
            return "blank-text"
        spoken = re.sub(r"(?<![\w.])-(?=[\d.])", "minus-", value)
        words = "-".join(re.findall(r"[A-Za-z0-9_.+]+", spoken))[:24].strip("-")
        return words if words.strip(".") else ("non-ascii-text" if not value.isascii() else "punctuation")
    if isinstance(value, (list, tuple, set, frozenset)):
        inner = "-".join(_value_slug(item) for item in value)
        return inner if len(inner) <= 24 else f"{len(value)}-items"
    if isinstance(value, dict):
        inner = "-".join(_value_slug(key) for key in value)
        return inner if len(inner) <= 24 else f"{len(value)}-keys"
    return str(value).lower()


# -- sources ---------------------------------------------------------------------------------------------------------


def _test_source(name: str, cases: Sequence[Case], ids: Sequence[str]) -> str:
    return _single(name, cases[0]) if len(cases) == 1 else _table(name, cases, ids)


def _single(name: str, case: Case) -> str:
    # What an assertion looks at needs a name: arguments changed in place, and one that is given back.
    changed = {name for check in case.checks for name in (*re.findall(r"\w+", check.subject), check.expected)}
    changed.update(name for statement in case.prepare for name in re.findall(r"\w+", statement))
    names = [name for name, _ in case.arguments]
    changed.update(filter(None, (_linked_to(source, names) for _, source in case.arguments)))
    receiver = _receiver(case)
    lines: list[str] = [statement + "\n" for statement in case.define]
    room = _LONGEST_INLINE
    by: dict[str, ast.expr] = {}
    for argument, source in case.arguments:
        if len(source) <= room and argument not in changed and argument != receiver:
            room -= len(source)
            by[argument] = _expression(source)
        else:
            lines.append(f"{argument} = {source}")
    lines += case.prepare
    call = _substituted(case.call, by) if by else case.call
    setup = [_substituted(statement, by) for statement in case.setup]
    lines += setup
    expected = {index: check.expected for index, check in enumerate(_told(case))}
    lines += _act_and_assert(case, call, expected, _pattern(case.raises.message) if case.raises else None)
    return _function(name, _fixtures(case), lines)


def _receiver(case: Case) -> str | None:
    """The argument that the call is made on: ``cart`` in ``cart.add(item)``."""
    match = re.match(r"([A-Za-z_]\w*)\s*(?:\.|\[|[-+*/%<>=&|^@]|\()", case.call)
    names = {name for name, _ in case.arguments}
    return match.group(1) if match and match.group(1) in names else None


def _act_and_assert(case: Case, call: str, expected: dict[int, str], pattern: str | None) -> list[str]:
    if case.raises:
        match = f", match={pattern}" if pattern else ""
        raises = f"pytest.raises({case.raises.name}{match})"
        return [f"with {raises}, {call}:", "    pass"] if case.enters else [f"with {raises}:", f"    {call}"]
    checks = _told(case)
    if case.enters:
        return _enter_and_assert(checks, call, expected)
    if len(checks) == 1 and checks[0].subject == "result":
        return [_assertion(call, checks[0].operator, expected[0])]
    lines = [f"result = {call}" if any(map(_is_of_result, checks)) else _statement(call)]
    lines += [_assertion(check.subject, check.operator, expected[index]) for index, check in enumerate(checks)]
    return lines


def _statement(call: str) -> str:
    """Return the call as a statement: ``setattr(thing, "name", value)`` as the assignment that it stands for."""
    match _expression(call):
        case ast.Call(func=ast.Name("setattr"), args=[thing, ast.Constant(str(name)), value], keywords=[]):
            return f"{ast.unparse(thing)}.{name} = {ast.unparse(value)}"
    return call


def _enter_and_assert(checks: Sequence[Check], call: str, expected: dict[int, str]) -> list[str]:
    """A ``with`` statement: in it what it gives is looked at, after it all else."""
    inside: list[str] = []
    after: list[str] = []
    for index, check in enumerate(checks):
        line = _assertion(check.subject, check.operator, expected[index])
        (inside if _is_of_result(check) else after).append(line)
    head = f"with {call} as result:" if inside else f"with {call}:"
    return [head, *(f"    {line}" for line in inside or ["pass"]), *after]


def _is_of_result(check: Check) -> bool:
    return re.search(r"\bresult\b", check.subject) is not None


def _fixtures(case: Case) -> list[str]:
    """The fixtures of pytest that the case uses."""
    texts = [*case.prepare, *(check.subject for check in case.checks)]
    return [name for name in _FIXTURES if any(text.startswith(name + ".") for text in texts)]


def _assertion(subject: str, operator: str, expected: str) -> str:
    if operator == "isinstance":
        return f"assert isinstance({subject}, {expected})"
    if isinstance(_expression(subject), _LOOSE):
        subject = f"({subject})"
    return f"assert {subject} {operator} {expected}"


def _pattern(message: str | None) -> str | None:
    if message is None:
        return None
    text = _quoted(message)
    return f"re.escape({text})" if set(message) & _REGEX_CHARACTERS else text


def _quoted(text: str) -> str:
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain else plain


def _table(name: str, cases: Sequence[Case], ids: Sequence[str]) -> str:
    first = cases[0]
    columns: list[tuple[str, list[str]]] = []
    lines: list[str] = [statement + "\n" for statement in first.define]
    for position, (argument, source) in enumerate(first.arguments):
        sources = [case.arguments[position][1] for case in cases]
        if len(set(sources)) == 1:
            lines.append(f"{argument} = {source}")
        else:
            columns.append((argument, sources))
    arguments = {argument for argument, _ in first.arguments}
    used = arguments.union(*(_bound_by_imports(case) for case in cases))
    expected: dict[int, str] = {}
    for position, check in enumerate(_told(first)):
        sources = [_told(case)[position].expected for case in cases]
        if len(set(sources)) == 1 and (check.subject != "result" or check.expected in arguments):
            expected[position] = sources[0]
            continue
        column = _free(_column(check.subject), used)
        used.add(column)
        expected[position] = column
        columns.append((column, sources))
    pattern = None
    if first.raises:
        patterns = [_pattern(case.raises.message) if case.raises else None for case in cases]
        if len(set(patterns)) == 1:
            pattern = patterns[0]
        else:
            pattern = _free("message", used)
            columns.append((pattern, [text or "None" for text in patterns]))
    lines += [*first.prepare, *first.setup]
    lines += _act_and_assert(first, first.call, expected, pattern)
    parameters = [*(column for column, _ in columns), *_fixtures(first)]
    return _function(name, parameters, lines, _parametrize(columns, ids))


def _column(subject: str) -> str:
    return "expected" if subject == "result" else "expected_" + _snake(re.sub(r"\bresult\b", "", subject))


def _free(name: str, used: Collection[str]) -> str:
    while name in used or keyword.iskeyword(name) or hasattr(builtins, name):
        name += "_"
    return name


def _parametrize(columns: Sequence[tuple[str, list[str]]], ids: Sequence[str]) -> str:
    names = [column for column, _ in columns]
    header = _quoted(names[0]) if len(names) == 1 else "(" + ", ".join(_quoted(name) for name in names) + ")"
    rows = []
    for index, identifier in enumerate(ids):
        values = ", ".join(sources[index] for _, sources in columns)
        rows.append(f"        pytest.param({values}, id={_quoted(identifier)}),\n")
    return f"@pytest.mark.parametrize(\n    {header},\n    [\n{''.join(rows)}    ],\n)\n"


def _function(name: str, parameters: Sequence[str], lines: Sequence[str], decorator: str = "") -> str:
    body = "".join(f"    {line}\n" for statement in lines for line in statement.split("\n"))
    return f"{decorator}def {name}({', '.join(parameters)}):\n{body}"
