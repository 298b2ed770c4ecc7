"""Lists, trees and graphs of nodes, drawn for functions that walk them."""

import ast
import random
import sys
import textwrap
import types

import classes
import domains
import pytest
import shapes
import usage
from plan import Parameter
from values import Built, Linked, Plain, Prepared, Step, Text, statements


def used(source):
    """Return the usages of the parameters of the one function."""
    return usage.usages(ast.parse(textwrap.dedent(source)).body[0])


def finder(tmp_path, monkeypatch, **files):
    """Return a Finder for a module ``subject`` that stands beside other files."""
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = types.ModuleType("subject")
    constants = domains.Constants()
    typing = domains.Typing(module, constants)
    typing.classes = classes.Classes(module, str(tmp_path / "subject.py"), str(tmp_path))
    return shapes.Finder(module, constants, typing)


def drawn(domain, count=60):
    rng = random.Random(0)
    return [domain.draw(rng) for _ in range(count)]


def made(node, names):
    local = dict(names)
    local["root"] = eval(node.source(), local)
    for statement in statements(node, "root"):
        exec(statement, local)
    return local["root"]


WALKS = {
    "by assignment": "def f(node):\n    while node:\n        node = node.next\n",
    "under another name": "def f(head):\n    at = head\n    while at.next is not None:\n        at = at.next\n",
    "by recursion": "def f(node):\n    return 0 if node is None else 1 + f(node.next)\n",
    "by a function inside": "def f(root):\n    def walk(node):\n        return node and walk(node.next)\n"
    "    return walk(root)\n",
    "two steps at once": "def f(node):\n    fast = node\n    while fast and fast.next:\n        fast = fast.next.next\n",
}


@pytest.mark.parametrize("source", WALKS.values(), ids=WALKS)
def test_a_link_is_what_leads_to_another_node(source):
    (parameter,) = used(source).values()
    link = parameter.attributes["next"]
    assert link.link is parameter or set(link.attributes) <= set(parameter.attributes)


LISTS = {
    "recursion": "def f(node):\n    return 1 + sum(f(child) for child in node.children)\n",
    "a stack": "def f(start):\n    stack = [start]\n    while stack:\n        node = stack.pop()\n"
    "        stack.extend(node.children)\n",
    "a queue": "def f(start):\n    queue = deque([start])\n    while queue:\n        node = queue.popleft()\n"
    "        for child in node.children:\n            queue.append(child)\n",
}


@pytest.mark.parametrize("source", LISTS.values(), ids=LISTS)
def test_a_list_of_links_is_what_holds_further_nodes(source, tmp_path, monkeypatch):
    usages = used(source)
    files = {
        "tree_of_shapes": "class Tree:\n    def __init__(self, value, children=None):\n"
        "        self.value = value\n        self.children = children or []\n"
    }
    finder(tmp_path, monkeypatch, **files).resolve(usages.values())
    (known,) = usages.values()
    nodes = shapes.nodes_of(known.domain)
    assert nodes.name == "Tree"
    assert [role.name for role in nodes.roles if role.is_list] == ["children"]
    assert any(shapes.paths(node, "Tree") for node in drawn(nodes))


def test_the_class_of_nodes_is_found_in_a_file_beside(tmp_path, monkeypatch):
    usages = used(WALKS["by assignment"])
    files = {
        "nodes_of_shapes": "class Node:\n    def __init__(self, value):\n        self.value = value\n        self.next = None\n"
    }
    finder(tmp_path, monkeypatch, **files).resolve(usages.values())
    nodes = shapes.nodes_of(usages["node"].domain)
    import nodes_of_shapes

    lengths = set()
    for node in drawn(nodes):
        length, at, met = 0, made(node, vars(nodes_of_shapes)), []
        while at is not None and at not in met:
            met.append(at)
            length, at = length + 1, at.next
        lengths.add((length, at is None))
    assert {(1, True), (3, True)} <= lengths
    assert any(not ends for _, ends in lengths), "some have a cycle"


def test_without_a_class_nodes_are_namespaces(tmp_path, monkeypatch):
    usages = used(WALKS["by assignment"])
    finder(tmp_path, monkeypatch).resolve(usages.values())
    nodes = shapes.nodes_of(usages["node"].domain)
    assert nodes.name == "SimpleNamespace"
    assert made(drawn(nodes)[0], {"SimpleNamespace": types.SimpleNamespace})


def test_a_way_back_leads_where_the_link_came_from(tmp_path, monkeypatch):
    source = """
    class Item:
        def __init__(self, value):
            self.value = value
            self.next = None
            self.prev = None
    """
    found = finder(tmp_path, monkeypatch)
    names = {}
    (tmp_path / "items_of_shapes.py").write_text(textwrap.dedent(source))
    import items_of_shapes

    names = vars(items_of_shapes)
    domain = found.of_class(items_of_shapes.Item)
    longest = 0
    for node in drawn(domain):
        chain = [made(node, names)]
        while chain[-1].next is not None and chain[-1].next not in chain:
            chain.append(chain[-1].next)
        if chain[-1].next is None:
            assert all(item.next.prev is item for item in chain[:-1])
            longest = max(longest, len(chain))
    assert longest >= 3


def test_a_part_of_one_argument_is_another(tmp_path, monkeypatch):
    nodes = shapes.Nodes("Node", (), [shapes.Role("next", is_link=True)])
    parameters = [Parameter(name, name, "positional", True, nodes) for name in ("start", "goal")]
    chain = Linked("Node", [("next", Linked("Node", []))])
    found = {
        shapes.parts_of_each_other(parameters, {"start": chain, "goal": chain}, random.Random(seed))["goal"].source()
        for seed in range(30)
    }
    assert {"start", "start.next", chain.source()} == found


def test_values_are_put_in_order():
    tree = Linked(
        "Tree",
        [
            ("key", Plain(5)),
            ("left", Linked("Tree", [("key", Plain(9))])),
            ("right", Linked("Tree", [("key", Plain(1))])),
        ],
    )
    assert shapes._in_order(tree).source() == "Tree(key=5, left=Tree(key=1), right=Tree(key=9))"


def test_paths_go_through_statements_and_lists():
    leaf = Linked("N", [])
    node = Prepared(Built("N", []), [Step("{0}.next = {1}", [leaf], "{0}.next")])
    assert shapes.paths(node, "N") == [".next"]
    assert isinstance(Text("start.next").source(), str)
