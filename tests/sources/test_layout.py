"""Which image is meant, and which blobs are its layers, in an archive, a stream and a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imgdiag import pipeline
from imgdiag.image import Platform
from imgdiag.limits import Limits, Meter
from imgdiag.sources import oci_index as room
from tests.builder import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Entry,
    Image,
    blob,
    descriptor,
    docker,
    docker_legacy,
    file,
    gzipped,
    image,
    json_bytes,
    oci,
    oci_index,
    oci_manifest,
    plain,
    sha256,
    tar,
    with_file,
    without,
)
from tests.sources.loading import (
    Save,
    as_file,
    as_folder,
    as_stream,
    changed,
    layer_bytes,
    load,
    refusal,
)

ways = pytest.mark.parametrize("save", [as_file, as_stream, as_folder])
archives = pytest.mark.parametrize("save", [as_file, as_stream])

ONE = image([file("a", 100)], [file("b", 20)], [file("c", 3)])
OTHER = image([file("a", 100)], [file("d", 7)], tags=("other:2", "also:2"))
AMD = image([file("amd", 1)], platform="linux/amd64", tags=("multi:1",))
ARM = image([file("arm", 2)], platform="linux/arm64", tags=("multi:1",))


@pytest.fixture
def on_arm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "host_platform", lambda: Platform("linux", "arm64"))


def with_manifest(entries: list[Entry], **changes: Any) -> list[Entry]:
    content = changed(entries, "manifest.json", lambda value: value[0].update(changes))
    return with_file(entries, "manifest.json", content)


# Several images


@ways
@pytest.mark.parametrize("make", [docker, oci])
def test_8_several_images_are_listed_and_never_picked_from(
    tmp_path: Path, save: Save, make: Callable[..., list[Entry]]
) -> None:
    path = save(tmp_path, make(ONE, OTHER))
    how = "docker-archive:FILE" if make is docker else "oci:PATH"
    listed = "app:1, other:2"
    if make is oci:
        listed = "also:2 (linux/amd64), app:1 (linux/amd64)"
    message = refusal(path, platform=Platform("linux", "amd64")) if make is oci else refusal(path)
    assert message == (
        f"image.tar: holds 2 images. Name one after a colon, as in '{how}:NAME'. It holds: {listed}"
    )


@archives
@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("app:1", [100, 20, 3]),
        ("other:2", [100, 7]),
        ("also:2", [100, 7]),
        ("docker.io/library/also:2", [100, 7]),
        (sha256(ONE.config), [100, 20, 3]),
        (sha256(ONE.config)[7:19], [100, 20, 3]),
    ],
)
def test_63_each_of_two_images_that_share_a_layer_is_whole(
    tmp_path: Path, save: Save, name: str, sizes: list[int]
) -> None:
    path = save(tmp_path, docker(ONE, OTHER))
    assert layer_bytes(load(f"docker-archive:{path}:{name}")) == sizes


@ways
def test_8_a_name_chooses_in_an_oci_layout(tmp_path: Path, save: Save) -> None:
    path = save(tmp_path, oci(ONE, OTHER))
    assert layer_bytes(load(f"oci:{path}:app:1")) == [100, 20, 3]
    assert layer_bytes(load(f"oci:{path}:also:2")) == [100, 7]
    assert layer_bytes(load(f"oci:{path}:{sha256(oci_manifest(OTHER))}")) == [100, 7]
    assert refusal(f"oci:{path}:gone") == (
        "image.tar: holds no image 'gone'. "
        "It holds: also:2 (linux/amd64), app:1 (linux/amd64), other:2 (linux/amd64)"
    )


def test_8_a_name_that_nothing_has(tmp_path: Path) -> None:
    path = as_file(tmp_path, docker(ONE, OTHER))
    assert refusal(f"docker-archive:{path}:gone") == (
        "image.tar: holds no image 'gone'. It holds: app:1, other:2"
    )


@ways
def test_an_image_without_a_name_is_called_by_its_id(tmp_path: Path, save: Save) -> None:
    nameless = image([file("a", 1)], tags=())
    path = save(tmp_path, docker(nameless))
    assert load(path).reference == sha256(nameless.config)
    assert layer_bytes(load(path)) == [1]


@ways
def test_two_names_of_one_image_are_one_image(tmp_path: Path, save: Save) -> None:
    assert layer_bytes(load(save(tmp_path, oci(OTHER)))) == [100, 7]


# Several platforms


@ways
@pytest.mark.usefixtures("on_arm")
def test_9_the_platform_of_the_host_or_the_one_asked_for(tmp_path: Path, save: Save) -> None:
    path = save(tmp_path, oci(AMD, ARM))
    assert layer_bytes(load(path)) == [2]
    assert layer_bytes(load(path, platform=Platform("linux", "amd64"))) == [1]
    assert refusal(path, platform=Platform("linux", "s390x")) == (
        "image.tar: holds no image for linux/s390x. It holds: linux/amd64, linux/arm64"
    )


@ways
def test_where_none_is_the_hosts_one_is_to_be_chosen(
    tmp_path: Path, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "s390x")
    assert refusal(save(tmp_path, oci(AMD, ARM))) == (
        "image.tar: holds no image for linux/s390x. "
        "Choose with --platform. It holds: linux/amd64, linux/arm64"
    )


@ways
@pytest.mark.usefixtures("on_arm")
def test_9_one_image_is_taken_whatever_its_platform(tmp_path: Path, save: Save) -> None:
    path = save(tmp_path, oci(AMD))
    assert layer_bytes(load(path)) == [1]
    message = refusal(path, platform=Platform("linux", "arm64"))
    assert message.startswith("image.tar: holds no image for linux/arm64.")


@ways
def test_9_manifest_json_holds_one_platform_and_the_index_more(tmp_path: Path, save: Save) -> None:
    entries = [
        *docker(AMD),
        *(entry for entry in docker(ARM) if entry.path[:13] == "blobs/sha256/"),
    ]
    index = oci_index(AMD, ARM, compress=lambda data: data)
    names = {entry.path: entry for entry in with_file(entries, "index.json", index)}
    path = save(tmp_path, list(names.values()))
    assert layer_bytes(load(path)) == [1]
    assert layer_bytes(load(path, platform=Platform("linux", "arm64"))) == [2]


@archives
def test_9_another_platform_than_the_archive_holds(tmp_path: Path, save: Save) -> None:
    path = save(tmp_path, docker_legacy(AMD))
    assert refusal(path, platform=Platform("linux", "arm64")) == (
        "image.tar: holds the platform linux/amd64, not linux/arm64"
    )


@ways
@pytest.mark.parametrize(
    "marks",
    [
        {"platform": {"os": "unknown", "architecture": "unknown"}},
        {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
    ],
)
def test_9_attestations_are_left_out(tmp_path: Path, save: Save, marks: dict[str, Any]) -> None:
    attestation = json_bytes({"config": {}, "layers": []})
    entries = [*oci(AMD), blob(attestation)]

    def add(index: Any) -> None:
        index["manifests"].append(descriptor(OCI_MANIFEST, attestation, **marks))

    content = changed(entries, "index.json", add)
    assert layer_bytes(load(save(tmp_path, with_file(entries, "index.json", content)))) == [1]


@ways
@pytest.mark.usefixtures("on_arm")
def test_9_platforms_that_are_listed_and_not_there_are_left_out(tmp_path: Path, save: Save) -> None:
    path = save(tmp_path, with_file(oci(AMD), "index.json", oci_index(AMD, ARM)))
    assert layer_bytes(load(path)) == [1]
    (tmp_path / "none").mkdir()
    path = save(tmp_path / "none", [file("index.json", oci_index(AMD, ARM))])
    assert refusal(path) == (
        "image.tar: index.json names no image whose manifest is here. Save the image again"
    )


# Nested indexes


def nested(depth: int) -> list[Entry]:
    """Return an OCI layout whose manifest lies below `depth` indexes beside the outer one."""
    entries, inner = oci(AMD), oci_index(AMD)
    for _ in range(depth):
        entries.append(blob(inner))
        inner = json_bytes({"manifests": [descriptor(OCI_INDEX, inner)]})
    return with_file(entries, "index.json", inner)


@ways
def test_10_nested_indexes_are_followed_to_a_depth(tmp_path: Path, save: Save) -> None:
    assert load(save(tmp_path, nested(8))).reference == "multi:1"


def test_10_indexes_nested_too_deep(tmp_path: Path) -> None:
    assert refusal(as_file(tmp_path, nested(9))) == (
        "image.tar: its indexes are nested more than 8 deep"
    )


@ways
def test_10_indexes_in_a_circle(tmp_path: Path, save: Save) -> None:
    digest = f"sha256:{'0' * 64}"
    circle = json_bytes({"manifests": [{"mediaType": OCI_INDEX, "digest": digest, "size": 1}]})
    entries = [file("index.json", circle), file(f"blobs/sha256/{'0' * 64}", circle)]
    assert refusal(save(tmp_path, entries)) == f"image.tar: its indexes form a circle at {digest}"


def test_10_indexes_that_name_each_other_many_times(tmp_path: Path) -> None:
    entries, inner = oci(AMD), oci_index(AMD)
    for _ in range(8):
        entries.append(blob(inner))
        inner = json_bytes({"manifests": [descriptor(OCI_INDEX, inner)] * 30})
    path = as_file(tmp_path, with_file(entries, "index.json", inner))
    assert layer_bytes(load(path)) == [1]


# What counts


@ways
def test_6_a_scrambled_oci_manifest_beside_manifest_json(tmp_path: Path, save: Save) -> None:
    entries = docker(ONE)
    scrambled = json_bytes(
        {
            "config": descriptor(OCI_CONFIG, ONE.config),
            "layers": [descriptor(OCI_LAYER, layer) for layer in reversed(ONE.layers)],
        }
    )
    index = json_bytes({"manifests": [descriptor(OCI_MANIFEST, scrambled)]})
    path = save(tmp_path, with_file([*entries, blob(scrambled)], "index.json", index))
    assert layer_bytes(load(path)) == [100, 20, 3]


@ways
@pytest.mark.parametrize("nothing", [None, [], {}])
def test_7_an_empty_manifest_json_falls_back_to_the_index(
    tmp_path: Path, save: Save, nothing: object
) -> None:
    path = save(tmp_path, with_file(oci(ONE), "manifest.json", json_bytes(nothing)))
    assert layer_bytes(load(path)) == [100, 20, 3]


@ways
def test_7_an_index_of_null_falls_back_to_manifest_json(tmp_path: Path, save: Save) -> None:
    index = json_bytes({"schemaVersion": 2, "manifests": None})
    assert layer_bytes(load(save(tmp_path, with_file(docker(ONE), "index.json", index)))) == [
        100,
        20,
        3,
    ]


@ways
@pytest.mark.parametrize("nothing", [None, [], {}])
def test_18_a_manifest_json_that_names_no_image(
    tmp_path: Path, save: Save, nothing: object
) -> None:
    path = save(tmp_path, [file("manifest.json", json_bytes(nothing))])
    assert refusal(path) == "image.tar: manifest.json names no image. Save the image again"


@ways
@pytest.mark.parametrize("odd", ["image", 1, False, [1], ["image"], {"a": 1}])
def test_18_a_manifest_json_of_another_kind(tmp_path: Path, save: Save, odd: object) -> None:
    path = save(tmp_path, [file("manifest.json", json_bytes(odd))])
    assert refusal(path) == "image.tar: manifest.json is not a list of images"


@ways
@pytest.mark.parametrize("index", [{}, {"manifests": None}, {"manifests": []}])
def test_18_an_index_that_names_no_image(tmp_path: Path, save: Save, index: object) -> None:
    path = save(tmp_path, [file("index.json", json_bytes(index))])
    assert refusal(path) == (
        "image.tar: index.json names no image whose manifest is here. Save the image again"
    )


@ways
def test_17_an_image_of_no_layers(tmp_path: Path, save: Save) -> None:
    nothing = image(history=())
    for number, entries in enumerate((docker(nothing), oci(nothing))):
        (tmp_path / str(number)).mkdir()
        sizes = pipeline.analyze(str(save(tmp_path / str(number), entries))).sizes
        assert (sizes.layer_bytes, sizes.transfer_bytes, sizes.efficiency) == (0, 0, 1.0)


# What does not fit


@ways
def test_19_no_config(tmp_path: Path, save: Save) -> None:
    config = blob(ONE.config).path
    assert refusal(save(tmp_path, without(docker(ONE), config))) == (
        f"image.tar: does not hold the config ({config!r}). Save the image again"
    )


def test_19_no_config_in_an_oci_layout(tmp_path: Path) -> None:
    assert refusal(as_file(tmp_path, without(oci(ONE), blob(ONE.config).path))) == (
        f"image.tar: does not hold its config {sha256(ONE.config)}. Save the image again"
    )
    assert refusal(as_file(tmp_path, with_manifest(docker(ONE), Config=None))) == (
        "image.tar: does not hold the config (''). Save the image again"
    )


@ways
def test_20_as_many_layers_as_diff_ids(tmp_path: Path, save: Save) -> None:
    entries = docker(ONE)
    paths = [entry.path for entry in entries if entry.content in ONE.layers]
    assert refusal(save(tmp_path, with_manifest(entries, Layers=paths[:2]))) == (
        "image.tar: the manifest lists 2 layers and the config 3 diff_ids. "
        "The archive contradicts itself: save the image again"
    )


@ways
def test_16_an_absent_layer_is_unknown_and_says_why(tmp_path: Path, save: Save) -> None:
    gone = blob(ONE.layers[1]).path
    found = load(save(tmp_path, without(docker(ONE), gone)))
    assert [(layer.problem, layer.content is None) for layer in found.layers] == [
        ("", False),
        (f"the archive does not hold {gone!r}", True),
        ("", False),
    ]
    assert found.layers[1].transfer_bytes is None


@ways
@pytest.mark.parametrize(
    ("media_type", "problem"),
    [
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "a foreign layer"),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "a foreign layer"),
        (OCI_LAYER, "the layout does not hold the blob"),
    ],
)
def test_16_a_foreign_layer_is_unknown_and_says_why(
    tmp_path: Path, save: Save, media_type: str, problem: str
) -> None:
    stored = [gzipped(layer) for layer in AMD.layers]
    manifest = oci_manifest(AMD, gzipped, media_type)
    index = json_bytes({"manifests": [descriptor(OCI_MANIFEST, manifest)]})
    entries = [file("index.json", index), blob(manifest), blob(AMD.config)]
    [layer] = load(save(tmp_path, entries)).layers
    assert layer.problem.startswith(problem)
    assert (layer.content, layer.transfer_bytes, layer.digest) == (None, None, sha256(stored[0]))


@ways
def test_16_a_foreign_layer_of_docker_save(tmp_path: Path, save: Save) -> None:
    entries = without(docker(AMD), blob(AMD.layers[0]).path)
    sources = {AMD.diff_ids[0]: {"urls": ["https://example.org/layer"]}}
    [layer] = load(save(tmp_path, with_manifest(entries, LayerSources=sources))).layers
    assert layer.problem == "a foreign layer, kept elsewhere by its publisher"


@ways
@pytest.mark.parametrize("what", ["manifest", "config"])
def test_23_a_manifest_or_config_that_is_not_what_its_digest_says(
    tmp_path: Path, save: Save, what: str
) -> None:
    data = {"manifest": oci_manifest(ONE), "config": ONE.config}[what]
    entries = with_file(oci(ONE), blob(data).path, data + b" ")
    assert refusal(save(tmp_path, entries)) == (
        f"image.tar: the {what} is not what its digest {sha256(data)} says. "
        "The file is damaged or was changed: save or download it again"
    )


@ways
def test_23_a_compressed_layer_that_is_not_what_its_digest_says(tmp_path: Path, save: Save) -> None:
    path = blob(gzipped(ONE.layers[1])).path
    for number, entries in enumerate((oci(ONE), docker(ONE, compress=gzipped))):
        # Another file of the same stored size, so that nothing but the digest can tell.
        stored = bytearray(gzipped(ONE.layers[1]))
        stored[4] ^= 1  # the time in gzip's header
        (tmp_path / str(number)).mkdir()
        message = refusal(save(tmp_path / str(number), with_file(entries, path, bytes(stored))))
        assert message == (
            f"image.tar → layer 1 ({path}): the blob is not what its digest "
            f"{sha256(gzipped(ONE.layers[1]))} says. "
            "The file is damaged or was changed: save or download it again"
        )


def test_23_an_uncompressed_layer_in_a_stream_is_checked_too(tmp_path: Path) -> None:
    path = blob(ONE.layers[1]).path
    entries = with_file(docker(ONE), path, tar(file("other", 20)))
    assert "is not what its digest" in refusal(as_stream(tmp_path, entries))


def oci_plain(made: Image) -> list[Entry]:
    return oci(made, compress=plain)


@pytest.mark.parametrize("save", [as_file, as_folder])
@pytest.mark.parametrize("write", [docker, docker_legacy, oci_plain])
def test_23_an_uncompressed_layer_is_hashed_when_asked_to(
    tmp_path: Path, save: Save, write: Callable[..., list[Entry]]
) -> None:
    entries = write(ONE)
    good = save(tmp_path, entries)
    assert load(good, verify=True) == load(good)
    # A file's content is passed over, so that only the digest can tell that it was changed.
    [path] = [entry.path for entry in entries if entry.content == ONE.layers[1]]
    changed_layer = ONE.layers[1][:513] + b"?" + ONE.layers[1][514:]
    (tmp_path / "bad").mkdir()
    bad = save(tmp_path / "bad", with_file(entries, path, changed_layer))
    assert layer_bytes(load(bad)) == [100, 20, 3]
    assert f"image.tar → layer 1 ({path}): the " in refusal(bad, verify=True)
    assert f"{ONE.diff_ids[1]} says. The file is damaged" in refusal(bad, verify=True)


@pytest.mark.parametrize("save", [as_file, as_folder])
def test_23_a_diff_id_that_lies_about_a_compressed_layer(tmp_path: Path, save: Save) -> None:
    entries = docker(ONE, compress=gzipped)
    [config] = [entry.path for entry in entries if entry.content == ONE.config]
    for lie, message in (
        (f"sha256:{'1' * 64}", f"the layer is not what its diff_id sha256:{'1' * 64} says"),
        ("md5:1", "is named by what is no digest: 'md5:1'"),
    ):
        wrong = ONE.config.replace(ONE.diff_ids[1].encode(), lie.encode())
        folder = tmp_path / lie.partition(":")[0]
        folder.mkdir()
        path = save(folder, with_file(entries, config, wrong))
        assert layer_bytes(load(path)) == [100, 20, 3]
        assert message in refusal(path, verify=True)


def test_23_a_blob_that_stands_for_two_layers(tmp_path: Path) -> None:
    entries = docker(ONE)
    layers = [blob(data).path for data in ONE.layers]
    entries = with_manifest(entries, Layers=[layers[0], layers[0], layers[2]])
    path = as_file(tmp_path, entries)
    assert layer_bytes(load(path)) == [100, 100, 3]
    assert "has another diff_id than a layer before it of the same blob" in refusal(
        path, verify=True
    )


@ways
def test_24_a_layer_of_another_size_than_its_manifest_says(tmp_path: Path, save: Save) -> None:
    path = blob(gzipped(ONE.layers[1])).path
    entries = with_file(oci(ONE), path, gzipped(ONE.layers[1])[:-4])
    size = len(gzipped(ONE.layers[1]))
    assert refusal(save(tmp_path, entries)) == (
        f"image.tar: layer {sha256(gzipped(ONE.layers[1]))} has {size - 4} bytes where its "
        f"manifest says {size}. The file is incomplete: save or download it again"
    )


@ways
@pytest.mark.parametrize(
    "outside", ["../../etc/passwd", "/etc/passwd", "blobs/../../x", "blobs/sha256/../../../x"]
)
def test_41_a_layer_outside_the_archive(tmp_path: Path, save: Save, outside: str) -> None:
    path = save(tmp_path, with_manifest(docker(AMD), Layers=[outside]))
    assert refusal(path) == (
        f"image.tar: manifest.json names a layer outside the archive: {outside!r}"
    )


def test_41_a_config_outside_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    path = as_folder(tmp_path, with_manifest(docker(AMD), Config="../secret"))
    assert refusal(path) == "image.tar: names a blob outside its folder: '../secret'"


@ways
@pytest.mark.parametrize(
    "digest", ["", "sha256:", "sha256:../../x", "md5:00", f"sha256:{'A' * 64}"]
)
def test_41_a_digest_that_is_none(tmp_path: Path, save: Save, digest: str) -> None:
    index = json_bytes({"manifests": [{"digest": digest}]})
    assert refusal(save(tmp_path, [file("index.json", index)])) == (
        f"image.tar: names a blob by {digest!r}, which is no sha256 or sha512 digest"
    )


@ways
@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b"1" * 5_000, b"\xef\xbb\xbf[]", b"[]x", b""],
    ids=["60 deep", "60 digits", "61 BOM", "61 trailing", "61 empty"],
)
def test_60_and_61_a_manifest_json_that_is_not_json(
    tmp_path: Path, save: Save, data: bytes
) -> None:
    message = refusal(save(tmp_path, [file("manifest.json", data)]))
    assert message.startswith("image.tar: manifest.json is not valid JSON (")


@ways
def test_a_manifest_that_is_too_large(tmp_path: Path, save: Save) -> None:
    path = save(tmp_path, [file("manifest.json", b" " * 1_001)])
    assert refusal(path, meter=Meter(Limits(manifest=1_000))) == (
        "image.tar: 'manifest.json' has 1,001 bytes; at most 1,000 bytes are read. "
        "If you trust this image, raise it with --read-limit manifest=…"
    )


@ways
def test_a_prefix_says_which_manifest_to_follow(tmp_path: Path, save: Save) -> None:
    entries = with_file(docker(AMD), "index.json", oci_index(ONE))
    names = {entry.path: entry for entry in (*oci(ONE), *entries)}
    path = save(tmp_path, list(names.values()))
    assert layer_bytes(load(f"oci:{path}")) == [100, 20, 3]
    assert layer_bytes(load(path)) == [1]


@archives
@pytest.mark.parametrize(
    ("prefix", "make", "message"),
    [
        ("docker-archive", oci, "is not an archive of 'docker save': no manifest.json names an"),
        ("oci", docker_legacy, "is not an OCI layout: it holds no index.json. Leave the prefix"),
    ],
)
def test_a_prefix_that_does_not_fit(
    tmp_path: Path, save: Save, prefix: str, make: Callable[..., list[Entry]], message: str
) -> None:
    said = refusal(f"{prefix}:{save(tmp_path, make(AMD))}")
    assert said.startswith(f"image.tar: {message}")
