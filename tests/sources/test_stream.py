"""One pass over a pipe gives what the file would have given, in whatever order it comes."""

from __future__ import annotations

import dataclasses
import io
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.layers.walk import Layer, read_layer
from imgdiag.sources import Request, SourceImage, stream
from tests.builder import (
    Compress,
    Entry,
    Image,
    blob,
    docker,
    docker_legacy,
    file,
    folder,
    gzipped,
    gzipped_in_members,
    hard_link,
    image,
    kaniko,
    oci,
    opaque,
    plain,
    symlink,
    tar,
    whiteout,
    with_file,
    write_archive,
    write_folder,
    zstd,
)
from tests.sources.loading import as_stream, changed, layer_bytes, load, refusal

MADE = image([file("a", 600), symlink("b", "a")], [whiteout("a"), file("c", 70)])


def read(data: bytes, sizes: list[int] | None = None) -> SourceImage[Layer]:
    """Read an archive that comes in pieces of `sizes`, over and over."""
    return stream.read(
        in_pieces(data, sizes or [len(data)]),
        reference="-",
        route="stream",
        visit=read_layer,
        request=Request(),
    )


def in_pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        for size in sizes:
            if piece := data[at : at + size]:
                yield piece
            at += size


# The same image by every road


names = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
contents = st.integers(0, 1_500)
layers = st.lists(
    st.one_of(
        st.builds(file, names, contents),
        st.builds(folder, names),
        st.builds(symlink, names, st.just("elsewhere")),
        st.builds(hard_link, names, names),
        st.builds(whiteout, names),
        st.builds(opaque, names),
    ),
    max_size=6,
)
images = st.lists(layers, max_size=4).map(lambda some: image(*some))
compressions: st.SearchStrategy[Compress] = st.sampled_from(
    [plain, gzipped, gzipped_in_members, zstd]
)


def facts(found: SourceImage[Layer]) -> SourceImage[Layer]:
    """Return an image without what tells how it came."""
    return dataclasses.replace(found, reference="", source="", route="")


@settings(max_examples=50, deadline=None)
@given(made=images, compress=compressions, whole=compressions, data=st.data())
def test_an_image_is_the_same_by_every_road_and_in_every_order(
    made: Image, compress: Compress, whole: Compress, data: st.DataObject
) -> None:
    sizes = data.draw(st.lists(st.integers(1, 3_000), min_size=1, max_size=3))
    for entries in (docker(made, compress=compress), oci(made, compress=compress)):
        mixed = data.draw(st.permutations(entries))
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            expected = facts(load(write_archive(root / "image.tar", entries)))
            assert facts(load(write_archive(root / "mixed.tar", mixed))) == expected
            assert facts(load(write_folder(root / "folder", entries))) == expected
        assert facts(read(whole(tar(*entries)), sizes)) == expected
        assert facts(read(whole(tar(*mixed)), sizes)) == expected


@settings(max_examples=50, deadline=None)
@given(made=images, data=st.data())
def test_a_legacy_archive_is_the_same_in_every_order(made: Image, data: st.DataObject) -> None:
    entries = docker_legacy(made)
    expected = facts(read(tar(*entries)))
    assert facts(read(tar(*data.draw(st.permutations(entries))))) == expected
    with tempfile.TemporaryDirectory() as name:
        assert facts(load(write_archive(Path(name) / "image.tar", entries))) == expected


@pytest.mark.parametrize("make", [docker, docker_legacy, oci, kaniko])
@pytest.mark.parametrize("order", [list, reversed])
def test_66_a_pipe_on_standard_input(
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[Image], list[Entry]],
    order: Callable[[list[Entry]], list[Entry]],
) -> None:
    data = tar(*order(make(MADE)))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data), isatty=bool))
    found = load("-")
    assert (found.reference, found.route) == ("app:1", "stream")
    assert layer_bytes(found) == [600, 70]


def test_66_a_terminal_and_nothing_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = io.BytesIO()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=nothing, isatty=lambda: True))
    assert refusal("-") == (
        "standard input is a terminal. Pipe an image in: docker save TAG | imgdiag …"
    )
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=nothing, isatty=bool))
    assert refusal("-") == "standard input: there is nothing to read: the input is empty"


def test_66_a_named_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(tar(*docker(MADE)),))
    writer.start()
    try:
        assert layer_bytes(load(path)) == [600, 70]
    finally:
        writer.join()


# What a member is


def test_a_broken_member_matters_only_when_it_is_a_layer() -> None:
    strays = [
        file("cut.gz", gzipped(bytes(5_000))[:-6]),
        file("no-tar", b"\1" * 5_000),
        file("empty"),
        blob(b"\1" * 5_000),
    ]
    assert layer_bytes(read(tar(*strays, *docker(MADE)))) == [600, 70]


@pytest.mark.parametrize("content", [b"{}", b"too short", b"x" * 511])
def test_a_layer_that_is_no_tar(tmp_path: Path, content: bytes) -> None:
    entries = docker_legacy(image([file("a", 1)]))
    [path] = [entry.path for entry in entries if entry.path.endswith("layer.tar")]
    assert refusal(as_stream(tmp_path, with_file(entries, path, content))) == (
        f"image.tar → layer 0 ({path}): is not a tar. Save the image again"
    )


def test_a_config_that_is_no_json(tmp_path: Path) -> None:
    entries = docker(MADE)
    manifest = changed(entries, "manifest.json", lambda value: value[0].update(Config="odd"))
    entries = [*with_file(entries, "manifest.json", manifest), file("odd", b"\0" * 600)]
    assert refusal(as_stream(tmp_path, entries)) == (
        "image.tar: 'odd' is not valid JSON, or too large to be a manifest"
    )


def test_only_so_much_json_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_MAX_SMALL_BLOBS", 100)
    assert refusal(as_stream(tmp_path, docker(MADE))).endswith(
        "is not valid JSON, or too large to be a manifest"
    )


def test_a_failure_inside_a_layer_leaves_the_rest_of_the_archive_readable(tmp_path: Path) -> None:
    broken = tar(file("a", 600))[:700]
    made = image(broken, [file("c", 70)])
    path = as_stream(tmp_path, docker(made))
    assert refusal(path).startswith(f"image.tar → layer 0 ({blob(broken).path}): the tar is cut")
    both = docker(made, image([file("c", 70)], tags=("whole:1",)))
    assert layer_bytes(load(f"docker-archive:{as_stream(tmp_path, both)}:whole:1")) == [70]


def test_progress_hears_of_every_byte(tmp_path: Path) -> None:
    heard: list[Any] = []
    progress = SimpleNamespace(
        expect=lambda total, what: heard.append((total, what)),
        advance=heard.append,
        note=pytest.fail,
    )
    path = as_stream(tmp_path, docker(MADE))
    load(path, progress=progress)
    size = path.stat().st_size
    assert heard == [(size, "reading the archive"), size]

    heard.clear()
    load(write_archive(path, oci(MADE)), progress=progress)
    stored = [len(gzipped(layer)) for layer in MADE.layers]
    assert heard[0] == (sum(stored), "reading layers")
    assert sorted(heard[1:]) == sorted(stored)
