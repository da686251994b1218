"""apt-recommends: apt-get install without --no-install-recommends."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._apt import apt_runs
from imgdiag.project.checks._mends import in_dockerfile, with_option
from imgdiag.project.checks._tools import call
from imgdiag.project.project import Project
from imgdiag.project.shell import Command


def _check(project: Project) -> Iterator[ProjectFinding]:
    for index, placed in enumerate(project.shipped):
        for ran in apt_runs(placed, "install"):
            if _without(ran.command):
                continue
            # Configured once for all, as in `echo 'APT::Install-Recommends "false";' >/etc/apt/…`.
            if any(
                "APT::Install-Recommends" in each.instruction.command
                for each in project.shipped[: index + 1]
            ):
                continue
            yield CHECK.at(
                project,
                ran.line,
                "apt installs what packages recommend, beside what they need",
                in_dockerfile(
                    "Install what is needed, and name what you miss",
                    with_option(
                        placed.instruction,
                        f"{call(ran.command)[0]} install",
                        "--no-install-recommends",
                    ),
                ),
                end_line=placed.instruction.end_line,
            )
            break


def _without(command: Command) -> bool:
    settings = " ".join(command.words)
    return command.has("--no-install-recommends") or "Install-Recommends=" in settings


CHECK = Check(
    name="apt-recommends",
    title="`apt-get install` with recommended packages",
    why="Recommended packages are for a machine that people work at: curl brings certificates "
    "(which you may want to name then), git brings less and ssh, ffmpeg drivers for screens and "
    "sound.",
    fix="`apt-get install --no-install-recommends`, and name what is missing.",
    ignore_when="You have looked at what comes with it.",
    check=_check,
    examples=(
        dockerfile_example(
            "with recommended packages",
            "FROM debian:12\n"
            "RUN apt-get update \\\n"
            " && apt-get -y install curl \\\n"
            " && rm -rf /var/lib/apt/lists/*\n",
            3,
        ),
        dockerfile_example(
            "without them, by option or configuration",
            "FROM debian:12\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends curl"
            " && rm -rf /var/lib/apt/lists/*\n"
            "RUN echo 'APT::Install-Recommends \"false\";' >/etc/apt/apt.conf.d/99lean\n"
            "RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*\n",
        ),
    ),
)
