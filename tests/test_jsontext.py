"""JSON from inside images: hostile until parsed, and typed when read."""

from __future__ import annotations

from typing import Any

import pytest

from imgdiag import jsontext
from imgdiag.errors import CorruptImage


def error(data: bytes) -> str:
    with pytest.raises(CorruptImage) as caught:
        jsontext.parse(data, "manifest.json")
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b" {} \n", {}),
        (b"[1, null]", [1, None]),
        (b"null", None),
        ('"é"'.encode(), "é"),
    ],
)
def test_one_document_is_parsed(data: bytes, value: object) -> None:
    assert jsontext.parse(data, "it") == value


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000],
    ids=["lists", "objects", "closed"],
)
def test_60_json_nested_100_000_deep(data: bytes) -> None:
    assert error(data) == "manifest.json is not valid JSON (nested too deeply)"


def test_60_an_integer_of_5_000_digits() -> None:
    assert error(b"1" * 5_000).startswith("manifest.json is not valid JSON (")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"{}\0",
        b"[]]",
        b"{",
        b"",
        b"\xff\xfe{\0}\0",
        b'"\xff"',
        b"{'a': 1}",
    ],
)
def test_61_anything_but_one_document_in_utf_8(data: bytes) -> None:
    assert error(data).startswith("manifest.json is not valid JSON (")


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"[]", "a list"), (b'""', "a string"), (b"true", "a boolean"), (b"1", "a number"),
     (b"1.5", "a number"), (b"null", "null")],
)  # fmt: skip
def test_an_object_is_held_to_be_one(data: bytes, name: str) -> None:
    with pytest.raises(CorruptImage) as caught:
        jsontext.parse_object(data, "the config")
    assert str(caught.value) == f"the config is {name}, not an object"
    assert jsontext.parse_object(b'{"a": 1}', "the config") == {"a": 1}


def test_values_are_typed_when_read() -> None:
    mapping = {"text": "a", "number": 1, "none": None, "flag": True, "list": ["a", "b"]}
    assert jsontext.get(mapping, "text", str, "", "it") == "a"
    assert jsontext.get(mapping, "number", int, 0, "it") == 1
    assert jsontext.get(mapping, "flag", bool, False, "it") is True
    assert jsontext.get(mapping, "none", str, "default", "it") == "default"
    assert jsontext.get(mapping, "absent", str, "default", "it") == "default"
    assert jsontext.get_strings(mapping, "list", "it") == ("a", "b")
    assert jsontext.get_strings(mapping, "none", "it") == ()


@pytest.mark.parametrize(
    ("mapping", "kind", "message"),
    [
        ({"key": 1}, str, "'key' in it is a number"),
        ({"key": True}, int, "'key' in it is a boolean"),
        ({"key": []}, dict, "'key' in it is a list"),
        ({"key": {}}, list, "'key' in it is an object"),
        ([], str, "it is a list, not an object"),
        (None, str, "it is null, not an object"),
    ],
)
def test_another_type_is_an_error(mapping: Any, kind: type, message: str) -> None:
    with pytest.raises(CorruptImage) as caught:
        jsontext.get(mapping, "key", kind, None, "it")
    assert str(caught.value) == message


def test_a_list_of_anything_but_strings_is_an_error() -> None:
    with pytest.raises(CorruptImage) as caught:
        jsontext.get_strings({"key": ["a", None]}, "key", "it")
    assert str(caught.value) == "'key' in it holds null"
