"""A store of named blobs, and what of an image is found in one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from imgdiag.errors import CorruptImage
from imgdiag.image import ImageConfig
from imgdiag.limits import Limits

DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


class BlobStore(Protocol):
    """Named blobs: an archive's members or a folder's files."""

    def __contains__(self, name: object) -> bool: ...

    def read(self, name: str) -> bytes:
        """Return a small blob. Raises CorruptImage when it is absent, TooLarge when it is."""

    def size(self, name: str) -> int:
        """Return the size of a blob in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerBlob:
    """Where a layer's bytes are. `name` is None when the store does not hold them."""

    name: str | None
    diff_id: str
    digest: str | None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One image of a store: its config and its layers' blobs, oldest first."""

    names: tuple[str, ...]
    config: ImageConfig
    config_data: bytes
    layers: tuple[LayerBlob, ...]
    kind: str  # docker-archive or oci
    warnings: tuple[str, ...] = ()
    is_skeleton: bool = False  # its files' contents were replaced by zeros


def absent(diff_id: str, digest: str | None, problem: str) -> LayerBlob:
    """Return a layer whose blob the store does not hold, and why."""
    return LayerBlob(name=None, diff_id=diff_id, digest=digest, problem=problem)


def digest_of(path: str) -> str | None:
    """Return the digest that a blob's path states, None when it states none."""
    digest = path.removeprefix("blobs/").replace("/", ":")
    return digest if path.startswith("blobs/") and DIGEST.fullmatch(digest) else None


def read_blob(store: BlobStore, name: str, what: str) -> bytes:
    """Return a blob that must be there. Raises CorruptImage when it is not."""
    if not name or name not in store:
        raise CorruptImage(f"does not hold {what} ({name!r})", hint="Save the image again")
    return store.read(name)


def check_digest(data: bytes, digest: str, what: str) -> None:
    """Raise CorruptImage when `data` is not what its digest says."""
    algorithm, _, value = digest.partition(":")
    if hashlib.new(algorithm, data).hexdigest() != value:
        raise CorruptImage(
            f"the {what} is not what its digest {digest} says",
            hint="The file is damaged or was changed: save or download it again",
        )


def refuse_large(name: str, size: int, limits: Limits) -> None:
    """Raise TooLarge for a blob that is larger than any manifest or config."""
    if size > limits.manifest:
        raise limits.refusal("manifest", f"{name!r} has {size:,} bytes")


def check_count(layers: Sequence[object], config: ImageConfig, limits: Limits) -> None:
    """Raise CorruptImage unless there are as many layers as the config has diff_ids, TooLarge for
    more than `limits` allow.
    """
    count = len(layers)
    if count != len(config.diff_ids):
        raise CorruptImage(
            f"the manifest lists {count} layers and the config {len(config.diff_ids)} diff_ids",
            hint="The archive contradicts itself: save the image again",
        )
    if count > limits.layers:
        raise limits.refusal("layers", f"{count:,} layers")


def same_name(selector: str, name: str) -> bool:
    """Compare image names, Docker's default registry, folder and tag filled in."""
    if name.startswith("sha256:"):
        return name == selector or (
            len(selector) >= 12 and name.removeprefix("sha256:").startswith(selector)
        )
    return _full_name(selector) == _full_name(name) or selector == name


def _full_name(name: str) -> str:
    for prefix in ("docker.io/library/", "docker.io/"):
        name = name.removeprefix(prefix)
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
