"""apt-update-alone: apt-get update in a RUN that installs nothing."""

from collections.abc import Iterator

from imgdiag.finding import Fix
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._apt import (
    LISTS,
    apt_runs,
    is_update_alone,
    removes,
    user_of_lists,
)
from imgdiag.project.checks._mends import in_dockerfile, is_plain, rewritten
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.built:
        if not is_update_alone(placed):
            continue
        stay = placed.shipped and not placed.may_mount(LISTS, "cache", "tmpfs")
        yield CHECK.at(
            project,
            next(apt_runs(placed, "update")).line,
            "apt-get update in a RUN of its own is cached: a later install may ask for "
            "versions that the mirrors have dropped since"
            + ("; and its lists stay in this layer" if stay else ""),
            _mend(project, placed),
            end_line=placed.instruction.end_line,
        )


def _mend(project: Project, placed: Placed) -> Fix:
    """Return the RUN that installs, with the update before it and the lists removed after it."""
    user = user_of_lists(project, placed)
    # What stands before the install, such as 'set -e;', would hide that the update failed.
    if user is None or user[1].index or not is_plain(user[0].instruction):
        return in_dockerfile(
            "Update and install in one RUN",
            "RUN apt-get update \\\n"
            " && apt-get install -y --no-install-recommends <packages> \\\n"
            f" && rm -rf {LISTS}/*",
        )
    installing, ran = user
    own = installing.instruction
    mended = rewritten(own, layout=f"apt-get update {own.escape}\n && {own.layout}")
    cleaned = removes(installing, LISTS, after=ran) or installing.may_mount(LISTS, "cache", "tmpfs")
    return in_dockerfile(
        f"Update in the RUN of line {ran.line}, and drop line {placed.instruction.line}",
        mended if cleaned else f"{mended} {own.escape}\n && rm -rf {LISTS}/*",
    )


CHECK = Check(
    name="apt-update-alone",
    title="`apt-get update` in a `RUN` of its own",
    why="Its layer is cached for as long as the line is the same, and so are its lists; and they "
    "are shipped, since no later `RUN` can take them out of that layer.",
    fix="`RUN apt-get update && apt-get install … && rm -rf /var/lib/apt/lists/*`.",
    ignore_when="Never.",
    check=_check,
    examples=(
        dockerfile_example(
            "update and install apart",
            "FROM debian:12 AS base\n"
            "RUN apt-get update\n"
            "FROM base\n"
            "RUN apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*\n",
            2,
        ),
        dockerfile_example(
            "in one RUN, or before a script",
            "FROM debian:12\n"
            "RUN apt-get update && apt-get upgrade -y && rm -rf /var/lib/apt/lists/*\n"
            "RUN apt-get update && ./install.sh && rm -rf /var/lib/apt/lists/*\n",
        ),
    ),
)
