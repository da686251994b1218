"""JSON Schema (draft 2020-12) of a TypedDict.

Knows what reports are made of: strings, numbers, booleans, null, lists, enumerations, unions and
TypedDicts, whose docstrings are their descriptions; `Annotated[T, "text"]` describes a key.
"""

from __future__ import annotations

import inspect
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}

Schema = dict[str, Any]


def json_schema(root: type, title: str, *, closed: bool = False) -> Schema:
    """Return the schema of `root`; a `closed` one takes no key that it does not name."""
    kinds: dict[str, type] = {}
    definitions: dict[str, Schema] = {}
    waiting = [root]
    while waiting:
        kind = waiting.pop()
        name = kind.__name__
        if name not in kinds:
            kinds[name] = kind
            definitions[name] = _object(kind, waiting, closed)
        elif kinds[name] is not kind:
            raise TypeError(f"two types of {title} are named {name}")
    whole = definitions.pop(root.__name__)
    version = whole["properties"]["schema_version"]["const"]
    return {
        "$schema": DRAFT,
        "$id": f"urn:{title.replace(' ', ':')}:{version}",
        "title": title,
        **whole,
        "$defs": dict(sorted(definitions.items())),
    }


def _object(kind: type, waiting: list[type], closed: bool) -> Schema:
    hints = get_type_hints(kind, include_extras=True)
    schema: Schema = {
        "description": " ".join((inspect.getdoc(kind) or "").split()),
        "type": "object",
        "properties": {name: _of(hint, waiting) for name, hint in hints.items()},
        "required": list(hints),
    }
    if closed:
        schema["additionalProperties"] = False
    return schema


def _of(hint: Any, waiting: list[type]) -> Schema:
    """Return the schema of one type; TypedDicts in it are added to those that wait."""
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return {**_of(arguments[0], waiting), "description": arguments[1]}
    if origin is Literal:
        return {"const": arguments[0]} if len(arguments) == 1 else {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _of(arguments[0], waiting)}
    if origin is UnionType:
        parts = [_of(each, waiting) for each in arguments]
        if all(part.keys() == {"type"} for part in parts):
            return {"type": [part["type"] for part in parts]}
        return {"anyOf": parts}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if is_typeddict(hint):
        waiting.append(hint)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    raise TypeError(f"no JSON Schema for {hint!r}")
