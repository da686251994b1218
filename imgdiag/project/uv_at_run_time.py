"""Whether uv works for the user that an image runs as: found, allowed, and with a cache to write.

Sources: uv's documentation, "Caching" (where the cache is) and "Environment variables"; passwd(5).
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory, File, Filesystem, join, resolve
from imgdiag.image import ImageConfig
from imgdiag.python.started import Command
from imgdiag.text import whole_number

_PROGRAMS = ("uv", "uvx")


@dataclass(frozen=True, slots=True)
class UvAnswer:
    """Whether uv works at run time, None when it cannot be told; `place` is a path in the image."""

    works: bool | None
    detail: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class _User:
    name: str
    uid: int
    gids: frozenset[int]
    home: str


def examine(image: Facts) -> UvAnswer:
    """Say whether `image`, when its start command runs uv, can: nothing of it is run."""
    config = image.config
    words = [*config.entrypoint, *config.command]
    wanted = any(
        posixpath.basename(word) in _PROGRAMS or word.startswith(("uv ", "uvx "))
        for word in " ".join(words).split(" ")
    )
    found = _find_program(image.filesystem, config)
    if not wanted:
        if found is None:
            return UvAnswer(True, "nothing starts uv, and it is not in the image")
        return UvAnswer(True, "nothing starts uv when the container runs", f"/{found[0]}")
    if found is None:
        return UvAnswer(False, "the image starts uv, and has none on its PATH")
    path, program = found
    user = _user(image.filesystem, config)
    if user is None:
        return UvAnswer(None, f"nothing says who the user {config.user!r} is", f"/{path}")
    if not _may(user, program.attributes, 0o1):
        return UvAnswer(False, f"{user.name} may not execute it", f"/{path}")
    if config.environment.get("UV_NO_CACHE", "") not in ("", "0", "false"):
        return UvAnswer(True, "it runs without a cache (UV_NO_CACHE)", f"/{path}")
    cache = config.environment.get("UV_CACHE_DIR") or posixpath.join(
        config.environment.get("XDG_CACHE_HOME") or posixpath.join(user.home, ".cache"), "uv"
    )
    where = _nearest_folder(image.filesystem, cache)
    if _may(user, where[1].attributes, 0o3):
        return UvAnswer(True, f"{user.name} can write its cache {cache}", f"/{path}")
    return UvAnswer(
        False,
        f"{user.name} cannot write its cache {cache}: /{where[0]} is not theirs; make it with "
        f"'mkdir -p {cache} && chown {user.name} {cache}' or set UV_NO_CACHE=1",
        f"/{where[0]}",
    )


def _find_program(filesystem: Filesystem, config: ImageConfig) -> tuple[str, File] | None:
    uv = Command(("uv",), config.working_directory or "/", config.environment)
    for folder in uv.path:
        found = resolve(filesystem.root, join(folder, "uv"))
        if found is not None and isinstance(found[1], File):
            return found[0], found[1]
    return None


def _user(filesystem: Filesystem, config: ImageConfig) -> _User | None:
    """Return the user that the image runs as, None when nothing says who that is."""
    name, _, group = config.user.partition(":")
    name = name or "root"
    own = whole_number(group)
    passwd = filesystem.find("etc/passwd")
    content = passwd.content if isinstance(passwd, File) else None
    for line in (content or b"").decode("utf-8", "replace").splitlines():
        fields = line.split(":")
        if len(fields) < 7 or name not in (fields[0], fields[2]):
            continue
        uid, gid = whole_number(fields[2]), whole_number(fields[3])
        if uid is None or gid is None:
            continue
        gids = frozenset((gid, gid if own is None else own))
        return _User(fields[0], uid, gids, fields[5] or "/")
    if name in ("root", "0"):
        return _User("root", 0, frozenset((0,)), "/root")
    uid = whole_number(name)
    if uid is not None:  # a number without an entry: its home is the root
        return _User(name, uid, frozenset((own or 0,)), "/")
    return None


def _nearest_folder(filesystem: Filesystem, path: str) -> tuple[str, Directory]:
    """Return the folder at `path`, or the nearest above it: whoever may write there can make it."""
    where, folder = "", filesystem.root
    for part in posixpath.normpath(f"/{path}").split("/"):
        found = resolve(filesystem.root, join(where, part))
        if found is None or not isinstance(found[1], Directory):
            break
        where, folder = found[0], found[1]
    return where, folder


def _may(user: _User, attributes: tuple[int, int, int], wanted: int) -> bool:
    """Tell whether a user has all of the permissions `wanted` (1 execute, 2 write, 4 read)."""
    mode, uid, gid = attributes
    if user.uid == 0:
        return not wanted & 0o1 or bool(mode & 0o111) or bool(wanted & 0o2)
    shift = 6 if uid == user.uid else 3 if gid in user.gids else 0
    return (mode >> shift) & wanted == wanted
