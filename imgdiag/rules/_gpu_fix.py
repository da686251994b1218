"""The lines that bring a build for a CPU, for uv, pip, poetry and conda.

Sources: PyTorch's "Get started" page (its index for CPUs), uv's guide to PyTorch (an explicit
index, `UV_TORCH_BACKEND`) and settings (`override-dependencies`), poetry's on explicit sources.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from packaging.version import InvalidVersion, Version

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.finding import Fix
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment
from imgdiag.python.gpu import Sibling
from imgdiag.python.gpu_use import GpuBuild
from imgdiag.rules._gpu import named
from imgdiag.rules._shell import appended, quoted

# Bytes of files that torch's CPU build has and its GPU builds have not, test programs above all:
# measured on 2.13.0, see docs/predictions.md.
CPU_FILES = 123_000_000

_INDEX = "https://download.pytorch.org/whl/cpu"
_NIGHTLY = "https://download.pytorch.org/whl/nightly/cpu"


def torch_fix(facts: Facts, environment: Environment, build: GpuBuild) -> Fix:
    """Return the lines that take torch and its companions from PyTorch's index for CPUs."""
    by_name = _by_name(facts, environment)
    versions = {name: _version(by_name[name]) for name in build.members}
    torch = versions["torch"]
    index = _NIGHTLY if torch is not None and torch.is_devrelease else _INDEX
    pins = {name: version.public for name, version in versions.items() if version is not None}
    names = ", ".join(build.members)
    summary = f"Install the CPU build of {names}"
    installer = _installer(facts, by_name["torch"])
    if installer == "uv pip":
        return Fix(
            summary,
            "Dockerfile",
            "# before the RUN that installs: uv pip takes the CPU build then\n"
            "ENV UV_TORCH_BACKEND=cpu",
        )
    if installer == "uv":
        by = ", ".join(build.required_by[:3])
        where = (
            f"# [project] dependencies: {by} brings torch in, and uv heeds a source only for\n"
            f'# what the project names itself\n"torch{_pin(pins, "torch")}",\n\n'
            if by
            else "# torch must be a dependency of the project itself for its source to count\n"
        )
        sources = "\n".join(f'{name} = [{{ index = "pytorch-cpu" }}]' for name in build.members)
        return Fix(
            summary,
            "pyproject.toml",
            f'{where}[[tool.uv.index]]\nname = "pytorch-cpu"\nurl = "{index}"\nexplicit = true\n\n'
            f"[tool.uv.sources]\n{sources}\n# then: uv lock",
        )
    if installer == "poetry":
        lines = "\n".join(
            f'{name} = {{ version = "{pins.get(name, "*")}", source = "pytorch-cpu" }}'
            for name in build.members
        )
        return Fix(
            summary,
            "pyproject.toml",
            f'[[tool.poetry.source]]\nname = "pytorch-cpu"\nurl = "{index}"\n'
            f'priority = "explicit"\n\n[tool.poetry.dependencies]\n{lines}\n# then: poetry lock',
        )
    if installer == "conda":
        return Fix(
            summary,
            "environment.yml",
            f"# from conda-forge, in place of {names}\n- pytorch={pins.get('torch', '*')}=cpu*",
        )
    lines = "\n".join(f"{name}=={pins[name]}+cpu" if name in pins else name for name in versions)
    requested = [name for name in build.libraries if _was_requested(facts, by_name[name])]
    dropped = f"\n# and without: {', '.join(requested)}" if requested else ""
    return Fix(
        summary,
        "requirements.txt",
        f"--extra-index-url {index}\n# in place of {names}\n{lines}{dropped}",
    )


def build_fix(facts: Facts, environment: Environment, build: GpuBuild, claim: Claim) -> Fix:
    """Return the lines that put the counterpart for a CPU in place of another library's build."""
    by_name = _by_name(facts, environment)
    member = by_name[build.members[0]]
    installer = _installer(facts, member)
    sibling = build.family.sibling
    if sibling is None:
        names = ", ".join(build.members)
        if build.family.dropped:
            return Fix(f"Leave out {names}", _file(installer), f"# without this line:\n# {names}")
        extra = ", ".join(name for name in build.libraries if name.startswith(f"{member.name}-"))
        return Fix(
            f"Install {names} without its extra for a GPU",
            _file(installer),
            _lines(installer, f"{names} with the extra that brings {extra}", names, _same(member)),
        )
    pin = _sibling_pin(sibling, _version(member))
    summary = f"Install {sibling.name} in place of {member.name}"
    if not build.required_by:
        return Fix(summary, _file(installer), _lines(installer, member.name, sibling.name, pin))
    by = f"{', '.join(build.required_by[:3])} asks for {member.name} by that name"
    if installer == "uv":
        return Fix(
            summary,
            "pyproject.toml",
            _lines(installer, member.name, sibling.name, pin).removesuffix("\n# then: uv lock")
            + f"\n\n# {by}, so uv is told never to install it\n[tool.uv]\noverride-dependencies = "
            f"[\"{member.name} ; sys_platform == 'never'\"]\n# then: uv lock",
        )
    gone = (*build.members, *build.libraries)
    requirement = shlex.quote(sibling.name + pin)
    command = (
        f"{_pip(installer, environment, 'uninstall')} {_words(gone)} \\\n"
        f" && {_pip(installer, environment, 'install')} {requirement}"
    )
    return _in_its_run(facts, claim, command, summary, f"{by}: exchange it where it is installed")


def exclusion_fix(
    facts: Facts, environment: Environment, names: Iterable[str], by: str, claim: Claim
) -> Fix:
    """Return the lines that keep out `names`, though the distributions `by` require them."""
    words = sorted(names)
    one = named(facts, environment, words)[0]
    summary = f"Keep out {', '.join(words)}"
    note = f"{by} asks for {', '.join(words)}"
    if _installer(facts, one) == "uv":
        listed = ", ".join(f'"{name}"' for name in words)
        return Fix(
            summary,
            "pyproject.toml",
            f"# {note}\n[tool.uv]\nexclude-dependencies = [{listed}]\n# then: uv lock",
        )
    command = f"{_pip(_installer(facts, one), environment, 'uninstall')} {_words(words)}"
    return _in_its_run(facts, claim, command, summary, f"{note}: take it out where it comes in")


def orphans_fix(facts: Facts, environment: Environment, names: Iterable[str], claim: Claim) -> Fix:
    """Return the lines that leave out what nothing requires."""
    words = sorted(names)
    installer = _installer(facts, named(facts, environment, words)[0])
    command = f"{_pip(installer, environment, 'uninstall')} {_words(words)}"
    summary = "Nothing requires them: leave them out"
    note = "first look for their names in your requirements: without those they do not come at all"
    return _in_its_run(facts, claim, command, summary, note)


def _in_its_run(facts: Facts, claim: Claim, command: str, summary: str, note: str) -> Fix:
    """Return the mend that runs `command` at the end of the RUN that brought the files."""
    # A later layer may hold copies, such as those of a chown.
    if claim.layers and facts.step(min(claim.layers)).command:
        edit = appended(facts, min(claim.layers), command)
        return Fix.of_run(summary, edit, before=f"# {note}")
    return Fix(
        summary, "Dockerfile", f"# {note}\n# at the end of the RUN that installs:\n && {command}"
    )


def _pip(installer: str, environment: Environment, action: str) -> str:
    """Return pip's command for an environment, or uv's where uv installed it."""
    where = f" --python {quoted(environment.prefix)}" * (environment.kind == "venv")
    if installer.startswith("uv"):
        return f"uv pip {action}{where}"
    return f"pip{where} {action}" + " --yes" * (action == "uninstall")


def _words(names: Iterable[str]) -> str:
    return " ".join(shlex.quote(name) for name in names)


def _lines(installer: str, old: str, name: str, pin: str) -> str:
    """Return a dependency's line, and where it belongs."""
    if installer == "uv":
        return f'# [project] dependencies, in place of {old}\n"{name}{pin}",\n# then: uv lock'
    if installer == "poetry":
        version = pin.removeprefix("==") or "*"
        return (
            f"# [tool.poetry.dependencies], in place of {old}\n"
            f'{name} = "{version}"\n# then: poetry lock'
        )
    return f"# in place of {old}\n{name}{pin}"


def _by_name(facts: Facts, environment: Environment) -> dict[str, Distribution]:
    """Return an environment's distributions by name; of two with one name, the larger."""
    return {each.name: each for each in reversed(facts.installed_in(environment))}


def _file(installer: str) -> str:
    return "pyproject.toml" if installer in ("uv", "poetry") else "requirements.txt"


def _installer(facts: Facts, distribution: Distribution) -> str:
    """Return who installed a distribution: uv, uv pip, poetry, conda, else pip."""
    name = distribution.installer
    if name.startswith("poetry"):
        return "poetry"
    if name == "uv":
        commands = [entry.created_by for entry in facts.config.history]
        if not any(re.search(r"\buv\s+sync\b", command) for command in commands) and any(
            re.search(r"\buv\s+pip\b", command) for command in commands
        ):
            return "uv pip"
        return "uv"
    return "conda" if name == "conda" else "pip"


def _was_requested(facts: Facts, distribution: Distribution) -> bool:
    """Tell whether pip was asked for a distribution by name; uv marks all that it installs."""
    marked = facts.filesystem.find(f"{distribution.metadata_path}/REQUESTED") is not None
    return marked and distribution.installer == "pip"


def _version(distribution: Distribution) -> Version | None:
    """Return a distribution's version: what an image says may be anything."""
    try:
        return Version(distribution.version)
    except InvalidVersion:
        return None


def _pin(pins: dict[str, str], name: str) -> str:
    return f"=={pins[name]}" if name in pins else ""


def _same(distribution: Distribution) -> str:
    version = _version(distribution)
    return f"=={version.public}" if version is not None else ""


def _sibling_pin(sibling: Sibling, version: Version | None) -> str:
    """Return which version to ask of a sibling: the same as far as there is one."""
    if version is None or version < Version(sibling.since):
        return ""
    if sibling.exact and len(version.release) <= 3 and not version.is_devrelease:
        return f"=={version.public}"
    return f"=={version.major}.{version.minor}.*"
