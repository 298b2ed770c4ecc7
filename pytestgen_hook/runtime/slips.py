"""Mistakes that people make and no operator of arithmetic or logic shows: further changes for mutants of a function."""

import ast

_TWINS = {}
for _one, _other in (
    ("min", "max"), ("any", "all"), ("upper", "lower"), ("startswith", "endswith"), ("lstrip", "rstrip"), ("find", "rfind"),
    ("index", "rindex"), ("keys", "values"), ("union", "intersection"), ("ceil", "floor"), ("popleft", "pop"),
    ("appendleft", "append"), ("partition", "rpartition"), ("bisect_left", "bisect_right"), ("append", "extend"),
    ("heappop", "heappush"), ("removeprefix", "removesuffix"), ("ljust", "rjust"), ("add", "discard"), ("sum", "len"),
    ("issubset", "issuperset"), ("split", "rsplit"), ("setdefault", "get"), ("isdigit", "isalnum"), ("isalpha", "isalnum"),
):  # fmt: skip
    _TWINS.setdefault(_one, _other)
    _TWINS.setdefault(_other, _one)
_COPIES = {"list", "dict", "set", "tuple", "sorted", "copy", "deepcopy", "reversed", "abs", "round", "int", "float"}
_NOT_COMMUTATIVE = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.LShift, ast.RShift)
_OTHER_BINARY = {ast.Div: ast.FloorDiv, ast.FloorDiv: ast.Div, ast.Mult: ast.Pow, ast.Add: ast.Mult}


_TIDYING = {"strip", "lstrip", "rstrip", "lower", "upper", "casefold", "title", "capitalize"}
_MOST_ENTRIES = 16  # of a table, each of which could be missing


def tables(function):
    """Return {text of an expression: value} of the short tables that a function may read: of its module and its class."""
    names = function.__globals__
    found = {name: names[name] for name in function.__code__.co_names if _is_table(names.get(name))}
    owner = None
    for part in function.__qualname__.split(".")[:-1]:
        owner = names.get(part) if owner is None else vars(owner).get(part)
        if not isinstance(owner, type):
            return found
    members = vars(owner) if owner is not None else {}
    for name in function.__code__.co_names:
        if _is_table(members.get(name)):
            found.update({f"{holder}.{name}": members[name] for holder in ("self", "cls", owner.__name__)})
    return found


def _is_table(value):
    return type(value) in (list, tuple, dict, set, frozenset) and 2 <= len(value) <= _MOST_ENTRIES


def slips_of(function, tables):
    """Return the function (parent, field, node) → (label, replacement)… for one ``ast`` function node.

    ``tables`` are the constants that it may read (``tables``).
    """
    names = _names(function)
    origins = _origins(function, names)
    first_values = _first_values(function)
    siblings = _siblings(function)
    calls = _calls(function)

    def changes(parent, field, node):
        make = _BY_KIND.get(type(node))
        if make is not None:
            yield from make(node)
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            yield from _without_entries(node, tables.get(ast.unparse(node)))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            if field not in ("func", "value"):
                yield from _other_name(node, names)
            if field != "func" and node.id in origins:
                yield f"{node.id} became {origins[node.id]}", ast.Name(origins[node.id], ast.Load())
            if field == "func":
                for other in siblings.get(node.id, ()):
                    yield f"{node.id} became {other}", ast.Name(other, ast.Load())
        if field == "iter" and isinstance(parent, (ast.For, ast.comprehension)):
            yield from _loops(node)
        if isinstance(node, ast.If) and isinstance(parent, (ast.For, ast.While)):
            yield from _first_decides(node)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = first_values.get(node.targets[0].id)
            if value is not None and not isinstance(node.value, ast.Constant):
                yield f"{node.targets[0].id} began again", ast.Assign(node.targets, value, lineno=node.lineno)
        if isinstance(node, ast.Call):
            yield from _arguments_of_another(node, calls)

    return changes


def _without_entries(node, table):
    """Yield the table without each of its entries: one is easily forgotten."""
    if type(table) in (list, tuple):
        for at in range(len(table)):
            before = ast.Subscript(node, ast.Slice(None, ast.Constant(at), None), ast.Load())
            after = ast.Subscript(node, ast.Slice(ast.Constant(at + 1), None, None), ast.Load())
            yield f"entry {at + 1} was missing", ast.BinOp(before, ast.Add(), after)
    elif type(table) is dict:
        for key in table:
            if type(key) in (str, int):
                yield f"the entry {key!r} was missing", _filtered(node, key)
    elif table:
        for member in sorted(table, key=repr):
            if type(member) in (str, int):
                yield f"the member {member!r} was missing", ast.BinOp(node, ast.Sub(), ast.Set([ast.Constant(member)]))


def _filtered(node, key):
    items = ast.Call(ast.Attribute(node, "items", ast.Load()), [], [])
    names = [ast.Name(name, ast.Store()) for name in ("_key", "_value")]
    test = ast.Compare(ast.Name("_key", ast.Load()), [ast.NotEq()], [ast.Constant(key)])
    walk = ast.comprehension(ast.Tuple(names, ast.Store()), items, [test], 0)
    return ast.DictComp(ast.Name("_key", ast.Load()), ast.Name("_value", ast.Load()), [walk])


def _names(function):
    """Return the parameters of the function and the names it binds, in order."""
    arguments = function.args
    found = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    found += [node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return [name for name in dict.fromkeys(found) if name not in ("self", "cls")]


def _origins(function, names):
    """Return {name: the name that it was made of by a call}: ``root = find(node)`` is easily mistaken for ``node``."""
    found = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            is_several = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            for name, made in zip(target.elts, value.elts) if is_several else [(target, value)]:
                if isinstance(name, ast.Name) and isinstance(made, ast.Call):
                    given = [each.id for each in made.args if isinstance(each, ast.Name) and each.id in names]
                    if len(given) == 1 and given[0] != name.id:
                        found[name.id] = given[0]
    return found


def _first_values(function):
    """Return {name: constant} of the names whose first value is one."""
    found = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, node.value if isinstance(node.value, ast.Constant) else None)
    return found


def _siblings(function):
    """Return {name: others} of the functions inside the function that could be called in each other's place."""
    inner = [node for node in ast.walk(function) if isinstance(node, ast.FunctionDef) and node is not function]
    shapes = {node.name: len(node.args.args) for node in inner}
    return {name: [other for other in shapes if other != name and shapes[other] == shapes[name]] for name in shapes}


def _calls(function):
    """Return {text of what is called: its calls} for those with several arguments, by position alone."""
    found = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and len(node.args) > 1 and not node.keywords:
            found.setdefault(ast.dump(node.func), []).append(node)
    return found


def _arguments_of_another(node, calls):
    """Yield the call with one argument taken from another call of the same function, as after copying a line."""
    for other in calls.get(ast.dump(node.func), ()):
        if other is node or len(other.args) != len(node.args):
            continue
        for at, (own, argument) in enumerate(zip(node.args, other.args)):
            if ast.dump(own) != ast.dump(argument):
                given = [*node.args[:at], argument, *node.args[at + 1 :]]
                yield f"argument {at + 1} was taken from another call", ast.Call(node.func, given, [])


def _first_decides(node):
    """Yield the loop that ends with the first thing of the right kind, whatever the last condition says of that."""
    if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And) and not node.orelse:
        *first, last = node.test.values
        is_decision = len(node.body) == 1 and isinstance(node.body[0], ast.Return)
        if is_decision and isinstance(node.body[0].value, ast.Constant) and node.body[0].value.value is True:
            test = first[0] if len(first) == 1 else ast.BoolOp(ast.And(), first)
            yield "the first decided", ast.If(test, [ast.Return(last)], [])


def _other_name(node, names):
    if node.id in names and len(names) > 1:
        other = names[(names.index(node.id) + 1) % len(names)]
        yield f"{node.id} became {other}", ast.Name(other, ast.Load())


def _loops(node):
    items = ast.Call(ast.Name("list", ast.Load()), [node], [])
    yield "the loop left out the first", ast.Subscript(items, ast.Slice(ast.Constant(1), None, None), ast.Load())
    last = ast.UnaryOp(ast.USub(), ast.Constant(1))
    yield "the loop left out the last", ast.Subscript(items, ast.Slice(None, last, None), ast.Load())
    backwards = ast.Slice(None, None, ast.UnaryOp(ast.USub(), ast.Constant(1)))
    yield "the loop went backwards", ast.Subscript(items, backwards, ast.Load())


def _call(node):
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    plain = not node.keywords and not any(isinstance(each, ast.Starred) for each in node.args)
    twin = _TWINS.get(name)
    if twin is not None:
        func = (
            ast.Attribute(node.func.value, twin, ast.Load())
            if isinstance(node.func, ast.Attribute)
            else ast.Name(twin, ast.Load())
        )
        yield f"{name} became {twin}", ast.Call(func, node.args, node.keywords)
    if name in _COPIES and plain and len(node.args) == 1:
        yield f"{name}() was dropped", node.args[0]
    if name in _TIDYING and not node.args and not node.keywords and isinstance(node.func, ast.Attribute):
        yield f"{name}() was dropped", node.func.value
    for at, keyword in enumerate(node.keywords):
        if keyword.arg is not None or isinstance(keyword.value, ast.Name):
            others = [*node.keywords[:at], *node.keywords[at + 1 :]]
            yield f"{keyword.arg or '**' + keyword.value.id} was left out", ast.Call(node.func, node.args, others)
    if name == "len" and plain:
        yield "len() was one less", ast.BinOp(node, ast.Sub(), ast.Constant(1))
    if name == "copy" and not node.args and isinstance(node.func, ast.Attribute):
        yield "copy() was dropped", node.func.value
    if plain and len(node.args) == 2:
        yield "the arguments were swapped", ast.Call(node.func, node.args[::-1], [])
    if plain and len(node.args) > 1:
        yield "the last argument was left out", ast.Call(node.func, node.args[:-1], [])
        if name in ("min", "max"):
            yield from ((f"only {at + 1} of {name} was taken", each) for at, each in enumerate(node.args))
    if name == "range" and plain and node.args:
        at = 0 if len(node.args) == 1 else 1
        for label, operator in (("later", ast.Add()), ("earlier", ast.Sub())):
            stop = ast.BinOp(node.args[at], operator, ast.Constant(1))
            yield f"the range ended one {label}", ast.Call(node.func, [*node.args[:at], stop, *node.args[at + 1 :]], [])
    if name == "enumerate" and plain and len(node.args) == 1:
        yield "enumerate counted from 1", ast.Call(node.func, [node.args[0], ast.Constant(1)], [])


def _subscript(node):
    if isinstance(node.ctx, ast.Store):
        return
    if not isinstance(node.slice, ast.Slice):
        if not isinstance(node.slice, (ast.Constant, ast.Tuple)) and isinstance(node.ctx, ast.Load):
            for sign, operator in (("+", ast.Add()), ("-", ast.Sub())):
                index = ast.BinOp(node.slice, operator, ast.Constant(1))
                yield f"the index became {sign} 1", ast.Subscript(node.value, index, node.ctx)
        return
    lower, upper, step = node.slice.lower, node.slice.upper, node.slice.step
    if lower is None and upper is None and step is None:
        yield "the copy was dropped", node.value
    if lower is not None:
        yield "the slice began at the start", ast.Subscript(node.value, ast.Slice(None, upper, step), node.ctx)
    if upper is not None:
        yield "the slice ended at the end", ast.Subscript(node.value, ast.Slice(lower, None, step), node.ctx)
    for part, edge in (("began", lower), ("ended", upper)):
        if edge is not None and not isinstance(edge, (ast.Constant, ast.UnaryOp)):
            later = ast.BinOp(edge, ast.Add(), ast.Constant(1))
            edges = (later, upper) if part == "began" else (lower, later)
            yield f"the slice {part} one later", ast.Subscript(node.value, ast.Slice(*edges, step), node.ctx)


def _binary(node):
    yield "the second operand was left out", node.left
    if isinstance(node.op, _NOT_COMMUTATIVE):
        yield "the operands were swapped", ast.BinOp(node.right, node.op, node.left)
    if isinstance(node.op, (ast.Add, ast.Sub)) and isinstance(node.right, _COUNTED):
        yield "the second operand became 1", ast.BinOp(node.left, node.op, ast.Constant(1))
    if isinstance(node.op, (ast.Add, ast.Sub)) and isinstance(node.left, ast.Call):
        yield "the first operand became 1", ast.BinOp(ast.Constant(1), node.op, node.right)
    other = _OTHER_BINARY.get(type(node.op))
    if other is not None:
        yield f"{type(node.op).__name__} became {other.__name__}", ast.BinOp(node.left, other(), node.right)


def _compare(node):
    if len(node.ops) != 1:
        return
    operator, right = node.ops[0], node.comparators[0]
    is_none = isinstance(right, ast.Constant) and right.value is None
    if is_none and isinstance(operator, ast.Is):
        yield "is None became not", ast.UnaryOp(ast.Not(), node.left)
    elif is_none and isinstance(operator, ast.IsNot):
        yield "is not None was dropped", node.left
    elif isinstance(operator, (ast.Lt, ast.Gt)):
        yield "the order became !=", ast.Compare(node.left, [ast.NotEq()], [right])
    elif isinstance(operator, (ast.LtE, ast.GtE)):
        yield "the order became ==", ast.Compare(node.left, [ast.Eq()], [right])


def _not(node):
    if isinstance(node.op, ast.Not) and isinstance(node.operand, (ast.Name, ast.Attribute)):
        yield "not became is None", ast.Compare(node.operand, [ast.Is()], [ast.Constant(None)])


_COUNTED = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.BinOp)


def _augmented(node):
    if isinstance(node.op, (ast.Add, ast.Sub)) and isinstance(node.value, _COUNTED):
        yield "it was counted as one", ast.AugAssign(node.target, node.op, ast.Constant(1))
    if isinstance(node.target, ast.Name):
        yield "the assignment forgot what was there", ast.Assign([node.target], node.value, lineno=node.lineno)


def _while(node):
    yield "while became if", ast.If(node.test, node.body, node.orelse)
    yield "the loop ended after its first pass", ast.While(node.test, [*node.body, ast.Break()], node.orelse)


def _for(node):
    yield "the loop ended after its first pass", ast.For(node.target, node.iter, [*node.body, ast.Break()], node.orelse)
    inner = node.body[0]
    if len(node.body) == 1 and isinstance(inner, ast.For) and not node.orelse and not inner.orelse:
        outer_names = {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
        if outer_names.isdisjoint(each.id for each in ast.walk(inner.iter) if isinstance(each, ast.Name)):
            outer = ast.For(node.target, node.iter, inner.body, [])
            yield "the loops changed places", ast.For(inner.target, inner.iter, [outer], [])


def _if(node):
    test = node.test.operand if isinstance(node.test, ast.UnaryOp) else node.test
    if not isinstance(node.body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break)):
        yield "it returned there", ast.If(node.test, [*node.body, ast.Return(None)], node.orelse)
    elif isinstance(test, ast.Call):
        yield "the answer was ignored", ast.If(test, [ast.Pass()], node.orelse)
    if node.orelse:
        yield "else was dropped", ast.If(node.test, node.body, [])
    if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        both = [ast.If(node.test, node.body, []), node.orelse[0]]
        yield "elif became if", ast.If(ast.Constant(True), both, [])


_BY_KIND = {
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.UnaryOp: _not,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
}
