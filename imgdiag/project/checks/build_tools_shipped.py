"""build-tools-shipped: compilers and headers in the final image."""

import re
from collections.abc import Iterator

from imgdiag.finding import Fix
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._bases import FullBase
from imgdiag.project.checks._environments import made_by
from imgdiag.project.checks._mends import (
    appended,
    edited,
    in_dockerfile,
    is_plain,
    rewritten,
    without_words,
)
from imgdiag.project.checks._packages import (
    builds,
    is_build_tool,
    library_of,
    packages_of,
    removed_by,
)
from imgdiag.project.checks._tools import call, installs
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran, readable

_PYTHON = frozenset(("pip", "uv", "poetry", "pipenv", "pdm"))
_APT = ("apt-get", "apt")
_MANAGING = frozenset((*_APT, "apk", "dnf", "microdnf", "rm", "yum"))
_PYTHON_IMAGE = re.compile(r"(^|/)python(:|$)")


def _check(project: Project) -> Iterator[ProjectFinding]:
    if project.for_development:
        return
    for placed in project.shipped:
        kept = [
            (ran, name)
            for index, ran in enumerate(placed.ran)
            for name in _left_by(ran, placed.ran[index + 1 :])
        ]
        if not kept:
            continue
        full = FullBase.of(project.shipped_stages[0].base)
        had = f"; {full.name} has a compiler and most headers already" if full else ""
        yield CHECK.at(
            project,
            kept[0][0].line,
            f"{', '.join(name for _, name in kept)}: for building, and shipped with the image"
            f"{_too_late(project, placed, kept)}{had}",
            _mend(project, placed, kept),
            end_line=placed.instruction.end_line,
        )


def _too_late(project: Project, placed: Placed, kept: list[tuple[Ran, str]]) -> str:
    """Return which later RUN takes the tools out, which takes nothing from this layer."""
    names = {name for _, name in kept}
    groups = _groups(kept)
    for other in project.shipped[project.shipped.index(placed) + 1 :]:
        for ran in other.ran:
            if not names.isdisjoint(removed_by(ran.command)) or not groups.isdisjoint(
                ran.command.words[1:]
            ):
                return f"; line {ran.line} takes them out too late"
    return ""


def _virtual(ran: Ran) -> str | None:
    """Return the name of the group that `apk add` makes, None without one."""
    return ran.command.value("--virtual") or ran.command.value("-t")


def _groups(kept: list[tuple[Ran, str]]) -> set[str | None]:
    """Return the groups of the commands that install what is kept, None for those without."""
    return {_virtual(ran) for ran in {ran.index: ran for ran, _ in kept}.values()}


def _mend(project: Project, placed: Placed, kept: list[tuple[Ran, str]]) -> Fix:
    last = kept[-1][0]
    used_here = any(_uses(ran) for ran in placed.ran[last.index + 1 :])
    names = list(dict.fromkeys(name for _, name in kept))
    libraries = list(dict.fromkeys(library for name in names if (library := library_of(name))))
    unknown = [name for name in names if library_of(name) is None]
    stays = f"; what runs needs {', '.join(libraries)}" if libraries else ""
    asks = [f"# and the library of {name}, if it is needed to run" for name in unknown]
    full = FullBase.of(project.shipped_stages[0].base)
    if (
        used_here
        and full is None
        and call(last.command)[0] in _APT
        and is_plain(placed.instruction)
    ):
        adding = edited(
            placed.instruction, *((ran.command.end, ran.command.end, f" {' '.join(libraries)}")
            for ran in (last,) if libraries)
        )  # fmt: skip
        mended = appended(adding, f"apt-get purge -y --auto-remove {' '.join(names)}")
        return in_dockerfile(
            f"Take them out in the same RUN, when they have done their work{stays}",
            "\n".join((*asks, mended)),
        )
    return in_dockerfile(
        f"Build in a stage of its own, and copy what it makes{stays}",
        "\n".join(_stages(project, placed, kept, libraries, asks)),
    )


def _stages(
    project: Project,
    placed: Placed,
    kept: list[tuple[Ran, str]],
    libraries: list[str],
    asks: list[str],
) -> Iterator[str]:
    """Yield the lines of a build stage, and of the one that runs."""
    base = project.shipped_stages[0].base
    full = FullBase.of(base)
    later = project.shipped[project.shipped.index(placed) + 1 :]
    users = [each for each in (placed, *later) if any(_uses(ran) for ran in each.ran)]
    environments = list(dict.fromkeys(path for each in users for path in made_by(each)))
    in_venv = not environments and _PYTHON_IMAGE.search(base) and any(
        call(ran.command)[0] in _PYTHON for each in users for ran in each.ran
    )  # fmt: skip
    variables = "ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH"
    lines = [str(each.instruction.line) for each in users if each is not placed]
    user = f"USER {placed.scope.user}\n" if placed.scope.user else ""
    yield f"FROM {base} AS build"
    if in_venv:
        yield f"RUN python3 -m venv /opt/venv\n{variables}"
    yield user + rewritten(placed.instruction)
    if lines or placed not in users:
        what = f"line{'s' * (len(lines) > 1)} {', '.join(lines)} and what they need"
        if in_venv and any(ran.command.has("--system") for each in users for ran in each.ran):
            what += ", without --system"
        yield f"# here {what}" if lines else "# here what needs it"
    yield f"\nFROM {full.slim if full else base}"
    if user:
        yield user.rstrip()
    yield from asks
    if placed in users or any(_groups(kept)):
        yield from _installing(placed, kept, libraries)
    else:
        yield from _without(placed, kept, libraries)
    if in_venv:
        yield f"COPY --from=build /opt/venv /opt/venv\n{variables}"
    for path in environments:
        yield f"COPY --from=build {readable(path)} {readable(path)}"
    if not in_venv and not environments:
        yield "COPY --from=build <what was made> <where it goes>"


def _staying(placed: Placed, kept: list[tuple[Ran, str]], libraries: list[str]) -> list[str]:
    tools = {name for _, name in kept}
    named = [name for ran in placed.ran for name in packages_of(ran.command)]
    return list(dict.fromkeys((*(name for name in named if name not in tools), *libraries)))


def _installing(placed: Placed, kept: list[tuple[Ran, str]], libraries: list[str]) -> Iterator[str]:
    """Yield the RUN that installs what stays, and nothing else."""
    if names := " ".join(_staying(placed, kept, libraries)):
        if call(kept[0][0].command)[0] in _APT:
            yield (
                f"RUN apt-get update \\\n && apt-get install -y --no-install-recommends {names} "
                "\\\n && rm -rf /var/lib/apt/lists/*"
            )
        else:
            manager, sub = call(kept[0][0].command)
            yield f"RUN {manager} {sub} {'--no-cache' if manager == 'apk' else '-y'} {names}"


def _without(placed: Placed, kept: list[tuple[Ran, str]], libraries: list[str]) -> Iterator[str]:
    """Yield the RUN with the libraries in place of the tools, if anything is left of it."""
    instruction = placed.instruction
    tools = {name for _, name in kept}
    others = any(ran.command.words and call(ran.command)[0] not in _MANAGING for ran in placed.ran)
    if not (others or _staying(placed, kept, libraries)):
        return
    if not is_plain(instruction):
        yield f"# line {instruction.line}, without {', '.join(sorted(tools))}"
        return
    last = kept[-1][0]
    for ran in sorted({ran for ran, _ in kept}, key=lambda ran: -ran.index):
        words = [w for w in ran.command.words if re.split("[=/<>~:]", w)[0] in tools]
        instruction = without_words(instruction, ran, words, libraries if ran is last else ())
    yield rewritten(instruction)


def _uses(ran: Ran) -> bool:
    """Tell whether a command may compile: it builds, or installs for a language."""
    command = ran.command
    return builds(command) or (
        installs(command) and (call(command)[0] in _PYTHON or call(command)[0] in ("npm", "yarn"))
    )


def _left_by(ran: Ran, later: tuple[Ran, ...]) -> list[str]:
    """Return the build tools that a command installs and the rest of its RUN does not take out."""
    tools = [name for name in packages_of(ran.command) if is_build_tool(name)]
    if not tools:
        return []
    virtual = _virtual(ran)
    if virtual and any(virtual in each.command.words[1:] for each in later):
        return []
    # As the official images do it: mark all as automatic, then purge what nothing needs.
    if any(each.command.words[:2] == ("apt-mark", "auto") for each in later) and any(
        each.command.has("--auto-remove", "--autoremove") or "autoremove" in each.command.words
        for each in later
    ):
        return []
    removed = {name for each in later for name in removed_by(each.command)}
    return [name for name in tools if name not in removed]


CHECK = Check(
    name="build-tools-shipped",
    title="Compilers and headers in the image that runs",
    why="gcc and its friends take hundreds of megabytes, and nothing runs them but the build. "
    "Headers (`libpq-dev`) are for compiling; what runs needs the library alone (`libpq5`).",
    fix="A build stage; or `apt-get purge` at the end of the same `RUN`.",
    ignore_when="The service compiles at run time, as torch.compile does.",
    check=_check,
    examples=(
        dockerfile_example(
            "a compiler in the stage that runs",
            "FROM python:3.11-slim\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends \\\n"
            "    curl build-essential libpq-dev && rm -rf /var/lib/apt/lists/*\n",
            2,
        ),
        dockerfile_example(
            "a compiler on top of a base that has one, and one that is used in the same RUN",
            "FROM python:3.11\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq-dev \\\n"
            " && pip install --no-cache-dir psycopg2 && rm -rf /var/lib/apt/lists/*\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends cmake \\\n"
            " && rm -rf /var/lib/apt/lists/*\n"
            "RUN pip install --no-cache-dir dlib\n",
            2,
            4,
        ),
        dockerfile_example(
            "in a build stage, or taken out in the same RUN",
            "FROM python:3.11 AS build\n"
            "RUN apt-get update && apt-get install -y gcc\n"
            "FROM python:3.11-slim\n"
            "COPY --from=build /app /app\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends gcc libpq5 \\\n"
            " && pip install psycopg2 && apt-get purge -y --auto-remove gcc\n"
            "RUN apk add --no-cache --virtual .build gcc && make && apk del .build\n",
        ),
    ),
)
