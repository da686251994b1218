"""Progress on standard error, for what takes longer than a second."""

from __future__ import annotations

import sys
import threading
import time

import click

from imgdiag.text import printable
from imgdiag.units import format_bytes

_DELAY = 1.0  # seconds without a word
_LINE_EVERY = 10.0  # seconds, where standard error is a file


class TerminalProgress:
    """A line that is drawn over on a terminal; elsewhere one every ten seconds.

    Quiet, nothing is said at all. Verbose, each thing that is read gets a line that stays, with
    the seconds since the start.
    """

    def __init__(self, *, quiet: bool, verbose: bool = False) -> None:
        self._quiet = quiet
        self._verbose = verbose and not quiet
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._next = self._start + (_DELAY if self._terminal else _LINE_EVERY)
        self._what = ""
        self._total: int | None = None
        self._done = 0
        self._drawn = False

    def expect(self, total: int | None, what: str) -> None:
        """Say what is being read, and how many bytes it has when that is known."""
        with self._lock:
            self._what, self._total, self._done = what, total, 0
            self._say(what)

    def advance(self, count: int) -> None:
        """Say that `count` more bytes have been read."""
        with self._lock:
            self._done += count
            now = time.monotonic()
            if self._quiet or now < self._next:
                return
            self._next = now + (0.2 if self._terminal else _LINE_EVERY)
            self._draw(now - self._start)

    def note(self, text: str) -> None:
        """Say something that the user should know at once."""
        if not self._quiet:
            self.close()
            click.echo(f"imgdiag: {printable(text)}", err=True)

    def close(self) -> None:
        """Take the line away."""
        if self._drawn and self._terminal:
            click.echo("\r\033[K", err=True, nl=False)
            self._drawn = False

    def done(self) -> None:
        """Say that all is read."""
        self._say("all read")

    def _say(self, text: str) -> None:
        if self._verbose:
            self.close()
            seconds = time.monotonic() - self._start
            click.echo(f"imgdiag: {seconds:6.2f} s  {printable(text)}", err=True)

    def _draw(self, seconds: float) -> None:
        text = self._what
        if self._done or self._total:
            text += f": {format_bytes(self._done)}"
        if self._total:
            share = min(self._done / self._total, 1.0)
            text += f" of {format_bytes(self._total)}, {share:.0%}"
            if 0.02 < share < 1.0:
                text += f", about {seconds / share - seconds:.0f} s left"
        if self._terminal:
            click.echo(f"\r\033[K{text}", err=True, nl=False)
        else:
            click.echo(text, err=True)
        self._drawn = True
