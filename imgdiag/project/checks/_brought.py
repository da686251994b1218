"""What the instructions of an image bring into it, as far as a Dockerfile tells."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from imgdiag.finding import WARNING_BYTES
from imgdiag.project.checks._environments import made_by
from imgdiag.project.checks._tools import cache_of, call, runs_of
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, covers

# Endings of files that are small whenever they are there.
_TEXTS = frozenset(
    (".cfg", ".conf", ".crt", ".env", ".ini", ".json", ".lock", ".md", ".pem", ".py", ".sh",
     ".toml", ".txt", ".yaml", ".yml")
)  # fmt: skip
_APT = ("/var/lib/apt/lists", "/var/cache/apt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A file or a folder that an instruction brings; `whole` tells that all in it is from there."""

    placed: Placed
    path: str
    whole: bool


def copied(project: Project, placed: Placed) -> Iterator[Brought]:
    """Yield what a COPY or an ADD brings."""
    if placed.instruction.word not in ("COPY", "ADD"):
        return
    *sources, target = placed.instruction.arguments
    where = placed.scope.path(target)
    for source in sources:
        if source.startswith("<<"):
            continue
        name = posixpath.basename(source.rstrip("/*"))
        if not _is_folder(project, placed, source):
            into = len(sources) > 1 or target.endswith("/") or target == "."
            yield Brought(
                placed=placed, path=posixpath.join(where, name) if into else where, whole=True
            )
        elif "--parents" in placed.instruction.flags:
            yield Brought(placed=placed, path=posixpath.join(where, source), whole=True)
        else:  # a folder's content
            own = where != placed.scope.working_directory and target not in (".", "./", "/")
            yield Brought(placed=placed, path=where, whole=own)


def _is_folder(project: Project, placed: Placed, source: str) -> bool:
    if source.rstrip("/") in (".", "") or source.endswith("/"):
        return True
    if not placed.instruction.flag("from") and (path := project.in_context(source)):
        return path.is_dir()
    name = posixpath.basename(source)
    return "." not in name.lstrip(".") and "*" not in name


def brought_by(project: Project, placed: Placed) -> Iterator[Brought]:
    """Yield what an instruction brings: copies, environments, caches of package managers."""
    yield from copied(project, placed)
    yield from made(placed)
    if any(call(ran.command)[0] in ("apt", "apt-get") for ran in placed.ran):
        yield from (Brought(placed=placed, path=path, whole=True) for path in _APT)
    for tool, subs in (("pip", ("install",)), ("uv", ("sync", "pip install")), ("npm", ("ci",))):
        for ran in runs_of(placed, tool, *subs)[:1]:
            if (cache := cache_of(tool, placed, ran)) and not placed.may_mount(
                cache, "cache", "tmpfs"
            ):
                yield Brought(placed=placed, path=cache, whole=True)


def made(placed: Placed) -> Iterator[Brought]:
    """Yield what a RUN makes that is surely large: environments, and repositories."""
    for path in made_by(placed):
        yield Brought(placed=placed, path=path, whole=True)
    for ran in placed.ran:
        words = ran.command.arguments[1:]
        url = next((word for word in words if "://" in word or word.startswith("git@")), "")
        if call(ran.command) == ("git", "clone") and url:
            after = words[words.index(url) + 1 :]
            name = after[0] if after else posixpath.basename(url).removesuffix(".git")
            yield Brought(placed=placed, path=placed.path(name, ran), whole=True)


def is_small(project: Project, brought: Brought, path: str = "") -> bool:
    """Tell whether what was brought, or `path` of it, is known to be too little to speak of."""
    instruction = brought.placed.instruction
    if instruction.word == "RUN":
        return False
    inside = posixpath.relpath(path, brought.path) if path and covers(brought.path, path) else "."
    known = 0
    for source in instruction.arguments[:-1]:
        name = posixpath.normpath(posixpath.join(source.lstrip("/"), inside))
        if not instruction.flag("from"):
            size = sum(
                file.bytes
                for file in project.context
                if name == "." or file.path == name or file.path.startswith(f"{name}/")
            )
            if size >= WARNING_BYTES:
                return False
            known += project.in_context(name) is not None
        known += posixpath.splitext(name)[1] in _TEXTS
    return known > 0


def exists_in_context(project: Project, brought: Brought, path: str) -> bool:
    """Tell whether `path` was copied from the context with `brought`: it lies there."""
    if brought.placed.instruction.flag("from"):
        return False
    inside = posixpath.relpath(path, brought.path)
    sources = brought.placed.instruction.arguments[:-1]
    return any(project.in_context(posixpath.join(source, inside)) for source in sources)
