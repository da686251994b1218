"""conda's packages, as conda, mamba and pixi record them: conda-meta/*.json in each environment.

Source: conda's documentation of the environment's `conda-meta` folder (PrefixRecord: `name`,
`version`, and `files` relative to the environment). The record belongs to its package.
"""

from __future__ import annotations

from imgdiag import jsontext
from imgdiag.errors import CorruptImage
from imgdiag.filesystem import File, Filesystem
from imgdiag.python.interpreters import in_store
from imgdiag.scanner.usage import Usage
from imgdiag.system.package import PackageRecord
from imgdiag.warnings import Warnings

MANAGER = "conda"
META = "conda-meta"


def read(filesystem: Filesystem, usage: Usage) -> tuple[list[PackageRecord], tuple[str, ...]]:
    """Return the packages of all environments, and what could not be told, in words."""
    records: list[PackageRecord] = []
    problems = Warnings()
    for path, directory in sorted(usage.named.get(META, ()), key=lambda pair: pair[0]):
        if in_store(path):
            continue
        prefix = path.removesuffix(META).rstrip("/")
        for name, node in sorted(directory.children.items()):
            if isinstance(node, File) and name.endswith(".json") and node.content is not None:
                try:
                    records.append(_record(node.content, prefix, name))
                except CorruptImage as error:
                    problems.add(
                        f"conda: a record cannot be read, so its files count as nobody's: "
                        f"/{path}/{name}: {error.message}"
                    )
    return records, problems.messages()


def _record(content: bytes, prefix: str, name: str) -> PackageRecord:
    what = "the record"
    top = jsontext.parse_object(content, what)
    return PackageRecord(
        name=jsontext.get(top, "name", str, "", what) or name.rsplit("-", 2)[0],
        version=jsontext.get(top, "version", str, "", what),
        manager=MANAGER,
        base=prefix,
        paths=(f"{META}/{name}", *jsontext.get_strings(top, "files", what)),
    )
