"""Several reports of one analysis, the hidden marker, and the summary of a step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

LINES = "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y curl\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Dockerfile").write_text(LINES)
    (folder / ".git").mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_one_analysis_and_many_reports(run: Run, archive: Path, tmp_path: Path) -> None:
    names = ("markdown", "sarif", "junit", "json", "github")
    outputs = [f"-o{name}={tmp_path / name}" for name in names]
    result = run("analyze", archive, *outputs)
    assert result.exit_code == 0
    assert "deleted-later" in result.stdout
    for name in names:
        assert (tmp_path / name).read_text() == run("analyze", archive, "-f", name).stdout


def test_a_path_alone_takes_the_format_asked_for(run: Run, archive: Path, tmp_path: Path) -> None:
    expected = run("analyze", archive, "-f", "json").stdout
    path = tmp_path / "size"
    for order in (("-f", "json", "-o", path), ("-o", path, "-f", "json")):
        result = run("analyze", archive, *order)
        assert (result.exit_code, result.stdout) == (0, "")
        assert path.read_text() == expected
        path.unlink()


def test_a_path_alone_tells_its_format_by_its_ending(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    text = run("analyze", archive).stdout
    endings = {"md": "markdown", "sarif": "sarif", "xml": "junit", "json": "json", "txt": "text",
               "html": "html"}  # fmt: skip
    result = run("analyze", archive, *(f"-o{tmp_path / 'size'}.{ending}" for ending in endings))
    assert (result.exit_code, result.stdout) == (0, text)
    for ending, name in endings.items():
        expected = run("analyze", archive, "-f", name).stdout
        assert (tmp_path / f"size.{ending}").read_text() == expected


@pytest.mark.parametrize("value", ["size", "size.pdf", "", "-", "yaml=size.json", "json="])
def test_an_output_without_a_format(run: Run, archive: Path, value: str) -> None:
    result = run("analyze", archive, "-o", value)
    assert result.exit_code == 2
    assert "is not FORMAT=PATH with a format of" in " ".join(result.stderr.split())


def test_the_marker_is_the_first_line(run: Run, archive: Path) -> None:
    result = run("analyze", archive, "-f", "markdown", "--marker", "size/my-service_1.0-x")
    assert result.stdout.startswith("<!-- imgdiag:size/my-service_1.0-x -->\n\n## <code>app:1<")
    assert "<!--" not in run("analyze", archive, "-f", "markdown").stdout


@pytest.mark.parametrize("name", ["-->", "a--b", "a b", "-a", "a\n", "é", "<b>", "a-->x", "a-"])
def test_a_marker_stays_in_its_comment(run: Run, archive: Path, name: str) -> None:
    result = run("analyze", archive, "-f", "markdown", "--marker", name)
    if name == "a-":
        assert result.stdout.startswith("<!-- imgdiag:a- -->\n")
    else:
        assert result.exit_code == 2
        assert "a marker has letters, digits and" in " ".join(result.stderr.split())


class TestSummary:
    """`--github-summary` adds to the file that GITHUB_STEP_SUMMARY names."""

    @pytest.fixture
    def summary(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        path = tmp_path / "summary.md"
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
        return path

    def test_the_markdown_is_added(self, run: Run, archive: Path, summary: Path) -> None:
        markdown = run("analyze", archive, "-f", "markdown", "--max-size=1").stdout
        for expected in (markdown, f"{markdown}\n{markdown}"):
            result = run("analyze", archive, "--github-summary", "--max-size=1")
            assert result.exit_code == 1
            assert summary.read_text() == expected

    def test_github_drops_what_is_over_a_mebibyte(
        self, run: Run, archive: Path, summary: Path
    ) -> None:
        size = len(run("analyze", archive, "-f", "markdown").stdout.encode()) + 1
        summary.write_text("x" * (2**20 - size))
        assert run("analyze", archive, "--github-summary").stderr == ""
        assert summary.stat().st_size == 2**20
        result = run("analyze", archive, "--github-summary")
        assert result.exit_code == 0
        assert "more than 1 MiB" in result.stderr
        assert summary.stat().st_size == 2**20

    def test_without_it_nothing_is_written(self, run: Run, archive: Path, summary: Path) -> None:
        run("analyze", archive, "-f", "markdown")
        assert not summary.exists()

    def test_elsewhere_it_says_so_before_it_reads(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        result = run("analyze", tmp_path / "none.tar", "--github-summary")
        assert result.exit_code == 3
        assert "GITHUB_STEP_SUMMARY is not set" in result.stderr
        assert "none.tar" not in result.stderr


@pytest.mark.usefixtures("project")
class TestCheck:
    """The same for what is checked before a build."""

    def test_annotations(self, run: Run) -> None:
        lines = run("check", "-f", "github").stdout.splitlines()
        assert lines[0].startswith(
            "::warning file=Dockerfile,line=2,endLine=2,title=imgdiag%3A apt-leftovers::"
        )
        assert all(line.startswith(("::warning ", "::notice ", "::error ")) for line in lines)

    def test_sarif_by_the_way(self, run: Run, tmp_path: Path) -> None:
        result = run("check", "-o", f"sarif={tmp_path / 'out.sarif'}")
        assert "Dockerfile:2  apt-leftovers" in result.stdout
        [sarif] = json.loads((tmp_path / "out.sarif").read_text())["runs"]
        assert sarif["tool"]["driver"]["name"] == "imgdiag check"
        assert sarif["results"][0]["ruleId"] == "apt-leftovers"

    @pytest.mark.parametrize(("level", "code"), [("warning", 1), ("error", 0), ("never", 0)])
    def test_junit_fails_as_the_exit_code_does(self, run: Run, level: str, code: int) -> None:
        result = run("check", "-f", "junit", "--fail-on", level)
        assert result.exit_code == code
        assert ("<failure" in result.stdout) is bool(code)

    def test_markdown_for_a_step_s_summary(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        summary = tmp_path / "summary.md"
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        result = run("check", "--github-summary", "--marker", "check")
        assert "Dockerfile:2  apt-leftovers" in result.stdout
        assert summary.read_text().startswith(
            "<!-- imgdiag:check -->\n\n## <code>Dockerfile</code>"
        )

    def test_html_is_no_format_of_it(self, run: Run) -> None:
        assert run("check", "-f", "html").exit_code == 2
        assert run("check", "-o", "html=x").exit_code == 2
