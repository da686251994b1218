"""Layers that no specification settles, and what each program makes of them.

`same` is what imgdiag says; `refuses` is an error at load or unpack; `other` is another tree.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.builder import (
    BLOCK,
    V7,
    Entry,
    file,
    folder,
    gnu_long_name,
    gnu_sparse,
    hard_link,
    header,
    opaque,
    padded,
    pax,
    pax_raw,
    symlink,
    whiteout,
)

PROGRAMS = ("umoci", "overlay2", "containerd", "podman")


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd:
    """One case: its layers, what imgdiag does, and what the programs do, in their order."""

    what: str
    layers: tuple[tuple[Entry | bytes, ...], ...]
    ours: str
    theirs: tuple[str, str, str, str]


_BASE = (folder("real"), file("real/x", 10), symlink("link", "real"))

_RECORDS = pax(path="named")[BLOCK:]
_GLOBAL = header(b"pax_global_header", kind=b"g", size=14) + _RECORDS  # as git archive names it

_STORED = b"x" * 700
_MAP = b"1\n0\n700\n".ljust(BLOCK, b"\0")  # one piece, at 0


def _sparse(records: bytes, stored: bytes) -> bytes:
    return records + header(b"x", size=len(stored)) + padded(stored)


_PAX_SPARSE = (
    _sparse(
        pax(
            path="0.0",
            GNU_sparse_size=9_000,
            GNU_sparse_numblocks=1,
            GNU_sparse_offset=0,
            GNU_sparse_numbytes=700,
        ),
        _STORED,
    ),
    _sparse(
        pax(
            GNU_sparse_name="0.1",
            GNU_sparse_size=9_000,
            GNU_sparse_numblocks=1,
            GNU_sparse_map="0,700",
        ),
        _STORED,
    ),
    _sparse(
        pax(
            GNU_sparse_name="1.0",
            GNU_sparse_major=1,
            GNU_sparse_minor=0,
            GNU_sparse_realsize=9_000,
        ),
        _MAP + _STORED,
    ),
)
_UNSIGNED = header(b"\xe9")
_SIGNED = header(b"\xe9", checksum=sum(_UNSIGNED[:148]) + 8 * 32 + sum(_UNSIGNED[156:]) - 256)

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
    Odd(
        what="an entry for the root that is no folder (a file `./`)",
        layers=((header(b"./", size=3), padded(b"abc"), file("y", 5)),),
        ours="left out, with a warning",
        theirs=("refuses", "same", "same", "same"),
    ),
    Odd(
        what="the same, a symlink `/`",
        layers=((header(b"/", kind=b"2", link=b"y"), file("y", 5)),),
        ours="left out, with a warning",
        theirs=("refuses", "refuses", "same", "refuses"),
    ),
    Odd(
        what="a pax global header that names the files after it",
        layers=((_GLOBAL, file("x", 5)),),
        ours="ignored, with a warning",
        theirs=("refuses", "same", "same", "same"),
    ),
    Odd(
        what="a pax global header between a pax header and its file",
        layers=((pax(path="named"), _GLOBAL, file("x", 5)),),
        ours="takes the pax header with it",
        theirs=("refuses", "same", "same", "same"),
    ),
    Odd(
        what="two pax headers before one file",
        layers=((pax(path="named"), pax(mtime=7), file("x", 5)),),
        ours="the last counts",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="a GNU long name and a pax path for one file, in either order",
        layers=(
            (gnu_long_name("a"), pax(path="b"), file("c", 5)),
            (pax(path="d"), gnu_long_name("e"), file("f", 5)),
        ),
        ours="GNU's counts",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="a pax path that is deleted again by an empty one",
        layers=((pax_raw(b"10 path=b\n8 path=\n"), file("x", 5)),),
        ours="the header's own name counts",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="sparse files of pax' forms 0.0, 0.1 and 1.0",
        layers=(_PAX_SPARSE,),
        ours="files of their real size",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="a sparse file of GNU's own form",
        layers=((gnu_sparse("gnu", _STORED, real_size=9_000),),),
        ours="a file of its real size",
        theirs=("refuses", "refuses", "refuses", "refuses"),
    ),
    Odd(
        what="V7's folder, a file of type NUL with a slash at its end",
        layers=((header(b"d/", kind=b"\0", magic=V7), file("y", 5)),),
        ours="a folder",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="a file of type `0` with a slash at its end",
        layers=((header(b"d/", size=3), padded(b"abc"), file("y", 5)),),
        ours="a file",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="a contiguous file (type `7`)",
        layers=((header(b"x", kind=b"7", size=3), padded(b"abc"), file("y", 5)),),
        ours="a file",
        theirs=("refuses", "refuses", "refuses", "refuses"),
    ),
    Odd(
        what="an entry of unknown type (`Z`)",
        layers=((header(b"x", kind=b"Z", size=3), padded(b"abc"), file("y", 5)),),
        ours="left out, with a warning",
        theirs=("refuses", "refuses", "refuses", "refuses"),
    ),
    Odd(
        what="a checksum of signed bytes, as old tars wrote it",
        layers=((_SIGNED, file("y", 5)),),
        ours="right",
        theirs=("same", "same", "same", "same"),
    ),
    Odd(
        what="a number with other things behind its end",
        layers=((header(b"x", size=b"3 \0something"), padded(b"abc"), file("y", 5)),),
        ours="the number counts",
        theirs=("refuses", "refuses", "refuses", "refuses"),
    ),
)


def table() -> str:
    """Return the table of docs/agreement.md."""
    rows = (f"| {each.what} | {each.ours} | {' | '.join(each.theirs)} |" for each in CASES)
    head = "| layers | imgdiag | umoci | overlay2 | containerd | podman |"
    return "\n".join((head, "| --- | --- | --- | --- | --- | --- |", *rows))
