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
import shutil
import stat
import sys
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from imgdiag import jsontext, sources
from imgdiag.capture import CAPTURE
from imgdiag.errors import ImgdiagError
from imgdiag.layers.reader import Reader
from imgdiag.layers.walk import read_layer
from imgdiag.limits import Meter
from imgdiag.sources import Request, SourceImage
from imgdiag.sources.oci_index import SKELETON_MARK
from imgdiag.writing import destination

_LEVEL = 12  # above it, headers get a twentieth smaller and take four times as long
_ZEROS = bytes(1024 * 1024)
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+zstd"
_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ZeroedLayer:
    """A layer's zeroed and compressed blob in a temporary file. Sizes are in bytes."""

    file: IO[bytes]
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

    The file appears when it is whole; what is no file, such as a pipe, is written to. Raises
    ImgdiagError.
    """
    output = output.absolute()
    try:
        target, mode = destination(output)
        is_file = mode is None or stat.S_ISREG(mode)
        folder = target.parent if is_file else None
        with ExitStack() as files, _temporary_file(folder) as archive:
            zeroer = _Zeroer(folder, files, request.meter)
            image = sources.load(reference, zeroer.visit, request)
            _write_archive(image, archive)
            archive.flush()
            if is_file:
                _publish(archive, target)
            else:
                archive.seek(0)
                with target.open("wb") as special:
                    shutil.copyfileobj(archive, special)
            return SkeletonSizes(os.fstat(archive.fileno()).st_size, zeroer.unpacked_bytes)
    except OSError as error:
        raise ImgdiagError(
            f"cannot write {str(output)!r} ({error.strerror or error})",
            hint="Check that the folder exists, that you may write to it, and the space left",
        ) from error


def _temporary_file(folder: Path | None) -> IO[bytes]:
    """Return a file without a name (O_TMPFILE): whatever ends the program, it is gone.

    Without a folder it is where the system has temporary files.
    """
    return tempfile.TemporaryFile(dir=folder)


def _publish(file: IO[bytes], output: Path) -> None:
    """Give a file without a name its name, in place of what has it now."""
    mask = os.umask(0)
    os.umask(mask)
    os.fchmod(file.fileno(), 0o666 & ~mask)
    # open(2), O_TMPFILE: a link from /proc gives it one. A name that is taken cannot be linked to.
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    descriptors = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            os.link(str(file.fileno()), part, src_dir_fd=descriptors, follow_symlinks=True)
        except OSError:  # no such files on this file system: copy it
            file.seek(0)
            with part.open("xb") as copy:
                shutil.copyfileobj(file, copy)
        part.replace(output)
    finally:
        os.close(descriptors)
        part.unlink(missing_ok=True)


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Zeroer:
    """Visits layers and leaves a zeroed blob of each in a temporary file that `files` closes."""

    def __init__(self, folder: Path | None, files: ExitStack, meter: Meter) -> None:
        self._folder = folder
        self._files = files
        self._meter = meter
        self.unpacked_bytes = 0

    def visit(self, reader: Reader) -> _ZeroedLayer:
        sink = _Sink(self._files.enter_context(_temporary_file(self._folder)))
        read_layer(_ZeroingReader(reader, sink.write), CAPTURE, self._meter)
        layer = sink.finish()
        self.unpacked_bytes += sink.unpacked_bytes
        return layer


class _ZeroingReader(Reader):
    """Passes on what is read, and zeros for what is passed over, to `write`."""

    def __init__(self, reader: Reader, write: Callable[[bytes], None]) -> None:
        self._reader = reader
        self._write = write

    def read_at(self, start: int, size: int) -> bytes:
        before = self._reader.position()
        data = self._reader.read_at(start, size)
        left = self._reader.position() - len(data) - before
        while left > 0:
            step = min(left, len(_ZEROS))
            self._write(_ZEROS if step == len(_ZEROS) else _ZEROS[:step])
            left -= step
        self._write(data)
        return data

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

    def finish(self) -> _ZeroedLayer:
        self._store(self._compressor.flush())
        return _ZeroedLayer(
            file=self._file,
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


def _write_archive(image: SourceImage[_ZeroedLayer], file: IO[bytes]) -> None:
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
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add(archive, "index.json", _json(index))
        for data in (manifest_data, config_data):
            _add(archive, f"blobs/sha256/{hashlib.sha256(data).hexdigest()}", data)
        blobs = {layer.content.digest: layer.content for layer in image.layers if layer.content}
        for digest, blob in blobs.items():
            blob.file.seek(0)
            _add(archive, f"blobs/sha256/{digest.removeprefix('sha256:')}", blob.file, blob.size)


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
