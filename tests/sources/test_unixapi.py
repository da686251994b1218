"""Questions over a Unix socket: an answer, or None whatever went wrong."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imgdiag.sources.unixapi import ask, ask_list


@contextmanager
def serving(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Give these answers, one to each connection; yield the host and the requests."""
    asked: list[bytes] = []
    # A socket's path has 107 bytes at most, and pytest's own folders may be deep.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        path = Path(folder) / "engine.sock"
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            for answer in answers:
                connection, _ = server.accept()
                with connection, connection.makefile("rb") as file:
                    asked.append(file.readline())
                    while file.readline() not in (b"\r\n", b""):
                        pass
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"unix://{path}", asked
        finally:
            thread.join()


def answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def test_two_questions() -> None:
    with serving(answer(b'{"Id": "sha256:1"}'), answer(b'{"Driver": "overlay2"}')) as (host, asked):
        assert ask(host, "/images/here/app:1 é?/json", "/info") == [
            {"Id": "sha256:1"},
            {"Driver": "overlay2"},
        ]
    assert asked == [
        b"GET /images/here/app:1%20%C3%A9%3F/json HTTP/1.0\r\n",
        b"GET /info HTTP/1.0\r\n",
    ]


@pytest.mark.parametrize(
    "data",
    [
        answer(b'{"message": "no such image"}', b"404 Not Found"),
        answer(b"no JSON"),
        answer(b"[]"),
        b"no HTTP\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"Id": "sha256:1", ',
        b"",
    ],
)
def test_all_else_is_no_answer(data: bytes) -> None:
    with serving(data) as (host, _):
        assert ask(host, "/info") is None


@pytest.mark.parametrize("host", ["unix:///nowhere/engine.sock", "tcp://127.0.0.1:1", "ssh://far"])
def test_no_engine_is_no_answer(host: str) -> None:
    assert ask(host, "/info") is None


def test_a_name_that_is_no_text_is_no_answer() -> None:
    with serving() as (host, _):
        assert ask(host, "/images/\udce9/json") is None
        with socket.socket(socket.AF_UNIX) as other:  # ends the server's wait
            other.connect(host.removeprefix("unix://"))


@pytest.mark.parametrize(
    ("body", "status", "found"),
    [
        (b'[{"Id": "sha256:1"}]', b"200 OK", [{"Id": "sha256:1"}]),
        (b'{"Id": "sha256:1"}', b"200 OK", []),
        (b"[1]", b"500 No", []),
        (b"[", b"200 OK", []),
    ],
)
def test_a_list(body: bytes, status: bytes, found: list[object]) -> None:
    with serving(answer(body, status)) as (host, _):
        assert ask_list(host, "/images/json", 5) == found


def test_no_list_without_a_socket() -> None:
    assert ask_list("tcp://127.0.0.1:2375", "/images/json", 5) == []
    assert ask_list("unix:///nonexistent/docker.sock", "/images/json", 5) == []
