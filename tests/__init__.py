"""The tests; those of properties have as long as they need, on however busy a machine."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
