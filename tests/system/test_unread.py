from __future__ import annotations

import pytest

from tests.made import facts_of


@pytest.mark.parametrize(
    ("path", "manager"),
    [
        ("var/lib/rpm/rpmdb.sqlite", "rpm"),
        ("var/lib/rpm/Packages", "rpm"),
        ("usr/lib/sysimage/rpm/Packages.db", "rpm"),
        ("var/lib/pacman/local/bash-5/desc", "pacman"),
        ("nix/var/nix/db/db.sqlite", "nix"),
        ("var/lib/chisel/manifest.wall", "chisel"),
    ],
)
def test_a_database_that_is_not_read_is_told(path: str, manager: str) -> None:
    facts = facts_of({path: 4_096, "usr/bin/bash": 1_000_000})
    [limit] = facts.limits
    assert limit.startswith(f"{manager}: its database is present and not read")
    assert facts.system_packages == ()
    assert sum(row.bytes for row in facts.unattributed) == 1_004_096


def test_without_one_nothing_is_told() -> None:
    assert facts_of({"usr/bin/bash": 1}).limits == ()
