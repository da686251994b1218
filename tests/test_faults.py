"""Things that break in the middle: one clear error, and nothing left behind."""

from __future__ import annotations

import io
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imgdiag import pipeline
from imgdiag.errors import CorruptImage, ImgdiagError
from imgdiag.layers.reader import Reader
from imgdiag.skeleton import write_skeleton
from imgdiag.sources import Request, load
from imgdiag.writing import write_file
from tests.builder import docker, file, gzipped, image, json_bytes, oci, tar, write_archive

CHANGED = "was changed while it was read. Wait until whatever writes it has finished, and try again"


def imgdiag(
    *arguments: str | Path, preexec_fn: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "imgdiag", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
        preexec_fn=preexec_fn,
    )


@pytest.fixture(scope="module")
def archive() -> bytes:
    """Return an archive that takes a moment to read."""
    made = image([file(f"f{n}", b"x") for n in range(10_000)], [file("zeros", 30_000_000)])
    return tar(*oci(made))


@pytest.fixture
def large(tmp_path: Path, archive: bytes) -> Path:
    """Return a file of it, alone in its folder."""
    path = tmp_path / "image.tar"
    path.write_bytes(archive)
    return path


# The engine dies


class Engine(threading.Thread):
    """An engine that answers until it dies in the middle of an image."""

    def __init__(self, path: Path, archive: bytes, *, chunked: bool) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(8)
        self.archive = archive
        self.chunked = chunked

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                self.serve(connection)

    def serve(self, connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            if not (data := connection.recv(4096)):
                return
            request += data
        path = request.split()[1].partition(b"?")[0].decode()
        if path.endswith("/get"):
            head = "Transfer-Encoding: chunked" if self.chunked else "Connection: close"
            body = self.archive
            if self.chunked:  # and the end of the chunk never comes
                body = b"%x\r\n" % (len(body) + 1) + body
        else:
            body = json.dumps(self.answer(path)).encode()
            head = f"Content-Length: {len(body)}\r\nConnection: close"
        start = f"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: x/y\r\n{head}\r\n\r\n"
        connection.sendall(start.encode() + body)

    def answer(self, path: str) -> object:
        if path.endswith("/history"):
            return [{"Size": 1_000}]
        if path.endswith("/info"):
            return {"Driver": "btrfs", "DockerRootDir": "/nonexistent"}
        if path.endswith("/json"):
            return {"Id": "sha256:" + "0" * 64, "Size": 1_000}
        return {"ApiVersion": "1.41", "Version": "20.10.24"}


@pytest.fixture(params=[True, False], ids=["chunked", "to the end"])
def dying(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    whole = tar(*docker(image([file("a", 100_000)], [file("b", 100_000)])))
    path = tmp_path / "s"
    engine = Engine(path, whole[:150_000], chunked=request.param)
    engine.start()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    yield
    engine.socket.shutdown(socket.SHUT_RDWR)  # which wakes the thread that waits for a caller
    engine.join()
    engine.socket.close()


@pytest.mark.usefixtures("dying")
def test_an_engine_that_dies_while_it_saves(request: pytest.FixtureRequest) -> None:
    with pytest.raises(ImgdiagError) as caught:
        pipeline.analyze("docker:app:1")
    if "chunked" in request.node.name:
        assert str(caught.value) == (
            "app:1: the engine stopped in the middle of saving the image. Its log says why "
            "('journalctl -u docker'); a full disk is the usual reason"
        )
    else:
        assert "the tar is cut short" in str(caught.value)


# The archive changes


@pytest.mark.parametrize("compressed", [False, True])
def test_an_archive_that_is_written_to_while_it_is_read(tmp_path: Path, compressed: bool) -> None:
    entries = docker(image([file("a", 100_000)], [file("b", 5)]))
    way = gzipped if compressed else bytes
    path = write_archive(tmp_path / "image.tar", entries, way)

    def visit(reader: Reader) -> None:
        with path.open("r+b") as other:
            other.write(b"x" * 20)
        os.utime(path, ns=(0, 0))
        reader.read(512)

    with pytest.raises(CorruptImage) as caught:
        load(str(path), visit, Request())
    assert str(caught.value) == f"image.tar: {CHANGED}"


def test_an_archive_that_is_cut_while_it_is_read(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "image.tar", docker(image([file("a", 100_000)])))

    def visit(reader: Reader) -> None:
        os.truncate(path, 1_000)
        if len(reader.read(50_000)) < 50_000:
            raise CorruptImage("short")

    with pytest.raises(CorruptImage) as caught:
        load(str(path), visit, Request())
    assert str(caught.value) == f"image.tar: {CHANGED}"
    assert isinstance(caught.value.__cause__, CorruptImage)


def test_an_archive_that_is_replaced_while_it_is_read(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "image.tar", docker(image([file("a", 100)])))
    other = write_archive(tmp_path / "other.tar", docker(image([file("b", 7)] * 1)))
    sizes: list[int] = []

    def visit(reader: Reader) -> None:
        other.replace(path)
        sizes.append(len(reader.read(10_000)))

    load(str(path), visit, Request())  # the one that was opened, to its end
    assert sizes == [len(tar(file("a", 100)))]


# The disk is full


def test_a_report_for_a_full_disk(large: Path) -> None:
    process = imgdiag("analyze", "-q", large, "-o", "json=/dev/full")
    _, said = process.communicate()
    assert process.returncode == 3
    assert said == (
        "imgdiag: cannot write '/dev/full' (No space left on device). Check that the folder "
        "exists, that you may write to it, and the space left\n"
    )


def test_a_skeleton_that_does_not_fit(large: Path) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    output = large.parent / "skeleton.tar"
    process = imgdiag("skeleton", "-q", large, "-o", output, preexec_fn=few)
    _, said = process.communicate()
    assert process.returncode == 3
    assert said.startswith(f"imgdiag: cannot write '{output}' (File too large). ")
    assert said.count("\n") == 1
    assert [each.name for each in large.parent.iterdir()] == ["image.tar"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_a_small_disk_that_is_full(large: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    small = tmp_path_factory.mktemp("small")
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(small)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        for command, output in (("skeleton", f"{small}/s.tar"), ("analyze", f"json={small}/r")):
            process = imgdiag(command, "-q", large, "-o", output)
            _, said = process.communicate()
            assert process.returncode == 3, said
            assert "(No space left on device)" in said
            assert {each.name for each in small.iterdir()} <= {"filler"}
            (small / "filler").write_bytes(bytes(12_000))  # a report is smaller than a skeleton
    finally:
        subprocess.run(["umount", str(small)], check=True)


# Files that are whole or not there


def test_a_file_keeps_its_rights_and_links(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"before")
    real.chmod(0o640)
    link.symlink_to("real")
    write_file(link, b"after")
    assert (real.read_bytes(), real.stat().st_mode & 0o777) == (b"after", 0o640)
    assert link.is_symlink()
    assert {each.name for each in tmp_path.iterdir()} == {"real", "link"}


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, b"report")
    assert os.read(reader, 100) == b"report"
    os.close(reader)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return an archive whose skeleton fits into a pipe."""
    return write_archive(tmp_path / "small.tar", docker(image([file("a", b"x")])))


@pytest.mark.parametrize(
    "command", ["analyze -q {} -o json=/dev/fd/{}", "skeleton -q {} -o /dev/fd/{}"]
)
def test_a_pipe_behind_a_link_is_written_to(small: Path, command: str) -> None:
    read, write = os.pipe()
    done = subprocess.run(
        [sys.executable, "-m", "imgdiag", *command.format(small, write).split()],
        pass_fds=(write,),
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(write)
    with os.fdopen(read, "rb") as file:
        data = file.read()
    assert done.returncode == 0, done.stderr
    assert data.startswith(b"{") or tarfile.is_tarfile(io.BytesIO(data))


def test_a_skeleton_takes_the_place_of_no_link_and_no_pipe(small: Path) -> None:
    # A device, too, would be lost: /dev/null for whoever calls it as root.
    pipe, link, real = (small.with_name(name) for name in ("pipe", "link", "real"))
    os.mkfifo(pipe)
    link.symlink_to("real")
    write_skeleton(str(small), link, Request())
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_skeleton(str(small), pipe, Request())
    assert os.read(reader, 64 * 1024) == real.read_bytes()
    os.close(reader)
    assert (link.is_symlink(), pipe.is_fifo()) == (True, True)


@pytest.mark.parametrize("number", [16, 13, 1])
def test_a_file_that_cannot_be_replaced_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise OSError(number, "no")

    monkeypatch.setattr(Path, "replace", refuse)
    target = tmp_path / "report"
    target.write_bytes(b"before")
    write_file(target, b"after")
    assert [each.name for each in tmp_path.iterdir()] == ["report"]
    assert target.read_bytes() == b"after"
    with pytest.raises(ImgdiagError, match="cannot write"):
        write_file(tmp_path / "new", b"x")
    assert [each.name for each in tmp_path.iterdir()] == ["report"]


def test_a_circle_of_links_in_the_place_of_a_report(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("a")
    with pytest.raises(ImgdiagError, match="cannot write"):
        write_file(tmp_path / "a", b"x")


# Ctrl-C and closed pipes


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("command", ["analyze", "skeleton"])
def test_ctrl_c_at_any_point(large: Path, command: str, seed: int) -> None:
    output = large.parent / "out.tar"
    target = output if command == "skeleton" else f"json={output}"
    process = imgdiag(command, "-q", large, "-o", target)
    time.sleep(0.12 + random.Random(seed).random() * 1.2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    # Python ends by the signal itself when it came while a data class was made.
    assert process.returncode in (0, 130, -signal.SIGINT), said
    assert "Traceback" not in said
    assert said in ("", "imgdiag: interrupted\n")
    left = {each.name for each in large.parent.iterdir()}
    assert left in ({"image.tar"}, {"image.tar", "out.tar"})
    if output.exists():  # then it is whole
        if command == "skeleton":
            pipeline.analyze(str(output))
        else:
            json.loads(output.read_bytes())


@pytest.mark.parametrize("command", ["analyze", "du", "history", "rules", "tree"])
def test_a_pipe_that_is_closed_early(large: Path, command: str) -> None:
    arguments = [command] if command == "rules" else [command, "-q", large]
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen(
        [sys.executable, "-m", "imgdiag", *map(str, arguments)],
        stdout=write,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    os.close(write)
    _, said = process.communicate()
    assert (process.returncode, said) == (141, b"")


# Manifests that lie


def test_a_manifest_whose_digests_lie_about_everything(tmp_path: Path) -> None:
    made = image([file("a", 100)])
    entries = docker(made)
    manifest = [
        {"Config": "manifest.json", "Layers": ["manifest.json"], "RepoTags": ["\x1b[2Jx:1"]}
    ]
    lying = [each for each in entries if each.path != "manifest.json"]
    path = write_archive(
        tmp_path / "image.tar", [*lying, file("manifest.json", json_bytes(manifest))]
    )
    with pytest.raises(ImgdiagError) as caught:
        pipeline.analyze(str(path))
    assert "the image's config is a list, not an object" in str(caught.value)
