"""What an image analyser must get right, numbered; each number is in the names of its tests.

`test_51_hard_link_with_one_name_deleted` covers number 51, and `test_3_and_5_…` two of them. A case
that no such test covers says here where it is held to instead.
"""

from __future__ import annotations

import re
from pathlib import Path

CASES = {
    1: "a legacy archive is read in its manifest's order",
    2: "a repeated layer, stored as a symlink, has its full content",
    3: "version 1 configs among the blobs of docker save are ignored",
    4: "an OCI archive without manifest.json is read in its manifest's order",
    5: "gzip and zstd blobs of the containerd store are read",
    6: "a scrambled OCI manifest gives way to manifest.json",
    7: "an empty manifest list falls back to the other manifest",
    8: "several images are listed and asked for",
    9: "several platforms have an option, and attestations are left out",
    10: "nested indexes in a circle or too deep are an error",
    11: "a wrong media type in a dir: layout does not matter",
    12: "kaniko's .tar.gz layers are read",
    13: "mixed compression: each layer is sniffed",
    14: "every member of a gzip is read",
    15: "skippable zstd frames are skipped",
    16: "a foreign or absent layer is unknown and listed, never 0",
    17: "no layers at all: 0 bytes, and the efficiency is defined",
    18: "a manifest.json that names no image is an error",
    19: "no config is an error",
    20: "another number of layers than of diff_ids is an error that names both",
    21: "a history that is short, long or null leaves layers unknown",
    22: "a real layer of size 0 keeps the history aligned",
    23: "a blob that is not what its digest says is an error",
    24: "a truncated archive is an error",
    25: "a truncated layer is an error",
    26: "a corrupt header in the middle is an error",
    27: "gzip cut short or with a wrong CRC is an error",
    28: "junk after gzip is a warning",
    29: "no end blocks: accepted with a warning",
    30: "5 MB of zeros at the end are accepted",
    31: "a decompression bomb meets caps on ratio and size",
    32: "a pax header over 1 MiB is refused before it is allocated",
    33: "pax sizes of -1 and 2**62 and NULs in paths are errors",
    34: "a pax size goes before a ustar size of 0",
    35: "base-256 sizes are right",
    36: "long names and links of GNU and pax are whole",
    37: "sparse files have a real size and a stored one",
    38: "names that are not UTF-8, or hold newlines, stay what they are",
    39: "terminal escapes in names and instructions are harmless in every output",
    40: "paths that lead out are clamped and flagged, and nothing is written",
    41: "a layer or config outside the image is an error",
    42: "a circle of symlinks is listed and never followed",
    43: "an implicit symlinked parent is followed with a warning",
    44: "a real folder over a symlink replaces the link",
    45: "an opaque folder hides its lower children",
    46: "an opaque mark after its siblings leaves them",
    47: "odd whiteout names never wipe the parent",
    48: "whiteouts in the base layer have no effect",
    49: "a file over a folder takes the children away",
    50: "a folder deleted and made again holds only the new files",
    51: "a hard link whose other name goes keeps its size",
    52: "a hard link across layers is resolved",
    53: "three copies by touch or chmod waste two",
    54: "a deleted file is charged to its maker and names its deleter",
    55: "the same path twice in a layer: the last wins, both count, with a warning",
    56: "a size on a link's header is 0",
    57: "devices and FIFOs are 0 and never read",
    58: "a layer of a million entries is read in seconds",
    59: "a path of 1,500 parts needs no recursion",
    60: "JSON nested 100,000 deep, or an integer of 5,000 digits, is an error",
    61: "a byte-order mark or trailing data in manifest.json is an error",
    62: "two manifests are an error",
    63: "images that share a layer are each whole",
    64: "the engine's own size is reproduced to the byte",
    65: "a plain file system is not an image",
    66: "a pipe on standard input works, or says why not",
    67: "a deleted folder wastes every byte below it",
    68: "a file grown by a rewrite wastes its first bytes",
}

ELSEWHERE = {
    31: "open: memory is bounded, and nothing caps time or ratio yet",
    39: "tests/reports/test_hostile.py: every format with names that hold escapes",
    58: "speed is measured, not asserted",
}


def covered() -> set[int]:
    numbers: set[int] = set()
    for path in Path(__file__).parent.rglob("test_*.py"):
        for name in re.findall(r"^def test_(\d+(?:_and_\d+)*)_", path.read_text("utf-8"), re.M):
            numbers |= {int(number) for number in name.split("_and_")}
    return numbers


def test_every_case_is_covered_or_says_where() -> None:
    assert sorted(CASES) == list(range(1, 69))
    assert set(CASES) - covered() == set(ELSEWHERE) - covered()
    assert covered() <= set(CASES)
