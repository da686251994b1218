"""Which blob of a store is which: Docker's manifest.json first, else OCI's index."""

from __future__ import annotations

from collections.abc import Iterable

from imgdiag.errors import CorruptImage
from imgdiag.layers.tar import NO_END_MARK
from imgdiag.sources.base import Request
from imgdiag.sources.docker_manifest import docker_entries, from_docker
from imgdiag.sources.oci_index import from_directory, from_index
from imgdiag.sources.store import BlobStore, Layout


def find_image(store: BlobStore, request: Request) -> Layout:
    """Return the one image of `store` that `request` chooses.

    Raises NotFound when there is none, ImgdiagError when several fit, since picking one silently
    would be an answer about another image than the user's; CorruptImage when the store is no
    image layout or contradicts itself.
    """
    docker = docker_entries(store) if request.layout != "oci" else []
    if docker:
        return from_docker(store, docker, request)
    if request.layout == "docker":
        raise CorruptImage(
            "is not an archive of 'docker save': no manifest.json names an image",
            hint="Leave the prefix out, or use oci-archive:",
        )
    if "index.json" in store:
        return from_index(store, request)
    if request.layout == "oci":
        raise CorruptImage(
            "is not an OCI layout: it holds no index.json",
            hint="Leave the prefix out, or use docker-archive:",
        )
    if "manifest.json" in store:
        return from_directory(store, request)
    raise CorruptImage(
        "is not an image: it holds neither manifest.json nor index.json",
        hint="Make an archive with 'docker save TAG -o image.tar'; "
        "a plain file system must first be imported with 'docker import'",
    )


def refuse_cut_archive(layout: Layout, warnings: Iterable[str]) -> None:
    """Raise CorruptImage when an archive without an end lacks a layer: it was cut between two."""
    if NO_END_MARK in warnings and any(layer.name is None for layer in layout.layers):
        raise CorruptImage(
            "the archive is cut short: it has no end, and layers are missing",
            hint="The file is incomplete: save or download it again",
        )
