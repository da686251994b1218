"""What was found in a project, for a terminal and for machines."""

from __future__ import annotations

from dataclasses import replace

from imgdiag.finding import Severity
from imgdiag.gate.waivers import waiver_lines
from imgdiag.project.check import ProjectFinding
from imgdiag.project.checks import all_checks
from imgdiag.project.project import Project
from imgdiag.project.verdict import Verdict
from imgdiag.reports import Style, _markup, _summary
from imgdiag.reports._annotations import annotation, annotation_lines
from imgdiag.reports._encoding import encode
from imgdiag.reports._gate import waiver_object
from imgdiag.reports._junit import junit_xml, rule_suite
from imgdiag.reports._located import of_project
from imgdiag.reports._markup import Section
from imgdiag.reports._page import Page
from imgdiag.reports._sarif import sarif_log
from imgdiag.schema import check as schema
from imgdiag.text import printable
from imgdiag.units import counted

_MARKS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "ℹ️"}
_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: ""}


def render(format_: str, project: Project, verdict: Verdict, style: Style) -> str:
    """Return the findings in one of the command's formats."""
    if format_ == "text":
        return text(project, verdict, style)
    if format_ == "json":
        return as_json(project, verdict)
    if format_ == "markdown":
        return markdown(project, verdict, style)
    located = of_project(verdict.open, verdict.failing)
    notes = [printable(line) for line in waiver_lines(verdict.waivers)]
    if format_ == "sarif":
        return sarif_log("imgdiag check", all_checks(), located, notes=notes)
    if format_ == "junit":
        suite = rule_suite("imgdiag.checks", all_checks(), located)
        return junit_xml([replace(suite, notes=tuple(notes))])
    lines = annotation_lines(located)
    lines += [annotation("notice", "imgdiag check", "\n".join(notes))] if notes else []
    return "".join(f"{line}\n" for line in lines)


def text(project: Project, verdict: Verdict, style: Style) -> str:
    """Return the findings as text, in the order of the files' lines."""
    page = Page(style)
    page.line("   ".join(about(project)), bold=True)
    page.line(summary(verdict), fg="" if verdict.open else "green")
    for finding in verdict.open:
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
    title = f"Waivers: {_summary.waivers_line(verdict.waivers)}"
    page.listing(title, waiver_lines(verdict.waivers))
    return page.text()


def markdown(project: Project, verdict: Verdict, style: Style) -> str:
    """Return the findings for a pull request, the most severe first, their mends folded."""
    mark = "" if verdict.fail_on is None else "✅ " if verdict.passed else "❌ "
    what, *more = about(project)
    head = [
        *_markup.hidden(style.marker),
        f"## {mark}{_markup.code(what)}: {_markup.text(summary(verdict))}",
    ]
    if more:
        head.append(f"{_markup.text(_markup.capitalised(', '.join(more)))}.")
    levels = list(Severity)
    ordered = sorted(verdict.open, key=lambda each: levels.index(each.severity))
    waived = [f"- {_markup.text(line)}" for line in waiver_lines(verdict.waivers)]
    title = f"### Waivers: {_summary.waivers_line(verdict.waivers)}"
    return _markup.page(
        [
            Section("the verdict", tuple(head)),
            *(Section("findings", (_item(finding),)) for finding in ordered),
            Section("waivers", (title, "\n".join(waived)) if waived else ()),
        ]
    )


def _item(finding: ProjectFinding) -> str:
    fix = finding.fix
    language = "dockerfile" if fix.target == "Dockerfile" else ""
    snippet = _markup.folded("The lines", _markup.fence(fix.snippet, language))
    return (
        f"- {_MARKS[finding.severity]} {_markup.code(finding.place)} `{finding.check}` "
        f"({finding.severity}): {_markup.text(finding.message)}. {_markup.text(fix.summary)}, in "
        f"{_markup.code(fix.target)}:\n\n{_markup.indented(snippet)}"
    )


def about(project: Project) -> tuple[str, ...]:
    """Return what was checked: the folder, or the Dockerfile and what of it is built."""
    if project.dockerfile is None:
        return (str(project.folder),)
    stages = project.shipped_stages
    stage = f"stage {stages[-1].label}" if len(project.dockerfile.stages) > 1 else "one stage"
    return project.dockerfile.path, stage, f"built on {stages[0].base}"


def summary(verdict: Verdict) -> str:
    """Return how many findings of each severity there are, and how many are waived."""
    counts = [
        (sum(each.severity is severity for each in verdict.open), severity.value)
        for severity in Severity
    ]
    parts = [counted(count, name) for count, name in counts if count]
    waived = len(verdict.waivers.waived)
    if not parts:
        rest = f"every check passed, but for {waived} waived" if waived else "every check passed"
        return f"nothing to mend: {rest}"
    return ", ".join(parts + [f"{waived} waived"] * bool(waived))


def as_json(project: Project, verdict: Verdict) -> str:
    """Return the findings, the waived ones too, and the verdict as one JSON object."""
    dockerfile = project.dockerfile
    report: schema.Report = {
        "schema_version": 1,
        "project": {
            "folder": str(project.folder),
            "dockerfile": dockerfile.path if dockerfile else None,
            "stage": project.shipped_stages[-1].label if dockerfile else None,
        },
        "findings": [_finding(each, verdict) for each in verdict.findings],
        "gate": {
            "passed": verdict.passed,
            "configuration": verdict.configuration or None,
            "expired_waivers": [waiver_object(each) for each in verdict.waivers.expired],
            "unused_waivers": [waiver_object(each.waiver) for each in verdict.waivers.unused],
        },
    }
    return encode(report)


def _finding(finding: ProjectFinding, verdict: Verdict) -> schema.Finding:
    waiver = verdict.waivers.of(finding)
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
        "waived": waiver_object(waiver) if waiver else None,
    }
