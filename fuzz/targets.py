"""What is fuzzed: each takes bytes that anyone may have made, and raises ImgdiagError at most."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from fuzz.sections import layers, sections
from imgdiag import invariants
from imgdiag.capture import CAPTURE
from imgdiag.errors import CorruptImage, ImgdiagError
from imgdiag.filesystem import merge
from imgdiag.gate.gate import Budgets, judge
from imgdiag.image import instruction, parse_config
from imgdiag.layers.compression import CHUNK, sniff
from imgdiag.layers.reader import StreamReader
from imgdiag.layers.walk import read_layer
from imgdiag.limits import Limits, Meter
from imgdiag.pipeline import examine
from imgdiag.project import verdict
from imgdiag.project.alignment import align
from imgdiag.project.checks import check_project
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.project.fix.patches import patches
from imgdiag.project.project import Project
from imgdiag.python.imports.digest import digest
from imgdiag.python.imports.syntax import references
from imgdiag.reports import Style, formats, render
from imgdiag.sources import Request, SourceImage, SourceLayer
from imgdiag.sources.blobs import unpacked
from imgdiag.sources.layout import find_image
from imgdiag.sources.store import refuse_large
from imgdiag.sources.stream import read

_LIMITS = Limits(unpacked=64_000_000, entries=20_000)


def tar(data: bytes) -> None:
    """Walk a layer and merge it over itself."""
    layer = read_layer(StreamReader(iter([_with_checksums(data)])), CAPTURE, Meter(_LIMITS))
    filesystem = merge([layer, layer])
    assert filesystem.layer_bytes == filesystem.visible_bytes + filesystem.wasted_bytes


def compression(data: bytes) -> None:
    """Decompress in small pieces; what came out is never more than the limit."""
    pieces = iter([data[at : at + 1_000] for at in range(0, len(data), 1_000)])
    chunks = unpacked(pieces, sniff(data), Meter(_LIMITS), lambda message: None)
    total = sum(map(len, chunks))
    assert total <= _LIMITS.unpacked + CHUNK


def archive(data: bytes) -> None:
    """Read a whole archive from a pipe, and analyse what is in it."""
    request = Request(meter=Meter(_LIMITS))
    image = read(
        iter([_with_checksums(data)]),
        reference="-",
        route="stream",
        visit=lambda reader: read_layer(reader, CAPTURE, request.meter),
        request=request,
    )
    examine(image)


def manifests(data: bytes) -> None:
    """Find the image in a store of JSON files, whatever their digests."""
    store = _Store(dict(sections(data)))
    with patch("imgdiag.sources.oci_index.check_digest"):
        for request in (Request(), Request(name="app:1"), Request(layout="oci")):
            find_image(store, request)


def image(data: bytes) -> None:
    """Analyse an image given by its files, and print every report of it."""
    made = layers(data)
    diff_ids = [f"sha256:{number:064x}" for number in range(len(made))]
    history = [{"created_by": text.encode("utf-8", "replace").decode()} for text, _ in made]
    settings = _settings(data)
    config = parse_config(
        json.dumps(
            {
                "os": "linux",
                "architecture": "amd64",
                "config": settings,
                "rootfs": {"diff_ids": diff_ids},
                "history": history,
            }
        ).encode()
    )
    analysis = examine(
        SourceImage(
            reference="app:1",
            source="oci-archive",
            route="file",
            config=config,
            config_data=b"{}",
            layers=tuple(
                SourceLayer(diff_id=diff_id, digest=None, transfer_bytes=None, content=layer)
                for diff_id, (_, layer) in zip(diff_ids, made, strict=True)
            ),
        )
    )
    gate = judge(analysis, Budgets(max_layer=1))
    for name in formats():
        for details in (False, True):
            render(name, analysis, gate, Style(details=details)).encode()


def dockerfile(data: bytes) -> None:
    """Parse a Dockerfile, check it, patch it, and hold it against its own history."""
    parsed = parse_dockerfile(data.decode("utf-8", "surrogateescape"))
    history = [
        {"created_by": f"RUN /bin/sh -c {each.text} # buildkit", "empty_layer": True}
        for each in parsed.stages[-1].instructions
    ]
    align(parse_config(json.dumps({"history": history}).encode()), parsed)
    project({"Dockerfile": data})


def config(data: bytes) -> None:
    """Parse a config, and take its instructions apart."""
    for entry in parse_config(data).history:
        instruction(entry.created_by)


def python(data: bytes) -> None:
    """Look for imports in a source, by its tree and by its text."""
    for folder, name in (("app", "a.py"), ("app/.venv/lib/python3.11/site-packages/x", "a.py")):
        digest(folder, name, data)
    references(data, inside=True)


def files(data: bytes) -> None:
    """Check and patch a project given by its files: pyproject.toml, locks, requirements."""
    project({name: content for name, content in sections(data) if name in _NAMES})


def project(contents: dict[str, bytes]) -> None:
    """Check and patch a project."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        folder = Path(name)
        for path, content in contents.items():
            (folder / path).write_bytes(content)
        found = None
        if "Dockerfile" in contents:
            text = contents["Dockerfile"].decode("utf-8", "surrogateescape")
            found = parse_dockerfile(text, str(folder / "Dockerfile"))
        whole = Project(folder=folder, dockerfile=found)
        check_project(whole)
        list(patches(whole, verdict.judge))


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each
    for each in (tar, compression, archive, manifests, config, image, dockerfile, files, python)
}


def run(name: str, data: bytes) -> None:
    """Run one target; anything but an error of the input's own is a fault."""
    try:
        TARGETS[name](data)
    except invariants.Breach:
        raise
    except ImgdiagError as error:
        str(error).encode("utf-8", "surrogateescape")


_MEMORY = Path("/dev/shm")
_NAMES = frozenset(
    ("Dockerfile", ".dockerignore", "pyproject.toml", "uv.lock", "poetry.lock", "pylock.toml",
     "requirements.txt", "Pipfile", "Pipfile.lock", "pdm.lock", "environment.yml")
)  # fmt: skip


class _Store:
    """A BlobStore of what is at hand."""

    def __init__(self, blobs: dict[str, bytes]) -> None:
        self._blobs = blobs

    def __contains__(self, name: object) -> bool:
        return name in self._blobs

    def read(self, name: str) -> bytes:
        if name not in self._blobs:
            raise CorruptImage(f"no {name!r}")
        refuse_large(name, len(self._blobs[name]), Limits())
        return self._blobs[name]

    def size(self, name: str) -> int:
        return len(self._blobs[name])


def _settings(data: bytes) -> object:
    """Return what stands before the first layer, as the config of the image."""
    try:
        return json.loads(data.partition(b"=== ")[0])
    except (ValueError, RecursionError):
        return {}


def _with_checksums(data: bytes) -> bytes:
    """Return a tar with right checksums, which a mutation seldom hits."""
    result = bytearray(data)
    for at in range(0, len(data) - 511, 512):
        if result[at + 257 : at + 262] == b"ustar":
            result[at + 148 : at + 156] = b" " * 8
            result[at + 148 : at + 156] = b"%06o\0 " % sum(result[at : at + 512])
    return bytes(result)
