"""Every kind of code that people write gets tests: what calls of it show, in the form in which a person writes it."""

import re

import pytest
from exploring import explored, outcomes, written


@pytest.mark.parametrize(
    ("source", "form"),
    [
        pytest.param(
            """
            def adder(amount: int):
                def add(value: int) -> int:
                    return value + amount

                return add
            """,
            "adder(amount)(value)",
            id="closure",
        ),
        pytest.param(
            """
            def multiplier(factor: int):
                return lambda value: value * factor
            """,
            "multiplier(factor)(value)",
            id="lambda",
        ),
        pytest.param(
            """
            import functools

            def doubled(function):
                @functools.wraps(function)
                def wrapper(*args, **kwargs):
                    return 2 * function(*args, **kwargs)

                return wrapper
            """,
            "doubled(function)(value)",
            id="decorator",
        ),
        pytest.param(
            """
            def repeated(times: int):
                def decorate(function):
                    def wrapper(value):
                        return [function(value) for _ in range(times)]

                    return wrapper

                return decorate
            """,
            "repeated(times)(function)(value)",
            id="decorator-with-arguments",
        ),
        pytest.param(
            """
            import functools

            def power_of(exponent: int):
                return functools.partial(pow, exp=exponent)
            """,
            "power_of(exponent)(base)",
            id="partial",
        ),
        pytest.param(
            """
            def delayed(times: int):
                async def run(value: int):
                    return value * times

                return run
            """,
            "asyncio.run(delayed(times)(value))",
            id="asynchronous-closure",
        ),
        pytest.param(
            """
            def upto(limit: int):
                def generate(start: int):
                    yield from range(start, limit)

                return generate
            """,
            "list(upto(limit)(start))",
            id="generator",
        ),
        pytest.param(
            """
            def composed(*functions):
                def call(value):
                    for function in reversed(functions):
                        value = function(value)
                    return value

                return call
            """,
            "composed(*functions)(value)",
            id="functions-as-further-arguments",
        ),
    ],
)
def test_functions_that_are_given_are_called(tmp_path, source, form):
    (exploration,) = explored(tmp_path, source).values()
    assert form in {case.call for case in exploration.cases}
    assert exploration.mutants_killed == exploration.mutants_total > 0


def test_a_function_is_called_only_where_one_is_given(tmp_path):
    source = """
        def clamp_to(low: int, high: int):
            if low > high:
                raise ValueError("low must not exceed high")
            return lambda value: max(low, min(high, value))
    """
    (exploration,) = explored(tmp_path, source).values()
    assert {case.call for case in exploration.cases} >= {"clamp_to(low, high)", "clamp_to(low, high)(value)"}
    assert exploration.mutants_killed == exploration.mutants_total


def test_a_function_that_is_registered_is_the_one_that_comes_back(tmp_path):
    source = """
        def registered(registry: dict):
            def decorate(function):
                registry[function.__name__] = function
                return function

            return decorate
    """
    (exploration,) = explored(tmp_path, source).values()
    assert {check.subject for case in exploration.cases for check in case.checks} == {"result", "registry"}


def test_a_function_that_nothing_is_known_of_is_said(tmp_path):
    source = "import random\n\nDICE = random.SystemRandom()\n\ndef lottery():\n    return lambda: DICE.random()\n"
    (exploration,) = explored(tmp_path, source).values()
    assert exploration.cases == ()
    assert "chance" in exploration.problem


SESSION = """
    class Session:
        def __init__(self, name: str):
            self.name = name
            self.active = False

        def __enter__(self):
            self.active = True
            return self

        def __exit__(self, kind, error, trace):
            self.active = False
            return kind is KeyError
"""


def test_a_class_that_manages_a_context_stands_in_a_with_statement(tmp_path):
    found = explored(tmp_path, SESSION)
    for name in ("Session.__enter__", "Session.__exit__"):
        assert found[name].mutants_killed == found[name].mutants_total > 0
        assert all(case.enters for case in found[name].cases)
    assert "assert result.active is True" in written(found["Session.__enter__"])
    assert "assert session.active is False" in written(found["Session.__exit__"])


def test_an_exception_inside_a_with_statement_is_swallowed_or_comes_out(tmp_path):
    exploration = explored(tmp_path, SESSION)["Session.__exit__"]
    assert {case.inside for case in exploration.cases if not case.raises} >= {"KeyError"}
    assert any(case.inside for case in exploration.cases if case.raises)
    assert "        raise KeyError\n" in written(exploration)


def test_what_leaving_a_context_undoes_is_asserted(tmp_path):
    source = """
        import contextlib

        @contextlib.contextmanager
        def pushed(stack: list, item):
            stack.append(item)
            try:
                yield len(stack)
            finally:
                stack.pop()
    """
    (exploration,) = explored(tmp_path, source).values()
    assert exploration.mutants_killed == exploration.mutants_total == 2


def test_asynchronous_context_managers_are_entered(tmp_path):
    source = """
        import contextlib

        @contextlib.asynccontextmanager
        async def borrowed(pool: list):
            item = pool.pop()
            try:
                yield item
            finally:
                pool.insert(0, item)
    """
    (exploration,) = explored(tmp_path, source).values()
    assert exploration.mutants_killed == exploration.mutants_total > 0
    assert "async with borrowed(pool) as value:" in written(exploration)


def test_what_an_asynchronous_generator_raises_it_raises_while_it_is_read(tmp_path):
    source = """
        async def positive(numbers: list[int]):
            for number in numbers:
                if number < 0:
                    raise ValueError("negative")
                yield number
    """
    (exploration,) = explored(tmp_path, source).values()
    assert outcomes(exploration) >= {"ValueError"}
    assert exploration.mutants_killed == exploration.mutants_total


def test_generators_that_take_values_are_sent_some(tmp_path):
    source = """
        def running_mean(start: float):
            total, count, mean = start, 0, None
            while True:
                value = yield mean
                total += value
                count += 1
                mean = total / count
    """
    (exploration,) = explored(tmp_path, source).values()
    assert exploration.mutants_killed == exploration.mutants_total > 0
    assert {case.call for case in exploration.cases} == {"[next(generator), *map(generator.send, sent)]"}


def test_operators_are_written_as_people_write_them(tmp_path):
    source = """
        class Ring:
            def __init__(self, items: list):
                self._items = list(items)

            def __iter__(self):
                return iter(self._items)

            def __setitem__(self, index: int, value):
                self._items[index % len(self._items)] = value

            def __delitem__(self, index: int):
                del self._items[index % len(self._items)]

            def __hash__(self):
                return hash(tuple(self._items))

            def __radd__(self, other: int):
                return [other, *self._items]
    """
    found = explored(tmp_path, source)
    assert all(exploration.mutants_killed == exploration.mutants_total for exploration in found.values())
    assert re.search(r"    ring\[.*\] = ", written(found["Ring.__setitem__"]))
    assert re.search(r"    del ring\[.*\]\n", written(found["Ring.__delitem__"]))
    assert re.search(r"assert hash\((.*)\) == hash\(\1\)\n", written(found["Ring.__hash__"]))
    assert re.search(r" \+ (ring|Ring\(.*\)) == \[", written(found["Ring.__radd__"]))


def test_descriptors_are_used_through_a_class_that_has_one(tmp_path):
    source = """
        class Positive:
            def __set_name__(self, owner, name):
                self.name = "_" + name

            def __get__(self, instance, owner=None):
                return getattr(instance, self.name)

            def __set__(self, instance, value):
                if value <= 0:
                    raise ValueError("must be positive")
                setattr(instance, self.name, value)

            def __delete__(self, instance):
                setattr(instance, self.name, 0)

        class Box:
            width = Positive()

            def __init__(self, width: int):
                self.width = width
    """
    found = explored(tmp_path, source)
    for name in ("Positive.__get__", "Positive.__set__", "Positive.__delete__", "Box.__init__"):
        assert found[name].mutants_killed == found[name].mutants_total > 0
    assert re.search(r"    box.width = \d+\n    assert box.width == ", written(found["Positive.__set__"]))
    assert "    del box.width\n    assert box.width == 0" in written(found["Positive.__delete__"])


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("import attrs\n\n@attrs.define\nclass Item:\n    name: str\n    count: int = 0\n", id="attrs"),
        pytest.param(
            "from typing import NamedTuple\n\nclass Item(NamedTuple):\n    name: str\n    count: int = 0\n", id="tuple"
        ),
    ],
)
def test_records_are_compared_as_wholes(tmp_path, head):
    source = head + "\ndef order(name: str, count: int) -> Item:\n    return Item(name, max(1, count))\n"
    (exploration,) = explored(tmp_path, source).values()
    assert exploration.mutants_killed == exploration.mutants_total > 0
    assert any(expected.startswith("Item(name=") for expected in outcomes(exploration))


PARSER = """
    import argparse

    def build_parser():
        parser = argparse.ArgumentParser(prog="greet")
        parser.add_argument("name")
        parser.add_argument("--times", type=int, default=1)
        parser.add_argument("--loud", action="store_true")
        return parser

    def main(argv=None) -> int:
        options = build_parser().parse_args(argv)
        for _ in range(options.times):
            text = f"Hello {options.name}"
            print(text.upper() if options.loud else text)
        return 0 if options.times > 0 else 1
"""


def test_what_parses_a_command_line_is_given_some_that_its_parser_takes(tmp_path):
    found = explored(tmp_path, PARSER)
    assert found["main"].mutants_killed == found["main"].mutants_total > 0
    assert {case.call for case in found["main"].cases} == {"main(argv)"}
    assert any('"--loud"' in source for case in found["main"].cases for _, source in case.arguments)


def test_a_parser_is_shown_by_what_it_parses(tmp_path):
    exploration = explored(tmp_path, PARSER)["build_parser"]
    assert {case.call for case in exploration.cases} == {"build_parser().parse_args(args)"}
    assert {check.subject for case in exploration.cases for check in case.checks} >= {"result.name", "result.loud"}


def test_what_reads_the_command_line_of_the_tests_gets_none(tmp_path):
    source = "import sys\n\ndef first_argument() -> str:\n    return sys.argv[1] if len(sys.argv) > 1 else ''\n"
    (exploration,) = explored(tmp_path, source).values()
    assert exploration.cases == ()
    assert exploration.problem


CLICK = """
    import click

    @click.group()
    @click.option("--debug", is_flag=True)
    def tools(debug):
        if debug:
            click.echo("debug")

    @tools.command("sum")
    @click.argument("numbers", nargs=-1, type=int)
    @click.option("--style", type=click.Choice(["plain", "fancy"]), default="plain")
    def add(numbers, style):
        if len(numbers) > 2:
            raise ValueError("too many numbers")
        click.echo(f"{'=' if style == 'fancy' else ''}{sum(numbers)}")
"""


def test_commands_of_click_are_run_by_its_runner(tmp_path):
    found = explored(tmp_path, CLICK)
    for name in ("tools", "add"):
        assert found[name].mutants_killed == found[name].mutants_total > 0
        assert {case.call for case in found[name].cases} == {f"CliRunner().invoke({name}, args)"}
    shown = {check.subject for case in found["add"].cases for check in case.checks}
    assert shown >= {"result.exit_code", "result.output", "result.exception", "str(result.exception)"}


@pytest.mark.parametrize(
    ("body", "needed"),
    [
        pytest.param("[number * start for number in range(500)]", "sum(result)", id="list"),
        pytest.param("str(start) * 2000", "hashlib.sha256(result.encode()).hexdigest()", id="text"),
        pytest.param("bytes(number * start % 256 for number in range(999))", "len(result)", id="bytes"),
        pytest.param("(abs(start) + 2) ** 5000", "result.bit_length()", id="number"),
    ],
)
def test_large_values_are_asserted_by_structure_and_digest(tmp_path, body, needed):
    (exploration,) = explored(tmp_path, f"def made(start: int):\n    return {body}\n").values()
    assert exploration.mutants_killed == exploration.mutants_total > 0
    assert needed in {check.subject for case in exploration.cases for check in case.checks}


def test_options_that_a_function_does_not_list_are_given_by_the_names_that_it_reads(tmp_path):
    source = """
        def address(host: str, **options):
            port = options.pop("port", 80)
            if options.get("secure"):
                port += 363
            if "user" in options:
                host = options["user"] + "@" + host
            if options.keys() - {"secure", "user"}:
                raise TypeError(sorted(options))
            return f"{host}:{port}"
    """
    exploration = explored(tmp_path, source)["address"]
    assert exploration.lines_run == exploration.lines_total
    assert re.search(r"\baddress\(.*(port|secure|user)=", written(exploration)) or "**options" in written(exploration)


def test_options_are_passed_on_by_the_names_of_what_takes_them(tmp_path):
    source = """
        class Shape:
            def __init__(self, color="red", *, is_open=False):
                self.color = color
                self.is_open = is_open

        class Square(Shape):
            def __init__(self, side: int, **options):
                super().__init__(**options)
                self.side = side if self.is_open else -side

            def twice(self, **options):
                return self.scaled(2, **options)

            def scaled(self, by, rounded=False):
                return "round" if rounded else self.side * by

        def boxed(side: int, **options):
            return Square(side, **options).color
    """
    found = explored(tmp_path, source)
    for name in ("Square.__init__", "Square.twice", "boxed"):
        assert found[name].mutants_killed == found[name].mutants_total, name
        assert "TypeError" not in outcomes(found[name])
    assert "rounded=" in written(found["Square.twice"])
    assert '"round"' in outcomes(found["Square.twice"])
    assert "color=" in written(found["boxed"])


def test_names_of_options_are_compared_with_texts_of_the_body(tmp_path):
    source = """
        def total(*numbers: int, **weights: int) -> int:
            result = sum(numbers)
            for name, weight in weights.items():
                result += weight if name.startswith("w") else -weight
            return result
    """
    exploration = explored(tmp_path, source)["total"]
    assert exploration.mutants_killed == exploration.mutants_total
    assert "w=" in written(exploration) or '"w"' in written(exploration)


def test_times_know_their_zone_where_the_code_asks_for_it(tmp_path):
    source = """
    def suffix(dt):
        offset = dt.utcoffset()
        if offset is None:
            return ""
        return "local" if offset else "Z"
    """
    assert outcomes(explored(tmp_path, source)["suffix"]) == {'""', '"local"', '"Z"'}
