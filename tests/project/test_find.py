"""What a find deletes, held against find itself."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgdiag.project.checks._find import Answer, Find
from imgdiag.project.shell import commands_of

FILES = ("a", "b.pyc", "d/a", "d/b.pyc", "d/e/a", "d/e/b.pyc", "e/a", "e/d/a", "e/d/e/B.PYC")


def find_of(text: str) -> Find | None:
    first, *piped = commands_of(text)
    return Find.of(first, piped[0] if piped and piped[0].before == "|" else None)


@pytest.mark.parametrize(
    ("text", "path", "answer"),
    [
        ("find . -name '*.pyc' -delete", "x/a.pyc", Answer.YES),
        ("find . -name '*.pyc' -delete", "x/a.py", Answer.NO),
        ("find . -type d -name tests -exec rm -rf {} +", "x/tests/a", Answer.YES),
        ("find . -type d -name tests -exec rm -rf {} +", "x/a/tests", Answer.NO),
        # -o binds less than what stands beside each other: only the last name is deleted.
        ("find . -name a -o -name b -delete", "a", Answer.NO),
        ("find . \\( -name a -o -name b \\) -delete", "a", Answer.YES),
        ("find . -path './d/*' -delete", "d/a", Answer.YES),
        ("find . -path './d/*' -delete", "a", Answer.NO),
        ("find . -size +1M -delete", "a", Answer.MAYBE),
        ("find . -name a -mtime +3 -delete", "b", Answer.NO),
        ("find . -name a -print0 | xargs -0 rm -rf", "a", Answer.YES),
        ("find . -name a -o -name b | xargs rm", "b", Answer.YES),
        ("find . -name a -exec strip {} \\; -name b -exec rm {} \\;", "a", Answer.NO),
        ("find . -maxdepth 1 -name a -delete", "d/a", Answer.NO),
        ("find -delete", "d/a", Answer.YES),
        ("find -L /opt -name a -delete", "a", Answer.YES),
    ],
)
def test_what_is_deleted(text: str, path: str, answer: Answer) -> None:
    find = find_of(text)
    assert find is not None
    assert find.deletes(find.roots[0], path) is answer


@pytest.mark.parametrize(
    "text", ["find . -name a", "find . -name a | wc -l", "find . -exec strip {} +", "rm -rf a"]
)
def test_what_deletes_nothing(text: str) -> None:
    assert find_of(text) is None


def test_names() -> None:
    find = find_of("find . \\( -iname a -o -path '*/docs/*' \\) -delete")
    assert find is not None
    assert find.names == ("a", "docs")


TESTS = st.sampled_from(
    ["-name a", "-name '*.pyc'", "-iname '*.pyc'", "-name d", "-name e", "-path './d/*'",
     "-path '*/e/*'", "-type f", "-type d", "-true", "-mindepth 2", "-maxdepth 2"]
)  # fmt: skip
EXPRESSIONS = st.recursive(
    st.one_of(TESTS, st.just("-prune"), st.just("-print")),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" ".join),
        st.tuples(inner, inner).map(" -o ".join),
        inner.map("\\( {} \\)".format),
        inner.map("! \\( {} \\)".format),
    ),
    max_leaves=6,
)


@pytest.mark.skipif(shutil.which("find") is None, reason="there is no find")
@given(EXPRESSIONS)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_as_find_does_it(tmp_path: Path, expression: str) -> None:
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    text = f"find . {expression}"
    shown = subprocess.run(
        shlex.split(text), cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    expected = {
        name
        for name in FILES
        if any(each in (".", f"./{name}") or f"./{name}".startswith(f"{each}/") for each in shown)
    }
    find = find_of(f"{text} | xargs rm -rf")
    assert find is not None
    assert {name for name in FILES if find.deletes(".", name) is Answer.YES} == expected
