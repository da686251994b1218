"""What a build's own clean-up breaks: told without bytes, and never for what is harmless."""

from __future__ import annotations

import pytest

from imgdiag.finding import Finding, Safety, Severity
from imgdiag.gate.gate import Gate
from imgdiag.reports import Style, render
from imgdiag.rules import dist_info_deletion, license_deletion, pyc_compiled_then_deleted
from imgdiag.rules.rule import ExampleLayer
from tests.made import SITE, analysed, distribution, facts_of, made_facts, only

INSTALL = "RUN /bin/sh -c .venv/bin/pip install -r requirements.txt # buildkit"


def compiled(cleaner: str, installer: str = INSTALL, **options: object) -> list[Finding]:
    facts = made_facts(
        ExampleLayer(created_by=installer, files={f"{SITE}/a.py": 1}),
        ExampleLayer(created_by=f"RUN /bin/sh -c {cleaner}"),
        **options,  # type: ignore[arg-type]
    )
    return list(pyc_compiled_then_deleted.RULE.run(facts))


@pytest.mark.parametrize(
    "cleaner",
    [
        "find .venv -type d -name __pycache__ -exec rm -r {} + 2>/dev/null || true",
        "find / -name '*.pyc' -delete",
        "find . -name '*.py[co]' -delete",
        'find . -name "__pycache__" -print0 | xargs -0 rm -rf',
        "rm -rf /app/__pycache__ /app/x/__pycache__",
        "pyclean .",
    ],
)
def test_byte_code_compiled_and_deleted(cleaner: str) -> None:
    [finding] = compiled(cleaner)
    assert finding.hazard
    assert finding.severity is Severity.WARNING
    assert finding.bytes == 0
    assert finding.claim.layers == (1,)
    assert "layer 0 (RUN .venv/bin/pip install -r requirements.txt) had compiled" in finding.message
    assert finding.fix.snippet == (
        "# never compiled: smaller, and slower to start\n"
        "RUN .venv/bin/pip install --no-compile -r requirements.txt"
    )


@pytest.mark.parametrize(
    ("cleaner", "installer"),
    [
        ("find .venv -name __pycache__ -exec rm -r {} +", "RUN pip install --no-compile a"),
        ("find .venv -name __pycache__ -exec rm -r {} +", "RUN uv sync"),
        ("find .venv -name tests -exec rm -r {} +", INSTALL),
        ("find .venv -name __pycache__", INSTALL),
        ("ls __pycache__", INSTALL),
    ],
)
def test_nothing_compiled_or_nothing_deleted(cleaner: str, installer: str) -> None:
    assert not compiled(cleaner, installer)


def test_uv_compiles_when_a_variable_says_so() -> None:
    [finding] = compiled(
        "find . -name '*.pyc' -delete", "RUN uv sync", environment={"UV_COMPILE_BYTECODE": "1"}
    )
    assert "UV_COMPILE_BYTECODE=1 had compiled" in finding.message
    assert finding.fix.snippet.endswith("ENV UV_COMPILE_BYTECODE=0")


def test_what_a_copy_brought_is_seen_to_go() -> None:
    facts = made_facts(
        ExampleLayer(created_by="COPY /a /a", files={"a/__pycache__/x.cpython-311.pyc": 10}),
        ExampleLayer(
            created_by="RUN find / -name __pycache__ -exec rm -r {} +", deletes=("a/__pycache__",)
        ),
    )
    finding = only(pyc_compiled_then_deleted.RULE, facts)
    assert "byte-code that layer 0 (COPY /a /a) brings" in finding.message


def packages(count: int, *, kept: bool = False) -> dict[str, int | str]:
    files: dict[str, int | str] = {}
    for index in range(count):
        name = f"p{index}"
        info = f"{name}-1.0.dist-info"
        record = f"{name}.py,,\n{info}/METADATA,,\n{info}/licenses/LICENSE.txt,sha256=x,5\n"
        files |= distribution(name, {f"{name}.py": 1}, record=record)
        if kept and index:
            files[f"{SITE}/{info}/licenses/LICENSE.txt"] = 5
    return files


def test_licences_that_are_gone() -> None:
    finding = only(license_deletion.RULE, facts_of(packages(3), "COPY /app /app"))
    assert finding.safety is Safety.RISKY
    assert "the licence texts of 3 packages were deleted (p0, p1, p2 …)" in finding.message
    assert finding.claim.layers == (0,)


@pytest.mark.parametrize(("count", "kept"), [(2, False), (3, True), (0, False)])
def test_one_or_two_may_be_their_makers_mistake(count: int, kept: bool) -> None:
    assert not list(license_deletion.RULE.run(facts_of(packages(count, kept=kept))))


def test_the_run_that_deletes_licences_is_named() -> None:
    facts = made_facts(
        ExampleLayer(created_by="COPY /app /app", files=packages(3)),
        ExampleLayer(created_by="RUN find /app -name 'LICENSE*' -delete"),
    )
    fix = only(license_deletion.RULE, facts).fix
    assert fix.snippet.endswith("RUN find /app -name 'LICENSE*' -delete")


CLEAN = "RUN find /app -name '*.dist-info' -exec rm -r {} +"


def metadata(version: str = "1.0") -> dict[str, int | str]:
    return distribution("plotly", {"plotly/__init__.py": 1}, version=version)


def test_metadata_deleted_in_a_later_layer() -> None:
    facts = made_facts(
        ExampleLayer(created_by="COPY /app /app", files=metadata()),
        ExampleLayer(created_by=CLEAN, deletes=(f"{SITE}/plotly-1.0.dist-info",)),
    )
    finding = only(dist_info_deletion.RULE, facts)
    assert "deletes the metadata of 1 package (plotly), whose code stays" in finding.message
    assert finding.hazard


def test_metadata_deleted_in_the_same_run_is_told_by_its_command() -> None:
    facts = facts_of({f"{SITE}/plotly/a.py": 1}, f"{INSTALL[:-11]} && {CLEAN[4:]}")
    assert "packages' metadata (*.dist-info)" in only(dist_info_deletion.RULE, facts).message


def test_an_uninstall_and_an_upgrade_are_fine() -> None:
    first = ExampleLayer(created_by="RUN pip install plotly", files=metadata())
    gone = ExampleLayer(
        created_by="RUN pip uninstall -y plotly",
        deletes=(f"{SITE}/plotly", f"{SITE}/plotly-1.0.dist-info"),
    )
    newer = ExampleLayer(
        created_by="RUN pip install -U plotly",
        files=metadata("2.0"),
        deletes=(f"{SITE}/plotly-1.0.dist-info",),
    )
    for second in (gone, newer):
        assert not list(dist_info_deletion.RULE.run(made_facts(first, second)))


@pytest.mark.parametrize(
    "command", ["ls *.dist-info", "find / -name '*.dist-info'", "rm -rf build dist"]
)
def test_commands_that_leave_metadata_alone(command: str) -> None:
    assert not list(dist_info_deletion.RULE.run(facts_of({"a": 1}, f"RUN {command}")))


@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_a_report_has_hazards_apart(format_: str) -> None:
    report = render(
        format_,
        analysed(ExampleLayer(created_by="COPY /app /app", files=packages(3))),
        Gate(()),
        Style(),
    )
    reasons, care = report.split("Take care")
    assert "license-deletion" in care
    assert "license-deletion" not in reasons
    assert "Nothing here to mend" in reasons
    assert "0 B" not in report
