"""Import statements: what they bind, how they are written, and their order in a sorted file."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple


class Import(NamedTuple):
    """One import: ``from module import name as bound``; name "" for ``import module``, which binds its first part."""

    module: str
    name: str
    bound: str

    @property
    def key(self) -> tuple[bool, str, str]:
        """Order within a block: ``import`` before ``from``, then by module."""
        return (bool(self.name), self.module.lower(), self.module)


def imports_of(node: ast.stmt) -> list[Import]:
    """Return what an import statement imports; nothing for other statements."""
    if isinstance(node, ast.Import):
        return [_module_import(alias) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        return [Import(module, alias.name, alias.asname or alias.name) for alias in node.names]
    return []


def _module_import(alias: ast.alias) -> Import:
    package, _, name = alias.name.rpartition(".")
    if alias.asname and package:  # ``import a.b as c`` means ``from a import b as c``
        return Import(package, name, alias.asname)
    return Import(alias.name, "", alias.asname or alias.name.split(".")[0])


def section_of(module: str, first_party: Collection[str]) -> int:
    """Return the block that an import belongs to: future, standard library, third party, first party, relative."""
    top = module.split(".")[0]
    if module == "__future__":
        return 0
    if not top:
        return 4
    if top in first_party:
        return 3
    return 1 if top in sys.stdlib_module_names else 2


def blocks_of(imports: Iterable[Import], first_party: Collection[str], line_length: int) -> dict[int, list[str]]:
    """Return import statements by section, sorted as isort and ruff do, names of one module together."""
    by_module: dict[tuple[bool, str, str], list[Import]] = {}
    for item in imports:
        by_module.setdefault(item.key, []).append(item)
    blocks: dict[int, list[str]] = {}
    for key in sorted(by_module):
        module = key[2]
        names = by_module[key] if key[0] else []
        blocks.setdefault(section_of(module, first_party), []).append(statement(module, names, line_length))
    return dict(sorted(blocks.items()))


def statement(module: str, names: Sequence[Import], line_length: int) -> str:
    """Return the import of names from a module, or of the module where there are none."""
    if not names:
        return f"import {module}\n"
    ordered = sorted(names, key=lambda item: (not _is_constant(item.name), not item.name[:1].isupper(), item.name))
    plain = [item.name for item in ordered if item.bound == item.name]
    aliased = [f"{item.name} as {item.bound}" for item in ordered if item.bound != item.name]
    statements = [_from(module, plain, line_length)] if plain else []
    return "".join([*statements, *(_from(module, [alias], line_length) for alias in aliased)])


def _is_constant(name: str) -> bool:
    return len(name) > 1 and name.isupper()


def _from(module: str, names: Sequence[str], line_length: int) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= line_length:
        return line + "\n"
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")\n"


def joined_blocks(blocks: Mapping[int, Sequence[str]]) -> str:
    """Return the statements of the sections with a blank line between sections."""
    return "\n".join("".join(lines) for lines in blocks.values())
