"""Rows come from calls that ran, and each answers what its question marks as left."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from finetuning import collect, sources
from finetuning.gates import by_name
from finetuning.rows import distinct
from pytestgen_hook.errors import FatalError
from tests.conftest import Repo


def test_tests_are_no_functions_to_collect_and_lend_their_calls(opened, size):
    assert [task.function.qualname for task in opened.tasks] == ["size", "die", "sign"]
    assert size.calls == ("size('3k')",)


def test_a_search_finds_calls_for_rows(opened):
    found = list(collect.collected(opened, seconds=6.0, excluded={opened.form(task) for task in opened.tasks[:2]}))
    assert {row.origin.function for row in found} == {"sign"}


def test_rows_say_where_they_are_from(rows, opened):
    for row in rows:
        assert (row.origin.repository, row.origin.path, row.licence) == ("sizes", "sizes.py", "MIT")
        assert row.origin.commit == opened.commit
        assert row.form


def test_answers_are_calls_of_the_function_and_none_of_those_there(rows):
    for row in rows:
        assert len(row.answer) == len(row.reasons)
        assert not set(row.answer) & set(row.known)
        for call in row.answer:
            assert ast.unparse(ast.parse(call, mode="eval").body.func) == row.origin.function


def test_every_call_of_an_answer_shows_something_that_the_known_ones_leave_open(rows, gates, opened):
    tasks = {task.function.qualname: task for task in opened.tasks}
    for row in rows:
        task = tasks[row.origin.function]
        known = gates.judged(task, row.known)
        left = gates.open(task, known).left
        open_lines, open_mutants = set(left["lines"]), {number for number, *_ in left["mutants"]}
        taken = {arc for one in known for arc in one.arcs}
        assert "# NEVER" in row.question or "# UNNOTICED" in row.question
        for one in gates.judged(task, row.answer):
            assert {line for _, line in one.arcs} & open_lines or one.kills & open_mutants or one.arcs - taken


def test_what_does_not_run_or_not_alike_or_shows_nothing_new_is_in_no_row(gates, opened, size):
    die = next(task for task in opened.tasks if task.function.qualname == "die")
    assert [one.text for one in gates.judged(die, ["die(sides=1)", "die(sides=999)"])] == ["die(sides=1)"]
    calls = ['size(text="5")', "size(text=5)", 'size(number="5")', "size(", 'size(text="6")', 'size(text="-1")']
    judged = {one.text: one for one in gates.judged(size, calls)}
    assert set(judged) <= {'size(text="5")', 'size(text="6")', 'size(text="-1")', "size(text=5)"}
    row = gates.row(size, [judged['size(text="5")']], [judged['size(text="6")'], judged['size(text="-1")']], "x")
    assert row is not None
    assert row.answer[0] == 'size(text="-1")'
    assert gates.row(size, [judged['size(text="5")']], [judged['size(text="5")']], "x") is None


def test_arguments_of_objects_are_given_by_name_as_the_model_will_have_to():
    classes = {"Box": {"parameters": [{"name": "sides"}, {"name": "name"}]}, "Path": {"parameters": [{"name": None}]}}
    written = by_name('Box([Box(1, "ä"), Path("a")], name="b").put(thing=other(2))', {"classes": classes})
    assert written == 'Box(sides=[Box(sides=1, name="ä"), Path("a")], name="b").put(thing=other(2))'
    assert by_name("box = Box(3); box.put()", {"classes": classes}) == "box = Box(sides=3); box.put()"


def test_what_is_excluded_is_not_collected(opened):
    banned = {opened.form(task) for task in opened.tasks}
    assert list(collect.collected(opened, seconds=0.5, excluded=banned)) == []


def test_rows_pass_the_gates_again_without_the_calls_that_do_not(rows, gates):
    row = next(row for row in rows if row.origin.function == "size")
    spoilt = replace(row, answer=(*row.answer, "size(text=None, default=open)", row.known[0]), question="old", prompt=0)
    assert gates.again(spoilt) == row
    assert gates.again(replace(row, answer=("size()",))) is None
    assert gates.again(replace(row, origin=replace(row.origin, commit="0" * 40))) is None
    assert gates.again(replace(row, origin=replace(row.origin, function="gone"))) is None


def test_copies_are_one_row(rows):
    copies = [replace(row, origin=replace(row.origin, repository="fork")) for row in rows]
    assert distinct([*rows, *copies]) == distinct(rows)


def test_the_same_distribution_is_the_same_commit(tmp_path):
    commits = set()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.py").write_text("A = 1\n")
        sources._committed(folder)
        commits.add(Repo(folder).git("rev-parse", "HEAD"))
    assert len(commits) == 1


def test_a_repository_without_a_licence_or_a_commit_is_refused(tmp_path, library):
    with pytest.raises(FatalError, match="--licence"), sources.opened(library, " ", Path("python")):
        pass
    Repo(tmp_path).git("init", "--quiet")
    with pytest.raises(FatalError, match="Commit first"), sources.opened(tmp_path, "MIT", Path("python")):
        pass


def test_the_list_of_libraries_has_licences_and_none_for_both_purposes():
    listed = sources.libraries()
    assert all(library.licence and library.purpose in ("train", "test") for library in listed)
    names = [library.requirement.partition("==")[0] for library in listed]
    assert len(set(names)) == len(names)
