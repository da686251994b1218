"""The rules: one file each, found by itself.

A module of this package that has a `RULE` is a rule: to add one, add a file and its test runs
with the others. Modules that start with an underscore are what rules share.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding
from imgdiag.rules.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, by name."""
    modules = (
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    )
    rules = (module.RULE for module in modules if hasattr(module, "RULE"))
    return tuple(sorted(rules, key=lambda rule: rule.name))


def find_all(facts: Facts) -> tuple[Finding, ...]:
    """Return what all rules find, the most bytes first."""
    findings = [finding for rule in all_rules() for finding in rule.run(facts)]
    return tuple(sorted(findings, key=lambda each: (-each.bytes, each.rule, each.claim.layers)))
