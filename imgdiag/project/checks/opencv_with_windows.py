"""opencv-with-windows: opencv-python in an image where opencv-python-headless would do."""

from collections.abc import Iterator

from imgdiag.finding import Fix
from imgdiag.project.check import Check, ProjectExample, ProjectFinding
from imgdiag.project.checks._installed import named
from imgdiag.project.project import Project

_BUILDS = ("opencv-python", "opencv-contrib-python")
_SCREENS = ("DISPLAY", "xvfb", "x11vnc", "xserver")


def _check(project: Project) -> Iterator[ProjectFinding]:
    text = "\n".join(placed.instruction.text for placed in project.built)
    if any(mark in text for mark in _SCREENS):
        return
    for each in named(project):
        if each.name in _BUILDS:
            headless = each.text.replace(each.name, f"{each.name}-headless", 1)
            is_toml = each.path.endswith(".toml")
            yield CHECK.finding(
                each.path,
                each.line,
                f"{each.name} brings Qt and X11 for windows that a container does not open, about "
                "37 MB, and wants libGL from the system besides",
                Fix(
                    f"Install {each.name}-headless, the same without windows",
                    "pyproject.toml" if is_toml else "requirements.txt",
                    f'# in place of {each.name}\n"{headless}",'
                    if is_toml
                    else f"# in place of {each.name}\n{headless}",
                ),
            )


_DOCKERFILE = "FROM python:3.11-slim\nRUN pip install --no-cache-dir -r requirements.txt\n"
CHECK = Check(
    name="opencv-with-windows",
    title="OpenCV with its windows",
    why="`opencv-python` brings Qt and X11 for `cv2.imshow`, and does not import until the image "
    "has libGL (`libgl1`), which brings more. `opencv-python-headless` is the same without.",
    fix="`opencv-python-headless` in place of `opencv-python`; never both.",
    ignore_when="The service draws windows, or another package asks for opencv-python by name.",
    check=_check,
    examples=(
        ProjectExample(
            what="pinned in requirements.txt",
            files={"Dockerfile": _DOCKERFILE, "requirements.txt": "opencv-python==4.10.0.84\n"},
            finds=("requirements.txt:1",),
        ),
        ProjectExample(
            what="the headless build",
            files={"Dockerfile": _DOCKERFILE, "requirements.txt": "opencv-python-headless\n"},
        ),
        ProjectExample(
            what="with a screen",
            files={
                "Dockerfile": f"{_DOCKERFILE}ENV DISPLAY=:99\n",
                "requirements.txt": "opencv-python\n",
            },
        ),
    ),
)
