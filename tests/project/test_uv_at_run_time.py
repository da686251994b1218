from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import merge
from imgdiag.image import parse_config
from imgdiag.layers.walk import Entry, Kind, Layer
from imgdiag.project.uv_at_run_time import examine

PASSWD = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n"


def image(
    *,
    user: str = "app",
    command: tuple[str, ...] = ("uv", "run", "app"),
    mode: int = 0o755,
    folders: tuple[tuple[str, int, int], ...] = (("home/app", 0o755, 1000),),
    env: tuple[str, ...] = (),
    uv: str = "usr/local/bin",
    passwd: bytes | None = PASSWD,
    links: Iterable[Entry] = (),
) -> Facts:
    config: dict[str, Any] = {"Cmd": list(command), "User": user, "Env": list(env)}
    data = {
        "os": "linux",
        "architecture": "amd64",
        "config": config,
        "rootfs": {"diff_ids": ["sha256:" + "0" * 64]},
    }
    entries = [
        Entry(*_split(path), Kind.DIRECTORY, 0, (mode_, uid, uid), 1, "", None)
        for path, mode_, uid in folders
    ]
    entries += links
    if uv:
        entries.append(Entry(uv, "uv", Kind.FILE, 9, (mode, 0, 0), 1, "", None))
    if passwd is not None:
        entries.append(Entry("etc", "passwd", Kind.FILE, 9, (0o644, 0, 0), 1, "", passwd))
    return Facts(
        config=parse_config(json.dumps(data).encode()),
        filesystem=merge([Layer(entries=entries, whiteouts=[])]),
    )


def _split(path: str) -> tuple[str, str]:
    parent, _, name = path.rpartition("/")
    return parent, name


@pytest.mark.parametrize(
    ("options", "works", "detail"),
    [
        ({}, True, "app can write its cache /home/app/.cache/uv"),
        ({"user": "1000:1000"}, True, "app can write its cache /home/app/.cache/uv"),
        ({"user": "", "folders": ()}, True, "root can write its cache /root/.cache/uv"),
        (
            {"folders": (("home/app", 0o755, 0),)},
            False,
            ("app cannot write its cache /home/app/.cache/uv: /home/app is not theirs; make it "
            "with 'mkdir -p /home/app/.cache/uv && chown app /home/app/.cache/uv' or set "
            "UV_NO_CACHE=1"),
        ),
        (
            {"folders": (("home/app", 0o755, 1000), ("home/app/.cache", 0o755, 0))},
            False,
            ("app cannot write its cache /home/app/.cache/uv: /home/app/.cache is not theirs; make "
            "it with 'mkdir -p /home/app/.cache/uv && chown app /home/app/.cache/uv' or set "
            "UV_NO_CACHE=1"),
        ),
        (
            {"env": ("UV_CACHE_DIR=/cache",), "folders": (("cache", 0o777, 0),)},
            True,
            "app can write its cache /cache",
        ),
        ({"env": ("UV_NO_CACHE=1",), "folders": ()}, True,
         "it runs without a cache (UV_NO_CACHE)"),
        ({"mode": 0o700}, False, "app may not execute it"),
        ({"uv": ""}, False, "the image starts uv, and has none on its PATH"),
        ({"uv": "opt/bin"}, False, "the image starts uv, and has none on its PATH"),
        ({"user": "nobody-knows"}, None, "nothing says who the user 'nobody-knows' is"),
        ({"user": "4242", "folders": ()}, False,
         ("4242 cannot write its cache /.cache/uv: / is not theirs; make it with 'mkdir -p "
         "/.cache/uv && chown 4242 /.cache/uv' or set UV_NO_CACHE=1")),
        ({"command": ("python", "app.py")}, True, "nothing starts uv when the container runs"),
        ({"command": ("python", "uv.py"), "uv": ""}, True,
         "nothing starts uv, and it is not in the image"),
        ({"command": ("sh", "-c", "uv run app"), "mode": 0o700}, False, "app may not execute it"),
        ({"passwd": None, "user": ""}, True, "root can write its cache /root/.cache/uv"),
    ],
)  # fmt: skip
def test_uv(options: dict[str, Any], works: bool | None, detail: str) -> None:
    answer = examine(image(**options))
    assert (answer.works, answer.detail) == (works, detail)


def test_numbers_of_users_that_no_system_has() -> None:
    long = "9" * 5_000
    for passwd in (None, f"a:x:{long}:{long}::/:/bin/sh\n".encode()):
        answer = examine(image(user=f"{long}:{long}", passwd=passwd))
        unknown = examine(image(user="who:who", passwd=None))
        assert answer.detail == unknown.detail.replace("who:who", f"{long}:{long}")


def test_a_cache_at_the_end_of_a_long_way() -> None:
    answer = examine(image(env=(f"UV_CACHE_DIR=/{'a/' * 500_000}",)))
    assert (answer.works, answer.place) == (False, "/")


def test_links_on_the_way_to_uv_and_to_its_cache() -> None:
    links = [
        Entry("", "bin", Kind.SYMLINK, 0, (0o777, 0, 0), 1, "usr/bin", None),
        Entry("", "var", Kind.SYMLINK, 0, (0o777, 0, 0), 1, "/data", None),
    ]
    there = image(
        uv="usr/bin",
        folders=(("data", 0o777, 0),),
        env=("PATH=/bin", "UV_CACHE_DIR=/var/cache"),
        links=links,
    )
    answer = examine(there)
    assert (answer.works, answer.place) == (True, "/usr/bin/uv")
