"""The JSON report, version 1: its own types, apart from the model, in a stable order.

Integers are bytes unless their name says otherwise. New keys may come; a key that is here keeps
its name and meaning for as long as `schema_version` is 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imgdiag.analysis import (
    Analysis,
    EnvironmentSummary,
    InterpreterSummary,
    LayerSummary,
    Package,
    SystemPackageSummary,
    UsageTable,
    Waste,
)
from imgdiag.filesystem.folders import Folder
from imgdiag.finding import Finding
from imgdiag.gate.gate import Gate
from imgdiag.gate.waivers import Waivers
from imgdiag.image import HistoryEntry
from imgdiag.prediction import Outcome, Prediction
from imgdiag.python.torch import Torch
from imgdiag.reports import Style
from imgdiag.reports._dependencies import edge_json, root_json
from imgdiag.reports._dockerfile import dockerfile_object, lines_object
from imgdiag.reports._encoding import encode
from imgdiag.reports._gate import gate_object, waiver_object
from imgdiag.scanner.usage import UsageRow
from imgdiag.schema import analyze as schema
from imgdiag.schema._common import PathBytes

_PATHS = 20  # of a finding, the largest first


def render(analysis: Analysis, gate: Gate, style: Style) -> str:
    """Return the report as one JSON object."""
    sizes = analysis.sizes
    report: schema.Report = {
        "schema_version": 1,
        "image": schema.Image(
            reference=analysis.reference,
            id=analysis.config.id,
            created=analysis.config.created,
            platform=str(analysis.config.platform),
            source=analysis.source,
            route=analysis.route,
            route_note=analysis.route_note or None,
        ),
        "sizes": schema.Sizes(
            layer_bytes=sizes.layer_bytes,
            visible_bytes=sizes.visible_bytes,
            wasted_bytes=sizes.wasted_bytes,
            transfer_bytes=sizes.transfer_bytes,
            engine_bytes=sizes.engine_bytes,
            symlink_bytes=sizes.symlink_bytes,
            efficiency=round(sizes.efficiency, 6),
        ),
        "dockerfile": dockerfile_object(analysis.dockerfile),
        "layers": [_layer(layer) for layer in analysis.layers],
        "history": [_history(entry) for entry in analysis.config.history],
        "waste": [_waste(waste) for waste in analysis.waste],
        "usage": [_table(table) for table in analysis.tables],
        "largest_files": _rows(analysis.largest_files),
        "purpose": {
            "target": analysis.purpose.target,
            "evidence": analysis.purpose.evidence or None,
            "declared": analysis.purpose.declared,
        },
        "torch": [_torch(torch) for torch in analysis.torches],
        "environments": [_environment(each) for each in analysis.environments],
        "interpreters": [_interpreter(each) for each in analysis.interpreters],
        "packages": [_package(package) for package in analysis.packages],
        "system_packages": [_system_package(package) for package in analysis.system_packages],
        "unattributed_bytes": analysis.unattributed_bytes,
        "unattributed": _rows(analysis.unattributed),
        "folders": [_folder(folder) for folder in analysis.folders],
        "findings": [
            _finding(finding, analysis.layers, gate.waivers) for finding in analysis.findings
        ],
        "prediction": _prediction(analysis.prediction),
        "skipped": [{"what": each.what, "reason": each.reason} for each in analysis.skipped],
        "warnings": list(analysis.warnings),
        "gate": gate_object(gate),
    }
    return encode(report)


def _layer(layer: LayerSummary) -> schema.Layer:
    return {
        "index": layer.index,
        "diff_id": layer.diff_id,
        "digest": layer.digest,
        "created_by": layer.created_by,
        "layer_bytes": layer.layer_bytes,
        "visible_bytes": layer.visible_bytes,
        "wasted_bytes": layer.wasted_bytes,
        "transfer_bytes": layer.transfer_bytes,
        "files": layer.files,
        "problem": layer.problem or None,
        "dockerfile": lines_object(layer.lines),
        "base_image": layer.base_image or None,
    }


def _history(entry: HistoryEntry) -> schema.HistoryEntry:
    return {"created": entry.created, "created_by": entry.created_by, "layer": entry.layer}


def _waste(waste: Waste) -> schema.Waste:
    return {
        "cause": waste.cause,
        "created_in": waste.created_in,
        "hidden_in": waste.hidden_in,
        "bytes": waste.bytes,
        "files": waste.files,
        "examples": list(waste.examples),
    }


def _rows(rows: Iterable[UsageRow]) -> list[PathBytes]:
    return [{"path": row.path, "bytes": row.bytes} for row in rows]


def _table(table: UsageTable) -> schema.UsageTable:
    return {"path": table.path, "bytes": table.bytes, "children": _rows(table.rows)}


def _torch(torch: Torch) -> schema.Torch:
    return {
        "version": torch.version,
        "environment": torch.distribution.environment.path,
        "variant": torch.variant,
        "toolkit": torch.toolkit,
        "evidence": torch.evidence,
        "companions": [
            {"name": each.distribution.name, "version": each.version, "variant": each.variant}
            for each in torch.companions
        ],
    }


def _package(package: Package) -> schema.Package:
    return {
        "name": package.name,
        "version": package.version,
        "environment": package.environment,
        "installer": package.installer,
        "bytes": package.bytes,
        "retained_bytes": package.retained_bytes,
        "required_by": list(package.required_by),
        "requires": [edge_json(edge) for edge in package.requires],
        "layers": list(package.layers),
        "evidence": package.evidence,
        "missing_files": package.missing_files,
        "deleted_files": package.deleted_files,
        "deleted_in": list(package.deleted_in),
        "system_package": package.system_package or None,
        "direct_url": package.direct_url or None,
        "editable": package.editable,
    }


def _system_package(package: SystemPackageSummary) -> schema.SystemPackage:
    return {
        "name": package.name,
        "version": package.version,
        "manager": package.manager,
        "bytes": package.bytes,
        "layers": list(package.layers),
    }


def _environment(environment: EnvironmentSummary) -> schema.Environment:
    return {
        "path": environment.path,
        "prefix": environment.prefix,
        "kind": environment.kind,
        "creator": environment.creator or None,
        "python_version": environment.python_version,
        "packages": environment.packages,
        "bytes": environment.bytes,
        "in_use": environment.in_use,
        "evidence": environment.evidence,
        "roots": [root_json(root) for root in environment.roots],
    }


def _interpreter(interpreter: InterpreterSummary) -> schema.Interpreter:
    return {
        "path": interpreter.path or None,
        "prefix": interpreter.prefix,
        "library": interpreter.library,
        "version": interpreter.version,
        "implementation": interpreter.implementation,
        "bytes": interpreter.bytes,
        "in_use": interpreter.in_use,
        "evidence": interpreter.evidence,
    }


def _folder(folder: Folder) -> schema.Folder:
    return {
        "path": folder.path,
        "bytes": folder.bytes,
        "unattributed_bytes": folder.unattributed_bytes,
        "made_by": [{"layer": each.layer, "bytes": each.bytes} for each in folder.made_by],
    }


def _finding(
    finding: Finding, layers: Sequence[LayerSummary], waivers: Waivers[Finding]
) -> schema.Finding:
    waiver = waivers.of(finding)
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "safety": finding.safety,
        "bytes": finding.bytes,
        "visible_bytes": finding.visible_bytes,
        "replacement_bytes": finding.replacement_bytes,
        "informational": finding.informational,
        "in_base": finding.in_base,
        "hazard": finding.hazard,
        "estimate": finding.estimate or None,
        "layers": list(finding.claim.layers),
        "dockerfile": [
            lines
            for index in finding.claim.layers
            if (lines := lines_object(layers[index].lines)) is not None
        ],
        "files": len(finding.claim.files),
        "paths": [path for path, _ in finding.claim.largest(_PATHS)],
        "message": finding.message,
        "fix": {
            "summary": finding.fix.summary,
            "file": finding.fix.target,
            "snippet": finding.fix.snippet,
        },
        "waived": waiver_object(waiver) if waiver else None,
    }


def _outcome(outcome: Outcome) -> schema.Outcome:
    return {
        "bytes": outcome.bytes,
        "visible_bytes": outcome.visible_bytes,
        "layer_bytes": outcome.layer_bytes,
        "estimate": outcome.estimate,
    }


def _prediction(prediction: Prediction) -> schema.Prediction:
    return {
        "safe": _outcome(prediction.safe),
        "review": _outcome(prediction.review),
        "fixes": [{"rule": fix.finding.rule, "bytes": fix.bytes} for fix in prediction.fixes],
    }
