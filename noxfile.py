"""Sessions for daily work; ``bash .ci/run`` is the gate."""

import nox

nox.options.sessions = ["tests", "lint"]
nox.options.default_venv_backend = "venv"


def install(session: nox.Session, *groups: str) -> None:
    """Install this project and some of its dependency groups."""
    session.install("pip>=25.1")
    session.install("--editable", ".", *(f"--group={group}" for group in groups))


@nox.session(python=["3.10", "3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """Run the tests; what stands behind ``--`` goes to pytest."""
    install(session, "test")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types and layers."""
    install(session, "test", "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session(name="self")
def self_check(session: nox.Session) -> None:
    """Run our own check on what is staged here."""
    install(session, "test")
    session.run("pytestgen-check", *session.posargs)


@nox.session
def gate(session: nox.Session) -> None:
    """Run what CI runs."""
    session.run("bash", ".ci/run", external=True)
