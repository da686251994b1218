"""A private podman that answers as Docker does."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from .engine import Engine, NoEngine, find_cli, private_engine, private_folder

# Not everything that podman writes goes where it is told, so it sees folders of its own in
# those places: caches in /var/lib, state in /run, locks in /dev/shm.
RUN = """
mount --bind "$0/lib" /var/lib
mount --bind "$0/run" /run
mount --bind "$0/shm" /dev/shm
export CONTAINERS_CONF="$0/containers.conf"
exec podman --root "$0/storage" --runroot /run/storage --storage-driver overlay \
    --cgroup-manager cgroupfs --events-backend file --network-config-dir "$0/lib" \
    system service --time=0 "unix://$0/podman.sock"
"""


@contextmanager
def running() -> Iterator[Engine]:
    """Yield a private engine that ends with the block."""
    cli = find_cli()
    if shutil.which("podman") is None:
        raise NoEngine("podman is not installed")
    if os.geteuid() != 0:
        raise NoEngine("only root can give podman folders of its own")
    with private_folder() as folder:
        for name in ("lib", "run", "shm", "storage"):
            (folder / name).mkdir()
        # By default podman asks for more than a container that runs the tests may have.
        (folder / "containers.conf").write_text(
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
        )
        with private_engine(
            ["unshare", "--mount", "sh", "-ec", RUN, folder],
            kind="podman",
            cli=cli,
            root=folder / "storage",
            socket=folder / "podman.sock",
            log=folder / "podman.log",
        ) as engine:
            yield engine
