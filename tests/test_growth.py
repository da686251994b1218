"""Many of one thing takes as long as many: nothing that anyone may have made takes the square.

Sizes are such that the square would take minutes or hours, and what is right takes seconds: the
alarm is there so that a fault is told as one.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType

import pytest

from imgdiag.facts.steps import RunEdit, Step, steps_of
from imgdiag.finding import Fix
from imgdiag.image import MAX_INSTRUCTION, HistoryEntry, parse_config
from imgdiag.pipeline import examine
from imgdiag.project.checks import check_project
from imgdiag.project.dockerfile import parse_dockerfile
from imgdiag.project.project import Project
from imgdiag.python.imports.search import _Lines
from imgdiag.rules.rule import ExampleLayer
from tests.builder import json_bytes
from tests.made import SITE, distribution, made_image

MB = 1_000_000


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutError("this takes too long to be linear")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(40)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def layer(
    files: dict[str, int | str], created_by: str = "RUN x", links: dict[str, str] | None = None
) -> ExampleLayer:
    return ExampleLayer(created_by=created_by, files=files, links=links or {})


def byte_code_without_source() -> list[ExampleLayer]:
    files: dict[str, int | str] = {f"{SITE}/m/f{n}.txt": 1 for n in range(25_000)}
    caches = {f"{SITE}/m/__pycache__/g{n}.cpython-311.pyc": 1 for n in range(25_000)}
    return [layer({**files, **caches})]


def hard_links() -> list[ExampleLayer]:
    cached = "root/.cache/pip/a"
    return [layer({cached: 9 * MB}, links={f"{cached}{n}": cached for n in range(80_000)})]


def distributions_of_one_name() -> list[ExampleLayer]:
    files: dict[str, int | str] = {}
    for n in range(14_000):
        files |= distribution("opencv-python", {f"p{n}.py": 1}, version=f"1.{n}")
    return [layer(files)]


def archives() -> list[ExampleLayer]:
    names = [f"h{n}.tar.gz" for n in range(4_000)]
    unpacks = " && ".join(f"tar xf /tmp/{name}" for name in names[:500])
    return [
        layer({f"tmp/{name}": 2 * MB for name in names}, "COPY . /tmp"),
        layer({"x": 1}, f"RUN {unpacks}"),
    ]


def a_folded_header() -> list[ExampleLayer]:
    text = "Name: a\nVersion: 1\nRequires-Dist: b" + "\n a" * 1_500_000 + "\n\n"
    return [layer({f"{SITE}/a-1.dist-info/METADATA": text})]


def libraries_of_compilers() -> list[ExampleLayer]:
    names = ["gcc", *(f"libisl{n}" for n in range(6_000)), "none"]
    status = "".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: 1\nDepends: {needed}\n\n"
        for name, needed in pairwise(names)
    )
    lists: dict[str, int | str] = {f"var/lib/dpkg/info/{n}.list": f"/x/{n}\n" for n in names}
    return [layer({"var/lib/dpkg/status": status, **lists, **{f"x/{n}": MB for n in names}})]


def a_dotted_key() -> list[ExampleLayer]:
    files = distribution("a", {"a.py": 1})
    return [layer({**files, "app/pyproject.toml": "a" + ".a" * 1_000_000 + " = 1\n"})]


@pytest.mark.parametrize(
    "many",
    [
        byte_code_without_source,
        hard_links,
        distributions_of_one_name,
        archives,
        a_folded_header,
        libraries_of_compilers,
        a_dotted_key,
    ],
    ids=lambda many: many.__name__.replace("_", " "),
)
def test_an_image(many: Callable[[], list[ExampleLayer]]) -> None:
    examine(made_image(*many()))


def test_a_source_of_one_line() -> None:
    lines = _Lines(b"x" * 16_000_000)
    found = {lines.at(offset) for offset in range(0, 16_000_000, 80)}
    assert {number for number, _ in found} == {1}


def test_edits_of_one_run() -> None:
    step = Step(instruction="RUN make")
    edits = [
        RunEdit(layer=1, step=step, mounts=(f"type=tmpfs,target=/{n}",)) for n in range(60_000)
    ]
    assert Fix.of_run("Mount them", *edits).snippet.count("--mount=") == 60_000


def dockerfile(*lines: str) -> int:
    """Return how many findings there are in a Dockerfile without a context."""
    parsed = parse_dockerfile("\n".join(("FROM debian:12", *lines)))
    return len(check_project(Project(folder=Path("/nonexistent"), dockerfile=parsed)))


@pytest.mark.parametrize(
    "lines",
    [
        ["RUN apt-get install " + " ".join(f"gcc-{n}" for n in range(20_000))],
        # A value that doubles with each line: twenty of them make a megabyte, sixty no number.
        [f"ENV A{n + 1}=x$A{n}$A{n}" for n in range(60)] + ["WORKDIR /$A60/$A60", "RUN rm $A59"],
        [f"WORKDIR {'a/' * 400}"] * 900 + ["RUN x"],
    ],
    ids=["packages", "variables", "folders"],
)
def test_a_dockerfile(lines: list[str]) -> None:
    dockerfile(*lines)


def test_requirements(tmp_path: Path) -> None:
    lines = "".join(f"p{n}==1\n" for n in range(15_000))
    (tmp_path / "requirements.txt").write_text(lines)
    parsed = parse_dockerfile("FROM python:3.11\nCOPY . .\nRUN pip install -r requirements.txt\n")
    check_project(Project(folder=tmp_path, dockerfile=parsed))


def history(*created_by: str) -> tuple[HistoryEntry, ...]:
    entries = [{"created_by": text} for text in created_by]
    return parse_config(json_bytes({"history": entries})).history


def test_a_very_long_instruction_is_cut() -> None:
    [kept, cut] = history("a" * MAX_INSTRUCTION, "a" * (MAX_INSTRUCTION + 1))
    assert kept.created_by == "a" * MAX_INSTRUCTION
    assert cut.created_by == "a" * (MAX_INSTRUCTION - 1) + "…"


def test_a_folder_that_grows_with_each_instruction() -> None:
    entries = [{"created_by": f"WORKDIR {'a' * 1_000}"}] * 10
    config = parse_config(
        json_bytes({"history": entries, "rootfs": {"diff_ids": [f"{n}" for n in range(10)]}})
    )
    lengths = [len(step.working_directory) for step in steps_of(config).values()]
    assert lengths == [1_001, 2_002, 3_003, 4_004, *[4_004] * 6]
