"""The mend of chown -R and chmod -R after a COPY."""

from __future__ import annotations

from pathlib import Path

from imgdiag.project.checks import chown_after_copy
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.project.project import Project


def test_owner_and_mode_go_where_the_files_come_from(tmp_path: Path) -> None:
    text = (
        "FROM python:3.11-slim\nWORKDIR /app\nRUN python3 -m venv .venv\nCOPY --link src src\n"
        "RUN chown -R app:app /app && chmod -R 750 /app/src && chmod a+rX /app/src/x\n"
    )
    project = Project(folder=tmp_path, dockerfile=parse_dockerfile(text, "Dockerfile"))
    [finding] = chown_after_copy.CHECK.run(project)
    assert finding.line == 5
    assert finding.message == (
        "'chown -R app:app /app' and 'chmod -R 750 /app/src' store again what lines 3 and 4 "
        "brought: a layer has no way to say 'the same file, another owner and mode'"
    )
    assert finding.fix.summary == (
        "Say it where the files come from, and drop the chown and the chmod"
    )
    assert finding.fix.snippet == (
        "RUN python3 -m venv .venv \\\n && chown -R app:app /app\n\n"
        "COPY --link --chown=app:app --chmod=750 src src"
    )
