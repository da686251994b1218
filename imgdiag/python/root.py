"""What a distribution is in an environment for, when no other distribution asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from imgdiag.python.requires import Node


class Origin(StrEnum):
    """What tells that something is in an environment for its own sake."""

    PROJECT = "project"  # a file of the project asks for it
    FOLDER = "folder"  # it was installed from a folder: it is a project itself
    COMMAND = "command"  # an instruction of the history asks for it
    REQUESTED = "requested"  # its installer marked it as asked for by name
    INFERRED = "inferred"  # all that the extra requires is there, and nothing else asks for it
    UNREQUIRED = "unrequired"  # nothing installed requires it


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """One reason why a distribution is there that no distribution gives.

    `where` is the file or instruction, `text` what stands in it, `group` the group of the project
    that it belongs to ("" for none), `dev` whether that group is for developers.
    """

    name: str
    extras: tuple[str, ...] = ()
    origin: Origin = Origin.UNREQUIRED
    where: str = ""
    text: str = ""
    group: str = ""
    dev: bool = False

    @property
    def is_known(self) -> bool:
        """Whether something in the image says so, and it is not only concluded."""
        return self.origin not in (Origin.INFERRED, Origin.UNREQUIRED)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Return what it asks for: an extra brings its distribution with it."""
        return tuple((self.name, extra) for extra in self.extras) or ((self.name, ""),)
