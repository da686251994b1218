"""Package managers whose records are there and are not read: what they own is nobody's here."""

from __future__ import annotations

from collections.abc import Iterator

from imgdiag.filesystem import Filesystem
from imgdiag.system.package import find

_DATABASES = {
    "rpm": (
        "var/lib/rpm/rpmdb.sqlite",
        "var/lib/rpm/Packages.db",
        "var/lib/rpm/Packages",
        "usr/lib/sysimage/rpm/rpmdb.sqlite",
        "usr/lib/sysimage/rpm/Packages.db",
        "usr/share/rpm/rpmdb.sqlite",
    ),
    "pacman": ("var/lib/pacman/local",),
    "nix": ("nix/var/nix/db/db.sqlite",),
    "chisel": ("var/lib/chisel/manifest.wall",),
}


def unread(filesystem: Filesystem) -> Iterator[str]:
    """Yield a sentence for each database that is there and is not read."""
    for manager, paths in _DATABASES.items():
        found = next((path for path in paths if find(filesystem, path) is not None), None)
        if found:
            yield (
                f"{manager}: its database is present and not read, so what its packages brought "
                f"counts as nobody's: /{found}"
            )
