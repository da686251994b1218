"""pyproject.toml: what a project asks for, and from which indexes.

Sources: PyPA specifications "pyproject.toml" and "Dependency Groups"; uv's and Poetry's
documentation for their own tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name

from imgdiag.project.toml import TomlFile, parse_toml, string, strings, table, tables
from imgdiag.python.requires import parse_requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A dependency as it is declared. `name` is normalised (PEP 503).

    `where` is project, optional (of the extra `part`), group (of the dependency group `part`),
    constraint or override. `marker` is "" without one.
    """

    name: str
    text: str
    where: str
    part: str = ""
    marker: str = ""
    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A package index that the project names. Only what is bound to an explicit one uses it."""

    name: str
    url: str
    explicit: bool
    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBinding:
    """A package bound to an index, when `marker` holds, for an extra or a group ("" for all)."""

    name: str
    index: str
    marker: str = ""
    extra: str = ""
    group: str = ""
    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pyproject:
    """What of a pyproject.toml matters to the size of an image. `tool` is uv, poetry or "".

    `members` are those of a workspace of uv, whose root this is.
    """

    file: TomlFile
    name: str
    tool: str
    requires_python: str
    declared: tuple[Declared, ...]
    indexes: tuple[Index, ...]
    bindings: tuple[SourceBinding, ...]
    default_groups: tuple[str, ...]
    members: tuple[Pyproject, ...] = ()

    @property
    def path(self) -> str:
        """Return the path by which messages name the file."""
        return self.file.path

    @property
    def is_workspace(self) -> bool:
        """Tell whether it is the root of a workspace of uv."""
        return "workspace" in table(self.file.values, "tool", "uv")

    def declares(self, name: str) -> tuple[Declared, ...]:
        """Return the declarations of a package that make its source count: members' too.

        In a workspace, sources of the root are for all members.
        """
        return tuple(
            each for of in (self, *self.members) for each in of.declared if each.name == name
        )


def read_pyproject(data: bytes, path: str) -> Pyproject:
    """Read a pyproject.toml. What has a form that no tool accepts is passed over.

    Raises ImgdiagError when it is not valid TOML.
    """
    file = parse_toml(data, path)
    values = file.values
    poetry = table(values, "tool", "poetry")
    uv = table(values, "tool", "uv")
    return Pyproject(
        file=file,
        name=string(table(values, "project"), "name") or string(poetry, "name"),
        tool=next((each for each in ("uv", "poetry") if each in table(values, "tool")), ""),
        requires_python=string(table(values, "project"), "requires-python"),
        declared=(*_declared(file), *_poetry_declared(file, poetry)),
        indexes=(*_uv_indexes(file, uv), *_poetry_indexes(file, poetry)),
        bindings=(*_uv_bindings(file, uv), *_poetry_bindings(file, poetry)),
        default_groups=_default_groups(uv, values),
    )


# Of dependencies: the `where` and the `part` of what they declare, and where in the file they are.
_Place = tuple[str, str, tuple[str, ...]]


def _declared(file: TomlFile) -> Iterator[Declared]:
    for values, (where, part, place) in _lists(file):
        first = file.line(*place)
        for text in strings(values):
            parsed = parse_requirement(text)
            if parsed is not None:
                yield Declared(
                    name=canonicalize_name(parsed.name),
                    text=text,
                    where=where,
                    part=part,
                    marker=str(parsed.marker or ""),
                    path=file.path,
                    line=first and (file.line_with(text, first) or first),
                )


def _lists(file: TomlFile) -> Iterator[tuple[Any, _Place]]:
    """Yield the lists of dependencies, uv's among them."""
    project = table(file.values, "project")
    yield project.get("dependencies"), ("project", "", ("project", "dependencies"))
    for extra, values in table(project, "optional-dependencies").items():
        place = ("project", "optional-dependencies", extra)
        yield values, ("optional", canonicalize_name(extra), place)
    for group, values in table(file.values, "dependency-groups").items():
        yield values, ("group", canonicalize_name(group), ("dependency-groups", group))
    uv = table(file.values, "tool", "uv")
    for key, where, part in (
        ("dev-dependencies", "group", "dev"),
        ("constraint-dependencies", "constraint", ""),
        ("override-dependencies", "override", ""),
    ):
        yield uv.get(key), (where, part, ("tool", "uv", key))


def _poetry_declared(file: TomlFile, poetry: Mapping[str, Any]) -> Iterator[Declared]:
    for wanted, (where, part, place) in _poetry_tables(poetry):
        for name, value in wanted.items():
            if name == "python":
                continue
            details = value if isinstance(value, Mapping) else {}
            version = value if isinstance(value, str) else string(details, "version")
            yield Declared(
                name=canonicalize_name(name),
                text=f"{name} {version}".strip(),
                where=where,
                part=part,
                marker=string(details, "markers"),
                path=file.path,
                line=file.line(*place, name),
            )


def _poetry_tables(poetry: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], _Place]]:
    """Yield Poetry's own tables of dependencies."""
    root = ("tool", "poetry")
    yield table(poetry, "dependencies"), ("project", "", (*root, "dependencies"))
    yield table(poetry, "dev-dependencies"), ("group", "dev", (*root, "dev-dependencies"))
    for group, values in table(poetry, "group").items():
        place = (*root, "group", group, "dependencies")
        yield table(values, "dependencies"), ("group", canonicalize_name(group), place)


def _uv_indexes(file: TomlFile, uv: Mapping[str, Any]) -> Iterator[Index]:
    for number, each in enumerate(tables(uv.get("index"))):
        yield Index(
            name=string(each, "name"),
            url=string(each, "url"),
            explicit=each.get("explicit") is True,
            path=file.path,
            line=file.line("tool", "uv", "index", number),
        )
    urls = [string(uv, "index-url"), *strings(uv.get("extra-index-url"))]
    for url in filter(None, urls):
        yield Index(name="", url=url, explicit=False, path=file.path, line=file.line_with(url))


def _poetry_indexes(file: TomlFile, poetry: Mapping[str, Any]) -> Iterator[Index]:
    for number, each in enumerate(tables(poetry.get("source"))):
        yield Index(
            name=string(each, "name"),
            url=string(each, "url"),
            explicit=string(each, "priority") == "explicit",
            path=file.path,
            line=file.line("tool", "poetry", "source", number),
        )


def _uv_bindings(file: TomlFile, uv: Mapping[str, Any]) -> Iterator[SourceBinding]:
    for name, values in table(uv, "sources").items():
        for each in tables(values):
            if index := string(each, "index"):
                yield SourceBinding(
                    name=canonicalize_name(name),
                    index=index,
                    marker=string(each, "marker"),
                    extra=string(each, "extra"),
                    group=string(each, "group"),
                    path=file.path,
                    line=file.line("tool", "uv", "sources", name),
                )


def _poetry_bindings(file: TomlFile, poetry: Mapping[str, Any]) -> Iterator[SourceBinding]:
    for wanted, (_, _, place) in _poetry_tables(poetry):
        for name, value in wanted.items():
            for each in tables(value):
                if index := string(each, "source"):
                    yield SourceBinding(
                        name=canonicalize_name(name),
                        index=index,
                        marker=string(each, "markers"),
                        path=file.path,
                        line=file.line(*place, name),
                    )


def _default_groups(uv: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the groups that `uv sync` installs when nothing is said: dev, unless set otherwise."""
    groups: set[str] = {canonicalize_name(each) for each in table(values, "dependency-groups")}
    groups |= {"dev"} if "dev-dependencies" in uv else set()
    wanted = uv.get("default-groups")
    if wanted == "all":
        return tuple(sorted(groups))
    chosen = strings(wanted) if isinstance(wanted, list) else ["dev"]
    return tuple(sorted({canonicalize_name(each) for each in chosen} & groups))
