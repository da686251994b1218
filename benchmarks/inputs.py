"""Saved images to measure on: any number of entries, whiteouts, layers, and any depth.

    python benchmarks/inputs.py FOLDER          # all that speed.py measures, 5 GB of disk

The contents of uncompressed layers are holes of a sparse file: whoever reads them reads zeros, at
the speed of the page cache, and the disk holds nothing. Compressed layers hold words, so that they
shrink to about a third, as programs and libraries do.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import sys
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

REAL = Path(__file__).parents[1] / "fixtures" / "ml-service" / "before.oci.tar"
BLOCK = 512
FILE, DIRECTORY = b"0", b"5"
WORDS = 8 * 1024 * 1024  # bytes of text that compressed contents are cut from

Member = tuple[str, bytes, int]
"""A path, FILE or DIRECTORY, and the size of its content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A saved image: its layers' members, lowest first, and how its layers are compressed."""

    name: str
    layers: tuple[Iterable[Member], ...]
    compression: str = ""  # gzip or zstd


def header(path: str, kind: bytes, size: int) -> bytes:
    """Return a ustar header, after a pax header when the path needs one (POSIX.1-2017, pax)."""
    name = path.encode()
    if len(name) > 100:
        record = b" path=%s\n" % name
        length = len(record) + 2
        while len(b"%d" % length) + len(record) != length:
            length += 1
        record = b"%d%s" % (length, record)
        extension = _block(b"pax", b"x", len(record)) + record + bytes(-len(record) % BLOCK)
        return extension + _block(name[-100:], kind, size)
    return _block(name, kind, size)


def _block(name: bytes, kind: bytes, size: int) -> bytes:
    # Over 8 GiB as GNU tar and Go's write it: a byte 128, and the number in base 256.
    digits = b"%011o\x00" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    start = b"%-100b0000644\x000000000\x000000000\x00%b14534112400\x00" % (name, digits)
    end = kind + bytes(100) + b"ustar\x0000" + bytes(BLOCK - 265)
    start = start.replace(b" ", b"\0")
    return start + b"%06o\x00 " % (sum(start) + 8 * 32 + sum(end)) + end


def files(
    count: int, size: int, *, top: str = "usr/lib/python3.11/site-packages"
) -> Iterator[Member]:
    """Yield `count` files of `size` bytes, twenty to a folder, their folders before them."""
    for number in range(count):
        folder = f"{top}/package{number // 400}/part{number // 20 % 20}"
        if number % 20 == 0:
            yield f"{folder}/", DIRECTORY, 0
        yield f"{folder}/module_{number}.py", FILE, size


def whiteouts(count: int) -> Iterator[Member]:
    """Yield whiteouts of the first `count` of `files`, each by its own name."""
    for path, kind, _ in files(count, 0):
        if kind == FILE:
            folder, _, name = path.rpartition("/")
            yield f"{folder}/.wh.{name}", FILE, 0


def chain(depth: int) -> Iterator[Member]:
    """Yield a folder in a folder `depth` times, with a file in each."""
    path = ""
    for _ in range(depth):
        path += "d/"
        yield path, DIRECTORY, 0
        yield f"{path}f", FILE, 10


def write(folder: Path, made: Input) -> Path:
    """Write a saved image unless it is there.

    In the layout of `docker save` up to version 24; a compressed one as an OCI archive, whose
    blobs have the digests that readers check.
    """
    path = folder / f"{made.name}.tar"
    if path.exists():
        return path
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        if made.compression:
            _write_oci(file, made)
        else:
            _write_docker(file, made)
        file.write(bytes(2 * BLOCK))
    unfinished.rename(path)
    return path


def _write_docker(file: BinaryIO, made: Input) -> None:
    names = [f"{number:064x}/layer.tar" for number in range(len(made.layers))]
    for name, members in zip(names, made.layers, strict=True):
        with _member(file) as named:
            named.append(name)
            for path, kind, size in members:
                file.write(header(path, kind, size))
                file.seek(size + -size % BLOCK, 1)  # a hole
            file.write(bytes(2 * BLOCK))
    manifest = [{"Config": "config.json", "RepoTags": [f"{made.name}:1"], "Layers": names}]
    for name, value in (("config.json", _config(len(names))), ("manifest.json", manifest)):
        _write_json(file, name, value)


def _write_oci(file: BinaryIO, made: Input) -> None:
    layers = []
    for members in made.layers:
        with _member(file) as named:
            start = file.tell()
            digest = _write_compressed(file, members, made.compression)
            named.append(f"blobs/sha256/{digest}")
            layers.append(
                {
                    "mediaType": f"application/vnd.oci.image.layer.v1.tar+{made.compression}",
                    "digest": f"sha256:{digest}",
                    "size": file.tell() - start,
                }
            )
    config = _write_blob(file, "config", _config(len(layers)))
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config,
        "layers": layers,
    }
    index = {"schemaVersion": 2, "manifests": [_write_blob(file, "manifest", manifest)]}
    _write_json(file, "index.json", index)
    _write_json(file, "oci-layout", {"imageLayoutVersion": "1.0.0"})


def _write_blob(file: BinaryIO, kind: str, value: object) -> dict[str, object]:
    data = json.dumps(value).encode()
    digest = hashlib.sha256(data).hexdigest()
    _write_json(file, f"blobs/sha256/{digest}", value)
    return {
        "mediaType": f"application/vnd.oci.image.{kind}.v1+json",
        "digest": f"sha256:{digest}",
        "size": len(data),
    }


def write_real(folder: Path) -> Path:
    """Write the image of fixtures/ml-service as `docker save` would, unless it is there.

    The fixture has its contents as zeros, compressed; here they are holes.
    """
    path = folder / "ml-service.tar"
    if path.exists():
        return path
    unfinished = path.with_suffix(".part")
    with tarfile.open(REAL) as archive, unfinished.open("wb") as file:
        blobs = {each.name: each for each in archive}

        def read(name: str) -> dict[str, Any]:
            content = archive.extractfile(blobs[name])
            assert content is not None
            found: dict[str, Any] = json.load(content)
            return found

        def blob(descriptor: dict[str, Any]) -> str:
            digest: str = descriptor["digest"]
            return "blobs/" + digest.replace(":", "/")

        manifest = read(blob(read("index.json")["manifests"][0]))
        names = []
        for number, layer in enumerate(manifest["layers"]):
            content = archive.extractfile(blobs[blob(layer)])
            assert content is not None
            with _member(file) as named:
                named.append(f"{number:064x}/layer.tar")
                names += named
                with _decompressed(content, layer["mediaType"]) as plain:
                    _write_sparse(file, plain)
        _write_json(file, "config.json", read(blob(manifest["config"])))
        saved = [{"Config": "config.json", "RepoTags": ["ml-service:1"], "Layers": names}]
        _write_json(file, "manifest.json", saved)
        file.write(bytes(2 * BLOCK))
    unfinished.rename(path)
    return path


def _decompressed(content: IO[bytes], media_type: str) -> IO[bytes]:
    from backports import zstd

    open_: Any = zstd.open if media_type.endswith("zstd") else gzip.open
    return cast("IO[bytes]", open_(content))


def _write_sparse(file: BinaryIO, content: IO[bytes]) -> None:
    zeros = bytes(1024 * 1024)
    while data := content.read(len(zeros)):
        if data == zeros[: len(data)]:
            file.seek(len(data), 1)
        else:
            file.write(data)


def _write_json(file: BinaryIO, name: str, value: object) -> None:
    with _member(file) as named:
        named.append(name)
        file.write(json.dumps(value).encode())


def _config(layers: int) -> dict[str, object]:
    return {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["python"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{each:064x}" for each in range(layers)]},
        "history": [{"created_by": f"RUN make layer {each}"} for each in range(layers)],
    }


@contextmanager
def _member(file: BinaryIO) -> Iterator[list[str]]:
    """Write a member of the archive around what the block writes; it appends the name."""
    place = file.tell()
    named: list[str] = []
    file.seek(BLOCK, 1)
    yield named
    end = file.tell()
    size = end - place - BLOCK
    file.seek(place)
    file.write(header(named[0], FILE, size))
    file.seek(end + -size % BLOCK)


def _write_compressed(file: BinaryIO, members: Iterable[Member], compression: str) -> str:
    """Write a layer at the compression level that buildkit and docker use; return its digest."""
    import zlib

    from backports import zstd

    words = _words()
    compressor = (
        zlib.compressobj(6, wbits=31) if compression == "gzip" else zstd.ZstdCompressor(level=3)
    )
    chosen = random.Random(1)
    digest = hashlib.sha256()

    def store(data: bytes) -> None:
        digest.update(data)
        file.write(data)

    for path, kind, size in members:
        at = chosen.randrange(WORDS - size) if size < WORDS else 0
        content = words[at : at + size] if size < WORDS else (words * (size // WORDS + 1))[:size]
        store(compressor.compress(header(path, kind, size) + content + bytes(-size % BLOCK)))
    store(compressor.compress(bytes(2 * BLOCK)) + compressor.flush())
    return digest.hexdigest()


def _words() -> bytes:
    """Return text of made-up words and bytes of no pattern, which shrinks to about a third."""
    chosen = random.Random(0)
    known = [chosen.randbytes(chosen.randrange(2, 9)).hex().encode() for _ in range(4_000)]
    parts, size = [], 0
    while size < WORDS:
        part = chosen.choice(known) if chosen.random() < 0.93 else chosen.randbytes(8)
        parts.append(part)
        size += len(part)
    return b" ".join(parts)[:WORDS]


def all_inputs() -> Iterator[Input]:
    """Yield what the table is made of."""
    yield Input(name="large", layers=(files(77_000, 151_000),))
    yield Input(name="plain-1.8GB", layers=(files(58_000, 30_000), files(100, 10, top="etc")))
    yield Input(name="whiteouts-1.8GB", layers=(files(58_000, 30_000), whiteouts(15_000)))
    for count in (10_000, 100_000, 1_000_000):
        yield Input(name=f"entries-{count}", layers=(files(count, 1_000),))
    for count in (2_000, 20_000):
        yield Input(name=f"whiteouts-{count}", layers=(files(count, 1_000), whiteouts(count)))
    for count in (16, 127):
        layers = tuple(files(1_000, 1_000, top=f"layer{each}") for each in range(count))
        yield Input(name=f"layers-{count}", layers=layers)
    for depth in (150, 1_500):
        yield Input(name=f"deep-{depth}", layers=(chain(depth),))
    for compression in ("gzip", "zstd"):
        for count in (1, 2):
            layers = tuple(files(4_000, 150_000, top=f"srv{each}") for each in range(count))
            yield Input(name=f"{compression}-{count}", layers=layers, compression=compression)
        layers = (files(16_000, 150_000, top="srv"),)
        yield Input(name=f"{compression}-2.4GB", layers=layers, compression=compression)


if __name__ == "__main__":
    print(write_real(Path(sys.argv[1])))
    for each in all_inputs():
        print(write(Path(sys.argv[1]), each))
