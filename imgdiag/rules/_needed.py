"""Folders that packages import at run time, kept out of what somebody's clean-up deletes.

Known without reading sources, and measured: without the folder the package does not import. That
numpy.testing takes a value from numpy's tests is so in 2.2 alone, in neither 2.1 nor 2.3.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from imgdiag.facts.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUp:
    """A command that deletes files; `breaks_imports` where it takes what a package needs."""

    command: str
    notes: tuple[str, ...] = ()
    breaks_imports: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """A folder that is imported whenever its package is; `importer` is a module that does it.

    `versions` is what the versions that need it begin with, "" for all that were seen.
    """

    package: str
    folder: str
    why: str
    importer: str = ""
    versions: str = ""

    @property
    def name(self) -> str:
        """Return the folder's own name."""
        return self.folder.rpartition("/")[2]


NEEDED = (
    Needed(
        package="numpy",
        folder="numpy/_core/tests",
        why="numpy.testing of numpy 2.2 imports it, and so scipy does",
        versions="2.2.",
    ),
    Needed(
        package="botocore",
        folder="botocore/docs",
        why="boto3 imports it",
        importer="botocore/client.py",
    ),
    Needed(
        package="astropy",
        folder="astropy/tests",
        why="astropy imports it",
        importer="astropy/__init__.py",
    ),
    Needed(
        package="tables",
        folder="tables/tests",
        why="tables imports it",
        importer="tables/__init__.py",
    ),
)
_UNKNOWN = {
    "tests": "careful: where numpy is 2.2, this takes numpy's tests too, which scipy imports; "
    "name packages instead",
    "docs": "careful: where botocore is installed, this takes botocore.docs too, which boto3 "
    "imports; name packages instead",
}
_NAMED = re.compile(
    r"(?P<no>(?:!|-not)\s+)?-(?P<test>i?name)\s+(?P<quote>['\"]?)(?P<name>\w+)(?P=quote)(?=\s|$)"
)


def sparing(facts: Facts, command: str, deleted: Collection[str]) -> CleanUp:
    """Return a clean-up without the folders that installed packages are known to import.

    `deleted` are paths that it deletes. For an image of which nothing installed is known, a note
    says for which packages the command would be wrong.
    """
    notes = []
    breaks = False
    for each in NEEDED:
        sites = {
            found.environment.path
            for found in facts.distributions
            if found.name == each.package and found.version.startswith(each.versions)
        }
        if not sites or re.search(rf"(!|-not)\s+-i?path\s+\S*{each.folder}", command):
            continue
        spared = _without(command, each.folder)
        if spared != command:
            command = spared
            notes.append(f"{each.folder} is left out: {each.why}")
        elif _takes(command, each.name) or _is_gone(facts, sites, each.folder, deleted):
            breaks = True
            notes.append(f"careful: this takes {each.folder}: {each.why}; name packages instead")
    if not facts.distributions:
        notes += [note for name, note in _UNKNOWN.items() if _takes(command, name)]
    return CleanUp(command=command, notes=tuple(notes), breaks_imports=breaks)


def _without(command: str, folder: str) -> str:
    """Return `command` with `folder` taken out wherever a find asks for its name."""
    name = folder.rpartition("/")[2]

    def spare(match: re.Match[str]) -> str:
        before = command[: match.start()]
        # Inside quotes, as in sh -c '…', ours would end them.
        quoted = before.count("'") % 2 or before.count('"') % 2
        if quoted or not _asks_for(match, name):
            return match[0]
        return f"{match[0]} ! -path '*/{folder}'"

    return _NAMED.sub(spare, command)


def _takes(command: str, name: str) -> bool:
    return any(_asks_for(match, name) for match in _NAMED.finditer(command))


def _asks_for(match: re.Match[str], name: str) -> bool:
    asked = match["name"].lower() if match["test"] == "iname" else match["name"]
    return asked == name and not match["no"]


def _is_gone(facts: Facts, sites: Collection[str], folder: str, deleted: Collection[str]) -> bool:
    """Tell whether sources in `folder` were deleted, and it was not made again."""
    gone = tuple(
        f"{site}/{folder}/" for site in sites if facts.filesystem.find(f"{site}/{folder}") is None
    )
    return any(path.startswith(gone) and path.endswith(".py") for path in deleted)
