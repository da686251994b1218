"""An image of a container engine: the engine found, the image inspected, a route chosen."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from imgdiag.errors import ImgdiagError, NotFound, within
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T
from imgdiag.sources.graph import RouteClosed, readable
from imgdiag.sources.unixapi import ask

_TIMEOUT = 3600  # seconds; the engine stages a full copy before it sends the first byte
_DEFAULT_HOST = "unix:///var/run/docker.sock"


def load(name: str, visit: LayerVisitor[T], request: Request) -> SourceImage[T]:
    """Read the image `name`, a tag or an id, from the engine that DOCKER_HOST, the current
    Docker context or the default socket names.

    With the route "auto", the store when it may be read, else save; why not the store is told to
    the progress and noted in the result. Raises NotFound when the engine has no such image,
    RouteClosed when the route that was asked for is not open, ImgdiagError without an engine.
    """
    host, tls = address()
    details, info = _inspect(host, tls, name)
    note = ""
    with within(name):
        if request.route != "save":
            try:
                with readable(_root(info, request)):
                    return _load_store(host, info, details, name, visit, request)
            except RouteClosed as closed:
                if request.route == "store":
                    closed.hint = closed.hint or "--route save takes the slow way"
                    raise
                note = f"by docker save, as {closed}"
                request.progress.note(note)
                request.meter.reset()
    from imgdiag.sources import save

    local = host.startswith("unix://")
    with answering(name, host, tls) as client, within(name):
        image = save.load(
            client,
            name,
            visit,
            request,
            source="podman" if _is_podman(info) else "docker",
            engine_bytes=details.get("Size"),
            staging=_root(info, request) if local else None,
        )
    return replace(image, route_note=note)


def _inspect(host: str, tls: Any, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the engine says of the image `name`, and of itself."""
    if answers := ask(host, f"/images/{name}/json", "/info"):
        return answers[0], answers[1]
    with answering(name, host, tls) as client:
        return client.api.inspect_image(name), client.api.info()


@contextmanager
def answering(name: str, host: str, tls: Any) -> Iterator[Any]:
    """Yield a client of the engine at `host`; what fails in the block is about the image `name`.

    Raises NotFound when the engine has no such image, NoEngine when none answers, and
    ImgdiagError for what it refuses.
    """
    # Heavy, and needed for this source alone.
    from docker.errors import APIError, DockerException, ImageNotFound
    from requests.exceptions import RequestException

    try:
        yield connect(host, tls)
    except ImageNotFound as error:
        raise NotFound(
            f"{name}: the engine has no such image",
            hint="See 'docker images', or pull or build it first; for a saved image give the "
            "file's path",
        ) from error
    except APIError as error:
        raise ImgdiagError(
            f"the engine refused {name!r} ({error.explanation or error})",
            hint="Check the name against 'docker images'",
        ) from error
    except (DockerException, RequestException, OSError) as error:
        raise NoEngine(
            f"no container engine answers at {host} ({_reason(error)}), so there is no image "
            f"{name!r} to read",
            hint="You may not talk to it: use sudo, or join its group"
            if isinstance(_innermost(error), PermissionError)
            else "Start Docker, set DOCKER_HOST, or give the file of a saved image",
        ) from error


class NoEngine(ImgdiagError):
    """No engine answers."""


def address() -> tuple[str, Any]:
    """Return the engine's address and its TLS settings, as the docker program finds them.

    DOCKER_HOST (with its TLS variables), else DOCKER_CONTEXT or the current context, else the
    default socket. Raises ImgdiagError for a context that is not there or cannot be read.
    """
    if host := os.environ.get("DOCKER_HOST", ""):
        if host.startswith("unix://"):
            return host, None
        from docker.utils import kwargs_from_env

        return host, kwargs_from_env().get("tls")
    name = os.environ.get("DOCKER_CONTEXT") or _current_context()
    if name == "default":
        return _DEFAULT_HOST, None
    from docker.context import ContextAPI

    try:
        context: Any = ContextAPI.get_context(name)
        return str(context.Host), context.TLSConfig
    except Exception as error:  # the library raises whatever the files lead it to
        raise ImgdiagError(
            f"the Docker context {name!r} cannot be used ({type(error).__name__}: {error})",
            hint="See 'docker context ls', or set DOCKER_HOST",
        ) from error


def _current_context() -> str:
    """Return the context that 'docker context use' chose."""
    folder = os.environ.get("DOCKER_CONFIG")
    try:
        path = Path(folder) if folder else Path.home() / ".docker"
        config = json.loads((path / "config.json").read_bytes())
        return str(config.get("currentContext") or "default")
    except (OSError, ValueError, AttributeError, RuntimeError):  # none, or none that can be read
        return "default"


def connect(host: str, tls: Any) -> Any:
    """Return a client for the engine at `host`, which is asked for its version at once.

    Raises ImgdiagError when the library for ssh is not installed, and what `docker` raises.
    """
    import docker

    if host.startswith("ssh://") and find_spec("paramiko") is None:
        raise ImgdiagError(
            f"an engine at {host} cannot be asked without the library for ssh",
            hint="pip install 'imgdiag[ssh]', or send the image: "
            "ssh HOST docker save TAG | imgdiag analyze -",
        )
    return docker.DockerClient(
        base_url=host,
        tls=tls or False,
        version="auto",
        timeout=_TIMEOUT,
        use_ssh_client=host.startswith("ssh://"),
    )


def _load_store(
    host: str,
    info: dict[str, Any],
    details: dict[str, Any],
    name: str,
    visit: LayerVisitor[T],
    request: Request,
) -> SourceImage[T]:
    if not host.startswith("unix://"):
        raise RouteClosed(f"the engine at {host} is on another machine")
    root, image_id = _root(info, request), details["Id"]
    size = details.get("Size")
    if _is_podman(info):
        from imgdiag.sources import containers_storage

        image = containers_storage.load(root, image_id, visit, request, engine_bytes=size)
        return replace(image, reference=name)
    if any("io.containerd.snapshotter" in str(pair) for pair in info.get("DriverStatus") or ()):
        from imgdiag.sources import containerd

        return containerd.load(root, image_id, visit, request, reference=name, engine_bytes=size)
    if info.get("Driver") == "overlay2":
        from imgdiag.sources import overlay2

        return overlay2.load(root, image_id, visit, request, reference=name, engine_bytes=size)
    raise RouteClosed(
        f"the engine's storage driver {info.get('Driver')!r} keeps layers in another way"
    )


def _root(info: dict[str, Any], request: Request) -> Path:
    """Return the engine's folder as it is seen from here."""
    return request.engine_root or Path(info.get("DockerRootDir") or "/var/lib/docker")


def _is_podman(info: dict[str, Any]) -> bool:
    """Tell podman by what it alone says; its folder and its version tell nothing."""
    return "BuildahVersion" in info


def _reason(error: Exception) -> str:
    """Return the innermost cause of a library's error, in one line."""
    inner = _innermost(error)
    text = inner.strerror if isinstance(inner, OSError) and inner.strerror else str(inner)
    return " ".join(str(text).split())[:200]


def _innermost(error: BaseException) -> BaseException:
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error
