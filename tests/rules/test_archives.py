"""extracted-archive and temporary-files: what unpacked it, and the mount in its place."""

from __future__ import annotations

import pytest

from imgdiag.finding import Safety
from imgdiag.rules import extracted_archive, temporary_files
from imgdiag.rules._archives import consumer
from imgdiag.rules.rule import ExampleLayer
from tests.made import facts_of, made_facts, only

MB = 1_000_000


def used(command: str, path: str = "tmp/app.tar.gz", folder: str = "/") -> bool:
    facts = made_facts(
        ExampleLayer(created_by=f"WORKDIR {folder}"),
        ExampleLayer(created_by=f"RUN /bin/sh -c {command}", files={path: MB}),
    )
    return consumer(facts, path, 1) == 1


@pytest.mark.parametrize(
    "command",
    [
        "tar xzf /tmp/app.tar.gz",
        "tar -xzf /tmp/app.tar.gz -C /srv",
        "cd /tmp && tar --extract --file=app.tar.gz",
        "curl -o /tmp/app.tar.gz https://x/app.tar.gz && tar -C /srv -xf /tmp/app.tar.gz",
        "mkdir a; bsdtar -xf '/tmp/app.tar.gz'",
        "tar xf /tmp/*.tar.gz",
        "tar \\\n  xf \\\n  /tmp/app.tar.gz",
    ],
)
def test_unpacked(command: str) -> None:
    assert used(command)


@pytest.mark.parametrize(
    "command",
    [
        "curl -o /tmp/app.tar.gz https://x/app.tar.gz",
        "tar czf /tmp/app.tar.gz /srv",  # makes it
        "tar xf other.tar.gz",
        "tar xf *",  # says nothing
        "echo tar && cp /tmp/app.tar.gz /srv",
        "tar tf /tmp/app.tar.gz",
        "tar xf 'unclosed",
    ],
)
def test_not_unpacked(command: str) -> None:
    assert not used(command)


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("pip install /wheels/*.whl", "wheels/a-1.0.whl"),
        ("pip3 install --no-index --find-links=/wheels a", "wheels/a-1.0.whl"),
        ("pip install --no-index --find-links /wheels a", "wheels/a-1.0.whl"),
        ("uv pip install --system /wheels/a-1.0.whl", "wheels/a-1.0.whl"),
        ("dpkg -i /tmp/a.deb || apt-get -f install -y", "tmp/a.deb"),
        ("apt-get install -y /tmp/a.deb", "tmp/a.deb"),
        ("rpm -ivh /tmp/a.rpm", "tmp/a.rpm"),
        ("unzip -q /srv/a.zip -d /srv", "srv/a.zip"),
        ("7z x /srv/a.7z", "srv/a.7z"),
    ],
)
def test_installed(command: str, path: str) -> None:
    assert used(command, path)


def test_a_name_is_looked_for_in_the_folder_in_force() -> None:
    assert used("tar xf data.tar", "srv/data.tar", folder="/srv")


@pytest.mark.parametrize(
    ("copy", "files", "run", "mount"),
    [
        (
            "COPY app.tar.gz /tmp/",
            ["tmp/app.tar.gz"],
            "tar xf /tmp/app.tar.gz -C /srv",
            "type=bind,source=app.tar.gz,target=/tmp/app.tar.gz",
        ),
        (
            "COPY vendor /vendor",
            ["vendor/a/app.zip"],
            "unzip /vendor/a/app.zip",
            "type=bind,source=vendor/a/app.zip,target=/vendor/a/app.zip",
        ),
        (
            "COPY /wheels /wheels",
            ["wheels/a.whl", "wheels/b.whl"],
            "pip install /wheels/*",
            "type=bind,from=<its stage>,source=/wheels,target=/wheels",
        ),
        (
            "COPY --from=build /w/a.whl /tmp/a.whl",
            ["tmp/a.whl"],
            "pip install /tmp/a.whl",
            "type=bind,from=build,source=/w/a.whl,target=/tmp/a.whl",
        ),
        (
            "/bin/sh -c #(nop) COPY file:" + "a" * 64 + " in /tmp/a.whl ",
            ["tmp/a.whl"],
            "pip install /tmp/a.whl",
            "type=bind,source=<its source>,target=/tmp/a.whl",
        ),
    ],
)
def test_what_is_copied_is_mounted(copy: str, files: list[str], run: str, mount: str) -> None:
    facts = made_facts(
        ExampleLayer(created_by=copy, files=dict.fromkeys(files, MB)),
        ExampleLayer(created_by=f"RUN /bin/sh -c {run}"),
    )
    fix = only(extracted_archive.RULE, facts).fix
    assert fix.snippet == f"RUN --mount={mount} \\\n    {run}"
    assert "and drop 'COPY" in fix.summary


def test_a_mount_is_not_removed_again() -> None:
    facts = made_facts(
        ExampleLayer(created_by="COPY /wheels /wheels", files={"wheels/a.whl": MB}),
        ExampleLayer(
            created_by="RUN /bin/sh -c pip install /wheels/*.whl && rm -rf /wheels/* && make"
        ),
    )
    assert only(extracted_archive.RULE, facts).fix.snippet.endswith(
        "    pip install /wheels/*.whl && make"
    )


def test_a_download_is_unpacked_and_removed_in_one_run() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN wget https://x/a.zip -P /srv", files={"srv/a.zip": MB}),
        ExampleLayer(created_by="RUN unzip /srv/a.zip -d /srv"),
    )
    finding = only(extracted_archive.RULE, facts)
    assert finding.fix.snippet == (
        "RUN wget https://x/a.zip -P /srv \\\n && unzip /srv/a.zip -d /srv \\\n"
        " && rm -rf \\\n    /srv/a.zip"
    )
    assert finding.safety is Safety.REVIEW


def test_safe_where_it_was_installed_or_lies_in_tmp() -> None:
    for path, safety in (
        ("wheels/a.whl", Safety.SAFE),
        ("tmp/a.zip", Safety.SAFE),
        ("srv/a.zip", Safety.REVIEW),
    ):
        verb = "pip install" if path.endswith("whl") else "unzip"
        facts = facts_of({path: MB}, f"RUN {verb} /{path}")
        assert only(extracted_archive.RULE, facts).safety is safety


def test_beside_a_folder_of_its_name() -> None:
    files = {"srv/nltk/punkt.zip": MB, "srv/nltk/punkt/en.pickle": 3 * MB}
    finding = only(extracted_archive.RULE, facts_of(files, "RUN python -m nltk.downloader punkt"))
    assert finding.bytes == MB
    assert finding.safety is Safety.REVIEW
    assert "beside a folder of the same name" in finding.message


def test_a_folder_that_another_layer_made_proves_nothing() -> None:
    facts = made_facts(
        ExampleLayer(created_by="COPY a /srv", files={"srv/a.zip": MB}),
        ExampleLayer(created_by="COPY b /srv", files={"srv/a/x": 5}),
    )
    assert not list(extracted_archive.RULE.run(facts))


@pytest.mark.parametrize(
    "path",
    ["root/.cache/a.zip", "opt/conda/pkgs/a.tar.bz2", "usr/lib/python3.11/ensurepip/pip.whl",
     "app/lib/python3.11/site-packages/x/data.zip", "usr/share/x/a.zip"],
)  # fmt: skip
def test_archives_that_others_own(path: str) -> None:
    name = path.rpartition("/")[2]
    command = {"whl": "pip install", "zip": "unzip", "bz2": "tar xf"}[name.rpartition(".")[2]]
    facts = facts_of({path: MB}, f"RUN {command} /{path}")
    assert not list(extracted_archive.RULE.run(facts))


def test_temporary_files_leave_archives_to_the_other_rule() -> None:
    facts = facts_of({"tmp/a.zip": MB, "tmp/b/c": 7, "var/tmp/d": 5}, "RUN unzip /tmp/a.zip")
    finding = only(temporary_files.RULE, facts)
    assert finding.bytes == 12
    assert finding.fix.snippet == (
        "RUN unzip /tmp/a.zip \\\n && rm -rf \\\n    /tmp/b \\\n    /var/tmp/d"
    )


@pytest.mark.parametrize(
    "options",
    [{"environment": {"TMPDIR": "/tmp/x"}}, {"command": ("python", "/tmp/x/main.py")}],
)
def test_a_folder_that_the_image_names_is_in_use(options: dict[str, object]) -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN x", files={"tmp/x/main.py": 7}),
        **options,  # type: ignore[arg-type]
    )
    assert not list(temporary_files.RULE.run(facts))


def test_each_layer_gets_its_own_removal() -> None:
    facts = made_facts(
        ExampleLayer(created_by="RUN a", files={"tmp/a": 7}),
        ExampleLayer(created_by="RUN b", files={"tmp/b": 70}),
    )
    finding = only(temporary_files.RULE, facts)
    assert finding.fix.snippet == (
        "RUN a \\\n && rm -rf \\\n    /tmp/a\n\nRUN b \\\n && rm -rf \\\n    /tmp/b"
    )
