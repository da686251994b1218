"""Who owns the files of a real Debian, held against what dpkg and pip themselves say."""

import json
from typing import Any

import pytest

from .engine import Engine
from .oracle import normalized
from .report import Report, analyze

# Run in the container: what each package's list names, each inode for the first that names it,
# and byte-code for the owner of its source.
DPKG = r"""
import glob, json, os, stat, subprocess
def ask(*words):
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode("utf-8", "surrogateescape").splitlines()
owner, sizes = {}, {}
def give(path, package):
    try:
        found = os.lstat(path)
    except OSError:
        return
    if stat.S_ISREG(found.st_mode) and (found.st_dev, found.st_ino) not in owner:
        owner[found.st_dev, found.st_ino] = package
        sizes[package] = sizes.get(package, 0) + found.st_size
packages = ask("dpkg-query", "-W", "-f", "${binary:Package} ${Version}\n")
for name, version in map(str.split, packages):
    for path in ask("dpkg", "-L", name):
        if path.startswith("/"):
            give(path, f"{name.partition(':')[0]} {version}")
for folder, _, names in os.walk("/usr"):
    if folder.endswith("/__pycache__"):
        for name in names:
            source = os.path.join(os.path.dirname(folder), name.partition(".")[0] + ".py")
            if os.path.isfile(source) and not os.path.islink(source):
                found = os.lstat(source)
                if (found.st_dev, found.st_ino) in owner:
                    give(os.path.join(folder, name), owner[found.st_dev, found.st_ino])
print(json.dumps({f"{n.partition(':')[0]} {v}": sizes.get(f"{n.partition(':')[0]} {v}", 0)
                  for n, v in map(str.split, packages)}))
"""


@pytest.fixture(scope="module")
def report(engine: Engine, wasteful_image: str) -> Report:
    """Analyze an image with Debian's packages and an environment of pip's."""
    return analyze(engine, wasteful_image)


def run(engine: Engine, image: str, *command: str) -> Any:
    """Run a program in a container of the image, as root, and parse the JSON it prints."""
    program, *rest = command
    entry = ("--rm", "--network=none", "--user=0", "--entrypoint", program)
    return json.loads(engine.docker("run", *entry, image, *rest))


def test_dpkg_owns_what_its_lists_name(report: Report, engine: Engine, wasteful_image: str) -> None:
    """Every package has the bytes of the files that `dpkg -L` prints, and there is no other."""
    expected = run(engine, wasteful_image, "python3", "-I", "-B", "-c", DPKG)
    found = {f"{one['name']} {one['version']}": one["bytes"] for one in report["system_packages"]}
    assert {one["manager"] for one in report["system_packages"]} == {"dpkg"}
    assert len(found) > 50
    assert found == expected


def test_packages_are_what_pip_lists(report: Report, engine: Engine, wasteful_image: str) -> None:
    """Each environment with an interpreter holds what its own pip says."""
    prefixes = [one["prefix"] for one in report["environments"] if one["kind"] == "venv"]
    assert prefixes
    for prefix in prefixes:
        listed = run(
            engine, wasteful_image, f"/{prefix}/bin/python", "-m", "pip", "list", "--format=json",
            "--disable-pip-version-check",
        )  # fmt: skip
        found = {
            (normalized(one["name"]), one["version"])
            for one in report["packages"]
            if one["environment"].startswith(f"{prefix}/")
        }
        assert found == {(normalized(one["name"]), one["version"]) for one in listed}


def test_all_owners_add_up(report: Report) -> None:
    """Packages, the system's packages and what nobody owns are all that is visible."""
    owned = sum(one["bytes"] for one in (*report["packages"], *report["system_packages"]))
    assert owned + report["unattributed_bytes"] == report["sizes"]["visible_bytes"]
    rows = report["unattributed"]
    assert sum(row["bytes"] for row in rows) == report["unattributed_bytes"] > 0
