"""What is in force at an instruction: variables, working directory, shell."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from imgdiag.project.dockerfile import Stage
from imgdiag.project.expansion import HOLE, LONGEST, expand
from imgdiag.project.instruction import Instruction

Values = Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is in force, as far as the Dockerfile says.

    `variables` are ENV and ARG, None for a value that is not known. `working_directory` holds a
    hole where the base image's own is not known. `user` is "" until a USER says another.
    """

    variables: Values = field(default_factory=dict)
    working_directory: str = HOLE
    user: str = ""
    shell: tuple[str, ...] = ("/bin/sh", "-c")

    def expanded(self, word: str, escape: str = "\\") -> str:
        """Return `word` with variables replaced, with holes for what is not known."""
        return expand(word, self.variables, escape)

    def path(self, word: str, escape: str = "\\") -> str:
        """Return a path as it is meant here: absolute, variables replaced."""
        folder = self.working_directory
        path = posixpath.normpath(posixpath.join(folder, self.expanded(word, escape)))
        return path if len(path) <= LONGEST else HOLE

    def after(self, instruction: Instruction, defaults: Values, given: Values) -> Scope:
        """Return what is in force after an instruction.

        `defaults` are the ARGs from before the first FROM; `given` is what was said for the
        build, and wins over the defaults of the Dockerfile.
        """
        escape = instruction.escape
        if instruction.word in ("ENV", "ARG"):
            variables = dict(self.variables)
            for name, value in instruction.pairs:
                if instruction.word == "ARG" and name in given:
                    variables[name] = given[name]
                elif value is None:
                    variables[name] = defaults.get(name)
                else:
                    variables[name] = self.expanded(value, escape)
            return replace(self, variables=variables)
        if instruction.word == "WORKDIR":
            return replace(self, working_directory=self.path(instruction.rest, escape))
        if instruction.word == "USER":
            return replace(self, user=self.expanded(instruction.rest, escape))
        if instruction.word == "SHELL" and instruction.exec_form:
            return replace(self, shell=instruction.exec_form)
        return self


def scoped(
    stages: Sequence[Stage], defaults: Values, given: Values | None = None
) -> Iterator[tuple[Instruction, Scope]]:
    """Yield the instructions of stages that build upon each other, with what is in force at each.

    A stage inherits from the one before it, its ARGs too, as BuildKit has it.
    """
    scope = Scope()
    for stage in stages:
        for instruction in stage.instructions:
            yield instruction, scope
            scope = scope.after(instruction, defaults, given or {})
