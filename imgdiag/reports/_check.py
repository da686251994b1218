"""What was found in a project, for a terminal and for machines."""

from __future__ import annotations

from collections.abc import Sequence

from imgdiag.finding import Severity
from imgdiag.project.check import ProjectFinding
from imgdiag.project.checks import all_checks
from imgdiag.project.project import Project
from imgdiag.reports import Style
from imgdiag.reports._annotations import annotation_lines
from imgdiag.reports._encoding import encode
from imgdiag.reports._junit import junit_xml, rule_suite
from imgdiag.reports._located import of_project
from imgdiag.reports._page import Page
from imgdiag.reports._sarif import sarif_log
from imgdiag.schema import check as schema

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: ""}


def render(
    format_: str,
    project: Project,
    findings: Sequence[ProjectFinding],
    failing: Sequence[ProjectFinding],
    style: Style,
) -> str:
    """Return the findings in one of the command's formats; `failing` are those of --fail-on."""
    if format_ == "text":
        return text(project, findings, style)
    if format_ == "json":
        return as_json(project, findings, passed=not failing)
    located = of_project(findings, failing)
    if format_ == "sarif":
        return sarif_log("imgdiag check", all_checks(), located)
    if format_ == "junit":
        return junit_xml([rule_suite("imgdiag.checks", all_checks(), located)])
    return "".join(f"{line}\n" for line in annotation_lines(located))


def text(project: Project, findings: Sequence[ProjectFinding], style: Style) -> str:
    """Return the findings as text, in the order of the files' lines."""
    page = Page(style)
    page.line(_about(project), bold=True)
    page.line(_summary(findings), fg="" if findings else "green")
    for finding in findings:
        page.line()
        page.paragraph(
            f"{finding.place}  {finding.check}  ({finding.severity})",
            indent=0,
            fg=_COLORS[finding.severity],
            bold=True,
        )
        page.paragraph(finding.message, indent=2)
        page.paragraph(f"{finding.fix.summary}. {finding.fix.target}:", indent=2)
        page.verbatim(finding.fix.snippet, indent=4)
    return page.text()


def _about(project: Project) -> str:
    if project.dockerfile is None:
        return str(project.folder)
    stages = project.shipped_stages
    stage = f"stage {stages[-1].label}" if len(project.dockerfile.stages) > 1 else "one stage"
    return f"{project.dockerfile.path}   {stage}   built on {stages[0].base}"


def _summary(findings: Sequence[ProjectFinding]) -> str:
    counts = [
        (sum(each.severity is severity for each in findings), severity.value)
        for severity in Severity
    ]
    parts = [f"{count} {name}{'s' * (count != 1)}" for count, name in counts if count]
    return ", ".join(parts) or "nothing to mend: every check passed"


def as_json(project: Project, findings: Sequence[ProjectFinding], *, passed: bool) -> str:
    """Return the findings as one JSON object; `passed` is the verdict of --fail-on."""
    dockerfile = project.dockerfile
    report: schema.Report = {
        "schema_version": 1,
        "project": {
            "folder": str(project.folder),
            "dockerfile": dockerfile.path if dockerfile else None,
            "stage": project.shipped_stages[-1].label if dockerfile else None,
        },
        "findings": [_finding(each) for each in findings],
        "gate": {"passed": passed},
    }
    return encode(report)


def _finding(finding: ProjectFinding) -> schema.Finding:
    return {
        "check": finding.check,
        "severity": finding.severity,
        "path": finding.path,
        "line": finding.line,
        "end_line": finding.end_line,
        "message": finding.message,
        "fix": {
            "summary": finding.fix.summary,
            "file": finding.fix.target,
            "snippet": finding.fix.snippet,
        },
    }
