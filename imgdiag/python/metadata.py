"""What an installed distribution's own metadata says, before files are attributed.

Sources: the PyPA specifications "Recording installed projects" (RECORD, INSTALLER), "Recording
the Direct URL Origin of installed distributions" and "Core metadata"; setuptools' documentation
for egg-info, .egg folders and .egg-link.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from packaging.utils import canonicalize_name

from imgdiag.filesystem import Directory, File, Filesystem, Node, join, resolve
from imgdiag.python.environments import Environment

_METADATA_FILES = ("METADATA", "PKG-INFO")
_SUFFIXES = (".dist-info", ".egg-info", ".egg", ".egg-link")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metadata:
    """One distribution's metadata as it lies on disk.

    `path` is what stands for it in its environment: its dist-info, egg-info or .egg folder, or
    the file that links to its source. `file` is the core metadata itself. `named` are the paths
    of its files relative to `base`, None when nothing names them, and `evidence` what does.
    `direct_url` says where it came from when not from an index.
    """

    environment: Environment
    path: str
    file: File | None
    name: str
    version: str
    installer: str
    requirements: tuple[str, ...]
    direct_url: str
    is_editable: bool
    evidence: str
    base: str
    named: tuple[str, ...] | None
    trees: tuple[str, ...]  # what is its own for lack of a list, by path in the image


def read_environment(filesystem: Filesystem, environment: Environment) -> Iterator[Metadata]:
    """Yield the distributions of an environment, in the order of their metadata's paths."""
    directory = filesystem.find(environment.path)
    if not isinstance(directory, Directory):
        return
    for name in sorted(directory.children):
        if name.endswith(_SUFFIXES):
            node = directory.children[name]
            if name.endswith(".egg-link"):
                metadata = _linked(filesystem, environment, name, node)
            elif isinstance(node, Directory):
                metadata = _of_folder(environment, name, node)
            elif isinstance(node, File) and name.endswith(".egg-info"):
                metadata = _read(environment, name, None, node)
            else:  # a zipped egg, or a link
                metadata = None
            if metadata is not None:
                yield metadata


def _of_folder(environment: Environment, name: str, folder: Directory) -> Metadata | None:
    if not name.endswith(".egg"):
        return _read(environment, name, folder)
    inside = folder.children.get("EGG-INFO")
    return _read(environment, name, inside) if isinstance(inside, Directory) else None


def _linked(
    filesystem: Filesystem, environment: Environment, name: str, link: Node
) -> Metadata | None:
    """Return what `setup.py develop` installed: the link leads to the source tree."""
    source = text_of(link).partition("\n")[0].strip()
    found = resolve(filesystem.root, source) if source.startswith("/") else None
    if found is None or not isinstance(found[1], Directory):
        return None
    wanted = canonicalize_name(name.removesuffix(".egg-link"))
    for child, node in found[1].children.items():
        stem = child.removesuffix(".egg-info")
        if stem != child and canonicalize_name(stem) == wanted and isinstance(node, Directory):
            return _read(environment, name, node, source=f"file:///{found[0]}")
    return None


def _read(
    environment: Environment,
    name: str,
    folder: Directory | None,
    file: File | None = None,
    source: str = "",
) -> Metadata:
    path = join(environment.path, name)
    if folder is not None:
        file = next(filter(None, (_child(folder, each) for each in _METADATA_FILES)), None)
    headers = headers_of(text_of(file))
    stem_name, _, stem_version = name.rpartition(".")[0].partition("-")
    requirements = headers.get("requires-dist", [])
    if not requirements:
        requirements = list(_egg_requirements(_text_in(folder, "requires.txt")))
    title = canonicalize_name(_one_line(_first(headers, "name") or stem_name))
    url, is_editable = _direct_url(_text_in(folder, "direct_url.json"))
    evidence, base, named = _named_files(environment, path, folder)
    trees: tuple[str, ...] = ()
    if source:
        evidence, base, named, trees = "editable", environment.path, (name,), ()
    elif name.endswith(".egg"):
        evidence, named, trees = "egg", None, (path,)
    elif named is None:
        trees = tuple(_top_level(environment, title, folder))
    return Metadata(
        environment=environment,
        path=path,
        file=file,
        name=title,
        version=_one_line(_first(headers, "version") or stem_version.partition("-")[0]),
        installer=_text_in(folder, "INSTALLER").strip().partition("\n")[0].lower()[:40],
        requirements=tuple(requirements),
        direct_url=source or url,
        is_editable=is_editable or bool(source),
        evidence="editable" if is_editable else evidence,
        base=base,
        named=named,
        trees=trees,
    )


def _named_files(
    environment: Environment, path: str, folder: Directory | None
) -> tuple[str, str, tuple[str, ...] | None]:
    """Return how the files are known, the folder their paths are relative to, and the paths."""
    if record := _text_in(folder, "RECORD"):
        return "record", environment.path, tuple(_record_paths(record))
    if installed := _text_in(folder, "installed-files.txt"):
        return "installed-files", path, tuple(filter(None, installed.splitlines()))
    return "", path, None


def _top_level(environment: Environment, name: str, folder: Directory | None) -> Iterator[str]:
    """Yield the paths that may be a distribution's whose metadata names no files."""
    lines = [line.strip() for line in _text_in(folder, "top_level.txt").splitlines()]
    names = [line for line in lines if line.strip(".") and "/" not in line]
    for top in names or _packages_of_sources(_text_in(folder, "SOURCES.txt"), name):
        for each in (top, f"{top}.py", top.replace("_", ".")):
            yield join(environment.path, each)


def _packages_of_sources(sources: str, name: str) -> list[str]:
    """Return the packages that SOURCES.txt has an `__init__.py` of, else the one so named."""
    packages = re.findall(r"^(?:src/|lib/)?([^/\n.]+)/__init__\.py\r?$", sources, re.MULTILINE)
    return [each for each in packages if each not in _NO_PACKAGES] or [name.replace("-", "_")]


_NO_PACKAGES = frozenset(("doc", "docs", "example", "examples", "test", "tests"))


def _record_paths(record: str) -> Iterable[str]:
    """Return the paths of a RECORD: CSV, but quoted so rarely that a cut at the commas does."""
    lines = record.splitlines()
    if '"' not in record:
        return [line.rsplit(",", 2)[0] for line in lines if line]
    return filter(None, map(_first_field, lines))


def _first_field(line: str) -> str:
    if not line.startswith('"'):
        return line.rsplit(",", 2)[0]
    try:
        return next(csv.reader(io.StringIO(line)), [""])[0]
    except (csv.Error, IndexError):  # a field longer than any path can be
        return ""


def _direct_url(text: str) -> tuple[str, bool]:
    """Return the URL of direct_url.json without what it holds of a password, and `editable`."""
    try:
        value = json.loads(text) if text else {}
        url, editable = value.get("url"), (value.get("dir_info") or {}).get("editable")
        parts = urlsplit(str(url or ""))
    except (ValueError, AttributeError, RecursionError):
        return "", False
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=host, query="", fragment="")), editable is True


def _egg_requirements(text: str) -> Iterator[str]:
    """Yield requires.txt's lines as requirements; a section is an extra, a marker or both."""
    marker = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            extra, _, condition = line[1:-1].partition(":")
            parts = [f'extra == "{extra}"'] if extra else []
            marker = " and ".join([*parts, f"({condition})"] if condition else parts)
        elif line:
            yield f"{line} ; {marker}" if marker else line


def headers_of(text: str) -> dict[str, list[str]]:
    """Return the values of each header by its name in small letters, as `email.parser` would.

    That takes as long to import as all of an image's metadata to parse by this. A folded value
    keeps its line breaks. What follows the first line that is no header may be a long description.
    """
    headers: dict[str, list[str]] = {}
    # No further than the first blank line.
    head = re.sub(r"\r\n?", "\n", re.split(r"\r?\n\r?\n", text, maxsplit=1)[0])
    for header in re.split(r"\n(?![ \t])", head):
        if header.startswith((" ", "\t")):  # folded, and after nothing
            continue
        match = _HEADER.match(header)
        if match is None:
            break
        if match["name"]:
            headers.setdefault(match["name"].lower(), []).append(match["value"])
    return headers


_HEADER = re.compile(r"(?P<name>[!-9;-~]*):[ \t]*(?P<value>.*)", re.DOTALL)


def _first(headers: dict[str, list[str]], name: str) -> str:
    return headers.get(name, [""])[0]


def _one_line(value: str) -> str:
    """Return a header's value without the line breaks that a folded one has."""
    return " ".join(value.split())


def _child(directory: Directory, name: str) -> File | None:
    node = directory.children.get(name)
    return node if isinstance(node, File) else None


def _text_in(folder: Directory | None, name: str) -> str:
    return text_of(folder.children.get(name)) if folder is not None else ""


def text_of(node: Node | None) -> str:
    """Return a captured file's text, "" when there is none."""
    content = node.content if isinstance(node, File) else None
    return (content or b"").decode("utf-8", "replace")
