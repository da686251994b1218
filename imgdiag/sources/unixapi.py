"""Questions to an engine over its Unix socket, by the standard library alone.

docker's own client takes longer to import than the engine takes to answer, and the standard
library's with `ssl` and `email` behind it as long as the answer. The store route asks two
questions. Whatever goes wrong here is left to docker's client, which knows what it means.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

_SECONDS = 60.0


def ask(host: str, *paths: str) -> list[dict[str, Any]] | None:
    """Return what the engine at `host` answers to GETs of `paths`, JSON objects all.

    All are asked at once, each over a connection of its own. None when it is not on a Unix
    socket, does not answer, or says no.
    """
    answers = _get(host, paths, _SECONDS)
    return answers if answers and all(isinstance(each, dict) for each in answers) else None


def ask_list(host: str, path: str, seconds: float) -> list[Any]:
    """Return the JSON array that the engine at `host` answers to a GET of `path`.

    Empty when it is not on a Unix socket, takes longer than `seconds`, or says no.
    """
    answers = _get(host, [path], seconds)
    return answers[0] if answers and isinstance(answers[0], list) else []


def _get(host: str, paths: Iterable[str], seconds: float) -> list[Any] | None:
    if not host.startswith("unix://"):
        return None
    socket_path = host.removeprefix("unix://")
    try:
        with ExitStack() as stack:
            asked = [stack.enter_context(_asked(socket_path, path, seconds)) for path in paths]
            return [_answer(connection) for connection in asked]
    except (OSError, ValueError):
        return None


def _asked(socket_path: str, path: str, seconds: float) -> socket.socket:
    """Return a connection on which a question has been sent.

    HTTP 1.0 (RFC 1945): the answer ends where the connection does.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(socket_path)
        question = f"GET {quote(path, safe='/:@')} HTTP/1.0\r\nHost: localhost\r\n\r\n"
        connection.sendall(question.encode())
    except BaseException:
        connection.close()
        raise
    return connection


def _answer(connection: socket.socket) -> Any:
    """Return the JSON in an answer. Raises OSError, and ValueError for anything else."""
    with connection.makefile("rb") as file:
        head, _, body = file.read().partition(b"\r\n\r\n")
    if head.split(None, 2)[1:2] != [b"200"]:
        raise ValueError("no answer")
    return json.loads(body)
