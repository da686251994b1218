"""The public functions: what the command line does, for programs (docs/api.md)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from imgdiag import pipeline, reports
from imgdiag.analysis import Analysis
from imgdiag.facts.purpose import Target
from imgdiag.gate.gate import Budgets, judge
from imgdiag.image import Platform
from imgdiag.limits import DEFAULT, Limits, Meter
from imgdiag.project.choice import Choice, choose
from imgdiag.sources import Request


def analyze(
    reference: str | os.PathLike[str],
    *,
    platform: str | None = None,
    route: Literal["auto", "store", "save"] = "auto",
    target: Literal["gpu", "cpu"] | None = None,
    dockerfile: str | os.PathLike[str] | None = None,
    stage: str | None = None,
    check_imports: bool = False,
    limits: Limits = DEFAULT,
) -> Analysis:
    """Analyse the image that `reference` names: a tag, an archive, a folder; as `imgdiag analyze`.

    `platform` chooses among several images, as in "linux/arm64". `route` is the way to an engine's
    image. `target` is what it is meant to run on where it does not say so itself. `dockerfile` is
    the file that made it and `stage` the stage that was built; none is looked for.
    `check_imports` reads every Python source too. `limits` caps what is read of a hostile image.

    Nothing of the image is run, and nothing is written. Safe to call from several threads. Raises
    ImgdiagError (NotFound, CorruptImage, TooLarge), and ValueError for a `platform` that is none.
    """
    request = Request(platform=_platform(platform), route=route, meter=Meter(limits))
    choice: Choice | None = None
    if dockerfile is not None:
        choice = choose(Path(dockerfile), stage, Path())
    return pipeline.analyze(
        os.fspath(reference),
        request,
        declared=None if target is None else Target(target),
        dockerfile=choice,
        check_imports=check_imports,
    )


def report(analysis: Analysis, format: str = "text", *, details: bool = False) -> str:  # noqa: A002
    """Return the report of `analysis` in a format of `imgdiag analyze -f`, without colour.

    The JSON has its own version (`schema_version`). Raises ValueError for another format.
    """
    if format not in reports.formats():
        raise ValueError(f"{format!r} is no format; there are {', '.join(reports.formats())}")
    return reports.render(
        format, analysis, judge(analysis, Budgets()), reports.Style(details=details)
    )


def _platform(text: str | None) -> Platform | None:
    if text is None:
        return None
    parts = text.split("/")
    if not 2 <= len(parts) <= 3 or not all(parts):
        raise ValueError(f"{text!r} is no platform; write it as linux/amd64")
    return Platform(*parts)
