"""Where a program that an image starts finds its packages, looked up as Linux and Python do it.

Sources: CPython's Modules/getpath.py (pyvenv.cfg, the search for the prefix, PYTHONHOME);
execve(2) for a script's first line; the scripts of pip and uv, whose second line names the
interpreter where the first cannot; the manuals of `uv run`, `poetry run` and `conda run`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from imgdiag.filesystem import Directory, Filesystem, join, resolve
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment, read_configuration
from imgdiag.python.interpreters import Interpreter, is_executable
from imgdiag.python.metadata import text_of
from imgdiag.python.started import Command, take_apart

_PYTHON = re.compile(r"(?:python|pypy)(?:\d+(?:\.\d+)?t?)?")
_SECOND_LINE = re.compile(r"'''exec'\s+(?:\"\$\(dirname[^\n]*?\)\"/)?(?P<program>'[^'\n]*'|\S+)")
_FOLLOWED = 4  # scripts that name a script: Linux follows as many
# Programs that start others, as their own configuration says.
_MANAGERS = frozenset(
    ("circusd", "honcho", "jupyter", "jupyter-lab", "jupyter-notebook", "jupyterhub", "nox",
     "supervisord", "tox")
)  # fmt: skip
_PROJECT_RUNNERS = frozenset(("pdm", "pipenv", "poetry", "uv"))
_CONDA_RUNNERS = frozenset(("conda", "mamba", "micromamba"))
_NATIVE = frozenset(("micromamba", "uv"))  # those that are no Python programs themselves
_PLAIN_OPTIONS = frozenset(
    ("--frozen", "--live-stream", "--locked", "--no-capture-output", "--no-cache", "--no-dev",
     "--no-progress", "--no-sync", "--offline", "--quiet", "--verbose", "-q", "-v")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program imports from; `how` tells in words how it led there.

    A virtual environment by its prefix, with the interpreter it was made from where that is
    known; an interpreter alone; or the environment of the distribution that brought the program,
    where nothing says which Python runs it.
    """

    how: str
    venv: str | None = None
    interpreter: Interpreter | None = None
    environment: Environment | None = None


class Programs:
    """Looks programs up in an image."""

    def __init__(
        self,
        filesystem: Filesystem,
        interpreters: Sequence[Interpreter],
        distributions: Sequence[Distribution],
    ) -> None:
        self._filesystem = filesystem
        self._interpreters = interpreters
        self._distributions = distributions

    def locate(self, command: Command, said: str) -> tuple[Place | None, str]:
        """Return where a command's program imports from, and why it may start others, "" if not.

        `said` begins the evidence. Without a place, the reason says why there is none.
        """
        program = self.find(command)
        if program is None:
            where = "in the image" if "/" in command.words[0] else "in a folder of PATH"
            return None, f"{said} is not {where}"
        name = posixpath.basename(command.words[0])
        how = f"{said} is /{program}"
        if name in _PROJECT_RUNNERS | _CONDA_RUNNERS and command.words[1:2] == ("run",):
            return self._locate_run(command, program, how)
        place = self._follow(program, command, how)
        if place is None:
            return None, f"{how}, and nothing says which Python that uses"
        return place, _doubt(command, said)

    def find(self, command: Command) -> str | None:
        """Return the path of a command's program; links of its folder are followed, not its own."""
        name = command.words[0]
        folders = [command.folder] if "/" in name else command.path
        found = (self._executable(posixpath.join(folder, name)) for folder in folders)
        return next(filter(None, found), None)

    def of_python(self, program: str, command: Command, how: str) -> Place | None:
        """Return where a Python imports from, as it finds out itself by where it was called."""
        home = command.variables.get("PYTHONHOME", "").partition(":")[0]
        folder = program.rpartition("/")[0]
        for prefix in (folder, folder.rpartition("/")[0]):
            if not home and read_configuration(self._filesystem, prefix):
                return Place(how, venv=prefix, interpreter=self.base_of(prefix))
        found = resolve(self._filesystem.root, home or program)
        for each in self._interpreters:
            if found is not None and found[0] == (each.prefix if home else each.path):
                return Place(how, interpreter=each)
        return None

    def base_of(self, prefix: str) -> Interpreter | None:
        """Return the interpreter that a virtual environment was made from, where it is there."""
        program = resolve(self._filesystem.root, join(prefix, "bin/python"))
        home = resolve(
            self._filesystem.root, read_configuration(self._filesystem, prefix).get("home", "")
        )
        for each in self._interpreters:
            if each.path and program is not None and each.path == program[0]:
                return each
        # A copied program is no link, and an image may lack it; then its settings name a folder.
        there = [
            each for each in self._interpreters if home and each.path.rpartition("/")[0] == home[0]
        ]
        return there[0] if len(there) == 1 else None

    def _executable(self, path: str) -> str | None:
        folder, _, name = path.rpartition("/")
        place, target = (resolve(self._filesystem.root, each) for each in (folder, path))
        if place is None or target is None or not is_executable(target[1]):
            return None
        return join(place[0], name)

    def _follow(self, program: str, command: Command, how: str) -> Place | None:
        """Return where a Python or a script imports from, None for any other program."""
        for _ in range(_FOLLOWED):
            if _PYTHON.fullmatch(program.rpartition("/")[2]):
                return self.of_python(program, command, how)
            words = self._interpreter_line(program)
            named = self.find(replace(command, words=tuple(words))) if words else None
            if named is None:
                owner = next((each for each in self._distributions if program in each.files), None)
                how = f"{how}, which is {owner.name}'s" if owner else how
                return Place(how, environment=owner.environment) if owner else None
            program, how = named, f"{how}, run by /{named}"
        return None

    def _interpreter_line(self, script: str) -> list[str]:
        """Return the program that a script says to be run with, nothing where it is not known."""
        found = resolve(self._filesystem.root, script)
        first, _, rest = (text_of(found[1]) if found else "").partition("\n")
        words = first[2:].split() if first.startswith("#!") else []
        if words and words[0].endswith("/env"):
            return [word for word in words[1:] if not word.startswith("-")][:1]
        if found and words == ["/bin/sh"] and (match := _SECOND_LINE.match(rest)):
            folder = found[0].rpartition("/")[0]  # a relocatable one names its own folder
            return [posixpath.join(f"/{folder}", match["program"].strip("'\""))]
        return words[:1]

    # Programs that choose an environment and run another in it

    def _locate_run(self, command: Command, program: str, how: str) -> tuple[Place | None, str]:
        name = posixpath.basename(command.words[0])
        if name in _PROJECT_RUNNERS:
            prefix, rest = self._project(command, name)
        else:
            prefix, rest = self._conda(command, program)
        if prefix is None or not rest:
            return None, f"{how}, which chooses an environment when it starts"
        if rest[0].startswith("-") or rest[0].endswith(".py"):
            rest = ("python", *rest)
        inside = replace(command, words=rest).with_first_on_path(f"/{prefix}/bin")
        commands, unclear = take_apart(inside)
        for each in commands:
            found = self.find(each)
            place = self._follow(found, each, f"{how}, run in /{prefix}") if found else None
            if place is not None:
                itself = "" if name in _NATIVE else f"{name} itself may run in another environment"
                return place, unclear or _doubt(each, each.words[0]) or itself
        return None, f"{how}, and nothing says what that runs"

    def _project(self, command: Command, name: str) -> tuple[str | None, tuple[str, ...]]:
        """Return the environment of the project in the working directory, and what is run."""
        rest = list(command.words[:1:-1])
        while rest and rest[-1].startswith("-"):
            if rest.pop() not in _PLAIN_OPTIONS:
                return None, ()
        named = command.variables.get("UV_PROJECT_ENVIRONMENT" if name == "uv" else "VIRTUAL_ENV")
        path = posixpath.join(command.folder, named or ".venv")
        found = resolve(self._filesystem.root, path)
        known = found is not None and bool(read_configuration(self._filesystem, found[0]))
        return (found[0] if found and known else None), tuple(rest[::-1])

    def _conda(self, command: Command, program: str) -> tuple[str | None, tuple[str, ...]]:
        """Return the environment that is named by -n or -p, and what is run."""
        rest = list(command.words[:1:-1])
        named = ""
        while rest and rest[-1].startswith("-"):
            option, equals, value = rest.pop().partition("=")
            if option in ("-n", "--name", "-p", "--prefix"):
                value = value if equals else rest.pop() if rest else ""
                named = value if "/" in value or option in ("-p", "--prefix") else f"envs/{value}"
            elif option not in _PLAIN_OPTIONS:
                return None, ()
        real = resolve(self._filesystem.root, program)
        base = f"/{real[0]}".rpartition("/bin/")[0] if real else ""
        root = command.variables.get("MAMBA_ROOT_PREFIX") or base
        path = posixpath.join(root, "" if named == "envs/base" else named)
        found = resolve(self._filesystem.root, path) if named else None
        known = found is not None and isinstance(
            self._filesystem.find(join(found[0], "conda-meta")), Directory
        )
        return (found[0] if found and known else None), tuple(rest[::-1])


def _doubt(command: Command, said: str) -> str:
    """Return why a program that was found may start others, "" if it does not seem so."""
    name = posixpath.basename(command.words[0])
    if name in _MANAGERS:
        return f"{said} starts other programs"
    if _PYTHON.fullmatch(name) and len(command.words) == 1:
        return f"{said} waits for a program"
    return ""
