"""The store route for podman, buildah and CRI-O: containers/storage on the overlay driver.

Layout, run against podman 4.3 and read in containers/storage (images.go, layers.go):
`overlay-images/images.json` lists images with `id`, `names` and their top `layer`;
`overlay-images/<id>/` holds the manifest and the config, whose file name is `=` and the base64
of its key; `overlay-layers/layers.json` lists layers with `id`, `parent` and `diff-digest`;
`overlay-layers/<id>.tar-split.gz` are a layer's records, `overlay/<id>/diff` its files.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgdiag import jsontext
from imgdiag.errors import CorruptImage, NotFound, within
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T
from imgdiag.sources.graph import RouteClosed, UnpackedLayer, read_layers, readable


def load(
    root: Path,
    name: str,
    visit: LayerVisitor[T],
    request: Request,
    *,
    engine_bytes: int | None = None,
) -> SourceImage[T]:
    """Read the image `name` (a name or an id) from the storage folder `root`.

    Raises NotFound when it does not hold it, RouteClosed when it may not be read.
    """
    with within(str(root)), readable(root):
        image = _find(root, name)
        image_id = jsontext.get(image, "id", str, "", "images.json")
        key = base64.b64encode(f"sha256:{image_id}".encode()).decode()
        config_data = (root / "overlay-images" / image_id / f"={key}").read_bytes()
        top = jsontext.get(image, "layer", str, "", "images.json")
        layers = list(_layers(root, top))[::-1]
    names = jsontext.get_strings(image, "names", "images.json")
    return read_layers(
        config_data,
        layers,
        visit,
        request,
        reference=names[0] if name in image_id and names else name,
        source="podman",
        engine_bytes=engine_bytes,
    )


def default_roots() -> Iterator[Path]:
    """Yield the folders where podman keeps images by default: the user's own, then the system's."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    yield Path(home) / "containers" / "storage"
    yield Path("/var/lib/containers/storage")


def _find(root: Path, name: str) -> dict[str, Any]:
    path = root / "overlay-images" / "images.json"
    images = jsontext.parse(path.read_bytes(), "images.json")
    if not isinstance(images, list):
        raise CorruptImage("images.json is not a list")
    wanted = set(_full_names(name))
    found = [
        image
        for image in images
        if wanted & set(jsontext.get_strings(image, "names", "images.json"))
        or jsontext.get(image, "id", str, "", "images.json").startswith(
            name.removeprefix("sha256:") if len(name) >= 12 else "\0"
        )
    ]
    if len(found) != 1:
        raise NotFound(
            f"holds {len(found) or 'no'} images named {name!r}", hint="See 'podman images'"
        )
    image: dict[str, Any] = found[0]
    return image


def _full_names(name: str) -> Iterator[str]:
    """Yield the full names that podman may have given a short one."""
    if ":" not in name.rpartition("/")[2] and "@" not in name:
        name += ":latest"
    yield name
    for registry in ("localhost/", "docker.io/library/", "docker.io/"):
        yield registry + name


def _layers(root: Path, top: str) -> Iterator[UnpackedLayer]:
    """Yield the layers from the top down."""
    folder = root / "overlay-layers"
    by_id: dict[str, dict[str, Any]] = {}
    for file in ("layers.json", "volatile-layers.json"):
        path = folder / file
        if path.exists():
            entries = jsontext.parse(path.read_bytes(), file)
            by_id |= {jsontext.get(entry, "id", str, "", file): entry for entry in entries or ()}
    left = len(by_id)
    while top:
        if top not in by_id or not left:
            raise CorruptImage(f"layers.json does not lead from layer {top!r} to a base")
        left -= 1
        layer = by_id[top]
        records = folder / f"{top}.tar-split.gz"
        if not records.exists():
            raise RouteClosed(
                f"the storage keeps no record of layer {top}'s tar",
            )
        yield UnpackedLayer(
            diff_id=jsontext.get(layer, "diff-digest", str, "", "layers.json"),
            records=records,
            files=root / "overlay" / top / "diff",
        )
        top = jsontext.get(layer, "parent", str, "", "layers.json")
