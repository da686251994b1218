"""Alpine's database; the stanzas are cut from a real one of Alpine 3.14."""

from __future__ import annotations

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.image import parse_config
from tests.made import facts_of, made_filesystem, made_layer

DATABASE = """\
C:Q1CpjMpFo3UY/Tn4CshBpA+PXMf04=
P:musl
V:1.2.2-r3
A:x86_64
S:360760
I:516096
T:the musl c library (libc) implementation
o:musl
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1OR21cpf2INrOZXtXeMnWdqhkld4=
R:libc.musl-x86_64.so.1
a:0:0:777
Z:Q1nIC5KDc++AsuZFnKQtw6GsOp7eQ=

C:Q1w4oVI83iP6Q4ve932uzuFlkg/Es=
P:busybox
V:1.33.1-r3
F:bin
R:busybox
a:0:0:755
Z:Q1+ddy2ckI38UVCqDGhhaRXHp3lf0=
R:sh
a:0:0:777
F:etc
R:securetty
Z:Q1mB95Hq2NUTZ599RDiSsj9w5FrOU=
F:etc/network
F:etc/network/if-up.d
R:dad
F:
R:at-the-root

"""
FILES = {
    "lib/ld-musl-x86_64.so.1": 600_000,
    "bin/busybox": 800_000,
    "etc/securetty": 10,
    "etc/network/if-up.d/dad": 4,
    "at-the-root": 1,
    "srv/own": 7,
}


def owned(facts: Facts) -> dict[str, tuple[str, str, int, int]]:
    return {
        each.name: (each.version, each.manager, each.bytes, each.missing)
        for each in facts.system_packages
    }


def test_files_are_named_below_their_folder() -> None:
    facts = facts_of({"lib/apk/db/installed": DATABASE, **FILES})
    assert owned(facts) == {
        "busybox": ("1.33.1-r3", "apk", 800_015, 1),
        "musl": ("1.2.2-r3", "apk", 600_000, 1),
    }
    assert facts.limits == ()


def test_the_database_of_a_merged_usr_is_read_once() -> None:
    filesystem = made_filesystem(
        made_layer(
            {"usr/lib/apk/db/installed": DATABASE, "usr/lib/ld-musl-x86_64.so.1": 600_000},
            symlinks={"lib": "usr/lib"},
            directories=["usr/lib"],
        )
    )
    facts = Facts(config=parse_config(b"{}"), filesystem=filesystem)
    assert owned(facts)["musl"] == ("1.2.2-r3", "apk", 600_000, 1)
    assert len(facts.system_packages) == 2


@pytest.mark.parametrize(
    "text", ["", "\0" * 50, "\n\n\n", "R:a\n", "P\n", "V:1\nF:../..\nR:x\n", ":\n\nF:\nR:\n"]
)
def test_nonsense_is_no_package(text: str) -> None:
    facts = facts_of({"lib/apk/db/installed": text, "a": 1, "x": 1})
    assert facts.system_packages == ()


def test_a_stray_blank_line_loses_no_package() -> None:
    facts = facts_of({"lib/apk/db/installed": DATABASE.replace("\n\nC:", "\n\n\nC:"), **FILES})
    assert [each.name for each in facts.system_packages] == ["busybox", "musl"]
