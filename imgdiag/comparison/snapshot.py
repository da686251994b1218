"""An analysed image as a comparison sees it: plain values, all of them in the JSON report."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from imgdiag.analysis import Analysis, LayerSummary, Sizes, Skipped
from imgdiag.filesystem import Cause
from imgdiag.filesystem.folders import Folder
from imgdiag.finding import Finding, Safety, Severity
from imgdiag.python.requires import Edge
from imgdiag.python.root import Root
from imgdiag.text import utf8


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer; `place` is where in the Dockerfile it was made, "" where that is not known.

    `visible_bytes` and `wasted_bytes` are None when layers were not read (--quick).
    """

    index: int
    diff_id: str
    created_by: str
    instruction: str
    layer_bytes: int
    visible_bytes: int | None
    wasted_bytes: int | None
    transfer_bytes: int | None
    place: str
    base_image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """Bytes that one layer ships and another hides, for one cause."""

    cause: Cause
    created_in: int
    hidden_in: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A folder of Python distributions, and why those are there that no distribution requires."""

    path: str
    prefix: str
    kind: str
    python_version: str | None
    in_use: bool | None
    roots: tuple[Root, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """An installed Python distribution, in the environment of that path."""

    name: str
    version: str
    environment: str
    bytes: int
    requires: tuple[Edge, ...]
    layers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPackage:
    """A package of dpkg, apk or conda."""

    name: str
    version: str
    manager: str
    bytes: int
    layers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundIssue:
    """A finding; `paths` are some of what it claims, the largest first."""

    rule: str
    severity: Severity
    safety: Safety
    bytes: int
    layers: tuple[int, ...]
    paths: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What of an image is compared. Everything of one image is in the order of its report."""

    reference: str
    id: str
    created: str | None
    platform: str
    source: str
    route: str
    sizes: Sizes
    layers: tuple[Layer, ...]
    waste: tuple[Waste, ...]
    environments: tuple[Environment, ...]
    packages: tuple[Package, ...]
    system_packages: tuple[SystemPackage, ...]
    folders: tuple[Folder, ...]
    findings: tuple[FoundIssue, ...]
    skipped: tuple[Skipped, ...]

    @property
    def is_quick(self) -> bool:
        """Tell whether its layers were not read: its sizes are then as the engine counts them."""
        return self.route == "quick"


PATHS = 20  # of a finding; as many as the JSON report has


def snapshot(analysis: Analysis) -> Snapshot:
    """Return what of an analysis is compared; nothing of it holds on to the image's files."""
    taken: Snapshot = _valid(
        Snapshot(
            reference=analysis.reference,
            id=analysis.config.id,
            created=analysis.config.created,
            platform=str(analysis.config.platform),
            source=analysis.source,
            route=analysis.route,
            sizes=analysis.sizes,
            layers=tuple(_layer(each) for each in analysis.layers),
            waste=tuple(
                Waste(
                    cause=each.cause,
                    created_in=each.created_in,
                    hidden_in=each.hidden_in,
                    bytes=each.bytes,
                )
                for each in analysis.waste
            ),
            environments=tuple(
                Environment(
                    path=each.path,
                    prefix=each.prefix,
                    kind=each.kind,
                    python_version=each.python_version,
                    in_use=each.in_use,
                    roots=each.roots,
                )
                for each in analysis.environments
            ),
            packages=tuple(
                Package(
                    name=each.name,
                    version=each.version,
                    environment=each.environment,
                    bytes=each.bytes,
                    requires=each.requires,
                    layers=each.layers,
                )
                for each in analysis.packages
            ),
            system_packages=tuple(
                SystemPackage(
                    name=each.name,
                    version=each.version,
                    manager=each.manager,
                    bytes=each.bytes,
                    layers=each.layers,
                )
                for each in analysis.system_packages
            ),
            folders=analysis.folders,
            findings=tuple(_finding(each) for each in analysis.findings),
            skipped=analysis.skipped,
        )
    )
    return taken


def _layer(layer: LayerSummary) -> Layer:
    return Layer(
        index=layer.index,
        diff_id=layer.diff_id,
        created_by=layer.created_by,
        instruction=layer.instruction,
        layer_bytes=layer.layer_bytes,
        visible_bytes=layer.visible_bytes,
        wasted_bytes=layer.wasted_bytes,
        transfer_bytes=layer.transfer_bytes,
        place=str(layer.lines or ""),
        base_image=layer.base_image,
    )


def _finding(finding: Finding) -> FoundIssue:
    return FoundIssue(
        rule=finding.rule,
        severity=finding.severity,
        safety=finding.safety,
        bytes=finding.bytes,
        layers=finding.claim.layers,
        paths=tuple(path for path, _ in finding.claim.paths[:PATHS]),
        message=finding.message,
    )


def _valid(value: Any) -> Any:
    """Return `value` with all its strings valid Unicode, as in the JSON report."""
    if type(value) is str:
        return value if value.isascii() else utf8(value)
    if type(value) is tuple:
        return tuple(map(_valid, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: new
            for field in dataclasses.fields(value)
            if (new := _valid(old := getattr(value, field.name))) is not old
        }
        return dataclasses.replace(value, **changed) if changed else value
    return value
