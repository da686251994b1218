"""Two images held against each other; independent of how that is told."""

from imgdiag.comparison.comparison import Comparison, compare
from imgdiag.comparison.snapshot import Snapshot, snapshot

__all__ = ["Comparison", "Snapshot", "compare", "snapshot"]
