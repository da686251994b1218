"""Layers that no specification settles, and what each program makes of them.

`same` is what imgdiag says; `refuses` is an error at load or unpack; `other` is another tree.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.builder import Entry, file, folder, hard_link, opaque, symlink, whiteout

PROGRAMS = ("umoci", "overlay2", "containerd", "podman")


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """One case: its layers, what imgdiag does, and what the programs do, in their order."""

    what: str
    layers: tuple[tuple[Entry, ...], ...]
    ours: str
    theirs: tuple[str, str, str, str]


_BASE = (folder("real"), file("real/x", 10), symlink("link", "real"))

CASES = (
    Odd(
        what="an entry below a lower layer's symlink, without an entry for the folder",
        layers=(_BASE, (file("link/y", 5),)),
        ours="goes where the link leads, with a warning",
        theirs=("same", "other", "other", "other"),
    ),
    Odd(
        what="a whiteout below a lower layer's symlink",
        layers=(_BASE, (whiteout("link/x"),)),
        ours="hides what stands where the link leads, with a warning",
        theirs=("same", "other", "other", "other"),
    ),
    Odd(
        what="the same path twice in one layer",
        layers=((file("x", 10), file("x", 5)),),
        ours="the last one is seen",
        theirs=("same", "refuses", "same", "refuses"),
    ),
    Odd(
        what="a whiteout after the layer's own new file of that name",
        layers=((file("x", 10),), (file("x", 5), whiteout("x"))),
        ours="the new file stays",
        theirs=("same", "refuses", "refuses", "refuses"),
    ),
    Odd(
        what="an opaque mark after the layer's own new files",
        layers=((folder("d"), file("d/old", 10)), (folder("d"), file("d/new", 5), opaque("d"))),
        ours="the new files stay",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="an opaque mark on the root",
        layers=((file("old", 10),), (opaque(""), file("new", 5))),
        ours="hides all lower layers, with a warning",
        theirs=("same", "other", "other", "other"),
    ),
    Odd(
        what="a hard link to nothing",
        layers=((hard_link("x", "gone"), file("y", 5)),),
        ours="left out, with a warning",
        theirs=("refuses", "refuses", "refuses", "refuses"),
    ),
    Odd(
        what="a hard link before its target in the tar",
        layers=((hard_link("x", "y"), file("y", 5)),),
        ours="left out, with a warning",
        theirs=("refuses", "refuses", "refuses", "refuses"),
    ),
    Odd(
        what="a hard link to a file of a lower layer",
        layers=((file("y", 5),), (hard_link("x", "y"),)),
        ours="one more name of it",
        theirs=("same", "refuses", "refuses", "refuses"),
    ),
    Odd(
        what="an entry below a file of a lower layer",
        layers=((file("x", 5),), (file("x/y", 5),)),
        ours="the file is replaced by a folder, with a warning",
        theirs=("refuses", "same", "same", "same"),
    ),
    Odd(
        what="a folder over a symlink, with a whiteout in it",
        layers=(_BASE, (folder("link"), whiteout("link/x"))),
        ours="the folder is empty; what the link led to stays",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="`.wh..wh.x`, a whiteout of `.wh.x`",
        layers=((file("a", 5),), (file(".wh..wh.x"),)),
        ours="hides nothing that can be there",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="a path that leaves the image (`../x`)",
        layers=((file("../x", 5), file("y", 5)),),
        ours="kept inside, with a warning",
        theirs=("same", "same", "same", "same"),
    ),
)


def table() -> str:
    """Return the table of docs/agreement.md."""
    rows = (f"| {each.what} | {each.ours} | {' | '.join(each.theirs)} |" for each in CASES)
    head = "| layers | imgdiag | umoci | overlay2 | containerd | podman |"
    return "\n".join((head, "| --- | --- | --- | --- | --- | --- |", *rows))
