"""The du table: the folders of one file system, however it was read, and what is new in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from imgdiag import sources, summaries
from imgdiag.analysis import Skipped
from imgdiag.errors import ImgdiagError, NotFound
from imgdiag.filesystem import Directory, File, Filesystem, find_directory, join, merge
from imgdiag.layers.walk import split
from imgdiag.scanner import listing, live
from imgdiag.scanner.usage import Usage
from imgdiag.sources import Request

_TOP_PATHS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A file or folder. The bytes of `rows` and of `others` add up to its own.

    `others` counts the children that are not in `rows`; their bytes include what the folder
    occupies itself, where blocks are measured. `written_bytes` is what is new of `bytes`.
    """

    path: str  # without a leading slash; the root's is empty
    is_folder: bool
    bytes: int
    written_bytes: int = 0
    rows: tuple[Row, ...] = ()  # the largest first; empty beyond the depth that was asked for
    others: int = 0
    others_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Files of one kind that a running container wrote; `paths` are the largest first."""

    kind: str  # byte-code, logs, caches or other
    bytes: int
    files: int
    paths: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a running container has beyond its image. `written` adds up to `written_bytes`."""

    name: str
    id: str
    written_bytes: int
    written: tuple[Written, ...]  # the most bytes first
    deleted: int  # paths of the image that are gone here; the image keeps their bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUsage:
    """The answer of `imgdiag du`."""

    reference: str
    image_id: str
    how: str  # static, live or container
    program: str  # what measured it, "" for static
    blocks: bool
    table: Row
    running: Running | None
    left_out: tuple[str, ...]  # paths where the engine mounts something of its own
    skipped: tuple[Skipped, ...]

    @property
    def estimate(self) -> bool:
        """Tell whether the bytes are an estimate."""
        return self.blocks and self.how == "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the user wants to see: `top` rows a folder, `depth` folders deep, below `path`."""

    path: str = "/"
    depth: int = 1
    top: int = 15
    blocks: bool = False


def static_usage(reference: str, view: View, request: Request) -> DiskUsage:
    """Measure the merged image; nothing of it is run. Raises ImgdiagError."""
    image = sources.load_layers(reference, request)
    layers = [layer.content for layer in image.layers]
    if view.blocks:
        layers = [listing.in_blocks(layer) if layer else None for layer in layers]
    return DiskUsage(
        reference=image.reference,
        image_id=image.config.id,
        how="static",
        program="",
        blocks=view.blocks,
        table=measure(merge(layers, limits=image.limits), view),
        running=None,
        left_out=(),
        skipped=summaries.skipped(image),
    )


def live_usage(reference: str, view: View, sandbox: live.Sandbox) -> DiskUsage:
    """Measure the image in a throw-away container, by a program of its own. Raises ImgdiagError."""
    with live.live_image(reference) as image:
        # The engine fills each volume with what the image has there.
        found = listing.scan(
            lambda command: live.run(image, command, sandbox), ("/", *image.volumes)
        )
        return DiskUsage(
            reference=image.reference,
            image_id=image.id,
            how="live",
            program=found.program,
            blocks=view.blocks,
            table=_measure_listing(found, view),
            running=None,
            left_out=found.left_out,
            skipped=found.skipped,
        )


def container_usage(name: str, reference: str | None, view: View) -> DiskUsage:
    """Measure the running container `name`, which must be of the image `reference` if given."""
    with live.connected(name) as client:
        details = _inspect(client, name)
        if reference is not None:
            wanted = client.api.inspect_image(reference)["Id"]
            if wanted != details["Image"]:
                raise ImgdiagError(
                    f"the container {name!r} is not of the image {reference!r}",
                    hint="See 'docker ps'; the image may have been built anew since it started",
                )
        if not details["State"]["Running"]:
            raise ImgdiagError(
                f"the container {name!r} does not run",
                hint="Start it, or measure its image: imgdiag du REF",
            )
        # Before the scan: what is written in between is then only missing, never half counted.
        changes = client.api.diff(details["Id"]) or []
        found = listing.scan(
            lambda command: live.execute(client, details["Id"], command),
            mounts=[str(each["Destination"]) for each in details.get("Mounts") or ()],
        )
    filesystem = found.filesystem(blocks=view.blocks)
    changed = [str(each["Path"]) for each in changes if each["Kind"] != _DELETED]
    written = dict(_written_files(filesystem, changed))
    return DiskUsage(
        reference=reference or str(details["Config"]["Image"]),
        image_id=details["Image"],
        how="container",
        program=found.program,
        blocks=view.blocks,
        table=_measure_listing(found, view, written),
        running=Running(
            name=str(details["Name"]).removeprefix("/"),
            id=details["Id"],
            written_bytes=sum(written.values()),
            written=tuple(group_written(written)),
            deleted=sum(each["Kind"] == _DELETED for each in changes),
        ),
        left_out=found.left_out,
        skipped=found.skipped,
    )


_DELETED = 2  # the engine's number; 0 is changed, 1 added


def _inspect(client: Any, name: str) -> dict[str, Any]:
    from docker.errors import NotFound as NoContainer

    try:
        details: dict[str, Any] = client.api.inspect_container(name)
    except NoContainer as error:
        raise NotFound(
            f"the engine has no container {name!r}", hint="See 'docker ps' for those that run"
        ) from error
    return details


def _measure_listing(
    found: listing.Listing, view: View, written: Mapping[str, int] | None = None
) -> Row:
    return measure(
        found.filesystem(blocks=view.blocks),
        view,
        own=found.own_blocks() if view.blocks else {},
        written=written or {},
    )


def measure(
    filesystem: Filesystem,
    view: View,
    *,
    own: Mapping[str, int] | None = None,
    written: Mapping[str, int] | None = None,
) -> Row:
    """Return the table below `view.path`.

    `own` are bytes of folders themselves, which `Usage` does not count, and `written` the new
    files, both by path. Raises NotFound when there is no such path.
    """
    usage = Usage(filesystem)
    path = "/".join(part for part in view.path.split("/") if part not in ("", "."))
    directory = find_directory(filesystem.root, path)
    if directory is None:
        return _file_row(filesystem, path, written or {})
    # The folder's own path: what was asked for may lead through links.
    path = next(where for where, each in usage.directories if each is directory)
    table = _Table(usage, view.top, _below(own or {}), _below(written or {}))
    return table.folder(path, usage.bytes_below(directory) + table.own.get(path, 0), view.depth)


def _file_row(filesystem: Filesystem, path: str, written: Mapping[str, int]) -> Row:
    node = filesystem.find(path)
    if not isinstance(node, File):
        raise NotFound(
            f"there is no file or folder /{path} in the image",
            hint="The path is the one in the container, as in /usr/lib",
        )
    return Row(path=path, is_folder=False, bytes=node.size, written_bytes=written.get(path, 0))


class _Table:
    """Rows out of `Usage`, which counts files alone, with the folders' own bytes added."""

    def __init__(
        self, usage: Usage, top: int, own: Mapping[str, int], written: Mapping[str, int]
    ) -> None:
        self.own = own
        self._usage = usage
        self._top = top
        self._written = written
        self._folders = {path for path, _ in usage.directories}

    def folder(self, path: str, size: int, depth: int) -> Row:
        if depth == 0:
            return self._row(path, size)
        children = sorted(
            ((row.bytes + self.own.get(row.path, 0), row.path) for row in self._usage.table(path)),
            key=lambda child: (-child[0], child[1]),
        )
        rows = tuple(
            self.folder(where, below, depth - 1)
            if where in self._folders
            else self._row(where, below)
            for below, where in children[: self._top]
        )
        return self._row(
            path,
            size,
            rows=rows,
            others=len(children) - len(rows),
            others_bytes=size - sum(row.bytes for row in rows),
        )

    def _row(
        self,
        path: str,
        size: int,
        *,
        rows: tuple[Row, ...] = (),
        others: int = 0,
        others_bytes: int = 0,
    ) -> Row:
        return Row(
            path=path,
            is_folder=path in self._folders,
            bytes=size,
            written_bytes=self._written.get(path, 0),
            rows=rows,
            others=others,
            others_bytes=others_bytes,
        )


def _below(sizes: Mapping[str, int]) -> dict[str, int]:
    """Return the sums of `sizes` at and below each path."""
    result: dict[str, int] = {}
    for path, size in sizes.items():
        where = path
        while True:
            result[where] = result.get(where, 0) + size
            if not where:
                break
            where = where.rpartition("/")[0]
    return result


def _written_files(filesystem: Filesystem, changed: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the files among the changed paths with their sizes, each inode once."""
    seen: set[File] = set()
    for path in changed:
        parent, name = split(path)
        directory = find_directory(filesystem.root, parent)
        node = directory.children.get(name) if isinstance(directory, Directory) else None
        if isinstance(node, File) and node not in seen:
            seen.add(node)
            yield join(parent, name), node.size


_LOG = re.compile(r"(^|/)(log|logs)/|\.log(\.\d+)?(\.gz|\.xz|\.zst)?$")
_CACHE = re.compile(r"(^|/)(\.?cache|caches|\.nv|\.triton|[^/]*_cache)/", re.IGNORECASE)


def _is_bytecode(path: str) -> bool:
    return path.endswith((".pyc", ".pyo")) or "/__pycache__/" in f"/{path}"


KINDS: dict[str, Callable[[str], bool]] = {
    "byte-code": _is_bytecode,
    "logs": lambda path: bool(_LOG.search(path)),
    "caches": lambda path: bool(_CACHE.search(path)),
    "other": lambda path: True,
}
"""What a container writes, the first that fits; told by the path alone."""


def group_written(written: Mapping[str, int]) -> list[Written]:
    """Return the files by their kind, the most bytes first."""
    groups: dict[str, list[tuple[str, int]]] = {}
    for path, size in written.items():
        kind = next(name for name, fits in KINDS.items() if fits(path))
        groups.setdefault(kind, []).append((path, size))
    return sorted(
        (
            Written(
                kind=kind,
                bytes=sum(size for _, size in files),
                files=len(files),
                paths=tuple(sorted(files, key=lambda item: (-item[1], item[0]))[:_TOP_PATHS]),
            )
            for kind, files in groups.items()
        ),
        key=lambda each: (-each.bytes, each.kind),
    )
