"""installer-leftover, uv-in-final, OpenCV's builds and headers-static."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.rules import (
    conflicting_cv2,
    headers_static,
    installer_leftover,
    opencv_gui,
    uv_in_final,
)
from imgdiag.rules.rule import ExampleLayer
from tests.made import SITE, distribution, facts_of, made_facts, only

MB = 1_000_000
PIP = distribution("pip", {"pip/a.py": 9_000})
FLASK = distribution("flask", {"flask.py": 300})
VENV = {"app/.venv/pyvenv.cfg": "version = 3.11.2\n"}


def test_installers_go_with_what_only_they_require() -> None:
    poetry = distribution("poetry", {"poetry.py": 50}, requires=["poetry-core", "flask"])
    core = distribution("poetry-core", {"core.py": 4_000})
    facts = facts_of(
        {**VENV, **PIP, **poetry, **core, **FLASK, **distribution("app", requires=["flask"])},
        "RUN /bin/sh -c make venv",
    )
    finding = only(installer_leftover.RULE, facts)
    assert {path.rpartition("/")[2] for path, size in finding.claim.sizes.items() if size > 40} >= {
        "a.py", "core.py", "poetry.py",
    }  # fmt: skip
    assert not any("flask" in path for path in finding.claim.sizes)
    assert finding.fix.snippet == (
        "RUN make venv \\\n && /app/.venv/bin/python -m pip uninstall --yes pip poetry poetry-core"
    )


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({**PIP, **FLASK}, ("pip", "list")),
        ({**PIP, **FLASK, **distribution("x", requires=["pip"])}, ()),
        (PIP, ()),  # an environment of pip's own, such as pipx makes
        (
            {
                **distribution("pip", site="usr/lib/python3/dist-packages"),
                **distribution("flask", site="usr/lib/python3/dist-packages"),
            },
            (),
        ),
        (
            {
                **distribution("pip", site="opt/conda/lib/python3.11/site-packages"),
                **distribution("flask", site="opt/conda/lib/python3.11/site-packages"),
                "opt/conda/conda-meta/history": 1,
            },
            (),
        ),
    ],
)
def test_installers_in_use(files: dict[str, int | str], command: tuple[str, ...]) -> None:
    facts = made_facts(ExampleLayer(created_by="RUN x", files=files), command=command)
    assert not list(installer_leftover.RULE.run(facts))


def test_the_base_images_pip_is_information() -> None:
    site = "usr/local/lib/python3.12/site-packages"
    facts = made_facts(
        ExampleLayer(
            created_by="Imported from -", files=distribution("pip", {"pip.py": 9}, site=site)
        ),
        ExampleLayer(created_by="RUN pip install flask", files=distribution("flask", site=site)),
    )
    finding = only(installer_leftover.RULE, facts)
    assert finding.in_base
    assert finding.fix.snippet == "FROM <a base without it>"


UV = ExampleLayer(
    created_by="COPY /uv /uvx /bin/ # buildkit", files={"bin/uv": 38 * MB, "bin/uvx": 300}
)


def test_uv_is_mounted_in_each_run_that_calls_it() -> None:
    facts = made_facts(
        UV,
        ExampleLayer(created_by="RUN /bin/sh -c uv sync --locked # buildkit"),
        ExampleLayer(created_by="RUN /bin/sh -c mkdir -p /home/app/.cache/uv # buildkit"),
        ExampleLayer(created_by="RUN /bin/sh -c cd /x && /bin/uv pip install . # buildkit"),
    )
    finding = only(uv_in_final.RULE, facts)
    assert finding.bytes == 38 * MB + 300
    tag = "# better with a tag: ghcr.io/astral-sh/uv:<version>\n"
    note = "# keep the --mount flags of your own RUN: an image does not record them\n"
    mount = "RUN --mount=from=ghcr.io/astral-sh/uv,source=/uv,target=/bin/uv \\\n    "
    assert finding.fix.snippet == (
        f"{tag}{note}{mount}uv sync --locked\n\n{tag}{note}{mount}cd /x && /bin/uv pip install ."
    )
    assert "and drop 'COPY /uv /uvx /bin/'" in finding.fix.summary


def test_uv_that_nothing_calls_is_dropped() -> None:
    finding = only(uv_in_final.RULE, made_facts(UV))
    assert finding.fix.snippet == "# drop\nCOPY /uv /uvx /bin/"


def test_uv_that_the_container_starts_with_stays() -> None:
    assert not list(uv_in_final.RULE.run(made_facts(UV, command=("uv", "run", "app"))))
    assert not list(uv_in_final.RULE.run(made_facts(UV, command=("sh", "-c", "/bin/uv run app"))))


def test_a_script_called_uv_and_the_package_are_other_things() -> None:
    package = distribution("uv", {"../../../bin/uv": 38 * MB})
    assert not list(uv_in_final.RULE.run(facts_of({"usr/bin/uv": 1_100_000})))
    assert not list(uv_in_final.RULE.run(facts_of({**package, **FLASK})))


def opencv(*names: str, installer: str = "pip", size: int = 50 * MB) -> Facts:
    files: dict[str, int | str] = {}
    for name in names:
        folder = f"{name.replace('-', '_')}.libs"
        libraries = {f"{folder}/libQt5Gui-1.so": 10 * MB, f"{folder}/libavcodec-1.so": size}
        files |= distribution(
            name, {"cv2/cv2.so": 60 * MB, **libraries}, version="4.10", installer=installer
        )
    return facts_of(files, "RUN pip install x")


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (("opencv-python", "opencv-python-headless"), "opencv-python-headless"),
        (("opencv-python-headless", "opencv-contrib-python"), "opencv-contrib-python"),
        (
            ("opencv-python", "opencv-contrib-python-headless", "opencv-python-headless"),
            "opencv-contrib-python-headless",
        ),
    ],
)
def test_of_several_builds_one_is_kept(names: tuple[str, ...], kept: str) -> None:
    facts = opencv(*names)
    finding = only(conflicting_cv2.RULE, facts)
    assert finding.fix.summary == f"Keep {kept} alone"
    folders = {path.split("/")[-2] for path in finding.claim.sizes}
    assert f"{kept.replace('-', '_')}.libs" not in folders
    assert "cv2" not in folders
    assert finding.claim.visible_bytes >= (len(names) - 1) * 60 * MB
    assert not list(opencv_gui.RULE.run(facts))


def test_uv_overrides_what_packages_require() -> None:
    fix = only(
        conflicting_cv2.RULE, opencv("opencv-python", "opencv-python-headless", installer="uv")
    ).fix
    assert fix.target == "pyproject.toml"
    assert "    \"opencv-python ; sys_platform == 'never'\"," in fix.snippet


@pytest.mark.parametrize("name", ["opencv-python", "opencv-contrib-python"])
def test_windows_are_what_only_they_have(name: str) -> None:
    finding = only(opencv_gui.RULE, opencv(name))
    assert finding.bytes == 10 * MB
    assert finding.fix.snippet.endswith(f"{name}-headless==4.10")
    assert finding.estimate


def test_headless_has_no_windows() -> None:
    assert not list(opencv_gui.RULE.run(opencv("opencv-python-headless")))
    assert not list(conflicting_cv2.RULE.run(opencv("opencv-python-headless")))


def test_a_compiler_is_named_where_there_is_one() -> None:
    files: dict[str, int | str] = {f"{SITE}/torch/include/a.h": 30 * MB}
    assert "no compiler in the image" in only(headers_static.RULE, facts_of(files)).message
    with_one = facts_of({**files, "usr/bin/g++": 5})
    assert "with /usr/bin/g++" in only(headers_static.RULE, with_one).message


def test_the_command_removes_what_is_claimed_and_nothing_else(tmp_path: Path) -> None:
    site = f"{str(tmp_path).strip('/')}/my venv/lib/python3.11/site-packages"
    files: dict[str, int | str] = {
        f"{site}/torch/include/a.h": 30 * MB,
        f"{site}/torch/lib/b.a": 5,
        f"{site}/torch/a.py": 5,
        f"{site}/top.c": 5,  # beside the packages: no package's
        f"{site}/triton/c.h": 7,
        f"{site}/cupy/d/e.cuh": 7,
        f"{site}/x/f.pyx": 7,
    }
    for path in files:
        (Path("/") / path).parent.mkdir(parents=True, exist_ok=True)
        (Path("/") / path).write_text("x")
    finding = only(headers_static.RULE, facts_of(files, "COPY /app /app"))
    _, command = finding.fix.snippet.split("\n", 1)
    subprocess.run(["sh", "-c", command.removeprefix("RUN ")], check=True)
    left = {str(path).lstrip("/") for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(files) - set(finding.claim.sizes)
    assert len(finding.claim.sizes) == 3
