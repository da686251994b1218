"""What an image analyser must get right, numbered; each number is in the names of its tests.

`test_51_hard_link_with_one_name_deleted` covers number 51, and `test_3_and_5_…` two of them. The
page docs/conformance.md is made from here.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "conformance.md"

CASES = {
    1: ("an archive of `docker save` up to 24", "read in the order of manifest.json"),
    2: ("a repeated layer, stored as a symlink to the first", "its full content, both times"),
    3: ("`docker save` since 25, with version 1 configs among the blobs", "they are ignored"),
    4: ("an OCI archive without manifest.json", "read in its manifest's order"),
    5: ("gzip and zstd blobs of the containerd store", "read"),
    6: ("an OCI manifest in the wrong order (Docker 25.0.0)", "manifest.json decides"),
    7: ("`null` or nothing in one of the two manifests", "the other one is taken"),
    8: ("several images in one archive", "error that lists them; never the first"),
    9: ("several platforms", "the host's, or `--platform`; attestations are left out"),
    10: ("indexes in a circle, or more than 8 deep", "error"),
    11: ("a wrong media type in skopeo's `dir:`", "the first bytes decide"),
    12: ("kaniko's and go-containerregistry's `.tar.gz` layers", "read"),
    13: ("layers of mixed compression", "each is looked at for itself"),
    14: ("gzip of several members (eStargz)", "all are read"),
    15: ("zstd with skippable frames (zstd:chunked)", "the frames are skipped"),
    16: ("a foreign or absent layer", "unknown, listed as skipped, never 0; budgets do not pass"),
    17: ("no layers at all", "0 bytes, efficiency 1"),
    18: ("a manifest.json of `null`, `[]` or `{}`, and no index", "error"),
    19: ("no config", "error"),
    20: ("another number of layers than of diff_ids", "error that says both"),
    21: ("a history that is short, long or null", "warning; what made such a layer is unknown"),
    22: ("a real layer of size 0 (`RUN true`)", "a layer; only `empty_layer` says that none is"),
    23: (
        "a blob that is not what its digest says",
        "error; an uncompressed layer of a file or folder is hashed only with `--verify-digests`",
    ),
    24: ("an archive that is cut short", "error"),
    25: ("a layer that is cut short", "error that names layer and entry"),
    26: ("a corrupt header in the middle", "error that names the byte and the entry before it"),
    27: ("gzip or zstd cut short, or with a wrong checksum", "error"),
    28: ("junk after the end of gzip or zstd", "ignored with a warning"),
    29: ("a tar without its end mark", "read with a warning"),
    30: ("5 MB of zeros after the end", "read"),
    31: ("a decompression bomb", "error at `--read-limit unpacked` or `ratio`, in constant memory"),
    32: ("a pax or GNU header over 1 MiB", "error before it is read; `--read-limit header`"),
    33: ("pax sizes of -1 and 2⁶², NULs in paths, malformed records", "error"),
    34: ("a pax size beside a ustar size of 0", "the pax size"),
    35: ("sizes in base 256", "right; negative ones are an error"),
    36: ("long names and links, GNU's and pax'", "whole"),
    37: ("sparse files, GNU's and pax'", "the real size counts; the stored part is passed over"),
    38: ("names that are not UTF-8, or hold newlines", "told apart, shown escaped, valid in JSON"),
    39: ("terminal escapes in names and instructions", "harmless in every report"),
    40: ("`../` and absolute paths", "kept inside with a warning; nothing is written anywhere"),
    41: ('`"Layers": ["../../etc/passwd"]`, and the like for configs and links', "error"),
    42: ("a circle of symlinks", "listed, never followed"),
    43: (
        "entries below a symlink",
        "a lower layer's link is replaced by a folder, the same layer's followed; with a warning",
    ),
    44: ("a real folder over a symlink", "it replaces the link"),
    45: ("an opaque folder", "its lower children are hidden"),
    46: ("an opaque mark or a whiteout after its siblings", "they stay"),
    47: ("`.wh..wh..opqX`, a bare `.wh.`", "never wipe the parent"),
    48: (
        "whiteouts in the base layer, or of what is not there",
        "hide nothing; the folder that they stand in is made",
    ),
    49: ("a file over a folder", "the children are gone: cause `replaced`"),
    50: ("a folder deleted and made again", "only the new files"),
    51: ("a hard link of which one name goes", "the other keeps the content"),
    52: ("a hard link across layers", "one more name of the same content"),
    53: ("three copies by touch or chmod", "two are wasted: cause `metadata-only`"),
    54: ("a file deleted later", "charged to its maker, naming the layer that deleted it"),
    55: ("the same path twice in a layer", "the last wins, both count, with a warning"),
    56: ("a size in a link's or folder's header", "0"),
    57: ("devices and FIFOs", "0, never read"),
    58: ("a layer of a million entries", "under 700 bytes of memory for each"),
    59: ("a path of 1,500 parts", "read; nothing is recursive"),
    60: ("JSON nested 100,000 deep, an integer of 5,000 digits", "error"),
    61: ("a byte-order mark or trailing data in manifest.json", "error"),
    62: ("two manifest.json or two index.json", "error, as engines disagree on which counts"),
    63: ("two images that share a layer", "each is whole"),
    64: ("the engine's own size", "reproduced to the byte, within what the engine adds"),
    65: ("a plain file system, a file that is no tar", "error: not an image"),
    66: ("a pipe on standard input, a named pipe, a terminal", "read; the terminal is an error"),
    67: ("a folder of a lower layer deleted by `.wh.dir`", "every byte below it is wasted"),
    68: ("10 B grown to 9,000 B by a rewrite", "10 are wasted"),
}


def covering() -> dict[int, set[str]]:
    """Return the files that hold tests of each number."""
    files: dict[int, set[str]] = defaultdict(set)
    for path in (ROOT / "tests").rglob("test_*.py"):
        for name in re.findall(r"^def test_(\d+(?:_and_\d+)*)_", path.read_text("utf-8"), re.M):
            for number in name.split("_and_"):
                files[int(number)].add(path.relative_to(ROOT).as_posix())
    return files


def page() -> str:
    """Return docs/conformance.md."""
    files = covering()
    rows = [
        f"| {number} | {what} | {answer} | {', '.join(map(_link, sorted(files[number])))} |"
        for number, (what, answer) in CASES.items()
    ]
    return "\n".join(
        (
            "# What imgdiag answers to odd images",
            "",
            "'Error' is one line that says where (image → layer → entry) and what to do, exit",
            "code 3, nothing half-written, no traceback. Each number is in the names of its tests",
            "(`pytest -k test_51_`), and this page is made from tests/test_conformance.py. Whether",
            "others take layers to mean the same: [agreement.md](agreement.md).",
            "",
            "| | input | answer | tests |",
            "| ---: | --- | --- | --- |",
            *rows,
            "",
        )
    )


def _link(path: str) -> str:
    return f"[{path.removeprefix('tests/').removesuffix('.py')}](../{path})"


def test_every_case_has_its_test_and_every_numbered_test_its_case() -> None:
    assert sorted(CASES) == list(range(1, 69))
    assert set(covering()) == set(CASES)


def test_the_page_is_made_from_the_cases() -> None:
    if os.environ.get("IMGDIAG_UPDATE_DOCS") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
