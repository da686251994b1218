"""What a mend would take out of the image: the files that rules claim, each byte once."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from imgdiag.filesystem import File, Hidden
from imgdiag.python.distributions import Distribution
from imgdiag.scanner.usage import Usage
from imgdiag.system.package import SystemPackage


@dataclass(frozen=True, kw_only=True, eq=False)
class Claim:
    """Files that a mend would take out of the image.

    `layer_bytes` is what the layers lose, `visible_bytes` the part of it that the container
    sees: the difference is older copies of the same files. `located` has each file with a path
    at which it is, or was, seen.
    """

    files: frozenset[File]
    layer_bytes: int
    visible_bytes: int
    layers: tuple[int, ...]  # those that hold the files, the one with the most bytes first
    located: tuple[tuple[str, File], ...]

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """The bytes of each path, those of older copies with it, in no order."""
        sizes: dict[str, int] = defaultdict(int)
        for path, file in self.located:
            sizes[path] += file.size
        return sizes

    @property
    def paths(self) -> tuple[tuple[str, int], ...]:
        """The paths with their bytes, the largest first: for those who need them all in order."""
        return tuple(self.largest(len(self.sizes)))

    def largest(self, count: int) -> list[tuple[str, int]]:
        """Return the paths that hold the most bytes, the largest first, with their bytes."""
        return heapq.nsmallest(count, self.sizes.items(), key=lambda item: (-item[1], item[0]))


class Claims:
    """Makes claims on an image. `base_layers` are those that a Dockerfile cannot change."""

    def __init__(self, usage: Usage, base_layers: frozenset[int]) -> None:
        self._usage = usage
        self._base_layers = base_layers

    def paths(self, paths: Iterable[str]) -> Claim:
        """Claim what goes when `paths`, files or folders, are never put into the image.

        An inode with another name elsewhere stays, and so does not count.
        """
        return self._claim(self._names(paths))

    def parts(self, paths: Iterable[str]) -> tuple[Claim, Claim]:
        """Claim `paths` as `paths` does, apart what a Dockerfile can take out and cannot.

        The second is what the base image's layers hold of them, older copies included.
        """
        names = self._names(paths)
        if not self._base_layers:
            return self._claim(names), self._claim({})
        own = {file: where for file, where in names.items() if file.layer not in self._base_layers}
        base = {file: where for file, where in names.items() if file.layer in self._base_layers}
        return self._claim(own, without=self._base_layers), self._claim(base)

    def _names(self, paths: Iterable[str]) -> dict[File, tuple[str, ...]]:
        """Return the files whose names all lie at or below `paths`, with those names."""
        names = _by_file(self._usage.files_in(paths))
        return {file: where for file, where in names.items() if len(where) == file.names}

    def distributions(
        self, distributions: Iterable[Distribution | SystemPackage], also: Iterable[str] = ()
    ) -> Claim:
        """Claim what goes when `distributions` are not installed, all names of their files.

        `also` are paths of further files that go with them.
        """
        owned = (pair for distribution in distributions for pair in distribution.files.items())
        return self._claim(_by_file(chain(owned, self._usage.files_in(also))))

    def hidden(self, hidden: Iterable[Hidden]) -> Claim:
        """Claim hidden files: the container does not change when they go."""
        return _make_claim([(each.path, each.file) for each in hidden], visible_bytes=0)

    def nothing(self, layer: int) -> Claim:
        """Claim no file: what is to be said is of a layer's instruction alone."""
        return Claim(files=frozenset(), layer_bytes=0, visible_bytes=0, layers=(layer,), located=())

    def _claim(
        self, names: Mapping[File, tuple[str, ...]], without: frozenset[int] = frozenset()
    ) -> Claim:
        """Claim visible files, and older copies of them in other layers than those `without`."""
        hidden_at = self._usage.hidden_at()
        located = [(where[0], file) for file, where in names.items()]
        visible_bytes = sum(file.size for file in names)
        if hidden_at:
            older = {
                hidden.file: path
                for where in names.values()
                for path in where
                if path in hidden_at
                for hidden in hidden_at[path]
                if hidden.file.layer not in without
            }
            located += [(path, file) for file, path in older.items()]
        return _make_claim(located, visible_bytes=visible_bytes)


def _by_file(located: Iterable[tuple[str, File]]) -> dict[File, tuple[str, ...]]:
    """Return each file's paths, once each: one may be named itself, and its folder too."""
    names: dict[File, dict[str, None]] = defaultdict(dict)
    for path, file in located:
        names[file][path] = None
    return {file: tuple(paths) for file, paths in names.items()}


def _make_claim(located: list[tuple[str, File]], *, visible_bytes: int) -> Claim:
    by_layer: dict[int, int] = defaultdict(int)
    for _, file in located:
        by_layer[file.layer] += file.size
    return Claim(
        files=frozenset([file for _, file in located]),
        layer_bytes=sum(by_layer.values()),
        visible_bytes=visible_bytes,
        layers=tuple(sorted(by_layer, key=lambda layer: (-by_layer[layer], layer))),
        located=tuple(located),
    )
