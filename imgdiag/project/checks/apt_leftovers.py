"""apt-leftovers: apt's lists or downloads left in the layer."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._apt import ARCHIVES, LISTS, USING, apt_runs, removes
from imgdiag.project.checks._mends import appended, in_dockerfile
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.shipped:
        for ran in list(apt_runs(placed, "update"))[-1:]:
            if placed.may_mount(LISTS, "cache", "tmpfs") or removes(placed, LISTS, after=ran):
                continue
            mended = appended(placed.instruction, f"rm -rf {LISTS}/*")
            user = _user_of_lists(project, placed)
            fix = in_dockerfile("Remove them in the same RUN", mended)
            if user is not None:
                fix = in_dockerfile(
                    f"Install in one RUN what line {user.line} installs, and remove them there",
                    f"# with the packages of line {user.line}, which needs these lists\n{mended}",
                )
            yield CHECK.at(
                project,
                ran.line,
                "the lists that apt-get update downloads stay in this layer",
                fix,
                end_line=placed.instruction.end_line,
            )
        yield from _archives(project, placed)


def _user_of_lists(project: Project, updating: Placed) -> Ran | None:
    """Return what installs in a later RUN from the lists of this one, None where nothing does."""
    assert project.dockerfile is not None
    for placed in project.built[project.built.index(updating) + 1 :]:
        if updating.stage not in project.dockerfile.chain(placed.stage):
            continue
        first = next(apt_runs(placed, "update", *USING), None)
        if first is not None:
            return None if first in apt_runs(placed, "update") else first
    return None


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
