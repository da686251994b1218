"""Root file systems that take a minute to make, and are kept from one run to the next."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from .engine import NoEngine


def kept_tar(name: str, script: Path) -> Path:
    """Return the tar that `script OUT.tar` writes; a changed script writes another."""
    key = hashlib.sha256(script.read_bytes() + os.environ.get("SUITE", "").encode())
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    kept = Path(home) / "imgdiag-tests" / f"{name}-{key.hexdigest()[:16]}.tar"
    if not kept.exists():
        if shutil.which("debootstrap") is None or os.geteuid() != 0:
            raise NoEngine(f"{script.name} takes root and debootstrap")
        kept.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([script, kept], check=False, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise NoEngine(f"{script.name} failed:\n{done.stderr[-2000:]}")
    return kept
