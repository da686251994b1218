"""Clean-up in another instruction: what it hides, and the mend that deletes and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgdiag.project.check import ProjectFinding
from imgdiag.project.checks import cleanup_in_later_layer
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
        f"{PYTHON}COPY src src\nRUN pip install flask\n"
        "RUN make && rm -rf src/tests /root/.cache && touch x\n"
    )
    first, second = found(tmp_path, text, src__tests__big=5_000_000)
    assert first.message.startswith("'rm -rf src/tests' hides what line 3 brought")
    assert second.message.startswith("'rm -rf /root/.cache' hides what line 4 brought")
    assert second.fix.summary == "Do it in the RUN of line 4, in place of line 5"
    assert second.fix.snippet == "RUN pip install flask \\\n && rm -rf /root/.cache"


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
            'RUN ["pip", "install", "flask[async]"]',
            'RUN ["rm", "-rf", "/root/.cache/pip"]',
            "RUN pip install 'flask[async]' \\\n && rm -rf /root/.cache/pip",
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
