"""Which programs an image starts, as far as its config says so without running anything.

Sources: OCI image-spec 1.1, config.md (Entrypoint, Cmd, Env, WorkingDir); POSIX' Shell Command
Language for a shell's line; the wrappers' own manuals.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from imgdiag.image import ImageConfig
from imgdiag.text import shortened

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # as engines set it
_SHELLS = frozenset(("ash", "bash", "dash", "sh", "zsh"))
# Programs that only start another: their options that take a value, and words before the other.
_WRAPPERS: dict[str, tuple[frozenset[str], int]] = {
    "catatonit": (frozenset(), 0),
    "docker-init": (frozenset(("-e", "-p")), 0),
    "dumb-init": (frozenset(("-r", "--rewrite")), 0),
    "env": (frozenset(("-u", "--unset", "-C", "--chdir")), 0),
    "exec": (frozenset(("-a",)), 0),
    "gosu": (frozenset(), 1),
    "nice": (frozenset(("-n", "--adjustment")), 0),
    "nohup": (frozenset(), 0),
    "su-exec": (frozenset(), 1),
    "tini": (frozenset(("-e", "-p")), 0),
}
# What is more than these is made to keep a reader busy.
_MOST_WRAPPERS = 10
_MOST_PROGRAMS = 50
_MOST_FOLDERS = 200  # of PATH
_LONGEST_LINE = 16_384  # characters of a shell's line
# What a shell's line may do without starting a program of interest.
_HARMLESS = frozenset(
    (":", "[", "cat", "chmod", "chown", "cp", "date", "echo", "ln", "ls", "mkdir", "mv", "printf",
     "pwd", "rm", "set", "sleep", "test", "touch", "true", "ulimit", "umask", "wait")
)  # fmt: skip
# What makes a line more than a list of programs, or changes where they are found.
_UNCLEAR = frozenset(
    (".", "!", "case", "conda", "eval", "for", "if", "mamba", "micromamba", "source", "trap",
     "until", "while", "{")
)  # fmt: skip
_SEPARATORS = frozenset((";", "&&", "||", "&", "|", ""))
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:(?P<plain>\w+)|\{(?P<braced>\w+)\})")


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, and what is in force when it starts.

    `folder` is the working directory, absolute; `variables` the environment, PATH among it.
    """

    words: tuple[str, ...]
    folder: str
    variables: Mapping[str, str]

    @property
    def path(self) -> list[str]:
        """Return the folders that its name is looked up in, in that order, absolute."""
        folders = self.variables.get("PATH", DEFAULT_PATH).split(":", _MOST_FOLDERS)
        return [posixpath.join(self.folder, each) for each in folders]

    def with_first_on_path(self, folder: str) -> Command:
        """Return the command with `folder` before all others of PATH."""
        path = f"{folder}:{self.variables.get('PATH', DEFAULT_PATH)}"
        return replace(self, variables={**self.variables, "PATH": path})


@dataclass(frozen=True, slots=True)
class Started:
    """The programs that an image starts, `said` by ENTRYPOINT or CMD.

    `unclear` says why there may be others, "" when these are all.
    """

    said: str
    commands: tuple[Command, ...]
    unclear: str


class _UnclearError(Exception):
    """The rest cannot be told, and the message says why."""


def find_started(config: ImageConfig) -> Started:
    """Return what ENTRYPOINT and CMD start, wrappers and shells taken off."""
    said = "ENTRYPOINT" if config.entrypoint else "CMD"
    words = (*config.entrypoint, *config.command)
    if not words:
        return Started(said, (), "the image has no ENTRYPOINT and no CMD")
    folder = config.working_directory or "/"
    commands, unclear = take_apart(Command(words, folder, config.environment))
    return Started(said, tuple(commands), unclear)


def take_apart(command: Command) -> tuple[list[Command], str]:
    """Return the programs that a command comes to, and why there may be others, "" if not."""
    found: list[Command] = []
    try:
        for each in _programs(command):
            if len(found) == _MOST_PROGRAMS:
                raise _UnclearError("the image starts too many programs")  # noqa: TRY301
            found.append(each)
    except _UnclearError as reason:
        return found, str(reason)
    return found, ""


def _programs(command: Command) -> Iterator[Command]:
    command = _unwrapped(command)
    if not command.words:
        raise _UnclearError("what the image starts is not told")
    name = posixpath.basename(command.words[0])
    if name not in _SHELLS:
        yield command
        return
    for line in _lines(_script(name, command.words[1:]), command):
        program = _unwrapped(line)
        if not program.words or posixpath.basename(program.words[0]) in _SHELLS:
            raise _UnclearError("the image starts a shell in a shell")
        yield program


def _unwrapped(command: Command) -> Command:
    """Return the command without the programs in front that only start another."""
    for _ in range(_MOST_WRAPPERS):
        name = posixpath.basename(command.words[0]) if command.words else ""
        if name not in _WRAPPERS:
            return command
        with_value, own = _WRAPPERS[name]
        variables = dict(command.variables)
        words = list(command.words[:0:-1])  # backwards: the next is the last
        while words:
            word = words.pop()
            assignment = _ASSIGNMENT.fullmatch(word) if name == "env" else None
            if assignment:
                variables[assignment["name"]] = assignment["value"]
            elif word in with_value:
                del words[-1:]
            elif not word.startswith("-"):
                words.append(word)
                break
            elif word == "--":
                break
        rest = tuple(words[::-1])[own:]
        command = replace(command, words=rest, variables=variables)
    raise _UnclearError("the image starts a chain of wrappers")


def _script(shell: str, words: tuple[str, ...]) -> str:
    """Return what a shell is told to run by -c."""
    for index, word in enumerate(words):
        if word == "--login" or re.fullmatch(r"-[a-z]*l[a-z]*", word):
            raise _UnclearError("the image starts a login shell, which sets a PATH of its own")
        if re.fullmatch(r"-[a-z]*c", word) and index + 1 < len(words):
            return words[index + 1]
        is_value = index > 0 and re.fullmatch(r"-[a-z]*o", words[index - 1])
        if not word.startswith("-") and not is_value:
            raise _UnclearError(
                f"the image starts a shell script, {shortened(word, 100)}, which decides"
            )
    raise _UnclearError(f"the image starts a shell, {shell}")


def _lines(script: str, shell: Command) -> Iterator[Command]:
    """Yield the programs of a shell's line that is a plain list of them."""
    if len(script) > _LONGEST_LINE:
        raise _UnclearError("the shell's line that the image starts is too long to be taken apart")
    lexer = shlex.shlex(script, posix=True, punctuation_chars=";&|()<>\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        tokens = [token.replace("\n", "") for token in lexer]
    except ValueError:
        raise _UnclearError("the shell's line that the image starts has an open quote") from None
    now, words = shell, list[str]()
    for token in [*tokens, ";"]:
        if token in _SEPARATORS:
            if words:
                command = _simple(words, now)
                words = []
                if command.words:
                    yield command
                else:
                    now = command
        elif token.startswith("(") and not words:
            raise _UnclearError("the shell's line that the image starts is more than a list")
        else:
            words.append(token)


def _simple(words: list[str], now: Command) -> Command:
    """Return a simple command; without words when it starts no program of interest."""
    variables = dict(now.variables)
    words = [_expanded(word, variables) for word in words]
    while words and (match := _ASSIGNMENT.fullmatch(words[0])):
        variables[match["name"]] = match["value"]
        words = words[1:]
    now = replace(now, words=(), variables=variables)
    if not words or words[0] in _HARMLESS:
        return now
    if words[0] == "export":
        assignments = filter(None, map(_ASSIGNMENT.fullmatch, words[1:]))
        return replace(
            now, variables=variables | {each["name"]: each["value"] for each in assignments}
        )
    if words[0] == "cd" and len(words) == 2:
        return replace(now, folder=posixpath.join(now.folder, words[1]))
    if words[0] in (".", "source") and len(words) == 2:
        folder, _, script = posixpath.join(now.folder, words[1]).rpartition("/")
        if script == "activate" and folder.endswith("/bin"):
            return now.with_first_on_path(folder)
    if words[0] in _UNCLEAR or "$" in words[0] or "`" in words[0]:
        raise _UnclearError(
            f"the shell's line that the image starts has {shortened(words[0], 100)!r} in it"
        )
    return replace(now, words=tuple(words))


def _expanded(word: str, variables: Mapping[str, str]) -> str:
    """Return a word with the variables that are known put in."""
    return _VARIABLE.sub(
        lambda match: variables.get(match["plain"] or match["braced"], match[0]), word
    )
