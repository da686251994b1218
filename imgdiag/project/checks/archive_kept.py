"""archive-kept: an archive that is copied into a layer to be unpacked in another."""

import posixpath
from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._archives import is_archive, removes, unpacks
from imgdiag.project.checks._mends import in_dockerfile, rewritten
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, readable


def _check(project: Project) -> Iterator[ProjectFinding]:
    for index, placed in enumerate(project.shipped):
        if placed.instruction.word not in ("COPY", "ADD"):
            continue
        for source, path in _archives(placed):
            user = _used_by(project.shipped[index + 1 :], path)
            if user is None:
                continue
            yield CHECK.at(
                project,
                placed.instruction.line,
                f"{source} stays in this layer, though line {user.instruction.line} only unpacks "
                "it",
                in_dockerfile(*_mend(placed, user, source, path)),
                end_line=placed.instruction.end_line,
            )
            break


def _archives(placed: Placed) -> Iterator[tuple[str, str]]:
    """Yield the archives that an instruction copies as they are, with where they are then."""
    *sources, target = placed.instruction.arguments
    where = placed.scope.path(target)
    for source in sources:
        name = posixpath.basename(source.rstrip("/"))
        remote = "://" in source
        if placed.instruction.word == "ADD" and not remote and _is_tar(name):
            continue  # ADD unpacks it
        if is_archive(name):
            into = target.endswith("/") or len(sources) > 1 or target in (".", "./")
            yield source, posixpath.join(where, name.partition("?")[0]) if into else where
        elif "wheel" in name and "." not in name:
            yield source, where


def _is_tar(name: str) -> bool:
    return ".tar" in name or name.endswith((".tgz", ".tbz", ".tbz2", ".txz"))


def _used_by(later: tuple[Placed, ...], path: str) -> Placed | None:
    for placed in later:
        if any(unpacks(placed, ran, path) or removes(placed, ran, path) for ran in placed.ran):
            return placed
    return None


def _mend(placed: Placed, user: Placed, source: str, path: str) -> tuple[str, str]:
    if "://" in source:
        return (
            "Download and unpack in one RUN",
            f"RUN curl -fsSL {source} | tar -xz -C <where it goes>",
        )
    stages = placed.instruction.flag("from")
    of = f",from={stages[0]}" if stages else ""
    flag = f"--mount=type=bind{of},source={source},target={readable(path)}"
    return "Mount it while it is needed, and drop the COPY", rewritten(
        user.instruction, flags=[flag]
    )


CHECK = Check(
    name="archive-kept",
    title="An archive copied in one instruction and unpacked in another",
    why="The layer of the `COPY` keeps the archive, whatever a later `RUN` deletes: it is shipped "
    "packed and unpacked. So are wheels that are copied to be installed, and what `ADD` downloads.",
    fix="`RUN --mount=type=bind,source=…` where it is needed; `ADD` of a local tar, which "
    "unpacks it; for a URL, `RUN curl … | tar -x`.",
    ignore_when="The archive itself is needed at run time.",
    check=_check,
    examples=(
        dockerfile_example(
            "an archive, a download and a folder of wheels",
            "FROM python:3.11-slim\n"
            "COPY model.tar.gz /tmp/\n"
            "RUN tar -xzf /tmp/model.tar.gz -C /srv && rm /tmp/model.tar.gz\n"
            "ADD https://example.org/tool.zip /tmp/tool.zip\n"
            "RUN cd /opt && unzip /tmp/tool.zip\n"
            "COPY --from=build /wheels /wheels\n"
            "RUN pip install --no-cache-dir /wheels/*.whl\n",
            2,
            4,
            6,
        ),
        dockerfile_example(
            "mounted, unpacked by ADD, or kept for the service",
            "FROM python:3.11-slim\n"
            "RUN --mount=type=bind,source=model.tar.gz,target=/tmp/model.tar.gz \\\n"
            "    tar -xzf /tmp/model.tar.gz -C /srv\n"
            "ADD data.tar.xz /srv/\n"
            "COPY static.zip /srv/\n"
            "RUN touch /srv/ready\n",
        ),
    ),
)
