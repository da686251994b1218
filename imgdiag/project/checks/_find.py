"""What a `find` of a RUN deletes: its expression, evaluated for a path that is known.

Source: POSIX, "find", and GNU findutils' manual. What a path alone does not tell, such as
`-mtime` or `-size`, is neither true nor false.
"""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import dropwhile

from imgdiag.project.shell import Command


class Answer(IntEnum):
    """How an expression comes out: the smaller of two is their `and`, the larger their `or`."""

    NO = 0
    MAYBE = 1
    YES = 2

    @property
    def negated(self) -> Answer:
        """Return the answer to the opposite question."""
        return Answer(Answer.YES - self)


_NO_VALUE = frozenset(
    ("-d", "-daystart", "-delete", "-depth", "-empty", "-executable", "-false", "-follow", "-ls",
     "-mount", "-nogroup", "-noleaf", "-nouser", "-nowarn", "-print", "-print0", "-prune", "-quit",
     "-readable", "-true", "-warn", "-writable", "-xdev")
)  # fmt: skip
_UNKNOWN = frozenset(
    ("-empty", "-executable", "-false", "-nogroup", "-nouser", "-readable", "-writable")
)
_PATHS = frozenset(("-path", "-wholename", "-ipath", "-iwholename"))
_DEPTHS = frozenset(("-maxdepth", "-mindepth"))  # for all of it, wherever they stand
_LINKS = frozenset(("-H", "-L", "-P"))  # before the roots
_EXECUTES = frozenset(("-exec", "-execdir", "-ok", "-okdir"))
_OPERATORS = frozenset(("(", ")", "!", "-not", "-a", "-and", "-o", "-or", ","))


@dataclass(frozen=True, slots=True)
class _Term:
    """A test, an action or an operator, and the words after it that belong to it."""

    word: str
    values: tuple[str, ...] = ()

    def answer(self, name: str, path: str, *, is_folder: bool) -> Answer:
        """Return what a test says of a path; `path` is as find itself would print it."""
        value = self.values[0] if self.values else ""
        if self.word in ("-name", "-iname"):
            return _yes(_matches(name, value, self.word == "-iname"))
        if self.word in _PATHS:
            return _yes(_matches(path, value, self.word[1] == "i"))
        if self.word == "-type":
            return _yes(("d" if is_folder else "f") in value.split(","))
        if self.word in _DEPTHS or (self.word in _NO_VALUE and self.word not in _UNKNOWN):
            return Answer.YES
        return Answer.MAYBE

    def leaves_out(self, depth: int) -> bool:
        """Tell whether it is an option by which nothing at some depth is looked at."""
        if self.word not in _DEPTHS or not self.values[:1] or not self.values[0].isdecimal():
            return False
        limit = int(self.values[0])
        return depth > limit if self.word == "-maxdepth" else depth < limit


def _yes(truth: bool) -> Answer:
    return Answer.YES if truth else Answer.NO


def _matches(text: str, pattern: str, folded: bool) -> bool:
    if folded:
        text, pattern = text.lower(), pattern.lower()
    return fnmatch.fnmatchcase(text, pattern)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Find:
    """A `find` that deletes: where it looks, as written, and its expression."""

    roots: tuple[str, ...]
    terms: tuple[_Term, ...]
    by: frozenset[str]  # the actions that delete
    _folders: dict[tuple[str, str], tuple[Answer, Answer]] = field(default_factory=dict)

    @classmethod
    def of(cls, command: Command, piped_into: Command | None = None) -> Find | None:
        """Return the find that a command is, None for one that deletes nothing.

        `piped_into` is the command that takes its output, such as `xargs rm`.
        """
        if command.name != "find":
            return None
        words = tuple(dropwhile(_LINKS.__contains__, command.words[1:]))
        count = next(
            (i for i, word in enumerate(words) if word[:1] == "-" or word in _OPERATORS), len(words)
        )
        terms = tuple(_terms(words[count:]))
        by = {term.word for term in terms if term.word == "-delete" or _executes_rm(term)}
        if piped_into is not None and piped_into.name == "xargs" and "rm" in piped_into.words:
            by |= {"-print", "-print0"}
            if not any(term.word in ("-print", "-print0", "-delete") for term in terms):
                terms = (_Term("("), *terms, _Term(")"), _Term("-print"))
        if not by:
            return None
        return cls(roots=words[:count] or (".",), terms=terms, by=frozenset(by))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the patterns that names are held to, those of paths by their last part."""
        found = []
        for term in self.terms:
            if term.word in ("-name", "-iname") and term.values:
                found.append(term.values[0])
            elif term.word in _PATHS and term.values:
                found.append(posixpath.basename(term.values[0].rstrip("/*")))
        return tuple(found)

    def deletes(self, root: str, path: str) -> Answer:
        """Tell whether the file at `path` below `root` is deleted, or a folder that it lies in."""
        deleted = Answer.NO
        parts = path.split("/") if path else []
        for depth in range(len(parts) + 1):
            part, is_folder = "/".join(parts[:depth]), depth < len(parts)
            found = self._folders.get((root, part)) if is_folder else None
            if found is None:
                found = self._reach(root, part, depth, is_folder=is_folder)
                if is_folder:
                    self._folders[root, part] = found
            reached, pruned = found
            # -delete takes folders that are empty by then, and rm those that it is told to.
            if not is_folder or "-delete" not in self.by:
                deleted = max(deleted, reached)
            if is_folder and pruned is Answer.YES:
                break
        return deleted

    def _reach(self, root: str, part: str, depth: int, *, is_folder: bool) -> tuple[Answer, Answer]:
        """Return whether an action that deletes is reached for a path, and one that prunes."""
        if any(term.leaves_out(depth) for term in self.terms):
            return Answer.NO, Answer.NO
        path = f"{root.rstrip('/')}/{part}" if part else root
        name = posixpath.basename(path.rstrip("/")) or path
        deleted = pruned = Answer.NO
        # Of each open parenthesis: what is true on the way to it, the alternatives before, the
        # terms since, and whether its answer is negated.
        outer: list[tuple[Answer, Answer, Answer, bool]] = []
        way, before, now, negated = Answer.YES, Answer.NO, Answer.YES, False
        for term in self.terms:
            reached = min(way, before.negated, now)
            if term.word in ("!", "-not"):
                negated = not negated
                continue
            if term.word == "(":
                outer.append((way, before, now, negated))
                way, before, now, negated = reached, Answer.NO, Answer.YES, False
                continue
            if term.word in ("-o", "-or"):
                before, now = max(before, now), Answer.YES
                continue
            if term.word in ("-a", "-and"):
                continue
            if term.word == ",":
                before, now = Answer.NO, Answer.YES
                continue
            if term.word == ")":
                if not outer:
                    continue
                answer = max(before, now)
                way, before, now, negated = outer.pop()
            elif term.word in self.by and (term.word not in _EXECUTES or _executes_rm(term)):
                deleted, answer = max(deleted, reached), Answer.YES
            elif term.word == "-prune":
                pruned, answer = max(pruned, reached), Answer.YES
            else:
                answer = term.answer(name, path, is_folder=is_folder)
            now = min(now, answer.negated if negated else answer)
            negated = False
        return deleted, pruned


def _terms(words: tuple[str, ...]) -> Iterator[_Term]:
    position = 0
    while position < len(words):
        word = words[position]
        start = position = position + 1
        if word in _EXECUTES:
            while position < len(words) and words[position] not in (";", "+"):
                position += 1
            yield _Term(word, words[start:position])
            position += 1
        elif word in _OPERATORS or word in _NO_VALUE:
            yield _Term(word)
        else:
            position += 1
            yield _Term(word, words[start:position])


def _executes_rm(term: _Term) -> bool:
    return term.word in _EXECUTES and any(
        word == "rm" or word.startswith(("rm ", "/bin/rm")) for word in term.values
    )
