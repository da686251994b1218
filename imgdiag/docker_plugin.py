"""`docker imgdiag …`: imgdiag as a plugin of the docker program.

docker runs every `docker-NAME` in its plugins' folders with one argument for a JSON object about
it, and then with its own arguments: its global options, the plugin's name, and what follows that
(github.com/docker/cli, cli-plugins/manager). `docker --help` waits for the first, so that imports
nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping, Sequence

from imgdiag import __version__

METADATA = {
    "SchemaVersion": "0.1.0",
    "Vendor": "imgdiag",
    "Version": __version__,
    "ShortDescription": "Say why an image is big, what to change, and how big it will be then",
}
_NAME = "imgdiag"

# docker's global options that say which engine: what imgdiag reads of each instead.
_VARIABLES = {
    "-H": "DOCKER_HOST",
    "--host": "DOCKER_HOST",
    "-c": "DOCKER_CONTEXT",
    "--context": "DOCKER_CONTEXT",
    "--config": "DOCKER_CONFIG",
}
_WITH_VALUE = frozenset(("-l", "--log-level", "--tlscacert", "--tlscert", "--tlskey", *_VARIABLES))


def main() -> None:
    """Answer the docker program."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["docker-cli-plugin-metadata"]:
        import json

        print(json.dumps(METADATA))  # noqa: T201 - the answer, without click's import
        return
    words = imgdiag_arguments(arguments, os.environ)
    if words[:1] in (["__complete"], ["__completeNoDesc"]):
        from imgdiag.cli._completion import for_docker

        print(for_docker(words[2:]))  # noqa: T201
        return
    from imgdiag.cli import run

    run(words, prog_name="docker imgdiag")


def imgdiag_arguments(arguments: Sequence[str], environment: MutableMapping[str, str]) -> list[str]:
    """Return what of docker's `arguments` is for imgdiag.

    Global options that name an engine are put into the `environment`; others change nothing for
    imgdiag. `docker help imgdiag` comes as that, and asks for the help.
    """
    left = list(arguments)
    while left and left[0].startswith("-"):
        name, equals, value = left.pop(0).partition("=")
        if name in _WITH_VALUE:
            if not equals:
                value = left.pop(0) if left else ""
            if variable := _VARIABLES.get(name):
                environment[variable] = value
                if variable == "DOCKER_CONTEXT":  # docker takes the option before DOCKER_HOST
                    environment.pop("DOCKER_HOST", None)
    if left[:1] == ["help"]:
        return [*left[2:], "--help"]
    return left[1:] if left[:1] == [_NAME] else left
