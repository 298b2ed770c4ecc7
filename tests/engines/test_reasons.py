"""Why a case stays is true of it and of no other: held against a tracer and mutants of the test's own."""

import re
import sys
import textwrap
from dataclasses import replace

from exploring import explored, the_only

from pytestgen_hook.reasons import menus, reasons, without_superfluous
from pytestgen_hook.render import call_and_outcome
from pytestgen_hook.types.generated import WrittenTest

SOURCE = textwrap.dedent(
    """
    def fee(weight, express=False):
        if weight <= 0:
            raise ValueError("nothing to send")
        if weight == 13:
            return 0
        price = 4
        if weight < 20:
            price = 2
        if express:
            price *= 3
        return price
    """
).lstrip()


def lines_of(call, source=SOURCE):
    """Return the lines that a call runs, seen by a tracer."""
    seen = set()
    names = {}
    exec(compile(source, "<fee>", "exec"), names)

    def trace(frame, event, _):
        if frame.f_code.co_filename == "<fee>":
            seen.add(frame.f_lineno) if event == "line" else None
            return trace
        return None

    sys.settrace(trace)
    try:
        outcome = repr(eval(call, names))
    except ValueError as error:
        outcome = repr(error)
    finally:
        sys.settrace(None)
    return seen, outcome


def calls_of(exploration):
    return [call for call, _ in map(call_and_outcome, exploration.cases)]


def test_each_case_stays_for_what_it_alone_shows(tmp_path):
    exploration = the_only(explored(tmp_path, SOURCE))
    calls = calls_of(exploration)
    told = reasons(exploration, SOURCE)
    assert all(told)
    assert len(set(told)) == len(told)
    kinds = set()
    for index, reason in enumerate(told):
        if found := re.fullmatch(r"alone runs line (\d+): (.*)", reason):
            line = int(found[1])
            assert [at for at, call in enumerate(calls) if line in lines_of(call)[0]] == [index]
            assert SOURCE.splitlines()[line - 1].strip() == found[2]
            kinds.add("line")
        elif found := re.fullmatch(r"alone notices a change of line (\d+) \((.+) became (\S+)\): (.*)", reason):
            lines = SOURCE.splitlines()
            at = int(found[1]) - 1
            assert lines[at].strip() == found[4]
            old = "<=?" if found[2] == "the order" else re.escape(found[2])
            lines[at] = re.sub(rf"(?<![\w<>=]){old}(?![\w<>=])", found[3], lines[at], count=1)
            mutant = "\n".join(lines)
            noticing = [at for at, call in enumerate(calls) if lines_of(call)[1] != lines_of(call, mutant)[1]]
            assert noticing == [index]
            kinds.add("mutant")
        else:
            raise AssertionError(reason)
    assert kinds == {"line", "mutant"}


def test_a_step_is_a_reason_where_no_line_is(tmp_path):
    source = "def shorten(text, cut):\n    if cut:\n        text = text[:3]\n    return text\n"
    exploration = the_only(explored(tmp_path, source))
    told = [reason.text for menu in menus(exploration, source) for reason in menu]
    assert "alone goes from line 2 to line 4: return text" in told


def test_a_property_takes_no_examples_place_and_is_not_counted_among_the_others(tmp_path):
    exploration = the_only(explored(tmp_path, SOURCE))
    alone = reasons(exploration, SOURCE)
    whole = replace(
        exploration.cases[0],
        given="keeps_length",
        lines=frozenset().union(*[case.lines for case in exploration.cases]),
        kills=frozenset().union(*[case.kills for case in exploration.cases]),
        arcs=frozenset(),
        slips=frozenset(),
    )
    both = replace(exploration, cases=(*exploration.cases, whole))
    assert without_superfluous(both) == both
    assert reasons(both, SOURCE) == [*alone, "held for all that Hypothesis drew"]


def test_nothing_is_said_to_be_alone_with_a_mutant_that_others_were_not_held_against(tmp_path):
    exploration = the_only(explored(tmp_path, SOURCE))
    noticing = [at for at, told in enumerate(reasons(exploration, SOURCE)) if told.startswith("alone notices")]
    assert noticing
    later = replace(
        exploration.cases[noticing[-1]], kills=frozenset(), slips=frozenset(), tried=frozenset(), words="later"
    )
    told = reasons(replace(exploration, cases=(*exploration.cases, later)), SOURCE)
    assert told[noticing[-1]].startswith("notices a change of line ")


def test_steps_are_no_reason_beside_a_test_whose_steps_nobody_knows(tmp_path):
    source = "def shorten(text, cut):\n    if cut:\n        text = text[:3]\n    return text\n"
    exploration = the_only(explored(tmp_path, source))
    beside = WrittenTest("test_shorten", ("assert shorten('a', 0) == 'a'",), lines=frozenset({2, 4}))
    told = [reason.text for menu in menus(replace(exploration, written=(beside,)), source) for reason in menu]
    assert told
    assert not any("goes from" in text or "leaves at" in text for text in told)


def test_a_call_of_the_function_itself_stays_beside_one_through_another(tmp_path):
    exploration = the_only(explored(tmp_path, SOURCE))
    through = replace(exploration.cases[0], through="main")
    for cases in ((*exploration.cases, through), (through, *exploration.cases)):
        assert without_superfluous(replace(exploration, cases=cases)) == exploration


def test_a_reason_to_choose_is_short_and_of_ascii(tmp_path):
    source = "def level(number):\n    if number > " + "9" * 80 + ':\n        return "größer"\n    return ""\n'
    exploration = the_only(explored(tmp_path, source))
    found = [reason for menu in menus(exploration, source) for reason in menu]
    assert any("größer" in reason.text for reason in found)
    assert all(reason.short.isascii() and len(reason.short) < 100 and len(reason.text) < 200 for reason in found)


def test_lines_are_those_of_python_where_a_form_feed_stands_before_them(tmp_path):
    paged = "\x0c" + SOURCE
    exploration = the_only(explored(tmp_path, SOURCE))
    assert reasons(exploration, paged) == reasons(exploration, SOURCE)


def test_what_later_cases_show_too_does_not_stay(tmp_path):
    exploration = the_only(explored(tmp_path, SOURCE))
    first, *rest = exploration.cases
    later = replace(first, words="later")
    assert without_superfluous(replace(exploration, cases=(first, *rest, later))).cases == (*rest, later)
    assert without_superfluous(exploration) == exploration


def test_the_only_case_shows_all(tmp_path):
    source = "def double(number):\n    return 2 * number\n"
    exploration = the_only(explored(tmp_path, source))
    assert len(exploration.cases) == 1
    assert reasons(exploration, source) == ["the only one"]


def test_what_a_test_of_a_model_shows_too_no_case_shows_alone(tmp_path):
    exploration = the_only(explored(tmp_path, SOURCE))
    index, reason = next(one for one in enumerate(reasons(exploration, SOURCE)) if one[1].startswith("alone runs"))
    case = exploration.cases[index]
    beside = WrittenTest("test_fee", ("assert fee(13) == 0",), lines=case.lines, kills=case.kills)
    told = reasons(replace(exploration, written=(beside,)), SOURCE)
    assert reason not in told
    assert told[-1].startswith("notices a change of line ")


def test_the_reason_that_was_chosen_is_told_as_long_as_it_is_true(tmp_path):
    exploration = the_only(explored(tmp_path, SOURCE))
    index, menu = next((index, menu) for index, menu in enumerate(menus(exploration, SOURCE)) if len(menu) > 1)
    chosen = [*exploration.cases]
    chosen[index] = replace(chosen[index], reason=menu[-1].text)
    assert reasons(replace(exploration, cases=tuple(chosen)), SOURCE)[index] == menu[-1].text
    chosen[index] = replace(chosen[index], reason="alone runs line 1: nothing")
    assert reasons(replace(exploration, cases=tuple(chosen)), SOURCE)[index] == menu[0].text


def test_hypothesis_holds_for_all_that_it_draws(tmp_path):
    source = "def arranged(values: list[int]) -> list[int]:\n    return sorted(values)\n"
    exploration = the_only(explored(tmp_path, source, hypothesis=True))
    at = [index for index, case in enumerate(exploration.cases) if case.given]
    assert at
    assert all(reasons(exploration, source)[index] == "held for all that Hypothesis drew" for index in at)
