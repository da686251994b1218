"""Which environments an image uses: each image here is small, and laid out as a real one is."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from imgdiag.facts.facts import Facts
from imgdiag.image import parse_config
from tests.made import distribution, made_filesystem, made_layer

VENV = "app/.venv/lib/python3.11/site-packages"
LOCAL = "usr/local/lib/python3.11/site-packages"
DEBIAN = "usr/lib/python3/dist-packages"
OTHER = "opt/other/lib/python3.11/site-packages"
PATH = "/usr/local/bin:/usr/bin:/bin"

# An official Python in /usr/local, Debian's own, the project's environment and another one.
FILES: dict[str, int | str] = {
    "usr/local/lib/python3.11/os.py": 1,
    "usr/local/bin/python3.11": 9_000,
    **distribution("pip", site=LOCAL),
    "usr/lib/python3.9/os.py": 1,
    "usr/bin/python3.9": 9_000,
    **distribution("six", site=DEBIAN),
    "app/.venv/pyvenv.cfg": "home = /usr/local/bin\nversion = 3.11.9\n",
    "app/.venv/bin/gunicorn": "#!/app/.venv/bin/python\nimport gunicorn\n",
    **distribution("flask", site=VENV),
    "opt/other/pyvenv.cfg": "home = /usr/local/bin\n",
    **distribution("poetry", {"../../../bin/poetry": 300}, site=OTHER),
    "usr/bin/nginx": 90_000,
}
SYMLINKS = {
    "app/.venv/bin/python": "/usr/local/bin/python3",
    "app/.venv/bin/python3": "python",
    "opt/other/bin/python": "/usr/local/bin/python3",
    "usr/local/bin/python3": "python3.11",
    "usr/local/bin/python": "python3",
    "usr/bin/python3": "python3.9",
}


def uses(
    *command: str,
    entrypoint: tuple[str, ...] = (),
    folder: str = "/app",
    user: str = "",
    files: Mapping[str, int | str] | None = None,
    symlinks: Mapping[str, str] | None = None,
    **variables: str,
) -> dict[str, tuple[bool | None, str]]:
    """Return the use of each environment and interpreter."""
    facts = facts_of_image(
        *command, entrypoint=entrypoint, folder=folder, user=user, files=files,
        symlinks=symlinks, **variables,
    )  # fmt: skip
    found = facts.uses
    return {
        path: (use.in_use, use.evidence)
        for path, use in (*found.environments.items(), *found.interpreters.items())
    }


def facts_of_image(
    *command: str,
    entrypoint: tuple[str, ...] = (),
    folder: str = "/app",
    user: str = "",
    files: Mapping[str, int | str] | None = None,
    symlinks: Mapping[str, str] | None = None,
    **variables: str,
) -> Facts:
    config = {
        "config": {
            "Cmd": list(command),
            "Entrypoint": list(entrypoint),
            "WorkingDir": folder,
            "User": user,
            "Env": [f"{name}={value}" for name, value in {"PATH": PATH, **variables}.items()],
        }
    }
    return Facts(
        config=parse_config(json.dumps(config).encode()),
        filesystem=made_filesystem(
            made_layer({**FILES, **(files or {})}, symlinks={**SYMLINKS, **(symlinks or {})})
        ),
    )


def used(found: Mapping[str, tuple[bool | None, str]]) -> set[str]:
    return {path for path, (in_use, _) in found.items() if in_use}


def not_used(found: Mapping[str, tuple[bool | None, str]]) -> set[str]:
    return {path for path, (in_use, _) in found.items() if in_use is False}


VENV_USED = {VENV, "usr/local/lib/python3.11"}
OTHERS = {LOCAL, DEBIAN, OTHER, "usr/lib/python3.9"}


def test_a_script_by_path_is_run_by_the_python_of_its_first_line() -> None:
    found = uses("gunicorn", "app:app", PATH=f"/app/.venv/bin:{PATH}")
    evidence = "CMD gunicorn is /app/.venv/bin/gunicorn, run by /app/.venv/bin/python"
    assert found[VENV] == (True, evidence)
    assert found[LOCAL] == (False, evidence)
    assert (used(found), not_used(found)) == (VENV_USED, OTHERS)


@pytest.mark.parametrize(
    "first_lines",
    [
        "#!/app/.venv/bin/python3 -I\n",
        "#! /app/.venv/bin/python\n",
        "#!/usr/bin/env python\n",
        "#!/usr/bin/env -S python -u\n",
        "#!/bin/sh\n'''exec' /app/.venv/bin/python \"$0\" \"$@\"\n' '''\n",
        "#!/bin/sh\n'''exec' '/app/.venv/bin/python' \"$0\" \"$@\"\n' '''\n",
        '#!/bin/sh\n\'\'\'exec\' "$(dirname -- "$(realpath -- "$0")")"/\'python\' "$0" "$@"\n',
        "#!/app/.venv/bin/runner\n",
    ],
)
def test_first_lines_of_scripts(first_lines: str) -> None:
    files: dict[str, int | str] = {
        "app/.venv/bin/tool": first_lines,
        "app/.venv/bin/runner": "#!/app/.venv/bin/python\n",
        "bin/sh": 9_000,
        "usr/bin/env": 9_000,
    }
    symlinks = {"app/.venv/bin/python3": "python"}
    found = uses("tool", files=files, symlinks=symlinks, PATH=f"/app/.venv/bin:{PATH}")
    assert used(found) == VENV_USED


@pytest.mark.parametrize(
    "command",
    [
        ["/app/.venv/bin/python", "main.py"],
        [".venv/bin/python", "-m", "app"],
        ["tini", "--", "/app/.venv/bin/python", "main.py"],
        ["/bin/sh", "-c", "cd /app && . .venv/bin/activate && exec python main.py"],
        ["/bin/sh", "-c", "mkdir -p /x; PATH=/app/.venv/bin:$PATH gunicorn app"],
        ["/venv/bin/python", "main.py"],
    ],
)
def test_ways_to_name_an_environments_python(command: list[str]) -> None:
    found = uses(*command, symlinks={"venv": "app/.venv"})
    assert (used(found), not_used(found)) == (VENV_USED, OTHERS)


def test_a_link_to_a_virtual_environments_python_is_none_of_its() -> None:
    # Python looks for pyvenv.cfg where it was called, and not where links lead.
    found = uses("/usr/bin/mine/python", "x.py", symlinks={"usr/bin/mine/python":
                                                           "/app/.venv/bin/python"})  # fmt: skip
    assert used(found) == {LOCAL, "usr/local/lib/python3.11"}


def test_an_interpreter_uses_its_own_folders() -> None:
    found = uses("python3", "app.py")
    assert used(found) == {LOCAL, "usr/local/lib/python3.11"}
    assert found[VENV] == (False, "CMD python3 is /usr/local/bin/python3")


def test_debians_python_uses_three_folders() -> None:
    site, local = "usr/lib/python3.9/dist-packages", "usr/local/lib/python3.9/dist-packages"
    files = {**distribution("numpy", site=site), **distribution("x", site=local)}
    found = uses("/usr/bin/python3", "app.py", files=files)
    assert used(found) == {DEBIAN, site, local, "usr/lib/python3.9"}
    assert found[LOCAL] == (False, "CMD /usr/bin/python3 is /usr/bin/python3")


def test_whether_fedoras_python_looks_in_usr_local_is_not_known() -> None:
    files = {
        "usr/lib64/python3.12/os.py": 1,
        "usr/bin/python3.12": 1,
        **distribution("dnf", site="usr/lib/python3.12/site-packages"),
        **distribution("mine", site="usr/local/lib/python3.12/site-packages"),
    }
    found = uses("/usr/bin/python3.12", "app.py", files=files)
    assert used(found) == {"usr/lib64/python3.12", "usr/lib/python3.12/site-packages"}
    assert found["usr/local/lib/python3.12/site-packages"][0] is None


def test_a_venv_may_see_the_systems_packages() -> None:
    files = {"app/.venv/pyvenv.cfg": "home = /usr/local/bin\ninclude-system-site-packages = True\n"}
    found = uses("/app/.venv/bin/python", "x.py", files=files)
    assert used(found) == VENV_USED | {LOCAL}


USER = "root/.local/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("user", "home", "in_use"),
    [
        ("", "", True),
        ("root:root", "", True),
        ("0", "", True),
        ("app", "", None),
        ("app", "/root", True),
        ("app", "/home/app", False),
        ("root", "/home/app", False),
    ],
)
def test_user_packages_are_those_of_the_user_that_runs(
    user: str, home: str, in_use: bool | None
) -> None:
    files = distribution("mine", site=USER)
    for program, expected in (("python3", in_use), ("/app/.venv/bin/python", False)):
        found = uses(program, "x.py", user=user, files=files, HOME=home)
        assert found[USER][0] is expected


@pytest.mark.parametrize(
    "command", [["python3", "x.py"], ["/start"], ["/app/.venv/bin/python", "x.py"]]
)
def test_pythonpath_is_for_every_python(command: list[str]) -> None:
    files = distribution("click", site="srv/target")
    found = uses(*command, files=files, PYTHONPATH="/x:/srv/../srv/target/:")
    assert found["srv/target"] == (True, "PYTHONPATH names it")


def test_pythonhome_decides_for_the_interpreter() -> None:
    found = uses("/app/.venv/bin/python", "x.py", PYTHONHOME="/usr")
    assert used(found) == {DEBIAN, "usr/lib/python3.9"}


def test_a_target_folder_may_be_in_use_without_a_word() -> None:
    found = uses("python3", "x.py", files=distribution("click", site="srv/target"))
    assert found["srv/target"] == (None, "a program may add such a folder to sys.path itself")


def test_a_path_file_adds_folders() -> None:
    files = {
        f"{LOCAL}/more.pth": "# a comment\nimport sys; sys.path\n/srv/target\n\n../nowhere\n",
        "srv/target/again.pth": "../second\n",  # which Python does not read
        **distribution("click", site="srv/target"),
        **distribution("rich", site="srv/second"),
    }
    found = uses("python3", "x.py", files=files)
    assert found["srv/target"] == (True, f"/{LOCAL}/more.pth adds it")
    assert found["srv/second"][0] is None


def test_a_program_without_a_first_line_is_its_distributions() -> None:
    # Its content was not read: a skeleton of old, or a binary such as ruff.
    found = uses("/opt/other/bin/poetry", "serve")
    assert found[OTHER] == (
        True,
        "CMD /opt/other/bin/poetry is /opt/other/bin/poetry, which is poetry's",
    )
    assert used(found) == {OTHER, "usr/local/lib/python3.11"}


def test_an_interpreter_that_is_not_in_the_image_is_in_no_use() -> None:
    symlinks = {"app/.venv/bin/python": "/usr/gone/python3.12"}
    files = {"app/.venv/pyvenv.cfg": "home = /usr/gone\n"}
    found = uses("/app/.venv/bin/python", "x.py", symlinks=symlinks, files=files)
    assert used(found) == set()
    assert found[VENV] == (None, "CMD /app/.venv/bin/python is not in the image")


def test_a_copied_interpreter_is_known_by_its_settings() -> None:
    files = {"app/.venv/bin/python3.11": 9_000}
    symlinks = {"app/.venv/bin/python": "python3.11"}
    assert used(uses("/app/.venv/bin/python", "x.py", files=files, symlinks=symlinks)) == VENV_USED


@pytest.mark.parametrize(
    ("command", "evidence"),
    [
        ([], "the image has no ENTRYPOINT and no CMD"),
        (["uvicorn", "app"], "CMD uvicorn is not in a folder of PATH"),
        (["/start.sh"], "CMD /start.sh is not in the image"),
        (["nginx"], "CMD nginx is /usr/bin/nginx, and nothing says which Python that uses"),
        (["sh", "/start.sh"], "the image starts a shell script, /start.sh, which decides"),
        (["sh", "-c", "echo hello"], "CMD starts no Python"),
    ],
)
def test_where_nothing_says_so_nothing_is_known(command: list[str], evidence: str) -> None:
    found = uses(*command)
    assert set(found.values()) == {(None, evidence)}


@pytest.mark.parametrize(
    ("command", "evidence"),
    [
        (["python3"], "CMD python3 waits for a program"),
        (["sh", "-c", "python3 migrate.py && nginx"],
         "CMD nginx is /usr/bin/nginx, and nothing says which Python that uses"),
        (["sh", "-c", "python3 migrate.py && /app/$STAGE/bin/python main.py"],
         "the shell's line that the image starts has '/app/$STAGE/bin/python' in it"),
        (["supervisord"], "CMD supervisord starts other programs"),
    ],
)  # fmt: skip
def test_what_is_proven_is_kept_and_the_rest_left_open(command: list[str], evidence: str) -> None:
    found = uses(*command, files={"usr/local/bin/supervisord": "#!/usr/local/bin/python3\n"})
    assert used(found) == {LOCAL, "usr/local/lib/python3.11"}
    assert not_used(found) == set()
    assert found[VENV] == (None, evidence)


def test_without_a_program_a_path_made_for_an_environment_is_evidence() -> None:
    found = uses("/start.sh", PATH=f"/app/.venv/bin:{PATH}")
    assert found[VENV] == (True, "PATH leads to /app/.venv/bin/python3")
    assert found[LOCAL] == (None, "CMD /start.sh is not in the image")
    assert used(uses("/start.sh", PATH=PATH)) == set()


@pytest.mark.parametrize(
    "command",
    [
        ["uv", "run", "gunicorn", "app"],
        ["uv", "run", "--frozen", "--no-dev", "main.py"],
        ["uv", "run", "-q", "python", "-m", "app"],
    ],
)
def test_uv_runs_in_the_projects_environment(command: list[str]) -> None:
    found = uses(*command, files={"usr/bin/uv": 40_000_000})
    assert (used(found), not_used(found)) == (VENV_USED, OTHERS)
    assert found[VENV][1].startswith("CMD uv is /usr/bin/uv, run in /app/.venv")


def test_uv_may_be_told_where_its_environment_is() -> None:
    found = uses(
        "uv", "run", "python", "x.py",
        files={"usr/bin/uv": 9, "opt/other/bin/python3": 0}, UV_PROJECT_ENVIRONMENT="/opt/other",
    )  # fmt: skip
    assert used(found) == {OTHER, "usr/local/lib/python3.11"}


@pytest.mark.parametrize(
    "command",
    [
        ["uv", "run", "--with", "rich", "gunicorn"],
        ["uv", "run", "--project", "/other", "gunicorn"],
        ["uv", "run"],
    ],
)
def test_uv_may_choose_another(command: list[str]) -> None:
    found = uses(*command, files={"usr/bin/uv": 40_000_000})
    assert set(found.values()) == {
        (None, "CMD uv is /usr/bin/uv, which chooses an environment when it starts")
    }


def test_poetry_runs_in_the_projects_environment_and_is_itself_in_another() -> None:
    found = uses("/opt/other/bin/poetry", "run", "gunicorn", "app")
    assert used(found) == VENV_USED
    assert found[OTHER] == (None, "poetry itself may run in another environment")
    found = uses("/opt/other/bin/poetry", "run", "python", VIRTUAL_ENV="/opt/other")
    assert OTHER in used(found)
    assert found[VENV] == (None, "python waits for a program")


CONDA = "opt/conda/envs/app"
CONDA_FILES: dict[str, int | str] = {
    "opt/conda/conda-meta/history": "",
    "opt/conda/bin/python3.12": 9_000,
    "opt/conda/bin/conda": "#!/opt/conda/bin/python\n",
    "opt/conda/bin/micromamba": 9_000,
    "opt/conda/lib/python3.12/os.py": 1,
    **distribution("conda", site="opt/conda/lib/python3.12/site-packages"),
    f"{CONDA}/conda-meta/history": "",
    f"{CONDA}/bin/python3.12": 9_000,
    f"{CONDA}/lib/python3.12/os.py": 1,
    **distribution("flask", site=f"{CONDA}/lib/python3.12/site-packages"),
}
CONDA_LINKS = {f"{CONDA}/bin/python": "python3.12", "opt/conda/bin/python": "python3.12"}
CONDA_USED = {f"{CONDA}/lib/python3.12/site-packages", f"{CONDA}/lib/python3.12"}


@pytest.mark.parametrize(
    "command",
    [
        ["conda", "run", "-n", "app", "python", "x.py"],
        ["conda", "run", "--no-capture-output", "--name=app", "python", "x.py"],
        ["conda", "run", "-p", "/opt/conda/envs/app", "/bin/bash", "-c", "python x.py"],
        ["micromamba", "run", "-n", "app", "python", "x.py"],
        ["/opt/conda/envs/app/bin/python", "x.py"],
    ],
)
def test_condas_environments(command: list[str]) -> None:
    found = uses(*command, files=CONDA_FILES, symlinks=CONDA_LINKS, PATH=f"/opt/conda/bin:{PATH}")
    assert used(found) == CONDA_USED
    base = found["opt/conda/lib/python3.12/site-packages"][0]
    assert base is (None if command[0] == "conda" else False)


@pytest.mark.parametrize(
    "command",
    [
        ["conda", "run", "-n", "gone", "python", "x.py"],
        ["conda", "run", "python", "x.py"],
        ["conda", "run", "--unheard-of", "-n", "app", "python"],
        ["conda", "run", "-n"],
    ],
)
def test_conda_may_choose_another(command: list[str]) -> None:
    found = uses(*command, files=CONDA_FILES, symlinks=CONDA_LINKS, PATH=f"/opt/conda/bin:{PATH}")
    assert not used(found) - {
        "opt/conda/lib/python3.12/site-packages", "opt/conda/lib/python3.12"
    }  # PATH leads there, whatever conda does  # fmt: skip
    assert not_used(found) == set()


@pytest.mark.parametrize(
    ("files", "symlinks"),
    [
        ({"app/.venv/bin/gunicorn": "#!/app/.venv/bin/gunicorn\n"}, {}),
        ({"app/.venv/bin/gunicorn": "#!\n"}, {}),
        ({"app/.venv/bin/gunicorn": "#!/usr/bin/env\n", "usr/bin/env": 1}, {}),
        ({"app/.venv/bin/gunicorn": "\0" * 200}, {}),
        ({}, {"app/.venv/bin/python": "python"}),
        ({}, {"app/.venv/bin/python": "/loop", "loop": "loop"}),
        ({"app/.venv/pyvenv.cfg": "home = " + "/.." * 3_000}, {"app/.venv/bin/python": "gone"}),
    ],
)
def test_hostile_images_prove_nothing(
    files: dict[str, int | str], symlinks: dict[str, str]
) -> None:
    found = uses("/app/.venv/bin/gunicorn", files=files, symlinks=symlinks)
    assert used(found) == set()
    assert not_used(found) == set()


def test_a_use_in_words() -> None:
    found = facts_of_image("python3").uses
    assert str(found.environments[LOCAL]) == "in use: CMD python3 is /usr/local/bin/python3"
    assert str(found.environments[VENV]) == "unknown: CMD python3 waits for a program"


def test_modes_that_nobody_knows_bar_nothing() -> None:
    # A listing by `find` tells no modes; a file that is known not to be executable is passed over.
    for mode, in_use in ((0, True), (0o644, None), (0o744, True)):
        layer = made_layer({**FILES}, symlinks=SYMLINKS)
        entries = [
            entry._replace(attributes=(mode, 0, 0)) if entry.name == "gunicorn" else entry
            for entry in layer.entries
        ]
        config = {"config": {"Cmd": ["/app/.venv/bin/gunicorn"], "Env": [f"PATH={PATH}"]}}
        facts = Facts(
            config=parse_config(json.dumps(config).encode()),
            filesystem=made_filesystem(type(layer)(entries=entries, whiteouts=[])),
        )
        assert facts.uses.environments[VENV].in_use is in_use


def test_a_name_made_to_fill_the_report_is_cut() -> None:
    [evidence] = {evidence for _, evidence in uses("x" * 99_999).values()}
    assert evidence == f"CMD {'x' * 99}… is not in a folder of PATH"
