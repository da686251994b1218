"""Questions to an engine over its Unix socket, by the standard library alone.

docker's own client takes longer to import than the engine takes to answer, and the store route
asks two questions. Whatever goes wrong here is left to that client, which knows what it means.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote

_SECONDS = 60.0


def ask(host: str, *paths: str) -> list[dict[str, Any]] | None:
    """Return what the engine at `host` answers to GETs of `paths`, JSON objects all.

    None when it is not on a Unix socket, does not answer, or says no.
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
    connection = _Connection(host.removeprefix("unix://"), seconds)
    answers = []
    try:
        for path in paths:
            connection.request("GET", quote(path, safe="/:@"))
            response = connection.getresponse()
            answers.append(json.loads(response.read()))
            if response.status != 200:
                return None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return answers


class _Connection(HTTPConnection):
    """HTTP to a socket's path in place of a machine and its port."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
