"""conflicting-cv2: several builds of OpenCV in one environment."""

from collections.abc import Iterator
from functools import partial

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.python.distributions import Distribution
from imgdiag.python.environments import Environment
from imgdiag.rules._hidden import visible
from imgdiag.rules._installed import installed
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

# The one to keep comes first: what it has more than the others is the reason to have it.
_BUILDS = (
    "opencv-contrib-python-headless",
    "opencv-contrib-python",
    "opencv-python-headless",
    "opencv-python",
)


def _check(facts: Facts) -> Iterator[Finding]:
    for environment in facts.environments:
        found = {
            each.name: each for each in facts.installed_in(environment) if each.name in _BUILDS
        }
        if len(found) < 2:
            continue
        kept, *others = sorted(found.values(), key=lambda each: _BUILDS.index(each.name))
        yield from visible_findings(
            facts,
            RULE.name,
            [path for each in others for path in each.files if not _shared(environment, path)],
            message=partial(_message, facts, environment, kept, others),
            fix=partial(_fix, kept, others),
            safety=Safety.REVIEW,
            estimate="the files in cv2, which all builds share, become those of the one kept",
        )


def _shared(environment: Environment, path: str) -> bool:
    return path.startswith(f"{environment.path}/cv2/")


def _message(
    facts: Facts,
    environment: Environment,
    kept: Distribution,
    others: list[Distribution],
    claim: Claim,
) -> str:
    graph = facts.graphs[environment.path]
    names = [each.name for each in (kept, *others)]
    chains = [" → ".join(graph.chain(name)) for name in names]
    return (
        f"{len(names)} builds of OpenCV in /{environment.prefix} ({', '.join(chains)}): all write "
        "the folder cv2, the last one installed wins, and the others' libraries, "
        f"{visible(claim)}, lie beside it unused"
    )


def _fix(kept: Distribution, others: list[Distribution], layer: int, paths: list[str]) -> Fix:
    if any(each.installer == "uv" for each in (kept, *others)):
        lines = "\n".join(f"    \"{each.name} ; sys_platform == 'never'\"," for each in others)
        return Fix(
            f"Keep {kept.name} alone",
            "pyproject.toml",
            f'# dependencies: "{kept.name}"\n[tool.uv]\noverride-dependencies = [\n{lines}\n]\n'
            "# then: uv lock",
        )
    names = " ".join(each.name for each in others)
    return Fix(
        f"Keep {kept.name} alone",
        "Dockerfile",
        f"# at the end of the RUN that installs\npip uninstall --yes {names} \\\n"
        f" && pip install --no-cache-dir --no-deps --force-reinstall {kept.name}=={kept.version}",
    )


def _opencv(name: str, size: int) -> dict[str, int | str]:
    libraries = f"{name.replace('-', '_')}.libs/libavcodec.so"
    return installed(name, "4.10.0.84", {"cv2/cv2.abi3.so": 60_000_000, libraries: size})


RULE = Rule(
    name="conflicting-cv2",
    topic=Topic.PYTHON,
    title="Several builds of OpenCV",
    why="opencv-python, opencv-contrib-python and their headless siblings all install the module "
    "cv2, and do not know of each other. Whichever came last is the one that is imported, so an "
    "update may change which one works; the libraries of each are shipped.",
    fix="Choose one, headless for a service without a screen, and override the others where "
    "packages require them.",
    ignore_when="Never.",
    check=_check,
    examples=(
        Example(
            what="opencv-python beside its headless sibling",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install ultralytics albumentations",
                    files={
                        **_opencv("opencv-python", 90_000_000),
                        **_opencv("opencv-python-headless", 50_000_000),
                    },
                ),
            ),
            finds=(90_000_000,),
        ),
        Example(
            what="one build",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install opencv-python-headless",
                    files=_opencv("opencv-python-headless", 50_000_000),
                ),
            ),
            finds=(),
        ),
    ),
)
