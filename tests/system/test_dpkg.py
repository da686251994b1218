from __future__ import annotations

from collections.abc import Mapping

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.image import parse_config
from imgdiag.system import dpkg
from tests.made import facts_of, made_filesystem, made_layer

DATABASE = "var/lib/dpkg"


def stanza(name: str, version: str = "1.0-1", *, status: str = "install ok installed") -> str:
    return (
        f"Package: {name}\nStatus: {status}\nArchitecture: amd64\nVersion: {version}\n"
        f"Description: about {name}\n Package: not a field\n\n"
    )


def debian(
    lists: Mapping[str, str], files: Mapping[str, int | str], status: str | None = None
) -> dict[str, int | str]:
    if status is None:
        status = "".join(stanza(name.partition(":")[0]) for name in lists)
    found = {f"{DATABASE}/info/{name}.list": text for name, text in lists.items()}
    return {f"{DATABASE}/status": status, **found, **files}


def owned(facts: Facts) -> dict[str, tuple[str, int]]:
    return {each.name: (each.version, each.bytes) for each in facts.system_packages}


def test_a_package_owns_what_its_list_names() -> None:
    facts = facts_of(
        debian(
            {"bash": "/.\n/bin\n/bin/bash\n/etc\n/etc/bash.bashrc\n/usr/share/man/bash.1.gz\n"},
            {"bin/bash": 1_200, "etc/bash.bashrc": 34, "bin/mine": 5},
        )
    )
    [package] = facts.system_packages
    assert (package.name, package.version, package.manager) == ("bash", "1.0-1", "dpkg")
    assert package.files.keys() == {"bin/bash", "etc/bash.bashrc"}
    assert (package.bytes, package.missing) == (1_234, 1)
    assert facts.limits == ()


def test_lists_of_before_usr_was_merged_lead_through_the_link() -> None:
    filesystem = made_filesystem(
        made_layer(
            debian({"libc6:amd64": "/lib\n/lib/libc.so.6\n"}, {"usr/lib/libc.so.6": 2_000}),
            symlinks={"lib": "usr/lib"},
            directories=["usr/lib"],
        )
    )
    facts = Facts(config=parse_config(b"{}"), filesystem=filesystem)
    assert owned(facts) == {"libc6": ("1.0-1", 2_000)}


def test_two_architectures_of_a_package_have_a_version_each() -> None:
    status = stanza("libc6", "2.36-9") + stanza("libc6", "2.35-0").replace("amd64", "i386")
    records, _ = dpkg.read(
        facts_of(debian({"libc6:amd64": "/a\n", "libc6:i386": "/b\n"}, {}, status)).filesystem
    )
    assert [(each.name, each.version) for each in records] == [
        ("libc6", "2.36-9"),
        ("libc6", "2.35-0"),
    ]


def test_a_file_of_two_lists_counts_once() -> None:
    facts = facts_of(debian({"a": "/usr/x\n", "b": "/usr/x\n/usr/y\n"}, {"usr/x": 10, "usr/y": 1}))
    assert owned(facts) == {"a": ("1.0-1", 10), "b": ("1.0-1", 1)}


def test_a_diverted_file_is_its_packages_where_it_is_now() -> None:
    facts = facts_of(
        debian(
            {"dash": "/bin/sh\n", "bash": "/bin/sh\n/bin/bash\n"},
            {
                f"{DATABASE}/diversions": "/bin/sh\n/bin/sh.distrib\ndash\n",
                "bin/sh": 100,
                "bin/sh.distrib": 7,
                "bin/bash": 1,
            },
        )
    )
    assert owned(facts) == {"dash": ("1.0-1", 100), "bash": ("1.0-1", 8)}


@pytest.mark.parametrize("text", ["\0" * 96, "", "/bin/sh\n", "a\nb\nc\n"])
def test_nonsense_diverts_nothing(text: str) -> None:
    files: dict[str, int | str] = {f"{DATABASE}/diversions": text, "bin/sh": 9}
    assert owned(facts_of(debian({"dash": "/bin/sh\n"}, files))) == {"dash": ("1.0-1", 9)}


def test_the_form_of_distroless_images() -> None:
    folder = f"{DATABASE}/status.d"
    facts = facts_of(
        {
            f"{folder}/libssl3": stanza("libssl3", "3.0.15"),
            f"{folder}/libssl3.md5sums": f"{'0' * 32}  usr/lib/libssl.so.3\n{'1' * 32}  usr/x y\n",
            "usr/lib/libssl.so.3": 600,
            "usr/x y": 6,
        }
    )
    assert owned(facts) == {"libssl3": ("3.0.15", 606)}
    assert facts.limits == ()


def test_what_was_removed_and_left_its_settings_owns_those() -> None:
    status = stanza("cron", status="deinstall ok config-files")
    facts = facts_of(debian({"cron": "/etc/crontab\n"}, {"etc/crontab": 3}, status))
    assert owned(facts) == {"cron": ("1.0-1", 3)}


def test_packages_without_lists_are_told() -> None:
    status = "".join(stanza(name) for name in ("a", "b", "c", "d"))
    removed = stanza("e", status="deinstall ok config-files")
    facts = facts_of(debian({"a": "/x\n"}, {"x": 1}, status + removed))
    [limit] = facts.limits
    assert limit == (
        "dpkg: no list of files for 3 installed packages (b, c, d); what they brought counts as "
        "nobody's"
    )
    distroless = facts_of({f"{DATABASE}/status.d/base": stanza("base-files")})
    assert distroless.limits[0].startswith("dpkg: no list of files for 1 installed package (base")


def test_names_in_any_bytes_are_found() -> None:
    layer = made_layer({f"{DATABASE}/info/a.list": 0, "usr/caf\udce9": 12})
    entries = [
        entry._replace(content=b"/usr/caf\xe9\n") if entry.name == "a.list" else entry
        for entry in layer.entries
    ]
    filesystem = made_filesystem(type(layer)(entries=entries, whiteouts=[]))
    facts = Facts(config=parse_config(b"{}"), filesystem=filesystem)
    assert owned(facts) == {"a": ("", 12)}


@pytest.mark.parametrize(
    "text",
    ["", "\0" * 99, "/" * 9_999, "..\n/..\n/../..\n", "x/" * 5_000, "loop/x\n", "\n" * 999],
    ids=["empty", "null", "slashes", "above", "deep", "circle", "lines"],
)
def test_a_hostile_list_owns_nothing(text: str) -> None:
    filesystem = made_filesystem(
        made_layer(debian({"a": text}, {"b": 1}), symlinks={"loop": "loop"})
    )
    facts = Facts(config=parse_config(b"{}"), filesystem=filesystem)
    assert owned(facts) == {"a": ("1.0-1", 0)}


def test_a_database_behind_a_circle_of_links_is_none() -> None:
    filesystem = made_filesystem(made_layer({"x": 1}, symlinks={"var": "var"}))
    assert Facts(config=parse_config(b"{}"), filesystem=filesystem).system_packages == ()
