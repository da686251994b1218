"""The Python environments of an image: every folder that distributions are installed in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from imgdiag.filesystem import Directory, File, Filesystem, join, resolve
from imgdiag.python.interpreters import Interpreter, in_store
from imgdiag.scanner.usage import Usage

PACKAGE_FOLDERS = frozenset(("site-packages", "dist-packages"))
# Kinds of environments that only others' interpreters use.
WITHOUT_INTERPRETER = frozenset(("prefix", "pypackages", "target", "user"))
_METADATA = (".dist-info", ".egg-info")
_VERSION = re.compile(r"/python(\d+\.\d+)t?/(?:site|dist)-packages$")
# Debian's system environment has a second folder in local/, called dist-packages.
_LIBRARY = re.compile(
    r"(^|/)(local/lib/python[^/]*/dist-packages|lib(64)?/(pypy|python)[^/]*/[^/]+)$"
)
_PYPACKAGES = re.compile(r"(?P<prefix>(?:^|.*/)__pypackages__/(?P<version>\d+\.\d+))/lib")
_SYSTEM_PREFIXES = frozenset(("", "usr", "usr/local"))
# Where tools put what they make; a pyvenv.cfg names uv and virtualenv itself.
_CREATORS = (
    ("poetry", re.compile(r"/pypoetry/virtualenvs/")),
    ("pipenv", re.compile(r"/share/virtualenvs/")),
    ("uv", re.compile(r"/uv/(?:python|tools)/")),
    ("pyenv", re.compile(r"/\.?pyenv/versions/")),
    ("pipx", re.compile(r"/pipx/venvs/")),
    ("pdm", re.compile(r"/__pypackages__/")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One folder of installed distributions.

    `path` is that folder, `prefix` what it belongs to (a virtual environment's root). `kind` is

    - venv: a virtual environment, whoever made it
    - conda: an environment of conda's, mamba's or pixi's
    - system: the interpreter's in /usr or /usr/local
    - standalone: an interpreter's of its own elsewhere, such as pyenv's or uv's
    - user: of `pip install --user`
    - prefix: of `pip install --prefix`, without an interpreter
    - pypackages: PEP 582's, as PDM makes them
    - target: of `pip install --target`

    `creator` is the tool that made it where that can be told, else "". `python_version` is such
    as "3.11", None when nothing says.
    """

    path: str
    prefix: str
    kind: str
    python_version: str | None
    creator: str = ""


def find_environments(
    filesystem: Filesystem, usage: Usage, interpreters: Sequence[Interpreter]
) -> tuple[Environment, ...]:
    """Return the environments, in the order of their paths; empty package folders are left out."""
    by_prefix: dict[str, list[Interpreter]] = defaultdict(list)
    for each in interpreters:
        by_prefix[each.prefix].append(each)
    versions = {each.version for each in interpreters}
    only = next(iter(versions)) if len(versions) == 1 else None
    return tuple(
        _environment(filesystem, path, by_prefix, only)
        for path in sorted(set(_package_folders(usage)))
    )


def _package_folders(usage: Usage) -> Iterator[str]:
    for name in PACKAGE_FOLDERS:
        for path, directory in usage.named.get(name, ()):
            if directory.children and not in_store(path):
                yield path
    # Folders made by `pip install --target` are known by the metadata in them alone.
    for name, found in usage.named.items():
        if not name.endswith(_METADATA):
            continue
        for path, directory in found:
            parent = path.rpartition("/")[0]
            parts = set(parent.split("/"))
            if not parts & PACKAGE_FOLDERS and not in_store(path) and _is_installed(directory):
                yield parent


def _is_installed(metadata: Directory) -> bool:
    """Tell an installed distribution's metadata from what a build leaves in a source tree."""
    names = metadata.children.keys()
    return "METADATA" in names or {"PKG-INFO", "installed-files.txt"} <= names


def _environment(
    filesystem: Filesystem,
    path: str,
    interpreters: Mapping[str, Sequence[Interpreter]],
    only_version: str | None,
) -> Environment:
    """Describe a folder. `interpreters` are by their prefixes, all of `only_version` or of two."""
    match = _VERSION.search(f"/{path}")
    version = match[1] if match else None
    is_library = path.rpartition("/")[2] in PACKAGE_FOLDERS
    prefix = _LIBRARY.sub("", path) if is_library else path
    creator = next((name for name, where in _CREATORS if where.search(f"/{path}/")), "")
    configuration = read_configuration(filesystem, prefix)
    own = interpreters.get(prefix, ())
    if configuration:
        kind = "venv"
        version = version or _short(
            configuration.get("version", configuration.get("version_info", ""))
        )
        creator = creator or next(
            (name for name in ("uv", "virtualenv") if name in configuration), ""
        )
    elif isinstance(filesystem.find(join(prefix, "conda-meta")), Directory):
        kind = "conda"
    elif prefix.endswith("/.local"):
        kind = "user"
    elif pypackages := _PYPACKAGES.fullmatch(path):
        kind, prefix, version = "pypackages", pypackages["prefix"], pypackages["version"]
    elif not is_library:
        kind = "target"
    elif prefix in _SYSTEM_PREFIXES:
        kind = "system"
    else:
        kind = "standalone" if own else "prefix"
    return Environment(
        path=path,
        prefix=prefix,
        kind=kind,
        python_version=version or (_version_of(filesystem, prefix, own) if own else only_version),
        creator=creator,
    )


def read_configuration(filesystem: Filesystem, prefix: str) -> dict[str, str]:
    """Return the settings of a virtual environment's pyvenv.cfg, empty without one.

    The keys are in lower case, as Python's `site` module compares them.
    """
    file = filesystem.find(join(prefix, "pyvenv.cfg"))
    if not isinstance(file, File):
        return {}
    text = (file.content or b"").decode("utf-8", "replace")
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    settings = {key.strip().lower(): value.strip() for key, _, value in pairs}
    return settings or {"": ""}  # it marks a virtual environment, whatever stands in it


def _version_of(
    filesystem: Filesystem, prefix: str, interpreters: Iterable[Interpreter]
) -> str | None:
    """Return the version of a prefix's Python.

    The only one there is; else what the prefix's bin/python3 leads to, as for Debian's
    usr/lib/python3, which may lie beside two interpreters.
    """
    by_program = {each.path: each.version for each in interpreters}
    if len(set(by_program.values())) == 1:
        return next(iter(by_program.values()))
    default = resolve(filesystem.root, join(prefix, "bin/python3"))
    return by_program.get(default[0]) if default else None


def _short(version: str) -> str | None:
    match = re.match(r"\d+\.\d+", version)
    return match[0] if match else None
