"""Reads a configuration, and says on which line what is wrong."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from imgdiag.configuration.find import Found
from imgdiag.configuration.keys import BUDGET, OF, OPTIONS, TARGETS, WAIVER, Key
from imgdiag.configuration.value import HINT, Configuration, Option
from imgdiag.errors import ImgdiagError
from imgdiag.gate.budgets import RELATIVE, Budget, Limit, Measure
from imgdiag.gate.globs import exactly
from imgdiag.gate.waivers import Waiver

_Place = tuple[str | int, ...]


def read_configuration(found: Found) -> Configuration:
    """Read what was found. Raises ImgdiagError, with the line, for what is wrong."""
    values: Any = found.file.values
    for key in found.root:
        values = values[key]
    return _Reader(found).configuration(values)


class _Reader:
    """Reads the table at `root`. Places are from there."""

    def __init__(self, found: Found) -> None:
        self._file = found.file
        self._root = found.root

    def configuration(self, values: Any) -> Configuration:
        values = self._table(values, ())
        self._known(values, ("budgets", "waivers", *OPTIONS), ())
        return Configuration(
            path=self._file.path,
            options={
                command: self._options(values[command], command)
                for command in OPTIONS
                if command in values
            },
            budgets=tuple(
                self._budget(name, each)
                for name, each in self._table(values.get("budgets", {}), ("budgets",)).items()
            ),
            waivers=tuple(
                self._waiver(each, ("waivers", number))
                for number, each in enumerate(self._array(values.get("waivers", []), "waivers"))
            ),
        )

    def _options(self, values: Any, command: str) -> dict[str, Option]:
        values = self._table(values, (command,))
        self._known(values, OPTIONS[command], (command,))
        return {
            name: Option(value=value, place=self._said((command, name)))
            for name, value in values.items()
        }

    def _budget(self, name: str, values: Any) -> Budget:
        place: _Place = ("budgets", name)
        values = self._table(values, place)
        self._keys(values, BUDGET, place)
        if not name.strip():
            raise self._error("has no name", place)
        measured, of = self._target(values, place)
        limit = self._limit(values["max"], (*place, "max"))
        if limit.percent is not None and measured not in RELATIVE:
            raise self._error("is in per cent, which only waste and growth can be", (*place, "max"))
        return Budget(
            name=name,
            measure=measured,
            of=of,
            limit=limit,
            message=self._string(values, "message", place),
        )

    def _target(self, values: Mapping[str, Any], place: _Place) -> tuple[Measure, str]:
        """Return what a budget limits, and the pattern where it has one."""
        targets = [key for key in ("of", *TARGETS) if key in values]
        if len(targets) > 1:
            raise self._error(f"has {' and '.join(targets)}, of which a budget has one", place)
        if not targets:
            return Measure.LAYERS, ""
        [key] = targets
        text = self._string(values, key, place)
        if key == "of":
            if text not in OF:
                raise self._error(f"is {text!r}, none of {', '.join(OF)}{_nearest(text, OF)}",
                                  (*place, key))  # fmt: skip
            return OF[text], ""
        if not text.strip():
            raise self._error("is empty", (*place, key))
        if key == "path":
            self._path_pattern(text, (*place, key))
        return TARGETS[key], text

    def _waiver(self, values: Mapping[str, Any], place: _Place) -> Waiver:
        from imgdiag.rules import all_rules  # imports every rule

        self._keys(values, WAIVER, place)
        rule = self._string(values, "rule", place)
        rules = [each.name for each in all_rules()]
        of_project = False
        if "rule" in values and rule not in rules:
            from imgdiag.project.checks import all_checks  # imports every check

            checks = [each.name for each in all_checks()]
            of_project = rule in checks
            if not of_project:
                near = _nearest(rule, [*rules, *checks])
                raise self._error(f"is {rule!r}, no rule and no check{near}", (*place, "rule"))
        paths = self._strings(values, "path", place)
        for path in paths:
            self._path_pattern(path, (*place, "path"))
        packages = self._strings(values, "package", place)
        if of_project and packages:
            raise self._error(f"is for what an image holds, and {rule!r} is a check of a project's "
                              "files", (*place, "package"))  # fmt: skip
        if not (rule or paths or packages):
            raise self._error("has neither rule nor path nor package: what is it for?", place)
        reason = self._string(values, "reason", place)
        if not reason.strip():
            raise self._error("is empty", (*place, "reason"))
        return Waiver(
            rule=rule,
            paths=paths,
            packages=packages,
            reason=reason,
            expires=self._date(values["expires"], (*place, "expires")),
            of_project=of_project,
            line=self._line(place),
        )

    # Values

    def _table(self, value: Any, place: _Place) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            name = ".NAME" if place == ("budgets",) else ""
            raise self._error(f"is no table; write it as [{self._name(place)}{name}]", place)
        return value

    def _array(self, value: Any, key: str) -> list[Mapping[str, Any]]:
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            raise self._error(f"is no array of tables; write [[{self._name((key,))}]]", (key,))
        return value

    def _string(self, values: Mapping[str, Any], key: str, place: _Place) -> str:
        value = values.get(key, "")
        if not isinstance(value, str):
            raise self._error("is no text; write it in quotes", (*place, key))
        return value

    def _strings(self, values: Mapping[str, Any], key: str, place: _Place) -> tuple[str, ...]:
        """Return one text, or several of an array; () when the key is not there."""
        value = values.get(key, [])
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(each, str) and each.strip("/ ") for each in found):
            raise self._error("is neither a pattern nor an array of patterns", (*place, key))
        if key in values and not found:
            raise self._error("is empty", (*place, key))
        return tuple(found)

    def _limit(self, value: Any, place: _Place) -> Limit:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise self._error('is no size; write it as "3 GB", or as a whole number of bytes',
                              place)  # fmt: skip
        try:
            return Limit.parse(str(value))
        except ValueError as error:
            raise self._error(str(error).removeprefix(f"{str(value)!r} "), place) from error

    def _date(self, value: Any, place: _Place) -> datetime.date:
        if isinstance(value, str):
            try:
                value = datetime.date.fromisoformat(value)
            except ValueError:
                value = None
        if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
            raise self._error("is no date; write it as 2027-06-30", place)
        return value

    def _path_pattern(self, pattern: str, place: _Place) -> None:
        try:
            exactly(pattern)
        except ValueError as error:
            raise self._error(f"is {error}", place) from error

    # Keys, and errors

    def _keys(self, values: Mapping[str, Any], keys: Iterable[Key], place: _Place) -> None:
        keys = tuple(keys)
        self._known(values, [key.name for key in keys], place)
        for key in keys:
            if key.required and key.name not in values:
                raise self._error(f"has no {key.name}; add {key.name} = {key.example}", place)

    def _known(self, values: Mapping[str, Any], known: Iterable[str], place: _Place) -> None:
        known = tuple(known)
        for key in values:
            if key in known:
                continue
            commands = [command for command, names in OPTIONS.items() if key in names]
            if not place and commands:
                where = self._name((commands[0],))
                raise self._error(f"is an option; write it in [{where}]", (key,))
            raise self._error(f"is not known{_nearest(key, known)}", (*place, key))

    def _error(self, what: str, place: _Place) -> ImgdiagError:
        return ImgdiagError(f"{self._said(place)} {what}", hint=HINT)

    def _said(self, place: _Place) -> str:
        line = self._line(place)
        return f"{self._file.path}{f':{line}' if line else ''}: {self._name(place)}"

    def _line(self, place: _Place) -> int | None:
        """Return the line of a place, or of the table around it that has one."""
        places = [place[:end] for end in range(len(place), -1, -1)]
        places.insert(1, (*place, 0))  # an array of tables has the line of its first item
        lines = (self._file.line(*self._root, *each) for each in places)
        return next((line for line in lines if line), None)

    def _name(self, place: _Place) -> str:
        """Return a place as TOML writes it, the items of an array by number from 1."""
        name = ".".join(map(str, self._root))
        for part in place:
            if isinstance(part, int):
                name += f"[{part + 1}]"
            else:
                name += ("." if name else "") + _quoted(part)
        return name or "the file"


def _quoted(key: str) -> str:
    is_bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if is_bare else f'"{key}"'


def _nearest(word: str, known: Iterable[str]) -> str:
    """Return words that name the nearest of `known`, "" when none is near."""
    near = difflib.get_close_matches(word, list(known), 1)
    return f"; the nearest is {near[0]!r}" if near else ""
