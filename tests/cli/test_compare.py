from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import builder
from tests.cli.conftest import SIZE, Run

ROOT = Path(__file__).parents[2]
BEFORE = ROOT / "fixtures/ml-service/before.oci.tar"
AFTER = ROOT / "fixtures/ml-service/after.oci.tar"


@pytest.fixture
def larger(tmp_path: Path) -> Path:
    """Return the image of `archive` with 700,000 bytes more in a layer of their own."""
    image = builder.image(
        [
            builder.folder("app"),
            builder.file("app/kept", 2_000_000),
            builder.file("app/junk", 1_500_000),
        ],
        [builder.whiteout("app/junk")],
        [builder.file("srv/model", 700_000)],
        created_by=(
            "RUN /bin/sh -c make # buildkit",
            "RUN /bin/sh -c rm /app/junk # buildkit",
            "COPY model /srv/model # buildkit",
        ),
    )
    return builder.write_archive(tmp_path / "larger.tar", builder.docker(image))


def test_what_grew(run: Run, archive: Path, larger: Path) -> None:
    result = run("compare", "-q", archive, larger)
    assert result.exit_code == 0
    assert "grew by 700.0 kB, 3.5 MB → 4.2 MB; +20 %" in result.output
    assert "made by layer 2 (COPY model /srv/model)" in result.output
    assert "2 shared, 1 new; who has BASE stores 700.0 kB more for HEAD" in result.output


def test_an_image_beside_itself(run: Run, archive: Path) -> None:
    result = run("compare", "-q", archive, archive, "--max-growth", "0")
    assert result.exit_code == 0
    assert "nothing changed, 3.5 MB" in result.output


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (["700kB"], 0),
        (["699999"], 1),
        (["20%"], 0),
        (["19.9%"], 1),
        (["1GB", "1%"], 1),
    ],
)
@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_the_exit_code_is_the_gates_in_every_format(
    run: Run, archive: Path, larger: Path, limits: list[str], code: int, format_: str
) -> None:
    options = [part for limit in limits for part in ("--max-growth", limit)]
    assert run("compare", "-q", archive, larger, *options, "-f", format_).exit_code == code
    assert run("compare", "-q", larger, archive, *options, "-f", format_).exit_code == 0


@pytest.mark.parametrize("saved", ["base", "head", "both"])
@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_saved_reports_take_the_place_of_images(
    run: Run, archive: Path, larger: Path, tmp_path: Path, saved: str, format_: str
) -> None:
    live = run("compare", "-q", archive, larger, "-f", format_)
    references = [archive, larger]
    for index, name in enumerate(("base", "head")):
        if saved in (name, "both"):
            path = tmp_path / f"{name}.report"  # what it is, its content tells
            run("analyze", "-q", references[index], "-o", f"json={path}")
            references[index] = path
    assert run("compare", "-q", *references, "-f", format_).output == live.output


def test_the_real_service_by_its_saved_reports(run: Run, tmp_path: Path) -> None:
    live = run("compare", "-q", AFTER, BEFORE, "-f", "json")
    for path in (BEFORE, AFTER):
        run("analyze", "-q", path, "-o", f"json={tmp_path / path.name}.json")
    saved = run(
        "compare", tmp_path / "after.oci.tar.json", tmp_path / "before.oci.tar.json", "-f", "json"
    )
    assert saved.output == live.output
    found = json.loads(live.output)
    assert sum(each["growth"] for each in found["causes"]) == found["growth"]["bytes"]
    assert found["growth"]["bytes"] == 16_109_489_270


def test_budgets_of_growth_of_the_configuration(
    run: Run, archive: Path, larger: Path, tmp_path: Path
) -> None:
    config = tmp_path / "budgets.toml"
    config.write_text(
        '[budgets.step]\nof = "growth"\nmax = "10%"\nmessage = "Say why in the pull request."\n'
        '[budgets.image]\nmax = "1 B"\n'
    )
    result = run("compare", "-q", archive, larger, "--config", config)
    assert result.exit_code == 1
    assert "✗ step: 20.0 % growth, the limit is 10 %: 700.0 kB (700,000 bytes)" in result.output
    assert "Say why in the pull request." in result.output
    assert "image:" not in result.output
    assert run("compare", "-q", archive, larger, "--config", config, "--no-config").exit_code == 2
    assert run("compare", "-q", larger, archive, "--config", config).exit_code == 0


def test_reports_are_written_too(run: Run, archive: Path, larger: Path, tmp_path: Path) -> None:
    result = run(
        "compare", "-q", archive, larger, "-o", f"json={tmp_path / 'a'}", "-o", "markdown=-"
    )
    assert result.output.startswith("## <code>")
    assert json.loads((tmp_path / "a").read_text())["growth"]["bytes"] == 700_000


def test_a_pipe_is_one_of_both(run: Run, archive: Path, larger: Path) -> None:
    result = run("compare", "-q", "-", larger, stdin=archive.read_bytes())
    assert result.exit_code == 0
    assert "grew by 700.0 kB" in result.output
    assert run("compare", "-", "-").exit_code == 2


@contextmanager
def piped(path: Path, *, at_a_time: int = 0) -> Iterator[str]:
    """Yield a name under which the bytes of `path` come through a pipe, once."""
    reading, writing = os.pipe()

    def write() -> None:
        data = path.read_bytes()
        step = at_a_time or len(data)
        with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb", buffering=0) as pipe:
            while data:
                data = data[pipe.write(data[:step]) :]

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)
        writer.join()


@pytest.fixture
def report(run: Run, archive: Path, tmp_path: Path) -> Path:
    path = tmp_path / "main.json"
    run("analyze", "-q", archive, "-o", path)
    return path


def test_a_saved_report_may_come_through_a_pipe(
    run: Run, archive: Path, larger: Path, report: Path
) -> None:
    live = run("compare", "-q", archive, larger).output
    assert run("compare", "-q", "-", larger, stdin=report.read_bytes()).output == live
    with piped(report) as base:
        assert run("compare", "-q", base, larger).output == live
    with piped(report, at_a_time=100) as base, piped(larger) as head:
        assert run("compare", "-q", base, head).output == live.replace(
            "docker-archive, by file", "docker-archive, by stream"
        ).replace("by stream", "by file", 1).replace(str(larger), head)


def test_what_is_no_report_in_a_pipe(run: Run, archive: Path, tmp_path: Path) -> None:
    result = run("compare", "-q", "-", archive, stdin=b'{"a": 1}')
    assert result.exit_code == 3
    assert "standard input: is JSON and no report of imgdiag's" in result.output
    path = tmp_path / "cut.json"
    path.write_text('{"schema_version": 1, "sizes"')
    with piped(path) as base:
        result = run("compare", "-q", base, archive)
    assert result.exit_code == 3
    assert f"{base}: is cut off, or is not valid JSON" in result.output


def test_a_saved_report_is_no_image_to_analyse(run: Run, report: Path) -> None:
    hint = (
        "is JSON and no image. A report that was saved with -o json=PATH is for 'imgdiag compare'"
    )
    assert run("analyze", report).output == f"imgdiag: main.json: {hint}\n"
    result = run("analyze", "-q", "-", stdin=report.read_bytes())
    assert (result.exit_code, result.output) == (3, f"imgdiag: standard input: {hint}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--max-growth", "x"), "500MB or in bytes, or in per cent as 5%"),
        (("--max-growth", "-1%"), "is no percentage"),
        (("--top", "0"), "not in the range"),
        (("-o", "text"), "is not FORMAT=PATH"),
        (("-o", "sarif=x"), "is not FORMAT=PATH"),
        (("-o", "json=-", "-o", "text=-"), "only one report"),
    ],
)
def test_wrong_usage(run: Run, archive: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run("compare", archive, archive, *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_what_is_not_whole_fails_unless_it_may(run: Run, partial: Path) -> None:
    assert run("compare", "-q", partial, partial).exit_code == 1
    assert run("compare", "-q", partial, partial, "--allow-partial").exit_code == 0


def test_what_cannot_be_read(run: Run, archive: Path, tmp_path: Path) -> None:
    result = run("compare", "-q", archive, tmp_path / "none.tar")
    assert result.exit_code == 3
    broken = tmp_path / "broken.json"
    broken.write_text('{"schema_version": 1,')
    result = run("compare", "-q", broken, archive)
    assert result.exit_code == 3
    assert f"imgdiag: {broken}: is cut off, or is not valid JSON" in result.output
    # Reports are read first, however long an image takes.
    assert str(broken) in run("compare", "-q", tmp_path / "none.tar", broken).output
    comparison = tmp_path / "comparison.json"
    run("compare", "-q", archive, archive, "-o", f"json={comparison}")
    result = run("compare", "-q", comparison, archive)
    assert result.exit_code == 3
    assert "is a comparison, not the report of one image" in result.output


def test_the_size_is_that_of_the_analysis(run: Run, archive: Path) -> None:
    found = json.loads(run("compare", "-q", archive, archive, "-f", "json").output)
    assert found["unchanged"] is True
    assert found["sizes"]["layer_bytes"] == {"base": SIZE, "head": SIZE, "growth": 0}
    assert found["growth"] == {"bytes": 0, "percent": 0.0}
    assert found["causes"] == []
