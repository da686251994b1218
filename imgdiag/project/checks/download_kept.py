"""download-kept: an archive that a RUN downloads, unpacks and leaves."""

import posixpath
from collections.abc import Iterator
from itertools import pairwise

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._archives import is_archive, removes, unpacks
from imgdiag.project.checks._mends import appended, in_dockerfile
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran, readable


def _check(project: Project) -> Iterator[ProjectFinding]:
    for position, placed in enumerate(project.shipped):
        for index, ran in enumerate(placed.ran):
            path = _downloaded(placed, ran)
            same = [(placed, each) for each in placed.ran[index + 1 :]]
            if (
                path
                and is_archive(path)
                and not any(removes(*each, path) for each in same)
                and not placed.may_mount(path, "tmpfs", "cache", "bind")
            ):
                later = [
                    (other, each) for other in project.shipped[position + 1 :] for each in other.ran
                ]
                unpacking = next((each for each in [*same, *later] if unpacks(*each, path)), None)
                removing = next((each for each in later if removes(*each, path)), None)
                if unpacking or removing:
                    yield _finding(project, placed, ran, path, unpacking, removing)


def _finding(
    project: Project,
    placed: Placed,
    ran: Ran,
    path: str,
    unpacking: tuple[Placed, Ran] | None,
    removing: tuple[Placed, Ran] | None,
) -> ProjectFinding:
    shown = readable(path)
    here = unpacking is not None and unpacking[0] is placed
    what = "downloaded, unpacked and left in this layer" if here else "downloaded into this layer"
    if removing is not None and unpacking is not None and removing[0] is unpacking[0]:
        what += f"; line {removing[1].line} unpacks and deletes it, which comes too late"
    elif removing is not None:
        what += f"; line {removing[1].line} deletes it, which comes too late"
    elif unpacking is not None and not here:
        what += f", and line {unpacking[1].line} unpacks it"
    in_place = f", in place of the one in line {removing[1].line}" if removing else ""
    fix = in_dockerfile(
        f"Delete it in the same RUN{in_place}, or unpack it while it is downloaded",
        appended(placed.instruction, f"rm {shown}"),
    )
    if unpacking is not None and not here:
        fix = in_dockerfile(
            f"Unpack and delete it in the same RUN, in place of line {unpacking[1].line}",
            appended(placed.instruction, f"{_unpack(placed, *unpacking)} && rm {shown}"),
        )
    return CHECK.at(
        project,
        ran.line,
        f"{posixpath.basename(shown)} is {what}",
        fix,
        end_line=placed.instruction.end_line,
    )


def _unpack(into: Placed, placed: Placed, ran: Ran) -> str:
    """Return the command that unpacks, for the end of another RUN."""
    text = placed.text_of(ran)
    if ran.folder == (into.ran[-1].folder if into.ran else ""):
        return text
    return f"mkdir -p {readable(ran.folder)} && cd {readable(ran.folder)} && {text}"


def _downloaded(placed: Placed, ran: Ran) -> str:
    """Return the file that a command downloads to, "" when it is none."""
    command = ran.command
    urls = [word for word in command.words[1:] if "://" in word]
    if command.name not in ("curl", "wget", "aria2c") or not urls:
        return ""
    name = posixpath.basename(urls[0].partition("?")[0])
    given: str | None
    if command.outputs:
        name = command.outputs[0]
    elif command.name == "curl":
        given = command.value("-o") or command.value("--output") or _last_of_flags(command.words)
        if given:
            name = given
        elif not command.has("-O", "--remote-name"):
            return ""
    else:
        given = command.value("-O") or command.value("--output-document")
        given = given or _last_of_flags(command.words)
        if given == "-":
            return ""
        folder = command.value("-P") or command.value("--directory-prefix") or ""
        name = given or posixpath.join(folder, name)
    return placed.path(name, ran) if name and not name.startswith("/dev/") else ""


def _last_of_flags(words: tuple[str, ...]) -> str:
    """Return the file after one-letter options of which the last takes one: `-fsSLo FILE`."""
    for word, following in pairwise(words):
        if word[:1] == "-" and word[:2] != "--" and len(word) > 2 and word[-1] in "oO":
            return following if word[-1] == "o" or words[0].endswith("wget") else ""
    return ""


CHECK = Check(
    name="download-kept",
    title="A downloaded archive left in the layer",
    why="What `curl` or `wget` saved and `tar` unpacked is shipped beside what was in it.",
    fix="`&& rm archive` at the end of the same `RUN`; or `curl … | tar -x`, which saves nothing.",
    ignore_when="The archive itself is needed at run time.",
    check=_check,
    examples=(
        dockerfile_example(
            "downloaded, unpacked, and not deleted in the same RUN",
            "FROM debian:12\n"
            "RUN curl -fsSLO https://example.org/tool-1.0.tar.gz \\\n"
            " && tar -xzf tool-1.0.tar.gz -C /opt\n"
            "RUN rm tool-1.0.tar.gz\n"
            "RUN wget -qO /tmp/conda.sh https://example.org/conda.sh && bash /tmp/conda.sh -b\n"
            "RUN wget https://example.org/data.zip\n"
            "RUN unzip data.zip -d /srv && rm data.zip\n",
            2,
            5,
            6,
        ),
        dockerfile_example(
            "deleted, piped, or kept in no layer",
            "FROM debian:12\n"
            "RUN cd /tmp && wget https://example.org/a.tgz && tar -xf a.tgz -C /opt && rm *.tgz\n"
            "RUN curl -fsSL https://example.org/a.tgz | tar -xz -C /opt\n"
            "RUN --mount=type=tmpfs,target=/tmp curl -o /tmp/a.zip https://example.org/a.zip \\\n"
            " && unzip /tmp/a.zip -d /opt\n"
            "RUN curl -fsSLo /srv/model.gz https://example.org/model.gz\n",
        ),
    ),
)
