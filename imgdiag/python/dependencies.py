"""An image's environments with their graphs, for the commands that show these alone."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from imgdiag import sources
from imgdiag.errors import ImgdiagError
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import merge
from imgdiag.image import ImageConfig
from imgdiag.python.environments import Environment
from imgdiag.python.graph import Graph
from imgdiag.python.roots import Roots
from imgdiag.sources import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """One environment: who requires whom, who asked for it, and what each has and keeps.

    `own_bytes` and `retained_bytes` are by name: what a distribution has, and what goes with it.
    `versions` has several where a broken upgrade left them. `in_use` tells whether the image's
    program imports from here, None when nothing tells.
    """

    environment: Environment
    in_use: bool | None
    graph: Graph
    roots: Roots
    versions: Mapping[str, str]
    own_bytes: Mapping[str, int]
    retained_bytes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDependencies:
    """The environments of an image that hold distributions, those in use first."""

    reference: str
    source: str
    route: str
    config: ImageConfig
    environments: tuple[Dependencies, ...]
    warnings: tuple[str, ...]


def read_dependencies(
    reference: str, request: Request, *, environment: str | None = None
) -> ImageDependencies:
    """Read the image that `reference` names; `environment` chooses one by its path.

    Raises ImgdiagError, also when there is no such environment.
    """
    image = sources.load_layers(reference, request)
    filesystem = merge([layer.content for layer in image.layers], limits=image.limits)
    facts = Facts(config=image.config, filesystem=filesystem)
    found = dependencies_of(facts)
    if environment is not None:
        found = _chosen(found, environment)
    missing = (
        f"layer {index} could not be read, and is left out: {layer.problem}"
        for index, layer in enumerate(image.layers)
        if layer.content is None
    )
    return ImageDependencies(
        reference=image.reference,
        source=image.source,
        route=image.route,
        config=image.config,
        environments=tuple(found),
        warnings=(*missing, *_warnings(found)),
    )


def dependencies_of(facts: Facts) -> list[Dependencies]:
    """Return the environments that hold distributions: those in use first, then the largest."""
    found = (_dependencies(facts, each) for each in facts.environments)
    return sorted(
        (each for each in found if each.versions),
        key=lambda each: (
            each.in_use is not True,
            -sum(each.own_bytes.values()),
            each.environment.path,
        ),
    )


def with_packages(
    image: ImageDependencies, packages: Iterable[str]
) -> tuple[ImageDependencies, tuple[str, ...]]:
    """Return the environments that hold all of `packages`, and their names, normalised.

    Raises ImgdiagError, with the name that comes nearest, when one is installed nowhere.
    """
    names = tuple(dict.fromkeys(canonicalize_name(each.partition("[")[0]) for each in packages))
    known = sorted({name for each in image.environments for name in each.versions})
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            hint = f"Did you mean {near[0]!r}?" if near else "See 'imgdiag tree' for what there is"
            raise ImgdiagError(f"no Python package {name!r} is installed in the image", hint=hint)
    holding = tuple(
        each for each in image.environments if all(name in each.versions for name in names)
    )
    if not holding:
        raise ImgdiagError(f"no environment holds all of {', '.join(names)}")
    return replace(image, environments=holding), names


def _dependencies(facts: Facts, environment: Environment) -> Dependencies:
    path = environment.path
    graph = facts.graphs[path]
    own: dict[str, int] = defaultdict(int)
    versions: dict[str, list[str]] = defaultdict(list)
    for each in facts.distributions:
        if each.environment.path == path:
            own[each.name] += each.bytes
            versions[each.name].append(each.version)
    return Dependencies(
        environment=environment,
        in_use=facts.uses.environments[path].in_use,
        graph=graph,
        roots=facts.roots[path],
        versions={name: ", ".join(sorted(set(each))) for name, each in versions.items()},
        own_bytes=own,
        retained_bytes=graph.retained_bytes(own),
    )


def _chosen(found: list[Dependencies], path: str) -> list[Dependencies]:
    wanted = path.strip("/")
    chosen = [each for each in found if wanted in (each.environment.prefix, each.environment.path)]
    if not chosen:
        known = ", ".join(f"/{each.environment.prefix}" for each in found) or "none"
        raise ImgdiagError(f"there is no Python environment /{wanted}", hint=f"There is: {known}")
    return chosen


def _warnings(found: list[Dependencies]) -> Iterator[str]:
    for each in found:
        yield from (f"/{each.environment.path}: {text}" for text in each.graph.warnings)
