"""Plays the runner of GitHub Actions: steps with their conditions and expressions, its files, payloads and commands.

What steps `uses:` is given by the test; all that they `run:` is run, by bash, as the runner does it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Context = dict[str, Any]
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(\d+)|([A-Za-z_][\w-]*(?:\.[\w*-]+)*)|(\|\||&&|==|!=|!|\(|\)|,))")
_COMMAND = re.compile(r"^\s*::([a-z-]+)(?: ([^:]*))?::(.*)$")
_OLD_COMMAND = re.compile(r"##\[([a-z-]+)[^\]]*\]")


@dataclass
class Job:
    """What came of the steps: outcomes and outputs by their ids, the log, and what the runner took from it."""

    contexts: Context
    outcomes: list[tuple[str, str]] = field(default_factory=list)
    log: str = ""
    commands: list[tuple[str, str, str]] = field(default_factory=list)
    summary: str = ""
    status: str = "success"
    last_exit: int = 0

    def outputs(self, step: str) -> dict[str, str]:
        return dict(self.contexts["steps"].get(step, {}).get("outputs", {}))

    def ran(self, name: str) -> bool:
        return dict(self.outcomes).get(name, "skipped") != "skipped"


@dataclass
class Runner:
    """One machine with a checked-out repository; ``uses`` are the actions of others by the beginning of their names."""

    temp: Path
    workspace: Path
    path: Sequence[Path]
    uses: Mapping[str, Callable[[Mapping[str, str], Context], Mapping[str, str]]] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)

    def job(
        self,
        steps: Sequence[Mapping[str, Any]],
        event: str,
        payload: Mapping[str, Any],
        *,
        ref: str = "refs/heads/main",
        sha: str = "",
        inputs: Mapping[str, str] | None = None,
        github: Mapping[str, Any] | None = None,
        needs: Mapping[str, Any] | None = None,
        known: Mapping[str, Mapping[str, str]] | None = None,
    ) -> Job:
        """Run the steps of a job, or of a composite action, for an event; ``known`` are outputs of steps left out."""
        self.temp.mkdir(parents=True, exist_ok=True)
        event_path = self.temp / "event.json"
        event_path.write_text(json.dumps(payload))
        pull = payload.get("pull_request") or {}
        context = {
            "github": {
                "event": payload,
                "event_name": event,
                "ref": ref,
                "sha": sha,
                "base_ref": pull.get("base", {}).get("ref", ""),
                "head_ref": pull.get("head", {}).get("ref", ""),
                "token": "the-token",
                "repository": "ada/shop",
                "workspace": str(self.workspace),
                **(github or {}),
            },
            "inputs": dict(inputs or {}),
            "steps": {step: {"outputs": dict(outputs)} for step, outputs in (known or {}).items()},
            "runner": {"temp": str(self.temp), "os": "Linux"},
            "needs": dict(needs or {}),
        }
        variables = {
            **{name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "TMPDIR")},
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(event_path),
            "GITHUB_REF": ref,
            "GITHUB_SHA": sha,
            "GITHUB_BASE_REF": context["github"]["base_ref"],
            "GITHUB_HEAD_REF": context["github"]["head_ref"],
            "GITHUB_REPOSITORY": "ada/shop",
            "GITHUB_RUN_ID": "42",
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            "PATH": os.pathsep.join([*map(str, self.path), os.environ["PATH"]]),
            **self.environ,
        }
        job = Job(context)
        for number, step in enumerate(steps):
            self._step(step, number, job, variables)
        return job

    def _step(self, step: Mapping[str, Any], number: int, job: Job, variables: dict[str, str]) -> None:
        name = step.get("name") or step.get("uses") or str(number)
        if not _is_wanted(str(step.get("if", "")), job):
            job.outcomes.append((name, "skipped"))
            return
        given = {key: filled(str(value), job) for key, value in (step.get("env") or {}).items()}
        before = job.last_exit
        if "uses" in step:
            known = next(action for prefix, action in self.uses.items() if step["uses"].startswith(prefix))
            options = {key: filled(str(value), job) for key, value in (step.get("with") or {}).items()}
            try:
                outcome, outputs = "success", known(options, job.contexts)
            except FileNotFoundError:
                outcome, outputs = "failure", {}
        else:
            outcome, outputs = self._run(step, number, job, variables, given)
        job.outcomes.append((name, outcome))
        if "id" in step:
            job.contexts["steps"][step["id"]] = {"outputs": dict(outputs), "outcome": outcome}
        if outcome == "failure":
            if step.get("continue-on-error"):
                job.last_exit = before
            else:
                job.status = "failure"

    def _run(
        self, step: Mapping[str, Any], number: int, job: Job, variables: dict[str, str], given: Mapping[str, str]
    ) -> tuple[str, dict[str, str]]:
        names = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        files = {name: self.temp / f"{name.lower()}-{number}" for name in names}
        for file in files.values():
            file.write_text("")
        script = self.temp / f"step-{number}.sh"
        script.write_text(filled(step["run"], job))
        options = ["--noprofile", "--norc", "-eo", "pipefail"] if step.get("shell") == "bash" else ["-e"]
        folder = self.workspace / filled(str(step.get("working-directory", ".")), job)
        done = subprocess.run(
            ["bash", *options, str(script)],
            cwd=folder,
            env={**variables, **{name: str(file) for name, file in files.items()}, **given},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        text = done.stdout.decode("utf-8", "replace")
        job.log += text
        job.commands += commands_in(text)
        job.last_exit = done.returncode
        job.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        variables |= assignments(files["GITHUB_ENV"].read_text())
        added = [line for line in files["GITHUB_PATH"].read_text().splitlines() if line]
        variables["PATH"] = os.pathsep.join([*reversed(added), variables["PATH"]])
        return ("failure" if done.returncode else "success"), assignments(files["GITHUB_OUTPUT"].read_text())


def assignments(text: str) -> dict[str, str]:
    """Read a file of outputs or variables: ``name=value``, or ``name<<MARK``, lines, and the mark."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, heredoc, mark = line.partition("<<")
        if heredoc and "=" not in name:
            value = []
            for inner in lines:
                if inner == mark:
                    break
                value.append(inner)
            else:
                raise ValueError(f"no end of {name}")
            found[name] = "\n".join(value)
        elif line:
            name, equals, value_text = line.partition("=")
            if not equals:
                raise ValueError(f"no assignment: {line}")
            found[name] = value_text
    return found


def commands_in(log: str) -> list[tuple[str, str, str]]:
    """Return the commands that the runner takes from a log: name, properties and message."""
    found, fence = [], None
    for line in re.split(r"\r?\n|\r", log):
        match = _COMMAND.match(line)
        if fence is not None:
            fence = None if line.strip() == f"::{fence}::" else fence
            continue
        if match and match[1] == "stop-commands":
            fence = match[3]
        elif match:
            found.append((match[1], match[2] or "", match[3]))
        found += [(old, "", line) for old in _OLD_COMMAND.findall(line)]
    return found


# -- expressions -------------------------------------------------------------------------------------------------------


def filled(text: str, job: Job) -> str:
    """Return text with its ``${{ }}`` replaced by their values."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda match: _text(evaluated(match[1], job)), text)


def evaluated(expression: str, job: Job) -> Any:
    """Return the value of an expression, of the kinds that our files use."""
    tokens: list[str] = []
    position = 0
    expression = expression.strip()
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None:
            raise ValueError(f"not understood: {expression[position:]}")
        tokens.append(match[0].strip())
        position = match.end()
    value, left = _either(tokens, job)
    if left:
        raise ValueError(f"not understood: {left}")
    return value


def _is_wanted(condition: str, job: Job) -> bool:
    condition = condition.strip().removeprefix("${{").removesuffix("}}").strip()
    if not re.search(r"\b(always|cancelled|failure|success)\(\)", condition) and job.status != "success":
        return False
    return bool(evaluated(condition, job)) if condition else True


def _either(tokens: list[str], job: Job) -> tuple[Any, list[str]]:
    value, tokens = _both(tokens, job)
    while tokens[:1] == ["||"]:
        other, tokens = _both(tokens[1:], job)
        value = value or other
    return value, tokens


def _both(tokens: list[str], job: Job) -> tuple[Any, list[str]]:
    value, tokens = _compared(tokens, job)
    while tokens[:1] == ["&&"]:
        other, tokens = _compared(tokens[1:], job)
        value = value and other
    return value, tokens


def _compared(tokens: list[str], job: Job) -> tuple[Any, list[str]]:
    value, tokens = _single(tokens, job)
    if tokens[:1] in (["=="], ["!="]):
        is_equal = tokens[0] == "=="
        other, tokens = _single(tokens[1:], job)
        value = (_text(value) == _text(other)) is is_equal
    return value, tokens


def _single(tokens: list[str], job: Job) -> tuple[Any, list[str]]:
    first, *rest = tokens
    if first == "!":
        value, rest = _single(rest, job)
        return not value, rest
    if first == "(":
        value, rest = _either(rest, job)
        return value, rest[1:]
    if first.startswith("'"):
        return first[1:-1].replace("''", "'"), rest
    if first.isdigit():
        return int(first), rest
    if rest[:1] == ["("]:
        arguments, rest = [], rest[1:]
        while rest[0] != ")":
            value, rest = _either(rest, job)
            arguments.append(value)
            rest = rest[1:] if rest[0] == "," else rest
        return _called(first, arguments, job), rest[1:]
    return _looked_up(first.split("."), job.contexts), rest


def _called(name: str, arguments: list[Any], job: Job) -> Any:
    states = {
        "always": True,
        "cancelled": False,
        "success": job.status == "success",
        "failure": job.status == "failure",
    }
    if name in states:
        return states[name]
    if name == "contains":
        whole, part = arguments
        return part in whole
    raise ValueError(f"no function {name}")


def _looked_up(parts: list[str], value: Any) -> Any:
    for number, part in enumerate(parts):
        if part == "*":
            return [_looked_up(parts[number + 1 :], item) for item in (value or {}).values()]
        value = value.get(part) if isinstance(value, dict) else None
    return "" if value is None else value


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
