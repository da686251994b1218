"""A private Docker that keeps images in containerd's store, run from a Debian of its own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .engine import Engine, NoEngine, find_cli, private_engine, private_folder
from .kept import kept_tar

MAKE_ROOT = Path(__file__).parent / "make-docker-root.sh"
# In a mount namespace of its own, so that these mounts end with the last of its processes.
# runc takes the root of the file system for a mount point; the first line makes it one.
RUN = """
mount --bind "$0" "$0"
mount -t proc proc "$0/proc"
mount --rbind /sys "$0/sys"
mount --rbind /dev "$0/dev"
exec chroot "$0" dockerd
"""


@contextmanager
def running() -> Iterator[Engine]:
    """Yield a private engine that ends with the block."""
    cli = find_cli()
    if os.geteuid() != 0:
        raise NoEngine("only root can run a Docker with the containerd store by chroot")
    tar = kept_tar("docker", MAKE_ROOT)
    with private_folder() as folder:
        root = folder / "root"
        root.mkdir()
        subprocess.run(["tar", "--extract", "--directory", root, "--file", tar], check=True)
        with private_engine(
            ["unshare", "--mount", "sh", "-ec", RUN, root],
            kind="containerd",
            cli=cli,
            root=root / "var" / "lib" / "docker",
            socket=root / "run" / "docker.sock",
            log=folder / "dockerd.log",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        ) as engine:
            yield engine
