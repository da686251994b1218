"""Every check's own examples, and the form that every check keeps."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.errors import ImgdiagError
from imgdiag.project import checks
from imgdiag.project.check import Check, ProjectExample, ProjectFinding
from imgdiag.project.dockerfile import parse_dockerfile, read_dockerfile
from imgdiag.project.project import Project
from imgdiag.rules import all_rules

HERE = Path(__file__).parent
MODULES = sorted(
    module.name for module in pkgutil.iter_modules(checks.__path__) if module.name[0] != "_"
)
EXAMPLES = [
    pytest.param(check, example, id=f"{check.name}: {example.what}")
    for check in checks.all_checks()
    for example in check.examples
]


def project_of(example: ProjectExample, folder: Path) -> Project:
    """Return an example's project, written to `folder`."""
    for name, content in example.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            with path.open("wb") as file:
                file.truncate(content)
    path = folder / "Dockerfile"
    dockerfile = read_dockerfile(path) if path.exists() else None
    return Project(folder=folder, dockerfile=dockerfile)


def found(check: Check, project: Project) -> list[ProjectFinding]:
    return sorted(check.run(project), key=lambda each: (each.path, each.line))


@pytest.mark.parametrize(("check", "example"), EXAMPLES)
def test_an_example_finds_what_it_says(
    check: Check, example: ProjectExample, tmp_path: Path
) -> None:
    project = project_of(example, tmp_path)
    findings = found(check, project)
    places = [f"{os.path.relpath(each.path, tmp_path)}:{each.line}" for each in findings]
    assert tuple(places) == example.finds
    for finding in findings:
        lines = Path(finding.path).read_text("utf-8").count("\n")
        assert finding.check == check.name
        assert 1 <= finding.line <= finding.end_line <= max(lines, 1)
        assert finding.message.strip() == finding.message
        assert "\n" not in finding.message
        assert "\0" not in finding.message + finding.fix.snippet
        assert not finding.message.endswith(".")
        assert finding.fix.summary[0].isupper()
        assert not finding.fix.summary.endswith(".")
        assert finding.fix.target
        assert finding.fix.snippet.strip() == finding.fix.snippet


@pytest.mark.parametrize("name", MODULES)
def test_a_check_keeps_the_form(name: str) -> None:
    module = importlib.import_module(f"imgdiag.project.checks.{name}")
    check = module.CHECK
    assert isinstance(check, Check)
    assert check.name == name.replace("_", "-")
    assert (module.__doc__ or "").startswith(f"{check.name}: ")
    assert inspect.cleandoc(module.__doc__ or "").endswith(".")
    assert check.title[-1] not in ".:!"
    for text in (check.why, check.fix, check.ignore_when):
        assert text.endswith("."), text
        assert "  " not in text
    assert any(example.finds for example in check.examples), "an example that finds something"
    assert any(not example.finds for example in check.examples), "an example that finds nothing"


@pytest.mark.parametrize(("check", "example"), EXAMPLES)
def test_mends_parse_as_a_dockerfile(check: Check, example: ProjectExample, tmp_path: Path) -> None:
    """What is shown to be put into a Dockerfile is one."""
    for finding in check.run(project_of(example, tmp_path)):
        if finding.fix.target == "Dockerfile":
            path = tmp_path / "mended"
            path.write_text(f"FROM base AS first\n{finding.fix.snippet}\n", encoding="utf-8")
            assert len(read_dockerfile(path).stages[-1].instructions) >= 0


MENDING = frozenset(
    ("apt-leftovers", "apt-recommends", "cache-kept", "cache-mount-missed", "download-kept",
     "failure-masked", "pip-keeps-cache", "poetry-install-dev", "uv-sync-dev", "uv-sync-unlocked",
     "full-base", "cuda-devel-shipped")
)  # fmt: skip


@pytest.mark.parametrize(
    ("check", "example"),
    [
        pytest.param(check, example, id=f"{check.name}: {example.what}")
        for check in checks.all_checks()
        for example in check.examples
        if check.name in MENDING
    ],
)
def test_a_mend_mends(check: Check, example: ProjectExample, tmp_path: Path) -> None:
    """With an instruction replaced by its mend, what was found there is found no more."""
    project = project_of(example, tmp_path)
    assert project.dockerfile is not None
    instructions = [
        each for stage in project.dockerfile.stages for each in (stage.origin, *stage.instructions)
    ]
    mended = 0
    for finding in found(check, project):
        if finding.fix.snippet.startswith("RUN rm -f /etc/apt/apt.conf.d/docker-clean"):
            continue  # a line before the one that was found
        [own] = [each for each in instructions if each.line <= finding.line <= each.end_line]
        lines = str(example.files["Dockerfile"]).splitlines()
        lines[own.line - 1 : own.end_line] = finding.fix.snippet.splitlines()
        (tmp_path / "Dockerfile").write_text("\n".join(lines) + "\n")
        after = Project(
            folder=tmp_path,
            dockerfile=read_dockerfile(tmp_path / "Dockerfile"),
        )
        assert len(found(check, after)) == len(found(check, project)) - 1, finding.fix.snippet
        mended += 1
    assert mended or not example.finds or check.name == "cache-mount-missed"


def test_names_of_checks_and_rules_are_not_the_same() -> None:
    names = [each.name for each in checks.all_checks()] + [each.name for each in all_rules()]
    assert len(set(names)) == len(names)
    assert [each.name for each in checks.all_checks()] == sorted(
        name.replace("_", "-") for name in MODULES
    )


def test_a_folder_without_a_dockerfile(tmp_path: Path) -> None:
    assert checks.check_project(Project(folder=tmp_path)) == ()


PIECES = st.sampled_from(
    ["FROM a AS x", "FROM x", "FROM python:3.11", "RUN ", "COPY . .", "COPY --from=x /a /b", " && ",
     " || true", "; ", " | ", "pip install b", "uv sync", "poetry install", "apt-get update",
     "apt-get install gcc", "rm -rf /a", "find . -name docs -exec rm {} +", "chown -R a /b",
     "curl -o a.tgz http://x/a.tgz", "tar xf a.tgz", "ADD http://x/y.zip /z", "WORKDIR b",
     "USER c", "COPY " + "x" * 5000 + " /y", "COPY ../../.. /z",
     "ENV A=$B UV_COMPILE_BYTECODE=1", "--mount=type=cache,target=/root/.cache ", "<<E",
     "find . ( -name b -o ! -delete", "find / -exec rm", "find -path", "conda env create",
     "conda install cudnn", "conda clean", "apk add --virtual x gcc", "apk del x", "| xargs rm",
     "pip install torch -r a/b.txt -r", "uv pip sync", "unzip b.zip", "wget http://x/b.zip",
     "E", "\\", "'", '"', "$(", "git clone x", "cd ..", "ARG D", "(", ")", "{", "}", "\n"]
)  # fmt: skip


@given(st.lists(st.lists(PIECES, max_size=5).map("".join), max_size=10).map("\n".join))
@settings(max_examples=300)
def test_no_dockerfile_breaks_a_check(text: str) -> None:
    try:
        dockerfile = parse_dockerfile(text)
    except ImgdiagError:
        return
    findings = checks.check_project(Project(folder=HERE / "none", dockerfile=dockerfile))
    lines = text.count("\n") + 1
    assert all(1 <= each.line <= each.end_line <= lines for each in findings)
    assert not [each for each in findings if "\0" in each.message + each.fix.snippet]
