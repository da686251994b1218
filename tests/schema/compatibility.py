"""Whether who reads JSON by an earlier schema still understands it by a later one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]


def breaks(earlier: Schema, later: Schema) -> list[str]:
    """Return what of `later` a reader of `earlier` did not expect, by path; [] when nothing.

    A key may come. None may go or be left out, and a value may be only what it could be before.
    A higher schema_version says that all may differ.
    """
    if _version(later) > _version(earlier):
        return []
    return sorted(_Comparison(earlier, later).objects(earlier, later, "", frozenset()))


def _version(schema: Schema) -> int:
    version: int = schema["properties"]["schema_version"]["const"]
    return version


class _Comparison:
    def __init__(self, earlier: Schema, later: Schema) -> None:
        self._earlier = earlier
        self._later = later

    def objects(
        self, earlier: Schema, later: Schema, path: str, seen: frozenset[str]
    ) -> Iterator[str]:
        for name, value in earlier["properties"].items():
            where = f"{path}.{name}".lstrip(".")
            if name not in later["properties"]:
                yield f"{where} is gone"
            elif name in earlier["required"] and name not in later["required"]:
                yield f"{where} may be left out"
            else:
                yield from self.values(value, later["properties"][name], where, seen)

    def values(
        self, earlier: Schema, later: Schema, path: str, seen: frozenset[str]
    ) -> Iterator[str]:
        before = dict(_alternatives(earlier, self._earlier))
        for kind, value in _alternatives(later, self._later):
            fitting = "number" if kind == "integer" and "number" in before else kind
            if fitting not in before:
                yield f"{path} may be {kind}"
            elif kind == "array":
                yield from self.values(before[kind]["items"], value["items"], f"{path}[]", seen)
            elif kind == "object":
                name = value["$ref"]
                if name not in seen:
                    yield from self.objects(
                        _resolved(before[kind], self._earlier),
                        _resolved(value, self._later),
                        path,
                        seen | {name},
                    )
            elif kind == "string":
                allowed = before[kind].get("enum")
                if allowed is not None:
                    for new in set(value.get("enum", ["anything"])) - set(allowed):
                        yield f"{path} may be {new!r}"


def _alternatives(schema: Schema, whole: Schema) -> Iterator[tuple[str, Schema]]:
    """Yield each type that a value may have, with what is said of it."""
    if "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from _alternatives(each, whole)
    elif "$ref" in schema:
        yield "object", schema
    elif "enum" in schema:
        yield "string", schema
    elif "const" in schema:
        yield "constant", schema
    else:
        kinds = schema["type"]
        for kind in [kinds] if isinstance(kinds, str) else kinds:
            yield kind, schema


def _resolved(schema: Schema, whole: Schema) -> Schema:
    found: Schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    return found
