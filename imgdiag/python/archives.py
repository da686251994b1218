"""Python code in zip files: zipapps, PEX files and zipped eggs, which are not looked into."""

from __future__ import annotations

from collections.abc import Iterator

from imgdiag.filesystem import File, join
from imgdiag.scanner.usage import Usage
from imgdiag.units import counted, format_bytes

_ENDINGS = (".egg", ".pex", ".pyz")
_NAMED = 3


def find_archives(usage: Usage) -> list[tuple[str, File]]:
    """Return the archives by their paths, the largest first."""
    found = [
        (join(path, name), node)
        for path, directory in usage.directories
        for name, node in directory.children.items()
        if name.endswith(_ENDINGS) and isinstance(node, File)
    ]
    return sorted(found, key=lambda pair: (-pair[1].size, pair[0]))


def limits(usage: Usage) -> Iterator[str]:
    """Yield in words what stays unknown because of them."""
    found = find_archives(usage)
    if found:
        size = format_bytes(sum(file.size for file in {file for _, file in found}))
        names = ", ".join(f"/{path}" for path, _ in found[:_NAMED])
        yield (
            f"zipped Python code is not looked into, so what packages are in it is not known: "
            f"{size} in {counted(len(found), 'file')}: "
            f"{names}{', …' * (len(found) > _NAMED)}"
        )
