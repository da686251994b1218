"""Images built in memory: entries make layers, layers an image, and an image any archive.

    base = tar(folder("app"), file("app/model.bin", 1_000))
    change = tar(whiteout("app/model.bin"))
    path = write_archive(tmp_path / "image.tar", docker(image(base, change)))

An archive is a list of entries too, so tests take one apart with ordinary list operations. The
tar writer is our own: `tarfile` refuses to write most of the odd headers that images hold.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from imgdiag.capture import CAPTURE
from imgdiag.filesystem import Filesystem, merge
from imgdiag.layers.reader import StreamReader
from imgdiag.layers.walk import Capture, Layer, read_layer

if sys.version_info >= (3, 14):
    from compression import zstd as _zstd
else:
    from backports import zstd as _zstd

BLOCK = 512
END = bytes(2 * BLOCK)
USTAR, GNU, V7 = b"ustar\x0000", b"ustar  \0", bytes(8)


# Entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One member of a tar. `size` is what its header says, when that is not the content's."""

    path: str
    kind: bytes = b"0"
    content: bytes = b""
    target: str = ""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    size: int | None = None

    def encoded(self) -> bytes:
        """Return the header and the padded content; a pax header first for a long name."""
        path, target = encode(self.path), encode(self.target)
        long = {
            key: value for key, value in (("path", path), ("linkpath", target)) if len(value) > 100
        }
        block = header(
            path[:100],
            kind=self.kind,
            size=len(self.content) if self.size is None else self.size,
            mode=self.mode,
            uid=self.uid,
            gid=self.gid,
            mtime=self.mtime,
            link=target[:100],
        )
        return (pax(**long) if long else b"") + block + padded(self.content)


def file(
    path: str,
    content: bytes | int = b"",
    *,
    mode: int = 0o644,
    uid: int = 0,
    gid: int = 0,
    mtime: int = 0,
) -> Entry:
    """Return a file; a number as its content means as many zeros."""
    data = bytes(content) if isinstance(content, int) else content
    return Entry(path=path, content=data, mode=mode, uid=uid, gid=gid, mtime=mtime)


def folder(path: str, *, mode: int = 0o755) -> Entry:
    return Entry(path=f"{path}/", kind=b"5", mode=mode)


def symlink(path: str, target: str) -> Entry:
    return Entry(path=path, kind=b"2", target=target, mode=0o777)


def hard_link(path: str, target: str, *, size: int = 0) -> Entry:
    return Entry(path=path, kind=b"1", target=target, size=size)


def device(path: str, *, size: int = 0) -> Entry:
    return Entry(path=path, kind=b"3", size=size)


def fifo(path: str) -> Entry:
    return Entry(path=path, kind=b"6")


def whiteout(path: str) -> Entry:
    """Return the mark that hides `path` of the layers below."""
    parent, name = posixpath.split(path)
    return file(posixpath.join(parent, f".wh.{name}"))


def opaque(path: str) -> Entry:
    """Return the mark that hides all that the layers below have in the folder `path`."""
    return file(posixpath.join(path, ".wh..wh..opq"))


# Tars


def tar(*parts: Entry | bytes, end: bytes = END) -> bytes:
    """Return the tar of `parts`, in their order; bytes are taken as they are."""
    return b"".join(part if isinstance(part, bytes) else part.encoded() for part in parts) + end


def header(
    name: bytes,
    *,
    kind: bytes = b"0",
    size: int | bytes = 0,
    mode: int | bytes = 0o644,
    uid: int | bytes = 0,
    gid: int | bytes = 0,
    mtime: int | bytes = 0,
    link: bytes = b"",
    magic: bytes = USTAR,
    prefix: bytes = b"",
    checksum: int | None = None,
) -> bytes:
    """Return one header block. Bytes in a number's place are written verbatim.

    `prefix` may have up to 167 bytes, the whole rest of the block: GNU has other fields there.
    """
    block = b"".join(
        (
            name.ljust(100, b"\0"),
            _number(mode, 8),
            _number(uid, 8),
            _number(gid, 8),
            _number(size, 12),
            _number(mtime, 12),
            b" " * 8,
            kind,
            link.ljust(100, b"\0"),
            magic,
            bytes(80),
            prefix.ljust(167, b"\0"),
        )
    )
    assert len(block) == BLOCK
    value = sum(block) if checksum is None else checksum
    return block[:148] + b"%06o\0 " % value + block[156:]


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % BLOCK)


def base256(value: int, width: int = 12) -> bytes:
    """Return a number as GNU writes those that octal digits cannot hold."""
    return b"\x80" + value.to_bytes(width - 1, "big")


def pax(*, kind: bytes = b"x", **records: str | bytes | int) -> bytes:
    """Return a pax header; `GNU_sparse_major=1` stands for the key GNU.sparse.major."""
    return pax_raw(b"".join(_record(key, value) for key, value in records.items()), kind=kind)


def pax_raw(data: bytes, *, kind: bytes = b"x") -> bytes:
    """Return a pax header whose records are `data`, right or wrong."""
    return header(b"PaxHeaders/0", kind=kind, size=len(data)) + padded(data)


def gnu_long_name(name: str) -> bytes:
    return _gnu_long(b"L", name)


def gnu_long_link(target: str) -> bytes:
    return _gnu_long(b"K", target)


def gnu_sparse(path: str, stored: bytes, *, real_size: int | bytes, extensions: int = 0) -> bytes:
    """Return an old GNU sparse file: what is stored, and then a hole."""
    more = b"\1" if extensions else b"\0"
    map_ = _number(0, 12) + _number(len(stored), 12) + _number(real_size, 12) + _number(0, 12)
    fields = bytes(41) + map_ + bytes(2 * 24) + more + _number(real_size, 12)
    block = header(encode(path), kind=b"S", size=len(stored), magic=GNU, prefix=fields)
    maps = (
        bytes(504) + (b"\0" if last else b"\1") + bytes(7)
        for last in (number == extensions - 1 for number in range(extensions))
    )
    return block + b"".join(maps) + padded(stored)


def encode(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _number(value: int | bytes, width: int) -> bytes:
    if isinstance(value, bytes):
        assert len(value) == width
        return value
    if value >= 8 ** (width - 1):
        return base256(value, width)
    return b"%0*o\0" % (width - 1, value)


def _record(key: str, value: str | bytes | int) -> bytes:
    raw = encode(str(value)) if isinstance(value, str | int) else value
    name = key.replace("GNU_sparse_", "GNU.sparse.").encode()
    rest = b" " + name + b"=" + raw + b"\n"
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return str(length).encode() + rest


def _gnu_long(kind: bytes, name: str) -> bytes:
    data = encode(name) + b"\0"
    return header(b"././@LongLink", kind=kind, size=len(data), magic=GNU) + padded(data)


# Compression

Compress = Callable[[bytes], bytes]


def plain(data: bytes) -> bytes:
    return data


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def gzipped_in_members(data: bytes) -> bytes:
    """Return a gzip of several members, as eStargz has them."""
    return b"".join(gzipped(data[at : at + 1_000]) for at in range(0, max(len(data), 1), 1_000))


def zstd(data: bytes) -> bytes:
    return _zstd.compress(data)


def zstd_with_skippable_frames(data: bytes) -> bytes:
    """Return zstd frames with skippable ones before, between and after (zstd:chunked)."""
    skippable = b"\x5e\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    half = len(data) // 2
    return skippable + zstd(data[:half]) + skippable + zstd(data[half:]) + skippable


# Images


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image: uncompressed layers, oldest first, and what its config says."""

    layers: tuple[bytes, ...]
    history: tuple[dict[str, Any], ...] | None
    settings: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ("app:1",)
    platform: str = "linux/amd64"

    @property
    def diff_ids(self) -> list[str]:
        return [sha256(layer) for layer in self.layers]

    @property
    def config(self) -> bytes:
        system, architecture = self.platform.split("/")[:2]
        return json_bytes(
            {
                "architecture": architecture,
                "os": system,
                "created": "2024-01-01T00:00:00Z",
                "config": self.settings,
                "rootfs": {"type": "layers", "diff_ids": self.diff_ids},
                "history": self.history,
            }
        )


def image(
    *layers: bytes | Sequence[Entry | bytes],
    created_by: Sequence[str] = (),
    history: Sequence[dict[str, Any]] | None = None,
    settings: dict[str, Any] | None = None,
    tags: Sequence[str] = ("app:1",),
    platform: str = "linux/amd64",
) -> Image:
    """Return an image of `layers`, each a tar or the entries of one.

    `created_by` gives each layer its instruction; `history` is for all that this cannot say.
    """
    if history is None:
        commands = created_by or [f"COPY layer-{n} / # buildkit" for n in range(len(layers))]
        history = [instruction(command) for command in commands]
    return Image(
        layers=tuple(layer if isinstance(layer, bytes) else tar(*layer) for layer in layers),
        history=tuple(history),
        settings=settings or {},
        tags=tuple(tags),
        platform=platform,
    )


def instruction(created_by: str, *, empty: bool = False) -> dict[str, Any]:
    """Return a history entry; one that is `empty` made no layer."""
    entry: dict[str, Any] = {"created": "2024-01-01T00:00:00Z", "created_by": created_by}
    return {**entry, "empty_layer": True} if empty else entry


# Archives

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"


def docker_legacy(*images: Image) -> list[Entry]:
    """`docker save` up to 24: a repeated layer is a symlink to the first of its kind."""
    entries: dict[str, Entry] = {}
    manifest = []
    for each in images:
        first: dict[str, str] = {}
        paths = []
        for number, layer in enumerate(each.layers):
            digest = sha256(layer)
            identity = _hex(f"{sha256(each.config)} {number}".encode())
            path = f"{identity}/layer.tar"
            paths.append(path)
            _put(entries, folder(identity), file(f"{identity}/VERSION", b"1.0"))
            _put(entries, file(f"{identity}/json", json_bytes({"id": identity})))
            if digest in first:
                _put(entries, symlink(path, f"../{first[digest]}/layer.tar"))
            else:
                first[digest] = identity
                _put(entries, file(path, layer))
        config = f"{_hex(each.config)}.json"
        _put(entries, file(config, each.config))
        manifest.append({"Config": config, "RepoTags": list(each.tags) or None, "Layers": paths})
    return [
        *entries.values(),
        file("manifest.json", json_bytes(manifest)),
        file("repositories", json_bytes({})),
    ]


def docker(*images: Image, compress: Compress | Sequence[Compress] = plain) -> list[Entry]:
    """`docker save` since 25; compressed, the same from a containerd store.

    Version 1 configs stand among the blobs, and nothing refers to them.
    """
    entries: dict[str, Entry] = {}
    manifest = []
    for each in images:
        blobs = _layer_blobs(each, compress)
        strays = [blob(json_bytes({"id": number, "v1": True})) for number in range(len(blobs))]
        _put(entries, *blobs, blob(each.config), *strays, blob(oci_manifest(each, compress)))
        manifest.append(
            {
                "Config": blob(each.config).path,
                "RepoTags": list(each.tags) or None,
                "Layers": [entry.path for entry in blobs],
                "LayerSources": {
                    diff_id: descriptor(OCI_LAYER, entry.content)
                    for diff_id, entry in zip(each.diff_ids, blobs, strict=True)
                },
            }
        )
    return [
        folder("blobs"),
        folder("blobs/sha256"),
        *entries.values(),
        file("index.json", oci_index(*images, compress=compress)),
        file("manifest.json", json_bytes(manifest)),
        file("oci-layout", json_bytes({"imageLayoutVersion": "1.0.0"})),
    ]


def oci(*images: Image, compress: Compress | Sequence[Compress] = gzipped) -> list[Entry]:
    """An OCI layout, for an archive or a folder."""
    entries: dict[str, Entry] = {}
    for each in images:
        _put(entries, blob(oci_manifest(each, compress)), blob(each.config))
        _put(entries, *_layer_blobs(each, compress))
    return [
        file("oci-layout", json_bytes({"imageLayoutVersion": "1.0.0"})),
        file("index.json", oci_index(*images, compress=compress)),
        *entries.values(),
    ]


def oci_index(*images: Image, compress: Compress | Sequence[Compress] = gzipped) -> bytes:
    return json_bytes(
        {
            "schemaVersion": 2,
            "manifests": [
                descriptor(
                    OCI_MANIFEST,
                    oci_manifest(each, compress),
                    platform=dict(
                        zip(("os", "architecture"), each.platform.split("/"), strict=True)
                    ),
                    annotations={"io.containerd.image.name": tag} if tag else {},
                )
                for each in images
                for tag in each.tags or ("",)
            ],
        }
    )


def oci_manifest(
    each: Image, compress: Compress | Sequence[Compress] = gzipped, media_type: str = OCI_LAYER
) -> bytes:
    return json_bytes(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(OCI_CONFIG, each.config),
            "layers": [
                descriptor(media_type, entry.content) for entry in _layer_blobs(each, compress)
            ],
        }
    )


def skopeo_dir(
    each: Image, compress: Compress | Sequence[Compress] = plain, media_type: str = OCI_LAYER
) -> list[Entry]:
    """What skopeo's `dir:` transport writes: a manifest, and blobs by their hex digest."""
    blobs = {_hex(data): data for data in (*_stored(each, compress), each.config)}
    return [
        file("version", b"Directory Transport Version: 1.1\n"),
        file("manifest.json", oci_manifest(each, compress, media_type)),
        *(file(name, data) for name, data in blobs.items()),
    ]


def kaniko(each: Image) -> list[Entry]:
    """What kaniko and go-containerregistry write: `<hex>.tar.gz`, the config without an ending."""
    layers = {f"{_hex(data)}.tar.gz": data for data in _stored(each, gzipped)}
    config = sha256(each.config)
    manifest = [{"Config": config, "RepoTags": list(each.tags), "Layers": list(layers)}]
    return [
        file(config, each.config),
        *(file(name, data) for name, data in layers.items()),
        file("manifest.json", json_bytes(manifest)),
    ]


def blob(data: bytes) -> Entry:
    return file(f"blobs/sha256/{_hex(data)}", data)


def descriptor(media_type: str, data: bytes, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": sha256(data), "size": len(data), **more}


def with_file(entries: Iterable[Entry], path: str, content: bytes) -> list[Entry]:
    """Return `entries` with another content for `path`, added when it is not there."""
    kept = list(entries)
    for index, entry in enumerate(kept):
        if entry.path == path:
            kept[index] = replace(entry, content=content)
            return kept
    return [*kept, file(path, content)]


def without(entries: Iterable[Entry], path: str) -> list[Entry]:
    return [entry for entry in entries if entry.path != path]


def write_archive(path: Path, entries: Iterable[Entry], compress: Compress = plain) -> Path:
    path.write_bytes(compress(tar(*entries)))
    return path


def write_folder(path: Path, entries: Iterable[Entry]) -> Path:
    """Write `entries`, files and folders only, below `path`."""
    for entry in entries:
        target = path / entry.path
        (target if entry.kind == b"5" else target.parent).mkdir(parents=True, exist_ok=True)
        if entry.kind != b"5":
            target.write_bytes(entry.content)
    return path


def json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def sha256(data: bytes) -> str:
    return f"sha256:{_hex(data)}"


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _put(entries: dict[str, Entry], *more: Entry) -> None:
    for entry in more:
        entries.setdefault(entry.path, entry)


def _stored(each: Image, compress: Compress | Sequence[Compress]) -> list[bytes]:
    ways = [compress] * len(each.layers) if callable(compress) else compress
    return [way(layer) for way, layer in zip(ways, each.layers, strict=True)]


def _layer_blobs(each: Image, compress: Compress | Sequence[Compress]) -> list[Entry]:
    return [blob(data) for data in _stored(each, compress)]


# Straight into imgdiag


def walked(*parts: Entry | bytes, end: bytes = END, capture: Capture = CAPTURE) -> Layer:
    """Return the layer of `parts` as imgdiag reads it."""
    return read_layer(StreamReader(iter([tar(*parts, end=end)])), capture)


def merged(*layers: Sequence[Entry | bytes]) -> Filesystem:
    """Return the merged file system of layers given by their entries, oldest first."""
    return merge([walked(*layer) for layer in layers])
