"""The cache of layers' indexes: the same answer to the byte, and never one that is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from imgdiag import cache
from imgdiag.cache import LayerCache, default_folder
from imgdiag.capture import CAPTURE
from imgdiag.cli import cli
from imgdiag.errors import ImgdiagError
from imgdiag.gate.gate import Budgets, judge
from imgdiag.image import parse_config
from imgdiag.layers.walk import Layer, read_layer
from imgdiag.pipeline import analyze
from imgdiag.reports import Style, render
from imgdiag.sources import Request
from imgdiag.sources.graph import UnpackedLayer, read_layers
from tests import builder
from tests.sources.test_tarsplit import split_tar

LAYER = Layer(entries=[], whiteouts=[], warnings=("odd",))
ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "imgdiag"


def archive(tmp_path: Path, damaged: bool = False) -> Path:
    layers = [
        [
            builder.file("app/requirements.txt", b"requests\n"),
            builder.file("usr/lib/python3.11/site-packages/a.dist-info/METADATA", b"Name: a\n"),
            builder.file("app/é\udce9", b"x" * 3_000),
        ],
        [builder.whiteout("app/requirements.txt")],
    ]
    made = builder.oci(builder.image(*layers), compress=builder.gzipped)
    if damaged:
        made = [
            replace(each, content=each.content[:-9] + b"!" + each.content[-8:])
            if each.content.startswith(b"\x1f\x8b")
            else each
            for each in made
        ]
    return builder.write_archive(tmp_path / f"image{damaged}.tar", made)


def report(path: Path, folder: Path | None) -> str:
    analysis = analyze(str(path), Request(cache_folder=folder))
    return render("json", analysis, judge(analysis, Budgets()), Style())


def test_the_second_answer_is_the_first_to_the_byte_and_reads_no_layer(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(tmp_path)
    without = report(path, None)
    assert not folder.exists()
    assert report(path, folder) == without
    assert len(list(folder.iterdir())) == 2
    monkeypatch.setattr("imgdiag.sources.reference.read_layer", _fail)
    assert report(path, folder) == without


def test_the_program_uses_it_unless_it_is_told_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(archive(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "imgdiag"
    runner = CliRunner()
    for variable, options in (("1", []), ("", ["--no-cache"])):
        monkeypatch.setenv("IMGDIAG_NO_CACHE", variable)
        assert runner.invoke(cli, ["analyze", path, "-q", *options]).exit_code == 0
        assert not folder.exists()
    assert runner.invoke(cli, ["analyze", path, "-q"]).exit_code == 0
    assert len(list(folder.iterdir())) == 2


def test_a_blob_that_is_not_its_digest_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ImgdiagError):
        report(archive(tmp_path, damaged=True), folder)
    assert not folder.exists()


def test_an_uncompressed_layer_is_not_kept(tmp_path: Path, folder: Path) -> None:
    made = builder.oci(builder.image([builder.file("a", 10)]), compress=builder.plain)
    assert report(builder.write_archive(tmp_path / "plain.tar", made), folder)
    assert not folder.exists()


def test_what_is_kept_is_found_by_digest_and_by_what_is_read(folder: Path) -> None:
    known = LayerCache(folder, "installed")
    known.put(ONE, LAYER)
    assert known.get(ONE) == LAYER
    assert known.get(TWO) is None
    assert LayerCache(folder, "imports").get(ONE) is None


def test_another_imgdiag_reads_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    LayerCache(folder, "installed").put(ONE, LAYER)
    monkeypatch.setattr(cache, "_rules", lambda: "others")
    assert LayerCache(folder, "installed").get(ONE) is None


def test_the_rules_change_with_what_decides_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(cache.__file__).parent
    for pattern in cache._RULES:
        assert list(here.glob(pattern)), pattern
    (tmp_path / "layers").mkdir()
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "cache.py"))
    digests = set()
    for text in ("a", "b"):
        (tmp_path / "layers" / "walk.py").write_text(text)
        cache._rules.cache_clear()
        digests.add(cache._rules())
    cache._rules.cache_clear()
    assert len(digests) == 2


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[:-1], lambda data: data + b"x", lambda data: b"{}"],
)
def test_a_damaged_file_is_no_answer_and_is_written_anew(
    folder: Path, damage: Callable[[bytes], bytes]
) -> None:
    known = LayerCache(folder, "installed")
    known.put(ONE, LAYER)
    (path,) = folder.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert known.get(ONE) is None
    known.put(ONE, LAYER)
    assert known.get(ONE) == LAYER


def test_a_folder_that_others_may_write_to_is_not_used(folder: Path) -> None:
    known = LayerCache(folder, "installed")
    known.put(ONE, LAYER)
    folder.chmod(0o777)
    assert known.get(ONE) is None
    known.put(TWO, LAYER)
    folder.chmod(0o700)
    assert known.get(ONE) == LAYER
    assert known.get(TWO) is None


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    known = LayerCache(tmp_path / "file" / "imgdiag", "installed")
    known.put(ONE, LAYER)
    assert known.get(ONE) is None


def test_what_was_used_longest_ago_goes_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    known = LayerCache(folder, "installed")
    digests = [f"sha256:{number:064x}" for number in range(3)]
    for number, digest in enumerate(digests):
        before = set(folder.iterdir()) if folder.exists() else set()
        known.put(digest, LAYER)
        (path,) = set(folder.iterdir()) - before
        os.utime(path, (number, number))
        size = path.stat().st_size
    assert known.get(digests[0]) == LAYER  # used now
    monkeypatch.setattr(cache, "MAX_BYTES", 3 * size)
    known.put(ONE, LAYER)
    assert [known.get(digest) is not None for digest in digests] == [True, False, True]
    assert known.get(ONE) == LAYER


def test_the_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "imgdiag"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the specification says to ignore
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert default_folder() == tmp_path / ".cache" / "imgdiag"
    monkeypatch.setattr("sys.platform", "darwin")
    assert default_folder() == tmp_path / "Library" / "Caches" / "imgdiag"


def test_no_home_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("no home")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert default_folder() is None


def _fail(*arguments: object) -> Layer:
    raise AssertionError("a layer was read")


def test_a_layer_that_an_engine_has_unpacked_is_read_once(tmp_path: Path, folder: Path) -> None:
    entries = [builder.file("etc/os-release", b"ID=debian\n")]
    image = builder.image(entries)
    path, files = split_tar(entries, tmp_path)
    (diff_id,) = parse_config(image.config).diff_ids
    layer = UnpackedLayer(diff_id=diff_id, records=path, files=files)

    def read() -> Layer | None:
        return (
            read_layers(
                image.config,
                [layer],
                lambda reader: read_layer(reader, CAPTURE),
                Request(known=LayerCache(folder, "installed")),
                reference="app:1",
                source="docker",
                engine_bytes=None,
            )
            .layers[0]
            .content
        )

    first = read()
    path.unlink()
    assert read() == first
    assert first is not None
    assert first.entries[0].content == b"ID=debian\n"
