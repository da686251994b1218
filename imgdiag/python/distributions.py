"""The installed distributions, with the files each owns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imgdiag.filesystem import File
from imgdiag.python.environments import Environment


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distribution:
    """One installed distribution. `name` is normalised (PEP 503); `bytes` is what it owns.

    `files` are the inodes it owns by the paths it names them by; an inode that two distributions
    name belongs to the first. `evidence` says how they are known:

    - record, installed-files: named one by one
    - egg: all of its .egg folder
    - top-level: the folders of its top-level packages, for want of a list
    - metadata: nothing but the metadata itself is known to be its own
    - editable: its metadata; its source lies outside the environment and is the project's
    - conda: named by the conda package that it is, which owns more than its RECORD names
    - dpkg, apk: none; the system's package that brought it (`system_package`) owns them

    `direct_url` says where it came from when not from an index, "" otherwise.
    """

    name: str
    version: str
    environment: Environment
    metadata_path: str
    installer: str
    requirements: tuple[str, ...]
    evidence: str
    files: Mapping[str, File]
    bytes: int
    missing: int  # files that are named and not there
    missing_paths: tuple[str, ...] = ()
    system_package: str = ""
    direct_url: str = ""
    is_editable: bool = False
