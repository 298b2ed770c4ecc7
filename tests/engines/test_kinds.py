"""Every kind of code that people write gets tests: what calls of it show, in the form in which a person writes it."""

import pytest
from exploring import explored


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
    source = "import random\n\ndef lottery():\n    return lambda: random.random()\n"
    (exploration,) = explored(tmp_path, source).values()
    assert exploration.cases == ()
    assert "chance" in exploration.problem
