from __future__ import annotations

import json

import pytest

from imgdiag.image import parse_config
from imgdiag.python.started import DEFAULT_PATH, Command, Started, find_started


def started(
    *command: str, entrypoint: tuple[str, ...] = (), folder: str = "/app", **variables: str
) -> Started:
    config = {
        "config": {
            "Cmd": list(command),
            "Entrypoint": list(entrypoint),
            "WorkingDir": folder,
            "Env": [f"{name}={value}" for name, value in variables.items()],
        }
    }
    return find_started(parse_config(json.dumps(config).encode()))


def words(*command: str, **variables: str) -> list[list[str]]:
    found = started(*command, entrypoint=(), folder="/app", **variables)
    assert found.unclear == ""
    return [list(each.words) for each in found.commands]


def shell(line: str, **variables: str) -> list[list[str]]:
    return words("/bin/sh", "-c", line, **variables)


def test_a_program_and_its_arguments() -> None:
    found = started("serve", "--port", "80", entrypoint=("/bin/app",), PATH="/x")
    command = Command(("/bin/app", "serve", "--port", "80"), "/app", {"PATH": "/x"})
    assert found == Started("ENTRYPOINT", (command,), "")
    assert command.path == ["/x"]
    assert started("app").said == "CMD"


def test_path_is_the_engines_without_one_and_may_be_relative() -> None:
    [command] = started("app").commands
    assert command.path == DEFAULT_PATH.split(":")
    [command] = started("app", PATH="bin:/x:").commands
    assert command.path == ["/app/bin", "/x", "/app/"]


@pytest.mark.parametrize(
    "wrapped",
    [
        ["tini", "--", "app", "-x"],
        ["/usr/bin/tini", "-g", "-p", "SIGTERM", "--", "app", "-x"],
        ["dumb-init", "--rewrite", "15:2", "app", "-x"],
        ["env", "-u", "A", "B=c", "app", "-x"],
        ["gosu", "user:group", "app", "-x"],
        ["su-exec", "user", "nice", "-n", "5", "app", "-x"],
        ["sh", "-c", "exec app -x"],
        ["bash", "-euo", "pipefail", "-c", "app -x"],
        ["tini", "--", "/bin/sh", "-c", "exec gosu app app -x"],
    ],
)
def test_wrappers_are_taken_off(wrapped: list[str]) -> None:
    assert words(*wrapped) == [["app", "-x"]]


def test_env_sets_variables() -> None:
    [command] = started("env", "PATH=/v/bin", "app").commands
    assert command.path == ["/v/bin"]


@pytest.mark.parametrize(
    ("line", "programs"),
    [
        ("app --port 80", [["app", "--port", "80"]]),
        ("migrate && exec app", [["migrate"], ["app"]]),
        ("migrate; app & worker", [["migrate"], ["app"], ["worker"]]),
        ("app\nworker\n", [["app"], ["worker"]]),
        ("mkdir -p /x && chown -R a /x && app", [["app"]]),
        ("app > /dev/null 2>&1", [["app", ">", "/dev/null", "2", ">&", "1"]]),
        ("app 'a; b' \"c && d\"", [["app", "a; b", "c && d"]]),
        ("A=b app", [["app"]]),
        ("$HOME/bin/app ${ARGS}", [["/h/bin/app", "${ARGS}"]]),
        ("app -w $(nproc)", [["app", "-w", "$", "(", "nproc", ")"]]),
    ],
)
def test_a_shells_line(line: str, programs: list[list[str]]) -> None:
    assert shell(line, HOME="/h") == programs


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("app", "/usr/bin"),
        (". .venv/bin/activate && app", "/app/.venv/bin:/usr/bin"),
        ("source /v/bin/activate; app", "/v/bin:/usr/bin"),
        ("export PATH=/v/bin:$PATH && app", "/v/bin:/usr/bin"),
        ("PATH=/v/bin app", "/v/bin"),
        ("PATH=/v/bin other; app", "/usr/bin"),
        ("cd sub && . v/bin/activate && app", "/app/sub/v/bin:/usr/bin"),
    ],
)
def test_a_shells_line_may_change_where_programs_are(line: str, path: str) -> None:
    found = started("sh", "-c", line, PATH="/usr/bin")
    assert found.commands[-1].words == ("app",)
    assert found.commands[-1].variables["PATH"] == path


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ([], "the image has no ENTRYPOINT and no CMD"),
        (["bash"], "the image starts a shell, bash"),
        (["/bin/sh", "-i"], "the image starts a shell, sh"),
        (["sh", "/entrypoint.sh", "x"],
         "the image starts a shell script, /entrypoint.sh, which decides"),
        (["bash", "-lc", "app"],
         "the image starts a login shell, which sets a PATH of its own"),
        (["bash", "--login", "-c", "app"],
         "the image starts a login shell, which sets a PATH of its own"),
        (["tini", "--"], "what the image starts is not told"),
        (["sh", "-c", "bash -c app"], "the image starts a shell in a shell"),
        (["sh", "-c", "(app)"],
         "the shell's line that the image starts is more than a list"),
        (["sh", "-c", "app 'x"], "the shell's line that the image starts has an open quote"),
        (["sh", "-c", "if true; then app; fi"],
         "the shell's line that the image starts has 'if' in it"),
        (["sh", "-c", "conda activate x && app"],
         "the shell's line that the image starts has 'conda' in it"),
        (["sh", "-c", "$APP run"], "the shell's line that the image starts has '$APP' in it"),
        (["exec"] * 40, "the image starts a chain of wrappers"),
    ],
)  # fmt: skip
def test_what_cannot_be_told(command: list[str], reason: str) -> None:
    found = started(*command)
    assert (found.commands, found.unclear) == ((), reason)


def test_what_came_before_is_kept() -> None:
    found = started("sh", "-c", "migrate && . ./settings.sh && app")
    assert [each.words for each in found.commands] == [("migrate",)]
    assert found.unclear == "the shell's line that the image starts has '.' in it"


@pytest.mark.parametrize(
    ("command", "programs", "reason"),
    [
        (["sh", "-c", "a;" * 51], 50, "the image starts too many programs"),
        (["sh", "-c", "a" * 20_000], 0,
         "the shell's line that the image starts is too long to be taken apart"),
    ],
)  # fmt: skip
def test_what_is_made_to_keep_a_reader_busy(command: list[str], programs: int, reason: str) -> None:
    found = started(*command)
    assert (len(found.commands), found.unclear) == (programs, reason)
    assert len(started("a", PATH=":" * 9_999).commands[0].path) == 201
