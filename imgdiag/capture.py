"""Which files' contents an analysis reads: small texts that say what is installed and run.

A skeleton keeps the same files, so that it can be analysed like the image it came from.
"""

from __future__ import annotations

from collections.abc import Callable

from imgdiag.layers.walk import Capture
from imgdiag.python.imports.digest import DIGEST
from imgdiag.python.projects.requirements import is_requirements_file

MAX_BYTES = 16 * 1024 * 1024  # tensorflow's RECORD, the largest seen, has 3.1 MB
SCRIPT_BYTES = 1024  # of a script that an installer made, whose first lines name its Python

_ANYWHERE = frozenset(
    ("pyvenv.cfg", "pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml",
     "Pipfile", "Pipfile.lock", "requirements.txt")
)  # fmt: skip
_DIST_INFO = _ANYWHERE | {
    "METADATA", "RECORD", "WHEEL", "INSTALLER", "REQUESTED", "top_level.txt", "direct_url.json",
    "entry_points.txt",
}  # fmt: skip
_EGG_INFO = _ANYWHERE | {
    "PKG-INFO", "SOURCES.txt", "installed-files.txt", "requires.txt", "top_level.txt",
    "entry_points.txt",
}  # fmt: skip
_FOLDERS = {
    "etc": _ANYWHERE | {"os-release", "debian_version", "alpine-release", "passwd"},
    "usr/lib": _ANYWHERE | {"os-release"},
    "var/lib/dpkg": _ANYWHERE | {"diversions", "status"},
    "var/lib/apt": _ANYWHERE | {"extended_states"},
    "lib/apk/db": _ANYWHERE | {"installed"},
    "usr/lib/apk/db": _ANYWHERE | {"installed"},
}
_VERSIONED = ("-packages/torch", "-packages/torchaudio", "-packages/torchvision")


def _wanted_in(parent: str) -> Callable[[str], bool]:
    if parent.endswith(".dist-info"):
        return _DIST_INFO.__contains__
    if parent.endswith((".egg-info", ".egg/EGG-INFO")):
        return _EGG_INFO.__contains__
    if parent in _FOLDERS:
        return _FOLDERS[parent].__contains__
    if parent.endswith(_VERSIONED):
        return (_ANYWHERE | {"version.py"}).__contains__
    if parent.endswith("-packages/tensorflow/python/platform"):
        return (_ANYWHERE | {"build_info.py"}).__contains__
    if parent.endswith(("site-packages", "dist-packages")):
        return lambda name: name.endswith((".egg-info", ".egg-link", ".pth")) or name in _ANYWHERE
    if parent.endswith("conda-meta"):
        return lambda name: name.endswith(".json")
    if parent == "var/lib/dpkg/info":
        return lambda name: name.endswith(".list")
    if parent == "var/lib/dpkg/status.d":  # distroless images
        return lambda name: True
    # Only a project's own folders hold requirements files by other names, and each test costs.
    if "-packages/" in parent or parent.startswith(("usr/lib", "usr/share/", "lib/")):
        return _ANYWHERE.__contains__
    return lambda name: name in _ANYWHERE or is_requirements_file(parent, name)


def _small_in(parent: str) -> int:
    """Return how small a file of a folder must be to be read whatever its name."""
    return SCRIPT_BYTES if parent == "bin" or parent.endswith("/bin") else -1


CAPTURE = Capture(_wanted_in, MAX_BYTES, _small_in)
CAPTURE_IMPORTS = Capture(_wanted_in, MAX_BYTES, _small_in, DIGEST)
"""The same, and of every Python source what it imports of folders that might go."""
