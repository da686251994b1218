"""A skeleton: an image with its files' contents replaced by zeros, small enough to attach.

Every header stays as it is (names, sizes, owners, modes, times, links, whiteouts), and so do the
history and the few small texts that an analysis reads (`imgdiag.capture`), so that analysing the
skeleton gives the numbers of the original. It is an OCI archive with zstd layers: OCI image-spec
1.1, image-layout.md.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from imgdiag import jsontext, sources
from imgdiag.capture import CAPTURE
from imgdiag.errors import ImgdiagError
from imgdiag.layers.reader import Reader
from imgdiag.layers.walk import read_layer
from imgdiag.sources import Request, SourceImage
from imgdiag.sources.layout import SKELETON_MARK

_LEVEL = 12  # above it, headers get a twentieth smaller and take four times as long
_ZEROS = bytes(1024 * 1024)
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+zstd"
_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ZeroedLayer:
    """A layer's zeroed and compressed blob in a temporary file. Sizes are in bytes."""

    path: Path
    diff_id: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class SkeletonSizes:
    """What came out: the archive's own bytes, and those of the layers that it stands for."""

    archive_bytes: int
    unpacked_bytes: int


def write_skeleton(reference: str, output: Path, request: Request) -> SkeletonSizes:
    """Write the skeleton of the image that `reference` names to `output`.

    The file appears when it is whole. Raises ImgdiagError.
    """
    output = output.absolute()
    try:
        with tempfile.TemporaryDirectory(prefix=".imgdiag-", dir=output.parent) as folder:
            zeroer = _Zeroer(Path(folder))
            image = sources.load(reference, zeroer.visit, request)
            archive = Path(folder) / "skeleton.tar"
            _write_archive(image, archive)
            archive.replace(output)
            return SkeletonSizes(output.stat().st_size, zeroer.unpacked_bytes)
    except OSError as error:
        raise ImgdiagError(
            f"cannot write {str(output)!r} ({error.strerror or error})",
            hint="Check that the folder exists, that you may write to it, and the space left",
        ) from error


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Zeroer:
    """Visits layers and leaves a zeroed blob of each in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.unpacked_bytes = 0

    def visit(self, reader: Reader) -> _ZeroedLayer:
        handle, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            sink = _Sink(file)
            read_layer(_ZeroingReader(reader, sink.write), CAPTURE)
            layer = sink.finish(Path(name))
        self.unpacked_bytes += sink.unpacked_bytes
        return layer


class _ZeroingReader:
    """Passes on what is read, and zeros for what is skipped, to `write`."""

    def __init__(self, reader: Reader, write: Callable[[bytes], None]) -> None:
        self._reader = reader
        self._write = write

    def read(self, size: int) -> bytes:
        data = self._reader.read(size)
        self._write(data)
        return data

    def skip(self, size: int) -> int:
        skipped = left = self._reader.skip(size)
        while left > 0:
            step = min(left, len(_ZEROS))
            self._write(_ZEROS if step == len(_ZEROS) else _ZEROS[:step])
            left -= step
        return skipped

    def position(self) -> int:
        return self._reader.position()


class _Sink:
    """Compresses into a file, both digests computed on the way."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._compressor = _compressor()
        self._plain = hashlib.sha256()
        self._stored = hashlib.sha256()
        self.unpacked_bytes = 0

    def write(self, data: bytes) -> None:
        self._plain.update(data)
        self.unpacked_bytes += len(data)
        self._store(self._compressor.compress(data))

    def finish(self, path: Path) -> _ZeroedLayer:
        self._store(self._compressor.flush())
        return _ZeroedLayer(
            path=path,
            diff_id=f"sha256:{self._plain.hexdigest()}",
            digest=f"sha256:{self._stored.hexdigest()}",
            size=self._file.tell(),
        )

    def _store(self, data: bytes) -> None:
        self._stored.update(data)
        self._file.write(data)


def _compressor() -> _Compressor:
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdCompressor
    else:
        from backports.zstd import ZstdCompressor
    return ZstdCompressor(level=_LEVEL)


def _write_archive(image: SourceImage[_ZeroedLayer], path: Path) -> None:
    config = jsontext.parse_object(image.config_data, "the image's config")
    config["rootfs"] = {
        "type": "layers",
        "diff_ids": [
            layer.content.diff_id if layer.content else layer.diff_id for layer in image.layers
        ],
    }
    config_data = _json(config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST_TYPE,
        "config": _descriptor(_CONFIG_TYPE, config_data),
        # A layer that could not be read stays one: its blob is not in the archive.
        "layers": [
            {
                "mediaType": _LAYER_TYPE,
                "digest": layer.content.digest if layer.content else layer.digest or layer.diff_id,
                "size": layer.content.size if layer.content else 0,
            }
            for layer in image.layers
        ],
    }
    manifest_data = _json(manifest)
    index = {
        "schemaVersion": 2,
        "manifests": [
            {
                **_descriptor(_MANIFEST_TYPE, manifest_data),
                "platform": {
                    "architecture": image.config.platform.architecture,
                    "os": image.config.platform.os,
                },
                "annotations": {
                    "io.containerd.image.name": image.reference,
                    SKELETON_MARK: "contents are zeros",
                },
            }
        ],
    }
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add(archive, "index.json", _json(index))
        for data in (manifest_data, config_data):
            _add(archive, f"blobs/sha256/{hashlib.sha256(data).hexdigest()}", data)
        blobs = {layer.content.digest: layer.content for layer in image.layers if layer.content}
        for digest, blob in blobs.items():
            with blob.path.open("rb") as file:
                _add(archive, f"blobs/sha256/{digest.removeprefix('sha256:')}", file, blob.size)


def _add(
    archive: tarfile.TarFile, name: str, data: bytes | IO[bytes], size: int | None = None
) -> None:
    """Add a member that says nothing of when and where it was made."""
    member = tarfile.TarInfo(name)
    member.mode = 0o444
    member.size = len(data) if isinstance(data, bytes) else size or 0
    archive.addfile(member, io.BytesIO(data) if isinstance(data, bytes) else data)


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {
        "mediaType": media_type,
        "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "size": len(data),
    }
