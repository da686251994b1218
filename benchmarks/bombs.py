"""Small files that want all of a machine: what imgdiag says, in what time and memory.

    python -m benchmarks.bombs [--folder DIR]

Prints the table of SECURITY.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from isal import igzip_lib

from imgdiag.units import format_bytes
from tests.builder import Entry, docker, file, folder, hard_link, header, image, pax, symlink, tar

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdCompressor
else:
    from backports.zstd import ZstdCompressor

MB = 1_000_000


def zstd(data: bytes) -> bytes:
    """Return one zstd frame."""
    compressor = ZstdCompressor(level=3)
    return compressor.compress(data) + compressor.flush()


def gzip(data: bytes) -> bytes:
    """Return one gzip member."""
    return igzip_lib.compress(data, flag=igzip_lib.COMP_GZIP)


def big_file(gigabytes: int, compress: Callable[[bytes], bytes]) -> bytes:
    """Return a layer with one file of zeros, a frame or member for each 100 MB."""
    zeros = compress(bytes(100 * MB // 512 * 512)) * (10 * gigabytes)
    size = 100 * MB // 512 * 512 * 10 * gigabytes
    return compress(header(b"zeros", size=size)) + zeros + compress(bytes(1024))


def headers(count: int) -> bytes:
    """Return a layer with one empty file, `count` times."""
    return zstd(header(b"same") * 100_000) * (count // 100_000)


def tiny_files(count: int) -> Iterator[bytes]:
    """Yield an honest layer of many files, a hundred in each folder."""
    for number in range(count // 100):
        yield folder(f"d{number}").encoded()
        yield b"".join(file(f"d{number}/f{n}", b"x").encoded() for n in range(100))
    yield bytes(1024)


def long_names(count: int) -> Iterator[bytes]:
    """Yield a layer of names of 16 kB."""
    for number in range(count):
        yield pax(path=f"{number}/{'n' * 16_000}") + header(b"x")


def deep_paths(count: int) -> Iterator[bytes]:
    """Yield a layer of paths of 2,000 parts, no folder of which has an entry."""
    for number in range(count):
        yield pax(path=f"{number}/{'d/' * 2_000}f") + header(b"x")


def of(layer: bytes, plain: bytes | None = None) -> list[Entry]:
    """Return an archive with this one layer."""
    diff_id = f"sha256:{hashlib.sha256(plain or layer).hexdigest()}"
    config = json.dumps({"os": "linux", "rootfs": {"diff_ids": [diff_id]}}).encode()
    manifest = [{"Config": "config.json", "RepoTags": ["bomb:1"], "Layers": ["layer.tar"]}]
    return [
        file("config.json", config),
        file("layer.tar", layer),
        file("manifest.json", json.dumps(manifest).encode()),
    ]


BOMBS: dict[str, Callable[[], bytes]] = {
    "zstd: 300 GB of zeros": lambda: tar(*of(big_file(300, zstd))),
    "gzip: 20 GB of zeros (honest)": lambda: tar(*of(big_file(20, gzip))),
    "zstd in zstd: 300 GB of zeros": lambda: zstd(tar(*of(big_file(300, zstd)))),
    "zstd: one header 100 million times": lambda: tar(*of(headers(100 * MB))),
    "zstd: 100,000 names of 16 kB": lambda: tar(*of(zstd(b"".join(long_names(100_000))))),
    "20,000 paths of 2,000 folders": lambda: tar(*of(zstd(b"".join(deep_paths(20_000))))),
    "a layer of a million files (honest)": lambda: tar(*of(b"".join(tiny_files(MB)))),
    "a layer named 500 times, 10,000 files each": lambda: tar(
        *docker(image(*[b"".join(tiny_files(10_000))] * 500))
    ),
    "500 MB of global pax headers": lambda: tar(
        *of(zstd(pax(kind=b"g", **{f"k{n}": "v" * 90 for n in range(9_000)})) * 500)
    ),
    "100,000 hard links in a circle": lambda: tar(
        *docker(image([hard_link(f"l{n}", f"l{(n + 1) % 100_000}") for n in range(100_000)]))
    ),
    "100,000 files below 40 symlinks": lambda: tar(
        *docker(
            image(
                [
                    folder("d"),
                    *(symlink(f"l{n}", f"l{n + 1}" if n < 38 else "d") for n in range(39)),
                    *(file(f"l0/{n}/f") for n in range(100_000)),
                ]
            )
        )
    ),
    "a manifest of 16 MB of brackets": lambda: tar(
        file("manifest.json", b"[" + b"[]," * 5_592_000)
    ),
}


def main() -> None:
    """Make each bomb, light it, and print a row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", default="", help="part of a name")
    parser.add_argument("--make", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        sys.stdout.buffer.write(BOMBS[options.make]())
        return
    print("| input | file | processor | memory | answer |\n| --- | ---: | ---: | ---: | --- |")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for what in BOMBS:
            if options.only in what:
                path = Path(name) / "bomb.tar"
                # Elsewhere: the memory that it takes would count for the child that comes next.
                make = [sys.executable, "-m", "benchmarks.bombs", "--make", what]
                with path.open("wb") as file:
                    subprocess.run(make, stdout=file, check=True)
                print(
                    f"| {what} | {format_bytes(path.stat().st_size)} | {light(path)} |", flush=True
                )


def light(path: Path) -> str:
    """Analyse an archive in a process of its own; return its row."""
    process = subprocess.Popen(
        [sys.executable, "-m", "imgdiag", "analyze", "-q", "-f", "json", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert process.stderr is not None
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    answer = said.partition(". If you")[0].removeprefix("imgdiag: ").strip() or "read"
    answer = re.sub(r"'(.{16})[^']{40,}'", r"'\1…'", answer)
    return (
        f"{usage.ru_utime + usage.ru_stime:.1f} s | {format_bytes(usage.ru_maxrss * 1024)} | "
        f"{answer.removeprefix('bomb.tar → ').removeprefix('bomb.tar: ')[:110]}"
    )


if __name__ == "__main__":
    main()
