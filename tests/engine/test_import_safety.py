"""Import safety on a small stack from the package index: what is called safe breaks nothing.

The full experiment is benchmarks/import_safety; its table stands in docs/import-safety.md.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from imgdiag.finding import Safety
from imgdiag.python.imports import Verdict

from . import import_safety as experiment
from .conftest import give_up
from .smoke import TESTS

# Small wheels that need their tests or docs at run time, each in a way of its own, and some that
# do not. numpy stays at a version whose numpy.testing takes a value from its tests.
STACK = (
    "numpy==2.2.6", "scipy==1.15.3", "boto3==1.40.1", "botocore==1.40.1", "networkx==3.5",
    "h5py==3.14.0", "mpmath==1.3.0", "tornado==6.5.1", "joblib==1.5.1",
    "pytest==8.4.1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stack:
    environment: Path
    verdicts: experiment.Verdicts
    scratch: Path

    def of(self, folder: str) -> Verdict:
        """Return the verdict on a folder of site-packages."""
        [verdict] = [
            each.verdict
            for each in self.verdicts.check.proofs
            if each.candidate.path.endswith(f"site-packages/{folder}")
        ]
        return verdict


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    scratch = tmp_path_factory.mktemp("stack")
    environment = scratch / "environment"
    try:
        experiment.install(environment, STACK)
    except subprocess.CalledProcessError as error:
        give_up(f"the package index cannot be reached, or has no wheels of {STACK} ({error})")
    experiment.wrap(environment, scratch / "image")
    yield Stack(environment, experiment.examine(scratch / "image"), scratch)
    shutil.rmtree(scratch)


@pytest.mark.parametrize(
    ("folder", "verdict"),
    [
        ("botocore/docs", Verdict.KEEP),
        ("boto3/docs", Verdict.KEEP),
        ("numpy/_core/tests", Verdict.KEEP),
        ("boto3/examples", Verdict.REVIEW),
        ("h5py/tests", Verdict.REVIEW),
        ("mpmath/tests", Verdict.REVIEW),
        ("tornado/test", Verdict.REVIEW),
        ("networkx/classes/tests", Verdict.REVIEW),
        ("numpy/linalg/tests", Verdict.SAFE),
        ("scipy/optimize/tests", Verdict.SAFE),
        ("scipy/stats/tests", Verdict.REVIEW),
        ("networkx/algorithms/tests", Verdict.SAFE),
        ("joblib/test", Verdict.SAFE),
    ],
)
def test_known_truths_come_out(stack: Stack, folder: str, verdict: Verdict) -> None:
    assert stack.of(folder) is verdict


def test_removing_all_that_is_safe_breaks_no_import_and_no_smoke_test(stack: Stack) -> None:
    copy = experiment.copy(stack.environment, stack.scratch / "copy")
    imports = experiment.top_level_imports(stack.environment)
    programs = {**imports, **experiment.smoke_tests(stack.environment, TESTS)}
    before = experiment.run(copy, programs, stack.scratch / "before")
    assert not [name for name in programs if before.errors[name]]
    safe = stack.verdicts.folders(Verdict.SAFE)
    assert len(safe) > 50
    assert experiment.opened_in(safe.keys(), before.opened) == set()
    # What is kept is opened indeed, so the files that are opened are really seen.
    assert experiment.opened_in(stack.verdicts.folders(Verdict.KEEP).keys(), before.opened)

    files = experiment.files(copy)
    experiment.mend(stack.verdicts, copy)
    assert files - experiment.files(copy) == experiment.claimed(stack.verdicts)
    for folder in safe:
        shutil.rmtree(copy / folder, ignore_errors=True)
    after = experiment.run(copy, programs, stack.scratch / "after")
    assert before.broken(after) == {}


def test_what_is_kept_is_needed(stack: Stack) -> None:
    keep = stack.verdicts.folders(Verdict.KEEP)
    for number, (folder, proof) in enumerate(keep.items()):
        program = {folder: experiment.needing(proof)}
        there = experiment.run(stack.environment, program, stack.scratch / f"there-{number}")
        with experiment.without(stack.environment, folder):
            gone = experiment.run(stack.environment, program, stack.scratch / f"gone-{number}")
        assert there.broken(gone), folder


def test_the_blanket_clean_up_of_many_recipes_is_caught(stack: Stack) -> None:
    copy = experiment.copy(stack.environment, stack.scratch / "blanket")
    subprocess.run(
        ["find", copy, "-type", "d", "-name", "docs", "-prune", "-exec", "rm", "-rf", "{}", "+"],
        check=True,
    )
    experiment.wrap(copy, stack.scratch / "blanket-image")
    check = experiment.examine(stack.scratch / "blanket-image").check
    broken = {path.partition("site-packages/")[2] for path in check.broken}
    assert broken == {"boto3/docs", "botocore/docs"}
    failed = experiment.run(copy, {"boto3": "import boto3"}, stack.scratch / "blanket-run")
    assert "botocore.docs" in failed.errors["boto3"]


def test_every_safe_byte_is_in_a_safe_finding_or_left_alone_on_purpose(stack: Stack) -> None:
    claimed = sum(each.bytes for each in stack.verdicts.findings if each.safety is Safety.SAFE)
    assert (
        0.97 * stack.verdicts.bytes(Verdict.SAFE) <= claimed <= stack.verdicts.bytes(Verdict.SAFE)
    )
