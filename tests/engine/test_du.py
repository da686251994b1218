"""`imgdiag du` against the real `du` and `find`, and what it leaves in the engine: nothing."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .conftest import give_up
from .engine import Engine

Report = dict[str, Any]
LABEL = "imgdiag"
SLOW_TAG = "imgdiag-test-slow"
EMPTY_TAG = "imgdiag-test-distroless"
FIND_TAG = "imgdiag-test-find"
VOLUME_TAG = "imgdiag-test-volume"


def du(engine: Engine, *arguments: str) -> Report:
    """Run `imgdiag du` as a user does, and return its JSON."""
    done = imgdiag(engine, "du", *arguments, "-f", "json")
    assert done.returncode == 0, done.stderr
    report: Report = json.loads(done.stdout)
    return report


def imgdiag(engine: Engine, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "imgdiag", *arguments],
        check=False,
        env=engine.env,
        capture_output=True,
        text=True,
    )


def leftovers(engine: Engine) -> list[str]:
    return engine.docker("ps", "--all", "--quiet", "--filter", f"label={LABEL}").split()


@pytest.fixture(autouse=True)
def nothing_left_behind(engine: Engine) -> Iterator[None]:
    """Hold each test to it."""
    before = leftovers(engine)
    yield
    assert set(leftovers(engine)) <= set(before)


@contextmanager
def imported(engine: Engine, tag: str, files: dict[str, bytes], *options: str) -> Iterator[str]:
    """Make an image of `files` alone, for as long as the block lasts."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    subprocess.run(
        [engine.cli, "import", *options, "-", tag],
        check=True,
        env=engine.env,
        input=buffer.getvalue(),
        capture_output=True,
    )
    try:
        yield tag
    finally:
        engine.docker("rmi", tag)


@contextmanager
def built(engine: Engine, tag: str, dockerfile: str) -> Iterator[str]:
    subprocess.run(
        [engine.cli, "build", "--quiet", "--network=none", "--tag", tag, "-"],
        check=True,
        env=engine.env,
        input=dockerfile.encode(),
        capture_output=True,
    )
    try:
        yield tag
    finally:
        engine.docker("rmi", tag)


def in_container(engine: Engine, image: str, program: str, *arguments: str) -> bytes:
    done = subprocess.run(
        [engine.cli, "run", "--rm", "--network=none", "--cap-drop=ALL", "--user=0:0",
         f"--entrypoint={program}", image, *arguments],
        check=False,
        env=engine.env,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr  # 1: a folder that nobody may read
    return done.stdout


def static_bytes(engine: Engine, image: str, path: str) -> int:
    """Return what the image has at a path, 0 where it has nothing."""
    done = imgdiag(engine, "du", image, f"/{path}", "--depth=0", "-f", "json")
    return int(json.loads(done.stdout)["table"]["bytes"]) if done.returncode == 0 else 0


def runs_containers(engine: Engine, image: str) -> bool:
    try:
        engine.docker("run", "--rm", "--network=none", "--entrypoint=true", image)
    except RuntimeError:
        return False
    return True


def files_by_du(engine: Engine, image: str) -> dict[str, int]:
    """Return what the real `du` says of each file, hard links once, and `find` calls a file."""
    files = set(
        in_container(engine, image, "find", "/", "-xdev", "-type", "f", "-print0").split(b"\0")
    )
    lines = in_container(
        engine, image, "du", "-x", "-a", "-0", "--apparent-size", "-B1", "/"
    ).split(b"\0")
    sizes = (each.partition(b"\t") for each in lines if each)
    return {
        path.decode("utf-8", "surrogateescape"): int(size)
        for size, _, path in sizes
        if path in files
    }


def assert_adds_up(row: Report) -> None:
    if row["children"]:
        below = sum(child["bytes"] for child in row["children"])
        assert row["bytes"] == below + row["others"]["bytes"]
    for child in row["children"]:
        assert_adds_up(child)


def test_live_is_what_du_says(engine: Engine, wasteful_image: str) -> None:
    """Byte for byte, in all and for each folder, but for hard links across folders."""
    report = du(engine, wasteful_image, "--live", "--top", "1000")
    expected = files_by_du(engine, wasteful_image)
    table = report["table"]
    assert table["bytes"] == sum(expected.values())
    assert_adds_up(table)
    for row in table["children"]:
        below = sum(
            size for path, size in expected.items() if path.startswith(f"/{row['path']}/")
        ) or expected.get(f"/{row['path']}", 0)
        assert row["bytes"] == below, row["path"]


def test_static_and_live_agree(any_engine: Engine, wasteful_in_any: str) -> None:
    """The same table by the layers and in a container, in each engine."""
    if not runs_containers(any_engine, wasteful_in_any):
        give_up(f"{any_engine.kind} cannot run a container here")
    static = du(any_engine, wasteful_in_any, "--top", "1000")
    live = du(any_engine, wasteful_in_any, "--live", "--top", "1000")
    unseen = {*live["left_out"], *(each["what"] for each in live["skipped"])}
    hidden = sum(static_bytes(any_engine, wasteful_in_any, path) for path in unseen)
    assert static["table"]["bytes"] == live["table"]["bytes"] + hidden
    assert leftovers(any_engine) == []


def test_blocks_are_what_du_says(engine: Engine, wasteful_image: str) -> None:
    """All that du counts, folders and links included."""
    report = du(engine, wasteful_image, "--live", "--blocks")
    said = in_container(engine, wasteful_image, "du", "-x", "-s", "-B1", "/")
    # The engine's own files are on other file systems, which -x leaves out too.
    assert report["table"]["bytes"] == int(said.split()[0])


def test_an_image_with_find_alone(engine: Engine, base_image: str) -> None:
    """Without a Python, find lists the same."""
    dockerfile = f"FROM {base_image}\nRUN rm -f /usr/bin/python* /usr/local/bin/python*\n"
    with built(engine, FIND_TAG, dockerfile) as tag:
        report = du(engine, tag, "--live")
        assert report["program"] == "find"
        assert report["table"]["bytes"] == sum(files_by_du(engine, tag).values())


def test_a_volume_of_the_image_counts(engine: Engine, base_image: str) -> None:
    """What an image has in a VOLUME is the image's."""
    dockerfile = f"FROM {base_image}\nRUN mkdir /data && echo hello > /data/x\nVOLUME /data\n"
    with built(engine, VOLUME_TAG, dockerfile) as tag:
        volumes = engine.docker("volume", "ls", "--quiet")
        assert du(engine, tag, "/data", "--live")["table"]["bytes"] == 6
        assert engine.docker("volume", "ls", "--quiet") == volumes


def test_a_distroless_image(engine: Engine) -> None:
    """Without a program there is nothing to run; the static way works."""
    with imported(engine, EMPTY_TAG, {"app": b"\x7fELF"}) as tag:
        done = imgdiag(engine, "du", tag, "--live")
        assert done.returncode == 3
        assert "neither a Python nor a find" in done.stderr
        assert "Leave out --live" in done.stderr
        assert du(engine, tag)["table"]["bytes"] == 4
        assert leftovers(engine) == []


def test_no_such_image(engine: Engine) -> None:
    """An image that is not there is not pulled."""
    done = imgdiag(engine, "du", "imgdiag-test-nothing", "--live")
    assert done.returncode == 3
    assert "the engine has no such image" in done.stderr


@contextmanager
def with_python3(engine: Engine, base: str, folder: Path, script: bytes) -> Iterator[str]:
    """Build an image whose python3 is `script`, for as long as the block lasts."""
    (folder / "python3").write_bytes(script)
    (folder / "Dockerfile").write_text(
        f"FROM {base}\nCOPY --chmod=755 python3 /usr/local/sbin/python3\n"
        "ENV PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/bin\n"
    )
    engine.docker("build", "--quiet", "--tag", SLOW_TAG, str(folder))
    try:
        yield SLOW_TAG
    finally:
        engine.docker("rmi", SLOW_TAG)


@pytest.fixture
def slow_image(engine: Engine, base_image: str, tmp_path: Path) -> Iterator[str]:
    """Build an image whose python3 never ends."""
    endless = b"#!/bin/sh\nwhile true; do sleep 0.1; done\n"
    with with_python3(engine, base_image, tmp_path, endless) as tag:
        yield tag


@contextmanager
def scanning(engine: Engine, image: str) -> Iterator[subprocess.Popen[str]]:
    """Start a live scan, and go on once its container is there."""
    command = [sys.executable, "-m", "imgdiag", "du", image, "--live"]
    with subprocess.Popen(
        command,
        env=engine.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job has Ctrl-C ignored, and so has all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            until(lambda: bool(running(engine)))
            yield process
        finally:
            process.kill()


def running(engine: Engine) -> list[str]:
    return engine.docker("ps", "--quiet", "--filter", f"label={LABEL}").split()


def until(happened: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_how_the_container_is_set_up(engine: Engine, slow_image: str) -> None:
    """It can do nothing but read."""
    with scanning(engine, slow_image) as process:
        (found,) = json.loads(engine.docker("inspect", *running(engine)))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    host = found["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"] is True
    assert host["AutoRemove"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["LogConfig"]["Type"] == "none"
    assert not host["Binds"]
    assert not host["Privileged"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_scan_leaves_nothing(
    engine: Engine, slow_image: str, number: signal.Signals, code: int
) -> None:
    """Ctrl-C and a polite end remove the container before imgdiag ends."""
    with scanning(engine, slow_image) as process:
        process.send_signal(number)
        process.communicate(timeout=30)
        assert process.returncode == code
    assert leftovers(engine) == []


def test_a_killed_scan_leaves_nothing_when_it_ends(
    engine: Engine, base_image: str, tmp_path: Path
) -> None:
    """Nobody can act on SIGKILL, so the engine removes the container at the scan's end."""
    with with_python3(engine, base_image, tmp_path, b"#!/bin/sh\nsleep 5\n") as tag:
        with scanning(engine, tag) as process:
            process.kill()
        until(lambda: not leftovers(engine))


def test_a_running_container(engine: Engine, base_image: str) -> None:
    """What the image gave, and what was written since."""
    before = du(engine, base_image)["table"]["bytes"]
    script = (
        "mkdir -p /app/__pycache__ /root/.cache/x /app/data; rm -f /etc/debian_version;"
        "head -c 1000 /dev/zero > /app/__pycache__/a.pyc;"
        "head -c 200 /dev/zero > /var/log/app.log;"
        "head -c 30000 /dev/zero > /root/.cache/x/model;"
        "head -c 4 /dev/zero > /app/data/result;"
        "head -c 5000 /dev/zero > /mounted/seen-by-nobody;"
        "sleep 300"
    )
    name = engine.docker(
        *("run", "--detach", "--network=none", "--tmpfs=/mounted", "--entrypoint=sh"),
        *(base_image, "-c", script),
    ).strip()
    try:
        until(lambda: "sleep 300\n" in engine.docker("top", name))
        until(lambda: engine.docker("diff", name).count("result"))
        time.sleep(1)
        report = du(engine, "--container", name, "--top", "1000")
        (state,) = json.loads(engine.docker("inspect", name))
        assert report["container"]["id"] == state["Id"]
        assert report["container"]["written_bytes"] == 31204
        assert report["container"]["deleted"] == 1
        written = {
            each["kind"]: (each["bytes"], each["largest"][0]["path"])
            for each in report["container"]["written"]
        }
        assert written == {
            "caches": (30000, "root/.cache/x/model"),
            "byte-code": (1000, "app/__pycache__/a.pyc"),
            "logs": (200, "var/log/app.log"),
            "other": (4, "app/data/result"),
        }
        assert "mounted" in report["left_out"]
        table = report["table"]
        assert table["written_bytes"] == 31204
        assert_adds_up(table)
        unseen = {"etc/debian_version", *report["left_out"]}
        hidden = sum(static_bytes(engine, base_image, path) for path in unseen)
        assert table["bytes"] - 31204 == before - hidden
        text = imgdiag(engine, "du", "--container", name, "/app").stdout
        assert "written since start" in text
        other = imgdiag(engine, "du", "imgdiag-test-nothing", "--container", name)
        assert other.returncode == 3
    finally:
        engine.docker("rm", "--force", name)


def test_a_container_that_is_not_there(engine: Engine) -> None:
    """It says where to look."""
    done = imgdiag(engine, "du", "--container", "imgdiag-test-nothing")
    assert done.returncode == 3
    assert "docker ps" in done.stderr
