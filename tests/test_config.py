"""Settings from files, the environment and flags."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytestgen_hook.config import Config, Override, described, load_config, setting_names, written
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types.settings import Model


def reader(text: str | None) -> Callable[[str], bytes | None]:
    return lambda path: text.encode() if text is not None and path == "pyproject.toml" else None


def from_pyproject(text: str | None, **more: object) -> Config:
    return load_config(Path(), reader(text), None, {}, more)


def test_without_a_file_there_are_defaults() -> None:
    assert from_pyproject(None) == Config()


def test_a_pyproject_of_others_gives_defaults() -> None:
    assert from_pyproject("[tool.black]\nline-length = 9\n") == Config()


def test_all_settings_are_read_with_dashes() -> None:
    text = """
[tool.pytestgen]
mode = "amend"
engine = "search"
budget = 5
python = ".venv/bin/python"
tests-dir = "./checks/"
exclude = ["docs/*", "legacy"]
source-roots = ["src", "."]
test-timeout = 1.5
test-jobs = 2
"""
    assert from_pyproject(text) == Config(
        mode="amend",
        engine="search",
        budget=5.0,
        python=".venv/bin/python",
        tests_dir="checks",
        exclude=("docs/*", "legacy"),
        source_roots=("src", ""),
        test_timeout=1.5,
        test_jobs=2,
    )


def test_models_are_declared_in_tables(tmp_path: Path) -> None:
    digest = "AB" * 32
    text = f"""
[tool.pytestgen.models.ours]
repo = "we/models-GGUF"
file = "sub/ours.gguf"
revision = "v2"
sha256 = "{digest}"
size = 5
licence = "MIT"
wheels = ["ours-part1==1.0", "ours-part2==1.0"]

[tool.pytestgen.models."here-1.5b"]
path = "models/here.gguf"

[tool.pytestgen.models.there]
path = "/srv/there.gguf"
"""
    ours, here, there = load_config(tmp_path, reader(text), None, {}, {}).models
    wheels = ("ours-part1==1.0", "ours-part2==1.0")
    assert ours == Model(
        "ours", "sub/ours.gguf", "we/models-GGUF", "v2", size=5, sha256=digest.lower(), licence="MIT", wheels=wheels
    )
    assert (here.name, here.path) == ("here-1.5b", str(tmp_path / "models/here.gguf"))
    assert there.path == str(Path("/srv/there.gguf"))


def test_the_settings_of_pytest_generator_are_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("""
model:
  repo: "distil-labs/pytest-8b-GGUF"
  file: "pytest-8b-q4_k_m.gguf"
generation:
  n_ctx: 4096
  max_tokens: 3072
  temperature: 0.05
  top_p: 1.0
  repeat_penalty: 1.0
  batch_size: 128
hardware:
  n_threads: -1
output:
  default_dir: "./my_tests/"
prompt:
  template: |
    Test {this}:
    {code}
""")
    assert load_config(tmp_path, reader(None), tmp_path / "config.yaml", {}, {}) == Config(
        model_repo="distil-labs/pytest-8b-GGUF",
        model_file="pytest-8b-q4_k_m.gguf",
        generation_n_ctx=4096,
        generation_max_tokens=3072,
        generation_temperature=0.05,
        generation_top_p=1.0,
        generation_repeat_penalty=1.0,
        generation_batch_size=128,
        hardware_n_threads=None,
        tests_dir="my_tests",
        prompt_template="Test {this}:\n{code}\n",
    )


def test_a_model_is_a_name_or_a_table() -> None:
    assert from_pyproject('[tool.pytestgen]\nmodel = "pytest-8b"\n').model == "pytest-8b"
    config = from_pyproject('[tool.pytestgen.model]\nname = "a.gguf"\nprofile = "whole-tests"\n')
    assert (config.model, config.model_profile) == ("a.gguf", "whole-tests")


def test_an_adapter_lies_where_the_top_of_the_repository_says(tmp_path: Path) -> None:
    text = '[tool.pytestgen.model]\nname = "ours"\nadapter = "models/a.gguf"\n'
    config = load_config(tmp_path, reader(text), None, {}, {})
    assert config.model_adapter == str(tmp_path / "models" / "a.gguf")
    (tmp_path / "shown.toml").write_text(described(config, {}))
    assert load_config(tmp_path, reader(None), tmp_path / "shown.toml", {}, {}) == config


def test_settings_in_tables_come_from_the_environment_too() -> None:
    environ = {"PYTESTGEN_GENERATION_MAX_TOKENS": "50", "PYTESTGEN_HARDWARE_N_THREADS": "2"}
    config = load_config(Path(), reader("[tool.pytestgen.generation]\nmax_tokens = 9\nn_ctx = 512"), None, environ, {})
    assert (config.generation_max_tokens, config.generation_n_ctx, config.hardware_n_threads) == (50, 512, 2)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("generation]\nmax_token = 1", "'generation.max_token'. Did you mean generation.max_tokens?"),
        ("generation]\nmin_tokens = 300", "'generation.min_tokens'. Did you mean"),
        ("hardware]\nn_gpu_layers = -1", "'hardware.n_gpu_layers'."),
        ("output]\noverwrite = true", "'output.overwrite'."),
        ("model]\nfile_8b_q4 = 'x'", "'model.file_8b_q4'. Did you mean model.file?"),
        ("generation]\nmax_tokens = 0.5", "not a whole number"),
        ("generation]\nn_ctx = 8", "at least 256"),
        ("generation]\ntemperature = 3", "from 0 to 2"),
        ("generation]\ntop_p = 'all'", "not a number"),
        ("hardware]\nn_threads = 0", "at least 1"),
        ("model]\nprofile = 'cals'", "Did you mean calls?"),
        ("prompt]\ntemplate = 'no place'", "{code} is missing. Write it where"),
        ("prompt]\ntemplate = 'for {cod} only'", "Did you mean it by {cod}?"),
        ("prompt]\ntemplate = '{code} {code}'", "more than one {code}"),
    ],
)
def test_bad_settings_in_tables_are_refused_by_name(table: str, told: str) -> None:
    with pytest.raises(FatalError) as caught:
        from_pyproject(f"[tool.pytestgen.{table}\n")
    assert told in str(caught.value)


@pytest.mark.parametrize("key", ["generation_max_tokens", "model-repo"])
def test_settings_of_tables_stand_in_tables(key: str) -> None:
    with pytest.raises(FatalError, match="there is no setting"):
        from_pyproject(f"[tool.pytestgen]\n{key} = 5\n")


def test_underscores_are_read_too() -> None:
    assert from_pyproject('[tool.pytestgen]\ntests_dir = "t"\n').tests_dir == "t"


def test_flags_win_over_environment_over_file() -> None:
    read = reader('[tool.pytestgen]\nmode = "write"\nbudget = 1\ntests-dir = "file"\n')
    environ = {"PYTESTGEN_BUDGET": "2", "PYTESTGEN_TESTS_DIR": "environment", "PYTESTGEN_EXCLUDE": "a, b/*,"}
    config = load_config(Path(), read, None, environ, {"tests_dir": "flag", "mode": None})
    assert (config.mode, config.budget, config.tests_dir) == ("write", 2.0, "flag")
    assert config.exclude == ("a", "b/*")


def test_a_number_in_the_environment_can_be_a_name() -> None:
    assert load_config(Path(), reader(None), None, {"PYTESTGEN_PYTHON": "3"}, {}).python == "3"


def test_empty_variables_and_those_of_others_are_passed_over() -> None:
    assert load_config(Path(), reader(None), None, {"PYTESTGEN_MODE": "", "PYTESTGEN_CACHE_DIR": "x"}, {}) == Config()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("s.toml", 'mode = "write"\n', id="bare TOML"),
        pytest.param("s.toml", '[tool.pytestgen]\nmode = "write"\n', id="TOML with the table of pyproject"),
        pytest.param("s.yaml", "mode: write\n", id="YAML"),
        pytest.param("s.yml", "# settings\nmode: write\n", id="YAML with the short suffix"),
    ],
)
def test_a_named_file_takes_the_place_of_pyproject(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    config = load_config(tmp_path, reader("[tool.pytestgen]\nbudget = 1\n"), tmp_path / name, {}, {})
    assert config == Config(mode="write")


def test_a_named_file_is_looked_for_at_the_top_too(tmp_path: Path) -> None:
    (tmp_path / "only-at-the-top.toml").write_text("budget = 3\n")
    assert load_config(tmp_path, reader(None), Path("only-at-the-top.toml"), {}, {}).budget == 3.0


def test_an_empty_yaml_file_gives_defaults(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("")
    assert load_config(tmp_path, reader(None), tmp_path / "s.yaml", {}, {}) == Config()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        pytest.param("bugdet = 1", "'bugdet'. Did you mean budget?", id="a key with a slip"),
        pytest.param("zzz = 1", "'zzz'. Choose from mode, engine, model, budget", id="a key like no other"),
        pytest.param('mode = "wirte"', "Did you mean write?", id="a choice with a slip"),
        pytest.param("mode = 3", "not one of fail, write, amend", id="a choice of another type"),
        pytest.param('budget = "soon"', "not a number of seconds", id="a number that is a text"),
        pytest.param("budget = true", "not a number of seconds", id="a number that is a truth value"),
        pytest.param("budget = 0", "above 0", id="no time at all"),
        pytest.param("budget = nan", "above 0", id="not a number"),
        pytest.param("budget = inf", "above 0", id="for ever"),
        pytest.param('exclude = "docs"', "not a list", id="a list that is a text"),
        pytest.param("exclude = [1]", "not a text", id="a list of something else"),
        pytest.param('tests-dir = "../elsewhere"', "not inside the repository", id="a folder outside"),
        pytest.param('tests-dir = "/elsewhere"', "not inside the repository", id="an absolute folder"),
        pytest.param('tests-dir = "C:/elsewhere"', "not inside the repository", id="a folder of another drive"),
        pytest.param('python = ""', "empty", id="an empty text"),
        pytest.param('python = "a\\u0000b"', "NUL", id="a text that no program takes"),
        pytest.param("budget = 1" + 400 * "0", "not a time", id="a time beyond numbers"),
        pytest.param("test-timeout = nan", "not a time", id="a time that is no number"),
        pytest.param("generation.max_tokens = inf", "not a whole number", id="endless tokens"),
        pytest.param("generation.n_ctx = nan", "not a whole number", id="tokens that are no number"),
        pytest.param(f'tests-dir = "{"a" * 300}"', "too long", id="a name that no folder can have"),
        pytest.param("models = 3", "not a table. Declare a model under [tool.pytestgen.models.NAME]", id="no table"),
        pytest.param("models.a = 3", "the model a is not a table", id="a model that is none"),
        pytest.param("models.a.flie = 'x'", "the model a has no 'flie'. Did you mean file?", id="a slip in a model"),
        pytest.param("models.a-1.5b.path = 'x'", "A name with a dot stands in quotes", id="a dot in a name"),
        pytest.param("models.a.repo = 'we/m'", "the model a needs a repo OWNER/NAME and a file", id="half a model"),
        pytest.param("models.a = {repo = 'm', file = 'm.gguf'}", "needs a repo OWNER/NAME", id="half a repo"),
        pytest.param("models.a = {repo = 'we/m', file = '../m.gguf'}", "needs a repo", id="a file outside"),
        pytest.param("models.a = {repo = 'we/m', file = 'm.gguf', revision = '../..'}", "needs a repo", id="and so"),
        pytest.param("models.a = {path = 'm.gguf', repo = 'we/m'}", "Leave one out", id="two places"),
        pytest.param("models.a = {path = 'm.gguf', sha256 = 'ab'}", "64 hexadecimal digits", id="a digest cut off"),
        pytest.param("models.a = {path = 'm.gguf', size = '5 GB'}", "not a number of bytes", id="a size in words"),
        pytest.param(
            "models.a = {repo = 'we/m', file = 'm.gguf', wheels = ['m==1']}", "need its size and sha256", id="unchecked"
        ),
        pytest.param(
            f"models.a = {{repo = 'we/m', file = 'm.gguf', size = 1, sha256 = '{'a' * 64}', wheels = ['--index-url=x']}}",
            "Write NAME==VERSION",
            id="an option of pip",
        ),
        pytest.param("tests-dir = 't'\ntests_dir = 'u'", "given twice", id="one key in two spellings"),
        pytest.param('baseline = "/etc/passwd"', "not inside the repository", id="a baseline elsewhere"),
        pytest.param('baseline = "."', "not a file", id="a baseline that is the top"),
        pytest.param('header = "yes"', "neither true nor false", id="a header that is a text"),
        pytest.param("overrides = 1", "not a list of tables", id="overrides that are a number"),
        pytest.param("overrides = [1]", "not a list of tables", id="overrides of numbers"),
        pytest.param("overrides = [{}]", "it names no paths", id="an override of nothing"),
        pytest.param('overrides = [{paths = "a"}]', "not a list", id="an override of a text"),
        pytest.param(
            'overrides = [{paths = ["a"], mdoe = "fail"}]', "Did you mean mode?", id="an override with a slip"
        ),
        pytest.param('overrides = [{paths = ["a"], mode = "no"}]', "not one of fail", id="an override of no mode"),
        pytest.param(
            'overrides = [{paths = ["a"], ignore = ["PTG01"]}]', "Did you mean PTG001?", id="an override of no rule"
        ),
    ],
)
def test_bad_settings_are_refused_by_name(table: str, told: str) -> None:
    with pytest.raises(FatalError, match=r"pyproject\.toml") as caught:
        from_pyproject(f"[tool.pytestgen]\n{table}\n")
    assert told in str(caught.value)


OVERRIDES = [
    {"paths": ["legacy", "*_pb2.py"], "ignore": ["PTG001", "ptg002"]},
    {"paths": ["core/*"], "mode": "amend"},
    {"paths": ["core/old/*"], "mode": "fail", "budget": 3},
]


def overridden(**more: object) -> Config:
    text = f"[tool.pytestgen]\noverrides = {json.dumps(OVERRIDES)}".replace(": ", " = ").replace('"paths"', "paths")
    return from_pyproject(text, **more)


def test_paths_have_settings_of_their_own_and_later_ones_win() -> None:
    config = overridden()
    assert [config.mode_of(path) for path in ("a.py", "core/a.py", "core/old/a.py")] == ["fail", "amend", "fail"]
    assert [config.budget_of(path) for path in ("core/a.py", "core/old/a.py")] == [None, 3.0]
    paths = ("legacy/x/a.py", "deep/a_pb2.py", "legacy.py", "core/a.py")
    assert [config.ignores("PTG002", path) for path in paths] == [True, True, False, False]
    assert not config.ignores("PTG004", "legacy/a.py")


def test_what_is_asked_for_on_the_spot_wins_over_what_is_said_of_paths() -> None:
    assert overridden(mode="write").mode_of("core/old/a.py") == "write"
    assert overridden(mode="write").budget_of("core/old/a.py") == 3.0
    assert overridden(budget=9).budget_of("core/old/a.py") is None
    read = reader(f"[tool.pytestgen]\noverrides = {json.dumps(OVERRIDES)}".replace(": ", " = "))
    config = load_config(Path(), read, None, {"PYTESTGEN_MODE": "write"}, {})
    assert config.mode_of("core/old/a.py") == "write"
    assert config.ignores("PTG001", "legacy/a.py")


# -- the schema --------------------------------------------------------------------------------------------------------


def schema() -> Any:
    return json.loads((resources.files("pytestgen_hook") / "schema" / "settings.schema.json").read_text())


def test_the_schema_has_every_setting_its_default_and_no_other() -> None:
    described = dict(schema()["properties"])
    tables = {"model": described["model"]["anyOf"][1]}
    tables |= {name: described.pop(name) for name in ("generation", "hardware", "output", "prompt")}
    described |= {f"{name}.{key}": one for name, table in tables.items() for key, one in table["properties"].items()}
    assert sorted(described) == sorted([*setting_names(), "model.name", "output.default_dir"])
    for field in fields(Config):
        shown = described[written(field.name)]
        mode = schema()["$defs"]["mode"]["default"] if shown == {"$ref": "#/$defs/mode"} else None
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        default = {} if field.name == "models" else default
        assert shown.get("default", mode) == default, field.name
    assert sorted(schema()["properties"]["overrides"]["items"]["properties"]) == sorted(
        field.name for field in fields(Override)
    )


@pytest.mark.parametrize(
    ("settings", "is_good"),
    [
        ({}, True),
        ({"mode": "write", "budget": 5, "exclude": ["a/*"], "overrides": OVERRIDES}, True),
        ({"tests-dir": "tests", "baseline": "ci/known.json", "header": True, "allow-estimates": True}, True),
        ({"models": {"mine": {"path": "a.gguf"}}}, True),
        ({"models": {"mine": {"repo": "a/b", "file": "c.gguf", "sha256": "0" * 64}}}, True),
        ({"models": {"mine": {}}}, False),
        ({"models": {"mine": {"repo": "a", "file": "c.gguf"}}}, False),
        ({"models": {"mine": {"path": "a.gguf", "repo": "a/b"}}}, False),
        ({"models": []}, False),
        ({"mode": "wirte"}, False),
        ({"budget": 0}, False),
        ({"budget": "5"}, False),
        ({"bugdet": 5}, False),
        ({"exclude": "a"}, False),
        ({"python": ""}, False),
        ({"tests-dir": "../a"}, False),
        ({"tests-dir": "/a"}, False),
        ({"baseline": "C:/a"}, False),
        ({"model": "a", "generation": {"n_ctx": 512, "max_tokens": 5, "temperature": 0.5, "top_p": 1}}, True),
        ({"model": {"name": "a", "profile": "whole-tests"}, "hardware": {"n_threads": -1}}, True),
        ({"model": {"repo": "a/b", "file": "c.gguf"}, "output": {"default_dir": "./t/"}}, True),
        ({"models": {"mine": {"path": "a.gguf", "profile": "whole-tests"}}}, True),
        ({"models": {"mine": {"path": "a.gguf", "profile": "poems"}}}, False),
        ({"prompt": {"template": "Test {this}:\n{code}\n"}}, True),
        ({"prompt": {"template": "{code}\n{code}"}}, False),
        ({"prompt": {"template": "Test it"}}, False),
        ({"model": {"profile": "poems"}}, False),
        ({"model": {"quant": "q4"}}, False),
        ({"generation": {"max_tokens": 0.5}}, False),
        ({"generation": {"names": True}}, True),
        ({"generation": {"names": "all"}}, False),
        ({"generation": {"temperature": 3}}, False),
        ({"hardware": {"n_threads": 0}}, False),
        ({"output": {"overwrite": True}}, False),
        ({"overrides": [{"ignore": ["PTG001"]}]}, False),
        ({"overrides": [{"paths": []}]}, False),
        ({"overrides": [{"paths": ["a"], "budget": 1}]}, True),
        ({"overrides": [{"paths": ["a"], "budget": 0}]}, False),
        ({"overrides": [{"paths": ["a"], "python": "a"}]}, False),
        ({"overrides": [{"paths": ["a"], "ignore": ["all"]}]}, False),
    ],
)
def test_the_schema_takes_what_the_program_takes(tmp_path: Path, settings: dict[str, object], is_good: bool) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(json.dumps(settings))
    try:
        load_config(tmp_path, reader(None), path, {}, {})
        taken = True
    except FatalError:
        taken = False
    assert taken is jsonschema.Draft202012Validator(schema()).is_valid(settings) is is_good


def test_broken_toml_is_refused_with_its_line() -> None:
    with pytest.raises(FatalError, match=r"pyproject.toml: not valid TOML: .*line 2"):
        from_pyproject("[tool.pytestgen]\nmode = \n")


def test_toml_in_another_encoding_is_refused() -> None:
    with pytest.raises(FatalError, match="not valid TOML"):
        load_config(Path(), lambda _: b"[tool.pytestgen]\npython = '\xff'\n", None, {}, {})


def test_a_table_that_is_none_is_refused() -> None:
    with pytest.raises(FatalError, match="expected names with values"):
        from_pyproject("[tool]\npytestgen = 3\n")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param("s.yaml", "mode: [", "not valid YAML", id="broken YAML"),
        pytest.param("s.yaml", "- mode", "expected names with values", id="a YAML list"),
        pytest.param(
            "s.yaml", "!!python/object/apply:os.getcwd []", "not valid YAML", id="YAML that wants to run code"
        ),
        pytest.param("s.ini", "mode = write", ".toml, .yaml", id="another format"),
        pytest.param(None, "", "No such file", id="a file that is missing"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, name: str | None, content: str, told: str) -> None:
    path = tmp_path / (name or "missing.toml")
    if name:
        path.write_text(content)
    with pytest.raises(FatalError) as caught:
        load_config(tmp_path, reader(None), path, {}, {})
    assert told in str(caught.value)


def test_a_bad_flag_is_named_as_one() -> None:
    with pytest.raises(FatalError, match=r"--budget = -1\.0"):
        from_pyproject(None, budget=-1.0)


def test_a_bad_variable_is_named_as_one() -> None:
    with pytest.raises(FatalError, match="PYTESTGEN_MODE = 'no'"):
        load_config(Path(), reader(None), None, {"PYTESTGEN_MODE": "no"}, {})


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_a_setting_that_is_true_or_false_can_come_from_the_environment(text: str, expected: bool) -> None:
    config = load_config(Path(), lambda _: None, None, {"PYTESTGEN_ALLOW_ESTIMATES": text}, {})
    assert config.allow_estimates is expected


def test_what_is_neither_true_nor_false_is_refused() -> None:
    with pytest.raises(FatalError, match="neither true nor false"):
        load_config(Path(), lambda _: None, None, {"PYTESTGEN_ALLOW_ESTIMATES": "perhaps"}, {})


def test_settings_of_models_that_are_shown_can_be_read(tmp_path: Path) -> None:
    config = Config(
        model="ours",
        model_profile="whole-tests",
        generation_max_tokens=5,
        generation_temperature=0.5,
        hardware_n_threads=2,
        prompt_template='Test "this":\n{code}\n',
        models=(Model("ours", "a.gguf", "we/models", profile="whole-tests"),),
    )
    (tmp_path / "s.toml").write_text(described(config, {}))
    assert load_config(tmp_path, reader(None), tmp_path / "s.toml", {}, {}) == config
    assert load_config(tmp_path, reader(None), tmp_path / "s.toml", {}, {}).models[0].profile == "whole-tests"
