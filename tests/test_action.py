"""The action for GitHub: its file held to its scripts, and these run, with a `gh` of paper."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import builder

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


def test_each_input_is_said_and_used() -> None:
    steps = json.dumps(STEPS)
    for name, input_ in ACTION["inputs"].items():
        assert input_["description"]
        assert input_.get("required") or "default" in input_
        assert f"inputs.{name} " in steps, name
    assert set(re.findall(r"inputs\.([\w-]+)", steps)) == set(ACTION["inputs"])


def test_nothing_is_put_into_a_shells_text() -> None:
    for step in STEPS:
        assert "${{" not in step.get("run", "")
        if "run" in step:
            assert step["shell"] == "bash"


def test_each_script_is_there_and_gets_what_it_reads() -> None:
    read = r"""(?:environ\[|environ\.get\(|given\()"([A-Za-z_-]+)"|\$\{?(IMGDIAG_\w+)"""
    runner = ("RUNNER_", "GITHUB_")
    run = [step for step in STEPS if "action/" in step.get("run", "")]
    assert len(run) == 3
    for step in run:
        (name,) = re.findall(r"action/([\w.]+)", step["run"])
        text = (ROOT / "action" / name).read_text(encoding="utf-8")
        names = {a or b for a, b in re.findall(read, text)}
        names |= set(
            re.findall(r'"([a-z-]+)"', "".join(re.findall(r"for name in (\(.*?\))", text)))
        )
        wanted = {
            each if each.isupper() else f"INPUT_{each.upper().replace('-', '_')}"
            for each in names
            if not each.startswith(runner)
        }
        assert wanted == set(step["env"]) - {"GH_TOKEN"}, name


def test_each_output_comes_from_a_step() -> None:
    text = (ROOT / "action" / "run.py").read_text(encoding="utf-8")
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.run.outputs.{name} }}}}"
        assert f'"{name}"' in text


def test_the_job_fails_last() -> None:
    """What is to be shown is shown before: the comment, and the findings."""
    assert STEPS[-1]["run"] == 'exit "$IMGDIAG_CODE"'
    assert STEPS[-1]["env"] == {"IMGDIAG_CODE": "${{ steps.run.outputs.code }}"}
    assert [step["name"] for step in STEPS if step.get("continue-on-error")] == [
        "Send the findings to code scanning"
    ]


# Installing ---------------------------------------------------------------------------------------


def install(tmp_path: Path, version: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run install.sh with a Python whose venv and pip write down what they were asked for."""
    python = tmp_path / "python"
    python.write_text(
        """#!/bin/sh
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "$@" >> %s/asked\\n' "$(dirname "$0")" > "$3/bin/pip"
cp "$3/bin/pip" "$3/bin/imgdiag"
chmod +x "$3/bin/pip" "$3/bin/imgdiag"
""",
        encoding="utf-8",
    )
    python.chmod(0o755)
    done = subprocess.run(
        [ROOT / "action" / "install.sh"],
        env={
            "PATH": os.environ["PATH"],
            "RUNNER_TEMP": str(tmp_path),
            "IMGDIAG_PYTHON": str(python),
            "IMGDIAG_VERSION": version,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    asked = tmp_path / "asked"
    return done, asked.read_text(encoding="utf-8").splitlines() if asked.exists() else []


@pytest.mark.parametrize(
    ("version", "package"),
    [("", str(ROOT)), ("0.1.0", "imgdiag==0.1.0"), ("1.0rc1", "imgdiag==1.0rc1")],
)
def test_install(tmp_path: Path, version: str, package: str) -> None:
    done, asked = install(tmp_path, version)
    assert done.returncode == 0
    assert asked == [f"install --quiet --disable-pip-version-check {package}", "--version"]


@pytest.mark.parametrize("version", ["--index-url=http://evil", "1.0 evil", "$(id)", "1;id"])
def test_install_takes_versions_only(tmp_path: Path, version: str) -> None:
    done, asked = install(tmp_path, version)
    assert (done.returncode, asked) == (2, [])
    assert done.stdout.startswith("::error title=imgdiag::")


# Analysing ----------------------------------------------------------------------------------------


class Runner:
    """A job of GitHub Actions, as far as a step sees it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.event: dict[str, Any] = {"pull_request": {"number": 7}}
        bin_ = folder / "bin"
        bin_.mkdir()
        (bin_ / "python").symlink_to(sys.executable)
        self.program("imgdiag", f'PYTHONPATH={ROOT} exec {sys.executable} -m imgdiag "$@"')
        (folder / "gh.json").write_text('{"comments": [], "calls": []}', encoding="utf-8")
        self.program("gh", GH, shebang=f"#!{sys.executable}")

    def program(self, name: str, text: str, shebang: str = "#!/bin/sh") -> None:
        path = self.folder / "bin" / name
        path.write_text(f"{shebang}\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def step(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "event.json").write_text(json.dumps(self.event), encoding="utf-8")
        return subprocess.run(
            [self.folder / "bin" / "python", ROOT / "action" / script],
            env={
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "GH_STATE": str(self.folder / "gh.json"),
                "RUNNER_TEMP": str(self.folder),
                "GITHUB_OUTPUT": str(self.folder / "output"),
                "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
                "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
                "GITHUB_REPOSITORY": "team/service",
                **variables,
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def outputs(self) -> dict[str, str]:
        lines = (self.folder / "output").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def gh(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.folder / "gh.json").read_text(encoding="utf-8"))
        return state

    def set_gh(self, **changes: Any) -> None:
        (self.folder / "gh.json").write_text(json.dumps(self.gh | changes), encoding="utf-8")


# A `gh api` with one pull request in its head.
GH = """
import json, os, sys
path = os.environ["GH_STATE"]
state = json.load(open(path))
arguments = sys.argv[2:]
state["calls"].append(arguments)
json.dump(state, open(path, "w"))
if sys.argv[1] != "api" or state.get("refused"):
    sys.exit(state.get("refused", "not api"))
where = [each for each in arguments if each.startswith(("repos/", "user"))][0]
body = [open(each[6:]).read() for each in arguments if each.startswith("body=@")]
if where == "user":
    if "login" not in state:
        sys.exit("gh: Resource not accessible by integration (HTTP 403)")
    print(state["login"])
elif body and "PATCH" in arguments:
    (comment,) = [each for each in state["comments"] if where.endswith(f"/comments/{each['id']}")]
    comment["body"] = body[0]
elif body:
    comment = {"id": len(state["comments"]) + 1, "login": "github-actions[bot]", "bot": True}
    state["comments"].append(comment | {"body": body[0]})
else:
    for each in state["comments"]:
        fields = {"id": each["id"], "bot": each["bot"], "login": each["login"]}
        print(json.dumps(fields | {"start": each["body"][:200]}))
json.dump(state, open(path, "w"))
"""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.fixture
def image(tmp_path: Path) -> str:
    made = builder.image([builder.file("junk", 1_500_000)], [builder.whiteout("junk")])
    return str(builder.write_archive(tmp_path / "image.tar", builder.docker(made)))


def test_a_pass(runner: Runner, image: str) -> None:
    done = runner.step("run.py", INPUT_IMAGE=image, INPUT_SUMMARY="true")
    assert (done.returncode, done.stderr) == (0, "")
    reports = runner.folder / "imgdiag" / "reports"
    assert runner.outputs == {
        "code": "0",
        "verdict": "passed",
        "size": "1500000",
        "json": str(reports / "report.json"),
        "markdown": str(reports / "analysis.md"),
    }
    markdown = (reports / "analysis.md").read_text(encoding="utf-8")
    assert "1.5 MB" in markdown
    assert (runner.folder / "summary.md").read_text(encoding="utf-8") == f"{markdown}\n"


def test_a_failed_budget_is_no_failed_step(runner: Runner, image: str) -> None:
    done = runner.step("run.py", INPUT_IMAGE=image, INPUT_MAX_SIZE="1MB", INPUT_SUMMARY="false")
    assert done.returncode == 0
    assert (runner.outputs["code"], runner.outputs["verdict"]) == ("1", "failed")
    assert not (runner.folder / "summary.md").exists()


def test_findings_for_code_scanning(runner: Runner, image: str) -> None:
    runner.step("run.py", INPUT_IMAGE=image, INPUT_SARIF="true")
    sarif = json.loads(Path(runner.outputs["sarif"]).read_text(encoding="utf-8"))
    assert sarif["version"] == "2.1.0"
    assert [each["ruleId"] for each in sarif["runs"][0]["results"]] == ["deleted-later"]


def test_fail_on(runner: Runner, image: str) -> None:
    runner.step("run.py", INPUT_IMAGE=image, INPUT_FAIL_ON="safe")
    assert runner.outputs["verdict"] == "failed"


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"INPUT_IMAGE": "/none.tar"}, "3"),
        ({"INPUT_IMAGE": "--help"}, "3"),  # a reference, and no option
        ({"INPUT_IMAGE": "{image}", "INPUT_MAX_SIZE": "huge"}, "2"),
        ({"INPUT_IMAGE": "{image}", "INPUT_DOCKERFILE": "none"}, "2"),
    ],
)
def test_what_cannot_be_analysed(
    runner: Runner, image: str, variables: dict[str, str], code: str
) -> None:
    given = {name: value.format(image=image) for name, value in variables.items()}
    done = runner.step("run.py", DOCKER_HOST="unix:///none", INPUT_SUMMARY="true", **given)
    assert done.returncode == 0
    assert runner.outputs == {"code": code, "verdict": "error"}


@pytest.mark.parametrize(
    "variables", [{"INPUT_IMAGE": " "}, {"INPUT_IMAGE": "app", "INPUT_MAX_GROWTH": "5%"}]
)
def test_inputs_that_cannot_be(runner: Runner, variables: dict[str, str]) -> None:
    done = runner.step("run.py", **variables)
    assert done.returncode == 2
    assert done.stdout.startswith("::error title=imgdiag::The input ")


def test_what_the_image_says_is_no_command_to_the_runner(runner: Runner, image: str) -> None:
    lines = runner.step("run.py", INPUT_IMAGE=image).stdout.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert len(token) == 32
    assert lines.index(f"::{token}::") == len(lines) - 1


@pytest.mark.parametrize(
    ("code", "growth", "verdict"), [(0, "", "passed"), (1, "5%", "failed"), (3, "", "error")]
)
def test_beside_a_baseline(
    runner: Runner, image: str, code: int, growth: str, verdict: str
) -> None:
    """The comparison is made of the report that is there, and stands first in the comment."""
    (runner.folder / "bin" / "imgdiag").rename(runner.folder / "bin" / "real")
    runner.program(
        "imgdiag",
        f"""[ "$1" = compare ] || exec {runner.folder}/bin/real "$@"
        printf "%s\\n" "$@" > {runner.folder}/compared
        [ {code} = 3 ] || echo "## It grew" > {runner.folder}/imgdiag/reports/comparison.md
        exit {code}""",
    )
    runner.step("run.py", INPUT_IMAGE=image, INPUT_BASELINE="main.json", INPUT_MAX_GROWTH=growth)
    reports = runner.folder / "imgdiag" / "reports"
    assert (runner.folder / "compared").read_text(encoding="utf-8").split() == [
        "compare",
        *(["--max-growth", growth] if growth else []),
        *("-o", f"markdown={reports}/comparison.md", "--", "main.json", f"{reports}/report.json"),
    ]
    assert (runner.outputs["verdict"], runner.outputs["code"]) == (verdict, str(code))
    text = Path(runner.outputs["markdown"]).read_text(encoding="utf-8")
    assert text.startswith("## It grew\n" if code < 3 else "## ")
    assert text.endswith((reports / "analysis.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("allowed", "asked"), [(True, True), (False, False)])
def test_as_root_where_that_is_allowed(
    runner: Runner, image: str, allowed: bool, asked: bool
) -> None:
    runner.program(
        "sudo",
        f'printf "%s\\n" "$*" >> {runner.folder}/sudo\n[ "$2" = true ] && exit {int(not allowed)}\n'
        'shift 2; exec "$@"',
    )
    runner.step("run.py", INPUT_IMAGE=image, INPUT_SUDO="true")
    calls = (runner.folder / "sudo").read_text(encoding="utf-8").splitlines()
    assert calls[0] == "-n true"
    assert len(calls) == 1 + asked
    assert f"{runner.folder}/bin/imgdiag analyze" in calls[-1] or not asked
    assert runner.outputs["verdict"] == "passed"


def test_an_older_report_is_no_result(runner: Runner, image: str) -> None:
    runner.step("run.py", INPUT_IMAGE=image)
    (runner.folder / "output").unlink()
    runner.step("run.py", INPUT_IMAGE="/none.tar")
    assert "json" not in runner.outputs


# Commenting ---------------------------------------------------------------------------------------


@pytest.fixture
def report(runner: Runner) -> Path:
    path = runner.folder / "report.md"
    path.write_text("## The report\n", encoding="utf-8")
    return path


def comment(runner: Runner, report: Path, key: str = "image") -> subprocess.CompletedProcess[str]:
    done = runner.step("comment.py", INPUT_COMMENT_KEY=key, IMGDIAG_MARKDOWN=str(report))
    assert (done.returncode, done.stderr) == (0, "")
    return done


def test_a_comment_is_written_once_and_brought_up_to_date(runner: Runner, report: Path) -> None:
    comment(runner, report)
    report.write_text("## Another\n", encoding="utf-8")
    assert comment(runner, report).stdout == ""
    assert [each["body"] for each in runner.gh["comments"]] == [
        "<!-- imgdiag:image -->\n## Another\n"
    ]
    asked = [next(each for each in call if "/" in each) for call in runner.gh["calls"]]
    assert asked == [
        "repos/team/service/issues/7/comments?per_page=100",
        "repos/team/service/issues/7/comments",
        "repos/team/service/issues/7/comments?per_page=100",
        "repos/team/service/issues/comments/1",
    ]


def test_each_image_has_its_own(runner: Runner, report: Path) -> None:
    comment(runner, report, key="api")
    comment(runner, report, key="worker")
    comment(runner, report, key="api")
    assert [each["body"].splitlines()[0] for each in runner.gh["comments"]] == [
        "<!-- imgdiag:api -->",
        "<!-- imgdiag:worker -->",
    ]


def test_the_comment_of_a_person_is_not_written_over(runner: Runner, report: Path) -> None:
    text = "<!-- imgdiag:image -->\nhello"
    runner.set_gh(comments=[{"id": 1, "login": "mallory", "bot": False, "body": text}])
    comment(runner, report)
    assert [each["body"] for each in runner.gh["comments"]] == [
        text,
        "<!-- imgdiag:image -->\n## The report\n",
    ]


def test_with_a_token_of_ones_own(runner: Runner, report: Path) -> None:
    ours = {"id": 1, "login": "ada", "bot": False, "body": "<!-- imgdiag:image -->\nold"}
    runner.set_gh(comments=[ours], login="ada")
    comment(runner, report)
    assert [each["body"] for each in runner.gh["comments"]] == [
        "<!-- imgdiag:image -->\n## The report\n"
    ]


def test_a_fork_has_no_right_and_the_job_goes_on(runner: Runner, report: Path) -> None:
    runner.set_gh(refused="gh: Resource not accessible by integration (HTTP 403)")
    assert comment(runner, report).stdout == (
        "::notice title=imgdiag::No comment on the pull request; the job's summary has the report."
        " Commenting takes 'permissions: pull-requests: write' (gh: Resource not accessible by "
        "integration (HTTP 403))\n"
    )


def test_without_gh(runner: Runner, report: Path) -> None:
    (runner.folder / "bin" / "gh").unlink()
    done = runner.step("comment.py", IMGDIAG_MARKDOWN=str(report), PATH=str(runner.folder / "bin"))
    assert done.returncode == 0
    assert done.stdout.startswith("::notice title=imgdiag::No comment")


@pytest.mark.parametrize("event", [{}, {"pull_request": None}, {"pull_request": {"number": "x"}}])
def test_no_pull_request(runner: Runner, report: Path, event: dict[str, Any]) -> None:
    runner.event = event
    assert comment(runner, report).stdout == (
        "No pull request, so there is nothing to comment on.\n"
    )
    assert runner.gh["calls"] == []


@pytest.mark.parametrize(
    ("key", "marker"),
    [("", "image"), ("a--> <b>", "a-b"), ("x" * 300, "x" * 100), ("team/api.v2", "team/api.v2")],
)
def test_a_key_stays_in_its_marker(runner: Runner, report: Path, key: str, marker: str) -> None:
    comment(runner, report, key=key)
    body = runner.gh["comments"][0]["body"]
    assert body == f"<!-- imgdiag:{marker} -->\n## The report\n"


@pytest.mark.parametrize("is_open", [False, True])
def test_what_is_too_long_is_cut_between_paragraphs(
    runner: Runner, report: Path, is_open: bool
) -> None:
    paragraph = "word " * 100
    head = "<details>\n\n" if is_open else ""
    report.write_text(head + f"{paragraph}\n\n" * 200, encoding="utf-8")
    comment(runner, report)
    body = runner.gh["comments"][0]["body"]
    assert 60_000 < len(body) < 65_536
    assert body.count("<details>") == body.count("</details>") == is_open
    assert body.endswith("The rest is cut: a comment has a limit. The job's summary has it all.\n")
    assert all(len(line) in (0, 500) for line in body.splitlines()[2 + is_open : -4])
