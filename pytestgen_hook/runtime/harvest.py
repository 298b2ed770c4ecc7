"""Finds calls that people wrote down: doctests and examples in docstrings, call sites, ``name = value`` in prose."""

import ast
import copy
import doctest
import itertools
import re

from values import Items, Keywords, from_expression

_CLOSE = {"(": ")", "[": "]", "{": "}"}
_LONGEST = 600
_MOST = 60
_LARGEST_VALUE = 200  # nodes of what is put in the place of a variable
_LARGEST_CALL = 600
_DEEPEST = 12  # blocks in one another


def balanced(text, start):
    """Return the end of the bracket that opens at ``start``, strings respected; -1 if it does not close."""
    stack = []
    quote = None
    index = start
    while index < min(len(text), start + _LONGEST):
        char = text[index]
        if quote:
            if char == "\\":
                index += 1
            elif char == quote:
                quote = None
        elif char in "\"'" and not (char == "'" and index and text[index - 1].isalpha()):
            quote = char
        elif char in _CLOSE:
            stack.append(_CLOSE[char])
        elif char in ")]}":
            if not stack or stack.pop() != char:
                return -1
            if not stack:
                return index + 1
        index += 1
    return -1


def calls_in_text(text, name):
    """Yield ``ast.Call`` nodes of every ``name(...)`` in prose or code."""
    for match in re.finditer(rf"(?<![\w]){re.escape(name)}\s*\(", text):
        end = balanced(text, match.end() - 1)
        if end < 0:
            continue
        try:
            node = ast.parse("_" + text[match.end() - 1 : end].replace("\n", " "), mode="eval").body
        except (SyntaxError, ValueError):
            continue
        if isinstance(node, ast.Call) and not any(
            isinstance(a, ast.Constant) and a.value is Ellipsis for a in node.args
        ):
            yield node


class _Inlined(ast.NodeTransformer):
    def __init__(self, values):
        self.values = values

    def visit_Name(self, node):
        return self.values.get(node.id, node) if isinstance(node.ctx, ast.Load) else node


def _imported(statement):
    """Return {name: what it stands for} of an import in an example, written without the alias."""
    if isinstance(statement, ast.Import):
        return {
            alias.asname: ast.Name(alias.name, ast.Load())
            for alias in statement.names
            if alias.asname and "." not in alias.name
        }
    if (
        isinstance(statement, ast.ImportFrom)
        and statement.module
        and "." not in statement.module
        and not statement.level
    ):
        home = ast.Name(statement.module, ast.Load())
        return {alias.asname or alias.name: ast.Attribute(home, alias.name, ast.Load()) for alias in statement.names}
    return {}


def calls_in_examples(text, name):
    """Yield calls of ``name`` in doctests, with the variables that earlier lines of the examples bind put in."""
    if ">>>" not in text:
        return
    try:
        examples = doctest.DocTestParser().get_examples(text)
    except ValueError:
        return
    statements = []
    for example in examples:
        try:
            tree = ast.parse(example.source)
        except (SyntaxError, ValueError):
            continue
        statements += tree.body
    yield from _calls_in_block(statements, {}, name, _imported)


def calls_in_code(tree, name):
    """Yield ``ast.Call`` nodes of calls of ``name`` or ``something.name`` in a parsed module.

    The variables that earlier lines of the same block or of those around it bind are put in.
    """
    if any(isinstance(node, ast.Call) and _is_call_of(node, name) for node in ast.walk(tree)):
        yield from _calls_in_block(tree.body, {}, name)


def _calls_in_block(statements, values, name, imported=lambda _: {}, depth=0):
    if depth > _DEEPEST:  # the branches of a long ``elif``: what is bound below each would be read for all of them
        for statement in statements:
            yield from _calls_among(ast.walk(statement), {}, name)
        return
    values = dict(values)
    for statement in statements:
        blocks = list(_blocks(statement))
        bound = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and not _is_read(node)}
        bound |= {node.arg for node in ast.walk(statement) if isinstance(node, ast.arg)}
        is_assigned = isinstance(statement, ast.Assign) and len(statement.targets) == 1
        known = values
        if not is_assigned:
            known = {key: value for key, value in values.items() if key not in bound}
        for block in blocks:
            yield from _calls_in_block(block, known, name, imported, depth + 1)
        yield from _calls_among(_outside(statement, blocks), known, name)
        assigned = _assigned(statement.targets[0], statement.value, values) if is_assigned else {}
        values = {key: value for key, value in values.items() if key not in bound}
        values.update({**imported(statement), **assigned})


def _calls_among(nodes, values, name):
    for node in nodes:
        if isinstance(node, ast.Call) and _is_call_of(node, name):
            call = _inlined(node, values, _LARGEST_CALL)
            if call is not None:
                yield call


def _inlined(node, values, most):
    """Return a copy of an expression with what stands for names put in; None where either is large."""
    if _is_larger(node, most):
        return None
    try:
        found = _Inlined(values).visit(copy.deepcopy(node))
    except RecursionError:
        return None
    return None if _is_larger(found, most) else found


def _is_larger(node, most):
    """Whether a syntax tree has more nodes than so many."""
    return next(itertools.islice(ast.walk(node), most, None), None) is not None


def _assigned(target, value, values):
    """Return {name: what stands for it} after an assignment; nothing where what is assigned is long."""
    value = _inlined(value, values, _LARGEST_VALUE)
    if value is None:
        return {}
    if isinstance(target, ast.Name):
        return {target.id: value}
    if isinstance(target, (ast.Tuple, ast.List)):
        return {
            one.id: ast.Subscript(value, ast.Constant(place), ast.Load())
            for place, one in enumerate(target.elts)
            if isinstance(one, ast.Name)
        }
    return {}


def _blocks(statement):
    """Yield the lists of statements below one; functions inside have their own variables, and those around them."""
    for part in ("body", "orelse", "finalbody"):
        block = getattr(statement, part, None)
        if isinstance(block, list):
            yield block
    for inner in [*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]:
        yield inner.body


def _outside(statement, blocks):
    """Yield the nodes of a statement that are not in the blocks below it."""
    inner = {id(one) for block in blocks for one in block}
    waiting = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in ast.iter_child_nodes(node) if id(child) not in inner]


def _is_read(node):
    return isinstance(node.ctx, ast.Load)


def _is_call_of(node, name):
    return name == (getattr(node.func, "id", None) or getattr(node.func, "attr", None))


def assignments_in_text(text, names):
    """Return [{parameter: ast node}] for «lst = [1, 2]», «n: 5» and «Input: 3, 4» in prose."""
    if not text:
        return []
    found = []
    current = {}
    pattern = (
        re.compile(r"(?<![\w.])({})\s*(?:=(?!=)|:)\s*".format("|".join(re.escape(name) for name in names)))
        if names
        else None
    )
    for match in pattern.finditer(text) if pattern else ():
        node = _literal_at(text, match.end())
        if node is None:
            continue
        if match.group(1) in current:
            found.append(current)
            current = {}
        current[match.group(1)] = node
    if current:
        found.append(current)
    for match in re.finditer(r"(?im)^\s*input\s*:?\s*(.+)$", text):
        try:
            node = ast.parse(f"f({match.group(1).strip()})", mode="eval").body
        except (SyntaxError, ValueError):
            continue
        if isinstance(node, ast.Call) and len(node.args) == len(names) and not node.keywords:
            found.append(dict(zip(names, node.args)))
    return [example for example in found if example]


def _literal_at(text, start):
    if start >= len(text):
        return None
    if text[start] in _CLOSE:
        end = balanced(text, start)
        piece = text[start:end] if end > 0 else ""
    else:
        match = re.compile(r"""-?\d+\.?\d*(?:e-?\d+)?|"[^"\n]*"|'[^'\n]*'|True|False|None""").match(text, start)
        piece = match.group(0) if match else ""
    try:
        node = ast.parse(piece, mode="eval").body
        ast.literal_eval(node)
    except (SyntaxError, ValueError, TypeError):
        return None
    return node


def bind(call, parameters, names, skip_first=False):
    """Return {parameter: tree} for an ``ast.Call``, or None if it does not fit or uses names that do not resolve.

    ``parameters`` are ``inspect.Parameter`` objects in order; ``skip_first`` drops an explicit receiver.
    """
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    by_name = {p.name: p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    options = next((p for p in parameters if p.kind is p.VAR_KEYWORD), None)
    arguments = call.args[1:] if skip_first else call.args
    if len(arguments) > len(positional) and rest is None:
        return None
    found = {}
    extra = []
    named = []
    for index, argument in enumerate(arguments):
        if isinstance(argument, ast.Starred):
            return None
        node = from_expression(argument, names)
        if node is None:
            return None
        if index < len(positional):
            found[positional[index].name] = node
        else:
            extra.append(node)
    for keyword in call.keywords:
        if keyword.arg is None or (keyword.arg not in by_name and options is None):
            return None
        node = from_expression(keyword.value, names)
        if node is None:
            return None
        if keyword.arg in by_name:
            found[keyword.arg] = node
        else:
            named.append((keyword.arg, node))
    if extra:
        found[rest.name] = Items("tuple", extra)
    if named:
        found[options.name] = Keywords("dict", named)
    missing = [
        p
        for p in parameters
        if p.default is p.empty
        and p.name not in found
        and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    return None if missing else found


def constants_of(node):
    """Return the constants in an ``ast`` node (docstrings left out), and those of the sets and strings it tests against."""
    texts = {
        id(inner.value)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant)
    }
    return [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant) and id(inner) not in texts]


def limited(calls):
    """Return at most ``_MOST`` calls, the shortest of distinct text first: long argument lists are seldom examples."""
    distinct = {ast.dump(call): call for call in calls}
    return sorted(distinct.values(), key=lambda call: len(ast.dump(call)))[:_MOST]
