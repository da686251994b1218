# ruff: noqa: ISC004 - messages that take two lines
"""Where defaults come from: the command line, the environment, a file, what is built in."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from imgdiag import clock
from imgdiag.cli import cli
from imgdiag.reports import formats
from tests.cli.conftest import DELETED, SIZE, Run

FORMATS = pytest.mark.parametrize("format_", formats())
HINT = "docs/configuration.md lists every key; --no-config does without"


@pytest.fixture
def folder(tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, of a repository, beside the archive."""
    where = tmp_path / "work"
    (where / ".git").mkdir(parents=True)
    monkeypatch.chdir(where)
    return where


def gate(run: Run, *arguments: object) -> dict[str, object]:
    result = run("analyze", *map(str, arguments), "-f", "json")
    found: dict[str, object] = json.loads(result.stdout)["gate"]
    assert result.exit_code == (0 if found["passed"] else 1)
    return found


def limits(run: Run, *arguments: object) -> dict[str, object]:
    checks = gate(run, *arguments)["checks"]
    return {each["name"]: each["limit"] for each in checks}  # type: ignore[attr-defined]


# Precedence


def test_flags_before_the_environment_before_the_file_before_what_is_built_in(
    run: Run, folder: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert limits(run, archive) == {}
    (folder / "imgdiag.toml").write_text('[analyze]\nmax-size = "10 MB"\n')
    assert limits(run, archive) == {"max-size": 10_000_000}
    monkeypatch.setenv("IMGDIAG_ANALYZE_MAX_SIZE", "20 MB")
    assert limits(run, archive) == {"max-size": 20_000_000}
    assert limits(run, archive, "--max-size", "30MB") == {"max-size": 30_000_000}
    monkeypatch.delenv("IMGDIAG_ANALYZE_MAX_SIZE")
    assert limits(run, archive, "--max-size", "30MB") == {"max-size": 30_000_000}
    assert limits(run, archive, "--no-config") == {}


def test_every_kind_of_option(run: Run, folder: Path, archive: Path) -> None:
    (folder / "Dockerfile.api").write_text("FROM scratch\nRUN make\nRUN rm /app/junk\n")
    (folder / "imgdiag.toml").write_text(
        'analyze = { max-waste-percent = 50, fail-on = "review", gpu = false, format = "json",'
        ' dockerfile = "Dockerfile.api" }\n'
    )
    result = run("analyze", archive)
    found = json.loads(result.stdout)
    assert [(each["name"], each["limit"]) for each in found["gate"]["checks"]] == [
        ("max-waste-percent", 50),
        ("fail-on review", 0),
    ]
    assert found["purpose"]["target"] == "cpu"
    assert found["dockerfile"]["path"] == "Dockerfile.api"
    assert run("analyze", archive, "-f", "text").stdout.startswith("app:1 ")


def test_a_configured_format_is_not_that_of_a_file(run: Run, folder: Path, archive: Path) -> None:
    (folder / "imgdiag.toml").write_text('[analyze]\nformat = "json"\n')
    result = run("analyze", archive, "-o", folder / "size.md")
    assert json.loads(result.stdout)["image"]["reference"] == "app:1"
    assert (folder / "size.md").read_text().startswith("## <code>app:1<")


def test_paths_are_relative_to_the_file(
    run: Run, folder: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "Dockerfile.api").write_text("FROM scratch\nRUN make\nRUN rm /app/junk\n")
    (folder / "imgdiag.toml").write_text('[analyze]\ndockerfile = "Dockerfile.api"\n')
    (folder / "src").mkdir()
    monkeypatch.chdir(folder / "src")
    found = json.loads(run("analyze", archive, "-f", "json").stdout)
    assert found["dockerfile"]["path"] == str(folder / "Dockerfile.api")
    assert found["gate"]["configuration"] == str(folder / "imgdiag.toml")


def test_each_command_has_its_own(run: Run, folder: Path, archive: Path) -> None:
    (folder / "Dockerfile").write_text("FROM python:3.11\nCOPY . .\nRUN pip install flask\n")
    (folder / "imgdiag.toml").write_text('[check]\nfail-on = "warning"\n')
    assert limits(run, archive) == {}
    assert run("check").exit_code == 1
    assert run("check", "--fail-on", "never").exit_code == 0
    assert run("check", "--no-config").exit_code == 0


def test_a_file_by_its_name(run: Run, folder: Path, archive: Path) -> None:
    (folder / "imgdiag.toml").write_text("[budgets.own]\nmax = 5\n")
    (folder / "ci.toml").write_text("[budgets.ci]\nmax = 6\n")
    (folder / "pyproject.toml").write_text("[tool.ruff]\n")
    assert limits(run, archive) == {"own": 5}
    assert limits(run, archive, "--config", "ci.toml") == {"ci": 6}
    result = run("analyze", archive, "--config", "ci.toml", "--no-config")
    assert (result.exit_code, "exclude each other" in result.stderr) == (2, True)
    result = run("analyze", archive, "--config", "pyproject.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: pyproject.toml has no [tool.imgdiag]." in result.stderr
    assert run("analyze", archive, "--config", "none.toml").exit_code == 2


def test_the_file_by_the_environment(
    run: Run, folder: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "imgdiag.toml").write_text("[budgets.own]\nmax = 5\n")
    (folder / "ci.toml").write_text("[budgets.ci]\nmax = 6\n")
    monkeypatch.setenv("IMGDIAG_CONFIG", "ci.toml")
    assert limits(run, archive) == {"ci": 6}
    assert limits(run, archive, "--no-config") == {}
    monkeypatch.setenv("IMGDIAG_NO_CONFIG", "1")
    assert limits(run, archive) == {}
    assert limits(run, archive, "--config", "imgdiag.toml") == {"own": 5}
    monkeypatch.delenv("IMGDIAG_CONFIG")
    assert limits(run, archive) == {}


SHARED = ("IMGDIAG_CONFIG", "IMGDIAG_NO_CONFIG", "IMGDIAG_NO_CACHE")  # by all commands


def test_variables_are_called_as_commands_and_options() -> None:
    for name in cli.list_commands(None):  # type: ignore[arg-type]
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        for param in command.params:
            if param.param_type_name == "option":
                option = param.opts[-1].removeprefix("--")
                full = f"IMGDIAG_{name}_{option}".upper().replace("-", "_")
                assert param.envvar in (full, *SHARED)


# Budgets and waivers


@FORMATS
def test_budgets_of_the_file_fail_in_every_format(
    run: Run, folder: Path, archive: Path, format_: str
) -> None:
    (folder / "imgdiag.toml").write_text(
        "[budgets.junk]\npath = '/app'\nmax = '1 MB'\nmessage = 'ask ops'\n"
    )
    result = run("analyze", archive, "-f", format_)
    assert result.exit_code == 1
    assert "ask ops" in result.stdout
    assert "/app: 2.0 MB (2,000,000 bytes), over 1.0 MB (1,000,000 bytes) by 1.0 MB" in " ".join(
        result.stdout.split()
    )


def test_the_verdict_in_words(run: Run, folder: Path, archive: Path) -> None:
    (folder / "imgdiag.toml").write_text(
        "[budgets.image]\nmax = '1 GB'\n[budgets.app]\npath = '/app'\nmax = 0\nmessage = 'No.'\n"
        "[budgets.grown]\nof = 'growth'\nmax = '5%'\n"
    )
    _, verdict = run("analyze", archive).stdout.split("\nBudgets: ")
    assert verdict == (
        "FAILED (imgdiag.toml)\n"
        f"  ✓ image: the sum of the layers: 3.5 MB ({SIZE:,} bytes), within 1.00 GB (1,000,000,000 "
        "bytes)\n"
        "  ✗ app: /app: 2.0 MB (2,000,000 bytes), over 0 B (0 bytes) by 2.0 MB\n"
        "    The most: 2.0 MB /app/kept\n"
        "    No.\n"
        "  – grown: not checked: no baseline to compare with\n"
    )


def test_what_cannot_be_checked_is_no_pass(run: Run, folder: Path, archive: Path) -> None:
    (folder / "imgdiag.toml").write_text("[budgets.grown]\nof = 'growth'\nmax = '5%'\n")
    found = gate(run, archive)
    assert (found["passed"], found["checks"]) == (True, [])
    assert found["not_checked"] == [
        {"name": "grown", "measure": "growth", "reason": "no baseline to compare with"}
    ]
    assert "Budgets: not checked (imgdiag.toml)" in run("analyze", archive).stdout


@pytest.mark.parametrize(("day", "code"), [("2027-01-30", 0), ("2027-01-31", 0), ("2027-02-01", 1)])
def test_a_waiver_holds_until_its_day(
    run: Run, folder: Path, archive: Path, monkeypatch: pytest.MonkeyPatch, day: str, code: int
) -> None:
    (folder / "imgdiag.toml").write_text(
        "[analyze]\nfail-on = 'safe'\n"
        "[[waivers]]\nrule = 'deleted-later'\nreason = 'soon'\nexpires = 2027-01-31\n"
    )
    monkeypatch.setattr(clock, "today", lambda: datetime.date.fromisoformat(day))
    result = run("analyze", archive)
    assert result.exit_code == code
    waived = "Waivers: 1 finding waived\n  waived until 2027-01-31: deleted-later of 1.5 MB: soon\n"
    expired = "expired on 2027-01-31, and no longer holds: deleted-later (line 3): soon\n"
    assert result.stdout.endswith(expired if code else waived)


def test_waste_of_the_file_is_told_as_not_checked_with_quick() -> None:
    from imgdiag.gate.gate import Budgets, judge
    from tests.reports import images

    quick = images.service()
    object.__setattr__(quick, "route", "quick")
    [found] = judge(quick, Budgets(max_waste=1)).not_checked
    assert found.reason == "--quick does not know the waste well enough"


def test_quick_refuses_limits_on_waste_that_are_asked_for_with_it(
    run: Run, archive: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run("analyze", archive, "--quick", "--max-waste", "5")
    assert (result.exit_code, "does not know the waste" in result.stderr) == (2, True)
    monkeypatch.setenv("IMGDIAG_ANALYZE_MAX_WASTE", "5")
    result = run("analyze", archive, "--quick")
    assert (result.exit_code, "does not know the waste" in result.stderr) == (2, True)
    monkeypatch.delenv("IMGDIAG_ANALYZE_MAX_WASTE")
    (folder / "imgdiag.toml").write_text("[analyze]\nmax-waste = 5\n")
    assert "does not know the waste" not in run("analyze", archive, "--quick").stderr


# Mistakes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[analyze]\nmax-sise = 5", "imgdiag.toml:2: analyze.max-sise is not known; the nearest is "
         "'max-size'"),
        ("[analyze]\nmax-size = '4 gigs'", "imgdiag.toml:2: analyze.max-size: "
         "'4 gigs' is no size; write it as 4GB, 3.5GiB, 500MB or in bytes"),
        ("[analyze]\nmax-size = true", "imgdiag.toml:2: analyze.max-size is neither text nor a "
         "number"),
        ("[analyze]\nmax-size = [1]", "imgdiag.toml:2: analyze.max-size is neither text nor a "
         "number"),
        ("[analyze]\ngpu = 'yes'", "imgdiag.toml:2: analyze.gpu is neither true nor false"),
        ("[analyze]\nfail-on = 'always'", "imgdiag.toml:2: analyze.fail-on: "
         "'always' is not one of"),
        ("[analyze]\nmax-waste-percent = 101", "imgdiag.toml:2: analyze.max-waste-percent: "
         "101.0 is not in the range 0<=x<=100"),
        ("[analyze]\ndockerfile = 'none'", "imgdiag.toml:2: analyze.dockerfile: "
         "File 'none' does not exist"),
        ("[analyze]\nplatform = 'linux'", "imgdiag.toml:2: analyze.platform: "
         "'linux' is no platform; write it as linux/amd64"),
        ("[budgets.a]", "imgdiag.toml:1: budgets.a has no max"),
        ("[a", "imgdiag.toml is not valid TOML ("),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_wrong_usage(
    run: Run, folder: Path, archive: Path, text: str, message: str
) -> None:
    (folder / "imgdiag.toml").write_text(text)
    result = run("analyze", archive)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Error: {message}" in result.stderr
    if "TOML" not in message:
        assert result.stderr.endswith(f"{HINT}\n")
    assert run("analyze", archive, "--no-config").exit_code == 0


def test_a_hostile_key_is_harmless(run: Run, folder: Path, archive: Path) -> None:
    (folder / "imgdiag.toml").write_text('["\\u001b[2Jx"]\n')
    result = run("analyze", archive)
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr


def test_other_commands_do_not_mind_a_broken_file(run: Run, folder: Path, archive: Path) -> None:
    (folder / "imgdiag.toml").write_text("[a")
    assert run("rules").exit_code == 0
    assert run("analyze", "--help").exit_code == 0
    assert run("history", archive).exit_code == 0


def test_the_numbers_stay_those_of_the_image(run: Run, folder: Path, archive: Path) -> None:
    (folder / "imgdiag.toml").write_text(
        "[[waivers]]\npath = '/app'\nreason = 'x'\nexpires = 2999-01-01\n"
    )
    found = json.loads(run("analyze", archive, "-f", "json").stdout)
    assert found["sizes"]["wasted_bytes"] == DELETED
    assert found["prediction"]["safe"]["bytes"] == 0  # what is waived is not advised
    assert found["findings"][0]["waived"]["expires"] == "2999-01-01"
