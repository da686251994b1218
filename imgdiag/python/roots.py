"""What was asked for in an environment, and where that is said.

The files of the project that the environment belongs to come first; then what the history
installed by name, and the marks that installers leave. Sources: the PyPA specifications
"Recording installed projects" (REQUESTED) and "Direct URL Data Structure".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from imgdiag.filesystem import File, Filesystem, join
from imgdiag.image import ImageConfig
from imgdiag.python import projects
from imgdiag.python.commands import Command, find_commands
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import PACKAGE_FOLDERS, Environment
from imgdiag.python.graph import Graph
from imgdiag.python.projects import Declared, Project
from imgdiag.python.projects.declared import is_for_developers
from imgdiag.python.requires import Requires
from imgdiag.python.root import Origin, Root
from imgdiag.scanner.usage import Usage
from imgdiag.urls import url_path

_INSTALLERS = frozenset(("distribute", "pip", "setuptools", "wheel"))
_ARCHIVES = (".whl", ".zip", ".gz", ".tgz", ".bz2")
_SHORTEST_LOCK = 6  # names; fewer may well all have been asked for
_MAX_FOLDERS = 200  # that may hold the project of an environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Roots:
    """What was asked for in an environment; `project` says it, None when no project does."""

    asked: tuple[Root, ...] = ()
    project: Project | None = None


class RootFinder:
    """Finds what was asked for in each environment of an image."""

    def __init__(self, filesystem: Filesystem, usage: Usage, config: ImageConfig) -> None:
        self._filesystem = filesystem
        self._usage = usage
        self._working_directory = config.working_directory.strip("/")
        self._commands: tuple[Command, ...] = tuple(find_commands(config))
        self._known: dict[str, tuple[Project, ...]] = {}
        self._far: list[str] | None = None

    def find(self, environment: Environment, requires: Requires) -> Roots:
        """Return what was asked for in `environment`, the surest reason for each first."""
        graph = Graph(requires)
        folders = dict(_folder_installs(requires.installed.values()))
        match = self._match(environment, requires, graph, folders)
        asked = match.roots() if match else []
        asked += (
            Root(name=name, origin=Origin.FOLDER, where=folder)
            for folder, name in folders.items()
            if not graph.required_by[name]
        )
        for command in self._commands:
            asked += _named_in(command, requires, folders)
        asked += _marked(self._filesystem, requires, graph)
        return Roots(asked=tuple(_first_reasons(asked)), project=match.project if match else None)

    def _match(
        self,
        environment: Environment,
        requires: Requires,
        graph: Graph,
        folders: Mapping[str, str],
    ) -> _Match | None:
        """Return the project that the environment belongs to, with what it says of it."""
        for folder in self._near(environment, folders):
            for project in self._projects(folder):
                match = _Match(project, requires, graph, folders)
                if match.fits():
                    return match
        # Elsewhere nothing but the requirements themselves ties a project to an environment.
        matches = [
            _Match(project, requires, graph, folders)
            for folder in self._folders_of_projects()
            for project in self._projects(folder)
        ]
        return max(
            (match for match in matches if match.fits_wholly()),
            key=lambda match: (match.asked_for, -len(match.project.path), match.project.path),
            default=None,
        )

    def _near(self, environment: Environment, folders: Iterable[str]) -> list[str]:
        """Return the folders whose project an environment most likely is, the likeliest first."""
        near = [*folders, *_upwards(environment.prefix)[1:]]
        near += (file.rpartition("/")[0] for each in self._commands for file in each.files)
        near += _upwards(self._working_directory)
        folders_near = dict.fromkeys(each for each in near if each)
        return [*list(folders_near)[:_MAX_FOLDERS], ""]

    def _projects(self, folder: str) -> tuple[Project, ...]:
        if folder not in self._known:
            self._known[folder] = tuple(projects.find_projects(self._filesystem, folder))
        return self._known[folder]

    def _folders_of_projects(self) -> list[str]:
        """Return the folders anywhere in the image that hold a project's files."""
        if self._far is None:
            self._far = [
                path
                for path, directory in self._usage.directories
                if any(name in directory.children for name in projects.FILES)
                and PACKAGE_FOLDERS.isdisjoint(path.split("/"))
            ][:_MAX_FOLDERS]
        return self._far


class _Match:
    """A project held against an environment: which of its requirements are installed there."""

    def __init__(
        self, project: Project, requires: Requires, graph: Graph, folders: Mapping[str, str]
    ) -> None:
        self.project = project
        self._requires = requires
        self._graph = graph
        self._groups: dict[str, list[tuple[str, Declared]]] = defaultdict(list)
        for each in project.declared:
            name = each.name if each.folder is None else folders.get(each.folder, "")
            if name and requires.can_hold(each.marker):
                self._groups[each.group].append((name, each))
        # A project that is installed itself states its requirements in its own metadata.
        own = project.name or folders.get(project.folder, "")
        is_own = own in requires.installed and not graph.required_by[own]
        self._own = own if is_own else ""
        self._extras = frozenset(requires.extras(own) if is_own else ())

    @property
    def asked_for(self) -> int:
        """Return how much the project always needs."""
        return len(self._groups.get("", ()))

    def fits(self) -> bool:
        """Tell whether most of what the project always needs is installed here."""
        main = self._groups.get("", ())
        if self._own:
            return True
        if main:
            return 2 * sum(name in self._requires.installed for name, _ in main) > len(main)
        return any(self._is_installed(group) for group in self._groups)

    def fits_wholly(self) -> bool:
        """Tell whether all of it is."""
        return bool(self._own) or (self.asked_for > 0 and self._is_installed(""))

    def roots(self) -> list[Root]:
        """Return what the project asks for of what is installed.

        An extra or a group counts when all of it is there: else, it was most likely not asked for,
        and only what has no other reason to be there belongs to it.
        """
        roots: list[Root] = []
        rest: list[Root] = []
        if self._own:
            roots.append(Root(name=self._own, origin=Origin.PROJECT, where=self.project.path))
        for group, members in self._groups.items():
            counts = not group or self.project.is_lock or self._is_installed(group)
            is_extra = canonicalize_name(group) in self._extras
            if is_extra and counts:
                roots.append(self._own_extra(group))
            elif not (self._own and not group):
                found = [self._root(*each) for each in members]
                (roots if counts else rest).extend(
                    root for root in found if root.name in self._requires.installed
                )
        names = {root.name for root in roots}
        if self.project.is_lock or _lists_all(names, self._graph):
            roots = _tops(roots, self._graph)
        explained = Graph(self._requires, roots).reach(roots)
        return roots + [root for root in rest if root.name not in explained]

    def _is_installed(self, group: str) -> bool:
        members = self._groups[group]
        return all(name in self._requires.installed for name, _ in members)

    def _own_extra(self, group: str) -> Root:
        return Root(
            name=self._own,
            extras=(canonicalize_name(group),),
            origin=Origin.PROJECT,
            where=self.project.path,
            group=group,
            dev=is_for_developers(group),
        )

    def _root(self, name: str, declared: Declared) -> Root:
        return Root(
            name=name,
            extras=declared.extras,
            origin=Origin.PROJECT,
            where=declared.path,
            text=declared.text,
            group=declared.group,
            dev=declared.dev,
        )


def _upwards(path: str) -> list[str]:
    """Return a folder and those above it, without the root."""
    parts = path.split("/") if path else []
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _folder_installs(distributions: Iterable[Distribution]) -> Iterator[tuple[str, str]]:
    """Yield the folders of the image that distributions were installed from, and their names."""
    for distribution in distributions:
        url = distribution.direct_url
        # conda's packages name the folder in which they were built, far away.
        is_folder = url.startswith("file://") and not url.endswith(_ARCHIVES)
        if is_folder and distribution.installer != "conda":
            yield unquote(url_path(url)).strip("/"), distribution.name


def _named_in(command: Command, requires: Requires, folders: Mapping[str, str]) -> Iterator[Root]:
    for each in command.declared:
        name = each.name if each.folder is None else folders.get(each.folder, "")
        if name in requires.installed:
            yield Root(
                name=name,
                extras=each.extras,
                origin=Origin.COMMAND,
                where=command.instruction,
                text=each.text,
            )


def _marked(filesystem: Filesystem, requires: Requires, graph: Graph) -> list[Root]:
    """Return what its installer marked as asked for; marks on everything tell nothing.

    uv marks all that it installs, and conda's packages were marked when they were built.
    """
    names = {
        each.name
        for each in requires.installed.values()
        if each.installer not in ("uv", "conda")
        and isinstance(filesystem.find(join(each.metadata_path, "REQUESTED")), File)
    }
    if _lists_all(names, graph):
        return []
    return [Root(name=name, origin=Origin.REQUESTED) for name in sorted(names)]


def _lists_all(names: Collection[str], graph: Graph) -> bool:
    """Tell whether a list names whatever its own members require: a lock, and no list of wishes."""
    listed = frozenset(names)
    required = [name for name in listed if graph.required_by[name] & listed]
    return (
        len(listed) >= _SHORTEST_LOCK
        and 2 * len(required) >= len(listed)
        and all(graph.requires[name] <= listed | _INSTALLERS for name in listed)
    )


def _tops(roots: list[Root], graph: Graph) -> list[Root]:
    """Return the roots that no other one requires, those for developers apart from the rest."""
    kept: set[str] = set()
    for dev in (False, True):
        names = {root.name for root in roots if root.dev is dev}
        tops = {name for name in names if not (graph.required_by[name] - {name}) & names}
        reached = graph.reach(Root(name=name) for name in tops)
        for name in sorted(names - reached):  # circles
            if name not in reached:
                tops.add(name)
                reached |= graph.reach([Root(name=name)], reached)
        kept |= tops
    return [root for root in roots if root.name in kept]


def _first_reasons(roots: Iterable[Root]) -> Iterator[Root]:
    """Yield the roots without those that say nothing new.

    Of one name only a project can give several reasons, one of them for developers; what comes
    after counts when it asks for more extras.
    """
    known: dict[str, list[Root]] = defaultdict(list)
    for root in roots:
        reasons = known[root.name]
        said_before = any(set(root.extras) <= set(each.extras) for each in reasons)
        is_new = root.origin is Origin.PROJECT and all(
            each.dev and not root.dev for each in reasons
        )
        if not reasons or not said_before or is_new:
            reasons.append(root)
            yield root
