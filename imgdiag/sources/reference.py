"""From what the user typed to the source that reads it.

Each source is imported when an image is in it: all of them together take a tenth of the time that
the smallest image does.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from imgdiag.capture import CAPTURE
from imgdiag.errors import ImgdiagError, NotFound, within
from imgdiag.layers.walk import Capture, Layer, read_layer
from imgdiag.limits import Meter
from imgdiag.sources.base import LayerVisitor, Request, SourceImage, T
from imgdiag.sources.graph import RouteClosed

PREFIXES = ("docker", "podman", "docker-archive", "oci", "oci-archive", "oci-dir")


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference taken apart: `kind` is a prefix, "path", "tag" or "stdin"."""

    kind: str
    target: str
    name: str | None = None


def parse_reference(text: str) -> Reference:
    """Tell a pipe, a file, a folder and an engine's image apart.

    A prefix decides. Without one, `-` is a pipe, a file that exists is an archive, and a folder
    that holds an image is that image; anything else is the engine's, since a project's folder is
    often named like its tag. Raises NotFound for a path that does not exist or cannot be reached.
    """
    try:
        return _parse(text)
    except OSError as error:
        raise NotFound(
            f"cannot read {text!r} ({error.strerror or error})",
            hint="Check the path and your rights to it",
        ) from error


def _parse(text: str) -> Reference:
    if text == "-":
        return Reference("stdin", "-")
    prefix, colon, rest = text.partition(":")
    if colon and prefix in PREFIXES:
        if not rest:
            raise NotFound(f"{text!r} names nothing", hint=f"Give it as '{prefix}:NAME'")
        if prefix in ("docker", "podman"):
            return Reference(prefix, rest)
        return _file_reference(prefix, rest)
    path = Path(text)
    # A pipe or a device is one too: `imgdiag analyze <(docker save TAG)`.
    if _is_image_folder(path) or (path.exists() and not path.is_dir()):
        return Reference("path", text)
    if text.startswith(("/", ".", "~")) or text.endswith((".tar", ".tgz", ".tar.gz")):
        if path.is_dir():
            raise NotFound(_no_image(path, text), hint=_FOLDER_HINT)
        raise NotFound(f"{text!r} does not exist", hint=_HINT)
    return Reference("tag", text)


def _is_image_folder(path: Path) -> bool:
    if not path.is_dir():
        return False
    from imgdiag.sources import folder

    return folder.looks_like_image(path)


_HINT = "Give a saved image, an OCI layout or a tag"
_FOLDER_HINT = (
    f"{_HINT}; a project's folder goes to --project of 'imgdiag check', 'fix' and 'verify'"
)


def _file_reference(kind: str, rest: str) -> Reference:
    """Split `PATH[:NAME]` at the first colon that leaves an existing path."""
    if Path(rest).exists():
        return Reference(kind, rest)
    at = rest.find(":")
    while at > 0:
        if Path(rest[:at]).exists():
            return Reference(kind, rest[:at], rest[at + 1 :])
        at = rest.find(":", at + 1)
    raise NotFound(f"{rest!r} does not exist", hint="Check the path behind the prefix")


def load_layers(text: str, request: Request, capture: Capture = CAPTURE) -> SourceImage[Layer]:
    """Read the image that `text` names, its layers as an analysis reads them.

    What the request's cache knows of its layers is taken from there.
    Raises ImgdiagError.
    """
    request = replace(request, meter=Meter(request.limits))
    if request.cache_folder is not None:
        from imgdiag.cache import LayerCache

        reading = "imports" if capture.digest else "installed"
        known = LayerCache(request.cache_folder, reading, request.meter)
        request = replace(request, known=known)
    image = load(text, lambda reader: read_layer(reader, capture, request.meter), request)
    return replace(image, limits=request.limits)


def load(text: str, visit: LayerVisitor[T], request: Request) -> SourceImage[T]:
    """Read the image that `text` names, letting `visit` read each layer. Raises ImgdiagError."""
    reference = parse_reference(text)
    if reference.kind in ("tag", "docker", "podman"):
        return _load_tag(reference, visit, request)
    if reference.kind == "stdin":
        return _load_stdin(visit, request)
    path = Path(reference.target)
    if path.is_dir() and reference.kind in ("docker-archive", "oci-archive"):
        raise ImgdiagError(f"{reference.target!r} is a folder", hint="Use the prefix oci-dir:")
    if not path.is_dir() and reference.kind == "oci-dir":
        raise ImgdiagError(f"{reference.target!r} is a file", hint="Use the prefix oci-archive:")
    request = replace(request, name=reference.name, layout=_LAYOUTS.get(reference.kind))
    try:
        if path.is_dir():
            from imgdiag.sources import folder

            return folder.load(path, visit, request)
        from imgdiag.sources import archive

        return archive.load(path, visit, request)
    except OSError as error:
        raise NotFound(
            f"cannot read {reference.target!r} ({error.strerror or error})",
            hint="Check the path and your rights to it",
        ) from error


_LAYOUTS = {"docker-archive": "docker", "oci": "oci", "oci-archive": "oci", "oci-dir": "oci"}


def _load_tag(reference: Reference, visit: LayerVisitor[T], request: Request) -> SourceImage[T]:
    """Read an image of an engine; podman's storage needs none, and podman users often run none."""
    if reference.kind == "podman":
        return _load_podman(reference.target, visit, request)
    from imgdiag.sources import engine

    try:
        return engine.load(reference.target, visit, request)
    except (engine.NoEngine, NotFound) as error:
        if reference.kind == "docker":
            raise
        if isinstance(error, engine.NoEngine):
            try:
                return _load_podman(reference.target, visit, request)
            except ImgdiagError:
                pass
        if folder_error := no_image_in_folder(reference.target):
            raise folder_error from error
        raise


def no_image_in_folder(text: str) -> NotFound | None:
    """Return what to say where a folder was meant, and no engine has an image of that name."""
    path = Path(text)
    try:
        is_folder = path.is_dir()
    except OSError:  # no path at all, as a very long name
        return None
    if not is_folder:
        return None
    return NotFound(
        f"{_no_image(path, text)}, and no engine has an image of that name", hint=_FOLDER_HINT
    )


def _no_image(folder: Path, text: str) -> str:
    if (folder / "blobs").is_dir():
        return f"{text!r} has blobs and no index.json: it is a part of an OCI layout"
    return (
        f"{text!r} is a folder without an image: it has neither the index.json of an OCI layout "
        "nor the manifest.json of docker save"
    )


def _load_podman(name: str, visit: LayerVisitor[T], request: Request) -> SourceImage[T]:
    from imgdiag.sources import containers_storage

    roots = [request.engine_root] if request.engine_root else containers_storage.default_roots()
    closed: RouteClosed | None = None
    for root in roots:
        if (root / "overlay-images").is_dir():
            try:
                return containers_storage.load(root, name, visit, request)
            except NotFound:
                continue
            except RouteClosed as error:
                closed = error
    raise closed or NotFound(
        f"podman's storage holds no image {name!r}", hint="See 'podman images'"
    )


def _load_stdin(visit: LayerVisitor[T], request: Request) -> SourceImage[T]:
    from imgdiag.sources import stream

    if sys.stdin is None:
        raise ImgdiagError("standard input is closed", hint="Pipe an image in, or name one")
    if sys.stdin.isatty():
        raise ImgdiagError(
            "standard input is a terminal", hint="Pipe an image in: docker save TAG | imgdiag …"
        )
    request.progress.expect(None, "reading standard input")
    with within("standard input"):
        return stream.read(
            stream.file_chunks(sys.stdin.buffer, request),
            reference="-",
            route="stream",
            visit=visit,
            request=request,
        )
