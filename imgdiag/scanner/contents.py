"""The contents of the few small files that an analysis reads, taken from a container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from imgdiag.capture import CAPTURE
from imgdiag.errors import ImgdiagError
from imgdiag.filesystem import join
from imgdiag.layers.walk import Kind
from imgdiag.scanner.listing import Listing
from imgdiag.scanner.live import CannotStart, Runner

_MAX_ARGUMENTS = 100_000  # bytes; Linux takes 128 KiB in one argument and 2 MiB in all

# Each file as its size (-1 when it cannot be read), a blank and its bytes.
_SCRIPT = r"""
import os, sys
out = os.fdopen(1, "wb", 1 << 18)
for path in map(os.fsencode, sys.argv[1:]):
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        out.write(b"-1 ")
    else:
        out.write(b"%d %s" % (len(data), data))
out.close()
"""


def wanted_paths(listing: Listing) -> Iterator[str]:
    """Yield the paths of the files whose contents say what is installed."""
    parent, wants, small = None, CAPTURE.wanted_in(""), CAPTURE.small_in("")
    for each in listing.records:
        if each.parent != parent:
            parent = each.parent
            wants, small = CAPTURE.wanted_in(parent), CAPTURE.small_in(parent)
        is_read = each.size <= small or wants(each.name)
        if each.kind is Kind.FILE and each.size <= CAPTURE.max_bytes and is_read:
            yield join(each.parent, each.name)


def read_contents(run: Runner, program: str, paths: Iterable[str]) -> Mapping[str, bytes]:
    """Return the contents by path, read by the Python `program`; what it cannot read is left out.

    Raises ImgdiagError when the program is no Python or answers nonsense.
    """
    contents: dict[str, bytes] = {}
    for batch in _batches(paths):
        try:
            output = run([program, "-I", "-S", "-B", "-c", _SCRIPT, *map("/".__add__, batch)])
        except CannotStart as error:
            raise ImgdiagError(f"no Python to read files with ({error.message})") from error
        contents.update(_parse(batch, output.stdout))
    return contents


def _batches(paths: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for path in paths:
        length = len(path.encode("utf-8", "surrogateescape")) + 2
        if batch and size + length > _MAX_ARGUMENTS:
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += length
    if batch:
        yield batch


def _parse(paths: list[str], data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    for path in paths:
        blank = data.find(b" ", at, at + 12)
        number = data[at:blank]
        if blank < 0 or not number.removeprefix(b"-").isdigit():
            raise ImgdiagError("the image's Python gave an answer that cannot be read")
        size = int(number)
        at = blank + 1
        if size >= 0:
            yield path, data[at : at + size]
            at += size
