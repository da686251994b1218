"""Archives of every producer, as a file and as a stream."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from imgdiag import sources
from imgdiag.image import Platform
from imgdiag.layers.reader import Reader
from imgdiag.layers.walk import Layer, read_layer
from imgdiag.sources import Request, SourceImage, SourceLayer, blobs
from tests.builder import (
    Compress,
    Entry,
    Image,
    docker,
    docker_legacy,
    file,
    folder,
    gnu_sparse,
    gzipped,
    gzipped_in_members,
    header,
    image,
    kaniko,
    oci,
    oci_manifest,
    padded,
    plain,
    sha256,
    symlink,
    tar,
    walked,
    whiteout,
    with_file,
    without,
    write_archive,
    zstd,
    zstd_with_skippable_frames,
)
from tests.sources.loading import Save, as_file, as_stream, changed, layer_bytes, load, refusal

BASE = [folder("app"), file("app/model", b"weights" * 300), file("app/old", 500)]
CHANGE = [whiteout("app/old"), file("app/new", 70)]
TWO = image(BASE, CHANGE, created_by=["COPY . /app # buildkit", "RUN make # buildkit"])
THRICE = image(BASE, CHANGE, BASE)

ways = pytest.mark.parametrize("save", [as_file, as_stream])


@pytest.fixture(autouse=True, params=[blobs._LARGE, 0], ids=["one thread", "threads"])
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test see a large layer's threads as well."""
    monkeypatch.setattr(blobs, "_LARGE", request.param)


def stored_sizes(made: Image, compress: Compress) -> list[int | None]:
    return [None if compress is plain else len(compress(layer)) for layer in made.layers]


@ways
def test_1_a_legacy_archive_as_a_whole(tmp_path: Path, save: Save) -> None:
    found = load(save(tmp_path, docker_legacy(TWO)))
    assert found == SourceImage(
        reference="app:1",
        source="docker-archive",
        route="file" if save is as_file else "stream",
        config=found.config,
        config_data=TWO.config,
        layers=tuple(
            SourceLayer(diff_id=diff_id, digest=None, transfer_bytes=None, content=walked(*entries))
            for diff_id, entries in zip(TWO.diff_ids, (BASE, CHANGE), strict=True)
        ),
    )
    assert found.config.id == sha256(TWO.config)
    assert found.config.platform == Platform("linux", "amd64")
    assert [entry.created_by for entry in found.config.history] == [
        "COPY . /app # buildkit",
        "RUN make # buildkit",
    ]


@ways
def test_1_the_manifest_gives_the_order(tmp_path: Path, save: Save) -> None:
    assert layer_bytes(load(save(tmp_path, docker_legacy(TWO)))) == [2_600, 70]
    assert layer_bytes(load(save(tmp_path, reversed(docker_legacy(TWO))))) == [2_600, 70]


@ways
@pytest.mark.parametrize("order", [list, reversed])
def test_2_a_repeated_layer_that_is_a_symlink_has_its_full_content(
    tmp_path: Path, save: Save, order: Callable[[list[Entry]], list[Entry]]
) -> None:
    entries = docker_legacy(THRICE)
    assert len([entry for entry in entries if entry.kind == b"2"]) == 1
    assert layer_bytes(load(save(tmp_path, order(entries)))) == [2_600, 70, 2_600]


@ways
def test_2_a_repeated_layer_is_read_once(tmp_path: Path, save: Save) -> None:
    visits = []

    def visit(reader: Reader) -> Layer:
        visits.append(read_layer(reader))
        return visits[-1]

    sources.load(str(save(tmp_path, docker_legacy(THRICE))), visit, Request())
    assert len(visits) == 2


@ways
@pytest.mark.parametrize(
    "compress", [plain, gzipped, zstd, zstd_with_skippable_frames, gzipped_in_members]
)
def test_3_and_5_docker_since_25_and_the_containerd_store(
    tmp_path: Path, save: Save, compress: Compress
) -> None:
    found = load(save(tmp_path, docker(THRICE, compress=compress)))
    assert layer_bytes(found) == [2_600, 70, 2_600]
    assert found.source == "docker-archive"
    assert [layer.transfer_bytes for layer in found.layers] == stored_sizes(THRICE, compress)
    assert [layer.digest for layer in found.layers] == [
        sha256(compress(layer)) for layer in THRICE.layers
    ]
    assert found.warnings == ()


@ways
@pytest.mark.parametrize("compress", [plain, gzipped, zstd])
def test_4_an_oci_archive_without_manifest_json(
    tmp_path: Path, save: Save, compress: Compress
) -> None:
    found = load(save(tmp_path, reversed(oci(TWO, compress=compress))))
    assert layer_bytes(found) == [2_600, 70]
    assert (found.reference, found.source) == ("app:1", "oci-archive")
    assert [layer.transfer_bytes for layer in found.layers] == stored_sizes(TWO, compress)


@ways
def test_12_a_kaniko_archive(tmp_path: Path, save: Save) -> None:
    found = load(save(tmp_path, kaniko(TWO)))
    assert layer_bytes(found) == [2_600, 70]
    assert [layer.transfer_bytes for layer in found.layers] == stored_sizes(TWO, gzipped)


@ways
def test_skopeo_puts_layers_at_the_root_and_links_to_them(tmp_path: Path, save: Save) -> None:
    layers = {f"{sha256(layer)[7:]}.tar": layer for layer in TWO.layers}
    links = {f"{name[:12]}/layer.tar": f"../{name}" for name in layers}
    manifest = changed(
        docker_legacy(TWO),
        "manifest.json",
        lambda value: value[0].update(Layers=list(links), RepoTags=[]),
    )
    entries = [
        *(file(name, layer) for name, layer in layers.items()),
        *(symlink(name, target) for name, target in links.items()),
        *(entry for entry in docker_legacy(TWO) if entry.path.endswith(".json")),
    ]
    found = load(save(tmp_path, with_file(entries, "manifest.json", manifest)))
    assert layer_bytes(found) == [2_600, 70]
    assert found.reference == sha256(TWO.config)


@ways
def test_13_mixed_compression(tmp_path: Path, save: Save) -> None:
    compress: Sequence[Compress] = [plain, zstd, gzipped]
    for entries in (docker(THRICE, compress=compress), oci(THRICE, compress=compress)):
        found = load(save(tmp_path, entries))
        assert layer_bytes(found) == [2_600, 70, 2_600]
        assert [layer.transfer_bytes for layer in found.layers] == [
            None,
            len(zstd(THRICE.layers[1])),
            len(gzipped(THRICE.layers[2])),
        ]


@ways
@pytest.mark.parametrize("empty", [b"", bytes(1_024)], ids=["no bytes", "1,024 zeros"])
@pytest.mark.parametrize("compress", [plain, gzipped, zstd])
def test_22_an_empty_layer_is_a_layer(
    tmp_path: Path, save: Save, empty: bytes, compress: Compress
) -> None:
    made = image(BASE, empty, CHANGE)
    assert layer_bytes(load(save(tmp_path, docker(made, compress=compress)))) == [2_600, 0, 70]


@ways
def test_28_junk_after_a_gzip_is_a_warning(tmp_path: Path, save: Save) -> None:
    compress: list[Compress] = [lambda data: gzipped(data) + b"junk", gzipped]
    found = load(save(tmp_path, docker(TWO, compress=compress)))
    assert layer_bytes(found) == [2_600, 70]
    [warning] = found.warnings
    assert warning.removeprefix("layer 0: ") == (
        "4 bytes of junk after the end of the gzip data are ignored"
    )


@ways
def test_29_an_archive_without_an_end_is_read_with_a_warning(tmp_path: Path, save: Save) -> None:
    path = save(tmp_path, [])
    data = tar(*docker(TWO), end=b"")
    path.write_bytes(data if save is as_file else gzipped(data))
    assert load(path).warnings == ("the tar has no end mark; it may be cut short at a file's end",)


@ways
@pytest.mark.parametrize("make", [docker, docker_legacy, oci, kaniko])
def test_24_an_archive_that_is_cut_short_is_an_error(
    tmp_path: Path, save: Save, make: Callable[[Image], list[Entry]]
) -> None:
    path = save(tmp_path, [])
    data = tar(*make(TWO), end=b"")[:-1_000]
    path.write_bytes(data if save is as_file else gzipped(data))
    assert refusal(path).startswith("image.tar: the tar is cut short after ")


@ways
def test_25_a_layer_that_is_cut_short_names_layer_and_entry(tmp_path: Path, save: Save) -> None:
    made = image(BASE, tar(file("big", 10_000))[:5_000])
    entries = docker_legacy(made)
    [path] = [entry.path for entry in entries if entry.content == made.layers[1]]
    assert refusal(save(tmp_path, entries)) == (
        f"image.tar → layer 1 ({path}): the tar is cut short after 'big'. "
        "The file is incomplete: save or download it again"
    )


@ways
def test_26_a_corrupt_header_in_a_layer_names_layer_and_entry(tmp_path: Path, save: Save) -> None:
    made = image(tar(file("first"), header(b"second", checksum=1)), CHANGE)
    entries = docker_legacy(made)
    [path] = [entry.path for entry in entries if entry.content == made.layers[0]]
    assert refusal(save(tmp_path, entries)) == (
        f"image.tar → layer 0 ({path}): corrupt tar header at byte 512 after 'first'. "
        "The file is damaged: save or download it again"
    )


@ways
@pytest.mark.parametrize("compress", [gzipped, zstd])
def test_27_a_compressed_layer_that_is_cut_short(
    tmp_path: Path, save: Save, compress: Compress
) -> None:
    def cut(data: bytes) -> bytes:
        return compress(data)[:-3]

    assert "data is cut short. The file is incomplete" in refusal(
        save(tmp_path, docker(TWO, compress=[plain, cut]))
    )


@ways
def test_27_a_gzip_with_a_wrong_crc(tmp_path: Path, save: Save) -> None:
    def broken(data: bytes) -> bytes:
        stored = bytearray(gzipped(data))
        stored[-5] ^= 1
        return bytes(stored)

    assert "the gzip data is corrupt" in refusal(
        save(tmp_path, docker(TWO, compress=[plain, broken]))
    )


@ways
@pytest.mark.parametrize("name", ["manifest.json", "./manifest.json", "/index.json"])
def test_62_two_manifests_are_refused(tmp_path: Path, save: Save, name: str) -> None:
    clean = name.lstrip("./")
    assert refusal(save(tmp_path, [*docker(TWO), file(name, b"[]")])) == (
        f"image.tar: holds two {clean}. Engines disagree on which counts: rebuild it"
    )


@ways
@pytest.mark.parametrize("end", [bytes(1_024), bytes(10_240)])
def test_65_a_plain_file_system_is_not_an_image(tmp_path: Path, save: Save, end: bytes) -> None:
    path = save(tmp_path, [])
    data = tar(*BASE, end=end)
    path.write_bytes(data if save is as_file else gzipped(data))
    assert refusal(path) == (
        "image.tar: is not an image: it holds neither manifest.json nor index.json. "
        "Make an archive with 'docker save TAG -o image.tar'; "
        "a plain file system must first be imported with 'docker import'"
    )


def test_65_what_is_no_tar_at_all_is_not_an_image(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(b"GIF89a" * 500)
    assert refusal(path) == (
        "image.tar: is not a tar archive. An image is saved with 'docker save TAG -o image.tar'"
    )
    path.write_bytes(b"")
    assert refusal(path) == "image.tar: there is nothing to read: the input is empty"
    path.write_bytes(b"BZh91AY&SY")
    assert refusal(path).startswith("image.tar: is compressed with bzip2")


@ways
def test_names_in_the_archive_are_made_clean(tmp_path: Path, save: Save) -> None:
    entries = [dataclasses.replace(entry, path=f"./{entry.path}") for entry in docker_legacy(TWO)]
    assert layer_bytes(load(save(tmp_path, entries))) == [2_600, 70]


@ways
def test_a_layer_that_is_a_hard_link(tmp_path: Path, save: Save) -> None:
    entries = docker_legacy(THRICE)
    first = next(entry.path for entry in entries if entry.path.endswith("layer.tar"))
    linked = [
        dataclasses.replace(entry, kind=b"1", target=first) if entry.kind == b"2" else entry
        for entry in entries
    ]
    assert layer_bytes(load(save(tmp_path, linked))) == [2_600, 70, 2_600]


@ways
def test_42_a_layer_that_is_a_circle_of_links_is_absent(tmp_path: Path, save: Save) -> None:
    entries = docker_legacy(TWO)
    path = next(entry.path for entry in entries if entry.path.endswith("layer.tar"))
    links = [symlink(path, "../loop"), symlink("loop", path)]
    found = load(save(tmp_path, [*without(entries, path), *links]))
    assert [layer.problem for layer in found.layers] == [f"the archive does not hold {path!r}", ""]


@ways
def test_a_sparse_member_never_reaches_beyond_what_is_stored(tmp_path: Path, save: Save) -> None:
    made = image(CHANGE)
    path = f"blobs/sha256/{made.diff_ids[0][7:]}"
    sparse = gnu_sparse(path, made.layers[0], real_size=2**40)
    data = tar(*without(docker(made), path), sparse)
    target = save(tmp_path, [])
    target.write_bytes(data if save is as_file else gzipped(data))
    assert layer_bytes(load(target)) == [70]


@ways
def test_blobs_in_folders_of_no_known_digest_are_left_alone(tmp_path: Path, save: Save) -> None:
    strays = [file("blobs/md5000/0123", 2_000), file("blobs/shake_128/0", 2_000), file("blobs/x")]
    assert layer_bytes(load(save(tmp_path, [*docker(TWO), *strays]))) == [2_600, 70]


def test_the_content_of_an_archive_is_never_unpacked(tmp_path: Path) -> None:
    outside = file("../escape", 10)
    load(write_archive(tmp_path / "image.tar", [*docker(image([outside])), outside]))
    assert list(tmp_path.iterdir()) == [tmp_path / "image.tar"]
    assert not (tmp_path.parent / "escape").exists()


def test_a_layer_in_an_uncompressed_archive_is_read_in_place(tmp_path: Path) -> None:
    before = padded(header(b"first", size=600)) + padded(bytes(600))
    path = tmp_path / "image.tar"
    path.write_bytes(tar(before, *docker(TWO)))
    assert layer_bytes(load(path)) == [2_600, 70]


def test_oci_manifests_may_repeat_a_layer(tmp_path: Path) -> None:
    assert oci_manifest(THRICE).count(sha256(gzipped(THRICE.layers[0])).encode()) == 2
    found = load(write_archive(tmp_path / "image.tar", oci(THRICE)))
    assert layer_bytes(found) == [2_600, 70, 2_600]


def lacking_the_last_layer(made: Image) -> list[Entry]:
    return without(docker(made), f"blobs/{sha256(made.layers[-1]).replace(':', '/')}")


@ways
def test_24_an_archive_cut_between_two_members(tmp_path: Path, save: Save) -> None:
    path = tmp_path / "image.tar"
    compress = plain if save is as_file else gzipped
    path.write_bytes(compress(tar(*lacking_the_last_layer(TWO), end=b"")))
    assert "the archive is cut short: it has no end, and layers are missing" in refusal(path)


@ways
def test_a_layer_that_a_whole_archive_lacks_is_left_out(tmp_path: Path, save: Save) -> None:
    found = load(save(tmp_path, lacking_the_last_layer(TWO)))
    assert [layer.content is None for layer in found.layers] == [False, True]
