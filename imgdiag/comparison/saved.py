"""A report of `imgdiag analyze -f json`, read back: it may come from anywhere.

Nothing in it is believed before it is looked at: types, bounds, and that its numbers add up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from imgdiag.analysis import Sizes, Skipped
from imgdiag.comparison.fields import Object, refuse
from imgdiag.comparison.snapshot import (
    Environment,
    FoundIssue,
    Layer,
    Package,
    Snapshot,
    SystemPackage,
    Waste,
)
from imgdiag.errors import ImgdiagError, within
from imgdiag.filesystem import Cause
from imgdiag.filesystem.folders import DEEPEST, Folder, Share
from imgdiag.finding import Safety, Severity
from imgdiag.image import instruction
from imgdiag.layers.tar import BLOCK
from imgdiag.python.requires import Edge
from imgdiag.python.root import Origin, Root
from imgdiag.sources.stream import begins_as_json

VERSION = 1
MOST_BYTES = 32_000_000  # of a report; that of an image with 100 packages has 0.2 MB


def is_report(path: Path) -> bool:
    """Tell a JSON file from an archive by how it begins; false for all that is no regular file."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return begins_as_json(file.read(BLOCK))
    except (OSError, ValueError):
        return False


def read_report(path: Path) -> Snapshot:
    """Read a saved report. Raises ImgdiagError for all that is none, or that does not add up."""
    with within(str(path)):
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise ImgdiagError(f"cannot be read ({error.strerror or error})") from error
        return parse_report(data)


def parse_report(data: bytes) -> Snapshot:
    """Return what a report says. Raises ImgdiagError for all that is none."""
    if len(data) > MOST_BYTES:
        refuse(f"has more than {MOST_BYTES:,} bytes, which no report has")
    try:
        top = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except RecursionError:
        refuse("nested too deeply to be a report")
    except ValueError as error:
        refuse(f"is cut off, or is not valid JSON ({error})")
    if not isinstance(top, dict):
        refuse("is JSON and no report")
    version = top.get("schema_version")
    if "base" in top and "head" in top:
        refuse("is a comparison, not the report of one image")
    if type(version) is int and version > VERSION:
        raise ImgdiagError(
            f"is a report of version {version}, and this imgdiag reads version {VERSION}",
            hint="Use an imgdiag as new as the one that wrote it",
        )
    if version != VERSION or type(version) is not int:
        refuse("is JSON and no report of imgdiag's: its schema_version is not 1")
    if "sizes" not in top or "packages" not in top:
        refuse("is not what 'imgdiag analyze' writes, perhaps another command's")
    report = _Report(top)
    found = report.snapshot()
    for breach in _breaches(found, report.unattributed_bytes):
        refuse(f"does not add up, so it was changed since it was written: {breach}")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


class _Report:
    """A report's parts."""

    def __init__(self, top: dict[str, Any]) -> None:
        self._top = Object(top, "")
        self._layers = len(self._top.get("layers", list))
        self.unattributed_bytes = self._top.get("unattributed_bytes", int)

    def snapshot(self) -> Snapshot:
        top = self._top
        image = top.object("image")
        return Snapshot(
            reference=image.get("reference", str),
            id=image.get("id", str),
            created=image.maybe("created", str),
            platform=image.get("platform", str),
            source=image.get("source", str),
            route=image.get("route", str),
            sizes=_sizes(top.object("sizes")),
            layers=tuple(map(_layer, top.objects("layers"))),
            waste=tuple(map(self._waste, top.objects("waste"))),
            environments=tuple(map(_environment, top.objects("environments"))),
            packages=tuple(map(self._package, top.objects("packages"))),
            system_packages=tuple(map(self._system_package, top.objects("system_packages"))),
            folders=tuple(map(self._folder, top.objects("folders"))),
            findings=tuple(map(self._finding, top.objects("findings"))),
            skipped=tuple(
                Skipped(each.get("what", str), each.get("reason", str))
                for each in top.objects("skipped")
            ),
        )

    def _waste(self, row: Object) -> Waste:
        return Waste(
            cause=row.one_of("cause", Cause),
            created_in=self._layer_index(row, "created_in"),
            hidden_in=self._layer_index(row, "hidden_in"),
            bytes=row.get("bytes", int),
        )

    def _layer_index(self, row: Object, key: str) -> int:
        index = row.get(key, int)
        if index >= self._layers:
            refuse(f"{row.where}.{key} names what is no layer")
        return index

    def _package(self, row: Object) -> Package:
        name = row.get("name", str)
        return Package(
            name=name,
            version=row.get("version", str),
            environment=row.get("environment", str),
            bytes=row.get("bytes", int),
            requires=tuple(
                Edge(
                    source=name,
                    extra=each.text("by_extra"),
                    target=each.get("name", str),
                    extras=each.strings("extras"),
                    text=each.get("requirement", str),
                )
                for each in row.objects("requires")
            ),
            layers=row.numbers("layers", self._layers),
        )

    def _system_package(self, row: Object) -> SystemPackage:
        return SystemPackage(
            name=row.get("name", str),
            version=row.get("version", str),
            manager=row.get("manager", str),
            bytes=row.get("bytes", int),
            layers=row.numbers("layers", self._layers),
        )

    def _folder(self, row: Object) -> Folder:
        return Folder(
            path=row.get("path", str),
            bytes=row.get("bytes", int),
            unattributed_bytes=row.get("unattributed_bytes", int),
            made_by=tuple(
                Share(self._layer_index(each, "layer"), each.get("bytes", int))
                for each in row.objects("made_by")
            ),
        )

    def _finding(self, row: Object) -> FoundIssue:
        return FoundIssue(
            rule=row.get("rule", str),
            severity=row.one_of("severity", Severity),
            safety=row.one_of("safety", Safety),
            bytes=row.get("bytes", int),
            layers=row.numbers("layers", self._layers),
            paths=row.strings("paths"),
            message=row.get("message", str),
        )


def _sizes(row: Object) -> Sizes:
    return Sizes(
        layer_bytes=row.get("layer_bytes", int),
        visible_bytes=row.get("visible_bytes", int),
        wasted_bytes=row.get("wasted_bytes", int),
        transfer_bytes=row.maybe("transfer_bytes", int),
        engine_bytes=row.maybe("engine_bytes", int),
        symlink_bytes=row.get("symlink_bytes", int),
    )


def _layer(row: Object) -> Layer:
    lines = row.maybe_object("dockerfile")
    place = ""
    if lines is not None:
        name = lines.get("path", str).rpartition("/")[2]
        likely = lines.get("confidence", str) == "likely"
        place = f"{name}:{lines.get('line', int)}{'?' * likely}"
    created_by = row.get("created_by", str)
    return Layer(
        index=row.get("index", int),
        diff_id=row.get("diff_id", str),
        created_by=created_by,
        instruction=instruction(created_by),
        layer_bytes=row.get("layer_bytes", int),
        visible_bytes=row.maybe("visible_bytes", int),
        wasted_bytes=row.maybe("wasted_bytes", int),
        transfer_bytes=row.maybe("transfer_bytes", int),
        place=place,
        base_image=row.text("base_image"),
    )


def _environment(row: Object) -> Environment:
    return Environment(
        path=row.get("path", str),
        prefix=row.get("prefix", str),
        kind=row.get("kind", str),
        python_version=row.maybe("python_version", str),
        in_use=row.maybe("in_use", bool),
        roots=tuple(
            Root(
                name=each.get("name", str),
                extras=each.strings("extras"),
                origin=each.one_of("origin", Origin),
                where=each.text("where"),
                text=each.text("requirement"),
                group=each.text("group"),
                dev=each.get("dev", bool),
            )
            for each in row.objects("roots")
        ),
    )


def _breaches(found: Snapshot, unattributed_bytes: int) -> Iterator[str]:
    """Yield what does not add up: a comparison of such numbers would explain what never was."""
    sizes = found.sizes
    if sizes.layer_bytes != sizes.visible_bytes + sizes.wasted_bytes:
        yield "layer bytes are not visible plus wasted bytes"
    if any(layer.index != index for index, layer in enumerate(found.layers)):
        yield "its layers are not in order"
    if not found.is_quick:
        if sizes.layer_bytes != sum(each.layer_bytes for each in found.layers):
            yield "the layers are not the layer bytes"
        if sizes.wasted_bytes != sum(each.bytes for each in found.waste):
            yield "the causes of waste are not the wasted bytes"
    owned = sum(each.bytes for each in found.packages)
    owned += sum(each.bytes for each in found.system_packages)
    if sizes.visible_bytes != owned + unattributed_bytes:
        yield "packages and what nobody owns are not the visible bytes"
    environments = {each.path for each in found.environments}
    if not environments >= {each.environment for each in found.packages}:
        yield "a package is in no environment"
    yield from _folder_breaches(found, unattributed_bytes)


def _folder_breaches(found: Snapshot, unattributed_bytes: int) -> Iterator[str]:
    """Yield what is wrong with the tree of folders; children come after their parents."""
    if not found.folders or found.folders[0].path:
        yield "the root is not the first of its folders"
        return
    root = found.folders[0]
    if (root.bytes, root.unattributed_bytes) != (found.sizes.visible_bytes, unattributed_bytes):
        yield "its folders are not the visible bytes"
    rest = {"": (root.bytes, root.unattributed_bytes)}
    for folder in found.folders[1:]:
        parent = folder.path.rpartition("/")[0]
        if not folder.path or parent not in rest or folder.path.count("/") >= DEEPEST:
            yield f"the folder {folder.path[:60]!r} is not where it should be"
            return
        left, nobody = rest[parent]
        rest[parent] = (left - folder.bytes, nobody - folder.unattributed_bytes)
        # Two names that are not UTF-8 may show alike: they are one here.
        left, nobody = rest.get(folder.path, (0, 0))
        rest[folder.path] = (left + folder.bytes, nobody + folder.unattributed_bytes)
    if any(min(each) < 0 for each in rest.values()):
        yield "a folder has less than what is in it"
