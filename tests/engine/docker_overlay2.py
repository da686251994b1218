"""The engine that is already there, else this machine's dockerd, run privately."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .engine import Engine, NoEngine, answers, find_cli, private_engine, private_folder

DEFAULT_HOST = "unix:///var/run/docker.sock"


@contextmanager
def running() -> Iterator[Engine]:
    """Yield the engine that is already there, else a private one that ends with the block."""
    cli = find_cli()
    host = os.environ.get("DOCKER_HOST", DEFAULT_HOST)
    if answers(cli, host):
        yield found(cli, host)
        return
    daemon = shutil.which("dockerd")
    if daemon is None:
        raise NoEngine(f"no engine answers at {host}, and dockerd is not installed")
    if os.geteuid() != 0:
        raise NoEngine(f"no engine answers at {host}, and only root can start dockerd")
    with private_folder() as folder:
        command = [
            daemon,
            f"--host=unix://{folder}/docker.sock",
            f"--data-root={folder}/data",
            f"--exec-root={folder}/exec",
            f"--pidfile={folder}/docker.pid",
            "--bridge=none",
            "--iptables=false",
        ]
        with private_engine(
            command,
            kind="overlay2",
            cli=cli,
            root=folder / "data",
            socket=folder / "docker.sock",
            log=folder / "dockerd.log",
        ) as engine:
            yield engine


def found(cli: str, host: str) -> Engine:
    """Return the engine that answers at `host`, whichever kind it is."""
    engine = Engine(kind="", host=host, cli=cli, root=Path(), private=False)
    info = json.loads(engine.docker("info", "--format", "{{json .}}"))
    kind = info["Driver"]
    if "io.containerd.snapshotter" in str(info.get("DriverStatus")):
        kind = "containerd"
    elif kind == "overlay":  # the name that podman gives the driver; Docker's overlay is long gone
        kind = "podman"
    return Engine(kind=kind, host=host, cli=cli, root=Path(info["DockerRootDir"]), private=False)
