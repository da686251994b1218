"""Docker's manifest.json: the archives of `docker save`, podman, skopeo and kaniko.

Sources: moby's image/tarexport/save.go; containers/image's docker-archive transport.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from imgdiag import jsontext
from imgdiag.errors import CorruptImage, ImgdiagError, NotFound
from imgdiag.image import parse_config
from imgdiag.sources.base import Request
from imgdiag.sources.oci_index import from_index
from imgdiag.sources.store import (
    BlobStore,
    LayerBlob,
    Layout,
    absent,
    check_count,
    digest_of,
    read_blob,
    same_name,
)


def docker_entries(store: BlobStore) -> list[dict[str, Any]]:
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


def from_docker(store: BlobStore, entries: list[dict[str, Any]], request: Request) -> Layout:
    """Return the image of manifest.json that `request` chooses. Raises ImgdiagError."""
    what = "manifest.json"
    names = [
        (*jsontext.get_strings(entry, "RepoTags", what), _config_id(entry)) for entry in entries
    ]
    platform = request.platform
    chosen = _choose(names, request.name)
    # One tagged image of several platforms stands in index.json; manifest.json holds only one.
    if platform is not None and "index.json" in store:
        layout = from_index(store, request)
    else:
        entry = entries[chosen]
        config_data = read_blob(store, jsontext.get(entry, "Config", str, "", what), "the config")
        config = parse_config(config_data)
        paths = jsontext.get_strings(entry, "Layers", what)
        check_count(paths, config, request.limits)
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
            return absent(diff_id, None, "a foreign layer, kept elsewhere by its publisher")
        return absent(diff_id, None, f"the archive does not hold {path!r}")
    return LayerBlob(name=path, diff_id=diff_id, digest=digest_of(path))


def _config_id(entry: dict[str, Any]) -> str:
    name = jsontext.get(entry, "Config", str, "", "manifest.json")
    hexes = re.findall(r"[0-9a-f]{64}", name)
    return f"sha256:{hexes[-1]}" if hexes else name


def _choose(names: list[tuple[str, ...]], selector: str | None) -> int:
    """Return the index of the image that `selector` names, or the only one."""
    fitting = [
        index
        for index, of_one in enumerate(names)
        if selector is None or any(same_name(selector, name) for name in of_one)
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
