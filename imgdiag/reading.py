"""An image read for an analysis: its layers' entries, and the texts that say what is installed."""

from __future__ import annotations

from dataclasses import replace

from imgdiag import sources
from imgdiag.capture import CAPTURE, CAPTURE_IMPORTS
from imgdiag.layers.walk import Layer, read_layer
from imgdiag.sources import Request, SourceImage


def read_image(reference: str, request: Request, *, imports: bool = False) -> SourceImage[Layer]:
    """Read the image that `reference` names, with `imports` every Python source's imports too.

    What the request's cache knows of its layers is taken from there. Raises ImgdiagError.
    """
    capture = CAPTURE_IMPORTS if imports else CAPTURE
    if request.cache_folder is not None:
        from imgdiag.cache import LayerCache

        known = LayerCache(request.cache_folder, "imports" if imports else "installed")
        request = replace(request, known=known)
    return sources.load(reference, lambda reader: read_layer(reader, capture), request)
