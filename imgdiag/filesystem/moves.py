"""Files that a layer moved: gone from where a lower layer has them, and stored again elsewhere.

`mv` leaves a file's size and time as they were, and mostly its name. A layer cannot say 'moved':
it hides the old path and holds the whole file at the new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from imgdiag.filesystem import Cause, File, Filesystem, Hidden, join
from imgdiag.scanner.usage import Usage

MIN_BYTES = 1_000_000  # in all that one layer moved of another: less may be chance

_Likeness = tuple[int, str, int, int]  # the layer that deletes; name, size and time of the file


def find_moves(
    filesystem: Filesystem,
    usage: Usage,
    groups: Mapping[tuple[Cause, int, int], tuple[Hidden, ...]],
) -> dict[Hidden, str]:
    """Return the deleted files that the deleting layer holds at another path, and that path.

    `groups` are the hidden files by cause, the layer that made them and the one that hid them.
    """
    deleted = {
        (created_in, hidden_in): group
        for (cause, created_in, hidden_in), group in groups.items()
        # A clean-up makes no files, so most layers are ruled out here.
        if cause is Cause.DELETED and filesystem.layers[hidden_in].layer_bytes >= MIN_BYTES
    }
    if not deleted:
        return {}
    wanted = {_likeness(each) for group in deleted.values() for each in group if each.file.size}
    found = {}
    for path, file in _stored_by({layer for _, layer in deleted}, filesystem, usage):
        likeness = (file.layer, path.rpartition("/")[2], file.size, file.mtime)
        if likeness in wanted:
            found[likeness] = path
    moves: dict[Hidden, str] = {}
    for group in deleted.values():
        moved = {each: found[_likeness(each)] for each in group if _likeness(each) in found}
        if sum(each.file.size for each in moved) >= MIN_BYTES:
            moves |= moved
    return moves


def _likeness(hidden: Hidden) -> _Likeness:
    name = hidden.path.rpartition("/")[2]
    return hidden.hidden_in, name, hidden.file.size, hidden.file.mtime


def _stored_by(
    layers: set[int], filesystem: Filesystem, usage: Usage
) -> Iterator[tuple[str, File]]:
    """Yield the files that `layers` hold, those that later layers hid among them."""
    for path, directory in usage.directories:
        for name, node in directory.children.items():
            if type(node) is File and node.layer in layers:
                yield join(path, name), node
    for hidden in filesystem.hidden:
        if hidden.file.layer in layers:
            yield hidden.path, hidden.file
