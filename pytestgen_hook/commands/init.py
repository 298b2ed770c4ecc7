"""Sets a repository up: the hook in .pre-commit-config.yaml, and a workflow for pull requests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from pytestgen_hook import __version__
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types.generated import Edit

HOOKS = ".pre-commit-config.yaml"
WORKFLOW = ".github/workflows/pytestgen.yml"
_TEMPLATE = Path(__file__).parent.parent / "templates" / "workflow.yml"
# The first of these files that is there says how the project is installed.
_INSTALLS = (
    ("uv.lock", "pipx run uv sync"),
    ("poetry.lock", "pipx run poetry install"),
    ("requirements-dev.txt", "python -m pip install pytest -r requirements-dev.txt"),
    ("requirements.txt", "python -m pip install pytest -r requirements.txt"),
    ("pyproject.toml", "python -m pip install pytest -e ."),
    ("setup.py", "python -m pip install pytest -e ."),
)


_HOSTED = """\
- repo: {repo}
  rev: v{version}
  hooks:
    - id: pytestgen-check
    - id: pytestgen-generate
"""
_LOCAL = """\
- repo: local
  hooks:
    - id: pytestgen-check
      name: changed functions have tests
      entry: pytestgen-check
      language: python
      additional_dependencies: ["{requirement}"]
      always_run: true
      pass_filenames: false
      require_serial: true
      stages: [pre-commit, pre-merge-commit, pre-push]
    - id: pytestgen-generate
      name: write tests for changed functions
      entry: pytestgen-check --mode write
      language: python
      additional_dependencies: ["{requirement}"]
      types: [python]
      pass_filenames: false
      require_serial: true
      stages: [manual]
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """The files to write, sentences on what is done and what comes next, and whether something is left to a person."""

    root: Path
    git_dir: Path
    edits: tuple[Edit, ...]
    told: tuple[str, ...]
    left_to_do: bool = False


def plan(cwd: Path, repo: str | None = None) -> Plan:
    """Return what is to be written into the repository around ``cwd``; ``repo`` is the URL of a hosted copy of ours."""
    from pytestgen_hook.git import Repository

    if repo is not None and not re.fullmatch(r"[!#-&(-\[\]-~]+", repo):  # it goes into YAML and into a command
        raise FatalError(f"--repo {repo!r} is no URL. Name a git repository without spaces and quotes.")
    repository = Repository.open(cwd)
    edits, told = [], []
    block = _block(repo)
    existing = _read(repository.root / HOOKS)
    is_named = existing is not None and b"pytestgen" in existing
    after = None if is_named else _with_hook(existing, block)
    if is_named:
        told.append(f"{HOOKS}: names pytestgen already, left as it is")
    elif after is None:
        told.append(f"{HOOKS}: add this to its repos by hand:\n{indent(block, '  ')}")
    else:
        edits.append(Edit(HOOKS, existing, after))
        told.append(f"{HOOKS}: the hook; turn it on with: pre-commit install")
    if _read(repository.root / WORKFLOW) is None:
        workflow = render_workflow(requirement(repo), _install(repository.root))
        edits.append(Edit(WORKFLOW, None, workflow.encode()))
        told.append(f"{WORKFLOW}: checks pull requests; see that its install step fits the project")
    else:
        told.append(f"{WORKFLOW}: is there already, left as it is")
    return Plan(repository.root, repository.git_dir, tuple(edits), tuple(told), after is None and not is_named)


def write(planned: Plan) -> None:
    """Write the planned files."""
    from pytestgen_hook.write import write_edits

    write_edits(planned.root, planned.git_dir, planned.edits)


def requirement(repo: str | None) -> str:
    """Return what pip is asked for: this version, from the package index or from a git repository."""
    return f"pytestgen-hook @ git+{repo}@v{__version__}" if repo else f"pytestgen-hook=={__version__}"


def render_workflow(needed: str, install: str) -> str:
    """Return the workflow that installs the project by ``install`` and this program as ``needed``."""
    text = _TEMPLATE.read_text(encoding="utf-8")
    return text.replace("@REQUIREMENT@", needed).replace("@INSTALL@", install)


def _install(root: Path) -> str:
    found = [command for name, command in _INSTALLS if (root / name).exists()]
    return found[0] if found else "python -m pip install pytest"


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


# -- the hook ----------------------------------------------------------------------------------------------------------


def _block(repo: str | None) -> str:
    """Return the entry of ``repos``, not indented."""
    if repo:
        return _HOSTED.format(repo=repo, version=__version__)
    return _LOCAL.format(requirement=requirement(None))


def _with_hook(existing: bytes | None, block: str) -> bytes | None:
    """Return the file with the entry added below ``repos`` and every line kept; None where that cannot be made sure."""
    import yaml

    if existing is None or not existing.strip():
        return f"repos:\n{indent(block, '  ')}".encode()
    try:
        text = existing.decode()
        before = yaml.safe_load(text)
        after = _inserted(text, block)
        expected = {**before, "repos": [*before["repos"], *yaml.safe_load(block)]}
        return after.encode() if yaml.safe_load(after) == expected else None
    except (ValueError, yaml.YAMLError, TypeError, KeyError):
        return None


def _inserted(text: str, block: str) -> str:
    """Put the block behind the last line of ``repos``, indented as its other entries."""
    lines = text.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if re.match(r"repos\s*:\s*(#.*)?$", line)), None)
    if start is None:
        raise ValueError("no block of repos")
    end, margin = start + 1, None
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if re.match(r"[^\s#-]", line):
            break
        item = re.match(r"([ ]*)- ", line)
        if item and margin is None:
            margin = item[1]
        if line.strip() and not line.lstrip().startswith("#"):
            end = number + 1
    if lines[end - 1] == lines[end - 1].rstrip("\r\n"):
        lines[end - 1] += "\n"
    line_end = "\r\n" if "\r\n" in text else "\n"
    added = indent(block, "  " if margin is None else margin).replace("\n", line_end)
    return "".join([*lines[:end], added, *lines[end:]])
