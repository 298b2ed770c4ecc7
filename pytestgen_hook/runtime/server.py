"""The process that runs the user's code for the tool: reads requests, one JSON object a line, and answers each with one.

The first process runs no user code. For each module it forks one that confines itself and imports the module; that one forks
a process for every call. A second such server (``twin``) is asked about the calls that are kept. Where fork is missing,
the first process confines itself and imports the module, and calls run in fresh interpreters.
"""

import argparse
import ast
import importlib
import json
import os
import select
import signal
import sys
import time
import traceback

import callers
import confine
import elsewhere
import form
import hidden
import judged
import members
import plan as plans
import promised
import proposals
import search
import standins
import twin
import workers
from observe import Subject
from seen import Had

_HERE = os.path.dirname(os.path.abspath(__file__))
_GRACE = 3.0  # seconds that a search may take beyond its own, for what cannot be interrupted
TRYING_SHARE = 0.15  # of the time, at least, for finding a caller where calls of the function itself left lines
THROUGH_SHARE = 0.35  # and for calls of that one


class Place:
    """Where the runtime may work: its temporary folder, the tree it imports from, and the import roots in it."""

    def __init__(self, folder, tree, roots, is_moved=False):
        self.is_moved = is_moved  # in time too, before anything of the project's is imported
        self.folder = os.path.realpath(folder)
        self.tree = os.path.realpath(tree)
        self.roots = [os.path.join(self.tree, root) if root not in ("", ".") else self.tree for root in roots]
        self.work = os.path.join(self.folder, "work")

    def guard(self):
        readable = [
            self.tree,
            sys.prefix,
            sys.base_prefix,
            sys.exec_prefix,
            _HERE,
            *_library_folders(),
        ]
        return confine.Guard(self.work, readable)

    def local_folders(self):
        """Folders that lie elsewhere on another machine, or in the next run."""
        folders = [self.tree, self.folder, sys.prefix, sys.base_prefix, os.path.expanduser("~")]
        return tuple({path for folder in folders for path in (folder, os.path.realpath(folder)) if len(path) > 1})


def _library_folders():
    import sysconfig

    return sorted(
        {path for path in sysconfig.get_paths().values() if path}
        | {entry for entry in sys.path if entry and os.path.isdir(entry)}
    )


class Modules:
    """The imported module of this process and the functions in it."""

    def __init__(self, place):
        self.place = place
        self.module = None
        self.source = None
        self.tree = None
        self.filename = None
        self.guard = None

    def load(self, name, path):
        """Import the module under the guard; return a problem in words, or None."""
        # The hook is added once, here: what is forked for a call has it and need not add its own.
        guard = self.guard = self.place.guard()
        self.filename = os.path.join(self.place.tree, *path.split("/"))
        with open(self.filename, "rb") as stream:
            self.source = stream.read()
        self.tree = ast.parse(self.source)
        guard.start()
        try:
            self.module = importlib.import_module(name)
        except BaseException as error:
            problem = "importing {} raises {}: {}".format(name, type(error).__name__, str(error).split("\n")[0][:200])
        else:
            problem = None
        finally:
            guard.stop()
        if guard.attempts:
            return f"refused: importing {name} tries to {guard.attempts[0]}"
        if problem:
            return problem
        found = os.path.realpath(getattr(self.module, "__file__", None) or "")
        if found != os.path.realpath(self.filename):
            return "the name {} imports {}, not the file under test".format(name, found or "something without a file")
        logging = sys.modules.get("logging")
        if logging is not None and not logging.root.handlers:
            # As under pytest, where a first message does not make handlers of its own.
            logging.root.addHandler(logging.NullHandler())
        return None

    def subject(self, request):
        raw = plans.find_raw(self.module, self.filename, request["first_line"], request["name"])
        if raw is None:
            raise plans.CannotCall("it is not there after the import (defined under a condition, deleted or replaced)")
        subject = Subject(self.module, self.source, self.filename, raw, request["last_line"], self.place.tree)
        subject.folders = self.place.local_folders()
        subject.scope.work = self.place.work
        subject.body_lines = tuple(request["body_lines"])
        subject.branching = branching_lines(self.tree, request["first_line"], request["last_line"])
        if request.get("documented"):
            subject.claims = promised.Claims(subject, request["documented"])
        subject.address = {"place": [self.place.folder, self.place.tree, self.place.roots], "request": request}
        return subject


def branching_lines(tree, first, last):
    """Lines of the function that a step can leave in two directions."""
    found = set()
    for node in _statements(tree):
        if isinstance(node, (ast.If, ast.While, ast.For, ast.AsyncFor)) and first <= node.lineno <= last:
            if isinstance(node, ast.While) and isinstance(node.test, ast.Constant):
                continue
            found.add(node.lineno)
    return found


def _statements(node):
    """Yield the statements below a node; expressions, which may be huge, are not looked through."""
    left = [node]
    while left:
        node = left.pop()
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            below = getattr(node, field, ())
            if isinstance(below, list):
                left.extend(below)
                yield from below


def explore(modules, request, ask_twin=None):
    """Answer one request of the tool: search for cases of one function."""
    started = time.monotonic()

    had = Had(**request["had"]) if "had" in request else None
    proposed = request.get("proposed")
    through = request.get("through")
    fitting = []  # how many of the proposed calls can be read and bound
    subject = None

    def seeds(plan):
        if proposed is not None:
            texts = [*request.get("texts", ()), *(callers.texts(plan) if plan.is_through else ())]
            plan.constants.learn(texts)
            made = proposals.inputs(plan, proposed)
            fitting.append(len(made))
            return [*made, *proposals.with_texts(made, texts)]
        return plans.seeds(plan, modules.tree, request.get("calls", ()))

    def search_for(plan, seeds, had=had, least=0.1):
        left = max(least, request["seconds"] - (time.monotonic() - started))
        hunt = search.Search(subject, plan, modules.guard, seeds, left, request.get("seed", 0), ask_twin, had)
        hunt.with_hypothesis = request.get("hypothesis", False) and not plan.is_through
        hunt.begin()
        return hunt

    try:
        subject = modules.subject(request)
        can_make = standins.trial(subject, modules.guard)
        avoid = request.get("avoid", False)
        if through:
            plan = callers.Callers(subject, modules.tree, modules.guard).planned(*through)
            if plan is None:
                raise plans.CannotCall("what leads to it cannot be called")
        else:
            plan = plans.make_plan(subject, request["qualname"], modules.tree, can_make, avoid=avoid)
        first = plan
        hunt = search_for(plan, seeds(plan))
        if plan.has_real and hunt.is_held_back and not avoid and not through:
            # What it needs of its objects cannot be had here: once more with others in their places.
            plan = plans.make_plan(subject, request["qualname"], modules.tree, can_make, avoid=True)
            other = search_for(plan, [])
            hunt = max(hunt, other, key=lambda one: one.reach)
        only_promises = request.get("only_promises")
        answer = {"cases": [], "problem": None, "refused": None} if only_promises else hunt.finish()
        answer["promises"] = hunt.compared()
        if proposed is not None:
            answer["fitting"] = fitting[0]
        elif not only_promises:
            answer["form"] = {**form.told(hunt.plan, plans.resolver(subject)), "tail": hunt.may_give_objects}
            answer["avoid"] = hunt.plan is not first
    except plans.CannotCall as problem:
        answer = {"cases": [], "problem": str(problem), "refused": None}
    if subject is not None and proposed is None and not request.get("only_promises") and _is_hard_to_call(answer):
        answer = _by_callers(modules, subject, answer, request["seconds"], started, search_for)
    answer["seconds"] = time.monotonic() - started
    return answer


def _is_hard_to_call(answer):
    """Whether calls left lines that never ran, or there is no case at all, and not because the sandbox refused it."""
    return not answer["refused"] and (not answer["cases"] or bool(answer["left"]["lines"]))


def _by_callers(modules, subject, answer, seconds, started, search_for):
    """Return an answer with what calls of a caller of the function add to it, and what is left then.

    A model is to be asked for calls of the caller, too, if these added something, if the function takes objects that others
    make and the caller leads to it, or if calls of the function itself lead nowhere and one of both is true.
    """
    found = callers.Callers(subject, modules.tree, modules.guard)
    leading = found.best(max(started + seconds, time.monotonic() + TRYING_SHARE * seconds))
    if leading is None:
        return answer
    plan = leading.plan
    more = {"cases": []}
    if leading.is_near:
        arcs = [arc for case in answer["cases"] for arc in case["arcs"]]
        had = Had(arcs, [kill for case in answer["cases"] for kill in case["kills"]])
        more = search_for(plan, plan.examples, had, THROUGH_SHARE * seconds).finish()
    joined = {**answer, "left": answer.get("left") or more.get("left")}
    if more["cases"]:
        both = {part: [*answer.get(part, ()), *more.get(part, ())] for part in ("cases", "labels")}
        joined = {**joined, **more, **both, "toothless": False}
    takes_objects = callers.takes_objects(subject, modules.tree)
    leads = leading.is_reaching or (leading.is_near and _is_private(subject.raw.__name__))
    if more["cases"] or (takes_objects and leads) or ((takes_objects or leads) and not _gets_far(answer)):
        own = plan.subject
        joined["through"] = [own.module.__name__, plan.name]
        joined["form"] = {**form.told(plan, plans.resolver(own)), "tail": False, "head": callers.head(plan)}
    return joined


def _is_private(name):
    return name.startswith("_") and not name.endswith("__")


def _gets_far(answer):
    """Whether calls of the function itself come to results, and run most of it: then more of them may do the rest."""
    return any(not case["raises"] for case in answer["cases"]) and 2 * answer["lines_run"] >= answer["lines_total"]


def observe_again(modules, request):
    """Answer a request of a twin: two calls of each item, those of one item in a process of their own."""
    try:
        subject = modules.subject(request)
    except plans.CannotCall:
        return {"answers": None}
    manner = workers.Manner(trace=False, strict=True)
    jobs = [workers.Job([item] * 2, request["timeout"], manner) for item in request["items"]]
    pairs = workers.run(subject, modules.guard, jobs)
    return {"answers": [[answer.get("print") for answer in pair] for pair in pairs]}


def members_of_parameters(modules, request):
    """Answer a request of the tool: what the classes of a function's parameters have."""
    try:
        return {"members": members.of_parameters(modules.subject(request), modules.tree)}
    except plans.CannotCall:
        return {"members": {}}


def confine_here(place):
    """Confine this process before it imports anything of the user's."""
    os.makedirs(place.work, exist_ok=True)
    os.chdir(place.work)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    sys.argv[:] = ["pytest"]
    sys.path[:0] = place.roots
    sys.dont_write_bytecode = True
    confine.restrict_process([place.work])
    confine.prepare_calls()
    if place.is_moved:
        elsewhere.move_for_import(place.tree)


def zygote(place, request, reader, writer):
    """Import the module and answer requests about its functions until the pipe closes."""
    confine_here(place)
    modules = Modules(place)
    problem = modules.load(request["module"], request["path"])
    _send(writer, {"loaded": problem is None, "problem": problem})
    if problem is not None:
        return
    elsewhere.look_around()
    lines = _lines(reader)

    def ask_twin(items, timeout):
        """Have the twin make these calls; return what is to be called for its answers, once, before anything else is asked."""
        _send(writer, {"twin": {"items": items, "timeout": timeout}})
        return lambda: json.loads(next(lines))["answers"]

    for line in lines:
        request = json.loads(line)
        try:
            if "items" in request:
                answer = observe_again(modules, request)
            elif "members" in request:
                answer = members_of_parameters(modules, request)
            elif "judge" in request:
                answer = judged.judged(modules, request, ask_twin)
            else:
                answer = explore(modules, request, ask_twin)
        except Exception as error:  # one function must not cost those after it
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{os.path.basename(where.filename)}:{where.lineno}"
            answer = failed(f"pytestgen failed at it ({place}: {type(error).__name__}: {error})")
        _send(writer, answer)


class Zygote:
    """The forked process for one module, seen from the first process."""

    def __init__(self, place, request):
        self.module = request["module"]
        down, self._to = os.pipe()
        self._from, up = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                # The pipe to the tool is none of the user's business: who holds it could answer for us.
                workers.close_all_but(down, up)
                zygote(place, request, down, up)
            finally:
                os._exit(0)
        os.close(down)
        os.close(up)
        seconds = request["import_seconds"]
        answer = _receive(self._from, seconds)
        if answer is None:
            self.close()
            self.problem = f"refused: importing {self.module} ends the process or does not end within {seconds:.3g} s"
        else:
            self.problem = answer["problem"]

    def ask(self, request, other=None):
        """Return the answer, or None if none came; what it wants to know of the twin ``other`` is asked there."""
        seconds = request["seconds"]
        end = time.monotonic() + seconds + max(_GRACE, seconds)
        message = request
        while True:
            try:
                _send(self._to, message)
            except OSError:
                return None
            if other is not None and not {"items", "members"} & set(request):
                other.prepare(request)  # which starts meanwhile
            answer = _receive(self._from, end - time.monotonic())
            if answer is None and time.monotonic() > end:
                return _LATE
            if answer is None or "twin" not in answer:
                return answer
            message = {"answers": other.observe(request, **answer["twin"]) if other else None}

    def close(self):
        for descriptor in (self._to, self._from):
            try:
                os.close(descriptor)
            except OSError:
                pass
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
            self.pid = 0


def _send(writer, message):
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(writer, data) :]


def _receive(reader, seconds):
    """Return the next message, or None if none came in time or the other side ended."""
    data = b""
    end = time.monotonic() + seconds
    while not data.endswith(b"\n"):
        ready, _, _ = select.select([reader], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return None
        piece = os.read(reader, 1 << 16)
        if not piece:
            return None
        data += piece
    return json.loads(data)


def _lines(reader):
    with os.fdopen(reader, "rb") as stream:
        yield from stream


def failed(problem):
    """Return the answer for a function that nothing can be said about, the reason in words."""
    refused = problem[len("refused: ") :] if problem.startswith("refused: ") else None
    return {"cases": [], "problem": None if refused else problem, "refused": refused}


_LATE = failed("the time for it ran out: it is too large, or its calls are too slow")


def supervise(place, reader, writer):
    """Answer the tool's requests, each in the process that has its module."""
    current = None
    other = None if place.is_moved else twin.Twin(place, _send, _receive)
    for line in _lines(reader):
        request = json.loads(line)
        if current is not None and (current.module != request["module"] or not current.pid):
            current.close()
            current = None
        if current is None:
            current = Zygote(place, request)
        if "prepare" in request:
            if other is not None and not current.problem:
                other.prepare(request)
            continue
        if current.problem:
            _send(writer, failed(current.problem))
            continue
        answer = current.ask(request, other)
        if answer is None or answer is _LATE:
            current.close()
        _send(writer, answer or failed("refused: it ended the process that runs the calls"))
    if current is not None:
        current.close()
    if other is not None:
        other.close()


def supervise_without_fork(place, reader, writer):
    """The same where fork is missing: this process imports the module of the first request, and serves that module only."""
    modules = None
    for line in _lines(reader):
        request = json.loads(line)
        if modules is None:
            confine_here(place)
            modules = Modules(place)
            problem = modules.load(request["module"], request["path"])
            name = request["module"]
        if "prepare" in request:
            continue
        if problem or name != request["module"]:
            _send(writer, failed(problem or "one process serves one module on this platform"))
            continue
        _send(writer, explore(modules, request))


def serve_child():
    """A fresh interpreter for one batch of calls (``workers._fresh``)."""
    asked = json.load(sys.stdin)
    hidden.hide_runtime()
    out = os.dup(1)
    folder, tree, roots = asked["subject"]["place"]
    place = Place(folder, tree, roots)
    confine_here(place)
    modules = Modules(place)
    request = asked["subject"]["request"]
    if modules.load(request["module"], request["path"]):
        return
    subject = modules.subject(request)
    confine.restrict_call(cpu_seconds=60, memory_bytes=workers.MEMORY)
    manner = workers.Manner(asked["mutant"], asked["trace"], asked["strict"], asked["ahead"], asked["probe"])
    if manner.ahead:
        workers.move(subject, manner)
    if manner.mutant is not None:
        subject.mutants[manner.mutant].apply(subject.raw)
    workers.serve(subject, modules.guard, asked["items"], manner, lambda answer: _send(out, answer))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--child", action="store_true")
    parser.add_argument("--moved", action="store_true")
    parser.add_argument("--read-fd", type=int, default=0)
    parser.add_argument("--write-fd", type=int, default=1)
    parser.add_argument("--folder", default=".")
    parser.add_argument("--tree", default=".")
    parser.add_argument("--root", action="append", default=[])
    options = parser.parse_args()
    if options.child:
        serve_child()
        return
    hidden.hide_runtime()
    place = Place(options.folder, options.tree, options.root or ["."], options.moved)
    confine.die_with_parent()
    writer = os.dup(options.write_fd) if options.write_fd == 1 else options.write_fd
    reader = os.dup(options.read_fd) if options.read_fd == 0 else options.read_fd
    if hasattr(os, "fork"):
        supervise(place, reader, writer)
    else:
        supervise_without_fork(place, reader, writer)
