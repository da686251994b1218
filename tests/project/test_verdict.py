from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from imgdiag import clock
from imgdiag.finding import Severity
from imgdiag.gate.waivers import Waiver
from imgdiag.project.check import ProjectFinding
from imgdiag.project.checks import check_project
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.project.project import Project
from imgdiag.project.verdict import Verdict, judge
from imgdiag.reports import Style, _check

TODAY = datetime.date(2026, 11, 22)
LATER = datetime.date(2027, 1, 31)
TEXT = "FROM python:3.11\nRUN pip install flask\n"
FORMATS = ["github", "json", "junit", "markdown", "sarif", "text"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "today", lambda: TODAY)
    (tmp_path / "docker").mkdir()
    dockerfile = parse_dockerfile(TEXT, "docker/Dockerfile")
    return Project(folder=Path(), dockerfile=dockerfile)


def waiver(rule: str, *paths: str, expires: datetime.date = LATER) -> Waiver:
    return Waiver(rule=rule, paths=paths, reason="agreed", expires=expires, of_project=True)


def found(project: Project) -> tuple[ProjectFinding, ...]:
    findings = check_project(project)
    assert [each.label for each in findings] == [
        "full-base at docker/Dockerfile:1",
        "pip-keeps-cache at docker/Dockerfile:2",
    ]
    return findings


def held(project: Project, *waivers: Waiver, configuration: str = "imgdiag.toml") -> Verdict:
    return judge(
        found(project),
        fail_on=Severity.NOTE,
        accepted=waivers,
        configuration=configuration,
        today=TODAY,
    )


@pytest.mark.parametrize(
    ("accepted", "configuration", "left"),
    [
        (waiver("full-base"), "imgdiag.toml", ["pip-keeps-cache"]),
        (waiver("full-base", expires=TODAY), "imgdiag.toml", ["pip-keeps-cache"]),
        (waiver("full-base", "docker/Dockerfile"), "imgdiag.toml", ["pip-keeps-cache"]),
        (waiver("full-base", "/docker"), "imgdiag.toml", ["pip-keeps-cache"]),
        (waiver("full-base", "*/Dockerfile"), "imgdiag.toml", ["pip-keeps-cache"]),
        (waiver("full-base", "x", "**/Dockerfile"), "imgdiag.toml", ["pip-keeps-cache"]),
        (waiver("full-base", "Dockerfile"), "docker/imgdiag.toml", ["pip-keeps-cache"]),
        (waiver("full-base", "docker/Dockerfile"), "docker/imgdiag.toml", None),
        (waiver("full-base", "Dockerfile"), "imgdiag.toml", None),
        (waiver("apt-leftovers"), "imgdiag.toml", None),
        (
            waiver("full-base", expires=TODAY - datetime.timedelta(days=1)),
            "imgdiag.toml",
            None,
        ),
        (Waiver(paths=("**",), reason="an image's", expires=LATER), "imgdiag.toml", None),
    ],
)
def test_what_a_waiver_covers(
    project: Project, accepted: Waiver, configuration: str, left: list[str] | None
) -> None:
    verdict = held(project, accepted, configuration=configuration)
    expected = left or ["full-base", "pip-keeps-cache"]
    assert [each.check for each in verdict.open] == expected
    assert verdict.failing == verdict.open
    assert len(verdict.findings) == 2


def test_all_waived_passes(project: Project) -> None:
    assert not held(project).passed
    verdict = held(project, waiver("full-base"), waiver("pip-keeps-cache"))
    assert verdict.passed
    text = _check.render("text", project, verdict, Style())
    assert text == (
        "docker/Dockerfile   one stage   built on python:3.11\n"
        "nothing to mend: every check passed, but for 2 waived\n"
        "\n"
        "Waivers: 2 findings waived\n"
        "  waived until 2027-01-31: full-base at docker/Dockerfile:1: agreed\n"
        "  waived until 2027-01-31: pip-keeps-cache at docker/Dockerfile:2: agreed\n"
    )


def test_the_json(project: Project) -> None:
    old = waiver("full-base", expires=datetime.date(2026, 1, 1))
    verdict = held(project, waiver("full-base"), old, waiver("failure-masked"))
    report = json.loads(_check.render("json", project, verdict, Style()))
    first, second = report["findings"]
    assert (first["check"], first["waived"]["reason"]) == ("full-base", "agreed")
    assert (second["check"], second["waived"]) == ("pip-keeps-cache", None)
    assert report["gate"]["passed"] is False
    assert report["gate"]["configuration"] == "imgdiag.toml"
    assert [each["expires"] for each in report["gate"]["expired_waivers"]] == ["2026-01-01"]
    assert [each["rule"] for each in report["gate"]["unused_waivers"]] == ["failure-masked"]


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_tells_of_waivers(project: Project, format_: str) -> None:
    verdict = held(project, waiver("full-base"))
    text = _check.render(format_, project, verdict, Style())
    assert "agreed" in text
    assert "agreed" not in _check.render(format_, project, held(project), Style())


def test_what_is_waived_is_no_result(project: Project) -> None:
    verdict = held(project, waiver("full-base"))
    log = json.loads(_check.render("sarif", project, verdict, Style()))
    assert {each["ruleId"] for each in log["runs"][0]["results"]} == {"pip-keeps-cache"}


def test_the_markdown(project: Project) -> None:
    verdict = held(project, waiver("full-base"))
    text = _check.render("markdown", project, verdict, Style(marker="check"))
    assert text == (
        "<!-- imgdiag:check -->\n"
        "\n"
        "## ❌ <code>docker/Dockerfile</code>: 1 warning, 1 waived\n"
        "\n"
        "One stage, built on python:3.11.\n"
        "\n"
        "- ⚠️ <code>docker/Dockerfile:2</code> `pip-keeps-cache` (warning): pip keeps what it "
        "downloads in /root/.cache/pip, in this layer: what it downloaded is shipped beside what "
        "it installed. Mount the cache while building, or say --no-cache-dir, in "
        "<code>Dockerfile</code>:\n"
        "\n"
        "   <details><summary>The lines</summary>\n"
        "\n"
        "   ```dockerfile\n"
        "   RUN --mount=type=cache,target=/root/.cache/pip \\\n"
        "       pip install flask\n"
        "   ```\n"
        "\n"
        "   </details>\n"
        "\n"
        "### Waivers: 1 finding waived\n"
        "\n"
        "- waived until 2027-01-31: full-base at docker/Dockerfile:1: agreed\n"
    )


@pytest.mark.parametrize(
    ("fail_on", "mark"),
    [(None, "## <code>"), (Severity.ERROR, "## ✅ "), (Severity.NOTE, "## ❌ ")],
)
def test_the_mark_is_the_verdict(project: Project, fail_on: Severity | None, mark: str) -> None:
    verdict = judge(found(project), fail_on=fail_on)
    assert _check.render("markdown", project, verdict, Style()).startswith(mark)


@pytest.mark.parametrize("format_", FORMATS)
def test_names_of_the_project_are_harmless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "a\x1b[2J ##[error]x <b> @octocat"
    text = f"FROM python:3.11\nRUN pip install '{name}'\n"
    project = Project(folder=Path(), dockerfile=parse_dockerfile(text, f"{name}/Dockerfile"))
    report = _check.render(format_, project, judge(check_project(project)), Style())
    assert "\x1b" not in report
    assert "##[error]" not in report
    if format_ == "markdown":
        outside = report.split("```")[0]
        assert "<b>" not in outside
        assert "@octocat" not in outside.replace("<code>", "").split("</code>")[-1]
