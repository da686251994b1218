from __future__ import annotations

import pytest

from imgdiag.finding import Finding
from imgdiag.rules.metadata_only_copy import RULE
from imgdiag.rules.rule import ExampleLayer
from tests.made import made_facts, only


def found(creator: str, changer: str) -> Finding:
    return only(
        RULE,
        made_facts(
            ExampleLayer(created_by=creator, files={"app/model.bin": 7_000_000}),
            ExampleLayer(created_by=changer, files={"app/model.bin": 7_000_000}, uid=1000),
        ),
    )


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        ("chown -R app:staff /app", "--chown=app:staff"),
        ("chown --recursive 1000:1000 /app", "--chown=1000:1000"),
        ("chown -R app /app", "--chown=app"),
        ("chown -R $UID:$GID /app", "--chown=$UID:$GID"),
        ("chown -R ${UID}:${GID} /app", "--chown=${UID}:${GID}"),
        ('chown -R "$UID:$GID" /app', "--chown=$UID:$GID"),
        ("chown -R $(id -u) /app", "--chown=<user>:<group>"),
        ("chmod -R 0755 /app", "--chmod=0755"),
        ("chmod +x /app/model.bin", "--chmod=+x"),
        ("chown app /app && chmod -R 750 /app", "--chown=app --chmod=750"),
    ],
)
def test_a_copy_sets_it_while_copying(command: str, flags: str) -> None:
    finding = found("COPY . /app # buildkit", f"RUN /bin/sh -c {command} # buildkit")
    assert finding.fix.snippet == f"COPY {flags} . /app"


def test_the_line_goes_when_it_does_nothing_else() -> None:
    finding = found("COPY . /app", "RUN chown -R app /app")
    assert finding.fix.summary == "Change them while copying, and drop 'RUN chown -R app /app'"


def test_the_line_stays_when_it_does_more() -> None:
    finding = found("COPY . /app", "RUN chown -R app /app && ./configure")
    assert "drop" not in finding.fix.summary
    assert "take it out of 'RUN chown -R app /app && ./configure'" in finding.fix.summary


def test_the_user_is_made_first() -> None:
    finding = found("RUN make", "RUN useradd app && chown -R app /app")
    assert finding.fix.snippet == (
        "# first, so that the user exists\nRUN useradd app\n\nRUN make \\\n && chown -R app /app"
    )


def test_flags_that_are_there_stay_and_hashed_sources_do_not() -> None:
    finding = found(
        f"/bin/sh -c #(nop) COPY --from=build dir:{'a' * 64} in /app ", "RUN chown app:app /app"
    )
    assert finding.fix.snippet == "COPY --chown=app:app --from=build <source> /app"


def test_a_run_changes_it_itself() -> None:
    finding = found("RUN make", "RUN chown -R app:staff /app")
    assert finding.fix.snippet == "RUN make \\\n && chown -R app:staff /app"
    assert finding.fix.summary == (
        "Change them where they are made, and drop 'RUN chown -R app:staff /app'"
    )


def test_touch_after_a_copy_belongs_in_the_stage_copied_from() -> None:
    finding = found("COPY --from=build /app /app", "RUN touch /app/model.bin")
    assert "base" not in finding.fix.summary
    assert finding.fix.snippet == (
        "# at the end of the stage that they come from\nRUN touch /app/model.bin"
    )


def test_the_same_file_copied_twice_is_to_be_copied_once() -> None:
    finding = found("COPY requirements.txt /app", "COPY . /app")
    assert "Copy the files once" in finding.fix.summary
    assert "COPY requirements.txt /app" in finding.fix.snippet


def test_the_bases_files_are_left_alone() -> None:
    finding = found("Imported from -", "RUN chown -R app /")
    assert "Leave the base image's files" in finding.fix.summary
    assert finding.fix.snippet.endswith("\nRUN chown -R app /")
