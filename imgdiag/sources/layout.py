"""Which blob is which: Docker's manifest.json and OCI's index, over any store of named blobs.

Sources: OCI image-spec 1.1 (image-layout.md, image-index.md, manifest.md); moby's
image/tarexport/save.go for the archives of `docker save`; containers/image for the layouts that
skopeo and podman write.
"""

from __future__ import annotations

import hashlib
import platform as host
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from imgdiag import jsontext
from imgdiag.errors import CorruptImage, ImgdiagError, NotFound
from imgdiag.image import ImageConfig, Platform, parse_config
from imgdiag.layers.tar import NO_END_MARK
from imgdiag.sources.base import Request

MAX_JSON = 16 * 1024 * 1024  # bytes of a manifest or config
MAX_INDEX_DEPTH = 8
SKELETON_MARK = "io.github.imgdiag.skeleton"  # an annotation of what `imgdiag skeleton` writes
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}


class BlobStore(Protocol):
    """Named blobs: an archive's members or a folder's files."""

    def __contains__(self, name: object) -> bool: ...

    def read(self, name: str) -> bytes:
        """Return a small blob. Raises CorruptImage when it is absent or over MAX_JSON."""

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


def find_image(store: BlobStore, request: Request) -> Layout:
    """Return the one image of `store` that `request` chooses.

    Raises NotFound when there is none, ImgdiagError when several fit, since picking one silently
    would be an answer about another image than the user's; CorruptImage when the store is no
    image layout or contradicts itself.
    """
    docker = _docker_entries(store) if request.layout != "oci" else []
    if docker:
        return _from_docker(store, docker, request)
    if request.layout == "docker":
        raise CorruptImage(
            "is not an archive of 'docker save': no manifest.json names an image",
            hint="Leave the prefix out, or use oci-archive:",
        )
    if "index.json" in store:
        return _from_index(store, request)
    if request.layout == "oci":
        raise CorruptImage(
            "is not an OCI layout: it holds no index.json",
            hint="Leave the prefix out, or use docker-archive:",
        )
    if "manifest.json" in store:
        return _from_directory(store)
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


# Docker archives


def _docker_entries(store: BlobStore) -> list[dict[str, Any]]:
    """Return the images of manifest.json, none when it is absent, of another kind or empty."""
    if "manifest.json" not in store:
        return []
    value = jsontext.parse(store.read("manifest.json"), "manifest.json")
    if isinstance(value, dict) and "layers" in value:
        return []  # skopeo's dir: layout holds an OCI or Docker schema 2 manifest by this name
    if value is None or value in ([], {}):
        if "index.json" in store:
            return []
        raise CorruptImage("manifest.json names no image", hint="Save the image again")
    if not isinstance(value, list):
        raise CorruptImage("manifest.json is not a list of images")
    for entry in value:
        if not isinstance(entry, dict):
            raise CorruptImage("manifest.json is not a list of images")
    return value


def _from_docker(store: BlobStore, entries: list[dict[str, Any]], request: Request) -> Layout:
    what = "manifest.json"
    names = [
        (*jsontext.get_strings(entry, "RepoTags", what), _config_id(entry)) for entry in entries
    ]
    platform = request.platform
    chosen = _choose(names, request.name)
    # One tagged image of several platforms stands in index.json; manifest.json holds only one.
    if platform is not None and "index.json" in store:
        layout = _from_index(store, request)
    else:
        entry = entries[chosen]
        config_data = _read(store, jsontext.get(entry, "Config", str, "", what), "the config")
        config = parse_config(config_data)
        paths = jsontext.get_strings(entry, "Layers", what)
        _check_count(paths, config)
        sources = jsontext.get(entry, "LayerSources", dict, {}, what)
        layout = Layout(
            names=names[chosen],
            config=config,
            config_data=config_data,
            layers=tuple(
                _docker_layer(store, path, diff_id, sources)
                for path, diff_id in zip(paths, config.diff_ids, strict=True)
            ),
            kind="docker-archive",
            warnings=config.warnings,
        )
    if platform is not None and not layout.config.platform.matches(platform):
        raise NotFound(f"holds the platform {layout.config.platform}, not {platform}")
    return layout


def _docker_layer(store: BlobStore, path: str, diff_id: str, sources: dict[str, Any]) -> LayerBlob:
    if posixpath.isabs(path) or ".." in path.split("/"):
        raise CorruptImage(f"manifest.json names a layer outside the archive: {path!r}")
    if path not in store:
        source = sources.get(diff_id)
        if isinstance(source, dict) and source.get("urls"):
            return _absent(diff_id, None, "a foreign layer, kept elsewhere by its publisher")
        return _absent(diff_id, None, f"the archive does not hold {path!r}")
    return LayerBlob(name=path, diff_id=diff_id, digest=digest_of(path))


def digest_of(path: str) -> str | None:
    """Return the digest that a blob's path states, None when it states none."""
    digest = path.removeprefix("blobs/").replace("/", ":")
    return digest if path.startswith("blobs/") and _DIGEST.fullmatch(digest) else None


def _config_id(entry: dict[str, Any]) -> str:
    name = jsontext.get(entry, "Config", str, "", "manifest.json")
    hexes = re.findall(r"[0-9a-f]{64}", name)
    return f"sha256:{hexes[-1]}" if hexes else name


def _choose(names: list[tuple[str, ...]], selector: str | None) -> int:
    """Return the index of the image that `selector` names, or the only one."""
    fitting = [
        index
        for index, of_one in enumerate(names)
        if selector is None or any(_same_name(selector, name) for name in of_one)
    ]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(sorted({of_one[0] for of_one in names if of_one}))
    if not fitting:
        raise NotFound(f"holds no image {selector!r}", hint=f"It holds: {listed}")
    raise ImgdiagError(
        f"holds {len(fitting)} images",
        hint=f"Name one after a colon, as in 'docker-archive:FILE:NAME'. It holds: {listed}",
    )


def _same_name(selector: str, name: str) -> bool:
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


# OCI layouts


@dataclass(frozen=True, slots=True)
class _Candidate:
    names: tuple[str, ...]
    digest: str
    platform: Platform | None
    skeleton: bool = False


def _from_index(store: BlobStore, request: Request) -> Layout:
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
            if any(_same_name(selector, name) for name in (*candidate.names, candidate.digest))
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
    layout = _from_manifest(store, manifest)
    warnings = layout.warnings
    if candidate.skeleton:
        warnings += ("a skeleton, its files' contents zeros: the download is not the original's",)
    return replace(layout, names=(*candidate.names, candidate.digest), warnings=warnings)


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
    raise NotFound(
        f"holds no image for {target}", hint=f"Choose with --platform. It holds: {listed}"
    )


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
        content = jsontext.parse_object(_read(store, blob, "a manifest"), f"manifest {digest}")
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
    data = _read(store, name, f"manifest {digest}")
    _check_digest(data, digest, "manifest")
    return jsontext.parse_object(data, f"manifest {digest}")


def _config_of(store: BlobStore, manifest: dict[str, Any]) -> tuple[ImageConfig, bytes]:
    descriptor = jsontext.get(manifest, "config", dict, {}, "the manifest")
    digest = jsontext.get(descriptor, "digest", str, "", "the manifest's config")
    name = _blob_name(store, digest)
    if name is None:
        raise CorruptImage(f"does not hold its config {digest}", hint="Save the image again")
    data = _read(store, name, "the config")
    _check_digest(data, digest, "config")
    return parse_config(data), data


def _from_manifest(store: BlobStore, manifest: dict[str, Any]) -> Layout:
    config, config_data = _config_of(store, manifest)
    descriptors = jsontext.get(manifest, "layers", list, [], "the manifest")
    _check_count(descriptors, config)
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
            return _absent(diff_id, digest, "a foreign layer, kept elsewhere by its publisher")
        return _absent(diff_id, digest, f"the layout does not hold the blob {digest}")
    declared = jsontext.get(descriptor, "size", int, -1, what)
    if declared >= 0 and declared != store.size(name):
        raise CorruptImage(
            f"layer {digest} has {store.size(name):,} bytes where its manifest says {declared:,}",
            hint="The file is incomplete: save or download it again",
        )
    return LayerBlob(name=name, diff_id=diff_id, digest=digest)


def _from_directory(store: BlobStore) -> Layout:
    """Read skopeo's `dir:` layout: manifest.json and blobs named by the digest's hex part."""
    manifest = jsontext.parse_object(store.read("manifest.json"), "manifest.json")
    if "config" not in manifest:
        raise CorruptImage(
            "has a manifest of several platforms or of Docker's schema 1",
            hint="Copy one image: 'skopeo copy --override-arch …'",
        )
    return _from_manifest(store, manifest)


def _blob_name(store: BlobStore, digest: str) -> str | None:
    """Return the store's name for a digest, None when it does not hold it."""
    if not _DIGEST.fullmatch(digest):
        raise CorruptImage(f"names a blob by {digest!r}, which is no sha256 or sha512 digest")
    algorithm, _, value = digest.partition(":")
    for name in (f"blobs/{algorithm}/{value}", value):
        if name in store:
            return name
    return None


def _read(store: BlobStore, name: str, what: str) -> bytes:
    if not name or name not in store:
        raise CorruptImage(f"does not hold {what} ({name!r})", hint="Save the image again")
    return store.read(name)


def _check_digest(data: bytes, digest: str, what: str) -> None:
    algorithm, _, value = digest.partition(":")
    if hashlib.new(algorithm, data).hexdigest() != value:
        raise CorruptImage(
            f"the {what} is not what its digest {digest} says",
            hint="The file is damaged or was changed: save or download it again",
        )


def _check_count(layers: Iterable[object], config: ImageConfig) -> None:
    count = len(list(layers))
    if count != len(config.diff_ids):
        raise CorruptImage(
            f"the manifest lists {count} layers and the config {len(config.diff_ids)} diff_ids",
            hint="The archive contradicts itself: save the image again",
        )


def _absent(diff_id: str, digest: str | None, problem: str) -> LayerBlob:
    return LayerBlob(name=None, diff_id=diff_id, digest=digest, problem=problem)
