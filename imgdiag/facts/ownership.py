"""Who owns the files of an image: Python's distributions, the system's packages, or nobody.

A file has one owner, so that all that is owned and what nobody owns add up to what is visible.
Where several name the same file, this order decides:

1. a distribution that no system package brought, by its RECORD: pip may have replaced what the
   system's package had there;
2. dpkg and apk, by their lists. A distribution that came as such a package (its metadata is on
   the list) is shown and owns nothing: apt or apk can take it out, and pip cannot;
3. a distribution that conda brought, by its RECORD and then by conda's; a conda package that is
   one distribution is that distribution, and no package besides;
4. other conda packages;
5. distributions without a list of files, by the names of their top-level folders;
6. byte-code goes to its source's owner.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from imgdiag.facts.allotment import Allotment, Owner
from imgdiag.filesystem import File, Filesystem
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment
from imgdiag.python.metadata import Metadata, read_environment
from imgdiag.scanner.usage import Usage
from imgdiag.system import apk, conda, dpkg
from imgdiag.system.package import PackageRecord, SystemPackage
from imgdiag.system.unread import unread

_METADATA_NAMES = ("/METADATA", "/PKG-INFO", ".egg-info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """All owners, those with the most bytes first, and every file that has one.

    `limits` says in words what could not be told.
    """

    distributions: tuple[Distribution, ...]
    system_packages: tuple[SystemPackage, ...]
    owned: frozenset[File]
    limits: tuple[str, ...]


def find_owners(
    filesystem: Filesystem, usage: Usage, environments: Iterable[Environment]
) -> Ownership:
    """Return who owns what of the merged image."""
    allotment = Allotment(filesystem, usage)
    found = [
        each for environment in environments for each in read_environment(filesystem, environment)
    ]
    owners = {each: Owner() for each in found}
    conda_records, conda_limits = conda.read(filesystem, usage)
    dpkg_records, dpkg_limits = dpkg.read(filesystem)
    apk_records = apk.read(filesystem)
    system = {record: Owner() for record in (*dpkg_records, *apk_records)}
    systems, condas = _brought(allotment, found, system), _brought(allotment, found, conda_records)

    for each in found:
        if each not in systems and each not in condas and each.named is not None:
            allotment.claim(owners[each], each.base, each.named)
    for record, owner in system.items():
        allotment.claim(owner, record.base, record.paths)
    parts: dict[PackageRecord, list[Metadata]] = defaultdict(list)
    for each, record in condas.items():
        parts[record].append(each)
        if each.named is not None:
            allotment.claim(owners[each], each.base, each.named)
    for record in conda_records:
        if len(parts[record]) == 1:
            allotment.claim(owners[parts[record][0]], record.base, record.paths)
        else:
            system[record] = Owner()
            allotment.claim(system[record], record.base, record.paths)
    evidence = {each: each.evidence for each in found}
    for each in found:
        if each in systems:
            evidence[each] = systems[each].manager
        elif each in condas and len(parts[condas[each]]) == 1:
            evidence[each] = conda.MANAGER
        elif each.named is None:
            evidence[each] = _claim_trees(allotment, owners[each], each)
    allotment.claim_byte_code(usage)
    return Ownership(
        distributions=_distributions(owners, evidence, systems),
        system_packages=_system_packages(system),
        owned=frozenset(allotment.owner_of),
        limits=(*dpkg_limits, *conda_limits, *unread(filesystem)),
    )


def _brought(
    allotment: Allotment, found: Iterable[Metadata], records: Iterable[PackageRecord]
) -> dict[Metadata, PackageRecord]:
    """Return the package that each distribution came as: the first that names its metadata."""
    named: dict[File, PackageRecord] = {}
    for record in records:
        for path in record.paths:
            if path.endswith(_METADATA_NAMES):
                file = allotment.file(
                    path.lstrip("/") if not record.base else f"{record.base}/{path}"
                )
                if file is not None:
                    named.setdefault(file, record)
    return {each: named[each.file] for each in found if each.file in named}


def _claim_trees(allotment: Allotment, owner: Owner, metadata: Metadata) -> str:
    """Give a distribution its top-level folders and its metadata; return the evidence."""
    for tree in metadata.trees:
        allotment.claim_tree(owner, tree)
    evidence = metadata.evidence or ("top-level" if owner.files else "metadata")
    allotment.claim_tree(owner, metadata.path)
    return evidence


def _distributions(
    owners: dict[Metadata, Owner],
    evidence: dict[Metadata, str],
    systems: dict[Metadata, PackageRecord],
) -> tuple[Distribution, ...]:
    distributions = (
        Distribution(
            name=each.name,
            version=each.version,
            environment=each.environment,
            metadata_path=each.path,
            installer=each.installer,
            requirements=each.requirements,
            evidence=evidence[each],
            files=owner.files,
            bytes=owner.bytes,
            missing=len(owner.missing),
            missing_paths=tuple(owner.missing),
            system_package=systems[each].name if each in systems else "",
            direct_url=each.direct_url,
            is_editable=each.is_editable,
        )
        for each, owner in owners.items()
    )
    return tuple(
        sorted(distributions, key=lambda each: (-each.bytes, each.name, each.environment.path))
    )


def _system_packages(owners: dict[PackageRecord, Owner]) -> tuple[SystemPackage, ...]:
    packages = (
        SystemPackage(
            name=record.name,
            version=record.version,
            manager=record.manager,
            files=owner.files,
            bytes=owner.bytes,
            missing=len(owner.missing),
        )
        for record, owner in owners.items()
    )
    return tuple(sorted(packages, key=lambda each: (-each.bytes, each.name, each.manager)))
