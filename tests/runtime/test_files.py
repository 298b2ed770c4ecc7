"""Which parameters are paths, how files become lines of a test, and how what lies below the folder is written."""

import ast
from pathlib import Path

import files
import pytest
from literals import Writer
from values import Built, Layout, Plain


def uses(body, names=("path",)):
    return files.Uses([ast.parse(f"def f(path, text):\n    {body}").body[0]], names)


@pytest.mark.parametrize(
    ("body", "opens", "lists"),
    [
        pytest.param("return open(path).read()", True, False, id="open"),
        pytest.param("return path.read_text()", True, False, id="read"),
        pytest.param("where = Path(path)\n    return where.exists()", True, False, id="alias"),
        pytest.param("return os.listdir(path)", False, True, id="listed"),
        pytest.param("return (path / 'a').read_text()", False, True, id="file-below"),
        pytest.param("where = os.path.join(path, 'a')\n    return open(where).read()", False, True, id="joined"),
        pytest.param("return self.root.glob('*')", False, True, id="attribute"),
        pytest.param("return [one.open().read() for one in path]", True, False, id="several"),
        pytest.param("return path.upper().replace('a', 'b')", False, False, id="text"),
        pytest.param("return path.copy()", False, False, id="copy-as-of-a-list"),
        pytest.param("return path.read()", False, False, id="read-as-of-an-open-file"),
        pytest.param("return parser.read(path)", True, False, id="read-by-another"),
        pytest.param("text.remove(path)", False, False, id="member-of-a-list"),
    ],
)
def test_what_is_done_with_a_path(body, opens, lists):
    found = uses(body, ("path", "root"))
    assert (found.opens, found.lists) == (opens, lists)
    assert found.is_many is (" in path" in body)


def test_a_file_is_written_before_its_path_is_given():
    layout = Layout(["path"])
    layout.add("path", Built("str", [(None, files.File("a.txt", Plain("x")))]))
    layout.add("other", files.File("b.txt", None))
    layout.add("folder", files.Folder([("c.txt", Plain("ä")), ("sub/d.bin", Plain(b"\0"))]))
    assert layout.lines == [
        ["file", 'tmp_path / "a.txt"'],
        ["file.write_text({})", '"x"'],
        ["path", "str(file)"],
        ["other", 'tmp_path / "b.txt"'],
        ["(tmp_path / {}).mkdir()", '"sub"'],
        ['(tmp_path / "c.txt").write_text({}, encoding="utf-8")', '"ä"'],
        ['(tmp_path / "sub/d.bin").write_bytes({})', "b'\\x00'"],
        ["folder", "tmp_path"],
    ]


def test_paths_below_the_folder_are_written_by_its_name(tmp_path):
    def written(value):
        return Writer(paths={str(tmp_path): "tmp_path", str(tmp_path / "a.txt"): "file"}).write(value)

    assert written(tmp_path / "a.txt") == "file"
    assert written([tmp_path / "b" / "c.txt"]) == '[tmp_path / "b/c.txt"]'
    assert written(str(tmp_path / "a.txt")) == "str(file)"
    text = f"no {{file}} at {tmp_path}/b\n"
    assert eval(written(text), {"tmp_path": tmp_path}) == text
    assert written("tmp_path") == '"tmp_path"'


def test_what_changed_in_a_folder_is_looked_at(tmp_path):
    (tmp_path / "gone.txt").write_text("x")
    (tmp_path / "same.txt").write_text("x")
    before = files.contents(tmp_path)
    (tmp_path / "gone.txt").unlink()
    (tmp_path / "made").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "new.txt").write_text("ä", encoding="utf-8")
    (tmp_path / "new.bin").write_bytes(b"\xff")
    paths = {str(tmp_path): "tmp_path", str(tmp_path / "gone.txt"): "file"}
    assert dict(files.looks(before, files.contents(tmp_path), tmp_path, paths)) == {
        '(tmp_path / "full/new.txt").read_text(encoding="utf-8")': "ä",
        "file.exists()": False,
        '(tmp_path / "made").is_dir()': True,
        '(tmp_path / "new.bin").read_bytes()': b"\xff",
    }


def test_each_call_has_a_folder_of_its_own(tmp_path):
    item = {"arguments": [["path", 'tmp_path / "a.txt"']]}
    assert files.is_wanted(item)
    assert not files.is_wanted({"arguments": [["path", 'Path("a.txt")']]})
    folders = [files.make_folder(tmp_path) for _ in range(2)]
    assert len(set(folders)) == 2
    for folder in folders:
        (folder / "a").write_text("x")
        files.remove_folder(folder)
    assert not any(Path(tmp_path).iterdir())
