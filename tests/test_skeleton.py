"""A skeleton analyses like the image that it stands for, and holds none of its contents."""

from __future__ import annotations

import dataclasses
import io
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from imgdiag import pipeline
from imgdiag.analysis import Analysis
from imgdiag.comparison.sizes import compare_sizes
from imgdiag.errors import ImgdiagError
from imgdiag.finding import Finding
from imgdiag.gate.gate import Gate
from imgdiag.layers.compression import decompress, sniff
from imgdiag.reports import Style, render
from imgdiag.skeleton import SkeletonSizes, write_skeleton
from imgdiag.sources import Request
from tests.builder import (
    Entry,
    blob,
    docker,
    docker_legacy,
    file,
    folder,
    gnu_sparse,
    gzipped,
    hard_link,
    image,
    oci,
    opaque,
    symlink,
    tar,
    whiteout,
    without,
    write_archive,
    write_folder,
)

SITE = "usr/local/lib/python3.11/site-packages"
SECRET = b"SECRET=hunter2\n"
METADATA = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
RECORD = b"demo/__init__.py,,\ndemo/data.bin,,\ndemo-1.0.dist-info/METADATA,,\n"

BASE: list[Entry] = [
    folder("etc"),
    file("etc/os-release", b"ID=debian\n"),
    file("app/.env", SECRET),
    file("app/model.bin", SECRET * 90_000),
    file("root/.cache/pip/http/1", SECRET * 100_000),
    file(f"{SITE}/demo/__init__.py", SECRET),
    file(f"{SITE}/demo/data.bin", SECRET * 1_000),
    file(f"{SITE}/demo-1.0.dist-info/METADATA", METADATA),
    file(f"{SITE}/demo-1.0.dist-info/RECORD", RECORD),
    symlink("app/link", "model.bin"),
    hard_link("app/same", "app/model.bin"),
    file("app/é" + "long" * 40, SECRET, mode=0o600, uid=1000, mtime=1_700_000_000),
]
CHANGE: list[Entry] = [
    whiteout("app/.env"),
    opaque("root"),
    file("app/model.bin", SECRET * 90_000, mode=0o755),
    file("app/requirements.txt", b"demo==1.0\n"),
]
MADE = image(
    BASE,
    CHANGE,
    BASE[:1],
    BASE,
    created_by=[f"RUN step {number} # buildkit" for number in range(4)],
    settings={"Env": ["A=b"], "Cmd": ["run"]},
)


ROOT = Path(__file__).parents[1]
MARK = "a skeleton, its files' contents zeros: its download is not the original's"


def comparable(analysis: Analysis) -> tuple[Any, ...]:
    """Return an analysis without what a skeleton cannot keep: digests and compressed sizes.

    Findings and files are compared by identity, so what they say is compared instead.
    """
    prediction = analysis.prediction
    rest = dataclasses.replace(
        analysis,
        reference="",
        source="",
        route="",
        config=dataclasses.replace(analysis.config, id="", diff_ids=()),
        sizes=dataclasses.replace(analysis.sizes, transfer_bytes=None),
        layers=tuple(
            dataclasses.replace(layer, diff_id="", digest=None, transfer_bytes=None)
            for layer in analysis.layers
        ),
        warnings=tuple(warning for warning in analysis.warnings if warning != MARK),
        findings=(),
        prediction=dataclasses.replace(prediction, fixes=()),
    )
    fixes = [(each.finding.rule, each.bytes) for each in prediction.fixes]
    return rest, [said(finding) for finding in analysis.findings], fixes


def said(finding: Finding) -> dict[str, Any]:
    values = {field.name: getattr(finding, field.name) for field in dataclasses.fields(finding)}
    claim = finding.claim
    located = sorted((path, file.layer, file.size) for path, file in claim.located)
    said_of_it = (claim.layer_bytes, claim.visible_bytes, claim.layers, located)
    return {**values, "claim": said_of_it, "files": len(claim.files)}


def stored_layers(path: Path) -> list[bytes]:
    """Return every unpacked layer in an OCI archive."""
    found = []
    with tarfile.open(path) as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None
            data = content.read()
            if member.name.startswith("blobs/") and not data.startswith(b"{"):
                found.append(b"".join(decompress(iter([data]), sniff(data), pytest.fail)))
    return found


def contents(layer: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        return {
            member.name: content.read()
            for member in archive
            if member.isreg() and (content := archive.extractfile(member))
        }


@pytest.fixture(params=["file", "compressed file", "stream", "folder", "legacy"])
def reference(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The image, by each road."""
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "image.tar"
    if request.param == "stream":
        data = tar(*docker(MADE))
        stdin = SimpleNamespace(buffer=io.BytesIO(data), isatty=bool)
        monkeypatch.setattr("sys.stdin", stdin)
        return "-"
    if request.param == "folder":
        return str(write_folder(path, oci(MADE)))
    if request.param == "legacy":
        return str(write_archive(path, docker_legacy(MADE)))
    if request.param == "compressed file":
        return str(write_archive(path, docker(MADE), gzipped))
    return str(write_archive(path, docker(MADE, compress=gzipped)))


def test_a_skeleton_analyses_like_the_image(tmp_path: Path, reference: str) -> None:
    (tmp_path / "out").mkdir()
    skeleton = tmp_path / "out" / "skeleton.tar"
    sizes = write_skeleton(reference, skeleton, Request())

    original = pipeline.analyze(str(write_archive(tmp_path / "image.tar", docker(MADE))))
    copy = pipeline.analyze(str(skeleton))
    assert comparable(copy) == comparable(original)
    assert [package.name for package in copy.packages] == ["demo"]
    assert {finding.rule for finding in copy.findings} >= {"pip-cache"}
    assert copy.sizes.wasted_bytes > 0
    assert (copy.warnings, original.warnings) == ((MARK,), ())
    assert copy.reference == original.reference == "app:1"

    distinct = set(MADE.layers)
    assert sizes == SkeletonSizes(skeleton.stat().st_size, sum(len(layer) for layer in distinct))
    assert sizes.archive_bytes < 20_000 < sizes.unpacked_bytes
    assert list(skeleton.parent.iterdir()) == [skeleton]


def test_only_the_texts_that_an_analysis_reads_are_kept(tmp_path: Path, reference: str) -> None:
    skeleton = tmp_path / "skeleton.tar"
    write_skeleton(reference, skeleton, Request())
    assert SECRET not in skeleton.read_bytes()
    kept = {
        "etc/os-release": b"ID=debian\n",
        f"{SITE}/demo-1.0.dist-info/METADATA": METADATA,
        f"{SITE}/demo-1.0.dist-info/RECORD": RECORD,
        "app/requirements.txt": b"demo==1.0\n",
    }
    layers = stored_layers(skeleton)
    assert sorted(map(len, layers)) == sorted(map(len, set(MADE.layers)))
    seen: set[str] = set()
    for layer in layers:
        for name, content in contents(layer).items():
            assert content == kept.get(name, bytes(len(content))), name
            seen.add(name)
    assert seen >= {*kept, "app/model.bin", "app/.env"}


def test_a_skeleton_of_a_skeleton_is_the_same(tmp_path: Path) -> None:
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    write_skeleton(str(write_archive(tmp_path / "image.tar", docker(MADE))), first, Request())
    write_skeleton(str(first), second, Request())
    assert second.read_bytes() == first.read_bytes()


def test_what_could_not_be_read_stays_unread(tmp_path: Path) -> None:
    gone = blob(MADE.layers[1]).path
    path = write_archive(tmp_path / "image.tar", without(docker(MADE), gone))
    write_skeleton(str(path), tmp_path / "skeleton.tar", Request())
    original, copy = pipeline.analyze(str(path)), pipeline.analyze(str(tmp_path / "skeleton.tar"))
    assert [layer.layer_bytes for layer in copy.layers] == [
        layer.layer_bytes for layer in original.layers
    ]
    assert [bool(layer.problem) for layer in copy.layers] == [False, True, False, False]
    assert len(copy.skipped) == len(original.skipped) == 1


def test_odd_layers_keep_their_shape(tmp_path: Path) -> None:
    made = image(
        b"",
        tar(gnu_sparse("hole", b"x" * 700, real_size=9_000, extensions=2), end=b""),
        tar(file("a"), end=bytes(5_000)),
    )
    path = write_archive(tmp_path / "image.tar", docker(made))
    write_skeleton(str(path), tmp_path / "skeleton.tar", Request())
    original, copy = pipeline.analyze(str(path)), pipeline.analyze(str(tmp_path / "skeleton.tar"))
    assert comparable(copy) == comparable(original)
    assert copy.sizes.layer_bytes == 9_000


def test_a_broken_image_leaves_nothing_behind(tmp_path: Path) -> None:
    made = image(BASE, tar(*BASE)[:-5_000])
    (tmp_path / "out").mkdir()
    output = tmp_path / "out" / "skeleton.tar"
    output.write_bytes(b"from before")
    path = write_archive(tmp_path / "image.tar", docker(made))
    with pytest.raises(ImgdiagError, match=r"image\.tar → layer 1 .*: the tar is cut short"):
        write_skeleton(str(path), output, Request())
    assert list(output.parent.iterdir()) == [output]
    assert output.read_bytes() == b"from before"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "image.tar", docker(MADE))
    output = tmp_path / "gone" / "skeleton.tar"
    with pytest.raises(ImgdiagError) as caught:
        write_skeleton(str(path), output, Request())
    assert str(caught.value) == (
        f"cannot write {str(output)!r} (No such file or directory). "
        "Check that the folder exists, that you may write to it, and the space left"
    )


def test_a_folder_in_the_place_of_the_output(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "image.tar", docker(MADE))
    (tmp_path / "out" / "skeleton.tar").mkdir(parents=True)
    with pytest.raises(ImgdiagError, match="Is a directory"):
        write_skeleton(str(path), tmp_path / "out" / "skeleton.tar", Request())
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["skeleton.tar"]


def test_the_download_of_a_skeleton_is_no_size_of_the_image() -> None:
    analysis = pipeline.analyze(str(ROOT / "fixtures/ml-service/after.oci.tar"))
    assert analysis.sizes.transfer_bytes is None
    assert {each.transfer_bytes for each in analysis.layers} == {None}
    text = render("text", analysis, Gate(()), Style())
    assert "  download" not in text
    assert MARK in text
    # So a comparison has no row of it, and a budget for it is not held against zeros.
    change = compare_sizes(analysis.sizes, analysis.sizes)
    assert [each.base for each in change if each.name == "transfer_bytes"] == [None]
