"""The form of a check: what it finds in a project before anything is built, why, how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from imgdiag.finding import Fix, Severity
from imgdiag.project.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFinding:
    """One thing to mend in a file of a project.

    `path` is the file as its user names it; lines count from 1. Of an error, someone will ask why
    the image is big or broken; a warning costs megabytes or hides a mistake; a note is worth
    knowing.
    """

    check: str
    severity: Severity
    path: str
    line: int
    end_line: int
    message: str
    fix: Fix

    @property
    def label(self) -> str:
        """Return what it is in a few words."""
        return f"{self.check} at {self.place}"

    @property
    def place(self) -> str:
        """Return where it is, as editors and terminals understand it."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectExample:
    """A small project, and the places of what is found in it, such as "Dockerfile:3".

    `files` are by path, each with its text or its size in bytes.
    """

    what: str
    files: Mapping[str, str | int]
    finds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. The texts are Markdown; the examples run as tests and print in the docs."""

    name: str
    title: str
    why: str
    fix: str
    ignore_when: str
    check: Callable[[Project], Iterable[ProjectFinding]]
    examples: tuple[ProjectExample, ...]

    def at(
        self,
        project: Project,
        line: int,
        message: str,
        fix: Fix,
        *,
        severity: Severity = Severity.WARNING,
        end_line: int = 0,
    ) -> ProjectFinding:
        """Return a finding in the project's Dockerfile."""
        assert project.dockerfile is not None
        path = project.dockerfile.path
        return self.finding(path, line, message, fix, severity=severity, end_line=end_line)

    def finding(
        self,
        path: str,
        line: int | None,
        message: str,
        fix: Fix,
        *,
        severity: Severity = Severity.WARNING,
        end_line: int = 0,
    ) -> ProjectFinding:
        """Return a finding in any file of the project; a line that is not known is the first."""
        line = line or 1
        return ProjectFinding(
            check=self.name,
            severity=severity,
            path=path,
            line=line,
            end_line=max(line, end_line),
            message=message,
            fix=fix,
        )

    def run(self, project: Project) -> Iterator[ProjectFinding]:
        """Yield what the check finds."""
        yield from self.check(project)


def dockerfile_example(
    what: str, text: str, *finds: int, files: Mapping[str, str | int] | None = None
) -> ProjectExample:
    """Return an example that is a Dockerfile, and other files; `finds` are its lines."""
    return ProjectExample(
        what=what,
        files={"Dockerfile": text, **(files or {})},
        finds=tuple(f"Dockerfile:{line}" for line in finds),
    )
