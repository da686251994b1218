from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from imgdiag.analysis import Skipped
from imgdiag.errors import ImgdiagError
from imgdiag.filesystem import Directory, Filesystem
from imgdiag.layers.walk import Kind
from imgdiag.scanner import du, listing
from imgdiag.scanner.live import CannotStart, Output, Runner
from tests import builder

FOLDER, FILE, LINK = "41ed", "81a4", "a1ff"
HOSTILE = "a\nb\x1b[31m\u202e 'quoted' \udcff"


def line(
    path: str,
    *,
    mode: str = FILE,
    size: int = 0,
    blocks: int = 0,
    device: int = 1,
    inode: int = 1,
    links: int = 1,
) -> bytes:
    return builder.encode(f"{mode} {size} {blocks} {device} {inode} {links} {path}")


def python(*lines: bytes) -> Output:
    """Return what the Python script writes: its lines, and the mark of the end."""
    return answered(b"".join(each + b"\0" for each in (*lines, b".")))


def answered(stdout: bytes = b"", stderr: bytes = b"", exit_code: int = 0) -> Output:
    return Output(exit_code=exit_code, stdout=stdout, stderr=stderr)


def runner(**answers: Output) -> Runner:
    """Return a container that has the programs in `answers` and no others."""

    def run(command: Sequence[str]) -> Output:
        if command[0] not in answers:
            raise CannotStart(f"exec: {command[0]!r}: executable file not found in $PATH")
        return answers[command[0]]

    return run


def paths(found: listing.Listing) -> list[str]:
    return [f"{each.parent}/{each.name}".lstrip("/") for each in found.records]


def size_of(filesystem: Filesystem) -> int:
    return filesystem.visible_bytes


ROOT = line("/", mode=FOLDER, blocks=8)


def test_a_tree() -> None:
    found = listing.scan(
        runner(
            python3=python(
                ROOT,
                line("/usr/bin/app", size=70, blocks=8, inode=3),
                line("/usr/bin", mode=FOLDER, blocks=8),
                line("/usr", mode=FOLDER, blocks=8),
                line("/usr/link", mode=LINK, size=3, inode=4),
                line("/usr/pipe", mode="11a4"),
            )
        )
    )
    assert found.program == "python3"
    assert paths(found) == ["", "usr", "usr/bin", "usr/link", "usr/pipe", "usr/bin/app"]
    kinds = [each.kind for each in found.records]
    assert kinds == [Kind.DIRECTORY] * 3 + [Kind.SYMLINK, Kind.SPECIAL, Kind.FILE]
    assert size_of(found.filesystem()) == 70
    assert size_of(found.filesystem(blocks=True)) == 4096
    assert found.own_blocks() == {"": 4096, "usr": 4096, "usr/bin": 4096}


def test_hard_links_count_once() -> None:
    def name(path: str, device: int = 1) -> bytes:
        return line(path, size=100, blocks=8, device=device, inode=7, links=3)

    found = listing.scan(
        runner(
            python3=python(
                ROOT,
                name("/b"),
                name("/a"),
                name("/c", device=2),
            )
        )
    )
    # The same number on another device is another file.
    assert size_of(found.filesystem()) == 200
    assert size_of(found.filesystem(blocks=True)) == 2 * 4096


def test_hostile_names() -> None:
    found = listing.scan(
        runner(
            python3=python(
                ROOT,
                line(f"/{HOSTILE}", mode=FOLDER),
                line(f"/{HOSTILE}/{HOSTILE}", size=5),
                line("/.wh.kept", size=6, inode=2),
                line("/81a4 9 9 9 9 9 /x", size=7, inode=3),
            )
        )
    )
    filesystem = found.filesystem()
    # A name is no whiteout here, and what looks like a record is part of a name.
    assert set(filesystem.root.children) == {HOSTILE, ".wh.kept", "81a4 9 9 9 9 9 "}
    assert size_of(filesystem) == 18
    assert isinstance(filesystem.find(HOSTILE), Directory)


def test_other_file_systems_are_left_out() -> None:
    found = listing.scan(
        runner(
            python3=python(
                ROOT,
                line("/proc", mode=FOLDER, device=9),
                line("/etc", mode=FOLDER),
                line("/etc/hosts", size=100, device=5),
                line("/etc/passwd", size=30, inode=2),
                line("/lower", size=40, inode=3, device=77),
                line("/.dockerenv"),
            )
        )
    )
    assert found.left_out == ("proc", "etc/hosts")
    # A file on another device is one of another layer: overlayfs may do so.
    assert paths(found) == ["", "etc", "lower", "etc/passwd"]


def test_volumes_of_the_image_are_read_and_mounts_are_not() -> None:
    data = [
        line("/data", mode=FOLDER, device=2),
        line("/data/db", size=50, device=2, inode=2),
    ]
    answer = python(ROOT, data[0], *data, line("/m", mode=FOLDER), line("/m/x", size=9))
    found = listing.scan(runner(python3=answer), ("/", "/data"), mounts=["/m"])
    assert paths(found) == ["", "data", "data/db"]
    assert found.left_out == ("m",)


def test_what_is_below_a_mount_is_left_out_too() -> None:
    answer = python(ROOT, line("/m", mode=FOLDER), line("/m/x", mode=FOLDER), line("/m/x/y"))
    assert paths(listing.scan(runner(python3=answer), mounts=["/m/"])) == [""]


def test_what_cannot_be_read_is_said() -> None:
    found = listing.scan(
        runner(python3=python(ROOT, b"! 13 /secret", b"! 13 /secret", b"! 2 /vanished"))
    )
    assert found.skipped == (Skipped("/secret", "Permission denied"),)


def test_find_says_what_it_cannot_read() -> None:
    errors = (
        b"find: '/secret': Permission denied\n"
        b"find: /other: Permission denied\n"
        b"find: '/gone': No such file or directory\n"
        b"find: what is this\n"
    )
    found = listing.scan(
        runner(find=answered(b"d 4096 8 1 2 2 /\0f 70 8 1 3 1 /app\0", errors, exit_code=1))
    )
    assert found.program == "find"
    assert size_of(found.filesystem()) == 70
    assert found.skipped == (
        Skipped("/", "find: what is this"),
        Skipped("/other", "Permission denied"),
        Skipped("/secret", "Permission denied"),
    )


def test_a_find_without_printf() -> None:
    def run(command: Sequence[str]) -> Output:
        if command[0] != "find":
            raise CannotStart("not found")
        if "-printf" in command:
            return answered(stderr=b"find: unrecognized: -printf", exit_code=1)
        mark = command[command.index("-c") + 1].split()[0]
        records = [ROOT, line("/a\n81a4 1 1 1 1 1 /b", size=5)]
        return answered(b"".join(mark.encode() + b" " + each + b"\n" for each in records))

    found = listing.scan(run)
    assert size_of(found.filesystem()) == 5
    assert [each.name for each in found.records] == ["", "b"]


@pytest.mark.parametrize(
    "broken",
    [
        answered(exit_code=1, stderr=b"Unknown option: -I"),
        answered(b"", exit_code=0),
        answered(ROOT + b"\0"),  # it did not come to its end
        answered(ROOT + b"\0.\0", exit_code=137),
    ],
)
def test_a_program_that_fails_gives_way_to_the_next(broken: Output) -> None:
    assert listing.scan(runner(python3=broken, python=python(ROOT))).program == "python"
    with pytest.raises(ImgdiagError, match="no program in the image could measure it"):
        listing.scan(runner(python3=broken))


@pytest.mark.parametrize("exit_code", [2, 137])
def test_a_find_that_was_ended_is_not_believed(exit_code: int) -> None:
    output = answered(b"d 4096 8 1 2 2 /\0", exit_code=exit_code)
    with pytest.raises(ImgdiagError, match="exit code"):
        listing.scan(runner(find=output))


def test_an_image_without_programs() -> None:
    with pytest.raises(ImgdiagError, match="neither a Python nor a find") as caught:
        listing.scan(runner())
    assert "Leave out --live" in str(caught.value)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"hello",
        b"81a4 1 1 1 1 1 relative",
        b"81a4 x 1 1 1 1 /a",
        b"zz 1 1 1 1 1 /a",
        b"q 1 1 1 1 1 /a",
        b"! x /a",
        b"",
    ],
)
def test_nonsense_is_an_error(nonsense: bytes) -> None:
    with pytest.raises(ImgdiagError, match="a line that is no entry"):
        listing.scan(runner(python3=python(ROOT, nonsense)))


def hostile_tree(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "new\nline").write_bytes(b"12345")
    (folder / "two  blanks ").write_bytes(b"123")
    os.link(folder / "sub" / "new\nline", folder / "again")
    (folder / "link").symlink_to("sub")


def on_this_machine(command: Sequence[str]) -> Output:
    if command[0].startswith("python"):
        command = [sys.executable, *command[1:]]
    done = subprocess.run(
        command, check=False, capture_output=True, env={**os.environ, "LC_ALL": "C"}
    )
    return answered(done.stdout, done.stderr, done.returncode)


def by_stat(command: Sequence[str]) -> Output:
    if "-printf" in command:
        return answered(stderr=b"find: unrecognized: -printf", exit_code=1)
    return on_this_machine(command)


def only(name: str, run: Runner) -> Runner:
    def chosen(command: Sequence[str]) -> Output:
        if command[0] != name:
            raise CannotStart("not found")
        return run(command)

    return chosen


@pytest.mark.parametrize(
    "run", [only("python3", on_this_machine), only("find", on_this_machine), only("find", by_stat)]
)
def test_every_way_sees_the_same(run: Callable[[Sequence[str]], Output], tmp_path: Path) -> None:
    hostile_tree(tmp_path)
    found = listing.scan(run, [str(tmp_path)])
    inside = str(tmp_path)[1:]
    filesystem = found.filesystem()
    assert size_of(filesystem) == 8
    directory = filesystem.find(inside)
    assert isinstance(directory, Directory)
    assert set(directory.children) == {"sub", "again", "two  blanks ", "link"}
    assert found.skipped == ()
    measured = subprocess.run(["du", "-s", "-B1", tmp_path], check=True, capture_output=True).stdout
    row = du.measure(
        found.filesystem(blocks=True), du.View(path=str(tmp_path)), own=found.own_blocks()
    )
    assert row.bytes == int(measured.split()[0])
    assert row.bytes == sum(child.bytes for child in row.rows) + row.others_bytes


def test_blocks_of_a_layer_are_rounded_up() -> None:
    layer = builder.walked(builder.file("a", 1), builder.file("b", 4096), builder.file("c", 0))
    assert [entry.size for entry in listing.in_blocks(layer).entries] == [4096, 4096, 0]
