"""Asking the real small model for calls: how many it may write for a goal, and where its answers end."""

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from pytestgen_hook.cache import Cache
from pytestgen_hook.engines import model as engine
from pytestgen_hook.engines import search
from pytestgen_hook.functions import functions_in
from pytestgen_hook.model import answers, prompts
from pytestgen_hook.model.calls import Settings, ask

SOURCE = b"""def kind(text: str) -> str:
    if text.startswith("a"):
        return "first"
    if text.endswith("z"):
        return "last"
    return "other"
"""
FUNCTION = functions_in("kinds.py", SOURCE)[0]
LEFT = {"lines": [3, 5], "branches": [], "mutants": []}
FORM = {
    "name": "kind",
    "owner": None,
    "receiver": None,
    "parameters": [{"name": "text", "required": True, "type": ["str"]}],
    "classes": {},
    "anywhere": [],
}


@pytest.fixture(scope="module")
def model(model_file, tmp_path_factory):
    from pytestgen_hook.model.local import LocalModel

    with LocalModel(model_file, n_ctx=2048, threads=1, states=tmp_path_factory.mktemp("states")) as made:
        yield made


@pytest.mark.parametrize(("on", "most"), [(False, 1), (True, 2)])
def test_first_a_call_for_each_goal_is_enough(model, monkeypatch, on, most):
    monkeypatch.setattr(prompts, "prefix", lambda: "")  # the examples take long to read, and change no number
    written: list[tuple[str, ...]] = []
    whole = model.complete_all

    def noting(*arguments, **options):
        found = whole(*arguments, **options)
        written.extend(tuple(one.text.split("\n")[:-1]) for one in found)  # whole lines
        return found

    monkeypatch.setattr(model, "complete_all", noting)
    settings = Settings(answers=4, tokens=60)
    asked = ask(model, FUNCTION, SOURCE, LEFT, FORM, [], settings, seconds=120, on=on)
    assert len(prompts.goals(FUNCTION, SOURCE, LEFT)) == 2
    assert len(written) == 2
    assert all(1 <= len(lines) <= most for lines in written), written
    assert set(asked.calls) == {line for lines in written for line in lines}
    assert all(line.startswith("kind(text=") and line.endswith(")") for line in asked.calls)


STUCK = """
def grade(name: str, points: int) -> str:
    if len(name) < 0:
        return "never"
    return f"{name}: {points}"
"""


def test_more_is_asked_for_where_the_first_answers_bring_nothing(model, tmp_path, monkeypatch):
    monkeypatch.setattr(prompts, "prefix", lambda: "")
    (tmp_path / "grades.py").write_text(STUCK)
    (function,) = functions_in("grades.py", STUCK.encode())
    task = search.Task(function, "grades", key="grade")
    bench = search.Bench(Path(sys.executable), tmp_path, [""], tmp_path)
    cache = Cache(tmp_path / "cache")
    loaded = []

    def load():
        loaded.append(model)
        return nullcontext(model)

    speaker = engine.Speaker(lambda: "", load, is_wanted=True)
    # What it says first is known from an earlier run: a call that is new, and cannot reach what cannot be reached.
    answers.keep(cache, answers.key("grade", "", speaker.settings.key()), ['grade(name="Ann", points=77)'], 12)
    seeds = []
    whole = model.complete_all

    def noting(*arguments, **options):
        seeds.append(options["seed"])
        return whole(*arguments, **options)

    monkeypatch.setattr(model, "complete_all", noting)
    for _ in range(2):  # the second run finds all that there was to ask
        list(engine.explore([task], bench, speaker, seconds=200.0, done=lambda _: None, cache=cache))
        assert (seeds, loaded) == ([1], [model])
