"""`python -m imgdiag`."""

from __future__ import annotations

import os

INTERRUPTED = 130  # as a shell says of Ctrl-C


def main() -> None:
    """Run the command line; Ctrl-C before it has even begun is no reason for a traceback."""
    try:
        from imgdiag.cli import main as run

        run()
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
