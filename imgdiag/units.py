"""Numbers to words, and bytes back. Decimal units, as Docker prints them: 1 MB = 10⁶ bytes."""

from __future__ import annotations

import re
from decimal import Decimal

from humanize import naturalsize

_UNITS = {
    "": 1,
    **{f"{prefix}b": 1000**power for power, prefix in enumerate(("", "k", "m", "g", "t"))},
    **{f"{prefix}ib": 1024**power for power, prefix in enumerate(("k", "m", "g", "t"), 1)},
}
_MOST = 10**30  # bytes; a number of hundreds of digits cannot be told in words
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Return the bytes that `text` means: `4GB` is 4·10⁹, `4GiB` is 4·2³⁰, `400` is 400.

    Raises ValueError.
    """
    match = _SIZE.fullmatch(text)
    unit = match[2].lower() if match else ""
    if match is None or unit not in _UNITS:
        raise ValueError(f"{text!r} is no size; write it as 4GB, 3.5GiB, 500MB or in bytes")
    # By exact arithmetic: 1.1GB is 1,100,000,000 bytes and not one less.
    size = int(Decimal(match[1]) * _UNITS[unit])
    if size > _MOST:
        raise ValueError(f"{text[:40]!r} is more than any image has")
    return size


def format_bytes(count: int) -> str:
    """Return `count` in three or four figures, such as `5.83 GB`, `352.4 MB` or `14 B`."""
    if abs(count) < 1000:
        return f"{count} B"
    return naturalsize(count, format="%.2f" if abs(count) >= 10**9 else "%.1f")


def counted(count: int, what: str) -> str:
    """Return a number of things, such as `1 file` or `1,234 files`."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def format_share(part: int, whole: int) -> str:
    """Return `part` of `whole` in per cent, such as `50 %`; `<1 %` for what is not nothing."""
    if not whole:
        return "0 %"
    share = 100 * part / whole
    if 0 < share < 1:
        return "<1 %"
    return f"{share:.0f} %"
