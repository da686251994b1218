from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.python_images import service, write
from tests.made import distribution

SYSTEM = "usr/local/lib/python3.12/site-packages"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write(tmp_path / "a.tar", service(), environment=("PATH=/app/.venv/bin:/bin",))


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Return an image with a second environment, the interpreter's own."""
    more = distribution("tool", {"tool.py": 90_000_000}, site=SYSTEM)
    return write(
        tmp_path / "b.tar",
        {**service(), **more},
        environment=("PATH=/app/.venv/bin:/usr/local/bin",),
    )


def rows(run: Run, image: Path, *arguments: str) -> list[str]:
    result = run("tree", image, *arguments)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    return [line[26:] for line in lines[6:] if line[26:] and line.startswith(" ")]


def test_the_whole(run: Run, image: Path) -> None:
    assert run("tree", image).stdout == (
        "app:1   linux/amd64   docker-archive, by file\n"
        "\n"
        "/app/.venv   venv, Python 3.11, in use: 10 packages, 28.1 MB\n"
        "asked for by /app/pyproject.toml\n"
        "\n"
        "      size  goes with it  package\n"
        "    9.0 MB       21.0 MB  torch 2.4.1\n"
        "    7.0 MB       12.0 MB  ├── nvidia-cudnn 1.0\n"
        "    5.0 MB        5.0 MB  │   └── nvidia-cublas 1.0\n"
        "    3.0 MB        3.0 MB  └── numpy 1.0\n"
        "  400.2 kB        2.4 MB  web[fast] 1.0\n"
        "    3.0 MB        3.0 MB  ├── numpy 1.0  extra fast\n"
        "    2.0 MB        2.0 MB  ├── loop 1.0  extra fast\n"
        "   30.1 kB       30.1 kB  └── router 1.0\n"
        "  400.2 kB        2.4 MB      └── web 1.0  (circle)\n"
        "    1.0 MB        1.0 MB  pip 1.0  nothing asks for it\n"
        "  600.1 kB      650.2 kB  checker 1.0  group dev\n"
        "   50.1 kB       50.1 kB  └── parser 1.0\n"
        "\n"
        "(circle) it stands above already: these require each other\n"
    )


def test_depth(run: Run, image: Path) -> None:
    assert rows(run, image, "--depth", "0") == [
        "torch 2.4.1  (…)",
        "web[fast] 1.0  (…)",
        "pip 1.0  nothing asks for it",
        "checker 1.0  (…)  group dev",
    ]
    assert rows(run, image, "--depth", "1")[:3] == [
        "torch 2.4.1",
        "├── nvidia-cudnn 1.0  (…)",
        "└── numpy 1.0",
    ]
    assert "(…) there is more below it\n" in run("tree", image, "--depth", "0").stdout


def test_a_start(run: Run, image: Path) -> None:
    assert rows(run, image, "--package", "Nvidia_Cudnn", "--package", "checker") == [
        "nvidia-cudnn 1.0",
        "└── nvidia-cublas 1.0",
        "checker 1.0  group dev",
        "└── parser 1.0",
    ]


def test_inverted(run: Run, image: Path) -> None:
    assert rows(run, image, "--invert", "--package", "numpy", "--package", "loop") == [
        "numpy 1.0",
        "├── torch 2.4.1  asked for",
        "└── web 1.0  extra fast; asked for",
        "    └── router 1.0",
        "        └── web 1.0  (circle)  asked for",
        "loop 1.0",
        "└── web 1.0  (*)  extra fast; asked for",
    ]
    assert [each for each in rows(run, image, "--invert") if each[0].isalpha()] == [
        "nvidia-cublas 1.0", "numpy 1.0", "loop 1.0", "pip 1.0  nothing asks for it", "parser 1.0",
    ]  # fmt: skip


def test_order(run: Run, image: Path) -> None:
    assert rows(run, image, "--sort", "name", "--depth", "0") == [
        "checker 1.0  (…)  group dev",
        "pip 1.0  nothing asks for it",
        "torch 2.4.1  (…)",
        "web[fast] 1.0  (…)",
    ]


def test_small_ones_are_counted(run: Run, image: Path) -> None:
    assert rows(run, image, "--min-size", "4MB") == [
        "torch 2.4.1",
        "├── nvidia-cudnn 1.0",
        "│   └── nvidia-cublas 1.0",
        "└── … 1 under 4.0 MB",
        "… 3 under 4.0 MB",
    ]
    assert rows(run, image, "--min-size", "4MB", "--invert") == [
        "nvidia-cublas 1.0",
        "└── nvidia-cudnn 1.0",
        "    └── torch 2.4.1  asked for",
        "… 4 under 4.0 MB",
    ]


def test_a_subtree_is_shown_once_unless_all_are_asked_for(run: Run, tmp_path: Path) -> None:
    files = {
        **distribution("a", {"a.py": 500}, requires=["c"]),
        **distribution("b", {"b.py": 400}, requires=["c", "a"]),
        **distribution("c", {"c.py": 300}, requires=["d"]),
        **distribution("d", {"d.py": 200}),
        "app/requirements.txt": "a\nb\nsomething-else\n",
    }
    image = write(tmp_path / "a.tar", files)
    assert rows(run, image) == [
        "a 1.0", "└── c 1.0", "    └── d 1.0", "b 1.0", "├── c 1.0  (*)", "└── a 1.0  (*)",
    ]  # fmt: skip
    assert rows(run, image, "--no-dedupe") == [
        "a 1.0", "└── c 1.0", "    └── d 1.0",
        "b 1.0", "├── c 1.0", "│   └── d 1.0", "└── a 1.0", "    └── c 1.0", "        └── d 1.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "history", "line", "row"),
    [
        (
            {"app/.venv/x.py": "", **distribution("lib")},
            "",
            "nothing in the image says what was asked for: at the top is what nothing requires",
            "lib 1.0",
        ),
        (distribution("lib"), "RUN pip install lib", "asked for by the image's history",
         "lib 1.0  RUN pip install lib"),
    ],
)  # fmt: skip
def test_who_says_what_was_asked_for(
    run: Run, tmp_path: Path, files: dict[str, int | str], history: str, line: str, row: str
) -> None:
    image = write(tmp_path / "a.tar", files, created_by=history or "COPY . .")
    assert run("tree", image).stdout.splitlines()[3] == line
    assert rows(run, image) == [row]


def test_marks_and_what_they_explain(run: Run, tmp_path: Path) -> None:
    files = {
        **distribution("web", {"web.py": 9}, requires=["loop; extra == 'fast'"], installer="pip"),
        **distribution("loop", {"loop.py": 9}, installer="pip"),
        **distribution("other", {"other.py": 9}, installer="pip"),
    }
    files["app/.venv/lib/python3.11/site-packages/web-1.0.dist-info/REQUESTED"] = ""
    image = write(tmp_path / "a.tar", files)
    assert run("tree", image).stdout.splitlines()[3] == (
        "asked for by name, as the installer's REQUESTED marks say"
    )
    assert rows(run, image) == [
        "web[fast] 1.0  extra fast inferred",
        "└── loop 1.0  extra fast",
        "other 1.0  nothing asks for it",
    ]


def test_an_environment_is_chosen_by_its_path(run: Run, two: Path) -> None:
    headings = [line for line in run("tree", two).stdout.splitlines() if " packages, " in line
                or " package, " in line]  # fmt: skip
    assert headings == [
        "/app/.venv   venv, Python 3.11, in use: 10 packages, 28.1 MB",
        "/usr/local   system, Python 3.12: 1 package, 90.0 MB",
    ]
    for path in ("/usr/local", "usr/local/", f"/{SYSTEM}"):
        assert rows(run, two, "--environment", path) == ["tool 1.0"]
    result = run("tree", two, "--environment", "/opt")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == (
        "imgdiag: there is no Python environment /opt. There is: /app/.venv, /usr/local\n"
    )


def test_an_unknown_package(run: Run, two: Path) -> None:
    result = run("tree", two, "--package", "tocrh")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == (
        "imgdiag: no Python package 'tocrh' is installed in the image. Did you mean 'torch'?\n"
    )
    result = run("tree", two, "--package", "torch", "--package", "tool")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "no environment holds all of torch, tool" in result.stderr


def test_an_image_without_python(run: Run, archive: Path) -> None:
    result = run("tree", archive)
    assert result.exit_code == 0
    assert "No Python package is installed in it." in result.stdout
    report = json.loads(run("tree", archive, "-f", "json").stdout)
    assert report["environments"] == []


def test_a_partial_image_says_so(run: Run, partial: Path) -> None:
    [warning] = json.loads(run("tree", partial, "-f", "json").stdout)["warnings"]
    assert warning.startswith("layer 1 could not be read, and is left out: ")
    assert "Warnings\n  layer 1 could not be read" in run("tree", partial).stdout


def test_json(run: Run, image: Path) -> None:
    report: dict[str, Any] = json.loads(
        run("tree", image, "-f", "json", "--package", "web", "--depth", "0").stdout
    )
    assert (report["schema_version"], report["warnings"]) == (1, [])
    assert report["image"]["reference"] == "app:1"
    [environment] = report["environments"]
    roots = environment.pop("roots")
    [package] = environment.pop("packages")
    assert environment == {
        "path": "app/.venv/lib/python3.11/site-packages",
        "prefix": "app/.venv",
        "kind": "venv",
        "python_version": "3.11",
        "in_use": True,
        "project": "app/pyproject.toml",
    }
    assert [each["name"] for each in roots] == ["torch", "web", "checker", "pip"]
    assert roots[1] == {
        "name": "web",
        "extras": ["fast"],
        "origin": "project",
        "where": "app/pyproject.toml",
        "requirement": "web[fast]",
        "group": None,
        "dev": False,
    }
    assert package.pop("retained_bytes") > 2_000_000
    assert package.pop("bytes") > 400_000
    assert package == {
        "name": "web",
        "version": "1.0",
        "extras": ["fast"],
        "requires": [
            {"name": "router", "extras": [], "by_extra": None, "requirement": "router>=1"},
            {
                "name": "loop",
                "extras": [],
                "by_extra": "fast",
                "requirement": "loop; extra == 'fast'",
            },
            {
                "name": "numpy",
                "extras": [],
                "by_extra": "fast",
                "requirement": "numpy; extra == 'fast'",
            },
        ],
        "required_by": ["router"],
    }


def test_hostile_metadata(run: Run, tmp_path: Path) -> None:
    files = distribution(
        "a", {"a.py": 1}, version="1\x1b[31m", requires=["b ; os_name == 'x\x1b'", "c\u202e"]
    )
    image = write(tmp_path / "a.tar", {**files, **distribution("b"), **distribution("c")})
    for command in (("tree",), ("why", "a")):
        text = run(*command, image).stdout
        assert "\x1b" not in text
        assert "\u202e" not in text
        json.loads(run(*command, image, "-f", "json").stdout)
    assert r"a requirement that cannot be read: 'c\u202e' of a" in run("tree", image).stdout


@pytest.mark.parametrize("arguments", [["--depth", "-1"], ["--min-size", "x"], ["--sort", "age"]])
def test_wrong_usage(run: Run, image: Path, arguments: list[str]) -> None:
    assert run("tree", image, *arguments).exit_code == 2
