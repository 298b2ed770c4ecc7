"""What is shipped fits together: hooks, action, workflows, wheel, layers."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytestgen_hook import __version__, cli
from pytestgen_hook.commands import ci, init

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOP = Path(__file__).parent.parent
WORKFLOWS = sorted([*(TOP / ".github/workflows").glob("*.yml"), *(TOP / "ci/workflows").glob("*.yml")])


def loaded(path: str) -> Any:
    return yaml.safe_load((TOP / path).read_text(encoding="utf-8"))


PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
HOOKS = {hook["id"]: hook for hook in loaded(".pre-commit-hooks.yaml")}
ACTION = loaded("ci/action.yml")


# -- hooks -------------------------------------------------------------------------------------------------------------


def test_pre_commit_takes_the_manifest() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(TOP / ".pre-commit-hooks.yaml")]
    subprocess.run(command, check=True, capture_output=True)


def test_hooks_run_a_console_script() -> None:
    assert set(HOOKS) == {"pytestgen-check", "pytestgen-generate"}
    for hook in HOOKS.values():
        assert hook["entry"] in PROJECT["project"]["scripts"]


@pytest.mark.parametrize("identifier", sorted(HOOKS))
def test_a_hook_starts_one_process_and_is_given_no_files(identifier: str) -> None:
    hook = HOOKS[identifier]
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    assert hook["require_serial"] is True
    assert hook["minimum_pre_commit_version"] == "3.2.0"


def test_what_is_pushed_is_looked_at_though_no_python_file_of_it_lies_here() -> None:
    assert HOOKS["pytestgen-check"]["always_run"] is True
    assert not {"types", "types_or", "files"} & set(HOOKS["pytestgen-check"])


def test_nothing_is_generated_unless_asked_for() -> None:
    assert HOOKS["pytestgen-generate"]["stages"] == ["manual"]
    assert "args" not in HOOKS["pytestgen-check"]
    assert HOOKS["pytestgen-check"]["stages"] == ["pre-commit", "pre-merge-commit", "pre-push", "manual"]


def test_what_everybody_installs_needs_no_compiler_and_has_no_model() -> None:
    names = {re.split(r"[^\w-]", needed)[0].lower() for needed in PROJECT["project"]["dependencies"]}
    assert not {name for name in names if re.search(r"llama|torch|huggingface|transformers|numpy|psutil", name)}


def test_what_a_hook_manager_clones_is_small() -> None:
    """A clone may have 100 MiB; what is checked out has less than 4 today, and all of its history less than 3."""
    if not (TOP / ".git").exists():
        pytest.skip("this is no clone, but a copy of its files")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, check=True, capture_output=True).stdout
    sizes = {name: (TOP / name).lstat().st_size for name in listed.decode().split("\0") if (TOP / name).is_file()}
    assert sizes["pyproject.toml"]
    assert sum(sizes.values()) < 8 << 20
    assert not [name for name, size in sizes.items() if size > 1 << 20]
    counted = subprocess.run(["git", "count-objects", "-v"], cwd=TOP, check=True, capture_output=True, text=True).stdout
    kept = dict(line.split(": ") for line in counted.splitlines())
    assert int(kept["size"]) + int(kept["size-pack"]) < 50 << 10  # KiB, with what a work of days leaves unpacked


def test_arguments_of_hooks_are_options() -> None:
    context = cli.check.make_context("check", list(HOOKS["pytestgen-generate"]["args"]))
    assert context.params["mode"] == "write"


# -- the action --------------------------------------------------------------------------------------------------------

OPTIONS = {name.removeprefix("--") for option in cli.check.params for name in option.opts if name.startswith("--")}


def test_inputs_of_the_action_are_options_or_its_own() -> None:
    assert set(ACTION["inputs"]) - {"working-directory", "artifact", "token"} <= OPTIONS


def test_every_input_and_output_is_described_and_every_input_is_used() -> None:
    text = (TOP / "ci/action.yml").read_text(encoding="utf-8")
    for name, given in ACTION["inputs"].items():
        assert given["description"]
        assert f"${{{{ inputs.{name} }}}}" in text
    assert {"untested-count", "generated-count", "report-path", "exit-code"} <= set(ACTION["outputs"])
    assert all(output["description"] for output in ACTION["outputs"].values())


def test_every_setting_that_the_action_takes_reaches_the_check() -> None:
    (check,) = (step for step in ACTION["runs"]["steps"] if step["name"] == "Check")
    own = {"working-directory", "artifact", "token"}
    assert {f"INPUT_{name.upper().replace('-', '_')}" for name in ACTION["inputs"].keys() - own} <= check["env"].keys()


def test_inputs_reach_the_shell_through_variables_only() -> None:
    for step in ACTION["runs"]["steps"]:
        if "run" in step:
            assert "${{" not in step["run"]
            assert step["shell"] == "bash"
        else:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])


def test_the_token_is_given_to_no_step_that_runs_the_project() -> None:
    holders = [step["name"] for step in ACTION["runs"]["steps"] if "inputs.token" in str(step)]
    assert holders == ["Comment", "Commit"]


def test_defaults_of_the_action_are_choices() -> None:
    assert ACTION["inputs"]["mode"]["default"] in ci.MODES
    assert ACTION["inputs"]["engine"]["default"] in cli.ENGINES


# -- workflows ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_a_commit_with_its_version(path: Path) -> None:
    used = re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8"))
    assert used
    for name, comment in used:
        if not name.startswith("./"):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_ask_for_no_more_than_they_need(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    assert "pull_request_target" not in workflow[True]  # YAML 1.1 reads `on` as true
    for job in workflow["jobs"].values():
        may_write = "write" in job["permissions"].values()
        assert may_write or job["permissions"] in ({}, {"contents": "read"})
        # What may write runs nothing of the project: it has no checkout and installs nothing of it.
        assert not (may_write and re.search(r"actions/checkout@|pip install|ci check", str(job["steps"])))
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_the_matrix_covers_the_promised_versions() -> None:
    matrix = loaded(".github/workflows/ci.yml")["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.10", "3.11", "3.12", "3.13"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]


def test_the_template_is_what_init_writes() -> None:
    rendered = init.render_workflow(init.requirement(None), "python -m pip install pytest -e .")
    assert (TOP / "ci/workflows/pytestgen.yml").read_text(encoding="utf-8") == rendered


def test_templates_install_this_version() -> None:
    for path in [*(TOP / "ci/workflows").glob("*.yml"), TOP / "ci/gitlab.yml"]:
        assert f"pytestgen-hook=={__version__}" in path.read_text(encoding="utf-8")


# -- the wheel ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    script = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    hatchling = subprocess.run([sys.executable, "-c", "import hatchling"], capture_output=True, check=False)
    if hatchling.returncode:
        pytest.skip("hatchling is not installed here; .ci/run builds the wheel")
    built = subprocess.run(
        [sys.executable, "-c", script, str(folder)], cwd=TOP, check=True, capture_output=True, text=True
    )
    return zipfile.ZipFile(folder / built.stdout.splitlines()[-1])


def test_the_wheel_has_all_modules_and_data(wheel: zipfile.ZipFile) -> None:
    tracked = {
        path.relative_to(TOP).as_posix()
        for path in (TOP / "pytestgen_hook").rglob("*")
        if path.is_file() and path.suffix in (".py", ".json", ".yml")
    }
    assert {name for name in wheel.namelist() if name.startswith("pytestgen_hook/")} >= tracked
    assert "pytestgen_hook/schema/report.schema.json" in wheel.namelist()
    assert "pytestgen_hook/templates/workflow.yml" in wheel.namelist()


def test_the_wheel_has_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert tops == {"pytestgen_hook", f"pytestgen_hook-{__version__}.dist-info"}
    assert not [name for name in wheel.namelist() if "cache" in name.lower() and not name.endswith("/cache.py")]


def test_the_wheel_is_for_every_platform(wheel: zipfile.ZipFile) -> None:
    assert str(wheel.filename).endswith("-py3-none-any.whl")


# -- what stands where -------------------------------------------------------------------------------------------------


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


RUNTIME = sorted((TOP / "pytestgen_hook" / "runtime").glob("*.py"))
# What the project's interpreter may have; a module that is not there must be done without.
OPTIONAL = {"coverage", "pytest", "_pytest", "hypothesis"}


@pytest.mark.parametrize("path", RUNTIME, ids=lambda path: path.name)
def test_the_runtime_needs_only_the_standard_library(path: Path) -> None:
    siblings = {module.stem for module in RUNTIME}
    assert imported(path) - set(sys.stdlib_module_names) - siblings <= OPTIONAL


@pytest.mark.parametrize("path", RUNTIME, ids=lambda path: path.name)
def test_the_runtime_is_written_for_python_3_9(path: Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


def test_every_module_says_what_it_is_for() -> None:
    for path in (TOP / "pytestgen_hook").rglob("*.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_the_schema_is_json() -> None:
    assert json.loads((TOP / "pytestgen_hook/schema/report.schema.json").read_text())["properties"]["schema_version"]
