"""The report as one page for a browser: nothing is fetched, and it works from a file.

The image's names are data in it and never markup. A Content-Security-Policy allows the page's own
script and style, by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Any

from imgdiag.analysis import Analysis
from imgdiag.gate.gate import Gate
from imgdiag.reports import Style
from imgdiag.reports._html.data import page_data, script_json

_PARTS = files("imgdiag.reports") / "_html"
_SCRIPTS = (  # each uses those before it
    *("text", "model", "squarify", "map", "maptable", "search"),
    *("verdict", "findings", "tables", "change", "page"),
)


def render(analysis: Analysis, gate: Gate, style: Style) -> str:
    """Return the page; `style` changes nothing, as the browser's reader has the choice."""
    return page(page_data(analysis, gate))


def page(data: dict[str, Any]) -> str:
    """Return the page that shows `data`, whose strings are printable."""
    css = _part("style.css")
    scripts = "\n".join(_part(f"{name}.js") for name in _SCRIPTS)
    script = f'(() => {{\n"use strict";\n{scripts}}})();\n'
    whole = _part("page.html")
    for mark, text in (
        ("POLICY", _policy(script, css)),
        ("STYLE", css),
        ("SCRIPT", script),
        # The last, so that nothing of the image is taken for a mark.
        ("DATA", script_json(data)),
    ):
        whole = whole.replace(f"@{mark}@", text)
    return whole


def _part(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src data:",  # the empty icon, so that no browser asks a server for one
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    """Return what allows exactly this text in an element (Content Security Policy 3)."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
