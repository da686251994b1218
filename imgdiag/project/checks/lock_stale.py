"""lock-stale: a lock file that does not fit pyproject.toml any more."""

from collections.abc import Iterator

from imgdiag.finding import Fix
from imgdiag.project.check import Check, ProjectExample, ProjectFinding
from imgdiag.project.project import Project
from imgdiag.project.torch_plan import stale


def _check(project: Project) -> Iterator[ProjectFinding]:
    for lock in project.locks:
        if project.settings is None or not (reason := stale(project.settings, lock)):
            continue
        yield CHECK.finding(
            lock.path,
            1,
            f"the lock file does not fit pyproject.toml: {reason}",
            Fix("Lock anew", lock.path, f"{lock.tool} lock"),
        )


_PROJECT = '[project]\nname = "service"\ndependencies = ["flask>=3"]\n'
_LOCK = """\
version = 1

[[package]]
name = "{name}"
version = "{version}"
source = {{ registry = "https://pypi.org/simple" }}
"""

CHECK = Check(
    name="lock-stale",
    title="A lock file that does not fit the project",
    why="With `--locked` the build stops; with `--frozen`, or without either, it installs "
    "something else than what was meant. Told is what surely shows: a dependency that is not "
    "locked, or a locked version that the project does not allow.",
    fix="`uv lock` or `poetry lock`; `uv lock --check` in CI.",
    ignore_when="Never.",
    check=_check,
    examples=(
        ProjectExample(
            what="a dependency that is not locked",
            files={
                "pyproject.toml": _PROJECT,
                "uv.lock": _LOCK.format(name="requests", version="2.32"),
            },
            finds=("uv.lock:1",),
        ),
        ProjectExample(
            what="a version that is not allowed any more",
            files={
                "pyproject.toml": _PROJECT,
                "uv.lock": _LOCK.format(name="flask", version="2.3.3"),
            },
            finds=("uv.lock:1",),
        ),
        ProjectExample(
            what="a lock file that fits",
            files={
                "pyproject.toml": _PROJECT,
                "uv.lock": _LOCK.format(name="flask", version="3.0.3"),
            },
        ),
    ),
)
