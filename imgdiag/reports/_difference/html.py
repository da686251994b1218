"""A comparison as one page for a browser: before and after, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imgdiag.comparison import Comparison
from imgdiag.comparison.causes import Cause
from imgdiag.comparison.findings import FindingChange
from imgdiag.comparison.layers import LayerChange
from imgdiag.comparison.packages import PackageChange
from imgdiag.comparison.snapshot import Snapshot
from imgdiag.gate.gate import Gate
from imgdiag.reports import Style
from imgdiag.reports._difference import _causes, _words
from imgdiag.reports._html.data import gate_data, harmless
from imgdiag.reports.html import page

_REQUIREMENTS = 20  # of the packages in both images, whose requirements differ


def render(comparison: Comparison, gate: Gate, style: Style, top: int) -> str:
    """Return the page; it shows all rows when it is asked to, whatever `top` says."""
    return page(page_data(comparison, gate))


def page_data(comparison: Comparison, gate: Gate) -> dict[str, Any]:
    """Return the page's data; integers are bytes, growth is positive where HEAD has more."""
    return harmless(
        {
            "title": f"{comparison.head.reference}: {_words.verdict(comparison)}",
            "gate": gate_data(gate),
            "comparison": {
                "base": _image(comparison.base),
                "head": _image(comparison.head),
                "verdict": _words.verdict(comparison),
                "growth": comparison.growth,
                "sizes": [
                    {"name": each.name, "base": each.base, "head": each.head}
                    for each in comparison.sizes
                    if each.base is not None or each.head is not None
                ],
                "causes_heading": _causes.heading(comparison),
                "causes": [_cause(each, comparison) for each in comparison.causes],
                "packages": list(_packages(comparison)),
                "layers_line": _words.layers_line(comparison),
                "layers": [_layer(each) for each in comparison.layers],
                "folders": [
                    {
                        "path": _words.place(each.path),
                        "base": each.base_bytes,
                        "head": each.head_bytes,
                    }
                    for each in comparison.folders
                ],
                "findings": [_finding(each) for each in _words.findings_that_matter(comparison)],
                "skipped": [
                    {"what": f"{name}: {each.what}", "reason": each.reason}
                    for name, image in (("BASE", comparison.base), ("HEAD", comparison.head))
                    for each in image.skipped
                ],
                "warnings": list(comparison.warnings),
            },
        }
    )


def _image(image: Snapshot) -> dict[str, Any]:
    return {
        "line": _words.image_line(image),
        "layer_bytes": image.sizes.layer_bytes,
        "visible_bytes": image.sizes.visible_bytes,
        "wasted_bytes": image.sizes.wasted_bytes,
    }


def _cause(cause: Cause, comparison: Comparison) -> dict[str, Any]:
    return {
        "title": _causes.title(cause, comparison),
        "bytes": cause.bytes,
        "notes": list(_causes.notes(cause)),
    }


def _packages(comparison: Comparison) -> Iterator[dict[str, Any]]:
    """Yield the packages that differ: those of each environment, then the system's."""
    for environment in comparison.environments:
        yield {
            "title": _words.environment_title(environment),
            "rows": [_package(each) for each in environment.packages],
            "last": "Brought in by",
            "requirements": [
                f"{sign} {text}" for sign, text in _words.tree_lines(environment, _REQUIREMENTS)
            ],
        }
    changes = comparison.system_packages
    if changes:
        counts = _words.changes(each.package for each in changes)
        yield {
            "title": f"System packages: {counts}",
            "rows": [{**_package(each.package), "last": each.manager} for each in changes],
            "last": "Manager",
            "requirements": [],
        }


def _package(change: PackageChange) -> dict[str, Any]:
    name, before, after, _, brought = _words.package_row(change)
    return {
        "name": name,
        "base_version": before,
        "head_version": after,
        "base": change.base.bytes if change.base else 0,
        "head": change.head.bytes if change.head else 0,
        "last": brought,
    }


def _layer(change: LayerChange) -> dict[str, Any]:
    layer = change.shown
    return {
        "kind": change.kind.value,
        "line": layer.place,
        "made_by": _words.instruction(layer, 1_000),
        "base": change.base.layer_bytes if change.base else None,
        "head": change.head.layer_bytes if change.head else None,
    }


def _finding(change: FindingChange) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "rule": change.shown.rule,
        "safety": change.shown.safety.value,
        "message": change.shown.message,
        "base": change.base.bytes if change.base else None,
        "head": change.head.bytes if change.head else None,
    }
