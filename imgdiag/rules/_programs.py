"""Which programs an image has, and what it starts."""

from __future__ import annotations

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import Directory, join


def program(facts: Facts, *names: str) -> str:
    """Return the path of a program by one of `names` in a folder for programs, "" for none."""
    for folder in ("bin", "sbin"):
        for path, directory in facts.usage.named.get(folder, ()):
            for name in names:
                node = directory.children.get(name)
                if node is not None and not isinstance(node, Directory):
                    return join(path, name)
    return ""


def is_named(facts: Facts, path: str) -> bool:
    """Tell whether the image's settings name a folder or file: it is in use then.

    They are its environment variables, WORKDIR, ENTRYPOINT and CMD; a relative name counts too.
    """
    config = facts.config
    words = (*config.environment.values(), *config.entrypoint, *config.command)
    text = " ".join((*words, config.working_directory))
    return f"/{path}" in text or f"{path.rpartition('/')[2]}/" in text


def command_words(facts: Facts) -> tuple[str, ...]:
    """Return the words of ENTRYPOINT and CMD, paths without their folders."""
    words = " ".join((*facts.config.entrypoint, *facts.config.command)).split()
    return tuple(word.rpartition("/")[2] for word in words)
