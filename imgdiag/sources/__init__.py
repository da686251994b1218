"""Where images come from: one file for each kind, all of them giving a `SourceImage`."""

from imgdiag.sources.base import Progress, Request, SourceImage, SourceLayer
from imgdiag.sources.reference import load, load_layers

__all__ = ["Progress", "Request", "SourceImage", "SourceLayer", "load", "load_layers"]
