"""The verdict as the JSON reports have it."""

from __future__ import annotations

from imgdiag.gate.gate import Check, Gate
from imgdiag.gate.waivers import Waiver
from imgdiag.schema import _gate as schema


def gate_object(gate: Gate) -> schema.Gate:
    """Return the verdict, what could not be checked, and what the waivers do."""
    return {
        "passed": gate.passed,
        "configuration": gate.configuration or None,
        "checks": [_check(check) for check in gate.checks],
        "not_checked": [
            {"name": each.budget.name, "measure": each.budget.measure, "reason": each.reason}
            for each in gate.not_checked
        ],
        "waived": [
            {
                "rule": each.finding.rule,
                "bytes": each.finding.bytes,
                "message": each.finding.message,
                "waiver": waiver_object(each.waiver),
            }
            for each in gate.waivers.waived
        ],
        "expired_waivers": [waiver_object(each) for each in gate.waivers.expired],
        "unused_waivers": [waiver_object(each.waiver) for each in gate.waivers.unused],
    }


def waiver_object(waiver: Waiver) -> schema.Waiver:
    """Return a waiver."""
    return {
        "rule": waiver.rule or None,
        "paths": list(waiver.paths),
        "packages": list(waiver.packages),
        "reason": waiver.reason,
        "expires": waiver.expires.isoformat(),
    }


def _check(check: Check) -> schema.GateCheck:
    budget = check.budget
    return {
        "name": check.name,
        "measure": budget.measure if budget else None,
        "of": budget.of or None if budget else None,
        "unit": check.unit,
        "limit": check.limit,
        "actual": check.actual,
        "passed": check.passed,
        "over_bytes": check.over_bytes,
        "detail": check.detail,
        "message": budget.message or None if budget else None,
        "parts": [{"what": each.what, "bytes": each.bytes} for each in check.parts],
    }
