"""Cases become tests: what shares a shape is one table, what does not stands alone."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from pytestgen_hook.render import render
from pytestgen_hook.types.changes import Function, Kind
from pytestgen_hook.types.generated import Case, Check, Exploration, Raises

FUNCTION = Function("a.py", "pick", Kind.FUNCTION, 1, 1, 2, (2,))


def case(left, right, *, gives=None, raises=None):
    return Case(
        arguments=(("left", left), ("right", right)),
        call="pick(left, right)",
        checks=() if raises else (gives,),
        raises=raises,
        imports=(("a", "pick"),),
    )


def rendered(*cases, taken=()):
    return render([Exploration(FUNCTION, "a", cases=cases)], taken=taken)


def green(result, function, called="pick"):
    """Run the rendered tests against a function, parametrized ones with each row, and return how many ran."""
    names = {"pytest": pytest, "re": __import__("re"), "a": SimpleNamespace(**{called: function}), called: function}
    count = 0
    for name, source in result.module.tests:
        exec(source, names)
        for row in getattr(names[name], "pytestmark", ()):
            for values in row.args[1]:
                columns = row.args[0] if isinstance(row.args[0], tuple) else (row.args[0],)
                names[name](**dict(zip(columns, values.values, strict=True)))
                count += 1
        if not hasattr(names[name], "pytestmark"):
            names[name]()
            count += 1
    return count


def test_values_of_one_shape_are_one_table():
    result = rendered(
        case("1", "2", gives=Check("result", "==", "3")), case("2", "2", gives=Check("result", "==", "4"))
    )
    assert [name for name, _ in result.module.tests] == ["test_pick"]
    assert green(result, lambda left, right: left + right) == 2


def test_which_argument_is_given_back_is_never_a_column():
    cases = [
        case("[]", "[]", gives=Check("result", "is", "left")),
        case("[1]", "[]", gives=Check("result", "is", "right")),
        case("[]", "[2]", gives=Check("result", "is", "left")),
    ]
    result = rendered(*cases)
    assert len(result.module.tests) == 2
    assert green(result, lambda left, right: left if len(left) <= len(right) else right) == 3


def test_errors_with_different_messages_are_one_table():
    result = rendered(
        case("0", "1", raises=Raises("ValueError", "left is 0")),
        case("1", "0", raises=Raises("ValueError", "right is 0 (zero)")),
    )

    def pick(left, right):
        raise ValueError("left is 0" if left == 0 else "right is 0 (zero)")

    assert green(result, pick) == 2


def test_an_argument_called_message_stays_apart_from_the_message_of_an_error():
    cases = [
        Case((("message", f'"{text}"'),), "pick(message)", raises=Raises("ValueError", text), imports=(("a", "pick"),))
        for text in ("low", "high")
    ]

    def pick(message):
        raise ValueError(message)

    assert green(rendered(*cases), pick) == 2


@pytest.mark.parametrize("name", ["expected", "result", "re", "pytest", "isinstance", "test_me", "pytest_configure"])
def test_a_function_with_a_name_of_the_test_itself_or_of_pytest_is_called_by_way_of_its_module(name):
    cases = [
        Case((("n", str(n)),), f"{name}(n)", checks=(Check("result", "==", str(n + 1)),), imports=(("a", name),))
        for n in (1, 2)
    ]
    result = rendered(*cases)
    assert ("a", "") in result.module.imports
    assert green(result, SimpleNamespace(**{name: lambda n: n + 1}), "a") == 2


def test_a_function_called_like_a_column_is_not_hidden_by_it():
    cases = [
        Case(
            (("n", str(n)),),
            "expected_size(n)",
            checks=(Check("result.size", "==", str(n + 1)),),
            imports=(("a", "expected_size"),),
        )
        for n in (1, 2)
    ]
    assert green(rendered(*cases), lambda n: SimpleNamespace(size=n + 1), "expected_size") == 2


def test_a_comparison_is_put_in_brackets_whatever_it_compares_with():
    check = Check("result", "is", "True")
    item = Case((("left", "[1]"), ("right", "list([1])")), "left == right", checks=(check,))
    ((_, source),) = rendered(item).module.tests
    assert "assert (left == list([1])) is True" in source


def test_what_is_looked_at_in_the_result_is_no_change():
    checks = (Check("list(result)", "==", "[1]"), Check("len(result)", "==", "1"))
    result = rendered(Case((("left", "[1]"),), "pick(left)", checks=checks, imports=(("a", "pick"),)))
    assert [name for name, _ in result.module.tests] == ["test_pick"]


def test_names_that_are_taken_are_avoided():
    result = rendered(case("1", "2", gives=Check("result", "==", "3")), taken={"test_pick"})
    assert [name for name, _ in result.module.tests] == ["test_pick_2"]


def test_every_case_is_found_again_by_test_and_id():
    result = rendered(
        case("1", "2", gives=Check("result", "==", "3")), case('""', "[]", gives=Check("result", "==", "3"))
    )
    name = "test_pick"
    assert result.origin == {(name, "int_as_left"): (0, 0), (name, "empty_left"): (0, 1)}


def test_what_all_rows_have_in_common_stands_in_the_call_and_not_in_the_table():
    cases = [case(left, "3", gives=Check("result", "==", "[9]")) for left in ("[1]", "[2]")]
    ((_, source),) = rendered(*cases).module.tests
    assert "    assert pick(left, 3) == [9]\n" in source


def test_arguments_that_are_unpacked_are_written_out():
    item = Case((("items", '("a", [1])'), ("more", '{"b": 2, "not a name": 3}')), "pick(*items, **more)", checks=())
    item = replace(item, checks=(Check("result", "==", "1"),))
    ((_, source),) = rendered(item).module.tests
    assert "pick('a', [1], **{'b': 2, 'not a name': 3})" in source
    named = replace(item, arguments=(("items", '("a", [1])'), ("more", '{"b": 2}')))
    ((_, source),) = rendered(named).module.tests
    assert "pick('a', [1], b=2)" in source


@pytest.mark.parametrize(
    ("call", "statement"),
    [
        pytest.param("box.__setitem__(key, 1)", "    box[key] = 1\n", id="set"),
        pytest.param("box.__delitem__(key)", "    del box[key]\n", id="deleted"),
    ],
)
def test_an_item_is_set_and_deleted_as_people_write_it(call, statement):
    changed = Case((("box", "{2: 3}"), ("key", "[2]" * 40)), call, checks=(Check("box", "==", "{}"),))
    refused = Case((("box", "{2: 3}"), ("key", "[2]" * 40)), call, raises=Raises("TypeError", None))
    for _, source in rendered(changed, refused).module.tests:
        assert statement in source


def test_that_a_class_makes_instances_of_itself_is_not_asserted_beside_others():
    checks = (Check("result", "isinstance", "Box"), Check("result.size", "==", "2"))
    ((_, source),) = rendered(Case((("size", "2"),), "Box(size)", checks=checks)).module.tests
    assert "isinstance" not in source
    ((_, source),) = rendered(Case((("size", "2"),), "Box(size)", checks=checks[:1])).module.tests
    assert "isinstance" in source


def test_errors_with_and_without_a_message_are_no_table():
    cases = [case(left, "1", raises=Raises("ValueError", text)) for left, text in (("0", "left is 0"), ("1", None))]
    assert all("None" not in source for _, source in rendered(*cases).module.tests)


def test_names_say_what_the_source_says_of_the_cases():
    source = (
        'def pick(left, right):\n    if not left:\n        raise ValueError("nothing to pick from")\n    return right\n'
    )
    exploration = Exploration(
        Function("a.py", "pick", Kind.FUNCTION, 1, 1, 4, (2, 3, 4)),
        "a",
        cases=(
            replace(
                case("[]", "1", raises=Raises("ValueError", "nothing to pick from")),
                arcs=frozenset({(-1, 2), (2, 3), (3, 0)}),
            ),
            replace(case("[1]", "1", gives=Check("result", "==", "1")), arcs=frozenset({(-1, 2), (2, 4), (4, 0)})),
        ),
    )
    names = [name for name, _ in render([exploration], source=source).module.tests]
    assert names == ["test_pick", "test_pick_rejects_empty_left"]  # what it is for comes first


def test_a_context_manager_is_entered_and_looked_at_after_it():
    checks = (Check("result", "==", "2"), Check("left", "==", "[1]"))
    item = Case((("left", "[]"), ("right", "1")), "pick(left, right)", checks=checks, enters=True)
    ((name, source),) = rendered(item).module.tests
    assert name == "test_pick_changes_left_for_empty_left"
    assert source.endswith(
        "    left = []\n    with pick(left, 1) as result:\n        assert result == 2\n    assert left == [1]\n"
    )


def test_an_error_of_a_context_manager_is_met_on_entering_it():
    item = Case((("left", "1"),), "pick(left)", raises=Raises("ValueError", None), enters=True)
    ((_, source),) = rendered(item).module.tests
    assert source.endswith("    with pytest.raises(ValueError), pick(1):\n        pass\n")


def test_what_is_printed_is_read_from_the_fixture():
    cases = [
        Case((("left", text),), "pick(left)", checks=(Check("capsys.readouterr().out", "==", text),))
        for text in ('"a"', '"b"')
    ]
    ((name, source),) = rendered(*cases).module.tests
    assert name == "test_pick_prints"
    assert "def test_pick_prints(left, expected_output, capsys):" in source


def test_an_attribute_is_set_by_assignment():
    item = Case((("shop", "Shop()"), ("value", "1")), 'setattr(shop, "x", value)', checks=(Check("shop.x", "==", "1"),))
    ((_, source),) = rendered(item).module.tests
    assert "    shop.x = 1\n" in source


def test_a_function_named_by_an_underscore_has_a_test_with_a_name():
    exploration = Exploration(
        Function("a.py", "_", Kind.FUNCTION, 1, 1, 2, (2,)),
        "a",
        cases=(Case((), "_()", checks=(Check("result", "==", "1"),)),),
    )
    assert [name for name, _ in render([exploration]).module.tests] == ["test_underscore"]


def test_statements_stand_between_the_arguments_and_the_call():
    given = case("[1]", "7", gives=Check("result", "==", "[1, 2]"))
    result = rendered(replace(given, prepare=("left.append(2)",)))
    ((_, source),) = result.module.tests
    assert source.splitlines()[1:] == ["    left = [1]", "    left.append(2)", "    assert pick(left, 7) == [1, 2]"]


def test_what_is_prepared_otherwise_is_another_test():
    given = case("[1]", "7", gives=Check("result", "==", "[1, 2]"))
    cases = [replace(given, prepare=("left.append(2)",)), given]
    assert len(rendered(*cases).module.tests) == 2


def test_a_part_of_another_argument_is_no_value_for_a_table():
    cases = [
        case("[[1]]", "left[0]", gives=Check("result", "==", "[1]")),
        case("[[2]]", "[3]", gives=Check("result", "==", "[3]")),
    ]
    result = rendered(*cases)
    assert green(result, lambda left, right: right) == 2
    assert any("    left = [[1]]\n" in source and "pick(left, left[0])" in source for _, source in result.module.tests)


def test_a_class_that_the_test_defines_comes_first():
    given = case("Small()", "7", gives=Check("result", "==", "2"))
    result = rendered(replace(given, define=("class Small:\n    def size(self):\n        return 2",)))
    ((_, source),) = result.module.tests
    assert source.splitlines()[1:5] == ["    class Small:", "        def size(self):", "            return 2", "    "]
    assert green(result, lambda left, right: left.size()) == 1


def test_a_test_that_sets_state_of_a_module_takes_the_fixture():
    given = case("1", "2", gives=Check("result", "==", "3"))
    result = rendered(replace(given, prepare=('monkeypatch.setattr("a.CACHE", {})',)))
    ((name, source),) = result.module.tests
    assert source.startswith(f"def {name}(monkeypatch):\n")


def test_an_attribute_called_result_is_not_what_the_call_gives():
    checks = (Check("box.result", "==", "[1]"),)
    ((_, source),) = rendered(Case((("box", "Box()"),), "box.fill()", checks=checks)).module.tests
    assert "    box.fill()\n    assert box.result == [1]\n" in source


def test_an_argument_that_only_shares_its_name_with_an_attribute_stands_in_the_call():
    checks = (Check("result.size", "==", "2"), Check("result.name", "==", '"a"'))
    ((_, source),) = rendered(Case((("size", "2"), ("name", '"a"')), "pick(size, name)", checks=checks)).module.tests
    assert "result = pick(2, 'a')" in source


def with_database(order, number, *calls):
    """A case whose receiver has a dependency, made in lines of its own."""
    return Case(
        arguments=(
            ("db", "create_autospec(Database, instance=True)"),
            ("db.get_order.return_value = {}", order),
            ("service", "Service(db)"),
            ("number", number),
        ),
        call="service.total(number)",
        checks=(Check("result", "==", order), Check("db.get_order.call_args_list", "==", f"[{', '.join(calls)}]")),
        imports=(("a", "Database"), ("a", "Service"), ("unittest.mock", "call"), ("unittest.mock", "create_autospec")),
    )


def test_a_dependency_is_told_what_it_gives_and_asked_what_was_done_with_it():
    result = rendered(with_database("{}", "7", "call(7)"))
    ((_, source),) = result.module.tests
    assert source.splitlines()[1:] == [
        "    db = create_autospec(Database, instance=True)",
        "    db.get_order.return_value = {}",
        "    service = Service(db)",
        "    result = service.total(7)",
        "    assert result == {}",
        "    db.get_order.assert_called_once_with(7)",
    ]
    assert ("unittest.mock", "call") not in result.module.imports


def test_a_dependency_in_a_table_is_asked_by_its_columns():
    result = rendered(with_database("1", "7", "call(7)"), with_database("2", "8", "call(8)"))
    ((_, source),) = result.module.tests
    assert '    ("order", "number", "expected"),' in source
    assert "    db.get_order.return_value = order\n" in source
    assert "    db.get_order.assert_called_once_with(number)\n" in source


def test_several_calls_of_a_dependency_are_a_list_and_none_is_none():
    result = rendered(with_database("1", "7", "call(7)", "call(8)"))
    assert "    assert db.get_order.call_args_list == [call(7), call(8)]\n" in result.module.tests[0][1]
    assert "    db.get_order.assert_not_called()\n" in rendered(with_database("1", "7")).module.tests[0][1]


def test_what_names_a_part_of_the_test_is_never_a_column():
    cases = [with_database("1", "7", "call(7)"), with_database("2", "8", "call(8)")]
    other = Case(
        arguments=tuple((name, "Service(db, 3)" if name == "service" else text) for name, text in cases[1].arguments),
        call=cases[1].call,
        checks=cases[1].checks,
        imports=cases[1].imports,
    )
    assert len(rendered(cases[0], other).module.tests) == 2


def test_an_argument_that_hides_an_import_is_renamed_in_all_lines():
    shown = with_database("1", "7", "call(7)")
    shown = Case(shown.arguments, shown.call, (), shown.checks, imports=(*shown.imports, ("a", "db")))
    ((_, source),) = rendered(shown).module.tests
    assert "    db_.get_order.return_value = 1\n    service = Service(db_)\n" in source
    assert "    db_.get_order.assert_called_once_with(7)\n" in source
