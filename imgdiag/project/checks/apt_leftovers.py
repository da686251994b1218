"""apt-leftovers: apt's lists or downloads left in the layer."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._apt import (
    ARCHIVES,
    LISTS,
    apt_runs,
    is_update_alone,
    removes,
    user_of_lists,
)
from imgdiag.project.checks._deletions import told_late, too_late
from imgdiag.project.checks._mends import appended, in_dockerfile
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.shipped:
        for ran in list(apt_runs(placed, "update"))[-1:]:
            if placed.may_mount(LISTS, "cache", "tmpfs") or removes(placed, LISTS, after=ran):
                continue
            if is_update_alone(placed):
                continue  # which has a check, and a mend that takes the lists along
            mended = appended(placed.instruction, f"rm -rf {LISTS}/*")
            late, instead = told_late(too_late(project, placed, LISTS))
            fix = in_dockerfile(f"Remove them in the same RUN{instead}", mended)
            if user := user_of_lists(project, placed):
                _, ran_later = user
                fix = in_dockerfile(
                    f"Install in one RUN what line {ran_later.line} installs, and remove them "
                    "there",
                    f"# with the packages of line {ran_later.line}, which needs these lists\n"
                    f"{mended}",
                )
            yield CHECK.at(
                project,
                ran.line,
                f"the lists that apt-get update downloads stay in this layer{late}",
                fix,
                end_line=placed.instruction.end_line,
            )
        yield from _archives(project, placed)


def _archives(project: Project, placed: Placed) -> Iterator[ProjectFinding]:
    """Find downloads that the image would delete, if it had not been told to keep them."""
    before = project.shipped[: project.shipped.index(placed) + 1]
    kept = any(
        ran.command.name == "rm" and any("docker-clean" in word for word in ran.command.words)
        for each in before
        for ran in each.ran
    )
    for ran in list(apt_runs(placed, "install"))[-1:] if kept else ():
        cleaned = removes(placed, ARCHIVES, after=ran) or any(apt_runs(placed, "clean"))
        if not cleaned and not placed.may_mount(ARCHIVES, "cache", "tmpfs"):
            yield CHECK.at(
                project,
                ran.line,
                "docker-clean is gone, so apt keeps each .deb that it installs in this layer",
                in_dockerfile(
                    "Delete them in the same RUN, or mount /var/cache/apt as a cache",
                    appended(placed.instruction, "apt-get clean"),
                ),
                end_line=placed.instruction.end_line,
            )


CHECK = Check(
    name="apt-leftovers",
    title="apt's lists and downloads in the layer",
    why="`apt-get update` downloads tens of megabytes of indexes, which are stale the next day. "
    "The downloaded packages go by themselves in Debian's and Ubuntu's images, until someone "
    "removes `docker-clean`.",
    fix="`&& rm -rf /var/lib/apt/lists/*` at the end of the same `RUN`; or cache mounts at "
    "`/var/lib/apt` and `/var/cache/apt`.",
    ignore_when="Never.",
    check=_check,
    examples=(
        dockerfile_example(
            "no clean-up, and one in a RUN of its own",
            "FROM debian:12\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends curl\n"
            "RUN rm -rf /var/lib/apt/lists/*\n",
            2,
        ),
        dockerfile_example(
            "packages that are kept for a mount which is not there",
            "FROM debian:12\n"
            "RUN rm -f /etc/apt/apt.conf.d/docker-clean\n"
            "RUN --mount=type=cache,target=/var/lib/apt \\\n"
            "    apt-get update && apt-get install -y --no-install-recommends curl\n",
            4,
        ),
        dockerfile_example(
            "cleaned in the same RUN, or mounted",
            "FROM debian:12\n"
            "RUN apt-get update \\\n"
            " && apt-get install -y --no-install-recommends curl \\\n"
            " && rm -rf /var/lib/apt/lists/*\n"
            "RUN --mount=type=cache,target=/var/lib/apt/lists \\\n"
            "    apt-get update && apt-get install -y --no-install-recommends git\n",
        ),
    ),
)
