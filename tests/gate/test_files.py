"""The bytes at a path or at a pattern's paths."""

from __future__ import annotations

import pytest

from imgdiag.gate.files import Files, PathUsage
from imgdiag.rules.rule import ExampleLayer
from imgdiag.scanner.usage import UsageRow
from tests.made import made_facts


@pytest.fixture(scope="module")
def files() -> Files:
    return Files(
        made_facts(
            ExampleLayer(
                created_by="x",
                files={"srv/b": 5, "srv/c": 7, "srv/d": 5, "srv/sub/e~": 1, "opt/e": 2},
                links={"opt/same": "srv/c"},
                symlinks={"link": "srv"},
            )
        )
    )


SRV = (("srv/c", 7), ("srv/b", 5), ("srv/d", 5), ("srv/sub", 1))


@pytest.mark.parametrize(
    ("pattern", "matches", "rows"),
    [
        ("/srv", 1, SRV),
        ("srv/", 1, SRV),
        ("/link", 1, SRV),
        ("/srv/b", 1, (("srv/b", 5),)),
        ("/srv/?", 3, SRV[:3]),
        ("/link/?", 3, SRV[:3]),
        ("/**/e*", 2, (("opt/e", 2), ("srv/sub/e~", 1))),
        ("/srv/sub/e~/", 1, (("srv/sub/e~", 1),)),
        ("/nowhere", 0, ()),
        ("/nowhere/*", 0, ()),
        ("/srv/b/*", 0, ()),
    ],
)
def test_what_has_the_bytes(
    files: Files, pattern: str, matches: int, rows: tuple[tuple[str, int], ...]
) -> None:
    told = tuple(UsageRow(path, size) for path, size in rows)
    assert files.at(pattern) == PathUsage(sum(size for _, size in rows), matches, told)


def test_an_inode_counts_once(files: Files) -> None:
    everything = files.at("/")
    assert everything.bytes == 20
    assert sum(row.bytes for row in everything.rows) == 20
    assert files.at("/**/[cs]*").bytes == 18  # srv, and what opt has of it under another name
