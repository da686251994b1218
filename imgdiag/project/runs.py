"""A RUN with what is in force at it: its commands, their folders, its mounts and caches."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from imgdiag.project.dockerfile import Stage
from imgdiag.project.expansion import HOLE
from imgdiag.project.instruction import Instruction
from imgdiag.project.scope import Scope
from imgdiag.project.shell import Command, commands_of, commands_started, is_shell

_COMMANDS = 1_000  # of a RUN that are looked at; real ones have a few dozen


@dataclass(frozen=True, slots=True)
class Mount:
    """A `--mount` of a RUN, with its options by name."""

    options: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str) -> Mount:
        """Take a flag's value apart, such as `type=cache,target=/root/.cache/pip`."""
        pairs = (part.partition("=") for part in text.split(","))
        return cls(tuple((name.strip(), value.strip()) for name, _, value in pairs))

    def get(self, *names: str) -> str:
        """Return the value of an option that may have several names, "" without it."""
        return next((value for name, value in self.options if name in names), "")

    @property
    def type(self) -> str:
        """Return what is mounted: cache, bind, tmpfs, secret or ssh."""
        return self.get("type") or "bind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A command of a RUN: its place among them, the line it stands in, the folder it runs in."""

    command: Command
    index: int
    line: int
    folder: str


@dataclass(frozen=True, eq=False)
class Placed:
    """An instruction in a stage that is built, and what is in force there.

    `shipped` tells whether what it makes is in the final image as a layer.
    """

    instruction: Instruction
    scope: Scope
    stage: Stage
    shipped: bool

    @cached_property
    def ran(self) -> tuple[Ran, ...]:
        """Return the commands that a RUN runs; none for what is no RUN."""
        if self.instruction.word != "RUN":
            return ()
        return tuple(self._with_folders())

    @cached_property
    def mounts(self) -> tuple[Mount, ...]:
        """Return a RUN's mounts."""
        return tuple(Mount.of(text) for text in self.instruction.flag("mount"))

    def mount_targets(self, *types: str) -> tuple[str, ...]:
        """Return where mounts of some types are, as absolute paths."""
        targets = (
            mount.get("target", "dst", "destination")
            for mount in self.mounts
            if mount.type in types
        )
        return tuple(self.scope.path(target) for target in targets if target)

    def may_mount(self, path: str, *types: str) -> bool:
        """Tell whether a mount of some types is at `path` or above it, as far as can be known."""
        return any(HOLE in target or covers(target, path) for target in self.mount_targets(*types))

    def variable(self, name: str, ran: Ran | None = None) -> str:
        """Return an environment variable's value at a command, "" when it is not set.

        A hole stands for what the Dockerfile does not say.
        """
        if ran is not None:
            for assigned, value in ran.command.assignments:
                if assigned == name:
                    return value
            for index, value in reversed(self._exports.get(name, ())):
                if index < ran.index:
                    return value
        if name not in self.scope.variables:
            return ""
        known = self.scope.variables[name]
        return HOLE if known is None else known

    def text_of(self, ran: Ran, last: Ran | None = None) -> str:
        """Return a command as it is written, up to and with `last`."""
        if not self.instruction.heredocs and self.instruction.exec_form is None:
            end = (last or ran).command.end
            text = self.instruction.rest[ran.command.start : end]
            if ran.command.words[:1] and ran.command.words[0] in text:
                return text
        if ran.command.name == "find":  # its patterns are not the shell's
            return " ".join(map(quoted, ran.command.words))
        # A blank was quoted; what the shell replaces, such as $HOME, must stay so.
        return " ".join(shlex.quote(word) if " " in word else word for word in ran.command.words)

    @property
    def home(self) -> str:
        """Return the home folder, "" for that of a user whom only the image knows."""
        if home := self.variable("HOME"):
            return home
        return "/root" if self.scope.user.partition(":")[0] in ("", "root", "0") else ""

    def path(self, word: str, ran: Ran) -> str:
        """Return a path that a command names as an absolute one, without a `*` at its end."""
        if word == "~" or word.startswith(("~/", "$HOME", "${HOME}")):
            home = self.home or HOLE
            word = home + word.removeprefix("~").removeprefix("${HOME}").removeprefix("$HOME")
        word = word.rstrip("*") if word.endswith(("/*", "/**")) else word
        path = posixpath.join(ran.folder, self.scope.expanded(word))
        return posixpath.normpath(path)

    @cached_property
    def _exports(self) -> dict[str, list[tuple[int, str]]]:
        """Return what `export` sets, by name, each with the command's place."""
        found: dict[str, list[tuple[int, str]]] = {}
        for ran in self.ran:
            for word in ran.command.words[1:] if ran.command.name == "export" else ():
                name, equals, value = word.partition("=")
                if equals:
                    found.setdefault(name, []).append((ran.index, value))
        return found

    def _with_folders(self) -> Iterator[Ran]:
        folders = {0: self.scope.working_directory}
        depth = 0
        for index, (command, line) in enumerate(islice(self._commands(), _COMMANDS)):
            for level in range(depth + 1, command.depth + 1):
                folders[level] = folders[level - 1]
            depth = command.depth
            yield Ran(command=command, index=index, line=line, folder=folders[depth])
            if command.name == "cd" and command.arguments:
                target = self.scope.expanded(command.arguments[0])
                folders[depth] = posixpath.normpath(posixpath.join(folders[depth], target))

    def _commands(self) -> Iterator[tuple[Command, int]]:
        instruction = self.instruction
        if (form := instruction.exec_form) is not None:
            yield from ((command, instruction.line) for command in commands_started(form))
            return
        outer = commands_of(instruction.rest)
        yield from ((command, instruction.line_at(command.start)) for command in outer)
        for heredoc in instruction.heredocs:
            # A script for the shell, unless it is another program's input.
            if heredoc.body.startswith("#!") and "sh" not in heredoc.body.partition("\n")[0]:
                continue
            programs = [command.name for command in outer if command.words]
            if programs and not any(map(is_shell, programs)):
                continue
            for command in commands_of(heredoc.body):
                line = heredoc.line + heredoc.body.count("\n", 0, command.start)
                yield command, line


def quoted(word: str) -> str:
    """Return a word of a `find` as a shell takes it."""
    return "\\;" if word == ";" else word if word in ("{}", "!") else shlex.quote(word)


def readable(path: str) -> str:
    """Return a path for a reader: below a folder that is not known, it is a relative one."""
    return path.removeprefix(f"{HOLE}/").replace(HOLE, "<unknown>")


def covers(outer: str, inner: str) -> bool:
    """Tell whether the path `inner` is `outer` or lies in it."""
    return outer == inner or inner.startswith(f"{outer.rstrip('/')}/")
