"""The door to llama.cpp, with the real small model."""

import math
import subprocess
import sys

import pytest

from pytestgen_hook.errors import FatalError

pytest.importorskip("llama_cpp")
from pytestgen_hook.model.local import LocalModel, Sampling

PREFIX = "<|im_start|>system\nYou write Python.<|im_end|>\n"
PROMPT = "<|im_start|>user\nName a colour.<|im_end|>\n<|im_start|>assistant\n"
COLOUR = 'root ::= "red" | "green" | "blue"'


def loaded(path, states, **settings):
    # One thread: with more, each waits for the others wherever the machine has other things to do.
    return LocalModel(path, n_ctx=512, threads=1, identity="test", states=states, **settings)


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    return tmp_path_factory.mktemp("states")


@pytest.fixture(scope="module")
def used(model_file, states):
    """A model and its first answer, after a constant part that nobody has read before."""
    with loaded(model_file, states) as made:
        found = made.complete(PROMPT, prefix=PREFIX, max_tokens=6)
        assert found.prefix == "read"
        yield made, found


@pytest.fixture(scope="module")
def model(used):
    return used[0]


@pytest.fixture(scope="module")
def answer(used):
    return used[1]


def test_the_same_question_has_the_same_answer(model, answer):
    again = model.complete(PROMPT, prefix=PREFIX, max_tokens=6)
    assert (again.text, again.tokens, again.prompt_tokens) == (answer.text, answer.tokens, answer.prompt_tokens)
    assert again.prefix == "memory"


def test_drawn_answers_follow_from_the_seed(model):
    def drawn(seed):
        sampling = Sampling(temperature=1.5)
        found = model.complete_all(PROMPT, 2, prefix=PREFIX, max_tokens=6, sampling=sampling, seed=seed)
        return [one.text for one in found]

    assert drawn(1) == drawn(1)
    assert len({*drawn(1), *drawn(2)}) > 1


def test_answers_side_by_side_may_go_on_from_ends_of_their_own(model):
    ends = [" one two three", " Monday, Tuesday,"]
    found = model.complete_all(PROMPT, 2, prefix=PREFIX, max_tokens=6, sampling=Sampling(), endings=ends)
    alone = [model.complete(PROMPT + end, prefix=PREFIX, max_tokens=6) for end in ends]
    assert [one.text for one in found] == [one.text for one in alone]
    assert found[0].text != found[1].text


@pytest.mark.parametrize("endings", [[" a"], [" a", ""]])
def test_every_answer_has_an_end_of_the_prompt_or_none_has(model, endings):
    with pytest.raises(ValueError, match="ending"):
        model.complete_all(PROMPT, 2, max_tokens=6, sampling=Sampling(), endings=endings)


def test_the_constant_part_is_read_once_for_all_runs(model_file, states, answer):
    with loaded(model_file, states) as other:
        found = other.complete(PROMPT, prefix=PREFIX, max_tokens=6)
    assert (found.prefix, found.text) == ("disk", answer.text)


def test_the_state_of_weights_in_another_order_is_another(model_file, tmp_path):
    for repack, origin in ((False, "read"), (True, "read"), (True, "disk"), (False, "disk")):
        with loaded(model_file, tmp_path, repack=repack) as made:
            assert made.complete(PROMPT, prefix=PREFIX, max_tokens=2).prefix == origin


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: data[:200] + b"x" + data[201:], lambda data: b""]
)
def test_a_damaged_state_is_dropped_and_read_anew(model_file, states, answer, damage):
    (file,) = states.glob("*.state")
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    with loaded(model_file, states) as other:
        found = other.complete(PROMPT, prefix=PREFIX, max_tokens=6)
    assert (found.prefix, found.text) == ("read", answer.text)
    assert file.read_bytes() == whole


def test_an_answer_keeps_to_its_grammar(model):
    found = model.complete_all(
        PROMPT, 3, prefix=PREFIX, grammar=COLOUR, max_tokens=6, sampling=Sampling(temperature=3.0, top_p=1.0)
    )
    assert {one.text for one in found} <= {"red", "green", "blue"}
    assert {one.ended for one in found} == {"stop"}


@pytest.mark.parametrize("colour", ["red", "green"])  # a token each
def test_where_a_line_can_only_end_it_is_ended_and_gone_on_from(model, colour):
    prompt = "The colours of a traffic light, one a line:\n"
    both = model.complete(prompt, grammar=rf'root ::= "{colour}" "\n" [ -~]{{24}}', max_tokens=40)
    first, second = both.text.splitlines(keepends=True)
    alone = model.complete(prompt + first, grammar="root ::= [ -~]{24}", max_tokens=40)
    assert (alone.text, alone.ended) == (second, "stop")


def test_what_is_over_is_not_closed(model):
    for most in range(1, 6):
        (found,) = model.complete_all(
            PROMPT,
            1,
            grammar='root ::= "red" "\\n" "```"',
            closing=("\n",),
            max_tokens=most,
            sampling=Sampling(),
        )
        assert found.text in ("red\n", "red\n`", "red\n``", "red\n```")
        assert found.tokens < 10


def test_a_character_that_is_cut_is_made_whole(model):
    character = "\N{MALAYALAM LETTER VOCALIC RR}"
    assert model.count(character) > 1
    (found,) = model.complete_all(
        PROMPT,
        1,
        grammar=f'root ::= "<" "{character}" ">" "\\n"',
        closing=("\n",),
        max_tokens=2,
        sampling=Sampling(),
    )
    assert found.text == f"<{character}>\n"


def test_batches_have_room_for_all_answers_side_by_side(model_file, tmp_path):
    with loaded(model_file, tmp_path, n_batch=1) as other:
        found = other.complete_all(PROMPT, 4, grammar=COLOUR, max_tokens=6, sampling=Sampling(temperature=1.0))
    assert {one.text for one in found} <= {"red", "green", "blue"}


def test_answers_end_at_a_text_at_their_length_and_in_time(model, answer):
    first = answer.text[:1]
    stopped = model.complete(PROMPT, prefix=PREFIX, max_tokens=6, stop=[first])
    assert (stopped.text, stopped.ended) == ("", "stop")
    assert answer.ended in ("stop", "length")
    late = model.complete(PROMPT, prefix=PREFIX, max_tokens=6, seconds=0.0)
    assert (late.text, late.ended) == ("", "time")
    assert model.complete(PROMPT, prefix=PREFIX, max_tokens=6).text == answer.text


def test_pieces_are_told_as_they_come_and_end_the_answer_on_demand(model, answer):
    pieces = []
    model.complete(PROMPT, prefix=PREFIX, max_tokens=6, on_text=pieces.append)
    assert "".join(pieces) == answer.text
    cut = model.complete(PROMPT, prefix=PREFIX, max_tokens=6, on_text=lambda text: False)
    assert (cut.tokens, cut.ended) == (1, "stop")


def test_likely_answers_are_more_likely(model):
    prompt = "for index in range("
    assert model.log_likelihood(prompt, "len(") > model.log_likelihood(prompt, "zebra(")
    assert -math.inf < model.log_likelihood(prompt, "len(") < 0


def test_llama_cpp_says_nothing(model_file, tmp_path, capfd):
    with loaded(model_file, tmp_path) as other:
        other.complete(PROMPT, max_tokens=1)
    assert capfd.readouterr() == ("", "")


def test_only_the_bindings_are_imported_and_the_package_stays_whole(tmp_path):
    (tmp_path / "no.gguf").write_bytes(b"")
    program = """
import contextlib, sys
from pathlib import Path
from pytestgen_hook.errors import FatalError
from pytestgen_hook.model.local import LocalModel
with contextlib.suppress(FatalError):
    LocalModel(Path("no.gguf"))
print(*sorted({"jinja2", "llama_cpp", "llama_cpp.llama_cpp"} & sys.modules.keys()))
import llama_cpp
print(llama_cpp.Llama.__name__, llama_cpp.llama_cpp is sys.modules["llama_cpp.llama_cpp"])
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["llama_cpp.llama_cpp", "Llama True"], done.stderr


def test_what_makes_no_question_is_refused(model):
    with pytest.raises(ValueError, match="empty"):
        model.complete("", prefix=PREFIX, max_tokens=1)
    with pytest.raises(ValueError, match="grammar"):
        model.complete(PROMPT, grammar="root ::= (", max_tokens=1)
    with pytest.raises(ValueError, match="512"):
        model.complete("word " * 600, max_tokens=1)


def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path):
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(FatalError, match=r"no model that can be loaded") as caught:
        LocalModel(file, threads=1)
    assert "\n" not in str(caught.value)


def test_what_every_answer_begins_with_is_read_and_not_written(model):
    root = 'root ::= "kind(text=" ("\\"a\\"" | "\\"b\\"") ")"'
    asked = {"grammar": root, "max_tokens": 12, "sampling": Sampling(), "endings": ["# one\n", "# two\n"]}
    begun = model.complete_all("Write calls.\n", 2, start="kind(text", **asked)
    written = model.complete_all("Write calls.\n", 2, **asked)
    assert [one.text for one in begun] == [one.text for one in written]
    assert all(one.tokens < other.tokens for one, other in zip(begun, written, strict=True))
    with pytest.raises(ValueError, match="may begin"):
        model.complete_all("Write calls.\n", 2, start="other(", **asked)
    with pytest.raises(ValueError, match="empty"):
        model.complete_all("Write calls.\n", 2, start="kind(", **{**asked, "endings": []})
