"""What builders record of an instruction, and whether a history's entry is what they record.

Each builder has its own way, measured with Docker 20.10 (BuildKit and the classic builder),
BuildKit of Docker 26 and podman 4.3, and read in kaniko's source:

- BuildKit: `RUN |1 K=V /bin/sh -c … # buildkit`, `COPY a b ./ # buildkit`, `ENV K=V`; variables
  replaced, `--from` and `--mount` left out, ONBUILD left out.
- classic: `|1 K=V /bin/sh -c …`, `/bin/sh -c #(nop) COPY file:<hash> in ./ `; the shell in force
  in place of `/bin/sh -c`, sources not recorded.
- buildah and podman: as classic, but with the instruction's own text, flags included.
- kaniko: the instruction's own text, and only where a layer was made.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from imgdiag.image import HistoryEntry, instruction
from imgdiag.project.expansion import HOLE, matches
from imgdiag.project.instruction import INSTRUCTIONS, Instruction
from imgdiag.project.scope import Scope

_CONTENT = re.compile(r"(?P<kind>file|dir|multi):[0-9a-f]{64} in (?P<to>.*)$")
# Of bind mounts, by buildah. An algorithm's name is too short to be taken for a digest: where it
# could be, a row of digests would be read in as many ways as Fibonacci has rabbits.
_CHECKSUMS = re.compile(r"(?::(?:\w{1,32}:)?[0-9a-f]{64})+$")
_FLAGS = re.compile(r"^(?:--\S+ )+")
_PORT = re.compile(r"(\d+(?:-\d+)?)(?:/(\w+))?")
_SHELL = re.compile(
    r"(?:^|\s)\S*?\w+(?:\.exe)?(?:\s+(?:[-+/]\S+|pipefail|errexit|nounset))*\s+"
    r"(?:-\w*c|/[sS]\s+/[cC]|/[cC]|-[cC]ommand)$"
)
_LONG = 100  # characters
_TOKENS = 500  # of a command, for telling how alike two are


class Agreement(IntEnum):
    """How far an entry is what a builder records of an instruction."""

    NONE = 0
    PARTLY = 1  # what is recorded agrees, and that is not all: `COPY file:<hash> in ./`
    WHOLLY = 2


@dataclass(frozen=True)
class Record:
    """A history's entry, taken apart: its instruction's word, "" for none, and the rest."""

    entry: HistoryEntry
    word: str
    rest: str

    @cached_property
    def command(self) -> str:
        """Return what a RUN ran, with what stands before it, and without buildah's checksums."""
        return _CHECKSUMS.sub("", self.rest)

    @cached_property
    def content(self) -> tuple[str, str] | None:
        """Return what a COPY took ("file", "dir", "multi") and where to, where that is all."""
        match = _CONTENT.search(self.rest)
        return (match["kind"], match["to"].strip()) if match else None

    @cached_property
    def without_flags(self) -> str:
        """Return the rest of a COPY or an ADD."""
        return _FLAGS.sub("", self.rest)

    @cached_property
    def flat(self) -> str:
        """Return the rest without what depends on the way a list is written."""
        return _flat(self.rest)

    @property
    def weight(self) -> int:
        """Return how much it says that this entry is found: long texts are seldom alike."""
        return min(len(self.rest), _LONG)

    @cached_property
    def tokens(self) -> Counter[str]:
        """Return the words of a command, to tell how alike two are."""
        return Counter(instruction(self.entry.created_by).split()[1 : _TOKENS + 1])


def record_of(entry: HistoryEntry) -> Record:
    """Take a history's entry apart, whichever builder wrote it."""
    text = _one_line(entry.created_by.strip().removesuffix("# buildkit"))
    nop = text.find("#(nop)")
    if nop >= 0 and not text.startswith("RUN "):
        text = text[nop + len("#(nop)") :].strip()
    word, _, rest = text.partition(" ")
    if word in INSTRUCTIONS:
        return Record(entry, word, rest.strip())
    # What is no instruction is a command, or a remark such as "Imported from -".
    return Record(entry, "RUN", text)


@dataclass(frozen=True)
class Expected:
    """An instruction in its place in the Dockerfile, and what builders may record of it.

    `scopes` are what may have been in force there: with what the history says of ARGs, with
    their defaults, and with holes in their place.
    """

    instruction: Instruction
    scopes: tuple[Scope, ...]

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        """Return what may stand after the word, as written and with variables replaced."""
        return tuple(dict.fromkeys(_one_line(each) for each in self._possible_texts() if each))

    @property
    def _exec_text(self) -> str:
        return _one_line(" ".join(self.instruction.exec_form or ()))

    @cached_property
    def tokens(self) -> Counter[str]:
        """Return the words of a command, to tell how alike two are."""
        return Counter(self._texts[-1].split()[:_TOKENS])

    @property
    def weight(self) -> int:
        """Return how much it says that this instruction is found, as for an entry."""
        return min(len(self._texts[-1]), _LONG)

    def agreement(self, record: Record) -> Agreement:
        """Tell how far `record` is what a builder records of this instruction."""
        word = self.instruction.word
        if word != record.word:
            return Agreement.NONE
        if word == "RUN":
            return self._run(record)
        if word in ("COPY", "ADD"):
            return self._copy(record)
        if word == "ARG":
            names = {part.partition("=")[0] for part in record.rest.split()}
            found = all(name in names for name, _ in self.instruction.pairs)
            return Agreement.WHOLLY if found else Agreement.NONE
        if word == "EXPOSE":
            return self._expose(record)
        if word == "HEALTHCHECK":
            return self._healthcheck(record)
        return _first_match(record.flat, map(_flat, self._texts))

    def likeness(self, record: Record) -> float:
        """Return what share of their words this instruction and an entry have in common."""
        if self.instruction.word != record.word:
            return 0.0
        ours, theirs = self.tokens, record.tokens
        total = ours.total() + theirs.total()
        return 2 * (ours & theirs).total() / total if total else 0.0

    def _run(self, record: Record) -> Agreement:
        for command in self._texts:
            if not record.command.endswith(command):
                continue
            before = record.command[: len(record.command) - len(command)].strip()
            if _runs(before, in_shell=command != self._exec_text):
                # A script that a heredoc brings with its own interpreter leaves its name alone.
                script = command.startswith("/dev/pipes/")
                return Agreement.PARTLY if script else Agreement.WHOLLY
        return Agreement.NONE

    def _copy(self, record: Record) -> Agreement:
        if record.content is None:
            return _first_match(record.without_flags, self._texts)
        kind, to = record.content
        *sources, target = self.instruction.arguments
        several = len(sources) > 1 or any(mark in sources[0] for mark in "*?[$")
        if (kind == "multi" and not several) or (kind != "multi" and len(sources) > 1):
            return Agreement.NONE
        targets = (target, *(self._expanded(target, scope) for scope in self.scopes))
        found = any(matches(each, to) for each in targets if each != HOLE)
        return Agreement.PARTLY if found else Agreement.NONE

    def _expose(self, record: Record) -> Agreement:
        ours = _ports(self._texts[-1])
        if HOLE in self._texts[-1]:
            return Agreement.PARTLY
        return Agreement.WHOLLY if ours == _ports(record.rest) else Agreement.NONE

    def _healthcheck(self, record: Record) -> Agreement:
        ours = self.instruction.rest.removeprefix("CMD ").strip()
        found = _flat(ours) in record.flat
        return Agreement.WHOLLY if found else Agreement.NONE

    def _expanded(self, word: str, scope: Scope) -> str:
        return scope.expanded(word, self.instruction.escape)

    def _possible_texts(self) -> Iterator[str]:
        instruction = self.instruction
        if instruction.word == "RUN":
            yield from self._commands()
            return
        if instruction.flags:
            yield " ".join((*instruction.flags, instruction.rest))
        yield instruction.rest
        for scope in self.scopes:
            yield self._in_scope(scope)

    def _in_scope(self, scope: Scope) -> str:
        """Return what BuildKit records after the word, its variables replaced."""
        instruction = self.instruction
        word = instruction.word
        if word in ("ENV", "LABEL"):
            return " ".join(
                f"{self._expanded(name, scope)}={self._expanded(value or '', scope)}"
                for name, value in instruction.pairs
            )
        if word == "WORKDIR":
            return scope.path(instruction.rest, instruction.escape)
        if word in ("CMD", "ENTRYPOINT"):
            form = instruction.exec_form
            return " ".join(form if form is not None else (*scope.shell, instruction.rest))
        if word in ("COPY", "ADD", "EXPOSE", "STOPSIGNAL", "USER", "VOLUME"):
            return " ".join(
                re.sub("^<<-", "<<", self._expanded(each, scope)) for each in instruction.arguments
            )
        return instruction.rest

    def _commands(self) -> Iterator[str]:
        instruction = self.instruction
        flags, rest = " ".join(instruction.flags), instruction.rest
        if instruction.exec_form is not None:
            yield " ".join(instruction.exec_form)
        if instruction.heredocs:
            first = instruction.heredocs[0]
            trimmed = "\n".join(each.body.strip() for each in instruction.heredocs)
            yield f"{flags} {rest}\n{trimmed}"  # buildah
            if len(instruction.arguments) > 1 or len(instruction.heredocs) > 1:
                yield rest + "".join(f"\n{each.text}{each.name}" for each in instruction.heredocs)
            elif first.body.startswith("#!"):
                yield f"/dev/pipes/{first.name}"
            else:
                yield first.text
            return
        if flags:
            yield f"{flags} {rest}"
        yield rest


def _runs(before: str, *, in_shell: bool) -> bool:
    """Tell whether what a builder recorded before a command only says how it was run."""
    if before.startswith("|"):  # build arguments, whose values may hold anything
        return _SHELL.search(before[-_LONG:]) is not None or not (in_shell or " -c " in before)
    return not before or (len(before) <= _LONG and _SHELL.fullmatch(before) is not None)


def _first_match(text: str, patterns: Iterable[str]) -> Agreement:
    for pattern in patterns:
        if matches(pattern, text):
            # A text that is little but holes says little.
            vague = HOLE in pattern and len(pattern.replace(HOLE, "").strip(" /=\"'")) < 2
            return Agreement.PARTLY if vague else Agreement.WHOLLY
    return Agreement.NONE


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _flat(text: str) -> str:
    """Return `text` without what only one of `["a", "b"]`, `["a" "b"]` and `[a b]` has."""
    return _one_line(re.sub(r"[\[\]\",\\]", " ", text))


def _ports(text: str) -> frozenset[str]:
    return frozenset(f"{port}/{protocol or 'tcp'}" for port, protocol in _PORT.findall(text))
