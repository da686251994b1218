"""Folders of a certain name inside installed packages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from imgdiag.facts import Facts
from imgdiag.filesystem import Directory


def package_folders(facts: Facts, names: Iterable[str]) -> dict[str, list[tuple[str, Directory]]]:
    """Return the folders called one of `names` inside packages, by the package's folder.

    Folders inside one of them are part of it. A package's folder is the first part of the path
    below site-packages.
    """
    environments = sorted((f"{each.path}/" for each in facts.environments), key=len, reverse=True)
    wanted = frozenset(names)
    found: dict[str, list[tuple[str, Directory]]] = defaultdict(list)
    for name in wanted:
        for path, directory in facts.usage.named.get(name, ()):
            base = next((each for each in environments if path.startswith(each)), None)
            if base is None:
                continue
            package, *inside = path[len(base) :].split("/")
            # A dist-info's folders hold licences, whatever they are called.
            if package.endswith((".dist-info", ".egg-info")):
                continue
            if inside and not wanted & set(inside[:-1]):
                found[package].append((path, directory))
    return found
