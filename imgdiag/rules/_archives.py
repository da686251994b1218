"""Archives that the build unpacked or installed, by what its RUNs say."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import chain

from imgdiag.facts.facts import Facts
from imgdiag.facts.steps import RunEdit, Step
from imgdiag.rules._shell import appended

INSTALLED = (".whl", ".deb", ".rpm")
SUFFIXES = (
    *INSTALLED,
    *(".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".zip", ".7z"),
)

_INSTALLERS = frozenset(("apt", "apt-get", "dnf", "microdnf", "yum", "pip", "pip3"))
_SEPARATORS = re.compile(r"&&|\|\||[;|\n]")
_PATTERNS = 200  # of a RUN; real ones have one or two
_MOUNTABLE = re.compile(r"[\w./+<> @~-]+")


def consumer(facts: Facts, path: str, first: int) -> int | None:
    """Return the first layer, from `first` on, whose RUN unpacks or installs the file at `path`."""
    for layer in range(first, len(facts.filesystem.layers)):
        step = facts.step(layer)
        if step.command and _named(step.command, step.working_directory).has(path):
            return layer
    return None


@dataclass(frozen=True, slots=True)
class _Named:
    """What is given to the parts of a RUN that unpack or install something.

    `places` are paths, `names` what may be anywhere, as after a cd. A pattern stands with the
    path that it is, "" where only the name counts.
    """

    places: frozenset[str]
    names: frozenset[str]
    patterns: tuple[tuple[str, str], ...]

    def has(self, path: str) -> bool:
        """Tell whether a file, the folder of a package, or a pattern that matches is among it."""
        folder, _, name = path.rpartition("/")
        if path in self.places or name in self.names:
            return True
        if folder in self.places and folder and name.endswith(INSTALLED):
            return True
        return any(
            fnmatchcase(name, pattern) and where in ("", f"{folder}/{pattern}")
            for where, pattern in self.patterns
        )


@lru_cache(maxsize=1_000)  # there are fewer layers, and many archives
def _named(command: str, working_directory: str) -> _Named:
    places, names, patterns = set[str](), set[str](), set[tuple[str, str]]()
    for word in chain.from_iterable(_unpacking(command)):
        where = posixpath.normpath(posixpath.join(working_directory, word)).lstrip("/")
        places.add(where)
        above, slash, last = word.rpartition("/")
        if "*" not in last:
            names.update(() if above else (last,))
        elif len(last) > 2:
            patterns.add(("", last))
        elif slash:  # `*` alone says nothing; with a folder before it, it does
            patterns.add((where, last))
    return _Named(frozenset(places), frozenset(names), tuple(sorted(patterns)[:_PATTERNS]))


def _unpacking(command: str) -> Iterator[list[str]]:
    """Yield the words of each part of a command that unpacks or installs something."""
    for part in _SEPARATORS.split(command.replace("\\\n", " ")):
        words = list(_words(part))
        if any(_unpacks(word, words[index + 1 :]) for index, word in enumerate(words)):
            yield words


def _unpacks(program: str, arguments: list[str]) -> bool:
    options = [each for each in arguments if each.startswith("-")]
    letters = "".join(each for each in options if not each.startswith("--"))
    match program.rpartition("/")[2]:
        case "tar" | "bsdtar":
            first = arguments[0] if arguments and arguments[0].isalpha() else ""
            return "x" in first + letters or "--extract" in options
        case "unzip":
            return True
        case "7z" | "7za" | "7zr":
            return arguments[:1] in (["x"], ["e"])
        case "dpkg":
            return "i" in letters or "--install" in options
        case "rpm":
            return "i" in letters or "U" in letters
        case name:
            return name in _INSTALLERS and "install" in arguments


def _words(part: str) -> Iterator[str]:
    try:
        words = shlex.split(part)
    except ValueError:  # a quote that is not closed here
        words = part.split()
    for word in words:
        yield word
        if word.startswith("--") and "=" in word:
            yield word.partition("=")[2]


def with_bind_mount(facts: Facts, copied_in: int, used_in: int, paths: Iterable[str]) -> RunEdit:
    """Return the RUN of `used_in` with what `copied_in` copies mounted instead.

    A removal of it goes: what is mounted is in no layer, and read-only.
    """
    copy, step = facts.step(copied_in), facts.step(used_in)
    sources, target = copy.copied
    folder = posixpath.normpath(posixpath.join(copy.working_directory, target or "."))
    files = tuple(paths)
    one = files[0] if len(files) == 1 else None
    source = next(
        (each for each in sources if one and posixpath.basename(each) == posixpath.basename(one)),
        None,
    )
    if one and source:
        place = f"/{one}"
    elif one and len(sources) == 1 and f"/{one}".startswith(f"{folder.rstrip('/')}/"):
        inside = posixpath.relpath(f"/{one}", folder)
        source, place = posixpath.normpath(posixpath.join(sources[0], inside)), f"/{one}"
    else:
        source = sources[0] if len(sources) == 1 else "<its source>"
        place = folder
    named = re.search(r"--from=(\S+)", copy.instruction)
    stage = "" if copy.from_context else f"from={named[1] if named else '<its stage>'},"
    mount = f"type=bind,{stage}source={source},target={place}"
    if not _MOUNTABLE.fullmatch(mount.replace(",", "").replace("=", "")):
        mount = "type=bind,source=<its source>,target=<its place>"
    return RunEdit(
        layer=used_in,
        step=step,
        mounts=(mount,),
        without=tuple(_removals(step, [place, folder, *(f"/{each}" for each in files)])),
    )


def _removals(step: Step, places: Iterable[str]) -> Iterator[str]:
    """Yield the parts of a RUN that only remove `places`."""
    wanted = set(places)
    for part in (step.command or "").split("&&"):
        words = part.replace("\\\n", " ").split()
        targets = {
            posixpath.normpath(posixpath.join(step.working_directory, word.rstrip("*")))
            for word in words[1:]
            if not word.startswith("-")
        }
        if words[:1] == ["rm"] and targets and targets <= wanted:
            yield part.strip(" \t\\\n")


def unpacked_in_one_run(facts: Facts, made_in: int, used_in: int, removal: str) -> RunEdit:
    """Return the RUN that makes an archive, with what uses it and its removal after it."""
    if made_in == used_in:
        return appended(facts, made_in, removal)
    edit = appended(facts, made_in, facts.step(used_in).command or "", of=used_in)
    return replace(edit, commands=(*edit.commands, removal))
