"""A second server beside the first: a fresh interpreter, another clock, hash seed and folder, to see what depends on those.

What is forked from one import shares all that was fixed when the interpreter started or the module was imported: the
hashes of texts, constants made from the clock, the place, size and lines of the file.
"""

import os
import re
import shutil
import subprocess

import start

MOST_FILES = 20_000
_SEED = "3141"
_BLANK_LINES = 7
_WRITTEN = 1_000_000_000  # in the year 2001
_FOLDER = "a-twin/of-the-tree"  # another length, another number of parts
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=]")


class Twin:
    """Started when first asked. Made by the process that runs no user code; ``send`` and ``receive`` are its own."""

    def __init__(self, place, send, receive):
        self._place = place
        self._send = send
        self._receive = receive
        self._process = None
        self._is_lost = False
        self._prepared = None  # the module that it was told to import last

    def prepare(self, request):
        """Let it start, and import the module of a request, while others work; what goes wrong shows when it is asked."""
        if request["module"] == self._prepared:
            return
        self._prepared = request["module"]
        try:
            if self._is_there():
                self._shifted(request)
                told = {name: request[name] for name in ("module", "path", "import_seconds")}
                self._send(self._to, {**told, "prepare": True})
        except OSError:
            self._lose()

    def observe(self, request, items, timeout):
        """Return for each item what two calls of it showed; None if that cannot be had: then nothing is known."""
        try:
            if not self._is_there():
                return None
            self._send(self._to, {**_moved(request, self._shifted(request)), "items": items, "timeout": timeout})
            seconds = 2 * request["import_seconds"] + 2 * timeout * len(items) + 10
            answer = self._receive(self._from, seconds)
        except OSError:
            answer = None
        if answer is None:
            self._lose()
            return None
        return answer.get("answers")

    def _is_there(self):
        """Start it, if it has not been; whether it can be asked."""
        if self._process is None and not self._is_lost:
            self._start()
        return not self._is_lost

    def _lose(self):
        self.close()
        self._is_lost = True

    def _shifted(self, request):
        return _copy_shifted(self._place.tree, self._tree, request["path"])

    def _start(self):
        folder = os.path.join(self._place.folder, "twin")
        self._tree = os.path.join(folder, _FOLDER)
        if not _link_files(self._place.tree, self._tree):
            self._is_lost = True
            return
        os.makedirs(os.path.join(folder, "work"), exist_ok=True)
        down, self._to = os.pipe()
        self._from, up = os.pipe()
        command = [*start.command("server"), "--moved"]
        command += ["--folder", folder, "--tree", self._tree, "--read-fd", str(down), "--write-fd", str(up)]
        for root in self._place.roots:
            command += ["--root", os.path.relpath(root, self._place.tree)]
        environment = {name: value.replace(self._place.folder, folder) for name, value in os.environ.items()}
        environment["PYTHONHASHSEED"] = _SEED
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            pass_fds=(down, up),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        os.close(down)
        os.close(up)

    def close(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            os.close(self._to)
            os.close(self._from)
            self._process = None


def _moved(request, lines):
    """Return a request for a function that stands so many lines further below."""
    return {**request, **{name: request[name] + lines for name in ("first_line", "last_line")}}


def _link_files(tree, target):
    """Make the tree again, of hard links: nothing may write there. False if it is too large for that."""
    count = 0
    for folder, folders, files in os.walk(tree):
        count += len(folders) + len(files)
        if count > MOST_FILES:
            return False
        there = os.path.normpath(os.path.join(target, os.path.relpath(folder, tree)))
        os.makedirs(there, exist_ok=True)
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in files + links:
            _link(os.path.join(folder, name), os.path.join(there, name))
    return True


def _link(source, target):
    try:
        if os.path.islink(source):
            os.symlink(os.readlink(source), target)
        else:
            try:
                os.link(source, target)
            except OSError:
                shutil.copy2(source, target)
    except OSError:  # a pipe or a socket; what cannot be read here cannot be read there
        pass


def _copy_shifted(tree, target, path):
    """Give the module a file of its own with lines before the first; return how many lines."""
    with open(os.path.join(tree, *path.split("/")), "rb") as stream:
        source = stream.read()
    shift = 0 if any(_COOKIE.match(line) for line in source.split(b"\n", 2)[:2]) else _BLANK_LINES
    mark = b"\xef\xbb\xbf" if source.startswith(b"\xef\xbb\xbf") else b""
    place = os.path.join(target, *path.split("/"))
    new = place + ".new"
    with open(new, "wb") as stream:
        stream.write(mark + b"\n" * shift + source[len(mark) :])
    os.utime(new, (_WRITTEN, _WRITTEN))
    os.replace(new, place)
    return shift
