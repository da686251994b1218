"""The ways to an engine's image: what each says, and what is left behind when one is cut off."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .engine import Engine
from .report import Report, analyze, inspect


@pytest.fixture(scope="module")
def whole(engine: Engine, wasteful_image: str) -> Report:
    return analyze(engine, wasteful_image)


def test_quick_knows_what_is_visible(engine: Engine, wasteful_image: str, whole: Report) -> None:
    quick = analyze(engine, wasteful_image, "--quick")
    assert quick["image"]["route"] == "quick"
    assert quick["image"]["id"] == whole["image"]["id"]
    # The scan runs as root without capabilities: what only _apt may read is listed as skipped.
    assert quick["sizes"]["visible_bytes"] == whole["sizes"]["visible_bytes"]
    assert quick["sizes"]["layer_bytes"] == inspect(engine, wasteful_image)["Size"]
    assert [layer["created_by"] for layer in quick["layers"]] == [
        layer["created_by"] for layer in whole["layers"]
    ]
    assert {layer["wasted_bytes"] for layer in quick["layers"]} == {None}
    names = {(each["name"], each["version"], each["bytes"]) for each in whole["packages"]}
    assert {(each["name"], each["version"], each["bytes"]) for each in quick["packages"]} == names
    assert {each["what"] for each in quick["skipped"]} >= {"waste by layer", "layer sizes"}


def test_the_slow_way_says_why_the_fast_one_is_closed(
    engine: Engine, wasteful_image: str, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "empty"
    elsewhere.mkdir()
    report = analyze(engine, wasteful_image, "--engine-root", str(elsewhere))
    assert report["image"]["route"] == "save"
    assert report["image"]["route_note"].startswith(
        "by docker save, as the engine's store is not as expected (No such file or directory: "
    )


def test_a_route_that_is_asked_for_is_the_only_one(
    engine: Engine, wasteful_image: str, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "empty"
    elsewhere.mkdir()
    done = command(
        engine, "analyze", wasteful_image, "--route", "store", "--engine-root", str(elsewhere)
    )
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "the engine's store is not as expected" in done.stderr


def test_no_such_image(engine: Engine) -> None:
    done = command(engine, "analyze", "imgdiag-test-none:1")
    assert done.returncode == 3
    assert done.stderr == (
        "imgdiag: imgdiag-test-none:1: the engine has no such image. See 'docker images', or pull "
        "or build it first; for a saved image give the file's path\n"
    )


def test_a_pipe_of_docker_save(engine: Engine, wasteful_image: str, whole: Report) -> None:
    with subprocess.Popen(
        [engine.cli, "save", wasteful_image], env=engine.env, stdout=subprocess.PIPE
    ) as saving:
        done = subprocess.run(
            [sys.executable, "-m", "imgdiag", "analyze", "-", "-f", "json"],
            stdin=saving.stdout,
            capture_output=True,
            check=False,
        )
    report = json.loads(done.stdout)
    assert report["waste"] == whole["waste"]
    assert report["packages"] == whole["packages"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("task", ["analyze", "skeleton"])
def test_cut_off_at_any_moment_it_leaves_nothing(
    engine: Engine, wasteful_image: str, tmp_path: Path, task: str, number: signal.Signals
) -> None:
    """At moments all over the run, which takes about two seconds."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    target = tmp_path / "out"
    target.mkdir()
    options = ["-o", str(target / "skeleton.tar")] if task == "skeleton" else ["-f", "json"]
    before = containers(engine)
    for seconds in (0.1, 0.4, 0.8, 1.2):
        process = subprocess.Popen(
            [sys.executable, "-m", "imgdiag", task, wasteful_image, "--route", "save", *options],
            env={**engine.env, "TMPDIR": str(temporary)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[2],
        )
        time.sleep(seconds)
        process.send_signal(number)
        process.wait(60)
        assert not list(temporary.iterdir())
        assert {each.name for each in target.iterdir()} <= {"skeleton.tar"}
    assert containers(engine) == before


def containers(engine: Engine) -> str:
    return engine.docker("ps", "--all", "--quiet")


def command(engine: Engine, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "imgdiag", *words],
        env=engine.env,
        capture_output=True,
        text=True,
        check=False,
    )
