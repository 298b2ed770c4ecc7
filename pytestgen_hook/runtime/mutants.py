"""Makes mutants of one function: code objects that differ from the original in one place, never written to a file."""

import __future__

import ast
import copy

import slips

MOST = 120
LEAST = 6
_MOST_COMPILED = 1_000_000  # nodes in all: a huge function gets fewer mutants, since each is compiled whole
_MOST_ELEMENTS = 200  # of one literal; of a longer one some are changed

_FLAGS = 0
for _name in __future__.all_feature_names:
    _FLAGS |= getattr(__future__, _name).compiler_flag

_BINARY = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.MatMult: ast.Mult,
}
_COMPARE = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_SIGNS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.MatMult: "@",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.And: "and",
    ast.Or: "or",
}
_LITERALS = (ast.List, ast.Tuple, ast.Set, ast.Dict)
_UNTOUCHED = ("annotation", "returns", "decorator_list", "type_params", "type_comment")


class Mutant:
    """One changed place. Exactly one of ``code`` and ``defaults`` is given.

    ``defaults`` is (``"positional"`` or ``"keyword"``, index or name, new value): defaults are evaluated when ``def`` runs,
    so they are changed on the function object and not in its code. ``place`` is (parent, field, index, node, new node):
    what was changed in the syntax tree.
    """

    __slots__ = ("code", "defaults", "is_slip", "label", "line", "place")

    def __init__(self, line, label, code=None, defaults=None, place=None):
        self.line = line
        self.label = label
        self.code = code
        self.defaults = defaults
        self.is_slip = False
        self.place = place

    def apply(self, function):
        """Make ``function`` behave as the mutant; meant for a process that ends afterwards."""
        if self.code is not None:
            function.__code__ = self.code
            return
        where, key, value = self.defaults
        if where == "positional":
            values = list(function.__defaults__)
            values[key] = value
            function.__defaults__ = tuple(values)
        else:
            function.__kwdefaults__ = dict(function.__kwdefaults__, **{key: value})


def find_function(tree, first_line, name):
    """Return the nodes from the module down to the function that starts at ``first_line``, or None."""

    def search(node, above):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                continue  # most of a tree, and no place for a function
            path = [*above, child] if isinstance(child, (ast.ClassDef, *_FUNCTIONS)) else above
            if isinstance(child, _FUNCTIONS) and child.name == name and _first_line(child) == first_line:
                return path
            found = search(child, path)
            if found:
                return found
        return None

    return search(tree, [])


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _first_line(node):
    return min([node.lineno, *[decorator.lineno for decorator in node.decorator_list]])


def make_mutants(source, path, first_line, function, with_slips=False):
    """Return the mutants of ``function``, the plain function object whose code starts at ``first_line`` of ``source``.

    ``source`` is text, or its syntax tree, which is as it was afterwards. ``with_slips`` adds mistakes that people make
    (``slips``): marked as such, since more of them change nothing.
    """
    tree = source if isinstance(source, ast.AST) else ast.parse(source)
    chain = find_function(tree, first_line, function.__code__.co_name)
    if chain is None:
        return []
    node = chain[-1]
    most = max(LEAST, min(MOST, _MOST_COMPILED // sum(1 for _ in ast.walk(node))))
    found = list(_compiled(_spread(list(_spots(node, _changes)), most), chain, path, function.__code__))
    found.extend(_default_mutants(node, function))
    if with_slips:
        spots = _spread(list(_spots(node, slips.slips_of(node, slips.tables(function)))), most)
        known = {
            mutant.code.co_code + repr(mutant.code.co_consts).encode() for mutant in found if mutant.code is not None
        }
        for mutant in _compiled(spots, chain, path, function.__code__):
            mutant.is_slip = True
            if mutant.code.co_code + repr(mutant.code.co_consts).encode() not in known:
                found.append(mutant)
    return found


def _compiled(spots, chain, path, original):
    """Yield a mutant for each of the places whose changed code can take the place of the original's."""
    for line, label, change in spots:
        undo = change()
        try:
            code = compile_function(chain, path, original.co_flags, original.co_freevars)
        except (SyntaxError, ValueError):
            code = None
        finally:
            undo()
        if code is not None and code.co_freevars == original.co_freevars:
            yield Mutant(line, label, code=code, place=change.place)


def _spread(items, most):
    """Return at most so many of the items, evenly chosen, the same in every run."""
    if len(items) <= most:
        return items
    return [items[index * len(items) // most] for index in range(most)]


def compile_function(chain, path, flags, freevars=()):
    """Compile only the function inside empty copies of the classes around it, and return its code object.

    ``chain`` are the nodes from the outermost class down to the function, ``flags`` those of the original's code;
    ``freevars`` are names that it is to hold even where nothing uses them any more.
    """
    function = copy.copy(chain[-1])
    function.decorator_list = []
    function.returns = None
    # ``super()`` holds on to the class, and code without that hold cannot take the place of code with it.
    held = [ast.Expr(ast.Name(name, ast.Load())) for name in freevars]
    if held:
        never = ast.copy_location(ast.If(ast.Constant(False), held, []), function.body[-1])
        function.body = [*function.body, ast.fix_missing_locations(never)]
    outer = function
    for node in reversed(chain[:-1]):
        if isinstance(node, ast.ClassDef):
            shell = ast.ClassDef(name=node.name, bases=[], keywords=[], body=[outer], decorator_list=[])
            shell.type_params = []
            outer = ast.copy_location(shell, node)
        else:
            return None  # a function inside a function has no code of its own to swap
    module = ast.Module(body=[outer], type_ignores=[])
    code = compile(module, path, "exec", flags=flags & _FLAGS, dont_inherit=True)
    for node in chain:
        code = next(
            (const for const in code.co_consts if isinstance(const, type(code)) and const.co_name == node.name), None
        )
        if code is None:
            return None
    return code


def _spots(function, changes):
    """Yield (line, label, change) where ``change()`` alters the tree in place and returns the undo."""
    for statement in without_docstring(function.body):
        yield from _visit(function, "body", function.body.index(statement), statement, function.lineno, changes)


def without_docstring(body):
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:]
    return body


def _visit(parent, field, index, node, line, changes):
    line = getattr(node, "lineno", line)
    if _is_text_statement(node):
        return
    for label, new in changes(parent, field, node):
        yield line, label, _replacement(parent, field, index, node, new)
    for name, value in ast.iter_fields(node):
        if name in _UNTOUCHED or isinstance(node, ast.JoinedStr):
            continue
        # By position, not identity: the parser uses one object for every `<` of a chain of comparisons.
        children = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        if isinstance(node, _LITERALS):
            children = _spread(children, _MOST_ELEMENTS)
        for at, child in children:
            if isinstance(child, ast.AST):
                yield from _visit(node, name, at, child, line, changes)


def _is_text_statement(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _replacement(parent, field, index, node, new):
    def put(replacement):
        if index is None:
            setattr(parent, field, replacement)
        else:
            getattr(parent, field)[index] = replacement

    def change():
        put(new)
        return lambda: put(node)

    if hasattr(node, "lineno") and not hasattr(new, "col_offset"):  # a part of what is there keeps its own place
        # Here and not when it is compiled: to look through all of a huge function takes longer than to compile it.
        ast.fix_missing_locations(ast.copy_location(new, node))
    change.place = (parent, field, index, node, new)
    return change


def _changes(parent, field, node):
    """Yield (label, replacement) for one node."""
    kind = type(node)
    if kind in _BINARY:
        new = _BINARY[kind]
        yield f"{_SIGNS[kind]} became {_SIGNS[new]}", new()
    elif kind in _COMPARE:
        for new in _COMPARE[kind]:
            yield f"{_SIGNS[kind]} became {_SIGNS[new]}", new()
    elif kind in (ast.And, ast.Or):
        new = ast.Or if kind is ast.And else ast.And
        yield f"{_SIGNS[kind]} became {_SIGNS[new]}", new()
    elif kind is ast.Constant:
        yield from _constant_changes(node)
    elif kind is ast.UnaryOp and isinstance(node.op, (ast.Not, ast.USub)):
        yield "%s was dropped" % ("not" if isinstance(node.op, ast.Not) else "-"), node.operand
    elif kind is ast.Break:
        yield "break became continue", ast.Continue()
    elif kind is ast.Continue:
        yield "continue became break", ast.Break()
    elif kind is ast.Return and node.value is not None and not _is_none(node.value):
        yield "the result became None", ast.Return(ast.Constant(None))
        if _is_truth(node.value):
            # One outcome alone would satisfy all operators of a test that says yes or no.
            yield "the result became True", ast.Return(ast.Constant(True))
            yield "the result became False", ast.Return(ast.Constant(False))
    if field == "test" and isinstance(parent, ast.While):
        yield "the condition was negated", ast.UnaryOp(ast.Not(), node)
    elif field == "ifs" or (field == "test" and isinstance(parent, (ast.If, ast.IfExp))):
        # Both together ask for more than a negated condition does: for a call that goes either way.
        yield "the condition became True", ast.Constant(True)
        yield "the condition became False", ast.Constant(False)
    if kind is ast.BoolOp and len(node.values) == 2:
        yield "the second part was dropped", node.values[0]
        yield "the first part was dropped", node.values[1]
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr, ast.Raise, ast.Delete)) and not _suspends(node):
        yield "the statement was dropped", ast.Pass()


_TRUTHS = {"all", "any", "isinstance", "issubclass", "callable", "bool", "hasattr", "startswith", "endswith", "match"}


def _is_truth(node):
    """Whether an expression answers yes or no."""
    if isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        return True
    if isinstance(node, ast.BoolOp):
        return all(_is_truth(value) for value in node.values)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in _TRUTHS or name.startswith("is")
    return False


def _is_none(node):
    return isinstance(node, ast.Constant) and node.value is None


def _suspends(node):
    return isinstance(getattr(node, "value", None), (ast.Yield, ast.YieldFrom, ast.Await))


def _constant_changes(node):
    value = node.value
    if isinstance(value, bool):
        yield f"{value!r} became {not value!r}", ast.Constant(not value)
    elif isinstance(value, (int, float)):
        yield f"{value!r} became {value + 1!r}", ast.Constant(value + 1)
        if value:
            yield f"{value!r} became {value - 1!r}", ast.Constant(value - 1)
    elif isinstance(value, str):
        yield f"the text {value[:20]!r} was changed", ast.Constant("XX" + value[1:])
    elif isinstance(value, bytes):
        yield f"the bytes {value[:20]!r} were changed", ast.Constant(b"XX" + value[1:])


def _default_mutants(node, function):
    arguments = node.args
    positional = function.__defaults__ or ()
    for index, default in enumerate(arguments.defaults):
        if isinstance(default, ast.Constant) and index < len(positional):
            for label, new in _constant_changes(default):
                place = (arguments, "defaults", index, default, new)
                yield Mutant(default.lineno, "default: " + label, None, ("positional", index, new.value), place)
    for at, (argument, default) in enumerate(zip(arguments.kwonlyargs, arguments.kw_defaults)):
        if isinstance(default, ast.Constant) and argument.arg in (function.__kwdefaults__ or {}):
            for label, new in _constant_changes(default):
                place = (arguments, "kw_defaults", at, default, new)
                yield Mutant(default.lineno, "default: " + label, None, ("keyword", argument.arg, new.value), place)
