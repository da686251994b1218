"""A comparison as JSON, version 1: documented in docs/json.md.

Integers are bytes unless their name says otherwise; growth is negative where something shrank. New
keys may come; a key that is here keeps its name and meaning while `schema_version` is 1.
"""

from __future__ import annotations

from imgdiag.comparison import Comparison, Snapshot
from imgdiag.comparison.causes import Cause
from imgdiag.comparison.findings import FindingChange
from imgdiag.comparison.layers import LayerChange
from imgdiag.comparison.packages import EnvironmentChange, PackageChange
from imgdiag.comparison.snapshot import Environment, FoundIssue, Layer
from imgdiag.gate.gate import Gate
from imgdiag.python.requires import Edge
from imgdiag.reports import Style
from imgdiag.reports._dependencies import edge_json, root_json
from imgdiag.reports._encoding import encode
from imgdiag.reports._gate import gate_object
from imgdiag.schema import compare as schema


def render(comparison: Comparison, gate: Gate, style: Style, top: int) -> str:
    """Return the report as one JSON object; it has all rows, whatever `top` is."""
    percent = comparison.growth_percent
    report = schema.Report(
        schema_version=1,
        base=_image(comparison.base),
        head=_image(comparison.head),
        unchanged=comparison.is_unchanged,
        growth={
            "bytes": comparison.growth,
            "percent": None if percent is None else round(percent, 6),
        },
        sizes=_sizes(comparison),
        causes=[_cause(each) for each in comparison.causes],
        layers=[_layer_change(each) for each in comparison.layers],
        shared_bytes=comparison.shared_bytes,
        environments=[_environment_change(each) for each in comparison.environments],
        system_packages=[
            {"manager": each.manager, **_package(each.package)}
            for each in comparison.system_packages
        ],
        folders=[
            {
                "path": each.path,
                "base_bytes": each.base_bytes,
                "head_bytes": each.head_bytes,
                "growth": each.growth,
            }
            for each in comparison.folders
        ],
        findings=[_finding_change(each) for each in comparison.findings],
        skipped=[
            {"image": name, "what": each.what, "reason": each.reason}
            for name, image in (("base", comparison.base), ("head", comparison.head))
            for each in image.skipped
        ],
        warnings=list(comparison.warnings),
        gate=gate_object(gate),
    )
    return encode(report)


def _sizes(comparison: Comparison) -> schema.Sizes:
    layer, visible, wasted, transfer, engine, symlink = (
        schema.SizeChange(base=each.base, head=each.head, growth=each.growth)
        for each in comparison.sizes
    )
    return {
        "layer_bytes": layer,
        "visible_bytes": visible,
        "wasted_bytes": wasted,
        "transfer_bytes": transfer,
        "engine_bytes": engine,
        "symlink_bytes": symlink,
        "efficiency": {
            "base": round(comparison.base.sizes.efficiency, 6),
            "head": round(comparison.head.sizes.efficiency, 6),
        },
    }


def _image(image: Snapshot) -> schema.Image:
    return {
        "reference": image.reference,
        "id": image.id,
        "created": image.created,
        "platform": image.platform,
        "source": image.source,
        "route": image.route,
    }


def _cause(cause: Cause) -> schema.Cause:
    return {
        "kind": cause.kind,
        "change": cause.change,
        "name": cause.name,
        "growth": cause.bytes,
        "environment": cause.environment or None,
        "packages": [
            {
                "name": each.name,
                "base_version": each.base_version or None,
                "head_version": each.head_version or None,
                "growth": each.bytes,
            }
            for each in cause.parts
        ],
        "chain": list(cause.chain),
        "base_layer": _layer_index(cause.base_layer),
        "head_layer": _layer_index(cause.head_layer),
        "hidden_by_base_layer": _layer_index(cause.hidden_by_base),
        "hidden_by_head_layer": _layer_index(cause.hidden_by_head),
    }


def _layer_index(layer: Layer | None) -> int | None:
    return layer.index if layer else None


def _layer_change(change: LayerChange) -> schema.LayerChange:
    return {
        "kind": change.kind,
        "growth": change.growth,
        "base": _layer(change.base),
        "head": _layer(change.head),
    }


def _layer(layer: Layer | None) -> schema.Layer | None:
    if layer is None:
        return None
    return {
        "index": layer.index,
        "diff_id": layer.diff_id,
        "created_by": layer.created_by,
        "layer_bytes": layer.layer_bytes,
        "visible_bytes": layer.visible_bytes,
        "wasted_bytes": layer.wasted_bytes,
        "transfer_bytes": layer.transfer_bytes,
        "place": layer.place or None,
        "base_image": layer.base_image or None,
    }


def _environment_change(change: EnvironmentChange) -> schema.EnvironmentChange:
    graph = change.graph
    return {
        "base": _environment(change.base),
        "head": _environment(change.head),
        "growth": change.growth,
        "packages": [{**_package(each), "chain": list(each.chain)} for each in change.packages],
        "roots_new": [root_json(each) for each in graph.roots_new],
        "roots_gone": [root_json(each) for each in graph.roots_gone],
        "requirements_new": [_edge(each) for each in graph.edges_new],
        "requirements_gone": [_edge(each) for each in graph.edges_gone],
    }


def _environment(environment: Environment | None) -> schema.Environment | None:
    if environment is None:
        return None
    return {
        "path": environment.path,
        "prefix": environment.prefix,
        "kind": environment.kind,
        "python_version": environment.python_version,
        "in_use": environment.in_use,
    }


def _edge(edge: Edge) -> schema.RequirementChange:
    return {"required_by": edge.source, **edge_json(edge)}


def _package(package: PackageChange) -> schema.InstalledChange:
    base, head = package.base, package.head
    return {
        "name": package.name,
        "change": package.change,
        "base_version": base.version if base else None,
        "head_version": head.version if head else None,
        "base_bytes": base.bytes if base else 0,
        "head_bytes": head.bytes if head else 0,
        "growth": package.growth,
    }


def _finding_change(change: FindingChange) -> schema.FindingChange:
    return {
        "kind": change.kind,
        "rule": change.shown.rule,
        "growth": change.growth,
        "base": _finding(change.base),
        "head": _finding(change.head),
    }


def _finding(finding: FoundIssue | None) -> schema.Finding | None:
    if finding is None:
        return None
    return {
        "severity": finding.severity,
        "safety": finding.safety,
        "bytes": finding.bytes,
        "layers": list(finding.layers),
        "message": finding.message,
    }
