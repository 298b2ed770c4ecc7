"""Turns observed cases into the source of test functions, as a careful person would have written them."""

from __future__ import annotations

import ast
import builtins
import itertools
import keyword
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pytestgen_hook.conditional import conditional_names, replaced_names
from pytestgen_hook.naming import (
    CALLS,
    FIXTURES,
    LONGEST_NAME,
    Facts,
    Untold,
    fixtures_of,
    is_of_result,
    names_in,
    row_ids,
    test_names,
    told,
    untold,
)
from pytestgen_hook.phrases import snake
from pytestgen_hook.types.generated import HOLE, Case, Check, Exploration, TestModule, WrittenTest, line_of

_LONGEST_INLINE = 70
_LONGEST_ID = 40
_LOOSE = (ast.Compare, ast.BoolOp, ast.IfExp, ast.Lambda)  # a comparison after one of these would become part of it
_REGEX_CHARACTERS = set(r".^$*+?{}[]\|()")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A test module and where each of its cases stands: (test name, parameter id or "") → (function, case).

    Tests that a model wrote are counted on from the cases.
    """

    module: TestModule
    origin: dict[tuple[str, str], tuple[int, int]]


def render(
    explorations: Sequence[Exploration], *, taken: Collection[str] = (), source: str = "", line_length: int = 88
) -> Rendered:
    """Return the tests for all cases of the explorations, which belong to one source file.

    ``taken`` are names that the test file already uses at its top level; ``source`` is the text of the file under test,
    from which names say when a function does what it does; ``line_length`` is that of the project.
    """
    names = set(taken)
    tests: list[tuple[str, str]] = []
    origin: dict[tuple[str, str], tuple[int, int]] = {}
    imports: dict[str, tuple[str, str]] = {}
    missing, replaced = conditional_names(source), replaced_names(source)
    for number, exploration in enumerate(explorations):
        facts = Facts(exploration.function, exploration.cases, source)
        pairs = {pair for case in exploration.cases for pair in case.imports}
        some = {pair for pair in pairs if pair[0] == exploration.module and pair[1] in missing | replaced}
        qualified = [_qualified(case, some) for case in exploration.cases]
        usable = [index for index, case in enumerate(qualified) if _bind_imports(case, imports)]
        groups = _grouped(qualified, usable, facts)
        # The rows of a table are made before its test is skipped.
        if any(f"{module}.{name}" in text for module, name in some for case in qualified for _, text in case.arguments):
            groups = [[index] for group in groups for index in group]
        skipped = "".join(_skipping(*pair, is_replaced=pair[1] in replaced) for pair in sorted(some))
        longest = min(LONGEST_NAME, line_length - len("def ():"))
        for name, group in zip(test_names(facts, groups, names, longest=longest), groups, strict=True):
            ids = row_ids(facts, group) if len(group) > 1 else [""]
            test = _test_source(name, [_renamed(qualified[index], set(imports)) for index in group], ids)
            tests.append((name, skipped + test))
            for identifier, index in zip(ids, group, strict=True):
                origin[name, identifier] = (number, index)
        for group in _tables_of(exploration.written, imports):
            name = _free_test_name(exploration.written[group[0]].name, names)
            names.add(name)
            rows = [exploration.written[index] for index in group]
            ids = _ids_of(rows) if len(rows) > 1 else [""]
            tests.append((name, _of_written(name, rows, ids)))
            for identifier, index in zip(ids, group, strict=True):
                origin[name, identifier] = (number, len(exploration.cases) + index)
    source_path = explorations[0].function.path if explorations else ""
    module = TestModule(source_path, _used_imports(imports.values(), tests), tuple(tests))
    return Rendered(module, origin)


def unnamed(facts: Facts) -> list[Untold]:
    """Return the cases that are to stand in a test, or a row of a table, whose name does not say in words when or what."""
    cases = [_qualified(case) for case in facts.cases]
    return untold(facts, _grouped(cases, range(len(cases)), facts))


def spoken(case: Case) -> str:
    """Return a case in one line, as a question to a model shows it: ``cut("abc", 2) == "ab"``."""
    by = {target: _expression(source) for target, source in case.arguments if HOLE not in target}
    before = [_substituted(line, by) for line in (*case.define, *case.prepare, *case.setup)]
    before += [line_of(target, source) for target, source in case.arguments if HOLE in target]
    call = "; ".join([*before, _substituted(case.call, by)])
    if case.raises:
        return f"{call} raises {case.raises.name}" + (f": {case.raises.message}" if case.raises.message else "")
    checks = told(case)
    if len(checks) == 1 and checks[0].subject == "result":
        return f"{call} {checks[0].operator} {checks[0].expected}"
    return f"{call}; " + "; ".join(f"{check.subject} {check.operator} {check.expected}" for check in checks)


def call_and_outcome(case: Case) -> tuple[str, str] | None:
    """Return ``("cut('abc', 2)", " == 'ab'")`` of a case that is one call of plain values; None for any other."""
    has_more = (case.define, case.prepare, case.setup, case.given, case.inside, case.enters, case.through)
    if any(has_more) or any(HOLE in target for target, _ in case.arguments):
        return None
    call = _substituted(case.call, {target: _expression(source) for target, source in case.arguments})
    if case.raises:
        return call, f" raises {case.raises.name}"
    checks = told(case)
    if len(checks) != 1 or checks[0].subject != "result" or checks[0].operator not in ("==", "is"):
        return None
    return call, f" == {checks[0].expected}"


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
    "enter",
    "pytestmark",
    "capsys",
    "caplog",
    "monkeypatch",
    "tmp_path",
    "call",
}
_COLLECTED = ("pytest_", "test", "Test")


def _skipping(module: str, name: str, *, is_replaced: bool) -> str:
    """Return the decorator of a test of what a module has only under a condition: else nothing, or another's."""
    if is_replaced:
        other = f'getattr({module}.{name}, "__module__", "") != {module}.__name__'
        return f'@pytest.mark.skipif({other}, reason="{name} is not the one of its module")\n'
    return f'@pytest.mark.skipif(not hasattr({module}, "{name}"), reason="{name} is defined under a condition")\n'


def _qualified(case: Case, conditional: Collection[tuple[str, str]] = ()) -> Case:
    """Return the case with ``module.name`` for imported names that would mean something else in a test file.

    So are those that are ``conditional``: an import of one would fail where it is not there.
    """
    clashing = {
        name: module
        for module, name in case.imports
        if (module, name) in conditional
        or (name in _OWN_NAMES and module != "unittest.mock")
        or hasattr(builtins, name or "_")
        or name.startswith(_COLLECTED)
    }
    if not clashing:
        return case
    by = {name: _expression(f"{module}.{name}") for name, module in clashing.items()}

    def swap(text: str) -> str:
        return _substituted(text, by)

    raises = case.raises and replace(case.raises, name=swap(case.raises.name))
    return replace(
        case,
        arguments=tuple((_target(target, by), swap(source)) for target, source in case.arguments),
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


def _grouped(cases: Sequence[Case], usable: Sequence[int], facts: Facts) -> list[list[int]]:
    """Return the cases that share a shape together, each group to be one test; those that raise stand last."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for index in usable:
        groups.setdefault((*_shape(cases[index]), facts.guard(index)), []).append(index)
    return sorted(groups.values(), key=lambda group: cases[group[0]].raises is not None)


def _shape(case: Case) -> tuple[object, ...]:
    # What names something of the test itself is no value for a table: that needs a test of its own.
    local = {*case.names, *FIXTURES}

    def fixed(source: str) -> str | None:
        return source if local & names_in(source) else None

    # So is what is made of a class that the test defines.
    arguments = tuple((target, source if case.define else fixed(source)) for target, source in case.arguments)
    raised = (case.raises.name, case.raises.message is None) if case.raises else None
    checks = tuple((check.subject, check.operator, fixed(check.expected)) for check in told(case))
    form = (case.enters, case.inside, case.given)
    return (arguments, case.define, case.prepare, case.call, case.setup, checks, raised, form)


def _renamed(case: Case, imported: set[str]) -> Case:
    """Return the case with arguments that would hide an imported name renamed."""
    changes = {name: name + "_" for name in case.names if name in imported}
    if not changes:
        return case
    by: dict[str, ast.expr] = {name: ast.Name(new, ast.Load()) for name, new in changes.items()}

    def swap(text: str) -> str:
        return _substituted(text, by)

    # Where a name is bound and in what stands before that, it is still the imported one.
    arguments: list[tuple[str, str]] = []
    bound: set[str] = set()
    for target, source in case.arguments:
        known = {name: node for name, node in by.items() if name in bound}
        arguments.append((_target(changes.get(target, target), known), _substituted(source, known)))
        bound.add(target)
    return replace(
        case,
        arguments=tuple(arguments),
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

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """``f(*(1, 2), **{"a": 3})`` is written ``f(1, 2, a=3)``."""
        self.generic_visit(node)
        arguments: list[ast.expr] = []
        for item in node.args:
            match item:
                case ast.Starred(ast.Tuple(elts) | ast.List(elts)):
                    arguments += elts
                case _:
                    arguments.append(item)
        named: list[ast.keyword] = []
        for keyword_ in node.keywords:
            match keyword_:
                case ast.keyword(None, ast.Dict(keys, values)) if all(map(_is_name, keys)):
                    named += [
                        ast.keyword(ast.literal_eval(key), value)
                        for key, value in zip(keys, values, strict=True)
                        if key
                    ]
                case _:
                    named.append(keyword_)
        return ast.Call(node.func, arguments, named)


def _is_name(key: ast.expr | None) -> bool:
    match key:
        case ast.Constant(str(text)):
            return text.isidentifier() and not keyword.iskeyword(text)
    return False


def _substituted(text: str, by: dict[str, ast.expr]) -> str:
    """Return the expression or statements with other expressions for some names."""
    tree = ast.parse(text)
    if not any(isinstance(node, ast.Name) and node.id in by for node in ast.walk(tree)):
        return text  # as it was written
    return ast.unparse(_Substitution(by).visit(tree))


def _target(target: str, by: dict[str, ast.expr]) -> str:
    """Return the target of an argument with other expressions for some names; a name stays as it is."""
    if HOLE not in target:
        return target
    return _substituted(target.replace(HOLE, "__hole__", 1), by).replace("__hole__", HOLE, 1)


def _expression(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


# -- sources ---------------------------------------------------------------------------------------------------------


def _test_source(name: str, cases: Sequence[Case], ids: Sequence[str]) -> str:
    return _single(name, cases[0]) if len(cases) == 1 else _table(name, cases, ids)


def _single(name: str, case: Case) -> str:
    if case.given:
        return _property(name, case)
    lines, call, setup = _arranged(case, {})
    lines += setup
    expected = {index: check.expected for index, check in enumerate(told(case))}
    lines += _act_and_assert(case, call, expected, _pattern(case.raises.message) if case.raises else None)
    return _function(name, fixtures_of(case), lines)


def _arranged(case: Case, columns: Mapping[str, str]) -> tuple[list[str], str, list[str]]:
    """Return the lines of the arguments, and the call and setup with those that are short put in their place.

    ``columns`` maps the targets whose values stand in the columns of a table to the names of these.
    """
    # What an assertion looks at needs a name: arguments changed in place, and one that is given back.
    texts = [text for check in case.checks for text in (check.subject, check.expected)]
    kept = set().union(*map(names_in, [*texts, *case.prepare]))
    # And so does what further lines are about.
    kept.update(*(names_in(source) for _, source in case.arguments))
    kept.update(*(names_in(line_of(target, "0")) for target, _ in case.arguments if HOLE in target))
    receiver = _receiver(case)
    lines: list[str] = [statement + "\n" for statement in case.define]
    room = _LONGEST_INLINE
    by: dict[str, ast.expr] = {}
    for argument, source in case.arguments:
        if argument in columns:
            if HOLE in argument:
                lines.append(line_of(argument, columns[argument]))
        elif len(source) <= room and HOLE not in argument and argument not in kept and argument != receiver:
            room -= len(source)
            by[argument] = _expression(source)
        else:
            lines.append(line_of(argument, source))
    setup = [*case.prepare, *(_substituted(statement, by) for statement in case.setup)]
    return lines, _substituted(case.call, by), setup


def _property(name: str, case: Case) -> str:
    """A test of Hypothesis, which draws the same examples in every run."""
    strategies = ", ".join(f"{argument}={source}" for argument, source in case.arguments)
    head = f"@settings(derandomize=True, deadline=None)\n@given({strategies})\n"
    lines = _act_and_assert(case, case.call, {0: case.checks[0].expected}, None)
    return _function(name, [argument for argument, _ in case.arguments], lines, head)


def _receiver(case: Case) -> str | None:
    """The argument that the call is made on: ``cart`` in ``cart.add(item)``."""
    match = re.match(r"([A-Za-z_]\w*)\s*(?:\.|\[|[-+*/%<>=&|^@]|\()", case.call)
    return match.group(1) if match and match.group(1) in case.names else None


def _act_and_assert(case: Case, call: str, expected: dict[int, str], pattern: str | None) -> list[str]:
    if case.raises:
        match = f", match={pattern}" if pattern else ""
        raises = f"pytest.raises({case.raises.name}{match})"
        if case.enters:
            return [f"with {raises}, {call}:", f"    {_ending(case)}"]
        return [f"with {raises}:", f"    {_statement(call)}"]
    checks = told(case)
    if case.enters:
        return _enter_and_assert(case, checks, call, expected)
    if len(checks) == 1 and checks[0].subject == "result":
        if checks[0].expected == "None" and _statement(call) != call:
            return [_statement(call)]
        return [_assertion(call, checks[0].operator, expected[0])]
    lines = [f"result = {call}" if any(map(is_of_result, checks)) else _statement(call)]
    lines += [_assertion(check.subject, check.operator, expected[index]) for index, check in enumerate(checks)]
    return lines


def _statement(call: str) -> str:
    """Return the call as the statement that it stands for: ``setattr(thing, "name", value)`` as an assignment."""
    match _expression(call):
        case ast.Call(func=ast.Name("setattr"), args=[thing, ast.Constant(str(name)), value], keywords=[]):
            return f"{ast.unparse(thing)}.{name} = {ast.unparse(value)}"
        case ast.Call(func=ast.Name("delattr"), args=[thing, ast.Constant(str(name))], keywords=[]):
            return f"del {ast.unparse(thing)}.{name}"
        case ast.Call(func=ast.Attribute(thing, "__setitem__"), args=[key, value], keywords=[]):
            return f"{ast.unparse(ast.Subscript(thing, key, ast.Store()))} = {ast.unparse(value)}"
        case ast.Call(func=ast.Attribute(thing, "__delitem__"), args=[key], keywords=[]):
            return f"del {ast.unparse(ast.Subscript(thing, key, ast.Del()))}"
    return call


def _ending(case: Case) -> str:
    return f"raise {case.inside}" if case.inside else "pass"


def _enter_and_assert(case: Case, checks: Sequence[Check], call: str, expected: dict[int, str]) -> list[str]:
    """A ``with`` statement: in it what it gives is looked at, after it all else."""
    inside: list[str] = []
    after: list[str] = []
    for index, check in enumerate(checks):
        line = _assertion(check.subject, check.operator, expected[index])
        (inside if is_of_result(check) else after).append(line)
    head = f"with {call} as result:" if inside else f"with {call}:"
    if case.inside or not inside:
        inside.append(_ending(case))
    return [head, *(f"    {line}" for line in inside), *after]


def _assertion(subject: str, operator: str, expected: str) -> str:
    if operator == "isinstance":
        return f"assert isinstance({subject}, {expected})"
    if "." in operator:
        return f"{operator}({subject}, {expected})"
    node = _expression(subject)
    if expected == "True" and isinstance(node, ast.Compare) and _is_of_hashes(node):
        return f"assert {subject}"
    if subject.endswith(CALLS):
        match _expression(expected):
            case ast.List(elts=[]):
                return f"{subject.removesuffix(CALLS)}.assert_not_called()"
            case ast.List(elts=[ast.Call(func=ast.Name("call"))]):
                return f"{subject.removesuffix(CALLS)}.assert_called_once_with({expected[len('[call(') : -len(')]')]})"
    if isinstance(node, _LOOSE):
        subject = f"({subject})"
    return f"assert {subject} {operator} {expected}"


def _is_of_hashes(node: ast.Compare) -> bool:
    """Whether two hashes are compared, which gives nothing but True or False."""
    sides = [node.left, *node.comparators]
    return all(isinstance(side, ast.Call) and ast.unparse(side.func) == "hash" for side in sides)


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
    used = set(first.names).union(FIXTURES, *(_bound_by_imports(case) for case in cases))
    varying: dict[str, str] = {}
    for position, (target, _) in enumerate(first.arguments):
        sources = [case.arguments[position][1] for case in cases]
        if len(set(sources)) > 1:
            varying[target] = target if HOLE not in target else _free(_column_of_target(target), used)
            used.add(varying[target])
            columns.append((varying[target], sources))
    lines, call, setup = _arranged(first, varying)
    expected: dict[int, str] = {}
    for position, check in enumerate(told(first)):
        sources = [told(case)[position].expected for case in cases]
        if len(set(sources)) == 1:
            expected[position] = sources[0]
            continue
        if check.subject.endswith(CALLS):
            made = _call_in_columns(sources, columns, check.subject.split(".")[-2], used)
            if made:
                expected[position] = f"[{made}]"
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
    lines += setup
    lines += _act_and_assert(first, call, expected, pattern)
    parameters = [*(column for column, _ in columns), *fixtures_of(first)]
    return _function(name, parameters, lines, _parametrize(columns, ids))


_COLUMNS = {
    "result": "expected",
    "capsys.readouterr().out": "expected_output",
    "capsys.readouterr().err": "expected_errors",
    "caplog.text": "expected_log",
    "caplog.messages": "expected_log",
}
# Of a value too large to be written.
_ASPECTS = {r"sha256": "digest", r"^len": "length", r"^sum": "sum", r"\[:\d+\]$": "start", r"\[-\d+:\]$": "end"}


def _call_in_columns(
    sources: Sequence[str], columns: list[tuple[str, list[str]]], method: str, used: set[str]
) -> str | None:
    """Return the one call that all the lists of calls have, over the columns of a table; what no column has becomes one.

    None if not all of them are of one call of one form.
    """
    calls = [
        node.elts[0] if isinstance(node, ast.List) and len(node.elts) == 1 else None
        for node in map(_expression, sources)
    ]
    found = [call for call in calls if isinstance(call, ast.Call)]
    forms = {(len(call.args), tuple(keyword.arg for keyword in call.keywords)) for call in found}
    if len(found) < len(sources) or len(forms) > 1:
        return None
    parts = []
    names = [*(None for _ in found[0].args), *(keyword.arg for keyword in found[0].keywords)]
    for place, name in enumerate(names):
        nodes = [[*call.args, *(keyword.value for keyword in call.keywords)][place] for call in found]
        texts = [ast.get_source_segment(source, node) or "" for source, node in zip(sources, nodes, strict=True)]
        text = texts[0] if len(set(texts)) == 1 else next((known for known, held in columns if held == texts), None)
        if text is None:
            text = _free(f"expected_{name or snake(method)}", used)
            used.add(text)
            columns.append((text, texts))
        parts.append(f"{name}={text}" if name else text)
    return f"call({', '.join(parts)})"


_QUESTION = re.compile(r"^(?:get|find|fetch|load|read|list|query|look_?up)_(?=\w)")


def _column_of_target(target: str) -> str:
    """Name what a statement about a dependency gives it: ``order`` for ``db.get_order.return_value = {}``."""
    path = target.partition(" =")[0]
    if path == target:
        variable = re.search(r'setenv\("(\w+)"', target)
        moment = re.search(r'setattr\("[\w.]*?(\w+)"', target)
        return snake(variable[1]) if variable else f"{snake(moment[1])}_gives" if moment else "content"
    *_, owner, name = path.split(".")
    if name not in ("return_value", "side_effect"):
        return snake(name)
    noun = _QUESTION.sub("", snake(owner))
    return noun if noun != snake(owner) else f"{noun}_gives"


def _column(subject: str) -> str:
    if subject.endswith(CALLS):
        return f"expected_{snake(subject.split('.')[-2])}_calls"
    for pattern, name in _ASPECTS.items():
        if re.search(pattern, subject):
            return f"expected_{name}"
    return _COLUMNS.get(subject) or "expected_" + snake(re.sub(r"\bresult\b", "", subject))


def _free(name: str, used: Collection[str]) -> str:
    while name in used or keyword.iskeyword(name) or hasattr(builtins, name):
        name += "_"
    return name


# -- tests that a model wrote ------------------------------------------------------------------------------------------


def _tables_of(written: Sequence[WrittenTest], imports: dict[str, tuple[str, str]]) -> list[list[int]]:
    """Return the rows of one table together, by number; what they import is added to ``imports``.

    A test is left out where a name would then mean two things.
    """
    tables: dict[tuple[object, ...], list[int]] = {}
    for index, test in enumerate(written):
        if any(_means_another(pair, imports) for pair in test.imports):
            continue
        for module, name in test.imports:  # of one package there may be several modules
            bound = name or module.split(".")[0]
            imports[bound if imports.get(bound, (module, name)) == (module, name) else module] = (module, name)
        columns = tuple(name for name, _ in test.values)
        tables.setdefault((test.name, test.body, test.fixtures, columns), []).append(index)
    return list(tables.values())


def _means_another(wanted: tuple[str, str], imports: Mapping[str, tuple[str, str]]) -> bool:
    """Whether the name that an import binds is bound to something else already: of two modules it may be the same package."""
    known = imports.get(wanted[1] or wanted[0].split(".")[0], wanted)
    return known != wanted and bool(known[1] or wanted[1])


def _free_test_name(name: str, taken: Collection[str]) -> str:
    numbers = itertools.count(2)
    free = name
    while free in taken:
        free = f"{name}_{next(numbers)}"
    return free


def _of_written(name: str, rows: Sequence[WrittenTest], ids: Sequence[str]) -> str:
    first = rows[0]
    lines = list(first.body)
    if len(rows) == 1:
        for column, source in reversed(first.values):
            lines = _with_value(lines, column, source)
        return _function(name, first.fixtures, lines)
    columns = [(column, [row.values[at][1] for row in rows]) for at, (column, _) in enumerate(first.values)]
    return _function(name, [*(column for column, _ in columns), *first.fixtures], lines, _parametrize(columns, ids))


def _with_value(lines: Sequence[str], name: str, source: str) -> list[str]:
    """Return statements with a value in the place of its name, or after one that gives it the name."""
    nodes = [node for line in lines for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Name)]
    uses = [node for node in nodes if node.id == name]
    is_read = all(isinstance(node.ctx, ast.Load) for node in uses)
    is_short = len(source) <= _LONGEST_INLINE and (len(uses) == 1 or isinstance(_expression(source), ast.Constant))
    if is_read and is_short:
        return [_substituted(line, {name: _expression(source)}) for line in lines]
    return [f"{name} = {source}", *lines]


def _ids_of(rows: Sequence[WrittenTest]) -> list[str]:
    """Return a short id for each row: the values in which rows differ, where they are plain."""
    differing = [at for at in range(len(rows[0].values)) if len({row.values[at][1] for row in rows}) > 1]
    found: list[str] = []
    for number, row in enumerate(rows, 1):
        words = [re.sub(r"[^A-Za-z0-9.]+", "_", row.values[at][1]).strip("_") or "empty" for at in differing[:2]]
        text = "-".join(words)
        is_told = text.isascii() and len(text) <= _LONGEST_ID and text not in found
        found.append(text if is_told else f"case_{number}")
    return found


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
