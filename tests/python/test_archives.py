from __future__ import annotations

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.image import parse_config
from tests.made import SITE, facts_of, made_filesystem, made_layer


def test_zipped_code_is_told_with_its_bytes() -> None:
    facts = facts_of(
        {
            "srv/app.pyz": 3_000_000,
            "opt/tool.pex": 9_000_000,
            f"{SITE}/old-1.0-py3.11.egg": 500_000,
            "srv/small.pyz": 1_000,
        }
    )
    assert facts.limits == (
        "zipped Python code is not looked into, so what packages are in it is not known: "
        "12.5 MB in 4 files: /opt/tool.pex, /srv/app.pyz, /" + f"{SITE}/old-1.0-py3.11.egg, …",
    )
    assert facts.distributions == ()


@pytest.mark.parametrize("path", [f"{SITE}/a.egg/EGG-INFO/PKG-INFO", "srv/a.pyz/x", "srv/a.zip"])
def test_folders_and_other_files_are_none(path: str) -> None:
    assert facts_of({path: 10}).limits == ()


def test_an_inode_counts_once() -> None:
    layer = made_layer({"a.pyz": 1_000}, links={"b.pyz": "a.pyz"})
    facts = Facts(config=parse_config(b"{}"), filesystem=made_filesystem(layer))
    assert "1.0 kB in 2 files" in facts.limits[0]
