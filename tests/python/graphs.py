"""Environments in memory, by their metadata alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.utils import canonicalize_name

from imgdiag.image import Platform
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment
from imgdiag.python.graph import Graph
from imgdiag.python.requires import Requires
from imgdiag.python.root import Origin, Root

LINUX = Platform("linux", "amd64")


def environment(version: str | None = "3.11", path: str = "x") -> Environment:
    return Environment(path=path, prefix="x", kind="system", python_version=version)


def installed(
    name: str,
    requirements: Sequence[str] = (),
    *,
    version: str = "1.0",
    missing: int = 0,
    where: Environment | None = None,
) -> Distribution:
    return Distribution(
        name=canonicalize_name(name),
        version=version,
        environment=where or environment(),
        metadata_path=f"{name}-{version}.dist-info",
        installer="",
        requirements=tuple(requirements),
        evidence="record",
        files={},
        bytes=0,
        missing=missing,
    )


def requires_of(
    requirements: Mapping[str, Sequence[str]],
    *,
    versions: Mapping[str, str] | None = None,
    platform: Platform = LINUX,
    python: str | None = "3.11",
) -> Requires:
    where = environment(python)
    return Requires(
        [
            installed(name, needs, version=(versions or {}).get(name, "1.0"), where=where)
            for name, needs in requirements.items()
        ],
        platform,
    )


def graph_of(requirements: Mapping[str, Sequence[str]], *asked: Root) -> Graph:
    return Graph(requires_of(requirements), asked)


def root(text: str, *, origin: Origin = Origin.PROJECT, dev: bool = False) -> Root:
    """Return what asks for `name` or `name[extra,other]`."""
    name, _, extras = text.rstrip("]").partition("[")
    return Root(
        name=name, extras=tuple(extras.split(",")) if extras else (), origin=origin, dev=dev
    )


def names(roots: Sequence[Root]) -> list[str]:
    return [f"{each.name}[{','.join(each.extras)}]" if each.extras else each.name for each in roots]
