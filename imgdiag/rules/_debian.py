"""Debian's packages in an image: those of some names, and as files for the rules' examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from imgdiag.facts.facts import Facts
from imgdiag.system.package import SystemPackage


def packages(facts: Facts, wanted: Callable[[str], object]) -> list[SystemPackage]:
    """Return the packages of dpkg's and apk's whose names are `wanted`, the largest first."""
    return [each for each in facts.system_packages if each.manager != "conda" and wanted(each.name)]


def debian(
    files: Mapping[str, Mapping[str, int]],
    fields: Mapping[str, str] | None = None,
    automatic: Iterable[str] = (),
) -> dict[str, int | str]:
    """Return installed packages as files: the files of each, by their paths with their sizes.

    `fields` are further lines of their stanzas in dpkg's status, such as "Depends: libc6".
    `automatic` are the packages that apt brought in for others.
    """
    result: dict[str, int | str] = {}
    stanzas = []
    for name, owned in files.items():
        result |= owned
        result[f"var/lib/dpkg/info/{name}.list"] = "".join(f"/{path}\n" for path in owned)
        more = f"{fields[name]}\n" if fields and name in fields else ""
        stanzas.append(f"Package: {name}\nStatus: install ok installed\nVersion: 1\n{more}")
    result["var/lib/dpkg/status"] = "\n".join(stanzas)
    if automatic:
        result["var/lib/apt/extended_states"] = "\n".join(
            f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n" for name in automatic
        )
    return result
