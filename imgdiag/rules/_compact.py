"""Removing hundreds of folders by a few lines that remove exactly those."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from imgdiag.facts.facts import Facts
from imgdiag.python.imports import Candidate
from imgdiag.rules._shell import removal

NAMED = 20  # folders that a snippet names one by one; what it does not remove is not counted
_SPARED = 40  # folders that a sweep names because it must pass them over
_SHARE = 0.005  # of the bytes: what the smallest packages hold together, not worth their names

_PLAIN = re.compile(r"\w[\w./+-]*")  # needs no quotes, and is no option
_COLUMNS = 80


def largest_first(facts: Facts, folders: Iterable[Candidate]) -> list[Candidate]:
    """Return the folders whose names fit a line, those with the most bytes first."""
    return sorted(
        (each for each in folders if each.path.isprintable()),
        key=lambda each: (-facts.usage.bytes_below(each.directory), each.path),
    )


@dataclass(frozen=True, slots=True)
class Removal:
    """Folders to remove: `write` returns the command that removes some of `paths` and no others.

    Where they are not, it removes nothing, and that is no error.
    """

    paths: tuple[str, ...]
    write: Callable[[Iterable[str]], str]


@dataclass(slots=True)
class _Package:
    """A package's folders to remove, and others of the same names, which must stay."""

    folders: list[Candidate] = field(default_factory=list)
    spared: list[str] = field(default_factory=list)


def compact_removal(facts: Facts, folders: list[Candidate]) -> Removal:
    """Return the removal of `folders`: by their names, or by a sweep when they are many.

    A sweep goes through packages for folders of these names, and passes over those that are not
    among `folders`. It leaves the smallest packages alone, whose names would be most of its lines.
    """
    if len(folders) <= NAMED:
        return Removal(tuple(each.path for each in largest_first(facts, folders)), removal)
    names = frozenset(each.name for each in folders)
    packages = _packages(facts, folders, names)
    chosen: dict[str, dict[str, _Package]] = defaultdict(dict)
    for environment, name in _worth_a_name(facts, packages):
        chosen[environment][name] = packages[environment, name]

    def write(paths: Iterable[str]) -> str:
        wanted = set(paths)
        swept = {
            environment: {
                name: package
                for name, package in chosen[environment].items()
                if any(each.path in wanted for each in package.folders)
            }
            for environment in sorted(chosen)
        }
        return " \\\n && ".join(
            _sweep(environment, packages, names)
            for environment, packages in swept.items()
            if packages
        )

    return Removal(
        tuple(
            each.path
            for swept in chosen.values()
            for package in swept.values()
            for each in package.folders
        ),
        write,
    )


def _packages(
    facts: Facts, folders: list[Candidate], names: Collection[str]
) -> dict[tuple[str, str], _Package]:
    """Return the packages that can be swept, by environment and name."""
    packages: dict[tuple[str, str], _Package] = defaultdict(_Package)
    for each in folders:
        packages[each.environment, each.package].folders.append(each)
    environments = sorted({each.environment for each in folders}, key=len, reverse=True)
    for name in names:
        for path, _ in facts.usage.named.get(name, ()):
            base = next((each for each in environments if path.startswith(f"{each}/")), None)
            if base is None:
                continue
            package = packages.get((base, path[len(base) + 1 :].partition("/")[0]))
            if package and not _is_below(path, (each.path for each in package.folders)):
                package.spared.append(path)
    for package in packages.values():
        package.spared = [
            path
            for path in sorted(package.spared)
            if not _is_below(path.rpartition("/")[0], package.spared)
        ]
    return {
        (environment, name): package
        for (environment, name), package in packages.items()
        if all(map(_PLAIN.fullmatch, (environment, name, *package.spared)))
    }


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(f"{path}/".startswith(f"{each}/") for each in folders)


def _worth_a_name(
    facts: Facts, packages: dict[tuple[str, str], _Package]
) -> Iterator[tuple[str, str]]:
    """Yield the packages with the most bytes, as far as there is room for what they must spare."""
    sizes = {
        key: sum(facts.usage.bytes_below(each.directory) for each in package.folders)
        for key, package in packages.items()
    }
    left = sum(sizes.values())
    least = left * _SHARE
    room = _SPARED
    for key in sorted(sizes, key=lambda key: (-sizes[key], key)):
        if left <= least:
            return
        left -= sizes[key]
        if len(packages[key].spared) <= room:
            room -= len(packages[key].spared)
            yield key


def _sweep(environment: str, packages: dict[str, _Package], names: Collection[str]) -> str:
    spared = [
        path[len(environment) + 1 :] for package in packages.values() for path in package.spared
    ]
    kinds = _either(f"-name {name}" for name in sorted(names))
    lines = [f"cd /{environment} \\", *_wrapped(" && for p in", sorted(packages), "; do")]
    lines.append("    if [ -d $p ]; then find $p \\")
    if spared:
        lines += _wrapped("       ", _either(f"-path {path}" for path in sorted(spared)), "")
        lines.append("        -prune -o \\")
    lines += [
        *_wrapped("        -type d", kinds, ""),
        "        -prune -exec rm -rf {} +; fi; done",
    ]
    return "\n".join(lines)


def _either(tests: Iterable[str]) -> list[str]:
    r"""Return `\( a -o b \)` as words that are not to be parted."""
    first, *others = tests
    return ["\\(", first, *(f"-o {each}" for each in others), "\\)"]


def _wrapped(start: str, words: Iterable[str], end: str) -> list[str]:
    """Return the words after `start` in lines that a backslash continues."""
    lines = [start]
    indent = " " * (len(start) - len(start.lstrip()) + 4)
    for word in words:
        if len(lines[-1]) + len(word) > _COLUMNS:
            lines.append(indent.rstrip(" ") or indent[:-1])
        lines[-1] += f" {word}"
    return [f"{line} \\" for line in lines[:-1]] + [f"{lines[-1]}{end} \\"]
