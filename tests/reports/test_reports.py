from __future__ import annotations

import json
from dataclasses import replace

import pytest

from imgdiag.gate.gate import Budgets, Gate, judge
from imgdiag.reports import Style, formats, render
from imgdiag.rules.rule import ExampleLayer
from tests.made import SITE, analysed, distribution
from tests.reports import images


def text(**style: int) -> str:
    return render("text", images.service(), Gate(()), Style(**style))  # type: ignore[arg-type]


def test_the_formats() -> None:
    assert formats() == ("github", "html", "json", "junit", "markdown", "sarif", "text")


@pytest.mark.parametrize("width", [20, 60, 72, 100, 120, 400])
def test_the_text_keeps_to_the_page(width: int) -> None:
    lines = text(width=width).splitlines()
    snippets = {
        line for finding in images.service().findings for line in finding.fix.snippet.splitlines()
    }
    page = [line for line in lines if line.strip() not in {each.strip() for each in snippets}]
    # Tables have numbers that are never cut: below 80 columns they may stick out.
    assert max(len(line) for line in page) <= max(width, 80)
    assert max(len(line) for line in page if not line.startswith("  ")) <= max(width, 60)
    assert not [line for line in lines if line != line.rstrip()]


def test_snippets_are_never_cut() -> None:
    [first, *_] = [finding for finding in images.service().findings if finding.rule == "cuda-torch"]
    for line in first.fix.snippet.splitlines():
        assert f"       {line}" in text(width=60)


def test_an_image_without_python_says_nothing_of_it() -> None:
    for format_ in ("text", "markdown"):
        report = render(format_, images.no_python(), Gate(()), Style())
        assert "Python" not in report
        assert "Nothing here to mend" in report


@pytest.mark.parametrize("format_", formats())
def test_an_image_without_layers_can_be_shown(format_: str) -> None:
    assert render(format_, images.empty(), Gate(()), Style(details=True))


@pytest.mark.parametrize("format_", formats())
def test_what_was_not_read_is_told(format_: str) -> None:
    analysis = images.partial()
    report = render(format_, analysis, judge(analysis, Budgets()), Style())
    assert "its blob is not in the archive" in report
    if format_ == "text":
        assert "size unknown" in report
    if format_ == "json":
        found = json.loads(report)
        assert found["skipped"][0]["reason"] == "its blob is not in the archive"
        assert found["gate"]["passed"] is False
        assert found["sizes"]["transfer_bytes"] is None


def test_json_has_the_keys_of_its_version() -> None:
    found = json.loads(render("json", images.service(), Gate(()), Style()))
    assert list(found) == [
        "schema_version", "image", "sizes", "dockerfile", "layers", "history", "waste", "usage",
        "largest_files", "purpose", "torch", "environments", "interpreters", "packages",
        "system_packages", "unattributed_bytes", "unattributed", "folders", "findings",
        "prediction", "skipped", "warnings", "gate",
    ]  # fmt: skip
    sizes = found["sizes"]
    assert sizes["layer_bytes"] == sizes["visible_bytes"] + sizes["wasted_bytes"]
    assert sizes["layer_bytes"] == sum(layer["layer_bytes"] for layer in found["layers"])
    assert sizes["wasted_bytes"] == sum(waste["bytes"] for waste in found["waste"])
    assert sizes["visible_bytes"] == found["unattributed_bytes"] + sum(
        package["bytes"] for package in (*found["packages"], *found["system_packages"])
    )
    assert found["unattributed_bytes"] == sum(row["bytes"] for row in found["unattributed"])
    assert found["prediction"]["review"]["bytes"] == sum(
        fix["bytes"] for fix in found["prediction"]["fixes"]
    )


def test_reports_are_the_same_each_time() -> None:
    for format_ in formats():
        assert len({render(format_, images.service(), Gate(()), Style()) for _ in range(3)}) == 1


def torch(site: str = SITE) -> dict[str, int | str]:
    return {
        **distribution("torch", {"torch/version.py": "cuda = '12.1'\n", "torch/lib/x_cuda.so":
                                 30_000_000}, requires=["nvidia-cudnn-cu12"], site=site),
        **distribution("nvidia-cudnn-cu12", {"nvidia/cudnn.so": 500_000_000}, site=site),
        f"{SITE}/pandas/tests/test_a.py": 20_000_000,
    }  # fmt: skip


@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_risky_mends_are_told_and_not_put_first(format_: str) -> None:
    layers = (
        ExampleLayer(created_by="RUN pip install torch", files=torch()),
        ExampleLayer(created_by="RUN rm -rf nvidia", deletes=(f"{SITE}/nvidia",)),
    )
    analysis = analysed(*layers, environment={"NVIDIA_VISIBLE_DEVICES": "all"})
    report = render(format_, analysis, Gate(()), Style())
    causes, mends = report.split("Do this first")
    assert "nvidia-dirs-deleted" in causes
    assert "nvidia-dirs-deleted" not in mends
    assert "pandas/tests" in mends


@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_one_mend_for_two_findings_is_told_once(format_: str) -> None:
    two = {**torch(), **torch("opt/tool/lib/python3.12/site-packages")}
    layer = ExampleLayer(created_by="RUN pip install torch", files=two)
    report = render(format_, analysed(layer), Gate(()), Style())
    assert report.count("cuda-torch") == 2  # once for both as a reason, once among the mends
    assert report.count("Install the CPU build of torch") == 1


@pytest.mark.parametrize("format_", [each for each in formats() if each != "sarif"])
def test_failed_budgets_show(format_: str) -> None:
    analysis = images.no_python()
    report = render(format_, analysis, judge(analysis, Budgets(max_size=1)), Style())
    assert "max-size" in report
    assert {
        "text": "FAILED",
        "markdown": "Budgets: failed",
        "json": '"passed": false',
        "junit": "<failure",
        "github": "::error",
        "html": '"passed":false',
    }[format_] in report
    assert "14,000,000 bytes" in report


def test_mends_of_one_run_are_put_together() -> None:
    layers = [
        ExampleLayer(
            created_by="RUN /bin/sh -c make",
            files={"root/.cache/pip/http/a": 900_000_000, "app/junk": 800_000_000, "app/a": 10},
        ),
        ExampleLayer(created_by="RUN /bin/sh -c rm -r /root/.cache", deletes=("root/.cache",)),
        ExampleLayer(created_by="RUN /bin/sh -c rm /app/junk || true", deletes=("app/junk",)),
    ]
    report = render("text", analysed(*layers), Gate(()), Style())
    first, second = report.split("Do this first")[1].split("Then it will be")[0].split("  2. ")
    assert "     RUN --mount=type=cache,target=/root/.cache/pip \\\n           make\n" in first
    assert "together with the mend above" in second
    assert (
        "       RUN --mount=type=cache,target=/root/.cache/pip \\\n"
        "           make \\\n"
        "        && ( rm /app/junk || true )\n"
    ) in second
    assert "900.0 MB less" in first
    assert "800.0 MB less" in second
    assert "after all 2 safe mends" in report


def test_mends_of_a_run_go_with_it_to_where_it_moves() -> None:
    archives = {"var/cache/apt/a.deb": 700_000_000}
    layers = [
        ExampleLayer(created_by="RUN apt-get update", files={"var/lib/apt/lists/a": 500_000_000}),
        ExampleLayer(created_by="RUN apt-get install a", files={**archives, "etc/a": 5}),
    ]
    report = render("text", analysed(*layers), Gate(()), Style())
    first, second = report.split("Do this first")[1].split("Then it will be")[0].split("  2. ")
    assert "       RUN apt-get install a \\\n        && apt-get clean\n" in first
    assert "together with the mend above" in second
    assert (
        "       RUN apt-get update \\\n"
        "        && apt-get install a \\\n"
        "        && rm -rf /var/lib/apt/lists/* \\\n"
        "        && apt-get clean\n"
    ) in second


@pytest.mark.parametrize("format_", formats())
def test_the_slow_way_is_told_with_its_reason(format_: str) -> None:
    slow = replace(images.service(), route="save", route_note="by docker save, as it is far")
    assert "by docker save, as it is far" in render(format_, slow, Gate(()), Style())
