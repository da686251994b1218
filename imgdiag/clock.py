"""The day it is, in one place: what expires is held against it."""

from __future__ import annotations

import datetime


def today() -> datetime.date:
    """Return the day it is in UTC, so that a pipeline and a laptop agree."""
    return datetime.datetime.now(datetime.UTC).date()
