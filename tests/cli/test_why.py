from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.python_images import service, write
from tests.made import distribution


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write(tmp_path / "a.tar", service(), environment=("PATH=/app/.venv/bin:/bin",))


def answer(run: Run, image: Path, name: str, *arguments: str) -> list[str]:
    result = run("why", name, image, *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()[3:]


def test_the_whole(run: Run, image: Path) -> None:
    assert run("why", "Nvidia.Cublas", image).stdout == (
        "app:1   linux/amd64   docker-archive, by file\n"
        "\n"
        "nvidia-cublas 1.0\n"
        "  in /app/.venv   venv, Python 3.11, in use: 10 packages, 28.1 MB\n"
        "\n"
        "     5.0 MB  its own files\n"
        "     5.0 MB  goes with it: nothing else is there for its sake alone\n"
        "\n"
        "Why it is there\n"
        "  1.  torch 2.4.1          asked for in /app/pyproject.toml: torch==2.4.1\n"
        "      → nvidia-cudnn 1.0   requires nvidia-cudnn==9.1; platform_system == 'Linux'\n"
        "      → nvidia-cublas 1.0  requires nvidia-cublas\n"
        "\n"
        "What keeps it\n"
        "  without torch: it goes, 21.0 MB in all\n"
    )


def test_extras_and_what_keeps_it(run: Run, image: Path) -> None:
    assert answer(run, image, "numpy")[5:] == [
        "Why it is there",
        "  1.  torch 2.4.1    asked for in /app/pyproject.toml: torch==2.4.1",
        "      → numpy 1.0    requires numpy",
        "  2.  web[fast] 1.0  asked for in /app/pyproject.toml: web[fast]",
        "      → numpy 1.0    its extra fast requires numpy; extra == 'fast'",
        "",
        "What keeps it",
        "  without torch: it stays, by web → numpy",
        "  without web: it stays, by torch → numpy",
    ]


def test_what_was_asked_for_itself(run: Run, image: Path) -> None:
    assert answer(run, image, "torch")[2:] == [
        "     9.0 MB  its own files",
        "    21.0 MB  goes with it: also nvidia-cudnn 7.0 MB, nvidia-cublas 5.0 MB",
        "",
        "Why it is there",
        "  1.  torch 2.4.1  asked for in /app/pyproject.toml: torch==2.4.1",
        "",
        "What keeps it",
        "  without torch: it goes, 21.0 MB in all",
    ]
    assert "  1.  checker 1.0  asked for in /app/pyproject.toml, group dev: checker" in answer(
        run, image, "checker"
    )
    assert "  1.  pip 1.0  nothing installed requires it" in answer(run, image, "pip")


def many(tmp_path: Path) -> Path:
    files: dict[str, int | str] = {"app/requirements.txt": "lib\n"}
    for number in range(12):
        files |= distribution(f"m{number:02}", {f"m{number}.py": number}, requires=["lib"])
        files["app/requirements.txt"] = f"{files['app/requirements.txt']}m{number:02}\n"
    return write(tmp_path / "many.tar", {**files, **distribution("lib")})


def test_many_chains_are_counted(run: Run, tmp_path: Path) -> None:
    image = many(tmp_path)
    text = "\n".join(answer(run, image, "lib", "--chains", "2"))
    assert "\n  2.  m00 1.0    asked for" in text
    assert "\n  … and 11 more\n" in text
    others = ", ".join(f"m{number:02}" for number in range(12))
    assert " ".join(text.split()).endswith(
        "What keeps it without lib: it stays, by m00 → lib "
        f"without one of {others}: it stays, as it is asked for itself"
    )
    assert "… and" not in "\n".join(answer(run, image, "lib", "--chains", "13"))


def test_much_that_goes_with_it(run: Run, tmp_path: Path) -> None:
    files = distribution("top", {"top.py": 10}, requires=[f"m{number}" for number in range(8)])
    for number in range(8):
        files |= distribution(f"m{number}", {f"m{number}.so": 1_000_000 * (number + 1)})
    text = " ".join(answer(run, write(tmp_path / "a.tar", files), "top"))
    assert "also m7 8.0 MB, m6 7.0 MB, m5 6.0 MB, m4 5.0 MB, m3 4.0 MB, m2 3.0 MB, 2 more" in (
        " ".join(text.split())
    )


def test_every_environment_that_holds_it_answers(run: Run, tmp_path: Path) -> None:
    site = "usr/local/lib/python3.12/site-packages"
    files = {**service(), **distribution("numpy", {"n.so": 8_000_000}, site=site)}
    image = write(tmp_path / "a.tar", files)
    report = json.loads(run("why", "numpy", image, "-f", "json").stdout)
    assert [each["environment"]["prefix"] for each in report["answers"]] == [
        "app/.venv", "usr/local",
    ]  # fmt: skip
    only = run("why", "numpy", image, "--environment", "/usr/local").stdout
    assert (only.count("Why it is there"), "/app/.venv" in only) == (1, False)
    result = run("why", "torch", image, "--environment", "/usr/local")
    assert result.exit_code == 3


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("nunpy", "Did you mean 'numpy'?"),
        ("tensorflow-gpu", "See 'imgdiag tree' for what there is"),
        ("web[fats", ""),
    ],
)
def test_an_unknown_name(run: Run, image: Path, name: str, hint: str) -> None:
    result = run("why", name, image)
    if not hint:
        assert result.exit_code == 0  # extras do not matter here
        return
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == (
        f"imgdiag: no Python package {name!r} is installed in the image. {hint}\n"
    )


def test_json(run: Run, image: Path) -> None:
    report = json.loads(run("why", "loop", image, "-f", "json").stdout)
    assert (report["schema_version"], report["image"]["reference"]) == (1, "app:1")
    [found] = report["answers"]
    assert found["environment"]["prefix"] == "app/.venv"
    assert (found["name"], found["version"]) == ("loop", "1.0")
    assert found["bytes"] == found["retained_bytes"] > 2_000_000
    assert found["goes_with_it"] == []
    [chain] = found["chains"]
    assert [each["requirement"] for each in chain["roots"]] == ["web[fast]"]
    assert chain["steps"] == [
        {
            "name": "loop",
            "requirements": [
                {"requirement": "loop; extra == 'fast'", "extras": [], "by_extra": "fast"}
            ],
        }
    ]
    assert found["more_chains"] == {"count": 0, "is_complete": True}
    [without] = found["without"]
    assert without.pop("bytes") > 2_400_000
    assert without == {"root": "web", "stays": False, "kept_by": []}
    assert found["more_roots"] == 0


@pytest.mark.parametrize("arguments", [[], ["numpy"], ["numpy", "x", "--chains", "0"]])
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    assert run("why", *arguments).exit_code == 2
