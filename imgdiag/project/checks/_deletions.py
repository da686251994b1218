"""What the commands of a RUN delete, and how the same is said elsewhere."""

from __future__ import annotations

import fnmatch
import posixpath
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from imgdiag.project.checks._find import Answer, Find
from imgdiag.project.checks._tools import CONDA, call, installs
from imgdiag.project.expansion import HOLE
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran, covers, quoted

CONDA_PACKAGES = "/opt/conda/pkgs"  # a stand-in for wherever a conda has them


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deletion:
    """A path that a command deletes, or where a `find` looks for what it deletes.

    `word` is the path as it is written, "" where the command names none, as `apt-get clean`.
    `last` is the command that ends it: what `find` is piped into, and `|| true` or `; true`, by
    which nothing fails with it.
    """

    placed: Placed
    ran: Ran
    last: Ran
    word: str
    path: str
    find: Find | None = None

    def may_touch(self, folder: str) -> bool:
        """Tell whether it looks at a path, at one in it, or at a folder that the path is in."""
        return _alike(_parts(self.path), _parts(folder))

    def takes(self, path: str) -> bool:
        """Tell whether a file is surely deleted; the segments of its path may be patterns."""
        inside = _inside(self.path, path)
        if inside is None:
            return False
        return self.find is None or self.find.deletes(self.word, inside) is Answer.YES


def _inside(folder: str, path: str) -> str | None:
    """Return the path of a file from `folder` on, None when it is not in it."""
    above, parts = _parts(folder), _parts(path)
    if len(above) > len(parts) or not _alike(above, parts):
        return None
    return "/".join(parts[len(above) :])


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _alike(one: list[str], other: list[str]) -> bool:
    """Tell whether two paths, of patterns or not, are the same as far as both go."""
    return all(
        a == b or fnmatch.fnmatchcase(a, b) or fnmatch.fnmatchcase(b, a)
        for a, b in zip(one, other, strict=False)
    )


def deletions(placed: Placed) -> Iterator[Deletion]:
    """Yield what the commands of a RUN delete, in their order."""
    for ran in placed.ran:
        piped = _next(placed, ran, ("|",))
        command = ran.command
        find = Find.of(command, piped.command if piped else None)
        words: tuple[str, ...] = ()
        if command.name in ("rm", "rmdir", "unlink"):
            words = command.arguments
        elif find is not None:
            words = find.roots
        last = piped if find and piped else ran
        last = _next(placed, last, ("||", ";", "\n"), (":", "true")) or last
        for word in words:
            yield Deletion(
                placed=placed,
                ran=ran,
                last=last,
                word=word,
                path=placed.path(word, ran),
                find=find,
            )
        for path in _cleaned(placed, ran):
            yield Deletion(placed=placed, ran=ran, last=last, word="", path=path)


def _next(
    placed: Placed, ran: Ran, operators: tuple[str, ...], names: tuple[str, ...] = ()
) -> Ran | None:
    """Return the command that follows by an operator, None where it is not one of `names`."""
    for each in placed.ran[ran.index + 1 : ran.index + 2]:
        if each.command.before in operators and (not names or each.command.name in names):
            return each
    return None


def _cleaned(placed: Placed, ran: Ran) -> Iterator[str]:
    """Yield the caches that a package manager is told to clean."""
    tool, sub = call(ran.command)
    if tool in ("apt-get", "apt") and sub == "clean":
        yield "/var/cache/apt"
    elif (tool, sub) == ("pip", "cache") and placed.home:
        yield f"{placed.home}/.cache/pip"
    elif tool in CONDA and sub == "clean":
        yield CONDA_PACKAGES


def too_late(project: Project, placed: Placed, path: str) -> int:
    """Return the line of a later RUN that deletes a folder which a RUN brings, 0 for none.

    One that installs something itself cleans up after that, and is none.
    """
    after = project.shipped[project.shipped.index(placed) + 1 :]
    return next(
        (
            each.ran.line
            for other in after
            if not any(installs(ran.command) for ran in other.ran)
            for each in deletions(other)
            if each.find is None and covers(each.path, path)
        ),
        0,
    )


def told_late(line: int) -> tuple[str, str]:
    """Return what a finding and its mend say of a clean-up that comes too late, "" for none."""
    if not line:
        return "", ""
    return f"; line {line} cleans up too late", f"; line {line} need not clean up then"


def written(deleted: list[Deletion], folder: str, moves: tuple[str, str] = ("", "")) -> str:
    """Return the deletions of one command as it is written where `folder` is the working one.

    Paths that begin with the first of `moves` begin with the second there.
    """
    ran, placed = deleted[0].ran, deleted[0].placed
    words = {each.word: each.path for each in deleted}
    as_it_is = ran.folder == folder and not moves[0]
    find = deleted[0].find
    named = find.roots if find else ran.command.arguments
    if not deleted[0].word or (as_it_is and set(words) >= set(named)):
        return placed.text_of(ran, deleted[0].last)
    places = {
        word: word if as_it_is else _absolute(word, path, ran, moves)
        for word, path in words.items()
    }
    text = _rm(ran, places) if find is None else _find(ran, find, places)
    text = " ".join((text, *ran.command.redirections))
    for each in placed.ran[ran.index + 1 : deleted[0].last.index + 1]:
        end = each.command
        joint = "; " if end.before in (";", "\n") else f" {end.before} "
        text += joint + " ".join((*end.words, *end.redirections))
    return text


def _rm(ran: Ran, places: dict[str, str]) -> str:
    options = [word for word in ran.command.words[1:] if word.startswith("-")]
    paths = [shlex.quote(path) if " " in path else path for path in places.values()]
    return " ".join((ran.command.words[0], *options, *paths))


def _find(ran: Ran, find: Find, places: dict[str, str]) -> str:
    words, count = ran.command.words, len(find.roots)
    start = next((i for i in range(1, len(words)) if words[i : i + count] == find.roots), 0)
    # Options such as -L stand before the roots, which may not be written at all.
    options, rest = (words[1:start], words[start + count :]) if start else ((), words[1:])
    moved = (quoted(_in_place(word, places)) for word in rest)
    return " ".join((words[0], *options, *places.values(), *moved))


def _absolute(word: str, path: str, ran: Ran, moves: tuple[str, str]) -> str:
    here, there = moves
    if here and HOLE not in path:
        tail = word[len(word.rstrip("*")) :] if word.endswith("/*") else ""
        if path == here or path.startswith(f"{here.rstrip('/')}/"):
            path = posixpath.normpath(there + path[len(here.rstrip("/")) :])
        else:  # what is moved is all that is looked at there
            path, tail = there, ""
        return f"{path}/{tail}" if tail else path
    if word.startswith(("/", "~", "$")) or HOLE in ran.folder:
        return word
    return posixpath.normpath(posixpath.join(ran.folder, word))


def _in_place(word: str, places: dict[str, str]) -> str:
    """Return a word of an expression whose path begins with a root that is said otherwise."""
    for root, place in places.items():
        if word.startswith(f"{root}/"):
            return place + word[len(root) :]
    return word
