"""Files and folders that a call works on: made below ``tmp_path`` before it, looked at after it."""

import ast
import contextlib
import os
import pathlib
import random
import re
import shutil
import tempfile

import domains
from literals import TMP_PATH, double_quoted, path_source
from values import HOLE, Built, Named, Plain, Text

_MOST_FILES = 50
_MOST_BYTES = 100_000
_MOST_ASSERTED = 4
_CHANCE = random.SystemRandom()  # of our own: whether the code asks for chance is watched elsewhere
_STEM = "data"  # of the names of files
_OTHER = "notes"  # of those of a second file
_BELOW = "sub"  # the name of a folder in a folder
_DEEPER = 0.25  # of the folders have one


# -- around a call -----------------------------------------------------------------------------------------------------


def is_wanted(item):
    """Whether the lines of an item use the folder."""
    return any(TMP_PATH in text for line in item["arguments"] for text in line)


def make_folder(place):
    """Return a new folder below ``place``; its name is another each time, and longer or shorter."""
    return pathlib.Path(tempfile.mkdtemp(prefix=f"{TMP_PATH}-{'x' * _CHANCE.randrange(20)}", dir=place))


def change_times(folder):
    """Give all in the folder times that are others in each call, so that what depends on them shows it."""
    for place, folders, names in os.walk(folder):
        for name in [".", *folders, *names]:
            moment = _CHANCE.uniform(1e9, 1.6e9)
            with contextlib.suppress(OSError):
                os.utime(os.path.join(place, name), (moment, moment))


def remove_folder(folder):
    """Remove the folder and all in it, as far as that goes."""
    shutil.rmtree(folder, ignore_errors=True)


def contents(folder):
    """Return {path below the folder: bytes of the file, None for a folder}; not of all if there are very many."""
    found = {}
    for place, folders, names in os.walk(folder):
        for name in sorted(folders + names):
            path = pathlib.Path(place, name)
            with contextlib.suppress(OSError):
                if len(found) < _MOST_FILES and (path.is_dir() or path.stat().st_size <= _MOST_BYTES):
                    found[path.relative_to(folder).as_posix()] = None if path.is_dir() else path.read_bytes()
    return found


def looks(before, after, folder, paths):
    """Yield (expression, value) of what shows how the folder has changed; ``paths`` as in ``literals.Writer``."""
    changed = [
        name
        for name in sorted({*before, *after})
        if (name in before, before.get(name)) != (name in after, after.get(name))
    ]
    # A folder with a file in it needs no word.
    changed = [name for name in changed if after.get(name, b"") is not None or not _holds_one_of(name, changed)]
    for name in changed[:_MOST_ASSERTED]:
        path = path_source(str(folder / name), paths)
        path = path if path.isidentifier() else f"({path})"
        if name not in after:
            yield f"{path}.exists()", False
        elif after[name] is None:
            yield f"{path}.is_dir()", True
        else:
            yield _read(path, folder / name, after[name])


def _holds_one_of(folder, names):
    return any(name.startswith(folder + "/") for name in names)


def _read(path, file, data):
    """Return the expression that reads a file as its contents ask for, and what it gives."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return f"{path}.read_bytes()", data
    encoding = "" if text.isascii() else 'encoding="utf-8"'
    return f"{path}.read_text({encoding})", file.read_text(encoding="utf-8")


# -- as values ---------------------------------------------------------------------------------------------------------


class File(Named):
    """The path of a file below ``tmp_path``; with ``content`` None there is none yet."""

    __slots__ = ("content", "name", "variable")

    def __init__(self, name, content, variable="file"):
        self.name = name
        self.content = content
        self.variable = variable

    def lines(self, name):
        lines = [(name, Text(f"{TMP_PATH} / {double_quoted(self.name)}"))]
        return lines if self.content is None else [*lines, _writing(name, self.content)]

    def source(self):
        return f"{self.name}: {self.content.source()}" if self.content is not None else self.name

    def children(self):
        return () if self.content is None else (self.content,)

    def with_children(self, children):
        return File(self.name, children[0] if children else None, self.variable)

    def simpler(self):
        if self.content is not None:
            yield File(self.name, None, self.variable)

    def imports(self):
        return set().union(*[node.imports() for node in self.children()])


class Folder(Named):
    """``tmp_path`` itself, with files in it and in folders below it."""

    __slots__ = ("files",)
    expression = TMP_PATH

    def __init__(self, files):
        self.files = tuple(files)  # (name, content)

    def lines(self, name):
        above = dict.fromkeys(file.rpartition("/")[0] for file, _ in self.files if "/" in file)
        lines = [(f"({TMP_PATH} / {HOLE}).mkdir()", Plain(folder)) for folder in above]
        return lines + [_writing(f"({TMP_PATH} / {double_quoted(file)})", node) for file, node in self.files]

    def source(self):
        return "; ".join(f"{name}: {node.source()}" for name, node in self.files)

    def children(self):
        return tuple(node for _, node in self.files)

    def with_children(self, children):
        return Folder([(name, child) for (name, _), child in zip(self.files, children)])

    def simpler(self):
        for at in range(len(self.files)):
            yield Folder([*self.files[:at], *self.files[at + 1 :]])

    def imports(self):
        return set().union(*[node.imports() for node in self.children()])


def _writing(path, content):
    value = content.value if isinstance(content, Plain) else ""
    if isinstance(value, bytes):
        return f"{path}.write_bytes({{}})", content
    encoding = "" if not isinstance(value, str) or value.isascii() else ', encoding="utf-8"'
    return f"{path}.write_text({{}}{encoding})", content


# -- which parameters, and what is in the files ------------------------------------------------------------------------

_OF_FILES = {
    "open", "read", "parse", "read_text", "read_bytes", "write_text", "write_bytes", "exists", "is_file", "isfile", "touch",
    "getsize", "stat", "unlink", "remove", "rename", "copy", "copyfile", "copy2", "move", "getmtime", "ZipFile",
}  # fmt: skip
_OF_FOLDERS = {
    "listdir", "scandir", "walk", "iterdir", "glob", "rglob", "iglob", "is_dir", "isdir", "mkdir", "makedirs", "rmdir",
    "rmtree",
}  # fmt: skip
# Methods of paths. What is asked to ``read`` is no path, but a file that is open, or reads what it is given.
_OF_PATHS = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "exists", "is_file", "touch", "stat", "unlink", "rename",
    "iterdir", "glob", "rglob", "is_dir", "mkdir", "rmdir", "walk",
}  # fmt: skip
_ALSO_OF_OTHERS = {"copy", "remove", "rename", "move", "stat", "walk"}  # they mean files in these modules only:
_MODULES = {"os", "shutil"}


class Uses:
    """What functions do with the path that they are given by a name: with itself (``opens``), with what is below it."""

    def __init__(self, nodes, names):
        """``names`` are the parameter, and attributes of ``self`` that hold it."""
        self._itself = set(names)
        self._below = set()
        self.opens = False
        self.lists = False
        self.is_many = False  # of several paths, one after the other
        self.is_binary = False
        for node in nodes:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Assign):
                    for target in inner.targets:
                        self._bind(target, inner.value)
                elif isinstance(inner, (ast.For, ast.comprehension)):
                    self.is_many = self.is_many or self._is_itself(inner.iter)
                    self._bind(inner.target, inner.iter)
        for node in nodes:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Call):
                    self._note(inner)

    def _bind(self, target, value):
        if isinstance(target, ast.Name):
            known = self._itself if self._is_itself(value) else self._below if self._is_below(value) else set()
            known.add(target.id)

    def _is_itself(self, node, names=None):
        """Whether the expression is the path, however written."""
        names = self._itself if names is None else names
        if isinstance(node, ast.Name):
            return node.id in names
        if isinstance(node, ast.Attribute):
            return isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in names
        if isinstance(node, ast.Call) and len(node.args) == 1:
            return _called(node) in ("Path", "fspath", "str", "abspath") and self._is_itself(node.args[0], names)
        return False

    def _is_below(self, node):
        """Whether the expression is a path below it."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            return self._is_itself(node.left) or self._is_below(node.left)
        if isinstance(node, ast.Call) and node.args and _called(node) in ("join", "Path"):
            return len(node.args) > 1 and self._is_itself(node.args[0])
        return self._is_itself(node, self._below)

    def _note(self, call):
        name = _called(call)
        if name not in _OF_FILES | _OF_FOLDERS:
            return
        for path, modes in self._paths(call, name):
            if self._is_below(path):
                self.lists = True
            elif not self._is_itself(path):
                continue
            elif name in _OF_FOLDERS:
                self.lists = True
            else:
                self.opens = True
            is_mode = name == "open" and any(
                isinstance(mode, ast.Constant) and "b" in str(mode.value) for mode in modes
            )
            self.is_binary = self.is_binary or is_mode or name == "read_bytes"

    @staticmethod
    def _paths(call, name):
        """Yield (expression of a path that the call is about, its other arguments)."""
        others = [word.value for word in call.keywords if word.arg == "mode"]
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        is_of_files = isinstance(owner, ast.Name) and owner.id in _MODULES
        if call.args and (owner is None or is_of_files or name not in _ALSO_OF_OTHERS):
            yield call.args[0], [*call.args[1:], *others]
        if owner is not None and not is_of_files and name in _OF_PATHS:
            yield owner, [*call.args, *others]


def _called(call):
    return getattr(call.func, "attr", None) or getattr(call.func, "id", "")


class Files(domains.Domain):
    """Paths of files, most of them there, with contents of the format that the code reads."""

    def __init__(self, contents, names, missing, is_folder_made):
        self.contents = contents
        self.names = names
        self.missing = missing  # how many are not there
        self.is_folder_made = is_folder_made  # by the code: then the folder of one that is missing may be missing too

    def draw(self, rng, depth=0):
        name = rng.choice(self.names)
        if rng.random() >= self.missing:
            return File(name, self.contents.draw(rng, depth + 1))
        return File(f"out/{name}" if self.is_folder_made and rng.random() < 0.5 else name, None)


class Folders(domains.Domain):
    """Folders with a few files, some of them with one that has a file, too."""

    def __init__(self, contents, names):
        self.contents = contents
        self.names = names

    def draw(self, rng, depth=0):
        names = rng.sample(self.names, rng.randint(0, min(3, len(self.names))))
        if names and rng.random() < _DEEPER:
            names[-1] = f"{_BELOW}/{names[-1]}"
        return Folder([(name, self.contents.draw(rng, depth + 1)) for name in names])


class AsText(domains.Domain):
    """The same paths as texts."""

    def __init__(self, inner):
        self.inner = inner

    def draw(self, rng, depth=0):
        return Built("str", [(None, self.inner.draw(rng, depth))])


class Lines(domains.Domain):
    """Texts of a few lines."""

    def __init__(self, line):
        self.line = line

    def draw(self, rng, depth=0):
        lines = [self.line.draw(rng, depth + 1).value for _ in range(rng.choice((0, 1, 2, 2, 3, 4)))]
        lines = [line for line in lines if line.isascii()]
        return Plain("\n".join(lines) + ("\n" if lines and rng.random() < 0.7 else ""))


class Tables(domains.Domain):
    """Comma-separated values, with a line of names at the top or without."""

    def __init__(self, names):
        self.names = list(names)

    def draw(self, rng, depth=0):
        names = self.names or ["name", "count", "price"][: rng.randint(1, 3)]
        rows = [names] if self.names or rng.random() < 0.5 else []
        for _ in range(rng.randint(0, 3)):
            rows.append([rng.choice(("1", "2", "10", "2.5", "abc", "tea", "")) for _ in names])
        return Plain("".join(",".join(row) + "\n" for row in rows))


class Settings(domains.Domain):
    """Sections with names and values, as ``configparser`` reads them; all names come from the code."""

    def __init__(self, names):
        self.names = list(names) or ["name"]

    def draw(self, rng, depth=0):
        lines = []
        for section in rng.sample(self.names, rng.randint(1, min(2, len(self.names)))):
            lines.append(f"[{section}]")
            for name in rng.sample(self.names, rng.randint(1, min(3, len(self.names)))):
                lines.append(f"{name} = {rng.choice(('1', '30', 'yes', 'abc', '2.5'))}")
        return Plain("".join(line + "\n" for line in lines))


class Documents(domains.Domain):
    """``json.dumps`` of values."""

    def __init__(self, inner):
        self.inner = inner

    def draw(self, rng, depth=0):
        if rng.random() < 0.08:
            return Plain("{")
        return Built("json.dumps", [(None, self.inner.draw(rng, depth + 1))], [("json", "")])


_OF_ANY = {"path", "file", "filename", "file_name", "filepath", "file_path", "fname", "name", "f", "fp", "p"}


def domain(uses, name, nodes, constants, values):
    """Return the domain of paths for what is done with them, or None if no file is touched.

    ``name`` is that of the parameter; ``values`` is the domain of what a document holds, where the code tells, else None.
    """
    if not (uses.opens or uses.lists):
        return None
    words = {inner.id for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    calls = {_called(inner) for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Call)}
    texts = [text for text in constants.texts if re.fullmatch(r"[A-Za-z]\w*", text)]
    if uses.is_binary:
        contents, ending = domains.Bytes(constants), ".bin"
    elif "json" in words or "load" in calls:
        plain = domains.Dicts(domains.Texts(constants), domains.Ints(constants))
        contents, ending = (
            Documents(values or domains.Any([(plain, 1), (domains.Containers("list", plain), 1)])),
            ".json",
        )
    elif "csv" in words:
        contents, ending = Tables(texts if "DictReader" in calls else ()), ".csv"
    elif "ConfigParser" in calls:
        contents, ending = Settings(texts), ".ini"
    else:
        line = domains.Any([(domains.Texts(constants), 3), (domains.Fixed(_LINES), 1)])
        contents, ending = Lines(line), ".txt"
    endings = [text.lstrip("*") for text in constants.texts if re.fullmatch(r"\*?\.\w{1,5}", text)]
    found = []
    if uses.opens:
        own = _STEM if name in _OF_ANY else name  # two parameters are seldom the same file
        names = [f"{stem}{end}" for end in [*endings, ending] for stem in (own, own, own, _OTHER)]
        missing = 0.15 if calls & _READING else 0.5
        found.append((Files(contents, names, missing, bool(calls & {"mkdir", "makedirs"})), 3))
    if uses.lists:
        # Of names that texts are drawn from: what is looked for is to be there at times.
        names = [f"{stem}{end}" for end in [*endings, ending] for stem in ("a", "b", "abc")]
        found.append((Folders(contents, names), 4))
        if "fnmatch" in words:
            constants.learn(["*", f"*{ending}", "a*"])
    return domains.Any(found)


_LINES = tuple(map(Plain, ("key = value", "# comment", "", "a,b,c", "1", "2", "abc", "two words")))
_READING = {"read", "read_text", "read_bytes", "readline", "readlines", "load", "reader", "DictReader", "parse"}
