"""Clean-up in another instruction: what it hides, and the mend that deletes and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgdiag.project.check import ProjectFinding
from imgdiag.project.checks import apt_update_alone, check_project, cleanup_in_later_layer
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.project.project import Project

PYTHON = "FROM python:3.11-slim\nWORKDIR /app\n"


def found(folder: Path, text: str, **files: int) -> list[ProjectFinding]:
    for name, size in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)
    project = Project(folder=folder, dockerfile=parse_dockerfile(text, "Dockerfile"))
    return list(cleanup_in_later_layer.CHECK.run(project))


@pytest.mark.parametrize(
    "command",
    [
        "find /app -name '*.pyc' -delete",  # none of the files is one
        "find . -path './src/tests/small*' -delete",  # too little
        "find / -name '*.a' -delete",
        "find /usr/share/doc -delete",
        "find src -size +1M -delete",  # nobody knows
        "find src -name tests -print",
    ],
)
def test_files_that_a_find_does_not_take(tmp_path: Path, command: str) -> None:
    files = {"src__tests__big": 5_000_000, "src__tests__small": 10, "src__m.pyc": 10}
    text = f"{PYTHON}RUN apt-get update\nCOPY src src\nRUN {command}\n"
    assert found(tmp_path, text, **files) == []


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("find src -type d -name tests -exec rm -r {} +", "src/**/tests"),
        ("find / -name 'big*' -print0 | xargs -0 rm -f", "src/**/big*"),
        ("rm -rf src/tests", "src/tests"),
        ("cd src && rm -rf ./tests", "src/tests"),
        ("rm -rf /app/*", "src"),
    ],
)
def test_files_of_the_context(tmp_path: Path, command: str, lines: str) -> None:
    text = f"{PYTHON}COPY src src\nRUN {command}\n"
    [finding] = found(tmp_path, text, src__tests__big=5_000_000)
    assert finding.line == 4
    assert (finding.fix.target, finding.fix.snippet) == (".dockerignore", lines)


def test_each_path_has_the_line_that_brought_it(tmp_path: Path) -> None:
    text = (
        f"{PYTHON}COPY src src\nRUN python3 -m venv /opt/x\n"
        "RUN make && rm -rf src/tests /opt/x/lib && touch x\n"
    )
    first, second = found(tmp_path, text, src__tests__big=5_000_000)
    assert first.message.startswith("'rm -rf src/tests' hides what line 3 brought")
    assert second.message.startswith("'rm -rf /opt/x/lib' hides what line 4 brought")
    assert second.fix.summary == "Do it in the RUN of line 4, in place of line 5"
    assert second.fix.snippet == "RUN python3 -m venv /opt/x \\\n && rm -rf /opt/x/lib"


@pytest.mark.parametrize(
    ("origin", "later", "mended"),
    [
        # Only what deletes moves, with absolute paths: the later folder may not be there yet.
        (
            "RUN git clone https://x/y.git /opt/y",
            "WORKDIR /opt/y\nRUN touch done && rm -rf .git && pwd",
            "RUN git clone https://x/y.git /opt/y \\\n && rm -rf /opt/y/.git",
        ),
        (
            "RUN python3 -m venv .venv",
            "WORKDIR /late\nRUN find ../app/.venv -name '*.pyc' -delete || true",
            "RUN python3 -m venv .venv \\\n && ( find /app/.venv -name '*.pyc' -delete || true )",
        ),
        (
            "RUN cd /opt && python3 -m venv tools",
            "RUN find /opt -path '*/tests/*' -exec rm -r {} \\;",
            (
                "RUN cd /opt && python3 -m venv tools \\\n"
                " && find /opt -path '*/tests/*' -exec rm -r {} \\;"
            ),
        ),
        (
            "RUN conda install -y numpy",
            "RUN find /opt/conda/ -follow -type f -name '*.a' -delete && touch x",
            (
                "RUN conda install -y numpy \\\n"
                " && find /opt/conda/ -follow -type f -name '*.a' -delete"
            ),
        ),
        (
            'RUN ["python3", "-m", "venv", "/opt/a b"]',
            'RUN ["rm", "-rf", "/opt/a b"]',
            "RUN python3 -m venv '/opt/a b' \\\n && rm -rf '/opt/a b'",
        ),
        (
            "RUN python3 -m venv .venv",
            "WORKDIR /late\nRUN find -L /app/.venv -name '*.pyc' -delete 2>/dev/null",
            (
                "RUN python3 -m venv .venv \\\n"
                " && find -L /app/.venv -name '*.pyc' -delete 2>/dev/null"
            ),
        ),
        (  # a find at / meets what it may not read: without the 'true' the build would break
            "RUN python3 -m venv .venv",
            "RUN find / -name '*.pyc' -delete 2>/dev/null; true",
            (
                "RUN python3 -m venv .venv \\\n"
                " && ( find / -name '*.pyc' -delete 2>/dev/null; true )"
            ),
        ),
        (
            "RUN python3 -m venv .venv",
            "WORKDIR /late\nRUN find ../app/.venv -name '*.pyc' | xargs rm 2> /dev/null ; :",
            (
                "RUN python3 -m venv .venv \\\n"
                " && ( find /app/.venv -name '*.pyc' | xargs rm 2>/dev/null; : )"
            ),
        ),
        (
            "RUN pip install -r requirements.txt",
            "RUN find /usr/local/lib/python3.11 -name __pycache__ -exec rm -r {} +",
            (
                "RUN pip install -r requirements.txt \\\n"
                " && find /usr/local/lib/python3.11 -name __pycache__ -exec rm -r {} +"
            ),
        ),
    ],
)
def test_the_command_that_deletes_moves(
    tmp_path: Path, origin: str, later: str, mended: str
) -> None:
    [finding] = found(tmp_path, f"{PYTHON}{origin}\n{later}\n")
    assert finding.fix.snippet == mended


def test_in_the_stage_that_it_is_copied_from(tmp_path: Path) -> None:
    text = (
        "FROM python:3.11 AS build\nWORKDIR /src\nRUN python3 -m venv .venv\n"
        f"{PYTHON}COPY --from=build /src/.venv /opt/venv\n"
        "RUN useradd app && rm -rf /opt/venv/lib/python3.11/site-packages/torch/test\n"
        "RUN find / -name __pycache__ -exec rm -r {} +\n"
    )
    first, second = found(tmp_path, text)
    assert first.fix.snippet == (
        "# at the end of the stage build\n"
        "RUN rm -rf /src/.venv/lib/python3.11/site-packages/torch/test"
    )
    assert second.fix.snippet == (
        "# at the end of the stage build\nRUN find /src/.venv -name __pycache__ -exec rm -r {} +"
    )


def test_what_a_prefix_holds_is_copied_beside_what_the_base_has(tmp_path: Path) -> None:
    text = (
        "FROM python:3.11 AS build\nRUN pip install --prefix=/install flask\n"
        f"{PYTHON}COPY --from=build /install /usr/local\n"
        "RUN rm -rf /usr/local/lib/python3.11/site-packages/pip*\n"
        "RUN find /usr/local -name __pycache__ -exec rm -r {} +\n"
    )
    [finding] = found(tmp_path, text)
    assert (finding.line, finding.fix.snippet) == (
        7,
        ("# at the end of the stage build\nRUN find /install -name __pycache__ -exec rm -r {} +"),
    )


@pytest.mark.parametrize(
    ("installs", "mended"),
    [
        (
            "RUN apt-get install -y --no-install-recommends git && echo x",
            (
                "RUN apt-get update \\\n"
                " && apt-get install -y --no-install-recommends git && echo x \\\n"
                " && rm -rf /var/lib/apt/lists/*"
            ),
        ),
        (
            "RUN --mount=type=secret,id=x apt-get install -y git && rm -rf /var/lib/apt/lists/*",
            (
                "RUN --mount=type=secret,id=x \\\n    apt-get update \\\n"
                " && apt-get install -y git && rm -rf /var/lib/apt/lists/*"
            ),
        ),
    ],
)
def test_an_update_alone_is_one_finding_with_its_own_mend(
    tmp_path: Path, installs: str, mended: str
) -> None:
    text = f"FROM debian:12\nRUN apt-get update\n{installs}\nRUN rm -rf /var/lib/apt/lists/*\n"
    project = Project(folder=tmp_path, dockerfile=parse_dockerfile(text, "Dockerfile"))
    [update] = [each for each in check_project(project) if "recommends" not in each.check]
    assert (update.check, update.line) == ("apt-update-alone", 2)
    assert update.message.endswith("; and its lists stay in this layer")
    assert update.fix.summary == "Update in the RUN of line 3, and drop line 2"
    assert update.fix.snippet == mended


@pytest.mark.parametrize(
    ("brings", "deletes", "check"),
    [
        ("RUN pip install flask", "RUN pip cache purge", "pip-keeps-cache"),
        ("RUN pip install flask", "RUN rm -rf /root/.cache/*", "pip-keeps-cache"),
        ("RUN npm ci", "RUN touch x && rm -rf ~/.npm", "cache-kept"),
        ("RUN conda install -y flask", "RUN conda clean -afy", "cache-kept"),
        (
            "RUN apt-get update && apt-get install -y --no-install-recommends git",
            "RUN rm -rf /var/lib/apt/lists/*",
            "apt-leftovers",
        ),
    ],
)
def test_a_cache_that_is_cleaned_up_too_late_is_one_finding(
    tmp_path: Path, brings: str, deletes: str, check: str
) -> None:
    text = f"FROM python:3.11-slim\n{brings}\n{deletes}\n"
    project = Project(folder=tmp_path, dockerfile=parse_dockerfile(text, "Dockerfile"))
    [finding] = check_project(project)
    assert (finding.check, finding.line) == (check, 2)
    assert finding.message.endswith("; line 3 cleans up too late")
    assert finding.fix.summary.endswith("; line 3 need not clean up then")


@pytest.mark.parametrize(
    "brings", ["RUN pip install --no-cache-dir flask", "RUN uv sync --locked --no-dev"]
)
def test_a_cache_that_is_not_there_is_not_hidden(tmp_path: Path, brings: str) -> None:
    # uv's cache and what it installed are links to the same files, unless it is told to copy.
    text = f"FROM python:3.11-slim\n{brings}\nRUN rm -rf /root/.cache\n"
    project = Project(folder=tmp_path, dockerfile=parse_dockerfile(text, "Dockerfile"))
    assert check_project(project) == ()


def test_an_update_is_not_put_before_what_would_hide_its_failure(tmp_path: Path) -> None:
    text = "FROM debian:12\nRUN apt-get update\nRUN set -e; apt-get install -y git; echo x\n"
    project = Project(folder=tmp_path, dockerfile=parse_dockerfile(text, "Dockerfile"))
    [update] = apt_update_alone.CHECK.run(project)
    assert "<packages>" in update.fix.snippet


def test_a_run_that_cleans_up_after_itself_still_has_to(tmp_path: Path) -> None:
    text = (
        "FROM python:3.11-slim\nRUN pip install flask\n"
        "RUN pip install jupyter && rm -rf /root/.cache/pip\n"
    )
    project = Project(folder=tmp_path, dockerfile=parse_dockerfile(text, "Dockerfile"))
    [finding] = check_project(project)
    assert finding.fix.summary == "Mount the cache while building, or say --no-cache-dir"


@pytest.mark.parametrize(("name", "first"), [("tests", True), ("__pycache__", False)])
def test_a_blanket_is_not_moved_without_a_word(tmp_path: Path, name: str, first: bool) -> None:
    run = "RUN python3 -m venv .venv && .venv/bin/pip install flask"
    text = f"{PYTHON}{run}\nRUN find .venv -name {name} -exec rm -r {{}} +\n"
    [finding] = found(tmp_path, text)
    line = "# first: line 4 takes what packages import: see blanket-removal\n" if first else ""
    assert finding.fix.snippet == (
        f"{line}{run} \\\n && find .venv -name {name} -exec rm -r {{}} +"
    )
