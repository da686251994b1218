"""developers-tools: test runners, linters and notebooks among what the image installs."""

import posixpath
import re
from collections.abc import Iterator

from imgdiag.finding import Fix
from imgdiag.project.check import Check, ProjectExample, ProjectFinding
from imgdiag.project.checks._environments import SYSTEM, lands, of_pip
from imgdiag.project.checks._installed import Named, named, requirements_files
from imgdiag.project.checks._mends import in_dockerfile
from imgdiag.project.checks._tools import installs
from imgdiag.project.project import Project
from imgdiag.python.developers import TOOLS

_FOR_DEVELOPERS = re.compile(r"(^|[-_./])(dev|develop|development|tests?|lint|docs?)([-_.]|$)")
_PLUGINS = re.compile(r"(flake8|pytest|types)-")
_NOTEBOOKS = re.compile(r"jupyter|notebook|ipython|ipykernel|nbconvert|papermill|voila")


def _check(project: Project) -> Iterator[ProjectFinding]:
    if project.for_development:
        return
    yield from _whole_files(project)
    used = _used(project)
    by_file: dict[str, list[Named]] = {}
    for each in named(project):
        if (
            (each.name in TOOLS or _PLUGINS.match(each.name))
            and not each.compiled
            and not _FOR_DEVELOPERS.search(posixpath.basename(each.path).removesuffix(".txt"))
            and not re.search(rf"(?<![\w-]){re.escape(each.name)}(?![\w-])", used)
            and not (_NOTEBOOKS.search(each.name) and _NOTEBOOKS.search(used))
        ):
            by_file.setdefault(each.path, []).append(each)
    for path, found in by_file.items():
        yield _of_file(path, found)


def _used(project: Project) -> str:
    """Return the text of all that is run but installs."""
    texts = []
    for placed in project.built:
        if placed.instruction.word in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
            texts.append(placed.instruction.rest)
        texts += [" ".join(ran.command.words) for ran in placed.ran if not installs(ran.command)]
    return "\n".join(texts)


def _whole_files(project: Project) -> Iterator[ProjectFinding]:
    """Find files for developers that the image installs."""
    for placed in project.built:
        for ran in placed.ran:
            files = [
                name
                for name in requirements_files(ran)
                if _FOR_DEVELOPERS.search(name.removesuffix(".txt"))
            ]
            if not files or not lands(project, placed, of_pip(placed, ran) or SYSTEM):
                continue
            layout = placed.instruction.layout
            for name in files:
                layout = re.sub(
                    rf"\s(-r|--requirements?)[\s=]*{re.escape(name)}(?=\s|$)", "", layout
                )
            left = len(requirements_files(ran)) > len(files)
            yield CHECK.at(
                project,
                ran.line,
                f"installs {' and '.join(files)} into the image: by its name that is for "
                "developers",
                in_dockerfile(
                    "Leave it out" if left else "Install it in a stage of its own, for tests",
                    f"RUN {layout}"
                    if left
                    else f"FROM <the stage that runs> AS test\nRUN {placed.instruction.layout}",
                ),
                end_line=placed.instruction.end_line,
            )


def _of_file(path: str, found: list[Named]) -> ProjectFinding:
    names = ", ".join(each.name for each in found)
    what = f"{names}: for developers, and line {found[0].by} of the Dockerfile installs this file"
    lines = "\n".join(each.text for each in found)
    if path.endswith(".toml"):
        quoted = "".join(f'    "{each.text}",\n' for each in found)
        fix = Fix(
            "Move them to a group for developers, and install without it",
            posixpath.basename(path),
            f"[dependency-groups]\ndev = [\n{quoted}]",
        )
    elif path.endswith((".yml", ".yaml")):
        listed = "\n".join(f"  - {each.text}" for each in found)
        fix = Fix(
            "Move them to an environment file of developers",
            "environment-dev.yml",
            f"# conda env update -f environment-dev.yml\ndependencies:\n{listed}",
        )
    else:
        name = posixpath.basename(path)
        fix = Fix(
            "Move them to a file that the image does not install",
            "requirements-dev.txt",
            f"-r {name}\n{lines}",
        )
    return CHECK.finding(path, found[0].line, what, fix)


_DOCKERFILE = (
    "FROM python:3.11-slim\nCOPY requirements.txt .\n"
    "RUN pip install --no-cache-dir -r requirements.txt\n"
)
CHECK = Check(
    name="developers-tools",
    title="Test runners, linters and notebooks that the image installs",
    why="`pip freeze >requirements.txt` writes down what a developer has, and `jupyter` alone "
    "brings a hundred packages. They are told by name; a tool that the Dockerfile itself runs is "
    "left alone, and so is a file that pip-compile or uv wrote. The groups of uv and Poetry have "
    "checks of their own.",
    fix="A `requirements-dev.txt` that begins with `-r requirements.txt`, or the group `dev`.",
    ignore_when="The service runs them, as one that runs notebooks does.",
    check=_check,
    examples=(
        ProjectExample(
            what="tools among the requirements of a service",
            files={
                "Dockerfile": _DOCKERFILE,
                "requirements.txt": "fastapi\npytest==8.0\njupyter\nblack\n",
            },
            finds=("requirements.txt:2",),
        ),
        ProjectExample(
            what="in an environment of conda",
            files={
                "Dockerfile": "FROM condaforge/miniforge3\nCOPY environment.yml .\n"
                "RUN conda env create -f environment.yml && conda clean -afy\n",
                "environment.yml": "dependencies:\n  - pandas\n  - jupyter\n",
            },
            finds=("environment.yml:3",),
        ),
        ProjectExample(
            what="a file for developers",
            files={
                "Dockerfile": "FROM python:3.11-slim\n"
                "RUN pip install --no-cache-dir -r requirements.txt -r requirements-dev.txt\n",
            },
            finds=("Dockerfile:2",),
        ),
        ProjectExample(
            what="an image that runs notebooks, and a stage for tests",
            files={
                "Dockerfile": f'{_DOCKERFILE}CMD ["jupyter", "lab"]\n',
                "requirements.txt": "pandas\njupyterlab\n",
            },
        ),
    ),
)
