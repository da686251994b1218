"""The store route for Docker on the overlay2 graph driver.

Layout, run against Docker 20.10 and read in moby's layer/filestore.go and image/fs.go:
`image/overlay2/imagedb/content/sha256/<image id>` is the config,
`image/overlay2/layerdb/sha256/<chain id>/` holds `diff` (the diffID), `cache-id` and
`tar-split.json.gz`, and `overlay2/<cache id>/diff` the unpacked files.
chainID(n) = sha256(chainID(n-1) + " " + diffID(n)): OCI image-spec 1.1, config.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from imgdiag.errors import CorruptImage
from imgdiag.image import parse_config
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T
from imgdiag.sources.graph import UnpackedLayer, read_layers, readable


def load(
    root: Path,
    image_id: str,
    visit: LayerVisitor[T],
    request: Request,
    *,
    reference: str,
    engine_bytes: int | None,
) -> SourceImage[T]:
    """Read the image `image_id` (sha256:…) from Docker's folder `root`.

    Raises RouteClosed when the folder may not be read, CorruptImage when it contradicts itself.
    """
    image = root / "image" / "overlay2"
    path = image / "imagedb" / "content" / "sha256" / image_id.removeprefix("sha256:")
    with readable(path):
        config_data = path.read_bytes()
        layers = list(_layers(root, image, parse_config(config_data).diff_ids))
    return read_layers(
        config_data,
        layers,
        visit,
        request,
        reference=reference,
        source="docker",
        engine_bytes=engine_bytes,
    )


def _layers(root: Path, image: Path, diff_ids: tuple[str, ...]) -> Iterator[UnpackedLayer]:
    chain = ""
    for diff_id in diff_ids:
        chain = f"sha256:{_sha256(f'{chain} {diff_id}')}" if chain else diff_id
        folder = image / "layerdb" / "sha256" / chain.removeprefix("sha256:")
        if (folder / "diff").read_text().strip() != diff_id:
            raise CorruptImage(f"the engine's store holds another layer than {diff_id} at {folder}")
        cache_id = (folder / "cache-id").read_text().strip()
        yield UnpackedLayer(
            diff_id=diff_id,
            records=folder / "tar-split.json.gz",
            files=root / "overlay2" / cache_id / "diff",
        )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
