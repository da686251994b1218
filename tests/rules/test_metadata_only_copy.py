from __future__ import annotations

import pytest

from imgdiag.finding import Finding, Safety
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
    ("command", "flags", "of_folder"),
    [
        ("chown -R app:staff /app", "--chown=app:staff", "chown app:staff /app"),
        ("chown --recursive 1000:1000 /app", "--chown=1000:1000", "chown 1000:1000 /app"),
        ("chown -hR app /app/ /app/model.bin", "--chown=app", "chown app /app/"),
        ("chown -R $UID:$GID /app", "--chown=$UID:$GID", "chown $UID:$GID /app"),
        ("chown -R ${UID}:${GID} /app", "--chown=${UID}:${GID}", "chown ${UID}:${GID} /app"),
        ('chown -R "$UID:$GID" /app', "--chown=$UID:$GID", 'chown "$UID:$GID" /app'),
        ("chown -R $(id -u) /app", "--chown=<user>:<group>", ""),
        ("chmod -R 0755 /app", "--chmod=0755", "chmod 0755 /app"),
        ("chmod +x /app/model.bin", "--chmod=+x", ""),
        ("chown app /app && chmod -R 750 app", "--chown=app --chmod=750", "chmod 750 app"),
    ],
)
def test_a_copy_sets_it_while_copying(command: str, flags: str, of_folder: str) -> None:
    finding = found("COPY . /app # buildkit", f"RUN /bin/sh -c {command} # buildkit")
    rest = "\n\n# where that was: for the folder itself, which takes no space\nRUN "
    assert finding.fix.snippet == f"COPY {flags} . /app" + (of_folder and rest + of_folder)


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


def test_a_run_that_makes_the_user_in_between_moves_up() -> None:
    facts = made_facts(
        ExampleLayer(created_by="COPY . /app", files={"app/a": 5}),
        ExampleLayer(created_by="RUN useradd app", files={"etc/passwd": 5}),
        ExampleLayer(created_by="RUN chown -R app /app", files={"app/a": 5}, uid=1),
    )
    assert only(RULE, facts).fix.snippet.startswith(
        "# moves up to here, so that the user exists\nRUN useradd app\n\nCOPY --chown=app . /app"
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
    assert finding.safety is Safety.REVIEW  # then they belong to somebody else


def test_the_bases_files_that_a_run_only_opens_are_information() -> None:
    finding = found("Imported from -", "RUN apt-get install -y curl")
    assert finding.informational
    assert finding.message.endswith("which opens them for writing")
    assert not found("Imported from -", "RUN chmod -R go-w /").informational
    assert not found("RUN apt-get install -y git", "RUN apt-get install -y curl").informational
    assert not found("", "").informational  # nobody knows who did it


def made(instructions: dict[str, int], changer: str) -> list[Finding]:
    files = {f"app/{name[-1]}": size for name, size in instructions.items()}
    layers = [
        ExampleLayer(created_by=name, files={f"app/{name[-1]}": size})
        for name, size in instructions.items()
    ]
    return list(RULE.run(made_facts(*layers, ExampleLayer(created_by=changer, files=files, uid=1))))


def test_files_of_the_base_and_others_are_two_findings() -> None:
    base, own = made({"Imported from a": 5, "RUN make b": 7}, "RUN ./again")
    assert (base.bytes, base.informational) == (5, True)
    assert (own.bytes, own.informational) == (7, False)


def test_a_run_passes_by_the_large_files_of_lower_layers() -> None:
    # chown stores a file of a lower layer again, even one that has the owner already.
    large = {"COPY a": 2_000_000, "RUN make b": 3_000_000, "RUN make c": 4_000_000}

    def snippet(command: str) -> str:
        [finding] = made(large, f"RUN {command}")
        assert finding.bytes == 9_000_000
        return finding.fix.snippet

    note = "# not chown -R: it stores again what lower layers hold, though the owner is the same\n"
    find = "find /app ! -user app -exec chown -h app {} +"
    assert snippet("chown -R app /app") == (
        f"{note}RUN make b \\\n && {find}\n\n{note}RUN make c \\\n && {find}\n\nCOPY --chown=app a"
    )
    assert snippet('chown -hR "$UID:app" /app /srv; ls').endswith(
        f"{note}RUN make c \\\n && ( find /app /srv \\( ! -user $UID -o ! -group app \\) "
        "-exec chown -h $UID:app {} +; ls )\n\nCOPY --chown=$UID:app a"
    )
    assert "find /app ! -group app -exec chown -h :app {} +" in snippet("chown -R :app /app")
    note = "# name only what this RUN makes: what lower layers hold is stored again\n"
    for command in ("chmod -R g+w /app", "chown -R $(id -u) /app"):
        assert f"{note}RUN make c \\\n && {command}" in snippet(command).replace("( ", "")


def test_what_a_run_stores_again_of_small_files_is_not_counted() -> None:
    small = {"COPY a": 999_999, "RUN make b": 999_999, "RUN make c": 9, "COPY d": 5}
    [finding] = made(small, "RUN chown -R app /app")
    assert finding.bytes == 14
    assert finding.fix.snippet == "RUN make c \\\n && chown -R app /app\n\nCOPY --chown=app d"


def test_a_run_that_only_opens_files_goes_into_one_run() -> None:
    [finding] = made({"RUN make b": 7_000_000, "RUN make c": 9}, "RUN apt-get install -y x")
    assert finding.bytes == 9
    assert finding.fix.snippet == "RUN make c \\\n && apt-get install -y x"
