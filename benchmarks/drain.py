"""Decompress the layers of a saved image one after the other, and do nothing else with them.

    python benchmarks/drain.py ARCHIVE

What any tool pays at least: isal for gzip, `zstd -dc` for zstd where it is on the PATH.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile

STEP = 256 * 1024


def main() -> None:
    with tarfile.open(sys.argv[1]) as archive:
        for member in archive:
            stored = archive.extractfile(member)
            assert stored is not None
            data = stored.read(STEP)
            if data.startswith(b"{"):
                continue
            if data.startswith(b"\x28\xb5\x2f\xfd"):
                with subprocess.Popen(
                    ["zstd", "-dc"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
                ) as zstd:
                    assert zstd.stdin is not None
                    while data:
                        zstd.stdin.write(data)
                        data = stored.read(STEP)
                    zstd.stdin.close()
            else:
                from isal import igzip_lib

                decompressor = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
                while data:
                    decompressor.decompress(data, STEP)
                    while not decompressor.needs_input and not decompressor.eof:
                        decompressor.decompress(b"", STEP)
                    data = stored.read(STEP)


if __name__ == "__main__":
    main()
