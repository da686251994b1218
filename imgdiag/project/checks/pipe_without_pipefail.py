"""pipe-without-pipefail: a download that may fail at the left of a pipe."""

from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._mends import in_dockerfile
from imgdiag.project.checks._tools import installs
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.built:
        for index, ran in enumerate(placed.ran[:-1]):
            following = placed.ran[index + 1].command
            if following.before not in ("|", "|&") or not installs(ran.command):
                continue
            if _has_pipefail(placed, index):
                break
            left, right = ran.command.name, following.name
            yield CHECK.at(
                project,
                ran.line,
                f"when {left} fails, the build goes on with what {right} makes of nothing: a pipe "
                "has the status of its last command",
                in_dockerfile(
                    "Let a pipe fail with any of its commands",
                    'SHELL ["/bin/bash", "-o", "pipefail", "-c"]',
                ),
                end_line=placed.instruction.end_line,
            )
            break  # one SHELL mends the RUN


def _has_pipefail(placed: Placed, index: int) -> bool:
    if any("pipefail" in word for word in placed.scope.shell):
        return True
    return any(
        "pipefail" in word
        for ran in placed.ran[:index]
        if ran.command.name == "set"
        for word in ran.command.words
    )


CHECK = Check(
    name="pipe-without-pipefail",
    title="A pipe whose left side may fail",
    why="`curl … | tar -x` succeeds when curl does not: tar unpacks nothing, and the image is "
    "built without what it was to bring.",
    fix='`SHELL ["/bin/bash", "-o", "pipefail", "-c"]`, or `set -o pipefail` where the shell '
    "knows it (Debian's sh does not).",
    ignore_when="The right side fails on an empty input, as `gpg` and `tar -xz` do.",
    check=_check,
    examples=(
        dockerfile_example(
            "a download into a shell",
            "FROM debian:12\nRUN set -eu; \\\n    curl -fsSL https://example.org/install.sh | sh\n",
            3,
        ),
        dockerfile_example(
            "with pipefail, or with nothing that fails",
            "FROM debian:12\n"
            "RUN echo a | tee /etc/a\n"
            'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\n'
            "RUN curl -fsSL https://example.org/install.sh | sh\n"
            'SHELL ["/bin/bash", "-c"]\n'
            "RUN set -euxo pipefail; curl -fsSL https://example.org/install.sh | sh\n",
        ),
    ),
)
