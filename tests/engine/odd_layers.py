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
        layers=(
            (*_BASE, symlink("absolute", "/real"), symlink("out", "../../real")),
            (file("link/y", 5), file("absolute/y", 6), file("out/y", 7)),
        ),
        ours="a folder takes the link's place, with a warning",
        theirs=("other", "same", "same", "same"),
    ),
    Odd(
        what="the same, where the link leads nowhere",
        layers=((symlink("link", "gone/there"),), (file("link/y", 5),)),
        ours="a folder takes the link's place, with a warning",
        theirs=("other", "same", "same", "same"),
    ),
    Odd(
        what="a whiteout or an opaque mark below a lower layer's symlink",
        layers=((*_BASE, symlink("absolute", "/real")), (whiteout("link/x"), opaque("absolute"))),
        ours="a folder takes the link's place, with a warning",
        theirs=("other", "same", "same", "same"),
    ),
    Odd(
        what="an entry below a symlink of its own layer",
        layers=((folder("real"), symlink("link", "/real"), file("link/y", 5)),),
        ours="goes where the link leads, with a warning",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="the same, where the link leads to a lower layer's folder",
        layers=(_BASE, (symlink("link", "real"), file("link/y", 5))),
        ours="goes where the link leads, with a warning",
        theirs=("same", "refuses", "same", "refuses"),
    ),
    Odd(
        what="the same, where the link leads nowhere",
        layers=((symlink("link", "gone/there"), file("link/y", 5)),),
        ours="goes where the link leads, with a warning",
        theirs=("same", "refuses", "same", "refuses"),
    ),
    Odd(
        what="the same, where the link leads by a lower layer's link",
        layers=((*_BASE, folder("real/sub")), (symlink("own", "link/sub"), file("own/y", 5))),
        ours="a folder takes the lower link's place, with a warning",
        theirs=("other", "refuses", "same", "refuses"),
    ),
    Odd(
        what="a whiteout below a symlink that the layer makes anew",
        layers=(_BASE, (folder("real"), symlink("link", "real"), whiteout("link/x"))),
        ours="hides what stands where the link leads, with a warning",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="a whiteout below a file of a lower layer",
        layers=((file("x", 5), file("y", 5)), (whiteout("x/gone"),)),
        ours="the file is replaced by a folder, with a warning",
        theirs=("other", "same", "same", "same"),
    ),
    Odd(
        what="a whiteout in a folder that is nowhere",
        layers=((file("x", 5),), (whiteout("gone/y"),)),
        ours="the folder is made",
        theirs=("other", "same", "same", "same"),
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
        ours="hides nothing, with a warning",
        theirs=("other", "same", "same", "same"),
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
