"""URLs out of other people's files, which may be anything."""

from __future__ import annotations

from urllib.parse import urlsplit


def url_path(url: str) -> str:
    """Return the path of `url`, "" for what is no URL (urlsplit raises for odd brackets)."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""
