"""Adds tests to a test file so that what is there stays as it is, byte for byte."""

from __future__ import annotations

import ast
import codecs
import io
import sys
import tokenize
from collections.abc import Collection, Iterable, Sequence

from pytestgen_hook.types import TestModule


class CannotMerge(Exception):
    """The file is not one to add to; the message says why."""


Import = tuple[str, str]  # module, name; name "" for ``import module``


def add_tests(existing: bytes | None, new: TestModule, *, first_party: Collection[str]) -> bytes:
    """Return the test file with the tests of ``new`` added; None for ``existing`` makes a new file.

    Tests that are there already are not added again. ``first_party`` are the top-level names of the project's own modules,
    which stand in a block of their own in new files. Raises CannotMerge.
    """
    if existing is None or not existing.strip():
        return _new_file(new, first_party).encode()
    text, encoding, newline = _decoded(existing)
    tree = _parsed(text)
    present = {ast.dump(node) for node in tree.body}
    tests = [(name, source) for name, source in new.tests if ast.dump(ast.parse(source).body[0]) not in present]
    if not tests:
        return existing
    imports = _missing_imports(tree, _used(new.imports, tests))
    _refuse_clashes(tree, imports, tests)
    merged = _with_imports(text, imports)
    merged = _with_tests(merged, [source for _, source in tests])
    if newline != "\n":
        merged = merged.replace("\r\n", "\n").replace("\n", newline)
    result = merged.encode(encoding)
    return codecs.BOM_UTF8 + result if existing.startswith(codecs.BOM_UTF8) else result


def _decoded(existing: bytes) -> tuple[str, str, str]:
    """Return (text with its own line ends, encoding, the line end to write)."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(existing).readline)
        text = existing.removeprefix(codecs.BOM_UTF8).decode("utf-8" if encoding == "utf-8-sig" else encoding)
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        raise CannotMerge(f"it cannot be decoded: {error}") from None
    windows = text.count("\r\n")
    if windows and windows != text.count("\n"):
        raise CannotMerge("it mixes line ends")
    newline = "\r\n" if windows else "\n"
    return text.replace("\r\n", "\n"), "utf-8" if encoding == "utf-8-sig" else encoding, newline


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise CannotMerge(f"it does not parse: {error}") from None


def _used(imports: Iterable[Import], tests: Sequence[tuple[str, str]]) -> list[Import]:
    names = {node.id for _, source in tests for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    return [(module, name) for module, name in imports if _bound(module, name) in names]


def _bound(module: str, name: str) -> str:
    return name or module.split(".")[0]


def _top_level_imports(tree: ast.Module) -> set[Import]:
    found: set[Import] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names if alias.asname in (None, alias.name)}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {(node.module or "", alias.name) for alias in node.names if alias.asname in (None, alias.name)}
    return found


def _missing_imports(tree: ast.Module, wanted: Iterable[Import]) -> list[Import]:
    present = _top_level_imports(tree)
    return [pair for pair in wanted if pair not in present]


def _refuse_clashes(tree: ast.Module, imports: Sequence[Import], tests: Sequence[tuple[str, str]]) -> None:
    """A name that the new tests need must not mean something else in the file, nor the other way round."""
    bound = _bindings(tree)
    for module, name in imports:
        if _bound(module, name) in bound:
            raise CannotMerge(f"the name {_bound(module, name)} means something else in it")
    for name, _ in tests:
        if name in bound:
            raise CannotMerge(f"it has another {name}")


def _bindings(tree: ast.Module) -> set[str]:
    """Every name that the file binds at its top level, in blocks too; stars make all names uncertain."""
    found: set[str] = set()
    for node in _top_level(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        else:
            found |= {
                inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
            }
    return found


def _top_level(body: Iterable[ast.stmt]) -> Iterable[ast.stmt]:
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for block in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(node, block, ()))
            for handler in getattr(node, "handlers", ()):
                yield from _top_level(handler.body)


def _with_imports(text: str, imports: Sequence[Import]) -> str:
    """Put import lines below the last import of the file's head, or below its docstring."""
    if not imports:
        return text
    import libcst

    try:
        module = libcst.parse_module(text)
    except libcst.ParserSyntaxError as error:
        raise CannotMerge(f"it does not parse: {error.message}") from None
    at = 0
    body = list(module.body)
    for index, statement in enumerate(body):
        if _is_import(statement) or (index == 0 and _is_docstring(statement)):
            at = index + 1
        elif not _is_import(statement):
            # What stands between imports (a path tweak, a skip) may matter to those below it; stop at definitions only.
            if isinstance(statement, (libcst.FunctionDef, libcst.ClassDef)):
                break
    added = libcst.parse_module("".join(f"{line}\n" for line in import_lines(imports))).body
    first = added[0]
    blank = [libcst.EmptyLine(indent=False)]
    if at == 0:
        header = module.header
        lines = [*added]
        if body and not getattr(body[0], "leading_lines", ()):
            body[0] = body[0].with_changes(leading_lines=[*blank, *blank])
        return _code(module.with_changes(header=header, body=[*lines, *body]), text)
    if not _is_import(body[at - 1]):
        added = [first.with_changes(leading_lines=blank), *added[1:]]  # type: ignore[list-item]
    return _code(module.with_changes(body=[*body[:at], *added, *body[at:]]), text)


def _code(module: object, text: str) -> str:
    code: str = module.code  # type: ignore[attr-defined]
    # libcst ends the last line by itself when it adds below it.
    return code if code.endswith("\n") or not text.endswith("\n") else code + "\n"


def _is_import(statement: object) -> bool:
    import libcst

    return isinstance(statement, libcst.SimpleStatementLine) and isinstance(
        statement.body[0], (libcst.Import, libcst.ImportFrom)
    )


def _is_docstring(statement: object) -> bool:
    import libcst

    return (
        isinstance(statement, libcst.SimpleStatementLine)
        and isinstance(statement.body[0], libcst.Expr)
        and isinstance(statement.body[0].value, (libcst.SimpleString, libcst.ConcatenatedString))
    )


def _with_tests(text: str, tests: Sequence[str]) -> str:
    """Append the tests at the end, or above a main guard that ends the file."""
    block = "\n\n".join(source if source.endswith("\n") else source + "\n" for source in tests)
    last = ast.parse(text).body[-1]
    if isinstance(last, ast.If) and "__name__" in ast.dump(last.test):
        lines = text.splitlines(keepends=True)
        above, guard = "".join(lines[: last.lineno - 1]), "".join(lines[last.lineno - 1 :])
        return f"{above}{block}\n\n{guard}"
    blank = "" if text.endswith("\n\n\n") else ("\n" if text.endswith("\n\n") else "\n\n")
    return text + ("" if text.endswith("\n") else "\n") + blank + block


def import_lines(imports: Iterable[Import]) -> list[str]:
    """Return import statements, names of one module together, sorted as isort and ruff do."""
    modules = sorted({module for module, name in imports if not name})
    names: dict[str, set[str]] = {}
    for module, name in imports:
        if name:
            names.setdefault(module, set()).add(name)
    lines = [f"import {module}" for module in modules]
    for module in sorted(names, key=str.lower):
        listed = sorted(names[module], key=lambda name: (not name.isupper(), not name[:1].isupper(), name))
        lines.append(_from_line(module, listed))
    return lines


def _from_line(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 88:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _new_file(new: TestModule, first_party: Collection[str]) -> str:
    def block(module: str) -> int:
        top = module.split(".")[0]
        if top in first_party:
            return 2
        return 0 if top in sys.stdlib_module_names else 1

    used = _used(new.imports, new.tests)
    blocks = [import_lines([pair for pair in used if block(pair[0]) == number]) for number in range(3)]
    head = "\n\n".join("\n".join(lines) for lines in blocks if lines)
    tests = "\n\n".join(source if source.endswith("\n") else source + "\n" for _, source in new.tests)
    return f"{head}\n\n\n{tests}" if head else tests
