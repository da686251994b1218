"""Damaged and hostile archives: an analysis that says what it lacks, or one clear error."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag import pipeline
from imgdiag.analysis import Analysis
from imgdiag.errors import ImgdiagError
from tests.builder import (
    BLOCK,
    Entry,
    Image,
    device,
    docker,
    docker_legacy,
    file,
    folder,
    gnu_sparse,
    gzipped,
    hard_link,
    header,
    image,
    json_bytes,
    kaniko,
    oci,
    opaque,
    pax,
    symlink,
    tar,
    whiteout,
    zstd,
)

LAYER = tar(
    folder("app"),
    file("app/pyproject.toml", b"[project]\nname = 'app'\n"),
    file("app/model", b"weights" * 100, mtime=1_700_000_000),
    symlink("app/link", "model"),
    hard_link("app/same", "app/model"),
    device("dev/null"),
    pax(path="app/long", mtime="1.5") + header(b"app/l"),
    gnu_sparse("app/hole", b"x" * 10, real_size=9_000),
)
MADE = image(LAYER, [whiteout("app/model"), opaque("dev"), file("new", 20)])
MAKERS: dict[str, Callable[[Image], list[Entry]]] = {
    "legacy": docker_legacy,
    "docker": docker,
    "docker zstd": lambda made: docker(made, compress=zstd),
    "oci": oci,
    "kaniko": kaniko,
}
ARCHIVES = {name: tar(*make(MADE)) for name, make in MAKERS.items()}
WHOLE = 9_743  # 23 + 700 + 9,000 bytes below app, and 20 new ones

archives = pytest.mark.parametrize("name", ARCHIVES)


def analyses(data: bytes) -> list[Analysis | ImgdiagError]:
    """Analyse an archive as a file, as a stream and from a compressed file."""
    results: list[Analysis | ImgdiagError] = []
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        stdin = SimpleNamespace(buffer=io.BytesIO(data), isatty=bool)
        patch.setattr("sys.stdin", stdin)
        path, packed = Path(name) / "image.tar", Path(name) / "packed.tar"
        path.write_bytes(data)
        packed.write_bytes(gzipped(data))
        for reference in (str(path), "-", str(packed)):
            try:
                results.append(pipeline.analyze(reference))
            except ImgdiagError as error:
                results.append(error)
    return results


def hold_truncated(data: bytes) -> None:
    """Hold what is said of a part of an archive to be the whole, or to say what it lacks."""
    for result in analyses(data):
        if isinstance(result, Analysis):
            assert result.sizes.layer_bytes == WHOLE or result.skipped
            assert result.warnings


@archives
def test_the_whole_archive(name: str) -> None:
    for result in analyses(ARCHIVES[name]):
        assert isinstance(result, Analysis)
        assert result.sizes.layer_bytes == WHOLE
        assert (result.warnings, result.skipped) == ((), ())


@archives
def test_24_an_archive_cut_at_every_block(name: str) -> None:
    data = ARCHIVES[name]
    for length in range(0, len(data), BLOCK):
        hold_truncated(data[:length])


@archives
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_24_an_archive_cut_anywhere(name: str, data: st.DataObject) -> None:
    archive = ARCHIVES[name]
    hold_truncated(archive[: data.draw(st.integers(0, len(archive) - 1))])


@archives
def test_25_a_layer_cut_at_every_block_and_beside_it(name: str) -> None:
    for block in range(len(LAYER) // BLOCK):
        for length in (block * BLOCK + 1, (block + 1) * BLOCK):
            made = image(LAYER[:length], *MADE.layers[1:])
            for result in analyses(tar(*MAKERS[name](made))):
                assert isinstance(result, ImgdiagError) or result.warnings or length == len(LAYER)


@archives
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_26_any_byte_changed(name: str, data: st.DataObject) -> None:
    archive = bytearray(ARCHIVES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        archive[data.draw(st.integers(0, len(archive) - 1))] ^= data.draw(st.integers(1, 255))
    analyses(bytes(archive))


def test_26_a_header_byte_changed_under_its_checksum_is_always_noticed() -> None:
    for at in range(BLOCK):
        layer = bytearray(LAYER)
        layer[at + BLOCK] ^= 0x01
        in_checksum = 148 <= at < 156
        for result in analyses(tar(*docker_legacy(image(bytes(layer), *MADE.layers[1:])))):
            assert isinstance(result, ImgdiagError) or in_checksum


@settings(max_examples=300, deadline=None)
@given(
    block=st.integers(0, len(LAYER) // BLOCK - 1),
    changes=st.lists(
        st.tuples(st.integers(0, BLOCK - 1), st.integers(0, 255)), min_size=1, max_size=6
    ),
)
def test_33_headers_that_say_anything_under_a_right_checksum(
    block: int, changes: list[tuple[int, int]]
) -> None:
    layer = bytearray(LAYER)
    for at, value in changes:
        layer[block * BLOCK + at] = value
    here = layer[block * BLOCK : (block + 1) * BLOCK]
    here[148:156] = b" " * 8
    here[148:156] = b"%06o\0 " % sum(here)
    layer[block * BLOCK : (block + 1) * BLOCK] = here
    analyses(tar(*docker(image(bytes(layer), *MADE.layers[1:]))))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3_000))
def test_any_bytes_at_all(data: bytes) -> None:
    for result in analyses(data):
        assert isinstance(result, ImgdiagError)


@settings(max_examples=150, deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Config", "Layers", "RepoTags", "layers", "config", "manifests", "digest", "size",
                 "platform", "os", "annotations", "mediaType", "LayerSources"]
            ),
            inner,
            max_size=5,
        ),
        max_leaves=12,
    ),
    path=st.sampled_from(["manifest.json", "index.json"]),
)  # fmt: skip
def test_any_json_for_a_manifest(value: object, path: str) -> None:
    for result in analyses(tar(file(path, json_bytes(value)))):
        assert isinstance(result, ImgdiagError)
