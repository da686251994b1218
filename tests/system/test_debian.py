"""Who requires whom among Debian's packages, as dpkg's and apt's records say."""

from __future__ import annotations

import pytest

from imgdiag.errors import CorruptImage
from imgdiag.system import debian
from imgdiag.system.debian import Debian, find_debian
from tests.made import facts_of, made_filesystem, made_layer


def read(*stanzas: str, states: str | None = None) -> Debian:
    files: dict[str, int | str] = {"var/lib/dpkg/status": "\n".join(stanzas)}
    if states is not None:
        files["var/lib/apt/extended_states"] = states
    return find_debian(made_filesystem(made_layer(files)))


def package(name: str, *lines: str, status: str = "install ok installed") -> str:
    return "\n".join((f"Package: {name}", f"Status: {status}", *lines, ""))


def test_versions_architectures_and_choices() -> None:
    found = read(
        package("a", "Depends: b (>= 1.2), c:any | none, d | e", "Pre-Depends: f"),
        *(package(name) for name in "bcdef"),
    )
    assert found.requires["a"] == frozenset("bcdef")


def test_what_provides_a_name_is_meant_too() -> None:
    found = read(
        package("a", "Depends: mail-agent"),
        package("exim4", "Provides: mail-agent (= 4), smtp"),
        package("postfix", "Provides: mail-agent"),
    )
    assert found.requires["a"] == {"exim4", "postfix"}


def test_only_installed_packages_count() -> None:
    found = read(
        package("a", "Depends: b, c"),
        package("b", status="deinstall ok config-files"),
        package("c"),
    )
    assert found.requires == {"a": frozenset("c"), "c": frozenset()}


def test_two_architectures_are_one() -> None:
    found = read(package("a", "Depends: b"), package("a", "Depends: c"), package("b"), package("c"))
    assert found.requires["a"] == {"b", "c"}


def test_circles_and_what_is_recommended() -> None:
    found = read(
        package("a", "Depends: b", "Recommends: c"),
        package("b", "Depends: a"),
        package("c", "Depends: d"),
        package("d", "Essential: yes"),
    )
    assert found.reach(["a", "unknown"]) == {"a", "b"}
    assert found.reach(["a"], recommended=True) == {"a", "b", "c", "d"}
    assert found.required_by(["a", "d"]) == {"a": {"b"}, "d": {"c"}}
    assert found.essential == {"d"}


def test_what_apt_never_removes_by_itself() -> None:
    found = read(
        package("a", "Important: yes"),
        package("b", "Protected: yes"),
        package("c", "Important: no"),
    )
    assert found.essential == {"a", "b"}


def test_automatic_packages() -> None:
    states = "Package: a\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: b\nAuto-Installed: 0\n"
    assert read(package("a"), package("b"), states=states).automatic == frozenset("a")
    assert read(package("a")).automatic is None


def test_apts_records_are_read() -> None:
    facts = facts_of({"var/lib/apt/extended_states": "Package: a\nAuto-Installed: 1\n"})
    assert facts.debian.automatic == frozenset("a")


def test_anything_may_stand_in_a_field() -> None:
    found = read("Package:\nStatus: install ok installed\n", package("a", "Depends: , |, (x), A"))
    assert found.requires == {"a": frozenset()}


def test_records_that_no_system_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "_MOST", 9)
    stanzas = [package(name, "Provides: x", "Depends: x") for name in "abc"]
    assert read(*stanzas).requires["a"] == frozenset("abc")
    with pytest.raises(CorruptImage, match="packages that require more than 9 others in all"):
        read(*stanzas, package("d", "Recommends: a"))
