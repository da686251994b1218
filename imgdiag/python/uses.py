"""Which Python environments an image's own program imports from, with the evidence in words.

Never a guess: where what ENTRYPOINT or CMD starts cannot be followed, the answer is "unknown".

Sources: the documentation of Python's `site` (user site, .pth), of PYTHONPATH, and of
include-system-site-packages in pyvenv.cfg (PEP 405).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from imgdiag.filesystem import Directory, Filesystem, resolve
from imgdiag.image import ImageConfig
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment, read_configuration
from imgdiag.python.interpreters import Interpreter
from imgdiag.python.metadata import text_of
from imgdiag.python.programs import Place, Programs
from imgdiag.python.started import DEFAULT_PATH, Command, find_started
from imgdiag.text import shortened

# Kinds that nothing brings in but an interpreter's own rules; others may be added by a program.
_BY_RULE = frozenset(("venv", "conda", "system", "standalone", "user"))
_LONGEST_NAME = 100  # characters of a program's name in the evidence
_LONGEST_PATH_FILE = 65_536  # characters; more is made to keep a reader busy


@dataclass(frozen=True, slots=True)
class Use:
    """Whether something is in use: True, False, or None where nothing proves it, and why."""

    in_use: bool | None
    evidence: str

    def __str__(self) -> str:
        words = {True: "in use", False: "not in use", None: "unknown"}
        return f"{words[self.in_use]}: {self.evidence}"


@dataclass(frozen=True, slots=True)
class Uses:
    """The use of each environment, by its path, and of each interpreter, by its library's."""

    environments: dict[str, Use]
    interpreters: dict[str, Use]


def find_uses(
    config: ImageConfig,
    filesystem: Filesystem,
    environments: Sequence[Environment],
    interpreters: Sequence[Interpreter],
    distributions: Sequence[Distribution],
) -> Uses:
    """Return what is in use, as far as the image says."""
    programs = Programs(filesystem, interpreters, distributions)
    notes = _Notes(config, filesystem, environments, interpreters, programs)
    start = find_started(config)
    unclear = start.unclear
    hows: list[str] = []
    for command in start.commands:
        said = f"{start.said} {shortened(command.words[0], _LONGEST_NAME)}"
        place, doubt = programs.locate(command, said)
        unclear = unclear or doubt
        if place is not None:
            hows.append(place.how)
            notes.take(place)
    if not hows:
        notes.take_first_on_path()
    notes.take_variables()
    notes.take_path_files()
    unclear = unclear or ("" if hows else f"{start.said} starts no Python")
    return notes.uses(Use(None, unclear) if unclear else Use(False, "; ".join(hows)))


class _Notes:
    """What was found to be in use, with the evidence for each."""

    def __init__(
        self,
        config: ImageConfig,
        filesystem: Filesystem,
        environments: Sequence[Environment],
        interpreters: Sequence[Interpreter],
        programs: Programs,
    ) -> None:
        self._config = config
        self._filesystem = filesystem
        self._environments = environments
        self._by_path = {each.path: each for each in environments}
        self._interpreters = interpreters
        self._programs = programs
        self._used: dict[str, str] = {}
        self._running: dict[str, str] = {}
        self._doubtful: dict[str, str] = {}

    def take(self, place: Place) -> None:
        """Note the environments that a program at `place` imports from."""
        if place.environment is not None:
            self._used.setdefault(place.environment.path, place.how)
            place = self._place_of(place.environment, place.how)
        if place.interpreter is not None:
            self._running.setdefault(place.interpreter.library, place.how)
        for each in self._environments if place.venv is not None else ():
            if each.prefix == place.venv:
                self._used.setdefault(each.path, place.how)
        if place.interpreter is not None and self._sees_interpreters_own(place):
            self._take_interpreter(place.interpreter, place.how)

    def take_first_on_path(self) -> None:
        """Note what ENV PATH puts first, where that is no folder of the system's own."""
        usual = {resolve(self._filesystem.root, each) for each in DEFAULT_PATH.split(":")}
        for name in ("python3", "python"):
            command = Command((name,), "/", self._config.environment)
            program = self._programs.find(command)
            if program is not None:
                folder = program.rpartition("/")[0]
                if resolve(self._filesystem.root, folder) not in usual:
                    how = f"PATH leads to /{program}"
                    place = self._programs.of_python(program, command, how)
                    if place is not None:
                        self.take(place)
                return

    def take_variables(self) -> None:
        """Note the folders that PYTHONPATH names: every Python looks there."""
        here = self._config.working_directory or "/"
        for folder in self._config.environment.get("PYTHONPATH", "").split(":"):
            if folder:
                self._take_folder(posixpath.join(here, folder), "PYTHONPATH names it")

    def take_path_files(self) -> None:
        """Note the folders that .pth files add: those of an interpreter's own places are read."""
        used = [each for each in self._environments if each.path in self._used]
        for environment in used:
            directory = self._filesystem.find(environment.path)
            if environment.kind not in _BY_RULE or not isinstance(directory, Directory):
                continue
            for name, node in directory.children.items():
                if not name.endswith(".pth"):
                    continue
                for line in text_of(node)[:_LONGEST_PATH_FILE].splitlines():
                    if line.strip() and not line.startswith(("#", "import ", "import\t")):
                        where = posixpath.join(f"/{environment.path}", line.strip())
                        self._take_folder(where, f"/{environment.path}/{name} adds it")

    def uses(self, rest: Use) -> Uses:
        """Return the use of everything; `rest` is that of what was not noted."""
        return Uses(
            {each.path: self._use_of(each, rest) for each in self._environments},
            {
                each.library: Use(True, self._running[each.library])
                if each.library in self._running
                else rest
                for each in self._interpreters
            },
        )

    def _use_of(self, environment: Environment, rest: Use) -> Use:
        path = environment.path
        if path in self._used:
            return Use(True, self._used[path])
        if rest.in_use is False and path in self._doubtful:
            return Use(None, self._doubtful[path])
        if rest.in_use is False and environment.kind not in _BY_RULE:
            return Use(None, "a program may add such a folder to sys.path itself")
        return rest

    def _place_of(self, environment: Environment, how: str) -> Place:
        """Return the place of the Python that an environment is for."""
        if environment.kind == "venv":
            base = self._programs.base_of(environment.prefix)
            return Place(how, venv=environment.prefix, interpreter=base)
        owners = [each for each in self._interpreters if _belongs(environment, each)]
        return Place(how, interpreter=owners[0] if len(owners) == 1 else None)

    def _sees_interpreters_own(self, place: Place) -> bool:
        if place.venv is None:
            return True
        settings = read_configuration(self._filesystem, place.venv)
        return settings.get("include-system-site-packages", "").lower() == "true"

    def _take_interpreter(self, interpreter: Interpreter, how: str) -> None:
        home = self._config.environment.get("HOME") or _home_of(self._config.user)
        for each in self._environments:
            if _belongs(each, interpreter):
                self._used.setdefault(each.path, how)
            elif each.kind == "user" and each.python_version == interpreter.version:
                if not home:
                    self._doubtful[each.path] = "nothing says whose home that is"
                elif each.prefix == f"{home.strip('/')}/.local":
                    self._used.setdefault(each.path, how)
            elif (each.prefix, interpreter.prefix, each.python_version) == (
                "usr/local",
                "usr",
                interpreter.version,
            ):
                self._doubtful[each.path] = "Fedora's Python looks there, and Debian's does not"

    def _take_folder(self, path: str, evidence: str) -> None:
        found = resolve(self._filesystem.root, path)
        if found is not None and found[0] in self._by_path:
            self._used.setdefault(found[0], evidence)


def _belongs(environment: Environment, interpreter: Interpreter) -> bool:
    """Tell whether a folder is one of an interpreter's own."""
    if environment.kind not in ("system", "standalone", "conda"):
        return False
    folder = environment.path.rpartition("/")[0]
    if folder == interpreter.library:
        return True
    # Debian's folders have no version or lie in usr/local; Fedora's are in lib and lib64.
    named = re.search(r"/(?:python|pypy)\d+\.\d+t?$", f"/{folder}")
    return (
        environment.prefix == interpreter.prefix
        and environment.python_version == interpreter.version
        and (not named or folder.rpartition("/")[2] == interpreter.library.rpartition("/")[2])
    )


def _home_of(user: str) -> str:
    """Return a user's home where it goes without saying, "" for others."""
    return "/root" if user.partition(":")[0] in ("", "root", "0") else ""
