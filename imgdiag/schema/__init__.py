"""The JSON of each command, as types: what a report is made of, and its JSON Schema.

One module a command, found by its name, with a `Report`; `_common` is what they share. The reports
are built as these types, so mypy holds the code to them, and the published schemas are made from
them. Within a version keys may come; none goes and none changes its type or its meaning.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from imgdiag.schema._generator import json_schema


def commands() -> tuple[str, ...]:
    """Return the commands whose JSON has a schema, by name."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name.replace("_", "-") for name in modules if name[0] != "_"))


def schema_of(command: str, *, closed: bool = False) -> dict[str, Any]:
    """Return the JSON Schema of what `imgdiag COMMAND -f json` prints.

    A `closed` one takes no key that it does not name: for tests, as readers must let new keys pass.
    """
    module = importlib.import_module(f"{__name__}.{command.replace('-', '_')}")
    return json_schema(module.Report, f"imgdiag {command}", closed=closed)
