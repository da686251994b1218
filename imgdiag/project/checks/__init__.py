"""The checks of a project: one file each, found by itself.

A module of this package that has a `CHECK` is a check. Modules that start with an underscore are
what checks share.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from imgdiag.project.check import Check, ProjectFinding
from imgdiag.project.project import Project


@cache
def all_checks() -> tuple[Check, ...]:
    """Return every check, by name."""
    modules = (
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    )
    return tuple(sorted((module.CHECK for module in modules), key=lambda check: check.name))


def check_project(project: Project) -> tuple[ProjectFinding, ...]:
    """Return what all checks find, by file and line."""
    findings = [finding for check in all_checks() for finding in check.run(project)]
    return tuple(sorted(findings, key=lambda each: (each.path, each.line, each.check)))
