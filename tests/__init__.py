"""The tests; those of properties have as long as they need, on however busy a machine.

No run of the program leaves anything in the user's cache.
"""

import os

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
os.environ["IMGDIAG_NO_CACHE"] = "1"
