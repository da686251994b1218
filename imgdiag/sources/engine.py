"""An image of a local engine, streamed as `docker save` would write it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imgdiag.errors import ImgdiagError, NotFound, within
from imgdiag.sources import stream
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T

_STEP = 1024 * 1024
_TIMEOUT = 3600  # seconds; the engine stages a full copy before it sends the first byte


def load(name: str, visit: LayerVisitor[T], request: Request) -> SourceImage[T]:
    """Read the image `name`, a tag or an id, from the engine that DOCKER_HOST or the default
    socket names.

    Raises NotFound when the engine has no such image, ImgdiagError when there is no engine.
    """
    # Heavy, and needed for this source alone.
    import docker
    from docker.errors import DockerException, ImageNotFound
    from requests.exceptions import RequestException

    try:
        client: Any = docker.from_env(timeout=_TIMEOUT)
        with within(name):
            try:
                details = client.api.inspect_image(name)
                request.progress.expect(_expected(client, name), "docker save")
                return stream.read(
                    _saved(client, name, request),
                    reference=name,
                    route="save",
                    visit=visit,
                    request=request,
                    source="docker",
                    engine_bytes=details.get("Size"),
                )
            except ImageNotFound as error:
                raise NotFound(
                    "the engine has no such image",
                    hint="See 'docker images', or pull or build it first; "
                    "for a saved image give the file's path",
                ) from error
    except (DockerException, RequestException) as error:
        raise ImgdiagError(
            f"cannot use a container engine for {name!r} ({_first_line(error)})",
            hint="Start Docker, set DOCKER_HOST, or give the file of a saved image",
        ) from error


def _saved(client: Any, name: str, request: Request) -> Iterator[bytes]:
    for chunk in client.api.get_image(name, chunk_size=_STEP):
        request.progress.advance(len(chunk))
        yield chunk


def _expected(client: Any, name: str) -> int | None:
    """Return about how many bytes the engine will send: the layers' sizes in its history."""
    entries: list[dict[str, Any]] = client.api.history(name)
    return sum(entry.get("Size") or 0 for entry in entries) or None


def _first_line(error: Exception) -> str:
    """Return an error's cause in one line, without the wrapping that libraries add."""
    return " ".join(str(error).split())[:200]
