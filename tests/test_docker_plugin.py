"""imgdiag as a plugin of docker, with the real docker program where there is one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import imgdiag
from imgdiag.docker_plugin import METADATA, imgdiag_arguments
from tests.cli.conftest import Run, run

__all__ = ["run"]

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("arguments", "ours", "environment"),
    [
        (["imgdiag", "analyze", "app"], ["analyze", "app"], {}),
        (["imgdiag"], [], {}),
        (["-c", "far", "imgdiag", "du", "app"], ["du", "app"], {"DOCKER_CONTEXT": "far"}),
        (["--context=far", "imgdiag"], [], {"DOCKER_CONTEXT": "far"}),
        (["-H", "unix:///x", "imgdiag", "rules"], ["rules"], {"DOCKER_HOST": "unix:///x"}),
        (["-D", "--log-level", "warn", "imgdiag", "rules"], ["rules"], {}),
        (["--config", "/c", "imgdiag", "-h"], ["-h"], {"DOCKER_CONFIG": "/c"}),
        (["help", "imgdiag"], ["--help"], {}),
        (["help", "imgdiag", "du"], ["du", "--help"], {}),
        (["imgdiag", "analyze", "imgdiag"], ["analyze", "imgdiag"], {}),
        (["-H"], [], {"DOCKER_HOST": ""}),
        ([], [], {}),
    ],
)
def test_what_of_dockers_arguments_is_ours(
    arguments: list[str], ours: list[str], environment: dict[str, str]
) -> None:
    changed: dict[str, str] = {}
    assert imgdiag_arguments(arguments, changed) == ours
    assert changed == environment


def test_a_context_goes_before_the_hosts_variable() -> None:
    environment = {"DOCKER_HOST": "unix:///x"}
    imgdiag_arguments(["-c", "far", "imgdiag"], environment)
    assert environment == {"DOCKER_CONTEXT": "far"}


def plugin(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from imgdiag.docker_plugin import main; main()", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_metadata_as_docker_demands_it() -> None:
    # cli-plugins/manager/metadata.go: "Mandatory, must be 0.1.0", and a vendor
    answer = json.loads(plugin("docker-cli-plugin-metadata").stdout)
    assert answer == METADATA
    assert answer["SchemaVersion"] == "0.1.0"
    assert answer["Vendor"]
    assert answer["Version"] == imgdiag.__version__


def test_metadata_imports_no_command_line() -> None:
    code = (
        "import sys; sys.argv = ['docker-imgdiag', 'docker-cli-plugin-metadata']\n"
        "from imgdiag.docker_plugin import main; main()\n"
        "assert not {'click', 'docker', 'imgdiag.cli'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)


def test_the_exit_code_is_ours() -> None:
    assert plugin("imgdiag", "explain", "deleted-later").returncode == 0
    assert plugin("imgdiag", "nonsense").returncode == 2
    assert plugin("imgdiag", "analyze", "/none.tar").returncode == 3


def test_completion_as_docker_asks_for_it() -> None:
    done = plugin("__complete", "imgdiag", "explain", "deleted")
    assert done.stdout == "deleted-later\n:4\n"


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty Docker configuration; docker-imgdiag is on the PATH."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    program = bin_ / "docker-imgdiag"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from imgdiag.docker_plugin import main\nmain()\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bin_ / "python"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    return tmp_path / "docker"


def test_install_and_uninstall(run: Run, configuration: Path) -> None:
    link = configuration / "cli-plugins" / "docker-imgdiag"
    assert run("docker-plugin", "uninstall").stdout == f"{link} is not there: nothing to remove\n"
    for _ in range(2):  # a second time changes nothing
        assert run("docker-plugin", "install").exit_code == 0
        assert link.readlink() == configuration.parent / "bin" / "docker-imgdiag"
    assert run("docker-plugin", "uninstall").stdout == f"{link} is removed\n"
    assert not link.is_symlink()


@pytest.mark.parametrize("is_link", [False, True])
@pytest.mark.parametrize("action", ["install", "uninstall"])
def test_somebody_elses_file_is_left_alone(
    run: Run, configuration: Path, is_link: bool, action: str
) -> None:
    link = configuration / "cli-plugins" / "docker-imgdiag"
    link.parent.mkdir(parents=True)
    if is_link:
        link.symlink_to("/usr/bin/other")
    else:
        link.write_text("theirs", encoding="utf-8")
    result = run("docker-plugin", action)
    assert result.exit_code == 3
    assert "is not a link that imgdiag made" in result.stderr
    assert (str(link.readlink()) if is_link else link.read_text(encoding="utf-8")) in (
        "/usr/bin/other",
        "theirs",
    )


def test_a_folder_that_cannot_be_made(run: Run, configuration: Path) -> None:
    configuration.write_text("a file", encoding="utf-8")
    result = run("docker-plugin", "install")
    assert (result.exit_code, "cannot change" in result.stderr) == (3, True)


@pytest.mark.skipif(shutil.which("docker") is None, reason="the docker program is not here")
def test_the_real_docker(run: Run, configuration: Path) -> None:
    assert run("docker-plugin", "install").exit_code == 0

    def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", *arguments],
            env={**os.environ, "DOCKER_CONFIG": str(configuration), "COLUMNS": "80"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert METADATA["ShortDescription"] in docker("--help").stdout
    assert (
        docker("imgdiag", "--version").stdout == f"docker imgdiag, version {imgdiag.__version__}\n"
    )
    assert docker("help", "imgdiag").stdout.startswith("Usage: docker imgdiag ")
    archive = ROOT / "fixtures" / "ml-service" / "after.oci.tar"
    assert docker("imgdiag", "analyze", str(archive), "--max-size", "1MB").returncode == 1
    assert "unix:///there" in docker("-H", "unix:///there", "imgdiag", "du", "app").stderr
