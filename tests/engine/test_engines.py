"""Every engine keeps images in its own way; the analysis of one image is the same in each."""

import json
from typing import Any

import pytest

from tests import builder

from .engine import Engine
from .report import Report, analyze, inspect

# Where each kind of engine keeps what the store route reads, below its root.
STORES = {
    "overlay2": "image/overlay2/layerdb/sha256",
    "containerd": "containerd/daemon/io.containerd.content.v1.content/blobs/sha256",
    "podman": "overlay-layers/layers.json",
}
BUILT_TAG = "imgdiag-test-built-in-containerd"
MULTI_TAG = "imgdiag-test-multi:1"


@pytest.fixture(scope="module")
def expected(engine: Engine, wasteful_image: str) -> Report:
    """Analyze the image in the engine that built it."""
    return analyze(engine, wasteful_image, "--route=save")


@pytest.fixture(scope="module")
def built_image(
    containerd_engine: Engine,
    engine: Engine,
    wasteful_image: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Build one more layer in the containerd store, which compresses what is built."""
    engine.copy_image(wasteful_image, containerd_engine)
    folder = tmp_path_factory.mktemp("context")
    (folder / "Dockerfile").write_text(
        f"FROM {wasteful_image}\nUSER root\n"
        "RUN --network=none head -c 300000 /dev/zero >/srv/zeros && rm /srv/model.bin\n"
    )
    containerd_engine.docker("build", "--quiet", "--tag", BUILT_TAG, str(folder))
    return BUILT_TAG


@pytest.fixture(scope="module")
def here(containerd_engine: Engine) -> builder.Image:
    """Return an image for the engine's platform."""
    architecture = containerd_engine.docker("version", "--format", "{{.Server.Arch}}").strip()
    return builder.image(
        [builder.folder("app"), builder.file("app/old", 1_000)],
        [builder.whiteout("app/old"), builder.file("app/new", 500)],
        platform=f"linux/{architecture}",
    )


@pytest.fixture(scope="module")
def elsewhere(here: builder.Image) -> builder.Image:
    """Return an image for another platform."""
    other = "amd64" if here.platform == "linux/arm64" else "arm64"
    return builder.image([builder.file("app", 7_000)], platform=f"linux/{other}")


@pytest.fixture(scope="module")
def multi_image(
    containerd_engine: Engine,
    here: builder.Image,
    elsewhere: builder.Image,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Load an image of two platforms, one with an attestation, as buildx pushes them."""
    path = tmp_path_factory.mktemp("multi") / "multi.tar"
    builder.write_archive(path, attested(elsewhere, here))
    containerd_engine.docker("load", "--input", str(path))
    return MULTI_TAG


def test_root(any_engine: Engine, wasteful_in_any: str) -> None:
    """The root is where the engine keeps images, as a path of this machine."""
    if not any_engine.private:
        pytest.skip("an engine that was there may keep its images on another machine")
    assert wasteful_in_any
    assert (any_engine.root / STORES[any_engine.kind]).exists()


@pytest.mark.parametrize("route", ["save", "store"])
def test_same_analysis(
    any_engine: Engine, wasteful_in_any: str, route: str, expected: Report
) -> None:
    """Neither the engine nor the way to its image makes a difference."""
    report = by_route(any_engine, wasteful_in_any, route)
    assert report["image"]["source"] == ("podman" if any_engine.kind == "podman" else "docker")
    assert_same(report, expected)


def test_what_is_built_is_compressed(containerd_engine: Engine, built_image: str) -> None:
    """The oracle itself: loaded layers stay as they came, and a layer built there is gzipped."""
    manifest = json.loads(blob(containerd_engine, inspect(containerd_engine, built_image)["Id"]))
    kinds = [
        blob(containerd_engine, layer["digest"])[:2] == b"\x1f\x8b" for layer in manifest["layers"]
    ]
    assert kinds == [False] * (len(kinds) - 1) + [True]


def test_compressed_layer(containerd_engine: Engine, engine: Engine, built_image: str) -> None:
    """Compressed layers among uncompressed ones read the same, and their size is told."""
    containerd_engine.copy_image(built_image, engine)
    try:
        expected = analyze(engine, built_image, "--route=save")
    finally:
        engine.docker("rmi", built_image)
    manifest = json.loads(blob(containerd_engine, inspect(containerd_engine, built_image)["Id"]))
    for route in ("save", "store"):
        report = by_route(containerd_engine, built_image, route)
        assert_same(report, expected)
        assert report["layers"][-1]["layer_bytes"] == 300_000
        assert report["layers"][-1]["transfer_bytes"] == manifest["layers"][-1]["size"]


@pytest.mark.parametrize("route", ["save", "store"])
def test_platform_of_the_host(
    containerd_engine: Engine, multi_image: str, route: str, here: builder.Image
) -> None:
    """Of several platforms the host's is taken, and attestations are no images."""
    report = by_route(containerd_engine, multi_image, route)
    assert report["image"]["platform"] == here.platform
    assert report["image"]["id"] == builder.sha256(here.config)
    assert [layer["diff_id"] for layer in report["layers"]] == here.diff_ids
    assert [layer["layer_bytes"] for layer in report["layers"]] == [1_000, 500]
    assert report["sizes"]["wasted_bytes"] == 1_000


@pytest.mark.parametrize("route", ["save", "store"])
def test_platform_asked_for(
    containerd_engine: Engine, multi_image: str, route: str, elsewhere: builder.Image
) -> None:
    """Another platform's image can be had too."""
    report = by_route(containerd_engine, multi_image, route, f"--platform={elsewhere.platform}")
    assert report["image"]["platform"] == elsewhere.platform
    assert [layer["diff_id"] for layer in report["layers"]] == elsewhere.diff_ids


def by_route(engine: Engine, tag: str, route: str, *options: str) -> Report:
    """Analyze an image by one route to it."""
    report = analyze(engine, tag, f"--route={route}", f"--engine-root={engine.root}", *options)
    assert report["image"]["route"] == route
    return report


def assert_same(report: Report, expected: Report) -> None:
    """Compare all that is known of an image wherever it is kept; a stored size is not."""
    assert report["image"]["id"] == expected["image"]["id"]
    for key in ("layer_bytes", "visible_bytes", "wasted_bytes", "symlink_bytes", "efficiency"):
        assert report["sizes"][key] == expected["sizes"][key]
    for key in ("layers", "waste", "packages", "usage", "unattributed_bytes", "warnings"):
        assert without_stored(report[key]) == without_stored(expected[key])


def without_stored(value: Any) -> Any:
    """Leave out what says how a layer is stored."""
    if isinstance(value, list):
        return [without_stored(each) for each in value]
    if isinstance(value, dict):
        return {key: each for key, each in value.items() if key not in ("digest", "transfer_bytes")}
    return value


def blob(engine: Engine, digest: str) -> bytes:
    """Read a blob of a containerd store without imgdiag."""
    return (engine.root / STORES["containerd"] / digest.removeprefix("sha256:")).read_bytes()


def attested(*images: builder.Image) -> list[builder.Entry]:
    """Return an OCI archive of an index of images, the last with BuildKit's attestation."""
    statement = builder.json_bytes({"_type": "https://in-toto.io/Statement/v0.1"})
    config = builder.json_bytes(
        {
            "architecture": "unknown",
            "os": "unknown",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [builder.sha256(statement)]},
        }
    )
    attestation = builder.json_bytes(
        {
            "schemaVersion": 2,
            "mediaType": builder.OCI_MANIFEST,
            "config": builder.descriptor(builder.OCI_CONFIG, config),
            "layers": [builder.descriptor("application/vnd.in-toto+json", statement)],
        }
    )
    # Not compressed, as the builder's media type says: this engine believes it.
    index = json.loads(builder.oci_index(*images, compress=builder.plain))
    for entry in index["manifests"]:
        del entry["annotations"]  # the name belongs to the index
    index["manifests"].append(
        builder.descriptor(
            builder.OCI_MANIFEST,
            attestation,
            platform={"os": "unknown", "architecture": "unknown"},
            annotations={
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": index["manifests"][-1]["digest"],
            },
        )
    )
    inner = builder.json_bytes(index)
    name = {"io.containerd.image.name": f"docker.io/library/{MULTI_TAG}"}
    outer = {
        "schemaVersion": 2,
        "manifests": [builder.descriptor(builder.OCI_INDEX, inner, annotations=name)],
    }
    extra = [builder.blob(data) for data in (statement, config, attestation, inner)]
    archive = [*builder.oci(*images, compress=builder.plain), *extra]
    return builder.with_file(archive, "index.json", builder.json_bytes(outer))
