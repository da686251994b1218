"""Whether a COPY may name a user."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgdiag.project.checks import chown_after_copy
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.project.project import Project

COPY = "COPY --chown=app:app src src"
MOVE = "# first: line {} makes the user; that moves up, as COPY has to know it"


@pytest.mark.parametrize(
    ("lines", "snippet"),
    [
        (["COPY src src", "RUN useradd app && chown -R app:app /srv"], [MOVE.format(4), COPY]),
        (
            ["COPY src src", "RUN useradd app", "RUN chown -R app:app /srv"],
            [MOVE.format(4), COPY],
        ),
        (["RUN useradd app", "COPY src src", "RUN chown -R app:app /srv"], [COPY]),
        (["COPY src src", "RUN chown -R app:app /srv"], [COPY]),  # the base image's
        (
            ["COPY src src", "RUN useradd app && chown -R 1000 /srv"],
            ["COPY --chown=1000 src src"],
        ),
    ],
)
def test_who_is_made_later_is_made_first(
    tmp_path: Path, lines: list[str], snippet: list[str]
) -> None:
    (tmp_path / "src").mkdir()
    with (tmp_path / "src" / "model").open("wb") as file:
        file.truncate(5_000_000)
    text = "\n".join(("FROM python:3.12-slim", "WORKDIR /srv", *lines, ""))
    project = Project(folder=tmp_path, dockerfile=parse_dockerfile(text, "Dockerfile"))
    (finding,) = chown_after_copy.CHECK.run(project)
    assert finding.fix.snippet.splitlines() == snippet
