"""An experiment: does removing what imgdiag calls safe break an import or a smoke test?

A stack is installed into a virtual environment and wrapped as an image of one layer. What the
image's analysis calls safe is removed in a copy, by the very lines that it prints, and every
import and smoke test is run before and after, with each file that is opened written down.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from imgdiag import sources
from imgdiag.capture import CAPTURE_IMPORTS
from imgdiag.facts.facts import Facts
from imgdiag.filesystem import merge
from imgdiag.finding import Finding, Safety
from imgdiag.layers.walk import read_layer
from imgdiag.python.imports import ImportCheck, Proof, Verdict
from imgdiag.rules import docs_examples, test_dirs
from imgdiag.sources import Request

HOME = "app/.venv"  # where the environment stands in the image
_TIMEOUT = 300  # seconds for one program

# Runs a program, and writes each file that it opens below the folder to a list.
_WATCHED = """
import os, sys
folder, output, program = sys.argv[1:4]
opened = set()
def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and folder in arguments[0]:
        opened.add(os.path.abspath(arguments[0]))
sys.addaudithook(note)
code = 0
try:
    exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})
except BaseException as error:
    if not isinstance(error, SystemExit) or error.code:
        print(type(error).__name__, str(error)[:300].replace(chr(10), " "))
        code = 1
sys.stdout.flush()
with open(output, "w") as file:
    file.write(chr(10).join(sorted(opened)))
os._exit(code)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """How programs ended, by their names: "" or the error; and the files that each opened."""

    errors: Mapping[str, str]
    opened_by: Mapping[str, set[str]]  # paths below the environment

    @property
    def opened(self) -> set[str]:
        """Return all files that were opened."""
        return set[str]().union(*self.opened_by.values())

    def broken(self, after: Run) -> dict[str, str]:
        """Return what ended well in this run and does not in the run `after`."""
        return {
            name: error for name, error in after.errors.items() if error and not self.errors[name]
        }


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the analysis says, with the paths of folders below the environment."""

    check: ImportCheck
    facts: Facts
    findings: tuple[Finding, ...]

    def folders(self, verdict: Verdict) -> dict[str, Proof]:
        """Return the folders of a verdict, by their paths below the environment."""
        return {
            below(each.candidate.path): each
            for each in self.check.proofs
            if each.verdict is verdict
        }

    def bytes(self, verdict: Verdict) -> int:
        """Return the bytes of the folders of a verdict."""
        return sum(
            self.facts.usage.bytes_below(each.candidate.directory)
            for each in self.folders(verdict).values()
        )


def below(path: str) -> str:
    """Return an image's path as one below the environment."""
    return path.removeprefix(f"{HOME}/")


def install(environment: Path, requirements: Sequence[str]) -> None:
    """Make a virtual environment with `requirements`, wheels only."""
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-compile",
           "--only-binary", ":all:", "--disable-pip-version-check"]  # fmt: skip
    # torch first: it is not to be chosen anew by what requires it.
    first = [each for each in requirements if each.startswith("torch==")]
    for wanted in filter(None, (first, requirements)):
        subprocess.run([*pip, *wanted], check=True)


def wrap(environment: Path, image: Path) -> None:
    """Write an OCI layout of one layer with the environment in it."""
    blobs = image / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    layer = blobs / "layer"
    with tarfile.open(layer, "w", format=tarfile.PAX_FORMAT) as archive:
        archive.add(environment, HOME)
    with layer.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    layer.rename(blobs / digest)
    history = [{"created_by": "RUN pip install -r requirements.txt"}]
    config = _blob(
        blobs,
        {"os": "linux", "architecture": "amd64", "history": history,
         "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}},
        "application/vnd.oci.image.config.v1+json",
    )  # fmt: skip
    described = {
        "mediaType": "application/vnd.oci.image.layer.v1.tar",
        "digest": f"sha256:{digest}",
        "size": (blobs / digest).stat().st_size,
    }
    manifest = _blob(
        blobs,
        {"schemaVersion": 2, "config": config, "layers": [described]},
        "application/vnd.oci.image.manifest.v1+json",
    )
    (image / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
    (image / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def _blob(blobs: Path, value: object, media_type: str) -> dict[str, object]:
    data = json.dumps(value).encode()
    digest = hashlib.sha256(data).hexdigest()
    (blobs / digest).write_bytes(data)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}


def examine(image: Path) -> Verdicts:
    """Return what imgdiag says of the image's folders."""
    source = sources.load(str(image), lambda reader: read_layer(reader, CAPTURE_IMPORTS), Request())
    facts = Facts(
        config=source.config,
        filesystem=merge([layer.content for layer in source.layers]),
        sources_read=True,
    )
    assert facts.imports is not None
    findings = (*test_dirs.RULE.run(facts), *docs_examples.RULE.run(facts))
    return Verdicts(facts.imports, facts, findings)


def copy(environment: Path, to: Path) -> Path:
    """Return a copy of the environment whose files are hard links."""
    shutil.copytree(environment, to, symlinks=True, copy_function=os.link)
    return to


def mend(verdicts: Verdicts, environment: Path) -> set[str]:
    """Run the lines of the safe mends in a copy; return the folders that went, outermost only."""
    before = _directories(environment)
    for finding in verdicts.findings:
        if finding.safety is Safety.SAFE:
            _, run, command = finding.fix.snippet.partition(" \\\n && ")
            assert run
            command = command.replace(f"/{HOME}", str(environment))
            subprocess.run(["sh", "-ec", command], check=True)
    gone = before - _directories(environment)
    return {path for path in gone if path.rpartition("/")[0] not in gone}


def claimed(verdicts: Verdicts) -> set[str]:
    """Return the files that the safe findings claim, below the environment."""
    return {
        below(path)
        for finding in verdicts.findings
        if finding.safety is Safety.SAFE
        for path, _ in finding.claim.paths
    }


def files(environment: Path) -> set[str]:
    """Return the paths of all files below the environment."""
    return {
        os.path.relpath(f"{folder}/{name}", environment)
        for folder, _, names in os.walk(environment)
        for name in names
    }


def _directories(environment: Path) -> set[str]:
    return {os.path.relpath(folder, environment) for folder, _, _ in os.walk(environment)}


def site_packages(environment: Path) -> Path:
    """Return the folder that distributions are installed in."""
    [site] = environment.glob("lib/python*/site-packages")
    return site


def top_level_imports(environment: Path) -> dict[str, str]:
    """Return, for each distribution, a program that imports its top-level modules."""
    programs = {}
    for distribution in distributions(path=[str(site_packages(environment))]):
        names = set()
        for path in distribution.files or ():
            first = path.parts[0]
            if len(path.parts) > 1 and path.suffix == ".py" and first.isidentifier():
                names.add(first)
            elif len(path.parts) == 1 and (path.suffix == ".py" or ".cpython-" in path.name):
                names.add(path.name.partition(".")[0])
        for name in names - {"__pycache__"}:
            programs[f"{distribution.name}: {name}"] = f"import {name}"
    return programs


def smoke_tests(environment: Path, tests: Mapping[str, str]) -> dict[str, str]:
    """Return those of `tests` whose first module is installed."""
    site = site_packages(environment)
    return {
        name: program
        for name, program in tests.items()
        if any(site.glob(f"{name.partition(' ')[0].replace('.', '/')}*"))
    }


def run(environment: Path, programs: Mapping[str, str], scratch: Path) -> Run:
    """Run each program by the environment's Python, in a process and a folder of its own."""
    scratch.mkdir(parents=True, exist_ok=True)

    def one(numbered: tuple[int, str]) -> tuple[str, set[str]]:
        number, program = numbered
        folder = scratch / f"{number}"
        folder.mkdir()
        output = folder / ".opened"
        python = str(environment / "bin" / "python")
        # No byte-code is written: it would be opened in the next run.
        variables = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "MPLBACKEND": "Agg",
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore", "TMPDIR": str(folder),
            "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "NUMBA_CACHE_DIR": str(folder),
        }  # fmt: skip
        command = [python, "-c", _WATCHED, str(environment), str(output), program]
        try:
            done = subprocess.run(
                command, cwd=folder, env=variables, capture_output=True, text=True,
                timeout=_TIMEOUT, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return "takes too long", set()
        opened = output.read_text().splitlines() if output.exists() else []
        shutil.rmtree(folder, ignore_errors=True)
        lines = (done.stdout + done.stderr).splitlines()
        error = (lines[-1] if lines else f"exit {done.returncode}") if done.returncode else ""
        return error, {os.path.relpath(path, environment) for path in opened}

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(one, enumerate(programs.values())))
    return Run(
        dict(zip(programs, (error for error, _ in results), strict=True)),
        dict(zip(programs, (opened for _, opened in results), strict=True)),
    )


def opened_in(folders: Collection[str], opened: Collection[str]) -> set[str]:
    """Return the opened files that lie in one of the folders."""
    return {
        path for path in opened
        if any("/".join(path.split("/")[:depth]) in folders for depth in range(path.count("/") + 1))
    }  # fmt: skip


@contextmanager
def without(environment: Path, folder: str) -> Iterator[None]:
    """Have the environment without one folder for a while."""
    path = environment / folder
    aside = environment / ".aside"
    path.rename(aside)
    try:
        yield
    finally:
        aside.rename(path)


def needing(proof: Proof) -> str:
    """Return a program that imports the module whose line a verdict rests on."""
    path = below(proof.evidence[0].path).partition("site-packages/")[2].removesuffix(".py")
    return f"import {path.removesuffix('/__init__').replace('/', '.')}"
