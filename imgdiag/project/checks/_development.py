"""What a lock file brings in for developers alone, and what of it the Dockerfile itself uses."""

from __future__ import annotations

import re
from collections.abc import Collection

from imgdiag.project.checks._tools import call
from imgdiag.project.locks import Choice, Locked, select
from imgdiag.project.project import Project
from imgdiag.project.shell import Command
from imgdiag.units import format_bytes

_NAMED = 3
_UV_RUN = re.compile(r"""\buv["', ]+run\b(?!.*--no-(sync|dev))""", re.DOTALL)
# What developers' packages are mostly called by, for where no lock file says which there are.
_TOOLS = frozenset(
    ("black", "coverage", "flake8", "ipython", "isort", "jupyter", "mypy", "nox", "pre-commit",
     "pylint", "pyright", "pytest", "ruff", "sphinx-build", "tox")
)  # fmt: skip
_PROGRAMS = {"sphinx": "sphinx-build", "jupyter-core": "jupyter", "pytest": "py.test"}


def brought_for_developers(project: Project, tool: str, groups: Collection[str]) -> str:
    """Return what `groups` add to the lock file of `tool`, as a clause; "" when nothing is known.

    The sizes are of wheels, as far as the lock file has them: uv's does, poetry's does not. What
    the service itself needs too is not among them.
    """
    added = _added(project, tool, groups)
    if not added:
        return ""
    added.sort(key=lambda each: (-(each.size or 0), each.package.name))
    names = [each.package.name for each in added[:_NAMED]]
    if len(added) > _NAMED:
        names.append(f"{len(added) - _NAMED} more")
    known = sum(each.size or 0 for each in added)
    size = f", {format_bytes(known)} as wheels and more when installed" if known else ""
    return f": {', '.join(names[:-1])}{' and ' * (len(names) > 1)}{names[-1]}{size}"


def still_needed(project: Project, tool: str, groups: Collection[str]) -> str:
    """Return why the image or its build would break without `groups`, "" when nothing says so."""
    names = {each.package.name for each in _added(project, tool, groups)}
    programs = names | {_PROGRAMS[name] for name in names if name in _PROGRAMS} or _TOOLS
    for placed in project.built:
        for ran in placed.ran:
            program = _program(ran.command)
            if program.replace("_", "-").lower() in programs:
                return (
                    f"line {ran.line} runs {program}, which is for developers: move that to a "
                    "stage of its own"
                )
    for placed in project.shipped:
        if placed.instruction.word in ("CMD", "ENTRYPOINT") and _UV_RUN.search(
            placed.instruction.rest
        ):
            return (
                "the container starts with 'uv run', which would download them at each start: "
                "say 'uv run --no-sync' there"
            )
    return ""


def _program(command: Command) -> str:
    """Return what a command runs, through `python -m`, `uv run` and `poetry run` too."""
    name, _ = call(command)
    if name in ("uv", "poetry") and "run" in command.words:
        after = command.words[command.words.index("run") + 1 :]
        name = next((word for word in after if not word.startswith("-")), "")
    return name.rpartition("/")[2]


def _added(project: Project, tool: str, groups: Collection[str]) -> list[Locked]:
    """Return what `groups` add to the first lock file of `tool`."""
    for lock in project.locks:
        if lock.tool == tool:
            service = {(each.package.name, each.package.version) for each in select(lock, Choice())}
            return [
                each
                for each in select(lock, Choice(groups=frozenset(groups)))
                if (each.package.name, each.package.version) not in service
            ]
    return []
