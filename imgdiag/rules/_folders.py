"""What the rules for folders inside packages share: finding them, and saying what was proven."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory
from imgdiag.finding import Finding, Safety
from imgdiag.python.imports import ImportCheck, Proof, Verdict, find_candidates
from imgdiag.rules._compact import NAMED, compact_removal, largest_first
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import removal_fix
from imgdiag.units import counted, format_bytes


def hint(facts: Facts) -> str:
    """Return how more would be known of folders that nothing is proven of."""
    if facts.imports:
        return f"Nothing is proven of them: {facts.imports.unread}"
    return "--check-imports proves which of them nothing imports"


def package_folders(facts: Facts, names: Collection[str]) -> dict[str, list[tuple[str, Directory]]]:
    """Return the folders called one of `names` inside packages, by the package's folder."""
    found: dict[str, list[tuple[str, Directory]]] = defaultdict(list)
    for each in find_candidates(facts.environments, facts.usage, names):
        found[each.package].append((each.path, each.directory))
    return found


def imported_packages(facts: Facts) -> set[str]:
    """Return the packages with a folder that something imports, as far as sources were read."""
    proofs = facts.imports.proofs if facts.imports else ()
    return {each.candidate.package for each in proofs if each.verdict is Verdict.KEEP}


def proven(
    facts: Facts,
    check: ImportCheck,
    rule: str,
    names: Collection[str],
    what: str,
    *,
    besides: Collection[str] = (),
) -> Iterator[Finding]:
    """Yield the folders that nothing imports as safe, and those that something may for review.

    `what` says in the plural what is in folders of these names; `besides` are the paths of those
    that another rule speaks of.
    """
    proofs = [
        each
        for each in check.proofs
        if each.candidate.name in names and each.candidate.path not in besides
    ]
    yield from _safe(facts, rule, what, [p for p in proofs if p.verdict is Verdict.SAFE])
    yield from _review(facts, rule, what, [p for p in proofs if p.verdict is Verdict.REVIEW])


def _safe(facts: Facts, rule: str, what: str, proofs: list[Proof]) -> Iterator[Finding]:
    folders = [each.candidate for each in proofs]
    removal = compact_removal(facts, folders)
    claim = facts.claims.paths(removal.paths)
    if not claim.layers:
        return
    yield Finding(
        rule=rule,
        safety=Safety.SAFE,
        message=f"{visible(claim)} of {what} in {counted(len(removal.paths), 'folder')} that "
        f"nothing in the image imports or names{_left_alone(len(folders) - len(removal.paths))}; "
        f"the most in {_largest(facts, proofs)}",
        fix=removal_fix(facts, removal.paths, where="builds the environment", write=removal.write),
        claim=claim,
    )


def _review(facts: Facts, rule: str, what: str, proofs: list[Proof]) -> Iterator[Finding]:
    folders = largest_first(facts, (each.candidate for each in proofs))
    chosen = [each.path for each in folders[:NAMED]]
    claim = facts.claims.paths(chosen)
    if not claim.layers:
        return
    by_path = {each.candidate.path: each for each in proofs}
    why = by_path[chosen[0]].evidence[0]
    fix = removal_fix(facts, chosen, where="builds the environment")
    yield Finding(
        rule=rule,
        safety=Safety.REVIEW,
        message=f"{visible(claim)} of {what} in {counted(len(chosen), 'folder')} that something "
        f"may need, as {why}{_left_alone(len(proofs) - len(chosen))}; the most in "
        f"{_largest(facts, proofs)}",
        fix=replace(fix, summary=f"{fix.summary}; then run your own tests against the image"),
        claim=claim,
    )


def _left_alone(count: int) -> str:
    return f" ({count:,} smaller ones are left alone)" if count else ""


def _largest(facts: Facts, proofs: list[Proof]) -> str:
    sizes: dict[str, int] = defaultdict(int)
    for each in proofs:
        sizes[each.candidate.package] += facts.usage.bytes_below(each.candidate.directory)
    names = sorted(sizes, key=lambda name: (-sizes[name], name))[:3]
    return ", ".join(f"{name} {format_bytes(sizes[name])}" for name in names)
