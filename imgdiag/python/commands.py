"""What the image's history installed by name: the arguments of `pip install` and its like."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from imgdiag.facts.steps import steps_of
from imgdiag.image import ImageConfig
from imgdiag.python.projects.declared import Declared
from imgdiag.python.projects.requirements import declared_by, path_in_image
from imgdiag.python.projects.requirements_file import parse_line

_MAX_LENGTH = 100_000  # of one instruction
_SEPARATORS = frozenset(("&&", "||", ";", "|", "&", "(", ")", "\n"))
_PIP = re.compile(r"(?:.*/)?pip[\d.]*")
# The options that stand alone; every other one without `=` takes the word after it.
# fmt: off
_FLAGS = frozenset((
    "-q", "-qq", "-qqq", "-v", "-vv", "-vvv", "-U", "-I", "-n", "--upgrade", "--force-reinstall",
    "--ignore-installed", "--no-deps", "--pre", "--user", "--no-index", "--quiet", "--verbose",
    "--no-cache-dir", "--no-cache", "--compile", "--no-compile", "--compile-bytecode", "--isolated",
    "--no-build-isolation", "--use-pep517", "--require-hashes", "--prefer-binary", "--no-input",
    "--disable-pip-version-check", "--no-warn-script-location", "--break-system-packages",
    "--system", "--reinstall", "--no-clean", "--check-build-dependencies", "--debug", "--dry-run",
    "--ignore-requires-python", "--no-python-version-warning", "--root-user-action", "--strict",
    "--offline", "--native-tls", "--exact", "--all-extras", "--no-verify-hashes", "--no-sources",
))
# fmt: on
_REQUIREMENTS = ("-r", "--requirement", "--requirements")
_EDITABLE = ("-e", "--editable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What one instruction asks for: requirements, and the requirements files that it names.

    Paths are those in the image.
    """

    instruction: str
    declared: tuple[Declared, ...]
    files: tuple[str, ...]


def find_commands(config: ImageConfig) -> Iterator[Command]:
    """Yield what each RUN of the history installs with `pip install` or `uv pip install`."""
    for _, step in sorted(steps_of(config).items()):
        command = step.command
        if command is None or "install" not in command or len(command) > _MAX_LENGTH:
            continue
        declared: list[Declared] = []
        files: list[str] = []
        for arguments in _installs(_words(command)):
            for option, value in _arguments(arguments):
                if option in _REQUIREMENTS:
                    files.append(path_in_image(step.working_directory, value))
                elif option in ("", *_EDITABLE) and (
                    line := parse_line(f"-e {value}" if option else value)
                ):
                    folder = step.working_directory.strip("/")
                    declared.append(declared_by(line, f"{folder}/-", ""))
        if declared or files:
            yield Command(
                instruction=step.instruction, declared=tuple(declared), files=tuple(files)
            )


def _words(command: str) -> list[str]:
    """Return a shell command's words, its operators as words of their own."""
    lexer = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars="&|;()\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:  # a quote that is never closed
        return []


def _installs(words: Iterable[str]) -> Iterator[list[str]]:
    """Yield the arguments of each `pip install`."""
    current: list[str] = []
    for word in (*words, ";"):
        if word not in _SEPARATORS and word.strip("&|;()\n"):
            current.append(word)
            continue
        for index in range(len(current) - 1):
            if _PIP.fullmatch(current[index]) and "install" in current[index + 1 :]:
                yield current[current.index("install", index) + 1 :]
                break
        current = []


def _arguments(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each option with its value; what is no option's has "" for one."""
    waiting = ""
    for word in words:
        if word.startswith((">", "<", "2>", "1>")):
            return
        if waiting:
            yield waiting, word
            waiting = ""
        elif word.startswith("--") and "=" in word:
            option, _, value = word.partition("=")
            yield option, value
        elif word.startswith("-r") and len(word) > 2:
            yield "-r", word[2:]
        elif word.startswith("-"):
            waiting = "" if word in _FLAGS else word
        else:
            yield "", word
