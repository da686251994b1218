"""torch from PyTorch's CPU index: in pyproject.toml for uv and Poetry, in requirements.txt for pip.

Sources: uv's guide "Using uv with PyTorch" and its documentation on indexes (`explicit`); Poetry's
on package sources (`priority = "explicit"`). That a source counts only for a direct dependency
was measured with uv 0.13.9, and that a workspace's root says it for its members too. Which index
uv takes a package from is in its documentation ("Searching across multiple indexes").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import tomlkit
from tomlkit.items import AoT, InlineTable, Table

from imgdiag import tomltext
from imgdiag.project.checks._installed import requirements_files
from imgdiag.project.checks._tools import call
from imgdiag.project.fix.patch import NotSure, Patch
from imgdiag.project.locks.lock import RELOCK
from imgdiag.project.locks.requirements import logical_lines
from imgdiag.project.project import Project
from imgdiag.project.pyproject import Pyproject
from imgdiag.project.runs import Placed, Ran
from imgdiag.project.toml import string, strings, table, tables
from imgdiag.project.torch_plan import FAMILY, TorchPlan, is_cpu_index, is_gpu_index

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
NAME = "pytorch-cpu"
# The checks whose findings this mends.
MENDS = frozenset(
    ("lock-torch-cuda", "torch-index-not-explicit", "torch-source-ineffective",
     "torch-source-missing", "torchvision-index-mismatch")
)  # fmt: skip
_FILE = "pyproject.toml"
_UV_OPTION = "--torch-backend=cpu"


def cpu_torch_patch(project: Project, plan: TorchPlan) -> Iterator[Patch | NotSure]:
    """Yield the patches that bring torch's CPU build, nothing when it is there already."""
    if not plan.wants_torch:
        return
    pyproject = project.settings
    tools = _tools_of(project)
    if run := torch_by_option(project):
        path = _FILE if pyproject is not None else "requirements.txt"
        yield NotSure(
            path,
            f"line {run.ran.line} of the Dockerfile installs it, and takes the index on its "
            f"command line: {run.option}",
        )
    elif pyproject is not None and (tools & {"uv", "poetry"}):
        yield from _in_pyproject(project, pyproject, plan, "uv" if "uv" in tools else "poetry")
    elif any(lock.tool == "requirements" for lock in project.locks):
        yield from _in_requirements(project, plan)
    elif pyproject is not None:
        yield NotSure(
            _FILE,
            "torch comes from PyPI, and nothing says which tool installs it: pip takes the index "
            f"on its command line (--extra-index-url {CPU_INDEX})",
        )


def _tools_of(project: Project) -> set[str]:
    """Return the tools that install the project: by its files, and by what the Dockerfile runs."""
    named = project.settings.tool if project.settings else ""
    tools = {lock.tool for lock in project.locks} | {named}
    ran = [call(ran.command) for placed in project.built for ran in placed.ran]
    if ("uv", "sync") in ran:
        tools.add("uv")
    if {("poetry", "install"), ("poetry", "sync")} & {*ran}:
        tools.add("poetry")
    return tools


@dataclass(frozen=True, slots=True, kw_only=True)
class ByOption:
    """A RUN in which the CPU build is asked for by an option of a command."""

    placed: Placed
    ran: Ran
    option: str


def torch_by_option(project: Project) -> ByOption | None:
    """Return the RUN that installs torch and must name the source itself, None for none.

    pip reads no index from pyproject.toml. uv takes each package from the first index that has
    it, so that one in requirements.txt would have to serve more than torch: PyTorch's holds some
    of the common packages, in few versions.
    """
    for placed in project.built:
        for ran in placed.ran:
            if option := _torch_option(project, ran):
                return ByOption(placed=placed, ran=ran, option=option)
    return None


def _torch_option(project: Project, ran: Ran) -> str:
    tool = call(ran.command)
    if project.settings is None:
        return _UV_OPTION if tool == ("uv", "pip install") and requirements_files(ran) else ""
    installs = any(re.fullmatch(r"\./?(\[.*\])?", word) for word in ran.command.arguments)
    is_pip = tool == ("pip", "install") and not _tools_of(project) & {"uv", "poetry"}
    return f"--extra-index-url {CPU_INDEX}" if installs and is_pip else ""


def _in_pyproject(
    project: Project, pyproject: Pyproject, plan: TorchPlan, tool: str
) -> Iterator[Patch | NotSure]:
    if reason := _odd_form(pyproject, tool) or _chosen_otherwise(pyproject, tool):
        yield NotSure(_FILE, reason)
        return
    text = pyproject.file.text
    edit = _Edit(document=tomlkit.parse(text))
    wanted = [name for name in FAMILY if _is_installed(name, pyproject, plan)]
    if tool == "uv":
        _edit_uv(edit, pyproject, plan, wanted)
    else:
        poetry = _poetry_names(pyproject, plan, wanted)
        _edit_poetry(edit, plan, poetry)
        for name in sorted({*wanted} - {*poetry} - {each.name for each in plan.bindings}):
            yield NotSure(
                _FILE,
                f"{name} is no entry of [tool.poetry.dependencies], where its source would stand",
            )
    after = _spaced(tomlkit.dumps(edit.document).rstrip("\n") + "\n")
    if edit.reasons and not _says(after, edit.document):
        yield NotSure(_FILE, f"tables of [tool.{tool}] are written so that sources do not fit")
    elif edit.reasons:
        yield Patch(
            path=_FILE,
            before=text,
            after=after,
            reasons=tuple(edit.reasons),
            next_steps=(RELOCK[tool],),
        )


def _says(text: str, document: tomlkit.TOMLDocument) -> bool:
    """Tell whether a text holds what was edited: dotted keys and tables do not mix."""
    try:
        return tomltext.parse(text) == document.unwrap()
    except ValueError:
        return False


_ADDED = re.compile(
    rf'^((?:explicit = true|priority = "explicit"|\w+ = \[\{{ index = "{NAME}" \}}\])\n)(?=\[)',
    re.MULTILINE,
)


def _spaced(text: str) -> str:
    """Return the text with a blank line between what was added and a table that follows it."""
    return _ADDED.sub(r"\1\n", text)


def _odd_form(pyproject: Pyproject, tool: str) -> str:
    """Return which part of the file nothing can be added to, "" when there is none.

    It is something else than what the tool reads there, or of another tool.
    """
    values = pyproject.file.values
    indexes = _INDEXES[tool][0]
    parts: tuple[tuple[Callable[[Any], object], tuple[str, ...]], ...] = (
        (table, ("project",)),
        (strings, ("project", "dependencies")),
        (table, ("tool",)),
        (table, ("tool", tool)),
        (tables, ("tool", tool, indexes)),
        (table, ("tool", tool, _BOUND[tool])),
    )
    for read, (*above, key) in parts:
        value = table(values, *above).get(key)
        if value is not None and read(value) != value:
            return f"{'.'.join((*above, key))} is not what {tool} reads there"
    own = {string(each, "name") for each in tables(table(values, "tool", tool).get(indexes))}
    for index in pyproject.indexes:
        if index.name and index.name not in own and is_cpu_index(index.url):
            return f"the index {index.name} is not one of {tool}'s, which installs torch"
    document = tomlkit.parse(pyproject.file.text)
    for head, item in document.body:
        is_inline = isinstance(item, InlineTable)
        if head and head.key in ("project", "tool") and (is_inline or head.is_dotted()):
            return f"{head.key} is written without a header, which tables do not follow"
    if isinstance(document.get("tool", {}).get(tool), InlineTable):
        return f"[tool.{tool}] is written in one line, which sources do not fit"
    return ""


def _chosen_otherwise(pyproject: Pyproject, tool: str) -> str:
    """Return why the project seems to have decided for itself, "" when it does not."""
    for index in pyproject.indexes:
        if is_gpu_index(index.url):
            return f"it names the index {index.url}: torch for a GPU seems to be meant"
    bound = [each for each in pyproject.bindings if each.name in FAMILY and (each.extra or
             each.group)]  # fmt: skip
    if bound:
        return f"{bound[0].name} has sources for extras or groups: which one is installed decides"
    for member in pyproject.members:
        own = {each.name for each in member.bindings} & {*FAMILY}
        if own or any("/whl/" in each.url for each in member.indexes):
            return f"{member.path} names sources of its own, which go before those of the root"
    undeclared = not pyproject.declares("torch")
    if tool == "uv" and undeclared and not pyproject.file.values.get("project"):
        return "it has no [project] table for torch to stand in"
    return ""


def _is_installed(name: str, pyproject: Pyproject, plan: TorchPlan) -> bool:
    """Tell whether a package of the family comes along: declared, or locked."""
    return name == "torch" or plan.locks(name) or bool(pyproject.declares(name))


@dataclass(slots=True)
class _Edit:
    """A document that is being edited, and what was done so far."""

    document: tomlkit.TOMLDocument
    reasons: list[str] = field(default_factory=list)


def _edit_uv(edit: _Edit, pyproject: Pyproject, plan: TorchPlan, wanted: list[str]) -> None:
    uv = _table(_table(edit.document, "tool", is_super=True), "uv", is_super=True)
    missing = [each for each in wanted if not plan.bound(each)]
    name = _index_in(edit, uv, "uv", plan, missing)
    if missing:
        sources = _table(uv, "sources")
        for each in missing:
            # Parsed, so that it is spaced as people write it.
            sources[each] = tomlkit.parse(f'it = [{{ index = "{name}" }}]')["it"]
        edit.reasons.append(f"{', '.join(missing)} from {name}")
    undeclared = [each for each in wanted if not pyproject.declares(each)]
    if undeclared and "project" in edit.document:
        project: Any = edit.document["project"]
        if "dependencies" not in project:
            project["dependencies"] = tomlkit.array()
        for each in undeclared:
            project["dependencies"].append(each)
        edit.reasons.append(
            f"{', '.join(undeclared)} as the project's own dependency: uv minds no source of "
            "one that only another package asks for"
        )


def _poetry_names(pyproject: Pyproject, plan: TorchPlan, wanted: list[str]) -> list[str]:
    poetry = pyproject.file.values.get("tool", {}).get("poetry", {})
    entries = poetry.get("dependencies", {}) if isinstance(poetry, dict) else {}
    return [
        name
        for name in wanted
        if not plan.bound(name) and isinstance(entries.get(name), str | dict)
    ]


def _edit_poetry(edit: _Edit, plan: TorchPlan, names: list[str]) -> None:
    poetry = _table(_table(edit.document, "tool", is_super=True), "poetry", is_super=True)
    name = _index_in(edit, poetry, "poetry", plan, names)
    for each in names:
        entry = poetry["dependencies"][each]
        if isinstance(entry, str):
            wanted = tomlkit.inline_table()
            wanted.update({"version": str(entry), "source": name})
            poetry["dependencies"][each] = wanted
        else:
            entry["source"] = name
    if names:
        edit.reasons.append(f"{', '.join(names)} from {name}")


def _index_in(edit: _Edit, settings: Any, tool: str, plan: TorchPlan, names: list[str]) -> str:
    """Return the name of the index that `names` are bound to, in the table of a tool.

    The one that is there is made explicit; where there is none, PyTorch's is added.
    """
    key, setting, value = _INDEXES[tool]
    if known := next((each for each in plan.cpu_indexes if _PLAIN.fullmatch(each.name)), None):
        if not known.explicit:
            for entry in settings[key]:
                if entry.get("name") == known.name:
                    entry[setting] = value
            edit.reasons.append(f"the {key} {known.name} is explicit: nothing else comes from it")
        return known.name
    if names:
        if key not in settings:
            is_whole = isinstance(settings, Table)  # not in parts, with others between them
            if is_whole and settings and not tomlkit.dumps(settings).endswith("\n\n"):
                settings.add(tomlkit.nl())
            settings[key] = tomlkit.aot()
        entries = settings[key]
        added = tomlkit.table() if isinstance(entries, AoT) else tomlkit.inline_table()
        added.update({"name": NAME, "url": CPU_INDEX, setting: value})
        entries.append(added)
        edit.reasons.append(f"the {key} {NAME}, PyTorch's for CPUs, and only for what names it")
    return NAME


# Where each tool has its indexes, and what makes one explicit.
_INDEXES = {"uv": ("index", "explicit", True), "poetry": ("source", "priority", "explicit")}
_BOUND = {"uv": "sources", "poetry": "dependencies"}  # where packages are bound to them
_PLAIN = re.compile(r"[\w.-]+")


def _table(parent: Any, name: str, *, is_super: bool = False) -> Any:
    if name not in parent:
        parent[name] = tomlkit.table(is_super)
    return parent[name]


# A marker or a comment may follow; a line that goes on, or has a hash, may not.
_PIN = re.compile(
    r"^(?P<name>[A-Za-z]+)(?P<rest>\s*===?\s*[\w.]+)(?P<more>\s*;(?:(?!--hash)[^\\])*|\s+#.*|\s*)$"
)


def _in_requirements(project: Project, plan: TorchPlan) -> Iterator[Patch | NotSure]:
    path = "requirements.txt"
    text = (project.folder / path).read_bytes().decode("utf-8", "replace")
    lines = text.splitlines(keepends=True)
    [lock] = [each for each in project.locks if each.tool == "requirements"]
    pins = {}
    for number, logical in logical_lines(text):
        name = re.split(r"[^A-Za-z]", logical, maxsplit=1)[0].lower()
        if name not in FAMILY or not re.match(r"[A-Za-z]+\s*([=<>!~;\[ ]|$)", logical):
            continue
        match = _PIN.match(lines[number - 1].rstrip("\r\n"))
        if match is None:
            if "+cpu" not in logical:
                yield NotSure(
                    path,
                    f"line {number}: {name} has no plain pin (name==version) to which +cpu could "
                    "be added; a line with hashes needs them anew",
                )
            continue
        pins[number] = match
    if not pins:
        return
    for number, match in pins.items():
        ending = lines[number - 1][len(lines[number - 1].rstrip("\r\n")) :]
        lines[number - 1] = f"{match['name']}{match['rest']}+cpu{match['more']}{ending}"
    reasons = [f"{', '.join(match['name'] for match in pins.values())} in the CPU build (+cpu)"]
    if not any(is_cpu_index(url) for url in lock.indexes):
        lines.insert(0, f"--extra-index-url {CPU_INDEX}\n")
        reasons.insert(0, "PyTorch's index for CPUs beside PyPI")
    yield Patch(path=path, before=text, after="".join(lines), reasons=tuple(reasons))
