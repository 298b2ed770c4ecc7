"""What a push takes along: hook managers hand on the first of the refs that git names, the command tells of the others."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from pytestgen_hook.git import Repository

_MOST_GENERATIONS = 30
# Options of git, and of its push, whose value is the next word.
_OF_GIT = ("-c", "-C", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--super-prefix", "--config-env")
_OF_PUSH = ("--repo", "--receive-pack", "--exec", "-o", "--push-option", "--recurse-submodules")
_WHOLE = {"--all": "refs/heads/*", "--branches": "refs/heads/*", "--mirror": "refs/*", "--tags": "refs/tags/*"}
_SHORTEST = len("--al")  # git takes any beginning of an option that is that of no other
_MATCHING = ":"
_HEADS = "refs/heads/"


def command_of_push(process: int) -> list[str] | None:
    """Return what follows ``git push`` on the command line that ``process`` descends from; None where nothing tells."""
    for _ in range(_MOST_GENERATIONS):
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[:-1]
            state = Path(f"/proc/{process}/stat").read_bytes()
        except OSError:
            return None
        found = _after_push([os.fsdecode(word) for word in words])
        if found is not None:
            return found
        process = int(state.rpartition(b")")[2].split()[1])
    return None


def _after_push(words: Sequence[str]) -> list[str] | None:
    if not words or PurePath(words[0]).stem not in ("git", "git-push"):
        return None
    rest = iter(words[1:])
    if PurePath(words[0]).stem == "git-push":
        return list(rest)
    for word in rest:
        if word in _OF_GIT:
            next(rest, None)
        elif not word.startswith("-"):
            return list(rest) if word == "push" else None
    return None


def refs_of_push(arguments: Sequence[str], remote: str, repository: Repository) -> list[str]:
    """Return the local refs, and other names of commits, that a push with these arguments may take to ``remote``.

    Rather too many than too few: what the remote has of them brings nothing.
    """
    named, kinds, is_deleting = _read(arguments)
    if is_deleting:
        return []
    if not named and kinds <= {"refs/tags/*"}:
        named = _by_settings(remote, repository)
    names = repository.refs()
    return list(dict.fromkeys(ref for spec in [*named, *sorted(kinds)] for ref in _sources(spec, remote, names)))


def _read(arguments: Sequence[str]) -> tuple[list[str], set[str], bool]:
    """Return the refspecs, those that options stand for, and whether all these are to be deleted."""
    kinds: set[str] = set()
    places: list[str] = []
    is_deleting = False
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            places += rest
        elif word in _OF_PUSH:
            next(rest, None)
        elif word.startswith("--"):
            kinds |= {spec for name, spec in _WHOLE.items() if len(word) >= _SHORTEST and name.startswith(word)}
            is_deleting |= word == "--delete"
        elif word.startswith("-"):
            is_deleting |= "d" in word and not word.startswith("-o")
        else:
            places.append(word)
    specs = iter(places[1:])  # the first is the repository
    return [f"refs/tags/{next(specs, '')}" if spec == "tag" else spec for spec in specs], kinds, is_deleting


def _by_settings(remote: str, repository: Repository) -> list[str]:
    """The refspecs of a push that names none."""
    if repository.settings(f"remote.{remote}.mirror")[-1:] == ["true"]:
        return ["refs/*"]
    is_matching = repository.settings("push.default")[-1:] == ["matching"]
    return repository.settings(f"remote.{remote}.push") or [_MATCHING if is_matching else "HEAD"]


def _sources(spec: str, remote: str, names: Sequence[str]) -> Iterator[str]:
    """Yield the local side of a refspec."""
    source = spec.removeprefix("+")
    beginning, star, end = source.partition(":")[0].partition("*")
    if source == _MATCHING:
        there = set(names)
        heads = (name.removeprefix(_HEADS) for name in names if name.startswith(_HEADS))
        yield from (_HEADS + head for head in heads if f"refs/remotes/{remote}/{head}" in there)
    elif star:
        yield from (name for name in names if name.startswith(beginning) and name.endswith(end))
    elif beginning and not beginning.startswith("^"):
        yield beginning
