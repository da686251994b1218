"""What breaks a reader is found, and what does not is let pass."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imgdiag.schema import commands, schema_of
from tests.schema.compatibility import Schema, breaks

RECORDED = Path(__file__).parent / "recorded"
RECORD = os.environ.get("IMGDIAG_RECORD_SCHEMAS") == "1"


@pytest.mark.parametrize("command", commands())
def test_nothing_breaks_what_was_released(command: str) -> None:
    """Held against recorded/: the schemas of the last release, or what it will be held to.

    After a change that is meant, raise `schema_version`; keys that came are added to the record
    with IMGDIAG_RECORD_SCHEMAS=1, at a release.
    """
    path = RECORDED / f"{command}.json"
    schema = schema_of(command)
    if RECORD:
        path.write_text(json.dumps(schema, indent=1) + "\n", encoding="utf-8")
    assert breaks(json.loads(path.read_text(encoding="utf-8")), schema) == []


def test_every_record_has_its_command() -> None:
    assert {path.stem for path in RECORDED.glob("*.json")} == set(commands())


EARLIER: Schema = {
    "properties": {
        "schema_version": {"const": 1},
        "name": {"type": "string"},
        "bytes": {"type": ["integer", "null"]},
        "share": {"type": "number"},
        "severity": {"enum": ["error", "note"]},
        "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
        "first": {"anyOf": [{"$ref": "#/$defs/Item"}, {"type": "null"}]},
    },
    "required": ["schema_version", "name", "bytes", "share", "severity", "items", "first"],
    "$defs": {
        "Item": {
            "properties": {
                "path": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
            },
            "required": ["path", "children"],
        }
    },
}


def properties(schema: Schema) -> Schema:
    found: Schema = schema["properties"]
    return found


def item(schema: Schema) -> Schema:
    found: Schema = schema["$defs"]["Item"]
    return found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda s: None, []),
        (lambda s: properties(s).update(new={"type": "string"}), []),
        (lambda s: item(s)["properties"].update(new={"type": "null"}), []),
        (lambda s: properties(s).update(bytes={"type": "integer"}), []),
        (lambda s: properties(s).update(share={"type": "integer"}), []),
        (lambda s: properties(s).update(name={"enum": ["a"]}), []),
        (lambda s: properties(s).update(severity={"enum": ["note"]}), []),
        (lambda s: properties(s).pop("name"), ["name is gone"]),
        (lambda s: s["required"].remove("name"), ["name may be left out"]),
        (lambda s: properties(s).update(name={"type": "integer"}), ["name may be integer"]),
        (lambda s: properties(s).update(name={"type": ["string", "null"]}), ["name may be null"]),
        (lambda s: properties(s).update(bytes={"type": "number"}), ["bytes may be number"]),
        (
            lambda s: properties(s).update(severity={"enum": ["error", "note", "fatal"]}),
            ["severity may be 'fatal'"],
        ),
        (
            lambda s: properties(s).update(severity={"type": "string"}),
            ["severity may be 'anything'"],
        ),
        (
            lambda s: item(s)["properties"].pop("path"),
            ["first.path is gone", "items[].path is gone"],
        ),
        (
            lambda s: properties(s)["items"].update(items={"type": "string"}),
            ["items[] may be string"],
        ),
        (
            lambda s: (
                properties(s).pop("name"),
                properties(s).update(schema_version={"const": 2}),
            ),
            [],
        ),
    ],
)
def test_breaks(change: Callable[[Schema], object], found: list[str]) -> None:
    later = copy.deepcopy(EARLIER)
    change(later)
    assert breaks(EARLIER, later) == found
