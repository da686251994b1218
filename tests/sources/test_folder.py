"""Images in folders: OCI layouts and what skopeo's `dir:` transport writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.builder import (
    Compress,
    blob,
    docker,
    file,
    gzipped,
    image,
    json_bytes,
    oci,
    plain,
    sha256,
    skopeo_dir,
    write_archive,
    write_folder,
    zstd,
)
from tests.sources.loading import layer_bytes, load, refusal

MADE = image([file("a", 600)], [file("b", 20)], [file("a", 600)])


@pytest.mark.parametrize("compress", [plain, gzipped, zstd])
def test_an_oci_layout_is_as_its_archive(tmp_path: Path, compress: Compress) -> None:
    entries = oci(MADE, compress=compress)
    folder = load(write_folder(tmp_path / "layout", entries))
    archive = load(write_archive(tmp_path / "image.tar", entries))
    assert folder == dataclasses.replace(archive, source="oci-dir", route="folder")
    assert layer_bytes(folder) == [600, 20, 600]


@pytest.mark.parametrize("compress", [plain, gzipped, zstd, [plain, gzipped, plain]])
@pytest.mark.parametrize("claimed", ["tar", "tar.gzip", "tar+zstd"])
def test_11_a_dir_with_a_wrong_media_type(
    tmp_path: Path, compress: Compress | Sequence[Compress], claimed: str
) -> None:
    media_type = f"application/vnd.docker.image.rootfs.diff.{claimed}"
    found = load(write_folder(tmp_path / "copied", skopeo_dir(MADE, compress, media_type)))
    assert layer_bytes(found) == [600, 20, 600]
    assert (found.reference, found.source) == (str(tmp_path / "copied"), "oci-dir")
    assert found.warnings == ()


def test_a_dir_of_several_platforms_or_of_schema_1(tmp_path: Path) -> None:
    manifests: list[dict[str, list[str]]] = [{"layers": []}, {"layers": [], "manifests": []}]
    for number, manifest in enumerate(manifests):
        folder = tmp_path / str(number)
        write_folder(folder, [file("manifest.json", json_bytes(manifest))])
        assert refusal(folder) == (
            f"{number}: has a manifest of several platforms or of Docker's schema 1. "
            "Copy one image: 'skopeo copy --override-arch …'"
        )


def test_an_archive_of_docker_save_that_was_unpacked(tmp_path: Path) -> None:
    assert layer_bytes(load(write_folder(tmp_path / "unpacked", docker(MADE)))) == [600, 20, 600]


def test_41_a_blob_that_links_out_of_its_folder(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "layout", oci(MADE))
    path = folder / blob(MADE.config).path
    path.rename(tmp_path / "config")
    path.symlink_to(tmp_path / "config")
    assert refusal(folder) == (
        f"layout: names a blob outside its folder: {blob(MADE.config).path!r}"
    )


def test_42_a_blob_that_is_a_circle_of_links(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "layout", oci(MADE))
    path = folder / blob(MADE.config).path
    path.unlink()
    path.symlink_to(path.name)
    assert refusal(folder) in (
        f"layout: names a blob that no file can be: {blob(MADE.config).path!r}",
        f"layout: does not hold its config {sha256(MADE.config)}. Save the image again",
    )


@pytest.mark.parametrize("name", ["\ud800", "a\0b", "a" * 5_000])
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    manifest = json_bytes([{"Config": name, "Layers": []}])
    folder = write_folder(tmp_path / "odd", [file("manifest.json", manifest)])
    assert refusal(folder)


def test_a_blob_that_is_a_folder_is_absent(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "layout", oci(MADE))
    path = folder / blob(MADE.config).path
    path.unlink()
    path.mkdir()
    assert refusal(folder) == (
        f"layout: does not hold its config {sha256(MADE.config)}. Save the image again"
    )


def test_23_a_dir_whose_layer_was_changed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "copied", skopeo_dir(MADE, gzipped))
    path = folder / sha256(gzipped(MADE.layers[1]))[7:]
    stored = bytearray(path.read_bytes())
    stored[4] ^= 1
    path.write_bytes(stored)
    assert refusal(folder).startswith(
        f"copied → layer 1 ({path.name}): the blob is not what its digest "
    )
