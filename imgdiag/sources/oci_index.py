"""OCI's index.json, indexes in indexes, and the manifests they lead to.

Source: OCI image-spec 1.1, image-layout.md, image-index.md and manifest.md; containers/image for
skopeo's `dir:`.
"""

from __future__ import annotations

import platform as host
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from imgdiag import jsontext
from imgdiag.errors import CorruptImage, ImgdiagError, NotFound
from imgdiag.image import ImageConfig, Platform, parse_config
from imgdiag.sources.base import Request
from imgdiag.sources.store import (
    DIGEST,
    BlobStore,
    LayerBlob,
    Layout,
    absent,
    check_count,
    check_digest,
    read_blob,
    same_name,
)

MAX_INDEX_DEPTH = 8
SKELETON_MARK = "io.github.imgdiag.skeleton"  # an annotation of what `imgdiag skeleton` writes
_INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}


@dataclass(frozen=True, slots=True)
class _Candidate:
    names: tuple[str, ...]
    digest: str
    platform: Platform | None
    skeleton: bool = False


def from_index(store: BlobStore, request: Request) -> Layout:
    """Return the image below index.json that `request` chooses. Raises ImgdiagError."""
    selector, platform = request.name, request.platform
    index = jsontext.parse_object(store.read("index.json"), "index.json")
    candidates = list(_manifests(store, index, "index.json", (), (), set()))
    if not candidates:
        raise CorruptImage(
            "index.json names no image whose manifest is here", hint="Save the image again"
        )
    if selector is not None:
        named = [
            candidate
            for candidate in candidates
            if any(same_name(selector, name) for name in (*candidate.names, candidate.digest))
        ]
        if not named:
            raise NotFound(f"holds no image {selector!r}", hint=f"It holds: {_listing(candidates)}")
        candidates = named
    fitting = {candidate.digest: candidate for candidate in candidates}
    if len(fitting) > 1 or platform is not None:
        fitting = _of_platform(store, fitting, platform)
    if len(fitting) > 1:
        raise ImgdiagError(
            f"holds {len(fitting)} images",
            hint=f"Name one after a colon, as in 'oci:PATH:NAME'. "
            f"It holds: {_listing(fitting.values())}",
        )
    [candidate] = fitting.values()
    manifest = _manifest(store, candidate.digest)
    layout = _from_manifest(store, manifest, request)
    warnings = layout.warnings
    if candidate.skeleton:
        warnings += ("a skeleton, its files' contents zeros: its download is not the original's",)
    return replace(
        layout,
        names=(*candidate.names, candidate.digest),
        warnings=warnings,
        is_skeleton=candidate.skeleton,
    )


def _of_platform(
    store: BlobStore, candidates: dict[str, _Candidate], wanted: Platform | None
) -> dict[str, _Candidate]:
    """Keep the images of the wanted platform, or the host's when none is asked for."""
    platforms = {
        digest: candidate.platform or _config_of(store, _manifest(store, digest))[0].platform
        for digest, candidate in candidates.items()
    }
    target = wanted or host_platform()
    fitting = {
        digest: candidate
        for digest, candidate in candidates.items()
        if platforms[digest].matches(target)
    }
    if fitting:
        return fitting
    listed = ", ".join(sorted({str(each) for each in platforms.values()}))
    choose = "" if wanted else "Choose with --platform. "
    raise NotFound(f"holds no image for {target}", hint=f"{choose}It holds: {listed}")


def host_platform() -> Platform:
    """Return the platform whose images run here: Linux on this machine's processor."""
    machine = host.machine().lower()
    names = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
    return Platform("linux", names.get(machine, machine))


def _listing(candidates: Iterable[_Candidate]) -> str:
    return ", ".join(
        sorted(
            {
                (candidate.names or (candidate.digest,))[0]
                + (f" ({candidate.platform})" if candidate.platform else "")
                for candidate in candidates
            }
        )
    )


def _manifests(
    store: BlobStore,
    index: dict[str, Any],
    what: str,
    names: tuple[str, ...],
    path: tuple[str, ...],
    seen: set[_Candidate],
) -> Iterable[_Candidate]:
    """Yield the image manifests of `index` and the indexes in it; attestations are left out.

    What is in `seen` is not opened again: a few small indexes can name each other a million times.
    """
    if len(path) > MAX_INDEX_DEPTH:
        raise CorruptImage(f"its indexes are nested more than {MAX_INDEX_DEPTH} deep")
    for entry in jsontext.get(index, "manifests", list, [], what):
        digest = jsontext.get(entry, "digest", str, "", what)
        annotations = jsontext.get(entry, "annotations", dict, {}, what)
        if annotations.get("vnd.docker.reference.type") == "attestation-manifest":
            continue
        described = _platform(jsontext.get(entry, "platform", dict, {}, what), what)
        if described is not None and described.os == "unknown":
            continue
        own_names = tuple(
            str(annotations[key])
            for key in ("io.containerd.image.name", "org.opencontainers.image.ref.name")
            if annotations.get(key)
        )
        if digest in path:
            raise CorruptImage(f"its indexes form a circle at {digest}")
        candidate = _Candidate(own_names or names, digest, described, SKELETON_MARK in annotations)
        blob = _blob_name(store, digest)
        if blob is None or candidate in seen:
            continue  # another platform's, which engines leave out of what they keep and save
        seen.add(candidate)
        content = jsontext.parse_object(read_blob(store, blob, "a manifest"), f"manifest {digest}")
        media_type = jsontext.get(entry, "mediaType", str, "", what) or content.get("mediaType")
        if media_type in _INDEXES or "manifests" in content:
            yield from _manifests(
                store, content, f"index {digest}", candidate.names, (*path, digest), seen
            )
        elif "config" in content or "layers" in content:
            yield candidate


def _platform(value: dict[str, Any], what: str) -> Platform | None:
    if not value:
        return None
    return Platform(
        jsontext.get(value, "os", str, "", what),
        jsontext.get(value, "architecture", str, "", what),
        jsontext.get(value, "variant", str, "", what),
    )


def _manifest(store: BlobStore, digest: str) -> dict[str, Any]:
    name = _blob_name(store, digest)
    if name is None:
        raise CorruptImage(f"does not hold its manifest {digest}", hint="Save the image again")
    data = read_blob(store, name, f"manifest {digest}")
    check_digest(data, digest, "manifest")
    return jsontext.parse_object(data, f"manifest {digest}")


def _config_of(store: BlobStore, manifest: dict[str, Any]) -> tuple[ImageConfig, bytes]:
    descriptor = jsontext.get(manifest, "config", dict, {}, "the manifest")
    digest = jsontext.get(descriptor, "digest", str, "", "the manifest's config")
    name = _blob_name(store, digest)
    if name is None:
        raise CorruptImage(f"does not hold its config {digest}", hint="Save the image again")
    data = read_blob(store, name, "the config")
    check_digest(data, digest, "config")
    return parse_config(data), data


def _from_manifest(store: BlobStore, manifest: dict[str, Any], request: Request) -> Layout:
    config, config_data = _config_of(store, manifest)
    descriptors = jsontext.get(manifest, "layers", list, [], "the manifest")
    check_count(descriptors, config, request.limits)
    return Layout(
        names=(),
        config=config,
        config_data=config_data,
        layers=tuple(
            _oci_layer(store, descriptor, diff_id)
            for descriptor, diff_id in zip(descriptors, config.diff_ids, strict=True)
        ),
        kind="oci",
        warnings=config.warnings,
    )


def _oci_layer(store: BlobStore, descriptor: Any, diff_id: str) -> LayerBlob:
    what = "a layer of the manifest"
    digest = jsontext.get(descriptor, "digest", str, "", what)
    name = _blob_name(store, digest)
    if name is None:
        media_type = jsontext.get(descriptor, "mediaType", str, "", what)
        if "foreign" in media_type or "nondistributable" in media_type:
            return absent(diff_id, digest, "a foreign layer, kept elsewhere by its publisher")
        return absent(diff_id, digest, f"the layout does not hold the blob {digest}")
    declared = jsontext.get(descriptor, "size", int, -1, what)
    if declared >= 0 and declared != store.size(name):
        raise CorruptImage(
            f"layer {digest} has {store.size(name):,} bytes where its manifest says {declared:,}",
            hint="The file is incomplete: save or download it again",
        )
    return LayerBlob(name=name, diff_id=diff_id, digest=digest)


def from_directory(store: BlobStore, request: Request) -> Layout:
    """Read skopeo's `dir:` layout: manifest.json and blobs named by the digest's hex part."""
    manifest = jsontext.parse_object(store.read("manifest.json"), "manifest.json")
    if "config" not in manifest:
        raise CorruptImage(
            "has a manifest of several platforms or of Docker's schema 1",
            hint="Copy one image: 'skopeo copy --override-arch …'",
        )
    return _from_manifest(store, manifest, request)


def _blob_name(store: BlobStore, digest: str) -> str | None:
    """Return the store's name for a digest, None when it does not hold it."""
    if not DIGEST.fullmatch(digest):
        raise CorruptImage(f"names a blob by {digest!r}, which is no sha256 or sha512 digest")
    algorithm, _, value = digest.partition(":")
    for name in (f"blobs/{algorithm}/{value}", value):
        if name in store:
            return name
    return None
