from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

from tests.cli.conftest import Run
from tests.project.test_checklist import BAD, GOOD


def _project(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_a_project_that_passes(run: Run, tmp_path: Path) -> None:
    result = run("verify", "--project", _project(tmp_path / "p", GOOD))
    assert result.exit_code == 0
    assert result.stdout.rstrip().endswith("10 passed, 0 failed, 6 not checkable")
    assert "  ✓ torch is the project's own dependency\n" in result.stdout
    assert result.stdout.count("no image was named") == 1
    assert (
        "– what the image tells not checkable: no image was named; 'imgdiag verify REF' checks "
        "whether the size is within its budget, torch in the image is the CPU build, torch says "
        "so itself, no GPU package is in the image, uv works for the user that the image runs as, "
        "the image has glibc 10 passed"
    ) in " ".join(result.stdout.split())


def test_a_project_that_fails(run: Run, tmp_path: Path) -> None:
    folder = _project(tmp_path / "p", BAD)
    result = run("verify", "--project", folder, "-f", "json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert (report["passed"], report["reference"], report["project"]) == (False, None, str(folder))
    items = {item["name"]: item for item in report["items"]}
    assert items["no failure is masked"]["status"] == "failed"
    assert items["no failure is masked"]["place"] == f"{folder}/Dockerfile:4"
    assert items["torch says so itself"] == {
        "name": "torch says so itself",
        "status": "not checkable",
        "detail": "no image was named",
        "place": None,
    }
    text = run("verify", "--project", folder).stdout
    assert f"{folder}/Dockerfile:4" in " ".join(text.split())
    assert "9 failed" in text


def test_with_an_image(run: Run, tmp_path: Path, archive: Path) -> None:
    folder = _project(tmp_path / "p", {})
    result = run("verify", archive, "--project", folder, "--max-size", "3MB", "-f", "json")
    assert result.exit_code == 1
    items = {item["name"]: item for item in json.loads(result.stdout)["items"]}
    assert items["the size is within its budget"]["detail"] == "3.5 MB of 3.0 MB"
    assert run("verify", archive, "--project", folder).exit_code == 0


def test_usage(run: Run, tmp_path: Path) -> None:
    assert run("verify", "--run").exit_code == 2
    assert run("verify", "--project", tmp_path / "none").exit_code == 2
    assert run("verify", tmp_path / "none.tar").exit_code == 3
    broken = _project(tmp_path / "p", {"pyproject.toml": "["})
    result = run("verify", "--project", broken)
    assert result.exit_code == 3
    assert "pyproject.toml is not valid TOML" in result.stderr


def test_markdown_for_a_pull_request(run: Run, tmp_path: Path) -> None:
    folder = _project(tmp_path / "p", BAD)
    result = run("verify", "--project", folder, "-f", "markdown", "--marker", "list")
    assert result.exit_code == 1
    marker, heading, counts, items, *rest = result.stdout.split("\n\n")
    assert marker == "<!-- imgdiag:list -->"
    assert heading.startswith("## ❌ Checklist for the project in ")
    assert counts.startswith("**1 passed, 9 failed, 6 not checkable.**")
    assert items.count("\n- ") == 8
    assert re.search(r"- \*\*no failure is masked\*\*: <code>[^<]*/Dockerfile:4</code>: ", items)
    assert rest[0].startswith("'imgdiag check' and 'imgdiag analyze' show how to mend")
    passed = run("verify", "--project", _project(tmp_path / "q", GOOD), "-f", "markdown").stdout
    assert passed.startswith("## ✅ Checklist for ")
    assert "<details><summary>What passed</summary>" in passed


def test_junit_has_a_test_for_each_item(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "verify.xml"
    result = run("verify", "--project", _project(tmp_path / "p", BAD), "-o", target)
    assert result.exit_code == 1
    [suite] = ElementTree.fromstring(target.read_bytes())
    counts = {name: suite.attrib[name] for name in ("tests", "failures", "skipped")}
    assert counts == {"tests": "16", "failures": "9", "skipped": "6"}
