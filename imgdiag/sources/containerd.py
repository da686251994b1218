"""The store route for Docker with the containerd image store: its content store is an OCI layout.

Layout, run against Docker 28.5: blobs lie under their digest in
`io.containerd.content.v1.content/blobs/sha256/`, and the image's id in `docker inspect` is the
digest of its manifest or index. Where the content store is depends on who started containerd.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from imgdiag.sources import folder
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T
from imgdiag.sources.graph import RouteClosed, readable

_CONTENT = "io.containerd.content.v1.content"


def load(
    root: Path,
    image_id: str,
    visit: LayerVisitor[T],
    request: Request,
    *,
    reference: str,
    engine_bytes: int | None,
) -> SourceImage[T]:
    """Read the image whose manifest or index has the digest `image_id`.

    `root` is Docker's folder. Raises RouteClosed when the content store may not be read or does
    not hold the image.
    """
    blob = Path("blobs") / "sha256" / image_id.removeprefix("sha256:")
    for content in _content_stores(root):
        with readable(content):
            if not (content / blob).exists():
                continue
            index = {"manifests": [{"digest": image_id, "size": (content / blob).stat().st_size}]}
        return folder.load_store(
            folder.Files(content, {"index.json": json.dumps(index).encode()}),
            visit,
            request,
            reference=reference,
            source="docker",
            route="store",
            engine_bytes=engine_bytes,
        )
    raise RouteClosed(
        "containerd's content store is not where it is by default",
        hint="If Docker's folder is elsewhere from here, name it with --engine-root",
    )


def _content_stores(root: Path) -> Iterator[Path]:
    """Yield where the content store may be: of a containerd that Docker runs, or the system's."""
    yield root / "containerd" / "daemon" / _CONTENT
    yield Path("/var/lib/containerd") / _CONTENT
