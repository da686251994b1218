"""copy-before-install: everything is copied before the dependencies are installed."""

import posixpath
from collections.abc import Iterator

from imgdiag.finding import Severity
from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._installed import in_folder, requirements_files
from imgdiag.project.checks._mends import in_dockerfile, rewritten, with_option
from imgdiag.project.checks._tools import call
from imgdiag.project.expansion import HOLE
from imgdiag.project.folder import read_file
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran

# What leaves the project itself out, so that its sources are not needed yet.
_WITHOUT_PROJECT = {"uv": "--no-install-project", "poetry": "--no-root"}
# The members' own files are not there yet: uv cannot check the lock against them, nor install them.
# Tried with uv 0.13.9.
_WITHOUT_WORKSPACE = "--no-install-workspace"
_FILES = {"uv": "pyproject.toml uv.lock", "poetry": "pyproject.toml poetry.lock"}
_SUBS = {"uv": ("sync",), "poetry": ("install", "sync")}


def _check(project: Project) -> Iterator[ProjectFinding]:
    copies: dict[int, Placed] = {}
    installed: set[int] = set()
    for placed in project.built:
        stage = placed.stage.index
        if _copies_all(placed):
            copies.setdefault(stage, placed)
        for ran in placed.ran:
            files, command, option = _installs(project, ran)
            if not files:
                continue
            if stage in copies and stage not in installed:
                yield _finding(project, copies[stage], placed, ran, files, command, option)
            installed.add(stage)


def _finding(
    project: Project,
    copy: Placed,
    placed: Placed,
    ran: Ran,
    files: str,
    command: str,
    option: str,
) -> ProjectFinding:
    everything = rewritten(copy.instruction)
    alone = rewritten(placed.instruction)
    target = f"{copy.instruction.arguments[-1].rstrip('/')}/"
    lines = [f"COPY {files} {target}", alone, everything]
    if option:
        first = with_option(placed.instruction, command, option)
        if option.startswith(_WITHOUT_WORKSPACE):
            first = first.replace("--locked", "--frozen")
        lines = [lines[0], first, everything, alone]
    folder = placed.scope.working_directory
    if folder != copy.scope.working_directory and HOLE not in folder:
        lines.insert(1, f"WORKDIR {folder}")
    line = copy.instruction.line
    return CHECK.at(
        project,
        ran.line,
        f"line {line} copies everything before: with each edit of a source this layer is built, "
        "pushed and pulled anew, all dependencies with it",
        in_dockerfile("Copy what names the dependencies first", "\n".join(lines)),
        severity=Severity.NOTE,
        end_line=placed.instruction.end_line,
    )


def _copies_all(placed: Placed) -> bool:
    instruction = placed.instruction
    if instruction.word not in ("COPY", "ADD") or instruction.flag("from"):
        return False
    return any(posixpath.normpath(each) in (".", "/") for each in instruction.arguments[:-1])


def _installs(project: Project, ran: Ran) -> tuple[str, str, str]:
    """Return what names the dependencies that a command installs, "" when it needs the sources.

    With it the command, and its option that leaves the project itself out, "" for none.
    """
    tool, sub = call(ran.command)
    if sub in _SUBS.get(tool, ()):
        option = _WITHOUT_PROJECT[tool]
        if tool == "uv" and project.settings and project.settings.is_workspace:
            option = _WITHOUT_WORKSPACE
            if not ran.command.has("--frozen", "--locked"):
                option += " --frozen"
        done = ran.command.has(option, "--no-install-workspace", "--only-group")
        return _FILES[tool], f"{tool} {sub}", "" if done else option
    files = [in_folder(project, name) or name for name in requirements_files(ran)]
    plain = all(not name.startswith(("/", "..", "$", "<")) for name in files)
    if not plain or not files or any(_names_sources(project, name) for name in files):
        return "", "", ""
    if any("/" in name for name in files) or "." in ran.command.arguments[1:]:
        return "", "", ""
    return " ".join(dict.fromkeys(files)), "", ""


def _names_sources(project: Project, name: str) -> bool:
    """Tell whether a requirements file installs from the project's own folders or other files."""
    data = read_file(project.folder, name)
    text = "" if data is None else data.decode("utf-8", "replace")
    return any(
        line.strip().startswith((".", "-e", "--editable", "-r", "-c", "file:", "/"))
        for line in text.splitlines()
    )


CHECK = Check(
    name="copy-before-install",
    title="`COPY . .` before the dependencies are installed",
    why="An image is no smaller for it, but what is pushed and pulled is: with the dependencies in "
    "a layer above the sources, each edit makes gigabytes anew that had not changed.",
    fix="`COPY requirements.txt .` (or pyproject.toml and the lock), install, then `COPY . .`.",
    ignore_when="Installing needs the sources, or the image is built rarely.",
    check=_check,
    examples=(
        dockerfile_example(
            "sources first",
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "COPY . .\n"
            "RUN pip install --no-cache-dir -r requirements.txt\n"
            "FROM python:3.11-slim\n"
            "COPY --from=0 /app /app\n"
            "COPY . /src\n"
            "RUN cd /src && uv sync --locked --no-dev\n",
            4,
            8,
        ),
        dockerfile_example(
            "dependencies first, or from the sources themselves",
            "FROM python:3.11-slim\n"
            "COPY requirements.txt .\n"
            "RUN pip install --no-cache-dir -r requirements.txt\n"
            "COPY . .\n"
            "RUN pip install --no-cache-dir .\n",
        ),
    ),
)
