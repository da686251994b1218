"""Bombs: each ends with one error that names the place and the option, in little memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from imgdiag import pipeline, sources
from imgdiag.cli import CANNOT_ANALYSE, cli
from imgdiag.errors import CorruptImage, ImgdiagError
from imgdiag.filesystem import merge
from imgdiag.filesystem.links import MAX_DETOUR
from imgdiag.image import MAX_HISTORY, parse_config
from imgdiag.layers.reader import StreamReader
from imgdiag.layers.walk import read_layer
from imgdiag.limits import NAMES, Limits, Meter, TooLarge
from imgdiag.skeleton import write_skeleton
from imgdiag.sources import Request
from tests.builder import (
    Entry,
    docker,
    file,
    folder,
    gzipped,
    header,
    image,
    json_bytes,
    merged,
    oci,
    padded,
    pax,
    symlink,
    tar,
    whiteout,
    write_archive,
    zstd,
)
from tests.sources.loading import Save, as_file, as_folder, as_stream

ways = pytest.mark.parametrize("save", [as_file, as_stream, as_folder])


def refused(path: Path, **limits: int) -> str:
    """Return what is said of an image that exceeds a limit, which must be the one given."""
    request = Request(meter=Meter(Limits(**limits)))
    with pytest.raises(TooLarge) as caught:
        pipeline.analyze(str(path), request)
    [name] = limits
    assert f"raise it with --read-limit {name}=" in str(caught.value)
    return ": ".join((" → ".join(caught.value.places), caught.value.message))


@ways
@pytest.mark.parametrize("compress", [gzipped, zstd])
def test_31_a_layer_that_unpacks_to_more_than_the_limit(
    tmp_path: Path, save: Save, compress: Callable[[bytes], bytes]
) -> None:
    path = save(tmp_path, oci(image([file("zeros", 3_000_000)]), compress=compress))
    message = refused(path, unpacked=2_000_000)
    assert message.startswith("image.tar")
    assert "unpacks to more than 2." in message
    assert message.endswith("; at most 2,000,000 bytes are read")
    # In a stream, what a member is stands in the manifest that comes last.
    assert save is as_stream or " → layer 0 (blobs/sha256/" in message
    assert pipeline.analyze(str(path)).sizes.layer_bytes == 3_000_000


def test_31_layers_count_together(tmp_path: Path) -> None:
    made = image([file("a", 1_000_000)], [file("b", 1_000_000)])
    path = write_archive(tmp_path / "image.tar", oci(made))
    assert "unpacks to more than" in refused(path, unpacked=1_500_000)


def test_31_one_compression_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgdiag.limits.RATIO_FROM", 2_000_000)
    inner = oci(image([file("zeros", 8_000_000)]), compress=zstd)
    path = write_archive(tmp_path / "image.tar", inner, zstd)
    stored = path.stat().st_size
    message = refused(path, ratio=100)
    assert message.startswith(f"image.tar: {stored} B unpack to ")
    assert message.endswith(" and more; at most 100 are read")


def test_31_memory_does_not_grow_with_what_a_bomb_unpacks_to(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "image.tar", oci(image([file("zeros", 64_000_000)])))
    tracemalloc.start()
    try:
        pipeline.analyze(str(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("pipe", "message"),
    [
        ("cat /dev/zero", "standard input: is not an image: it holds neither"),
        ("cat image.tar /dev/zero", "standard input: holds more than 21"),
    ],
)
def test_a_pipe_without_end(tmp_path: Path, pipe: str, message: str) -> None:
    write_archive(tmp_path / "image.tar", oci(image([file("a", 5)])))
    command = f"{pipe} | {sys.executable} -m imgdiag du - -q --read-limit unpacked=20MB"
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (CANNOT_ANALYSE, "")
    assert message in done.stderr


@ways
def test_more_entries_than_the_limit(tmp_path: Path, save: Save) -> None:
    path = save(tmp_path, docker(image([file(f"f{n}") for n in range(30)])))
    message = refused(path, entries=20)
    assert message.endswith("more entries at 'f20'; at most 20 are read")
    assert "layer 0 (blobs/" in message or save is as_stream


def test_whiteouts_count_as_entries(tmp_path: Path) -> None:
    marks = [whiteout(f"{number}") for number in range(20)]
    path = write_archive(tmp_path / "image.tar", docker(image(marks, [*marks[1:], file("a")])))
    assert "more entries at '" in refused(path, entries=19)
    assert refused(path, entries=39).endswith("40 entries; at most 39 are read")
    pipeline.analyze(str(path), Request(meter=Meter(Limits(entries=40))))


def test_entries_count_over_all_layers(tmp_path: Path) -> None:
    made = image(*([file(f"f{layer}-{n}") for n in range(15)] for layer in range(2)))
    path = write_archive(tmp_path / "image.tar", docker(made))
    assert refused(path, entries=29).endswith("30 entries; at most 29 are read")


def test_a_layer_that_is_named_many_times_counts_each_time(tmp_path: Path) -> None:
    layer = tar(*(file(f"f{n}") for n in range(20)))
    path = write_archive(tmp_path / "image.tar", docker(image(*[layer] * 50)))
    assert refused(path, entries=999) == ": 1,000 entries; at most 999 are read"


def test_58_many_entries_take_little_memory_each() -> None:
    count = 50_000
    data = tar(*(folder(f"d{n // 100}") if n % 100 == 0 else file(f"d{n // 100}/f{n}", b"x")
                 for n in range(count)))  # fmt: skip
    tracemalloc.start()
    try:
        filesystem = merge([read_layer(StreamReader(iter([data])))])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert filesystem.visible_bytes == count - count // 100
    assert peak / count < 700  # bytes; so a million take less than 700 MB


def test_names_and_texts_that_fill_the_memory(tmp_path: Path) -> None:
    long = [file(f"{n}/{'n' * 10_000}") for n in range(10)]
    path = write_archive(tmp_path / "image.tar", docker(image(long)))
    assert "more names and texts at '4/nnn" in refused(path, kept=50_000)
    texts = [file(f"{n}.dist-info/METADATA", b"x" * 10_000) for n in range(10)]
    path = write_archive(tmp_path / "image.tar", docker(image(texts)))
    assert "more names and texts at '5.dist-info/METADATA'" in refused(path, kept=50_000)
    assert refused(path, kept=100_199).endswith(
        "layer 0 (blobs/sha256/" + sha(texts) + "): 100.2 kB of names and texts; "
        "at most 100,199 bytes are read"
    )
    pipeline.analyze(str(path), Request(meter=Meter(Limits(kept=100_200))))
    links = [symlink(f"{n}", "t" * 10_000) for n in range(10)]
    path = write_archive(tmp_path / "image.tar", docker(image(links)))
    assert "more names and texts at '4'" in refused(path, kept=50_000)
    pipeline.analyze(str(path), Request(meter=Meter(Limits(kept=100_010))))


def sha(entries: list[Entry]) -> str:
    return image(entries).diff_ids[0].removeprefix("sha256:")


@ways
def test_more_layers_than_the_limit(tmp_path: Path, save: Save) -> None:
    made = image(*([file(f"f{n}")] for n in range(5)))
    for make in (docker, oci):
        assert refused(save(tmp_path, make(made)), layers=4) == (
            "image.tar: 5 layers; at most 4 are read"
        )


def test_folders_that_only_stand_in_paths_count_as_entries() -> None:
    deep = [file(f"{n}/" + "d/" * 99 + "f") for n in range(3)]
    with pytest.raises(TooLarge, match="more entries and folders: '2/d"):
        merge([read_layer(StreamReader(iter([tar(*deep)])))], limits=Limits(entries=250))


def test_global_headers_without_end_are_not_kept() -> None:
    block = pax(kind=b"g", **{f"key{n}": "x" * 100 for n in range(1_000)})
    chunks = (part for _ in range(100) for part in (block,))
    tracemalloc.start()
    try:
        read_layer(StreamReader(part for part in (*chunks, tar(file("a")))))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * len(block)


def test_a_long_way_of_links_at_each_entry() -> None:
    detour = "a/../" * (MAX_DETOUR // 2) + "a"
    with pytest.raises(CorruptImage, match="symbolic links take a way of over 1,024: 'link'"):
        merged([folder("a"), symlink("link", detour), file("link/f")])
    short = "a/../" * 500 + "a"
    assert merged([folder("a"), symlink("link", short), file("link/f", 3)]).visible_bytes == 3


def test_a_history_of_millions() -> None:
    config = json_bytes({"history": [{}] * (MAX_HISTORY + 1)})
    with pytest.raises(CorruptImage, match="a history of 10,001 entries; at most 10,000"):
        parse_config(config)


def test_a_meter_is_for_one_image(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "image.tar", docker(image([file("a")] * 9)))
    request = Request(meter=Meter(Limits(entries=12)))
    for _ in range(3):
        assert len(sources.load_layers(str(path), request).layers) == 1


def test_a_meter_that_begins_anew() -> None:
    meter = Meter(Limits(entries=10, kept=10, unpacked=10))
    for _ in range(3):
        meter.read(10, 10)
        meter.unpacked(10)
        meter.reset()
    meter.read(1, 1)
    with pytest.raises(TooLarge):
        meter.read(10, 0)


def test_a_skeleton_has_the_same_limits(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "image.tar", oci(image([file("zeros", 3_000_000)])))
    request = Request(meter=Meter(Limits(unpacked=1_000_000)))
    with pytest.raises(TooLarge):
        write_skeleton(str(path), tmp_path / "skeleton.tar", request)
    assert [each.name for each in tmp_path.iterdir()] == ["image.tar"]


def test_an_extension_header_that_is_allowed_to_be_longer(tmp_path: Path) -> None:
    long = header(b"x", kind=b"x", size=1_200_000)
    records = padded(b"1200000 comment=" + b"x" * (1_200_000 - 17) + b"\n")
    layer = tar(long + records, file("a", 5))
    path = write_archive(tmp_path / "image.tar", docker(image(layer)))
    assert "a tar extension header of 1,200,000 bytes" in refused(path, header=1_100_000)
    request = Request(meter=Meter(Limits(header=2_000_000)))
    assert pipeline.analyze(str(path), request).sizes.layer_bytes == 5


# The option


def test_the_option_raises_a_limit(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "image.tar", oci(image([file("a", 3_000_000)], [file("b")])))
    run = CliRunner().invoke
    done = run(cli, ["du", str(path), "-q", "--read-limit", "unpacked=2MB"])
    assert done.exit_code == CANNOT_ANALYSE
    assert "raise it with --read-limit unpacked=" in done.stderr
    assert "Traceback" not in done.output
    done = run(
        cli, ["du", str(path), "-q", "--read-limit", "unpacked=2MB", "--read-limit", "unpacked=9MB"]
    )
    assert done.exit_code == 0
    assert run(cli, ["du", str(path), "--read-limit", "layers=1"]).exit_code == CANNOT_ANALYSE


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("entrys=5", f"'entrys=5' is not NAME=N with a name of {', '.join(NAMES)}"),
        ("entries", "'' is no number"),
        ("entries=-1", "'-1' is no number"),
        ("entries=9999999999999999999", "'9999999999999999999' is no number"),
        ("kept=much", "'much' is no size; write it as 4GB, 3.5GiB, 500MB or in bytes"),
    ],
)
def test_a_limit_that_is_none(value: str, message: str) -> None:
    done = CliRunner().invoke(cli, ["du", "image.tar", "--read-limit", value])
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())


def test_every_limit_can_be_met() -> None:
    assert {name: getattr(Limits(), name) for name in NAMES} == {
        "unpacked": 200_000_000_000,
        "ratio": 50_000,
        "entries": 5_000_000,
        "kept": 1_000_000_000,
        "layers": 500,
        "header": 1_048_576,
        "manifest": 16_777_216,
    }
    assert issubclass(TooLarge, ImgdiagError)
