"""The functions whose mutants are tried: what can be changed in them, and how the change gets into the running program.

Nothing here imports the module of a function: its code is compiled from the source alone, and takes the place of the
original when the module is imported (``Swap``) or in the function objects that are there already.
"""

import ast
import contextlib
import copy
import functools
import gc
import importlib.abc
import os
import sys
import types

import mutants
import shown

MARK = "__pytestgen_ran__"


class Subject:
    """One function of the tree: its mutants, its statements, and its code with a mark before each statement.

    ``problem`` says why nothing in it can be changed, if that is so; ``reaches`` maps the number of a mutant to that of
    the statement whose running decides whether a test can notice it (None: any statement of the function); ``lines`` are
    those that the statements begin at.
    """

    def __init__(self, number, root, path, name, first_line, last_line):
        self.number = number
        self.path = path
        self.file = os.path.join(root, *path.split("/"))
        self.name = name
        self.first_line = first_line
        self.last_line = last_line
        self.functions = []
        self.mutants = []
        self.lines = []
        self.marked = None
        self.problem = None
        try:
            self._read()
        except (OSError, SyntaxError, ValueError, RecursionError) as error:
            self.problem = "its source cannot be read: %s" % error

    def _read(self):
        tree, whole, text = _read(self.file)
        code = _inner_code(whole, self.name, self.first_line)
        if code is None:
            self.problem = "the compiler makes no code of it"
            return
        chain = mutants.find_function(tree, self.first_line, self.name)
        node = chain[-1]
        like = types.FunctionType(code, {}, self.name, None, tuple(types.CellType() for _ in code.co_freevars))
        like.__defaults__ = tuple(map(_constant, node.args.defaults)) or None
        keywords = zip(node.args.kwonlyargs, node.args.kw_defaults)
        like.__kwdefaults__ = {argument.arg: _constant(default) for argument, default in keywords if default} or None
        self.mutants = mutants.make_mutants(tree, self.file, self.first_line, like)
        statements = _statements(node)
        self.lines = [statement.lineno for statement in statements]
        self.reaches = [_innermost(statements, mutant.place) for mutant in self.mutants]
        self.shown = [text.shown(mutant.place) for mutant in self.mutants]
        self.marked = _with_marks(chain, statements, self.number, self.file, code)
        if self.marked is None:
            self.problem = "its code cannot be changed in memory"

    def mark(self, statement):
        return self.number, statement

    def find(self):
        """Look for the function objects that run the marked code, or, where the module was read otherwise, the original."""
        self.functions = [one for one in gc.get_referrers(self.marked) if isinstance(one, types.FunctionType)]
        if self.functions or not self.is_imported():
            return
        for one in gc.get_objects():
            if isinstance(one, types.FunctionType) and self._is_original(one.__code__):
                one.__code__ = self.marked
                self.functions.append(one)

    def is_imported(self):
        """Whether a module of its file is there."""
        places = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        return any(isinstance(place, str) and os.path.realpath(place) == self.file for place in places)

    def _is_original(self, code):
        if code.co_firstlineno != self.first_line or code.co_name != self.name:
            return False
        return os.path.realpath(code.co_filename) == self.file and code.co_freevars == self.marked.co_freevars

    def described(self):
        """The subject as the report has it."""
        found = []
        for mutant, (first, before, after) in zip(self.mutants, self.shown):
            found.append({"line": mutant.line, "label": mutant.label, "first": first, "before": before, "after": after})
        return {"subject": self.number, "problem": self.problem, "mutants": found}


class Swap(importlib.abc.MetaPathFinder):
    """Puts the marked code, and that of at most one mutant, into modules as they are imported."""

    def __init__(self, subjects):
        self._codes = {}
        self._mutants = {}
        for subject in subjects:
            if subject.marked is not None:
                self._codes.setdefault(subject.file, {})[subject.name, subject.first_line] = subject.marked

    def install(self):
        sys.meta_path.insert(0, self)

    def use(self, subject, mutant):
        """Put a mutant in place: in the functions there are, and in modules that are imported from now on."""
        for function in subject.functions:
            mutant.apply(function)
        if mutant.code is not None:
            self._codes[subject.file][subject.name, subject.first_line] = mutant.code
        else:
            self._mutants[subject.file] = (subject, mutant)

    @contextlib.contextmanager
    def used(self, subject, mutant):
        """Put a mutant in place for a while, among modules that are imported already."""
        before = [(one, one.__code__, one.__defaults__, one.__kwdefaults__) for one in subject.functions]
        codes = dict(self._codes.get(subject.file, {}))
        self.use(subject, mutant)
        try:
            yield
        finally:
            for function, *parts in before:
                function.__code__, function.__defaults__, function.__kwdefaults__ = parts
            self._codes[subject.file] = codes
            self._mutants.pop(subject.file, None)

    def find_spec(self, name, path=None, target=None):
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._prepare(spec)
                return spec
        return None

    def _prepare(self, spec):
        file = os.path.realpath(spec.origin) if spec.origin and spec.has_location else None
        original = getattr(spec.loader, "get_code", None)
        if file not in self._codes or original is None:
            return
        spec.loader.get_code = lambda name: _replaced(original(name), self._codes[file])
        if file in self._mutants:
            execute = spec.loader.exec_module

            def executed(module):
                execute(module)
                subject, mutant = self._mutants[file]
                subject.find()
                for function in subject.functions:
                    mutant.apply(function)

            spec.loader.exec_module = executed


@functools.lru_cache(maxsize=4)
def _read(file):
    """Return the syntax tree, the code and the text of a file; its functions come one after the other."""
    with open(file, "rb") as stream:
        source = stream.read()
    return ast.parse(source), compile(source, file, "exec", dont_inherit=True), shown.Text(source)


def _constant(node):
    return node.value if isinstance(node, ast.Constant) else None


def _inner_code(code, name, first_line):
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            if (const.co_name, const.co_firstlineno) == (name, first_line):
                return const
            found = _inner_code(const, name, first_line)
            if found is not None:
                return found
    return None


def _replaced(code, codes):
    """Return code in which the functions named in ``codes`` have other code."""

    def other(const):
        if not isinstance(const, types.CodeType):
            return const
        return codes.get((const.co_name, const.co_firstlineno)) or _replaced(const, codes)

    if code is None:
        return None
    return code.replace(co_consts=tuple(map(other, code.co_consts)))


# -- statements --------------------------------------------------------------------------------------------------------


def _bodies(node):
    """Yield the lists of statements directly inside a statement, with what must stay first in them."""
    for name in ("body", "orelse", "finalbody"):
        found = getattr(node, name, None)
        if isinstance(found, list) and found and isinstance(found[0], ast.stmt):
            yield found
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body


def _statements(function):
    """Return the statements inside a function in order, at any depth; their places in the list are their numbers."""
    found = []
    pending = [function]
    while pending:
        node = pending.pop()
        inner = [statement for body in _bodies(node) for statement in body]
        found += inner
        pending += reversed(inner)
    return sorted(found, key=lambda statement: (statement.lineno, statement.col_offset))


def _innermost(statements, place):
    """Return the number of the innermost statement at a place of a syntax tree of the same source."""
    parent, _, _, node, _ = place
    at = node if hasattr(node, "lineno") else parent
    start = (at.lineno, at.col_offset)
    for number in range(len(statements) - 1, -1, -1):
        statement = statements[number]
        last = (statement.end_lineno, statement.end_col_offset)
        if (statement.lineno, statement.col_offset) <= start <= last:
            return number
    return None


def _with_marks(chain, statements, subject, file, code):
    """Compile the function so that each statement notes its number before it runs."""
    marked = copy.deepcopy(chain[-1])
    copies = _statements(marked)
    numbers = {id(statement): number for number, statement in enumerate(copies)}
    for node in [marked, *copies]:
        for body in _bodies(node):
            is_definition = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            texts = body[: len(body) - len(mutants.without_docstring(body))] if is_definition else []
            rest = body[len(texts) :]
            new = [part for statement in rest for part in (_mark(statement, subject, numbers), statement)]
            body[:] = [*texts, *[part for part in new if part is not None]]
    made = mutants.compile_function([*chain[:-1], marked], file, code.co_flags)
    return made if made is not None and made.co_freevars == code.co_freevars else None


def _mark(statement, subject, numbers):
    if isinstance(statement, (ast.Global, ast.Nonlocal)):
        return None
    value = ast.Tuple([ast.Constant(subject), ast.Constant(numbers[id(statement)])], ast.Load())
    call = ast.Expr(ast.Call(ast.Name(MARK, ast.Load()), [value], []))
    for node in ast.walk(call):
        ast.copy_location(node, statement)
    return call
