"""The comparisons that the reports' tests show."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from imgdiag.comparison import Comparison, Snapshot, compare, snapshot
from imgdiag.pipeline import examine
from imgdiag.project.choice import Choice
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.rules.rule import ExampleLayer
from tests.made import distribution, made_image
from tests.reports import images

_DOCKERFILE = """\
FROM python:3.11-slim
RUN python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
RUN rm -rf /root/.cache || true
RUN chown -R app:app /app
COPY --link src ./src
"""
_INSTALL = (
    "RUN /bin/sh -c python3 -m venv .venv && .venv/bin/pip install -r requirements.txt # buildkit"
)
_VENV: dict[str, int | str] = {"app/.venv/pyvenv.cfg": "home = /usr/bin\nversion = 3.11.9\n"}


def _debian(**versions: str) -> dict[str, int | str]:
    files: dict[str, int | str] = {"etc/os-release": "ID=debian\n"}
    files["var/lib/dpkg/status"] = "".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n\n"
        for name, version in versions.items()
    )
    for name in versions:
        files[f"var/lib/dpkg/info/{name}.list"] = f"/usr/lib/{name}.so\n"
        files[f"usr/lib/{name}.so"] = 3_000_000 + len(name)
    return files


def _base_image(files: dict[str, int | str]) -> ExampleLayer:
    return ExampleLayer(created_by="/bin/sh -c #(nop) ADD file:1234 in / ", files=files)


def _snapshot(*layers: ExampleLayer, reference: str, dockerfile: str = "") -> Snapshot:
    choice = None
    if dockerfile:
        parsed = parse_dockerfile(dockerfile, "Dockerfile")
        choice = Choice(path=parsed.path, dockerfile=parsed)
    analysis = examine(made_image(*layers, reference=reference), dockerfile=choice)
    return snapshot(
        replace(
            analysis,
            layers=tuple(
                replace(each, diff_id=f"sha256:{hashlib.sha256(repr(made).encode()).hexdigest()}")
                for each, made in zip(analysis.layers, layers, strict=True)
            ),
        )
    )


def before() -> Snapshot:
    """Return a small service."""
    return _snapshot(
        _base_image(_debian(libc6="2.36-9", libssl3="3.0.1", perl="5.36")),
        ExampleLayer(
            created_by=_INSTALL,
            files={
                **_VENV,
                **distribution("api", {"api.py": 10}, requires=["numpy", "requests"]),
                **distribution("numpy", {"numpy/core.so": 60_000_000}, version="1.26.4"),
                **distribution("requests", {"requests.py": 2_000_000}, version="2.32"),
            },
        ),
        ExampleLayer(created_by="COPY src ./src # buildkit", files={"app/src/main.py": 2_500}),
        reference="registry.example/api:main",
    )


def after() -> Snapshot:
    """Return the same service after a pull request that did a lot of harm."""
    environment = {
        **_VENV,
        **distribution("api", {"api.py": 10}, requires=["numpy", "torch"]),
        **distribution("numpy", {"numpy/core.so": 70_000_000}, version="2.1.0"),
        **distribution(
            "torch",
            {"torch/version.py": "cuda = '12.1'\n", "torch/lib/libtorch_cuda.so": 1_031_700_000},
            version="2.4.1",
            requires=["nvidia-cudnn-cu12==9.1.0.70; platform_system == 'Linux'", "sympy"],
        ),
        **distribution("nvidia-cudnn-cu12", {"nvidia/cudnn.so": 1_023_333_400}, version="9.1.0.70"),
        **distribution("sympy", {"sympy/core.py": 27_000_000}, version="1.14.0"),
    }
    return _snapshot(
        _base_image(_debian(libc6="2.36-9", libssl3="3.0.11", git="2.39")),
        ExampleLayer(created_by=_INSTALL, files={**environment, "root/.cache/pip/a": 45_000_000}),
        ExampleLayer(
            created_by="RUN /bin/sh -c rm -rf /root/.cache || true # buildkit",
            deletes=("root/.cache",),
        ),
        ExampleLayer(
            created_by="RUN /bin/sh -c chown -R app:app /app # buildkit",
            files=environment,
            uid=1000,
        ),
        ExampleLayer(
            created_by="COPY src ./src # buildkit",
            files={"app/src/main.py": 2_600, "app/src/models/a.onnx": 80_000_000},
        ),
        reference="registry.example/api:pr-7",
        dockerfile=_DOCKERFILE,
    )


def grown() -> Comparison:
    """Return what the pull request did."""
    return compare(before(), after())


def shrunk() -> Comparison:
    """Return what its revert does."""
    return compare(after(), before())


def unchanged() -> Comparison:
    """Return an image beside itself."""
    return compare(before(), before())


def partial() -> Comparison:
    """Return two images of which one is not whole, and for another platform."""
    return compare(before(), replace(snapshot(images.partial()), platform="linux/arm64"))


def hostile() -> Comparison:
    """Return images in which every name was chosen to do harm."""
    return compare(before(), snapshot(images.hostile()))


def hostile_gone() -> Comparison:
    """Return the same the other way round."""
    return compare(snapshot(images.hostile()), before())


def many_packages(count: int) -> Comparison:
    """Return an image with many packages more."""
    files: dict[str, int | str] = {}
    for number in range(count):
        files |= distribution(f"package-{number}", {f"p{number}.py": 2_000_000 + number})
    return compare(before(), _snapshot(_base_image(files), reference="registry.example/api:many"))
