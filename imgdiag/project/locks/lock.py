"""The values that every lock file comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# What locks anew after pyproject.toml names another source for a package. Tried with uv 0.13.9 and
# Poetry 2.5.1: both take the package from there, and leave the others as they are.
RELOCK = {"uv": "uv lock", "poetry": "poetry lock"}


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel of a locked package. `size` is its compressed size in bytes, None when unknown."""

    filename: str
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedRequirement:
    """What a package, or the project, asks for.

    `version` and `index` are given where the lock has several packages of one name, "" otherwise.
    `group` and `extra` say for which of the project's groups or extras it is asked, "" for always.
    """

    name: str
    version: str = ""
    index: str = ""
    extras: tuple[str, ...] = ()
    marker: str = ""
    group: str = ""
    extra: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LockedPackage:
    """One locked version of a package, compared by identity. `name` is normalised (PEP 503).

    `index` is where it comes from, "" when the lock does not say. `optional` holds what its own
    extras ask for. `line` is where in the lock file it stands.
    """

    name: str
    version: str
    index: str = ""
    requirements: tuple[LockedRequirement, ...] = ()
    optional: Mapping[str, tuple[LockedRequirement, ...]] = field(default_factory=dict)
    wheels: tuple[Wheel, ...] = ()
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock file. `roots` are what the project itself asks for.

    `tool` is uv, poetry, pylock or requirements. `requires_python` is a specifier, "" when the
    file has none; `indexes` are those that the whole file names.
    """

    path: str
    tool: str
    packages: tuple[LockedPackage, ...]
    roots: tuple[LockedRequirement, ...]
    requires_python: str = ""
    indexes: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the names of the project's dependency groups, sorted."""
        return tuple(sorted({root.group for root in self.roots} - {""}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A package that an installation brings.

    `size` is that of the wheel that fits, in bytes as downloaded, None when there is none or the
    lock does not say. `required_by` are packages that bring it in, sorted; "" is the project.
    """

    package: LockedPackage
    size: int | None
    required_by: tuple[str, ...]
