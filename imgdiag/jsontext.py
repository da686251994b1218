"""JSON from inside images: hostile until parsed, and typed when read."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from imgdiag.errors import CorruptImage

T = TypeVar("T")


def parse(data: bytes, what: str) -> Any:
    """Parse `data`, which `what` names in errors.

    Raises CorruptImage for anything but one JSON document in UTF-8: a byte-order mark, trailing
    data, absurd nesting or numbers too long to convert.
    """
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise CorruptImage(f"{what} is not valid JSON ({reason})") from error


def parse_object(data: bytes, what: str) -> dict[str, Any]:
    """Parse `data` and hold it to be a JSON object."""
    value = parse(data, what)
    if not isinstance(value, dict):
        raise CorruptImage(f"{what} is {_name(value)}, not an object")
    return value


def get(mapping: Any, key: str, kind: type[T], default: T, what: str) -> T:
    """Return `mapping[key]`, or `default` when it is absent or null.

    Raises CorruptImage when it is there with another type. Booleans are no integers.
    """
    if not isinstance(mapping, dict):
        raise CorruptImage(f"{what} is {_name(mapping)}, not an object")
    value = mapping.get(key)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise CorruptImage(f"{key!r} in {what} is {_name(value)}")
    return value


def get_strings(mapping: Any, key: str, what: str) -> tuple[str, ...]:
    """Return the list of strings at `key`, empty when it is absent or null."""
    values = get(mapping, key, list, [], what)
    for value in values:
        if not isinstance(value, str):
            raise CorruptImage(f"{key!r} in {what} holds {_name(value)}")
    return tuple(values)


def _name(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number"}
    return names.get(type(value), "null" if value is None else "a number")
