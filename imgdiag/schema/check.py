"""The JSON of `imgdiag check`."""

from __future__ import annotations

from typing import Annotated, TypedDict

from imgdiag.finding import Severity
from imgdiag.schema._common import Fix, Version
from imgdiag.schema._gate import Waiver


class Project(TypedDict):
    """What was checked."""

    folder: str
    dockerfile: str | None
    stage: Annotated[str | None, "the stage that is built"]


class Finding(TypedDict):
    """One thing to mend in a file; lines count from 1."""

    check: str
    severity: Severity
    path: str
    line: int
    end_line: int
    message: str
    fix: Fix
    waived: Annotated[Waiver | None, "the waiver that accepts it"]


class Gate(TypedDict):
    """The verdict of --fail-on, which waived findings do not fail."""

    passed: bool
    configuration: Annotated[str | None, "the file that had a say"]
    expired_waivers: list[Waiver]
    unused_waivers: list[Waiver]


class Report(TypedDict):
    """What was found in a project, by file and line."""

    schema_version: Version
    project: Project
    findings: list[Finding]
    gate: Gate
