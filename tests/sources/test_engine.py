"""Finding the engine, without one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from imgdiag.errors import ImgdiagError
from imgdiag.sources import Request, engine, save
from imgdiag.sources.graph import RouteClosed, readable


@pytest.fixture
def contexts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a configuration of the docker program with one context, `far`, as the current one."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "contexts" / "meta" / hashlib.sha256(b"far").hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(
        json.dumps(
            {
                "Name": "far",
                "Metadata": {},
                "Endpoints": {"docker": {"Host": "tcp://far.example:2375"}},
            }
        )
    )
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "far"}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path


def test_docker_host_comes_first(contexts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/one.sock")
    assert engine.address() == ("unix:///run/one.sock", None)


def test_then_the_current_context(contexts: Path) -> None:
    assert engine.address()[0] == "tcp://far.example:2375"


def test_a_context_by_its_variable(contexts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (contexts / "config.json").write_text("{}")
    monkeypatch.setenv("DOCKER_CONTEXT", "far")
    assert engine.address()[0] == "tcp://far.example:2375"


def test_a_context_that_does_not_exist(contexts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "nowhere")
    with pytest.raises(ImgdiagError, match="nowhere"):
        engine.address()


@pytest.mark.parametrize("text", ["{}", '{"currentContext": ""}', "[]", "no JSON", None])
def test_last_the_default_socket(contexts: Path, text: str | None) -> None:
    (contexts / "config.json").unlink()
    if text is not None:
        (contexts / "config.json").write_text(text)
    assert engine.address() == ("unix:///var/run/docker.sock", None)


def test_a_store_that_may_not_be_read_says_how_to_open_it() -> None:
    with pytest.raises(RouteClosed) as caught, readable(Path("/var/lib/docker/image")):
        raise PermissionError(13, "Permission denied", "/var/lib/docker/image")
    assert str(caught.value) == (
        "reading the engine's store takes rights to /var/lib/docker/image. For the fast way run "
        "imgdiag with sudo (rootless podman: 'podman unshare imgdiag …')"
    )


def test_a_store_that_fails_in_any_way_is_a_closed_route(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **options: Any) -> Any:
        raise OSError(5, "Input/output error", "/var/lib/docker/overlay2")

    answers = [{"Id": "sha256:1", "Size": 1}, {"Driver": "overlay2"}]
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/one.sock")
    monkeypatch.setattr(engine, "ask", lambda host, *paths: answers)
    monkeypatch.setattr("imgdiag.sources.overlay2.load", fail)
    with pytest.raises(RouteClosed) as caught:
        engine.load("app:1", lambda reader: None, Request(route="store"))
    assert str(caught.value) == (
        "app:1: the engine's store is not as expected (Input/output error: "
        "/var/lib/docker/overlay2). If its folder is elsewhere from here, name it with "
        "--engine-root"
    )


class _Client:
    """An engine whose history says that an image has 10²⁴ bytes."""

    class api:  # noqa: N801 - as docker's client calls it
        @staticmethod
        def history(name: str) -> list[dict[str, Any]]:
            return [{"Size": 10**24}]


def test_a_disk_that_cannot_hold_the_copy_is_told_beforehand(tmp_path: Path) -> None:
    with pytest.raises(ImgdiagError, match="the engine needs"):
        save.load(
            _Client(),
            "huge",
            lambda reader: None,
            Request(),
            source="docker",
            engine_bytes=None,
            staging=tmp_path,
        )


def test_ssh_without_its_library_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://far")
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    with pytest.raises(ImgdiagError) as caught:
        engine.load("app:1", lambda *_: None, Request())
    assert str(caught.value) == (
        "an engine at ssh://far cannot be asked without the library for ssh. "
        "pip install 'imgdiag[ssh]', or send the image: "
        "ssh HOST docker save TAG | imgdiag analyze -"
    )
