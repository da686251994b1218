"""The mend for data that need not be in an image: it comes in when the container starts."""

from __future__ import annotations

from imgdiag.finding import Fix


def volume_fix(folder: str) -> Fix:
    """Return the lines that mount a folder from a volume in place of shipping it."""
    place = f"/{folder}" if folder.isprintable() and not set(folder) & set(":#'\" ") else "<folder>"
    return Fix(
        "Keep it out of the image: mount it, or download it when the container starts",
        "compose.yaml",
        f"services:\n  app:\n    volumes:\n      - data:{place}\nvolumes:\n  data: {{}}",
    )
