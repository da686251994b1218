"""cache-kept: the cache of conda, Poetry, uv or npm in the layer of what it installed."""

import posixpath
from collections.abc import Iterator

from imgdiag.finding import Fix
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._deletions import CONDA_PACKAGES, deletions, told_late, too_late
from imgdiag.project.checks._mends import appended, in_dockerfile, with_cache
from imgdiag.project.checks._tools import CONDA, cache_of, call, is_on, runs_of
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran, covers

_CONDA_INSTALLS = ("install", "create", "update", "env")
_SUBS = {
    "poetry": ("install", "sync", "add"),
    "uv": ("sync", "add", "pip install", "pip sync"),
    "npm": ("ci", "install", "i"),
}
# Where a tool's cache is, below its folder: Poetry has its environments beside it.
_BELOW = {"poetry": ("artifacts", "cache")}


def _check(project: Project) -> Iterator[ProjectFinding]:
    for placed in project.shipped:
        yield from _of_conda(project, placed)
        for tool, subs in _SUBS.items():
            for ran in runs_of(placed, tool, *subs)[:1]:
                if folders := _kept(placed, ran, tool):
                    where = posixpath.commonpath(folders)
                    late, instead = told_late(too_late(project, placed, where))
                    yield _finding(
                        project,
                        placed,
                        ran,
                        f"{tool} keeps what it downloads in {where}",
                        in_dockerfile(
                            f"Mount the cache while building{instead}",
                            with_cache(placed.instruction, *folders),
                        ),
                        late,
                    )


def _finding(
    project: Project, placed: Placed, ran: Ran, what: str, fix: Fix, late: str = ""
) -> ProjectFinding:
    return CHECK.at(
        project,
        ran.line,
        f"{what}, in this layer: it is shipped beside what was installed{late}",
        fix,
        end_line=placed.instruction.end_line,
    )


def _kept(placed: Placed, ran: Ran, tool: str) -> tuple[str, ...]:
    """Return the folders of a cache that stays in the layer, none when it does not."""
    command = ran.command
    if command.has("--no-cache", "--dry-run") or (tool == "uv" and not _uv_copies(placed, ran)):
        return ()
    cache = cache_of(tool, placed, ran)
    folders = tuple(posixpath.join(cache, each) for each in _BELOW.get(tool, ("",)))
    folders = tuple(map(posixpath.normpath, folders)) if cache else ()
    if any(placed.may_mount(each, "cache", "tmpfs") for each in folders):
        return ()
    later = placed.ran[ran.index + 1 :]
    if any(call(each.command) in ((tool, "cache"), (tool, "clean")) for each in later):
        return ()
    cleaned = [each.path for each in deletions(placed) if each.ran.index > ran.index]
    return tuple(each for each in folders if not any(covers(path, each) for path in cleaned))


def _uv_copies(placed: Placed, ran: Ran) -> bool:
    """Tell whether uv installs copies; else they are links to its cache, and cost nothing."""
    if is_on(placed.variable("UV_NO_CACHE", ran)):
        return False
    mode = ran.command.value("--link-mode") or placed.variable("UV_LINK_MODE", ran)
    return mode == "copy"


def _of_conda(project: Project, placed: Placed) -> Iterator[ProjectFinding]:
    installing = [
        ran
        for ran in placed.ran
        if call(ran.command)[0] in CONDA
        and call(ran.command)[1] in _CONDA_INSTALLS
        and (call(ran.command)[1] != "env" or {"create", "update"} & {*ran.command.words})
        and not ran.command.has("--dry-run")
    ]
    for ran in installing[-1:]:
        if _is_clean(placed, ran):
            continue
        tool = call(ran.command)[0]
        late, instead = told_late(too_late(project, placed, CONDA_PACKAGES))
        yield _finding(
            project,
            placed,
            ran,
            f"{tool} keeps its packages, packed and unpacked, in pkgs",
            in_dockerfile(
                f"Clean up in the same RUN{instead}",
                appended(placed.instruction, f"{tool} clean -afy"),
            ),
            late,
        )


def _is_clean(placed: Placed, ran: Ran) -> bool:
    """Tell whether conda's packages are cleaned up after a command, or are in no layer."""
    if any("pkgs" in target.split("/") for target in placed.mount_targets("cache", "tmpfs")):
        return True
    cache = placed.variable("CONDA_PKGS_DIRS", ran)
    if cache and placed.may_mount(cache, "cache", "tmpfs"):
        return True
    later = placed.ran[ran.index + 1 :]
    return any(
        (call(each.command)[0] in CONDA and call(each.command)[1] == "clean")
        or (each.command.name == "rm" and any("pkgs" in word for word in each.command.words))
        for each in later
    )


CHECK = Check(
    name="cache-kept",
    title="The cache of conda, Poetry, uv or npm left in the layer",
    why="What is downloaded is shipped beside what was installed. conda keeps each package twice, "
    "as an archive and unpacked; Poetry keeps every wheel. uv installs links to its cache, which "
    "cost nothing, until it is told `UV_LINK_MODE=copy`, as for a cache mount. pip and apt have "
    "checks of their own.",
    fix="`conda clean -afy` at the end of the same `RUN`; a cache mount for the others.",
    ignore_when="The container installs packages itself, from that cache.",
    check=_check,
    examples=(
        dockerfile_example(
            "environments of conda, cleaned up too late or never",
            "FROM condaforge/miniforge3\n"
            "COPY environment.yml .\n"
            "RUN mamba env create -f environment.yml\n"
            "RUN conda clean -afy\n"
            "RUN conda install -y numpy\n",
            3,
            5,
        ),
        dockerfile_example(
            "Poetry, uv that copies, and npm",
            "FROM python:3.11-slim\n"
            "RUN poetry install --only main\n"
            "ENV UV_LINK_MODE=copy\n"
            "RUN uv sync --locked --no-dev\n"
            "RUN npm ci\n",
            2,
            4,
            5,
        ),
        dockerfile_example(
            "cleaned in the same RUN, mounted, linked, or in a stage that is not shipped",
            "FROM condaforge/miniforge3 AS build\n"
            "RUN conda install -y numpy\n"
            "FROM condaforge/miniforge3\n"
            "RUN conda install -y numpy && conda clean -afy\n"
            "RUN --mount=type=cache,target=/opt/conda/pkgs conda env create -f environment.yml\n"
            "RUN --mount=type=cache,target=/root/.cache/pypoetry/cache \\\n"
            "    --mount=type=cache,target=/root/.cache/pypoetry/artifacts poetry install\n"
            "ENV POETRY_CACHE_DIR=/tmp/poetry\n"
            "RUN poetry install && rm -rf $POETRY_CACHE_DIR\n"
            "RUN uv sync --locked --no-dev\n",
        ),
    ),
)
