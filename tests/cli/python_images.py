"""Archives of images with Python packages in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests import builder
from tests.made import distribution

PROJECT = """
[project]
name = "service"
dependencies = ["torch==2.4.1", "web[fast]"]

[dependency-groups]
dev = ["checker"]
"""


def service() -> dict[str, int | str]:
    """Return a service's files: torch with what it brings, an extra, a circle, a group."""
    return {
        "app/.venv/pyvenv.cfg": "version = 3.11.9\n",
        "app/.venv/bin/python3": 5_000,
        "app/pyproject.toml": PROJECT,
        **distribution(
            "torch",
            {"torch.so": 9_000_000},
            version="2.4.1",
            requires=[
                "nvidia-cudnn==9.1; platform_system == 'Linux'",
                "never; platform_system == 'Windows'",
                "numpy",
            ],
        ),
        **distribution("nvidia-cudnn", {"cudnn.so": 7_000_000}, requires=["nvidia-cublas"]),
        **distribution("nvidia-cublas", {"cublas.so": 5_000_000}),
        **distribution("numpy", {"numpy.so": 3_000_000}),
        **distribution(
            "web",
            {"web.py": 400_000},
            requires=["router>=1", "loop; extra == 'fast'", "numpy; extra == 'fast'"],
        ),
        **distribution("router", {"router.py": 30_000}, requires=["web"]),
        **distribution("loop", {"loop.so": 2_000_000}),
        **distribution("checker", {"checker.py": 600_000}, requires=["parser"]),
        **distribution("parser", {"parser.py": 50_000}),
        **distribution("pip", {"pip.py": 1_000_000}),
    }


def write(
    path: Path,
    files: Mapping[str, int | str],
    *,
    environment: tuple[str, ...] = (),
    created_by: str = "COPY . .",
) -> Path:
    """Write a saved image of one layer with `files`."""
    entries = [
        builder.file(name, what if isinstance(what, int) else what.encode(), mode=0o755)
        for name, what in files.items()
    ]
    image = builder.image(
        entries, created_by=[created_by], settings={"Env": list(environment), "Cmd": ["python3"]}
    )
    return builder.write_archive(path, builder.docker(image))
