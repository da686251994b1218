"""What the tree of requirements and the answer to 'why' have in common."""

from __future__ import annotations

from collections.abc import Iterable

from imgdiag.python.dependencies import Dependencies, ImageDependencies
from imgdiag.python.requires import Edge, with_extras
from imgdiag.python.root import Origin, Root
from imgdiag.reports._page import Page
from imgdiag.schema import _dependencies as schema
from imgdiag.schema._common import ImageRead
from imgdiag.schema._dependencies import EnvironmentName
from imgdiag.text import shortened
from imgdiag.units import counted, format_bytes


def head(page: Page, image: ImageDependencies) -> None:
    """Add the line that says which image it is."""
    page.line(
        f"{image.reference}   {image.config.platform}   {image.source}, by {image.route}", bold=True
    )


def environment_line(dependencies: Dependencies) -> str:
    """Return what an environment is, in a line."""
    environment = dependencies.environment
    python = f", Python {environment.python_version}" if environment.python_version else ""
    use = {True: ", in use", False: ", not in use", None: ""}[dependencies.in_use]
    count = len(dependencies.versions)
    return (
        f"/{environment.prefix}   {environment.kind}{python}{use}: "
        f"{counted(count, 'package')}, {format_bytes(sum(dependencies.own_bytes.values()))}"
    )


def asked_line(dependencies: Dependencies) -> str:
    """Return in a sentence who tells what was asked for."""
    if dependencies.roots.project is not None:
        return f"asked for by /{dependencies.roots.project.path}"
    origins = {root.origin for root in dependencies.roots.asked}
    if Origin.FOLDER in origins:
        return "asked for: what was installed from a folder of the image"
    if Origin.COMMAND in origins:
        return "asked for by the image's history"
    if Origin.REQUESTED in origins:
        return "asked for by name, as the installer's REQUESTED marks say"
    return "nothing in the image says what was asked for: at the top is what nothing requires"


def reason(root: Root) -> str:
    """Return why something is there that nothing installed requires, in words."""
    where = {
        Origin.PROJECT: f"asked for in /{root.where}",
        Origin.FOLDER: f"installed from /{root.where}",
        Origin.COMMAND: f"asked for by {shortened(root.where, 60)}",
        Origin.REQUESTED: "asked for by name, as its REQUESTED mark says",
        Origin.INFERRED: f"[{', '.join(root.extras)}] inferred: all that this extra adds is there",
        Origin.UNREQUIRED: "nothing installed requires it",
    }[root.origin]
    if root.group:
        where += f", group {root.group}"
    return f"{where}: {root.text}" if root.text else where


def asked_name(roots: Iterable[Root]) -> str:
    """Return a root's name with all the extras that are asked of it."""
    roots = list(roots)
    extras = sorted({extra for root in roots for extra in root.extras})
    return with_extras(roots[0].name, extras)


def image_json(image: ImageDependencies) -> ImageRead:
    """Return what says which image it is."""
    return {
        "reference": image.reference,
        "id": image.config.id,
        "platform": str(image.config.platform),
        "source": image.source,
        "route": image.route,
    }


def environment_json(dependencies: Dependencies) -> EnvironmentName:
    """Return what says which environment it is, and who tells what was asked for."""
    environment = dependencies.environment
    project = dependencies.roots.project
    return {
        "path": environment.path,
        "prefix": environment.prefix,
        "kind": environment.kind,
        "python_version": environment.python_version,
        "in_use": dependencies.in_use,
        "project": project.path if project else None,
    }


def root_json(root: Root) -> schema.Root:
    """Return one reason for something to be there."""
    return {
        "name": root.name,
        "extras": list(root.extras),
        "origin": root.origin,
        "where": root.where or None,
        "requirement": root.text or None,
        "group": root.group or None,
        "dev": root.dev,
    }


def edge_json(edge: Edge) -> schema.Requirement:
    """Return one requirement that holds, without whose it is."""
    return {
        "name": edge.target,
        "extras": list(edge.extras),
        "by_extra": edge.extra or None,
        "requirement": edge.text,
    }
