"""apt-update-alone: apt-get update in a RUN that installs nothing."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._apt import USING, apt_runs
from imgdiag.project.checks._mends import in_dockerfile
from imgdiag.project.project import Project


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.built:
        updates = list(apt_runs(placed, "update"))
        # A script that is called after it may install.
        others = [ran for ran in placed.ran if ran.command.words and ran not in updates]
        harmless = all(
            ran.command.name in ("rm", "echo", "set", "export", "apt-get", "apt") for ran in others
        )
        if updates and harmless and not any(apt_runs(placed, *USING)):
            yield CHECK.at(
                project,
                updates[0].line,
                "apt-get update in a RUN of its own is cached: a later install may ask for "
                "versions that the mirrors have dropped since",
                in_dockerfile(
                    "Update and install in one RUN",
                    "RUN apt-get update \\\n"
                    " && apt-get install -y --no-install-recommends <packages> \\\n"
                    " && rm -rf /var/lib/apt/lists/*",
                ),
                end_line=placed.instruction.end_line,
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
