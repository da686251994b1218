"""What the instructions of an image bring into it, as far as a Dockerfile tells."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from imgdiag.finding import WARNING_BYTES
from imgdiag.project.checks._environments import SYSTEM, made_by, of_pip
from imgdiag.project.checks._tools import CONDA, call, installs, runs_of
from imgdiag.project.project import Project
from imgdiag.project.runs import Placed, covers

# Endings of files that are small whenever they are there.
_TEXTS = frozenset(
    (".cfg", ".conf", ".crt", ".env", ".ini", ".json", ".lock", ".md", ".pem", ".py", ".sh",
     ".toml", ".txt", ".yaml", ".yml")
)  # fmt: skip
_APT = "/var/cache/apt"


ANY = "\1"  # stands for a file of which only the folder is known
# Folders that the base image has something in, too.
_SHARED = frozenset(("/", "/home", "/opt", "/opt/conda", "/root", "/srv", "/usr", "/usr/local"))
PACKAGES = "lib/python3.*/*-packages"
_ENVIRONMENT_NAMES = frozenset((".local", ".venv", "conda", "env", "local", "venv", "virtualenv"))
# What is in every environment, below its prefix.
_PACKAGE = f"{PACKAGES}/package"
_ENVIRONMENT = (
    *(
        f"{_PACKAGE}/{name}"
        for name in (
            "module.py", "module.pyi", "module.c", "module.h", "module.pyx", "module.so",
            "module.pyc", "README.md", "README.rst", "LICENSE", "__pycache__/module.pyc",
            "doc/a.txt", "docs/a.txt", "examples/a.py", "test/test_a.py", "tests/test_a.py",
        )
    ),
    f"{_PACKAGE}-1.0.dist-info/RECORD",
)  # fmt: skip

_CONDA = (*_ENVIRONMENT, "lib/library.a", "share/jupyter/module.js.map")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A file or a folder that an instruction brings; `whole` tells that all in it is from there.

    `source` is what a COPY or an ADD takes it from. `holds` are paths in it that are known, each
    segment a name or a pattern.
    """

    placed: Placed
    path: str
    whole: bool
    source: str = ""
    holds: tuple[str, ...] = (ANY,)


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
            path, whole = posixpath.join(where, name) if into else where, True
        elif "--parents" in placed.instruction.flags:
            path, whole = posixpath.join(where, source), True
        else:  # a folder's content
            path = where
            own = where != placed.scope.working_directory and target not in (".", "./", "/")
            whole = own and where not in _SHARED
        yield Brought(
            placed=placed,
            path=path,
            whole=whole,
            source=source,
            holds=(*_held_by(project, placed, source), ANY),
        )


def _held_by(project: Project, placed: Placed, source: str) -> tuple[str, ...]:
    """Return what is known of a folder that is copied from another stage."""
    stage = project.source_of(placed)
    if not placed.instruction.flag("from"):
        return ()
    folder = posixpath.normpath(posixpath.join("/", source))
    if folder.endswith("-packages"):
        return tuple(path.removeprefix(f"{PACKAGES}/") for path in _ENVIRONMENT)
    if posixpath.basename(folder) in _ENVIRONMENT_NAMES:
        return _ENVIRONMENT
    inside = [
        posixpath.relpath(environment, folder)
        for other in project.built
        if stage is not None and other.stage is stage
        for environment in (*made_by(other), *_prefixes(other))
        if covers(folder, environment)
    ]
    return tuple(posixpath.join(each, path) for each in inside for path in _ENVIRONMENT)


def _is_folder(project: Project, placed: Placed, source: str) -> bool:
    if source.rstrip("/") in (".", "") or source.endswith("/"):
        return True
    if not placed.instruction.flag("from") and (path := project.in_context(source)):
        return path.is_dir()
    name = posixpath.basename(source)
    return "." not in name.lstrip(".") and "*" not in name


def _prefixes(placed: Placed) -> Iterator[str]:
    """Yield where `pip install --prefix` puts what it installs, to be copied from there."""
    for ran in runs_of(placed, "pip", "install"):
        if prefix := ran.command.value("--prefix"):
            yield placed.path(prefix, ran)


def brought_by(project: Project, placed: Placed) -> Iterator[Brought]:
    """Yield what an instruction brings: copies, environments, apt's downloads.

    apt's lists and the caches of pip and others are left out: they have checks of their own.
    """
    yield from copied(project, placed)
    yield from made(placed)
    for ran in runs_of(placed, "pip", "install")[:1]:
        if of_pip(placed, ran) == SYSTEM:
            yield Brought(placed=placed, path=SYSTEM, whole=False, holds=_ENVIRONMENT)
    if any(call(ran.command)[0] in CONDA and installs(ran.command) for ran in placed.ran):
        yield Brought(placed=placed, path="/opt/conda", whole=False, holds=_CONDA)
    if any(call(ran.command)[0] in ("apt", "apt-get") for ran in placed.ran):
        yield Brought(placed=placed, path=_APT, whole=True)


def made(placed: Placed) -> Iterator[Brought]:
    """Yield what a RUN makes that is surely large: environments, and repositories."""
    for path in made_by(placed):
        yield Brought(placed=placed, path=path, whole=True, holds=(*_ENVIRONMENT, ANY))
    for ran in placed.ran:
        words = ran.command.arguments[1:]
        url = next((word for word in words if "://" in word or word.startswith("git@")), "")
        if call(ran.command) == ("git", "clone") and url:
            after = words[words.index(url) + 1 :]
            name = after[0] if after else posixpath.basename(url).removesuffix(".git")
            holds = (".git/objects/pack/pack", ANY)
            yield Brought(placed=placed, path=placed.path(name, ran), whole=True, holds=holds)


def is_small(project: Project, brought: Brought, path: str = "") -> bool:
    """Tell whether what was brought, or `path` of it, is known to be too little to speak of."""
    if not brought.source:
        return False
    inside = posixpath.relpath(path, brought.path) if path and covers(brought.path, path) else "."
    name = posixpath.normpath(posixpath.join(brought.source.lstrip("/"), inside))
    if not brought.placed.instruction.flag("from") and project.in_context(name) is not None:
        return sum(size for _, size in _below(project, name)) < WARNING_BYTES
    return posixpath.splitext(name)[1] in _TEXTS


def exists_in_context(project: Project, brought: Brought, path: str) -> bool:
    """Tell whether `path` was copied from the context with `brought`: it lies there."""
    if not brought.source or brought.placed.instruction.flag("from"):
        return False
    inside = posixpath.relpath(path, brought.path)
    return project.in_context(posixpath.join(brought.source, inside)) is not None


def known_files(project: Project, brought: Brought) -> tuple[tuple[str, int], ...] | None:
    """Return the files that a COPY takes from the context: where they are then, and their bytes.

    None for what is not from there, or is named by a pattern.
    """
    name = posixpath.normpath(brought.source.lstrip("/") or ".")
    if not brought.source or brought.placed.instruction.flag("from"):
        return None
    if project.in_context(name) is None:
        return None
    return tuple(
        (posixpath.normpath(posixpath.join(brought.path, inside)), size)
        for inside, size in _below(project, name)
    )


def _below(project: Project, name: str) -> Iterator[tuple[str, int]]:
    """Yield the files of the context at `name` or below it, by their paths from there."""
    for file in project.context:
        if file.path == name:
            yield "", file.bytes
        elif name == ".":
            yield file.path, file.bytes
        elif file.path.startswith(f"{name}/"):
            yield file.path[len(name) + 1 :], file.bytes
