"""An engine that the tests talk to, and what it takes to run a private one."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 20
# Engines keep their layers on a real disk: not in memory, and not inside another overlay.
UNFIT_FILE_SYSTEMS = {"tmpfs", "ramfs", "overlay", "fuse-overlayfs", "nfs", "nfs4", "9p"}
# The last docker program that builds with BuildKit on its own; later ones need the buildx plugin.
LAST_MAJOR_WITH_BUILDKIT = 20


class NoEngine(Exception):
    """There is no engine to test with, and the message says why."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine that answers, and the program to talk to it with.

    `kind` says how it keeps images: "overlay2", "containerd" or "podman". `root` is the folder
    in which it does, as seen from here; what the engine itself says may be a path in a chroot.
    """

    kind: str
    host: str
    cli: str
    root: Path
    private: bool

    @property
    def env(self) -> dict[str, str]:
        """Return the environment in which every program finds this engine and no other."""
        inherited = {key: value for key, value in os.environ.items() if key != "DOCKER_CONTEXT"}
        return inherited | {"DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "1"}

    def docker(self, *args: str) -> str:
        """Run the docker program and return what it printed; its complaint is in the error."""
        done = subprocess.run(
            [self.cli, *args], check=False, env=self.env, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise RuntimeError(f"docker {' '.join(args)} failed:\n{done.stderr[-4000:]}")
        return done.stdout

    def has_image(self, tag: str) -> bool:
        """Say whether the engine holds the image, without asking a registry for it."""
        return bool(self.docker("image", "ls", "--quiet", tag).strip())

    def copy_image(self, tag: str, target: "Engine") -> None:
        """Copy an image into another engine as a user would: docker save | docker load."""
        with subprocess.Popen(
            [self.cli, "save", tag], env=self.env, stdout=subprocess.PIPE
        ) as saving:
            loading = subprocess.run(
                [target.cli, "load", "--quiet"],
                check=False,
                env=target.env,
                stdin=saving.stdout,
                capture_output=True,
                text=True,
            )
        if loading.returncode != 0 or saving.returncode != 0:
            raise RuntimeError(f"cannot copy {tag} to {target.kind}:\n{loading.stderr[-4000:]}")


@contextmanager
def private_folder() -> Iterator[Path]:
    """Yield a folder on a disk for one engine, and leave no trace of it."""
    folder = Path(tempfile.mkdtemp(prefix="imgdiag-engine-", dir=folder_on_disk()))
    try:
        yield folder
    finally:
        unmount_below(folder)
        shutil.rmtree(folder)


@contextmanager
def private_engine(
    command: Sequence[str | Path],
    *,
    kind: str,
    cli: str,
    root: Path,
    socket: Path,
    log: Path,
    env: Mapping[str, str] | None = None,
) -> Iterator[Engine]:
    """Run an engine that shares nothing with any other, for as long as the block lasts."""
    host = f"unix://{socket}"
    with log.open("wb") as output:
        # In a session of its own, so that Ctrl-C reaches pytest alone, which then stops it.
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, env=env
        )
    try:
        wait_until_it_answers(process, cli, host, log)
        yield Engine(kind=kind, host=host, cli=cli, root=root, private=True)
    finally:
        stop(process)


def find_cli() -> str:
    """Return the first docker program that can build with BuildKit, which not each one can."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin"]
    programs = dict.fromkeys(filter(None, (shutil.which("docker", path=one) for one in folders)))
    if not programs:
        raise NoEngine("the docker program is not installed")
    for program in programs:
        if builds_with_buildkit(program):
            return program
    raise NoEngine(f"no BuildKit in {', '.join(programs)}: install the buildx plugin")


def builds_with_buildkit(cli: str) -> bool:
    """Say whether `docker build` understands BuildKit's mounts with this program."""
    if succeeds(cli, "buildx", "version"):
        return True
    version = subprocess.run([cli, "--version"], check=False, capture_output=True, text=True).stdout
    number = version.removeprefix("Docker version ").partition(".")[0]
    return number.isdecimal() and int(number) <= LAST_MAJOR_WITH_BUILDKIT


def answers(cli: str, host: str) -> bool:
    """Say whether an engine answers at the address."""
    return succeeds(cli, "--host", host, "version")


def succeeds(*command: str) -> bool:
    """Run a command for its exit code alone; one that hangs counts as a failure."""
    try:
        return subprocess.run(command, check=False, capture_output=True, timeout=15).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def wait_until_it_answers(process: subprocess.Popen[bytes], cli: str, host: str, log: Path) -> None:
    """Return once the engine answers, or say what its log ended with."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if answers(cli, host):
            return
        time.sleep(0.2)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    end = "did not answer" if process.poll() is None else f"ended with {process.returncode}"
    raise NoEngine(f"the private engine {end}; its log ends with:\n{tail}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the engine to end, then insist."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def mounts() -> list[tuple[str, str]]:
    """Return the mount points of this machine with their file system types, in mount order."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return [(fields[1], fields[2]) for fields in map(str.split, lines)]


def folder_on_disk() -> Path:
    """Return a folder for temporary files that lies on a real disk, where there is one."""
    candidates = [Path(tempfile.gettempdir()), Path("/var/tmp")]
    types = dict(mounts())
    for folder in candidates:
        mounted = next(str(one) for one in (folder, *folder.parents) if str(one) in types)
        if types[mounted] not in UNFIT_FILE_SYSTEMS:
            return folder
    return candidates[-1]


def unmount_below(folder: Path) -> None:
    """Unmount what a killed engine left behind, so that deleting the folder is safe."""
    for point, _ in reversed(mounts()):
        if Path(point).is_relative_to(folder):
            subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)
