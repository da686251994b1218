"""Values out of a JSON object that may hold anything; errors say where in the report they stand."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from imgdiag.errors import ImgdiagError

_LARGEST = 2**63

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def refuse(reason: str) -> NoReturn:
    """Raise ImgdiagError: a report cannot be compared for this reason."""
    raise ImgdiagError(
        reason, hint="Write a report anew with 'imgdiag analyze REF -o json=report.json'"
    )


class Object:
    """A JSON object whose errors say where in the report it stands."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            refuse(f"{where} is no object")
        self._value: dict[str, Any] = value
        self.where = where

    def _place(self, key: str) -> str:
        return f"{self.where}.{key}".lstrip(".")

    def maybe(self, key: str, kind: type[T]) -> T | None:
        """Return a value that may be null. It has to be there."""
        where = self._place(key)
        if key not in self._value:
            refuse(f"{where} is missing")
        value = self._value[key]
        if value is None:
            return None
        if type(value) is not kind:
            refuse(f"{where} is not what a report has there")
        if isinstance(value, int) and not 0 <= value < _LARGEST:
            refuse(f"{where} is out of bounds")
        return _clean(value)  # type: ignore[no-any-return]

    def get(self, key: str, kind: type[T]) -> T:
        value = self.maybe(key, kind)
        if value is None:
            refuse(f"{self._place(key)} is null")
        return value

    def text(self, key: str) -> str:
        """Return a string, "" for null."""
        return self.maybe(key, str) or ""

    def one_of(self, key: str, values: type[E]) -> E:
        value = self.get(key, str)
        if value not in list(values):
            refuse(f"{self._place(key)} is {value[:40]!r}, which is none of {', '.join(values)}")
        return values(value)

    def objects(self, key: str) -> Iterator[Object]:
        for index, value in enumerate(self.get(key, list)):
            yield Object(value, f"{self._place(key)}[{index}]")

    def object(self, key: str) -> Object:
        return Object(self.get(key, dict), self._place(key))

    def maybe_object(self, key: str) -> Object | None:
        return None if self.maybe(key, dict) is None else self.object(key)

    def strings(self, key: str) -> tuple[str, ...]:
        values = self.get(key, list)
        if not all(type(value) is str for value in values):
            refuse(f"{self._place(key)} holds what is no text")
        return tuple(_clean(value) for value in values)

    def numbers(self, key: str, below: int) -> tuple[int, ...]:
        values = self.get(key, list)
        if not all(type(value) is int and 0 <= value < below for value in values):
            refuse(f"{self._place(key)} names what is no layer")
        return tuple(values)


def _clean(value: Any) -> Any:
    r"""Return a string as valid Unicode: half of a surrogate pair shows as `\ud800`."""
    if type(value) is str and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode()
    return value
