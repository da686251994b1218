"""apt in a RUN: what it updates, installs and cleans up."""

from __future__ import annotations

from collections.abc import Iterator

from imgdiag.project.checks._tools import call
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran, covers

LISTS = "/var/lib/apt/lists"
ARCHIVES = "/var/cache/apt/archives"
# The sub-commands that read the lists which `update` downloads.
USING = ("install", "upgrade", "dist-upgrade", "full-upgrade", "build-dep", "source", "download")


def apt_runs(placed: Placed, *subs: str) -> Iterator[Ran]:
    """Yield the commands that call apt-get or apt with one of some sub-commands."""
    for ran in placed.ran:
        tool, sub = call(ran.command)
        if tool in ("apt-get", "apt") and sub in subs:
            yield ran


def is_update_alone(placed: Placed) -> bool:
    """Tell whether a RUN updates apt's lists and does nothing with them."""
    updates = list(apt_runs(placed, "update"))
    # A script that is called after it may install.
    others = [ran for ran in placed.ran if ran.command.words and ran not in updates]
    harmless = all(
        ran.command.name in ("rm", "echo", "set", "export", "apt-get", "apt") for ran in others
    )
    return bool(updates) and harmless and not any(apt_runs(placed, *USING))


def user_of_lists(project: Project, updating: Placed) -> tuple[Placed, Ran] | None:
    """Return what installs in a later RUN from the lists of this one, None where nothing does."""
    assert project.dockerfile is not None
    for placed in project.built[project.built.index(updating) + 1 :]:
        if updating.stage not in project.dockerfile.chain(placed.stage):
            continue
        first = next(apt_runs(placed, "update", *USING), None)
        if first is not None:
            return None if first in apt_runs(placed, "update") else (placed, first)
    return None


def removes(placed: Placed, path: str, *, after: Ran) -> bool:
    """Tell whether a RUN removes a folder's content after one of its commands."""
    later = placed.ran[after.index + 1 :]
    return any(
        covers(placed.path(word, ran), path)
        for ran in later
        if ran.command.name == "rm" or (ran.command.name == "find" and ran.command.has("-delete"))
        for word in ran.command.arguments
    )
