"""What the model is told of a function: its code with marks, the goals, and what is around it as far as there is room."""

import pytest

from pytestgen_hook.functions import functions_in
from pytestgen_hook.model import prompts

SOURCE = b'''import re
import os

LIMIT = 10
UNUSED = 11


def helper(text):
    """Say something."""
    return text.strip()


def grade(text, strict=False):
    """Return the grade.

    At length.
    """
    # a remark
    text = helper(text)
    if not text:
        return None
    for part in text.split():
        if len(part) > LIMIT:
            raise ValueError(part)
    try:
        number = int(text)
    except ValueError:
        number = 0
    return number + 1


class Box:
    def __init__(self, size, colour="red"):
        self.size = size

    def is_large(self):
        return self.size > 3
'''
FUNCTIONS = {function.qualname: function for function in functions_in("a.py", SOURCE)}
LINES = SOURCE.decode().splitlines()
NOTHING = {"lines": [], "branches": [], "mutants": []}
FORM = {"name": "grade", "owner": None, "receiver": None, "parameters": [], "classes": {}, "anywhere": []}


def line(text):
    return next(number for number, known in enumerate(LINES, 1) if known.strip() == text)


def asked(name="grade", known=(), form=FORM, most_lines=prompts.MOST_LINES, **left):
    return prompts.question(FUNCTIONS[name], SOURCE, {**NOTHING, **left}, list(known), form, most_lines=most_lines)


def test_lines_are_those_of_python_where_a_form_feed_stands_before_the_function():
    paged = SOURCE.replace(b"\n\n\ndef grade", b"\n\x0c\n\ndef grade")
    (function,) = [one for one in functions_in("a.py", paged) if one.qualname == "grade"]
    left = {**NOTHING, "lines": [line("return None")]}
    assert prompts.question(function, paged, left, [], FORM) == asked(lines=[line("return None")])


def goals(name="grade", **left):
    return prompts.goals(FUNCTIONS[name], SOURCE, {**NOTHING, **left})


def test_what_never_ran_is_marked_and_its_conditions_are_the_goal():
    left = {"lines": [line("raise ValueError(part)")], "branches": [[line("if len(part) > LIMIT:"), True]]}
    assert "raise ValueError(part)  # NEVER RUN" in asked(**left)
    assert goals(**left) == ["not `not text` and a pass of `for part in text.split()` and `len(part) > LIMIT`"]


def test_a_way_that_leads_nowhere_new_is_a_goal_too():
    assert goals(branches=[[line("for part in text.split():"), False]]) == [
        "not `not text` and no pass of `for part in text.split()`"
    ]


def test_conditions_behind_a_line_that_never_ran_are_goals():
    behind = [
        "if not text:",
        "return None",
        "for part in text.split():",
        "if len(part) > LIMIT:",
        "raise ValueError(part)",
    ]
    assert goals(lines=[line(text) for text in behind]) == [
        "`not text`",
        "not `not text` and a pass of `for part in text.split()`",
        "not `not text` and a pass of `for part in text.split()` and `len(part) > LIMIT`",
    ]


def test_a_line_that_never_ran_is_the_goal_where_nothing_else_is_behind_it():
    assert goals(lines=[line("return number + 1")]) == ["the line `return number + 1` run"]


def test_a_handler_is_reached_by_what_raises():
    assert goals(lines=[line("number = 0")]) == ["not `not text` and ValueError from `number = int(text)`"]


@pytest.mark.parametrize(
    ("after", "mark", "goal"),
    [
        ("return number + 2", "# UNNOTICED: return number + 2", "another result with `return number + 2`"),
        ("pass", "# UNNOTICED: without this", "another result without `return number + 1`"),
    ],
)
def test_changes_that_nobody_noticed_are_marked(after, mark, goal):
    place = line("return number + 1")
    mutants = [[0, place, "label", "return number + 1", after]]
    assert f"return number + 1  {mark}" in asked(mutants=mutants)
    assert goals(mutants=mutants) == [goal]


def test_what_the_function_uses_is_shown_and_nothing_else():
    text = asked()
    assert "LIMIT = 10" in text
    assert "def helper(text):\n    return text.strip()" in text
    for absent in ("UNUSED", "import os", "class Box", "At length", "a remark", "Say something"):
        assert absent not in text


def test_a_method_stands_in_its_class_and_names_how_that_is_made():
    form = {**FORM, "name": "is_large", "receiver": ["new", "Box"]}
    text = asked("Box.is_large", form=form, known=["Box(size=1).is_large()"])
    assert (
        "class Box:\n    def __init__(self, size, colour='red'):\n        self.size = size\n    def is_large(self):"
        in text
    )
    assert "Write calls of `Box(...).is_large`" in text
    assert "```python\nBox(size=1).is_large()\n```" in text


def test_what_is_far_from_the_marks_gives_way():
    text = asked(lines=[line("number = 0")], most_lines=6)
    code = text.split("```")[0]
    assert "number = 0  # NEVER RUN" in code
    assert "def grade" in code
    assert "..." in code
    assert "raise ValueError" not in code


def test_changes_of_many_lines_come_before_many_of_one():
    first, second = line("number = 0"), line("return number + 1")
    mutants = [[0, first, "", "a", "b"], [1, first, "", "a", "c"], [2, second, "", "a", "d"]]
    assert goals(mutants=mutants) == [f"another result with `{after}`" for after in "bdc"]


def test_goals_begin_the_answers_and_the_question_names_none():
    left = {"lines": [line("number = 0")]}
    (goal,) = goals(**left)
    assert goal not in asked(**left)
    assert f"```python\n{prompts.opening('`match is None` and `default is not None`')}parse_size(" in prompts.prefix()


def test_all_questions_share_one_beginning():
    assert prompts.prefix() == prompts.prefix()
    assert (
        prompts.prefix().count("<|im_start|>") == prompts.prefix().count("<|im_end|>") + 1
    )  # the next question is begun
