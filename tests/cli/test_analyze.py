from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from imgdiag.cli import _options
from imgdiag.reports import formats
from tests import builder
from tests.cli.conftest import DELETED, KEPT, SIZE, Run

ROOT = Path(__file__).parents[2]
FORMATS = pytest.mark.parametrize("format_", formats())


@FORMATS
@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 0),
        ([f"--max-size={SIZE}"], 0),
        ([f"--max-size={SIZE - 1}"], 1),
        ([f"--max-layer={SIZE}"], 0),
        ([f"--max-layer={SIZE - 1}"], 1),
        ([f"--max-waste={DELETED}"], 0),
        ([f"--max-waste={DELETED - 1}"], 1),
        (["--max-waste-percent=43"], 0),
        (["--max-waste-percent=42.8"], 1),
        (["--max-download=1TB"], 1),  # not known: the archive's layers are not compressed
        (["--fail-on=never"], 0),
        (["--fail-on=safe"], 1),
        (["--fail-on=review"], 1),
        (["--fail-on=risky"], 1),
        (["--max-size=1GB", "--max-waste=0"], 1),
    ],
)
def test_the_verdict_is_the_same_in_every_format(
    run: Run, archive: Path, format_: str, options: list[str], code: int
) -> None:
    result = run("analyze", archive, "--format", format_, *options)
    assert result.exit_code == code
    assert result.stderr == ""
    if format_ == "json":
        assert json.loads(result.stdout)["gate"]["passed"] is (code == 0)


@FORMATS
def test_a_partial_image_does_not_pass_unless_told_to(
    run: Run, partial: Path, format_: str
) -> None:
    assert run("analyze", partial, "-f", format_).exit_code == 1
    assert run("analyze", partial, "-f", format_, "--allow-partial").exit_code == 0


def test_the_numbers(run: Run, archive: Path) -> None:
    found = json.loads(run("analyze", archive, "-f", "json").stdout)
    assert found["sizes"]["layer_bytes"] == SIZE
    assert found["sizes"]["visible_bytes"] == KEPT
    assert found["sizes"]["wasted_bytes"] == DELETED
    assert found["image"]["reference"] == "app:1"
    [finding] = found["findings"]
    assert (finding["rule"], finding["bytes"]) == ("deleted-later", DELETED)
    assert finding["fix"]["snippet"] == (
        "# keep the --mount flags of your own RUN: an image does not record them\n"
        "RUN make \\\n && rm /app/junk"
    )
    assert found["prediction"]["safe"]["layer_bytes"] == KEPT


@pytest.mark.parametrize("format_", [each for each in formats() if each != "sarif"])
@pytest.mark.parametrize(
    ("size", "count"), [("3MB", "3,000,000"), ("3MiB", "3,145,728"), ("1.1 mb", "1,100,000")]
)
def test_budgets_are_echoed_in_exact_bytes(
    run: Run, archive: Path, format_: str, size: str, count: str
) -> None:
    result = run("analyze", archive, "-f", format_, "--max-size", size)
    assert result.exit_code == 1
    text = " ".join(result.stdout.split())
    assert f"({count} bytes)" in text
    assert f"({SIZE:,} bytes)" in text


# Several reports


def test_reports_go_to_files_beside_the_one_on_standard_output(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    result = run(
        "analyze", archive, "-o", f"json={tmp_path / 'a.json'}", "-o", f"markdown={tmp_path / 'b'}"
    )
    assert "Layers that matter" in result.stdout
    assert json.loads((tmp_path / "a.json").read_text())["schema_version"] == 1
    assert (tmp_path / "b").read_text().startswith("## ")


def test_a_dash_takes_the_place_of_the_report_on_standard_output(run: Run, archive: Path) -> None:
    result = run("analyze", archive, "-f", "text", "-o", "json=-")
    assert json.loads(result.stdout)["schema_version"] == 1
    both = run("analyze", archive, "-o", "json=-", "-o", "markdown=-")
    assert both.exit_code == 2
    assert "only one report" in both.stderr


def test_a_report_that_cannot_be_written_is_told_before_the_work(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    result = run("analyze", archive, "-o", f"json={tmp_path}")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "cannot write" in result.stderr


def test_a_path_may_hold_an_equals_sign(run: Run, archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "a=b.json"
    assert run("analyze", archive, "-o", f"json={path}").exit_code == 0
    assert path.exists()


def test_files_are_written_even_when_a_budget_fails(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    assert run("analyze", archive, "-o", f"json={path}", "--max-size=1").exit_code == 1
    assert json.loads(path.read_text())["gate"]["passed"] is False


@pytest.mark.parametrize("where", ["no/such/folder/a.json", "."])
def test_an_output_that_cannot_be_written(
    run: Run, archive: Path, tmp_path: Path, where: str
) -> None:
    result = run("analyze", archive, "-o", f"json={tmp_path / where}")
    assert result.exit_code == 3
    assert result.stderr.startswith("imgdiag: cannot write ")
    assert result.stderr.count("\n") == 1


# Wrong usage


@pytest.mark.parametrize(
    "options",
    [
        ["--max-size=big"],
        ["--max-size=-1"],
        ["--max-size=4XB"],
        ["--max-waste-percent=101"],
        ["--max-waste-percent=many"],
        ["--fail-on=always"],
        ["--format=yaml"],
        ["-o", "json"],
        ["-o", "json="],
        ["-o", "yaml=x"],
        ["-o", "=x"],
        ["--platform=linux"],
        ["--platform=linux/"],
        ["--platform=a/b/c/d"],
        ["--nonsense"],
        ["another"],
    ],
)
def test_wrong_usage(run: Run, archive: Path, options: list[str]) -> None:
    result = run("analyze", archive, *options)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr
    assert result.stdout == ""


def test_a_bad_size_says_how_to_write_one(run: Run, archive: Path) -> None:
    stderr = run("analyze", archive, "--max-size", "4 gigs").stderr
    assert "'4 gigs' is no size; write it as 4GB, 3.5GiB, 500MB or in bytes" in stderr


def test_a_reference_is_needed(run: Run) -> None:
    assert run("analyze").exit_code == 2


# What cannot be analysed


def one_line(text: str, *parts: str) -> bool:
    """Tell whether `text` is one line of ours that holds `parts`."""
    return (
        text.startswith("imgdiag: ")
        and text.count("\n") == 1
        and "Traceback" not in text
        and all(part in text for part in parts)
    )


@FORMATS
def test_no_such_file(run: Run, tmp_path: Path, format_: str) -> None:
    result = run("analyze", tmp_path / "none.tar", "-f", format_)
    assert result.exit_code == 3
    assert one_line(result.stderr, "none.tar", "does not exist")
    assert result.stdout == ""


@pytest.mark.parametrize(
    "content", [b"", b"no archive at all\n" * 100, bytes(10_240), b"\x1f\x8b\x08 broken", b"PK\3\4"]
)
def test_not_an_archive(run: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(content)
    result = run("analyze", path)
    assert result.exit_code == 3
    assert one_line(result.stderr)


def test_an_archive_cut_short(run: Run, archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:100_000])
    result = run("analyze", archive)
    assert result.exit_code == 3
    assert one_line(result.stderr)


def test_a_folder_without_an_image(run: Run, tmp_path: Path) -> None:
    result = run("analyze", f"{tmp_path}")
    assert result.exit_code == 3
    assert one_line(result.stderr, "folder")


def test_no_engine() -> None:
    # In a process of its own: the engine's client leaves a socket open when nobody answers.
    result = subprocess.run(
        [sys.executable, "-m", "imgdiag", "analyze", "some/tag:1.0"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "DOCKER_HOST": "unix:///nonexistent/docker.sock"},
        check=False,
    )
    assert (result.returncode, result.stdout) == (3, "")
    assert one_line(result.stderr, "some/tag:1.0", "DOCKER_HOST")


def test_a_hostile_name_is_harmless_in_an_error(run: Run, tmp_path: Path) -> None:
    result = run("analyze", tmp_path / "a\x1b[31m\nb.tar")
    assert result.exit_code == 3
    assert "\x1b" not in result.stderr
    assert one_line(result.stderr)


# Sources


def test_an_archive_on_standard_input(run: Run, archive: Path) -> None:
    result = run("analyze", "-", "-f", "json", stdin=archive.read_bytes())
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["sizes"]["layer_bytes"] == SIZE


def test_an_oci_folder(run: Run, tmp_path: Path) -> None:
    image = builder.image([builder.file("a", 10)])
    folder = builder.write_folder(tmp_path / "layout", builder.oci(image))
    found = json.loads(run("analyze", folder, "-f", "json").stdout)
    assert found["sizes"]["layer_bytes"] == 10
    assert found["sizes"]["transfer_bytes"] > 0


def test_a_download_at_its_limit(run: Run, tmp_path: Path) -> None:
    image = builder.image([builder.file("a", 1_000)])
    path = builder.write_archive(tmp_path / "a.tar", builder.oci(image))
    size = json.loads(run("analyze", path, "-f", "json").stdout)["sizes"]["transfer_bytes"]
    assert run("analyze", path, f"--max-download={size}").exit_code == 0
    assert run("analyze", path, f"--max-download={size - 1}").exit_code == 1


# The terminal


def test_colour_is_for_terminals_without_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert _options.terminal_style().color
    monkeypatch.setenv("NO_COLOR", "1")
    assert not _options.terminal_style().color
    monkeypatch.setenv("NO_COLOR", "")  # empty counts as not set
    assert _options.terminal_style().color
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert not _options.terminal_style().color


def in_terminal(archive: Path, **environment: str) -> bytes:
    """Return what the command writes to a pseudo-terminal."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    variables = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "imgdiag", "analyze", str(archive)],
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**variables, "TERM": "xterm", **environment},
    )
    os.close(theirs)
    written = b""
    try:
        while data := os.read(ours, 65_536):
            written += data
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    assert process.wait() == 0
    return written


def test_a_terminal_gets_colour_and_no_color_takes_it_away(archive: Path) -> None:
    assert b"\x1b[" in in_terminal(archive)
    assert b"\x1b" not in in_terminal(archive, NO_COLOR="1")


def test_standard_output_of_another_encoding_does_not_break_it(archive: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "imgdiag", "analyze", str(archive), "--max-size=1"],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert result.returncode == 1
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("options", "purpose"),
    [
        ([], {"target": "unknown", "evidence": None, "declared": False}),
        (["--gpu"], {"target": "gpu", "evidence": "--gpu", "declared": True}),
        (["--cpu"], {"target": "cpu", "evidence": "--cpu", "declared": True}),
    ],
)
def test_what_the_image_is_meant_to_run_on(
    run: Run, archive: Path, options: list[str], purpose: dict[str, object]
) -> None:
    found = json.loads(run("analyze", archive, "-f", "json", *options).stdout)
    assert found["purpose"] == purpose


def test_imports_are_checked_when_asked_for(run: Run, tmp_path: Path) -> None:
    site = "app/lib/python3.11/site-packages"
    image = builder.image(
        [
            builder.file(f"{site}/pkg/tests/test_a.py", b"import pkg  # " + b"x" * 2_000_000),
            builder.file(f"{site}/pkg/a.py", b"import os"),
        ]
    )
    archive = builder.write_archive(tmp_path / "image.tar", builder.docker(image))
    plain, checked = run("analyze", archive), run("analyze", archive, "--check-imports")
    assert "2.0 MB  test-dirs  (review)" in plain.output
    assert "2.0 MB  test-dirs  (safe)" in checked.output
    assert run("analyze", archive, "--fail-on", "safe").exit_code == 0
    assert run("analyze", archive, "--fail-on", "safe", "--check-imports").exit_code == 1


def test_a_quick_look_cannot_check_imports(run: Run) -> None:
    result = run("analyze", "tag", "--quick", "--check-imports")
    assert result.exit_code == 2
    assert "--quick reads no sources" in result.output
