"""Which layer made a file, when later layers only stored it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from imgdiag.filesystem import Cause, File, Hidden


class Origins:
    """The layers that made files, not those that changed their owner, mode or time."""

    def __init__(self, hidden: Iterable[Hidden]) -> None:
        """Take the hidden files in the order in which the layers hid them."""
        self._of: dict[tuple[str, int], int] = {}
        for each in hidden:
            if each.cause is Cause.METADATA_ONLY:
                self._of[each.path, each.hidden_in] = self.layer(each.path, each.file)

    def layer(self, path: str, file: File) -> int:
        """Return the layer that made the file of this name."""
        return self._of.get((path, file.layer), file.layer)

    def layers(self, files: Mapping[str, File]) -> tuple[int, ...]:
        """Return the layers that made `files`, by path, the one with the most bytes first."""
        sizes: dict[int, int] = defaultdict(int)
        for path, file in files.items():
            sizes[self.layer(path, file)] += file.size
        return by_bytes(sizes)


def by_bytes(sizes: Mapping[int, int]) -> tuple[int, ...]:
    """Return the layers of `sizes`, the one with the most bytes first."""
    return tuple(sorted(sizes, key=lambda layer: (-sizes[layer], layer)))
