"""Mends as a report prints them, applied to Dockerfiles."""

from __future__ import annotations

import pytest

from tests.mending import Mend, NotApplicable, mended, with_replaced

DOCKERFILE = """\
# builds in a stage
FROM base AS builder
RUN --mount=type=secret,id=a \\
    make \\
 && make   install
FROM base
COPY --from=builder /app /app
RUN pip install a
RUN pip install a && pip install b
RUN rm -rf /app/junk
CMD ["app"]
"""


def changed(*mends: tuple[str, str]) -> tuple[list[str], list[str]]:
    """Return the lines that go and those that come, in their order."""
    before = mended(DOCKERFILE, []).splitlines()
    after = mended(DOCKERFILE, [Mend(*each) for each in mends]).splitlines()
    return (
        [line for line in before if line not in after],
        [line for line in after if line not in before],
    )


def test_without_mends_it_is_the_same_dockerfile() -> None:
    assert mended(DOCKERFILE, []) == (
        "FROM base AS builder\n"
        "RUN --mount=type=secret,id=a \\\n    make \\\n && make install\n"
        "FROM base\nCOPY --from=builder /app /app\nRUN pip install a\n"
        "RUN pip install a \\\n && pip install b\nRUN rm -rf /app/junk\n"
        'CMD ["app"]\n'
    )


def test_a_run_gets_a_mount_and_keeps_its_own() -> None:
    snippet = "# a note\nRUN --mount=type=cache,target=/c \\\n    make && make install"
    assert changed(("Mount", snippet)) == ([], ["    --mount=type=cache,target=/c \\"])


def test_a_command_is_added_to_the_longest_run_that_it_begins_with() -> None:
    snippet = "RUN pip install a && pip install b \\\n && rm -rf /x \\\n    /y"
    assert changed(("Clean up, and drop 'RUN rm -rf /app/j…'", snippet)) == (
        [" && pip install b", "RUN rm -rf /app/junk"],
        [" && pip install b \\", " && rm -rf /x /y"],
    )


def test_words_in_between_change_a_run() -> None:
    assert changed(("", "RUN rm -rf --verbose /app/junk")) == (
        ["RUN rm -rf /app/junk"],
        ["RUN rm -rf --verbose /app/junk"],
    )


def test_a_copy_gets_flags_but_no_placeholders() -> None:
    snippet = "COPY --from=<its stage> --chown=app:app /app /app"
    assert changed(("", snippet)) == (
        ["COPY --from=builder /app /app"],
        ["COPY --from=builder --chown=app:app /app /app"],
    )


def test_what_comes_first_is_put_before_the_first_that_changes() -> None:
    snippet = "# first\nRUN useradd app\n\nRUN pip install a && x\n\nCOPY --chown=app /app /app"
    lines = mended(DOCKERFILE, [Mend("", snippet)]).splitlines()
    assert lines[lines.index("RUN useradd app") + 1] == (
        "COPY --from=builder --chown=app /app /app"
    )


def test_a_clean_up_goes_to_the_end_of_the_stage() -> None:
    snippet = "# at the end of the stage that makes the files\nRUN rm -rf /app/junk"
    lines = mended(DOCKERFILE, [Mend("Clean, and drop 'RUN rm -rf /app/junk'", snippet)])
    assert " && make install\nRUN rm -rf /app/junk\nFROM base\n" in lines
    assert lines.count("RUN rm") == 1


def test_one_stands_where_another_was() -> None:
    snippet = "COPY --chown=a /app /app\n\n# where that was: the folder\nRUN chown a /app"
    lines = mended(DOCKERFILE, [Mend("Copy, and drop 'RUN rm -rf /app/junk'", snippet)])
    assert " && pip install b\nRUN chown a /app\nCMD" in lines


def test_several_runs_become_one_at_the_place_of_the_last() -> None:
    snippet = "# where the last of them was, below the COPYs\nRUN pip install a && x && y"
    summary = "Do it in one, and drop 'RUN pip install a && pip…' and 'RUN rm -rf /app/junk'"
    assert mended(DOCKERFILE, [Mend(summary, snippet)]).endswith(
        'COPY --from=builder /app /app\nRUN pip install a \\\n && x \\\n && y\nCMD ["app"]\n'
    )


def test_a_run_moves_up() -> None:
    snippet = "# moves up to here\nRUN rm -rf /app/junk\n\nCOPY --chown=a /app /app"
    assert "FROM base\nRUN rm -rf /app/junk\nCOPY --from=builder --chown=a /app" in (
        text := mended(DOCKERFILE, [Mend("", snippet)])
    )
    assert text.count("RUN rm") == 1


@pytest.mark.parametrize(
    ("summary", "snippet"),
    [
        ("", "FROM <a slimmer base>"),
        ("", "ENV A=1"),
        ("Clean, and drop 'RUN nothing like it'", "RUN pip install a && x"),
    ],
)
def test_what_cannot_be_applied_is_not_passed_over(summary: str, snippet: str) -> None:
    with pytest.raises(NotApplicable):
        mended(DOCKERFILE, [Mend(summary, snippet)])


def test_requirements_are_replaced() -> None:
    snippet = "--extra-index-url x\n# in place of torch, torch-a\ntorch==2+cpu\ntorch-a==1+cpu"
    assert with_replaced("torch==2\nnumpy\ntorch-a>=1\n", snippet) == (
        "--extra-index-url x\nnumpy\ntorch==2+cpu\ntorch-a==1+cpu\n"
    )
