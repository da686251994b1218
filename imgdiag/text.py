"""Names from images, made harmless: they may carry terminal escapes, newlines or broken bytes."""

from __future__ import annotations

import re
import unicodedata

# Controls, surrogates, private use, and format characters such as right-to-left overrides.
_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


# What a CI takes for a command in its log. GitHub: `##[error]` anywhere in a line, `::error` at its
# start and behind blanks; Azure: `##[error]` and `##vso[task.setvariable]` anywhere. Source:
# actions/runner, ActionCommand.cs; learn.microsoft.com, 'Logging commands'.
_COMMAND = re.compile(r"#(?=#(?:vso)?\[[A-Za-z])")
_COMMAND_LINE = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)


def printable(text: str) -> str:
    r"""Return `text` with every character that could move a cursor or reorder a line escaped.

    Bytes that are not UTF-8 show as `\xff`, controls as `\x1b`, others as `\u202e`. What a CI's
    log would take for a command has one more escape, as in `\x23#[error]`.
    """
    text = without_commands(text, "\\x23")
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(character) if unicodedata.category(character) in _UNSAFE else character
        for character in text
    )


def without_commands(text: str, number_sign: str) -> str:
    """Return `text` with `number_sign` in place of one of each command that may stand anywhere."""
    return _COMMAND.sub(lambda _: number_sign, text) if "##" in text else text


def without_command_lines(text: str, colon: str = "\\x3a") -> str:
    """Return lines of which none begins as a command does: `colon` is in place of its first."""
    return _COMMAND_LINE.sub(lambda match: match[1] + colon, text) if "::" in text else text


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
