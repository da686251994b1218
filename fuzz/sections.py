"""Several files in one input, in a text that a fuzzer can cut and a person can read.

`=== RUN x` begins a layer, and `%%% path` a file whose content follows. `%%% path -> target` is a
symbolic link, `%%% path => target` a hard link, and `%%% !path` a whiteout.
"""

from __future__ import annotations

from imgdiag.capture import CAPTURE
from imgdiag.layers.walk import Entry, Kind, Layer, Whiteout, split

Section = tuple[str, bytes]


def sections(data: bytes, mark: bytes = b"%%% ") -> list[Section]:
    """Return the parts that begin with `mark`: the rest of that line, and what follows it."""
    parts = data.split(mark)
    pairs = (part.partition(b"\n") for part in parts[1:])
    return [
        (name.decode("utf-8", "surrogateescape"), content.removesuffix(b"\n"))
        for name, _, content in pairs
    ]


def layers(data: bytes) -> list[tuple[str, Layer]]:
    """Return each layer with its instruction: contents as an analysis captures them."""
    return [
        (instruction, layer(sections(b"\n" + body)))
        for instruction, body in sections(data, b"=== ")
    ]


def layer(files: list[Section]) -> Layer:
    """Return the layer of `files`; marks in their names make links and whiteouts."""
    entries: list[Entry] = []
    whiteouts: list[Whiteout] = []
    for name, content in files:
        path, link, target = name.partition(" -> ")
        path, hard, target = (path, "", target) if link else path.partition(" => ")
        parent, base = split(path.removeprefix("!"))
        if path.startswith("!"):
            whiteouts.append(Whiteout(parent, base or None))
            continue
        kind = Kind.SYMLINK if link else Kind.HARD_LINK if hard else Kind.FILE
        if hard:
            target = "/".join(filter(None, split(target)))
        elif path.endswith("/"):
            kind = Kind.DIRECTORY
        if not base and kind is not Kind.DIRECTORY:
            continue
        wanted = CAPTURE.wanted_in(parent)(base) or len(content) <= CAPTURE.small_in(parent)
        is_file = kind is Kind.FILE
        entries.append(
            Entry(
                parent,
                base,
                kind,
                len(content) if is_file else 0,
                (0o755, 0, 0),
                len(content) % 3,
                target,
                content if is_file and wanted else None,
            )
        )
    return Layer(entries=entries, whiteouts=whiteouts)
