"""opencv-gui: OpenCV with its windows in a service without a screen."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from imgdiag.facts.claims import Claim
from imgdiag.facts.facts import Facts
from imgdiag.finding import Finding, Fix, Safety
from imgdiag.python.distributions import Distribution
from imgdiag.rules._hidden import visible
from imgdiag.rules._installed import installed
from imgdiag.rules._visible import visible_findings
from imgdiag.rules.rule import Example, ExampleLayer, Rule, Topic

_GUI = re.compile(
    r"/cv2/qt/|/opencv(?:_contrib)?_python\.libs/lib(?:Qt|xcb|X|xkb|pcre2|avfilter|avdevice)[^/]*$"
)
_BUILDS = ("opencv-python", "opencv-contrib-python")


def _check(facts: Facts) -> Iterator[Finding]:
    builds: dict[str, set[str]] = defaultdict(set)  # of OpenCV, by environment
    for each in facts.distributions:
        if each.name.startswith("opencv-"):
            builds[each.environment.path].add(each.name)
    for each in facts.distributions:
        # Where there are several, another rule's advice comes first.
        if each.name not in _BUILDS or len(builds[each.environment.path]) > 1:
            continue
        yield from visible_findings(
            facts,
            RULE.name,
            [path for path in each.files if _GUI.search(path)],
            message=partial(_message, each),
            fix=partial(_fix, each),
            safety=Safety.REVIEW,
            estimate="the headless build's own library differs too",
        )


def _message(distribution: Distribution, claim: Claim) -> str:
    return (
        f"{visible(claim)} of Qt and X11 in {distribution.name} {distribution.version}, for "
        "windows that a container does not open"
    )


def _fix(distribution: Distribution, layer: int, paths: list[str]) -> Fix:
    headless = f"{distribution.name}-headless=={distribution.version}"
    if distribution.installer == "uv":
        return Fix(
            f"Install {distribution.name}-headless",
            "pyproject.toml",
            f'# dependencies: "{headless}"\n# and where another package requires it:\n[tool.uv]\n'
            f"override-dependencies = [\"{distribution.name} ; sys_platform == 'never'\"]\n"
            "# then: uv lock",
        )
    return Fix(
        f"Install {distribution.name}-headless",
        "requirements.txt",
        f"# in place of {distribution.name}\n{headless}",
    )


def _opencv(name: str, *libraries: str) -> dict[str, int | str]:
    folder = f"{name.replace('-', '_')}.libs"
    return installed(name, "4.10.0.84", {f"{folder}/{each}": 8_000_000 for each in libraries})


RULE = Rule(
    name="opencv-gui",
    topic=Topic.PYTHON,
    title="OpenCV with its windows",
    why="opencv-python brings Qt and X11 for `cv2.imshow`, about 37 MB, and needs libGL from the "
    "system on top. The headless build is the same without them.",
    fix="`opencv-python-headless` in place of `opencv-python`.",
    ignore_when="The container opens windows, or a package that requires opencv-python by name "
    "cannot be told otherwise.",
    check=_check,
    examples=(
        Example(
            what="opencv-python in a service",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install opencv-python",
                    files=_opencv("opencv-python", "libQt5Core.so.5", "libavcodec.so.59"),
                ),
            ),
            finds=(8_000_000,),
        ),
        Example(
            what="the headless build",
            layers=(
                ExampleLayer(
                    created_by="RUN /bin/sh -c pip install opencv-python-headless",
                    files=_opencv("opencv-python-headless", "libavcodec.so.59"),
                ),
            ),
            finds=(),
        ),
    ),
)
