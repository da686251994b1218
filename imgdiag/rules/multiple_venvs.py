"""multiple-venvs: a virtual environment beside the one that the image uses."""

from collections.abc import Iterator

from imgdiag.facts.facts import Facts
from imgdiag.filesystem import join
from imgdiag.finding import Finding, Safety
from imgdiag.rules._hidden import visible
from imgdiag.rules._shell import removal_fix
from imgdiag.rules._unused import in_use, unused
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

# A venv may be made in a project's own folder: only its own parts go.
_PARTS = ("bin", "include", "lib", "lib64", "pyvenv.cfg", "share")


def _check(facts: Facts) -> Iterator[Finding]:
    used = sorted({each.prefix for each in in_use(facts)})
    # Each once: a venv may have packages in lib and in lib64.
    others = {each.prefix: each for each in unused(facts) if _is_separate(each.prefix, each.kind)}
    for prefix, environment in others.items():
        parts = [join(prefix, part) for part in _PARTS]
        paths = [prefix] if environment.kind == "conda" else parts
        paths = [path for path in paths if facts.filesystem.find(path) is not None]
        claim = facts.claims.paths(paths)
        if not used or not claim.layers:
            continue
        layer = claim.layers[0]
        evidence = facts.uses.environments[environment.path].evidence
        yield Finding(
            rule=RULE.name,
            safety=Safety.REVIEW,
            message=f"{visible(claim)} in /{prefix}, an environment that the image does not use: "
            f"{evidence}, in /{', /'.join(used)}",
            fix=removal_fix(facts, paths, where="makes it"),
            claim=claim,
            informational=facts.in_base(layer),
            in_base=facts.in_base(layer),
        )


def _is_separate(prefix: str, kind: str) -> bool:
    """Tell a virtual environment or one of conda's named ones from an interpreter's own."""
    return kind == "venv" or (kind == "conda" and "/envs/" in f"/{prefix}")


def _venv(prefix: str, program: str, size: int) -> dict[str, int | str]:
    return {
        f"{prefix}/pyvenv.cfg": "home = /usr/local/bin\nversion = 3.11.9\n",
        f"{prefix}/bin/python": 0,
        f"{prefix}/bin/{program}": f"#!/{prefix}/bin/python\n",
        f"{prefix}/lib/python3.11/site-packages/{program}.py": size,
    }


_LAYERS = (
    ExampleLayer(created_by="RUN pipx install poetry", files=_venv("opt/poetry", "poetry", 10**7)),
    ExampleLayer(created_by="RUN poetry install", files=_venv("app/.venv", "gunicorn", 10**6)),
)
_PATH = {"PATH": "/app/.venv/bin:/usr/local/bin:/usr/bin:/bin"}
_BESIDES = sum(len(what) for what in _LAYERS[0].files.values() if isinstance(what, str))

RULE = Rule(
    name="multiple-venvs",
    topic=Topic.PYTHON,
    title="A virtual environment that the image does not use",
    why="Build tools such as poetry bring an environment of their own, and copies are left over "
    "from a build. The program that the image starts imports from another one, so this one is "
    "shipped for nothing. Reported only where ENTRYPOINT or CMD say which one is used.",
    fix="Make it in a build stage and copy only the environment that is used.",
    ignore_when="The container runs other programs too, such as a shell's jobs or a second "
    "service that is started by hand.",
    check=_check,
    examples=(
        Example(
            what="poetry's own environment beside the service's",
            layers=_LAYERS,
            environment=_PATH,
            command=("gunicorn", "app:app"),
            finds=(10_000_000 + _BESIDES,),
        ),
        Example(
            what="a script of which nobody knows what it starts",
            layers=_LAYERS,
            environment=_PATH,
            command=("/entrypoint.sh",),
            finds=(),
        ),
    ),
)
