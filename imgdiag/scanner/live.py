"""A command in a throw-away container, or in a running one; what it wrote comes back.

A throw-away container has no network, a read-only root and no capabilities, gains no privileges,
and is gone afterwards: the engine removes it when its command ends, even if imgdiag is killed,
and imgdiag removes it when anything else happens. API: Docker Engine API 1.30 and later.
"""

from __future__ import annotations

import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from imgdiag.errors import ImgdiagError, NotFound
from imgdiag.image import Platform
from imgdiag.sources import engine
from imgdiag.sources.reference import no_image_in_folder, parse_reference

LABEL = "imgdiag"  # on every container of ours, so that one can be found
MAX_OUTPUT = 1024 * 1024 * 1024  # bytes; five million files
_MAX_ERRORS = 1024 * 1024  # bytes kept of standard error
_SECONDS = 600.0
_MAX_PROCESSES = 1024
_MAX_FILES = 1024
_CANNOT_EXECUTE = (126, 127)  # what shells and engines return for a program that does not start
_REMOVAL_SECONDS = 30.0
_STALE_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a command wrote, and how it ended."""

    exit_code: int
    stdout: bytes
    stderr: bytes

    @property
    def complaint(self) -> str:
        """Return the last line of standard error, or the exit code where there is none."""
        lines = self.stderr.decode("utf-8", "backslashreplace").strip().splitlines()
        return lines[-1][:300] if lines else f"exit code {self.exit_code}"


class CannotStart(ImgdiagError):
    """The command did not start: most often, the image has no such program."""


Runner = Callable[[Sequence[str]], Output]
"""Runs a command and returns its output. Raises CannotStart when there is no such program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveImage:
    """An image that the engine can run. `volumes` are paths that it declares as such."""

    client: Any
    reference: str
    id: str
    volumes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """How a throw-away container is set up. As root, since root may read the most folders."""

    user: str = "0:0"
    environment: Mapping[str, str] = field(default_factory=dict)
    writable_tmp: bool = False  # an empty /tmp in memory, in place of the image's
    platform: Platform | None = None
    seconds: float = _SECONDS


def live_image(reference: str) -> AbstractContextManager[LiveImage]:
    """Return a block with the engine's image `reference`.

    Raises ImgdiagError when it is no engine's image, or the engine does not answer.
    """
    parsed = parse_reference(reference)
    if parsed.kind == "podman":
        raise ImgdiagError(
            f"podman's storage alone cannot run {parsed.target!r}",
            hint="Start 'podman system service', set DOCKER_HOST to its socket, and leave out "
            "the prefix podman:",
        )
    if parsed.kind not in ("tag", "docker"):
        raise ImgdiagError(
            f"{reference!r} is a saved image, and only an engine's image can be run",
            hint="Load it first ('docker load -i FILE') and give its tag",
        )
    if parsed.kind == "tag":
        return _told_of_folder(parsed.target)
    return _live_image(parsed.target)


@contextmanager
def _told_of_folder(name: str) -> Iterator[LiveImage]:
    """Give a name that is a folder, and no engine's image, the answer that it needs."""
    entered = False
    try:
        with _live_image(name) as image:
            entered = True
            yield image
    except (engine.NoEngine, NotFound) as error:
        if not entered and (told := no_image_in_folder(name)):
            raise told from error
        raise


@contextmanager
def _live_image(name: str) -> Iterator[LiveImage]:
    with connected(name) as client:
        details = client.api.inspect_image(name)
        yield LiveImage(
            client=client,
            reference=name,
            id=details["Id"],
            volumes=tuple(sorted((details.get("Config") or {}).get("Volumes") or ())),
        )


@contextmanager
def connected(name: str) -> Iterator[Any]:
    """Yield a client of the engine, closed afterwards; `name` is what errors are about."""
    host, tls = engine.address()
    with engine.answering(name, host, tls) as client:
        try:
            yield client
        finally:
            client.close()


def run(image: LiveImage, command: Sequence[str], sandbox: Sandbox | None = None) -> Output:
    """Run `command` in a new container of `image` and return what it wrote.

    Raises CannotStart when the program is not there, ImgdiagError when it takes too long or
    writes too much. However this ends, the container is removed.
    """
    sandbox = sandbox or Sandbox()
    api = image.client.api
    name = f"imgdiag-{secrets.token_hex(8)}"
    _remove_stale(api)
    removed = False
    with _ended_by_signals():
        try:
            _create(api, image, name, command, sandbox)
            stream, ending = _start(api, name, command[0], sandbox.seconds)
            stdout, stderr = _collect(stream, sandbox.seconds, lambda: _remove(api, name))
            exit_code = int(ending.json()["StatusCode"])
            removed = True
        finally:
            if not removed:
                _remove(api, name)
    if exit_code in _CANNOT_EXECUTE and not stdout:
        output = Output(exit_code=exit_code, stdout=stdout, stderr=stderr)
        raise CannotStart(f"{command[0]} does not start ({output.complaint})")
    return Output(exit_code=exit_code, stdout=stdout, stderr=stderr)


def execute(client: Any, container: str, command: Sequence[str]) -> Output:
    """Run `command` as root in a running container. Raises as `run` does."""
    api = client.api
    identity = api.exec_create(
        container, list(command), user="0:0", workdir="/", environment={"LC_ALL": "C"}
    )["Id"]
    stream = api.exec_start(identity, stream=True, demux=True)
    stdout, stderr = _collect(stream, _SECONDS, stream.close)
    exit_code = int(api.exec_inspect(identity)["ExitCode"] or 0)
    if exit_code in _CANNOT_EXECUTE:
        # Here the engine writes its complaint where the command would have written.
        reason = (stderr or stdout).decode("utf-8", "backslashreplace").strip()[:300]
        raise CannotStart(f"{command[0]} does not start ({reason})")
    return Output(exit_code=exit_code, stdout=stdout, stderr=stderr)


def _create(
    api: Any, image: LiveImage, name: str, command: Sequence[str], sandbox: Sandbox
) -> None:
    # Even if nobody is left to remove it, a command that spins is ended by the kernel.
    limits = {"cpu": int(sandbox.seconds), "nofile": _MAX_FILES, "nproc": _MAX_PROCESSES}
    api.create_container(
        image.id,
        name=name,
        entrypoint=[command[0]],
        command=list(command[1:]),
        user=sandbox.user or None,
        working_dir="/",
        environment={"LC_ALL": "C", **sandbox.environment},
        labels={LABEL: "scan"},
        healthcheck={"test": ["NONE"]},  # the image's own would run beside the command
        use_config_proxy=False,
        platform=str(sandbox.platform) if sandbox.platform else None,
        host_config=api.create_host_config(
            auto_remove=True,
            network_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=_MAX_PROCESSES,
            # podman sets the last two to what it has itself, which it may not always hand on.
            ulimits=[
                {"Name": name, "Soft": value, "Hard": value} for name, value in limits.items()
            ],
            # The output comes by the attached stream; a log would write it to the disk as well.
            log_config={"Type": "none", "Config": {}},
            tmpfs={"/tmp": "rw,nosuid,nodev,size=256m"}  # noqa: S108 - in the container
            if sandbox.writable_tmp
            else None,
        ),
    )


def _await_removal(api: Any, name: str, seconds: float) -> Any:
    """Return the response that ends when the container is gone, and then holds its exit code.

    The engine sends its headers once it watches the container. `api.wait` would block until the
    end, so it could not be called before the start.
    """
    response = api.post(
        f"{api.base_url}/v{api.api_version}/containers/{name}/wait",
        params={"condition": "removed"},
        stream=True,
        timeout=seconds + _REMOVAL_SECONDS,
    )
    response.raise_for_status()
    return response


def _start(api: Any, name: str, program: str, seconds: float) -> tuple[Any, Any]:
    """Start the container; return its output, and what `_await_removal` does."""
    from docker.errors import APIError

    try:
        # Both before the start, so that nothing is missed of a command that ends at once. podman
        # looks for the program when it attaches, Docker when it starts.
        stream = api.attach(name, stdout=True, stderr=True, stream=True, demux=True)
        ending = _await_removal(api, name, seconds)
        api.start(name)
    except APIError as error:
        reason = " ".join(str(error.explanation or error).split())
        raise CannotStart(f"{program} does not start ({reason[:300]})") from error
    return stream, ending


def _collect(
    stream: Iterable[tuple[bytes | None, bytes | None]], seconds: float, stop: Callable[[], object]
) -> tuple[bytes, bytes]:
    """Return all that comes on standard output, and the beginning of standard error."""
    expired = threading.Event()

    def end() -> None:
        expired.set()
        with suppress(Exception):  # the stream may have ended of itself just now
            stop()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    output: list[bytes] = []
    errors: list[bytes] = []
    size = errors_size = 0
    try:
        for out, err in stream:
            if out:
                output.append(out)
                size += len(out)
                if size > MAX_OUTPUT:
                    raise ImgdiagError(f"the command wrote more than {MAX_OUTPUT:,} bytes")
            if err and errors_size < _MAX_ERRORS:
                errors.append(err)
                errors_size += len(err)
    except OSError:
        if not expired.is_set():
            raise
    finally:
        timer.cancel()
    if expired.is_set():
        raise ImgdiagError(
            f"the command in the container took longer than {seconds:.0f} seconds and was ended",
            hint="See whether the engine is busy, and try again",
        )
    return b"".join(output), b"".join(errors)


def _remove(api: Any, name: str) -> None:
    """Remove the container and its anonymous volumes, and return when it is gone."""
    from docker.errors import APIError, NotFound

    deadline = time.monotonic() + _REMOVAL_SECONDS
    while True:
        try:
            api.remove_container(name, v=True, force=True)
        except NotFound:
            return
        except APIError as error:
            # 409: the engine is removing it already; once more, to see when it is done.
            if error.status_code != 409 or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _remove_stale(api: Any) -> None:
    """Remove what an imgdiag left that was killed between creating and starting a container."""
    from docker.errors import APIError

    for each in api.containers(all=True, filters={"label": LABEL, "status": "created"}):
        if each["Created"] < time.time() - _STALE_SECONDS:
            with suppress(APIError):
                api.remove_container(each["Id"], v=True, force=True)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise, as Ctrl-C does, so that `finally` blocks run."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
