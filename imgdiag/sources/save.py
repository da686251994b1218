"""The save route: an image streamed from an engine as `docker save` writes it."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from imgdiag.errors import ImgdiagError
from imgdiag.sources import stream
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T
from imgdiag.units import format_bytes

_STEP = 1024 * 1024


def load(
    client: Any,
    name: str,
    visit: LayerVisitor[T],
    request: Request,
    *,
    source: str,
    engine_bytes: int | None,
    staging: Path | None,
) -> SourceImage[T]:
    """Stream the image `name` from the engine behind `client`, in one pass, nothing kept.

    `staging` is the folder in which the engine puts its own full copy together first, None when
    that is not known. Raises ImgdiagError.
    """
    entries: list[dict[str, Any]] = client.api.history(name)
    expected = sum(entry.get("Size") or 0 for entry in entries) or None
    _check_space(staging, expected)
    request.progress.expect(expected, "waiting for the engine to put the image together")
    with closing(_chunks(client, name, request, expected)) as chunks:
        return stream.read(
            chunks,
            reference=name,
            route="save",
            visit=visit,
            request=request,
            source=source,
            engine_bytes=engine_bytes,
        )


def _chunks(
    client: Any, name: str, request: Request, expected: int | None
) -> Generator[bytes, None, None]:
    response = client.api.get_image(name, chunk_size=_STEP)
    with closing(response), _engine_at_work():
        for number, chunk in enumerate(response):
            if number == 0:
                request.progress.expect(expected, "docker save")
            request.progress.advance(len(chunk))
            request.meter.stored(len(chunk))
            yield chunk


@contextmanager
def _engine_at_work() -> Iterator[None]:
    """Say of an engine that dies while it saves that it does, not that there is none."""
    from requests.exceptions import RequestException

    try:
        yield
    except RequestException as error:
        raise ImgdiagError(
            "the engine stopped in the middle of saving the image",
            hint="Its log says why ('journalctl -u docker'); a full disk is the usual reason",
        ) from error


def _check_space(staging: Path | None, expected: int | None) -> None:
    """Say beforehand that the engine's disk cannot hold the copy that it makes."""
    if staging is None or expected is None:
        return
    try:
        system = os.statvfs(staging)
    except OSError:
        return  # not ours to look at: the engine will say
    free = system.f_bavail * system.f_frsize
    if free < expected:
        raise ImgdiagError(
            f"the engine needs {format_bytes(expected)} in {staging} to save the image, and "
            f"{format_bytes(free)} are free",
            hint="Free some space, or use the store route: run imgdiag with sudo",
        )
