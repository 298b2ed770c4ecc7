"""Writes the table in README.md from the results: python ci/bench/table.py"""

import re
from pathlib import Path

from common import RESULTS, result

from pytestgen_hook.model.store import KNOWN


def beside(measured: dict, key: str, unit: str = "") -> str:
    """Return a figure with the peer's from the same run, if there is one."""
    text = f"{measured[key]}{unit}"
    return text + (f" (Pynguin: {measured['pynguin'][key]}{unit})" if "pynguin" in measured else "")


def asked_directly() -> list[tuple[str, str, str]]:
    """Return the rows about models that were asked for whole test files."""
    found = []
    for path in sorted(RESULTS.glob("model-direct-*.json")):
        direct = result(path.stem)
        found += [
            (
                f"{direct['model']} asked for a test file, {direct['functions']} functions that the search leaves open: "
                "tests green · of the lines and mutants left",
                "",
                f"{direct['green_share']:.0%} of {direct['tests']} · {direct['left_lines_share']:.0%} · "
                f"{direct['left_mutants_share']:.0%}; {direct['seconds_mean']} s a function",
            ),
            (
                "… the same answers mended and gated: tests kept · of the lines and mutants left",
                "all green",
                f"{direct['kept_tests']} · {direct['kept_left_lines_share']:.0%} · {direct['kept_left_mutants_share']:.0%}",
            ),
        ]
    return found


def of_models() -> list[tuple[str, str, str]]:
    """Return the rows about models that are asked for calls, the larger one first; its goals are those of the default."""
    found = []
    for name, share, first_goal in (
        ("qwen2.5-coder-1.5b", "≥ 40 % · ≥ 25 % · ≤ 10 s", "≤ 6"),
        ("qwen2.5-coder-0.5b", "", "≤ 3"),
    ):
        if worth := result(f"model-worth-{name}"):
            found.append(
                (
                    f"{name}, {worth['functions']} functions that the search leaves open: of lines and mutants left · time",
                    share,
                    f"{worth['lines_reached_share']:.0%} of {worth['lines_left']} · "
                    f"{worth['mutants_killed_share']:.0%} of {worth['mutants_left']} · {worth['seconds_mean']} s a function",
                )
            )
        if first := result(f"model-first-{name}"):
            what = f"{name}: seconds to its first proved test, median of {first['runs']}"
            found.append((what, first_goal, str(first["seconds_median"])))
        if speed := result(f"model-throughput-{name}"):
            found.append(
                (
                    f"{name}: tokens a second against the bare loop, four side by side · one long answer · "
                    "saved of a kept prefix · a grammar's cost",
                    "≥ 0.95x · ≥ 0.95x · ≥ 80 % · ≤ 10 %",
                    f"{speed['side_by_side_to_bare']}x (one alone: {speed['one_answer_to_bare']}x) · "
                    f"{speed['long_to_bare']}x · {speed['prefix_saved']:.0%} · "
                    f"{speed['grammar_costs']:.0%}",
                )
            )
        if form := result(f"model-format-{name}"):
            unusable = form["without_a_call"] + form["not_parsed"]
            what = f"{name}: of {form['answers']:,} answers unusable for their form · calls that do not fit"
            found.append((what, "0", f"{unusable} · {form['not_fitting']} of {form['calls']:,}"))
    return found


def of_faults() -> list[tuple[str, str, str]]:
    """Return what tests written from right programs notice of wrong ones."""
    found = []
    if faults := result("faults"):
        found += [
            (f"{faults['pairs']} faults of algorithms: caught", "≥ 36", beside(faults, "caught")),
            ("… green on the right ones", "all", beside(faults, "green")),
            ("… seconds a module", "", beside(faults, "seconds_a_module")),
        ]
    for name, about in (("faults_unseen", "looked at since"), ("faults_later", "never looked at")):
        if unseen := result(name):
            what = f"{unseen['pairs']} faults written without knowing the search, {about}: caught"
            found.append((what, "", beside(unseen, "caught")))
    return found


def rows() -> list[tuple[str, str, str]]:
    """Return (what, goal, measured)."""
    found = []
    if latency := result("latency"):
        found += [
            (
                "commit without Python, against `python -c 'import click'`",
                "≤ 3x",
                f"{latency['without_python_ratio']}x",
            ),
            (
                f"one changed function among {latency['python_files']:,} Python files, graph cold",
                "≤ 1.5 s",
                f"{latency['one_function_cold_seconds']} s",
            ),
            ("the same, graph warm", "≤ 0.5 s", f"{latency['one_function_warm_seconds']} s"),
        ]
    found += of_models()
    found += asked_directly()
    if human := result("humaneval"):
        found += [
            (f"HumanEval, {human['modules']} modules: with tests", "≥ 158", str(human["with_tests"])),
            ("… green in 3 runs", "all", str(human["green_in_three_runs"])),
            ("… branches, mean", "≥ 99 %", f"{human['branch_mean']} %"),
            ("… mutants killed (another program's)", "≥ 92 %", f"{human['killed_percent']} %"),
            ("… tests a module", "≤ 4", str(human["tests_a_module"])),
            ("… seconds a function", "≤ 2", str(human["seconds_a_function"])),
        ]
    found += of_faults()
    found += suspicions()
    found += of_names()
    if modules := result("modules"):
        found += [
            (
                f"{modules['modules']} modules: lines and branches, median",
                "≥ 92 %",
                beside(modules, "lines_and_branches_median", " %"),
            ),
            ("… mutants killed (another program's), median", "≥ 75 %", beside(modules, "killed_median_percent", " %")),
            (
                f"… mutants killed, of {modules['mutants']}",
                "≥ 1.3x the peer's",
                beside(modules, "killed") + (f": {modules['killed_ratio']}x" if "killed_ratio" in modules else ""),
            ),
            ("… green in 3 runs", "all", beside(modules, "green_in_three_runs")),
            ("… seconds a module, median", "≤ 60", beside(modules, "seconds_median")),
        ]
    if stable := result("stable"):
        found.append(
            (
                f"{stable['tests']:,} tests of {stable['suites']} suites, {stable['runs']} runs each, "
                f"Python {' and '.join(stable['pythons'])}: failed",
                "0",
                str(stable["failed_tests"]),
            )
        )
    for library in result("libraries").get("libraries", ()):
        safe = library["only_tests_changed"] and library["nothing_outside_changed"]
        found.append(
            (
                f"{library['name']}: functions · lines · branches · mutants",
                "ends by itself, green",
                f"{library['functions']} · {library['lines']} · {library['branches']} · {library['mutants']} in "
                f"{library['seconds']} s; green in 3 runs: {'yes' if library['green_in_three_runs'] else 'NO'}; "
                f"nothing else changed: {'yes' if safe else 'NO'}",
            )
        )
    size = result("size")
    if "large" in size:
        small, large = size["small"], size["large"]
        found += [
            (
                f"seconds a function: {large['functions']} in one repository, the same in {small['repositories']}",
                "within 20 %",
                f"{large['seconds_a_function']} s, {small['seconds_a_function']} s: {size['ratio']}x",
            ),
            (
                "… memory of all processes at the peak",
                "bounded",
                f"{large['peak_mib']} MiB, {small['peak_mib']} MiB",
            ),
            (
                "… 2 cores: had work · used (others worked too)",
                "both used",
                f"{large['cores_wanted_percent']} % · {large['cores_used_percent']} %, "
                f"{small['cores_wanted_percent']} % · {small['cores_used_percent']} %",
            ),
        ]
    if stopped := size.get("interrupted"):
        what = f"… interrupted half way, {stopped['functions']} functions: given tests before · after"
        before = f"{stopped['given_tests_before']} in {stopped['seconds_before']} s"
        after = f"{stopped['given_tests_after']} in {stopped['seconds_after']} s"
        found.append((what, "nothing lost or done twice", f"{before} · {after}"))
    for project in result("strength").get("projects", ()):
        against = project["against_mutmut"]
        found.append(
            (
                f"`pytestgen strength` on {project['name']}, against mutmut: wall to wall · mutants a second",
                "≥ 5x · same verdicts",
                f"{project['wall_ratio_to_mutmut']}x · {project['rate_ratio_to_mutmut']}x "
                f"({project['rate_ratio_to_cosmic_ray']}x cosmic-ray's); "
                f"{against['same_verdict']} of {against['in_both']} verdicts the same",
            )
        )
    if mutation := result("mutation"):
        gate = mutation["gate"]
        found.append(
            (
                "mutants a second in the gate, on 2 functions: against mutmut · cosmic-ray",
                "≥ 20x · ≥ 500x",
                f"{mutation['ratio_to_mutmut']}x · {mutation['ratio_to_cosmic_ray']}x; {gate['killed']} killed, "
                f"{gate['timed_out']} timed out, {gate['survived']} survived, {gate['not_run']} not run",
            )
        )
    if hostile := result("hostile"):
        whole = ("decoy_untouched", "socket_untouched", "victim_alive", "repository_untouched")
        found.append(
            (
                f"{hostile['functions']} hostile functions",
                "all reported, nothing changed",
                f"{hostile['reported']} reported, {len(hostile['given_tests'])} given tests, "
                f"{'nothing' if all(hostile[name] for name in whole) else 'SOMETHING'} changed, {hostile['seconds']} s",
            )
        )
    return found + in_hooks()


def in_hooks() -> list[tuple[str, str, str]]:
    """Return the rows of what a hook is put through."""
    found = []
    if "commit_of_5000_files_seconds" in (latency := result("latency") or {}):
        cold, warm = (latency[f"one_function_of_10000_files_{state}_seconds"] for state in ("cold", "warm"))
        processes = latency["commit_of_5000_files_processes"]
        found += [
            ("one changed function among 10,000 Python files, graph cold · warm", "", f"{cold} s · {warm} s"),
            ("a commit of 5,000 files", "1 process", f"{latency['commit_of_5000_files_seconds']} s, {processes}"),
        ]
    if killed := result("killed"):
        found.append(
            (
                f"killed at {killed['kills']} random moments",
                "as before or complete",
                f"{killed['as_before']} as before, {killed['complete']} complete, "
                f"{killed['some_files_complete']} with some files complete, {len(killed['bad'])} bad",
            )
        )
    if together := result("together"):
        found.append(
            (
                f"{together['hooks']} hooks, eight at once, {together['killed']} killed",
                "cache whole, nothing lost",
                f"{len(together['bad'])} bad",
            )
        )
    if histories := result("histories"):
        counted = histories["counted"]
        runs = sum(number for what, number in counted.items() if what.startswith("hook "))
        found.append(
            (
                f"{histories['sequences']} random histories, {runs} runs of the hook",
                "no crash, no harm, no wrong green",
                f"{histories['broken']} broken; {counted['functions examined']} functions examined",
            )
        )
    return found


def suspicions() -> list[tuple[str, str, str]]:
    """Return the rows about functions that do other than they say."""
    suspected = result("suspected")
    if not suspected:
        return []
    what = f"{suspected['right']} right and {suspected['wrong']} wrong documented functions: precision of suspicions"
    return [
        (what, "≥ 0.9", f"{suspected['precision']} ({suspected['suspected']} suspected)"),
        ("… recall", "", str(suspected["recall"])),
        *(row for name in ("qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b") for row in notes_of(name)),
    ]


def notes_of(model: str) -> list[tuple[str, str, str]]:
    """Return the row about what a model's own expectations are worth."""
    found = result(f"expectations-{model}")
    if not found:
        return []
    chosen, measured = found["chosen by"], found["measured on"]
    by = f"chosen by {chosen['functions']} other functions (there {chosen['precision']})"
    what = f"… notes by what {model} expects of calls, at the setting {by}: precision"
    told = f"{measured['precision']} of {measured['notes']} notes, recall {measured['recall']}"
    disturbs = f"{100 * measured['right calls with a note']:.1f} % of right calls have one"
    printed = found["as printed"]
    is_on = "on" if KNOWN[model].is_precise else "off"
    fixed = f"{is_on} by default, at a fixed setting ({printed['precision']} of {printed['notes']} here)"
    return [(what, "≥ 0.8, else off", f"{told}; {disturbs}; {fixed}")]


def of_names() -> list[tuple[str, str, str]]:
    """Return the rows about names that a model may choose."""
    names = result("names")
    if not names:
        return []
    own, free = names["of the claims"], names["of a model"]
    found = [
        (
            f"{own['labelled'] + free['labelled']} labelled names of cases: precision of those that can be chosen",
            "≥ 0.95",
            f"{names['precision']} ({own['used'] + free['used']} can be)",
        ),
        ("… recall, of true ones in its own words", "", str(names["recall"])),
        ("… made up freely by the 1.5B model: true", "", f"{free['true']} of {free['labelled']}"),
    ]
    for path in sorted(RESULTS.glob("names-*.json")):
        one = result(path.stem)
        what = f"… {one['model']}: rows by values that it renamed · seconds a row (the machine was busy)"
        found.append(
            (what, "", f"{one['renamed']} of {one['by values']} · {one['seconds'] / max(1, one['renamed']):.1f}")
        )
    return found


def details(name: str) -> list[str]:
    """Return a line for each fault that was missed, or each module."""
    if name == "faults":
        missed = [row for row in result(name)["rows"] if not row["caught"]]
        return [f"- {row['name']}: {row['fault']}, as in `{row['witness']}`" for row in missed] or ["- none"]
    return [
        f"- {row['name']}: {row['given_tests']}/{row['functions']} functions · {row['line']} % lines · "
        f"{row['branch']} % branches · {row['killed']}/{row['mutants']} mutants in {row['seconds']} s"
        for row in result(name)["rows"]
    ]


def main() -> None:
    """Write the table and, below it, what is not reached."""
    lines = ["| what | goal | measured |", "|---|---|---|", *[f"| {' | '.join(row)} |" for row in rows()]]
    for library in result("libraries").get("libraries", ()):
        lines += ["", f"Not reached in {library['name']}:", ""]
        lines += [f"- {count} x {reason}" for reason, count in library["not_reached"].items()] or ["- nothing"]
    for name, what in (("faults", "Faults missed"), ("modules", "Modules")):
        lines += ["", f"{what}:", "", *details(name)] if result(name) else []
    readme = Path(__file__).parent / "README.md"
    text = readme.read_text(encoding="utf-8")
    between = "<!-- results -->\n" + "\n".join(lines).replace("\\", "\\\\") + "\n<!-- end -->"
    readme.write_text(re.sub(r"<!-- results -->.*<!-- end -->", between, text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
