"""Work on chunks of bytes done ahead, in a thread of its own.

Reading, digests and decompression run outside Python's lock, so a layer is checked and unpacked on
one core while its headers are read on another.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from queue import Queue

_AHEAD = 8  # chunks; enough to even out, and never more than 2 MB


def ahead(chunks: Iterator[bytes]) -> Generator[bytes, None, None]:
    """Yield `chunks`, drawn by a thread that is a few of them ahead.

    What the drawing raises is raised here, in its place. The thread ends with the iterator, also
    when that is closed early.
    """
    drawn: Queue[bytes | BaseException | None] = Queue(_AHEAD)
    closed = threading.Event()

    def draw() -> None:
        try:
            for chunk in chunks:
                drawn.put(chunk)
                if closed.is_set():
                    return
            drawn.put(None)
        except BaseException as error:
            drawn.put(error)

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    try:
        while (chunk := drawn.get()) is not None:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk
    finally:
        closed.set()
        while thread.is_alive():
            while not drawn.empty():
                drawn.get()
            thread.join(0.01)
