"""What is installed, as an analysis tells of it: facts turned into its summaries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from imgdiag.analysis import EnvironmentSummary, InterpreterSummary, Package, SystemPackageSummary
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Cause, Directory


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


def packages(facts: Facts) -> tuple[Package, ...]:
    """Return the Python packages, in the order in which they were found."""
    return tuple(_packages(facts))


def _packages(facts: Facts) -> Iterator[Package]:
    # A broken upgrade leaves two metadata folders of one name: they go together.
    sizes: dict[tuple[str, str], int] = defaultdict(int)
    for each in facts.distributions:
        sizes[each.environment.path, each.name] += each.bytes
    retained = {
        path: graph.retained_bytes({name: sizes[path, name] for name in graph.requires})
        for path, graph in facts.graphs.items()
    }
    hidden_at = facts.usage.hidden_at()
    for each in facts.distributions:
        path = each.environment.path
        deleted = Counter(
            hidden.hidden_in
            for missing in each.missing_paths
            for hidden in hidden_at.get(missing, ())[-1:]
            if hidden.cause is Cause.DELETED
        )
        yield Package(
            name=each.name,
            version=each.version,
            environment=path,
            installer=each.installer,
            bytes=each.bytes,
            retained_bytes=retained[path][each.name],
            required_by=tuple(sorted(facts.graphs[path].required_by[each.name])),
            requires=tuple(facts.graphs[path].edges(each.name)),
            layers=facts.origins.layers(each.files),
            evidence=each.evidence,
            missing_files=each.missing,
            deleted_files=deleted.total(),
            deleted_in=tuple(sorted(deleted)),
            system_package=each.system_package,
            direct_url=each.direct_url,
            editable=each.is_editable,
        )


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
