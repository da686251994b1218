"""dev-dependencies: tools for developers in a runtime image."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set

from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.python.developers import TOOLS
from imgdiag.python.distributions import Distribution
from imgdiag.python.projects.requirements import is_requirements_file
from imgdiag.python.root import Origin, Root
from imgdiag.rules._hidden import visible
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic
from imgdiag.units import format_bytes


def _check(facts: Facts) -> Iterator[Finding]:
    for environment in facts.environments:
        graph = facts.graphs[environment.path]
        project = facts.roots[environment.path].project
        # A project that keeps its tools in groups says itself what else it needs.
        has_groups = project is not None and any(each.dev for each in project.declared)
        groups = {root for root in graph.roots if root.dev}
        tools = {
            root
            for root in graph.roots
            if root.name in TOOLS and not (has_groups and root.origin is Origin.PROJECT)
        }
        kept = graph.roots
        needed = graph.reach(kept)
        for dropped in (groups, tools - groups):
            kept = tuple(root for root in kept if root not in dropped)
            # What the rest of the environment still reaches stays, a tool or not.
            before, needed = needed, graph.reach(kept)
            only_theirs = before - needed
            gone = tuple(
                each for each in facts.installed_in(environment) if each.name in only_theirs
            )
            names = {root.name for root in dropped}
            if any(each.name in names for each in gone):
                yield _finding(facts, gone, dropped)


def _finding(facts: Facts, gone: tuple[Distribution, ...], dropped: Set[Root]) -> Finding:
    names = {root.name for root in dropped}
    found = [each for each in gone if each.name in names]
    listed = ", ".join(f"{each.name} {format_bytes(each.bytes)}" for each in found[:5])
    listed += f" and {len(found) - 5} more" if len(found) > 5 else ""
    others = len(gone) - len(found)
    packages = "1 package" if others == 1 else f"{others} packages"
    with_others = f", and {packages} that only they bring in" if others else ""
    claim = facts.claims.distributions(gone)
    gone_names = {each.name for each in gone}
    groups = [root for root in dropped if root.dev and root.name in gone_names]
    installer = found[0].installer
    return Finding(
        rule=RULE.name,
        safety=Safety.REVIEW,
        message=f"{_whose(groups)} in /{gone[0].environment.prefix}: {listed}{with_others}; "
        f"together {visible(claim)}",
        fix=_without_groups(installer, groups)
        if groups
        else _fix(installer, {each.name: each.version for each in found}),
        claim=claim,
    )


def _whose(groups: Iterable[Root]) -> str:
    by_file: dict[str, set[str]] = defaultdict(set)
    for root in groups:
        by_file[root.where].add(root.group)
    if not by_file:
        return "developers' tools"
    names = [_groups_of(path, sorted(by_file[path])) for path in sorted(by_file)]
    plural = len(names) > 1 or names[0].startswith("the groups")
    return f"what only {' and '.join(names)} ask{'s' * (not plural)} for"


def _groups_of(path: str, groups: list[str]) -> str:
    if all(is_requirements_file("requirements", group) for group in groups):
        return f"/{path}"
    return f"the group{'s' * (len(groups) > 1)} {' and '.join(groups)} of /{path}"


def _without_groups(installer: str, groups: Iterable[Root]) -> Fix:
    """Return the line that installs what the project has without its groups for developers."""
    names = sorted({root.group for root in groups})
    where = sorted({root.where.rpartition("/")[2] for root in groups})
    if all(is_requirements_file("requirements", name) for name in where):
        line = "RUN pip install -r requirements.txt"
        summary, note = "Install without the developers' file", f"and not {', '.join(where)}"
    elif installer == "uv":
        line, note = "RUN uv sync --locked --no-dev", ""
        if names != ["dev"]:
            line = "RUN uv sync --locked --no-default-groups"
            note = f"and no --group or --extra for {', '.join(names)}"
        summary = "Install without the groups for developers"
    elif installer.startswith("poetry"):
        line, note = "RUN poetry install --only main", ""
        summary = "Install the main group alone"
    elif installer == "pdm":
        line, note, summary = "RUN pdm sync --prod", "", "Install for production"
    elif "Pipfile" in where or "Pipfile.lock" in where:
        line, note, summary = "RUN pipenv sync", "and not --dev", "Install without --dev"
    else:
        line, summary = "RUN pip install .", "Install the project without what is for developers"
        note = f"and neither .[{','.join(names)}] nor --group"
    return Fix(summary, "Dockerfile", f"{line}  # {note}" if note else line)


def _fix(installer: str, versions: dict[str, str]) -> Fix:
    names = sorted(versions)
    if installer == "uv":
        return Fix(
            "Keep them in the group dev and install without it",
            "Dockerfile",
            f"# first: uv remove {' '.join(names)} && uv add --dev {' '.join(names)}\n"
            "RUN uv sync --locked --no-dev",
        )
    if installer.startswith("poetry"):
        return Fix(
            "Keep them in a group and install the main one alone",
            "Dockerfile",
            f"# first: poetry remove {' '.join(names)} && "
            f"poetry add --group dev {' '.join(names)}\nRUN poetry install --only main",
        )
    return Fix(
        "Move these lines to a file of their own that the image does not install",
        "requirements-dev.txt",
        "\n".join(["-r requirements.txt", *(f"{name}=={versions[name]}" for name in names)]),
    )


def _site(*names: str, size: int) -> dict[str, int | str]:
    files: dict[str, int | str] = {}
    for name in names:
        info = f"app/.venv/lib/python3.11/site-packages/{name}-1.0.dist-info"
        files[f"app/.venv/lib/python3.11/site-packages/{name}.py"] = size
        files[f"{info}/RECORD"] = f"{name}.py,,\n"
        requires = "Requires-Dist: pluggy\n" if name == "pytest" else ""
        files[f"{info}/METADATA"] = f"Name: {name}\nVersion: 1.0\n{requires}"
    return files


RULE = Rule(
    name="dev-dependencies",
    topic=Topic.PYTHON,
    title="Developers' tools in a runtime image",
    why="Test runners, linters and notebooks, and the packages that only they need, are of no "
    "use to a running service, and each is more to patch. What is for developers is what the "
    "project's own groups and files in the image say (pyproject.toml, a lock, "
    "requirements-dev.txt); where there are none, tools are known by name. What another package "
    "requires is kept.",
    fix="`uv sync --no-dev` (`--no-default-groups` for other groups), `poetry install --only "
    "main`, or a requirements file of their own.",
    ignore_when="The image is meant for development, or the service runs notebooks.",
    check=_check,
    examples=(
        Example(
            what="pytest, and pluggy, which it alone requires",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install -r requirements.txt",
                    files=_site("pytest", "pluggy", "flask", size=2_000_000),
                ),
            ),
            finds=(4_000_000,),
        ),
        Example(
            what="a project's group dev; what it needs itself stays, a tool or not",
            layers=(
                ExampleLayer(
                    created_by="RUN uv sync --locked",
                    files={
                        **_site("pytest", "pluggy", "flask", "ipython", size=2_000_000),
                        "app/pyproject.toml": '[project]\nname = "app"\n'
                        'dependencies = ["flask", "ipython"]\n\n'
                        '[dependency-groups]\ndev = ["pytest"]\n',
                    },
                ),
            ),
            finds=(4_000_000,),
        ),
        Example(
            what="no tool",
            layers=(
                ExampleLayer(
                    created_by="RUN pip install flask", files=_site("flask", size=2_000_000)
                ),
            ),
            finds=(),
        ),
    ),
)
