"""Patches of a project's files, for what is certain; what is not is said and left alone."""
