"""How much of an image is read: caps that no honest image meets, and what counts against them.

An image is anyone's file. A few kilobytes of it can unpack to petabytes, hold a billion entries,
or name one layer a million times; each of these ends here with one error, before memory or
patience does. What a file format itself sets (16 KiB for a name, 4,096 parts of a path) is no
option: no engine could unpack more.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from threading import Lock

from imgdiag.errors import ImgdiagError
from imgdiag.units import format_bytes

RATIO_FROM = 1_000_000_000  # bytes that may come out of anything before the ratio counts


class TooLarge(ImgdiagError):
    """The image has more of something than is read; the hint names the option that allows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most of each that is read of one image, all its layers together.

    `unpacked` is what decompression gives, or a pipe, in bytes; `ratio` the first in relation to
    what was read, once it is over 1 GB: zstd itself stops at 32,768, so more is one compression in
    another. `entries` counts the layers' entries, a layer that the manifest repeats each time, and
    `kept` the bytes of their names and of the texts that an analysis keeps. `header` is a tar's
    extension header and `manifest` a manifest or config, in bytes each.
    """

    unpacked: int = 200_000_000_000
    ratio: int = 50_000
    entries: int = 5_000_000
    kept: int = 1_000_000_000
    layers: int = 500  # Linux stacks no more (overlayfs, OVL_MAX_STACK)
    header: int = 1024 * 1024  # as in Go's archive/tar, with which engines read
    manifest: int = 16 * 1024 * 1024

    def refusal(self, name: str, what: str) -> TooLarge:
        """Return the error for `what`, which is more than the limit `name`."""
        value = getattr(self, name)
        unit = " bytes" if name in BYTES else ""
        return TooLarge(
            f"{what}; at most {value:,}{unit} are read",
            hint=f"If you trust this image, raise it with --read-limit {name}=…",
        )


BYTES = frozenset(("unpacked", "kept", "header", "manifest"))
NAMES = tuple(field.name for field in fields(Limits))
DEFAULT = Limits()


class Meter:
    """Counts one image against its limits, whichever of its layers is read on which thread.

    `entries` and `kept` are what has been counted of each so far.
    """

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self.limits = limits
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Begin anew: what was read of the image came to nothing, and another way is taken."""
        self._stored = self._unpacked = self.entries = self.kept = 0

    def stored(self, count: int) -> None:
        """Count bytes as they lie in the archive or come from the engine. Raises TooLarge."""
        with self._lock:
            self._stored += count
            total = self._stored
        if total > self.limits.unpacked:  # a pipe need not end
            raise self.limits.refusal("unpacked", f"holds more than {format_bytes(total)}")

    def unpacked(self, count: int) -> None:
        """Count bytes that decompression gave. Raises TooLarge."""
        with self._lock:
            self._unpacked += count
            stored, total = self._stored, self._unpacked
        if total > self.limits.unpacked:
            raise self.limits.refusal("unpacked", f"unpacks to more than {format_bytes(total)}")
        if total > RATIO_FROM and total > stored * self.limits.ratio:
            raise self.limits.refusal(
                "ratio", f"{format_bytes(stored)} unpack to {format_bytes(total)} and more"
            )

    def read(self, entries: int, kept: int) -> None:
        """Count a layer that has been read: its entries, and the bytes kept of it.

        Raises TooLarge.
        """
        with self._lock:
            self.entries += entries
            self.kept += kept
            entries, kept = self.entries, self.kept
        if entries > self.limits.entries:
            raise self.limits.refusal("entries", f"{entries:,} entries")
        if kept > self.limits.kept:
            raise self.limits.refusal("kept", f"{format_bytes(kept)} of names and texts")
