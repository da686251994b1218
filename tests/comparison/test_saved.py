"""Saved reports: read back whole, and refused when they are anything else."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgdiag.comparison import Snapshot, compare, snapshot
from imgdiag.comparison.saved import MOST_BYTES, is_report, parse_report, read_report
from imgdiag.errors import ImgdiagError
from imgdiag.gate.gate import Gate
from imgdiag.reports import Style, render
from tests.reports import images

_Path = tuple[str | int, ...]

NOT_OURS = "is JSON and no report of imgdiag's: its schema_version is not 1"
ANEW = "Write a report anew with 'imgdiag analyze REF -o json=report.json'"


@cache
def saved() -> bytes:
    return render("json", images.service_with_dockerfile(), Gate(()), Style()).encode()


def report() -> Any:
    return json.loads(saved())


def refused(value: object) -> str:
    """Return why a report is refused."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    with pytest.raises(ImgdiagError) as error:
        parse_report(data)
    return f"{error.value.message}. {error.value.hint}".removesuffix(f". {ANEW}")


def put(found: Any, path: _Path, value: object) -> None:
    for part in path[:-1]:
        found = found[part]
    found[path[-1]] = value


@pytest.mark.parametrize(
    "image",
    [
        images.service,
        images.service_with_dockerfile,
        images.partial,
        images.no_python,
        images.empty,
        images.hostile,
    ],
)
def test_nothing_that_is_compared_is_lost(image: Any) -> None:
    analysis = image()
    data = render("json", analysis, Gate(()), Style()).encode()
    assert parse_report(data) == snapshot(analysis)
    assert parse_report(b"\xef\xbb\xbf" + data) == snapshot(analysis)  # as Windows' tools save it


def test_new_keys_do_no_harm() -> None:
    found = report()
    found["new"] = found["packages"][0]["new"] = {"a": [1]}
    assert parse_report(json.dumps(found).encode()) == parse_report(saved())


@pytest.mark.parametrize("size", [0, 1, 100, 5_000, -2])
def test_a_report_that_was_cut_off(size: int) -> None:
    assert "is cut off, or is not valid JSON" in refused(saved()[:size])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[]", "is JSON and no report"),
        (b"{}", NOT_OURS),
        (b'{"schema_version": true}', NOT_OURS),
        (b'{"schema_version": "1"}', NOT_OURS),
        (
            b'{"schema_version": 2, "image": {}}',
            "is a report of version 2, and this imgdiag reads version 1. Use an imgdiag as new",
        ),
        (
            b'{"schema_version": 1, "environments": []}',
            "is not what 'imgdiag analyze' writes, perhaps another command's",
        ),
        (
            b'{"schema_version": 1, "base": {}, "head": {}}',
            "is a comparison, not the report of one image",
        ),
        (b"[" * 100_000, "nested too deeply to be a report"),
        (b"\xff\xfe{}", "is cut off, or is not valid JSON"),
        (b'{"schema_version": NaN}', "is cut off, or is not valid JSON (NaN is no number)"),
        (b'{"schema_version": ' + b"9" * 5_000 + b"}", "is cut off, or is not valid JSON"),
        (b" " * (MOST_BYTES + 1), "has more than 32,000,000 bytes, which no report has"),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_report(data: bytes, reason: str) -> None:
    assert refused(data).startswith(reason)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("layers",), None, "layers is null"),
        (("layers",), {}, "layers is not what a report has there"),
        (("layers", 0), 1, "layers[0] is no object"),
        (("layers", 0, "layer_bytes"), -1, "layers[0].layer_bytes is out of bounds"),
        (("layers", 0, "layer_bytes"), 2**63, "layers[0].layer_bytes is out of bounds"),
        (("layers", 0, "layer_bytes"), 1.5, "layers[0].layer_bytes is not what"),
        (("layers", 0, "layer_bytes"), True, "layers[0].layer_bytes is not what"),
        (("image", "reference"), ["a"], "image.reference is not what a report has there"),
        (("sizes", "layer_bytes"), "9", "sizes.layer_bytes is not what a report has there"),
        (("waste", 0, "cause"), "x" * 99, "waste[0].cause is 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        (("waste", 0, "created_in"), 99, "waste[0].created_in names what is no layer"),
        (("packages", 0, "layers"), [99], "packages[0].layers names what is no layer"),
        (("packages", 0, "requires", 0, "extras"), [1], "packages[0].requires[0].extras holds"),
    ],
)  # fmt: skip
def test_errors_say_where(path: _Path, value: object, reason: str) -> None:
    found = report()
    put(found, path, value)
    assert refused(found).startswith(reason)


@pytest.mark.parametrize(
    ("path", "value", "breach"),
    [
        (("packages", 0, "bytes"), 1, "packages and what nobody owns are not the visible bytes"),
        (("packages", 0, "environment"), "x", "a package is in no environment"),
        (("sizes", "wasted_bytes"), 1, "layer bytes are not visible plus wasted bytes"),
        (("waste", 0, "bytes"), 1, "the causes of waste are not the wasted bytes"),
        (("layers", 0, "layer_bytes"), 1, "the layers are not the layer bytes"),
        (("layers", 0, "index"), 1, "its layers are not in order"),
        (("folders", 0, "path"), "x", "the root is not the first of its folders"),
        (("folders", 0, "bytes"), 5, "its folders are not the visible bytes"),
        (("folders", 1, "path"), "x/y/z", "the folder 'x/y/z' is not where it should be"),
        (("folders", 1, "path"), "", "the folder '' is not where it should be"),
        (("folders", 1, "bytes"), 2**60, "a folder has less than what is in it"),
    ],
)
def test_what_does_not_add_up_is_refused(path: _Path, value: object, breach: str) -> None:
    found = report()
    put(found, path, value)
    assert refused(found) == (f"does not add up, so it was changed since it was written: {breach}")


def _places(value: Any, path: _Path = ()) -> list[_Path]:
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value[:3]))
    return [path, *(each for key, inner in items for each in _places(inner, (*path, key)))][:900]


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.booleans(), _JUNK)
def test_whatever_stands_anywhere_it_is_refused_or_compared(
    number: int, deletes: bool, junk: Any
) -> None:
    found = report()
    places = _places(found)[1:]
    *path, last = places[number % len(places)]
    place = found
    for part in path:
        place = place[part]
    if deletes:
        del place[last]
    else:
        place[last] = junk
    try:
        read = parse_report(json.dumps(found).encode())
    except ImgdiagError:
        return
    assert isinstance(read, Snapshot)
    compared = compare(parse_report(saved()), read)
    assert sum(each.bytes for each in compared.causes) == compared.growth


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ImgdiagError):
        parse_report(data)


def test_half_of_a_surrogate_pair_is_made_harmless() -> None:
    found = report()
    found["image"]["reference"] = "\ud800"
    assert parse_report(json.dumps(found).encode()).reference == "\\ud800"


def test_a_file_is_told_by_what_it_holds(tmp_path: Path) -> None:
    def holds(data: bytes) -> bool:
        path = tmp_path / "file"
        path.write_bytes(data)
        return is_report(path)

    assert holds(saved())
    assert holds(b"\xef\xbb\xbf \n{")
    assert holds(b"[]")
    assert not holds(b"")
    assert not holds(b"\x1f\x8b\x08")
    assert not holds(b"{name of a tar's first file" + b"\0" * 600)
    assert not is_report(tmp_path)
    assert not is_report(tmp_path / "none")
    assert not is_report(Path("a\0b"))
    os.mkfifo(tmp_path / "pipe")
    assert not is_report(tmp_path / "pipe")  # reading it would take from what it gives


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_bytes(b"{}")
    with pytest.raises(ImgdiagError) as error:
        read_report(path)
    assert str(error.value) == (
        f"{path}: is JSON and no report of imgdiag's: its schema_version is not 1. {ANEW}"
    )
    path.unlink()
    with pytest.raises(ImgdiagError, match="cannot be read \\(No such file or directory\\)"):
        read_report(path)
