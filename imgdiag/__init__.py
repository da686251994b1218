"""imgdiag says why a container image is big, what to change, and how big it will be then."""

__version__ = "0.1.0"
