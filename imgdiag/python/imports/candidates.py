"""The folders in question: those of certain names inside installed packages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from imgdiag.filesystem import Directory
from imgdiag.python.environments import Environment
from imgdiag.scanner.usage import Usage


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One folder, known by the first part of its path below its environment: its package."""

    path: str
    directory: Directory
    package: str
    environment: str

    @property
    def name(self) -> str:
        """Return what the folder is called."""
        return self.path.rpartition("/")[2]


def find_candidates(
    environments: Iterable[Environment], usage: Usage, names: Collection[str]
) -> list[Candidate]:
    """Return the folders called one of `names` inside packages, in the order of their paths.

    A folder inside one of them is part of it. A package that is itself called so is none: who
    imports it writes nothing but its name. A dist-info's folders hold licences.
    """
    bases = sorted((f"{each.path}/" for each in environments), key=len, reverse=True)
    found = []
    for name in names:
        for path, directory in usage.named.get(name, ()):
            base = next((each for each in bases if path.startswith(each)), None)
            if base is None:
                continue
            package, *inside = path[len(base) :].split("/")
            if package.endswith((".dist-info", ".egg-info")):
                continue
            if inside and not {package, *inside[:-1]} & set(names):
                found.append(Candidate(path, directory, package, base[:-1]))
    return sorted(found, key=lambda each: each.path)
