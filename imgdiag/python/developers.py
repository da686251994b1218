"""Distributions that are for developers, by name: those that a running service has no use for."""

from __future__ import annotations

# fmt: off
TOOLS = frozenset((
    "bandit", "black", "bpython", "build", "coverage", "detect-secrets", "flake8", "hatch",
    "hypothesis", "invoke", "ipdb", "ipykernel", "ipython", "isort", "jupyter",
    "jupyter-console", "jupyterlab", "line-profiler", "memory-profiler", "mkdocs",
    "mkdocs-material", "mypy",
    "nbconvert", "notebook", "nox", "pdoc", "pip-audit", "pip-tools", "pre-commit",
    "py-spy", "pyflakes", "pyinstrument", "pylint", "pyright", "pytest", "pytest-asyncio",
    "pytest-benchmark", "pytest-cov", "pytest-mock", "pytest-xdist", "pyupgrade", "ruff",
    "snakeviz", "sphinx", "tox", "twine", "types-requests", "vulture", "yapf",
))
# fmt: on
