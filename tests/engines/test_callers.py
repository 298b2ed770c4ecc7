"""Functions that are given what only other functions of the project make: their tests call those, with plain values."""

import sys
import textwrap
from pathlib import Path

import pytest
from exploring import explored, written

from pytestgen_hook.engines import search
from pytestgen_hook.functions import functions_in

SIGNS = '''
NUMBER = object()
SIGN = object()


def numbers(text):
    """Return the numbers that a text has between blanks."""
    return [int(part) for kind, part in signed(split(text)) if kind is NUMBER]


def split(text):
    return [(NUMBER if part.isdigit() else SIGN, part) for part in text.split(" ")]


def signed(tokens):
    found = []
    for kind, text in tokens:
        if found and kind is NUMBER and found[-1][0] is SIGN:
            found[-1] = (NUMBER, "-" + text)
        else:
            found.append((kind, text))
    return found
'''


def test_what_only_a_caller_can_make_is_reached_through_it(tmp_path):
    signed = explored(tmp_path, SIGNS, seconds=25.0)["signed"]
    through = [case for case in signed.cases if case.call.startswith("numbers(")]
    assert signed.lines_run == signed.lines_total
    assert all(case.kills and case.through == "numbers" for case in through)
    assert "def test_signed_through_numbers" in written(signed)
    assert signed.left["through"] == ["subject", "numbers"]
    assert "numbers(text)" in signed.left["form"]["head"]


def test_what_can_be_called_itself_has_no_tests_of_its_callers(tmp_path):
    source = """
    def labelled(text):
        return [label(part) for part in text.split(",")]

    def label(part):
        return part.strip().upper() or "none"
    """
    label = explored(tmp_path, source, seconds=25.0)["label"]
    assert all(case.call.startswith("label(") for case in label.cases)


def test_a_method_of_what_cannot_be_constructed_is_reached_through_what_constructs_it(tmp_path):
    source = """
    _TOKEN = object()

    class Meter:
        def __init__(self, token):
            if token is not _TOKEN:
                raise TypeError("use opened()")
            self.total = 0

        def add(self, amount):
            if amount > 10:
                amount = 0
            self.total += amount
            return self.total

    def opened(amounts):
        meter = Meter(_TOKEN)
        return [meter.add(amount) for amount in amounts]
    """
    add = explored(tmp_path, source, seconds=25.0)["Meter.add"]
    assert add.lines_run == add.lines_total
    assert add.mutants_killed == add.mutants_total
    assert {case.call for case in add.cases} == {"opened(amounts)"}


def test_a_tree_of_objects_is_told_by_the_classes_and_texts_of_what_it_holds(tmp_path):
    source = """
    class Leaf:
        def __init__(self, text):
            self._text = text

        def __str__(self):
            return self._text

    class Group:
        def __init__(self, parts):
            self._text = "".join(map(str, parts))
            self.parts = parts

        def __str__(self):
            return self._text

    def grouped(text):
        found = []
        for part in text.split(","):
            if len(part) > 1:
                found.append(Group([Leaf(letter) for letter in part]))
            else:
                found.append(Leaf(part))
        return found
    """
    grouped = explored(tmp_path, source, seconds=25.0)["grouped"]
    assert grouped.mutants_killed == grouped.mutants_total
    told = {check.subject for case in grouped.cases for check in case.checks}
    assert {"[type(item).__name__ for item in result]", "[str(item) for item in result]"} <= told


def test_an_option_that_leads_there_is_given(tmp_path):
    source = """
    _MARK = object()

    class Shouting:
        def __init__(self, mark):
            if mark is not _MARK:
                raise TypeError(mark)

        def changed(self, words):
            return [word.upper() for word in words]

    def checked(options):
        if options.get("loud") not in (None, True, False):
            raise ValueError("loud is a switch")
        return options

    def spoken(text, **options):
        options = checked(options)
        words = text.split()
        if options.get("loud"):
            words = Shouting(_MARK).changed(words)
        return " ".join(words)
    """
    changed = explored(tmp_path, source, seconds=25.0)["Shouting.changed"]
    assert changed.mutants_killed == changed.mutants_total
    assert any('"loud": True' in text for case in changed.cases for _, text in case.arguments)


def test_calls_of_a_caller_that_people_wrote_down_are_tried(tmp_path):
    source = """
    def table(text):
        return rows([tuple(line.split("|")) for line in text.splitlines()])

    def rows(found):
        if found and found[0] == ("#kind", "v7", "stable"):
            return len(found) - 1
        return 0
    """
    test = """
    from subject import table

    def test_table():
        assert table("#kind|v7|stable\\n1|2") == 1
    """
    rows = explored(tmp_path, source, seconds=25.0, test_subject=test)["rows"]
    assert rows.lines_run == rows.lines_total


CODES = """
    _MARK = object()

    def decoded(text):
        kind, _, rest = text.partition("/")
        return told((_MARK, kind), rest)

    def told(head, rest):
        if head[0] is not _MARK:
            raise TypeError(head)
        if head[1] == "zx" + "81" * 3:
            return rest.upper()
        return rest
"""


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"proposed": ['decoded(text="zx818181/ab")']}, id="a call"),
        pytest.param({"proposed": ['decoded(text="x")'], "texts": ["zx818181/ab"]}, id="a text of another call"),
    ],
)
def test_what_is_proposed_to_a_caller_is_watched_in_the_function(tmp_path, more):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "subject.py").write_text(textwrap.dedent(CODES))
    told = next(one for one in functions_in("subject.py", (tree / "subject.py").read_bytes()) if one.name == "told")
    runtime = search.runtime(search.Bench(Path(sys.executable), tree, [""], tmp_path), "test")
    more = {**more, "through": ["subject", "decoded"]}
    done, runtime = search.ask(runtime, 0, search.Task(told, "subject"), 3.0, 30.0, hypothesis=False, more=more)
    runtime.close()
    assert {case.through for case in done.exploration.cases} == {"decoded"}
    assert any("zx818181/" in text for case in done.exploration.cases for _, text in case.arguments)


def test_a_caller_that_does_not_reach_what_is_called_well_itself_is_not_asked_for(tmp_path):
    source = """
    class Span:
        def __init__(self, days: int):
            self.days = days

        def plus(self, other):
            if other.days * 7919 % 104729 == 13:
                return "rare"
            return self.days + other.days


    def label(text: str) -> str:
        return text.strip() or Span.__name__
    """
    plus = explored(tmp_path, source)["Span.plus"]
    assert plus.left["lines"]
    assert plus.left["through"] is None


PARSER = """
class Word:
    def __init__(self, text):
        self.text = text

    def __str__(self):
        return self.text


def is_slash(word):
    return word.text == "/"


class Parser:
    _only = None

    @classmethod
    def only(cls):
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def words(self, text):
        return [Word(part) for part in text.split()]
"""


def test_what_a_script_calls_it_with_is_tried_as_it_stands_there(tmp_path):
    source = """
    import parsing

    def runs(words):
        found = [[]]
        for word in words:
            if parsing.is_slash(word) and len(words) > 6:
                found.append([])
            else:
                found[-1].append(word)
        return found

    if __name__ == "__main__":
        TEXT = "a b / c d e / f"
        kind, given = 1, parsing.Parser.only().words(TEXT)
        print(runs(given))
    """
    runs = explored(tmp_path, source, parsing=PARSER)["runs"]
    assert runs.lines_run == runs.lines_total
    text = written(runs)
    assert "[[str(item) for item in row] for row in result]" in text
    assert text.index('monkeypatch.setattr("parsing.Parser._only", None)') < text.index("Parser.only()")
