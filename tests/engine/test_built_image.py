"""Analyze an image that an engine built, and hold each number against the engine's own."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from . import oracle
from .engine import Engine
from .report import Report, analyze, inspect

# Words in the commands of wasteful/Dockerfile, to find a layer by what made it.
INSTALL = "pip install"
SAMPLES = "mkdir -p /srv/scratch /srv/folder"
LATE_DELETION = "rm -rf /root/.cache"
OVERWRITING = "head -c 200000"
MADE_AGAIN = "rm -r /srv/scratch"
FOLDER_TO_FILE = "rm -r /srv/folder"
UNLINKING = "rm /srv/link-a"
CHOWN = "chown -R"


@pytest.fixture(scope="module")
def report(engine: Engine, wasteful_image: str) -> Report:
    """Analyze the image in the engine."""
    return analyze(engine, wasteful_image)


@pytest.fixture(scope="module")
def saved(engine: Engine, wasteful_image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save the image to a file."""
    path = tmp_path_factory.mktemp("saved") / "image.tar"
    engine.docker("save", "--output", str(path), wasteful_image)
    return path


@pytest.fixture(scope="module")
def archive_report(engine: Engine, saved: Path) -> Report:
    """Analyze the saved file."""
    return analyze(engine, f"docker-archive:{saved}")


@pytest.fixture(scope="module")
def layers(saved: Path) -> list[oracle.SavedLayer]:
    """Read the layers without imgdiag."""
    return oracle.saved_layers(saved)


@pytest.fixture(scope="module")
def container(engine: Engine, wasteful_image: str) -> oracle.Container:
    """Read the merged file system without imgdiag."""
    return oracle.exported(engine, wasteful_image)


def test_how_the_engine_counts(
    engine: Engine, base_image: str, wasteful_image: str, layers: list[oracle.SavedLayer]
) -> None:
    """The oracle itself: what overlay2 calls the size is content, and sometimes symlinks too.

    Where Docker unpacks a layer (pull, load, import, the builder before BuildKit), it sums up
    what lies on the disk, the lengths of symlink targets among it. Where BuildKit makes the layer
    here, it sums up the file content in the layer's tar.
    """
    only_on_overlay2(engine)
    unpacked = layers[: len(inspect(engine, base_image)["RootFS"]["Layers"])]
    assert sum(layer.symlink_bytes for layer in layers[len(unpacked) :]) > 0
    expected = sum(layer.bytes for layer in layers) + sum(one.symlink_bytes for one in unpacked)
    assert inspect(engine, wasteful_image)["Size"] == expected


def test_identity(report: Report, engine: Engine, wasteful_image: str) -> None:
    """The report is about the image that was asked for."""
    image = inspect(engine, wasteful_image)
    assert report["schema_version"] == 1
    assert report["image"]["reference"] == wasteful_image
    assert report["image"]["id"] == image["Id"]
    assert report["image"]["platform"].startswith(f"{image['Os']}/{image['Architecture']}")
    assert [layer["diff_id"] for layer in report["layers"]] == image["RootFS"]["Layers"]


def test_layer_bytes(report: Report, layers: list[oracle.SavedLayer]) -> None:
    """Each layer holds as many bytes as its tar file says."""
    assert [layer["layer_bytes"] for layer in report["layers"]] == [one.bytes for one in layers]
    assert report["sizes"]["layer_bytes"] == sum(one.bytes for one in layers)


def test_visible_bytes(
    report: Report, container: oracle.Container, layers: list[oracle.SavedLayer]
) -> None:
    """What is visible is what the engine exports, each inode once."""
    assert report["sizes"]["visible_bytes"] == oracle.visible_bytes(container, layers)


def test_engine_bytes(report: Report, engine: Engine, wasteful_image: str) -> None:
    """The engine's own size is told as the engine tells it."""
    only_on_overlay2(engine)
    assert report["sizes"]["engine_bytes"] == inspect(engine, wasteful_image)["Size"]


def test_sizes_add_up(report: Report) -> None:
    """Bytes are visible or wasted, per layer and in all, and each wasted byte has a cause."""
    sizes = report["sizes"]
    for part in [sizes, *report["layers"]]:
        assert part["layer_bytes"] == part["visible_bytes"] + part["wasted_bytes"]
    for key in ("layer_bytes", "visible_bytes", "wasted_bytes"):
        assert sizes[key] == sum(layer[key] for layer in report["layers"])
    assert sizes["wasted_bytes"] == sum(waste["bytes"] for waste in report["waste"])
    assert sizes["efficiency"] == pytest.approx(
        sizes["visible_bytes"] / sizes["layer_bytes"], abs=0.001
    )


def test_history(report: Report, engine: Engine, wasteful_image: str) -> None:
    """The history has the engine's entries, and each layer belongs to exactly one of them."""
    lines = engine.docker("history", "--quiet", "--no-trunc", wasteful_image).splitlines()
    assert len(report["history"]) == len(lines)
    indexes = [entry["layer"] for entry in report["history"] if entry["layer"] is not None]
    assert indexes == [layer["index"] for layer in report["layers"]]


@pytest.mark.parametrize(
    ("cause", "created_in", "hidden_in", "size"),
    [
        ("overwritten", SAMPLES, OVERWRITING, 300_000),
        ("deleted", SAMPLES, MADE_AGAIN, 400_000),
        ("replaced", SAMPLES, FOLDER_TO_FILE, 50_000),
    ],
    ids=["overwritten", "opaque directory", "folder to file"],
)
def test_waste_of_known_size(
    report: Report, cause: str, created_in: str, hidden_in: str, size: int
) -> None:
    """Each mistake shows up under its cause, between the two layers that make it."""
    assert wasted(report)[cause, layer_of(report, created_in), layer_of(report, hidden_in)] == size


def test_late_deletion(report: Report, layers: list[oracle.SavedLayer]) -> None:
    """Everything in the cache is wasted by the layer that wrote it and the one that deleted it."""
    written, deleted = layer_of(report, INSTALL), layer_of(report, LATE_DELETION)
    assert wasted(report)["deleted", written, deleted] == below("root/.cache/", layers[written])


def test_chown_stores_everything_again(report: Report, layers: list[oracle.SavedLayer]) -> None:
    """A change of owner wastes as many bytes as it stores."""
    chown = layer_of(report, CHOWN)
    found = sum(
        size
        for (cause, _, hidden_in), size in wasted(report).items()
        if (cause, hidden_in) == ("metadata-only", chown)
    )
    assert found == below("workspace/", layers[chown]) > 0


def test_hard_link_with_one_name_deleted(report: Report) -> None:
    """Content that still has a name is not wasted."""
    unlinking = layer_of(report, UNLINKING)
    assert not [waste for waste in report["waste"] if waste["hidden_in"] == unlinking]


def test_packages(report: Report, container: oracle.Container) -> None:
    """Every package that pip left metadata of is found."""
    found = {(oracle.normalized(one["name"]), one["version"]) for one in report["packages"]}
    expected = {(name, version) for _, name, version in container.packages}
    assert {("requests", "2.32.3"), ("pyyaml", "6.0.2")} < expected <= found


def test_archive_agrees(report: Report, archive_report: Report) -> None:
    """It makes no difference whether the image is in an engine or in a file."""
    for key in ("layer_bytes", "visible_bytes", "wasted_bytes", "efficiency"):
        assert archive_report["sizes"][key] == report["sizes"][key]
    assert [facts(one) for one in archive_report["layers"]] == [
        facts(one) for one in report["layers"]
    ]
    assert archive_report["waste"] == report["waste"]
    assert archive_report["packages"] == report["packages"]
    assert archive_report["unattributed_bytes"] == report["unattributed_bytes"]


def only_on_overlay2(engine: Engine) -> None:
    """Skip where another storage driver counts in another way."""
    driver = engine.docker("info", "--format", "{{.Driver}}").strip()
    if driver != "overlay2":
        pytest.skip(f"the storage driver is {driver}, which counts in another way")


def layer_of(report: Report, words: str) -> int:
    """Return the index of the one layer whose command holds the words."""
    (index,) = [one["index"] for one in report["layers"] if words in one["created_by"]]
    return int(index)


def wasted(report: Report) -> Counter[tuple[str, int, int]]:
    """Return the wasted bytes by cause and by the layers that shipped and hid them."""
    sums: Counter[tuple[str, int, int]] = Counter()
    for waste in report["waste"]:
        sums[waste["cause"], waste["created_in"], waste["hidden_in"]] += waste["bytes"]
    return sums


def below(folder: str, layer: oracle.SavedLayer) -> int:
    """Return the bytes that a layer holds in a folder."""
    return sum(size for path, size in layer.files.items() if path.startswith(folder))


def facts(layer: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of a layer wherever it comes from; a registry's digest is not."""
    return {key: value for key, value in layer.items() if key != "digest"}
