"""The programs that install things: how they are called, and where they keep their caches."""

from __future__ import annotations

import re

from imgdiag.project.expansion import HOLE
from imgdiag.project.runs import Placed, Ran
from imgdiag.project.shell import Command

_PYTHON = re.compile(r"python[\d.]*$")
_PIP = re.compile(r"pip[\d.]*$")
# A tool's sub-commands that download and install.
_INSTALLING = {
    "apk": ("add",),
    "apt": ("install", "update", "upgrade", "full-upgrade"),
    "apt-get": ("install", "update", "upgrade", "dist-upgrade", "build-dep"),
    "conda": ("install", "create", "env", "update"),
    "dnf": ("install", "update", "upgrade"),
    "mamba": ("install", "create", "env", "update"),
    "microdnf": ("install", "update"),
    "micromamba": ("install", "create", "env", "update"),
    "npm": ("ci", "install", "i"),
    "pdm": ("install", "sync"),
    "pip": ("install", "wheel", "download"),
    "pipenv": ("install", "sync"),
    "pnpm": ("install", "i"),
    "poetry": ("install", "sync", "add"),
    "uv": ("sync", "add", "pip install", "pip sync", "tool install", "python install"),
    "yarn": ("install", ""),
    "yum": ("install", "update"),
}
CONDA = frozenset(("conda", "mamba", "micromamba"))
_FETCHING = frozenset(("curl", "wget", "git", "make", "cmake", "cargo", "go", "ninja"))
# Where a tool keeps its cache: its own variable, then the folder below the home.
_CACHES = {
    "pip": ("PIP_CACHE_DIR", ".cache/pip"),
    "uv": ("UV_CACHE_DIR", ".cache/uv"),
    "poetry": ("POETRY_CACHE_DIR", ".cache/pypoetry"),
    "npm": ("NPM_CONFIG_CACHE", ".npm"),
}


def call(command: Command) -> tuple[str, str]:
    """Return a tool's name and its sub-command, such as ("uv", "pip install").

    `python -m pip` is pip; what takes no sub-command has "" in its place.
    """
    name, words = command.name, command.words[1:]
    if _PYTHON.match(name) and words[:1] == ("-m",) and len(words) > 1:
        name, words = words[1], words[2:]
    if _PIP.match(name):
        name = "pip"
    plain = [word for word in words if not word.startswith("-")]
    known = _INSTALLING.get(name, ())
    for count in (2, 1):
        sub = " ".join(plain[:count])
        if sub in known:
            return name, sub
    return name, plain[0] if plain else ""


def installs(command: Command) -> bool:
    """Tell whether a command brings something in, so that its failing matters."""
    name, sub = call(command)
    return name in _FETCHING or sub in _INSTALLING.get(name, ("\0",))


def runs_of(placed: Placed, tool: str, *subs: str) -> list[Ran]:
    """Return the commands of a RUN that call a tool with one of some sub-commands."""
    return [
        ran for ran in placed.ran if (found := call(ran.command))[0] == tool and found[1] in subs
    ]


def cache_of(tool: str, placed: Placed, ran: Ran) -> str:
    """Return where a tool keeps its cache, "" where only the image knows."""
    variable, below_home = _CACHES[tool]
    path = ""
    if given := placed.variable(variable, ran):
        path = placed.scope.path(given)
    elif below_home.startswith(".cache/") and (cache := placed.variable("XDG_CACHE_HOME", ran)):
        path = f"{cache}/{below_home.removeprefix('.cache/')}"
    elif home := placed.variable("HOME", ran) or placed.home:
        path = f"{home}/{below_home}"
    return "" if HOLE in path else path


def is_on(value: str) -> bool:
    """Tell whether an environment variable's value means yes."""
    return value.lower() not in ("", "0", "false", "no", "off", "n", "f")
