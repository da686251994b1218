"""What the user typed, taken apart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imgdiag.errors import NotFound
from imgdiag.sources.reference import Reference, parse_reference
from tests.builder import docker, file, image, oci, write_archive, write_folder
from tests.sources.loading import refusal

MADE = image([file("a", 1)])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an archive, a layout, and a project that is named like its tag."""
    monkeypatch.chdir(tmp_path)
    write_archive(tmp_path / "image.tar", docker(MADE))
    write_archive(tmp_path / "odd:name", docker(MADE))
    write_folder(tmp_path / "layout", oci(MADE))
    write_folder(tmp_path / "app", [file("Dockerfile", b"FROM scratch")])
    return tmp_path


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("-", Reference("stdin", "-")),
        ("image.tar", Reference("path", "image.tar")),
        ("./image.tar", Reference("path", "./image.tar")),
        ("odd:name", Reference("path", "odd:name")),
        ("layout", Reference("path", "layout")),
        ("layout/", Reference("path", "layout/")),
        ("app", Reference("tag", "app")),
        ("app:1.0", Reference("tag", "app:1.0")),
        ("example.org:5000/team/app:1", Reference("tag", "example.org:5000/team/app:1")),
        ("docker:image.tar", Reference("docker", "image.tar")),
        ("docker:app:1", Reference("docker", "app:1")),
        ("podman:app:1", Reference("podman", "app:1")),
        ("docker-archive:image.tar", Reference("docker-archive", "image.tar")),
        ("docker-archive:image.tar:app:1", Reference("docker-archive", "image.tar", "app:1")),
        ("docker-archive:odd:name", Reference("docker-archive", "odd:name")),
        ("docker-archive:odd:name:app:1", Reference("docker-archive", "odd:name", "app:1")),
        ("oci-archive:image.tar", Reference("oci-archive", "image.tar")),
        ("oci:layout:app:1", Reference("oci", "layout", "app:1")),
        ("oci-dir:layout", Reference("oci-dir", "layout")),
    ],
)  # fmt: skip
def test_a_reference_is_taken_apart(text: str, reference: Reference) -> None:
    assert parse_reference(text) == reference


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("oci:", "'oci:' names nothing. Give it as 'oci:NAME'"),
        ("docker:", "'docker:' names nothing. Give it as 'docker:NAME'"),
        ("oci:gone", "'gone' does not exist. Check the path behind the prefix"),
        ("oci:gone:app", "'gone:app' does not exist. Check the path behind the prefix"),
        (
            "gone.tar",
            "'gone.tar' does not exist. Give a saved image, an OCI layout or a tag",
        ),
        ("./gone", "'./gone' does not exist. Give a saved image, an OCI layout or a tag"),
        (
            "./app",
            (
                "'./app' is a folder without an image: it has neither the index.json of an OCI "
                "layout nor the manifest.json of docker save. Give a saved image, an OCI layout or "
                "a tag; a project's folder goes to --project of 'imgdiag check', 'fix' and 'verify'"
            ),
        ),
    ],
)
def test_what_is_not_there(text: str, message: str) -> None:
    with pytest.raises(NotFound) as caught:
        parse_reference(text)
    assert str(caught.value) == message


def test_a_part_of_an_oci_layout(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    with pytest.raises(NotFound, match=r"has blobs and no index.json: it is a part of an OCI lay"):
        parse_reference(str(tmp_path))


@pytest.mark.parametrize("text", ["./" + "a" * 5_000, "oci:" + "a" * 5_000])
def test_a_name_longer_than_any_file_system_takes(text: str) -> None:
    with pytest.raises(NotFound):
        parse_reference(text)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("docker-archive:layout", "'layout' is a folder. Use the prefix oci-dir:"),
        ("oci-archive:layout", "'layout' is a folder. Use the prefix oci-dir:"),
        ("oci-dir:image.tar", "'image.tar' is a file. Use the prefix oci-archive:"),
    ],
)
def test_a_prefix_of_the_other_kind(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(here: Path) -> None:
    (here / "image.tar").chmod(0)
    assert refusal("image.tar") == (
        "cannot read 'image.tar' (Permission denied). Check the path and your rights to it"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_entered(here: Path) -> None:
    (here / "layout").chmod(0)
    try:
        assert refusal("./layout/image.tar").startswith(
            ("cannot read", "'./layout/image.tar' does")
        )
    finally:
        (here / "layout").chmod(0o755)
