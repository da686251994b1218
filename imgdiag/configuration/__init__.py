"""The configuration: `[tool.imgdiag]` in pyproject.toml, or an imgdiag.toml of its own.

Flags win over `IMGDIAG_*` variables, these over the file, the file over what is built in.
"""
