"""What the page shows, as one JSON value: names made harmless, integers are bytes.

The page inserts strings as text and nothing else. `image` holds all of one image; each section of
the page (`page.js`) says which key it shows, and is left out where that is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from imgdiag.analysis import (
    Analysis,
    EnvironmentSummary,
    LayerSummary,
    Package,
    SystemPackageSummary,
)
from imgdiag.finding import Finding
from imgdiag.gate.gate import Gate
from imgdiag.gate.waivers import waiver_lines
from imgdiag.invariants import hold_tree
from imgdiag.reports import _summary
from imgdiag.scanner.tree import Area, Tree
from imgdiag.text import cut, printable
from imgdiag.units import format_bytes

_PATHS = 8  # of a finding, the largest first
_MENDS = 5
_NAME = 200  # characters of a file's name; Linux allows 255 bytes, a hostile tar more
_INSTRUCTION = 4_000
_LETTERS = {Area.PACKAGE: "p", Area.ENVIRONMENT: "e", Area.SYSTEM: "s", Area.APP: "a"}


def page_data(analysis: Analysis, gate: Gate) -> dict[str, Any]:
    """Return the page's data; every string in it is printable.

    Raises ImgdiagError when the tree's numbers are not those of the analysis.
    """
    tree = analysis.tree()
    hold_tree(analysis, tree)
    title = f"{analysis.reference}: {format_bytes(analysis.sizes.layer_bytes)}"
    data = harmless({"title": title, "image": _image(analysis, gate), "gate": gate_data(gate)})
    data["image"]["tree"] = _tree(tree)
    return data


def harmless(data: dict[str, Any]) -> dict[str, Any]:
    """Return `data` with all its strings printable; it is our own, so its depth is known."""
    return {key: _harmless(value) for key, value in data.items()}


def script_json(data: object) -> str:
    """Return `data` as JSON that can stand in a script element: ASCII, and without markup."""
    text = json.dumps(data, separators=(",", ":"))
    for mark in "<>&":  # only strings hold them
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _image(analysis: Analysis, gate: Gate) -> dict[str, Any]:
    sizes = analysis.sizes
    return {
        "reference": analysis.reference,
        "id": analysis.config.id,
        "created": analysis.config.created,
        "platform": str(analysis.config.platform),
        "source": f"{analysis.source}, by {analysis.route}",
        "route_note": analysis.route_note,
        "dockerfile": _summary.dockerfile_line(analysis),
        "headline": _summary.headline(analysis),
        "tone": _summary.tone(analysis),
        "layer_bytes": sizes.layer_bytes,
        "visible_bytes": sizes.visible_bytes,
        "wasted_bytes": sizes.wasted_bytes,
        "sizes": list(_sizes(analysis)),
        "layers": [_layer(layer) for layer in analysis.layers],
        "by_layer": all(layer.visible_bytes is not None for layer in analysis.layers),
        "environments": [_environment(each) for each in analysis.environments],
        "packages": [_package(package) for package in analysis.packages],
        "system_packages": [_system_package(each) for each in analysis.system_packages],
        "package_bytes": analysis.package_bytes,
        "system_package_bytes": analysis.system_package_bytes,
        "unattributed_bytes": analysis.unattributed_bytes,
        "python_notes": list(_python_notes(analysis)),
        "findings": [_finding(finding, gate) for finding in analysis.findings],
        "reasons": list(_reasons(analysis, gate)),
        "notes": list(_summary.note_lines(analysis)),
        "mends": [
            {
                "rule": mend.finding.rule,
                "safety": mend.finding.safety.value,
                "bytes": mend.bytes,
                "is_estimate": bool(mend.finding.estimate),
                "summary": mend.finding.fix.summary,
                "includes_earlier": mend.includes_earlier,
                "file": _summary.fix_place(mend.finding.fix),
                "snippet": mend.snippet.split("\n"),
            }
            for mend in _summary.first_mends(analysis, _MENDS)
        ],
        "prediction": list(_prediction(analysis)),
        "skipped": [{"what": each.what, "reason": each.reason} for each in analysis.skipped],
        "warnings": list(analysis.warnings),
    }


def _sizes(analysis: Analysis) -> Iterator[dict[str, Any]]:
    sizes = analysis.sizes
    exact = {
        "layers": sizes.layer_bytes,
        "visible": sizes.visible_bytes,
        "wasted": sizes.wasted_bytes,
        "download": sizes.transfer_bytes,
        "engine": sizes.engine_bytes,
    }
    for name, _, what in _summary.size_rows(analysis):
        yield {"name": name, "bytes": exact[name], "what": what}


def _layer(layer: LayerSummary) -> dict[str, Any]:
    return {
        "index": layer.index,
        "digest": layer.digest or layer.diff_id,
        "made_by": cut(_summary.made_by(layer), _INSTRUCTION).split("\n"),
        "line": str(layer.lines or ""),
        "layer_bytes": layer.layer_bytes,
        "visible_bytes": layer.visible_bytes,
        "wasted_bytes": layer.wasted_bytes,
        "transfer_bytes": layer.transfer_bytes,
        "files": layer.files,
        "problem": layer.problem,
    }


def _environment(environment: EnvironmentSummary) -> dict[str, Any]:
    return {
        "path": environment.path,
        "name": _summary.environment_name(environment),
        "packages": environment.packages,
        "bytes": environment.bytes,
        "use": _summary.use(environment),
        "evidence": environment.evidence,
    }


def _package(package: Package) -> dict[str, Any]:
    return {
        "name": package.name,
        "version": package.version,
        "environment": package.environment,
        "bytes": package.bytes,
        "retained_bytes": package.retained_bytes,
        "required_by": list(package.required_by),
    }


def _system_package(package: SystemPackageSummary) -> dict[str, Any]:
    return {
        "name": package.name,
        "version": package.version,
        "manager": package.manager,
        "bytes": package.bytes,
    }


def _python_notes(analysis: Analysis) -> Iterator[str]:
    for torch in analysis.torches:
        yield f"torch {torch.version}: {torch.label} ({torch.evidence})"
    purpose = _summary.purpose_line(analysis)
    if purpose:
        yield purpose


def _finding(finding: Finding, gate: Gate) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "safety": finding.safety.value,
        "severity": finding.severity.value,
        "hazard": finding.hazard,
        "waived": _summary.waived(gate, (finding,)).removeprefix(", "),
        "estimate": finding.estimate,
        "bytes": finding.bytes,
        "message": finding.message,
        "layers": list(finding.claim.layers),
        "files": len(finding.claim.files),
        "paths": [{"path": path, "bytes": size} for path, size in finding.claim.largest(_PATHS)],
        "summary": finding.fix.summary,
        "file": _summary.fix_place(finding.fix),
        "snippet": finding.fix.snippet.split("\n"),
    }


def _reasons(analysis: Analysis, gate: Gate) -> Iterator[dict[str, Any]]:
    """Yield what can be acted on; what has one mend is one reason, of findings by their index."""
    place = {finding: index for index, finding in enumerate(analysis.findings)}
    for reason in _summary.reasons(analysis):
        yield {
            "rules": reason.rules,
            "safety": reason.safety.value,
            "waived": _summary.waived(gate, reason.findings).removeprefix(", "),
            "bytes": reason.bytes,
            "findings": [place[finding] for finding in reason.findings],
        }


def _prediction(analysis: Analysis) -> Iterator[dict[str, Any]]:
    outcomes = (analysis.prediction.safe, analysis.prediction.review)
    told = list(_summary.predictions(analysis))
    changed = [
        outcome
        for outcome, before in zip(outcomes, (0, outcomes[0].bytes), strict=True)
        if outcome.bytes > before
    ]
    for (name, _, _), outcome in zip(told, changed, strict=True):
        yield {
            "name": name,
            "layer_bytes": outcome.layer_bytes,
            "bytes": outcome.bytes,
            "estimate": outcome.estimate,
        }


def _tree(tree: Tree) -> dict[str, Any]:
    """Return the tree as flat lists: an image's folders may be deeper than JSON can nest.

    `contents` is node, layer, visible and wasted bytes, visible and wasted files, and so on.
    """
    return {
        "names": [cut(printable(name), _NAME) for name in tree.names],
        "parents": list(tree.parents),
        "areas": "".join(_LETTERS[area] for area in tree.areas),
        "owners": [-1 if owner is None else owner for owner in tree.owners],
        "small": [node for node, is_small in enumerate(tree.is_small) if is_small],
        "contents": [number for content in tree.contents for number in content],
        "owner_files": list(tree.owner_files),
        "least_bytes": tree.least_bytes,
    }


def gate_data(gate: Gate) -> dict[str, Any]:
    """Return the verdict on the budgets, and what the waivers do."""
    return {
        "passed": gate.passed,
        "verdict": _summary.gate_verdict(gate).lower(),
        "configuration": gate.configuration,
        "checks": [
            {
                "name": check.name,
                "passed": check.passed,
                "detail": check.detail,
                "parts": _summary.parts_line(check),
                "message": check.message,
            }
            for check in gate.checks
        ],
        "not_checked": [
            {"name": each.budget.name, "reason": each.reason} for each in gate.not_checked
        ],
        "waivers": _summary.waivers_line(gate.waivers) if gate.waivers else "",
        "waiver_lines": waiver_lines(gate.waivers),
    }


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return harmless(value)
    if isinstance(value, list):
        return [_harmless(each) for each in value]
    return value
