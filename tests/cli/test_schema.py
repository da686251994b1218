"""What commands print is what their schemas say: every key, and no other."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from imgdiag.analysis import Analysis, Skipped
from imgdiag.finding import Safety
from imgdiag.gate.gate import Budgets, judge
from imgdiag.gate.waivers import Waiver
from imgdiag.project import checks
from imgdiag.project.verdict import judge as judge_project
from imgdiag.python.verification import Answer, Check, Verification
from imgdiag.reports import Style, _check, _du, _verification, render
from imgdiag.rules import all_rules
from imgdiag.scanner.du import DiskUsage, Row, Running, Written
from imgdiag.schema import commands, schema_of
from tests.cli.conftest import Run
from tests.made import analysed
from tests.project.test_checks import project_of
from tests.reports import images

FIXTURES = Path(__file__).parents[2] / "fixtures"
AFTER = FIXTURES / "ml-service" / "after.oci.tar"
VALIDATORS = {
    command: jsonschema.Draft202012Validator(schema_of(command, closed=True))
    for command in commands()
}


def hold(command: str, printed: str) -> Any:
    """Return what was printed, when the command's schema takes it and nothing more is in it."""
    found = json.loads(printed)
    VALIDATORS[command].validate(found)
    return found


IMAGES = [
    images.service,
    images.service_with_dockerfile,
    images.partial,
    images.no_python,
    images.empty,
    images.hostile,
]


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize(
    "budgets",
    [
        Budgets(),
        Budgets(max_size=1, max_download=1, max_layer=1, max_waste=1, max_waste_percent=0.5),
        Budgets(fail_on=Safety.RISKY, allow_partial=True),
    ],
)
def test_analyze(image: Callable[[], Analysis], budgets: Budgets) -> None:
    analysis = image()
    hold("analyze", render("json", analysis, judge(analysis, budgets), Style()))


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_analyze_with_what_each_rule_finds(rule: Any) -> None:
    for example in rule.examples:
        analysis = analysed(
            *example.layers, environment=example.environment, command=example.command
        )
        hold("analyze", render("json", analysis, judge(analysis, Budgets()), Style()))


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("analyze", ["analyze", AFTER]),
        ("analyze", ["analyze", FIXTURES / "ml-service" / "before.oci.tar", "--max-size=1GB",
                     "--dockerfile", FIXTURES / "ml-service" / "before.Dockerfile"]),
        ("history", ["history", AFTER]),
        ("history", ["history", AFTER, "--dockerfile", FIXTURES / "ml-service" /
                     "after.Dockerfile"]),
        ("du", ["du", AFTER, "--depth", "3"]),
        ("du", ["du", AFTER, "--blocks"]),
        ("tree", ["tree", AFTER]),
        ("why", ["why", "httptools", AFTER]),
        ("verify", ["verify", AFTER, "--project", FIXTURES / "uv-service" / "before"]),
        ("verify", ["verify", "--project", FIXTURES / "uv-service" / "after"]),
        ("check", ["check", "--project", FIXTURES / "uv-service" / "before"]),
        ("compare", ["compare", AFTER, FIXTURES / "ml-service" / "before.oci.tar",
                     "--max-growth", "5%"]),
        ("compare", ["compare", AFTER, AFTER]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_commands_on_the_fixtures(run: Run, command: str, arguments: list[str | Path]) -> None:
    result = run(*arguments, "-f", "json")
    assert result.exit_code in (0, 1), result.stderr
    assert hold(command, result.stdout)["schema_version"] == 1


def test_compare_venv(run: Run, tmp_path: Path) -> None:
    site = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    (site / "numpy-1.0.dist-info").mkdir(parents=True)
    (site / "numpy-1.0.dist-info" / "METADATA").write_text("Name: numpy\nVersion: 1.0\n")
    (site / "numpy-1.0.dist-info" / "RECORD").write_text("numpy.py,,\n")
    (site / "numpy.py").write_text("x = 1\n")
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("version = 3.11.2\n")
    result = run("compare-venv", AFTER, tmp_path / ".venv", "-f", "json")
    assert result.exit_code == 0, result.stderr
    differences = {each["difference"] for each in hold("compare-venv", result.stdout)["packages"]}
    assert differences == {"image", "version"}


CHECK_WAIVERS = (
    Waiver(rule="full-base", reason="x", expires=datetime.date(9999, 1, 1), of_project=True),
    Waiver(rule="pip-keeps-cache", reason="y", expires=datetime.date(2000, 1, 1), of_project=True),
)


@pytest.mark.parametrize("check", checks.all_checks(), ids=lambda check: check.name)
def test_check_with_what_each_check_finds(check: Any, tmp_path: Path) -> None:
    for number, example in enumerate(check.examples):
        project = project_of(example, tmp_path / str(number))
        verdict = judge_project(checks.check_project(project), accepted=CHECK_WAIVERS)
        hold("check", _check.as_json(project, verdict))


def test_du_of_a_container() -> None:
    row = Row(path="app", is_folder=False, bytes=5, written_bytes=5, rows=(), others=0,
              others_bytes=0)  # fmt: skip
    usage = DiskUsage(
        reference="app\udce9",
        image_id="sha256:0",
        how="container",
        program="/usr/bin/python3",
        blocks=True,
        table=Row(path="", is_folder=True, bytes=9, written_bytes=5, rows=(row,), others=1,
                  others_bytes=4),
        running=Running(
            name="web",
            id="0",
            written_bytes=5,
            written=(Written(kind="caches", bytes=5, files=1, paths=(("app", 5),)),),
            deleted=2,
        ),
        left_out=("proc",),
        skipped=(Skipped("x", "no right to read it"),),
    )  # fmt: skip
    found = hold("du", _du.as_json(usage))
    assert found["container"]["written"][0]["largest"] == [{"path": "app", "bytes": 5}]


def test_verify_torch() -> None:
    [torch] = images.service().torches
    answer = Answer(
        python="/usr/bin/python",
        version="2.4.1",
        cuda="12.1",
        hip=None,
        is_available=False,
        file="/torch/__init__.py",
        problem="",
    )
    failed = replace(answer, version="", cuda=None, is_available=None, file="", problem="no torch")
    verification = Verification(
        reference="app",
        image_id="sha256:0",
        checks=(
            Check(environment="app", static=torch, answer=answer, disagreements=("version",)),
            Check(environment="", static=None, answer=failed, disagreements=()),
        ),
        note="nothing",
    )
    assert hold("verify-torch", _verification.as_json(verification))["agreed"] is False


def test_a_key_that_is_not_in_the_schema_is_found() -> None:
    analysis = images.no_python()
    report = json.loads(render("json", analysis, judge(analysis, Budgets()), Style()))
    for place in (report, report["layers"][0], report["gate"]):
        place["new"] = 1
        assert not VALIDATORS["analyze"].is_valid(report)
        del place["new"]
    VALIDATORS["analyze"].validate(report)
    open_one = jsonschema.Draft202012Validator(schema_of("analyze"))
    open_one.validate({**report, "new": 1})
    assert not open_one.is_valid({**report, "warnings": [1]})


class TestCommand:
    """`imgdiag schema` prints them."""

    def test_one(self, run: Run) -> None:
        result = run("schema", "verify-torch")
        assert result.exit_code == 0
        assert json.loads(result.stdout) == schema_of("verify-torch")

    def test_that_of_analyze_without_a_name(self, run: Run) -> None:
        assert json.loads(run("schema").stdout)["title"] == "imgdiag analyze"

    def test_one_that_there_is_not(self, run: Run) -> None:
        result = run("schema", "fix")
        assert result.exit_code == 2
        assert "'fix' has no JSON; those that have: analyze, check," in result.stderr
