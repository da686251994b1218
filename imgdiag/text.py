"""Names from images, made harmless: they may carry terminal escapes, newlines or broken bytes."""

from __future__ import annotations

import unicodedata

# Controls, surrogates, private use, and format characters such as right-to-left overrides.
_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


def printable(text: str) -> str:
    r"""Return `text` with every character that could move a cursor or reorder a line escaped.

    Bytes that are not UTF-8 show as `\xff`, controls as `\x1b`, others as `\u202e`.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(character) if unicodedata.category(character) in _UNSAFE else character
        for character in text
    )


def utf8(text: str) -> str:
    r"""Return `text` as valid Unicode: bytes that are not UTF-8 show as `\xff`."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shortened(text: str, width: int) -> str:
    """Return `text` in one line of at most `width` characters, cut with an ellipsis."""
    return cut(" ".join(text.split()), width)


def cut(text: str, width: int) -> str:
    """Return at most `width` characters of `text`, the last an ellipsis where there is more."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that surrogateescape kept
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def whole_number(text: str) -> int | None:
    """Return the number that a text of decimal digits means, None for any other text.

    None for more than 18 digits too: Python reads no more than 4,300, and images may say anything.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
