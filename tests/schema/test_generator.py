from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, TypedDict

import jsonschema
import pytest

from imgdiag.schema import commands, schema_of
from imgdiag.schema._generator import json_schema


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Leaf(TypedDict):
    """A leaf
    of the tree.
    """

    color: Color
    sizes: list[int | None]
    parent: Leaf | None


class Tree(TypedDict):
    """A tree."""

    schema_version: Literal[3]
    leaf: Annotated[Leaf, "the only one"]
    share: Annotated[float | None, "of it"]
    is_tall: bool
    kind: Literal["a", "b"]


def test_a_schema() -> None:
    assert json_schema(Tree, "imgdiag grow") == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:imgdiag:grow:3",
        "title": "imgdiag grow",
        "description": "A tree.",
        "type": "object",
        "properties": {
            "schema_version": {"const": 3},
            "leaf": {"$ref": "#/$defs/Leaf", "description": "the only one"},
            "share": {"type": ["number", "null"], "description": "of it"},
            "is_tall": {"type": "boolean"},
            "kind": {"enum": ["a", "b"]},
        },
        "required": ["schema_version", "leaf", "share", "is_tall", "kind"],
        "$defs": {
            "Leaf": {
                "description": "A leaf of the tree.",
                "type": "object",
                "properties": {
                    "color": {"enum": ["red", "blue"]},
                    "sizes": {"type": "array", "items": {"type": ["integer", "null"]}},
                    "parent": {"anyOf": [{"$ref": "#/$defs/Leaf"}, {"type": "null"}]},
                },
                "required": ["color", "sizes", "parent"],
            }
        },
    }


def test_a_closed_one_takes_no_other_key() -> None:
    schema = json_schema(Tree, "imgdiag grow", closed=True)
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Leaf"]["additionalProperties"] is False


class Elsewhere:
    class Leaf(TypedDict):
        """Another leaf."""

        name: str


class TwoLeaves(TypedDict):
    """Two types of one name."""

    schema_version: Literal[1]
    first: Leaf
    second: Elsewhere.Leaf


class Mapping(TypedDict):
    """What no schema is known for."""

    schema_version: Literal[1]
    sizes: dict[str, int]


def test_two_types_of_one_name() -> None:
    with pytest.raises(TypeError, match="two types of imgdiag x are named Leaf"):
        json_schema(TwoLeaves, "imgdiag x")


def test_what_is_not_known() -> None:
    with pytest.raises(TypeError, match=r"no JSON Schema for dict\[str, int\]"):
        json_schema(Mapping, "imgdiag x")


@pytest.mark.parametrize("command", commands())
@pytest.mark.parametrize("closed", [False, True])
def test_schemas_are_schemas(command: str, closed: bool) -> None:
    schema = schema_of(command, closed=closed)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema_version"]["const"] >= 1
    for definition in schema["$defs"].values():
        assert definition["description"]
