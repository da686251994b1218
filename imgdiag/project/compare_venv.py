"""The environment on a developer's machine beside the image's: what one has and the other not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from imgdiag import pipeline, sources
from imgdiag.errors import ImgdiagError, within
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import merge
from imgdiag.image import parse_config
from imgdiag.project.local import read_folder
from imgdiag.python.composition import Kind, composition
from imgdiag.python.developers import TOOLS
from imgdiag.python.environments import Environment
from imgdiag.sources import Request

# What a running service has no use for; for byte-code see what it costs to go without.
UNEXPECTED = (Kind.BYTECODE, Kind.TESTS, Kind.DOCS, Kind.EXAMPLES, Kind.CACHE)


@dataclass(frozen=True, slots=True)
class Installed:
    """A distribution's version, and the bytes that it owns."""

    version: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagePair:
    """A distribution here and in the image; None where it is not installed."""

    name: str
    local: Installed | None
    image: Installed | None
    is_tool: bool  # known by name as a developers' tool

    @property
    def difference(self) -> str:
        """Return local, image, version or same: what tells the two apart."""
        if self.image is None:
            return "local"
        if self.local is None:
            return "image"
        return "same" if self.local.version == self.image.version else "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPair:
    """The files of one kind, in bytes and by number, here and in the image."""

    kind: Kind
    local_bytes: int
    image_bytes: int
    local_files: int
    image_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two environments: its folder, and the bytes of its files, an inode once."""

    path: str
    python_version: str | None
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VenvComparison:
    """Both environments. `packages` have the largest first, by the larger of both sides."""

    reference: str
    local: Side
    image: Side
    packages: tuple[PackagePair, ...]
    kinds: tuple[KindPair, ...]
    warnings: tuple[str, ...]


def compare_venv(
    reference: str, folder: Path, request: Request, environment: str = ""
) -> VenvComparison:
    """Compare the environment in `folder` with that of the image `reference`.

    `environment` names the image's, by its folder or its package folder; without it, the one in
    a folder of the same name is taken, else the largest. Raises ImgdiagError.
    """
    # Below the root, the local environment stands where its own folder's name says.
    name = folder.resolve().name
    layer = read_folder(folder, name)
    here = _Environments(Facts(config=parse_config(b"{}"), filesystem=merge([layer])))
    local = here.largest()
    if local is None:
        raise ImgdiagError(
            f"there is no Python environment in {str(folder)!r}",
            hint="Name the environment's folder, the one with pyvenv.cfg in it",
        )
    image = sources.load_layers(reference, request)
    there = _Environments(pipeline.measure(image))
    with within(image.reference):
        chosen = there.choose(environment, name)
    return VenvComparison(
        reference=image.reference,
        local=here.side(local, str(folder)),
        image=there.side(chosen, f"/{chosen.prefix}"),
        packages=_packages(here.installed(local), there.installed(chosen)),
        kinds=_kinds(here, local, there, chosen),
        warnings=layer.warnings,
    )


class _Environments:
    """The environments of one side."""

    def __init__(self, facts: Facts) -> None:
        self._usage = facts.usage
        self._all = facts.environments
        self._installed_in = facts.installed_in

    def largest(self) -> Environment | None:
        return max(self._all, key=lambda each: (self._bytes(each), each.path), default=None)

    def choose(self, path: str, name: str) -> Environment:
        """Return the environment at `path`; without a path that in a folder called `name`, else
        the largest. Raises ImgdiagError when there is none.
        """
        wanted = path.strip("/")
        if path:
            found = [each for each in self._all if wanted in (each.prefix, each.path)]
        else:
            found = [each for each in self._all if each.prefix.rpartition("/")[2] == name]
        chosen = found[0] if found else None if path else self.largest()
        if chosen is None:
            known = ", ".join(f"/{each.prefix}" for each in self._all)
            raise ImgdiagError(
                f"there is no Python environment {path!r}" if path else "there is no Python in it",
                hint=f"It has {known}" if known else "",
            )
        return chosen

    def installed(self, environment: Environment) -> dict[str, Installed]:
        found: dict[str, Installed] = {}
        for each in self._installed_in(environment):
            more = found[each.name].bytes if each.name in found else 0
            found[each.name] = Installed(each.version, each.bytes + more)
        return found

    def side(self, environment: Environment, path: str) -> Side:
        return Side(
            path=path,
            python_version=environment.python_version,
            bytes=sum(size for size, _ in self.shares(environment).values()),
        )

    def shares(self, environment: Environment) -> dict[Kind, tuple[int, int]]:
        root = _root(environment)
        files = self._usage.files_in([root])
        return {
            share.kind: (share.bytes, share.files)
            for share in composition((path[len(root) + 1 :], file) for path, file in files)
        }

    def _bytes(self, environment: Environment) -> int:
        return sum(each.bytes for each in self._installed_in(environment))


def _root(environment: Environment) -> str:
    """Return the folder that is the environment's alone: a system's prefix holds much else."""
    return environment.prefix if environment.kind in ("venv", "conda") else environment.path


def _packages(local: dict[str, Installed], image: dict[str, Installed]) -> tuple[PackagePair, ...]:
    pairs = [
        PackagePair(name=name, local=local.get(name), image=image.get(name), is_tool=name in TOOLS)
        for name in local.keys() | image.keys()
    ]
    return tuple(sorted(pairs, key=lambda pair: (-_larger(pair), pair.name)))


def _larger(pair: PackagePair) -> int:
    return max(side.bytes for side in (pair.local, pair.image) if side is not None)


def _kinds(
    here: _Environments, local: Environment, there: _Environments, image: Environment
) -> tuple[KindPair, ...]:
    mine, theirs = here.shares(local), there.shares(image)
    return tuple(
        KindPair(
            kind=kind,
            local_bytes=mine[kind][0],
            image_bytes=theirs[kind][0],
            local_files=mine[kind][1],
            image_files=theirs[kind][1],
        )
        for kind in Kind
    )
