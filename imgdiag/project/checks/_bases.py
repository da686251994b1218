"""Official base images that come in a full and in a slim form."""

from __future__ import annotations

import re
from dataclasses import dataclass

_IMAGE = re.compile(
    r"(?:(?:[\w.-]+(?::\d+)?/)*library/|docker\.io/)?(?P<name>python|node|ruby|perl)"
    r"(?::(?P<tag>[\w.-]+))?(?:@.*)?"
)
_TAG = re.compile(
    r"(?P<version>[\d.]+(?:(?:a|b|rc)\d+)?|latest|lts|current)?"
    r"-?(?P<system>trixie|bookworm|bullseye|buster)?"
)


@dataclass(frozen=True, slots=True)
class FullBase:
    """A full base image, which has compilers and headers, and its slim form."""

    name: str
    slim: str

    @classmethod
    def of(cls, base: str) -> FullBase | None:
        """Return what is known of a base image, None for one that is slim, or another's."""
        match = _IMAGE.fullmatch(base)
        tag = _TAG.fullmatch((match["tag"] or "") if match else "-")
        if match is None or tag is None:
            return None
        version = tag["version"] if tag["version"] not in (None, "latest") else ""
        slim = "-".join(filter(None, (version, "slim", tag["system"])))
        name = base.partition("@")[0]
        name = name.removesuffix(f":{match['tag']}") if match["tag"] else name
        return cls(name=base, slim=f"{name}:{slim}")
