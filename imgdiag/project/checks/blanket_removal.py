"""blanket-removal: folders removed by their name, whatever package they belong to."""

import re
from collections.abc import Iterator

from imgdiag.project.check import Check, ProjectFinding, dockerfile_example
from imgdiag.project.checks._brought import copied
from imgdiag.project.checks._find import Find
from imgdiag.project.checks._mends import in_dockerfile
from imgdiag.project.checks._tools import call
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, Ran, covers

# Measured: names whose removal breaks an import, and whose.
_BREAKS = {
    r"docs?": "boto3 imports botocore.docs",
    r"tests?": "scipy imports numpy's tests, and astropy and tables their own",
    r"testing": "scikit-learn, scipy and torch import theirs",
    r"\*?\.?dist-info": "transformers, plotly and others look up their own version",
    r"(?:README|LICEN[CS]E|CHANGELOG)[.*\w]*": "alembic reads a README of its own, and licences "
    "ask to be passed on",
    r"\*\.pyi": "scikit-image loads its modules by them",
}
_INSTALLERS = frozenset(("conda", "mamba", "micromamba", "pdm", "pip", "pipenv", "poetry", "uv"))
_PLACES = frozenset(
    ("venv", ".venv", "site-packages", "dist-packages", "lib", "usr", "local", "opt", "virtualenvs")
)


def _check(project: Project) -> Iterator[ProjectFinding]:
    # The stages that have packages by now: where Python itself is built there are none.
    filled: set[int] = set()
    for placed in project.built:
        stage = placed.stage
        if stage.parent in filled or _copies_packages(project, placed):
            filled.add(stage.index)
        told: set[str] = set()
        for ran in placed.ran:
            tool, sub = call(ran.command)
            if tool in _INSTALLERS and sub:
                filled.add(stage.index)
            for name in _removed_names(placed, ran) if stage.index in filled else ():
                why = next((text for mark, text in _BREAKS.items() if re.fullmatch(mark, name)), "")
                if why and why not in told:
                    told.add(why)
                    yield _finding(project, placed, ran, name, why)


def _finding(project: Project, placed: Placed, ran: Ran, name: str, why: str) -> ProjectFinding:
    root = _root(placed, ran)
    return CHECK.at(
        project,
        ran.line,
        f"everything called {name} goes, whose ever it is: {why}",
        in_dockerfile(
            "Remove what you know by its path, and run your tests against the image",
            f"RUN rm -rf {root}/<package>/{name if name.isalpha() else '<folder>'}",
        ),
        end_line=placed.instruction.end_line,
    )


def _root(placed: Placed, ran: Ran) -> str:
    """Return the folder of packages that a find looks in, as it is written."""
    root = ran.command.arguments[0].rstrip("/") if ran.command.arguments else ""
    if root.endswith("-packages"):
        return root
    if root.rpartition("/")[2] not in ("venv", ".venv"):
        return "<where packages are>"
    return f"{root}/lib/python3*/site-packages"


def _copies_packages(project: Project, placed: Placed) -> bool:
    text = placed.instruction.rest if placed.instruction.word == "COPY" else ""
    return (
        "venv" in text
        or "site-packages" in text
        or any("-packages" in path for each in copied(project, placed) for path in each.holds)
    )


def _removed_names(placed: Placed, ran: Ran) -> Iterator[str]:
    """Yield the names that a find deletes among installed packages."""
    following = [each.command for each in placed.ran[ran.index + 1 :][:1]]
    piped = next((each for each in following if each.before == "|"), None)
    find = Find.of(ran.command, piped)
    if find is None or not any(
        _holds_packages(placed.path(root, ran), placed) for root in find.roots
    ):
        return
    yield from find.names


def _holds_packages(root: str, placed: Placed) -> bool:
    if root == "/" or covers(root, placed.scope.working_directory):
        return True
    return bool(_PLACES & set(root.split("/")))


CHECK = Check(
    name="blanket-removal",
    title="Folders removed by their name",
    why="A `find -name docs -exec rm -r` does not ask whose folder it is. Without "
    "`botocore/docs` nobody can `import boto3`; without numpy's tests scipy does not import. And "
    "there is little to gain: the documentation of 218 packages was 0.4 MB.",
    fix="Remove the folders that you know to be large and unused, by their path.",
    ignore_when="Your tests have run against the image itself.",
    check=_check,
    examples=(
        dockerfile_example(
            "docs and tests of all packages",
            "FROM python:3.11-slim AS build\n"
            "WORKDIR /app\n"
            "RUN uv sync --locked --no-dev \\\n"
            " && find .venv -type d -name docs -exec rm -rf {} + \\\n"
            " && find /app/.venv -type d -name __pycache__ -o -name tests -exec rm -r {} +\n",
            4,
            5,
        ),
        dockerfile_example(
            "byte-code, and a path of one package",
            "FROM python:3.11-slim\n"
            "WORKDIR /app\n"
            "RUN uv sync --locked --no-dev\n"
            "RUN find .venv -name __pycache__ -prune -exec rm -r {} +\n"
            "RUN rm -rf .venv/lib/python3.11/site-packages/torch/test\n"
            "RUN find /srv/src -name tests -exec rm -r {} +\n"
            "RUN find .venv -name docs -print\n",
        ),
        dockerfile_example(
            "where Python itself is built, and no package is there",
            "FROM debian:12\n"
            "RUN make install && find /usr/local -depth -name test -exec rm -rf {} +\n"
            "RUN pip install --no-cache-dir flask\n",
        ),
    ),
)
