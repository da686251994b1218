"""The one error that users see, and how it learns where it happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ImgdiagError(Exception):
    """Something a user can understand and act on: what happened, where, and what to do.

    `places` goes from the outside in: image, layer, entry. Code deep inside raises with the
    message alone; each caller that knows more wraps the call in `within`.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.places: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = ": ".join(
            (" → ".join(self.places), self.message) if self.places else (self.message,)
        )
        return f"{text}. {self.hint}" if self.hint else text


class CorruptImage(ImgdiagError):
    """The bytes of the image break the format they claim to have."""


class JsonInstead(CorruptImage):
    """There is JSON where an image should be: perhaps a saved report, which has all of `data`.

    Of a pipe, which cannot be read a second time, that is what was in it.
    """

    def __init__(self, data: bytes = b"") -> None:
        super().__init__(
            "is JSON and no image",
            hint="A report that was saved with -o json=PATH is for 'imgdiag compare'",
        )
        self.data = data


class NotFound(ImgdiagError):
    """The reference names nothing that we can read."""


@contextmanager
def within(place: str) -> Iterator[None]:
    """Add `place` in front of where an error from this block says it happened."""
    try:
        yield
    except ImgdiagError as error:
        error.places = (place, *error.places)
        raise
