"""What is installed, as an analysis tells of it: facts turned into its summaries."""

from __future__ import annotations

from collections import Counter

from imgdiag.analysis import EnvironmentSummary, InterpreterSummary, SystemPackageSummary
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory


def environments(facts: Facts) -> tuple[EnvironmentSummary, ...]:
    """Return the environments, those in use first, then by their bytes."""
    packages = Counter(each.environment.path for each in facts.distributions)
    summaries = (
        EnvironmentSummary(
            path=each.path,
            prefix=each.prefix,
            kind=each.kind,
            creator=each.creator,
            python_version=each.python_version,
            packages=packages[each.path],
            bytes=_bytes_below(facts, each.path),
            in_use=facts.uses.environments[each.path].in_use,
            evidence=facts.uses.environments[each.path].evidence,
            roots=facts.graphs[each.path].roots,
        )
        for each in facts.environments
    )
    return tuple(
        sorted(summaries, key=lambda each: (each.in_use is not True, -each.bytes, each.path))
    )


def interpreters(facts: Facts) -> tuple[InterpreterSummary, ...]:
    """Return the interpreters, in the order of their libraries' paths."""
    return tuple(
        InterpreterSummary(
            path=each.path,
            prefix=each.prefix,
            library=each.library,
            version=each.version,
            implementation=each.implementation,
            bytes=_bytes_below(facts, each.library),
            in_use=facts.uses.interpreters[each.library].in_use,
            evidence=facts.uses.interpreters[each.library].evidence,
        )
        for each in facts.interpreters
    )


def _bytes_below(facts: Facts, path: str) -> int:
    directory = facts.filesystem.find(path)
    return facts.usage.bytes_below(directory) if isinstance(directory, Directory) else 0


def system_packages(facts: Facts) -> tuple[SystemPackageSummary, ...]:
    """Return the system's packages, those with the most bytes first."""
    return tuple(
        SystemPackageSummary(
            name=each.name,
            version=each.version,
            manager=each.manager,
            bytes=each.bytes,
            layers=facts.origins.layers(each.files),
        )
        for each in facts.system_packages
    )
