"""What a lock file brings in for developers alone."""

from __future__ import annotations

from collections.abc import Collection

from imgdiag.project.locks import Choice, select
from imgdiag.project.project import Project
from imgdiag.units import format_bytes

_NAMED = 3


def brought_for_developers(project: Project, tool: str, groups: Collection[str]) -> str:
    """Return what `groups` add to the lock file of `tool`, as a clause; "" when nothing is known.

    The sizes are of wheels, as far as the lock file has them: uv's does, poetry's does not. What
    the service itself needs too is not among them.
    """
    for lock in project.locks:
        if lock.tool != tool:
            continue
        service = {(each.package.name, each.package.version) for each in select(lock, Choice())}
        all_of_them = select(lock, Choice(groups=frozenset(groups)))
        added = [
            each for each in all_of_them if (each.package.name, each.package.version) not in service
        ]
        if not added:
            continue
        added.sort(key=lambda each: (-(each.size or 0), each.package.name))
        names = [each.package.name for each in added[:_NAMED]]
        if len(added) > _NAMED:
            names.append(f"{len(added) - _NAMED} more")
        known = sum(each.size or 0 for each in added)
        size = f", {format_bytes(known)} as wheels and more when installed" if known else ""
        return f": {', '.join(names[:-1])}{' and ' * (len(names) > 1)}{names[-1]}{size}"
    return ""
