"""tar-split's records, made here as Docker makes them."""

from __future__ import annotations

import base64
import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.capture import CAPTURE
from imgdiag.errors import CorruptImage, ImgdiagError
from imgdiag.image import parse_config
from imgdiag.layers import tar as tar_walk
from imgdiag.layers.reader import StreamReader
from imgdiag.layers.walk import Layer, read_layer
from imgdiag.limits import Limits, Meter, TooLarge
from imgdiag.sources import graph
from imgdiag.sources.base import Progress, Request, SourceImage
from imgdiag.sources.beneath import Beneath
from imgdiag.sources.graph import RouteClosed, UnpackedLayer, read_layers
from imgdiag.sources.tarsplit import TarSplitReader, records
from tests.builder import (
    GNU,
    V7,
    Entry,
    fifo,
    file,
    folder,
    gnu_long_name,
    gnu_sparse,
    hard_link,
    header,
    image,
    padded,
    pax,
    symlink,
    tar,
    whiteout,
)

RECORD = "a.py,,\nb.py,,\n"
ENTRIES = [
    folder("site-packages"),
    folder("site-packages/a-1.dist-info"),
    file("site-packages/a-1.dist-info/RECORD", RECORD.encode()),
    file("site-packages/a.py", 5_000),
    file("site-packages/empty.py", b""),
    file('site-packages/a "size":7,.py', 70),
    file(os.fsdecode(b"site-packages/\xff.py"), 30),
    hard_link("site-packages/b.py", "site-packages/a.py"),
    symlink("site-packages/c.py", "a.py"),
    whiteout("site-packages/old.py"),
]


def split_tar(entries: Iterable[Entry | bytes], tmp_path: Path) -> tuple[Path, Path]:
    """Write tar-split's records of a tar and the unpacked files, and return where they are."""
    files = tmp_path / "diff"
    data = tar(*entries)
    lines: list[dict[str, Any]] = []
    reader = StreamReader(iter([data]))
    before = 0
    for member in tar_walk.members(reader, print):
        at = reader.position()
        lines.append({"type": 2, "payload": base64.b64encode(data[before:at]).decode()})
        entry: dict[str, Any] = {"type": 1}
        raw = os.fsencode(member.name)
        if raw.isascii():
            entry["name"] = member.name
        else:
            entry["name_raw"] = base64.b64encode(raw).decode()
        if member.stored:
            entry["size"] = member.stored
            target = files / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data[at : at + member.stored])
        lines.append(entry | {"payload": "crc", "position": len(lines)})
        before = at + member.stored
    lines.append({"type": 2, "payload": base64.b64encode(data[before:]).decode()})
    path = tmp_path / "tar-split.json.gz"
    write_records(path, lines)
    files.mkdir(exist_ok=True)
    return path, files


def write_records(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()))


def walk(path: Path, files: Path) -> Layer:
    with Beneath(files) as folder:
        return read_layer(TarSplitReader(records(path), folder), CAPTURE)


def test_a_layer_by_its_records_is_the_layer_by_its_tar(tmp_path: Path) -> None:
    path, files = split_tar(ENTRIES, tmp_path)
    assert walk(path, files) == read_layer(StreamReader(iter([tar(*ENTRIES)])), CAPTURE)


def test_entries_that_are_known_by_their_records_count_too(tmp_path: Path) -> None:
    path, files = split_tar([file(f"d/f{number}.py", 1) for number in range(9)], tmp_path)
    with Beneath(files) as folder, pytest.raises(TooLarge, match="more entries at 'd/f5"):
        read_layer(TarSplitReader(records(path), folder), meter=Meter(Limits(entries=5)))


LONG = "/".join(["folder"] * 40)
# Each makes one member, named for its place in the tar.
MEMBERS: list[Callable[[str], Entry | bytes]] = [
    lambda name: file(name, 700, uid=1_000, mtime=1_700_000_000),
    lambda name: file(f"{name}/METADATA", b"Name: a\n"),
    lambda name: file(f"./{name}.py", 512),
    lambda name: file(f'{name}/"quoted".py', 3),
    lambda name: file(f"{name}/\\back.py", 3),
    lambda name: file(f"{name}/é.py", 3),
    lambda name: file(os.fsdecode(f"{name}/".encode() + b"\xff"), 3),
    lambda name: file(f"{LONG}/{name}", 900),
    lambda name: folder(name),
    lambda name: symlink(name, "../target"),
    lambda name: hard_link(name, "target"),
    lambda name: fifo(name),
    lambda name: whiteout(name),
    lambda name: header(name.encode(), prefix=b"usr/lib"),
    lambda name: header(f"{name}/".encode(), kind=b"\0", magic=V7),
    lambda name: header(name.encode(), mtime=(-5).to_bytes(12, "big", signed=True), magic=GNU),
    lambda name: pax(mtime="8.9", uid=7, gid=8) + header(name.encode(), size=2) + padded(b"ab"),
    lambda name: pax(comment="x" * 200_000) + header(name.encode()),
    lambda name: pax(kind=b"g", mtime=9) + header(name.encode()),
    lambda name: gnu_long_name(f"{LONG}/{name}") + header(b"short", magic=GNU),
    lambda name: gnu_sparse(name, b"stored", real_size=9_000, extensions=1),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(MEMBERS), max_size=8))
def test_any_layer_by_its_records_is_the_layer_by_its_tar(
    makers: list[Callable[[str], Entry | bytes]],
) -> None:
    members = [make(f"{index}-1.dist-info") for index, make in enumerate(makers)]
    with tempfile.TemporaryDirectory() as folder:
        assert walk(*split_tar(members, Path(folder))) == read_layer(
            StreamReader(iter([tar(*members)])), CAPTURE
        )


def test_only_what_is_read_must_be_there(tmp_path: Path) -> None:
    path, files = split_tar(ENTRIES, tmp_path)
    (files / "site-packages" / "a.py").unlink()
    [record] = [each for each in walk(path, files).entries if each.name == "RECORD"]
    assert record.content == RECORD.encode()


def test_a_reader_gives_the_tar_byte_for_byte(tmp_path: Path) -> None:
    path, files = split_tar(ENTRIES, tmp_path)
    data = tar(*ENTRIES)
    with Beneath(files) as folder:
        reader = TarSplitReader(records(path), folder)
        assert reader.read(700) == data[:700]
        assert reader.read_at(1_700, 10) == data[1_700:1_710]
        assert reader.position() == 1_710
        assert reader.read(len(data)) == data[1_710:]
        assert (reader.read(1), reader.read_at(len(data) + 5, 1)) == (b"", b"")
        assert reader.position() == len(data)


def test_a_link_in_the_store_leads_nowhere(tmp_path: Path) -> None:
    path, files = split_tar(ENTRIES, tmp_path)
    secret = tmp_path / "secret"
    secret.write_text(RECORD)
    target = files / "site-packages" / "a-1.dist-info" / "RECORD"
    target.unlink()
    target.symlink_to(secret)
    with pytest.raises(OSError, match="symbolic links"):
        walk(path, files)


def test_a_folder_in_the_store_that_is_a_link_leads_nowhere(tmp_path: Path) -> None:
    path, files = split_tar(ENTRIES, tmp_path)
    (files / "site-packages").rename(tmp_path / "moved")
    (files / "site-packages").symlink_to(tmp_path / "moved")
    with pytest.raises(OSError, match="Not a directory"):
        walk(path, files)


def test_a_file_that_was_cut_in_the_store(tmp_path: Path) -> None:
    path, files = split_tar(ENTRIES, tmp_path)
    (files / "site-packages" / "a-1.dist-info" / "RECORD").write_text("a")
    with pytest.raises(CorruptImage, match="shorter in the engine's store"):
        walk(path, files)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"type": 2, "payload": "no base64!"}, "is damaged"),
        ({"type": 2, "payload": 7}, "'payload' in the engine's record of a layer is a number"),
        ({"type": 1, "size": 3, "name_raw": "no base64!"}, "is damaged"),
        ({"type": 1, "name": "a", "size": "3"}, "'size' in the engine's record"),
    ],
)
def test_records_that_make_no_sense(line: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "tar-split.json.gz"
    write_records(path, [line])
    with pytest.raises(ImgdiagError, match=message):
        TarSplitReader(records(path), Beneath(tmp_path)).read(10)


def test_records_cut_short(tmp_path: Path) -> None:
    path, files = split_tar(ENTRIES, tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ImgdiagError, match="cut short"):
        walk(path, files)
    write_records(path, [])
    path.write_bytes(gzip.compress(b'{"type":1,"name":"a"'))
    with pytest.raises(ImgdiagError, match="cut short"):
        walk(path, files)


def test_progress_hears_what_is_read_and_of_no_bytes(tmp_path: Path) -> None:
    heard: list[Any] = []
    made = image([file("a", b"x")])
    path, files = split_tar([file("a", b"x")], tmp_path)
    [diff_id] = parse_config(made.config).diff_ids
    progress = SimpleNamespace(
        expect=lambda total, what: heard.append((total, what)), advance=heard.append
    )
    read_layers(
        made.config,
        [UnpackedLayer(diff_id=diff_id, records=path, files=files)],
        lambda reader: read_layer(reader, CAPTURE),
        Request(progress=cast("Progress", progress)),
        reference="app:1",
        source="docker",
        engine_bytes=None,
    )
    assert heard == [(None, "reading the engine's store"), 0]


@pytest.fixture
def three_layers(tmp_path: Path) -> tuple[bytes, list[UnpackedLayer]]:
    """Return the config of an image of four layers, the first of them twice, and where they lie."""
    made = [
        [file(f"app/{number}-{each}.py", b"x" * each) for each in range(number, 40)]
        for number in (1, 2, 1, 3)
    ]
    config = image(*made).config
    layers = []
    for number, diff_id in enumerate(parse_config(config).diff_ids):
        folder_of = tmp_path / str(number)
        folder_of.mkdir()
        path, files = split_tar(made[number], folder_of)
        layers.append(UnpackedLayer(diff_id=diff_id, records=path, files=files))
    return config, layers


def loaded(config: bytes, layers: list[UnpackedLayer], meter: Meter) -> SourceImage[Layer]:
    return read_layers(
        config,
        layers,
        lambda reader: read_layer(reader, CAPTURE, meter),
        Request(meter=meter),
        reference="app:1",
        source="docker",
        engine_bytes=None,
    )


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what sets the number of processes that layers are read in, however small."""

    def use(count: int) -> None:
        monkeypatch.setattr(graph, "_WORTH_A_PROCESS", 0)
        monkeypatch.setattr(os, "cpu_count", lambda: count)

    return use


def test_layers_read_in_several_processes_are_the_same(
    three_layers: tuple[bytes, list[UnpackedLayer]], processes: Callable[[int], None]
) -> None:
    config, layers = three_layers
    read = {}
    for count in (1, 2, 5):
        processes(count)
        meter = Meter()
        read[count] = loaded(config, layers, meter), meter.entries, meter.kept
    assert read[1] == read[2] == read[5]
    image, entries, kept = read[5]
    assert [len(each.content.entries) for each in image.layers if each.content] == [39, 38, 39, 37]
    assert entries == 39 + 38 + 37
    assert kept == sum(
        len(f"app/{number}-{each}.py") for number in (1, 2, 3) for each in range(number, 40)
    )


def test_a_limit_holds_for_all_processes_together(
    three_layers: tuple[bytes, list[UnpackedLayer]], processes: Callable[[int], None]
) -> None:
    processes(3)
    with pytest.raises(TooLarge, match="114 entries; at most 113 are read"):
        loaded(*three_layers, Meter(Limits(entries=113)))


def test_what_is_damaged_is_said_of_its_layer_whoever_reads_it(
    three_layers: tuple[bytes, list[UnpackedLayer]], processes: Callable[[int], None]
) -> None:
    config, layers = three_layers
    processes(3)
    layers[1].records.write_bytes(layers[1].records.read_bytes()[:-20])
    with pytest.raises(CorruptImage, match=r"layer 1 \(sha256:.*cut short"):
        loaded(config, layers, Meter())


def test_records_that_are_gone_close_the_way(
    three_layers: tuple[bytes, list[UnpackedLayer]],
) -> None:
    config, layers = three_layers
    layers[3].records.unlink()
    with pytest.raises(RouteClosed, match="not as expected"):
        loaded(config, layers, Meter())
