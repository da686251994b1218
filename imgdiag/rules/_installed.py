"""Installed distributions as files, for the rules' examples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

SITE = "app/.venv/lib/python3.11/site-packages"


def installed(
    name: str,
    version: str,
    files: Mapping[str, int | str] | None = None,
    requires: Iterable[str] = (),
) -> dict[str, int | str]:
    """Return the files of a distribution in a virtual environment, its RECORD among them."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    headers = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {x}" for x in requires)]
    return {
        **{f"{SITE}/{path}": what for path, what in (files or {}).items()},
        f"{SITE}/{info}/METADATA": "\n".join(headers) + "\n",
        f"{SITE}/{info}/RECORD": "".join(f"{path},,\n" for path in files or {}),
    }
